/* family.h - what a scoring model is to the fold; for the files of score/ only.
 *
 * The fold turns events into facts, keeps them, and hands each to every model that the exercise
 * chose. A model gives points at once, or when asked to settle, or both; nothing else makes points,
 * so the terms that explain a total are those that made it. A model sees facts only: no clock, no
 * chance, no order but that of seq. It must give the same points when it is run again from the
 * first fact, which is how a total is explained and how a correction takes effect.
 */
#pragma once

#include "score/score.h"

#define SCORE_PARTS_MAX 6

enum score_fact_kind {
    FACT_CHECK,    /* a look at a service: team, service, tick, status */
    FACT_ROUND,    /* a round is over: tick */
    FACT_ISSUED,   /* a flag was handed out: team (owner), service, tick, name (the flag) */
    FACT_CAPTURE,  /* a flag was taken: team (captor), other (owner), service, tick, name */
    FACT_EFFECT,   /* a step took effect: team (attacker), other (target), name (the step) */
    FACT_BLOCKED,  /* a step was blocked: team (target), name (the step) */
    FACT_SOLVED,   /* a task, level, question: team, name, value (points when > 0) */
    FACT_REJECTED, /* a wrong answer that counts: team, name */
    FACT_HINT,     /* team, name (the task), value (its cost) */
    FACT_SOLUTION, /* the solution was shown: team, name (the task) */
    FACT_GRADE,    /* a component of a grade: team, name, value */
    FACT_ADJUST,   /* by hand: team, value, name (the reason) */
    FACT_BEGUN,    /* a step began: team (target), name (the step) */
    FACT_REPORT,   /* team says what it has seen: name (what it said, see score_fact.c) */
    FACT_OTHER,    /* nothing but to the custom model, which has the event */
};

enum score_status {
    STATUS_OK,
    STATUS_RECOVERING,
    STATUS_MUMBLE,
    STATUS_CORRUPT,
    STATUS_DOWN,
    STATUS_FAULT, /* not the team's: neutral in every model */
};

struct score_fact {
    gint64 seq, at_us;
    double value;
    gint32 team, other, service; /* indexes; -1: none */
    gint32 name;                 /* an id of score_name(), -1: none */
    gint32 tick;
    guint8 kind;
    guint8 status : 7, kept : 1;    /* kept: a custom model reads its event */
    guint16 undone : 1, voids : 15; /* how many corrections take it out; the fold's, not models' */
};

struct score_service {
    char *name, *group;
    double points, weight;
    int sla_after;
    double sla_penalty;
};

struct score_step {
    char *name, *label; /* label: "guess (T1110.001)" */
    char *technique;    /* "T1110.001", or "" */
    char *to;           /* the machine it aims at, "web" */
    int attacker;       /* team, -1: unknown */
    double effect, blocked;
};

struct score_team {
    char *id, *title, *role, *group;
    bool reference; /* the NOP team: undefended, never ranked */
};

/* What a team says it has seen, in the name of a FACT_REPORT; value is when, in microseconds. */
struct score_sighting {
    char *what;    /* a technique's id, a step, anything */
    char **hosts;  /* machines; empty: none named */
    bool resolved; /* its evidence was looked up, and is there */
};

struct score_task { /* something that can be solved, from the plan */
    char *name;
    double points, minimum;
};

/* Who takes part; from the plan, then never changed. */
struct score_roster {
    GPtrArray *teams, *services, *steps, *tasks;
    GHashTable *team_ids, *service_ids, *step_ids, *task_ids; /* name → index + 1 */
    double length_s;                                          /* of the exercise */
    int players;                                              /* blue teams but the reference */
};

struct score_param { /* one number that the scenario may set */
    const char *name;
    double usual, minimum, maximum;
};

struct score_choice { /* one word that the scenario may set */
    const char *name, *usual;
};

struct score_model; /* one chosen family with its settings, in a run of the fold */

struct score_family {
    const char *name;
    const char *summary;                    /* one line, for people */
    const char *parts[SCORE_PARTS_MAX + 1]; /* what its points are called, NULL-terminated */
    const struct score_param *params;       /* ended by an entry without a name; may be NULL */
    const char *choice;                     /* the name of its one word-like parameter, or NULL */
    const char *const *words;               /* … and what it may be, the usual first */
    gsize size;                             /* of its state, zeroed before open */
    void (*open)(struct score_model *model);
    void (*fact)(struct score_model *model, const struct score_fact *fact);
    /* Gives what depends on all that has happened; called any number of times, changes nothing. */
    void (*settle)(struct score_model *model);
    void (*close)(struct score_model *model);
    /* Of two teams with equal totals the one with less stands first; tie says what it is, for people.
     * NULL: they share a rank. The first chosen model that has it decides for the board. */
    double (*tie_of)(struct score_model *model, int team);
    const char *tie;
    bool dense; /* with it: 1 2 2 3, not 1 2 2 4 */
};

/* All families, by name; NULL when there is none. */
const struct score_family *score_family(const char *name);
const char *const *score_family_names(void);

/* ---- for families -------------------------------------------------------------------------- */

gpointer score_state(struct score_model *model);
const struct score_roster *score_roster(const struct score_model *model);
double score_setting(const struct score_model *model, const char *name);
int score_word(const struct score_model *model); /* index into family->words */
int score_teams(const struct score_model *model);
int score_services(const struct score_model *model);
/* Teams that play: all of the roster's blue ones that are no reference. */
int score_players(const struct score_model *model);
bool score_is_reference(const struct score_model *model, int team);
const struct score_service *score_service_at(const struct score_model *model, int service);
/* The service is one of the team's, and the team is not the reference. */
bool score_owns(const struct score_model *model, int team, int service);
/* Is fact a capture of another team's flag, of neither side the reference, and the first of that
 * flag by this team? seen (of gint64, its own) remembers those that are. */
bool score_capture_counts(
        const struct score_model *model, const struct score_fact *fact, GHashTable *seen);
GHashTable *score_seen_new(void);
const char *score_name_of(const struct score_model *model, gint32 name);

struct score_window { /* of ticks, both included; last -1: none was stated */
    gint32 first, last;
};
/* In which ticks the flag counts, as its flag.issued said. */
struct score_window score_window_of(const struct score_model *model, gint32 name);

/* What a FACT_REPORT's name says; free with score_sighting_clear(). */
struct score_sighting score_sighting_of(const struct score_model *model, gint32 name);

static inline void score_sighting_clear(struct score_sighting *sighting)
{
    g_free(sighting->what);
    g_strfreev(sighting->hosts);
}

/* Gives points to team for a part (index into family->parts) because of fact (NULL: nothing single
 * made them). why is printf-like and read only when somebody wants an explanation. */
void score_give(struct score_model *model, int team, int part, double points,
        const struct score_fact *fact, const char *why, ...) G_GNUC_PRINTF(6, 7);
