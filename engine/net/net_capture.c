/* net_capture.c - captures the packets of an interface by libpcap, in a thread of its own. */
#include "net/net_capture.h"

#include "base/error.h"
#include "net/net_capture_ring.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define KERNEL_BUFFER (2 * 1024 * 1024) /* packets that wait for the thread */
#define KERNEL_WAIT_MS 100              /* … at most, when there are few */
#define LOOK_MS 1000                    /* at the age of the files, when there are no packets */
#define BATCH 4096                      /* packets between two looks at anything else */

struct net_capture {
    struct capture_ring *ring;
    pcap_t *pcap;
    int stop_fd;
    GThread *thread;
    GMainContext *context;
    GMutex lock; /* for what follows */
    bool ended;
    char *problem;
    GSource *done; /* called at the end; NULL before net_capture_stop() */
};

static gint64 now_ns(void)
{
    return g_get_real_time() * 1000;
}

/* ---- the thread ---------------------------------------------------------------------------- */

struct batch {
    struct net_capture *capture;
    GError *error;
};

/* Timestamps are nanoseconds: see open_interface(). */
static void on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct batch *batch = (struct batch *)(void *)user;
    const struct pcapng_packet packet = {
            .at_ns = (gint64)header->ts.tv_sec * G_GINT64_CONSTANT(1000000000) + header->ts.tv_usec,
            .bytes = bytes,
            .captured = header->caplen,
            .length = header->len,
    };
    if (!batch->error && !capture_ring_packet(batch->capture->ring, &packet, &batch->error)) {
        pcap_breakloop(batch->capture->pcap);
    }
}

static guint64 dropped(struct net_capture *capture)
{
    struct pcap_stat stat = {0};
    return pcap_stats(capture->pcap, &stat) == 0 ? (guint64)stat.ps_drop + stat.ps_ifdrop : 0;
}

/* What has come. False when it is over. */
static bool take_packets(struct net_capture *capture, GError **error)
{
    struct batch batch = {.capture = capture};
    int n = pcap_dispatch(capture->pcap, BATCH, on_packet, (u_char *)&batch);
    if (batch.error) {
        g_propagate_error(error, batch.error);
        return false;
    }
    if (n < 0) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s", pcap_geterr(capture->pcap));
        return false;
    }
    return capture_ring_flush(capture->ring, now_ns(), dropped(capture), error);
}

static bool must_stop(struct net_capture *capture)
{
    struct pollfd fds[] = {
            {.fd = pcap_get_selectable_fd(capture->pcap), .events = POLLIN},
            {.fd = capture->stop_fd, .events = POLLIN},
    };
    (void)poll(fds, G_N_ELEMENTS(fds), LOOK_MS);
    return fds[1].revents != 0;
}

/* A block that the kernel is still filling comes when its time is over. */
static bool take_rest(struct net_capture *capture, GError **error)
{
    struct pollfd fd = {.fd = pcap_get_selectable_fd(capture->pcap), .events = POLLIN};
    (void)poll(&fd, 1, KERNEL_WAIT_MS + 50);
    return take_packets(capture, error);
}

static gpointer run(gpointer data)
{
    struct net_capture *capture = data;
    g_autoptr(GError) error = NULL;
    bool ok = true;
    while (ok && !must_stop(capture)) {
        ok = take_packets(capture, &error);
    }
    if (ok) {
        (void)take_rest(capture, &error);
    }
    (void)capture_ring_close(capture->ring, now_ns(), error ? NULL : &error);
    g_mutex_lock(&capture->lock);
    capture->ended = true;
    capture->problem = error ? g_strdup(error->message) : NULL;
    if (capture->done) {
        g_source_set_ready_time(capture->done, 0);
    }
    g_mutex_unlock(&capture->lock);
    return NULL;
}

/* ---- the caller's side --------------------------------------------------------------------- */

static bool fail(pcap_t *pcap, const char *interface, const char *why, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "cannot capture on %s: %s",
            interface, why);
    if (pcap) {
        pcap_close(pcap);
    }
    return false;
}

static bool open_interface(const char *interface, pcap_t **ret, GError **error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(interface, why);
    if (!pcap) {
        return fail(NULL, interface, why, error);
    }
    pcap_set_snaplen(pcap, PCAPNG_PACKET_MAX);
    pcap_set_promisc(pcap, 1);
    pcap_set_buffer_size(pcap, KERNEL_BUFFER);
    pcap_set_timeout(pcap, KERNEL_WAIT_MS);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(pcap);
    if (status < 0) {
        const char *text = pcap_geterr(pcap);
        return fail(pcap, interface, *text ? text : pcap_statustostr(status), error);
    }
    if (pcap_datalink(pcap) != DLT_EN10MB ||
            pcap_get_tstamp_precision(pcap) != PCAP_TSTAMP_PRECISION_NANO ||
            pcap_get_selectable_fd(pcap) < 0) {
        return fail(pcap, interface, "it is no Ethernet interface of this kernel", error);
    }
    if (pcap_setnonblock(pcap, 1, why) != 0) {
        return fail(pcap, interface, why, error);
    }
    *ret = pcap;
    return true;
}

struct net_capture *net_capture_start(const struct net_capture_options *options, GError **error)
{
    pcap_t *pcap = NULL;
    if (!open_interface(options->interface, &pcap, error)) {
        return NULL;
    }
    struct capture_ring *ring = capture_ring_new(options, error);
    int stop_fd = ring ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (stop_fd < 0) {
        if (ring) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot capture: %s",
                    g_strerror(errno));
        }
        capture_ring_free(ring);
        pcap_close(pcap);
        return NULL;
    }
    struct net_capture *capture = g_new0(struct net_capture, 1);
    capture->ring = ring;
    capture->pcap = pcap;
    capture->stop_fd = stop_fd;
    capture->context = g_main_context_ref_thread_default();
    g_mutex_init(&capture->lock);
    capture->thread = g_thread_new("capture", run, capture);
    return capture;
}

static void tell_thread(struct net_capture *capture)
{
    const guint64 one = 1;
    if (write(capture->stop_fd, &one, sizeof(one)) < 0) {
        g_debug("a capture was told to stop more than once"); /* the counter is not zero: enough */
    }
}

struct ending {
    net_capture_fn done;
    gpointer data;
};

static gboolean on_ended(gpointer data)
{
    const struct ending *ending = data;
    ending->done(ending->data);
    return G_SOURCE_REMOVE;
}

/* Never ready by itself: the thread says when. */
static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

void net_capture_stop(struct net_capture *capture, net_capture_fn done, gpointer data)
{
    static GSourceFuncs funcs = {.dispatch = dispatch};
    struct ending *ending = g_new(struct ending, 1);
    *ending = (struct ending){done, data};
    GSource *source = g_source_new(&funcs, sizeof(GSource));
    g_source_set_callback(source, on_ended, ending, g_free);
    g_source_attach(source, capture->context);
    g_mutex_lock(&capture->lock);
    capture->done = source;
    if (capture->ended) {
        g_source_set_ready_time(source, 0);
    }
    g_mutex_unlock(&capture->lock);
    tell_thread(capture);
}

void net_capture_free(struct net_capture *capture)
{
    if (!capture) {
        return;
    }
    tell_thread(capture);
    g_thread_join(capture->thread);
    if (capture->done) {
        g_source_destroy(capture->done);
        g_source_unref(capture->done);
    }
    capture_ring_free(capture->ring);
    pcap_close(capture->pcap);
    close(capture->stop_fd);
    g_main_context_unref(capture->context);
    g_mutex_clear(&capture->lock);
    g_free(capture->problem);
    g_free(capture);
}

void net_capture_hold(struct net_capture *capture, bool held)
{
    capture_ring_hold(capture->ring, held);
}

void net_capture_look(struct net_capture *capture, struct net_capture_state *ret)
{
    *ret = (struct net_capture_state){0};
    capture_ring_look(capture->ring, ret);
    g_mutex_lock(&capture->lock);
    ret->running = !capture->ended;
    ret->problem = g_strdup(capture->problem);
    g_mutex_unlock(&capture->lock);
}

void net_capture_state_clear(struct net_capture_state *state)
{
    g_clear_pointer(&state->problem, g_free);
    g_clear_pointer(&state->file, g_free);
}

GPtrArray *net_capture_files(struct net_capture *capture)
{
    return capture_ring_files(capture->ring);
}
