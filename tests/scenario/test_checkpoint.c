/* test_checkpoint.c - checkpoint and restore of one team and of all. */
#include "scenario/drill.h"

#include <sys/statvfs.h>

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
    auto_json score = exercise_score(d.r.exercise, false);
    const cJSON *correction = cJSON_GetArrayItem(json_array(score, "corrections"), 0);
    assert_string_equal(json_string(correction, "reason", ""), "blue1 put back to checkpoint calm");
    assert_int_equal(json_int(correction, "facts", 0), 10); /* eight looks, a step and its effect */

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

static void a_function_of_the_scenario_can_do_it_all(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    go(&d, 199);
    int notes = rehearsal_count(&d.r, "note", NULL);
    go(&d, 201);
    wait_for(&d, "checkpoint.taken", 1);
    go(&d, 203);
    wait_for(&d, "checkpoint.restored", 1);
    go(&d, 205);
    wait_for(&d, "machine.reset", 2);
    wait_for(&d, "team.reset", 2);
    go(&d, 207);
    assert_int_equal(rehearsal_count(&d.r, "note", NULL), notes + 2);
    assert_last(&d, "note", NULL, NULL, "text", "all done");
    assert_file(&d, "blue2/web", "/root/scrap", "");
    assert_int_equal(rehearsal_count(&d.r, "alarm.raised", NULL), 0);
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
    G_GNUC_UNUSED g_autofree char *folder = g_build_filename(all, "calm", NULL);
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
    assert_true(exercise_resume(e, "test", NULL));
    rehearsal_settle(&d.r);
    assert_true(exercise_pause_clock(e, "test", NULL));
    rehearsal_settle(&d.r);
    checkpoint(&d, "clock", "blue1"); /* and so it is of machines that run on */
    rehearsal_close(&d.r);
}

static gint64 free_mib = -1; /* what every file system has; -1: what it has */

int __real_statvfs(const char *path, struct statvfs *ret);
int __wrap_statvfs(const char *path, struct statvfs *ret);

int __wrap_statvfs(const char *path, struct statvfs *ret)
{
    int status = __real_statvfs(path, ret);
    if (status == 0 && free_mib >= 0) {
        ret->f_bavail = (fsblkcnt_t)(free_mib << 20) / ret->f_frsize;
    }
    return status;
}

static void a_checkpoint_begins_only_where_memory_and_disks_have_room(void **state)
{
    (void)state;
    struct drill d = {0};
    begin(&d);
    struct exercise *e = d.r.exercise;
    const struct plan *plan = d.r.plan;
    gint64 memory = 0;
    go(&d, 3);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        memory += machine->team == plan_team_index(plan, "blue1") ? machine->host->memory_mib : 0;
    }
    free_mib = memory - 1;
    REFUSED(exercise_checkpoint(e, "calm", "blue1", "test", &error), "make room");
    free_mib = memory;
    checkpoint(&d, "calm", "blue1");

    const struct plan_machine *web = plan->machines->pdata[plan_machine_index(plan, "blue1/web")];
    char *home = test_mkdtemp();
    g_setenv("XDG_STATE_HOME", home, TRUE);
    g_autofree char *folder = paths_disks(plan->name);
    g_autofree char *name = g_strconcat(web->domain, ".data.qcow2", NULL);
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *bytes = g_malloc(2 << 20);
    memset(bytes, 'x', 2 << 20);
    assert_true(paths_make(folder, NULL));
    assert_true(g_file_set_contents(file, bytes, 2 << 20, NULL));
    free_mib = memory + 1;
    REFUSED(exercise_checkpoint(e, "disk", "blue1", "test", &error), "make room");
    free_mib = memory + 3;
    checkpoint(&d, "disk", "blue1");
    free_mib = -1;
    rehearsal_close(&d.r);
    g_unsetenv("XDG_STATE_HOME");
    test_rmtree(home);
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
    g_autoptr(GError) leaving = NULL; /* its label is not free before its files are gone */
    assert_false(exercise_checkpoint(d.r.exercise, "one", NULL, "test", &leaving));
    assert_non_null(strstr(leaving->message, "still being removed"));
    g_clear_error(&leaving);
    assert_false(exercise_restore(d.r.exercise, "one", NULL, "test", &leaving));
    assert_non_null(strstr(leaving->message, "has just been removed"));
    auto_json rest = exercise_checkpoints(d.r.exercise);
    assert_int_equal(cJSON_GetArraySize(rest), 1);
    rehearsal_settle(&d.r);
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
            cmocka_unit_test(a_restore_puts_one_team_back_and_voids_what_happened_to_it_since),
            cmocka_unit_test(a_run_of_failures_goes_on_from_where_the_checkpoint_had_it),
            cmocka_unit_test(going_on_to_a_later_checkpoint_brings_its_points_back),
            cmocka_unit_test(the_whole_exercise_goes_back_with_its_end),
            cmocka_unit_test(a_step_that_ran_when_its_team_went_back_is_forgotten),
            cmocka_unit_test(what_was_under_way_at_the_checkpoint_is_due_at_once),
            cmocka_unit_test(a_function_of_the_scenario_can_do_it_all),
            cmocka_unit_test(a_damaged_file_is_named_and_nothing_is_touched),
            cmocka_unit_test(a_checkpoint_that_cannot_be_written_leaves_nothing),
            cmocka_unit_test(what_is_not_possible_is_refused_with_the_reason),
            cmocka_unit_test(a_checkpoint_begins_only_where_memory_and_disks_have_room),
            cmocka_unit_test(checkpoints_are_listed_removed_and_gone_at_the_end),
            cmocka_unit_test(an_end_in_the_middle_of_everything_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
