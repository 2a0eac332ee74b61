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
            cmocka_unit_test(a_step_that_was_undone_is_needed_again),
            cmocka_unit_test(all_held_before_the_start_fire_when_released_late),
            cmocka_unit_test(an_inject_released_late_in_a_pause_fires_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
