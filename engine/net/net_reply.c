/* net_reply.c - reading what the kernel answers. */
#include "net/net_internal.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <string.h>

int net_reply_error(const struct nlmsghdr *header, char **ret_text)
{
    *ret_text = NULL;
    int length = nlmsg_datalen(header);
    if (length < (int)sizeof(struct nlmsgerr)) {
        return EBADMSG;
    }
    const struct nlmsgerr *verdict = nlmsg_data(header);
    if (verdict->error == 0 || !(header->nlmsg_flags & NLM_F_ACK_TLVS)) {
        return -verdict->error;
    }
    gsize skip = sizeof(*verdict);
    if (!(header->nlmsg_flags & NLM_F_CAPPED)) {
        skip += NLMSG_ALIGN(MAX(verdict->msg.nlmsg_len, NLMSG_HDRLEN) - NLMSG_HDRLEN);
    }
    if (skip < (gsize)length) {
        struct nlattr *first = (struct nlattr *)((char *)nlmsg_data(header) + skip);
        struct nlattr *text = nla_find(first, length - (int)skip, NLMSGERR_ATTR_MSG);
        *ret_text = text ? g_strndup(nla_data(text), (gsize)nla_len(text)) : NULL;
    }
    return -verdict->error;
}

void net_reply_counters(const struct nlmsghdr *header, GArray *counters)
{
    struct nlattr *attrs[IFLA_MAX + 1];
    if (nlmsg_parse((struct nlmsghdr *)header, sizeof(struct ifinfomsg), attrs, IFLA_MAX, NULL) <
                    0 ||
            !attrs[IFLA_IFNAME] || !attrs[IFLA_STATS64]) {
        return;
    }
    struct rtnl_link_stats64 stats = {0};
    memcpy(&stats, nla_data(attrs[IFLA_STATS64]),
            MIN(sizeof(stats), (gsize)nla_len(attrs[IFLA_STATS64])));
    const struct ifinfomsg *info = nlmsg_data(header);
    struct net_counters one = {
            .name = g_strndup(nla_data(attrs[IFLA_IFNAME]), (gsize)nla_len(attrs[IFLA_IFNAME])),
            .rx_bytes = stats.rx_bytes,
            .tx_bytes = stats.tx_bytes,
            .rx_packets = stats.rx_packets,
            .tx_packets = stats.tx_packets,
            .up = (info->ifi_flags & IFF_UP) != 0,
    };
    g_array_append_val(counters, one);
}
