/* daemon_host.c - refuses what a libvirt daemon's networks and machines cannot do, with the line. */
#include "cli/daemon_host.h"

#include "base/error.h"
#include "plan/plan_impair.h"
#include "plan/router.h"

static bool refuse(
        const struct plan *plan, int line, const char *what, const char *why, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "%s:%d: %s cannot be on a libvirt daemon: %s; remedy: run it without --connect",
            plan->path ? plan->path : "scenario", line, what, why);
    return false;
}

static bool subnet_fits(const struct plan *plan, const struct plan_subnet *subnet, GError **error)
{
    g_autofree char *capture = g_strdup_printf("the capture of network \"%s\"", subnet->name);
    g_autofree char *vlans = g_strdup_printf("the VLANs of network \"%s\"", subnet->name);
    if (subnet->capture) {
        return refuse(plan, subnet->line, capture, "its bridges are not the engine's", error);
    }
    if (subnet->stretch) {
        g_autofree char *stretch = g_strdup_printf("the stretched network \"%s\"", subnet->name);
        return refuse(plan, subnet->line, stretch, "its bridges are not the engine's", error);
    }
    return !subnet->vlan_aware ||
           refuse(plan, subnet->line, vlans, "libvirt's bridges do not keep them apart", error);
}

static bool links_fit(const struct plan *plan, GError **error)
{
    static const char what[] = "an impaired link";
    static const char why[] = "its taps are not the engine's";
    if (plan->links->len > 0) {
        const struct plan_impair *first = g_ptr_array_index(plan->links, 0);
        return refuse(plan, first->line, what, why, error);
    }
    for (guint i = 0; i < plan->timeline->len; i++) {
        const struct plan_entry *entry = g_ptr_array_index(plan->timeline, i);
        if (entry->impair && !entry->impair->clear) {
            return refuse(plan, entry->line, what, why, error);
        }
    }
    return true;
}

bool daemon_host_fits(const struct plan *plan, GError **error)
{
    if (plan->routers->len > 0) {
        const struct plan_router *router = g_ptr_array_index(plan->routers, 0);
        g_autofree char *what = g_strdup_printf("router \"%s\"", router->name);
        return refuse(plan, router->line, what, "it is a namespace beside the bridges", error);
    }
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = g_ptr_array_index(plan->hosts, i);
        g_autofree char *what = g_strdup_printf("machine \"%s\"", host->name);
        if (host->hardware.tpm == 1) {
            return refuse(plan, host->line, what,
                    "its TPM's emulator would run as another user than it does", error);
        }
    }
    for (guint i = 0; i < plan->subnets->len; i++) {
        if (!subnet_fits(plan, g_ptr_array_index(plan->subnets, i), error)) {
            return false;
        }
    }
    return links_fit(plan, error);
}
