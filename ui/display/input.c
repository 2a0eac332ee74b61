/* input.c - what keys and clicks do. */
#include "app_private.h"
#include "keys.h"
#include "words.h"

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
    detail_close(app);
    g_clear_pointer(&app->view.status, g_free); /* it may be the white cell's own */
    full_screen(app, mode == MODE_WALL || mode == MODE_PUBLIC);
    app_choose_model(app);
}

void app_back(struct app *app)
{
    struct view *view = &app->view;
    const struct pick *pick = &view->pick;
    bool picked = pick->alarm || pick->line > 0 || pick->note > 0 || pick->letter > 0;
    if (view->help) {
        view->help = false;
    } else if (view->filter) {
        g_clear_pointer(&view->filter, g_free);
    } else if (view->play.on) {
        replay_leave(app);
    } else if (view->mode != MODE_CONTROL) {
        app_set_mode(app, MODE_CONTROL);
    } else if (view->node >= 0 || view->selected >= 0 || picked) {
        view->node = view->selected = -1;
        view->pick = (struct pick){0};
    } else {
        app_say(app, false, g_strdup(tr("Q leaves the display")));
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

static void scrub(struct app *app, float x)
{
    gint64 at_us = view_time_at(&app->view, x);
    if (at_us >= 0) {
        replay_at(app, at_us);
    }
}

/* As Escape; a machine's console takes it from nobody. */
static void right_click(struct app *app, float x, float y)
{
    if (app->view.confirm != ACTION_NONE) {
        app->view.confirm = ACTION_NONE;
    } else if (!over(app, PANEL_CONSOLE, x, y)) {
        app_act(app, ACTION_BACK, 0);
    }
}

/* The sheet closes, and what its key does is done. */
static void help_click(struct app *app, float x, float y)
{
    struct hit key = view_help_hit(&app->view, x, y);
    app->view.help = false;
    if (key.action != ACTION_HELP) {
        app_act(app, key.action, key.arg);
    }
}

static void mouse_down(struct app *app, const SDL_MouseButtonEvent *button)
{
    float x = (float)button->x;
    float y = (float)button->y;
    if (button->button == SDL_BUTTON_RIGHT) {
        right_click(app, x, y);
    }
    if (button->button != SDL_BUTTON_LEFT) {
        return;
    }
    if (app->view.help) {
        help_click(app, x, y);
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

static bool repeats(enum action action)
{
    return action == ACTION_ARROW || action == ACTION_PAGE || action == ACTION_MOVE ||
           action == ACTION_ZOOM || action == ACTION_JUMP;
}

static void key_event(struct app *app, const SDL_KeyboardEvent *event)
{
    const struct key *key = keys_find(event->keysym.sym, event->keysym.mod);
    enum action asked = app->view.confirm;
    if (event->repeat && (!key || !repeats(key->action))) {
        return;
    }
    if (asked != ACTION_NONE) { /* y does it; whatever else is typed does not */
        app->view.confirm = ACTION_NONE;
        if (event->keysym.sym == SDLK_y) {
            app_act(app, asked, CONFIRMED);
        }
    } else if (key) {
        app_act(app, key->action, key->arg);
    }
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
    bool reads = !asks && app->view.detail.text;
    if ((asks && form_input(app, event)) || (reads && detail_input(app, event)) ||
            (!asks && !reads && app_console_input(app, event))) {
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
        look_wheel(app, (float)event->wheel.mouseX, (float)event->wheel.mouseY, event->wheel.y);
        break;
    case SDL_WINDOWEVENT:
        app->view.overlay = 0; /* what was covered is drawn again */
        break;
    default:
        app->dirty = was_dirty;
    }
    settle_text_input(app);
}
