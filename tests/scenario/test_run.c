/* test_run.c - verdicts, limits and the ways an exercise can be stopped, on the simulated world. */
#include "scenario/small.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- verdicts ------------------------------------------------------------------------------ */

static void a_step_without_effect_is_inert_and_what_needs_it_is_skipped(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 28);
    cJSON_Delete(expect(&s, "step.verdict", "open", "verdict", "inert"));
    auto_json skipped = expect(&s, "step.verdict", "second", "verdict", "skipped");
    assert_non_null(strstr(json_string(skipped, "reason", ""), "open, whose verdict is inert"));
    cJSON_Delete(expect(&s, "inject.state", "second@blue1", "state", "skipped"));
    rehearsal_close(&s.r);
}

static void a_dead_path_is_a_fault_in_clean_words(void **state)
{
    (void)state;
    struct small s = {.dead = true};
    go(&s, 18);
    auto_json body = expect(&s, "step.verdict", "open", "verdict", "fault");
    const char *reason = json_string(body, "reason", "");
    assert_non_null(strstr(reason, "not alive"));
    assert_null(strchr(reason, '\33'));
    rehearsal_close(&s.r);
}

static void a_missing_tool_is_a_fault_in_clean_words(void **state)
{
    (void)state;
    struct small s = {.tool_is_missing = true};
    go(&s, 18);
    auto_json body = expect(&s, "step.verdict", "open", "verdict", "fault");
    const char *reason = json_string(body, "reason", "");
    assert_non_null(strstr(reason, "No such file"));
    assert_null(strchr(reason, '\33'));
    rehearsal_close(&s.r);
}

static void evidence_says_what_of_an_output_is_missing(void **state)
{
    (void)state;
    struct small s = {.shouts = true};
    go(&s, 18);
    auto_json body = expect(&s, "step.verdict", "open", "verdict", "inert");
    const cJSON *commands = json_array(json_object(body, "evidence"), "commands");
    const cJSON *command = cJSON_GetArrayItem(commands, 0);
    assert_int_equal(json_int(command, "out_cut", 0), VIRT_OUTPUT_MAX);
    assert_false(cJSON_HasObjectItem(command, "err_cut")); /* as much as is kept, and no more */
    rehearsal_check_events(&s.r);
    rehearsal_close(&s.r);
}

static void an_old_line_in_a_log_is_no_evidence(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 5);
    world_sim_write(s.r.world, web(&s), "/var/log/auth.log", "yesterday: denied\n");
    go(&s, 38);
    cJSON_Delete(expect(&s, "step.verdict", "log", "verdict", "inert"));
    rehearsal_close(&s.r);
}

static void a_new_line_in_a_log_is_evidence(void **state)
{
    (void)state;
    struct small s = {.log_line = "today: denied\n"};
    go(&s, 5);
    world_sim_write(s.r.world, web(&s), "/var/log/auth.log", "yesterday: nothing\n");
    go(&s, 38);
    auto_json body = expect(&s, "step.verdict", "log", "verdict", "blocked");
    const char *reason = json_string(body, "reason", "");
    assert_non_null(strstr(reason, "today: denied"));
    assert_null(strstr(reason, "yesterday"));
    rehearsal_close(&s.r);
}

static void evidence_beyond_one_read_of_a_log_is_found(void **state)
{
    (void)state;
    g_autoptr(GString) line = g_string_new(NULL);
    while (line->len < 600000) {
        g_string_append(line, "noise\n");
    }
    g_string_append(line, "today: denied\n");
    struct small s = {.log_line = line->str};
    go(&s, 38);
    cJSON_Delete(expect(&s, "step.verdict", "log", "verdict", "blocked"));
    rehearsal_close(&s.r);
}

static void a_log_begun_anew_is_read_from_its_start(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 5);
    world_sim_write(s.r.world, web(&s), "/var/log/auth.log", "a long line of yesterday\n");
    go(&s, 30);
    s.r.world->ops->write(
            s.r.world, web(&s), "/var/log/auth.log", "denied\n", 7, rehearsal_ignore, &s);
    go(&s, 38);
    cJSON_Delete(expect(&s, "step.verdict", "log", "verdict", "blocked"));
    rehearsal_close(&s.r);
}

static void a_counter_is_evidence_only_when_it_grew(void **state)
{
    (void)state;
    for (int counts = 0; counts < 2; counts++) {
        struct small s = {.counter = 3, .counts = counts};
        go(&s, 48);
        cJSON_Delete(
                expect(&s, "step.verdict", "count", "verdict", counts > 0 ? "blocked" : "inert"));
        rehearsal_close(&s.r);
    }
}

static void a_counter_that_could_not_be_read_before_is_a_fault(void **state)
{
    (void)state;
    struct small s = {.counter = 3, .count_is_lost = true};
    go(&s, 48);
    auto_json body = expect(&s, "step.verdict", "count", "verdict", "fault");
    assert_non_null(strstr(json_string(body, "reason", ""), "web before the step"));
    auto_json ran = rehearsal_last(&s.r, "step.state", "blue1", "count");
    assert_null(ran); /* no command of it was run */
    rehearsal_close(&s.r);
}

static void a_command_past_its_limit_is_judged_by_its_effect(void **state)
{
    (void)state;
    struct small s = {.hangs = true, .opens = true};
    go(&s, 28);
    auto_json body = expect(&s, "step.verdict", "open", "verdict", "effect");
    const cJSON *commands = json_array(json_object(body, "evidence"), "commands");
    const char *error = json_string(cJSON_GetArrayItem(commands, 0), "error", "");
    assert_non_null(strstr(error, "did not end"));
    cJSON_Delete(expect(&s, "step.verdict", "second", "verdict", "inert"));
    rehearsal_close(&s.r);
}

static void an_undo_is_judged_by_the_world_too(void **state)
{
    (void)state;
    for (int closes = 0; closes < 2; closes++) {
        struct small s = {.opens = true, .closes = closes};
        go(&s, 80);
        cJSON_Delete(expect(&s, "step.state", "open", "state", closes ? "undone" : "undo-failed"));
        auto_json alarm = rehearsal_last(&s.r, "alarm.raised", "blue1", "open");
        assert_string_equal(json_string(alarm, "alarm", ""), closes ? "" : "undo-failed");
        cJSON_Delete(expect(&s, "inject.state", "undo-open@blue1", "state", "done"));
        rehearsal_close(&s.r);
    }
}

/* ---- players ------------------------------------------------------------------------------- */

static void a_players_error_is_an_alarm(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 5);
    auto_json alarm = expect(&s, "alarm.raised", "clumsy", "alarm", "script-error");
    assert_non_null(strstr(json_string(alarm, "text", ""), "tripped over a cable"));
    auto_json ended = rehearsal_last(&s.r, "player.action", "blue1", "clumsy");
    assert_string_equal(json_string(ended, "action", ""), "ended");
    rehearsal_close(&s.r);
}

static void a_step_against_a_team_without_its_machines_is_refused(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 5);
    cJSON_Delete(expect(&s, "note", NULL, "text", "not-found"));
    assert_int_equal(rehearsal_count(&s.r, "step.state", NULL), 0);
    rehearsal_close(&s.r);
}

/* ---- what the ledger does not take ----------------------------------------------------------- */

static void on_heavy(const struct world_exec_result *result, const GError *error, gpointer data)
{
    bool *refused = data;
    assert_null(result);
    *refused = g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL);
}

static void what_cannot_be_recorded_is_not_done(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 5);
    bool refused = false;
    g_autofree char *much = g_strnfill(600000, 'x');
    const char *const argv[] = {"no such hook", much, NULL}; /* on_exec() would fail the test */
    assert_true(
            exercise_exec(s.r.exercise, "attacker", argv, 1000, "test", on_heavy, &refused, NULL));
    rehearsal_settle(&s.r);
    assert_true(refused);
    assert_false(s.r.ended);
    auto_json alarm = expect(&s, "alarm.raised", "operator.exec", "alarm", "event-refused");
    assert_non_null(alarm);
    rehearsal_close(&s.r);
}

static void fatten(struct plan *plan)
{
    g_free(plan->title);
    plan->title = g_strnfill(600000, 'x');
}

static void a_plan_that_cannot_be_recorded_ends_the_exercise(void **state)
{
    (void)state;
    struct small s = {.r.expanded = fatten};
    g_autoptr(GError) error = NULL;
    begin(&s);
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_int_not_equal(s.r.exit_code, 0);
    assert_int_equal(rehearsal_count(&s.r, "exercise.created", NULL), 0);
    assert_false(plan_fits(s.r.plan, &error));
    assert_non_null(strstr(error->message, "too large"));
    rehearsal_close(&s.r);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void an_exercise_can_end_in_a_pause(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 11); /* a step is under way */
    assert_true(exercise_pause(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    assert_true(exercise_end(s.r.exercise, "test", "enough", NULL));
    assert_false(exercise_end(s.r.exercise, "test", "again", NULL));
    assert_false(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_null(s.r.failure);
    cJSON_Delete(expect(&s, "exercise.state", NULL, "state", "down"));
    cJSON_Delete(expect(&s, "machine.state", "blue1/web", "state", "stopped"));
    rehearsal_close(&s.r);
}

static void an_end_waits_for_no_answer(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 5);
    world_sim_hold(s.r.world, attacker(&s), true);
    go(&s, 15);
    cJSON_Delete(expect(&s, "step.state", "open", "state", "running"));
    assert_true(exercise_end(s.r.exercise, "test", "enough", NULL));
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_int_equal(rehearsal_count(&s.r, "step.verdict", NULL), 0);
    rehearsal_close(&s.r);
}

static void a_crash_in_the_set_up_is_the_end(void **state)
{
    (void)state;
    void (*const ends[])(struct world *, int) = {world_sim_crash, world_sim_shut_down};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        struct small s = {0};
        begin(&s);
        ends[i](s.r.world, web(&s));
        rehearsal_settle(&s.r);
        assert_true(s.r.ended);
        assert_non_null(strstr(s.r.failure, "blue1/web crashed"));
        assert_int_equal(s.r.exit_code, 4);
        assert_int_equal(rehearsal_count(&s.r, "resource.opening", NULL),
                rehearsal_count(&s.r, "resource.closed", NULL));
        rehearsal_close(&s.r);
    }
}

/* From now on no file of this process grows: a full disk, as the ledger sees it. */
static struct rlimit fill_disk(void)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit full = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    return before;
}

static void a_full_disk_ends_the_exercise_with_an_error(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 11);
    struct rlimit before = fill_disk();
    go(&s, 20);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_true(s.r.ended);
    assert_non_null(strstr(s.r.failure, "cannot be written"));
    assert_int_equal(s.r.exit_code, 1);
    rehearsal_close(&s.r);
}

static void a_disk_full_at_the_end_is_an_error_and_no_hang(void **state)
{
    (void)state;
    struct small s = {0};
    go(&s, 11);
    struct rlimit before = fill_disk();
    assert_true(exercise_end(s.r.exercise, "test", "enough", NULL));
    rehearsal_settle(&s.r);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_true(s.r.ended);
    assert_non_null(strstr(s.r.failure, "cannot be written"));
    rehearsal_close(&s.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_step_without_effect_is_inert_and_what_needs_it_is_skipped),
            cmocka_unit_test(a_dead_path_is_a_fault_in_clean_words),
            cmocka_unit_test(a_missing_tool_is_a_fault_in_clean_words),
            cmocka_unit_test(evidence_says_what_of_an_output_is_missing),
            cmocka_unit_test(an_old_line_in_a_log_is_no_evidence),
            cmocka_unit_test(a_new_line_in_a_log_is_evidence),
            cmocka_unit_test(evidence_beyond_one_read_of_a_log_is_found),
            cmocka_unit_test(a_log_begun_anew_is_read_from_its_start),
            cmocka_unit_test(a_counter_is_evidence_only_when_it_grew),
            cmocka_unit_test(a_counter_that_could_not_be_read_before_is_a_fault),
            cmocka_unit_test(a_command_past_its_limit_is_judged_by_its_effect),
            cmocka_unit_test(an_undo_is_judged_by_the_world_too),
            cmocka_unit_test(a_players_error_is_an_alarm),
            cmocka_unit_test(a_step_against_a_team_without_its_machines_is_refused),
            cmocka_unit_test(what_cannot_be_recorded_is_not_done),
            cmocka_unit_test(a_plan_that_cannot_be_recorded_ends_the_exercise),
            cmocka_unit_test(an_exercise_can_end_in_a_pause),
            cmocka_unit_test(an_end_waits_for_no_answer),
            cmocka_unit_test(a_crash_in_the_set_up_is_the_end),
            cmocka_unit_test(a_full_disk_ends_the_exercise_with_an_error),
            cmocka_unit_test(a_disk_full_at_the_end_is_an_error_and_no_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
