/* net_build.h - pure builders: values in, one rtnetlink message out.
 *
 * Message layouts: rtnetlink(7), linux/if_link.h, linux/veth.h. Sequence numbers are the sender's
 * to fill in. The caller frees a message with nlmsg_free(). Addresses are in host byte order.
 */
#pragma once

#include "net/net.h"

#include <glib.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <stdbool.h>

/* A bridge with that index: no spanning tree, no forward delay, no multicast snooping. */
struct nl_msg *net_build_bridge(const char *name, int index);

/* A veth pair; inner is made in the namespace of descriptor space, with a hardware address that
 * follows from address (IPv4, host byte order). */
struct nl_msg *net_build_veth(const char *outer, int outer_index, const char *inner,
        int inner_index, int space, guint32 address);

/* No IPv6 link-local address, so that guests see none of the host's. By index, or by name when
 * index is 0. */
struct nl_msg *net_build_quiet(const char *name, int index);

/* Up or down, and into the bridge with index master unless that is 0. */
struct nl_msg *net_build_set(const char *name, int index, int master, bool up);

/* An IPv4 address with its broadcast address. */
struct nl_msg *net_build_address(int index, guint32 address, int prefix);

/* An IPv6 address that is not asked about first. */
struct nl_msg *net_build_address6(int index, const struct in6_addr *address, int prefix);
/* The whole network counts as local. */
struct nl_msg *net_build_local(guint32 address, int prefix);
/* A bridge starts to keep VLANs apart. */
struct nl_msg *net_build_vlan_filtering(int bridge);
struct nl_msg *net_build_vlan(int port, int vlan, bool tagged);
struct nl_msg *net_build_isolate(int port);
/* The namespace of descriptor space gets that number here. */
struct nl_msg *net_build_number(int space, int number);
/* Its packets belong to the namespace of that number. */
struct nl_msg *net_build_vxlan(
        const char *name, int index, const struct net_tunnel *tunnel, int number);
struct nl_msg *net_build_remove(const char *name);

/* All interfaces (a dump). */
struct nl_msg *net_build_dump(void);
