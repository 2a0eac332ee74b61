/* test_exam_end.c - effects when a question ends, and the report of a sitting. */
#include "scenario/sitting.h"

#include "report/aar.h"

/* ---- when a question ends ------------------------------------------------------------------ */

static void extend(struct sitting *s, const char *candidate, int minutes)
{
    g_autofree char *ask = g_strdup_printf("{\"candidate\":\"%s\",\"us\":%" G_GINT64_FORMAT
                                           ",\"by\":\"lin\",\"reason\":\"alarm\"}",
            candidate, minutes * MINUTE);
    gint64 request = act(s, "extend", ask);
    g_autofree char *other = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
    act(s, "approve", other);
    rehearsal_settle(&s->r);
}

static void what_was_done_counts_though_nobody_asked_for_a_look_before_the_time_was_up(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    s.hardened[1] = true;
    rehearsal_advance(&s.r, 39 * MINUTE);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 0);
    rehearsal_advance(&s.r, 2 * MINUTE);
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2); /* the effects */
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat1"), 0); /* had not begun */
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat2", "root");
    assert_true(json_bool(body, "last", false));
    assert_true(json_bool(body, "ok", false));
    assert_int_equal(json_int(body, "clock_us", 0), 40 * MINUTE);
    assert_string_equal(json_string(body, "by", ""), "engine");
    assert_non_null(json_object(body, "evidence"));
    assert_int_equal(points_of(&s, 1), 30);
    assert_int_equal((int)score_of(&s, "seat2"), 30);
    extend(&s, "c-19bd", 5); /* what is right needs no second look */
    rehearsal_advance(&s.r, 10 * MINUTE);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 2);
    rehearsal_close(&s.r);
}

static void more_time_has_an_end_of_its_own_and_a_look_burns_no_attempt(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 41 * MINUTE);
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2);
    s.hardened[1] = true; /* after the end: nobody looks any more */
    rehearsal_advance(&s.r, MINUTE);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2);
    assert_int_equal(points_of(&s, 1), 0);
    extend(&s, "c-19bd", 5);
    assert_answer(&s, "c-19bd", "root", NULL, "right 4");
    rehearsal_advance(&s.r, 4 * MINUTE);
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 4);
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat2", "locked");
    assert_int_equal(json_int(body, "clock_us", 0), 45 * MINUTE);
    assert_int_equal(points_of(&s, 1), 30);
    rehearsal_close(&s.r);
}

static void handing_in_is_an_end_and_what_comes_after_it_is_not_seen(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", FIRST);
    act(&s, "start", SECOND);
    s.hardened[0] = true;
    rehearsal_advance(&s.r, 7 * MINUTE);
    act(&s, "hand-in", FIRST);
    act(&s, "hand-in", SECOND);
    rehearsal_settle(&s.r);
    s.hardened[1] = true;
    rehearsal_advance(&s.r, 70 * MINUTE);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 4);
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat1", "locked");
    assert_int_equal(json_int(body, "clock_us", 0), 7 * MINUTE);
    assert_int_equal(points_of(&s, 0), 30);
    assert_int_equal(points_of(&s, 1), 0);
    rehearsal_close(&s.r);
}

static void ten_minutes_for_root(struct plan *plan)
{
    struct plan_exam_question *root =
            plan->exam->questions->pdata[plan_exam_question_index(plan->exam, "root")];
    root->to_us = 10 * MINUTE;
    assign(plan);
}

static void a_window_ends_earlier_and_by_the_candidates_own_clock(void **state)
{
    (void)state;
    struct sitting s = {.r.expanded = ten_minutes_for_root};
    begin(&s);
    act(&s, "start", FIRST); /* by half as much again */
    rehearsal_advance(&s.r, 12 * MINUTE);
    act(&s, "pause", FIRST);
    rehearsal_advance(&s.r, 30 * MINUTE);
    act(&s, "resume", FIRST);
    rehearsal_advance(&s.r, 2 * MINUTE);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 0);
    s.hardened[0] = true;
    rehearsal_advance(&s.r, 2 * MINUTE);
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 1);
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat1", "root");
    assert_int_equal(json_int(body, "clock_us", 0), 15 * MINUTE);
    assert_int_equal(points_of(&s, 0), 20);
    rehearsal_close(&s.r);
}

static void without_attempts_nobody_looks_and_what_cannot_be_looked_at_is_told(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    for (int left = 4; left >= 0; left--) {
        g_autofree char *wanted = g_strdup_printf("wrong %d", left);
        assert_answer(&s, "c-19bd", "root", NULL, wanted);
    }
    s.hardened[1] = true;
    s.away = true;
    rehearsal_advance(&s.r, 41 * MINUTE);
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 6);
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat2", "locked");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(body, "ok")));
    s.away = false;
    rehearsal_advance(&s.r, MINUTE);
    assert_int_equal(points_of(&s, 1), 0);
    rehearsal_close(&s.r);
}

/* ---- when the exercise ends ----------------------------------------------------------------- */

static void the_end_of_the_exercise_is_an_end_of_every_question(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    s.hardened[0] = s.hardened[1] = true;
    rehearsal_advance(&s.r, 10 * MINUTE);
    assert_true(exercise_end(s.r.exercise, "lin", "fire alarm", NULL));
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat1"), 0); /* had not begun */
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat2", "root");
    assert_true(json_bool(body, "last", false));
    assert_true(json_bool(body, "ok", false));
    assert_int_equal(json_int(body, "clock_us", 0), 10 * MINUTE);
    assert_int_equal(points_of(&s, 1), 30);
    assert_int_equal((int)score_of(&s, "seat2"), 30); /* graded before the end was on the record */
    auto_json ended = rehearsal_last(&s.r, "exercise.state", NULL, NULL);
    assert_string_equal(json_string(ended, "state", ""), "down");
    rehearsal_close(&s.r);
}

static void hold_machines(struct sitting *s, bool held)
{
    for (guint i = 0; i < s->r.plan->machines->len; i++) {
        world_sim_hold(s->r.world, (int)i, held);
    }
}

static void machines_that_do_not_answer_hold_the_end_up_for_moments_only(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 10 * MINUTE);
    s.hardened[1] = true;
    hold_machines(&s, true);
    assert_true(exercise_end(s.r.exercise, "lin", "fire alarm", NULL));
    rehearsal_advance(&s.r, 10 * (gint64)G_USEC_PER_SEC);
    assert_false(s.r.ended);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 0);
    rehearsal_advance(&s.r, 6 * (gint64)G_USEC_PER_SEC);
    assert_true(s.r.ended);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2);
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat2", "root");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(body, "ok")));
    assert_int_equal(points_of(&s, 1), 0);
    rehearsal_close(&s.r);
}

static void the_end_waits_for_looks_that_were_under_way(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    s.hardened[1] = true;
    rehearsal_advance(&s.r, 10 * MINUTE);
    hold_machines(&s, true);
    act(&s, "hand-in", SECOND);
    rehearsal_advance(&s.r, (gint64)G_USEC_PER_SEC);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 0);
    assert_true(exercise_end(s.r.exercise, "lin", "all have handed in", NULL));
    rehearsal_advance(&s.r, (gint64)G_USEC_PER_SEC);
    assert_false(s.r.ended);
    hold_machines(&s, false);
    rehearsal_advance(&s.r, (gint64)G_USEC_PER_SEC);
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2);
    assert_int_equal(points_of(&s, 1), 30);
    rehearsal_close(&s.r);
}

static void who_asks_for_the_end_twice_gets_it_at_once(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 10 * MINUTE);
    hold_machines(&s, true);
    assert_true(exercise_end(s.r.exercise, "lin", "fire alarm", NULL));
    rehearsal_settle(&s.r);
    assert_false(s.r.ended);
    assert_true(exercise_end(s.r.exercise, "lin", "now", NULL));
    rehearsal_settle(&s.r);
    assert_true(s.r.ended);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 0);
    rehearsal_close(&s.r);
}

/* ---- the report ---------------------------------------------------------------------------- */

/* Two candidates: one nearly all right, with a pause and time added; the other late, and accepted. */
static void sit(struct sitting *s)
{
    begin(s);
    act(s, "start", FIRST);
    act(s, "start", SECOND);
    g_autofree char *port = g_strdup_printf("%g", form(s, "c-7f3a", "port")->value);
    g_autofree char *count = g_strdup_printf("%g", form(s, "c-7f3a", "failures")->value);
    rehearsal_advance(&s->r, 4 * MINUTE);
    assert_answer(s, "c-7f3a", "web", "nginx", "right 0");
    assert_answer(s, "c-7f3a", "port", "1", "wrong 2");
    assert_answer(s, "c-7f3a", "port", port, "right 1");
    assert_answer(s, "c-19bd", "web", "Caddy", "wrong 0");
    rehearsal_advance(&s->r, 5 * MINUTE);
    assert_answer(s, "c-7f3a", "backup", secret(s, "c-7f3a"), "right 2");
    assert_answer(s, "c-19bd", "backup", secret(s, "c-19bd"), "right 2");
    act(s, "pause",
            "{\"candidate\":\"c-7f3a\",\"by\":\"wang\",\"reason\":\"the candidate was unwell\"}");
    rehearsal_advance(&s->r, 6 * MINUTE);
    act(s, "resume", FIRST);
    s->hardened[0] = true;
    assert_answer(s, "c-7f3a", "root", NULL, "right 4");
    assert_answer(s, "c-7f3a", "failures", count, "right 2");
    world_sim_crash(s->r.world, plan_machine_index(s->r.plan, "seat2/server"));
    rehearsal_settle(&s->r);
    rehearsal_advance(&s->r, 3 * MINUTE);
    assert_true(exercise_reset(s->r.exercise, "seat2/server", "lin", NULL));
    rehearsal_settle(&s->r);
    rehearsal_advance(&s->r, 26 * MINUTE);
    s->hardened[1] = true; /* the time is up: too late */
    auto_json late = answer_with(s, "c-19bd", "weak", form(s, "c-19bd", "weak")->answer, NULL);
    assert_answer(s, "c-19bd", "port", "2", "wrong 3"); /* late ones are no attempts */
    g_autofree char *ask = g_strdup_printf("{\"candidate\":\"c-19bd\",\"answer\":%d,"
                                           "\"by\":\"lin\",\"reason\":\"the portal was slow\"}",
            (int)json_int(late, "seq", 0));
    gint64 request = act(s, "accept", ask);
    g_autofree char *other = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
    act(s, "approve", other);
    extend(s, "c-7f3a", 10);
    rehearsal_advance(&s->r, 8 * MINUTE);
    act(s, "hand-in", FIRST);
    rehearsal_settle(&s->r);
}

/* For test_report_exam.c: what was recorded, with a wall clock of its own. */
static void keep(const struct sitting *s)
{
    const gint64 began = G_GINT64_CONSTANT(1795600800000000);
    g_autoptr(GString) lines = g_string_new(NULL);
    struct ledger_reader *reader = ledger_reader_open(s->r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        event->wall_us = began + event->at_us;
        g_autofree char *line = event_to_line(event);
        g_string_append_printf(lines, "%s\n", line);
        event_free(event);
    }
    ledger_reader_close(reader);
    assert_true(g_file_set_contents(
            TESTS_DIR "/golden/report/exam.ndjson", lines->str, (gssize)lines->len, NULL));
}

static void the_report_has_the_marks_that_the_signed_results_have(void **state)
{
    (void)state;
    struct sitting s = {0};
    sit(&s);
    exercise_end(s.r.exercise, "lin", "all have handed in", NULL);
    rehearsal_settle(&s.r);
    struct aar *whole = aar_new();
    struct aar *public = aar_new_public();
    struct ledger_reader *reader = ledger_reader_open(s.r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        aar_apply(whole, event);
        aar_apply(public, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    auto_json document = aar_to_json(whole);
    auto_json shown = aar_to_json(public);
    auto_json mark = mark_of(&s);
    g_autofree char *is = json_text(json_object(document, "marks"));
    g_autofree char *wanted = json_text(mark);
    assert_string_equal(is, wanted);
    assert_null(cJSON_GetObjectItem(shown, "marks"));
    aar_free(whole);
    aar_free(public);
    assert_true(json_bool(of_candidate(mark, 0), "passed", false));
    assert_int_equal(points_of(&s, 0), 80);
    assert_int_equal(points_of(&s, 1), 25);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        keep(&s);
    }
    rehearsal_close(&s.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    what_was_done_counts_though_nobody_asked_for_a_look_before_the_time_was_up),
            cmocka_unit_test(more_time_has_an_end_of_its_own_and_a_look_burns_no_attempt),
            cmocka_unit_test(handing_in_is_an_end_and_what_comes_after_it_is_not_seen),
            cmocka_unit_test(a_window_ends_earlier_and_by_the_candidates_own_clock),
            cmocka_unit_test(without_attempts_nobody_looks_and_what_cannot_be_looked_at_is_told),
            cmocka_unit_test(the_end_of_the_exercise_is_an_end_of_every_question),
            cmocka_unit_test(machines_that_do_not_answer_hold_the_end_up_for_moments_only),
            cmocka_unit_test(the_end_waits_for_looks_that_were_under_way),
            cmocka_unit_test(who_asks_for_the_end_twice_gets_it_at_once),
            cmocka_unit_test(the_report_has_the_marks_that_the_signed_results_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
