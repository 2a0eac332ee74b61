/* exam.h - an exam as a pure fold over events: clocks, answers, marks, evidence of copying.
 *
 * Fed every event in order of seq, from the first (or, to check a result, only those that the mark
 * depends on). It learns questions, seats and rules from exercise.created and asks nothing else:
 * the same events give the same marks, byte for byte.
 *
 * A candidate's clock starts with exam.started, stands still between exam.paused and exam.resumed
 * and between exam.outage "begun" and "ended", and runs in exercise time, so that a pause of the
 * exercise is nobody's loss. What is allowed is duration · factor + extra + what was extended, by
 * hand or by fault.credited (less what of it the clock stood anyway); the deadline follows from it.
 * Whether an answer came in time is decided when it is marked, by all that is known then: a credit
 * given later makes an answer that was late count.
 *
 * The first right answer that counts gives a question's points. An answer counts when the clock had
 * started and was not paused by an examiner, it was in the time allowed and in the question's
 * window (scaled by the same factor, moved by what was extended), the candidate had not handed in,
 * and attempts were left; or when two persons accepted it. The same answer again is no attempt, nor
 * is the engine's own look at an effect when the question ends. An effect is as of the candidate's
 * clock when the look was asked for, however long it took.
 */
#pragma once

#include "base/event.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

struct exam;

struct exam *exam_new(void);
void exam_free(struct exam *exam); /* accepts NULL */
void exam_apply(struct exam *exam, const struct event *event);
bool exam_is_one(const struct exam *exam); /* has the exercise an exam? */

enum exam_state {
    EXAM_REGISTERED,
    EXAM_RUNNING,
    EXAM_PAUSED, /* by an examiner */
    EXAM_OUTAGE, /* by the range */
    EXAM_OVER,   /* the time is up */
    EXAM_HANDED_IN,
};
const char *exam_state_name(enum exam_state state);

struct exam_clock { /* of one candidate at a moment of exercise time */
    enum exam_state state;
    gint64 elapsed_us, allowed_us, left_us;
    gint64 stood_us, extended_us; /* paused and out; given by hand */
};
/* candidate: its id or its team's. False when there is none. */
bool exam_clock_at(
        const struct exam *exam, const char *candidate, gint64 at_us, struct exam_clock *ret);

/* How many attempts at question have been used, by what is known now. */
int exam_attempts(const struct exam *exam, const char *candidate, const char *question);
/* The earlier answer to question with that digest, as its seq; 0: none. *ret_ok is 1, 0, or -1. */
gint64 exam_same(const struct exam *exam, const char *candidate, const char *question,
        const char *digest, int *ret_ok);
int exam_answers(const struct exam *exam, const char *candidate); /* of all questions */
/* The answer that gives question's points now, as its seq; 0: none. */
gint64 exam_right(const struct exam *exam, const char *candidate, const char *question);
/* The candidate's clock at which question ends: with its window, the time, or the handing in. */
gint64 exam_end_us(const struct exam *exam, const char *candidate, const char *question);
/* Points that the candidate has for question now. */
double exam_points(const struct exam *exam, const char *candidate, const char *question);

/* Whose secret has that digest: the id, and the question in *ret_question; NULL: nobody's. */
const char *exam_owner(const struct exam *exam, const char *digest, const char **ret_question);

/* Can a request (its seq) be approved by who? The error says why not. */
bool exam_can_approve(const struct exam *exam, gint64 request, const char *by, GError **error);

/* Of the request with that seq: whom it is for; NULL: no such. */
const char *exam_request_candidate(const struct exam *exam, gint64 seq);

/* {"exercise","scenario","version","digest","pass","of","candidates":[{"candidate","team","points",
 *  "of","percent","pass","passed","skills":[…],"questions":[…],"clock":{…}}],"by_hand":[…]}: all
 * candidates, or the one. Depends on nothing but the events. The caller's. */
cJSON *exam_mark(const struct exam *exam, const char *candidate);

/* {"exercise","findings":[{"what","question","candidate","other","seqs":[…],"at_us","gap_us","why",
 *  "innocent":[…]}],"note"}: what people should look at; no verdict. The caller's. */
cJSON *exam_evidence(const struct exam *exam);

/* Does the mark of candidate depend on event? */
bool exam_decides(const struct exam *exam, const char *candidate, const struct event *event);

/* [{"candidate","team","state","elapsed_us",…,"answers","points"}] and "pending": requests that
 * wait for a second person. The caller's. */
cJSON *exam_status(const struct exam *exam, gint64 at_us);
