/* routing_host.c - tries routers, VLANs and dnsmasq on this host, before anything starts. */
#include "cli/routing_host.h"

#include "base/error.h"
#include "base/paths.h"
#include "cell/doctor.h"
#include "net/net.h"
#include "net/net_router.h"

#include <unistd.h>

/* One of everything that a router's rules use. */
static const char rules[] =
        "add table inet st\n"
        "add chain inet st forward { type filter hook forward priority filter; }\n"
        "add chain inet st arriving { type nat hook prerouting priority dstnat; }\n"
        "add chain inet st leaving { type nat hook postrouting priority srcnat; }\n"
        "add counter inet st r-try\n"
        "add rule inet st forward ct direction reply accept\n"
        "add rule inet st forward tcp dport { 80, 100-200 } counter name \"r-try\" reject with "
        "icmpx admin-prohibited\n"
        "add rule inet st arriving ip daddr 10.2.0.0/24 dnat ip prefix to 10.1.0.0/24\n"
        "add rule inet st leaving meta nfproto ipv4 masquerade\n";

static bool try_router(gpointer data, GError **error)
{
    (void)data;
    int space = cell_space_new(error);
    bool ok = space >= 0 && net_forward(space, error) && net_nft_run(space, rules, error) &&
              net_connections_forget(space, error);
    if (space >= 0) {
        close(space);
    }
    return ok;
}

static bool try_vlans(gpointer data, GError **error)
{
    (void)data;
    struct net *net = net_open(NULL, error);
    if (!net) {
        return false;
    }
    struct net_batch *batch = net_batch_new();
    net_batch_vlan_bridge(batch, "doctor");
    bool ok = net_apply(net, batch, error);
    net_close(net);
    return ok;
}

static bool try_tunnel(gpointer data, GError **error)
{
    (void)data;
    struct net *net = net_open(NULL, error);
    const struct net_tunnel tunnel = {.space = net ? cell_space_new(error) : -1, .vni = 1};
    bool ok = tunnel.space >= 0;
    if (ok) {
        struct net_batch *batch = net_batch_new();
        net_batch_bridge(batch, "doctor");
        net_batch_vxlan(batch, "doctor-x", "doctor", &tunnel);
        ok = net_apply(net, batch, error);
        close(tunnel.space);
    }
    net_close(net);
    return ok;
}

static bool need(bool (*fn)(gpointer data, GError **error), const char *who, const char *remedy,
        GError **error)
{
    g_autoptr(GError) why = NULL;
    if (cell_try(fn, NULL, &why)) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s: %s; remedy: %s", who,
            why->message, remedy);
    return false;
}

static bool can_route(GError **error)
{
    return need(try_router, "this host's kernel cannot filter and translate packets",
            "modprobe -a nf_tables nft_nat nft_masq nft_ct nft_reject_inet nf_conntrack_netlink, "
            "or a kernel that has "
            "them",
            error);
}

static bool can_vlans(GError **error)
{
    return need(try_vlans, "this host's kernel cannot keep VLANs of a bridge apart",
            "a kernel with CONFIG_BRIDGE_VLAN_FILTERING (Debian's has it)", error);
}

static bool can_tunnel(GError **error)
{
    return need(try_tunnel, "this host's kernel cannot stretch a network into another cell",
            "modprobe vxlan, or a kernel with CONFIG_VXLAN (Debian's has it)", error);
}

static bool can_names(GError **error)
{
    g_autofree char *program = doctor_find_program("dnsmasq");
    if (!program) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "DHCP and DNS need dnsmasq; remedy: apt-get install dnsmasq-base");
    }
    return program != NULL;
}

bool routing_host_fits(const struct plan *plan, GError **error)
{
    bool vlans = false;
    bool names = false;
    bool tunnels = false;
    for (guint i = 0; i < plan->subnets->len; i++) {
        const struct plan_subnet *subnet = g_ptr_array_index(plan->subnets, i);
        vlans = vlans || subnet->vlan_aware;
        names = names || subnet->dhcp || subnet->dns;
        tunnels = tunnels || subnet->stretch;
    }
    bool ok = (!names || can_names(error)) && (!vlans || can_vlans(error)) &&
              (!tunnels || can_tunnel(error)) && (plan->routers->len == 0 || can_route(error));
    if (!ok) {
        g_prefix_error(error, "%s: ", plan->name);
    }
    return ok;
}

bool routing_peer_fits(const struct plan *plan, const char *peer, GError **error)
{
    bool stretched = false;
    for (guint i = 0; i < plan->subnets->len; i++) {
        stretched = stretched || ((const struct plan_subnet *)plan->subnets->pdata[i])->stretch;
    }
    const char *why = !peer                          ? NULL
                      : !paths_name_is_valid(peer)   ? "is no exercise's name"
                      : !g_strcmp0(peer, plan->name) ? "is this exercise itself"
                      : !stretched ? "has nothing to join: no network of the scenario has stretch"
                                   : NULL;
    if (why) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--peer \"%s\" %s", peer, why);
    }
    return !why;
}

static struct doctor_check *verdict(const char *name, bool (*can)(GError **error), const char *text)
{
    g_autoptr(GError) error = NULL;
    if (can(&error)) {
        return doctor_check_new(name, DOCTOR_OK, g_strdup(text), NULL);
    }
    struct doctor_check *check = doctor_check_from_error(name, error);
    check->state = DOCTOR_WARN; /* only some scenarios need it */
    return check;
}

struct doctor_check *doctor_routers(void)
{
    return verdict("routers", can_route, "packets were filtered and translated in a cell");
}

struct doctor_check *doctor_vlans(void)
{
    return verdict("vlans", can_vlans, "a bridge that keeps VLANs apart was made in a cell");
}

struct doctor_check *doctor_tunnels(void)
{
    return verdict("tunnels", can_tunnel, "a VXLAN tunnel was made in a cell");
}

struct doctor_check *doctor_names(void)
{
    return verdict("names", can_names, "dnsmasq is installed");
}
