/* daemon_host.h - what of a scenario works on a libvirt daemon (docs/decisions/0009). */
#pragma once

#include "plan/plan.h"

/* False and HOST, with file, line and remedy, when something needs the engine's own hand in the
 * networks, or machines that only the embedded driver starts. */
bool daemon_host_fits(const struct plan *plan, GError **error);
