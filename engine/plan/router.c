/* router.c - making, freeing and finding routers and their copies, and IPv6 addresses as text. */
#include "plan/router.h"

#include <arpa/inet.h>
#include <string.h>

static void zone_free(gpointer data)
{
    struct plan_zone *zone = data;
    g_free(zone->name);
    g_ptr_array_unref(zone->networks);
    g_free(zone);
}

static void nat_free(gpointer data)
{
    struct plan_nat *nat = data;
    g_free(nat->zone);
    g_free(nat->address);
    g_free(nat->source);
    g_free(nat->machine);
    g_free(nat);
}

static void foot_free(gpointer data)
{
    struct plan_foot *foot = data;
    g_free(foot->network);
    g_free(foot->address);
    g_free(foot);
}

static void map_free(gpointer data)
{
    struct plan_map *map = data;
    g_free(map->network);
    g_free(map->outside);
    g_free(map);
}

struct plan_router *plan_router_new(void)
{
    struct plan_router *router = g_new0(struct plan_router, 1);
    router->feet = g_ptr_array_new_with_free_func(foot_free);
    router->zones = g_ptr_array_new_with_free_func(zone_free);
    router->rules = g_ptr_array_new_with_free_func(plan_rule_free);
    router->nat = g_ptr_array_new_with_free_func(nat_free);
    router->maps = g_ptr_array_new_with_free_func(map_free);
    return router;
}

void plan_router_free(gpointer data)
{
    struct plan_router *router = data;
    if (router) {
        g_free(router->name);
        g_free(router->group);
        g_ptr_array_unref(router->feet);
        g_ptr_array_unref(router->zones);
        g_ptr_array_unref(router->rules);
        g_ptr_array_unref(router->nat);
        g_ptr_array_unref(router->maps);
        g_free(router);
    }
}

void plan_gate_free(gpointer data)
{
    struct plan_gate *gate = data;
    g_free(gate->id);
    g_ptr_array_unref(gate->cards);
    g_array_unref(gate->maps);
    g_free(gate);
}

const struct plan_router *plan_router(const struct plan *plan, const char *name)
{
    for (guint i = 0; name && i < plan->routers->len; i++) {
        const struct plan_router *router = plan->routers->pdata[i];
        if (strcmp(router->name, name) == 0) {
            return router;
        }
    }
    return NULL;
}

const struct plan_zone *plan_router_zone(const struct plan_router *router, const char *name)
{
    for (guint i = 0; name && i < router->zones->len; i++) {
        const struct plan_zone *zone = router->zones->pdata[i];
        if (strcmp(zone->name, name) == 0) {
            return zone;
        }
    }
    return NULL;
}

const struct plan_foot *plan_router_foot(const struct plan_router *router, const char *network)
{
    for (guint i = 0; network && i < router->feet->len; i++) {
        const struct plan_foot *foot = router->feet->pdata[i];
        if (strcmp(foot->network, network) == 0) {
            return foot;
        }
    }
    return NULL;
}

int plan_gate_index(const struct plan *plan, const char *id)
{
    for (guint i = 0; id && i < plan->gates->len; i++) {
        const struct plan_gate *gate = plan->gates->pdata[i];
        if (strcmp(gate->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int plan_gate_for(const struct plan *plan, const char *name, int team)
{
    for (guint i = 0; name && i < plan->gates->len; i++) {
        const struct plan_gate *gate = plan->gates->pdata[i];
        const struct plan_team *owner = plan->teams->pdata[gate->team];
        if (strcmp(gate->router->name, name) == 0 &&
                (gate->team == team || !plan_group_is_numbered(owner->group))) {
            return (int)i;
        }
    }
    return -1;
}

int plan_network_for(const struct plan *plan, const char *name, int team)
{
    for (guint i = 0; name && i < plan->networks->len; i++) {
        const struct plan_network *network = plan->networks->pdata[i];
        const struct plan_team *owner = plan->teams->pdata[network->team];
        if (strcmp(network->subnet->name, name) == 0 &&
                (network->team == team || !plan_group_is_numbered(owner->group))) {
            return (int)i;
        }
    }
    return -1;
}

char *plan_pattern(const char *text, int number)
{
    g_autofree char *digits = g_strdup_printf("%d", number);
    g_auto(GStrv) parts = g_strsplit(text, "{n}", -1);
    return g_strjoinv(digits, parts);
}

/* The address to which a router of machine's team maps it on network; 0 when none does. */
static guint32 mapped(const struct plan *plan, const struct plan_machine *machine, int network)
{
    for (guint g = 0; g < plan->gates->len; g++) {
        const struct plan_gate *gate = plan->gates->pdata[g];
        for (guint i = 0; gate->team == machine->team && i < gate->maps->len; i++) {
            const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, i);
            for (guint k = 0; map->outside == network && k < machine->cards->len; k++) {
                const struct plan_card *card = machine->cards->pdata[k];
                if (card->network == map->inside) {
                    return map->to | (card->address & (0xffffffffU >> map->prefix));
                }
            }
        }
    }
    return 0;
}

guint32 plan_address_on(const struct plan *plan, int to, int network)
{
    const struct plan_machine *machine = plan->machines->pdata[to];
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = machine->cards->pdata[i];
        if (card->network == network) {
            return card->address;
        }
    }
    return mapped(plan, machine, network);
}

char *plan_address6_text(const struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];
    return g_strdup(inet_ntop(AF_INET6, address, text, sizeof(text)));
}

bool plan_cidr6_parse(const char *text, struct in6_addr *ret)
{
    const char *slash = strchr(text, '/');
    if (!slash || strcmp(slash, "/64") != 0) {
        return false;
    }
    g_autofree char *address = g_strndup(text, (gsize)(slash - text));
    struct in6_addr parsed;
    static const guint8 zeros[8];
    if (inet_pton(AF_INET6, address, &parsed) != 1 || (parsed.s6_addr[0] & 0xfe) != 0xfc ||
            memcmp(parsed.s6_addr + 8, zeros, sizeof(zeros)) != 0) {
        return false;
    }
    *ret = parsed;
    return true;
}

struct in6_addr plan_address6_on(const struct plan_subnet *subnet, guint32 address)
{
    struct in6_addr out = subnet->address6;
    guint32 host = g_htonl(address & ~(0xffffffffU << (32 - subnet->prefix)));
    memcpy(out.s6_addr + 12, &host, sizeof(host));
    return out;
}

/* A machine of gate's own team, or a shared one: the card that the router reaches best. */
static bool machine_place(const struct plan *plan, const struct plan_gate *gate, const char *name,
        struct plan_place *ret)
{
    int index = plan_machine_for(plan, name, gate->team);
    if (index < 0) {
        return false;
    }
    const struct plan_machine *machine = plan->machines->pdata[index];
    const struct plan_card *best = machine->cards->len ? machine->cards->pdata[0] : NULL;
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = machine->cards->pdata[i];
        for (guint k = 0; k < gate->cards->len; k++) {
            const struct plan_gate_card *ours = gate->cards->pdata[k];
            if (ours->network == card->network) {
                best = card;
            }
        }
    }
    if (best) {
        *ret = (struct plan_place){.address = best->address,
                .prefix = 32,
                .address6 = best->address6,
                .prefix6 = plan_has6(&best->address6) ? 128 : 0};
    }
    return best != NULL;
}

bool plan_place_of(const struct plan *plan, const struct plan_gate *gate, const char *name,
        struct plan_place *ret)
{
    *ret = (struct plan_place){0};
    int network = plan_network_for(plan, name, gate->team);
    if (network >= 0) {
        const struct plan_network *on = plan->networks->pdata[network];
        *ret = (struct plan_place){.address = on->subnet->address,
                .prefix = on->subnet->prefix,
                .address6 = on->subnet->address6,
                .prefix6 = plan_has6(&on->subnet->address6) ? 64 : 0};
        return true;
    }
    if (machine_place(plan, gate, name, ret)) {
        return true;
    }
    ret->prefix = 32;
    return plan_address_parse(name, &ret->address) ||
           plan_cidr_parse(name, &ret->address, &ret->prefix);
}
