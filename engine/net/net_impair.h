/* net_impair.h - impairs a link in the kernel, and reads back what the kernel really has.
 *
 * A link is known by the interface on our side of it: a machine's tap, the bridge's end of a
 * router's veth. PLAN_IN (to the machine) is a queue on that interface, PLAN_OUT (from it) the same
 * queue on an intermediate device (ifb) to which all that comes in is redirected. The queues, from
 * what is nearest to the sender (docs/decisions/0010-impairments.md says why):
 *
 *     tbf 5300:    cuts super-packets (GSO) into frames, so that one lost frame is one lost frame
 *     netem 5301:  delay, jitter, loss, duplication, reordering, corruption
 *     tbf 5302:    the rate, with a queue of its own in bytes
 *
 * A rate alone is tbf 5300: by itself, which needs no netem. Sources: linux/pkt_sched.h,
 * tc-netem(8), tc-tbf(8), tc-mirred(8). Calls wait for the kernel's answer, which rtnetlink gives
 * before sendmsg(2) returns.
 */
#pragma once

#include "plan/plan_impair.h"

struct net_impair; /* a netlink socket in the namespace of the thread that opened it */

struct net_impair *net_impair_open(GError **error);
void net_impair_close(struct net_impair *impair); /* accepts NULL */

/* Makes the link exactly as asked, live, and verifies it; nothing asked clears it. Idempotent. On
 * error the link may be half made: ask again, or clear. SANDTABLE_ERROR_HOST when the kernel lacks
 * a part; the text has the remedy. */
bool net_impair_link(struct net_impair *impair, const char *name, const struct plan_link_ask *ask,
        GError **error);

struct net_queue { /* of one direction, all stages together; since it was made */
    bool exists;
    guint64 packets, bytes, drops;
    guint32 backlog_packets, backlog_bytes; /* waiting now */
};

/* What is there, as the kernel says. */
bool net_impair_read(struct net_impair *impair, const char *name, struct plan_link_ask *ret,
        struct net_queue ret_queues[PLAN_DIRECTIONS], GError **error);

/* The interface whose way out is that direction's queue: name itself, or the ifb's name ("i-t0"),
 * which is a resource of its own. The caller frees it. */
char *net_impair_device(const char *name, enum plan_direction direction);

/* Tries in the present namespace whether the kernel can do it (PLAN_NEEDS_…); leaves nothing but
 * for lo's queues: call it in a trial cell. */
bool net_impair_supported(guint needs, GError **error);
