/* snapshot.h - all that events have changed in a model, as bytes: what replay goes back to.
 *
 * The plan is not in it: take() needs a model that has folded the same exercise.created. Scores are
 * not either: totals over time are history.h's. Bytes may come from a file: a take of damaged ones
 * fails and leaves a model that shows less, never a crash.
 */
#pragma once

#include "model.h"

GBytes *snapshot_make(const struct model *model);
bool snapshot_take(struct model *model, GBytes *bytes);
