/* desk.h - a display without a window, fed by hand; what it asks of the engine is written down. */
#pragma once

#include "support/test.h"

#include "base/json.h"
#include "display/app_private.h"
#include "display/keys.h"
#include "display/source_private.h"
#include "display/theme.h"
#include "display/words.h"

#include <string.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"
#define WIDE 1280
#define HIGH 720

struct desk { /* also the source of the events */
    struct source base;
    GQueue events;    /* struct event, not taken yet */
    GPtrArray *asked; /* char *: "method {params}" */
    struct app *app;
    gint64 seq; /* of the last event */
};

G_GNUC_UNUSED static int desk_next(struct source *source, struct event **ret, GError **error)
{
    struct desk *desk = (struct desk *)source;
    (void)error;
    *ret = g_queue_pop_head(&desk->events);
    return *ret != NULL;
}

G_GNUC_UNUSED static enum source_link desk_link(struct source *source)
{
    (void)source;
    return SOURCE_LIVE;
}

G_GNUC_UNUSED static bool desk_request(struct source *source, const char *line, GError **error)
{
    struct desk *desk = (struct desk *)source;
    auto_json request = cJSON_Parse(line);
    (void)error;
    g_autofree char *params = json_text(json_object(request, "params"));
    g_ptr_array_add(desk->asked, g_strdup_printf("%s %s", json_string(request, "method", "?"),
                                         json_object(request, "params") ? params : ""));
    return true;
}

G_GNUC_UNUSED static void desk_source_close(struct source *source)
{
    (void)source; /* the desk goes last */
}

G_GNUC_UNUSED static char *desk_answer(struct source *source, bool *refused)
{
    (void)source;
    (void)refused;
    return NULL;
}

/* Everything that has come in is folded and drawn. */
G_GNUC_UNUSED static void desk_turn(struct desk *desk)
{
    desk->app->dirty = true;
    (void)app_turn(desk->app, 0);
}

/* The engine has one more event. */
G_GNUC_UNUSED static void desk_tell(struct desk *desk, const char *kind, const char *team,
        const char *subject, const char *body)
{
    struct event *event = event_new(kind, team, subject, cJSON_Parse(body));
    event->seq = ++desk->seq;
    event->at_us = 299 * G_USEC_PER_SEC;
    g_queue_push_tail(&desk->events, event);
    desk_turn(desk);
}

/* On events of which the desk becomes the owner. */
G_GNUC_UNUSED static struct desk *desk_new(GPtrArray *events)
{
    struct desk *desk = g_new0(struct desk, 1);
    desk->base = (struct source){.next = desk_next,
            .close = desk_source_close,
            .link = desk_link,
            .request = desk_request,
            .answer = desk_answer,
            .patience_ms = -1};
    desk->asked = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < events->len; i++) {
        desk->seq = ((struct event *)events->pdata[i])->seq;
        g_queue_push_tail(&desk->events, events->pdata[i]);
        events->pdata[i] = NULL;
    }
    g_ptr_array_set_free_func(events, NULL);
    g_ptr_array_unref(events);
    g_autoptr(GError) error = NULL;
    const struct app_options options = {.source = &desk->base,
            .name = "first-drill",
            .w = WIDE,
            .h = HIGH,
            .still = true,
            .until_us = -1};
    desk->app = app_new(&options, &error);
    assert_no_error(error);
    while (!g_queue_is_empty(&desk->events)) {
        desk_turn(desk);
    }
    desk_turn(desk);
    return desk;
}

/* On the recorded drill, up to its end. */
G_GNUC_UNUSED static struct desk *desk_of_drill(void)
{
    g_autofree char *text = NULL;
    GPtrArray *events = g_ptr_array_new();
    assert_true(g_file_get_contents(RECORD, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && *lines[i]; i++) {
        if (strstr(lines[i], "\"ended\"") && strstr(lines[i], "exercise.state")) {
            break;
        }
        g_ptr_array_add(events, event_from_line(lines[i], strlen(lines[i]), NULL));
        assert_non_null(events->pdata[i]);
    }
    return desk_new(events);
}

G_GNUC_UNUSED static void desk_free(struct desk *desk)
{
    app_free(desk->app);
    g_queue_clear_full(&desk->events, (GDestroyNotify)event_free);
    g_ptr_array_unref(desk->asked);
    g_free(desk);
    SDL_FlushEvents(SDL_FIRSTEVENT, SDL_LASTEVENT);
}

/* ---- keys and clicks ------------------------------------------------------------------------- */

G_GNUC_UNUSED static void desk_press(struct desk *desk, SDL_Keycode key, SDL_Keymod mod)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key, .mod = (Uint16)mod}}};
    app_handle(desk->app, &event);
}

G_GNUC_UNUSED static void desk_type(struct desk *desk, const char *text)
{
    SDL_Event event = {.text = {.type = SDL_TEXTINPUT}};
    g_strlcpy(event.text.text, text, sizeof event.text.text);
    app_handle(desk->app, &event);
}

G_GNUC_UNUSED static void desk_button(struct desk *desk, int button, struct rect r)
{
    SDL_Event event = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = (Uint8)button,
                               .x = (int)(r.x + r.w / 2),
                               .y = (int)(r.y + r.h / 2)}};
    assert_true(r.w > 0);
    app_handle(desk->app, &event);
    event.button.type = SDL_MOUSEBUTTONUP;
    app_handle(desk->app, &event);
}

G_GNUC_UNUSED static void desk_click(struct desk *desk, struct rect r)
{
    desk_button(desk, SDL_BUTTON_LEFT, r);
}

/* What the panel has for that click, the topmost; fails when there is none. arg -2: any. */
G_GNUC_UNUSED static struct rect desk_hit(
        struct desk *desk, enum panel panel, enum action action, int arg)
{
    const GArray *hits = desk->app->view.places[panel].hits;
    for (guint i = hits->len; i > 0; i--) {
        struct hit hit = g_array_index(hits, struct hit, i - 1);
        if (hit.action == action && (arg == -2 || hit.arg == arg)) {
            return hit.rect;
        }
    }
    fail_msg("panel %d has nothing to click for action %d %d", panel, action, arg);
    return (struct rect){0};
}

static inline int desk_run(const struct CMUnitTest *tests, gsize count)
{
    char *home = test_mkdtemp();
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    (void)g_setenv("XDG_STATE_HOME", home, TRUE);
    (void)g_setenv("XDG_CACHE_HOME", home, TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        test_rmtree(home);
        return 1;
    }
    int failed = _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
    SDL_Quit();
    test_rmtree(home);
    return failed;
}
