/* test_exam.c - the shipped exam, played by two candidates on the simulated world. */
#include "scenario/sitting.h"

static void a_candidate_who_knows_it_all_passes_and_the_score_agrees(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", FIRST);
    g_autofree char *port = g_strdup_printf("%g", form(&s, "c-7f3a", "port")->value);
    g_autofree char *count = g_strdup_printf("%g", form(&s, "c-7f3a", "failures")->value);
    const struct plan_exam_value *address = form(&s, "c-7f3a", "intruder")->values->pdata[0];
    g_autofree char *report = g_strdup_printf("@seen\nattacker: %s\n", address->text);
    g_autofree char *small = g_ascii_strdown(secret(&s, "c-7f3a"), -1);
    assert_answer(&s, "c-7f3a", "web", "nginx", "right 0");
    assert_answer(&s, "c-7f3a", "port", "1", "wrong 2");
    assert_answer(&s, "c-7f3a", "port", port, "right 1");
    assert_answer(&s, "c-7f3a", "backup", small, "right 2");
    assert_answer(&s, "c-7f3a", "weak", form(&s, "c-7f3a", "weak")->answer, "right 1");
    assert_answer(&s, "c-7f3a", "root", NULL, "wrong 4");
    s.hardened[0] = true;
    assert_answer(&s, "c-7f3a", "root", NULL, "right 3");
    assert_answer(&s, "c-7f3a", "root", NULL, "right 3 again");
    assert_answer(&s, "c-7f3a", "locked", NULL, "right 4");
    assert_answer(&s, "c-7f3a", "failures", count, "right 2");
    assert_answer(&s, "c-7f3a", "intruder", report, "right 4");
    auto_json mark = mark_of(&s);
    assert_true(json_bool(of_candidate(mark, 0), "passed", false));
    assert_false(json_bool(of_candidate(mark, 1), "passed", true));
    assert_int_equal(json_int(json_object(of_candidate(mark, 0), "total"), "points", 0), 100);
    assert_int_equal((int)score_of(&s, "seat1"), 100);
    rehearsal_close(&s.r);
}

static void each_candidates_machine_holds_its_own_secret_and_variant(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    assert_string_not_equal(secret(&s, "c-7f3a"), secret(&s, "c-19bd"));
    for (guint i = 0; i < s.r.plan->machines->len; i++) {
        const struct plan_machine *machine = s.r.plan->machines->pdata[i];
        const struct plan_exam_seat *seat = s.r.plan->exam->seats->pdata[machine->team];
        g_autofree char *account = g_strdup_printf(" %s",
                ((struct plan_exam_value *)form(&s, seat->id, "weak")->values->pdata[0])->text);
        bool found = false;
        for (guint k = 0; k < machine->host->files->len; k++) {
            const struct plan_file *file = machine->host->files->pdata[k];
            found |= strstr(file->content, secret(&s, seat->id)) != NULL;
        }
        assert_true(found);
        char **useradd = machine->host->setup->pdata[0];
        assert_true(g_str_has_suffix(useradd[2], account));
    }
    rehearsal_close(&s.r);
}

static void the_paper_says_before_the_exam_that_consoles_may_be_recorded(void **state)
{
    (void)state;
    struct sitting s = {0};
    g_autoptr(GError) error = NULL;
    begin(&s);
    auto_json paper = exercise_exam_paper(s.r.exercise, "c-19bd", &error);
    assert_no_error(error);
    assert_non_null(strstr(json_string(paper, "notice", ""), "may be recorded"));
    assert_non_null(strstr(json_string(paper, "notice_zh", ""), "录制"));
    assert_int_equal(cJSON_GetArraySize(json_array(paper, "questions")), 8);
    rehearsal_close(&s.r);
}

static void the_same_answer_again_is_no_attempt_and_no_event(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    assert_answer(&s, "c-19bd", "port", "1", "wrong 2");
    assert_answer(&s, "c-19bd", "port", " 1.0 ", "wrong 2 again");
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 1);
    assert_answer(&s, "c-19bd", "port", "2", "wrong 1");
    assert_answer(&s, "c-19bd", "port", "3", "wrong 0");
    assert_no_answer(&s, "c-19bd", "port", "4", "no attempts");
    assert_answer(&s, "c-19bd", "port", "2", "wrong 0 again");
    rehearsal_close(&s.r);
}

static void while_only_the_clock_stands_no_answer_is_taken(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    assert_true(exercise_pause_clock(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    assert_no_answer(&s, "c-19bd", "port", "1", "the exercise clock stands");
    assert_no_answer(&s, "c-19bd", "intruder", "@attacker: 1.2.3.4\n", "the exercise clock stands");
    assert_no_answer(&s, "c-19bd", "root", NULL, "the exercise clock stands");
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 0);
    assert_true(exercise_resume(s.r.exercise, "test", NULL));
    rehearsal_settle(&s.r);
    assert_answer(&s, "c-19bd", "port", "1", "wrong 2");
    rehearsal_close(&s.r);
}

static void answers_that_are_none_are_refused_and_burn_no_attempt(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    assert_no_answer(&s, "c-19bd", "port", "1", "has not started");
    assert_no_answer(&s, "c-19bd", "intruder", "@attacker: 1.2.3.4\n", "has not started");
    g_autofree char *kept = g_strconcat(s.r.ledger_path, ".answers", NULL);
    assert_false(g_file_test(kept, G_FILE_TEST_EXISTS)); /* what is refused is not kept */
    act(&s, "start", SECOND);
    assert_no_answer(&s, "c-19bd", "port", "many", "number");
    assert_no_answer(&s, "c-19bd", "ports", "1", "did you mean \"port\"");
    assert_no_answer(&s, "c-19bc", "port", "1", "c-19bd");
    assert_no_answer(&s, "c-19bd", "web", "9", "1 to 4");
    assert_no_answer(&s, "c-19bd", "intruder", "text", "@FILE");
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", NULL), 0);
    s.away = true;
    assert_answer(&s, "c-19bd", "root", NULL, "unknown 5");
    rehearsal_close(&s.r);
}

static void the_deadline_follows_from_factor_pauses_and_what_two_persons_add(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", FIRST);
    assert_clock(&s, "c-7f3a", "running", 65 * MINUTE); /* 40 · 1.5 + 5 */
    assert_clock(&s, "c-19bd", "registered", 40 * MINUTE);
    rehearsal_advance(&s.r, MINUTE);
    act(&s, "pause", FIRST);
    rehearsal_advance(&s.r, 2 * MINUTE);
    assert_clock(&s, "c-7f3a", "paused", 64 * MINUTE);
    assert_refused(&s, "pause", FIRST, "paused");
    act(&s, "resume", FIRST);
    gint64 request = act(&s, "extend",
            "{\"candidate\":\"c-7f3a\",\"us\":600000000,\"by\":\"lin\",\"reason\":\"fire alarm\"}");
    assert_clock(&s, "c-7f3a", "running", 64 * MINUTE);
    g_autofree char *own = g_strdup_printf("{\"request\":%d,\"by\":\"lin\"}", (int)request);
    g_autofree char *other = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
    assert_refused(&s, "approve", own, "another person");
    act(&s, "approve", other);
    assert_clock(&s, "c-7f3a", "running", 74 * MINUTE);
    assert_refused(&s, "approve", other, "no request");
    assert_refused(&s, "extend", "{\"candidate\":\"c-7f3a\",\"us\":1}", "reason");
    rehearsal_close(&s.r);
}

static void a_late_answer_is_kept_and_counts_once_the_time_is_credited(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 41 * MINUTE);
    assert_clock(&s, "c-19bd", "over", -MINUTE);
    assert_int_equal(rehearsal_count(&s.r, "exam.over", "seat2"), 1);
    assert_answer(&s, "c-19bd", "web", "nginx", "right 1");
    auto_json before = mark_of(&s);
    assert_int_equal(json_int(json_object(of_candidate(before, 1), "total"), "points", -1), 0);
    gint64 request = act(&s, "extend",
            "{\"candidate\":\"seat2\",\"us\":120000000,\"by\":\"lin\",\"reason\":\"network\"}");
    g_autofree char *other = g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
    act(&s, "approve", other);
    assert_clock(&s, "c-19bd", "running", MINUTE);
    auto_json after = mark_of(&s);
    assert_int_equal(json_int(json_object(of_candidate(after, 1), "total"), "points", -1), 10);
    rehearsal_settle(&s.r);
    assert_int_equal((int)score_of(&s, "seat2"), 10);
    rehearsal_close(&s.r);
}

static void time_without_a_machine_is_given_back_to_the_candidate_it_concerns(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", FIRST);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 10 * MINUTE);
    world_sim_crash(s.r.world, plan_machine_index(s.r.plan, "seat2/server"));
    rehearsal_settle(&s.r);
    assert_clock(&s, "c-19bd", "outage", 30 * MINUTE);
    rehearsal_advance(&s.r, 3 * MINUTE);
    assert_clock(&s, "c-19bd", "outage", 30 * MINUTE);
    g_autoptr(GError) error = NULL;
    assert_true(exercise_reset(s.r.exercise, "seat2/server", "test", &error));
    rehearsal_settle(&s.r);
    assert_clock(&s, "c-19bd", "running", 30 * MINUTE);
    assert_clock(&s, "c-7f3a", "running", 52 * MINUTE);
    auto_json mark = mark_of(&s);
    const cJSON *credit = cJSON_GetArrayItem(
            json_array(json_object(of_candidate(mark, 1), "clock"), "credits"), 0);
    assert_string_equal(json_string(credit, "what", ""), "outage");
    assert_int_equal(json_int(credit, "us", 0), 3 * MINUTE);
    rehearsal_close(&s.r);
}

static void time_without_a_machine_that_was_shut_down_from_within_is_not_given_back(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 10 * MINUTE);
    world_sim_shut_down(s.r.world, plan_machine_index(s.r.plan, "seat2/server"));
    rehearsal_settle(&s.r);
    auto_json alarm = rehearsal_last(&s.r, "alarm.raised", "seat2", "seat2/server");
    assert_string_equal(json_string(alarm, "alarm", ""), "machine-stopped");
    rehearsal_advance(&s.r, 3 * MINUTE);
    assert_clock(&s, "c-19bd", "running", 27 * MINUTE);
    assert_true(exercise_reset(s.r.exercise, "seat2/server", "test", NULL));
    rehearsal_settle(&s.r);
    auto_json cleared = rehearsal_last(&s.r, "alarm.cleared", "seat2", "seat2/server");
    assert_string_equal(json_string(cleared, "alarm", ""), "machine-stopped");
    rehearsal_close(&s.r);
}

static void anothers_secret_is_told_and_nobody_is_judged(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", FIRST);
    act(&s, "start", SECOND);
    assert_answer(&s, "c-19bd", "backup", secret(&s, "c-7f3a"), "wrong 2");
    assert_answer(&s, "c-19bd", "backup", "EXAM-AAAAAAAAAAAAAAAA", "wrong 1");
    assert_answer(&s, "c-7f3a", "port", "4444", "wrong 2");
    assert_answer(&s, "c-19bd", "backup", secret(&s, "c-19bd"), "right 0");
    auto_json body = rehearsal_last(&s.r, "exam.answered", "seat2", "backup");
    assert_null(json_string(body, "owner", NULL));
    struct exam *exam = exam_new();
    struct ledger_reader *reader = ledger_reader_open(s.r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        exam_apply(exam, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    auto_json evidence = exam_evidence(exam);
    exam_free(exam);
    const cJSON *list = json_array(evidence, "findings");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    const cJSON *first = cJSON_GetArrayItem(list, 0);
    assert_string_equal(json_string(first, "what", ""), "anothers-secret");
    assert_string_equal(json_string(first, "candidate", ""), "c-19bd");
    assert_string_equal(json_string(first, "other", ""), "c-7f3a");
    assert_string_equal(json_string(cJSON_GetArrayItem(list, 1), "what", ""), "never-issued");
    auto_json mark = mark_of(&s); /* the right one still counts: people decide */
    assert_int_equal(json_int(json_object(of_candidate(mark, 1), "total"), "points", -1), 15);
    rehearsal_close(&s.r);
}

/* A second engine goes on with a copy of the first one's ledger; the power was cut. */
static void go_on(struct sitting *first, struct sitting *second)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct rehearsal *r = &second->r;
    r->dir = test_mkdtemp();
    r->ledger_path = g_build_filename(r->dir, "test.ledger", NULL);
    struct ledger *copy = ledger_create(r->ledger_path, &error);
    struct ledger_reader *reader = ledger_reader_open(first->r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        ledger_append(copy, event, NULL, NULL);
    }
    ledger_reader_close(reader);
    ledger_close(copy);
    rehearsal_close(&first->r);
    r->script = script_load(
            SANDTABLE_SOURCE_DIR "/scenarios/exam-foundations", &r->plan, problems, &error);
    assert_true(plan_expand(r->plan, 0, &error));
    assign(r->plan);
    struct resume *resume = resume_read(r->ledger_path, &error);
    assert_true(resume_plan_fits(resume, r->plan, &error));
    r->ledger = ledger_open(r->ledger_path, &error);
    r->clock = clock_new_virtual();
    const struct world_sim_hooks hooks = {.data = second, .exec = on_exec};
    r->world = world_sim_new(r->plan, &hooks);
    const struct exercise_options options = {
            .plan = r->plan,
            .script = r->script,
            .world = r->world,
            .clock = r->clock,
            .ledger = r->ledger,
            .ledger_path = r->ledger_path,
            .accel = "simulated",
    };
    r->exercise = exercise_new(&options);
    g_autofree enum world_begin *begin = resume_begin(resume, r->plan);
    for (guint i = 0; i < r->plan->machines->len; i++) {
        begin[i] = WORLD_FRESH;
    }
    r->world->begin = begin;
    exercise_recover(r->exercise, resume, rehearsal_on_end, r);
    rehearsal_settle(r);
    r->world->begin = NULL;
}

static void an_exam_goes_on_after_its_engine_was_killed(void **state)
{
    (void)state;
    struct sitting s = {0};
    struct sitting again = {0};
    begin(&s);
    act(&s, "start", FIRST);
    act(&s, "start", SECOND);
    assert_answer(&s, "c-7f3a", "port", "1", "wrong 2");
    assert_answer(&s, "c-7f3a", "web", "nginx", "right 0");
    rehearsal_advance(&s.r, 5 * MINUTE);
    act(&s, "pause", SECOND);
    rehearsal_advance(&s.r, MINUTE);
    g_autofree char *first = g_strdup(secret(&s, "c-7f3a"));
    go_on(&s, &again);
    assert_string_equal(secret(&again, "c-7f3a"), first);
    assert_clock(&again, "c-7f3a", "running", 59 * MINUTE);
    assert_clock(&again, "c-19bd", "paused", 35 * MINUTE);
    assert_answer(&again, "c-7f3a", "port", "1", "wrong 2 again");
    assert_answer(&again, "c-7f3a", "port", "2", "wrong 1");
    act(&again, "resume", SECOND);
    rehearsal_advance(&again.r, 36 * MINUTE);
    assert_int_equal(rehearsal_count(&again.r, "exam.over", "seat2"), 1);
    assert_int_equal(rehearsal_count(&again.r, "grade.given", "seat1"), 1); /* not once more */
    rehearsal_close(&again.r);
}

static void the_engine_that_goes_on_looks_where_the_killed_one_did_not_and_only_there(void **state)
{
    (void)state;
    struct sitting s = {0};
    struct sitting again = {.hardened = {true, true}};
    begin(&s);
    act(&s, "start", FIRST);
    act(&s, "start", SECOND);
    rehearsal_advance(&s.r, 41 * MINUTE);
    rehearsal_settle(&s.r);
    assert_int_equal(rehearsal_count(&s.r, "exam.answered", "seat2"), 2);
    go_on(&s, &again);
    rehearsal_advance(&again.r, 25 * MINUTE);
    rehearsal_settle(&again.r);
    assert_int_equal(rehearsal_count(&again.r, "exam.answered", "seat2"), 2);
    assert_int_equal(rehearsal_count(&again.r, "exam.answered", "seat1"), 2);
    assert_int_equal(points_of(&again, 0), 30);
    assert_int_equal(points_of(&again, 1), 0);
    rehearsal_close(&again.r);
}

static void who_has_handed_in_answers_no_more(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    act(&s, "start", FIRST);
    act(&s, "hand-in", FIRST);
    assert_no_answer(&s, "c-7f3a", "web", "nginx", "handed in");
    assert_refused(&s, "start", FIRST, "handed-in");
    assert_refused(&s, "dance", FIRST, "action is");
    rehearsal_close(&s.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_candidate_who_knows_it_all_passes_and_the_score_agrees),
            cmocka_unit_test(each_candidates_machine_holds_its_own_secret_and_variant),
            cmocka_unit_test(the_paper_says_before_the_exam_that_consoles_may_be_recorded),
            cmocka_unit_test(the_same_answer_again_is_no_attempt_and_no_event),
            cmocka_unit_test(while_only_the_clock_stands_no_answer_is_taken),
            cmocka_unit_test(answers_that_are_none_are_refused_and_burn_no_attempt),
            cmocka_unit_test(the_deadline_follows_from_factor_pauses_and_what_two_persons_add),
            cmocka_unit_test(a_late_answer_is_kept_and_counts_once_the_time_is_credited),
            cmocka_unit_test(time_without_a_machine_is_given_back_to_the_candidate_it_concerns),
            cmocka_unit_test(
                    time_without_a_machine_that_was_shut_down_from_within_is_not_given_back),
            cmocka_unit_test(anothers_secret_is_told_and_nobody_is_judged),
            cmocka_unit_test(an_exam_goes_on_after_its_engine_was_killed),
            cmocka_unit_test(who_has_handed_in_answers_no_more),
            cmocka_unit_test(
                    the_engine_that_goes_on_looks_where_the_killed_one_did_not_and_only_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
