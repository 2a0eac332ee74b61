/* aar_internal.h - the parts of the after-action fold; each has a file of its own. */
#pragma once

#include "report/aar.h"
#include "score/exam.h"
#include "score/score.h"

#include <stdbool.h>

struct aar {
    struct score *score;
    struct exam *exam;      /* its marks are the report's, but not the public's */
    cJSON *plan;            /* of exercise.created; an empty object before */
    cJSON *exercise;        /* as in the document */
    cJSON *services;        /* … with their spans */
    GHashTable *service_of; /* "TEAM\nSERVICE" → its item of services */
    cJSON *steps;           /* … without responses */
    cJSON *restored; /* by team: [[from, to], …], the events of it that still count, once it was put
                      * back to a checkpoint */
    cJSON *acts;     /* [{team, at_us, seq, act}]: what teams did to their machines and routers */
    cJSON *reports; /* [{team, at_us, seq, step, attack}]: what teams say they have seen */
    cJSON *remarks;
    int acts_count, reports_count;
    bool is_public;
    gint64 remarks_left;
    gint64 at_us, seq, wall_us; /* of the last event … */
    unsigned char head[EVENT_HASH_BYTES];
};

/* aar_services.c */
void aar_learn_services(struct aar *aar);
void aar_apply_check(struct aar *aar, const struct event *event, const cJSON *body);
/* With the counts of score (of score_to_json) and the last spans ended. The caller's. */
cJSON *aar_services_json(const struct aar *aar, const cJSON *score);

/* aar_steps.c */
void aar_apply_step(struct aar *aar, const struct event *event, const cJSON *body);
void aar_apply_restored(struct aar *aar, const struct event *event);
/* Runs that a restore took back are void. */
void aar_void_undone(const struct aar *aar, cJSON *steps);
cJSON *aar_coverage_json(const cJSON *steps);

/* aar_response.c: who did what after a step, and which service it took down for how long. */
void aar_apply_act(struct aar *aar, const struct event *event, const cJSON *body);
void aar_apply_report(struct aar *aar, const struct event *event, const cJSON *body);
void aar_add_responses(const struct aar *aar, cJSON *steps, const cJSON *services);

/* aar_terms.c */
/* Adds "lines" and "terms" of score, whose board is that of score_to_json(). */
void aar_add_terms(const struct score *score, const cJSON *board, cJSON *document);

/* aar_public.c: takes out of the document what is not the public's. */
void aar_publish(cJSON *document);

/* aar_remarks.c */
void aar_apply_remark(struct aar *aar, const struct event *event, const cJSON *body);

/* The item of an array of the plan whose member is value, or NULL. */
const cJSON *aar_find(const cJSON *array, const char *member, const char *value);
