/* net_impair.c - makes a link's queues as asked, and believes only what it reads back. */
#include "net/net_impair.h"

#include "base/error.h"
#include "net/net_build.h"
#include "net/net_internal.h"
#include "net/net_qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MS 10000 /* loading a module may take a moment */
#define BUFFER ((gsize)64 * 1024)
#define CUT_RATE 100000000000ULL /* no rate at all */
#define IFB_PREFIX "i-"

struct net_impair {
    struct net_channel *channel;
    int ioctl_fd;
    guint32 seq;
    guint8 *buffer;
};

struct net_impair *net_impair_open(GError **error)
{
    struct net_channel *channel = net_channel_open(error);
    if (!channel) {
        return NULL;
    }
    struct net_impair *impair = g_new0(struct net_impair, 1);
    impair->channel = channel;
    impair->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    impair->buffer = g_malloc(BUFFER);
    return impair;
}

void net_impair_close(struct net_impair *impair)
{
    if (impair) {
        net_channel_free(impair->channel);
        if (impair->ioctl_fd >= 0) {
            close(impair->ioctl_fd);
        }
        g_free(impair->buffer);
        g_free(impair);
    }
}

char *net_impair_device(const char *name, enum plan_direction direction)
{
    return direction == PLAN_IN
                   ? g_strdup(name)
                   : g_strdup_printf(IFB_PREFIX "%.*s", (int)(IFNAMSIZ - sizeof(IFB_PREFIX)), name);
}

/* ---- asking the kernel --------------------------------------------------------------------- */

/* The kernel's verdict on a request: 0, an errno, or -1 with error when it could not be asked. */
struct verdict {
    bool given;
    int code;
    char *text;
    GArray *qdiscs; /* of a dump, or NULL */
};

static void take(struct net_impair *impair, struct verdict *verdict, gssize length)
{
    int left = (int)length;
    for (struct nlmsghdr *header = (struct nlmsghdr *)(void *)impair->buffer;
            nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
        struct net_qdisc qdisc;
        if (header->nlmsg_seq != impair->seq) {
            continue;
        }
        if (header->nlmsg_type == NLMSG_ERROR) {
            g_clear_pointer(&verdict->text, g_free);
            verdict->code = net_reply_error(header, &verdict->text);
            verdict->given = true;
        } else if (header->nlmsg_type == NLMSG_DONE) {
            verdict->given = true;
        } else if (verdict->qdiscs && net_qdisc_parse(header, &qdisc)) {
            g_array_append_val(verdict->qdiscs, qdisc);
        }
    }
}

static bool ask_kernel(
        struct net_impair *impair, struct nl_msg *msg, struct verdict *verdict, GError **error)
{
    net_channel_put(impair->channel, msg, ++impair->seq);
    if (!net_channel_flush(impair->channel, error)) {
        return false;
    }
    gint64 limit = g_get_monotonic_time() + (gint64)ANSWER_MS * 1000;
    while (!verdict->given) {
        gssize n = net_channel_read(impair->channel, impair->buffer, BUFFER, error);
        if (n < 0) {
            return false;
        }
        take(impair, verdict, n);
        struct pollfd fd = {.fd = net_channel_fd(impair->channel), .events = POLLIN};
        gint64 left_ms = (limit - g_get_monotonic_time()) / 1000;
        if (!verdict->given && n == 0 && (left_ms <= 0 || poll(&fd, 1, (int)left_ms) == 0)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                    "the kernel did not answer in %d s", ANSWER_MS / 1000);
            return false;
        }
    }
    return true;
}

static void set_refused(
        GError **error, const char *name, const char *part, const struct verdict *verdict)
{
    bool lacks = verdict->code == ENOENT || verdict->code == EOPNOTSUPP;
    if (lacks && part) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "this host's kernel has no %s, which impairments of links need; remedy: modprobe "
                "%s, or boot a kernel that has it (Debian: linux-image-amd64)",
                part, part);
        return;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "link %s: %s: %s%s%s%s", name,
            part ? part : "interface", g_strerror(verdict->code), verdict->text ? " (" : "",
            verdict->text ? verdict->text : "", verdict->text ? ")" : "");
}

/* part is the kernel's module that does it; excused an errno that counts as success. */
static bool tell(struct net_impair *impair, struct nl_msg *msg, const char *name, const char *part,
        int excused, GError **error)
{
    struct verdict verdict = {0};
    bool ok = ask_kernel(impair, msg, &verdict, error);
    if (ok && verdict.code != 0 && verdict.code != excused) {
        set_refused(error, name, part, &verdict);
        ok = false;
    }
    g_free(verdict.text);
    return ok;
}

/* The index and flags of an interface, 0 when there is none. */
static int look_up(const struct net_impair *impair, const char *name, bool *ret_up)
{
    struct ifreq request = {0};
    g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
    if (ioctl(impair->ioctl_fd, SIOCGIFFLAGS, &request) != 0) {
        return 0;
    }
    if (ret_up) {
        *ret_up = (request.ifr_flags & IFF_UP) != 0;
    }
    return ioctl(impair->ioctl_fd, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

/* ---- what is there ------------------------------------------------------------------------- */

struct stages { /* of one direction */
    char *device;
    int index; /* 0: no such interface */
    bool cut, netem, rate;
    bool ingress; /* on device */
    struct plan_impairment has;
    struct net_queue queue;
};

struct link {
    const char *name;
    bool up;
    struct stages direction[PLAN_DIRECTIONS];
};

static void link_clear(struct link *link)
{
    g_free(link->direction[PLAN_IN].device);
    g_free(link->direction[PLAN_OUT].device);
}
#define auto_link __attribute__((cleanup(link_clear))) struct link

static void note_stage(struct stages *stages, const struct net_qdisc *qdisc, guint64 *cut_rate)
{
    if (qdisc->handle == NET_QDISC_CUT) {
        stages->cut = true;
        *cut_rate = qdisc->rate_bps;
        stages->queue.exists = true;
        stages->queue.packets = qdisc->packets;
        stages->queue.bytes = qdisc->bytes;
        stages->queue.backlog_packets = qdisc->qlen;
        stages->queue.backlog_bytes = qdisc->backlog;
    } else if (qdisc->handle == NET_QDISC_NETEM) {
        stages->netem = true;
        guint64 rate = stages->has.rate_bps;
        stages->has = qdisc->netem;
        stages->has.rate_bps = rate;
    } else if (qdisc->handle == NET_QDISC_RATE) {
        stages->rate = true;
        stages->has.rate_bps = qdisc->rate_bps;
    }
    stages->queue.drops += qdisc->drops;
    stages->ingress |= !strcmp(qdisc->kind, "ingress");
}

static bool read_link(struct net_impair *impair, const char *name, struct link *ret, GError **error)
{
    g_autoptr(GArray) qdiscs = g_array_new(FALSE, FALSE, sizeof(struct net_qdisc));
    struct verdict verdict = {.qdiscs = qdiscs};
    *ret = (struct link){.name = name};
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        struct stages *stages = &ret->direction[d];
        stages->device = net_impair_device(name, d);
        stages->index = look_up(impair, stages->device, d == PLAN_IN ? &ret->up : NULL);
    }
    if (!ret->direction[PLAN_IN].index) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "no interface %s", name);
        return false;
    }
    bool ok = ask_kernel(impair, net_qdisc_dump(), &verdict, error);
    g_free(verdict.text);
    for (int d = 0; ok && d < PLAN_DIRECTIONS; d++) {
        struct stages *stages = &ret->direction[d];
        guint64 cut_rate = 0;
        for (guint i = 0; i < qdiscs->len; i++) {
            const struct net_qdisc *qdisc = &g_array_index(qdiscs, struct net_qdisc, i);
            if (stages->index && qdisc->index == stages->index) {
                note_stage(stages, qdisc, &cut_rate);
            }
        }
        if (stages->cut && !stages->netem) {
            stages->has.rate_bps = cut_rate;
        }
    }
    return ok;
}

/* ---- making -------------------------------------------------------------------------------- */

static bool make_queues(struct net_impair *impair, const struct link *link,
        const struct stages *stages, const struct plan_impairment *asked, GError **error)
{
    struct plan_impairment rest = *asked;
    rest.rate_bps = 0;
    bool netem = !plan_impairment_is_nothing(&rest);
    int index = stages->index;
    guint64 rate = asked->rate_bps;
    if (stages->cut && stages->netem != netem &&
            !tell(impair, net_qdisc_remove(index, TC_H_ROOT), link->name, NULL, ENOENT, error)) {
        return false;
    }
    struct nl_msg *first = netem ? net_qdisc_tbf(index, TC_H_ROOT, NET_QDISC_CUT, CUT_RATE,
                                           NET_FRAME_MAX, net_qdisc_queue(CUT_RATE))
                                 : net_qdisc_tbf(index, TC_H_ROOT, NET_QDISC_CUT, rate,
                                           net_qdisc_burst(rate), net_qdisc_queue(rate));
    if (!tell(impair, first, link->name, "sch_tbf", 0, error)) {
        return false;
    }
    if (!netem) {
        return true;
    }
    if (!tell(impair,
                net_qdisc_netem(
                        index, NET_QDISC_CUT | 1, NET_QDISC_NETEM, net_qdisc_room(asked), asked),
                link->name, "sch_netem", 0, error)) {
        return false;
    }
    if (rate) {
        return tell(impair,
                net_qdisc_tbf(index, NET_QDISC_NETEM | 1, NET_QDISC_RATE, rate,
                        net_qdisc_burst(rate), net_qdisc_queue(rate)),
                link->name, "sch_tbf", 0, error);
    }
    return !stages->rate || tell(impair, net_qdisc_remove(index, NET_QDISC_NETEM | 1), link->name,
                                    NULL, ENOENT, error);
}

/* The way out first goes through a device of its own. */
static bool make_detour(
        struct net_impair *impair, const struct link *link, struct stages *out, GError **error)
{
    if (out->index) {
        return true;
    }
    if (!tell(impair, net_qdisc_ifb(out->device, 0), out->device, "ifb", EEXIST, error) ||
            !tell(impair, net_build_quiet(out->device, 0), out->device, NULL, EAFNOSUPPORT,
                    error) ||
            !tell(impair, net_build_set(out->device, 0, 0, true), out->device, NULL, 0, error)) {
        return false;
    }
    out->index = look_up(impair, out->device, NULL);
    (void)link;
    return true;
}

static bool make_redirect(struct net_impair *impair, const struct link *link, GError **error)
{
    int index = link->direction[PLAN_IN].index;
    if (link->direction[PLAN_IN].ingress) {
        return true;
    }
    return tell(impair, net_qdisc_ingress(index), link->name, "sch_ingress", 0, error) &&
           tell(impair, net_qdisc_redirect(index, link->direction[PLAN_OUT].index), link->name,
                   "act_mirred", 0, error);
}

static bool clear_in(struct net_impair *impair, const struct link *link, GError **error)
{
    const struct stages *in = &link->direction[PLAN_IN];
    return !in->cut ||
           tell(impair, net_qdisc_remove(in->index, TC_H_ROOT), link->name, NULL, ENOENT, error);
}

static bool clear_out(struct net_impair *impair, const struct link *link, GError **error)
{
    const struct stages *in = &link->direction[PLAN_IN];
    const struct stages *out = &link->direction[PLAN_OUT];
    /* only what redirects to our device is ours to remove */
    return (!out->index || !in->ingress ||
                   tell(impair, net_qdisc_remove(in->index, TC_H_INGRESS), link->name, NULL, ENOENT,
                           error)) &&
           (!out->index ||
                   tell(impair, net_build_remove(out->device), out->device, NULL, ENODEV, error));
}

static bool make_direction(struct net_impair *impair, struct link *link, enum plan_direction d,
        const struct plan_impairment *asked, GError **error)
{
    if (plan_impairment_is_nothing(asked)) {
        return d == PLAN_IN ? clear_in(impair, link, error) : clear_out(impair, link, error);
    }
    if (d == PLAN_OUT && !make_detour(impair, link, &link->direction[PLAN_OUT], error)) {
        return false;
    }
    return make_queues(impair, link, &link->direction[d], asked, error) &&
           (d == PLAN_IN || make_redirect(impair, link, error));
}

/* ---- verifying ----------------------------------------------------------------------------- */

static bool is_near(gint64 a, gint64 b, gint64 difference)
{
    return ABS(a - b) <= difference;
}

/* Rates are kept in bytes a second, shares in parts of 2^32. */
static bool is_as_asked(const struct plan_impairment *a, const struct plan_impairment *b)
{
    return is_near(a->delay_us, b->delay_us, 0) && is_near(a->jitter_us, b->jitter_us, 0) &&
           is_near(a->loss_ppm, b->loss_ppm, 1) && is_near(a->duplicate_ppm, b->duplicate_ppm, 1) &&
           is_near(a->reorder_ppm, b->reorder_ppm, 1) &&
           is_near(a->corrupt_ppm, b->corrupt_ppm, 1) &&
           is_near((gint64)a->rate_bps, (gint64)b->rate_bps, 8);
}

static bool verify(struct net_impair *impair, const char *name, const struct plan_link_ask *ask,
        GError **error)
{
    auto_link link = {0};
    if (!read_link(impair, name, &link, error)) {
        return false;
    }
    bool detour = link.direction[PLAN_OUT].index != 0;
    bool wants_detour = !plan_impairment_is_nothing(&ask->direction[PLAN_OUT]);
    bool ok = link.up != ask->down && detour == wants_detour &&
              (!detour || link.direction[PLAN_IN].ingress);
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        ok = ok && is_as_asked(&ask->direction[d], &link.direction[d].has) &&
             link.direction[d].cut == !plan_impairment_is_nothing(&ask->direction[d]);
    }
    if (!ok) {
        g_autofree char *in = plan_impairment_text(&link.direction[PLAN_IN].has);
        g_autofree char *out = plan_impairment_text(&link.direction[PLAN_OUT].has);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                "link %s is not as asked: the kernel has in %s, out %s%s", name, in, out,
                link.up ? "" : ", down");
    }
    return ok;
}

bool net_impair_link(struct net_impair *impair, const char *name, const struct plan_link_ask *ask,
        GError **error)
{
    auto_link link = {0};
    if (!read_link(impair, name, &link, error)) {
        return false;
    }
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        if (!make_direction(impair, &link, d, &ask->direction[d], error)) {
            return false;
        }
    }
    if (link.up == ask->down &&
            !tell(impair, net_build_set(name, 0, 0, !ask->down), name, NULL, 0, error)) {
        return false;
    }
    return verify(impair, name, ask, error);
}

bool net_impair_read(struct net_impair *impair, const char *name, struct plan_link_ask *ret,
        struct net_queue ret_queues[PLAN_DIRECTIONS], GError **error)
{
    auto_link link = {0};
    if (!read_link(impair, name, &link, error)) {
        return false;
    }
    *ret = (struct plan_link_ask){.down = !link.up};
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        ret->direction[d] = link.direction[d].has;
        ret_queues[d] = link.direction[d].queue;
    }
    return true;
}

bool net_impair_supported(guint needs, GError **error)
{
    struct plan_link_ask ask = {0};
    struct plan_impairment trial = {
            .delay_us = needs & PLAN_NEEDS_NETEM ? 1000 : 0,
            .rate_bps = needs & PLAN_NEEDS_RATE ? 1000000 : 0,
    };
    ask.direction[needs & PLAN_NEEDS_OUT ? PLAN_OUT : PLAN_IN] = trial;
    struct net_impair *impair = net_impair_open(error);
    bool ok = impair && net_impair_link(impair, "lo", &ask, error);
    net_impair_close(impair);
    return ok;
}
