/* impair_host.h - can this host impair links as a scenario asks? Tried in a cell of its own. */
#pragma once

#include "cell/cell.h"
#include "plan/plan_impair.h"

/* False and HOST, with the remedy, when the kernel lacks what needs (PLAN_NEEDS_…) names. */
bool impair_host_can(guint needs, GError **error);

/* The same for what the scenario's links and timeline ask; true at once when they ask nothing. */
bool impair_host_fits(const struct plan *plan, GError **error);

/* "impairments" of the doctor. */
struct doctor_check *doctor_impairments(void);
