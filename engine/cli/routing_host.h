/* routing_host.h - has this host what a scenario's routers and networks ask? Tried in a cell. */
#pragma once

#include "cell/cell.h"
#include "plan/plan.h"

/* False and HOST, with the remedy, when the kernel or a program is missing; true at once when the
 * scenario asks nothing special. Before any thread is started. */
bool routing_host_fits(const struct plan *plan, GError **error);

/* "routers", "vlans" and "names" of the doctor. */
struct doctor_check *doctor_routers(void);
struct doctor_check *doctor_vlans(void);
struct doctor_check *doctor_names(void);
