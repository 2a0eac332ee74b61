/* routing_host.h - has this host what a scenario's routers and networks ask? Tried in a cell. */
#pragma once

#include "cell/cell.h"
#include "plan/plan.h"

/* False and HOST, with the remedy, when the kernel or a program is missing; true at once when the
 * scenario asks nothing special. Before any thread is started. */
bool routing_host_fits(const struct plan *plan, GError **error);

/* The exercise that stretched networks are to reach into (--peer, or NULL): USAGE when there are
 * none, or it is no other exercise's name. */
bool routing_peer_fits(const struct plan *plan, const char *peer, GError **error);

/* "routers", "vlans", "tunnels" and "names" of the doctor. */
struct doctor_check *doctor_routers(void);
struct doctor_check *doctor_vlans(void);
struct doctor_check *doctor_tunnels(void);
struct doctor_check *doctor_names(void);
