/* test_pause.c - pauses, injects held and fired, and steps undone, on the simulated world. */
#include "scenario/small.h"

static void nothing_can_be_fired_in_a_pause(void **state)
{
    (void)state;
    struct small s = {0};
    g_autoptr(GError) error = NULL;
    go(&s, 5);
    assert_true(exercise_pause(s.r.exercise, "test", NULL));
    assert_false(exercise_fire(s.r.exercise, "open@blue1", "test", &error));
    assert_non_null(strstr(error->message, "paused"));
    rehearsal_close(&s.r);
}

static void a_step_fired_just_before_a_pause_runs_after_it(void **state)
{
    (void)state;
    struct small s = {.opens = true};
    go(&s, 5);
    assert_true(exercise_fire(s.r.exercise, "open@blue1", "test", NULL));
    assert_true(exercise_pause(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), 0);
    assert_true(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    go(&s, 9);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "effect"));
    rehearsal_close(&s.r);
}

static void a_pause_under_a_probe_is_no_fault(void **state)
{
    (void)state;
    struct small s = {.pause_at_probe = true};
    go(&s, 18);
    auto_json paused = exercise_status(s.r.exercise);
    assert_string_equal(json_string(paused, "state", ""), "paused");
    assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), 0);
    assert_true(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    go(&s, 19);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "inert"));
    rehearsal_close(&s.r);
}

/* The machines stand still before the second command, and before the world is asked. */
static void a_pause_under_a_command_is_no_fault(void **state)
{
    (void)state;
    for (int counts = 0; counts < 2; counts++) {
        struct small s = {.opens = true, .counts = 1};
        go(&s, counts ? 39 : 9);
        s.pause_at_act = true;
        go(&s, counts ? 42 : 12);
        auto_json paused = exercise_status(s.r.exercise);
        assert_string_equal(json_string(paused, "state", ""), "paused");
        assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), counts ? 3 : 0);
        assert_true(exercise_resume(s.r.exercise, "test", NULL));
        rehearsal_settle(&s.r);
        go(&s, counts ? 48 : 18);
        cJSON_Delete(expect(&s, "step.verdict", counts ? "count" : "open", "verdict",
                counts ? "blocked" : "effect"));
        rehearsal_close(&s.r);
    }
}

static int count_status(const struct small *s, const char *list, const char *state)
{
    auto_json status = exercise_status(s->r.exercise);
    const cJSON *item = NULL;
    int n = 0;
    cJSON_ArrayForEach(item, json_array(status, list))
    {
        n += !strcmp(json_string(item, "state", ""), state);
    }
    return n;
}

static void while_only_the_clock_stands_machines_run_and_nothing_is_scored(void **state)
{
    (void)state;
    struct small s = {.opens = true};
    g_autoptr(GError) error = NULL;
    go(&s, 5);
    int machines = count_status(&s, "machines", "ready");
    auto_json before = exercise_score(s.r.exercise, true);
    int checks = rehearsal_count(&s.r, "check.ok", NULL);
    int states = rehearsal_count(&s.r, "machine.state", NULL);
    assert_true(machines > 0);
    assert_true(exercise_fire(s.r.exercise, "open@blue1", "test", NULL));
    assert_true(exercise_pause_clock(s.r.exercise, "test", NULL));
    rehearsal_advance(&s.r, 300 * G_USEC_PER_SEC);
    auto_json status = exercise_status(s.r.exercise);
    assert_string_equal(json_string(status, "state", ""), "paused");
    assert_true(json_bool(status, "clock_only", false));
    assert_int_equal(json_int(status, "at_us", 0), 5 * G_USEC_PER_SEC);
    assert_int_equal(count_status(&s, "machines", "ready"), machines);
    assert_int_equal(rehearsal_count(&s.r, "machine.state", NULL), states);
    assert_int_equal(rehearsal_count(&s.r, "check.ok", NULL), checks);
    assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), 0);
    auto_json meanwhile = exercise_score(s.r.exercise, true);
    assert_true(cJSON_Compare(json_array(before, "teams"), json_array(meanwhile, "teams"), true));
    auto_json report = cJSON_Parse("{\"team\":\"blue1\",\"text\":\"seen\"}");
    assert_false(exercise_incident(s.r.exercise, report, "test", &error));
    assert_non_null(strstr(error->message, "paused"));
    auto_json body = rehearsal_last(&s.r, "exercise.state", NULL, NULL);
    assert_true(json_bool(body, "clock_only", false));
    cJSON_Delete(expect(&s, "operator.action", NULL, "action", "pause-clock"));
    assert_false(exercise_pause(s.r.exercise, "test", NULL));
    assert_true(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    go(&s, 9);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "effect"));
    auto_json running = exercise_status(s.r.exercise);
    assert_null(cJSON_GetObjectItemCaseSensitive(running, "clock_only"));
    assert_int_equal(rehearsal_count(&s.r, "machine.state", NULL), states);
    assert_true(
            exercise_pause(s.r.exercise, "test", NULL)); /* and the other pause is whole again */
    rehearsal_settle(&s.r);
    assert_int_equal(count_status(&s, "machines", "paused"), machines);
    auto_json whole = rehearsal_last(&s.r, "exercise.state", NULL, NULL);
    assert_null(cJSON_GetObjectItemCaseSensitive(whole, "clock_only"));
    rehearsal_close(&s.r);
}

static void a_look_under_way_when_the_clock_stops_does_not_count(void **state)
{
    (void)state;
    struct small s = {.pause_at_probe = true, .clock_only = true};
    go(&s, 18);
    auto_json paused = exercise_status(s.r.exercise);
    assert_true(json_bool(paused, "clock_only", false));
    assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), 0);
    assert_true(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    go(&s, 19);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "inert"));
    rehearsal_close(&s.r);
}

static void a_step_that_was_undone_is_needed_again(void **state)
{
    (void)state;
    struct small s = {.opens = true, .closes = true};
    go(&s, 28);
    assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), 2);
    cJSON_Delete(expect(&s, "step.verdict", "second", "verdict", "inert"));
    go(&s, 80);
    cJSON_Delete(expect(&s, "step.state", "open", "state", "undone"));
    assert_true(exercise_fire(s.r.exercise, "second@blue1", "test", NULL));
    go(&s, 90);
    cJSON_Delete(expect(&s, "step.verdict", "second", "verdict", "skipped"));
    rehearsal_close(&s.r);
}

static void all_held_before_the_start_fire_when_released_late(void **state)
{
    (void)state;
    struct small s = {.opens = true};
    begin(&s);
    assert_true(exercise_hold(s.r.exercise, NULL, true, "test", NULL));
    rehearsal_settle(&s.r);
    go(&s, 50);
    assert_int_equal(rehearsal_count(&s.r, "step.state", NULL), 0);
    assert_true(exercise_hold(s.r.exercise, NULL, false, "test", NULL));
    go(&s, 58);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "effect"));
    cJSON_Delete(expect(&s, "step.verdict", "log", "verdict", "inert"));
    cJSON_Delete(expect(&s, "inject.state", "undo-open@blue1", "state", "scheduled"));
    rehearsal_close(&s.r);
}

static void an_inject_released_late_in_a_pause_fires_after_it(void **state)
{
    (void)state;
    struct small s = {.opens = true};
    go(&s, 5);
    assert_true(exercise_hold(s.r.exercise, "open@blue1", true, "test", NULL));
    go(&s, 15);
    assert_true(exercise_pause(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    assert_true(exercise_hold(s.r.exercise, "open@blue1", false, "test", NULL));
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "step.state", NULL), 0);
    assert_true(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    go(&s, 18);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "effect"));
    rehearsal_close(&s.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(nothing_can_be_fired_in_a_pause),
            cmocka_unit_test(a_step_fired_just_before_a_pause_runs_after_it),
            cmocka_unit_test(a_pause_under_a_probe_is_no_fault),
            cmocka_unit_test(a_pause_under_a_command_is_no_fault),
            cmocka_unit_test(while_only_the_clock_stands_machines_run_and_nothing_is_scored),
            cmocka_unit_test(a_look_under_way_when_the_clock_stops_does_not_count),
            cmocka_unit_test(a_step_that_was_undone_is_needed_again),
            cmocka_unit_test(all_held_before_the_start_fire_when_released_late),
            cmocka_unit_test(an_inject_released_late_in_a_pause_fires_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
