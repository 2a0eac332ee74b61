/* exam_mark.c - marks: what each answer is worth by all that is known of the candidate's clock. */
#include "score/exam_internal.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

/* ---- one answer ---------------------------------------------------------------------------- */

static gint64 window_end(
        const struct exam_candidate *candidate, const struct exam_question *question)
{
    return question->to_us > 0
                   ? question->to_us / 1000 * candidate->factor_milli + candidate->extended_us
                   : G_MAXINT64;
}

const char *exam_why_not(const struct exam *exam, const struct exam_candidate *candidate,
        const struct exam_answer *answer)
{
    const struct exam_question *question = exam->questions->pdata[answer->question];
    gint64 from = question->from_us / 1000 * candidate->factor_milli;
    if (answer->accepted) {
        return NULL;
    }
    if (answer->before) {
        return "before the start";
    }
    if (answer->paused) {
        return "in a pause";
    }
    if (answer->after) {
        return "handed in before";
    }
    if (answer->elapsed_us > exam_allowed(exam, candidate)) {
        return "late";
    }
    if (answer->elapsed_us < from) {
        return "before the question's window";
    }
    return answer->elapsed_us > window_end(candidate, question) ? "after the question's window"
                                                                : NULL;
}

bool exam_is_repeat(const struct exam_candidate *candidate, const struct exam_answer *answer)
{
    for (guint i = 0; *answer->digest && i < candidate->answers->len; i++) {
        const struct exam_answer *other = candidate->answers->pdata[i];
        if (other == answer) {
            return false;
        }
        if (other->question == answer->question && !strcmp(other->digest, answer->digest)) {
            return true;
        }
    }
    return false;
}

struct exam_judged exam_judge(
        const struct exam *exam, const struct exam_candidate *candidate, int question)
{
    const struct exam_question *of = exam->questions->pdata[question];
    struct exam_judged judged = {0};
    for (guint i = 0; i < candidate->answers->len && !judged.right; i++) {
        const struct exam_answer *answer = candidate->answers->pdata[i];
        if (answer->question != question || answer->ok < 0 ||
                exam_why_not(exam, candidate, answer) ||
                (exam_is_repeat(candidate, answer) && !answer->accepted)) {
            continue;
        }
        if (of->attempts > 0 && judged.attempts >= of->attempts && !answer->accepted) {
            continue;
        }
        judged.attempts += !answer->last;
        judged.right = answer->ok == 1 ? answer : NULL;
    }
    return judged;
}

/* ---- asked while it runs ------------------------------------------------------------------- */

const char *exam_state_name(enum exam_state state)
{
    static const char *const names[] = {
            "registered", "running", "paused", "outage", "over", "handed-in"};
    return names[state];
}

static enum exam_state state_of(const struct exam_candidate *candidate, gint64 left_us)
{
    if (candidate->handed_in) {
        return EXAM_HANDED_IN;
    }
    if (!candidate->started) {
        return EXAM_REGISTERED;
    }
    if (left_us <= 0) {
        return EXAM_OVER;
    }
    return candidate->paused ? EXAM_PAUSED : candidate->outage ? EXAM_OUTAGE : EXAM_RUNNING;
}

static struct exam_clock clock_of(
        const struct exam *exam, const struct exam_candidate *candidate, gint64 at_us)
{
    struct exam_clock clock = {
            .elapsed_us = exam_elapsed(candidate, at_us),
            .allowed_us = exam_allowed(exam, candidate),
            .extended_us = candidate->extended_us,
            .stood_us = candidate->stood_us,
    };
    if (candidate->paused || candidate->outage) {
        clock.stood_us += at_us - candidate->stands_since_us;
    }
    clock.left_us = clock.allowed_us - clock.elapsed_us;
    clock.state = state_of(candidate, clock.left_us);
    return clock;
}

bool exam_clock_at(
        const struct exam *exam, const char *candidate, gint64 at_us, struct exam_clock *ret)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    if (found) {
        *ret = clock_of(exam, found, at_us);
    }
    return found != NULL;
}

int exam_attempts(const struct exam *exam, const char *candidate, const char *question)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    int index = exam_question_index(exam, question);
    return found && index >= 0 ? exam_judge(exam, found, index).attempts : 0;
}

gint64 exam_end_us(const struct exam *exam, const char *candidate, const char *question)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    int index = exam_question_index(exam, question);
    if (!found || index < 0) {
        return 0;
    }
    gint64 end = MIN(exam_allowed(exam, found), window_end(found, exam->questions->pdata[index]));
    return found->handed_in ? MIN(end, found->handed_us) : end;
}

double exam_points(const struct exam *exam, const char *candidate, const char *question)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    int index = exam_question_index(exam, question);
    if (!found || index < 0 || !exam_judge(exam, found, index).right) {
        return 0;
    }
    return ((const struct exam_question *)exam->questions->pdata[index])->points;
}

gint64 exam_right(const struct exam *exam, const char *candidate, const char *question)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    int index = exam_question_index(exam, question);
    const struct exam_answer *right =
            found && index >= 0 ? exam_judge(exam, found, index).right : NULL;
    return right ? right->seq : 0;
}

gint64 exam_same(const struct exam *exam, const char *candidate, const char *question,
        const char *digest, int *ret_ok)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    int index = exam_question_index(exam, question);
    for (guint i = 0; found && *digest && i < found->answers->len; i++) {
        const struct exam_answer *answer = found->answers->pdata[i];
        /* one that did not count may be given again */
        if (answer->question == index && !strcmp(answer->digest, digest) &&
                !exam_why_not(exam, found, answer)) {
            *ret_ok = answer->ok;
            return answer->seq;
        }
    }
    return 0;
}

int exam_answers(const struct exam *exam, const char *candidate)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    return found ? (int)found->answers->len : 0;
}

const char *exam_owner(const struct exam *exam, const char *digest, const char **ret_question)
{
    int place = GPOINTER_TO_INT(g_hash_table_lookup(exam->owners, digest));
    if (!place) {
        return NULL;
    }
    int questions = (int)exam->questions->len;
    const struct exam_question *question = exam->questions->pdata[(place - 1) % questions];
    const struct exam_candidate *owner = exam->candidates->pdata[(place - 1) / questions];
    *ret_question = question->name;
    return owner->id;
}

cJSON *exam_status(const struct exam *exam, gint64 at_us)
{
    cJSON *out = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(out, "candidates");
    cJSON *pending = cJSON_AddArrayToObject(out, "pending");
    for (guint i = 0; i < exam->candidates->len; i++) {
        const struct exam_candidate *candidate = exam->candidates->pdata[i];
        struct exam_clock clock = clock_of(exam, candidate, at_us);
        cJSON *item = cJSON_CreateObject();
        double points = 0;
        for (guint q = 0; q < exam->questions->len; q++) {
            const struct exam_question *question = exam->questions->pdata[q];
            points += exam_judge(exam, candidate, (int)q).right ? question->points : 0;
        }
        cJSON_AddStringToObject(item, "candidate", candidate->id);
        cJSON_AddStringToObject(item, "team", candidate->team);
        cJSON_AddStringToObject(item, "state", exam_state_name(clock.state));
        json_add_int(item, "elapsed_us", clock.elapsed_us);
        json_add_int(item, "allowed_us", clock.allowed_us);
        json_add_int(item, "left_us", clock.left_us);
        json_add_int(item, "stood_us", clock.stood_us);
        json_add_int(item, "extended_us", clock.extended_us);
        json_add_int(item, "answers", candidate->answers->len);
        cJSON_AddNumberToObject(item, "points", points);
        cJSON_AddNumberToObject(item, "of", exam->of);
        cJSON_AddItemToArray(list, item);
    }
    for (guint i = 0; i < exam->requests->len; i++) {
        const struct exam_request *request = exam->requests->pdata[i];
        if (!request->approved) {
            cJSON *item = cJSON_CreateObject();
            json_add_int(item, "request", request->seq);
            cJSON_AddStringToObject(item, "action", request->action);
            cJSON_AddStringToObject(item, "candidate", request->candidate);
            cJSON_AddStringToObject(item, "by", request->by);
            cJSON_AddStringToObject(item, "reason", request->reason);
            json_add_int(item, "us", request->us);
            json_add_int(item, "answer", request->answer);
            cJSON_AddItemToArray(pending, item);
        }
    }
    return out;
}

/* ---- the mark ------------------------------------------------------------------------------ */

static cJSON *answer_json(const struct exam *exam, const struct exam_candidate *candidate,
        const struct exam_answer *answer)
{
    cJSON *out = cJSON_CreateObject();
    const char *why = exam_why_not(exam, candidate, answer);
    if (!why && answer->ok < 0) {
        why = "could not be looked at";
    }
    if (!why && !answer->accepted && exam_is_repeat(candidate, answer)) {
        why = "given before";
    }
    json_add_int(out, "seq", answer->seq);
    json_add_int(out, "elapsed_us", answer->elapsed_us);
    if (answer->ok >= 0) {
        cJSON_AddBoolToObject(out, "ok", answer->ok == 1);
    } else {
        cJSON_AddNullToObject(out, "ok");
    }
    cJSON_AddStringToObject(out, "digest", answer->digest);
    cJSON_AddBoolToObject(out, "in_time", !why);
    if (why) {
        cJSON_AddStringToObject(out, "why", why);
    }
    if (answer->accepted) {
        cJSON_AddTrueToObject(out, "accepted");
    }
    if (answer->last) {
        cJSON_AddTrueToObject(out, "last");
    }
    return out;
}

static cJSON *question_mark(
        const struct exam *exam, const struct exam_candidate *candidate, int index)
{
    const struct exam_question *question = exam->questions->pdata[index];
    struct exam_judged judged = exam_judge(exam, candidate, index);
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "question", question->name);
    cJSON_AddStringToObject(out, "title", question->title);
    cJSON_AddStringToObject(out, "skill", question->skill);
    cJSON_AddStringToObject(out, "kind", question->kind);
    json_add_int(out, "variant", candidate->variants[index]);
    cJSON_AddNumberToObject(out, "points", judged.right ? question->points : 0);
    cJSON_AddNumberToObject(out, "of", question->points);
    json_add_int(out, "attempts", judged.attempts);
    json_add_int(out, "attempts_max", question->attempts);
    if (judged.right) {
        json_add_int(out, "decided_by", judged.right->seq);
    }
    cJSON *answers = cJSON_AddArrayToObject(out, "answers");
    for (guint i = 0; i < candidate->answers->len; i++) {
        const struct exam_answer *answer = candidate->answers->pdata[i];
        if (answer->question == index) {
            cJSON_AddItemToArray(answers, answer_json(exam, candidate, answer));
        }
    }
    return out;
}

struct sum {
    double points, of;
};

static struct sum sum_of(
        const struct exam *exam, const struct exam_candidate *candidate, const char *skill)
{
    struct sum sum = {0};
    for (guint q = 0; q < exam->questions->len; q++) {
        const struct exam_question *question = exam->questions->pdata[q];
        if (!skill || !strcmp(question->skill, skill)) {
            sum.of += question->points;
            sum.points += exam_judge(exam, candidate, (int)q).right ? question->points : 0;
        }
    }
    return sum;
}

/* Returns whether the mark was reached: compared exactly, not by the rounded per cent. */
static bool add_sum(cJSON *out, struct sum sum, int pass)
{
    bool passed = sum.points * 100 >= pass * sum.of;
    cJSON_AddNumberToObject(out, "points", sum.points);
    cJSON_AddNumberToObject(out, "of", sum.of);
    cJSON_AddNumberToObject(
            out, "percent", sum.of > 0 ? floor(sum.points * 10000 / sum.of) / 100 : 0);
    json_add_int(out, "pass", pass);
    cJSON_AddBoolToObject(out, "passed", passed);
    return passed;
}

static cJSON *candidate_mark(const struct exam *exam, const struct exam_candidate *candidate)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "candidate", candidate->id);
    cJSON_AddStringToObject(out, "team", candidate->team);
    cJSON *total = cJSON_AddObjectToObject(out, "total");
    bool passed = add_sum(total, sum_of(exam, candidate, NULL), exam->pass);
    cJSON *skills = cJSON_AddArrayToObject(out, "skills");
    for (guint i = 0; i < exam->skills->len; i++) {
        const struct exam_skill *skill = exam->skills->pdata[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "skill", skill->name);
        cJSON_AddStringToObject(item, "title", skill->title);
        passed &= add_sum(item, sum_of(exam, candidate, skill->name), skill->pass);
        cJSON_AddItemToArray(skills, item);
    }
    cJSON_AddBoolToObject(out, "passed", candidate->started && passed);
    cJSON *questions = cJSON_AddArrayToObject(out, "questions");
    for (guint q = 0; q < exam->questions->len; q++) {
        cJSON_AddItemToArray(questions, question_mark(exam, candidate, (int)q));
    }
    cJSON *clock = cJSON_AddObjectToObject(out, "clock");
    cJSON_AddBoolToObject(clock, "started", candidate->started);
    json_add_int(clock, "started_us", candidate->started_us);
    json_add_int(clock, "allowed_us", exam_allowed(exam, candidate));
    json_add_int(clock, "factor_milli", candidate->factor_milli);
    json_add_int(clock, "extra_us", candidate->extra_us);
    json_add_int(clock, "extended_us", candidate->extended_us);
    json_add_int(clock, "stood_us", candidate->stood_us);
    cJSON_AddBoolToObject(clock, "handed_in", candidate->handed_in);
    cJSON *credits = cJSON_AddArrayToObject(clock, "credits");
    for (guint i = 0; i < candidate->credits->len; i++) {
        cJSON_AddItemToArray(credits, cJSON_Duplicate(candidate->credits->pdata[i], true));
    }
    return out;
}

cJSON *exam_mark(const struct exam *exam, const char *candidate)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "exercise", exam->exercise ? exam->exercise : "");
    cJSON_AddStringToObject(out, "title", exam->title ? exam->title : "");
    cJSON_AddStringToObject(out, "version", exam->version ? exam->version : "");
    cJSON_AddStringToObject(out, "scenario", exam->digest ? exam->digest : "");
    cJSON *list = cJSON_AddArrayToObject(out, "candidates");
    const struct exam_candidate *only = candidate ? exam_find(exam, candidate) : NULL;
    for (guint i = 0; i < exam->candidates->len; i++) {
        if (!candidate || only == exam->candidates->pdata[i]) {
            cJSON_AddItemToArray(list, candidate_mark(exam, exam->candidates->pdata[i]));
        }
    }
    return out;
}

bool exam_decides(const struct exam *exam, const char *candidate, const struct event *event)
{
    const struct exam_candidate *found = exam_find(exam, candidate);
    if (!found || !strcmp(event->kind, "exercise.created")) {
        return found != NULL;
    }
    if (!g_str_has_prefix(event->kind, "exam.") && strcmp(event->kind, "fault.credited") != 0) {
        return false;
    }
    return !strcmp(event->team, found->team);
}
