/* exam.c - folds an exam's events: seats, clocks, answers. */
#include "score/exam_internal.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

#define ANSWERS_MAX 20000

static void skill_free(gpointer data)
{
    struct exam_skill *skill = data;
    g_free(skill->name);
    g_free(skill->title);
    g_free(skill);
}

static void question_free(gpointer data)
{
    struct exam_question *question = data;
    g_free(question->name);
    g_free(question->title);
    g_free(question->skill);
    g_free(question->kind);
    g_free(question);
}

static void answer_free(gpointer data)
{
    struct exam_answer *answer = data;
    g_free(answer->digest);
    g_free(answer->given);
    g_free(answer);
}

static void credit_free(gpointer data)
{
    cJSON_Delete(data);
}

static void candidate_free(gpointer data)
{
    struct exam_candidate *candidate = data;
    g_free(candidate->id);
    g_free(candidate->team);
    g_free(candidate->variants);
    g_free(candidate->stood_why);
    g_hash_table_unref(candidate->secrets);
    g_ptr_array_unref(candidate->answers);
    g_ptr_array_unref(candidate->credits);
    g_array_unref(candidate->stood);
    g_free(candidate);
}

static void request_free(gpointer data)
{
    struct exam_request *request = data;
    g_free(request->action);
    g_free(request->candidate);
    g_free(request->by);
    g_free(request->reason);
    g_free(request);
}

struct exam *exam_new(void)
{
    struct exam *exam = g_new0(struct exam, 1);
    exam->skills = g_ptr_array_new_with_free_func(skill_free);
    exam->questions = g_ptr_array_new_with_free_func(question_free);
    exam->candidates = g_ptr_array_new_with_free_func(candidate_free);
    exam->requests = g_ptr_array_new_with_free_func(request_free);
    exam->owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return exam;
}

void exam_free(struct exam *exam)
{
    if (!exam) {
        return;
    }
    g_ptr_array_unref(exam->skills);
    g_ptr_array_unref(exam->questions);
    g_ptr_array_unref(exam->candidates);
    g_ptr_array_unref(exam->requests);
    g_hash_table_unref(exam->owners);
    g_free(exam->exercise);
    g_free(exam->title);
    g_free(exam->version);
    g_free(exam->digest);
    g_free(exam->prefix);
    g_free(exam);
}

bool exam_is_one(const struct exam *exam)
{
    return exam->known;
}

/* ---- what takes part ----------------------------------------------------------------------- */

static int small(const cJSON *item, const char *name, int min, int max, int fallback)
{
    return (int)CLAMP(json_int(item, name, fallback), min, max);
}

gint64 exam_span(const cJSON *item, const char *name, gint64 fallback)
{
    const gint64 year = G_GINT64_CONSTANT(366) * 24 * 3600 * G_USEC_PER_SEC;
    return CLAMP(json_int(item, name, fallback), -year, year);
}

static void learn_skills(struct exam *exam, const cJSON *list)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct exam_skill *skill = g_new0(struct exam_skill, 1);
        skill->name = g_strdup(json_string(item, "name", ""));
        skill->title = g_strdup(json_string(item, "title", skill->name));
        skill->pass = small(item, "pass", 0, 100, 0);
        g_ptr_array_add(exam->skills, skill);
    }
}

static void learn_questions(struct exam *exam, const cJSON *list)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct exam_question *question = g_new0(struct exam_question, 1);
        double points = json_number(item, "points", 0);
        question->name = g_strdup(json_string(item, "name", ""));
        question->title = g_strdup(json_string(item, "title", question->name));
        question->skill = g_strdup(json_string(item, "skill", ""));
        question->kind = g_strdup(json_string(item, "kind", ""));
        question->points = isfinite(points) ? CLAMP(points, 0, 1e6) : 0;
        question->attempts = small(item, "attempts", 0, 1000, 0);
        question->choices = small(item, "choices", 0, 1000, 0);
        question->from_us = exam_span(item, "from_us", 0);
        question->to_us = exam_span(item, "to_us", 0);
        exam->of += question->points;
        g_ptr_array_add(exam->questions, question);
    }
}

static void learn_secrets(struct exam *exam, struct exam_candidate *candidate, const cJSON *item)
{
    const cJSON *secret = NULL;
    cJSON_ArrayForEach(secret, json_object(item, "secrets"))
    {
        int question = exam_question_index(exam, secret->string);
        if (question < 0 || !cJSON_IsString(secret)) {
            continue;
        }
        int place = (int)(exam->candidates->len * exam->questions->len) + question + 1;
        g_hash_table_insert(
                candidate->secrets, g_strdup(secret->string), g_strdup(secret->valuestring));
        g_hash_table_insert(exam->owners, g_strdup(secret->valuestring), GINT_TO_POINTER(place));
    }
}

static void learn_candidates(struct exam *exam, const cJSON *list)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct exam_candidate *candidate = g_new0(struct exam_candidate, 1);
        candidate->id = g_strdup(json_string(item, "id", ""));
        candidate->team = g_strdup(json_string(item, "team", ""));
        candidate->factor_milli = small(item, "factor_milli", 100, 10000, 1000);
        candidate->extra_us = exam_span(item, "extra_us", 0);
        candidate->secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        candidate->answers = g_ptr_array_new_with_free_func(answer_free);
        candidate->credits = g_ptr_array_new_with_free_func(credit_free);
        candidate->stood = g_array_new(FALSE, FALSE, sizeof(gint64));
        candidate->variants = g_new0(int, exam->questions->len + 1);
        for (guint i = 0; i < exam->questions->len; i++) {
            const struct exam_question *question = exam->questions->pdata[i];
            candidate->variants[i] =
                    small(json_object(item, "variants"), question->name, 0, EXAM_LIST_MAX, 1);
        }
        learn_secrets(exam, candidate, item);
        g_ptr_array_add(exam->candidates, candidate);
    }
}

static void learn(struct exam *exam, const struct event *event, const cJSON *body)
{
    const cJSON *plan = json_object(body, "plan");
    const cJSON *json = json_object(plan, "exam");
    const cJSON *questions = json_array(json, "questions");
    const cJSON *candidates = json_array(json, "candidates");
    if (!json || exam->known || cJSON_GetArraySize(questions) > EXAM_LIST_MAX ||
            cJSON_GetArraySize(candidates) > EXAM_LIST_MAX ||
            cJSON_GetArraySize(json_array(json, "skills")) > EXAM_LIST_MAX) {
        return;
    }
    exam->known = true;
    exam->exercise = g_strdup(event->subject);
    exam->title = g_strdup(json_string(plan, "title", ""));
    exam->version = g_strdup(json_string(plan, "version", ""));
    exam->digest = g_strdup(json_string(plan, "digest", ""));
    exam->prefix = g_strdup(json_string(json, "prefix", ""));
    exam->two_persons = json_bool(json, "two_persons", true);
    exam->duration_us = exam_span(json, "duration_us", 0);
    exam->pass = small(json, "pass", 0, 100, 0);
    learn_skills(exam, json_array(json, "skills"));
    learn_questions(exam, questions);
    learn_candidates(exam, candidates);
}

struct exam_candidate *exam_find(const struct exam *exam, const char *name)
{
    for (guint i = 0; name && i < exam->candidates->len; i++) {
        struct exam_candidate *candidate = exam->candidates->pdata[i];
        if (!strcmp(candidate->id, name) || !strcmp(candidate->team, name)) {
            return candidate;
        }
    }
    return NULL;
}

int exam_question_index(const struct exam *exam, const char *name)
{
    for (guint i = 0; name && i < exam->questions->len; i++) {
        if (!strcmp(((const struct exam_question *)exam->questions->pdata[i])->name, name)) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- clocks -------------------------------------------------------------------------------- */

static bool stands(const struct exam_candidate *candidate)
{
    return candidate->paused || candidate->outage;
}

gint64 exam_elapsed(const struct exam_candidate *candidate, gint64 at_us)
{
    if (!candidate->started) {
        return 0;
    }
    gint64 until = stands(candidate) ? candidate->stands_since_us : at_us;
    return until - candidate->started_us - candidate->stood_us;
}

gint64 exam_allowed(const struct exam *exam, const struct exam_candidate *candidate)
{
    return exam->duration_us / 1000 * candidate->factor_milli + candidate->extra_us +
           candidate->extended_us;
}

static void set_standing(struct exam_candidate *candidate, bool paused, bool outage, gint64 at_us)
{
    bool stood = stands(candidate);
    candidate->paused = paused;
    candidate->outage = outage;
    if (!stood && stands(candidate)) {
        candidate->stands_since_us = at_us;
    } else if (stood && !stands(candidate)) {
        candidate->stood_us += at_us - candidate->stands_since_us;
        if (candidate->stood->len < 2 * EXAM_LIST_MAX) {
            g_array_append_val(candidate->stood, candidate->stands_since_us);
            g_array_append_val(candidate->stood, at_us);
        }
    }
}

void exam_note_credit(struct exam_candidate *candidate, const struct event *event, const char *what,
        gint64 us, const char *reason)
{
    if (candidate->credits->len >= EXAM_LIST_MAX) {
        return;
    }
    cJSON *credit = cJSON_CreateObject();
    json_add_int(credit, "seq", event->seq);
    json_add_int(credit, "at_us", event->at_us);
    cJSON_AddStringToObject(credit, "what", what);
    json_add_int(credit, "us", us);
    cJSON_AddStringToObject(credit, "reason", reason);
    g_ptr_array_add(candidate->credits, credit);
}

static void apply_clock(
        struct exam_candidate *candidate, const struct event *event, const cJSON *body)
{
    const char *kind = event->kind + strlen("exam.");
    gint64 since = candidate->stands_since_us;
    bool stood = stands(candidate);
    if (!strcmp(kind, "started") && !candidate->started) {
        candidate->started = true;
        candidate->started_us = event->at_us;
    }
    if (!candidate->started || candidate->handed_in) {
        return;
    }
    if (!strcmp(kind, "paused")) {
        set_standing(candidate, true, candidate->outage, event->at_us);
    } else if (!strcmp(kind, "resumed")) {
        set_standing(candidate, false, candidate->outage, event->at_us);
    } else if (!strcmp(kind, "outage")) {
        bool begun = !strcmp(json_string(body, "state", ""), "begun");
        set_standing(candidate, candidate->paused, begun, event->at_us);
    } else if (!strcmp(kind, "handed-in")) {
        set_standing(candidate, false, false, event->at_us);
        candidate->handed_in = true;
        candidate->handed_us = exam_elapsed(candidate, event->at_us);
    }
    if (!stood && stands(candidate)) {
        g_free(candidate->stood_why);
        candidate->stood_why = g_strdup(json_string(body, "reason", ""));
    } else if (stood && !stands(candidate)) {
        const char *why =
                *candidate->stood_why ? candidate->stood_why : json_string(body, "reason", "");
        exam_note_credit(candidate, event, !strcmp(kind, "outage") ? "outage" : "pause",
                event->at_us - since, why);
    }
}

/* A fault of the range, by the looks at services (docs/decisions/0015). What was lost while the clock
 * stood anyway, because the machine was away or an examiner had paused, is not given twice. */
static void apply_fault(
        struct exam_candidate *candidate, const struct event *event, const cJSON *body)
{
    gint64 to = MIN(json_int(body, "to_us", event->at_us), event->at_us);
    gint64 from = MAX(json_int(body, "from_us", to), candidate->started_us);
    gint64 us = to - from;
    if (!candidate->started || candidate->handed_in || us <= 0) {
        return;
    }
    for (guint i = 0; i + 1 < candidate->stood->len; i += 2) {
        gint64 since = g_array_index(candidate->stood, gint64, i);
        gint64 until = g_array_index(candidate->stood, gint64, i + 1);
        us -= MAX(MIN(until, to) - MAX(since, from), 0);
    }
    if (stands(candidate)) {
        us -= MAX(to - MAX(candidate->stands_since_us, from), 0);
    }
    if (us > 0) {
        candidate->extended_us += us;
        exam_note_credit(candidate, event, "fault", us, json_string(body, "reason", ""));
    }
}

/* ---- answers ------------------------------------------------------------------------------- */

static bool is_secret(const struct exam *exam, const char *text)
{
    gsize length = strlen(exam->prefix);
    return strlen(text) == length + 17 && !strncmp(text, exam->prefix, length) &&
           text[length] == '-' &&
           strspn(text + length + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 16;
}

/* A look at an effect takes a while: it is of the moment on the candidate's clock for which it was
 * asked, and nobody can ask while that stands. */
static void apply_asked(
        const struct exam_candidate *candidate, struct exam_answer *answer, const cJSON *body)
{
    gint64 asked = exam_span(body, "clock_us", -1);
    if (asked >= 0 && asked <= answer->elapsed_us) {
        answer->elapsed_us = asked;
        answer->paused = false;
        answer->after = candidate->handed_in && asked > candidate->handed_us;
        answer->last = json_bool(body, "last", false);
    }
}

static void apply_answer(struct exam *exam, struct exam_candidate *candidate,
        const struct event *event, const cJSON *body)
{
    int question = exam_question_index(exam, event->subject);
    if (question < 0 || candidate->answers->len >= ANSWERS_MAX) {
        return;
    }
    const cJSON *ok = cJSON_GetObjectItemCaseSensitive(body, "ok");
    struct exam_answer *answer = g_new0(struct exam_answer, 1);
    answer->seq = event->seq;
    answer->at_us = event->at_us;
    answer->wall_us = event->wall_us;
    answer->elapsed_us = exam_elapsed(candidate, event->at_us);
    answer->question = question;
    answer->ok = cJSON_IsBool(ok) ? cJSON_IsTrue(ok) : -1;
    answer->digest = g_strdup(json_string(body, "digest", ""));
    answer->given = g_strdup(json_string(body, "given", NULL));
    answer->before = !candidate->started;
    answer->paused = candidate->paused;
    answer->after = candidate->handed_in;
    apply_asked(candidate, answer, body);
    int place = GPOINTER_TO_INT(g_hash_table_lookup(exam->owners, answer->digest));
    answer->owner = place ? (place - 1) / (int)exam->questions->len : -1;
    answer->owner_question = place ? (place - 1) % (int)exam->questions->len : -1;
    answer->forged = !place && answer->given && is_secret(exam, answer->given);
    g_ptr_array_add(candidate->answers, answer);
}

void exam_apply(struct exam *exam, const struct event *event)
{
    bool created = !strcmp(event->kind, "exercise.created");
    bool fault = !strcmp(event->kind, "fault.credited");
    if (!created && !(exam->known && (fault || g_str_has_prefix(event->kind, "exam.")))) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (created) {
        learn(exam, event, body);
        return;
    }
    struct exam_candidate *candidate = exam_find(exam, event->team);
    if (fault) {
        if (candidate) {
            apply_fault(candidate, event, body);
        }
        return;
    }
    const char *kind = event->kind + strlen("exam.");
    if (!strcmp(kind, "requested")) {
        exam_apply_request(exam, event, body);
    } else if (!strcmp(kind, "approved")) {
        exam_apply_approval(exam, event, body);
    } else if (candidate && !strcmp(kind, "answered")) {
        apply_answer(exam, candidate, event, body);
    } else if (candidate) {
        apply_clock(candidate, event, body);
    }
}
