/* expand_router.c - one copy of a router for each team, with the addresses that its number gives.
 */
#include "base/error.h"
#include "plan/router.h"

#include <string.h>

static guint32 mask_of(int prefix)
{
    return prefix == 0 ? 0 : 0xffffffffU << (32 - prefix);
}

/* In the form of plan_problems_text(): what only the number of teams shows is the author's too. */
static bool fail(const struct plan *plan, const struct plan_gate *gate, const char *what,
        const char *text, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, "%s:%d: router \"%s\": %s %s",
            plan->path ? plan->path : "scenario", gate->router->line, gate->id, text, what);
    return false;
}

static bool add_card(struct plan *plan, struct plan_gate *gate, const struct plan_foot *foot,
        int number, GError **error)
{
    struct plan_gate_card *card = g_new0(struct plan_gate_card, 1);
    g_ptr_array_add(gate->cards, card);
    g_autofree char *text = plan_pattern(foot->address, number);
    card->network = plan_network_for(plan, foot->network, gate->team);
    const struct plan_network *network =
            card->network < 0 ? NULL : plan->networks->pdata[card->network];
    if (!network) {
        return fail(plan, gate, "is no network of this team", foot->network, error);
    }
    guint32 first = network->subnet->address;
    guint32 last = first | ~mask_of(network->subnet->prefix);
    if (!plan_address_parse(text, &card->address) || card->address <= first ||
            card->address >= last) {
        g_autofree char *what = g_strdup_printf("is no usable address of network \"%s\"%s",
                foot->network, strstr(foot->address, "{n}") ? ", {n} being the team's number" : "");
        return fail(plan, gate, what, text, error);
    }
    if (plan_has6(&network->subnet->address6)) {
        card->address6 = plan_address6_on(network->subnet, card->address);
    }
    guint place = gate->cards->len - 1;
    card->outer = g_strdup_printf("r%u-%u", plan->gates->len, place);
    card->inner = g_strdup_printf("n%u", place);
    return true;
}

/* The card of gate inside whose network the addresses lie; -1 when none. */
static int network_around(
        const struct plan *plan, const struct plan_gate *gate, guint32 address, int prefix)
{
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        const struct plan_subnet *subnet =
                ((const struct plan_network *)plan->networks->pdata[card->network])->subnet;
        if (prefix > subnet->prefix && (address & mask_of(subnet->prefix)) == subnet->address) {
            return card->network;
        }
    }
    return -1;
}

/* The only network of the router's own team that it stands on; -1 when there are none or several.
 */
static int only_inside(const struct plan *plan, const struct plan_gate *gate)
{
    int found = -1;
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        const struct plan_network *network = plan->networks->pdata[card->network];
        if (network->team == gate->team) {
            if (found >= 0) {
                return -1;
            }
            found = card->network;
        }
    }
    return found;
}

static bool add_map(const struct plan *plan, struct plan_gate *gate, const struct plan_map *map,
        int number, GError **error)
{
    struct plan_gate_map out = {0};
    g_autofree char *text = plan_pattern(map->outside, number);
    out.inside = map->network ? plan_network_for(plan, map->network, gate->team)
                              : only_inside(plan, gate);
    if (out.inside < 0) {
        return fail(plan, gate, "is for which network? write one_to_one = { NETWORK = … }", text,
                error);
    }
    const struct plan_subnet *subnet =
            ((const struct plan_network *)plan->networks->pdata[out.inside])->subnet;
    out.from = subnet->address;
    if (!plan_cidr_parse(text, &out.to, &out.prefix) || out.prefix != subnet->prefix ||
            (out.to & ~mask_of(out.prefix))) {
        g_autofree char *what = g_strdup_printf(
                "is no network of the size of \"%s\", /%d", subnet->name, subnet->prefix);
        return fail(plan, gate, what, text, error);
    }
    out.outside = network_around(plan, gate, out.to, out.prefix);
    if (out.outside < 0) {
        return fail(plan, gate, "lies inside no network on which the router stands", text, error);
    }
    g_array_append_val(gate->maps, out);
    return true;
}

/* Does a card or a map of the gate take an address of network between from and to? */
static bool gate_holds(const struct plan_gate *gate, int network, guint32 from, guint32 to)
{
    for (guint k = 0; k < gate->cards->len; k++) {
        const struct plan_gate_card *card = gate->cards->pdata[k];
        if (card->network == network && card->address >= from && card->address <= to) {
            return true;
        }
    }
    for (guint k = 0; k < gate->maps->len; k++) {
        const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, k);
        if (map->outside == network && map->to <= to && (map->to | ~mask_of(map->prefix)) >= from) {
            return true;
        }
    }
    return false;
}

static bool machine_holds(const struct plan_machine *machine, int network, guint32 from, guint32 to)
{
    for (guint k = 0; k < machine->cards->len; k++) {
        const struct plan_card *card = machine->cards->pdata[k];
        if (card->network == network && card->address >= from && card->address <= to) {
            return true;
        }
    }
    return false;
}

/* Who has address on network: a machine's or router's id, "the checker"; NULL when nobody. */
static const char *holder(
        const struct plan *plan, int network, guint32 from, guint32 to, const struct plan_gate *but)
{
    const struct plan_network *on = plan->networks->pdata[network];
    if (on->subnet->checker >= from && on->subnet->checker <= to) {
        return "the checker";
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        if (machine_holds(machine, network, from, to)) {
            return machine->id;
        }
    }
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = plan->gates->pdata[i];
        if (gate != but && gate_holds(gate, network, from, to)) {
            return gate->id;
        }
    }
    return NULL;
}

static bool is_free(const struct plan *plan, const struct plan_gate *gate, int network,
        guint32 from, guint32 to, GError **error)
{
    const char *other = holder(plan, network, from, to, gate);
    if (!other) {
        return true;
    }
    g_autofree char *first = plan_address_text(from);
    const struct plan_network *on = plan->networks->pdata[network];
    g_autofree char *what = g_strdup_printf("on network \"%s\" is taken: %s stands %s",
            on->subnet->name, other, from == to ? "there" : "in that range");
    return fail(plan, gate, what, first, error);
}

static bool check_free(const struct plan *plan, const struct plan_gate *gate, GError **error)
{
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        if (!is_free(plan, gate, card->network, card->address, card->address, error)) {
            return false;
        }
    }
    for (guint i = 0; i < gate->maps->len; i++) {
        const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, i);
        if (!is_free(plan, gate, map->outside, map->to, map->to | ~mask_of(map->prefix), error)) {
            return false;
        }
    }
    return true;
}

static void card_free(gpointer data)
{
    struct plan_gate_card *card = data;
    g_free(card->outer);
    g_free(card->inner);
    g_free(card);
}

static bool add_gate(struct plan *plan, const struct plan_router *router, int team, GError **error)
{
    const struct plan_team *of = plan->teams->pdata[team];
    struct plan_gate *gate = g_new0(struct plan_gate, 1);
    gate->id = plan_expanded_id(of, router->name);
    gate->team = team;
    gate->router = router;
    gate->cards = g_ptr_array_new_with_free_func(card_free);
    gate->maps = g_array_new(FALSE, FALSE, sizeof(struct plan_gate_map));
    bool ok = true;
    for (guint i = 0; ok && i < router->feet->len; i++) {
        ok = add_card(plan, gate, router->feet->pdata[i], of->number, error);
    }
    for (guint i = 0; ok && i < router->maps->len; i++) {
        ok = add_map(plan, gate, router->maps->pdata[i], of->number, error);
    }
    ok = ok && check_free(plan, gate, error);
    g_ptr_array_add(plan->gates, gate);
    return ok;
}

bool plan_expand_gates(struct plan *plan, GError **error)
{
    for (guint t = 0; t < plan->teams->len; t++) {
        const struct plan_team *team = plan->teams->pdata[t];
        for (guint i = 0; i < plan->routers->len; i++) {
            const struct plan_router *router = plan->routers->pdata[i];
            if (strcmp(router->group, team->group->name) == 0 &&
                    !add_gate(plan, router, (int)t, error)) {
                return false;
            }
        }
    }
    return true;
}
