/* net_qdisc.h - pure builders and readers of traffic-control messages: values in, one message out.
 *
 * Message layouts: linux/pkt_sched.h, linux/pkt_cls.h, linux/tc_act/tc_mirred.h. libnl-route 3.7
 * has no 64-bit times and no rate of netem, so the attributes are written here. The caller frees a
 * message with nlmsg_free().
 */
#pragma once

#include "plan/plan_impair.h"

#include <linux/netlink.h>
#include <netlink/msg.h>

#define NET_QDISC_CUT 0x53000000U   /* handles of ours: tbf that cuts, or is all there is */
#define NET_QDISC_NETEM 0x53010000U /* below its class 1 */
#define NET_QDISC_RATE 0x53020000U  /* below netem's class 1 */
#define NET_FRAME_MAX 1600          /* a frame with its head and any tag; more is a super-packet */

/* A token bucket: rate in bits a second, burst and limit in bytes. */
struct nl_msg *net_qdisc_tbf(
        int index, guint32 parent, guint32 handle, guint64 rate_bps, guint32 burst, guint32 limit);
struct nl_msg *net_qdisc_netem(int index, guint32 parent, guint32 handle, guint32 limit,
        const struct plan_impairment *impairment);
struct nl_msg *net_qdisc_remove(int index, guint32 parent);
struct nl_msg *net_qdisc_ingress(int index);
/* All that comes into index goes to the way out of to instead. */
struct nl_msg *net_qdisc_redirect(int index, int to);
struct nl_msg *net_qdisc_ifb(const char *name, int index);
struct nl_msg *net_qdisc_dump(void);

/* Bytes that may pass at once at this rate, and that may wait. */
guint32 net_qdisc_burst(guint64 rate_bps);
guint32 net_qdisc_queue(guint64 rate_bps);
/* Frames that the delay must have room for. */
guint32 net_qdisc_room(const struct plan_impairment *impairment);

struct net_qdisc { /* as the kernel says */
    int index;
    guint32 handle, parent;
    char kind[16];
    guint64 packets, bytes, drops, rate_bps; /* rate_bps of a tbf */
    guint32 qlen, backlog;
    struct plan_impairment netem; /* without a rate */
};

/* One RTM_NEWQDISC; false when it is none. */
bool net_qdisc_parse(const struct nlmsghdr *header, struct net_qdisc *ret);
