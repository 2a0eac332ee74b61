/* check_hosts.c - validation of networks and machines: addresses, places, sizes. */
#include "plan/check.h"
#include "plan/router.h"

#include <string.h>

static guint32 mask_of(const struct plan_subnet *subnet)
{
    return subnet->prefix == 0 ? 0 : 0xffffffffU << (32 - subnet->prefix);
}

static guint32 broadcast_of(const struct plan_subnet *subnet)
{
    return subnet->address | ~mask_of(subnet);
}

static bool is_private(const struct plan_subnet *subnet)
{
    guint32 a = subnet->address;
    return (a >> 24 == 10 && subnet->prefix >= 8) || (a >> 20 == 0xac1 && subnet->prefix >= 12) ||
           (a >> 16 == 0xc0a8 && subnet->prefix >= 16);
}

/* Can addresses be judged by it? Else check_range() has told why not. */
static bool is_sound(const struct plan_subnet *subnet)
{
    return subnet->prefix >= 16 && subnet->prefix <= 29 &&
           (subnet->address & ~mask_of(subnet)) == 0 && is_private(subnet);
}

static void check_range(const struct checker *check, const struct plan_subnet *subnet)
{
    int line = plan_line(check->plan, &subnet->address, subnet->line);
    guint32 first = subnet->address & mask_of(subnet);
    g_autofree char *address = plan_address_text(subnet->address);
    if (subnet->prefix < 16 || subnet->prefix > 29) {
        plan_problem_add(check->problems, line,
                "network \"%s\": /%d is too %s; a prefix from /16 to /29 is possible", subnet->name,
                subnet->prefix, subnet->prefix < 16 ? "large" : "small");
    } else if (first != subnet->address) {
        g_autofree char *right = plan_address_text(first);
        plan_problem_add(check->problems, line,
                "network \"%s\": %s/%d is an address inside the network; write %s/%d", subnet->name,
                address, subnet->prefix, right, subnet->prefix);
    } else if (!is_private(subnet)) {
        plan_problem_add(check->problems, line,
                "network \"%s\": %s/%d is not private; use a part of 10.0.0.0/8, 172.16.0.0/12 or "
                "192.168.0.0/16",
                subnet->name, address, subnet->prefix);
    }
}

/* Copies of two groups may meet on one machine, so no two networks share addresses at all. */
static void check_overlap(
        const struct checker *check, const struct plan_subnet *subnet, guint index)
{
    for (guint i = 0; i < index; i++) {
        const struct plan_subnet *other = check->plan->subnets->pdata[i];
        guint32 mask = mask_of(subnet) & mask_of(other);
        if (is_sound(other) && (subnet->address & mask) == (other->address & mask)) {
            plan_problem_add(check->problems,
                    plan_line(check->plan, &subnet->address, subnet->line),
                    "network \"%s\": its addresses overlap network \"%s\" (line %d); give it "
                    "another range",
                    subnet->name, other->name, other->line);
        }
    }
}

static void check_gateway(const struct checker *check, const struct plan_subnet *subnet)
{
    int line = plan_line(check->plan, &subnet->gateway, subnet->line);
    g_autofree char *owner = g_strdup_printf("network \"%s\"", subnet->name);
    if (plan_router(check->plan, subnet->gateway)) {
        check_gateway_router(check, subnet, plan_router(check->plan, subnet->gateway));
        return;
    }
    if (!check_machine(check, line, owner, "gateway", subnet->gateway)) {
        return;
    }
    const struct plan_host *host = plan_host(check->plan, subnet->gateway);
    if (!plan_host_nic(host, subnet->name)) {
        plan_problem_add(check->problems, line,
                "%s: gateway \"%s\" does not stand on it; add a nic to machine \"%s\" (line %d)",
                owner, host->name, host->name, host->line);
    } else if (!host->forward) {
        plan_problem_add(check->problems, line,
                "%s: gateway \"%s\" does not forward; add forward = true to machine \"%s\" (line "
                "%d)",
                owner, host->name, host->name, host->line);
    } else if (g_strcmp0(host->group, subnet->group) != 0) {
        plan_problem_add(check->problems, line,
                "%s: gateway \"%s\" belongs to team \"%s\"; a gateway belongs to the network's own "
                "team",
                owner, host->name, host->group ? host->group : "");
    }
}

static void check_checker(const struct checker *check, const struct plan_subnet *subnet)
{
    if (subnet->checker <= subnet->address || subnet->checker >= broadcast_of(subnet)) {
        g_autofree char *text = plan_address_text(subnet->checker);
        plan_problem_add(check->problems, plan_line(check->plan, &subnet->checker, subnet->line),
                "network \"%s\": checker %s is not one of its usable addresses", subnet->name,
                text);
    }
}

static void check_group_of(
        const struct checker *check, int line, const char *owner, const char *group)
{
    if (group && !plan_group(check->plan, group)) {
        g_autofree char *known = check_known(check->plan->groups, group);
        plan_problem_add(check->problems, line, "%s: unknown team \"%s\"%s", owner, group, known);
    }
}

void check_subnets(const struct checker *check)
{
    for (guint i = 0; i < check->plan->subnets->len; i++) {
        const struct plan_subnet *subnet = check->plan->subnets->pdata[i];
        check_name(check, subnet->line, "network", subnet->name);
        g_autofree char *owner = g_strdup_printf("network \"%s\"", subnet->name);
        check_group_of(
                check, plan_line(check->plan, &subnet->group, subnet->line), owner, subnet->group);
        if (subnet->prefix) { /* else reported by the loader */
            check_range(check, subnet);
        }
        if (is_sound(subnet)) {
            check_overlap(check, subnet, i);
            check_checker(check, subnet);
            check_subnet_options(check, subnet);
        }
        check_gateway(check, subnet);
    }
}

/* Another machine with the same address on the same network, declared before. */
static const struct plan_host *taken_by(
        const struct plan *plan, const struct plan_host *host, const struct plan_nic *nic)
{
    for (guint i = 0; i < plan->hosts->len && plan->hosts->pdata[i] != host; i++) {
        const struct plan_nic *other = plan_host_nic(plan->hosts->pdata[i], nic->network);
        if (other && other->address == nic->address) {
            return plan->hosts->pdata[i];
        }
    }
    return NULL;
}

static void check_address(const struct checker *check, const struct plan_host *host,
        const struct plan_nic *nic, const struct plan_subnet *subnet)
{
    g_autofree char *address = plan_address_text(nic->address);
    g_autofree char *first = plan_address_text(subnet->address + 1);
    g_autofree char *last = plan_address_text(broadcast_of(subnet) - 1);
    const struct plan_host *other = taken_by(check->plan, host, nic);
    if (nic->address <= subnet->address || nic->address >= broadcast_of(subnet)) {
        bool edge = nic->address == subnet->address || nic->address == broadcast_of(subnet);
        plan_problem_add(check->problems, nic->line,
                "machine \"%s\": address %s %s network \"%s\"; use one from %s to %s", host->name,
                address, edge ? "cannot be used on" : "is outside", subnet->name, first, last);
    } else if (nic->address == subnet->checker) {
        plan_problem_add(check->problems, nic->line,
                "machine \"%s\": address %s on \"%s\" is the checker's, from which services are "
                "checked; use another or set checker in the network",
                host->name, address, subnet->name);
    } else if (other) {
        plan_problem_add(check->problems, nic->line,
                "machine \"%s\": address %s on \"%s\" is taken by machine \"%s\" (line %d)",
                host->name, address, subnet->name, other->name, other->line);
    }
}

static void check_nic(
        const struct checker *check, const struct plan_host *host, const struct plan_nic *nic)
{
    const struct plan_subnet *subnet = plan_subnet(check->plan, nic->network);
    if (!subnet) {
        g_autofree char *known = check_known(check->plan->subnets, nic->network);
        plan_problem_add(check->problems, nic->line, "machine \"%s\": unknown network \"%s\"%s",
                host->name, nic->network, known);
        return;
    }
    const struct plan_group *group = plan_group(check->plan, host->group);
    if (group && g_strcmp0(host->group, subnet->group) != 0 && plan_group_is_numbered(group)) {
        plan_problem_add(check->problems, nic->line,
                "machine \"%s\": stands on network \"%s\" of team \"%s\", but \"%s\" has several "
                "copies; only a machine of a group with one team that is not blue can reach into "
                "other teams",
                host->name, subnet->name, subnet->group ? subnet->group : "", host->group);
    }
    if (is_sound(subnet) && nic->address) { /* else reported by the loader */
        check_address(check, host, nic, subnet);
        check_nic_options(check, host, nic, subnet);
    }
}

static void check_files(const struct checker *check, const struct plan_host *host)
{
    for (guint i = 0; i < host->files->len; i++) {
        const struct plan_file *file = host->files->pdata[i];
        if (file->path[0] != '/' || strstr(file->path, "/../") ||
                g_str_has_suffix(file->path, "/")) {
            plan_problem_add(check->problems, file->line,
                    "machine \"%s\": file \"%s\": write the whole path of a file, such as "
                    "\"/etc/motd\"",
                    host->name, file->path);
        }
        if (file->mode < 0 || file->mode > 07777) {
            plan_problem_add(check->problems, file->line,
                    "machine \"%s\": file \"%s\": mode %d is not a set of permission bits; write "
                    "tonumber(\"644\", 8) or \"0644\"",
                    host->name, file->path, file->mode);
        }
    }
}

void check_hosts(const struct checker *check)
{
    const struct plan *plan = check->plan;
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        check_name(check, host->line, "machine", host->name);
        if (strcmp(host->name, "to") == 0 || strcmp(host->name, "team") == 0) {
            plan_problem_add(check->problems, host->line,
                    "machine \"%s\": the name has a meaning in commands (${%s}); choose another",
                    host->name, host->name);
        }
        g_autofree char *owner = g_strdup_printf("machine \"%s\"", host->name);
        check_group_of(check, plan_line(plan, &host->group, host->line), owner, host->group);
        if (host->memory_mib < 32 || host->memory_mib > 65536) {
            plan_problem_add(check->problems, plan_line(plan, &host->memory_mib, host->line),
                    "%s: memory of %d MiB is outside 32M to 64G", owner, host->memory_mib);
        }
        if (host->vcpus < 1 || host->vcpus > 16) {
            plan_problem_add(check->problems, plan_line(plan, &host->vcpus, host->line),
                    "%s: %d virtual processors is outside 1 to 16", owner, host->vcpus);
        }
        for (guint k = 0; k < host->nics->len; k++) {
            check_nic(check, host, host->nics->pdata[k]);
        }
        check_files(check, host);
        check_logs(check, host);
    }
}
