/* score_internal.h - what the fold and its printers share; nobody else includes it. */
#pragma once

#include "score/score.h"

enum score_term { SCORE_UPTIME, SCORE_PENALTY, SCORE_EFFECT, SCORE_BLOCKED, SCORE_TERMS };

/* Why a term was given; few, shared by many terms. */
struct score_reason {
    enum score_term term;
    gint32 points;
    char *why;
};

#define SCORE_NOBODY G_MAXUINT32 /* a term that no restore can void */

struct score_span { /* of events, by seq; both ends included */
    gint64 from, to;
};

/* One term of a team's total: what happened at seq. Kept small, there is one a passed check. */
struct score_entry {
    gint64 seq, at_us;
    guint32 reason; /* index into score.reasons */
    guint32 owner;  /* index of the team to which it happened, or SCORE_NOBODY */
};

struct score_service { /* of one team */
    char *name;
    guint32 passed_reason, failed_reason;
    gint64 sla_after;
    gint64 run; /* consecutive failures since the last pass or penalty */
    gint64 passed, failed, points, penalty;
    GArray *looks; /* gint64: every check, seq * 2 + (1 when it passed) */
};

struct score_team {
    char *id, *title, *role;
    guint32 index;   /* among the teams */
    GArray *history; /* struct score_span: what counts of what happened to it */
    gint64 sums[SCORE_TERMS];
    GPtrArray *services;       /* struct score_service, in the plan's order */
    GHashTable *service_names; /* name → struct score_service */
    GArray *entries;           /* struct score_entry */
};

struct score_step {
    char *name, *label, *attacker; /* label: "guess (T1110.001)" */
    gint32 effect, blocked;
};

struct score {
    char *exercise; /* NULL before exercise.created */
    gint64 at_us, seq;
    GPtrArray *teams;       /* struct score_team */
    GHashTable *team_ids;   /* id → struct score_team */
    GHashTable *steps;      /* name → struct score_step */
    GArray *reasons;        /* struct score_reason */
    GHashTable *reason_ids; /* text → index + 1 */
};

/* ---- score_restore.c ----------------------------------------------------------------------- */

GArray *score_history_new(void); /* all counts */
void score_apply_restored(struct score *score, const struct event *event);

/* ---- score_plan.c -------------------------------------------------------------------------- */

/* Learns teams, services and steps from the body of exercise.created. */
void score_learn(struct score *score, const cJSON *body);

/* The index of the reason with this term, points and text; made when new. */
guint32 score_reason_id(struct score *score, enum score_term term, gint32 value, const char *why);

/* Frees what score_learn() made. */
void score_team_free(gpointer data);
void score_step_free(gpointer data);
