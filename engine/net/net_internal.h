/* net_internal.h - what the files of net/ share: batches, channels, jobs. */
#pragma once

#include "net/net.h"

#include <linux/netlink.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

enum net_op_kind {
    NET_BRIDGE,
    NET_TAP,
    NET_VETH,
    NET_ADDRESS,
    NET_UP,
    NET_REMOVE,
    NET_LOCAL,
    NET_VLAN_BRIDGE,
    NET_VLAN,
    NET_ISOLATE,
    NET_VXLAN
};

struct net_op {
    enum net_op_kind kind;
    char *name;
    char *bridge, *inner; /* or NULL */
    int space;
    guint32 address;
    int prefix;
    bool up;
    struct in6_addr address6; /* VETH: all zeros: none */
    int prefix6;
    bool routes;
    int vlan;
    bool tagged;
    struct net_tunnel tunnel; /* VXLAN */
};

/* A new op at the end of batch. */
struct net_op *net_batch_add(struct net_batch *batch, enum net_op_kind kind, const char *name);

struct net_batch {
    GPtrArray *ops; /* struct net_op * */
};

/* ---- net_channel.c: one netlink socket, its outgoing bytes ----------------------------------- */

struct net_channel {
    struct nl_sock *sock;
    ino_t space; /* inode of the namespace, 0 for the one of struct net */
    GByteArray *out;
    bool asked;   /* something was sent for which replies may be due */
    gpointer tag; /* in the source's poll set */
};

/* Opens a socket in the calling thread's namespace. */
struct net_channel *net_channel_open(GError **error);
/* Opens one in each of n namespaces, given as descriptors, and appends them to channels; those made
 * before an error stay there. One thread enters them all. */
bool net_channel_open_in(const int *spaces, gsize n, GPtrArray *channels, GError **error);
void net_channel_free(struct net_channel *channel); /* accepts NULL */
int net_channel_fd(const struct net_channel *channel);
/* Appends msg with that sequence number and frees it. */
void net_channel_put(struct net_channel *channel, struct nl_msg *msg, guint32 seq);
/* Sends what was put. The kernel works on it before this returns, in order. */
bool net_channel_flush(struct net_channel *channel, GError **error);
/* One datagram into buffer: its length, 0 when there is none now, -1 on error. */
gssize net_channel_read(struct net_channel *channel, guint8 *buffer, gsize size, GError **error);

/* ---- net_tap.c ----------------------------------------------------------------------------------
 */

/* A persistent tap of our own user in the calling thread's namespace. */
bool net_tap_create(const char *name, GError **error);

/* ---- net_reply.c ------------------------------------------------------------------------------
 */

/* The kernel's verdict in an NLMSG_ERROR: 0 or an errno; *ret_text its own words, the caller's, or
 * NULL. */
int net_reply_error(const struct nlmsghdr *header, char **ret_text);

/* Appends one interface of an RTM_NEWLINK to counters. */
void net_reply_counters(const struct nlmsghdr *header, GArray *counters);

/* ---- net_request.c: from ops to messages --------------------------------------------------------
 */

struct net_waiting { /* for one reply */
    char *what;
    int excused; /* an errno that counts as success, or 0 */
};

struct net {
    int refs;
    bool closed;
    GSource *source;
    int ioctl_fd;
    guint32 seq;
    int next_index;
    GHashTable *indices; /* name → index, of what we made */
    GHashTable *waiting; /* seq → struct net_waiting */
    GQueue jobs;         /* struct job *; the head is at work */
    GPtrArray *channels; /* struct net_channel *; the first is ours, others live for one job */
    guint put;           /* requests put since the last flush */
    bool removing;       /* one of them removes something */
    guint8 *buffer;
};

/* Puts the requests that op stands for; a tap is made at once. */
bool net_request_op(struct net *net, const struct net_op *op, GError **error);
/* Puts one message (consumed) and what its reply is about; excused is an errno that counts as
 * success. */
void net_request_put(
        struct net *net, struct net_channel *channel, struct nl_msg *msg, char *what, int excused);
/* The index of an interface of our own namespace; 0 and an error when there is none. */
int net_request_index(struct net *net, const char *name, GError **error);
int net_request_new_index(struct net *net, const char *name);
struct net_channel *net_request_space(struct net *net, int space, GError **error);
/* Opens at once what net_request_space() will be asked for by a batch, as far as it can be. */
void net_request_spaces(struct net *net, const struct net_batch *batch);

/* ---- net_vlan.c, net_vxlan.c: the ops of their names -------------------------------------------
 */

bool net_vlan_request(struct net *net, const struct net_op *op, GError **error);
bool net_vxlan_request(struct net *net, const struct net_op *op, GError **error);
void net_request_dump(struct net *net);
bool net_request_flush(struct net *net, GError **error);
