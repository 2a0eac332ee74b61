/* app.c - the display's loop: events in, picture out, nothing drawn that did not change. */
#include "app_private.h"

#include "base/error.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_US (G_GINT64_CONSTANT(8) * G_USEC_PER_SEC)
#define PORTION_US 30000 /* folding a long ledger: so long before keys are looked at again */
#define TICK_MS 250
#define PING_US (2 * G_USEC_PER_SEC)
#define STALE_US (3 * G_USEC_PER_SEC)

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
    SDL_SetHint(SDL_HINT_IME_SHOW_UI, "1");
    SDL_SetHint(SDL_HINT_IME_SUPPORT_EXTENDED_TEXT, "1"); /* else it comes in pieces of 31 bytes */
    if (SDL_Init(SDL_INIT_VIDEO) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                tr("no screen: %s; --screenshot FILE needs none"), SDL_GetError());
        return false;
    }
    /* without a screen SDL falls back to drivers that draw for nobody, unless somebody asked */
    const char *driver = SDL_GetCurrentVideoDriver();
    if (!g_getenv("SDL_VIDEODRIVER") &&
            (!driver || !strcmp(driver, "offscreen") || !strcmp(driver, "dummy") ||
                    !strcmp(driver, "evdev"))) {
        SDL_Quit();
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                tr("no screen: neither DISPLAY nor WAYLAND_DISPLAY leads to one; --screenshot FILE "
                   "needs none"));
        return false;
    }
    SDL_StopTextInput();
    wake_type = SDL_RegisterEvents(1);
    return true;
}

static bool open_window(struct app *app, const struct app_options *options, GError **error)
{
    guint32 flags =
            SDL_WINDOW_RESIZABLE | (options->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    g_autofree char *title = g_strdup_printf("Sandtable: %s", options->name);
    app->window = SDL_CreateWindow(
            title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, options->w, options->h, flags);
    if (!app->window) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, tr("no window: %s"), SDL_GetError());
        return false;
    }
    SDL_SetWindowMinimumSize(app->window, 960, 600);
    return true;
}

struct app *app_new(const struct app_options *options, GError **error)
{
    struct draw *draw = draw_new(options->w, options->h, error);
    if (!draw) {
        return NULL;
    }
    struct app *app = g_new0(struct app, 1);
    app->head = model_new();
    view_init(&app->view, draw, app->head);
    app->source = options->source;
    app->name = g_strdup(options->name);
    app->ledger = g_strdup(options->ledger);
    app->team = g_strdup(options->team);
    app->person = g_strdup(options->person);
    app->socket = g_strdup(options->socket);
    app->view.person = app->person;
    app->view.reports = options->ledger || source_link(options->source) != SOURCE_FILE;
    app->history = history_new(options->ledger);
    app->total = source_total(options->source);
    app->still = options->still;
    app->until_us = options->until_us;
    app->view.source = app->name;
    app->view.utc = options->still;
    app->view.mode = options->mode;
    app->dirty = true;
    app->moving = -1;
    app->base_mono = g_get_monotonic_time();
    index_use(app);
    if (!options->still && !open_window(app, options, error)) {
        app->source = NULL; /* stays the caller's on failure */
        app_free(app);
        return NULL;
    }
    return app;
}

void app_free(struct app *app)
{
    if (!app) {
        return;
    }
    report_end(app);
    app_console_close(app);
    source_close(app->source);
    struct draw *draw = app->view.draw;
    view_clear(&app->view);
    draw_free(draw);
    model_free(app->head);
    model_free(app->past);
    model_free(app->board);
    history_free(app->history);
    if (app->window) {
        SDL_DestroyWindow(app->window);
    }
    g_free(app->name);
    g_free(app->ledger);
    g_free(app->team);
    g_free(app->person);
    g_free(app->socket);
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

/* A wall and the public see nothing that came after the freeze: the model they are shown never
 * folds it. If what came before was not kept, they see an empty one, not the present. */
static bool use_board(struct app *app)
{
    bool open = app->view.mode == MODE_PUBLIC || app->view.mode == MODE_WALL;
    if (!open || !app->head->frozen) {
        return false;
    }
    app->board = app->board ? app->board : model_new();
    gint64 wanted = app->head->frozen_seq - 1;
    if (app->board->seq != wanted && !history_seek_seq(app->history, app->board, wanted, NULL)) {
        model_free(app->board);
        app->board = model_new();
    }
    return true;
}

void app_choose_model(struct app *app)
{
    struct view *view = &app->view;
    view->frozen_board = use_board(app); /* the past could be one after the freeze */
    bool past = view->play.on && app->past && view->mode != MODE_PUBLIC && !view->frozen_board;
    view->model = past ? app->past : view->frozen_board ? app->board : app->head;
    view->present = app->head;
    if (app->team && view->model->teams->len > 0) { /* asked for by name, once */
        view->team = model_team_find(view->model, app->team);
        g_clear_pointer(&app->team, g_free);
    }
    view->node = model_machine_at(view->model, view->node) ? view->node : -1;
    view->team = model_team_at(view->model, view->team) ? view->team : 0;
}

/* ---- events in ----------------------------------------------------------------------------- */

static void forget_past(struct app *app)
{
    app->view.play.on = app->view.play.playing = false;
    app->view.model = app->head;
    g_clear_pointer(&app->past, model_free);
    g_clear_pointer(&app->board, model_free);
}

/* One event; 1: folded, 0: none, -1: a bad one. */
static int fold_one(struct app *app, GError **error)
{
    auto_event event = NULL;
    int got = source_next(app->source, &event, error);
    if (got <= 0) {
        return got;
    }
    if (!strcmp(event->kind, SOURCE_TELEMETRY)) {
        app->dirty |= model_traffic(app->head, event);
        return 1;
    }
    if (!strcmp(event->kind, SOURCE_SCREEN)) {
        app->dirty |= screens_take(app, event);
        return 1;
    }
    if (!strcmp(event->kind, "exercise.created") && app->head->seq > 0) {
        forget_past(app); /* another exercise */
    }
    model_reduce(app->head, event);
    if (!strcmp(event->kind, "exercise.created")) {
        layout_load(app);
        g_hash_table_remove_all(app->view.thumbs);
    }
    history_note(app->history, app->head, event);
    app->base_mono = g_get_monotonic_time();
    app->dirty = true;
    return 1;
}

bool app_drain(struct app *app, GError **error)
{
    int got = 0;
    while ((got = fold_one(app, error)) > 0) {
    }
    index_keep(app);
    if (got == 0 && app->until_us >= 0) {
        replay_at(app, app->until_us);
    }
    return got == 0;
}

static void take_link(struct app *app)
{
    enum link link = (enum link)source_link(app->source);
    if (link == app->view.link) {
        return;
    }
    app->view.link = link;
    app->pinged = 0;
    app->dirty = true;
    if (link == LINK_LIVE && app->person) {
        source_introduce(app->source, app->person);
    }
    if (link == LINK_GONE) {
        bool over = app->head->state >= MODEL_ENDED;
        app->view.confirm = ACTION_NONE;
        app_say(app, !over,
                g_strdup(over ? tr("The exercise is over; W writes its report")
                              : tr("The engine is gone; this is the last picture. "
                                   "Trying to reach it again")));
    }
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
    } else {
        index_keep(app);
        if (app->until_us >= 0 && app->head->seq > 0) {
            replay_at(app, app->until_us);
            app->until_us = -1;
        }
    }
    app->view.reading =
            got > 0 && app->total > 0 ? (int)MIN(app->head->seq * 100 / app->total, 99) : 100;
    bool refused = false;
    char *answer = source_answer(app->source, &refused);
    if (answer) {
        app_say(app, refused, answer);
    }
    take_link(app);
    report_take(app);
    app_console_take(app);
}

/* ---- clocks -------------------------------------------------------------------------------- */

static void update_lag(struct app *app, gint64 now)
{
    if (app->view.link != LINK_LIVE) {
        app->view.lag_ms = -1;
        return;
    }
    gint64 ponged = source_ponged(app->source);
    if (app->pinged > 0 && ponged >= app->pinged && app->ponged != ponged) {
        app->ponged = ponged;
        int lag = (int)MIN((ponged - app->pinged) / 1000, 99999);
        app->dirty |= lag / 5 != app->view.lag_ms / 5; /* a millisecond is no news */
        app->view.lag_ms = lag;
    }
    if (app->pinged == 0 || (ponged >= app->pinged && now - app->pinged > PING_US)) {
        app->pinged = now;
        source_ping(app->source);
    }
}

static void update_age(struct app *app, gint64 now)
{
    gint64 waits = app->pinged > app->ponged ? now - app->pinged : 0;
    if (app->head->state == MODEL_DOWN) {
        waits = 0; /* nothing can come any more */
    } else if (app->view.link == LINK_GONE) {
        waits = now - MAX(app->base_mono, app->ponged);
    }
    int age = waits > STALE_US ? (int)(waits / G_USEC_PER_SEC) : 0;
    app->dirty |= age != app->view.age_s;
    app->view.age_s = age;
}

static void update_load(struct app *app, gint64 now)
{
    double load = 0;
    if (now - app->load_mono > PING_US && getloadavg(&load, 1) == 1) {
        app->load_mono = now;
        long processors = MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
        int percent = (int)CLAMP(load * 100 / (double)processors, 0, 999);
        app->dirty |= percent != app->view.load_percent;
        app->view.load_percent = percent;
    }
}

/* What the clocks show now; marks the picture dirty when that is another second. */
static void update_clocks(struct app *app)
{
    gint64 now = g_get_monotonic_time();
    struct view *view = &app->view;
    bool runs = view->link == LINK_LIVE && app->head->state == MODEL_RUNNING && !app->still;
    gint64 live_us = app->head->at_us + (runs ? now - app->base_mono : 0);
    bool past = view_replays(view);
    view->play.live_us = live_us;
    view->clock_us = past ? view->play.clock_us : live_us;
    bool live = view->link != LINK_FILE && !app->still;
    view->wall_us = live && !past ? g_get_real_time() : view->model->wall_us;
    if (!app->still && view->link != LINK_FILE) {
        update_lag(app, now);
        update_age(app, now);
        update_load(app, now);
        screens_tick(app, now);
    }
    gint64 second = live ? view->wall_us / G_USEC_PER_SEC : 0;
    if (second != app->shown_s) {
        app->shown_s = second;
        app->dirty = true;
    }
    if (view->status && !app->still && now > app->status_until) {
        g_clear_pointer(&view->status, g_free);
        app->dirty = true;
    }
}

/* ---- picture out --------------------------------------------------------------------------- */

static void present(struct app *app)
{
    SDL_Surface *surface = SDL_GetWindowSurface(app->window);
    if (!surface) {
        return;
    }
    struct draw *draw = app->view.draw;
    SDL_Surface *ours = SDL_CreateRGBSurfaceWithFormatFrom((void *)draw_pixels(draw),
            draw_width(draw), draw_height(draw), 32, draw_width(draw) * 4, SDL_PIXELFORMAT_RGB888);
    if (!ours) {
        return;
    }
    if (app->view.whole) {
        SDL_BlitSurface(ours, NULL, surface, NULL);
        SDL_UpdateWindowSurface(app->window);
    } else {
        SDL_Rect rects[PANELS];
        for (int i = 0; i < app->view.damages; i++) {
            struct rect r = app->view.damage[i];
            rects[i] = (SDL_Rect){(int)r.x, (int)r.y, (int)r.w + 1, (int)r.h + 1};
            SDL_Rect to = rects[i];
            SDL_BlitSurface(ours, &rects[i], surface, &to);
        }
        SDL_UpdateWindowSurfaceRects(app->window, rects, app->view.damages);
    }
    SDL_FreeSurface(ours);
}

static void redraw(struct app *app)
{
    gint64 start = g_get_monotonic_time();
    model_settle(app->head);
    app_choose_model(app);
    if (app->window) {
        int w = 0;
        int h = 0;
        SDL_GetWindowSize(app->window, &w, &h);
        draw_resize(app->view.draw, w, h);
    }
    view_draw(&app->view);
    ime_place(app);
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

static int sooner(int a, int b)
{
    return a < 0 ? b : b < 0 ? a : MIN(a, b);
}

static int patience(const struct app *app, int limit_ms)
{
    if (app->dirty) {
        return 0;
    }
    bool ticking = app->view.link != LINK_FILE || app->view.status;
    int wanted = sooner(source_patience(app->source), ticking ? TICK_MS : -1);
    return sooner(sooner(wanted, replay_patience(app)), limit_ms);
}

bool app_turn(struct app *app, int limit_ms)
{
    SDL_Event event;
    int wait = patience(app, limit_ms);
    int got = wait < 0 ? SDL_WaitEvent(&event) : SDL_WaitEventTimeout(&event, wait);
    do {
        app_handle(app, got ? &event : NULL);
    } while (!app->leave && (got = SDL_PollEvent(&event)));
    app->dirty |= replay_tick(app);
    update_clocks(app);
    if (app->dirty && !app->leave) {
        redraw(app);
    }
    return !app->leave;
}

void app_refold(struct app *app)
{
    /* the feed's texts are made when events are folded: a model made anew has them in the language
     * that is used now; the present is folded once more from what was kept */
    struct model *fresh = model_new();
    g_clear_pointer(&app->past, model_free);
    g_clear_pointer(&app->board, model_free);
    bool whole = history_last_seq(app->history) <= HISTORY_WHOLE;
    if (whole && history_seek_seq(app->history, fresh, app->head->seq, NULL) &&
            fresh->seq == app->head->seq) {
        model_free(app->head);
        app->head = fresh;
    } else {
        model_free(fresh);
    }
    if (app->view.play.on) {
        replay_at(app, app->view.play.clock_us);
    }
    app_choose_model(app);
    app->dirty = true;
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
    return app->head;
}

double app_draw_ms(const struct app *app)
{
    return app->draw_ms;
}
