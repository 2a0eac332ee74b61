/* net_capture_ring.h - the files of a capture, without the packets' source: for net/ and its tests.
 *
 * One thread writes packets; any thread may look and hold.
 */
#pragma once

#include "net/net_capture.h"

struct capture_ring;

struct capture_ring *capture_ring_new(const struct net_capture_options *options, GError **error);
void capture_ring_free(struct capture_ring *ring); /* accepts NULL; closes */

/* The writer's: false when the disk fails. dropped is the sum so far. */
bool capture_ring_packet(
        struct capture_ring *ring, const struct pcapng_packet *packet, GError **error);
bool capture_ring_flush(struct capture_ring *ring, gint64 now_ns, guint64 dropped, GError **error);
/* The last file gets its hash. */
bool capture_ring_close(struct capture_ring *ring, gint64 now_ns, GError **error);

void capture_ring_hold(struct capture_ring *ring, bool held);
/* running and problem are not its business. */
void capture_ring_look(struct capture_ring *ring, struct net_capture_state *ret);
GPtrArray *capture_ring_files(struct capture_ring *ring);
