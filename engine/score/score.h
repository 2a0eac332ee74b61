/* score.h - standings as a pure fold over events.
 *
 * Fed every event in order of seq, from the first. It learns teams, services, steps and points from
 * exercise.created and asks nothing else: the same events give the same standings, byte for byte.
 * Model "uptime" (after the CCDC family): each passed check earns the service's points; a run of
 * sla_after consecutive failures costs sla_penalty, then the run counts anew; a step that takes
 * effect earns points_effect for the attacker's team, one that is blocked points_blocked for the
 * defender's. check.fault, inert, fault and skipped move nothing. All sums are integers.
 * checkpoint.restored voids what happened to its teams (checks of theirs, steps against them,
 * whoever got the points) since the checkpoint: one more term for each sum takes it back.
 */
#pragma once

#include "base/event.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

struct score;

struct score_line { /* one row of the standings */
    const char *team;
    const char *title;
    gint64 total;
    gint64 uptime, penalty, effect, blocked; /* penalty ≤ 0; they add up to total */
};

struct score *score_new(void);
void score_free(struct score *score); /* accepts NULL */

/* Folds one event in. Events of unknown kinds or with unusable bodies change nothing. */
void score_apply(struct score *score, const struct event *event);

/* Standings, best first, ties by team id; GArray of struct score_line, the caller's. Strings belong
 * to score. */
GArray *score_standings(const struct score *score);

/* {"exercise":…, "at_us":…, "seq":…, "teams":[{"team","title","total","uptime","penalty","effect",
 * "blocked","services":[{"service","passed","failed","points","penalty"}], "explain":[…]}]};
 * explain, when asked for, lists every term: {"seq","at_us","points","term","why"}; the terms of a
 * team add up to its total. */
cJSON *score_to_json(const struct score *score, bool explain);
