/* sitting.h - the shipped exam with two candidates on the simulated world, for test_exam*.c. */
#pragma once

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

G_GNUC_UNUSED static void assign(struct plan *plan)
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

G_GNUC_UNUSED static int on_exec(
        gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    const struct sitting *s = data;
    const struct plan_machine *of = s->r.plan->machines->pdata[machine];
    (void)err;
    if (s->away) {
        return -1;
    }
    bool hardened = s->hardened[of->team];
    *out = g_strdup(!hardened ? "644\n" : !strcmp(argv[0], "stat") ? "600\n" : "closed\n");
    return 0;
}

G_GNUC_UNUSED static void begin(struct sitting *s)
{
    const struct world_sim_hooks hooks = {.data = s, .exec = on_exec};
    if (!s->r.expanded) {
        s->r.expanded = assign;
    }
    rehearsal_open(&s->r, SANDTABLE_SOURCE_DIR "/scenarios/exam-foundations", &hooks);
}

struct heard {
    cJSON *result;
    char *error;
    bool done;
};

G_GNUC_UNUSED static void on_heard(cJSON *result, const GError *error, gpointer data)
{
    struct heard *heard = data;
    heard->result = result;
    heard->error = error ? g_strdup(error->message) : NULL;
    heard->done = true;
}

G_GNUC_UNUSED static cJSON *wait_for(struct sitting *s, struct heard *heard)
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
G_GNUC_UNUSED static cJSON *act_with(
        struct sitting *s, const char *action, const char *json, GError **error)
{
    auto_json params = cJSON_Parse(json);
    struct heard heard = {0};
    assert_non_null(params);
    if (!exercise_exam(s->r.exercise, action, params, "test", on_heard, &heard, error)) {
        return NULL;
    }
    return wait_for(s, &heard);
}

G_GNUC_UNUSED static gint64 act(struct sitting *s, const char *action, const char *json)
{
    g_autoptr(GError) error = NULL;
    auto_json result = act_with(s, action, json, &error);
    assert_no_error(error);
    return json_int(result, "seq", 0);
}

G_GNUC_UNUSED static void assert_refused(
        struct sitting *s, const char *action, const char *json, const char *why)
{
    g_autoptr(GError) error = NULL;
    auto_json result = act_with(s, action, json, &error);
    assert_null(result);
    if (!strstr(error->message, why)) {
        fail_msg("%s", error->message);
    }
}

G_GNUC_UNUSED static cJSON *answer_with(struct sitting *s, const char *candidate,
        const char *question, const char *text, GError **error)
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
G_GNUC_UNUSED static void assert_answer(struct sitting *s, const char *candidate,
        const char *question, const char *text, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    auto_json result = answer_with(s, candidate, question, text, &error);
    assert_no_error(error);
    const cJSON *ok = cJSON_GetObjectItem(result, "ok");
    g_autofree char *is = g_strdup_printf("%s %d%s",
            cJSON_IsNull(ok)   ? "unknown"
            : cJSON_IsTrue(ok) ? "right"
                               : "wrong",
            (int)json_int(result, "attempts_left", -1),
            json_bool(result, "again", false) ? " again" : "");
    assert_string_equal(is, wanted);
}

G_GNUC_UNUSED static void assert_no_answer(struct sitting *s, const char *candidate,
        const char *question, const char *text, const char *why)
{
    g_autoptr(GError) error = NULL;
    auto_json result = answer_with(s, candidate, question, text, &error);
    assert_null(result);
    if (!strstr(error->message, why)) {
        fail_msg("%s", error->message);
    }
}

G_GNUC_UNUSED static void assert_clock(
        const struct sitting *s, const char *candidate, const char *state, gint64 left_us)
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

G_GNUC_UNUSED static const struct plan_exam_form *form(
        const struct sitting *s, const char *candidate, const char *question)
{
    return plan_exam_form_of(s->r.plan->exam, plan_exam_seat(s->r.plan, candidate),
            plan_exam_question_index(s->r.plan->exam, question));
}

G_GNUC_UNUSED static const char *secret(const struct sitting *s, const char *candidate)
{
    return plan_exam_seat(s->r.plan, candidate)
            ->secrets->pdata[plan_exam_question_index(s->r.plan->exam, "backup")];
}

/* The mark from the ledger alone, twice; both texts are the same. */
G_GNUC_UNUSED static cJSON *mark_of(const struct sitting *s)
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

G_GNUC_UNUSED static const cJSON *of_candidate(const cJSON *mark, int index)
{
    return cJSON_GetArrayItem(json_array(mark, "candidates"), index);
}

G_GNUC_UNUSED static double score_of(const struct sitting *s, const char *team)
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

G_GNUC_UNUSED static int points_of(const struct sitting *s, int candidate)
{
    auto_json mark = mark_of(s);
    return (int)json_int(json_object(of_candidate(mark, candidate), "total"), "points", -1);
}

#define FIRST "{\"candidate\":\"c-7f3a\"}"
#define SECOND "{\"candidate\":\"c-19bd\"}"
