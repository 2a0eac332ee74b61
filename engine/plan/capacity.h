/* capacity.h - does a plan fit into a host, and how many teams would?
 *
 * Pure: what a machine takes and what the host has come from the caller. Memory and what goes to the
 * disk in any case are walls. The processor only makes things slow, up to the limit in which all
 * machines must be ready; and what disks, captures, a checkpoint and warm states may come to take is
 * said, for it need not come.
 */
#pragma once

#include "plan/plan.h"

#include <cjson/cJSON.h>

struct capacity_use { /* of one machine */
    double memory_mib, disk_mib;
    double boot_cpu_s; /* of one processor, until it is ready */
    bool measured;     /* on this host; else assumed from what the scenario declares */
    double growth_mib; /* beside the ledger, at most: its disks, and both in one checkpoint */
    double images_mib; /* a warm state yet to be made, of this and all machines like it */
};

/* What a machine made from host takes. */
typedef struct capacity_use (*capacity_use_fn)(const struct plan_host *host, gpointer data);

struct capacity_host { /* negative: unknown, and no limit then */
    gint64 memory_mib, disk_mib;
    int processors;
    int ready_limit_s;
    gint64 images_mib; /* where the image store is … */
    bool one_disk;     /* … which is the same file system */
};

enum capacity_kind {
    CAPACITY_MEMORY,
    CAPACITY_DISK,
    CAPACITY_CPU,
    CAPACITY_GROWTH, /* what it may come to take of the disk, in all */
    CAPACITY_IMAGES, /* of the image store's */
    CAPACITY_KINDS
};
const char *capacity_kind_name(enum capacity_kind kind); /* memory, disk, cpu, growth, images */

struct capacity {
    double need[CAPACITY_KINDS]; /* MiB; of the processor seconds until all are ready */
    double have[CAPACITY_KINDS]; /* negative: unknown */
    int teams[CAPACITY_KINDS];   /* the largest K by this one alone */
    int largest;                 /* the least of these … */
    enum capacity_kind limit;    /* … and whose it is */
    guint machines;
    bool measured; /* every machine's use was */
    bool fits;     /* memory and disk */
    bool slow;     /* longer than the limit to ready */
    bool tight;    /* a disk may become full */
};

/* For a plan that is expanded: its groups' counts are those that will run. */
void capacity_of(const struct plan *plan, const struct capacity_host *host, capacity_use_fn use,
        gpointer data, struct capacity *ret);

/* False and HOST, with the resource, what fits, and the remedy, when it does not fit. */
bool capacity_check(const struct plan *plan, const struct capacity *capacity, GError **error);

/* {"fits","slow","tight","measured","machines","largest_teams","limit",
 *  "memory":{"need_mib","have_mib","teams"},"disk":{…},"growth":{…},"images":{…},
 *  "cpu":{"ready_s","limit_s","processors","teams"}}; the caller's. */
cJSON *capacity_json(const struct capacity *capacity, const struct capacity_host *host);
