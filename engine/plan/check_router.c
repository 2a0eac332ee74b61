/* check_router.c - validation of routers: networks, zones, rules, translation; and of what else may
 * be written about networks and cards. */
#include "plan/check.h"
#include "plan/router.h"

#include "base/text.h"

#include <string.h>

static void check_reference(const struct checker *check, int line, const char *owner,
        const char *member, const GPtrArray *items, const char *kind, const char *name)
{
    g_autofree char *known = check_known(items, name);
    plan_problem_add(
            check->problems, line, "%s: %s: unknown %s \"%s\"%s", owner, member, kind, name, known);
}

/* ---- feet ---------------------------------------------------------------------------------- */

static const char *holder_of(const struct plan *plan, const char *network, guint32 address)
{
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        const struct plan_nic *nic = plan_host_nic(host, network);
        if (nic && nic->address == address) {
            return host->name;
        }
    }
    return NULL;
}

static void check_foot_address(const struct checker *check, const char *owner,
        const struct plan_foot *foot, const struct plan_subnet *subnet)
{
    g_autofree char *text = plan_pattern(foot->address, 1);
    guint32 address = 0;
    if (!plan_address_parse(text, &address)) {
        plan_problem_add(check->problems, foot->line,
                "%s: \"%s\" is no IPv4 address; {n} in it stands for the team's number", owner,
                foot->address);
        return;
    }
    guint32 mask = subnet->prefix ? 0xffffffffU << (32 - subnet->prefix) : 0;
    if ((address & mask) != subnet->address || !(address & ~mask) || !(~address & ~mask)) {
        plan_problem_add(check->problems, foot->line,
                "%s: address %s is no usable address of network \"%s\"", owner, text, subnet->name);
        return;
    }
    const char *other = holder_of(check->plan, subnet->name, address);
    if (other || address == subnet->checker) {
        plan_problem_add(check->problems, foot->line, "%s: address %s on \"%s\" is %s%s", owner,
                text, subnet->name, other ? "taken by machine " : "the checker's; use another",
                other ? other : "");
    }
}

static void check_foot(const struct checker *check, const char *owner,
        const struct plan_router *router, const struct plan_foot *foot)
{
    const struct plan *plan = check->plan;
    const struct plan_subnet *subnet = plan_subnet(plan, foot->network);
    if (!subnet) {
        check_reference(check, foot->line, owner, "nics", plan->subnets, "network", foot->network);
        return;
    }
    const struct plan_group *own = plan_group(plan, router->group);
    const struct plan_group *other = plan_group(plan, subnet->group);
    if (!own || !other || !subnet->prefix) {
        return; /* reported where it stands */
    }
    if (own != other && plan_group_is_numbered(other)) {
        plan_problem_add(check->problems, foot->line,
                "%s: network \"%s\" belongs to team \"%s\", which has several copies; a router "
                "stands on networks of its own team and of teams that exist once",
                owner, subnet->name, other->name);
    } else if (own != other && plan_group_is_numbered(own) && !strstr(foot->address, "{n}")) {
        plan_problem_add(check->problems, foot->line,
                "%s: every team's router would have the address %s on \"%s\"; write {n} for the "
                "team's number, such as \"10.200.0.{n}\"",
                owner, foot->address, subnet->name);
    } else {
        check_foot_address(check, owner, foot, subnet);
    }
}

/* ---- zones --------------------------------------------------------------------------------- */

static void check_zone(const struct checker *check, const char *owner,
        const struct plan_router *router, guint index)
{
    const struct plan_zone *zone = router->zones->pdata[index];
    check_name(check, zone->line, "zone", zone->name);
    for (guint i = 0; i < zone->networks->len; i++) {
        const char *network = zone->networks->pdata[i];
        if (!plan_router_foot(router, network)) {
            g_autofree char *member = g_strdup_printf("zone \"%s\"", zone->name);
            check_reference(check, zone->line, owner, member, router->feet, "network", network);
        }
        for (guint k = 0; k < index; k++) {
            const struct plan_zone *other = router->zones->pdata[k];
            for (guint j = 0; j < other->networks->len; j++) {
                if (strcmp(other->networks->pdata[j], network) == 0) {
                    plan_problem_add(check->problems, zone->line,
                            "%s: network \"%s\" is in zone \"%s\" and in zone \"%s\"; it can be "
                            "in one",
                            owner, network, other->name, zone->name);
                }
            }
        }
    }
}

/* ---- rules and translation ----------------------------------------------------------------- */

static void check_rule(const struct checker *check, const char *owner,
        const struct plan_router *router, guint index)
{
    const struct plan_rule *rule = router->rules->pdata[index];
    if (!rule->name) {
        return; /* reported by the loader */
    }
    for (guint i = 0; i < index; i++) {
        const struct plan_rule *other = router->rules->pdata[i];
        if (g_strcmp0(other->name, rule->name) == 0) {
            plan_problem_add(check->problems, rule->line,
                    "%s: rule \"%s\" exists already (line %d); names are used once", owner,
                    rule->name, other->line);
        }
    }
    int line = rule->line;
    g_autofree char *text = plan_rule_check(check->plan, router, rule, &line);
    if (text) {
        g_autofree char *shown = text_clean_tail(rule->name, strlen(rule->name), 40);
        plan_problem_add(check->problems, line, "%s: rule \"%s\": %s", owner, shown, text);
    }
}

static void check_ports_of(
        const struct checker *check, const char *owner, const struct plan_nat *nat)
{
    if (nat->protocol != PLAN_RULE_TCP && nat->protocol != PLAN_RULE_UDP) {
        plan_problem_add(check->problems, nat->line,
                "%s: nat: dnat needs proto = \"tcp\" or \"udp\" and a port", owner);
    } else if (nat->port < 1 || nat->port > 65535 || nat->to_port < 0 || nat->to_port > 65535) {
        plan_problem_add(check->problems, nat->line, "%s: nat: port %d is outside 1 to 65535",
                owner, nat->port < 1 || nat->port > 65535 ? nat->port : nat->to_port);
    }
}

static void check_nat(const struct checker *check, const char *owner,
        const struct plan_router *router, const struct plan_nat *nat)
{
    const struct plan *plan = check->plan;
    if (nat->zone && !plan_router_zone(router, nat->zone)) {
        check_reference(check, nat->line, owner, "nat", router->zones, "zone", nat->zone);
    }
    if (nat->source && !plan_router_foot(router, nat->source)) {
        check_reference(check, nat->line, owner, "nat", router->feet, "network", nat->source);
    }
    if (nat->kind == PLAN_NAT_SNAT && nat->address) {
        g_autofree char *text = plan_pattern(nat->address, 1);
        guint32 address = 0;
        if (!plan_address_parse(text, &address)) {
            plan_problem_add(check->problems, nat->line, "%s: nat: \"%s\" is no IPv4 address",
                    owner, nat->address);
        }
    }
    if (nat->kind != PLAN_NAT_DNAT) {
        return;
    }
    check_ports_of(check, owner, nat);
    if (check_machine(check, nat->line, owner, "nat", nat->machine)) {
        const struct plan_host *host = plan_host(plan, nat->machine);
        if (g_strcmp0(host->group, router->group) != 0 || host->nics->len == 0) {
            plan_problem_add(check->problems, nat->line,
                    "%s: nat: dnat leads to a machine of the router's own team with nics, not to "
                    "\"%s\"",
                    owner, nat->machine);
        }
    }
}

static void check_map(const struct checker *check, const char *owner,
        const struct plan_router *router, const struct plan_map *map)
{
    const struct plan_group *group = plan_group(check->plan, router->group);
    g_autofree char *text = plan_pattern(map->outside, 1);
    guint32 address = 0;
    int prefix = 0;
    if (map->network && !plan_router_foot(router, map->network)) {
        check_reference(
                check, map->line, owner, "one_to_one", router->feet, "network", map->network);
    } else if (!plan_cidr_parse(text, &address, &prefix)) {
        plan_problem_add(check->problems, map->line,
                "%s: one_to_one: \"%s\" is no network such as \"10.200.{n}.0/24\"", owner,
                map->outside);
    } else if (group && plan_group_is_numbered(group) && !strstr(map->outside, "{n}")) {
        plan_problem_add(check->problems, map->line,
                "%s: one_to_one: every team would have the addresses %s; write {n} for the team's "
                "number",
                owner, map->outside);
    }
}

static void check_router(const struct checker *check, const struct plan_router *router)
{
    g_autofree char *owner = g_strdup_printf("router \"%s\"", router->name);
    check_name(check, router->line, "router", router->name);
    const struct plan_host *host = plan_host(check->plan, router->name);
    if (host || strcmp(router->name, "to") == 0 || strcmp(router->name, "team") == 0) {
        plan_problem_add(check->problems, router->line, "%s: the name %s; choose another", owner,
                host ? "is that of a machine" : "has a meaning in commands");
    }
    if (router->group && !plan_group(check->plan, router->group)) {
        check_reference(check, plan_line(check->plan, &router->group, router->line), owner, "team",
                check->plan->groups, "team", router->group);
        return;
    }
    if (router->feet->len == 0) {
        plan_problem_add(
                check->problems, router->line, "%s: stands on no network; give it nics", owner);
    }
    for (guint i = 0; i < router->feet->len; i++) {
        check_foot(check, owner, router, router->feet->pdata[i]);
    }
    for (guint i = 0; i < router->zones->len; i++) {
        check_zone(check, owner, router, i);
    }
    if (router->rules->len > PLAN_RULES_MAX) {
        plan_problem_add(check->problems, router->line, "%s: %u rules, at most %d are possible",
                owner, router->rules->len, PLAN_RULES_MAX);
    }
    for (guint i = 0; i < router->rules->len; i++) {
        check_rule(check, owner, router, i);
    }
    for (guint i = 0; i < router->nat->len; i++) {
        check_nat(check, owner, router, router->nat->pdata[i]);
    }
    for (guint i = 0; i < router->maps->len; i++) {
        check_map(check, owner, router, router->maps->pdata[i]);
    }
}

void check_routers(const struct checker *check)
{
    for (guint i = 0; i < check->plan->routers->len; i++) {
        check_router(check, check->plan->routers->pdata[i]);
    }
}

void check_gateway_router(const struct checker *check, const struct plan_subnet *subnet,
        const struct plan_router *router)
{
    int line = plan_line(check->plan, &subnet->gateway, subnet->line);
    if (!plan_router_foot(router, subnet->name)) {
        plan_problem_add(check->problems, line,
                "network \"%s\": gateway \"%s\" does not stand on it; add a nic to router \"%s\" "
                "(line %d)",
                subnet->name, router->name, router->name, router->line);
    } else if (g_strcmp0(router->group, subnet->group) != 0) {
        plan_problem_add(check->problems, line,
                "network \"%s\": gateway \"%s\" belongs to team \"%s\"; a gateway belongs to the "
                "network's own team",
                subnet->name, router->name, router->group ? router->group : "");
    }
}

/* ---- networks and cards -------------------------------------------------------------------- */

static void check_vlan(const struct checker *check, int line, const char *owner, int vlan)
{
    if (vlan < 1 || vlan > 4094) {
        plan_problem_add(check->problems, line, "%s: VLAN %d is outside 1 to 4094", owner, vlan);
    }
}

/* Two exercises on one wire: who answers DHCP, and which ports are isolated, is not ours alone. */
static void check_stretch(const struct checker *check, const struct plan_subnet *subnet)
{
    int line = plan_line(check->plan, &subnet->stretch, subnet->line);
    if (subnet->stretch < 0 || subnet->stretch > PLAN_STRETCH_MAX) {
        plan_problem_add(check->problems, line, "network \"%s\": stretch %d is outside 1 to %d",
                subnet->name, subnet->stretch, PLAN_STRETCH_MAX);
    }
    const char *with = subnet->dhcp         ? "dhcp"
                       : subnet->isolate    ? "isolate"
                       : subnet->vlan_aware ? "vlan_aware"
                                            : NULL;
    if (subnet->stretch && with) {
        plan_problem_add(check->problems, line,
                "network \"%s\": a network with stretch cannot have %s", subnet->name, with);
    }
}

void check_subnet_options(const struct checker *check, const struct plan_subnet *subnet)
{
    const struct plan *plan = check->plan;
    g_autofree char *owner = g_strdup_printf("network \"%s\"", subnet->name);
    guint32 last = subnet->address | (0xffffffffU >> subnet->prefix);
    int line = plan_line(plan, &subnet->dhcp_from, subnet->line);
    guint32 from = subnet->dhcp_from;
    guint32 to = subnet->dhcp_to;
    if ((from || to) && (from <= subnet->address || to >= last || from > to)) {
        plan_problem_add(check->problems, line,
                "%s: dhcp: from and to are usable addresses of the network, from first", owner);
    } else if (from && subnet->checker >= from && subnet->checker <= to) {
        plan_problem_add(check->problems, line,
                "%s: dhcp: the checker's address lies between from and to; choose others", owner);
    }
    for (guint i = 0; from && i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        const struct plan_nic *nic = plan_host_nic(host, subnet->name);
        if (nic && nic->address >= from && nic->address <= to) {
            plan_problem_add(check->problems, line,
                    "%s: dhcp: the address of machine \"%s\" (line %d) lies between from and to, "
                    "which are for strangers; choose others",
                    owner, host->name, nic->line);
        }
    }
    check_stretch(check, subnet);
    check_vlan(check, plan_line(plan, &subnet->vlan, subnet->line), owner, subnet->vlan);
    if (subnet->vlan != 1 && !subnet->vlan_aware) {
        plan_problem_add(check->problems, plan_line(plan, &subnet->vlan, subnet->line),
                "%s: vlan needs vlan_aware = true", owner);
    }
}

static void check_address6(const struct checker *check, const char *owner,
        const struct plan_nic *nic, const struct plan_subnet *subnet)
{
    if (plan_has6(&nic->address6) &&
            memcmp(nic->address6.s6_addr, subnet->address6.s6_addr, 8) != 0) {
        g_autofree char *text = plan_address6_text(&nic->address6);
        plan_problem_add(check->problems, nic->line, "%s: address6 %s is not on network \"%s\"%s",
                owner, text, subnet->name,
                plan_has6(&subnet->address6) ? "" : ", which has no cidr6");
    }
}

void check_nic_options(const struct checker *check, const struct plan_host *host,
        const struct plan_nic *nic, const struct plan_subnet *subnet)
{
    g_autofree char *owner = g_strdup_printf("machine \"%s\"", host->name);
    check_address6(check, owner, nic, subnet);
    if (nic->dhcp && !subnet->dhcp) {
        plan_problem_add(check->problems, nic->line,
                "%s: dhcp = true, but network \"%s\" (line %d) has no dhcp; add dhcp = true there",
                owner, subnet->name, subnet->line);
    }
    if (nic->dhcp && g_strcmp0(host->group, subnet->group) != 0) {
        plan_problem_add(check->problems, nic->line,
                "%s: dhcp = true is for cards on networks of the machine's own team", owner);
    }
    if ((nic->vlan || nic->trunk) && !subnet->vlan_aware) {
        plan_problem_add(check->problems, nic->line,
                "%s: vlan and trunk need vlan_aware = true in network \"%s\" (line %d)", owner,
                subnet->name, subnet->line);
    }
    if (nic->vlan) {
        check_vlan(check, nic->line, owner, nic->vlan);
    }
    for (guint i = 0; nic->trunk && i < nic->trunk->len; i++) {
        check_vlan(check, nic->line, owner, g_array_index(nic->trunk, int, i));
    }
}

/* ---- probes and counters ------------------------------------------------------------------- */

/* A router of group maps one of host's networks to via. */
static bool is_mapped(
        const struct plan *plan, const struct plan_host *host, const struct plan_subnet *via)
{
    for (guint i = 0; i < plan->routers->len; i++) {
        const struct plan_router *router = plan->routers->pdata[i];
        bool stands = g_strcmp0(router->group, host->group) == 0 && router->maps->len > 0 &&
                      plan_router_foot(router, via->name);
        for (guint k = 0; stands && k < router->maps->len; k++) {
            const struct plan_map *map = router->maps->pdata[k];
            if (!map->network || plan_host_nic(host, map->network)) {
                return true;
            }
        }
    }
    return false;
}

void check_via(const struct checker *check, const char *owner, const struct plan_probe *probe)
{
    const struct plan *plan = check->plan;
    const struct plan_host *host = plan_host(plan, probe->machine);
    if (!probe->via || !host) {
        return;
    }
    int line = plan_line(plan, &probe->via, probe->line);
    const struct plan_subnet *subnet = plan_subnet(plan, probe->via);
    if (!subnet) {
        check_reference(check, line, owner, "via", plan->subnets, "network", probe->via);
    } else if (!plan_host_nic(host, subnet->name) && !is_mapped(plan, host, subnet)) {
        plan_problem_add(check->problems, line,
                "%s: via: machine \"%s\" cannot be seen from network \"%s\": it does not stand on "
                "it, and no router of its team has one_to_one addresses for it there",
                owner, host->name, subnet->name);
    }
}

void check_counter(
        const struct checker *check, const char *owner, const struct plan_predicate *predicate)
{
    const struct plan *plan = check->plan;
    const struct plan_router *router = plan_router(plan, predicate->machine);
    if (!predicate->machine || !predicate->rule) {
        return; /* reported by the loader */
    }
    if (!router) {
        check_reference(check, plan_line(plan, &predicate->machine, predicate->line), owner, "on",
                plan->routers, "router", predicate->machine);
        return;
    }
    /* a rule may come only in the run, so any name will do */
    check_name(check, plan_line(plan, &predicate->rule, predicate->line), "rule", predicate->rule);
}
