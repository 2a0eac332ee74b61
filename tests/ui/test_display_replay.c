/* test_display_replay.c - any moment of the past is what folding up to it gives, from a record, a
 * long ledger and its index; the public board stands still. */
#include "support/test.h"

#include "crowd.h"
#include "display/app_private.h"
#include "display/snapshot.h"
#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"

static const struct crowd longer = {.teams = 6,
        .machines = 5,
        .services = 5,
        .links = 2,
        .events = 26000, /* more than HISTORY_WHOLE */
        .duration_us = 7200 * (gint64)G_USEC_PER_SEC};

/* Everything but the score's own details, which a long replay has not. */
static void expect_same(const struct model *wanted, const struct model *got)
{
    g_autoptr(GBytes) a = snapshot_make(wanted);
    g_autoptr(GBytes) b = snapshot_make(got);
    assert_int_equal(wanted->seq, got->seq);
    assert_true(g_bytes_equal(a, b));
}

static void expect_totals(const struct model *wanted, const struct model *got, gint64 off)
{
    for (int t = 0; model_team_at(wanted, t); t++) {
        gint64 difference = model_team_at(wanted, t)->total - model_team_at(got, t)->total;
        assert_in_range(difference + off, 0, 2 * off);
    }
}

static struct model *fold(const GPtrArray *events, gint64 until_us, gint64 until_seq)
{
    struct model *model = model_new();
    for (guint i = 0; i < events->len; i++) {
        const struct event *event = events->pdata[i];
        if (event->at_us <= until_us && event->seq <= until_seq) {
            model_reduce(model, event);
        }
    }
    model_settle(model);
    return model;
}

static GPtrArray *read_record(void)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    struct source *source = source_open_file(RECORD, &error);
    assert_no_error(error);
    struct event *event = NULL;
    while (source_next(source, &event, &error) > 0) {
        g_ptr_array_add(events, event);
    }
    source_close(source);
    return events;
}

static struct history *note_all(const GPtrArray *events, const char *ledger, struct model *head)
{
    struct history *history = history_new(ledger);
    for (guint i = 0; i < events->len; i++) {
        model_reduce(head, events->pdata[i]);
        history_note(history, head, events->pdata[i]);
    }
    model_settle(head);
    return history;
}

static void every_moment_of_a_drill_is_as_if_folded_up_to_it(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = read_record();
    struct model *head = model_new();
    struct history *history = note_all(events, NULL, head);
    struct model *past = model_new();
    g_autoptr(GError) error = NULL;
    static const int seconds[] = {300, 0, 45, 46, 200, 199, 60, 1, 299, 120};
    for (guint i = 0; i < G_N_ELEMENTS(seconds); i++) {
        gint64 at_us = seconds[i] * (gint64)G_USEC_PER_SEC;
        assert_true(history_seek_time(history, past, at_us, &error));
        struct model *wanted = fold(events, at_us, G_MAXINT64);
        expect_same(wanted, past);
        expect_totals(wanted, past, 0);
        model_free(wanted);
    }
    model_free(past);
    model_free(head);
    history_free(history);
}

static void one_event_back_and_on_is_one_event(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = read_record();
    struct model *head = model_new();
    struct history *history = note_all(events, NULL, head);
    struct model *past = model_new();
    g_autoptr(GError) error = NULL;
    for (gint64 seq = head->seq; seq > head->seq - 40; seq--) {
        assert_true(history_seek_seq(history, past, seq, &error));
        assert_int_equal(past->seq, seq);
    }
    struct model *wanted = fold(events, G_MAXINT64, past->seq);
    expect_same(wanted, past);
    model_free(wanted);
    for (int i = 0; i < 100; i++) { /* the end holds */
        assert_true(history_seek_seq(history, past, past->seq + 1, &error));
    }
    expect_same(head, past);
    assert_true(history_seek_seq(history, past, -5, &error)); /* and so does the beginning */
    assert_int_equal(past->seq, 1);
    model_free(past);
    model_free(head);
    history_free(history);
}

static void nothing_to_replay_is_said(void **state)
{
    (void)state;
    struct history *history = history_new(NULL);
    struct model *past = model_new();
    g_autoptr(GError) error = NULL;
    assert_false(history_seek_time(history, past, 5, &error));
    assert_non_null(error);
    model_free(past);
    history_free(history);
}

/* ---- a long ledger ------------------------------------------------------------------------- */

static char *write_ledger(const char *dir, const GPtrArray *events)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(dir, "long.ledger", NULL);
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    for (guint i = 0; i < events->len; i++) {
        ledger_append(ledger, event_copy(events->pdata[i]), NULL, NULL);
    }
    assert_true(ledger_flush(ledger, &error));
    ledger_close(ledger);
    return path;
}

static struct history *note_ledger(const char *path, struct model *head)
{
    struct history *history = history_new(path);
    g_autoptr(GError) error = NULL;
    struct ledger_reader *reader = ledger_reader_open(path, &error);
    assert_no_error(error);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, &error) > 0) {
        model_reduce(head, event);
        history_note(history, head, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    model_settle(head);
    return history;
}

static void expect_moments(const GPtrArray *events, struct history *history)
{
    struct model *past = model_new();
    g_autoptr(GError) error = NULL;
    static const int minutes[] = {100, 10, 119, 11, 60};
    for (guint i = 0; i < G_N_ELEMENTS(minutes); i++) {
        gint64 at_us = minutes[i] * 60 * (gint64)G_USEC_PER_SEC + 7;
        assert_true(history_seek_time(history, past, at_us, &error));
        struct model *wanted = fold(events, at_us, G_MAXINT64);
        expect_same(wanted, past);
        /* totals are those of the last sample: a second or two, at most some checks, ago */
        expect_totals(wanted, past, 100);
        model_free(wanted);
    }
    model_free(past);
}

static void a_long_ledger_is_sought_by_checkpoint_and_its_index_is_built_once(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autoptr(GPtrArray) events = crowd_events(&longer);
    g_autofree char *path = write_ledger(dir, events);
    struct model *head = model_new();
    struct history *history = note_ledger(path, head);
    expect_moments(events, history);
    assert_true(history_save(history, head));
    history_free(history);

    struct history *again = history_new(path);
    struct model *loaded = model_new();
    assert_true(history_load(again, loaded));
    expect_same(head, loaded);
    expect_totals(head, loaded, 100);
    expect_moments(events, again);
    history_free(again);
    model_free(loaded);
    model_free(head);
    test_rmtree(dir);
}

static char *index_file(void)
{
    g_autofree char *dir = g_build_filename(g_get_user_cache_dir(), "sandtable", NULL);
    g_autoptr(GDir) names = g_dir_open(dir, 0, NULL);
    const char *name = names ? g_dir_read_name(names) : NULL;
    return name ? g_build_filename(dir, name, NULL) : NULL;
}

static void a_damaged_index_is_no_index(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *left = index_file(); /* of the test before */
    if (left) {
        assert_int_equal(remove(left), 0);
    }
    g_autoptr(GPtrArray) events = crowd_events(&longer);
    g_autofree char *path = write_ledger(dir, events);
    struct model *head = model_new();
    struct history *history = note_ledger(path, head);
    assert_true(history_save(history, head));
    g_autofree char *index = index_file();
    assert_non_null(index);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(index, &bytes, &size, NULL));
    for (gsize cut = 0; cut < size; cut += size / 17 + 1) { /* whole, it is one: see above */
        struct history *other = history_new(path);
        struct model *model = model_new();
        assert_true(g_file_set_contents(index, bytes, (gssize)cut, NULL));
        assert_false(history_load(other, model));
        history_free(other);
        model_free(model);
    }
    history_free(history);
    model_free(head);
    test_rmtree(dir);
}

static void a_damaged_checkpoint_shows_less_and_never_crashes(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = read_record();
    struct model *head = fold(events, G_MAXINT64, G_MAXINT64);
    g_autoptr(GBytes) good = snapshot_make(head);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(good, &size);
    for (gsize i = 0; i < size; i += 3) {
        g_autofree guint8 *bad = g_memdup2(data, size);
        bad[i] ^= (guint8)(0x80 >> i % 8);
        bad[(i * 7919) % size] = (guint8)i;
        gsize length = i % 5 ? size : i;
        g_autoptr(GBytes) bytes = g_bytes_new(bad, length);
        struct model *model = model_new();
        model_reduce(model, events->pdata[0]);
        bool taken = snapshot_take(model, bytes);
        assert_true(!taken || length == size);
        model_settle(model);
        model_free(model);
    }
    model_free(head);
}

/* ---- in the display ------------------------------------------------------------------------ */

static struct app *open_at(const char *file, const char *ledger, enum mode mode, gint64 until_us)
{
    g_autoptr(GError) error = NULL;
    struct app_options options = {.source = source_open_file(file, &error),
            .name = "replay",
            .w = 1280,
            .h = 720,
            .still = true,
            .until_us = until_us,
            .ledger = ledger,
            .mode = mode};
    assert_no_error(error);
    struct app *app = app_new(&options, &error);
    assert_no_error(error);
    assert_true(app_drain(app, &error));
    assert_true(app_screenshot(app, "/dev/null", &error));
    return app;
}

static struct app *open_app(const char *file, enum mode mode)
{
    return open_at(file, NULL, mode, -1);
}

#define FROZEN_S 200

/* The record, its board frozen at that time, as a file in dir; its events, and how many came
 * before. */
static char *write_frozen(const char *dir, GPtrArray **ret_events, guint *ret_before)
{
    char *path = g_build_filename(dir, "frozen.ndjson", NULL);
    GPtrArray *events = read_record();
    struct event *freeze = event_new("score.frozen", NULL, "first-drill", NULL);
    freeze->at_us = FROZEN_S * (gint64)G_USEC_PER_SEC;
    guint at = 0;
    while (((const struct event *)events->pdata[at])->at_us < freeze->at_us) {
        at++;
    }
    g_ptr_array_insert(events, (int)at, freeze);
    for (guint i = 0; i < events->len; i++) {
        ((struct event *)events->pdata[i])->seq = i + 1;
    }
    crowd_write(events, path);
    *ret_events = events;
    *ret_before = at;
    return path;
}

static void the_public_board_never_folds_what_came_after_the_freeze(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autoptr(GPtrArray) events = NULL;
    guint at = 0;
    g_autofree char *path = write_frozen(dir, &events, &at);
    struct app *all = open_app(path, MODE_CONTROL);
    struct app *public = open_app(path, MODE_PUBLIC);
    struct model *wanted = fold(events, G_MAXINT64, at);
    assert_true(app_view(public)->frozen_board);
    expect_same(wanted, app_view(public)->model);
    expect_totals(wanted, app_view(public)->model, 0);
    struct app *wall = open_app(path, MODE_WALL);
    expect_same(wanted, app_view(wall)->model);
    app_free(wall);
    assert_false(app_view(all)->frozen_board);
    assert_int_equal(app_view(all)->model->seq, events->len);
    assert_true(app_view(all)->model->frozen);
    model_free(wanted);
    app_free(all);
    app_free(public);
    test_rmtree(dir);
}

static void a_replay_on_the_wall_never_shows_what_came_after_the_freeze(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autoptr(GPtrArray) events = NULL;
    g_autoptr(GError) error = NULL;
    guint at = 0;
    g_autofree char *path = write_frozen(dir, &events, &at);
    struct model *wanted = fold(events, G_MAXINT64, at);
    gint64 later_us = (FROZEN_S + 50) * (gint64)G_USEC_PER_SEC;
    struct app *wall = open_at(path, NULL, MODE_WALL, later_us);
    expect_same(wanted, app_view(wall)->model);
    assert_false(view_replays(app_view(wall)));
    replay_step(wall, 1);
    replay_toggle(wall);
    assert_true(app_screenshot(wall, "/dev/null", &error));
    expect_same(wanted, app_view(wall)->model);
    app_free(wall);
    struct app *turned = open_at(path, NULL, MODE_CONTROL, later_us);
    assert_true(view_replays(app_view(turned)));
    assert_true(app_view(turned)->model->seq > wanted->seq); /* the operator may look */
    app_set_mode(turned, MODE_WALL);
    assert_true(app_screenshot(turned, "/dev/null", &error));
    expect_same(wanted, app_view(turned)->model);
    app_free(turned);
    model_free(wanted);
    test_rmtree(dir);
}

static void a_frozen_board_that_was_not_kept_is_empty(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autoptr(GPtrArray) events = NULL;
    guint at = 0;
    g_autofree char *path = write_frozen(dir, &events, &at);
    g_autofree char *gone = g_build_filename(dir, "gone.ledger", NULL);
    static const enum mode modes[] = {MODE_PUBLIC, MODE_WALL};
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        struct app *app = open_at(path, gone, modes[i], -1);
        assert_true(app_view(app)->frozen_board);
        assert_int_equal(app_view(app)->model->seq, 0);
        assert_int_equal(app_view(app)->model->teams->len, 0);
        assert_int_equal(app_model(app)->seq, events->len);
        app_set_mode(app, MODE_CONTROL);
        assert_int_equal(app_view(app)->model->seq, events->len);
        app_free(app);
    }
    test_rmtree(dir);
}

static void another_exercise_has_a_frozen_board_of_its_own(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autoptr(GPtrArray) events = NULL;
    g_autoptr(GError) error = NULL;
    guint at = 0;
    g_autofree char *path = write_frozen(dir, &events, &at);
    struct app *app = open_app(path, MODE_PUBLIC);
    for (guint i = 0; i < at; i++) { /* the same length, another course */
        struct event *event = events->pdata[i];
        if (!strcmp(event->kind, "check.down")) {
            g_free(event->kind);
            event->kind = g_strdup("check.ok");
        }
    }
    crowd_write(events, path);
    source_close(app->source);
    app->source = source_open_file(path, &error);
    assert_no_error(error);
    assert_true(app_drain(app, &error));
    assert_true(app_screenshot(app, "/dev/null", &error));
    struct model *wanted = fold(events, G_MAXINT64, at);
    assert_true(app_view(app)->frozen_board);
    expect_same(wanted, app_view(app)->model);
    model_free(wanted);
    app_free(app);
    test_rmtree(dir);
}

static void a_record_has_no_consoles(void **state)
{
    (void)state;
    struct app *app = open_app(RECORD, MODE_CONTROL);
    app->view.node = 0;
    app_act(app, ACTION_CONSOLE, 0);
    assert_true(app_view(app)->status_bad);
    assert_non_null(strstr(app_view(app)->status, "this is a record"));
    app_free(app);
}

static void a_replay_of_the_display_shows_its_moment_and_says_so(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = read_record();
    struct app *app = open_app(RECORD, MODE_CONTROL);
    g_autoptr(GError) error = NULL;
    replay_at(app, 130 * (gint64)G_USEC_PER_SEC);
    assert_true(app_screenshot(app, "/dev/null", &error));
    struct model *wanted = fold(events, 130 * (gint64)G_USEC_PER_SEC, G_MAXINT64);
    assert_true(app_view(app)->play.on);
    expect_same(wanted, app_view(app)->model);
    assert_int_equal(app_view(app)->clock_us, 130 * (gint64)G_USEC_PER_SEC);
    assert_int_equal(app_model(app)->seq, events->len); /* the present is kept */
    model_free(wanted);
    app_free(app);
}

int main(void)
{
    char *cache = test_mkdtemp();
    (void)g_setenv("XDG_CACHE_HOME", cache, TRUE);
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_moment_of_a_drill_is_as_if_folded_up_to_it),
            cmocka_unit_test(one_event_back_and_on_is_one_event),
            cmocka_unit_test(nothing_to_replay_is_said),
            cmocka_unit_test(a_long_ledger_is_sought_by_checkpoint_and_its_index_is_built_once),
            cmocka_unit_test(a_damaged_index_is_no_index),
            cmocka_unit_test(a_damaged_checkpoint_shows_less_and_never_crashes),
            cmocka_unit_test(the_public_board_never_folds_what_came_after_the_freeze),
            cmocka_unit_test(a_replay_on_the_wall_never_shows_what_came_after_the_freeze),
            cmocka_unit_test(a_frozen_board_that_was_not_kept_is_empty),
            cmocka_unit_test(another_exercise_has_a_frozen_board_of_its_own),
            cmocka_unit_test(a_record_has_no_consoles),
            cmocka_unit_test(a_replay_of_the_display_shows_its_moment_and_says_so),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    test_rmtree(cache);
    return failed;
}
