/* net_qdisc.c - builders and readers of traffic-control messages. */
#include "net/net_qdisc.h"

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <math.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_US 100000 /* what a rate lets wait, as time … */
#define QUEUE_FRAMES 10 /* … but at least so many full frames */
#define BURST_US 4000   /* a timer may be late by so much without loss of rate */
#define ROOM_PPS 100000 /* frames a second that a delay has room for */
#define ROOM_MIN 1000   /* frames */
#define ROOM_MAX 20000  /* … of at most 1.5 KB each: what a flooding guest can make us keep */
#define PPM 1000000.0

/* Appending fails only without memory or with a full page; both are bugs here, as in GLib. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            g_error("a netlink message does not fit");                                             \
        }                                                                                          \
    } while (0)

static struct nl_msg *start(int type, int flags, const struct tcmsg *head, const char *kind)
{
    struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_ACK | flags);
    if (!msg) {
        g_error("out of memory");
    }
    MUST(nlmsg_append(msg, (void *)head, sizeof(*head), NLMSG_ALIGNTO));
    if (kind) {
        MUST(nla_put_string(msg, TCA_KIND, kind));
    }
    return msg;
}

static struct nlattr *nest(struct nl_msg *msg, int type)
{
    struct nlattr *attr = nla_nest_start(msg, type);
    if (!attr) {
        g_error("a netlink message does not fit");
    }
    return attr;
}

guint32 net_qdisc_burst(guint64 rate_bps)
{
    return (guint32)MAX((guint64)2 * NET_FRAME_MAX, rate_bps / 8 * BURST_US / G_USEC_PER_SEC);
}

guint32 net_qdisc_queue(guint64 rate_bps)
{
    return (guint32)MAX(
            (guint64)QUEUE_FRAMES * NET_FRAME_MAX, rate_bps / 8 * QUEUE_US / G_USEC_PER_SEC);
}

guint32 net_qdisc_room(const struct plan_impairment *impairment)
{
    gint64 longest = impairment->delay_us + impairment->jitter_us;
    return (guint32)CLAMP(longest * ROOM_PPS / G_USEC_PER_SEC + ROOM_MIN, ROOM_MIN, ROOM_MAX);
}

struct nl_msg *net_qdisc_tbf(
        int index, guint32 parent, guint32 handle, guint64 rate_bps, guint32 burst, guint32 limit)
{
    const struct tcmsg head = {.tcm_ifindex = index, .tcm_handle = handle, .tcm_parent = parent};
    struct nl_msg *msg = start(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &head, "tbf");
    guint64 bytes = MAX(rate_bps / 8, 1);
    struct tc_tbf_qopt options = {
            .rate = {.rate = (guint32)MIN(bytes, G_MAXUINT32), .linklayer = TC_LINKLAYER_ETHERNET},
            .limit = limit,
            .buffer = burst,
    };
    struct nlattr *nested = nest(msg, TCA_OPTIONS);
    MUST(nla_put(msg, TCA_TBF_PARMS, sizeof(options), &options));
    MUST(nla_put_u32(msg, TCA_TBF_BURST, burst));
    if (bytes >= G_MAXUINT32) {
        MUST(nla_put_u64(msg, TCA_TBF_RATE64, bytes));
    }
    nla_nest_end(msg, nested);
    return msg;
}

static guint32 share(int ppm)
{
    return (guint32)MIN((double)G_MAXUINT32, ppm / PPM * 4294967296.0);
}

static int ppm_of(guint32 value)
{
    return (int)lround(value / 4294967295.0 * PPM);
}

struct nl_msg *net_qdisc_netem(int index, guint32 parent, guint32 handle, guint32 limit,
        const struct plan_impairment *impairment)
{
    const struct tcmsg head = {.tcm_ifindex = index, .tcm_handle = handle, .tcm_parent = parent};
    struct nl_msg *msg = start(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &head, "netem");
    struct tc_netem_qopt options = {
            .limit = limit,
            .loss = share(impairment->loss_ppm),
            .duplicate = share(impairment->duplicate_ppm),
            .gap = impairment->reorder_ppm ? 1 : 0, /* every frame may be the one that overtakes */
    };
    const struct tc_netem_reorder reorder = {.probability = share(impairment->reorder_ppm)};
    const struct tc_netem_corrupt corrupt = {.probability = share(impairment->corrupt_ppm)};
    struct nlattr *nested = nest(msg, TCA_OPTIONS);
    MUST(nlmsg_append(msg, &options, sizeof(options), NLMSG_ALIGNTO));
    if (impairment->reorder_ppm) {
        MUST(nla_put(msg, TCA_NETEM_REORDER, sizeof(reorder), &reorder));
    }
    MUST(nla_put(msg, TCA_NETEM_CORRUPT, sizeof(corrupt), &corrupt));
    MUST(nla_put_s64(msg, TCA_NETEM_LATENCY64, impairment->delay_us * 1000));
    MUST(nla_put_s64(msg, TCA_NETEM_JITTER64, impairment->jitter_us * 1000));
    nla_nest_end(msg, nested);
    return msg;
}

struct nl_msg *net_qdisc_remove(int index, guint32 parent)
{
    const struct tcmsg head = {.tcm_ifindex = index, .tcm_parent = parent};
    return start(RTM_DELQDISC, 0, &head, NULL);
}

struct nl_msg *net_qdisc_ingress(int index)
{
    const struct tcmsg head = {.tcm_ifindex = index,
            .tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0),
            .tcm_parent = TC_H_INGRESS};
    return start(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &head, "ingress");
}

struct nl_msg *net_qdisc_redirect(int index, int to)
{
    const struct tcmsg head = {.tcm_ifindex = index,
            .tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0),
            .tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL))};
    struct nl_msg *msg = start(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &head, "u32");
    /* a selector and one key behind it, whose mask of 0 takes every packet */
    const struct tc_u32_sel sel = {.flags = TC_U32_TERMINAL, .nkeys = 1};
    unsigned char match[sizeof(struct tc_u32_sel) + sizeof(struct tc_u32_key)] = {0};
    memcpy(match, &sel, sizeof(sel));
    const struct tc_mirred mirred = {
            .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = (guint32)to};
    struct nlattr *options = nest(msg, TCA_OPTIONS);
    struct nlattr *actions = nest(msg, TCA_U32_ACT);
    struct nlattr *first = nest(msg, 1);
    MUST(nla_put_string(msg, TCA_ACT_KIND, "mirred"));
    struct nlattr *parameters = nest(msg, TCA_ACT_OPTIONS);
    MUST(nla_put(msg, TCA_MIRRED_PARMS, sizeof(mirred), &mirred));
    nla_nest_end(msg, parameters);
    nla_nest_end(msg, first);
    nla_nest_end(msg, actions);
    MUST(nla_put(msg, TCA_U32_SEL, sizeof(match), match));
    nla_nest_end(msg, options);
    return msg;
}

struct nl_msg *net_qdisc_ifb(const char *name, int index)
{
    struct nl_msg *msg =
            nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    if (!msg) {
        g_error("out of memory");
    }
    struct ifinfomsg head = {.ifi_family = AF_UNSPEC, .ifi_index = index};
    MUST(nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO));
    MUST(nla_put_string(msg, IFLA_IFNAME, name));
    struct nlattr *info = nest(msg, IFLA_LINKINFO);
    MUST(nla_put_string(msg, IFLA_INFO_KIND, "ifb"));
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *net_qdisc_dump(void)
{
    const struct tcmsg head = {.tcm_family = AF_UNSPEC};
    struct nl_msg *msg = start(RTM_GETQDISC, NLM_F_DUMP, &head, NULL);
    return msg;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A copy of an attribute of at least size bytes; zeros when it is absent or short. */
static void copy(const struct nlattr *attr, void *to, gsize size)
{
    memset(to, 0, size);
    if (attr && nla_len(attr) >= (int)size) {
        memcpy(to, nla_data(attr), size);
    }
}

static void parse_netem(const struct nlattr *options, struct net_qdisc *ret)
{
    struct nlattr *tb[TCA_NETEM_MAX + 1] = {0};
    struct tc_netem_qopt fixed;
    copy(options, &fixed, sizeof(fixed));
    int head = NLA_ALIGN((int)sizeof(fixed));
    if (nla_len(options) > head) {
        (void)nla_parse(tb, TCA_NETEM_MAX, (struct nlattr *)((char *)nla_data(options) + head),
                nla_len(options) - head, NULL);
    }
    struct tc_netem_reorder reorder;
    struct tc_netem_corrupt corrupt;
    gint64 latency = 0;
    gint64 jitter = 0;
    copy(tb[TCA_NETEM_REORDER], &reorder, sizeof(reorder));
    copy(tb[TCA_NETEM_CORRUPT], &corrupt, sizeof(corrupt));
    copy(tb[TCA_NETEM_LATENCY64], &latency, sizeof(latency));
    copy(tb[TCA_NETEM_JITTER64], &jitter, sizeof(jitter));
    ret->netem = (struct plan_impairment){
            .delay_us = latency / 1000,
            .jitter_us = jitter / 1000,
            .loss_ppm = ppm_of(fixed.loss),
            .duplicate_ppm = ppm_of(fixed.duplicate),
            .reorder_ppm = ppm_of(reorder.probability),
            .corrupt_ppm = ppm_of(corrupt.probability),
    };
}

static void parse_tbf(struct nlattr *options, struct net_qdisc *ret)
{
    struct nlattr *tb[TCA_TBF_MAX + 1] = {0};
    struct tc_tbf_qopt fixed;
    guint64 rate = 0;
    (void)nla_parse_nested(tb, TCA_TBF_MAX, options, NULL);
    copy(tb[TCA_TBF_PARMS], &fixed, sizeof(fixed));
    copy(tb[TCA_TBF_RATE64], &rate, sizeof(rate));
    ret->rate_bps = (rate ? rate : fixed.rate.rate) * 8;
}

static void parse_stats(struct nlattr *stats, struct net_qdisc *ret)
{
    struct nlattr *tb[TCA_STATS_MAX + 1] = {0};
    struct gnet_stats_basic basic;
    struct gnet_stats_queue queue;
    (void)nla_parse_nested(tb, TCA_STATS_MAX, stats, NULL);
    copy(tb[TCA_STATS_QUEUE], &queue, sizeof(queue));
    memset(&basic, 0, sizeof(basic));
    if (tb[TCA_STATS_BASIC]) { /* 12 bytes, or 16 with padding */
        memcpy(&basic, nla_data(tb[TCA_STATS_BASIC]),
                MIN(sizeof(basic), (gsize)nla_len(tb[TCA_STATS_BASIC])));
    }
    ret->packets = basic.packets;
    ret->bytes = basic.bytes;
    ret->drops = queue.drops;
    ret->qlen = queue.qlen;
    ret->backlog = queue.backlog;
}

bool net_qdisc_parse(const struct nlmsghdr *header, struct net_qdisc *ret)
{
    struct nlattr *tb[TCA_MAX + 1] = {0};
    if (header->nlmsg_type != RTM_NEWQDISC ||
            nlmsg_parse((struct nlmsghdr *)header, sizeof(struct tcmsg), tb, TCA_MAX, NULL) < 0 ||
            !tb[TCA_KIND]) {
        return false;
    }
    const struct tcmsg *head = nlmsg_data(header);
    *ret = (struct net_qdisc){
            .index = head->tcm_ifindex, .handle = head->tcm_handle, .parent = head->tcm_parent};
    nla_strlcpy(ret->kind, tb[TCA_KIND], sizeof(ret->kind));
    if (tb[TCA_OPTIONS] && !strcmp(ret->kind, "netem")) {
        parse_netem(tb[TCA_OPTIONS], ret);
    } else if (tb[TCA_OPTIONS] && !strcmp(ret->kind, "tbf")) {
        parse_tbf(tb[TCA_OPTIONS], ret);
    }
    if (tb[TCA_STATS2]) {
        parse_stats(tb[TCA_STATS2], ret);
    }
    return true;
}
