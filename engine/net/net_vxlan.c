/* net_vxlan.c - VXLAN tunnels between bridges of two namespaces, and the wire they run over. */
#include "net/net_build.h"
#include "net/net_internal.h"

#include <errno.h>

void net_batch_vxlan(struct net_batch *batch, const char *name, const char *bridge, guint32 vni,
        guint32 local, guint32 remote)
{
    struct net_op *op = net_batch_add(batch, NET_VXLAN, name);
    op->bridge = g_strdup(bridge);
    op->vni = vni;
    op->address = local;
    op->remote = remote;
}

static void set_end(struct net_op *op, const struct net_end *end)
{
    op->space = end->space;
    op->address = end->address;
    op->prefix = end->prefix;
}

void net_batch_wire(struct net_batch *batch, const struct net_end *a, const struct net_end *b)
{
    struct net_op *op = net_batch_add(batch, NET_WIRE, a->name);
    set_end(op, a);
    op->other = g_new0(struct net_op, 1);
    op->other->name = g_strdup(b->name);
    set_end(op->other, b);
}

static bool put_vxlan(struct net *net, const struct net_op *op, GError **error)
{
    struct net_channel *own = net->channels->pdata[0];
    int master = op->bridge ? net_request_index(net, op->bridge, error) : 0;
    if (op->bridge && !master) {
        return false;
    }
    int index = net_request_new_index(net, op->name);
    net_request_put(net, own, net_build_vxlan(op->name, index, op->vni, op->address, op->remote),
            g_strdup_printf("VXLAN %s", op->name), 0);
    net_request_put(net, own, net_build_quiet(op->name, index),
            g_strdup_printf("interface %s", op->name), EAFNOSUPPORT);
    net_request_put(net, own, net_build_set(op->name, index, master, true),
            g_strdup_printf("interface %s", op->name), 0);
    return true;
}

static void put_end(struct net *net, struct net_channel *there, const struct net_op *end, int index)
{
    net_request_put(net, there, net_build_quiet(end->name, index),
            g_strdup_printf("interface %s", end->name), EAFNOSUPPORT);
    net_request_put(net, there, net_build_address(index, end->address, end->prefix),
            g_strdup_printf("address of %s", end->name), 0);
    net_request_put(net, there, net_build_set(end->name, index, 0, true),
            g_strdup_printf("interface %s", end->name), 0);
}

static bool put_wire(struct net *net, const struct net_op *op, GError **error)
{
    struct net_channel *a = net_request_space(net, op->space, error);
    struct net_channel *b = a ? net_request_space(net, op->other->space, error) : NULL;
    if (!b) {
        g_prefix_error(error, "wire %s: ", op->name);
        return false;
    }
    int index_a = net->next_index++;
    int index_b = net->next_index++;
    net_request_put(net, net->channels->pdata[0],
            net_build_wire(
                    op->name, op->space, index_a, op->other->name, op->other->space, index_b),
            g_strdup_printf("wire %s", op->name), 0);
    put_end(net, a, op, index_a);
    put_end(net, b, op->other, index_b);
    return true;
}

bool net_vxlan_request(struct net *net, const struct net_op *op, GError **error)
{
    return op->kind == NET_VXLAN ? put_vxlan(net, op, error) : put_wire(net, op, error);
}
