/* test_exam.c - the shipped exam, played by two candidates on the simulated world. */
#include "scenario/rehearsal.h"

#include "plan/exam.h"
#include "score/exam.h"

#define MINUTE (60 * (gint64)G_USEC_PER_SEC)

static const unsigned char key[PLAN_EXAM_KEY] = {1, 2, 3};

struct sitting {
    struct rehearsal r;
    bool hardened[2]; /* what a look at the candidate's machine sees */
    bool away;        /* the machines do not answer */
};

static void assign(struct plan *plan)
{
    g_autoptr(GError) error = NULL;
    static const char text[] =
            "{\"candidates\":[{\"id\":\"c-7f3a\",\"factor\":1.5,\"extra\":\"5m\"},"
            "{\"id\":\"c-19bd\"}]}";
    auto_json roster = plan_exam_roster_parse(text, strlen(text), &error);
    assert_no_error(error);
    const struct plan_exam_ask ask = {.key = key, .nonce = "00ff", .roster = roster};
    plan_exam_assign(plan, &ask, &error);
    assert_no_error(error);
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    const struct sitting *s = data;
    const struct plan_machine *of = s->r.plan->machines->pdata[machine];
    (void)err;
    if (s->away) {
        return -1;
    }
    bool hardened = s->hardened[of->team];
    *out = g_strdup(!hardened                   ? "644\n"
                    : !strcmp(argv[0], "stat") ? "600\n"
                                               : "closed\n");
    return 0;
}

static void begin(struct sitting *s)
{
    const struct world_sim_hooks hooks = {.data = s, .exec = on_exec};
    s->r.expanded = assign;
    rehearsal_open(&s->r, SANDTABLE_SOURCE_DIR "/scenarios/exam-foundations", &hooks);
}

struct heard {
    cJSON *result;
    char *error;
    bool done;
};

static void on_heard(cJSON *result, const GError *error, gpointer data)
{
    struct heard *heard = data;
    heard->result = result;
    heard->error = error ? g_strdup(error->message) : NULL;
    heard->done = true;
}

static cJSON *wait_for(struct sitting *s, struct heard *heard)
{
    for (int i = 0; i < 100 && !heard->done; i++) {
        rehearsal_settle(&s->r);
    }
    assert_true(heard->done);
    if (heard->error) {
        fail_msg("%s", heard->error);
    }
    return heard->result;
}

/* {"action": …} with one more member. */
static cJSON *act_with(struct sitting *s, const char *action, const char *json, GError **error)
{
    auto_json params = cJSON_Parse(json);
    struct heard heard = {0};
    assert_non_null(params);
    if (!exercise_exam(s->r.exercise, action, params, "test", on_heard, &heard, error)) {
        return NULL;
    }
    return wait_for(s, &heard);
}

static gint64 act(struct sitting *s, const char *action, const char *json)
{
    g_autoptr(GError) error = NULL;
    auto_json result = act_with(s, action, json, &error);
    assert_no_error(error);
    return json_int(result, "seq", 0);
}

static void assert_refused(struct sitting *s, const char *action, const char *json, const char *why)
{
    g_autoptr(GError) error = NULL;
    auto_json result = act_with(s, action, json, &error);
    assert_null(result);
    if (!strstr(error->message, why)) {
        fail_msg("%s", error->message);
    }
}

static cJSON *answer_with(struct sitting *s, const char *candidate, const char *question,
        const char *text, GError **error)
{
    bool file = text && text[0] == '@';
    const struct exercise_answer answer = {
            .candidate = candidate,
            .question = question,
            .who = "test",
            .text = file ? NULL : text,
            .bytes = file ? text + 1 : NULL,
            .length = file ? strlen(text + 1) : 0,
    };
    struct heard heard = {0};
    return exercise_answer(s->r.exercise, &answer, on_heard, &heard, error) ? wait_for(s, &heard)
                                                                            : NULL;
}

/* The reply as text: "right 2 again". */
static void assert_answer(struct sitting *s, const char *candidate, const char *question,
        const char *text, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    auto_json result = answer_with(s, candidate, question, text, &error);
    assert_no_error(error);
    const cJSON *ok = cJSON_GetObjectItem(result, "ok");
    g_autofree char *is = g_strdup_printf("%s %d%s",
            cJSON_IsNull(ok) ? "unknown" : cJSON_IsTrue(ok) ? "right" : "wrong",
            (int)json_int(result, "attempts_left", -1),
            json_bool(result, "again", false) ? " again" : "");
    assert_string_equal(is, wanted);
}

static void assert_no_answer(struct sitting *s, const char *candidate, const char *question,
        const char *text, const char *why)
{
    g_autoptr(GError) error = NULL;
    auto_json result = answer_with(s, candidate, question, text, &error);
    assert_null(result);
    if (!strstr(error->message, why)) {
        fail_msg("%s", error->message);
    }
}

static void assert_clock(const struct sitting *s, const char *candidate, const char *state,
        gint64 left_us)
{
    auto_json status = exercise_exam_status(s->r.exercise, NULL);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(status, "candidates"))
    {
        if (!strcmp(json_string(item, "candidate", ""), candidate)) {
            assert_string_equal(json_string(item, "state", ""), state);
            assert_int_equal(json_int(item, "left_us", 0), left_us);
            return;
        }
    }
    fail_msg("no candidate %s", candidate);
}

static const struct plan_exam_form *form(
        const struct sitting *s, const char *candidate, const char *question)
{
    return plan_exam_form_of(s->r.plan->exam, plan_exam_seat(s->r.plan, candidate),
            plan_exam_question_index(s->r.plan->exam, question));
}

static const char *secret(const struct sitting *s, const char *candidate)
{
    return plan_exam_seat(s->r.plan, candidate)
            ->secrets->pdata[plan_exam_question_index(s->r.plan->exam, "backup")];
}

/* The mark from the ledger alone, twice; both texts are the same. */
static cJSON *mark_of(const struct sitting *s)
{
    char *texts[2] = {0};
    for (int i = 0; i < 2; i++) {
        struct exam *exam = exam_new();
        struct ledger_reader *reader = ledger_reader_open(s->r.ledger_path, NULL);
        struct event *event = NULL;
        while (ledger_reader_next(reader, &event, NULL) == 1) {
            exam_apply(exam, event);
            event_free(event);
        }
        ledger_reader_close(reader);
        auto_json mark = exam_mark(exam, NULL);
        texts[i] = json_text(mark);
        exam_free(exam);
    }
    assert_string_equal(texts[0], texts[1]);
    cJSON *mark = cJSON_Parse(texts[0]);
    g_free(texts[0]);
    g_free(texts[1]);
    return mark;
}

static const cJSON *of_candidate(const cJSON *mark, int index)
{
    return cJSON_GetArrayItem(json_array(mark, "candidates"), index);
}

static double score_of(const struct sitting *s, const char *team)
{
    auto_json score = exercise_score(s->r.exercise, false);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(score, "teams"))
    {
        if (!strcmp(json_string(item, "team", ""), team)) {
            return json_number(json_object(item, "columns"), "objectives", -1);
        }
    }
    return -1;
}

#define FIRST "{\"candidate\":\"c-7f3a\"}"
#define SECOND "{\"candidate\":\"c-19bd\"}"

/* ---- tests --------------------------------------------------------------------------------- */

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
        const struct plan_file *backup = NULL;
        for (guint k = 0; k < machine->host->files->len; k++) {
            const struct plan_file *file = machine->host->files->pdata[k];
            backup = !strcmp(file->path, "/var/backups/office.txt") ? file : backup;
        }
        assert_non_null(strstr(backup->content, secret(&s, seat->id)));
        char **useradd = machine->host->setup->pdata[0];
        assert_true(g_str_has_suffix(useradd[2], account));
    }
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

static void answers_that_are_none_are_refused_and_burn_no_attempt(void **state)
{
    (void)state;
    struct sitting s = {0};
    begin(&s);
    assert_no_answer(&s, "c-19bd", "port", "1", "has not started");
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
    g_autofree char *own =
            g_strdup_printf("{\"request\":%d,\"by\":\"lin\"}", (int)request);
    g_autofree char *other =
            g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
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
    g_autofree char *other =
            g_strdup_printf("{\"request\":%d,\"by\":\"wang\"}", (int)request);
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
    assert_string_equal(
            json_string(cJSON_GetArrayItem(list, 1), "what", ""), "never-issued");
    auto_json mark = mark_of(&s); /* the right one still counts: people decide */
    assert_int_equal(json_int(json_object(of_candidate(mark, 1), "total"), "points", -1), 15);
    rehearsal_close(&s.r);
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
            cmocka_unit_test(the_same_answer_again_is_no_attempt_and_no_event),
            cmocka_unit_test(answers_that_are_none_are_refused_and_burn_no_attempt),
            cmocka_unit_test(the_deadline_follows_from_factor_pauses_and_what_two_persons_add),
            cmocka_unit_test(a_late_answer_is_kept_and_counts_once_the_time_is_credited),
            cmocka_unit_test(time_without_a_machine_is_given_back_to_the_candidate_it_concerns),
            cmocka_unit_test(anothers_secret_is_told_and_nobody_is_judged),
            cmocka_unit_test(who_has_handed_in_answers_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
