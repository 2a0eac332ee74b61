/* test_resume_fold.c - what a fold over events says that a resume must do. */
#include "support/plan.h"

#include "base/json.h"
#include "run/resume.h"

struct story {
    struct resume *resume;
    gint64 seq;
};

static void happen(
        struct story *s, const char *kind, const char *team, const char *subject, const char *body)
{
    struct event *event = event_new(kind, team, subject, NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    event->seq = ++s->seq;
    event->at_us = s->seq * 1000;
    resume_apply(s->resume, event);
    event_free(event);
}

static struct story begin(void)
{
    struct story s = {.resume = resume_new()};
    happen(&s, "exercise.created", NULL, "two",
            "{\"plan\":{\"digest\":\"d\",\"injects\":[{\"id\":\"a\"},{\"id\":\"b\"}]}}");
    return s;
}

static void a_request_on_the_disk_is_in_force(void **state)
{
    (void)state;
    struct story s = begin();
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"running\"}");
    happen(&s, "operator.action", NULL, "two", "{\"action\":\"pause\",\"by\":\"eve\"}");
    assert_true(s.resume->paused);
    happen(&s, "operator.action", NULL, "two", "{\"action\":\"resume\",\"by\":\"eve\"}");
    assert_false(s.resume->paused);
    happen(&s, "operator.action", NULL, "two",
            "{\"action\":\"fire\",\"by\":\"eve\",\"inject\":\"a\"}");
    assert_string_equal(resume_inject(s.resume, "a")->owed, "fired");
    assert_string_equal(resume_inject(s.resume, "a")->owed_by, "eve");
    happen(&s, "inject.state", NULL, "a", "{\"state\":\"fired\"}");
    assert_null(resume_inject(s.resume, "a")->owed);
    happen(&s, "operator.action", NULL, "two", "{\"action\":\"hold\",\"by\":\"eve\"}");
    assert_null(resume_inject(s.resume, "a")->owed); /* it has fired */
    assert_string_equal(resume_inject(s.resume, "b")->owed, "held");
    happen(&s, "operator.action", NULL, "two", "{\"action\":\"end\",\"by\":\"eve\"}");
    assert_string_equal(s.resume->end_by, "eve");
    resume_free(s.resume);
}

static void which_pause_it_was_is_known_from_the_first_word_of_it(void **state)
{
    (void)state;
    struct story s = begin();
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"running\"}");
    happen(&s, "operator.action", NULL, "two", "{\"action\":\"pause-clock\",\"by\":\"eve\"}");
    assert_true(s.resume->paused && s.resume->clock_only);
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"paused\",\"clock_only\":true}");
    assert_true(s.resume->paused && s.resume->clock_only);
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"running\"}");
    happen(&s, "operator.action", NULL, "two", "{\"action\":\"pause\",\"by\":\"eve\"}");
    assert_true(s.resume->paused && !s.resume->clock_only);
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"paused\"}");
    assert_true(s.resume->paused && !s.resume->clock_only);
    resume_free(s.resume);
}

/* So that an engine that goes on need not read its ledger once more for spectators. */
static void what_the_public_may_see_is_known(void **state)
{
    (void)state;
    struct story s = begin();
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"running\"}");
    assert_int_equal(public_prefix_end(&s.resume->shown), 2);
    happen(&s, "score.frozen", NULL, "two", "{\"frozen\":true}");
    happen(&s, "check.ok", "blue1", "web", "{}");
    assert_int_equal(public_prefix_end(&s.resume->shown), 2);
    assert_int_equal(s.resume->shown.last, 4);
    resume_free(s.resume);
}

static void a_second_set_up_does_not_undo_a_pause(void **state)
{
    (void)state;
    struct story s = begin();
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"running\"}");
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"paused\"}");
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"setup\"}");
    assert_true(s.resume->began && s.resume->paused && !s.resume->ended);
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"ended\"}");
    assert_true(s.resume->ended && !s.resume->down);
    resume_free(s.resume);
}

static void a_step_is_cut_off_between_running_and_verdict(void **state)
{
    (void)state;
    struct story s = begin();
    happen(&s, "step.state", "blue1", "scan", "{\"state\":\"running\",\"by\":\"a\"}");
    happen(&s, "step.state", "blue1", "scan", "{\"state\":\"settling\",\"by\":\"a\"}");
    const struct resume_step *step = resume_step(s.resume, "scan", "blue1");
    assert_int_equal(step->running_seq, 2);
    assert_string_equal(step->by, "a");
    happen(&s, "step.verdict", "blue1", "scan", "{\"verdict\":\"effect\",\"by\":\"a\"}");
    assert_int_equal(step->running_seq, 0);
    assert_string_equal(step->verdict, "effect");
    happen(&s, "step.verdict", "blue1", "scan", "{\"verdict\":\"fault\",\"void\":true}");
    assert_string_equal(step->verdict, "effect"); /* a restore made the other void */
    happen(&s, "step.state", "blue1", "scan", "{\"state\":\"undoing\"}");
    happen(&s, "step.state", "blue1", "scan", "{\"state\":\"undo-failed\"}");
    assert_string_equal(step->verdict, "effect");
    happen(&s, "step.state", "blue1", "scan", "{\"state\":\"undone\"}");
    assert_string_equal(step->verdict, "none");
    assert_null(resume_step(s.resume, "scan", "blue2"));
    resume_free(s.resume);
}

static void only_a_function_that_was_cut_off_gets_its_answers_again(void **state)
{
    (void)state;
    struct story s = begin();
    happen(&s, "player.action", "blue1", "pat", "{\"action\":\"started\"}");
    happen(&s, "step.verdict", "blue1", "scan", "{\"verdict\":\"inert\",\"by\":\"pat\"}");
    happen(&s, "player.action", "blue1", "pat", "{\"action\":\"ended\"}");
    assert_null(resume_take_answer(s.resume, "pat", "scan", "blue1"));
    happen(&s, "player.action", "blue1", "pat", "{\"action\":\"started\"}");
    happen(&s, "step.verdict", "blue1", "scan", "{\"verdict\":\"effect\",\"by\":\"pat\"}");
    happen(&s, "step.verdict", "blue1", "scan", "{\"verdict\":\"blocked\",\"by\":\"pat\"}");
    happen(&s, "player.action", "blue1", "pat", "{\"action\":\"started\",\"again\":true}");
    assert_null(resume_take_answer(s.resume, "eve", "scan", "blue1"));
    g_autofree char *first = resume_take_answer(s.resume, "pat", "scan", "blue1");
    g_autofree char *second = resume_take_answer(s.resume, "pat", "scan", "blue1");
    assert_string_equal(first, "effect");
    assert_string_equal(second, "blocked");
    assert_null(resume_take_answer(s.resume, "pat", "scan", "blue1"));
    assert_true(resume_task_is_open(resume_task(s.resume, "pat", "blue1")));
    resume_free(s.resume);
}

static void machines_are_adopted_left_or_started_as_they_were(void **state)
{
    (void)state;
    struct plan *plan = plan_of(TWO_TEAMS, 0);
    struct story s = begin();
    happen(&s, "exercise.state", NULL, "two", "{\"state\":\"running\"}");
    happen(&s, "machine.state", "blue1", "blue1/web", "{\"state\":\"ready\"}");
    happen(&s, "machine.state", "blue1", "blue1/web", "{\"state\":\"paused\"}");
    happen(&s, "machine.state", "blue1", "blue1/gate", "{\"state\":\"ready\"}");
    happen(&s, "machine.state", "blue1", "blue1/gate", "{\"state\":\"crashed\"}");
    happen(&s, "machine.state", "blue1", "blue1/plc", "{\"state\":\"ready\"}");
    happen(&s, "machine.state", "blue1", "blue1/plc", "{\"state\":\"starting\"}");
    happen(&s, "machine.state", "blue2", "blue2/web", "{\"state\":\"ready\"}");
    happen(&s, "machine.reset", "blue2", "blue2/web",
            "{\"state\":\"begun\",\"machines\":[\"blue2/web\"]}");
    g_autofree enum world_begin *begin = resume_begin(s.resume, plan);
    assert_int_equal(begin[plan_machine_index(plan, "blue1/web")], WORLD_ADOPT);
    assert_int_equal(begin[plan_machine_index(plan, "blue1/gate")], WORLD_LEAVE);
    assert_int_equal(begin[plan_machine_index(plan, "blue1/plc")], WORLD_FRESH);
    assert_int_equal(begin[plan_machine_index(plan, "blue2/web")], WORLD_FRESH);
    assert_int_equal(begin[plan_machine_index(plan, "attacker")], WORLD_FRESH);
    resume_free(s.resume);
    plan_free(plan);
}

static void another_plan_is_refused_by_what_differs(void **state)
{
    (void)state;
    struct plan *plan = plan_of(TWO_TEAMS, 0);
    struct plan *other = plan_of(TWO_TEAMS, 1);
    struct story s = {.resume = resume_new()};
    auto_json body = cJSON_CreateObject();
    cJSON_AddItemToObject(body, "plan", plan_to_json(plan));
    g_autofree char *text = json_text(body);
    g_autoptr(GError) error = NULL;
    happen(&s, "exercise.created", NULL, "two", text);
    assert_true(resume_plan_fits(s.resume, plan, &error));
    assert_false(resume_plan_fits(s.resume, other, &error));
    assert_non_null(strstr(error->message, "(teams)"));
    g_clear_error(&error);
    g_free(plan->digest);
    plan->digest = g_strdup("edited");
    assert_false(resume_plan_fits(s.resume, plan, &error));
    assert_non_null(strstr(error->message, "text has changed"));
    resume_free(s.resume);
    plan_free(plan);
    plan_free(other);
}

/* A ledger is a file: what stands in it may be anything. */
static void strange_bodies_change_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"exercise.created", "exercise.state", "resource.opening",
            "resource.closed", "machine.state", "check.ok", "check.", "inject.state", "step.state",
            "step.verdict", "player.action", "operator.action", "note", "alarm.raised",
            "alarm.cleared", "checkpoint.taken", "checkpoint.restored", "checkpoint.failed",
            "team.reset", "machine.reset", "exercise.resumed"};
    static const char *const bodies[] = {"{}", "[]", "not json", "{\"state\":7}",
            "{\"state\":\"fired\",\"at_us\":-1}", "{\"plan\":{\"injects\":[1,{}]}}",
            "{\"action\":\"hold\",\"inject\":[]}", "{\"injects\":[{}],\"players\":[3]}"};
    struct story s = {.resume = resume_new()};
    for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (gsize b = 0; b < G_N_ELEMENTS(bodies); b++) {
            happen(&s, kinds[k], "", "", bodies[b]);
            happen(&s, kinds[k], "blue1", "scan", bodies[b]);
        }
    }
    assert_false(s.resume->began);
    assert_false(s.resume->down);
    resume_free(s.resume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_request_on_the_disk_is_in_force),
            cmocka_unit_test(which_pause_it_was_is_known_from_the_first_word_of_it),
            cmocka_unit_test(what_the_public_may_see_is_known),
            cmocka_unit_test(a_second_set_up_does_not_undo_a_pause),
            cmocka_unit_test(a_step_is_cut_off_between_running_and_verdict),
            cmocka_unit_test(only_a_function_that_was_cut_off_gets_its_answers_again),
            cmocka_unit_test(machines_are_adopted_left_or_started_as_they_were),
            cmocka_unit_test(another_plan_is_refused_by_what_differs),
            cmocka_unit_test(strange_bodies_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
