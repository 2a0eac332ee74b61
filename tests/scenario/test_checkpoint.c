/* test_checkpoint.c - reset, checkpoint and restore of one team, on the simulated world. */
#include "scenario/rehearsal.h"

#include "base/paths.h"

#include <sys/stat.h>

#define WAIT_S 20 /* files are read and written in a thread: real time */

struct drill {
    struct rehearsal r;
    bool defended; /* attacks find nothing */
    bool sick;     /* probes of blue1 fail while it is not being restarted */
    bool slow;     /* machines that are probed answer late */
};

static int machine(const struct drill *d, const char *id)
{
    int index = plan_machine_index(d->r.plan, id);
    assert_true(index >= 0);
    return index;
}

static int on_exec(gpointer data, int index, const char *const *argv, char **out, char **err)
{
    struct drill *d = data;
    (void)index;
    (void)out;
    (void)err;
    assert_string_equal(argv[0], "ip"); /* ip netns exec blue1 COMMAND … */
    g_autofree char *target = g_strdup_printf("%s/web", argv[3]);
    g_autofree char *path = g_strdup_printf("/root/%s", argv[4]);
    if (!d->defended) {
        world_sim_write(d->r.world, machine(d, target), path, "yes\n");
    }
    return 0;
}

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    const struct drill *d = data;
    (void)probe;
    (void)detail;
    (void)value;
    return d->sick && team == plan_team_index(d->r.plan, "blue1") ? WORLD_DOWN : WORLD_OK;
}

static void begin(struct drill *d)
{
    const struct world_sim_hooks hooks = {.data = d, .exec = on_exec, .probe = on_probe};
    rehearsal_open(&d->r, SANDTABLE_SOURCE_DIR "/tests/scenario/checkpoint", &hooks);
}

static void go(struct drill *d, int at_s)
{
    rehearsal_advance(&d->r, at_s * G_USEC_PER_SEC - clock_now(d->r.clock));
}

/* The exercise stands still at this moment until there are so many such events. */
static void wait_for(struct drill *d, const char *kind, int count)
{
    gint64 limit = g_get_monotonic_time() + WAIT_S * G_USEC_PER_SEC;
    while (rehearsal_count(&d->r, kind, NULL) < count) {
        if (g_get_monotonic_time() > limit) {
            fail_msg("no %s number %d", kind, count);
        }
        g_usleep(1000); /* between looks */
        rehearsal_settle(&d->r);
    }
    rehearsal_settle(&d->r);
}

static void checkpoint(struct drill *d, const char *label, const char *team)
{
    g_autoptr(GError) error = NULL;
    int before = rehearsal_count(&d->r, "checkpoint.taken", NULL);
    exercise_checkpoint(d->r.exercise, label, team, "test", &error);
    assert_no_error(error);
    wait_for(d, "checkpoint.taken", before + 1);
}

static void restore(struct drill *d, const char *label, const char *team)
{
    g_autoptr(GError) error = NULL;
    int before = rehearsal_count(&d->r, "checkpoint.restored", NULL);
    exercise_restore(d->r.exercise, label, team, "test", &error);
    assert_no_error(error);
    wait_for(d, "checkpoint.restored", before + 1);
}

static void reset(struct drill *d, const char *target)
{
    g_autoptr(GError) error = NULL;
    exercise_reset(d->r.exercise, target, "test", &error);
    assert_no_error(error);
    rehearsal_settle(&d->r);
}

static gint64 number_of(const struct drill *d, const char *team, const char *member)
{
    auto_json score = exercise_score(d->r.exercise, false);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(score, "teams"))
    {
        if (!strcmp(json_string(item, "team", ""), team)) {
            const cJSON *columns = json_object(item, "columns");
            return json_int(strcmp(member, "total") ? columns : item, member, G_MININT64);
        }
    }
    fail_msg("no team %s", team);
    return 0;
}

/* The sum of the terms is the total, for every team, in the engine's fold and in one of the ledger.
 */
static void assert_explained(const struct drill *d)
{
    struct score *again = score_new();
    struct ledger_reader *reader = ledger_reader_open(d->r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        score_apply(again, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    auto_json score = exercise_score(d->r.exercise, true);
    auto_json other = score_to_json(again, true);
    score_free(again);
    g_autofree char *a = json_text(score);
    g_autofree char *b = json_text(other);
    assert_string_equal(a, b);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(score, "teams"))
    {
        gint64 sum = 0;
        const cJSON *term = NULL;
        cJSON_ArrayForEach(term, json_array(item, "explain"))
        {
            sum += json_int(term, "points", 0);
        }
        assert_int_equal(sum, json_int(item, "total", -1));
    }
}

struct heard {
    char *text;
    bool done;
};

static void on_read(
        const char *bytes, gsize length, gint64 size, const GError *error, gpointer data)
{
    struct heard *heard = data;
    heard->text = error || size < 0 ? g_strdup("") : g_strndup(bytes, length);
    heard->done = true;
}

/* "" when it is not there. */
static char *file_of(struct drill *d, const char *id, const char *path)
{
    struct heard heard = {0};
    d->r.world->ops->read(d->r.world, machine(d, id), path, 0, 1000, on_read, &heard);
    rehearsal_settle(&d->r);
    assert_true(heard.done);
    return heard.text;
}

static void assert_file(struct drill *d, const char *id, const char *path, const char *wanted)
{
    g_autofree char *text = file_of(d, id, path);
    assert_string_equal(text, wanted);
}

static void assert_last(const struct drill *d, const char *kind, const char *team,
        const char *subject, const char *name, const char *wanted)
{
    auto_json body = rehearsal_last(&d->r, kind, team, subject);
    assert_string_equal(json_string(body, name, "none"), wanted);
}

/* ---- reset --------------------------------------------------------------------------------- */

static void a_reset_machine_is_as_at_the_beginning_and_others_keep_what_they_have(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 7);
    world_sim_write(d.r.world, machine(&d, "blue1/web"), "/etc/first", ", changed");
    world_sim_write(d.r.world, machine(&d, "blue1/store"), "/root/mine", "kept");
    world_sim_write(d.r.world, machine(&d, "blue2/web"), "/root/mine", "kept");
    reset(&d, "blue1/web");
    assert_last(&d, "machine.reset", "blue1", "blue1/web", "state", "done");
    assert_file(&d, "blue1/web", "/etc/first", "as at the beginning");
    assert_file(&d, "blue1/store", "/root/mine", "kept");
    reset(&d, "blue1");
    assert_last(&d, "team.reset", "blue1", "blue1", "state", "done");
    assert_file(&d, "blue1/store", "/root/mine", "");
    assert_file(&d, "blue2/web", "/root/mine", "kept");
    rehearsal_close(&d.r);
}

static void twenty_resets_of_one_team_leave_no_gap_in_the_checks_of_the_other(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    for (int i = 0; i < 20; i++) {
        go(&d, 2 * (i + 1));
        reset(&d, "blue1");
    }
    go(&d, 60);
    assert_int_equal(rehearsal_count(&d.r, "team.reset", "blue1"), 40); /* begun, done */
    assert_int_equal(rehearsal_count(&d.r, "check.ok", "blue2"), 2 * (60 / 5));
    assert_int_equal(rehearsal_count(&d.r, "check.down", NULL), 0);
    assert_int_equal(rehearsal_count(&d.r, "check.fault", "blue2"), 0);
    rehearsal_close(&d.r);
}

/* A round that falls into the reset: the world answers only when the loop turns. */
static void a_check_during_a_reset_is_nobodys_fault(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 4);
    g_autoptr(GError) error = NULL;
    assert_true(exercise_reset(d.r.exercise, "blue1/web", "test", &error));
    clock_advance(d.r.clock, 2 * G_USEC_PER_SEC); /* past 5 s, before the machine is back */
    rehearsal_settle(&d.r);
    assert_int_equal(rehearsal_count(&d.r, "check.fault", "blue1"), 1); /* site, not shelf */
    assert_last(&d, "check.fault", "blue1", "site", "detail",
            "its machine is being reset or restored by the white cell");
    assert_int_equal(rehearsal_count(&d.r, "check.down", NULL), 0);
    go(&d, 11);
    assert_last(&d, "check.ok", "blue1", "site", "detail", "");
    rehearsal_close(&d.r);
}

static void a_failure_while_another_machine_of_the_team_is_reset_does_not_count(void **state)
{
    (void)state;
    struct drill d = {.sick = true};
    begin(&d);
    go(&d, 4);
    assert_true(exercise_reset(d.r.exercise, "blue1/store", "test", NULL));
    clock_advance(d.r.clock, 2 * G_USEC_PER_SEC);
    rehearsal_settle(&d.r);
    assert_int_equal(rehearsal_count(&d.r, "check.fault", "blue1"), 2);
    assert_int_equal(rehearsal_count(&d.r, "check.down", "blue1"), 0);
    go(&d, 11);
    assert_int_equal(rehearsal_count(&d.r, "check.down", "blue1"), 2); /* now it is the team's */
    rehearsal_close(&d.r);
}

static void a_step_whose_target_is_reset_ends_in_fault(void **state)
{
    (void)state;
    struct drill d = {.defended = true};
    begin(&d);
    go(&d, 41); /* open waits for its effect until 42 s */
    reset(&d, "blue1");
    go(&d, 50);
    auto_json body = rehearsal_last(&d.r, "step.verdict", "blue1", "open");
    assert_string_equal(json_string(body, "verdict", ""), "fault");
    assert_non_null(strstr(json_string(body, "reason", ""), "blue1 is being reset"));
    assert_last(&d, "step.verdict", "blue2", "open", "verdict", "inert");
    rehearsal_close(&d.r);
}

static void a_crashed_machine_is_brought_back_by_a_reset(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 3);
    world_sim_crash(d.r.world, machine(&d, "blue1/web"));
    rehearsal_settle(&d.r);
    g_autoptr(GError) error = NULL;
    assert_false(exercise_checkpoint(d.r.exercise, "broken", "blue1", "test", &error));
    assert_non_null(strstr(error->message, "blue1/web is crashed"));
    reset(&d, "blue1/web");
    assert_last(&d, "alarm.cleared", "blue1", "blue1/web", "alarm", "machine-crashed");
    auto_json status = exercise_status(d.r.exercise);
    assert_int_equal(cJSON_GetArraySize(json_array(status, "alarms")), 0);
    rehearsal_close(&d.r);
}

/* ---- checkpoint and restore ---------------------------------------------------------------- */

static void a_restore_puts_one_team_back_and_voids_what_happened_to_it_since(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 33);
    checkpoint(&d, "calm", "blue1");
    gint64 uptime = number_of(&d, "blue1", "uptime");
    go(&d, 53); /* open took effect on both, the player has worked */
    assert_int_equal(number_of(&d, "red", "effect"), 20);
    assert_file(&d, "blue1/web", "/root/work", "done\n");
    gint64 other = number_of(&d, "blue2", "total");
    restore(&d, "calm", "blue1");
    assert_file(&d, "blue1/web", "/root/open", "");
    assert_file(&d, "blue1/web", "/root/work", "");
    assert_file(&d, "blue2/web", "/root/open", "yes\n");
    assert_int_equal(number_of(&d, "blue1", "uptime"), uptime);
    assert_int_equal(number_of(&d, "red", "effect"), 10); /* that on blue2 stays */
    assert_int_equal(number_of(&d, "blue2", "total"), other);
    assert_explained(&d);

    /* seven seconds were left to open, seventeen to the player */
    auto_json inject = rehearsal_last(&d.r, "inject.state", "blue1", "open@blue1");
    assert_string_equal(json_string(inject, "state", ""), "scheduled");
    assert_int_equal(json_int(inject, "at_us", 0), 60 * G_USEC_PER_SEC);
    go(&d, 59);
    assert_file(&d, "blue1/web", "/root/open", "");
    go(&d, 64);
    assert_file(&d, "blue1/web", "/root/open", "yes\n");
    assert_int_equal(number_of(&d, "red", "effect"), 30); /* open on both, second on blue2 */
    go(&d, 72);
    assert_file(&d, "blue1/web", "/root/work", "done\n");
    go(&d, 79);
    assert_file(&d, "blue1/web", "/root/second", ""); /* 60 + 20 s: it keeps its distance */
    go(&d, 84);
    assert_file(&d, "blue1/web", "/root/second", "yes\n");
    assert_int_equal(number_of(&d, "red", "effect"), 40);
    assert_int_equal(rehearsal_count(&d.r, "check.down", NULL), 0);
    assert_explained(&d);
    rehearsal_close(&d.r);
}

static void a_run_of_failures_goes_on_from_where_the_checkpoint_had_it(void **state)
{
    (void)state;
    struct drill d = {.sick = true};
    begin(&d);
    go(&d, 12); /* two failures: one more costs two points */
    checkpoint(&d, "two", "blue1");
    go(&d, 17);
    assert_int_equal(number_of(&d, "blue1", "penalty"), -2);
    restore(&d, "two", "blue1");
    assert_int_equal(number_of(&d, "blue1", "penalty"), 0);
    go(&d, 22);
    assert_int_equal(number_of(&d, "blue1", "penalty"), -2);
    assert_explained(&d);
    rehearsal_close(&d.r);
}

static void going_on_to_a_later_checkpoint_brings_its_points_back(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 33);
    checkpoint(&d, "calm", "blue1");
    go(&d, 53);
    checkpoint(&d, "hit", "blue1");
    gint64 uptime = number_of(&d, "blue1", "uptime");
    restore(&d, "calm", "blue1");
    assert_int_equal(number_of(&d, "red", "effect"), 10);
    go(&d, 57);
    restore(&d, "hit", "blue1");
    assert_int_equal(number_of(&d, "red", "effect"), 20);
    assert_int_equal(number_of(&d, "blue1", "uptime"), uptime);
    assert_file(&d, "blue1/web", "/root/open", "yes\n");
    assert_explained(&d);
    go(&d, 90); /* second had seven seconds left, and open is known to have worked */
    assert_last(&d, "step.verdict", "blue1", "second", "verdict", "effect");
    assert_explained(&d);
    rehearsal_close(&d.r);
}

static void the_whole_exercise_goes_back_with_its_end(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 33);
    checkpoint(&d, "calm", NULL);
    go(&d, 133);
    assert_int_equal(rehearsal_count(&d.r, "note", NULL), 1);
    restore(&d, "calm", NULL);
    assert_int_equal(number_of(&d, "red", "effect"), 0);
    assert_explained(&d);
    go(&d, 150);
    assert_int_equal(number_of(&d, "red", "effect"), 20);
    go(&d, 222); /* half time is 120 s: 87 s after the checkpoint */
    assert_int_equal(rehearsal_count(&d.r, "note", NULL), 2);
    go(&d, 399);
    assert_false(d.r.ended);
    go(&d, 401);
    assert_true(d.r.ended); /* 300 s, and the 100 s that were played twice */
    rehearsal_close(&d.r);
}

static void a_step_that_ran_when_its_team_went_back_is_forgotten(void **state)
{
    (void)state;
    struct drill d = {.defended = true};
    begin(&d);
    go(&d, 33);
    checkpoint(&d, "calm", "blue1");
    go(&d, 41);
    restore(&d, "calm", "blue1");
    d.defended = false;
    go(&d, 47);
    auto_json body = rehearsal_last(&d.r, "step.verdict", "blue1", "open");
    assert_string_equal(json_string(body, "verdict", ""), "fault");
    assert_true(json_bool(body, "void", false));
    assert_last(&d, "inject.state", "blue1", "open@blue1", "state", "scheduled");
    go(&d, 52);
    assert_last(&d, "step.verdict", "blue1", "open", "verdict", "effect");
    assert_last(&d, "inject.state", "blue1", "open@blue1", "state", "done");
    rehearsal_close(&d.r);
}

static void what_was_under_way_at_the_checkpoint_is_due_at_once(void **state)
{
    (void)state;
    struct drill d = {.defended = true};
    begin(&d);
    go(&d, 41);
    checkpoint(&d, "amid", "blue1");
    go(&d, 55);
    assert_last(&d, "step.verdict", "blue1", "open", "verdict", "inert");
    d.defended = false;
    restore(&d, "amid", "blue1");
    go(&d, 57);
    assert_last(&d, "step.verdict", "blue1", "open", "verdict", "effect");
    rehearsal_close(&d.r);
}

/* ---- what is refused, and what goes wrong --------------------------------------------------- */

static void a_damaged_file_is_named_and_nothing_is_touched(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 3);
    checkpoint(&d, "calm", NULL);
    g_autofree char *all = paths_checkpoints(d.r.ledger_path);
    const struct plan_machine *web =
            g_ptr_array_index(d.r.plan->machines, (guint)machine(&d, "blue1/web"));
    g_autofree char *file = g_strdup_printf("%s/calm/%s.ram", all, web->domain);
    assert_true(g_file_set_contents(file, "{}", -1, NULL));
    world_sim_write(d.r.world, machine(&d, "blue1/web"), "/root/mine", "kept");
    assert_true(exercise_restore(d.r.exercise, "calm", "blue1", "test", NULL));
    wait_for(&d, "checkpoint.failed", 1);
    auto_json body = rehearsal_last(&d.r, "checkpoint.failed", "blue1", "calm");
    assert_non_null(strstr(json_string(body, "reason", ""), "is damaged"));
    assert_non_null(strstr(json_string(body, "reason", ""), web->domain));
    assert_file(&d, "blue1/web", "/root/mine", "kept");
    restore(&d, "calm", "blue2"); /* its own files are whole */

    g_autofree char *manifest = g_build_filename(all, "calm", "manifest.json", NULL);
    assert_int_equal(g_unlink(manifest), 0);
    assert_true(exercise_restore(d.r.exercise, "calm", "blue2", "test", NULL));
    wait_for(&d, "checkpoint.failed", 2);
    auto_json half = rehearsal_last(&d.r, "checkpoint.failed", "blue2", "calm");
    assert_non_null(strstr(json_string(half, "reason", ""), "not whole"));
    rehearsal_close(&d.r);
}

static void a_checkpoint_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 3);
    g_autofree char *all = paths_checkpoints(d.r.ledger_path);
    g_autofree char *folder = g_build_filename(all, "calm", NULL);
    assert_true(g_file_set_contents(all, "in the way", -1, NULL));
    assert_true(exercise_checkpoint(d.r.exercise, "calm", NULL, "test", NULL));
    wait_for(&d, "checkpoint.failed", 1);
    assert_last(&d, "checkpoint.failed", "", "calm", "action", "take");
    assert_int_equal(g_unlink(all), 0);
    auto_json list = exercise_checkpoints(d.r.exercise);
    assert_int_equal(cJSON_GetArraySize(list), 0);
    assert_int_equal(rehearsal_count(&d.r, "alarm.raised", NULL), 0);
    checkpoint(&d, "calm", NULL); /* the label is free again */
    rehearsal_close(&d.r);
}

static void assert_refused(bool ok, GError *error, const char *why)
{
    assert_false(ok);
    assert_non_null(error);
    if (!strstr(error->message, why)) {
        fail_msg("wanted \"%s\", got \"%s\"", why, error->message);
    }
    g_error_free(error);
}
#define REFUSED(call, why)                                                                         \
    do {                                                                                           \
        GError *error = NULL;                                                                      \
        bool ok = call;                                                                            \
        assert_refused(ok, error, why);                                                            \
    } while (0)

static void what_is_not_possible_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    struct exercise *e = d.r.exercise;
    go(&d, 3);
    REFUSED(exercise_reset(e, "blue1/wab", "test", &error), "did you mean \"blue1/web\"");
    REFUSED(exercise_checkpoint(e, "Bad/Label", NULL, "test", &error), "a label has");
    REFUSED(exercise_checkpoint(e, "calm", "blu1", "test", &error), "no team \"blu1\"");
    REFUSED(exercise_restore(e, "calm", NULL, "test", &error), "no checkpoint \"calm\"");
    checkpoint(&d, "calm", "blue1");
    REFUSED(exercise_checkpoint(e, "calm", NULL, "test", &error), "already");
    REFUSED(exercise_restore(e, "calm", "blue2", "test", &error), "is of blue1, not of blue2");
    REFUSED(exercise_checkpoint_remove(e, "calmer", "test", &error), "did you mean \"calm\"");

    assert_true(exercise_reset(e, "blue1/web", "test", NULL));
    REFUSED(exercise_reset(e, "blue1", "test", &error), "blue1/web is being reset");
    REFUSED(exercise_checkpoint(e, "other", NULL, "test", &error), "blue1/web is being started");
    REFUSED(exercise_pause(e, "test", &error), "try again");
    rehearsal_settle(&d.r);

    assert_true(exercise_checkpoint(e, "other", NULL, "test", NULL));
    REFUSED(exercise_reset(e, "blue1", "test", &error), "a checkpoint is being taken");
    REFUSED(exercise_checkpoint(e, "third", NULL, "test", &error), "a checkpoint is being taken");
    wait_for(&d, "checkpoint.taken", 2);
    assert_true(exercise_pause(e, "test", NULL));
    rehearsal_settle(&d.r);
    REFUSED(exercise_reset(e, "blue1", "test", &error), "the exercise is paused");
    checkpoint(&d, "paused", "blue1"); /* that is possible */
    rehearsal_close(&d.r);
}

static void checkpoints_are_listed_removed_and_gone_at_the_end(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 3);
    checkpoint(&d, "one", "blue1");
    checkpoint(&d, "two", NULL);
    auto_json list = exercise_checkpoints(d.r.exercise);
    assert_int_equal(cJSON_GetArraySize(list), 2);
    const cJSON *one = cJSON_GetArrayItem(list, 0);
    assert_string_equal(json_string(one, "label", ""), "one");
    assert_string_equal(json_string(one, "team", ""), "blue1");
    assert_int_equal(cJSON_GetArraySize(json_array(one, "machines")), 2);
    assert_true(json_int(one, "bytes", 0) > 0);
    assert_int_equal(json_int(one, "at_us", 0), 3 * G_USEC_PER_SEC);
    assert_true(g_file_test(json_string(one, "path", ""), G_FILE_TEST_IS_DIR));
    assert_true(exercise_checkpoint_remove(d.r.exercise, "one", "test", NULL));
    assert_false(g_file_test(json_string(one, "path", ""), G_FILE_TEST_EXISTS));
    exercise_end(d.r.exercise, "test", "over", NULL);
    rehearsal_settle(&d.r);
    g_autofree char *all = paths_checkpoints(d.r.ledger_path);
    assert_false(g_file_test(all, G_FILE_TEST_EXISTS));
    cJSON_Delete(rehearsal_last(&d.r, "resource.closed", "", "checkpoint:two"));
    assert_last(&d, "resource.closed", "blue1", "checkpoint:one", "name", "one");
    assert_last(&d, "resource.closed", "", "checkpoint:two", "name", "two");
    rehearsal_close(&d.r);
}

static void an_end_in_the_middle_of_everything_is_an_end(void **state)
{
    (void)state;
    for (int when = 0; when < 3; when++) {
        struct drill d = {0};
        begin(&d);
        go(&d, 3);
        checkpoint(&d, "calm", "blue1");
        if (when == 0) {
            assert_true(exercise_reset(d.r.exercise, "blue1", "test", NULL));
        } else if (when == 1) {
            assert_true(exercise_checkpoint(d.r.exercise, "more", NULL, "test", NULL));
        } else {
            assert_true(exercise_restore(d.r.exercise, "calm", NULL, "test", NULL));
        }
        exercise_end(d.r.exercise, "test", "in the middle", NULL);
        rehearsal_settle(&d.r);
        assert_true(d.r.ended);
        g_autofree char *all = paths_checkpoints(d.r.ledger_path);
        assert_false(g_file_test(all, G_FILE_TEST_EXISTS));
        rehearsal_close(&d.r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_reset_machine_is_as_at_the_beginning_and_others_keep_what_they_have),
            cmocka_unit_test(twenty_resets_of_one_team_leave_no_gap_in_the_checks_of_the_other),
            cmocka_unit_test(a_check_during_a_reset_is_nobodys_fault),
            cmocka_unit_test(a_failure_while_another_machine_of_the_team_is_reset_does_not_count),
            cmocka_unit_test(a_step_whose_target_is_reset_ends_in_fault),
            cmocka_unit_test(a_crashed_machine_is_brought_back_by_a_reset),
            cmocka_unit_test(a_restore_puts_one_team_back_and_voids_what_happened_to_it_since),
            cmocka_unit_test(a_run_of_failures_goes_on_from_where_the_checkpoint_had_it),
            cmocka_unit_test(going_on_to_a_later_checkpoint_brings_its_points_back),
            cmocka_unit_test(the_whole_exercise_goes_back_with_its_end),
            cmocka_unit_test(a_step_that_ran_when_its_team_went_back_is_forgotten),
            cmocka_unit_test(what_was_under_way_at_the_checkpoint_is_due_at_once),
            cmocka_unit_test(a_damaged_file_is_named_and_nothing_is_touched),
            cmocka_unit_test(a_checkpoint_that_cannot_be_written_leaves_nothing),
            cmocka_unit_test(what_is_not_possible_is_refused_with_the_reason),
            cmocka_unit_test(checkpoints_are_listed_removed_and_gone_at_the_end),
            cmocka_unit_test(an_end_in_the_middle_of_everything_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
