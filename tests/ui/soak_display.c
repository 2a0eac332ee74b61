/* soak_display.c - a day of a large exercise folded, drawn and handled as fast as it goes, with the
 * leaks looked for at the end: ./dev soak display runs it with the address sanitizer.
 *
 * 40 teams, 1,000 machines, every service looked at once a minute: 24 hours are 600,000 events.
 * While they stream in, keys are pressed all the time: other views, languages, colours, replays.
 */
#include "support/test.h"

#include "display/app.h"
#include "display/source_private.h"
#include "ui/crowd.h"

#define KEYS_EVERY 1 /* turns of the loop */
#define GROWTH_MAX_MIB 96
#define LIMIT_US (3600 * G_GINT64_CONSTANT(1000000))

static const struct crowd day = {.teams = 40,
        .machines = 25,
        .services = 10,
        .links = 2,
        .events = 600000,
        .duration_us = 24 * 3600 * (gint64)G_USEC_PER_SEC};

struct stream { /* a source that makes its events up */
    struct source base;
    int at; /* the next one, -1: the beginning */
};

static int stream_next(struct source *source, struct event **ret, GError **error)
{
    struct stream *stream = (struct stream *)source;
    (void)error;
    if (stream->at >= day.events) {
        return 0;
    }
    *ret = stream->at < 0 ? crowd_created(&day) : crowd_later(&day, stream->at);
    stream->at++;
    return 1;
}

static void stream_close(struct source *source)
{
    g_free(source);
}

static const struct {
    SDL_Keycode key;
    Uint16 mod;
} keys[] = {{SDLK_v, 0}, {SDLK_F2, 0}, {SDLK_r, 0}, {SDLK_LEFT, 0}, {SDLK_LEFT, KMOD_SHIFT},
        {SDLK_RIGHT, 0}, {SDLK_SPACE, 0}, {SDLK_HOME, 0}, {SDLK_F3, 0}, {SDLK_TAB, 0},
        {SDLK_PAGEUP, 0}, {SDLK_PAGEDOWN, 0}, {SDLK_EQUALS, 0}, {SDLK_0, 0}, {SDLK_F1, 0},
        {SDLK_ESCAPE, 0}, {SDLK_DOWN, 0}, {SDLK_RETURN, 0}, {SDLK_n, 0}, {SDLK_l, 0}, {SDLK_a, 0},
        {SDLK_t, 0}, {SDLK_F11, 0}, {SDLK_F11, 0}, {SDLK_F11, KMOD_SHIFT}, {SDLK_F11, KMOD_SHIFT},
        {SDLK_F11, KMOD_SHIFT}, {SDLK_F11, KMOD_SHIFT}, {SDLK_SLASH, 0}, {SDLK_RETURN, 0}};

static void press(int turn)
{
    int i = turn / KEYS_EVERY % (int)G_N_ELEMENTS(keys);
    SDL_Event event = {
            .key = {.type = SDL_KEYDOWN, .keysym = {.sym = keys[i].key, .mod = keys[i].mod}}};
    (void)SDL_PushEvent(&event);
}

static double resident_mib(void)
{
    g_autofree char *status = NULL;
    const char *line = g_file_get_contents("/proc/self/status", &status, NULL, NULL)
                               ? strstr(status, "VmRSS:")
                               : NULL;
    return line ? g_ascii_strtod(line + strlen("VmRSS:"), NULL) / 1024 : 0;
}

static struct app *open_stream(void)
{
    g_autoptr(GError) error = NULL;
    struct stream *stream = g_new0(struct stream, 1);
    stream->base = (struct source){.next = stream_next, .close = stream_close, .patience_ms = 0};
    stream->at = -1;
    struct app_options options = {
            .source = &stream->base, .name = "day", .w = 1280, .h = 720, .until_us = -1};
    struct app *app = app_new(&options, &error);
    assert_no_error(error);
    return app;
}

static void a_day_leaks_nothing(void **state)
{
    (void)state;
    struct app *app = open_stream();
    gint64 from = g_get_monotonic_time();
    double early = 0;
    int turns = 0;
    while (app_model(app)->seq < day.events + 1 && g_get_monotonic_time() - from < LIMIT_US) {
        if (turns % KEYS_EVERY == 0) {
            press(turns);
        }
        assert_true(app_turn(app, 0));
        if (early == 0 && app_model(app)->seq > day.events / 4) {
            early = resident_mib();
        }
        turns++;
    }
    double late = resident_mib();
    gint64 seconds = (g_get_monotonic_time() - from) / G_USEC_PER_SEC;
    print_message("%" G_GINT64_FORMAT " events of 24 hours in %" G_GINT64_FORMAT
                  " s, %d pictures, %d keys; %.0f MiB after a quarter, %.0f MiB at the end\n",
            app_model(app)->seq, seconds, turns, turns / KEYS_EVERY, early, late);
    assert_int_equal(app_model(app)->seq, day.events + 1);
    assert_true(app_model(app)->at_us > day.duration_us * 99 / 100);
    assert_true(late - early < GROWTH_MAX_MIB);
    app_free(app);
}

int main(void)
{
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autofree char *home = test_mkdtemp(); /* screenshots and indexes go nowhere else */
    (void)g_setenv("XDG_CACHE_HOME", home, TRUE);
    (void)g_setenv("XDG_STATE_HOME", home, TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_day_leaks_nothing)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    test_rmtree(g_steal_pointer(&home));
    return failed;
}
