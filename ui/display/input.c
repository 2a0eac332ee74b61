/* input.c - what keys and clicks do. */
#include "app_private.h"

#include "base/json.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define PANELS 6
#define ZOOM_STEP 1.25F

static void ask(struct app *app, const char *method, cJSON *params)
{
    g_autoptr(GError) error = NULL;
    if (source_request(app->source, method, params, &error)) {
        app_say(app, false, g_strdup_printf("Asked the engine to %s …", method));
    } else {
        app_say(app, true, g_strdup(error->message));
    }
}

static const struct model_inject *chosen(struct app *app)
{
    const struct model_inject *inject = model_inject_at(app->model, app->view.selected);
    if (!inject) {
        app_say(app, true, g_strdup("Choose an inject first: up, down or a click"));
    }
    return inject;
}

static void fire(struct app *app)
{
    const struct model_inject *inject = chosen(app);
    app->view.confirm = false;
    if (inject) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "inject", inject->id);
        ask(app, "fire", params);
    }
}

static void hold(struct app *app)
{
    const struct model_inject *inject = chosen(app);
    if (inject) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "inject", inject->id);
        cJSON_AddBoolToObject(params, "held", strcmp(inject->state, "held") != 0);
        ask(app, "hold", params);
    }
}

static void act(struct app *app, enum action action, int arg)
{
    struct view *view = &app->view;
    switch (action) {
    case ACTION_PAUSE:
        ask(app, app->model->state == MODEL_PAUSED ? "resume" : "pause", NULL);
        break;
    case ACTION_FIRE:
        view->confirm = chosen(app) != NULL;
        break;
    case ACTION_HOLD:
        hold(app);
        break;
    case ACTION_LABELS:
        view->labels = !view->labels;
        break;
    case ACTION_ATTACKS:
        view->attacks = !view->attacks;
        break;
    case ACTION_HELP:
        view->help = !view->help;
        break;
    case ACTION_SELECT:
        view->selected = arg;
        view->focus = 4;
        break;
    case ACTION_FOCUS:
        view->focus = arg;
        break;
    case ACTION_NONE:
        break;
    }
}

static void choose(struct app *app, int by)
{
    int count = (int)app->model->injects->len;
    if (count == 0) {
        return;
    }
    if (app->view.selected < 0) { /* begin at the next one that has not fired */
        int next = 0;
        while (next < count - 1 && model_inject_at(app->model, next)->fired_us >= 0) {
            next++;
        }
        app->view.selected = next;
    } else {
        app->view.selected = CLAMP(app->view.selected + by, 0, count - 1);
    }
}

static void zoom(struct app *app, float factor)
{
    struct view *view = &app->view;
    float before = view->zoom;
    view->zoom = CLAMP(before * factor, 0.25F, 12.0F);
    view->pan_x *= view->zoom / before;
    view->pan_y *= view->zoom / before;
}

static void shoot(struct app *app)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    do {
        g_free(path);
        path = g_strdup_printf("sandtable-%s-%03d.png",
                *app->model->name ? app->model->name : "display", ++app->shots);
        g_strdelimit(path, "/", '-');
    } while (access(path, F_OK) == 0 && app->shots < 1000);
    if (draw_save_png(app->view.draw, path, &error)) {
        app_say(app, false, g_strdup_printf("Screenshot written to %s", path));
    } else {
        app_say(app, true, g_strdup(error->message));
    }
}

static void full_screen(struct app *app)
{
    if (app->window) {
        bool on = SDL_GetWindowFlags(app->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
        SDL_SetWindowFullscreen(app->window, on ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
    }
}

static void leave(struct app *app)
{
    if (app->view.help) {
        app->view.help = false;
    } else {
        app->leave = true;
    }
}

static void scroll(struct app *app, int by)
{
    app->view.scroll = CLAMP(app->view.scroll + by, 0, MAX((int)app->model->feed.length - 1, 0));
}

static void zoom_key(struct app *app, SDL_Keycode key)
{
    if (key == SDLK_0 || key == SDLK_KP_0) {
        app->view.zoom = 1;
        app->view.pan_x = 0;
        app->view.pan_y = 0;
    } else {
        zoom(app, key == SDLK_MINUS || key == SDLK_KP_MINUS ? 1 / ZOOM_STEP : ZOOM_STEP);
    }
}

static void key_down(struct app *app, SDL_Keycode key, SDL_Keymod mod)
{
    static const struct {
        SDL_Keycode key;
        enum action action;
    } actions[] = {{SDLK_SPACE, ACTION_PAUSE}, {SDLK_RETURN, ACTION_FIRE},
            {SDLK_KP_ENTER, ACTION_FIRE}, {SDLK_h, ACTION_HOLD}, {SDLK_l, ACTION_LABELS},
            {SDLK_a, ACTION_ATTACKS}, {SDLK_F1, ACTION_HELP}};
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (actions[i].key == key) {
            act(app, actions[i].action, 0);
            return;
        }
    }
    if (key >= SDLK_1 && key < SDLK_1 + PANELS) {
        app->view.focus = (int)(key - SDLK_0);
        return;
    }
    switch (key) {
    case SDLK_UP:
        choose(app, -1);
        break;
    case SDLK_DOWN:
        choose(app, 1);
        break;
    case SDLK_TAB:
        app->view.focus = mod & KMOD_SHIFT ? (app->view.focus + PANELS - 2) % PANELS + 1
                                           : app->view.focus % PANELS + 1;
        break;
    case SDLK_PAGEUP:
        scroll(app, 5);
        break;
    case SDLK_PAGEDOWN:
        scroll(app, -5);
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
    case SDLK_F11:
        full_screen(app);
        break;
    case SDLK_F12:
        shoot(app);
        break;
    case SDLK_ESCAPE:
    case SDLK_q:
        leave(app);
        break;
    default:
        break;
    }
}

static bool inside(struct rect r, float x, float y)
{
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

static void wheel(struct app *app, int y)
{
    int mouse_x = 0;
    int mouse_y = 0;
    SDL_GetMouseState(&mouse_x, &mouse_y);
    struct layout layout = view_layout(&app->view);
    if (inside(layout.topology, (float)mouse_x, (float)mouse_y)) {
        zoom(app, y > 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    } else if (inside(layout.injects, (float)mouse_x, (float)mouse_y)) {
        choose(app, y > 0 ? -1 : 1);
    } else if (inside(layout.events, (float)mouse_x, (float)mouse_y)) {
        scroll(app, y > 0 ? 3 : -3);
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
        app->view.help = false;
        return;
    }
    struct hit hit = view_hit(&app->view, x, y);
    app->view.confirm = false;
    act(app, hit.action, hit.arg);
    app->dragging = inside(view_layout(&app->view).topology, x, y);
}

void app_input(struct app *app, const SDL_Event *event)
{
    app->dirty = true;
    switch (event->type) {
    case SDL_QUIT:
        app->leave = true;
        break;
    case SDL_KEYDOWN:
        if (event->key.repeat && event->key.keysym.sym != SDLK_UP &&
                event->key.keysym.sym != SDLK_DOWN) {
            break;
        }
        if (app->view.confirm) { /* y fires; whatever else is typed does not */
            app->view.confirm = false;
            if (event->key.keysym.sym == SDLK_y) {
                fire(app);
            }
            break;
        }
        key_down(app, event->key.keysym.sym, event->key.keysym.mod);
        break;
    case SDL_MOUSEBUTTONDOWN:
        mouse_down(app, &event->button);
        break;
    case SDL_MOUSEBUTTONUP:
        app->dragging = false;
        break;
    case SDL_MOUSEMOTION:
        if (app->dragging) {
            app->view.pan_x += (float)event->motion.xrel;
            app->view.pan_y += (float)event->motion.yrel;
        } else {
            app->dirty = false;
        }
        break;
    case SDL_MOUSEWHEEL:
        wheel(app, event->wheel.y);
        break;
    case SDL_WINDOWEVENT:
        break;
    default:
        app->dirty = false;
    }
}
