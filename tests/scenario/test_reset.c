/* test_reset.c - machines and teams reset while the others run on. */
#include "scenario/drill.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_reset_machine_is_as_at_the_beginning_and_others_keep_what_they_have),
            cmocka_unit_test(twenty_resets_of_one_team_leave_no_gap_in_the_checks_of_the_other),
            cmocka_unit_test(a_check_during_a_reset_is_nobodys_fault),
            cmocka_unit_test(a_failure_while_another_machine_of_the_team_is_reset_does_not_count),
            cmocka_unit_test(a_step_whose_target_is_reset_ends_in_fault),
            cmocka_unit_test(a_crashed_machine_is_brought_back_by_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
