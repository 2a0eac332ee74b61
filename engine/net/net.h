/* net.h - bridges, taps, veth pairs, addresses and counters by netlink, in one batch.
 *
 * A batch is a list of requests; net_submit() sends them without waiting and calls done in the
 * context's thread when every reply is there. Builders (net_build.h) turn a request into a netlink
 * message and do nothing else.
 */
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

struct net;
struct net_batch;

struct net_counters {
    char *name;
    guint64 rx_bytes, tx_bytes, rx_packets, tx_packets;
    bool up;
};

typedef void (*net_done_fn)(const GError *error, gpointer data);
typedef void (*net_counters_fn)(const GArray *counters, const GError *error, gpointer data);

/* A netlink socket in the namespace the calling thread is in. */
struct net *net_open(GMainContext *context, GError **error);
void net_close(struct net *net); /* accepts NULL; pending batches end with CANCELLED */

struct net_batch *net_batch_new(void);
void net_batch_free(struct net_batch *batch);
void net_batch_bridge(struct net_batch *batch, const char *name);
void net_batch_tap(struct net_batch *batch, const char *name, const char *bridge);
/* A veth pair: outer joins bridge here, inner moves to the namespace of descriptor space with the
 * address (host byte order) and comes up. Its hardware address follows from address: a pair that is
 * made anew is the same to its neighbours. */
void net_batch_veth(struct net_batch *batch, const char *outer, const char *inner,
        const char *bridge, int space, guint32 address, int prefix);
/* The inner end of the veth pair put last gets this IPv6 address too, at once and without asking
 * whether it is taken; with routes also a link-local one, without which it cannot route. */
void net_batch_veth_address6(
        struct net_batch *batch, const struct in6_addr *address, int prefix, bool routes);
void net_batch_address(struct net_batch *batch, const char *name, guint32 address, int prefix);
void net_batch_up(struct net_batch *batch, const char *name, bool up);
void net_batch_remove(struct net_batch *batch, const char *name); /* absent counts as removed */

/* In the namespace of descriptor space: every address of the network counts as its own, so that it
 * answers for them (who sends there is translated before routing). */
void net_batch_local(struct net_batch *batch, int space, guint32 address, int prefix);
/* A bridge that keeps VLANs apart; its ports belong to none before net_batch_vlan(). */
void net_batch_vlan_bridge(struct net_batch *batch, const char *name);
/* The bridge port carries that VLAN, tagged, or untagged as its own. */
void net_batch_vlan(struct net_batch *batch, const char *port, int vlan, bool tagged);
/* The bridge port reaches ports that are not isolated, and no other. */
void net_batch_isolate(struct net_batch *batch, const char *port);
struct net_tunnel {
    int space;
    guint32 vni, local, remote;
};
/* A VXLAN tunnel (RFC 7348) end that joins bridge: frames go to remote from local, UDP port 4789,
 * which belong to the namespace of descriptor space: who is on a bridge of ours cannot send there. */
void net_batch_vxlan(struct net_batch *batch, const char *name, const char *bridge,
        const struct net_tunnel *tunnel);
/* Consumes batch. error names the interface and the kernel's reason. */
void net_submit(struct net *net, struct net_batch *batch, net_done_fn done, gpointer data);

/* The same, waiting for the end; for start-up and tests. */
bool net_apply(struct net *net, struct net_batch *batch, GError **error);

/* All interfaces with their counters (GArray of struct net_counters, valid in the call). */
void net_read_counters(struct net *net, net_counters_fn done, gpointer data);
