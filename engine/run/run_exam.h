/* run_exam.h - an exam under way: shared by the files run_exam*.c and what calls them. */
#pragma once

#include "plan/exam.h"
#include "run/run.h"
#include "score/exam.h"

struct run_exam_seat {
    struct exercise *exercise;
    const struct plan_exam_seat *plan;
    guint64 timer;  /* its time is up then */
    bool outage;    /* told, and not told that it ended */
    gint64 over_us; /* the allowance whose end was told; 0: none */
    double *graded; /* of each question, as the ledger says or will say */
    gint64 *looked; /* of each: the end (its clock) for which the effect was looked at; −1: none */
};

struct run_exam {
    struct exam *fold;
    struct run_exam_seat *seats;      /* as in the plan */
    GPtrArray *calls;                 /* struct run_exam_call *: wait for their event */
    GPtrArray *looks;                 /* struct last_look *: last looks that were not answered */
    guint unwritten;                  /* what they saw that is not on the disk */
    struct run_exam_closing *closing; /* the end waits for these; NULL: it does not */
    bool closed;                      /* they were begun */
};

struct run_exam_call { /* somebody waits for an event to be on the disk */
    struct exercise *exercise;
    gint64 seq;                        /* of the event, once it has one */
    const struct plan_exam_seat *seat; /* of an answer, else NULL */
    int question;
    gint64 clock_us; /* of an effect: the candidate's, when it was asked for */
    char *digest, *by;
    guint idle; /* GSource id of a reply that is known already */
    exercise_json_fn done;
    gpointer data;
};

/* Hands event (consumed) to the ledger; call is answered once it is folded in. */
void run_exam_record(struct run_exam_call *call, struct event *event);
struct run_exam_call *run_exam_call_new(
        struct exercise *exercise, exercise_json_fn done, gpointer data);
/* Answers and frees it; result is consumed. */
void run_exam_call_end(struct run_exam_call *call, cJSON *result, const GError *error);

/* The seat called candidate; the error has the nearest name. */
const struct plan_exam_seat *run_exam_seat(
        const struct exercise *exercise, const char *candidate, GError **error);
struct exam_clock run_exam_clock(
        const struct exercise *exercise, const struct plan_exam_seat *seat);
/* What the one who answered is told (run_exam_answer.c). */
cJSON *run_exam_answered(const struct run_exam_call *call, const struct event *event);

struct run_exam_look { /* at an effect on a candidate's machine */
    const struct plan_exam_seat *seat;
    int question;
    gint64 clock_us;
    const char *by;
    bool last; /* the engine's own, because the question ended */
};
/* What was seen, as an event; evidence is consumed (run_exam_answer.c). */
struct event *run_exam_seen(struct exercise *exercise, const struct run_exam_look *look,
        enum run_truth truth, cJSON *evidence);

/* Looks at the effects of the candidate's questions that have ended and are not right, once for each
 * end; returns the candidate's clock at which the next ends, G_MAXINT64: none (run_exam_last.c). */
gint64 run_exam_look_last(struct run_exam_seat *seat, const struct exam_clock *now);
/* Ends the exercise if that was to be, and nothing is waited for any more; after each event. */
void run_exam_close_if_done(struct exercise *exercise);
void run_exam_last_free(struct exercise *exercise); /* before the looks that are under way end */
/* A resume: such a look is in the ledger. */
void run_exam_take_last(struct run_exam_seat *seat, const struct event *event);
