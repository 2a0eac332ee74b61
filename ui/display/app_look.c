/* app_look.c - where one looks: the panel that has the focus, what is chosen in it, scrolling, zoom,
 * and machines that stand elsewhere. */
#include "app_private.h"
#include "words.h"

#define FOCUSES 7
#define ZOOM_STEP 1.25F
#define PAN_STEP 60.0F
#define MOVE_STEP 12.0F

/* Nobody sits at the keys of the others: they have no lists. */
static bool has_lists(const struct view *view)
{
    return view->mode == MODE_CONTROL || view->mode == MODE_INSTRUCTOR;
}

/* ---- choosing ------------------------------------------------------------------------------ */

/* In the order in which they are shown. */
static void choose(struct app *app, int by)
{
    const struct model *model = app->view.model;
    g_autoptr(GArray) order = view_inject_order(&app->view);
    int count = (int)order->len;
    int at = -1;
    for (int i = 0; i < count && at < 0; i++) {
        at = g_array_index(order, int, i) == app->view.selected ? i : -1;
    }
    if (count == 0) {
        return;
    }
    if (at < 0) { /* begin at the next one that has not fired */
        at = 0;
        while (at < count - 1 &&
                model_inject_at(model, g_array_index(order, int, at))->fired_us >= 0) {
            at++;
        }
    } else {
        at = CLAMP(at + by, 0, count - 1);
    }
    app->view.selected = g_array_index(order, int, at);
}

static void choose_last(struct app *app)
{
    g_autoptr(GArray) order = view_inject_order(&app->view);
    if (order->len > 0) {
        app->view.selected = g_array_index(order, int, order->len - 1);
        app->view.focus = 4;
    }
}

/* The team of the instructor's view, by rank. */
static void choose_team(struct app *app, int by)
{
    const struct model *model = app->view.model;
    const struct model_team *now = model_team_at(model, app->view.team);
    int wanted = now ? now->rank + by : 0;
    for (int i = 0; model_team_at(model, i); i++) {
        if (model_team_at(model, i)->rank == wanted) {
            app->view.team = i;
            return;
        }
    }
}

/* Alarms and, below them, the lines of the feed. */
static void pick_event(struct app *app, int by)
{
    struct pick *pick = &app->view.pick;
    const GPtrArray *open = app->view.model->alarms;
    g_autoptr(GArray) alarms = view_alarm_order(&app->view);
    g_autoptr(GPtrArray) lines = view_line_order(&app->view);
    int count = (int)(alarms->len + lines->len);
    int at = -1;
    for (int i = 0; i < count; i++) {
        bool alarm = i < (int)alarms->len;
        bool here =
                alarm ? model_alarm_key(open->pdata[g_array_index(alarms, int, i)]) == pick->alarm
                      : ((struct model_line *)lines->pdata[i - (int)alarms->len])->seq ==
                                pick->line;
        at = here && (by > 0 || at < 0) ? i : at; /* an event may have said two lines */
    }
    if (count == 0) {
        return;
    }
    at = at < 0 ? 0 : CLAMP(at + by, 0, count - 1);
    *pick = (struct pick){0};
    if (at < (int)alarms->len) {
        pick->alarm = model_alarm_key(open->pdata[g_array_index(alarms, int, at)]);
    } else {
        pick->line = ((struct model_line *)lines->pdata[at - (int)alarms->len])->seq;
    }
}

static void pick_note(struct app *app, int by)
{
    const GPtrArray *notes = view_notes(&app->view);
    g_autoptr(GArray) order = view_note_order(&app->view);
    int at = -1;
    for (int i = 0; i < (int)order->len; i++) {
        const struct model_note *note = notes->pdata[g_array_index(order, int, i)];
        at = note->seq == app->view.pick.note ? i : at;
    }
    if (order->len > 0) {
        at = at < 0 ? (int)order->len - 1 : CLAMP(at + by, 0, (int)order->len - 1);
        const struct model_note *note = notes->pdata[g_array_index(order, int, at)];
        app->view.pick = (struct pick){.note = note->seq};
    }
}

static void pick_letter(struct app *app, int by)
{
    const GPtrArray *messages = app->view.model->messages;
    g_autoptr(GArray) order = view_letter_order(&app->view);
    int at = -1;
    for (int i = 0; i < (int)order->len; i++) {
        const struct model_message *message = messages->pdata[g_array_index(order, int, i)];
        at = message->seq == app->view.pick.letter ? i : at;
    }
    if (order->len > 0) {
        at = at < 0 ? 0 : CLAMP(at + by, 0, (int)order->len - 1);
        const struct model_message *message = messages->pdata[g_array_index(order, int, at)];
        app->view.pick = (struct pick){.letter = message->seq};
        app->view.letters = at; /* it stands on top */
    }
}

static void choose_machine(struct app *app, int by)
{
    struct view *view = &app->view;
    int count = (int)view->model->machines->len;
    for (int i = 1; i <= count && has_lists(view); i++) {
        int from = view->node < 0 && by > 0 ? -1 : MAX(view->node, 0);
        int index = ((from + by * i) % count + count) % count;
        if (view_shows_team(view, model_machine_at(view->model, index)->team)) {
            view->node = index;
            view->focus = 2;
            view_show_machine(view, index);
            return;
        }
    }
}

/* ---- scrolling ----------------------------------------------------------------------------- */

static void scroll_events(struct app *app, int by)
{
    int count = view_event_count(&app->view);
    app->view.scroll = CLAMP(app->view.scroll + by, 0, MAX(count - 1, 0));
    app->view.pick.line = 0; /* else it would stay in sight */
}

/* The scores have more rows than fit. */
static void scroll_scores(struct app *app, int by)
{
    struct view *view = &app->view;
    view->first_rank = CLAMP(view->first_rank + by, 0, MAX((int)model_ranked(view->model) - 1, 0));
}

static void scroll_messages(struct app *app, int by)
{
    int count = view_message_count(&app->view);
    app->view.letters = CLAMP(app->view.letters + by, 0, MAX(count - 1, 0));
    app->view.pick.letter = 0;
}

/* Of the panel that has the focus, else the events. */
static void page(struct app *app, int by)
{
    if (app->view.focus == 1) {
        scroll_scores(app, -by);
    } else if (app->view.focus == 7) {
        scroll_messages(app, by > 0 ? 3 : -3);
    } else {
        scroll_events(app, by);
    }
}

static void focus_next(struct app *app, int by)
{
    int at = app->view.focus;
    app->view.focus = by < 0 ? (at + FOCUSES - 2) % FOCUSES + 1 : at % FOCUSES + 1;
}

/* ---- the topology -------------------------------------------------------------------------- */

/* factor at the place (x, y) of the window, which stays where it is. */
static void zoom(struct app *app, float factor, float x, float y)
{
    struct view *view = &app->view;
    struct rect r = view->inside;
    float before = view->zoom;
    view->zoom = CLAMP(before * factor, VIEW_ZOOM_MIN, VIEW_ZOOM_MAX);
    float share = view->zoom / before;
    float dx = x - (r.x + r.w / 2);
    float dy = y - (r.y + r.h / 2);
    view->pan_x = dx - (dx - view->pan_x) * share;
    view->pan_y = dy - (dy - view->pan_y) * share;
}

static void zoom_middle(struct app *app, int by)
{
    struct rect r = app->view.inside;
    zoom(app, by > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, r.x + r.w / 2, r.y + r.h / 2);
}

static float along(enum way way, bool sideways)
{
    if (sideways != (way == WAY_LEFT || way == WAY_RIGHT)) {
        return 0;
    }
    return way == WAY_LEFT || way == WAY_UP ? -1 : 1;
}

static void move_machine(struct app *app, enum way way)
{
    struct view *view = &app->view;
    struct point at;
    int node = view_node(view);
    if (node < 0 || !view_machine_place(view, node, &at)) {
        app_say(app, true, g_strdup(tr("Choose a machine first: a click, or Ctrl+F")));
        return;
    }
    float step = MOVE_STEP * view->scale;
    layout_move(app, node, at.x + along(way, true) * step, at.y + along(way, false) * step);
    layout_save(app);
}

/* ---- keys and clicks ------------------------------------------------------------------------ */

static void arrow_up_or_down(struct app *app, int by)
{
    struct view *view = &app->view;
    bool lists = has_lists(view);
    if (view->focus == 1 && view->mode == MODE_INSTRUCTOR) {
        choose_team(app, by);
    } else if (view->focus == 5 && lists) {
        pick_event(app, by);
    } else if (view->focus == 6 && lists) {
        pick_note(app, by);
    } else if (view->focus == 7 && lists) {
        pick_letter(app, by);
    } else {
        choose(app, by);
    }
}

/* Pans while the topology has the focus, else chooses or steps. */
static void arrow(struct app *app, enum way way)
{
    struct view *view = &app->view;
    bool sideways = way == WAY_LEFT || way == WAY_RIGHT;
    int by = way == WAY_LEFT || way == WAY_UP ? -1 : 1;
    if (view->focus == 2 && !view->play.on) {
        view->pan_x -= along(way, true) * PAN_STEP;
        view->pan_y -= along(way, false) * PAN_STEP;
    } else if (!sideways) {
        arrow_up_or_down(app, by);
    } else {
        app_act(app, ACTION_STEP, by);
    }
}

/* What is chosen in a list is read; an inject fires. */
static void enter(struct app *app)
{
    bool list = app->view.focus >= 5 && app->view.focus <= 7 && has_lists(&app->view);
    if (!list) {
        app_act(app, ACTION_FIRE, 0);
    } else if (!detail_open_picked(app)) {
        app_say(app, true, g_strdup(tr("Choose a line first: up or down")));
    }
}

static void choose_alarm(struct app *app, int index)
{
    struct view *view = &app->view;
    const GPtrArray *alarms = view->model->alarms;
    if (index < 0 || index >= (int)alarms->len) {
        return;
    }
    const struct model_alarm *alarm = alarms->pdata[index];
    int machine = model_machine_find(view->model, alarm->subject);
    view->pick = (struct pick){.alarm = model_alarm_key(alarm)};
    view->node = machine >= 0 ? machine : view->node;
    view->focus = 5;
}

bool look_act(struct app *app, enum action action, int arg)
{
    switch (action) {
    case ACTION_ARROW:
        arrow(app, (enum way)arg);
        return true;
    case ACTION_LAST:
        choose_last(app);
        return true;
    case ACTION_ENTER:
        enter(app);
        return true;
    case ACTION_PAGE:
        page(app, arg);
        return true;
    case ACTION_ZOOM:
        zoom_middle(app, arg);
        return true;
    case ACTION_MOVE:
        move_machine(app, (enum way)arg);
        return true;
    case ACTION_MACHINE:
        choose_machine(app, arg);
        return true;
    case ACTION_FOUND:
        find_next(app, arg);
        return true;
    case ACTION_PANEL:
        focus_next(app, arg);
        return true;
    case ACTION_ALARM:
        choose_alarm(app, arg - 1);
        return true;
    default:
        return false;
    }
}

static bool over(const struct app *app, enum panel panel, float x, float y)
{
    struct rect r = app->view.places[panel].rect;
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

void look_wheel(struct app *app, float x, float y, int by)
{
    if (by == 0) { /* sideways */
        return;
    }
    if (over(app, PANEL_TOPOLOGY, x, y)) {
        zoom(app, by > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, x, y);
    } else if (over(app, PANEL_SCORES, x, y)) {
        scroll_scores(app, by > 0 ? -3 : 3);
    } else if (over(app, PANEL_INJECTS, x, y)) {
        choose(app, by > 0 ? -1 : 1);
    } else if (over(app, PANEL_MESSAGES, x, y)) {
        scroll_messages(app, by > 0 ? 1 : -1);
    } else if (over(app, PANEL_CONSOLE, x, y)) {
        app_console_scroll(app, by > 0 ? 3 : -3);
    } else if (over(app, PANEL_EVENTS, x, y)) {
        scroll_events(app, by > 0 ? 3 : -3);
    }
}
