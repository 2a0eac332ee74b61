/* engine.h - an engine's socket that plays the recorded drill, and a display at its other end. */
#pragma once

#include "support/test.h"

#include "base/json.h"
#include "display/app.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"
#define LIMIT_US (100 * G_USEC_PER_SEC)
#define LAST_PLAYED 279 /* the record's last event before the end */

/* What blue1/web shows, a PNG in base64; NULL: it has no screen. Set before set_up(). */
G_GNUC_UNUSED static const char *engine_screen;

/* An engine's socket that plays the recorded drill and refuses whatever is asked. */
struct fixture {
    char *dir, *path;
    int listener;
    GThread *thread;
    GAsyncQueue *requests; /* cJSON */
    gint client;           /* atomic: the accepted connection */
    struct app *app;
};

G_GNUC_UNUSED static void play(int fd)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(RECORD, &text, NULL, NULL));
    if (engine_screen) {
        g_autoptr(GString) edited = g_string_new(text);
        (void)g_string_replace(
                edited, "\"id\":\"blue1/web\",", "\"id\":\"blue1/web\",\"display\":true,", 1);
        g_free(text);
        text = g_strdup(edited->str);
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && *lines[i]; i++) {
        if (strstr(lines[i], "\"ended\"") && strstr(lines[i], "exercise.state")) {
            break; /* it goes on running */
        }
        g_autofree char *line = g_strdup_printf(
                "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":%s}\n", lines[i]);
        assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    }
}

G_GNUC_UNUSED static void reply(int fd, const cJSON *request)
{
    g_autofree char *line =
            g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":%" G_GINT64_FORMAT
                            ",\"error\":{\"code\":-32001,\"message\":\"not now\"}}\n",
                    json_int(request, "id", 0));
    (void)send(fd, line, strlen(line), MSG_NOSIGNAL);
}

G_GNUC_UNUSED static void show_screen(int fd, const char *id)
{
    g_autofree char *line = g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{"
                                            "\"type\":\"image/png\",\"base64\":\"%s\"}}\n",
            id, engine_screen);
    (void)send(fd, line, strlen(line), MSG_NOSIGNAL);
}

G_GNUC_UNUSED static void serve_line(
        struct fixture *fixture, int fd, const char *line, gsize length)
{
    cJSON *request = json_parse(line, length, NULL);
    assert_non_null(request);
    if (!strcmp(json_string(request, "method", ""), "subscribe")) {
        cJSON_Delete(request);
        play(fd);
        return;
    }
    const char *method = json_string(request, "method", "");
    if (!strcmp(method, "telemetry") || !strcmp(method, "ping")) {
        cJSON_Delete(request); /* an engine that is slow to answer */
        return;
    }
    if (engine_screen && !strcmp(method, "screenshot")) {
        show_screen(fd, json_string(request, "id", ""));
        cJSON_Delete(request);
        return;
    }
    reply(fd, request);
    g_async_queue_push(fixture->requests, request);
}

G_GNUC_UNUSED static gpointer serve(gpointer data)
{
    struct fixture *fixture = data;
    int fd = accept(fixture->listener, NULL, NULL);
    g_atomic_int_set(&fixture->client, fd);
    g_autoptr(GString) input = g_string_new(NULL);
    char chunk[4096];
    ssize_t got = 0;
    while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        g_string_append_len(input, chunk, got);
        char *end = NULL;
        while ((end = strchr(input->str, '\n'))) {
            serve_line(fixture, fd, input->str, (gsize)(end - input->str));
            g_string_erase(input, 0, end - input->str + 1);
        }
    }
    close(fd);
    return NULL;
}

G_GNUC_UNUSED static bool turn_until(struct fixture *fixture, bool (*done)(struct fixture *fixture))
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    while (!done(fixture) && g_get_monotonic_time() < end) {
        if (!app_turn(fixture->app, 20)) {
            break;
        }
    }
    return done(fixture);
}

G_GNUC_UNUSED static bool has_drill(struct fixture *fixture)
{
    return app_model(fixture->app)->state == MODEL_RUNNING &&
           app_model(fixture->app)->seq == LAST_PLAYED;
}

G_GNUC_UNUSED static bool has_request(struct fixture *fixture)
{
    return g_async_queue_length(fixture->requests) > 0;
}

G_GNUC_UNUSED static bool was_refused(struct fixture *fixture)
{
    const struct view *view = app_view(fixture->app);
    return view->status && strstr(view->status, "not now");
}

G_GNUC_UNUSED static bool is_gone(struct fixture *fixture)
{
    return app_view(fixture->app)->link == LINK_GONE;
}

G_GNUC_UNUSED static bool has_selection(struct fixture *fixture)
{
    return app_view(fixture->app)->selected >= 0;
}

G_GNUC_UNUSED static bool queue_is_taken(struct fixture *fixture)
{
    (void)fixture;
    SDL_PumpEvents();
    return !SDL_HasEvents(SDL_KEYDOWN, SDL_MOUSEBUTTONDOWN);
}

G_GNUC_UNUSED static void press(SDL_Keycode key)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key}}};
    assert_int_equal(SDL_PushEvent(&event), 1);
}

G_GNUC_UNUSED static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->dir = test_mkdtemp();
    fixture->path = g_build_filename(fixture->dir, "x.sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, fixture->path, sizeof address.sun_path);
    fixture->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fixture->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fixture->listener, 1), 0);
    fixture->requests = g_async_queue_new_full((GDestroyNotify)cJSON_Delete);
    fixture->client = -1;
    fixture->thread = g_thread_new("engine", serve, fixture);
    g_autoptr(GError) error = NULL;
    struct app_options options = {.source = source_open_live(fixture->path, app_wake(), NULL),
            .name = "first-drill",
            .socket = fixture->path,
            .w = 1280,
            .h = 720,
            .until_us = -1};
    fixture->app = app_new(&options, &error);
    assert_no_error(error);
    assert_true(turn_until(fixture, has_drill));
    *state = fixture;
    return 0;
}

G_GNUC_UNUSED static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    app_free(fixture->app);
    g_thread_join(fixture->thread);
    close(fixture->listener);
    g_async_queue_unref(fixture->requests);
    test_rmtree(fixture->dir);
    g_free(fixture->path);
    g_free(fixture);
    SDL_FlushEvents(SDL_FIRSTEVENT, SDL_LASTEVENT);
    return 0;
}

/* The only request that arrived; its answer has come back, so no other is on its way. */
G_GNUC_UNUSED static cJSON *only_request(struct fixture *fixture)
{
    assert_true(turn_until(fixture, has_request));
    assert_true(turn_until(fixture, was_refused));
    assert_int_equal(g_async_queue_length(fixture->requests), 1);
    return g_async_queue_pop(fixture->requests);
}

G_GNUC_UNUSED static void type(const char *text)
{
    SDL_Event event = {.text = {.type = SDL_TEXTINPUT}};
    g_strlcpy(event.text.text, text, sizeof event.text.text);
    assert_int_equal(SDL_PushEvent(&event), 1);
}

G_GNUC_UNUSED static void press_with(SDL_Keycode key, SDL_Keymod mod)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key, .mod = (Uint16)mod}}};
    assert_int_equal(SDL_PushEvent(&event), 1);
}

G_GNUC_UNUSED static bool form_is_open(struct fixture *fixture)
{
    return app_view(fixture->app)->form.action != ACTION_NONE;
}

G_GNUC_UNUSED static bool replays(struct fixture *fixture)
{
    return app_view(fixture->app)->play.on;
}

/* The engine has one more event. */
G_GNUC_UNUSED static void tell(struct fixture *fixture, int seq, const char *kind, const char *body)
{
    g_autofree char *line = g_strdup_printf(
            "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"seq\":%d,\"at_us\":299000000,"
            "\"wall_us\":1700000000000000,\"kind\":\"%s\",\"team\":\"blue1\",\"subject\":"
            "\"first-drill\",\"body\":%s,\"hash\":\"%064d\"}}\n",
            seq, kind, body, 0);
    assert_int_equal(send(g_atomic_int_get(&fixture->client), line, strlen(line), MSG_NOSIGNAL),
            strlen(line));
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static inline int run_with_display(const struct CMUnitTest *tests, gsize count)
{
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    int failed = _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
    SDL_Quit();
    return failed;
}
