/* test_exam_fold.c - an exam's fold: windows, approvals that are none, evidence of copying. */
#include "support/test.h"

#include "base/json.h"
#include "score/exam.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)

static const char created[] =
        "{\"plan\":{\"title\":\"T\",\"version\":\"1\",\"digest\":\"d\",\"exam\":{"
        "\"duration_us\":100000000,\"pass\":60,\"two_persons\":true,\"prefix\":\"EXAM\","
        "\"skills\":[{\"name\":\"a\",\"title\":\"A\",\"pass\":50},"
        "{\"name\":\"b\",\"title\":\"B\",\"pass\":50}],"
        "\"questions\":["
        "{\"name\":\"early\",\"skill\":\"a\",\"kind\":\"value\",\"points\":10,\"attempts\":0,"
        "\"from_us\":10000000,\"to_us\":40000000},"
        "{\"name\":\"twice\",\"skill\":\"b\",\"kind\":\"choice\",\"points\":5,\"attempts\":2,"
        "\"choices\":5}],"
        "\"candidates\":[{\"id\":\"c1\",\"team\":\"s1\",\"factor_milli\":2000,"
        "\"variants\":{\"early\":1,\"twice\":1}},"
        "{\"id\":\"c2\",\"team\":\"s2\",\"variants\":{\"early\":2,\"twice\":1}}]}}}";

struct game {
    struct exam *exam;
    gint64 seq;
};

static gint64 tell(struct game *g, int at_s, const char *kind, const char *team,
        const char *subject, const char *body)
{
    auto_event event = event_new(kind, team, subject, NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    event->seq = ++g->seq;
    event->at_us = at_s * SECOND;
    event->wall_us = at_s * SECOND;
    exam_apply(g->exam, event);
    return event->seq;
}

static void open(struct game *g)
{
    *g = (struct game){.exam = exam_new()};
    tell(g, 0, "exercise.created", "", "x", created);
    tell(g, 0, "exam.started", "s1", "c1", "{}");
    tell(g, 0, "exam.started", "s2", "c2", "{}");
}

static gint64 answer(struct game *g, int at_s, const char *team, const char *question,
        const char *digest, bool ok)
{
    g_autofree char *body =
            g_strdup_printf("{\"digest\":\"%s\",\"ok\":%s}", digest, ok ? "true" : "false");
    return tell(g, at_s, "exam.answered", team, question, body);
}

static void a_window_is_stretched_by_the_factor_and_moved_by_what_was_added(void **state)
{
    (void)state;
    struct game g;
    open(&g);
    answer(&g, 15, "s1", "early", "x", true); /* opens at 20 for who has twice the time */
    answer(&g, 9, "s2", "early", "x", true);
    assert_true(exam_points(g.exam, "c1", "early") == 0);
    assert_true(exam_points(g.exam, "c2", "early") == 0);
    answer(&g, 79, "s1", "early", "y", true);
    answer(&g, 45, "s2", "early", "y", true);
    assert_true(exam_points(g.exam, "c1", "early") == 10);
    assert_true(exam_points(g.exam, "c2", "early") == 0);
    gint64 request = tell(&g, 50, "exam.requested", "s2", "c2",
            "{\"action\":\"extend\",\"candidate\":\"c2\",\"us\":10000000,\"by\":\"lin\"}");
    g_autofree char *body = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
    tell(&g, 51, "exam.approved", "s2", "c2", body);
    assert_true(exam_points(g.exam, "c2", "early") == 10);
    exam_free(g.exam);
}

static void an_approval_by_the_same_person_changes_nothing(void **state)
{
    (void)state;
    struct game g;
    struct exam_clock clock;
    open(&g);
    gint64 request = tell(&g, 5, "exam.requested", "s1", "c1",
            "{\"action\":\"extend\",\"candidate\":\"c1\",\"us\":10000000,\"by\":\"lin\"}");
    g_autofree char *own = g_strdup_printf("{\"request\":%d,\"by\":\"lin\"}", (int)request);
    g_autofree char *other = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
    tell(&g, 6, "exam.approved", "s1", "c1", own);
    assert_true(exam_clock_at(g.exam, "c1", 7 * SECOND, &clock));
    assert_int_equal(clock.extended_us, 0);
    tell(&g, 7, "exam.approved", "s1", "c1", other);
    tell(&g, 8, "exam.approved", "s1", "c1", other); /* once is enough */
    assert_true(exam_clock_at(g.exam, "c1", 9 * SECOND, &clock));
    assert_int_equal(clock.extended_us, 10 * SECOND);
    exam_free(g.exam);
}

static void attempts_are_counted_in_order_and_never_twice(void **state)
{
    (void)state;
    struct game g;
    open(&g);
    answer(&g, 1, "s1", "twice", "a", false);
    answer(&g, 2, "s1", "twice", "a", false);
    assert_int_equal(exam_attempts(g.exam, "c1", "twice"), 1);
    answer(&g, 3, "s1", "twice", "b", false);
    gint64 third = answer(&g, 4, "s1", "twice", "c", true); /* somebody fed it in */
    assert_int_equal(exam_attempts(g.exam, "c1", "twice"), 2);
    assert_true(exam_points(g.exam, "c1", "twice") == 0);
    g_autofree char *ask = g_strdup_printf(
            "{\"action\":\"accept\",\"candidate\":\"c1\",\"answer\":%d,\"by\":\"lin\"}",
            (int)third);
    g_autofree char *yes = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}",
            (int)tell(&g, 5, "exam.requested", "s1", "c1", ask));
    tell(&g, 6, "exam.approved", "s1", "c1", yes);
    assert_true(exam_points(g.exam, "c1", "twice") == 5);
    exam_free(g.exam);
}

static void a_pause_within_an_outage_is_counted_once(void **state)
{
    (void)state;
    struct game g;
    struct exam_clock clock;
    open(&g);
    tell(&g, 10, "exam.outage", "s1", "c1", "{\"state\":\"begun\"}");
    tell(&g, 15, "exam.paused", "s1", "c1", "{}");
    tell(&g, 20, "exam.outage", "s1", "c1", "{\"state\":\"ended\"}");
    tell(&g, 25, "exam.resumed", "s1", "c1", "{}");
    exam_clock_at(g.exam, "c1", 30 * SECOND, &clock);
    assert_int_equal(clock.stood_us, 15 * SECOND);
    assert_int_equal(clock.elapsed_us, 15 * SECOND);
    exam_free(g.exam);
}

/* The machine was away in the midst of a fault: that time is the outage's, not given twice. */
static void a_credited_fault_moves_the_deadline_by_what_was_lost_once(void **state)
{
    (void)state;
    struct game g;
    struct exam_clock clock;
    struct exam_clock before;
    open(&g);
    exam_clock_at(g.exam, "c1", 4 * SECOND, &before);
    tell(&g, 10, "exam.outage", "s1", "c1", "{\"state\":\"begun\"}");
    tell(&g, 20, "exam.outage", "s1", "c1", "{\"state\":\"ended\"}");
    tell(&g, 25, "fault.credited", "s1", "s1",
            "{\"from_us\":5000000,\"to_us\":25000000,\"credit_us\":20000000,\"reason\":\"r\"}");
    exam_clock_at(g.exam, "c1", 25 * SECOND, &clock);
    assert_int_equal(clock.stood_us, 10 * SECOND);
    assert_int_equal(clock.extended_us, 10 * SECOND);
    assert_int_equal(clock.allowed_us, before.allowed_us + 10 * SECOND);
    tell(&g, 26, "exam.paused", "s1", "c1", "{}"); /* it still stands when the next one comes */
    tell(&g, 28, "fault.credited", "s1", "s1", "{\"from_us\":24000000,\"to_us\":28000000}");
    exam_clock_at(g.exam, "c1", 28 * SECOND, &clock);
    assert_int_equal(clock.extended_us, 12 * SECOND);
    tell(&g, 29, "fault.credited", "nobody", "s1", "{\"from_us\":1,\"to_us\":28000000}");
    tell(&g, 29, "fault.credited", "s1", "s1", "{\"from_us\":28000000,\"to_us\":1}");
    exam_clock_at(g.exam, "c1", 29 * SECOND, &clock);
    assert_int_equal(clock.extended_us, 12 * SECOND);
    auto_event event = event_new("fault.credited", "s1", "s1", NULL);
    assert_true(exam_decides(g.exam, "c1", event)); /* a result has it with it */
    exam_free(g.exam);
}

static void assert_finding(const cJSON *list, int index, const char *what, int a, int b)
{
    const cJSON *finding = cJSON_GetArrayItem(list, index);
    const cJSON *seqs = json_array(finding, "seqs");
    assert_string_equal(json_string(finding, "what", ""), what);
    assert_int_equal((int)cJSON_GetArrayItem(seqs, 0)->valuedouble, a);
    assert_int_equal((int)cJSON_GetArrayItem(seqs, 1)->valuedouble, b);
    assert_true(cJSON_GetArraySize(json_array(finding, "innocent")) > 0);
    assert_false(cJSON_HasObjectItem(finding, "verdict"));
}

static void the_same_wrong_answer_soon_after_is_told_and_later_not(void **state)
{
    (void)state;
    struct game g;
    open(&g);
    gint64 first = answer(&g, 10, "s1", "twice", "w", false);
    gint64 second = answer(&g, 40, "s2", "twice", "w", false);
    answer(&g, 41, "s2", "twice", "v", false);
    answer(&g, 41 + 601, "s1", "twice", "v", false); /* ten minutes and a second */
    gint64 right = answer(&g, 50, "s1", "early", "2222", true);
    gint64 wrong = answer(&g, 60, "s2", "early", "2222", false); /* another variant */
    auto_json evidence = exam_evidence(g.exam);
    const cJSON *list = json_array(evidence, "findings");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    assert_finding(list, 0, "same-wrong", (int)second, (int)first);
    assert_finding(list, 1, "anothers-answer", (int)wrong, (int)right);
    assert_true(json_number(cJSON_GetArrayItem(list, 0), "chance", 0) == 0.25);
    const cJSON *pair = cJSON_GetArrayItem(json_array(evidence, "pairs"), 0);
    assert_int_equal(json_int(pair, "findings", 0), 2);
    exam_free(g.exam);
}

static void each_skill_must_reach_its_own_mark(void **state)
{
    (void)state;
    struct game g;
    open(&g);
    answer(&g, 30, "s1", "early", "x", true); /* 10 of 15: 66.7 %, but nothing of skill b */
    auto_json mark = exam_mark(g.exam, "c1");
    const cJSON *of = cJSON_GetArrayItem(json_array(mark, "candidates"), 0);
    assert_true(json_bool(json_object(of, "total"), "passed", false));
    assert_false(json_bool(of, "passed", true));
    answer(&g, 31, "s1", "twice", "y", true);
    auto_json now = exam_mark(g.exam, "c1");
    assert_true(json_bool(cJSON_GetArrayItem(json_array(now, "candidates"), 0), "passed", false));
    exam_free(g.exam);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_window_is_stretched_by_the_factor_and_moved_by_what_was_added),
            cmocka_unit_test(an_approval_by_the_same_person_changes_nothing),
            cmocka_unit_test(attempts_are_counted_in_order_and_never_twice),
            cmocka_unit_test(a_pause_within_an_outage_is_counted_once),
            cmocka_unit_test(a_credited_fault_moves_the_deadline_by_what_was_lost_once),
            cmocka_unit_test(the_same_wrong_answer_soon_after_is_told_and_later_not),
            cmocka_unit_test(each_skill_must_reach_its_own_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
