/* net_batch.c - a batch: a list of what is to be made, in order. */
#include "net/net_internal.h"

static void op_free(gpointer data)
{
    struct net_op *op = data;
    g_free(op->name);
    g_free(op->bridge);
    g_free(op->inner);
    g_free(op);
}

struct net_batch *net_batch_new(void)
{
    struct net_batch *batch = g_new0(struct net_batch, 1);
    batch->ops = g_ptr_array_new_with_free_func(op_free);
    return batch;
}

void net_batch_free(struct net_batch *batch)
{
    if (batch) {
        g_ptr_array_unref(batch->ops);
        g_free(batch);
    }
}

struct net_op *net_batch_add(struct net_batch *batch, enum net_op_kind kind, const char *name)
{
    struct net_op *op = g_new0(struct net_op, 1);
    op->kind = kind;
    op->name = g_strdup(name);
    op->space = -1;
    g_ptr_array_add(batch->ops, op);
    return op;
}

void net_batch_bridge(struct net_batch *batch, const char *name)
{
    net_batch_add(batch, NET_BRIDGE, name);
}

void net_batch_tap(struct net_batch *batch, const char *name, const char *bridge)
{
    net_batch_add(batch, NET_TAP, name)->bridge = g_strdup(bridge);
}

void net_batch_veth(struct net_batch *batch, const char *outer, const char *inner,
        const char *bridge, int space, guint32 address, int prefix)
{
    struct net_op *op = net_batch_add(batch, NET_VETH, outer);
    op->inner = g_strdup(inner);
    op->bridge = g_strdup(bridge);
    op->space = space;
    op->address = address;
    op->prefix = prefix;
}

void net_batch_veth_address6(
        struct net_batch *batch, const struct in6_addr *address, int prefix, bool routes)
{
    struct net_op *op = batch->ops->pdata[batch->ops->len - 1];
    op->address6 = *address;
    op->prefix6 = prefix;
    op->routes = routes;
}

void net_batch_address(struct net_batch *batch, const char *name, guint32 address, int prefix)
{
    struct net_op *op = net_batch_add(batch, NET_ADDRESS, name);
    op->address = address;
    op->prefix = prefix;
}

void net_batch_up(struct net_batch *batch, const char *name, bool up)
{
    net_batch_add(batch, NET_UP, name)->up = up;
}

void net_batch_remove(struct net_batch *batch, const char *name)
{
    net_batch_add(batch, NET_REMOVE, name);
}
