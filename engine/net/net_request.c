/* net_request.c - turns each op of a batch into netlink requests and notes what waits for replies.
 */
#include "net/net_internal.h"

#include "base/error.h"
#include "net/net_build.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static struct net_channel *own_channel(const struct net *net)
{
    return net->channels->pdata[0];
}

void net_request_put(
        struct net *net, struct net_channel *channel, struct nl_msg *msg, char *what, int excused)
{
    struct net_waiting *waiting = g_new0(struct net_waiting, 1);
    waiting->what = what;
    waiting->excused = excused;
    guint32 seq = ++net->seq;
    net_channel_put(channel, msg, seq);
    g_hash_table_insert(net->waiting, GUINT_TO_POINTER(seq), waiting);
    net->put++;
}

bool net_request_flush(struct net *net, GError **error)
{
    net->put = 0;
    net->removing = false;
    for (guint i = 0; i < net->channels->len; i++) {
        if (!net_channel_flush(net->channels->pdata[i], error)) {
            g_hash_table_remove_all(net->waiting);
            return false;
        }
    }
    return true;
}

int net_request_new_index(struct net *net, const char *name)
{
    int index = net->next_index++;
    g_hash_table_insert(net->indices, g_strdup(name), GINT_TO_POINTER(index));
    return index;
}

/* The index of an interface, 0 and an error when there is none. */
int net_request_index(struct net *net, const char *name, GError **error)
{
    int index = GPOINTER_TO_INT(g_hash_table_lookup(net->indices, name));
    struct ifreq request = {0};
    g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
    if (!index && ioctl(net->ioctl_fd, SIOCGIFINDEX, &request) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "interface %s: %s", name,
                g_strerror(errno));
        return 0;
    }
    return index ? index : request.ifr_ifindex;
}

static struct net_channel *find_space(const struct net *net, int space)
{
    struct stat st;
    bool known = fstat(space, &st) == 0;
    for (guint i = 1; known && i < net->channels->len; i++) {
        struct net_channel *channel = net->channels->pdata[i];
        if (channel->space == st.st_ino) {
            return channel;
        }
    }
    return NULL;
}

static bool open_spaces(struct net *net, const int *spaces, gsize n, GError **error)
{
    guint first = net->channels->len;
    bool ok = net_channel_open_in(spaces, n, net->channels, error);
    for (guint i = first; i < net->channels->len; i++) {
        struct net_channel *channel = net->channels->pdata[i];
        channel->tag = g_source_add_unix_fd(net->source, net_channel_fd(channel), G_IO_IN);
    }
    return ok;
}

struct net_channel *net_request_space(struct net *net, int space, GError **error)
{
    struct net_channel *channel = find_space(net, space);
    if (!channel && open_spaces(net, &space, 1, error)) {
        channel = net->channels->pdata[net->channels->len - 1];
    }
    return channel;
}

void net_request_spaces(struct net *net, const struct net_batch *batch)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) spaces = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < batch->ops->len; i++) {
        const struct net_op *op = batch->ops->pdata[i];
        bool inside = op->kind == NET_VETH || op->kind == NET_LOCAL;
        if (inside && op->space >= 0 && g_hash_table_add(seen, GINT_TO_POINTER(op->space))) {
            g_array_append_val(spaces, op->space);
        }
    }
    if (spaces->len > 0) { /* of one that cannot be entered its op will tell */
        (void)open_spaces(net, (const int *)(void *)spaces->data, spaces->len, NULL);
    }
}

/* A kernel without IPv6 answers EAFNOSUPPORT: as quiet as can be. */
static void put_quiet(struct net *net, struct net_channel *channel, const char *name, int index)
{
    net_request_put(net, channel, net_build_quiet(name, index),
            g_strdup_printf("interface %s", name), EAFNOSUPPORT);
}

static void put_set(struct net *net, const char *name, int index, int master, bool up)
{
    net_request_put(net, own_channel(net), net_build_set(name, index, master, up),
            g_strdup_printf("interface %s", name), 0);
}

static bool put_bridge(struct net *net, const struct net_op *op)
{
    int index = net_request_new_index(net, op->name);
    net_request_put(net, own_channel(net), net_build_bridge(op->name, index),
            g_strdup_printf("bridge %s", op->name), 0);
    put_quiet(net, own_channel(net), op->name, index);
    put_set(net, op->name, index, 0, true);
    return true;
}

static bool put_tap(struct net *net, const struct net_op *op, GError **error)
{
    int master = op->bridge ? net_request_index(net, op->bridge, error) : 0;
    if ((op->bridge && !master) || !net_tap_create(op->name, error)) {
        return false;
    }
    put_quiet(net, own_channel(net), op->name, 0);
    put_set(net, op->name, 0, master, true);
    return true;
}

static bool put_veth(struct net *net, const struct net_op *op, GError **error)
{
    int master = op->bridge ? net_request_index(net, op->bridge, error) : 0;
    if (op->bridge && !master) {
        return false;
    }
    struct net_channel *inside = net_request_space(net, op->space, error);
    if (!inside) {
        g_prefix_error(error, "veth %s: ", op->name);
        return false;
    }
    int outer = net_request_new_index(net, op->name);
    int inner = net->next_index++;
    net_request_put(net, own_channel(net),
            net_build_veth(op->name, outer, op->inner, inner, op->space, op->address),
            g_strdup_printf("veth %s", op->name), 0);
    put_quiet(net, own_channel(net), op->name, outer);
    put_set(net, op->name, outer, master, true);
    bool six = !IN6_IS_ADDR_UNSPECIFIED(&op->address6);
    if (!op->routes) {
        put_quiet(net, inside, op->inner, inner);
    }
    net_request_put(net, inside, net_build_address(inner, op->address, op->prefix),
            g_strdup_printf("address of %s", op->inner), 0);
    net_request_put(net, inside, net_build_set(op->inner, inner, 0, true),
            g_strdup_printf("interface %s", op->inner), 0);
    if (six) { /* only an interface that is up takes it */
        net_request_put(net, inside, net_build_address6(inner, &op->address6, op->prefix6),
                g_strdup_printf("IPv6 address of %s", op->inner), EAFNOSUPPORT);
    }
    return true;
}

static bool put_address(struct net *net, const struct net_op *op, GError **error)
{
    int index = net_request_index(net, op->name, error);
    if (!index) {
        return false;
    }
    net_request_put(net, own_channel(net), net_build_address(index, op->address, op->prefix),
            g_strdup_printf("address of %s", op->name), 0);
    return true;
}

static bool put_local(struct net *net, const struct net_op *op, GError **error)
{
    struct net_channel *inside = net_request_space(net, op->space, error);
    if (inside) {
        net_request_put(net, inside, net_build_local(op->address, op->prefix),
                g_strdup("local network"), 0);
    }
    return inside != NULL;
}

static void put_remove(struct net *net, const struct net_op *op)
{
    g_hash_table_remove(net->indices, op->name);
    net_request_put(net, own_channel(net), net_build_remove(op->name),
            g_strdup_printf("removal of %s", op->name), ENODEV);
    net->removing = true;
}

static bool name_fits(const char *name, GError **error)
{
    if (name && (*name == '\0' || strlen(name) >= IFNAMSIZ || strchr(name, '/'))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                "\"%s\" is no name for an interface: 1 to %d bytes, no slash", name, IFNAMSIZ - 1);
        return false;
    }
    return true;
}

bool net_request_op(struct net *net, const struct net_op *op, GError **error)
{
    if (!name_fits(op->name, error) || !name_fits(op->inner, error)) {
        return false;
    }
    /* taps and indices are asked of the kernel at once: removals must have gone before */
    if (net->removing && op->kind != NET_REMOVE && !net_request_flush(net, error)) {
        return false;
    }
    switch (op->kind) {
    case NET_BRIDGE:
        return put_bridge(net, op);
    case NET_TAP:
        return put_tap(net, op, error);
    case NET_VETH:
        return put_veth(net, op, error);
    case NET_ADDRESS:
        return put_address(net, op, error);
    case NET_UP:
        put_set(net, op->name, GPOINTER_TO_INT(g_hash_table_lookup(net->indices, op->name)), 0,
                op->up);
        return true;
    case NET_REMOVE:
        put_remove(net, op);
        return true;
    case NET_LOCAL:
        return put_local(net, op, error);
    case NET_VLAN_BRIDGE:
        return put_bridge(net, op) && net_vlan_request(net, op, error);
    case NET_VLAN:
    case NET_ISOLATE:
        return net_vlan_request(net, op, error);
    case NET_VXLAN:
        return net_vxlan_request(net, op, error);
    }
    return true;
}

void net_request_dump(struct net *net)
{
    net_request_put(net, own_channel(net), net_build_dump(), g_strdup("counters"), 0);
}
