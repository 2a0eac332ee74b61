/* net_vxlan.c - VXLAN tunnels: an end on a bridge of ours, its packets in a namespace apart. */
#include "net/net_build.h"
#include "net/net_internal.h"

#include <errno.h>

void net_batch_vxlan(struct net_batch *batch, const char *name, const char *bridge,
        const struct net_tunnel *tunnel)
{
    struct net_op *op = net_batch_add(batch, NET_VXLAN, name);
    op->bridge = g_strdup(bridge);
    op->tunnel = *tunnel;
}

bool net_vxlan_request(struct net *net, const struct net_op *op, GError **error)
{
    struct net_channel *own = net->channels->pdata[0];
    const struct net_tunnel *tunnel = &op->tunnel;
    int master = net_request_index(net, op->bridge, error);
    if (!master) {
        return false;
    }
    int index = net_request_new_index(net, op->name);
    /* a device can be made here for a namespace that has a number here: the descriptor's will do */
    net_request_put(net, own, net_build_number(tunnel->space, tunnel->space),
            g_strdup_printf("namespace of VXLAN %s", op->name), EEXIST);
    net_request_put(net, own, net_build_vxlan(op->name, index, tunnel, tunnel->space),
            g_strdup_printf("VXLAN %s", op->name), 0);
    net_request_put(net, own, net_build_quiet(op->name, index),
            g_strdup_printf("interface %s", op->name), EAFNOSUPPORT);
    net_request_put(net, own, net_build_set(op->name, index, master, true),
            g_strdup_printf("interface %s", op->name), 0);
    return true;
}
