/* score.h - standings as a pure fold over events, by the scoring models that the exercise chose.
 *
 * Fed every event in order of seq, from the first. It learns teams, services, steps, tasks and
 * models from exercise.created and asks nothing else: the same events give the same standings, byte
 * for byte. An exercise that chooses no model is scored by "uptime" and "steps".
 *
 * Sums are IEEE doubles in a fixed order: a part adds first the terms that events gave at once, by
 * seq, then those that are settled when the board is made (a flag's or task's price depends on who
 * takes it later), flag by flag and task by task in the order in which the ledger first names them;
 * a model its parts in the order of its family, a total the models in the order of the scenario,
 * each times its weight (and 100 / max where it states a maximum), then adjustments. Rounding is for
 * people's eyes only.
 *
 * Corrections are events. score.adjusted adds points by hand; score.voided takes what matches its
 * conditions out of the count, as if it had not happened, whenever it did; one that names the seq
 * of a correction takes that correction back. checkpoint.restored does the same for what happened
 * to the team between the checkpoint and its restoring. Nothing is ever deleted: a fold over the
 * events before a correction still gives the standings before it.
 *
 * check.fault is neutral in every model: what the range could not see is nobody's gain or loss.
 */
#pragma once

#include "base/event.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

#define SCORE_COLUMNS_MAX 50

struct score;

struct score_line { /* one row of the standings */
    const char *team;
    const char *title;
    int rank; /* from 1; equal totals share one and the next is skipped, unless a model has it other */
    double total;
    double tie; /* of equal totals the lesser is better; 0: no model breaks ties */
    double columns[SCORE_COLUMNS_MAX]; /* as score_columns() names them, weighted */
};

struct score *score_new(void);
void score_free(struct score *score); /* accepts NULL */

/* From now on the models of this JSON (as plan.score in docs/events.md) count instead of those that
 * the exercise chose: for rescore. Before the first event. False and an error that names the place
 * and the nearest known name. */
bool score_use(struct score *score, const cJSON *models, GError **error);

/* Can models (as plan.score) be used? The error names the entry. */
bool score_check(const cJSON *models, GError **error);

/* For who reads a whole ledger and looks once: the models wait until then, and run in one go. Before
 * the first event. */
void score_wait(struct score *score);

/* Gives every event from the first on to take, until that returns false. False and an error. */
typedef bool (*score_take_fn)(const struct event *event, gpointer to);
typedef bool (*score_again_fn)(gpointer data, score_take_fn take, gpointer to, GError **error);
/* Custom models read events, not facts. Where those can be read again, none of them is kept for a
 * second run: a long ledger has more than fit. Before the first event; data stays the caller's. */
void score_read_again(struct score *score, score_again_fn again, gpointer data);

/* From now on terms are given without why (""): to say it takes longer than to count. */
void score_without_why(struct score *score);

/* Folds one event in. Events of unknown kinds or with unusable bodies change nothing: false then.
 * True: the standings may be others now. */
bool score_apply(struct score *score, const struct event *event);

/* Why there are no standings: a custom model failed ("rules.lua:12: …"), or the plan names models
 * that this program does not know. NULL: there are. There is no half of a score: one that failed has
 * no lines at all. Voiding the event that a custom model failed on heals it. */
const char *score_failure(const struct score *score);

/* Names of the parts that add up to a total ("uptime", "penalty" …), NULL-terminated; the score's.
 */
const char *const *score_columns(const struct score *score);

/* Standings, best first, those of one rank by team id; GArray of struct score_line, the caller's. Strings belong
 * to score. */
GArray *score_standings(const struct score *score);

/* {"exercise":…, "at_us":…, "seq":…, "models":[{"model","weight","max","settings"}],
 * "columns":[…], "tie":"what it is", "teams":[{"rank","team","title","role","total","tie","columns":
 * {…},"services":[{"service","passed","failed","faults"}], "explain":[…]}], "corrections":[…],
 * "failure":…}; "tie" where a model breaks ties; explain, when asked for, lists every term: {"seq",
 * "at_us","model","part","points","why"}, points already weighted. */
cJSON *score_to_json(const struct score *score, bool explain);

struct score_term { /* points, and the event that made them */
    const char *team, *model, *part, *why;
    gint64 seq, at_us;
    double points; /* weighted */
};
typedef void (*score_term_fn)(const struct score_term *term, gpointer data);

/* Gives every term in the order in which it adds to its part. Nothing is kept: a long game has
 * hundreds of thousands. A score that failed has none. */
void score_explain(const struct score *score, score_term_fn fn, gpointer data);

/* The same for a score that waits, whose models run now and for the only time. False: it failed,
 * and what was given is void. */
bool score_run(struct score *score, score_term_fn fn, gpointer data);

/* A correction as an event: score.adjusted from {team, points, reason}, score.frozen from {frozen,
 * reason} (it corrects nothing, but is given with a reason as they are), or score.voided from
 * {reason} and conditions {seq, from_seq, to_seq, from_us, to_us, team, service, of}. Everything is
 * checked against who takes part in score; the error names what is wrong. who is for the record. */
struct event *score_correction_new(const struct score *score, const char *kind, const cJSON *params,
        const char *who, GError **error);

/* What can be chosen: [{"model","summary","parts":[…],"settings":[{"name","usual","minimum",
 * "maximum"}],"choice","words":[…],"tie"}]. */
cJSON *score_models_to_json(void);
