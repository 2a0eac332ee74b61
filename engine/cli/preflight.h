/* preflight.h - does an exercise fit into this host? From the images' measured use. */
#pragma once

#include "plan/capacity.h"
#include "virt/virt.h"

#define PREFLIGHT_READY_LIMIT_S 300 /* what `run` waits when nothing else is said */

/* ready_limit_s 0: the usual one. accel decides which measurements count. */
void preflight(const struct plan *plan, enum virt_accel accel, int ready_limit_s,
        struct capacity_host *ret_host, struct capacity *ret);

/* Words for stderr when it will be slow; nothing otherwise. */
void preflight_warn(const struct capacity *capacity, const struct capacity_host *host);

/* Lines for stdout. */
void preflight_print(const struct capacity *capacity, const struct capacity_host *host);
