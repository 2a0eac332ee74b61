/* capture_fold.h - the captures of an exercise and the steps in them, folded from its events. */
#pragma once

#include "base/event.h"

struct capture_fold;

struct capture_fold *capture_fold_new(void);
void capture_fold_free(struct capture_fold *fold); /* accepts NULL */
void capture_fold_apply(struct capture_fold *fold, const struct event *event);

/* {"captures": [{"network","team","state","folder","packets","bytes","dropped","removed",
 *   "removed_step","problem","files":[…]}],
 *  "steps": [{"step","team","verdict","from_us","to_us","places":[…]}],
 *  "names": [{"network","address","name"}]}: bodies as in docs/events.md, one entry a network and
 * one a run of a step. A capture whose end is not in the ledger has the state "open". The caller's.
 */
cJSON *capture_fold_to_json(const struct capture_fold *fold);
