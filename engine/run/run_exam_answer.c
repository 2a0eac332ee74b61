/* run_exam_answer.c - a candidate's answers: read, looked at outside of the candidate's reach,
 * recorded.
 *
 * What an answer is recorded with is enough to mark it again: the digest, the answer as it is
 * compared (but of files, whose bytes are kept beside the ledger under their digest), and what the
 * look at it said. Hostile input.
 */
#include "run/run_exam.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX 200
#define ANSWERS_MAX 2000 /* of a candidate */

struct submission {
    const struct plan_exam_seat *seat;
    int question;
    const struct plan_exam_question *plan;
    const struct plan_exam_form *form;
    enum plan_exam_kind kind;
    char *normal, *digest; /* normal NULL: a file */
    int ok;
};

static void submission_clear(struct submission *s)
{
    g_free(s->normal);
    g_free(s->digest);
}

static bool usage(GError **error, const char *what)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, what);
    return false;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* The number of a choice as this candidate sees them, or its text. */
static bool read_choice(const struct exercise *exercise, struct submission *s, GError **error)
{
    g_autoptr(GPtrArray) choices = plan_exam_choices(exercise->options.plan, s->seat, s->question);
    char *end = NULL;
    guint64 number = g_ascii_strtoull(s->normal, &end, 10);
    bool is_number = end != s->normal && !*end;
    for (guint i = 0; i < choices->len; i++) {
        const char *text = choices->pdata[i];
        if (!strcmp(text, s->normal) || (is_number && number == i + 1)) {
            g_autofree char *chosen = g_strdup(text);
            g_free(s->normal);
            s->normal = g_steal_pointer(&chosen);
            s->ok = !strcmp(s->normal, s->form->answer);
            return true;
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
            "%s is answered by a number from 1 to %u, or by the text of a choice", s->plan->name,
            choices->len);
    return false;
}

static bool read_value(struct submission *s, GError **error)
{
    char *end = NULL;
    double value = g_ascii_strtod(s->normal, &end);
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (end == s->normal || *end || !isfinite(value)) {
        return usage(error, "a number is wanted, such as 42 or 3.5");
    }
    g_free(s->normal);
    s->normal = g_strdup(g_ascii_formatd(text, sizeof text, "%.15g", value));
    double tolerance = isnan(s->form->tolerance) ? 0 : s->form->tolerance;
    s->ok = fabs(value - s->form->value) <= tolerance;
    return true;
}

static bool read_text(
        const struct exercise *exercise, struct submission *s, const char *text, GError **error)
{
    if (!text || strlen(text) > TEXT_MAX || !g_utf8_validate(text, -1, NULL)) {
        return usage(error, "an answer is a text of at most 200 bytes");
    }
    g_autofree char *clean = text_clean_tail(text, strlen(text), TEXT_MAX);
    s->normal = plan_exam_normal(s->kind, clean);
    if (!*s->normal) {
        return usage(error, "the answer is empty");
    }
    bool ok = true;
    if (s->kind == PLAN_EXAM_CHOICE) {
        ok = read_choice(exercise, s, error);
    } else if (s->kind == PLAN_EXAM_VALUE) {
        ok = read_value(s, error);
    } else {
        s->ok = !g_strcmp0(s->normal, s->seat->secrets->pdata[s->question]);
    }
    s->digest = ok ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, s->normal, -1) : NULL;
    return ok;
}

/* The bytes stay beside the ledger: examiners look at them, and marks are made anew from them. */
static bool keep_file(const struct exercise *exercise, const struct submission *s,
        const char *bytes, gsize length, GError **error)
{
    g_autofree char *folder = g_strconcat(exercise->ledger_path, ".answers", NULL);
    g_autofree char *path = g_build_filename(folder, s->digest, NULL);
    return paths_make(folder, error) &&
           g_file_set_contents_full(path, bytes, (gssize)length,
                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

static bool read_file(struct submission *s, const struct exercise_answer *answer, GError **error)
{
    if (!answer->bytes) {
        return usage(error, "this question is answered by a file: give @FILE");
    }
    if (answer->length > PLAN_EXAM_FILE_MAX) {
        return usage(error, "a file has at most 512 KiB");
    }
    s->digest = g_compute_checksum_for_data(
            G_CHECKSUM_SHA256, (const guchar *)answer->bytes, answer->length);
    if (s->form->sha256) {
        s->ok = !strcmp(s->digest, s->form->sha256);
    } else {
        g_autoptr(GError) why = NULL;
        g_autoptr(GRegex) regex =
                g_regex_new(s->form->pattern, G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
        bool met = regex && g_regex_match_full(
                                    regex, answer->bytes, (gssize)answer->length, 0, 0, NULL, &why);
        s->ok = why ? -1 : met; /* it took too long: nobody knows */
    }
    return true;
}

/* ---- recording ----------------------------------------------------------------------------- */

static struct event *answer_event(
        struct exercise *exercise, const struct submission *s, const char *by, gsize size)
{
    cJSON *body = cJSON_CreateObject();
    const char *question = NULL;
    const char *owner = *s->digest ? exam_owner(exercise->exam->fold, s->digest, &question) : NULL;
    cJSON_AddStringToObject(body, "candidate", s->seat->id);
    cJSON_AddStringToObject(body, "kind", plan_exam_kind_name(s->kind));
    cJSON_AddStringToObject(body, "digest", s->digest);
    if (s->normal) {
        cJSON_AddStringToObject(body, "given", s->normal);
    } else if (s->kind == PLAN_EXAM_FILE) {
        json_add_int(body, "size", (gint64)size);
    }
    if (s->ok >= 0) {
        cJSON_AddBoolToObject(body, "ok", s->ok == 1);
    } else {
        cJSON_AddNullToObject(body, "ok");
    }
    if (owner && strcmp(owner, s->seat->id) != 0) {
        cJSON_AddStringToObject(body, "owner", owner);
        cJSON_AddStringToObject(body, "issued_for", question);
    }
    cJSON_AddStringToObject(body, "by", by);
    return run_event(exercise, "exam.answered", s->seat->team, s->plan->name, body);
}

/* What the candidate is told beside whether it was right. */
static cJSON *reply_of(const struct exercise *exercise, const struct plan_exam_seat *seat,
        int question, gint64 seq)
{
    const struct plan_exam_question *plan =
            exercise->options.plan->exam->questions->pdata[question];
    struct exam_clock clock = run_exam_clock(exercise, seat);
    cJSON *result = cJSON_CreateObject();
    json_add_int(result, "seq", seq);
    cJSON_AddStringToObject(result, "question", plan->name);
    cJSON_AddStringToObject(result, "state", exam_state_name(clock.state));
    json_add_int(result, "left_us", clock.left_us);
    if (plan->attempts > 0) {
        int used = exam_attempts(exercise->exam->fold, seat->id, plan->name);
        json_add_int(result, "attempts_left", MAX(plan->attempts - used, 0));
    }
    return result;
}

static void add_ok(const struct exercise *exercise, cJSON *result, int ok)
{
    if (ok < 0) {
        cJSON_AddNullToObject(result, "ok");
    } else if (exercise->options.plan->exam->feedback) {
        cJSON_AddBoolToObject(result, "ok", ok == 1);
    }
}

cJSON *run_exam_answered(const struct run_exam_call *call, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(body, "ok");
    cJSON *result = reply_of(call->exercise, call->seat, call->question, event->seq);
    cJSON_AddFalseToObject(result, "again");
    add_ok(call->exercise, result, cJSON_IsBool(ok) ? cJSON_IsTrue(ok) : -1);
    return result;
}

/* ---- the effect of what was done on a machine ---------------------------------------------- */

struct event *run_exam_seen(struct exercise *exercise, const struct run_exam_look *look,
        enum run_truth truth, cJSON *evidence)
{
    const struct plan_exam_question *question =
            exercise->options.plan->exam->questions->pdata[look->question];
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "candidate", look->seat->id);
    cJSON_AddStringToObject(body, "kind", plan_exam_kind_name(PLAN_EXAM_EFFECT));
    cJSON_AddStringToObject(body, "digest", "");
    if (truth == TRUTH_FAULT) {
        cJSON_AddNullToObject(body, "ok");
    } else {
        cJSON_AddBoolToObject(body, "ok", truth == TRUTH_YES);
    }
    json_add_int(body, "clock_us", look->clock_us);
    if (look->last) {
        cJSON_AddTrueToObject(body, "last");
    }
    cJSON_AddStringToObject(body, "by", look->by);
    cJSON_AddItemToObject(body, "evidence", evidence);
    return run_event(exercise, "exam.answered", look->seat->team, question->name, body);
}

static void on_effect(enum run_truth truth, cJSON *evidence, gpointer data)
{
    struct run_exam_call *call = data;
    struct exercise *exercise = call->exercise;
    if (exercise->ending) {
        g_autoptr(GError) error =
                g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ended");
        cJSON_Delete(evidence);
        run_exam_call_end(call, NULL, error);
        return;
    }
    const struct run_exam_look look = {
            .seat = call->seat,
            .question = call->question,
            .clock_us = call->clock_us,
            .by = call->by,
    };
    run_exam_record(call, run_exam_seen(exercise, &look, truth, evidence));
}

/* ---- the call ------------------------------------------------------------------------------ */

/* An answer under way is an attempt, too: it may yet be one when it is on the disk. */
static int under_way(const struct exercise *exercise, const struct submission *s, bool *ret_same)
{
    int n = 0;
    for (guint i = 0; i < exercise->exam->calls->len; i++) {
        const struct run_exam_call *call = exercise->exam->calls->pdata[i];
        if (call->seat == s->seat && call->question == s->question) {
            n++;
            *ret_same |= s->kind == PLAN_EXAM_EFFECT || !g_strcmp0(call->digest, s->digest);
        }
    }
    return n;
}

static bool may_answer(const struct exercise *exercise, const struct submission *s, GError **error)
{
    struct exam_clock clock = run_exam_clock(exercise, s->seat);
    const struct exam *fold = exercise->exam->fold;
    bool same = false;
    int used = exam_attempts(fold, s->seat->id, s->plan->name) + under_way(exercise, s, &same);
    bool stands = clock.state == EXAM_PAUSED || exercise->state == EXERCISE_PAUSED;
    const char *why = NULL;
    if (exercise->state == EXERCISE_PAUSED && exercise->clock_only) {
        why = "the exercise clock stands, and nothing is scored: answer when it runs again";
    } else if (clock.state == EXAM_REGISTERED) {
        why = "the exam has not started for this candidate";
    } else if (clock.state == EXAM_HANDED_IN) {
        why = "this candidate has handed in";
    } else if (s->kind == PLAN_EXAM_EFFECT && stands) {
        why = "nothing is looked at while the clock stands";
    } else if (same) {
        why = "the same is being recorded already";
    } else if (s->plan->attempts > 0 && used >= s->plan->attempts) {
        why = "no attempts are left for this question";
    } else if (exam_answers(fold, s->seat->id) >= ANSWERS_MAX) {
        why = "too many answers";
    }
    if (why) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, why);
    }
    return !why;
}

static bool find_question(
        const struct exercise *exercise, const char *name, struct submission *s, GError **error)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    s->question = plan_exam_question_index(plan, name ? name : "");
    if (s->question < 0) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (guint i = 0; i < plan->questions->len; i++) {
            g_ptr_array_add(
                    names, ((const struct plan_exam_question *)plan->questions->pdata[i])->name);
        }
        g_ptr_array_add(names, NULL);
        g_autofree char *hint =
                text_did_you_mean(name ? name : "", (const char *const *)names->pdata);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no question \"%.60s\"%s; `sandtable exam paper` shows them", name ? name : "",
                hint);
        return false;
    }
    s->plan = plan->questions->pdata[s->question];
    s->form = plan_exam_form_of(plan, s->seat, s->question);
    s->kind = plan_exam_form_kind(s->form);
    return true;
}

struct repeat { /* the same answer again: told what it was told before */
    struct run_exam_call *call;
    gint64 seq;
    int ok;
};

static gboolean tell_again(gpointer data)
{
    const struct repeat *repeat = data;
    struct run_exam_call *call = repeat->call;
    call->idle = 0;
    cJSON *result = reply_of(call->exercise, call->seat, call->question, repeat->seq);
    cJSON_AddTrueToObject(result, "again");
    add_ok(call->exercise, result, repeat->ok);
    run_exam_call_end(call, result, NULL);
    return G_SOURCE_REMOVE;
}

static bool begin(struct exercise *exercise, const struct exercise_answer *answer,
        struct submission *s, exercise_json_fn done, gpointer data, GError **error)
{
    struct repeat again = {0};
    if (s->kind == PLAN_EXAM_EFFECT) {
        s->digest = g_strdup("");
    } else if (!(s->kind == PLAN_EXAM_FILE ? read_file(s, answer, error)
                                           : read_text(exercise, s, answer->text, error))) {
        return false;
    }
    if (s->kind == PLAN_EXAM_EFFECT) { /* what was seen once need not be seen again */
        again.seq = exam_right(exercise->exam->fold, s->seat->id, s->plan->name);
        again.ok = 1;
    } else {
        again.seq =
                exam_same(exercise->exam->fold, s->seat->id, s->plan->name, s->digest, &again.ok);
    }
    if (again.seq == 0 &&
            (!may_answer(exercise, s, error) ||
                    (s->kind == PLAN_EXAM_FILE &&
                            !keep_file(exercise, s, answer->bytes, answer->length, error)))) {
        return false;
    }
    struct run_exam_call *call = run_exam_call_new(exercise, done, data);
    call->seat = s->seat;
    call->question = s->question;
    call->digest = g_strdup(s->digest);
    call->by = g_strdup(answer->who);
    if (again.seq > 0) {
        again.call = call;
        call->idle = g_idle_add_full(
                G_PRIORITY_DEFAULT, tell_again, g_memdup2(&again, sizeof again), g_free);
    } else if (s->kind == PLAN_EXAM_EFFECT) {
        const struct predicate_scope scope = {.exercise = exercise, .team = s->seat->team};
        call->clock_us = run_exam_clock(exercise, s->seat).elapsed_us;
        run_predicate_ask(&scope, s->form->effect, on_effect, call);
    } else {
        run_exam_record(call, answer_event(exercise, s, answer->who, answer->length));
    }
    return true;
}

bool exercise_answer(struct exercise *exercise, const struct exercise_answer *answer,
        exercise_json_fn done, gpointer data, GError **error)
{
    struct submission s = {.seat = run_exam_seat(exercise, answer->candidate, error)};
    if (!s.seat || !find_question(exercise, answer->question, &s, error)) {
        return false;
    }
    if (exercise->ending ||
            (exercise->state != EXERCISE_RUNNING && exercise->state != EXERCISE_PAUSED)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot answer: the exercise is %s", exercise_state_name(exercise->state));
        return false;
    }
    bool ok = begin(exercise, answer, &s, done, data, error);
    submission_clear(&s);
    return ok;
}

/* ---- the paper, and how far everybody is --------------------------------------------------- */

/* Anybody may record a console (`console --record`), so it is said before the exam, not when it is
 * too late to refuse. */
static const char recording_notice[] =
        "Consoles of your machines may be recorded, with their times; the record has the digest of "
        "each recording. Your answers are kept with the time at which they came.";
static const char recording_notice_zh[] =
        "您的机器的控制台可能会被录制(含时间),"
        "账本中保存每份录像的摘要。您的答案连同提交时间一并保存。";

cJSON *exercise_exam_paper(const struct exercise *exercise, const char *candidate, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    const struct plan_exam_seat *seat = run_exam_seat(exercise, candidate, error);
    if (!seat) {
        return NULL;
    }
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "title", plan->title);
    cJSON_AddStringToObject(out, "briefing", plan->briefing);
    cJSON_AddStringToObject(out, "candidate", seat->id);
    cJSON_AddStringToObject(out, "team", run_team_id(exercise, seat->team));
    json_add_int(out, "pass", plan->exam->pass);
    cJSON_AddStringToObject(out, "notice", recording_notice);
    cJSON_AddStringToObject(out, "notice_zh", recording_notice_zh);
    cJSON *list = cJSON_AddArrayToObject(out, "questions");
    for (guint i = 0; i < plan->exam->questions->len; i++) {
        const struct plan_exam_question *question = plan->exam->questions->pdata[i];
        const struct plan_exam_form *form = plan_exam_form_of(plan->exam, seat, (int)i);
        g_autoptr(GPtrArray) choices = plan_exam_choices(plan, seat, (int)i);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "question", question->name);
        cJSON_AddStringToObject(item, "title", question->title ? question->title : question->name);
        cJSON_AddStringToObject(item, "ask", form->ask);
        cJSON_AddStringToObject(item, "kind", plan_exam_kind_name(plan_exam_form_kind(form)));
        json_add_int(item, "points", question->points);
        json_add_int(item, "attempts", question->attempts);
        if (choices->len > 0) {
            cJSON *of = cJSON_AddArrayToObject(item, "choices");
            for (guint k = 0; k < choices->len; k++) {
                cJSON_AddItemToArray(of, cJSON_CreateString(choices->pdata[k]));
            }
        }
        cJSON_AddItemToArray(list, item);
    }
    return out;
}

cJSON *exercise_exam_status(const struct exercise *exercise, GError **error)
{
    if (!exercise->options.plan->exam) {
        g_set_error_literal(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "this exercise is no exam");
        return NULL;
    }
    return exam_status(exercise->exam->fold, clock_now(exercise->options.clock));
}
