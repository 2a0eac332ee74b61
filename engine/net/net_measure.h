/* net_measure.h - measures what a link's queue really does, with frames of its own.
 *
 * Probes are sent into the way out of the device that has the queue, and taken up again behind it
 * by a packet socket on the same device: linux hands those a copy of each frame when it leaves the
 * queue, with the time. They pass exactly the queue that participants' frames pass. They carry an
 * EtherType for local experiments (IEEE 802, 0x88B5) and an address that is nobody's: behind the
 * queue of an ifb the kernel drops them, behind that of a tap the machine's card does, so nobody is
 * disturbed. All of it happens on the main loop.
 */
#pragma once

#include "plan/plan_impair.h"

struct net_measure_options {
    const char *device; /* net_impair_device() */
    guint probes;       /* small frames, one every interval_us */
    guint interval_us;
    guint train;       /* full frames at once, after the probes, to see the rate; 0: none */
    guint train_bytes; /* of each, 60 to 1514 */
    guint skip_bytes;  /* of the train that may pass at once: the burst */
    gint64 settle_us;  /* how long the last one may take */
    guint32 seed;      /* of the probes' marks */
};

struct net_sample {
    guint sent, arrived; /* probes; each counts once */
    guint duplicated, corrupted;
    gint64 *delays_us; /* of those that arrived, sorted */
    guint n_delays;
    double rate_bps;    /* of the train behind the queue; 0: not seen */
    bool rate_is_least; /* the train was sent no faster: the queue may do more */
    guint64 own_bytes;  /* what the measurement itself sent */
};

/* sample is NULL when error is set (the device is gone or down); both valid in the call. */
typedef void (*net_measure_fn)(const struct net_sample *sample, const GError *error, gpointer data);

struct net_measure;

/* done is called once, never from inside the call, in the thread-default context; not at all after
 * net_measure_cancel(). */
struct net_measure *net_measure_start(const struct net_measure_options *options,
        net_measure_fn done, gpointer data, GError **error);
void net_measure_cancel(struct net_measure *measure);

/* What to send so that the link's own users hardly notice (at most 2 % of the rate), for a queue
 * asked to do that. */
void net_measure_plan(const struct plan_impairment *asked, struct net_measure_options *ret);

/* ---- the frames, for tests ----------------------------------------------------------------- */

#define NET_PROBE_MIN 60 /* bytes, the smallest Ethernet frame without its checksum */
#define NET_PROBE_TYPE 0x88B5

/* Fills a frame: its number thrice, so that one changed bit does not hide it. */
void net_probe_fill(guint8 *frame, gsize length, guint32 mark, guint32 number);
/* Whether it is one of ours, and whether a bit of it was changed. */
bool net_probe_read(
        const guint8 *frame, gsize length, guint32 mark, guint32 *ret_number, bool *ret_changed);
