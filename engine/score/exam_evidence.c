/* exam_evidence.c - what looks like sharing or copying: facts for people, never a verdict.
 *
 * Published experience says that some of what such rules find has an innocent reason, so every
 * finding names the usual ones. Findings are in order of the event that completes them.
 */
#include "score/exam_internal.h"

#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_US (10 * 60 * G_USEC_PER_SEC) /* wall clock: candidates need not start together */
#define FINDINGS_MAX 2000

struct finding {
    const char *what, *why;
    const struct exam_candidate *candidate, *other; /* other NULL: nobody known */
    const struct exam_answer *answer, *others;
    const char *const *innocent;
};

static const char *const innocent_secret[] = {
        "the secret was read aloud or shown by somebody else without being asked",
        "two candidates used the same seat or the wrong screen",
        "an examiner tried the candidate's form with it",
        NULL,
};
static const char *const innocent_forged[] = {
        "a misprint that happens to have the right form",
        "a secret of an earlier exercise, from practice",
        NULL,
};
static const char *const innocent_wrong[] = {
        "a common misunderstanding of the question",
        "the same wrong page of a book or manual",
        "chance: few answers are plausible",
        NULL,
};
static const char *const innocent_variant[] = {
        "the value is a usual default, so it is a natural guess",
        NULL,
};

static cJSON *finding_json(const struct exam *exam, const struct finding *finding)
{
    const struct exam_answer *answer = finding->answer;
    const struct exam_question *question = exam->questions->pdata[answer->question];
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "what", finding->what);
    cJSON_AddStringToObject(out, "question", question->name);
    cJSON_AddStringToObject(out, "candidate", finding->candidate->id);
    if (finding->other) {
        cJSON_AddStringToObject(out, "other", finding->other->id);
    }
    cJSON *seqs = cJSON_AddArrayToObject(out, "seqs");
    cJSON_AddItemToArray(seqs, cJSON_CreateNumber((double)answer->seq));
    json_add_int(out, "at_us", answer->at_us);
    json_add_int(out, "wall_us", answer->wall_us);
    if (answer->given) {
        cJSON_AddStringToObject(out, "given", answer->given);
    }
    cJSON_AddStringToObject(out, "digest", answer->digest);
    if (finding->others) {
        cJSON_AddItemToArray(seqs, cJSON_CreateNumber((double)finding->others->seq));
        json_add_int(out, "gap_us", answer->wall_us - finding->others->wall_us);
    }
    if (answer->owner_question >= 0) {
        const struct exam_question *of = exam->questions->pdata[answer->owner_question];
        cJSON_AddStringToObject(out, "issued_for", of->name);
    }
    if (question->choices > 1 && !strcmp(finding->what, "same-wrong")) {
        cJSON_AddNumberToObject(out, "chance", 1.0 / (question->choices - 1));
    }
    cJSON_AddStringToObject(out, "why", finding->why);
    cJSON_AddItemToObject(out, "innocent", json_from_strv(finding->innocent));
    return out;
}

static void add(const struct exam *exam, GPtrArray *out, const struct finding *finding)
{
    if (out->len < FINDINGS_MAX) {
        g_ptr_array_add(out, finding_json(exam, finding));
    }
}

static void look_at_secret(const struct exam *exam, GPtrArray *out,
        const struct exam_candidate *candidate, const struct exam_answer *answer)
{
    const struct exam_candidate *owner =
            answer->owner >= 0 ? exam->candidates->pdata[answer->owner] : NULL;
    if (owner && owner != candidate) {
        const struct finding finding = {"anothers-secret",
                "a secret that was made for another candidate was submitted", candidate, owner,
                answer, NULL, innocent_secret};
        add(exam, out, &finding);
    }
    if (answer->forged) {
        const struct finding finding = {"never-issued",
                "it has the form of a secret but was issued to nobody here", candidate, NULL,
                answer, NULL, innocent_forged};
        add(exam, out, &finding);
    }
}

/* Compares two candidates' answers to one question; a came after b. */
static void look_at_pair(const struct exam *exam, GPtrArray *out, const struct exam_candidate *of_a,
        const struct exam_answer *a, const struct exam_candidate *of_b, const struct exam_answer *b)
{
    bool same_variant = of_a->variants[a->question] == of_b->variants[b->question];
    bool close = llabs(a->wall_us - b->wall_us) <= CLOSE_US;
    if (a->owner >= 0 || a->forged || a->ok != 0) {
        return; /* right, or told above */
    }
    if (b->ok == 0 && same_variant && close) {
        const struct finding finding = {"same-wrong",
                "two candidates gave the same wrong answer within ten minutes", of_a, of_b, a, b,
                innocent_wrong};
        add(exam, out, &finding);
    } else if (b->ok == 1 && !same_variant) {
        const struct finding finding = {"anothers-answer",
                "the answer is wrong here and right for the variant of another candidate, who had "
                "given it before",
                of_a, of_b, a, b, innocent_variant};
        add(exam, out, &finding);
    }
}

static void look_at_others(const struct exam *exam, GPtrArray *out,
        const struct exam_candidate *candidate, const struct exam_answer *answer)
{
    if (!*answer->digest || exam_is_repeat(candidate, answer)) {
        return;
    }
    for (guint i = 0; i < exam->candidates->len; i++) {
        const struct exam_candidate *other = exam->candidates->pdata[i];
        for (guint k = 0; other != candidate && k < other->answers->len; k++) {
            const struct exam_answer *b = other->answers->pdata[k];
            if (b->question == answer->question && b->seq < answer->seq &&
                    !strcmp(b->digest, answer->digest) && !exam_is_repeat(other, b)) {
                look_at_pair(exam, out, candidate, answer, other, b);
            }
        }
    }
}

static int by_first_seq(gconstpointer a, gconstpointer b)
{
    const cJSON *x = json_array(*(cJSON *const *)a, "seqs")->child;
    const cJSON *y = json_array(*(cJSON *const *)b, "seqs")->child;
    return (x->valuedouble > y->valuedouble) - (x->valuedouble < y->valuedouble);
}

/* How often two candidates meet, beside what would be one coincidence. */
static cJSON *pairs_of(const GPtrArray *findings)
{
    cJSON *pairs = cJSON_CreateArray();
    for (guint i = 0; i < findings->len; i++) {
        const cJSON *finding = findings->pdata[i];
        const char *a = json_string(finding, "candidate", "");
        const char *b = json_string(finding, "other", NULL);
        if (!b) {
            continue;
        }
        const char *low = strcmp(a, b) < 0 ? a : b;
        const char *high = low == a ? b : a;
        cJSON *pair = NULL;
        cJSON_ArrayForEach(pair, pairs)
        {
            if (!strcmp(json_string(pair, "a", ""), low) &&
                    !strcmp(json_string(pair, "b", ""), high)) {
                break;
            }
        }
        if (!pair) {
            pair = cJSON_CreateObject();
            cJSON_AddStringToObject(pair, "a", low);
            cJSON_AddStringToObject(pair, "b", high);
            json_add_int(pair, "findings", 0);
            cJSON_AddItemToArray(pairs, pair);
        }
        cJSON_SetNumberValue(
                cJSON_GetObjectItem(pair, "findings"), json_number(pair, "findings", 0) + 1);
    }
    return pairs;
}

cJSON *exam_evidence(const struct exam *exam)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (guint i = 0; i < exam->candidates->len; i++) {
        const struct exam_candidate *candidate = exam->candidates->pdata[i];
        for (guint k = 0; k < candidate->answers->len; k++) {
            look_at_secret(exam, found, candidate, candidate->answers->pdata[k]);
            look_at_others(exam, found, candidate, candidate->answers->pdata[k]);
        }
    }
    g_ptr_array_sort(found, by_first_seq);
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "exercise", exam->exercise ? exam->exercise : "");
    cJSON_AddStringToObject(out, "note",
            "These are facts from the ledger, not verdicts. People decide, after hearing the "
            "candidates.");
    cJSON_AddItemToObject(out, "pairs", pairs_of(found));
    cJSON *list = cJSON_AddArrayToObject(out, "findings");
    for (guint i = 0; i < found->len; i++) {
        cJSON_AddItemToArray(list, found->pdata[i]);
    }
    return out;
}
