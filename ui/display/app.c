/* app.c - the display's loop: events in, picture out, nothing drawn that did not change. */
#include "app_private.h"

#include "base/error.h"

#include <string.h>

#define STATUS_US (G_GINT64_CONSTANT(8) * G_USEC_PER_SEC)
#define PORTION_US 30000 /* folding a long ledger: so long before keys are looked at again */
#define TICK_MS 250

static guint32 wake_type;
static gint wake_pending;

/* From the reader's thread: at most one waiting event, or SDL's queue would fill. */
static void wake(gpointer data)
{
    (void)data;
    if (g_atomic_int_compare_and_exchange(&wake_pending, 0, 1)) {
        SDL_Event event = {.type = wake_type};
        SDL_PushEvent(&event);
    }
}

source_wake_fn app_wake(void)
{
    return wake;
}

bool app_sdl_start(GError **error)
{
    /* Else SDL shows the picture through OpenGL, which costs 20 ms a frame without a GPU. */
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "0");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "0");
    if (SDL_Init(SDL_INIT_VIDEO) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "no screen: %s; --screenshot FILE needs none", SDL_GetError());
        return false;
    }
    /* without a screen SDL falls back to drivers that draw for nobody, unless somebody asked */
    const char *driver = SDL_GetCurrentVideoDriver();
    if (!g_getenv("SDL_VIDEODRIVER") &&
            (!driver || !strcmp(driver, "offscreen") || !strcmp(driver, "dummy") ||
                    !strcmp(driver, "evdev"))) {
        SDL_Quit();
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "no screen: neither DISPLAY nor WAYLAND_DISPLAY leads to one; --screenshot FILE "
                "needs none");
        return false;
    }
    wake_type = SDL_RegisterEvents(1);
    return true;
}

struct app *app_new(const struct app_options *options, GError **error)
{
    struct draw *draw = draw_new(options->w, options->h, error);
    if (!draw) {
        return NULL;
    }
    struct app *app = g_new0(struct app, 1);
    app->model = model_new();
    view_init(&app->view, draw, app->model);
    app->source = options->source;
    app->name = g_strdup(options->name);
    app->still = options->still;
    app->until_us = options->until_us;
    app->view.source = app->name;
    app->view.utc = options->still;
    app->dirty = true;
    app->base_mono = g_get_monotonic_time();
    if (options->still) {
        return app;
    }
    guint32 flags =
            SDL_WINDOW_RESIZABLE | (options->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    g_autofree char *title = g_strdup_printf("Sandtable: %s", options->name);
    app->window = SDL_CreateWindow(
            title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, options->w, options->h, flags);
    if (!app->window) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no window: %s", SDL_GetError());
        app->source = NULL; /* stays the caller's on failure */
        app_free(app);
        return NULL;
    }
    SDL_SetWindowMinimumSize(app->window, 960, 600);
    return app;
}

void app_free(struct app *app)
{
    if (!app) {
        return;
    }
    source_close(app->source);
    struct draw *draw = app->view.draw;
    view_clear(&app->view);
    draw_free(draw);
    model_free(app->model);
    if (app->window) {
        SDL_DestroyWindow(app->window);
    }
    g_free(app->name);
    g_free(app);
}

void app_say(struct app *app, bool bad, char *text)
{
    g_free(app->view.status);
    app->view.status = text;
    app->view.status_bad = bad;
    app->status_until = g_get_monotonic_time() + STATUS_US;
    app->dirty = true;
}

/* One event; 1: folded, 0: none, -1: a bad one. */
static int fold_one(struct app *app, GError **error)
{
    auto_event event = NULL;
    int got = source_next(app->source, &event, error);
    if (got <= 0) {
        return got;
    }
    if (app->until_us >= 0 && event->at_us > app->until_us) {
        return 0;
    }
    if (!strcmp(event->kind, SOURCE_TELEMETRY)) {
        app->dirty |= model_traffic(app->model, event);
        return 1;
    }
    model_reduce(app->model, event);
    app->base_mono = g_get_monotonic_time();
    app->dirty = true;
    return 1;
}

bool app_drain(struct app *app, GError **error)
{
    int got = 0;
    while ((got = fold_one(app, error)) > 0) {
    }
    return got == 0;
}

static void take_events(struct app *app)
{
    g_atomic_int_set(&wake_pending, 0);
    gint64 end = g_get_monotonic_time() + PORTION_US;
    g_autoptr(GError) error = NULL;
    int got = 0;
    while ((got = fold_one(app, &error)) > 0 && g_get_monotonic_time() < end) {
    }
    if (got > 0) {
        wake(NULL); /* more is waiting: keys first */
    } else if (got < 0) {
        app_say(app, true, g_strdup(error->message));
    }
    bool refused = false;
    char *answer = source_answer(app->source, &refused);
    if (answer) {
        app_say(app, refused, answer);
    }
    enum link link = (enum link)source_link(app->source);
    if (link != app->view.link) {
        app->view.link = link;
        if (link == LINK_GONE) {
            app->view.confirm = false;
            app_say(app, true,
                    g_strdup("The engine is gone; this is the last picture. "
                             "Trying to reach it again"));
        }
        app->dirty = true;
    }
}

static bool clock_runs(const struct app *app)
{
    return app->view.link == LINK_LIVE && app->model->state == MODEL_RUNNING && app->until_us < 0;
}

/* What the clocks show now; marks the picture dirty when that is another second. */
static void update_clocks(struct app *app)
{
    gint64 since = app->still ? 0 : g_get_monotonic_time() - app->base_mono;
    app->view.clock_us = app->model->at_us + (clock_runs(app) ? since : 0);
    if (app->until_us >= 0 && app->still) {
        app->view.clock_us = app->until_us;
    }
    bool live = app->view.link != LINK_FILE && !app->still;
    app->view.wall_us = live ? g_get_real_time() : app->model->wall_us;
    gint64 second = live ? app->view.wall_us / G_USEC_PER_SEC : 0;
    if (second != app->shown_s) {
        app->shown_s = second;
        app->dirty = true;
    }
    if (app->view.status && !app->still && g_get_monotonic_time() > app->status_until) {
        g_clear_pointer(&app->view.status, g_free);
        app->dirty = true;
    }
}

static void present(struct app *app)
{
    SDL_Surface *surface = SDL_GetWindowSurface(app->window);
    if (!surface) {
        return;
    }
    struct draw *draw = app->view.draw;
    SDL_Surface *ours = SDL_CreateRGBSurfaceWithFormatFrom((void *)draw_pixels(draw),
            draw_width(draw), draw_height(draw), 32, draw_width(draw) * 4, SDL_PIXELFORMAT_RGB888);
    if (ours) {
        SDL_BlitSurface(ours, NULL, surface, NULL);
        SDL_FreeSurface(ours);
        SDL_UpdateWindowSurface(app->window);
    }
}

static void redraw(struct app *app)
{
    gint64 start = g_get_monotonic_time();
    model_settle(app->model);
    if (app->window) {
        int w = 0;
        int h = 0;
        SDL_GetWindowSize(app->window, &w, &h);
        draw_resize(app->view.draw, w, h);
    }
    view_draw(&app->view);
    app->draw_ms = (double)(g_get_monotonic_time() - start) / 1000.0;
    if (app->window) {
        present(app);
    }
    app->dirty = false;
}

void app_handle(struct app *app, const SDL_Event *event)
{
    if (event && event->type != wake_type) {
        app_input(app, event);
    }
    take_events(app);
}

static int patience(const struct app *app, int limit_ms)
{
    int wanted = source_patience(app->source);
    bool ticking = app->view.link != LINK_FILE || app->view.status;
    if (ticking) {
        wanted = wanted < 0 ? TICK_MS : MIN(wanted, TICK_MS);
    }
    if (app->dirty) {
        return 0;
    }
    return wanted < 0 ? limit_ms : limit_ms < 0 ? wanted : MIN(wanted, limit_ms);
}

bool app_turn(struct app *app, int limit_ms)
{
    SDL_Event event;
    int wait = patience(app, limit_ms);
    int got = wait < 0 ? SDL_WaitEvent(&event) : SDL_WaitEventTimeout(&event, wait);
    do {
        app_handle(app, got ? &event : NULL);
    } while (!app->leave && (got = SDL_PollEvent(&event)));
    update_clocks(app);
    if (app->dirty && !app->leave) {
        redraw(app);
    }
    return !app->leave;
}

bool app_screenshot(struct app *app, const char *path, GError **error)
{
    update_clocks(app);
    redraw(app);
    return draw_save_png(app->view.draw, path, error);
}

const struct view *app_view(const struct app *app)
{
    return &app->view;
}

const struct model *app_model(const struct app *app)
{
    return app->model;
}

double app_draw_ms(const struct app *app)
{
    return app->draw_ms;
}
