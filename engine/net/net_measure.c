/* net_measure.c - probes through a link's queue: sent, taken up behind it, counted. */
#include "net/net_measure.h"

#include "base/error.h"
#include "net/net_qdisc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 5 /* the loop wakes at most so often; what is due is sent then */
#define CATCH_UP 64
#define SPEED_MARGIN 1.2 /* a train must be sent so much faster than it leaves */
#define ROUND_US (2 * G_USEC_PER_SEC)
#define DUTY 50 /* one part of so many of the rate */

struct sent {
    gint64 at_us;
    bool arrived, changed;
};

struct net_measure {
    struct net_measure_options options;
    char *device;
    int index, out, in;
    guint32 mark;
    struct sent *frames; /* probes, then the train */
    guint total, next;
    gint64 began_us, last_us; /* monotonic */
    guint duplicated;
    GArray *delays;                       /* gint64 */
    gint64 train_first_us, train_last_us; /* behind the queue */
    gint64 train_sent_us;                 /* how long sending took */
    guint64 train_seen, train_counted;    /* bytes */
    guint64 own_bytes;
    GSource *watch, *timer;
    net_measure_fn done;
    gpointer data;
};

/* The wall clock, for the kernel stamps frames by it. */
static gint64 wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* ---- frames -------------------------------------------------------------------------------- */

struct probe { /* behind the Ethernet head */
    guint32 mark[3], number[3];
};

void net_probe_fill(guint8 *frame, gsize length, guint32 mark, guint32 number)
{
    /* to and from an address of our own making that no card has: locally administered */
    static const guint8 nobody[ETH_ALEN] = {0x02, 0x53, 0x54, 0xff, 0xff, 0xfe};
    struct ether_header head = {.ether_type = htons(NET_PROBE_TYPE)};
    memcpy(head.ether_dhost, nobody, ETH_ALEN);
    memcpy(head.ether_shost, nobody, ETH_ALEN);
    struct probe probe;
    for (int i = 0; i < 3; i++) {
        probe.mark[i] = htonl(mark);
        probe.number[i] = htonl(number);
    }
    memset(frame, 0xa5, length);
    memcpy(frame, &head, sizeof(head));
    memcpy(frame + sizeof(head), &probe, sizeof(probe));
}

/* What at least two of three say, bit by bit. */
static guint32 majority(const guint32 *three)
{
    return ntohl((three[0] & three[1]) | (three[0] & three[2]) | (three[1] & three[2]));
}

bool net_probe_read(
        const guint8 *frame, gsize length, guint32 mark, guint32 *ret_number, bool *ret_changed)
{
    struct probe probe;
    if (length < NET_PROBE_MIN || length > NET_FRAME_MAX) {
        return false;
    }
    memcpy(&probe, frame + sizeof(struct ether_header), sizeof(probe));
    if (majority(probe.mark) != mark) {
        return false;
    }
    guint8 expected[NET_FRAME_MAX];
    *ret_number = majority(probe.number);
    net_probe_fill(expected, length, mark, *ret_number);
    *ret_changed = memcmp(frame, expected, length) != 0;
    return true;
}

/* ---- sockets ------------------------------------------------------------------------------- */

/* Takes what has our type, or our mark where the type was hit. */
static bool filter(int fd, guint32 mark)
{
    struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct ether_header, ether_type)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NET_PROBE_TYPE, 2, 0),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct ether_header)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, NET_FRAME_MAX),
            BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {.len = G_N_ELEMENTS(code), .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static int packet_socket(int index, int protocol)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const struct sockaddr_ll at = {.sll_family = AF_PACKET,
            .sll_protocol = htons((guint16)protocol),
            .sll_ifindex = index};
    if (fd >= 0 && protocol && bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

static bool open_sockets(struct net_measure *measure, GError **error)
{
    int on = 1;
    int room = 4 << 20;
    measure->index = (int)if_nametoindex(measure->device);
    measure->out = measure->index ? packet_socket(measure->index, 0) : -1;
    measure->in = measure->out >= 0 ? packet_socket(measure->index, ETH_P_ALL) : -1;
    if (measure->in < 0 || !filter(measure->in, measure->mark) ||
            setsockopt(measure->in, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "cannot measure on %s: %s",
                measure->device, g_strerror(errno));
        return false;
    }
    (void)setsockopt(measure->in, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    (void)setsockopt(measure->out, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    return true;
}

/* ---- taking up ----------------------------------------------------------------------------- */

static void note_train(struct net_measure *measure, gint64 at_us)
{
    measure->train_seen += measure->options.train_bytes;
    if (measure->train_seen <= measure->options.skip_bytes + measure->options.train_bytes) {
        measure->train_first_us = at_us; /* what the burst let through, and one more */
        return;
    }
    measure->train_last_us = at_us;
    measure->train_counted += measure->options.train_bytes;
}

static void note_frame(struct net_measure *measure, guint32 number, bool changed, gint64 at_us)
{
    if (number >= measure->next) {
        return; /* not sent yet: somebody else's */
    }
    struct sent *sent = &measure->frames[number];
    bool is_train = number >= measure->options.probes;
    if (is_train) {
        note_train(measure, at_us);
    } else if (sent->arrived) {
        measure->duplicated++;
    } else {
        gint64 delay = MAX(at_us - sent->at_us, 0);
        g_array_append_val(measure->delays, delay);
    }
    sent->arrived = true;
    sent->changed |= changed;
}

/* One frame; false when there is none now. */
static bool take_up(struct net_measure *measure)
{
    guint8 frame[NET_FRAME_MAX];
    char control[CMSG_SPACE(sizeof(struct timespec))];
    struct sockaddr_ll from = {0};
    struct iovec part = {frame, sizeof(frame)};
    struct msghdr message = {.msg_name = &from,
            .msg_namelen = sizeof(from),
            .msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = control,
            .msg_controllen = sizeof(control)};
    gssize n = recvmsg(measure->in, &message, 0);
    if (n < 0) {
        return errno == EINTR;
    }
    guint32 number = 0;
    bool changed = false;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (from.sll_pkttype != PACKET_OUTGOING || !head || head->cmsg_type != SO_TIMESTAMPNS ||
            !net_probe_read(frame, (gsize)n, measure->mark, &number, &changed)) {
        return true;
    }
    struct timespec at;
    memcpy(&at, CMSG_DATA(head), sizeof(at));
    note_frame(measure, number, changed, (gint64)at.tv_sec * G_USEC_PER_SEC + at.tv_nsec / 1000);
    return true;
}

static gboolean on_readable(
        G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    while (take_up(data)) {
    }
    return G_SOURCE_CONTINUE;
}

/* ---- the end ------------------------------------------------------------------------------- */

void net_measure_cancel(struct net_measure *measure)
{
    if (!measure) {
        return;
    }
    GSource **sources[] = {&measure->watch, &measure->timer};
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (*sources[i]) {
            g_source_destroy(*sources[i]);
            g_source_unref(*sources[i]);
        }
    }
    int fds[] = {measure->in, measure->out};
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    g_array_unref(measure->delays);
    g_free(measure->frames);
    g_free(measure->device);
    g_free(measure);
}

static int by_size(gconstpointer a, gconstpointer b)
{
    gint64 difference = *(const gint64 *)a - *(const gint64 *)b;
    return difference < 0 ? -1 : difference > 0;
}

static void add_rate(const struct net_measure *measure, struct net_sample *sample)
{
    gint64 took = measure->train_last_us - measure->train_first_us;
    if (measure->train_counted < (guint64)2 * measure->options.train_bytes || took <= 0) {
        return;
    }
    sample->rate_bps = (double)measure->train_counted * 8 * G_USEC_PER_SEC / (double)took;
    double sent = (double)measure->options.train * measure->options.train_bytes * 8 *
                  G_USEC_PER_SEC / (double)MAX(measure->train_sent_us, 1);
    sample->rate_is_least = sent < sample->rate_bps * SPEED_MARGIN;
}

static void finish(struct net_measure *measure, const GError *error)
{
    struct net_sample sample = {
            .sent = MIN(measure->next, measure->options.probes),
            .duplicated = measure->duplicated,
            .own_bytes = measure->own_bytes,
    };
    for (guint i = 0; i < sample.sent; i++) {
        sample.arrived += measure->frames[i].arrived;
        sample.corrupted += measure->frames[i].changed;
    }
    g_array_sort(measure->delays, by_size);
    sample.delays_us = (gint64 *)(void *)measure->delays->data;
    sample.n_delays = measure->delays->len;
    add_rate(measure, &sample);
    measure->done(error ? NULL : &sample, error, measure->data);
    net_measure_cancel(measure);
}

/* ---- sending ------------------------------------------------------------------------------- */

/* A queue that is full says ENOBUFS: sent and lost. */
static bool send_one(struct net_measure *measure, guint length, GError **error)
{
    guint8 frame[NET_FRAME_MAX];
    const struct sockaddr_ll to = {
            .sll_family = AF_PACKET, .sll_ifindex = measure->index, .sll_halen = ETH_ALEN};
    struct sent *sent = &measure->frames[measure->next];
    net_probe_fill(frame, length, measure->mark, measure->next);
    measure->next++;
    measure->own_bytes += length;
    sent->at_us = wall_us();
    gssize n = sendto(measure->out, frame, length, 0, (const struct sockaddr *)&to, sizeof(to));
    if (n < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s", measure->device,
                g_strerror(errno));
        return false;
    }
    return true;
}

/* At once and in one go: only so is the queue what limits it. */
static bool send_train(struct net_measure *measure, GError **error)
{
    gint64 began = g_get_monotonic_time();
    bool ok = true;
    while (ok && measure->next < measure->total) {
        ok = send_one(measure, measure->options.train_bytes, error);
    }
    measure->train_sent_us = g_get_monotonic_time() - began;
    measure->last_us = g_get_monotonic_time();
    return ok;
}

/* The probes that are due; a loop that was held up does not send them all at once. */
static bool send_probes(struct net_measure *measure, GError **error)
{
    gint64 now = g_get_monotonic_time();
    guint due = (guint)((now - measure->began_us) / MAX(measure->options.interval_us, 1)) + 1;
    due = MIN(MIN(due, measure->next + CATCH_UP), measure->options.probes);
    bool ok = true;
    while (ok && measure->next < due) {
        ok = send_one(measure, NET_PROBE_MIN, error);
    }
    measure->last_us = now;
    return ok;
}

static gboolean on_tick(gpointer data)
{
    struct net_measure *measure = data;
    g_autoptr(GError) error = NULL;
    bool ok = true;
    if (measure->next < measure->options.probes) {
        ok = send_probes(measure, &error);
    } else if (g_get_monotonic_time() - measure->last_us >= measure->options.settle_us) {
        if (measure->next == measure->total) {
            on_readable(measure->in, G_IO_IN, measure);
            finish(measure, NULL);
            return G_SOURCE_REMOVE;
        }
        ok = send_train(measure, &error);
    }
    if (!ok) {
        finish(measure, error);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static GSource *attach(GSource *source, GSourceFunc fn, struct net_measure *measure)
{
    g_source_set_callback(source, fn, measure, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

struct net_measure *net_measure_start(const struct net_measure_options *options,
        net_measure_fn done, gpointer data, GError **error)
{
    struct net_measure *measure = g_new0(struct net_measure, 1);
    measure->options = *options;
    measure->device = g_strdup(options->device);
    measure->mark = options->seed;
    measure->total = options->probes + options->train;
    measure->frames = g_new0(struct sent, measure->total + 1);
    measure->delays = g_array_new(FALSE, FALSE, sizeof(gint64));
    measure->began_us = measure->last_us = g_get_monotonic_time();
    measure->in = measure->out = -1;
    measure->done = done;
    measure->data = data;
    if (!open_sockets(measure, error)) {
        net_measure_cancel(measure);
        return NULL;
    }
    guint tick = MAX(TICK_MS, options->interval_us / 1000 / 2);
    measure->watch =
            attach(g_unix_fd_source_new(measure->in, G_IO_IN), G_SOURCE_FUNC(on_readable), measure);
    measure->timer = attach(g_timeout_source_new(MIN(tick, 20)), on_tick, measure);
    return measure;
}

void net_measure_plan(const struct plan_impairment *asked, struct net_measure_options *ret)
{
    guint64 rate = asked->rate_bps;
    gint64 interval = 20000;
    if (rate) {
        interval =
                MAX(interval, (gint64)((guint64)NET_PROBE_MIN * 8 * DUTY * G_USEC_PER_SEC / rate));
    }
    ret->interval_us = (guint)interval;
    ret->probes = (guint)CLAMP(ROUND_US / interval, 8, 100);
    ret->settle_us = asked->delay_us + asked->jitter_us + 250000;
    ret->train = ret->train_bytes = ret->skip_bytes = 0;
    if (!rate) {
        return;
    }
    /* long against the jitter, so that it is the rate that spreads the train */
    gint64 length_us = CLAMP(10 * asked->jitter_us, 40000, G_USEC_PER_SEC);
    guint64 bytes = rate / 8 * (guint64)length_us / G_USEC_PER_SEC;
    ret->skip_bytes = net_qdisc_burst(rate);
    ret->train_bytes = bytes < 12 * 1514 ? 300 : 1514;
    ret->train = (guint)CLAMP((bytes + ret->skip_bytes) / ret->train_bytes, 12, 1500);
    /* what waits must fit into the queue, or the train is cut short by it */
    guint64 room = net_qdisc_queue(rate) + ret->skip_bytes;
    ret->train = (guint)MIN(ret->train, room / ret->train_bytes);
    ret->settle_us += (gint64)((guint64)ret->train * ret->train_bytes * 8 * G_USEC_PER_SEC / rate);
}
