/* score_internal.h - what the fold, its models and its printers share; nobody else includes it. */
#pragma once

#include "score/family.h"

#define SCORE_MODELS_MAX 8
#define SCORE_SETTINGS_MAX 16

struct score_choice_of_model { /* one entry of plan.score */
    const struct score_family *family;
    double weight, max; /* max 0: points count as they are */
    double settings[SCORE_SETTINGS_MAX];
    int word;
};

struct score_explainer { /* takes every term of one run */
    cJSON **lists;       /* a team's array each */
};

struct score_model {
    const struct score *score;
    const struct score_choice_of_model *choice;
    struct score_explainer *explainer; /* NULL: only sums are wanted */
    gpointer state;
    double *sums; /* [team * SCORE_PARTS_MAX + part] */
};

struct score_tally { /* of one service of one team: for people, whatever the model makes of it */
    gint64 passed, failed, faults;
};

struct score_span { /* of events, by seq; both ends included */
    gint64 from, to;
};

struct score_void { /* what a correction takes out of the count; every condition must hold */
    gint64 seq;     /* of the correction itself */
    gint64 from_seq, to_seq, from_us, to_us;
    int team, service; /* -1: any */
    int kind;          /* enum score_fact_kind, -1: any */
    bool lifted;
    bool restore; /* a team was put back: its history says what is void */
    gint64 facts; /* … and so many had become void by that */
    char *reason, *by;
};

struct score {
    char *exercise; /* NULL before exercise.created */
    gint64 at_us, seq;
    bool chosen; /* score_use() was called */
    struct score_roster roster;
    GArray *facts;        /* struct score_fact, by seq */
    GPtrArray *names;     /* char *: what facts are about */
    GHashTable *name_ids; /* name → index + 1 */
    GArray *choices;      /* struct score_choice_of_model */
    GPtrArray *models;    /* struct score_model, one a choice, and the adjustments at last */
    GPtrArray *columns;   /* char *, NULL-terminated */
    GArray *tallies;      /* struct score_tally [team * services + service] */
    GPtrArray *voids;     /* struct score_void */
    GPtrArray *histories; /* by team: GArray of struct score_span, what counts of it; NULL: all */
};

/* ---- score_plan.c -------------------------------------------------------------------------- */

/* Learns who takes part from the body of exercise.created. */
void score_learn(struct score *score, const cJSON *body);
void score_roster_init(struct score_roster *roster);
void score_roster_clear(struct score_roster *roster);
int score_index(GHashTable *ids, const char *name); /* -1: none */

/* ---- score_choice.c ------------------------------------------------------------------------ */

/* Reads plan.score; appends to choices. */
bool score_read_choices(const cJSON *models, GArray *choices, GError **error);

/* ---- score_fact.c -------------------------------------------------------------------------- */

/* What event means to models; false when nothing. */
bool score_fact_read(struct score *score, const struct event *event, struct score_fact *ret);
gint32 score_name(struct score *score, const char *text);

/* ---- score_correct.c ----------------------------------------------------------------------- */

/* True when event is a correction; the models must run anew then. */
bool score_correct(struct score *score, const struct event *event);
bool score_is_void(const struct score *score, const struct score_fact *fact);
cJSON *score_corrections(const struct score *score);
void score_void_free(gpointer data);
void score_history_free(gpointer data); /* accepts NULL */

/* ---- score_run.c --------------------------------------------------------------------------- */

/* Fresh models for every choice, with explainer (may be NULL). */
GPtrArray *score_models_new(const struct score *score, struct score_explainer *explainer);
void score_models_fact(GPtrArray *models, const struct score_fact *fact);
/* Runs models from the first fact that counts to the last. */
void score_models_run(const struct score *score, GPtrArray *models);
/* Sums with all that settles at the end: [model][team * SCORE_PARTS_MAX + part]; g_free() each. */
double **score_models_settled(const struct score *score, GPtrArray *models);
double score_factor(const struct score_model *model);
