/* capacity.h - does a plan fit into a host, and how many teams would?
 *
 * Pure: what a machine takes and what the host has come from the caller. Memory and disk are
 * walls; the processor only makes things slow, up to the limit in which all machines must be ready.
 */
#pragma once

#include "plan/plan.h"

#include <cjson/cJSON.h>

struct capacity_use { /* of one machine */
    double memory_mib, disk_mib;
    double boot_cpu_s; /* of one processor, until it is ready */
    bool measured;     /* on this host; else assumed from what the scenario declares */
};

/* What a machine made from host takes. */
typedef struct capacity_use (*capacity_use_fn)(const struct plan_host *host, gpointer data);

struct capacity_host { /* negative: unknown, and no limit then */
    gint64 memory_mib, disk_mib;
    int processors;
    int ready_limit_s;
};

enum capacity_kind { CAPACITY_MEMORY, CAPACITY_DISK, CAPACITY_CPU, CAPACITY_KINDS };
const char *capacity_kind_name(enum capacity_kind kind); /* memory, disk, cpu */

struct capacity {
    double need[CAPACITY_KINDS]; /* MiB, MiB, seconds until all are ready */
    double have[CAPACITY_KINDS]; /* negative: unknown */
    int teams[CAPACITY_KINDS];   /* the largest K by this one alone */
    int largest;                 /* the least of these … */
    enum capacity_kind limit;    /* … and whose it is */
    guint machines;
    bool measured; /* every machine's use was */
    bool fits;     /* memory and disk */
    bool slow;     /* longer than the limit to ready */
};

/* For a plan that is expanded: its groups' counts are those that will run. */
void capacity_of(const struct plan *plan, const struct capacity_host *host, capacity_use_fn use,
        gpointer data, struct capacity *ret);

/* False and HOST, with the resource, what fits, and the remedy, when it does not fit. */
bool capacity_check(const struct plan *plan, const struct capacity *capacity, GError **error);

/* {"fits","slow","measured","machines","largest_teams","limit",
 *  "memory":{"need_mib","have_mib","teams"},"disk":{…},"cpu":{"ready_s","limit_s","processors",
 *  "teams"}}; the caller's. */
cJSON *capacity_json(const struct capacity *capacity, const struct capacity_host *host);
