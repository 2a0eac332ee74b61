/* exam_internal.h - what an exam's fold remembers; for the files of score/ only. */
#pragma once

#include "score/exam.h"

#define EXAM_LIST_MAX 1000

struct exam_skill {
    char *name, *title;
    int pass;
};

struct exam_question {
    char *name, *title, *skill, *kind;
    double points;
    int attempts, choices;
    gint64 from_us, to_us;
};

struct exam_answer {
    gint64 seq, at_us, wall_us, elapsed_us;
    int question, ok; /* ok -1: could not be looked at */
    char *digest, *given;
    int owner, owner_question; /* of the secret; -1: nobody's */
    bool forged, before, paused, after, accepted;
    bool last; /* the engine's look when the question ended: no attempt */
};

struct exam_candidate {
    char *id, *team;
    gint64 factor_milli, extra_us, extended_us;
    GHashTable *secrets; /* question → digest */
    int *variants;       /* of each question */
    bool started, paused, outage, handed_in;
    gint64 started_us, stood_us, stands_since_us;
    gint64 handed_us;   /* its clock when it handed in */
    char *stood_why;    /* as it began to stand */
    GPtrArray *answers; /* struct exam_answer * */
    GPtrArray *credits; /* cJSON *: what moved the deadline, and why */
    GArray *stood;      /* gint64 pairs: from when to when the clock stood, up to now */
};

struct exam_request {
    gint64 seq, us, answer;
    char *action, *candidate, *by, *reason;
    bool approved;
};

struct exam {
    char *exercise, *title, *version, *digest, *prefix;
    bool known, two_persons;
    gint64 duration_us;
    double of;
    int pass;
    GPtrArray *skills, *questions, *candidates, *requests;
    GHashTable *owners; /* digest of a secret → candidate * questions + question + 1 */
};

gint64 exam_span(const cJSON *item, const char *name, gint64 fallback); /* a time, within bounds */
/* What moved the deadline, and why. */
void exam_note_credit(struct exam_candidate *candidate, const struct event *event, const char *what,
        gint64 us, const char *reason);

/* exam_request.c */
void exam_apply_request(struct exam *exam, const struct event *event, const cJSON *body);
void exam_apply_approval(struct exam *exam, const struct event *event, const cJSON *body);

struct exam_candidate *exam_find(const struct exam *exam, const char *name);
int exam_question_index(const struct exam *exam, const char *name);
gint64 exam_elapsed(const struct exam_candidate *candidate, gint64 at_us);
gint64 exam_allowed(const struct exam *exam, const struct exam_candidate *candidate);

/* Walks the answers to question: counts attempts, finds the deciding one. *ret_why (may be NULL)
 * gets, for the answer number at among all, why it does not count, or NULL. */
struct exam_judged {
    int attempts;
    const struct exam_answer *right; /* the deciding one, or NULL */
};
struct exam_judged exam_judge(
        const struct exam *exam, const struct exam_candidate *candidate, int question);
/* NULL: it counts as far as time goes. */
const char *exam_why_not(const struct exam *exam, const struct exam_candidate *candidate,
        const struct exam_answer *answer);
/* Has the same answer been given before by the same candidate? */
bool exam_is_repeat(const struct exam_candidate *candidate, const struct exam_answer *answer);
