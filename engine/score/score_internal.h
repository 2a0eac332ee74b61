/* score_internal.h - what the fold, its models and its printers share; nobody else includes it. */
#pragma once

#include "score/custom.h"
#include "score/family.h"

#define SCORE_MODELS_MAX 8
#define SCORE_SETTINGS_MAX 16

struct score_custom { /* what an entry of the family "custom" has besides */
    char *from, *code;
    cJSON *settings;
    char **parts, **events; /* as its text says; NULL-terminated */
};

struct score_choice_of_model { /* one entry of plan.score */
    const struct score_family *family;
    double weight, max; /* max 0: points count as they are */
    double settings[SCORE_SETTINGS_MAX];
    int word;
    struct score_custom *custom; /* NULL: another family */
};

struct score_explainer { /* takes every term of one run */
    score_term_fn fn;
    gpointer data;
};

struct score_model {
    const struct score *score;
    const struct score_choice_of_model *choice;
    struct score_explainer *explainer; /* NULL: only sums are wanted */
    gpointer state;
    double *sums;  /* [team * SCORE_PARTS_MAX + part] */
    char *failure; /* why it gives no points any more, NULL: it does */
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
    int lifts;         /* it takes the correction at that index back, and nothing else; -1: none */
    bool lifted;       /* one that holds takes this one back */
    bool restore;      /* a team was put back: its history says what is void */
    gint64 facts;      /* that it takes out of the count */
    char *reason, *by;
};

struct score {
    char *exercise; /* NULL before exercise.created */
    gint64 at_us, seq;
    bool chosen;          /* score_use() was called */
    bool keeps;           /* a custom model is among the chosen ones */
    bool dumb;            /* terms say no why */
    bool waits;           /* models run when they are looked at, not with every event */
    score_again_fn again; /* NULL: what a custom model reads is kept */
    gpointer again_data;
    const struct event *now; /* what the fact that is told is of; NULL: nobody reads it */
    char *failure;           /* why the plan cannot be scored, NULL: it can */
    struct score_roster roster;
    GArray *facts;    /* struct score_fact, by seq */
    GPtrArray *kept;  /* struct event, by seq: those that a custom model reads (but for again) */
    GPtrArray *names; /* char *: what facts are about */
    GHashTable *name_ids; /* name → index + 1 */
    GArray *windows;      /* struct score_window, by name; shorter: none were stated */
    GArray *choices;      /* struct score_choice_of_model */
    GPtrArray *models;    /* struct score_model, one a choice, and the adjustments at last */
    GPtrArray *columns;   /* char *, NULL-terminated */
    GArray *tallies;      /* struct score_tally [team * services + service] */
    GPtrArray *voids;     /* struct score_void */
    bool stale;           /* models and tallies are behind the facts: a correction came */
    GPtrArray *histories; /* by team: GArray of struct score_span, what counts of it; NULL: all */
};

/* ---- score.c ------------------------------------------------------------------------------- */

/* Models and tallies as of the last fact; before they are looked at. */
void score_freshen(const struct score *score);

static inline bool score_is_void(const struct score_fact *fact)
{
    return fact->undone || fact->voids > 0;
}

/* ---- score_plan.c -------------------------------------------------------------------------- */

/* Learns who takes part from the body of exercise.created. */
void score_learn(struct score *score, const cJSON *body);
void score_roster_init(struct score_roster *roster);
void score_roster_clear(struct score_roster *roster);
int score_index(GHashTable *ids, const char *name); /* -1: none */

/* ---- score_choice.c ------------------------------------------------------------------------ */

/* Reads plan.score; appends to choices. */
bool score_read_choices(const cJSON *models, GArray *choices, GError **error);
GArray *score_choices_new(void);
/* What the points of an entry are called, NULL-terminated. */
const char *const *score_parts(const struct score_choice_of_model *choice);

/* ---- families_custom.c --------------------------------------------------------------------- */

/* Reads what an entry of the family "custom" has besides; NULL and an error with file and line. */
struct score_custom *score_custom_read(const cJSON *item, GError **error);
void score_custom_clear(struct score_custom *custom); /* accepts NULL */
/* Does a custom model read events of its kind? */
bool score_wants(const struct score *score, const struct event *event);
const struct event *score_kept(const struct score *score, gint64 seq); /* NULL: it is not */

/* ---- score_fact.c -------------------------------------------------------------------------- */

/* What event means to models; false when nothing. */
bool score_fact_read(struct score *score, const struct event *event, struct score_fact *ret);
gint32 score_name(struct score *score, const char *text);
/* One that means nothing by itself, but is kept for a custom model. */
void score_fact_other(const struct score *score, const struct event *event, struct score_fact *ret);

/* ---- score_correct.c ----------------------------------------------------------------------- */

/* True when event is a correction; the models must run anew then. */
bool score_correct(struct score *score, const struct event *event);
cJSON *score_corrections(const struct score *score);
void score_void_free(gpointer data);
void score_history_free(gpointer data); /* accepts NULL */

/* ---- score_run.c --------------------------------------------------------------------------- */

/* Fresh models for every choice, with explainer (may be NULL). */
GPtrArray *score_models_new(const struct score *score, struct score_explainer *explainer);
void score_models_fact(GPtrArray *models, const struct score_fact *fact);
/* Runs models from the first fact that counts to the last; tally (may be NULL) is called with each
 * of them. */
void score_models_run(struct score *score, GPtrArray *models,
        void (*tally)(struct score *score, const struct score_fact *fact));
/* Fresh models in place of those that are behind, which tell fn (may be NULL) their terms. */
void score_run_anew(struct score *score, score_term_fn fn, gpointer data);
/* Sums with all that settles at the end: [model][team * SCORE_PARTS_MAX + part]; g_free() each. */
double **score_models_settled(const struct score *score, GPtrArray *models);
double score_factor(const struct score_model *model);
