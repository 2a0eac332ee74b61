/* status_fold.h - what an exercise's status was, folded from its events.
 *
 * The same JSON as exercise_status() (run/exercise.h) as far as events tell: pid is 0, and a
 * service that was never looked at is "unknown".
 */
#pragma once

#include "base/event.h"

#include <cjson/cJSON.h>

struct status_fold;

struct status_fold *status_fold_new(void);
void status_fold_free(struct status_fold *fold); /* accepts NULL */

/* Every event in order of seq, from the first. Unusable bodies change nothing. */
void status_fold_apply(struct status_fold *fold, const struct event *event);

/* The caller's. */
cJSON *status_fold_to_json(const struct status_fold *fold, const char *ledger_path);
