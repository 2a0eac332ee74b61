/* input.c - what keys and clicks do. */
#include "app_private.h"
#include "theme.h"
#include "words.h"

#include <math.h>
#include <string.h>

#define FOCUSES 7
#define ZOOM_STEP 1.25F
#define MINUTE_US (60 * G_USEC_PER_SEC)

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
    }
}

/* factor at the place (x, y) of the window, which stays where it is. */
static void zoom(struct app *app, float factor, float x, float y)
{
    struct view *view = &app->view;
    struct rect r = view->places[PANEL_TOPOLOGY].rect;
    float before = view->zoom;
    view->zoom = CLAMP(before * factor, 0.25F, 16.0F);
    float share = view->zoom / before;
    float dx = x - (r.x + r.w / 2);
    float dy = y - (r.y + r.h / 2);
    view->pan_x = dx - (dx - view->pan_x) * share;
    view->pan_y = dy - (dy - view->pan_y) * share;
}

static void zoom_key(struct app *app, SDL_Keycode key)
{
    struct rect r = app->view.places[PANEL_TOPOLOGY].rect;
    if (key == SDLK_0 || key == SDLK_KP_0) {
        app_act(app, ACTION_FIT, 0);
    } else {
        bool out = key == SDLK_MINUS || key == SDLK_KP_MINUS;
        zoom(app, out ? 1 / ZOOM_STEP : ZOOM_STEP, r.x + r.w / 2, r.y + r.h / 2);
    }
}

static void full_screen(struct app *app, bool on)
{
    if (app->window) {
        SDL_SetWindowFullscreen(app->window, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    }
}

void app_set_mode(struct app *app, enum mode mode)
{
    app->view.mode = mode;
    app->view.confirm = ACTION_NONE;
    g_clear_pointer(&app->view.status, g_free); /* it may be the white cell's own */
    full_screen(app, mode == MODE_WALL || mode == MODE_PUBLIC);
    app_choose_model(app);
}

/* Back from whatever is open, one at a time. */
static void back(struct app *app)
{
    struct view *view = &app->view;
    if (view->help) {
        view->help = false;
    } else if (view->filter) {
        g_clear_pointer(&view->filter, g_free);
    } else if (view->play.on) {
        replay_leave(app);
    } else if (view->mode != MODE_CONTROL) {
        app_set_mode(app, MODE_CONTROL);
    } else if (view->node >= 0 || view->selected >= 0) {
        view->node = view->selected = -1;
    } else {
        app_say(app, false, g_strdup(tr("Q leaves the display")));
    }
}

static void scroll(struct app *app, int by)
{
    int count = view_event_count(&app->view);
    app->view.scroll = CLAMP(app->view.scroll + by, 0, MAX(count - 1, 0));
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
}

/* Of the panel that has the focus, else the events. */
static void page(struct app *app, int by)
{
    if (app->view.focus == 1) {
        scroll_scores(app, -by);
    } else if (app->view.focus == 7) {
        scroll_messages(app, by > 0 ? 3 : -3);
    } else {
        scroll(app, by);
    }
}

static void focus_next(struct app *app, bool backwards)
{
    int at = app->view.focus;
    app->view.focus = backwards ? (at + FOCUSES - 2) % FOCUSES + 1 : at % FOCUSES + 1;
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

/* An arrow key: pans while the topology has the focus, else chooses or steps. */
static void arrow(struct app *app, SDL_Keycode key, bool shift)
{
    int by = key == SDLK_UP || key == SDLK_LEFT ? -1 : 1;
    bool sideways = key == SDLK_LEFT || key == SDLK_RIGHT;
    if (app->view.focus == 2 && !app->view.play.on) {
        *(sideways ? &app->view.pan_x : &app->view.pan_y) -= 60 * (float)by;
    } else if (!sideways && app->view.focus == 1 && app->view.mode == MODE_INSTRUCTOR) {
        choose_team(app, by);
    } else if (!sideways) {
        choose(app, by);
    } else if (app->view.mode == MODE_PUBLIC) {
        return;
    } else if (shift) {
        replay_jump(app, by * MINUTE_US);
    } else {
        replay_step(app, by);
    }
}

struct binding {
    SDL_Keycode key;
    SDL_Keymod mod; /* KMOD_NONE, KMOD_SHIFT, KMOD_CTRL */
    enum action action;
    int arg;
};

static const struct binding bindings[] = {{SDLK_SPACE, KMOD_NONE, ACTION_PAUSE, 0},
        {SDLK_SPACE, KMOD_SHIFT, ACTION_CLOCK, 0}, {SDLK_RETURN, KMOD_NONE, ACTION_FIRE, 0},
        {SDLK_KP_ENTER, KMOD_NONE, ACTION_FIRE, 0}, {SDLK_h, KMOD_NONE, ACTION_HOLD, 0},
        {SDLK_h, KMOD_SHIFT, ACTION_HOLD_ALL, 0}, {SDLK_o, KMOD_NONE, ACTION_APPROVE, 0},
        {SDLK_e, KMOD_NONE, ACTION_EDIT, 0}, {SDLK_i, KMOD_NONE, ACTION_ADD, 0},
        {SDLK_w, KMOD_NONE, ACTION_REPORT, 0}, {SDLK_b, KMOD_NONE, ACTION_SCREENS, 0},
        {SDLK_k, KMOD_NONE, ACTION_SKIP, 0}, {SDLK_f, KMOD_NONE, ACTION_FREEZE, 0},
        {SDLK_f, KMOD_CTRL, ACTION_FIND, 0}, {SDLK_e, KMOD_SHIFT, ACTION_END, 0},
        {SDLK_m, KMOD_NONE, ACTION_MESSAGE, 0}, {SDLK_n, KMOD_NONE, ACTION_NOTE, 0},
        {SDLK_p, KMOD_NONE, ACTION_ADJUST, 0}, {SDLK_z, KMOD_CTRL, ACTION_UNDO, 0},
        {SDLK_x, KMOD_NONE, ACTION_ACK, 0}, {SDLK_DELETE, KMOD_NONE, ACTION_RESET, 0},
        {SDLK_s, KMOD_NONE, ACTION_SAVE, 0}, {SDLK_c, KMOD_NONE, ACTION_CONSOLE, 0},
        {SDLK_c, KMOD_SHIFT, ACTION_TERMINAL, 0}, {SDLK_j, KMOD_NONE, ACTION_WHEN, -1},
        {SDLK_SLASH, KMOD_NONE, ACTION_FILTER, 0}, {SDLK_l, KMOD_NONE, ACTION_LABELS, 0},
        {SDLK_a, KMOD_NONE, ACTION_ATTACKS, 0}, {SDLK_t, KMOD_NONE, ACTION_TRAFFIC, 0},
        {SDLK_v, KMOD_NONE, ACTION_STEPS, 0}, {SDLK_g, KMOD_NONE, ACTION_PLACES, 0},
        {SDLK_F1, KMOD_NONE, ACTION_HELP, 0}, {SDLK_F12, KMOD_NONE, ACTION_SHOOT, 0},
        {SDLK_F2, KMOD_NONE, ACTION_LANGUAGE, 0}, {SDLK_F3, KMOD_NONE, ACTION_THEME, 0},
        {SDLK_F11, KMOD_NONE, ACTION_VIEW, 0}, {SDLK_F11, KMOD_SHIFT, ACTION_VIEW, 1},
        {SDLK_r, KMOD_NONE, ACTION_REPLAY, 0}, {SDLK_HOME, KMOD_NONE, ACTION_LIVE, 0},
        {SDLK_LEFTBRACKET, KMOD_NONE, ACTION_SPEED, -1},
        {SDLK_RIGHTBRACKET, KMOD_NONE, ACTION_SPEED, 1}, {SDLK_d, KMOD_NONE, ACTION_DELAY, 0}};

static bool bound(struct app *app, SDL_Keycode key, SDL_Keymod mod)
{
    SDL_Keymod wanted = mod & KMOD_CTRL ? KMOD_CTRL : mod & KMOD_SHIFT ? KMOD_SHIFT : KMOD_NONE;
    for (guint i = 0; i < G_N_ELEMENTS(bindings); i++) {
        if (bindings[i].key == key && bindings[i].mod == wanted) {
            app_act(app, bindings[i].action, bindings[i].arg);
            return true;
        }
    }
    return false;
}

static void key_down(struct app *app, SDL_Keycode key, SDL_Keymod mod)
{
    if (bound(app, key, mod)) {
        return;
    }
    if (key >= SDLK_1 && key < SDLK_1 + FOCUSES) {
        app->view.focus = (int)(key - SDLK_0);
        return;
    }
    switch (key) {
    case SDLK_UP:
    case SDLK_DOWN:
    case SDLK_LEFT:
    case SDLK_RIGHT:
        arrow(app, key, mod & KMOD_SHIFT);
        break;
    case SDLK_TAB:
        focus_next(app, mod & KMOD_SHIFT);
        break;
    case SDLK_END:
        choose_last(app);
        break;
    case SDLK_PAGEUP:
        page(app, 5);
        break;
    case SDLK_PAGEDOWN:
        page(app, -5);
        break;
    case SDLK_PLUS:
    case SDLK_EQUALS:
    case SDLK_KP_PLUS:
    case SDLK_MINUS:
    case SDLK_KP_MINUS:
    case SDLK_0:
    case SDLK_KP_0:
        zoom_key(app, key);
        break;
    case SDLK_ESCAPE:
        back(app);
        break;
    case SDLK_q:
        app->leave = true;
        break;
    default:
        break;
    }
}

static bool inside(struct rect r, float x, float y)
{
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

static bool over(const struct app *app, enum panel panel, float x, float y)
{
    return inside(app->view.places[panel].rect, x, y);
}

static void wheel(struct app *app, int y)
{
    int mouse_x = 0;
    int mouse_y = 0;
    SDL_GetMouseState(&mouse_x, &mouse_y);
    float at_x = (float)mouse_x;
    float at_y = (float)mouse_y;
    if (over(app, PANEL_TOPOLOGY, at_x, at_y)) {
        zoom(app, y > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, at_x, at_y);
    } else if (over(app, PANEL_SCORES, at_x, at_y)) {
        scroll_scores(app, y > 0 ? -3 : 3);
    } else if (over(app, PANEL_INJECTS, at_x, at_y)) {
        choose(app, y > 0 ? -1 : 1);
    } else if (over(app, PANEL_MESSAGES, at_x, at_y)) {
        scroll_messages(app, y > 0 ? 1 : -1);
    } else if (over(app, PANEL_CONSOLE, at_x, at_y)) {
        app_console_scroll(app, y > 0 ? 3 : -3);
    } else if (over(app, PANEL_EVENTS, at_x, at_y)) {
        scroll(app, y > 0 ? 3 : -3);
    }
}

static void scrub(struct app *app, float x)
{
    gint64 at_us = view_time_at(&app->view, x);
    if (at_us >= 0) {
        replay_at(app, at_us);
    }
}

static void mouse_down(struct app *app, const SDL_MouseButtonEvent *button)
{
    if (button->button != SDL_BUTTON_LEFT) {
        return;
    }
    float x = (float)button->x;
    float y = (float)button->y;
    if (app->view.help) {
        struct hit line = view_help_hit(&app->view, x, y);
        app->view.help = false;
        app_act(app, line.action, line.arg);
        return;
    }
    struct hit hit = view_hit(&app->view, x, y);
    if (hit.action != app->view.confirm || hit.arg != CONFIRMED) {
        app->view.confirm = ACTION_NONE;
    }
    if (hit.action == ACTION_SCRUB) {
        app->view.focus = 6;
        app->scrubbing = true;
        scrub(app, x);
        return;
    }
    app_act(app, hit.action, hit.arg);
    bool arranges = app->view.mode == MODE_CONTROL || app->view.mode == MODE_INSTRUCTOR;
    bool holds = hit.action == ACTION_NODE && over(app, PANEL_TOPOLOGY, x, y) && arranges;
    app->moving = holds ? hit.arg : -1;
    app->dragging = !holds && over(app, PANEL_TOPOLOGY, x, y);
}

static void mouse_up(struct app *app)
{
    if (app->moved) {
        layout_save(app);
    }
    app->moved = app->dragging = app->scrubbing = false;
    app->moving = -1;
}

static void mouse_move(struct app *app, const SDL_MouseMotionEvent *motion)
{
    if (app->scrubbing) {
        scrub(app, (float)motion->x);
    } else if (app->moving >= 0) {
        app->moved = true;
        layout_move(app, app->moving, (float)motion->x, (float)motion->y);
    } else if (app->dragging) {
        app->view.pan_x += (float)motion->xrel;
        app->view.pan_y += (float)motion->yrel;
    } else {
        app->dirty = false;
    }
}

static void key_event(struct app *app, const SDL_KeyboardEvent *key)
{
    SDL_Keycode sym = key->keysym.sym;
    bool repeats = sym == SDLK_UP || sym == SDLK_DOWN || sym == SDLK_LEFT || sym == SDLK_RIGHT ||
                   sym == SDLK_PAGEUP || sym == SDLK_PAGEDOWN;
    enum action asked = app->view.confirm;
    if (key->repeat && !repeats) {
        return;
    }
    if (asked != ACTION_NONE) { /* y does it; whatever else is typed does not */
        app->view.confirm = ACTION_NONE;
        if (sym == SDLK_y) {
            app_act(app, asked, CONFIRMED);
        }
        return;
    }
    key_down(app, sym, key->keysym.mod);
}

/* Letters are text while a field or a console takes them, else keys. */
static void settle_text_input(const struct app *app)
{
    bool wanted = app->view.form.action != ACTION_NONE || app_console_has_keys(app);
    if (wanted && !SDL_IsTextInputActive()) {
        SDL_StartTextInput();
    } else if (!wanted && SDL_IsTextInputActive()) {
        SDL_StopTextInput();
    }
}

void app_input(struct app *app, const SDL_Event *event)
{
    bool was_dirty = app->dirty;
    bool asks = app->view.form.action != ACTION_NONE;
    if (ime_input(app, event)) {
        return;
    }
    if ((asks && form_input(app, event)) || (!asks && app_console_input(app, event))) {
        settle_text_input(app);
        return;
    }
    app->dirty = true;
    switch (event->type) {
    case SDL_QUIT:
        app->leave = true;
        break;
    case SDL_KEYDOWN:
        key_event(app, &event->key);
        break;
    case SDL_MOUSEBUTTONDOWN:
        mouse_down(app, &event->button);
        break;
    case SDL_MOUSEBUTTONUP:
        mouse_up(app);
        break;
    case SDL_MOUSEMOTION:
        mouse_move(app, &event->motion);
        app->dirty |= was_dirty;
        break;
    case SDL_MOUSEWHEEL:
        wheel(app, event->wheel.y);
        break;
    case SDL_WINDOWEVENT:
        app->view.overlay = 0; /* what was covered is drawn again */
        break;
    default:
        app->dirty = was_dirty;
    }
    settle_text_input(app);
}
