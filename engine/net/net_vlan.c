/* net_vlan.c - bridge ports: which VLANs they carry, and isolation from each other. */
#include "net/net_build.h"
#include "net/net_internal.h"

#include <errno.h>

void net_batch_vlan_bridge(struct net_batch *batch, const char *name)
{
    net_batch_add(batch, NET_VLAN_BRIDGE, name);
}

void net_batch_vlan(struct net_batch *batch, const char *port, int vlan, bool tagged)
{
    struct net_op *op = net_batch_add(batch, NET_VLAN, port);
    op->vlan = vlan;
    op->tagged = tagged;
}

void net_batch_isolate(struct net_batch *batch, const char *port)
{
    net_batch_add(batch, NET_ISOLATE, port);
}

void net_batch_local(struct net_batch *batch, int space, guint32 address, int prefix)
{
    struct net_op *op = net_batch_add(batch, NET_LOCAL, NULL);
    op->space = space;
    op->address = address;
    op->prefix = prefix;
}

bool net_vlan_request(struct net *net, const struct net_op *op, GError **error)
{
    struct net_channel *own = net->channels->pdata[0];
    int index = net_request_index(net, op->name, error);
    if (!index) {
        return false;
    }
    if (op->kind == NET_VLAN_BRIDGE) {
        net_request_put(net, own, net_build_vlan_filtering(index),
                g_strdup_printf("VLANs of bridge %s", op->name), 0);
    } else if (op->kind == NET_VLAN) {
        net_request_put(net, own, net_build_vlan(index, op->vlan, op->tagged),
                g_strdup_printf("VLAN %d of interface %s", op->vlan, op->name), 0);
    } else {
        net_request_put(net, own, net_build_isolate(index),
                g_strdup_printf("isolation of interface %s", op->name), 0);
    }
    return true;
}
