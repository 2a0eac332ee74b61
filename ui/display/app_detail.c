/* app_detail.c - one event, alarm, note or message, all of it: opening it, its keys and its clicks. */
#include "app_private.h"
#include "words.h"

#include <string.h>

#define SEEN_US 1000 /* behind an event: then a replay of its moment shows it */

void detail_close(struct app *app)
{
    struct detail *detail = &app->view.detail;
    g_free(detail->title);
    g_free(detail->text);
    *detail = (struct detail){0};
    app->dirty = true;
}

/* title is consumed. */
static struct detail *open_sheet(struct app *app, char *title, const char *text, gint64 at_us)
{
    struct detail *detail = &app->view.detail;
    detail_close(app);
    detail->title = title;
    detail->text = g_strdup(text);
    detail->at_us = at_us;
    return detail;
}

static const char *team_title(const struct app *app, int team)
{
    const struct model_team *which = model_team_at(app->view.model, team);
    return which ? which->title : tr("all");
}

static void open_note(struct app *app, const struct model_note *note)
{
    app->view.pick = (struct pick){.note = note->seq};
    (void)open_sheet(app, g_strdup_printf(tr("Note of %s"), note->by), note->text, note->about_us);
}

static void open_letter(struct app *app, const struct model_message *message)
{
    const char *team = team_title(app, message->team);
    const char *white = tr("white cell");
    bool theirs = message->from_team;
    g_autofree char *by = *message->by ? g_strdup_printf(" (%s)", message->by) : g_strdup("");
    app->view.pick = (struct pick){.letter = message->seq};
    struct detail *detail = open_sheet(app,
            g_strdup_printf("%s%s → %s", theirs ? team : white, by, theirs ? white : team),
            message->text, message->at_us + SEEN_US);
    detail->answer = message->team + 1;
}

static void open_alarm(struct app *app, const struct model_alarm *alarm)
{
    g_autofree char *text =
            g_strdup_printf("%s\n%s  %s", alarm->text, alarm->alarm, alarm->subject);
    struct detail *detail = open_sheet(app,
            *alarm->owner ? g_strdup_printf(tr("Alarm, taken on by %s"), alarm->owner)
                          : g_strdup(tr("Alarm, nobody's yet")),
            text, alarm->at_us + SEEN_US);
    detail->alarm = *alarm->owner ? 0 : model_alarm_key(alarm);
}

/* What the feed says of a note or a message is less than there is. */
static void open_line(struct app *app, const struct model_line *line)
{
    const GPtrArray *notes = view_notes(&app->view);
    const GPtrArray *messages = app->view.model->messages;
    for (guint i = 0; i < notes->len && line->private; i++) {
        const struct model_note *note = notes->pdata[i];
        if (note->seq == line->seq) {
            open_note(app, note);
            app->view.pick = (struct pick){.line = line->seq};
            return;
        }
    }
    for (guint i = 0; i < messages->len; i++) {
        const struct model_message *message = messages->pdata[i];
        if (message->seq == line->seq) {
            open_letter(app, message);
            app->view.pick = (struct pick){.line = line->seq};
            return;
        }
    }
    (void)open_sheet(app, g_strdup_printf(tr("Event %d"), (int)line->seq), line->text,
            line->at_us + SEEN_US);
    app->view.pick = (struct pick){.line = line->seq};
}

/* ---- what there is in the lists ------------------------------------------------------------ */

static bool open_line_of(struct app *app, gint64 seq)
{
    g_autoptr(GPtrArray) lines = view_line_order(&app->view);
    for (guint i = 0; i < lines->len; i++) {
        const struct model_line *line = lines->pdata[i];
        if (line->seq == seq) {
            open_line(app, line);
            return true;
        }
    }
    return false;
}

static bool open_alarm_of(struct app *app, guint64 key)
{
    const GPtrArray *alarms = app->view.model->alarms;
    g_autoptr(GArray) order = view_alarm_order(&app->view);
    for (guint i = 0; i < order->len; i++) {
        const struct model_alarm *alarm = alarms->pdata[g_array_index(order, int, i)];
        if (model_alarm_key(alarm) == key) {
            open_alarm(app, alarm);
            return true;
        }
    }
    return false;
}

static bool open_note_of(struct app *app, gint64 seq)
{
    g_autoptr(GArray) order = view_note_order(&app->view);
    for (guint i = 0; i < order->len; i++) {
        const struct model_note *note = view_notes(&app->view)->pdata[g_array_index(order, int, i)];
        if (note->seq == seq) {
            open_note(app, note);
            return true;
        }
    }
    return false;
}

static bool open_letter_of(struct app *app, gint64 seq)
{
    const GPtrArray *messages = app->view.model->messages;
    g_autoptr(GArray) order = view_letter_order(&app->view);
    for (guint i = 0; i < order->len; i++) {
        const struct model_message *message = messages->pdata[g_array_index(order, int, i)];
        if (message->seq == seq) {
            open_letter(app, message);
            return true;
        }
    }
    return false;
}

bool detail_open_picked(struct app *app)
{
    const struct pick pick = app->view.pick;
    switch (app->view.focus) {
    case 5:
        return pick.alarm ? open_alarm_of(app, pick.alarm)
                          : pick.line > 0 && open_line_of(app, pick.line);
    case 6:
        return pick.note > 0 && open_note_of(app, pick.note);
    case 7:
        return pick.letter > 0 && open_letter_of(app, pick.letter);
    default:
        return false;
    }
}

gint64 detail_picked_moment(struct app *app)
{
    const struct pick pick = app->view.pick;
    if (!detail_open_picked(app)) {
        return -1;
    }
    gint64 at_us = app->view.detail.at_us;
    detail_close(app);
    app->view.pick = pick;
    return at_us;
}

bool detail_act(struct app *app, enum action action, int arg)
{
    struct view *view = &app->view;
    const struct model_note *note = model_note_at(app->head, arg);
    const GPtrArray *messages = view->model->messages;
    switch (action) {
    case ACTION_LINE:
        view->focus = 5;
        (void)open_line_of(app, arg);
        return true;
    case ACTION_READ:
        view->focus = 6;
        (void)(note && open_note_of(app, note->seq));
        return true;
    case ACTION_LETTER:
        view->focus = 7;
        (void)(arg >= 0 && arg < (int)messages->len &&
                open_letter_of(app, ((struct model_message *)messages->pdata[arg])->seq));
        return true;
    default:
        return false;
    }
}

/* ---- keys and clicks of the sheet ------------------------------------------------------------ */

static void scroll(struct app *app, int by)
{
    struct detail *detail = &app->view.detail;
    detail->first = CLAMP(detail->first + by, 0, MAX(detail->lines - detail->rows, 0));
}

static void to_moment(struct app *app)
{
    gint64 at_us = app->view.detail.at_us;
    detail_close(app);
    replay_at(app, at_us);
}

static void answer(struct app *app)
{
    int team = app->view.detail.answer;
    detail_close(app);
    app_act(app, ACTION_MESSAGE, team);
}

static void take_on(struct app *app)
{
    guint64 key = app->view.detail.alarm;
    detail_close(app);
    app->view.pick = (struct pick){.alarm = key};
    app_act(app, ACTION_ACK, 0);
}

/* What the sheet's second button does, if it has one. */
static void does(struct app *app)
{
    if (app->view.detail.answer > 0) {
        answer(app);
    } else if (app->view.detail.alarm) {
        take_on(app);
    }
}

static void key_down(struct app *app, SDL_Keycode key)
{
    struct detail *detail = &app->view.detail;
    switch (key) {
    case SDLK_ESCAPE:
    case SDLK_RETURN:
    case SDLK_KP_ENTER:
        detail_close(app);
        break;
    case SDLK_UP:
    case SDLK_DOWN:
        scroll(app, key == SDLK_UP ? -1 : 1);
        break;
    case SDLK_PAGEUP:
    case SDLK_PAGEDOWN:
        scroll(app, key == SDLK_PAGEUP ? -detail->rows : detail->rows);
        break;
    case SDLK_HOME:
    case SDLK_END:
        scroll(app, key == SDLK_HOME ? -detail->lines : detail->lines);
        break;
    case SDLK_j:
        to_moment(app);
        break;
    case SDLK_m:
    case SDLK_x:
        if ((key == SDLK_m) == (detail->answer > 0)) {
            does(app);
        }
        break;
    default:
        break;
    }
}

static bool hit(struct rect r, float x, float y)
{
    return r.w > 0 && x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

static void click(struct app *app, const SDL_MouseButtonEvent *button)
{
    const struct detail *detail = &app->view.detail;
    float x = (float)button->x;
    float y = (float)button->y;
    bool left = button->button == SDL_BUTTON_LEFT;
    if (left && hit(detail->when, x, y)) {
        to_moment(app);
    } else if (left && hit(detail->does, x, y)) {
        does(app);
    } else if (button->button == SDL_BUTTON_RIGHT || hit(detail->leave, x, y) ||
               !hit(detail->box, x, y)) {
        detail_close(app);
    }
}

/* A key that is held scrolls; it does not close what it has just opened. */
static bool scrolls(SDL_Keycode key)
{
    return key == SDLK_UP || key == SDLK_DOWN || key == SDLK_PAGEUP || key == SDLK_PAGEDOWN;
}

bool detail_input(struct app *app, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_KEYDOWN:
        if (!event->key.repeat || scrolls(event->key.keysym.sym)) {
            key_down(app, event->key.keysym.sym);
        }
        break;
    case SDL_MOUSEBUTTONDOWN:
        click(app, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        scroll(app, event->wheel.y > 0 ? -3 : event->wheel.y < 0 ? 3 : 0);
        break;
    default:
        return false;
    }
    app->dirty = true;
    return true;
}
