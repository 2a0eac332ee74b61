/* test_display_source.c - an engine that goes and comes back: every event once, in order, and
 * another exercise from its beginning. */
#include "support/test.h"

#include "base/json.h"
#include "display/source.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT_US (60 * G_USEC_PER_SEC)

struct visit {    /* one connection, from its acceptance to its end */
    char mark;    /* which exercise answers: part of each hash */
    gint64 last;  /* of its events */
    gint64 until; /* it breaks off after this event, in the middle of a line */
};

struct engine {
    char *dir, *path;
    int listener;
    GThread *thread;
    const struct visit *visits;
    guint count;
    gint64 asked[8]; /* from which event each visit was asked to begin */
};

static char *line_of(const struct visit *visit, gint64 seq)
{
    auto_event event = event_new("note", NULL, "x", NULL);
    event->seq = seq;
    event->hash[0] = (unsigned char)visit->mark;
    event->hash[1] = (unsigned char)seq;
    g_autofree char *text = event_to_line(event);
    return g_strdup_printf("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":%s}\n", text);
}

static gint64 read_from(int fd)
{
    g_autoptr(GString) input = g_string_new(NULL);
    char byte = 0;
    while (recv(fd, &byte, 1, 0) == 1 && byte != '\n') {
        g_string_append_c(input, byte);
    }
    auto_json request = json_parse(input->str, input->len, NULL);
    assert_string_equal(json_string(request, "method", ""), "subscribe");
    return json_int(json_object(request, "params"), "from", -1);
}

static void send_text(int fd, const char *text, gsize length)
{
    (void)send(fd, text, length, MSG_NOSIGNAL);
}

static void serve_visit(const struct visit *visit, int fd, gint64 from)
{
    if (from > visit->last + 1) {
        const char *refusal = "{\"jsonrpc\":\"2.0\",\"id\":\"events\",\"error\":{\"code\":-32602,"
                              "\"message\":\"from is past the end\"}}\n";
        send_text(fd, refusal, strlen(refusal));
    }
    for (gint64 seq = from; seq <= visit->last; seq++) {
        g_autofree char *line = line_of(visit, seq);
        bool last = seq == visit->until;
        send_text(fd, line, last ? strlen(line) / 2 : strlen(line));
        if (last) {
            break;
        }
    }
}

static gpointer serve(gpointer data)
{
    struct engine *engine = data;
    for (guint i = 0; i < engine->count; i++) {
        int fd = accept(engine->listener, NULL, NULL);
        engine->asked[i] = read_from(fd);
        serve_visit(&engine->visits[i], fd, engine->asked[i]);
        if (i + 1 == engine->count || engine->asked[i] > engine->visits[i].last) {
            char rest[256]; /* until the display hangs up */
            while (recv(fd, rest, sizeof rest, 0) > 0) {
            }
        }
        close(fd);
    }
    return NULL;
}

static void nothing(gpointer data)
{
    (void)data;
}

static void start(struct engine *engine, const struct visit *visits, guint count)
{
    *engine = (struct engine){.dir = test_mkdtemp(), .visits = visits, .count = count};
    engine->path = g_build_filename(engine->dir, "x.sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, engine->path, sizeof address.sun_path);
    engine->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(engine->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(engine->listener, 4), 0);
    engine->thread = g_thread_new("engine", serve, engine);
}

static void stop(struct engine *engine, struct source *source)
{
    source_close(source);
    g_thread_join(engine->thread);
    close(engine->listener);
    test_rmtree(engine->dir);
    g_free(engine->path);
}

/* The next event is mark's number seq. */
static void expect_event(struct source *source, char mark, gint64 seq)
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    auto_event event = NULL;
    while (source_next(source, &event, NULL) == 0) {
        if (g_get_monotonic_time() > end) {
            fail_msg("no event %d of %c", (int)seq, mark);
        }
        g_usleep(1000); /* between looks */
    }
    assert_int_equal(event->seq, seq);
    assert_int_equal(event->hash[0], mark);
}

static void a_broken_connection_loses_and_doubles_nothing(void **state)
{
    (void)state;
    static const struct visit visits[] = {{'a', 50, 20}, {'a', 60, 41}, {'a', 60, 100}};
    struct engine engine;
    start(&engine, visits, G_N_ELEMENTS(visits));
    struct source *source = source_open_live(engine.path, nothing, NULL);
    for (gint64 seq = 1; seq <= 60; seq++) {
        expect_event(source, 'a', seq);
    }
    struct event *more = NULL;
    assert_int_equal(source_next(source, &more, NULL), 0);
    stop(&engine, source);
    assert_int_equal(engine.asked[0], 1);
    assert_int_equal(engine.asked[1], 19); /* the last one it has, to know the exercise by */
    assert_int_equal(engine.asked[2], 40);
}

static void another_exercise_is_read_from_its_beginning(void **state)
{
    (void)state;
    static const struct visit visits[] = {{'a', 30, 20}, {'b', 40, 100}, {'b', 40, 100}};
    struct engine engine;
    start(&engine, visits, G_N_ELEMENTS(visits));
    struct source *source = source_open_live(engine.path, nothing, NULL);
    for (gint64 seq = 1; seq < 20; seq++) {
        expect_event(source, 'a', seq);
    }
    for (gint64 seq = 1; seq <= 40; seq++) {
        expect_event(source, 'b', seq);
    }
    stop(&engine, source);
    assert_int_equal(engine.asked[1], 19);
    assert_int_equal(engine.asked[2], 1);
}

static void a_shorter_exercise_is_read_from_its_beginning(void **state)
{
    (void)state;
    static const struct visit visits[] = {{'a', 30, 20}, {'b', 5, 100}, {'b', 7, 100}};
    struct engine engine;
    start(&engine, visits, G_N_ELEMENTS(visits));
    struct source *source = source_open_live(engine.path, nothing, NULL);
    for (gint64 seq = 1; seq < 20; seq++) {
        expect_event(source, 'a', seq);
    }
    for (gint64 seq = 1; seq <= 7; seq++) {
        expect_event(source, 'b', seq);
    }
    stop(&engine, source);
    assert_int_equal(engine.asked[2], 1);
}

/* An engine that hangs: its backlog is full, so that connecting would wait without limit. */
static void a_source_that_cannot_connect_closes_at_once(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "x.sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    g_autoptr(GArray) waiting = g_array_new(FALSE, FALSE, sizeof(int));
    bool full = false;
    while (!full && waiting->len < 64) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        full = connect(fd, (struct sockaddr *)&address, sizeof address) < 0;
        assert_true(!full || errno == EAGAIN);
        g_array_append_val(waiting, fd);
    }
    assert_true(full);
    struct source *source = source_open_live(path, nothing, NULL);
    alarm(LIMIT_US / G_USEC_PER_SEC); /* ends a close that hangs */
    source_close(source);
    alarm(0);
    for (guint i = 0; i < waiting->len; i++) {
        close(g_array_index(waiting, int, i));
    }
    close(listener);
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_broken_connection_loses_and_doubles_nothing),
            cmocka_unit_test(another_exercise_is_read_from_its_beginning),
            cmocka_unit_test(a_shorter_exercise_is_read_from_its_beginning),
            cmocka_unit_test(a_source_that_cannot_connect_closes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
