/* inject.h - the timeline's entries, one for each team they concern. */
#pragma once

#include "plan/plan.h"

/* Fills plan->injects from the timeline, by time; teams must be expanded. */
void plan_expand_injects(struct plan *plan);
