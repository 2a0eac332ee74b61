/* test_run.c - verdicts, limits and the ways an exercise can be stopped, on the simulated world. */
#include "scenario/rehearsal.h"

#include <signal.h>
#include <sys/resource.h>

struct small {
    struct rehearsal r;
    bool opens, closes, dead, tool_is_missing, hangs, pause_at_probe;
    bool pause_at_act, count_is_lost;
    const char *log_line; /* what the attack leaves in the defender's log, or NULL */
    int counter, counts;  /* now; what the attack adds */
};

static int web(const struct small *s)
{
    return plan_machine_index(s->r.plan, "blue1/web");
}

static int attacker(const struct small *s)
{
    return plan_machine_index(s->r.plan, "attacker");
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    struct small *s = data;
    (void)machine;
    if (!strcmp(argv[0], "counter") && s->count_is_lost) {
        s->count_is_lost = false; /* once */
        return -1;
    }
    if (!strcmp(argv[0], "counter")) {
        *out = g_strdup_printf("packets %d\n", s->counter);
        return 0;
    }
    assert_string_equal(argv[0], "ip"); /* ip netns exec blue1 COMMAND … */
    const char *command = argv[4];
    if (s->tool_is_missing) {
        *err = g_strdup("\33[31mexec of \"open\" failed: No such file or directory\n");
        return 255;
    }
    if (s->pause_at_act) {
        s->pause_at_act = false;
        assert_true(exercise_pause(s->r.exercise, "test", NULL));
    }
    if (!strcmp(command, "open") && s->opens) {
        world_sim_write(s->r.world, machine, "/root/open", "yes\n");
    } else if (!strcmp(command, "close") && s->closes) {
        s->r.world->ops->write(s->r.world, machine, "/root/open", "no\n", 3, rehearsal_ignore, s);
    } else if (!strcmp(command, "log") && s->log_line) {
        world_sim_write(s->r.world, web(s), "/var/log/auth.log", s->log_line);
    } else if (!strcmp(command, "count")) {
        s->counter += s->counts;
    }
    return s->hangs ? -1 : 0;
}

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    struct small *s = data;
    (void)team;
    (void)value;
    if (probe->protocol != PLAN_TCP) {
        return WORLD_OK;
    }
    if (s->pause_at_probe) {
        s->pause_at_probe = false;
        assert_true(exercise_pause(s->r.exercise, "test", NULL));
        return WORLD_DOWN; /* it is suspended under the probe's hands */
    }
    *detail = g_strdup("\33]0;owned\a simulated");
    return s->dead ? WORLD_DOWN : WORLD_OK;
}

static void begin(struct small *s)
{
    const struct world_sim_hooks hooks = {.data = s, .exec = on_exec, .probe = on_probe};
    rehearsal_start(&s->r, SANDTABLE_SOURCE_DIR "/tests/scenario/small", &hooks);
}

/* Runs until exercise time at_s. */
static void go(struct small *s, int at_s)
{
    if (!s->r.exercise) {
        begin(s);
        rehearsal_settle(&s->r);
    }
    rehearsal_advance(&s->r, at_s * G_USEC_PER_SEC - clock_now(s->r.clock));
}

/* The last such event's body (the caller's), in which the member name is as wanted. */
static cJSON *expect(const struct small *s, const char *kind, const char *subject, const char *name,
        const char *wanted)
{
    cJSON *body = rehearsal_last(&s->r, kind, NULL, subject);
    if (strcmp(json_string(body, name, "none"), wanted) != 0) {
        g_autofree char *text = json_text(body);
        fail_msg("%s %s: wanted %s, got %s", kind, subject, wanted, text);
    }
    return body;
}

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

/* ---- pause, hold, fire --------------------------------------------------------------------- */

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
    struct small s = {0};
    begin(&s);
    world_sim_crash(s.r.world, web(&s));
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_non_null(strstr(s.r.failure, "blue1/web crashed"));
    assert_int_equal(s.r.exit_code, 4);
    assert_int_equal(rehearsal_count(&s.r, "resource.opening", NULL),
            rehearsal_count(&s.r, "resource.closed", NULL));
    rehearsal_close(&s.r);
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
            cmocka_unit_test(nothing_can_be_fired_in_a_pause),
            cmocka_unit_test(a_step_fired_just_before_a_pause_runs_after_it),
            cmocka_unit_test(a_pause_under_a_probe_is_no_fault),
            cmocka_unit_test(a_pause_under_a_command_is_no_fault),
            cmocka_unit_test(a_step_that_was_undone_is_needed_again),
            cmocka_unit_test(all_held_before_the_start_fire_when_released_late),
            cmocka_unit_test(an_inject_released_late_in_a_pause_fires_after_it),
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
