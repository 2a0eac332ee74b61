/* inject.h - the timeline's entries, one for each team they concern. */
#pragma once

#include "plan/plan.h"

/* Fills plan->injects from the timeline, by time; teams must be expanded. */
void plan_expand_injects(struct plan *plan);

/* One more inject, made while the exercise runs: entry (the plan's from now on, with at_us, step or
 * note) for team (-1: all), called id, or with NULL a free name. The last of plan->injects. */
struct plan_inject *plan_inject_add(
        struct plan *plan, struct plan_entry *entry, int team, const char *id);
/* Can step be run against team? */
bool plan_inject_fits(const struct plan *plan, const struct plan_step *step, int team);
