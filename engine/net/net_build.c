/* net_build.c - pure builders of rtnetlink messages. */
#include "net/net_build.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <sys/socket.h>

/* Appending fails only without memory or with a full page; both are bugs here, as in GLib. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            g_error("a netlink message does not fit");                                             \
        }                                                                                          \
    } while (0)

static struct nl_msg *start(int type, int flags)
{
    struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);
    if (!msg) {
        g_error("out of memory");
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

static struct nl_msg *start_link(int type, int flags, const char *name, int index)
{
    struct nl_msg *msg = start(type, flags);
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
    MUST(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
    if (name) {
        MUST(nla_put_string(msg, IFLA_IFNAME, name));
    }
    return msg;
}

struct nl_msg *net_build_bridge(const char *name, int index)
{
    struct nl_msg *msg =
            start_link(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, name, index);
    /* an address of its own, or the kernel works one out anew with every port; 02: local, "ST" */
    const guint8 mac[] = {
            0x02, 0x53, 0x54, (guint8)(index >> 16), (guint8)(index >> 8), (guint8)index};
    MUST(nla_put(msg, IFLA_ADDRESS, sizeof(mac), mac));
    struct nlattr *info = nest(msg, IFLA_LINKINFO);
    MUST(nla_put_string(msg, IFLA_INFO_KIND, "bridge"));
    struct nlattr *data = nest(msg, IFLA_INFO_DATA);
    MUST(nla_put_u32(msg, IFLA_BR_FORWARD_DELAY, 0));
    MUST(nla_put_u32(msg, IFLA_BR_STP_STATE, 0));
    MUST(nla_put_u8(msg, IFLA_BR_MCAST_SNOOPING, 0));
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *net_build_veth(const char *outer, int outer_index, const char *inner,
        int inner_index, int space, guint32 address)
{
    /* neighbours that remember it are right again when the pair is made anew, as by a resume; 06:
     * local, and no bridge's or guest's */
    const guint8 mac[] = {0x06, 0x53, (guint8)(address >> 24), (guint8)(address >> 16),
            (guint8)(address >> 8), (guint8)address};
    struct nl_msg *msg =
            start_link(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, outer, outer_index);
    struct nlattr *info = nest(msg, IFLA_LINKINFO);
    MUST(nla_put_string(msg, IFLA_INFO_KIND, "veth"));
    struct nlattr *data = nest(msg, IFLA_INFO_DATA);
    struct nlattr *peer = nest(msg, VETH_INFO_PEER);
    struct ifinfomsg inner_info = {.ifi_family = AF_UNSPEC, .ifi_index = inner_index};
    MUST(nlmsg_append(msg, &inner_info, sizeof(inner_info), NLMSG_ALIGNTO));
    MUST(nla_put_string(msg, IFLA_IFNAME, inner));
    MUST(nla_put(msg, IFLA_ADDRESS, sizeof(mac), mac));
    MUST(nla_put_u32(msg, IFLA_NET_NS_FD, (guint32)space));
    nla_nest_end(msg, peer);
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *net_build_quiet(const char *name, int index)
{
    struct nl_msg *msg = start_link(RTM_NEWLINK, NLM_F_ACK, index ? NULL : name, index);
    struct nlattr *families = nest(msg, IFLA_AF_SPEC);
    struct nlattr *inet6 = nest(msg, AF_INET6);
    MUST(nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE));
    nla_nest_end(msg, inet6);
    nla_nest_end(msg, families);
    return msg;
}

struct nl_msg *net_build_set(const char *name, int index, int master, bool up)
{
    struct nl_msg *msg = start(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK);
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
            .ifi_index = index,
            .ifi_flags = up ? IFF_UP : 0,
            .ifi_change = IFF_UP};
    MUST(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
    if (!index) {
        MUST(nla_put_string(msg, IFLA_IFNAME, name));
    }
    if (master) {
        MUST(nla_put_u32(msg, IFLA_MASTER, (guint32)master));
    }
    return msg;
}

struct nl_msg *net_build_address(int index, guint32 address, int prefix)
{
    struct nl_msg *msg = start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct ifaddrmsg info = {
            .ifa_family = AF_INET, .ifa_prefixlen = (guint8)prefix, .ifa_index = (guint32)index};
    MUST(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
    MUST(nla_put_u32(msg, IFA_LOCAL, g_htonl(address)));
    MUST(nla_put_u32(msg, IFA_ADDRESS, g_htonl(address)));
    if (prefix < 31) {
        guint32 host_bits = (guint32)(G_MAXUINT32 >> prefix);
        MUST(nla_put_u32(msg, IFA_BROADCAST, g_htonl(address | host_bits)));
    }
    return msg;
}

struct nl_msg *net_build_address6(int index, const struct in6_addr *address, int prefix)
{
    struct nl_msg *msg = start(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct ifaddrmsg info = {.ifa_family = AF_INET6,
            .ifa_prefixlen = (guint8)prefix,
            .ifa_flags = IFA_F_NODAD,
            .ifa_index = (guint32)index};
    MUST(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
    MUST(nla_put(msg, IFA_LOCAL, sizeof(*address), address));
    MUST(nla_put(msg, IFA_ADDRESS, sizeof(*address), address));
    return msg;
}

struct nl_msg *net_build_local(guint32 address, int prefix)
{
    struct nl_msg *msg = start(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    struct rtmsg route = {.rtm_family = AF_INET,
            .rtm_dst_len = (guint8)prefix,
            .rtm_table = RT_TABLE_LOCAL,
            .rtm_protocol = RTPROT_STATIC,
            .rtm_scope = RT_SCOPE_HOST,
            .rtm_type = RTN_LOCAL};
    MUST(nlmsg_append(msg, &route, sizeof(route), NLMSG_ALIGNTO));
    MUST(nla_put_u32(msg, RTA_DST, g_htonl(address)));
    MUST(nla_put_u32(msg, RTA_OIF, 1)); /* lo */
    return msg;
}

struct nl_msg *net_build_vlan_filtering(int bridge)
{
    struct nl_msg *msg = start_link(RTM_NEWLINK, NLM_F_ACK, NULL, bridge);
    struct nlattr *info = nest(msg, IFLA_LINKINFO);
    MUST(nla_put_string(msg, IFLA_INFO_KIND, "bridge"));
    struct nlattr *data = nest(msg, IFLA_INFO_DATA);
    MUST(nla_put_u16(msg, IFLA_BR_VLAN_DEFAULT_PVID, 0));
    MUST(nla_put_u8(msg, IFLA_BR_VLAN_FILTERING, 1));
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *net_build_vlan(int port, int vlan, bool tagged)
{
    struct nl_msg *msg = start(RTM_SETLINK, NLM_F_ACK);
    struct ifinfomsg info = {.ifi_family = AF_BRIDGE, .ifi_index = port};
    MUST(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
    struct bridge_vlan_info entry = {.vid = (guint16)vlan,
            .flags = tagged ? 0 : BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED};
    struct nlattr *spec = nest(msg, IFLA_AF_SPEC);
    MUST(nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(entry), &entry));
    nla_nest_end(msg, spec);
    return msg;
}

struct nl_msg *net_build_isolate(int port)
{
    struct nl_msg *msg = start(RTM_SETLINK, NLM_F_ACK);
    struct ifinfomsg info = {.ifi_family = AF_BRIDGE, .ifi_index = port};
    MUST(nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO));
    struct nlattr *port_info = nest(msg, IFLA_PROTINFO | NLA_F_NESTED);
    MUST(nla_put_u8(msg, IFLA_BRPORT_ISOLATED, 1));
    nla_nest_end(msg, port_info);
    return msg;
}

struct nl_msg *net_build_number(int space, int number)
{
    struct nl_msg *msg = start(RTM_NEWNSID, NLM_F_ACK);
    struct rtgenmsg family = {.rtgen_family = AF_UNSPEC};
    MUST(nlmsg_append(msg, &family, sizeof(family), NLMSG_ALIGNTO));
    MUST(nla_put_u32(msg, NETNSA_FD, (guint32)space));
    MUST(nla_put_u32(msg, NETNSA_NSID, (guint32)number));
    return msg;
}

struct nl_msg *net_build_vxlan(
        const char *name, int index, const struct net_tunnel *tunnel, int number)
{
    struct nl_msg *msg =
            start_link(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, name, index);
    MUST(nla_put_u32(msg, IFLA_LINK_NETNSID, (guint32)number));
    struct nlattr *info = nest(msg, IFLA_LINKINFO);
    MUST(nla_put_string(msg, IFLA_INFO_KIND, "vxlan"));
    struct nlattr *data = nest(msg, IFLA_INFO_DATA);
    MUST(nla_put_u32(msg, IFLA_VXLAN_ID, tunnel->vni));
    MUST(nla_put_u32(msg, IFLA_VXLAN_LOCAL, g_htonl(tunnel->local)));
    MUST(nla_put_u32(msg, IFLA_VXLAN_GROUP, g_htonl(tunnel->remote)));
    MUST(nla_put_u16(msg, IFLA_VXLAN_PORT, g_htons(4789)));
    MUST(nla_put_u8(msg, IFLA_VXLAN_LEARNING, 1));
    nla_nest_end(msg, data);
    nla_nest_end(msg, info);
    return msg;
}

struct nl_msg *net_build_remove(const char *name)
{
    return start_link(RTM_DELLINK, NLM_F_ACK, name, 0);
}

struct nl_msg *net_build_dump(void)
{
    return start_link(RTM_GETLINK, NLM_F_DUMP, NULL, 0);
}
