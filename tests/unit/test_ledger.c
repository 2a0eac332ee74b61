/* test_ledger.c - appending and reading: durability, order, one writer, failures. */
#include "support/test.h"

#include "base/error.h"
#include "ledger/ledger.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char *dir, *path;
    struct ledger *ledger;
    GPtrArray *seen; /* kinds, in the order of their callbacks */
    guint done, failed;
    gint64 last_seq;
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    g_autoptr(GError) error = NULL;
    f->dir = test_mkdtemp();
    f->path = g_build_filename(f->dir, "drill.ledger", NULL);
    f->seen = g_ptr_array_new_with_free_func(g_free);
    f->ledger = ledger_create(f->path, &error);
    assert_no_error(error);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ledger_close(f->ledger);
    g_ptr_array_unref(f->seen);
    test_rmtree(f->dir);
    g_free(f->path);
    g_free(f);
    return 0;
}

static struct event *make(const char *kind, int value)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddNumberToObject(body, "value", value);
    struct event *event = event_new(kind, "blue1", "site", body);
    event->at_us = value;
    event->wall_us = 1700000000000000 + value;
    return event;
}

static void on_done(const struct event *event, const GError *error, gpointer data)
{
    struct fixture *f = data;
    if (error) {
        assert_int_equal(event->seq, 0);
        f->failed++;
        return;
    }
    f->done++;
    assert_true(event->seq > f->last_seq);
    f->last_seq = event->seq;
}

static void on_event(const struct event *event, const GError *error, gpointer data)
{
    struct fixture *f = data;
    g_ptr_array_add(f->seen, g_strdup(error ? "error" : event->kind));
}

static void append(struct fixture *f, int from, int to)
{
    for (int i = from; i <= to; i++) {
        ledger_append(f->ledger, make("check.ok", i), on_done, f);
    }
}

/* Runs the loop until count callbacks came. */
static void wait_done(struct fixture *f, guint count)
{
    gint64 limit = g_get_monotonic_time() + G_GINT64_CONSTANT(20000000);
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
    while (f->done + f->failed < count) {
        assert_true(g_get_monotonic_time() < limit);
        g_main_context_iteration(context, g_main_context_pending(context));
    }
}

static void flush(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    assert_true(ledger_flush(f->ledger, &error));
    assert_no_error(error);
}

static gint64 count_valid(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct ledger_report report;
    bool ok = ledger_verify(path, &report, &error);
    assert_no_error(error);
    if (!ok) {
        fail_msg("row %d: %s", (int)report.bad_seq, report.reason);
    }
    return report.events;
}

static bool beside(const char *path, const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);
    return g_file_test(name, G_FILE_TEST_EXISTS);
}

static void events_come_back_as_they_went_in_and_in_order(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    append(f, 1, 1000);
    wait_done(f, 1000);
    assert_int_equal(f->last_seq, 1000);
    struct ledger_reader *reader = ledger_reader_open(f->path, &error);
    assert_no_error(error);
    assert_int_equal(ledger_reader_last(reader, &error), 1000);
    for (int i = 1; i <= 1000; i++) {
        auto_event event = NULL;
        assert_int_equal(ledger_reader_next(reader, &event, &error), 1);
        g_autofree char *body = g_strdup_printf("{\"value\":%d}", i);
        assert_int_equal(event->seq, i);
        assert_int_equal(event->at_us, i);
        assert_int_equal(event->wall_us, 1700000000000000 + i);
        assert_string_equal(event->kind, "check.ok");
        assert_string_equal(event->team, "blue1");
        assert_string_equal(event->subject, "site");
        assert_string_equal(event->body, body);
    }
    struct event *none = NULL;
    assert_int_equal(ledger_reader_next(reader, &none, &error), 0);
    assert_true(ledger_reader_seek(reader, 999, &error));
    auto_event event = NULL;
    assert_int_equal(ledger_reader_next(reader, &event, &error), 1);
    assert_int_equal(event->seq, 999);
    assert_false(ledger_reader_seek(reader, 0, NULL));
    ledger_reader_close(reader);
}

static void the_listener_hears_every_event_after_its_own_callback(void **state)
{
    struct fixture *f = *state;
    ledger_set_listener(f->ledger, on_event, f);
    ledger_append(f->ledger, make("a", 1), NULL, NULL);
    ledger_append(f->ledger, make("b", 2), NULL, NULL);
    ledger_append(f->ledger, make("c", 3), on_done, f);
    wait_done(f, 1);
    assert_int_equal(f->seen->len, 3);
    assert_string_equal(f->seen->pdata[0], "a");
    assert_string_equal(f->seen->pdata[2], "c");
}

static void a_closed_ledger_is_one_file_and_a_reader_adds_none(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 10);
    assert_true(beside(f->path, ".lock"));
    g_clear_pointer(&f->ledger, ledger_close);
    g_autoptr(GError) error = NULL;
    struct ledger_reader *reader = ledger_reader_open(f->path, &error);
    assert_no_error(error);
    assert_int_equal(ledger_reader_last(reader, &error), 10);
    ledger_reader_close(reader);
    assert_int_equal(count_valid(f->path), 10);
    g_autoptr(GDir) dir = g_dir_open(f->dir, 0, &error);
    assert_string_equal(g_dir_read_name(dir), "drill.ledger");
    assert_null(g_dir_read_name(dir));
}

static void a_second_writer_is_refused_and_told_who_writes(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    g_autofree char *self = g_strdup_printf("process %d", (int)getpid());
    assert_null(ledger_open(f->path, &error));
    assert_non_null(strstr(error->message, self));
    g_clear_error(&error);
    g_clear_pointer(&f->ledger, ledger_close);
    f->ledger = ledger_open(f->path, &error);
    assert_no_error(error);
    g_clear_pointer(&f->ledger, ledger_close);
    assert_null(ledger_create(f->path, &error));
    assert_non_null(error);
}

static void a_reader_follows_the_writer_through_close_and_reopen(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    struct event *event = NULL;
    struct ledger_reader *reader = ledger_reader_open(f->path, &error);
    assert_no_error(error);
    assert_int_equal(ledger_reader_next(reader, &event, &error), 0);
    for (int i = 1; i <= 3; i++) {
        append(f, i, i);
        flush(f);
        if (i == 2) {
            g_clear_pointer(&f->ledger, ledger_close);
        }
        assert_int_equal(ledger_reader_next(reader, &event, &error), 1);
        assert_int_equal(event->seq, i);
        g_clear_pointer(&event, event_free);
        assert_int_equal(ledger_reader_next(reader, &event, &error), 0);
        if (i == 2) {
            f->ledger = ledger_open(f->path, &error);
            assert_no_error(error);
        }
    }
    ledger_reader_close(reader);
    g_clear_pointer(&f->ledger, ledger_close);
    assert_false(beside(f->path, "-wal"));
    assert_int_equal(count_valid(f->path), 3);
}

static void what_was_acknowledged_survives_a_killed_writer(void **state)
{
    struct fixture *f = *state;
    g_clear_pointer(&f->ledger, ledger_close);
    g_autofree char *path = g_build_filename(f->dir, "killed.ledger", NULL);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct ledger *ledger = ledger_create(path, NULL);
        for (int i = 1;; i++) {
            ledger_append(ledger, make("check.ok", i), NULL, NULL);
            if (i % 7 == 0 && ledger_flush(ledger, NULL) && write(ends[1], &i, sizeof(i)) < 0) {
                _exit(1);
            }
        }
    }
    close(ends[1]);
    int acknowledged = 0;
    for (int i = 0; i < 30; i++) {
        assert_int_equal(read(ends[0], &acknowledged, sizeof(acknowledged)), sizeof(int));
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    while (read(ends[0], &acknowledged, sizeof(acknowledged)) == sizeof(int)) {
    }
    close(ends[0]);

    assert_true(count_valid(path) >= acknowledged);
    g_autoptr(GError) error = NULL;
    f->ledger = ledger_open(path, &error);
    assert_no_error(error);
    append(f, 1, 1);
    wait_done(f, 1);
    gint64 last = f->last_seq;
    assert_true(last > acknowledged);
    g_clear_pointer(&f->ledger, ledger_close);
    assert_false(beside(path, "-wal"));
    assert_int_equal(count_valid(path), last);
}

static void a_full_disk_fails_every_later_append_and_keeps_what_was_acknowledged(void **state)
{
    struct fixture *f = *state;
    ledger_set_listener(f->ledger, on_event, f);
    append(f, 1, 10);
    wait_done(f, 10);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 200000, .rlim_max = before.rlim_max};
    assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    append(f, 11, 5000);
    wait_done(f, 5000);
    g_autoptr(GError) error = NULL;
    bool flushed = ledger_flush(f->ledger, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(flushed);
    assert_int_equal(error->code, SANDTABLE_ERROR_LEDGER);
    assert_true(f->failed > 0);
    guint failed = f->failed;
    /* there is room again, but a row was lost: the writer stays stopped */
    append(f, 1, 5);
    wait_done(f, 5005);
    assert_int_equal(f->failed, failed + 5);
    assert_int_equal(f->seen->len, 5005);
    assert_string_equal(f->seen->pdata[5004], "error");
    g_clear_pointer(&f->ledger, ledger_close);
    assert_int_equal(count_valid(f->path), f->last_seq);
}

static void what_is_not_an_event_is_refused_alone(void **state)
{
    struct fixture *f = *state;
    static const char *const bodies[] = {
            "", "7", "[1]", "{\"a\":1} x", "{\"a\":\"\\u0000\"}", "{\"a\":\"\xff\"}", "{\"a\":"};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        struct event *event = make("check.ok", 1);
        g_free(event->body);
        event->body = g_strdup(bodies[i]);
        ledger_append(f->ledger, event, on_done, f);
    }
    g_autofree char *long_name = g_strnfill(EVENT_NAME_MAX + 1, 'k');
    ledger_append(f->ledger, make("", 1), on_done, f);
    ledger_append(f->ledger, make("a\nb", 1), on_done, f);
    ledger_append(f->ledger, make(long_name, 1), on_done, f);
    append(f, 1, 3);
    wait_done(f, G_N_ELEMENTS(bodies) + 6);
    assert_int_equal(f->failed, G_N_ELEMENTS(bodies) + 3);
    assert_int_equal(f->last_seq, 3);
    flush(f);
    assert_int_equal(count_valid(f->path), 3);
}

static gpointer append_from_thread(gpointer data)
{
    struct fixture *f = data;
    for (int i = 0; i < 500; i++) {
        ledger_append(f->ledger, make("check.ok", i), on_done, f);
    }
    return NULL;
}

static void many_threads_append_at_once(void **state)
{
    struct fixture *f = *state;
    GThread *threads[4];
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("append", append_from_thread, f);
    }
    wait_done(f, 2000);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_thread_join(threads[i]);
    }
    assert_int_equal(f->last_seq, 2000);
    assert_int_equal(count_valid(f->path), 2000);
}

static void on_done_close(const struct event *event, const GError *error, gpointer data)
{
    struct fixture *f = data;
    on_done(event, error, data);
    g_clear_pointer(&f->ledger, ledger_close);
}

static void a_callback_may_close_the_ledger_and_no_later_one_comes(void **state)
{
    struct fixture *f = *state;
    ledger_set_listener(f->ledger, on_event, f);
    ledger_append(f->ledger, make("a", 1), on_done_close, f);
    append(f, 2, 100);
    wait_done(f, 1);
    g_main_context_iteration(NULL, FALSE);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->seen->len, 0);
    assert_int_equal(count_valid(f->path), 100);
}

static void callbacks_come_in_the_context_of_the_creator(void **state)
{
    struct fixture *f = *state;
    g_clear_pointer(&f->ledger, ledger_close);
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autofree char *path = g_build_filename(f->dir, "other.ledger", NULL);
    g_main_context_push_thread_default(context);
    f->ledger = ledger_create(path, NULL);
    append(f, 1, 5);
    flush(f);
    while (g_main_context_iteration(g_main_context_default(), FALSE)) {
    }
    assert_int_equal(f->done, 0);
    wait_done(f, 5);
    g_clear_pointer(&f->ledger, ledger_close);
    g_main_context_pop_thread_default(context);
}

static void a_finished_ledger_is_read_in_a_folder_that_cannot_be_written(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 5);
    g_clear_pointer(&f->ledger, ledger_close);
    if (geteuid() == 0) {
        pid_t pid = fork();
        if (pid == 0) { /* root writes anywhere: look as nobody */
            struct ledger_report report;
            bool ok = chmod(f->dir, 0555) == 0 && chmod(f->path, 0444) == 0 && setgid(65534) == 0 &&
                      setuid(65534) == 0 && access(f->dir, W_OK) != 0 &&
                      ledger_verify(f->path, &report, NULL) && report.events == 5;
            _exit(ok ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        return;
    }
    assert_int_equal(chmod(f->dir, 0555), 0);
    gint64 events = count_valid(f->path);
    assert_int_equal(chmod(f->dir, 0755), 0);
    assert_int_equal(events, 5);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            T(events_come_back_as_they_went_in_and_in_order),
            T(the_listener_hears_every_event_after_its_own_callback),
            T(a_closed_ledger_is_one_file_and_a_reader_adds_none),
            T(a_second_writer_is_refused_and_told_who_writes),
            T(a_reader_follows_the_writer_through_close_and_reopen),
            T(what_was_acknowledged_survives_a_killed_writer),
            T(a_full_disk_fails_every_later_append_and_keeps_what_was_acknowledged),
            T(what_is_not_an_event_is_refused_alone),
            T(many_threads_append_at_once),
            T(a_callback_may_close_the_ledger_and_no_later_one_comes),
            T(callbacks_come_in_the_context_of_the_creator),
            T(a_finished_ledger_is_read_in_a_folder_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
