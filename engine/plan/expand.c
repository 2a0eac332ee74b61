/* expand.c - one copy of every team's part: teams, networks, machines and their cards. */
#include "base/error.h"
#include "plan/inject.h"
#include "plan/plan.h"
#include "plan/router.h"

#include <string.h>

bool plan_group_is_numbered(const struct plan_group *group)
{
    return group->role == PLAN_ROLE_BLUE || group->count > 1;
}

int plan_group_teams(const struct plan_group *group)
{
    return group->count + group->reference;
}

static void expand_teams(struct plan *plan)
{
    for (guint i = 0; i < plan->groups->len; i++) {
        const struct plan_group *group = plan->groups->pdata[i];
        for (int n = 1; n <= plan_group_teams(group); n++) {
            struct plan_team *team = g_new0(struct plan_team, 1);
            bool numbered = plan_group_is_numbered(group);
            team->id = numbered ? g_strdup_printf("%s%d", group->name, n) : g_strdup(group->name);
            team->reference = n > group->count;
            team->title = g_strdup(n <= (int)group->titles->len
                                           ? (const char *)group->titles->pdata[n - 1]
                                   : team->reference ? "Reference"
                                                     : team->id);
            team->group = group;
            team->number = n;
            g_ptr_array_add(plan->teams, team);
        }
    }
}

/* "blue1/web" for a numbered team, "attacker" for the only one of its group. */
char *plan_expanded_id(const struct plan_team *team, const char *name)
{
    return plan_group_is_numbered(team->group) ? g_strdup_printf("%s/%s", team->id, name)
                                               : g_strdup(name);
}

/* The teams of a group count on from the scenario's number. */
static guint32 vni_of(const struct plan *plan, const struct plan_subnet *subnet, guint team)
{
    guint32 vni = (guint32)subnet->stretch;
    const struct plan_team *own = plan->teams->pdata[team];
    for (guint i = 0; subnet->stretch && i < team; i++) {
        const struct plan_team *other = plan->teams->pdata[i];
        vni += other->group == own->group;
    }
    return vni;
}

static bool numbers_differ(const struct plan *plan, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < plan->networks->len; i++) {
        struct plan_network *network = plan->networks->pdata[i];
        gpointer number = GUINT_TO_POINTER(network->vni);
        const struct plan_network *other = g_hash_table_lookup(seen, number);
        if (network->vni && other) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
                    "%s:%d: networks %s and %s both get the number %u by stretch; each team takes "
                    "the next one, so choose numbers farther apart",
                    plan->path ? plan->path : "scenario", network->subnet->line, other->id,
                    network->id, network->vni);
            return false;
        }
        g_hash_table_insert(seen, number, network);
    }
    return true;
}

static void expand_networks(struct plan *plan)
{
    for (guint t = 0; t < plan->teams->len; t++) {
        const struct plan_team *team = plan->teams->pdata[t];
        for (guint i = 0; i < plan->subnets->len; i++) {
            const struct plan_subnet *subnet = plan->subnets->pdata[i];
            if (strcmp(subnet->group, team->group->name) != 0) {
                continue;
            }
            struct plan_network *network = g_new0(struct plan_network, 1);
            network->id = plan_expanded_id(team, subnet->name);
            network->bridge = g_strdup_printf("b%u", plan->networks->len);
            network->team = (int)t;
            network->subnet = subnet;
            network->vni = vni_of(plan, subnet, t);
            g_ptr_array_add(plan->networks, network);
        }
    }
}

/* The same seed, exercise, machine and place give the same address; used keeps them apart. */
static void make_mac(const struct plan *plan, const char *machine, guint place, GHashTable *used,
        unsigned char *ret)
{
    gint64 tail = 0;
    for (guint attempt = 0; attempt == 0 || g_hash_table_contains(used, GINT_TO_POINTER(tail));
            attempt++) {
        g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT "/%s/%s/%u/%u", plan->seed,
                plan->name ? plan->name : "", machine, place, attempt);
        g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
        hex[6] = '\0';
        tail = g_ascii_strtoll(hex, NULL, 16);
    }
    g_hash_table_add(used, GINT_TO_POINTER(tail));
    const unsigned char mac[6] = {0x52, 0x54, 0x00, (unsigned char)(tail >> 16),
            (unsigned char)(tail >> 8), (unsigned char)tail};
    memcpy(ret, mac, sizeof(mac));
}

/* The default router of a card: the subnet's gateway, unless that is this machine or the machine
 * has a default route in the same space already. */
static guint32 card_gateway(const struct plan *plan, const struct plan_machine *machine,
        const struct plan_subnet *subnet, const char *space, int number)
{
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = machine->cards->pdata[i];
        if (card->gateway && g_strcmp0(card->space, space) == 0) {
            return 0;
        }
    }
    if (!subnet->gateway || strcmp(subnet->gateway, machine->host->name) == 0) {
        return 0;
    }
    const struct plan_router *router = plan_router(plan, subnet->gateway);
    const struct plan_foot *foot = router ? plan_router_foot(router, subnet->name) : NULL;
    if (foot) {
        g_autofree char *text = plan_pattern(foot->address, number);
        guint32 address = 0;
        return plan_address_parse(text, &address) ? address : 0;
    }
    const struct plan_host *host = plan_host(plan, subnet->gateway);
    const struct plan_nic *nic = host ? plan_host_nic(host, subnet->name) : NULL;
    return nic ? nic->address : 0;
}

/* The IPv6 address of the same router. */
static struct in6_addr gateway6(
        const struct plan *plan, const struct plan_subnet *subnet, guint32 gateway)
{
    const struct plan_host *host = plan_host(plan, subnet->gateway);
    const struct plan_nic *nic = host ? plan_host_nic(host, subnet->name) : NULL;
    return nic && plan_has6(&nic->address6) ? nic->address6 : plan_address6_on(subnet, gateway);
}

struct expansion {
    struct plan *plan;
    GHashTable *macs;
    guint taps;
};

static void add_card(struct expansion *x, struct plan_machine *machine, const struct plan_nic *nic,
        guint network)
{
    const struct plan_network *on = x->plan->networks->pdata[network];
    const struct plan_team *team = x->plan->teams->pdata[on->team];
    struct plan_card *card = g_new0(struct plan_card, 1);
    card->network = (int)network;
    card->address = nic->address;
    card->space = on->team == machine->team ? NULL : g_strdup(team->id);
    card->nic = nic;
    card->gateway = card_gateway(x->plan, machine, on->subnet, card->space, team->number);
    if (plan_has6(&on->subnet->address6)) {
        card->address6 = plan_has6(&nic->address6) ? nic->address6
                                                   : plan_address6_on(on->subnet, nic->address);
        if (card->gateway) {
            card->gateway6 = gateway6(x->plan, on->subnet, card->gateway);
        }
    }
    make_mac(x->plan, machine->id, machine->cards->len, x->macs, card->mac);
    card->tap = g_strdup_printf("t%u", x->taps++);
    g_ptr_array_add(machine->cards, card);
}

static void add_machine(struct expansion *x, const struct plan_host *host, guint t)
{
    const struct plan_team *team = x->plan->teams->pdata[t];
    struct plan_machine *machine = plan_machine_new();
    machine->id = plan_expanded_id(team, host->name);
    machine->domain = g_strdup_printf("m%u", x->plan->machines->len + 1);
    machine->team = (int)t;
    machine->host = host;
    g_ptr_array_add(x->plan->machines, machine);
    for (guint i = 0; i < host->nics->len; i++) {
        const struct plan_nic *nic = host->nics->pdata[i];
        const struct plan_subnet *subnet = plan_subnet(x->plan, nic->network);
        for (guint k = 0; k < x->plan->networks->len; k++) {
            const struct plan_network *network = x->plan->networks->pdata[k];
            bool own = strcmp(subnet->group, host->group) == 0;
            if (network->subnet == subnet && (!own || network->team == (int)t)) {
                add_card(x, machine, nic, k);
            }
        }
    }
}

static void expand_machines(struct plan *plan)
{
    g_autoptr(GHashTable) macs = g_hash_table_new(NULL, NULL);
    struct expansion x = {.plan = plan, .macs = macs};
    for (guint t = 0; t < plan->teams->len; t++) {
        const struct plan_team *team = plan->teams->pdata[t];
        for (guint i = 0; i < plan->hosts->len; i++) {
            const struct plan_host *host = plan->hosts->pdata[i];
            if (strcmp(host->group, team->group->name) == 0) {
                add_machine(&x, host, t);
            }
        }
    }
}

bool plan_expand(struct plan *plan, int blue_teams, GError **error)
{
    g_return_val_if_fail(plan->teams->len == 0, false);
    if (blue_teams > PLAN_TEAMS_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%d teams: at most %d are possible", blue_teams, PLAN_TEAMS_MAX);
        return false;
    }
    guint machines = 0;
    for (guint i = 0; i < plan->groups->len; i++) {
        struct plan_group *group = plan->groups->pdata[i];
        if (group->role == PLAN_ROLE_BLUE && blue_teams > 0) {
            group->count = blue_teams;
        }
        for (guint k = 0; k < plan->hosts->len; k++) {
            const struct plan_host *host = plan->hosts->pdata[k];
            machines += strcmp(host->group, group->name) == 0 ? (guint)plan_group_teams(group) : 0;
        }
    }
    if (machines > PLAN_MACHINES_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
                "%u machines with so many teams: at most %d are possible; start fewer teams",
                machines, PLAN_MACHINES_MAX);
        return false;
    }
    expand_teams(plan);
    expand_networks(plan);
    expand_machines(plan);
    if (!numbers_differ(plan, error) || !plan_expand_gates(plan, error)) {
        return false;
    }
    plan_expand_injects(plan);
    return true;
}
