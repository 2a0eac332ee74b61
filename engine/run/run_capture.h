/* run_capture.h - what the files about captures share: run_capture.c, run_capture_steps.c. */
#pragma once

#include "run/run.h"

enum run_capture_state {
    RUN_CAPTURE_OFF,
    RUN_CAPTURE_STARTING, /* being announced */
    RUN_CAPTURE_ON,
    RUN_CAPTURE_STOPPING,
    RUN_CAPTURE_FAILED, /* ended by itself */
};
const char *run_capture_state_name(enum run_capture_state state);

struct run_capture { /* of one network */
    struct exercise *exercise;
    int network;
    enum run_capture_state state;
    char *by; /* who started it last, and then who stopped it; NULL: nobody ever did */
    bool said_dropped, said_full, said_failed;
};

struct run_captures {
    struct exercise *exercise;
    guint count; /* of networks */
    struct run_capture *each;
    GPtrArray *spans; /* struct capture_span *: steps that run */
    guint watch;      /* GSource ids */
    guint limit;
    bool given_up;
    bool begun;       /* run_captures_start() was called */
    run_then_fn then; /* waits for the last capture to stop */
};

/* Where the exercise's captures lie: beside the ledger. The caller's. */
char *run_capture_folder(const struct exercise *exercise);

const struct plan_network *run_capture_network(const struct run_capture *capture);
void run_capture_record(const struct run_capture *capture, const char *kind, cJSON *body);
struct event *run_capture_resource(const struct run_capture *capture, const char *kind);
/* Announces it; it is on once that is in the ledger. */
void run_capture_start(struct run_capture *capture, const char *by);

/* Calls then of run_captures_end() when nothing is left to wait for. */
void run_captures_settle(struct exercise *exercise);

/* ---- run_capture_resume.c ------------------------------------------------------------------- */

/* In a resumed exercise: was it on, or not yet closed, when the engine was killed? Then what it has
 * left goes to the record, and it is started again (not when it had been stopped). */
bool run_capture_was_on(const struct run_capture *capture);
void run_capture_go_on(struct run_capture *capture);
/* The same for an exercise that ends: it is not started. */
void run_capture_close_left(struct run_capture *capture);

/* ---- run_capture_steps.c: which packets belong to which step -------------------------------- */

struct capture_span;
void run_capture_span_free(gpointer data);
/* A capture has begun: steps that run already are in it. */
void run_capture_began(struct run_capture *capture);
/* A capture has ended: steps that still run were in it until now. */
void run_capture_over(struct run_capture *capture);
/* The exercise ends: what is known of the steps that still run goes to the record. */
void run_capture_spans_end(struct exercise *exercise);
