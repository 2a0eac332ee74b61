/* run_impair.h - the impaired links of an exercise: asked through the ledger, made, measured.
 *
 * Every change is a link.impaired event first and takes effect when that is on the disk; an empty
 * one is followed by link.cleared once the kernel has been read back. Measurements run on the
 * exercise clock while a link is impaired, its machine is ready and the exercise runs; answers from
 * before a pause or a change are void.
 */
#pragma once

#include "run/impair_judge.h"
#include "run/run.h"

struct run_direction {
    struct run_link *link;
    enum plan_direction direction;
    struct impair_window window;
    struct impair_achieved achieved;
    bool measuring, known, busy;
    guint rounds, drifting, steady; /* the last two: in a row */
    bool alarmed, recorded_drift;
    gint64 recorded_at_us; /* link.measured; -1: not yet */
    struct net_queue queue;
};

struct run_link { /* that was impaired once; lives until the exercise is freed */
    struct exercise *exercise;
    int machine, card, team;
    char *id;                       /* blue1/web:office */
    struct plan_link_ask ask, made; /* the latter: as the world last verified it */
    bool reverting;                 /* ask failed: it is made again */
    char *by;
    gint64 since_us;
    guint serial;    /* counts changes */
    bool making;     /* the world is at it, or the ledger before it */
    bool broken;     /* it is neither as asked nor as it was */
    bool opened;     /* its ifb is announced in the ledger */
    bool unsure;     /* of an earlier engine: what the kernel has is not known yet */
    char *problem;   /* why it is not as asked, or NULL */
    guint64 timer;   /* of the next round, 0: none */
    GPtrArray *done; /* struct link_call *: to be told when it is made */
    struct run_direction directions[PLAN_DIRECTIONS];
};

/* Called when the link is as asked, or is not; never from inside the call. */
typedef void (*run_link_fn)(
        struct exercise *exercise, const struct run_link *link, const GError *error, gpointer data);

void run_links_init(struct exercise *exercise);
void run_links_free(struct exercise *exercise);
/* What the scenario's links ask from the start. */
void run_links_start(struct exercise *exercise);
/* All links are gone with the world: says so in the ledger. */
void run_links_closed(struct exercise *exercise);
/* A machine is ready (again): its links are made as asked, once more. */
void run_links_ready(struct exercise *exercise, int machine);

/* The timeline's wish for a team (-1: of no team). False when there is no such link. */
bool run_link_wish(struct exercise *exercise, const struct plan_impair *wish, int team,
        const char *by, GError **error);

/* Asks for a link's state as a whole. */
void run_link_ask(struct exercise *exercise, int machine, int card, const struct plan_link_ask *ask,
        const char *by, run_link_fn done, gpointer data);
/* What is asked of it now. */
struct plan_link_ask run_link_asked(struct exercise *exercise, int machine, int card);

/* Impairments are possible: not switched off for this run. */
bool run_links_allowed(const struct exercise *exercise, GError **error);

/* [{"link","in","out","down"}] of what is asked, for checkpoints: all, or those of a team's
 * machines; and back: links that are not in it are cleared. */
cJSON *run_links_save(const struct exercise *exercise, int team);
void run_links_restore(struct exercise *exercise, const cJSON *saved, int team, const char *by);
/* [{"link","machine","network","asked"}] of those that such a restore changes. */
cJSON *run_links_differ(struct exercise *exercise, const cJSON *saved, int team);
/* Asks for that of each, as far as it is not asked for already. */
void run_links_ask_all(struct exercise *exercise, const cJSON *changes);
/* What an earlier engine was asked, by link, as in link.impaired; without acting:
 * run_links_ready() of each machine makes it so. */
void run_links_take(struct exercise *exercise, const cJSON *links);

/* run_measure.c: begins, goes on, stops. */
void run_measure_begin(struct run_link *link);
void run_measure_stop(struct run_link *link);
cJSON *run_direction_json(const struct run_direction *direction);
