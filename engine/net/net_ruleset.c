/* net_ruleset.c - a router of the plan as text for nft: pure. */
#include "net/net_router.h"

#include <string.h>

#define RULE "add rule inet st rules"

static const struct plan_gate_card *card_on(
        const struct plan *plan, const struct plan_gate *gate, const char *network)
{
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        const struct plan_network *on = plan->networks->pdata[card->network];
        if (strcmp(on->subnet->name, network) == 0) {
            return card;
        }
    }
    g_assert_not_reached(); /* the plan was checked: it stands on all networks of its zones */
}

/* The plan was checked: a gate has a card on every network that a map of its own names. */
static const struct plan_gate_card *card_of(const struct plan_gate *gate, int network)
{
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        if (card->network == network) {
            return card;
        }
    }
    g_assert_not_reached();
}

/* ` iifname { "n0", "n1" }`; false when the zone has no interface, so that nothing can match. */
static bool add_zone(GString *text, const struct plan *plan, const struct plan_gate *gate,
        const char *match, const char *name)
{
    const struct plan_zone *zone = plan_router_zone(gate->router, name);
    if (!name) {
        return true;
    }
    if (!zone || zone->networks->len == 0) {
        return false;
    }
    g_string_append_printf(text, " %s {", match);
    for (guint i = 0; i < zone->networks->len; i++) {
        const struct plan_gate_card *card = card_on(plan, gate, zone->networks->pdata[i]);
        g_string_append_printf(text, "%s \"%s\"", i ? "," : "", card->inner);
    }
    g_string_append(text, " }");
    return true;
}

/* ` ip saddr 10.20.1.10/32`; false when the place has no address of that family. */
static bool add_place(GString *text, const struct plan *plan, const struct plan_gate *gate,
        const char *side, const char *name, bool six)
{
    struct plan_place place;
    if (!name) {
        return true;
    }
    if (!plan_place_of(plan, gate, name, &place) || (six && !place.prefix6)) {
        return false;
    }
    g_autofree char *address =
            six ? plan_address6_text(&place.address6) : plan_address_text(place.address);
    g_string_append_printf(text, " %s %s %s/%d", six ? "ip6" : "ip", side, address,
            six ? place.prefix6 : place.prefix);
    return true;
}

static void add_protocol(GString *text, const struct plan_rule *rule, bool six)
{
    if (rule->protocol == PLAN_RULE_ICMP) {
        g_string_append(text, six ? " meta l4proto ipv6-icmp" : " meta l4proto icmp");
    } else if (rule->protocol != PLAN_RULE_ANY && rule->ports->len == 0) {
        g_string_append_printf(text, " meta l4proto %s", plan_rule_protocol_name(rule->protocol));
    }
    for (guint i = 0; i < rule->ports->len; i++) {
        const struct plan_ports *ports = &g_array_index(rule->ports, struct plan_ports, i);
        if (i == 0) {
            g_string_append_printf(text, " %s dport {", plan_rule_protocol_name(rule->protocol));
        }
        g_string_append_printf(text, "%s %d", i ? "," : "", ports->first);
        if (ports->last != ports->first) {
            g_string_append_printf(text, "-%d", ports->last);
        }
    }
    if (rule->ports->len > 0) {
        g_string_append(text, " }");
    }
}

static const char *verdict(enum plan_rule_action action)
{
    return action == PLAN_RULE_REJECT ? "reject with icmpx admin-prohibited"
                                      : plan_rule_action_name(action);
}

static void add_rule(GString *text, const struct plan *plan, const struct plan_gate *gate,
        const struct plan_rule *rule, bool six)
{
    g_autoptr(GString) line = g_string_new(RULE);
    bool places = rule->source || rule->dest;
    if (!add_zone(line, plan, gate, "iifname", rule->from) ||
            !add_zone(line, plan, gate, "oifname", rule->to) ||
            !add_place(line, plan, gate, "saddr", rule->source, six) ||
            !add_place(line, plan, gate, "daddr", rule->dest, six) ||
            (six && !places && rule->protocol != PLAN_RULE_ICMP)) {
        return; /* nothing to match, or the first line is for both families */
    }
    add_protocol(line, rule, six);
    g_string_append_printf(
            text, "%s counter name \"r-%s\" %s\n", line->str, rule->name, verdict(rule->action));
}

static void add_rules(GString *text, const struct plan *plan, const struct plan_gate *gate,
        const GPtrArray *rules)
{
    g_string_append(text, "add counter inet st r-policy\n");
    for (guint i = 0; i < rules->len; i++) {
        const struct plan_rule *rule = rules->pdata[i];
        g_string_append_printf(text, "add counter inet st r-%s\n", rule->name);
        add_rule(text, plan, gate, rule, false);
        add_rule(text, plan, gate, rule, true);
    }
    g_string_append_printf(
            text, RULE " counter name \"r-policy\" %s\n", verdict(gate->router->policy));
}

/* ---- translation --------------------------------------------------------------------------- */

static void add_maps(GString *text, const struct plan_gate *gate)
{
    for (guint i = 0; i < gate->maps->len; i++) {
        const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, i);
        g_autofree char *inside = plan_address_text(map->from);
        g_autofree char *outside = plan_address_text(map->to);
        const char *card = card_of(gate, map->outside)->inner;
        g_string_append_printf(text,
                "add rule inet st arriving iifname \"%s\" ip daddr %s/%d dnat ip prefix to %s/%d\n"
                "add rule inet st leaving oifname \"%s\" ip saddr %s/%d snat ip prefix to %s/%d\n",
                card, outside, map->prefix, inside, map->prefix, card, inside, map->prefix, outside,
                map->prefix);
    }
}

static void add_dnat(GString *text, const struct plan *plan, const struct plan_gate *gate,
        const struct plan_nat *nat)
{
    const struct plan_zone *zone = plan_router_zone(gate->router, nat->zone);
    struct plan_place place;
    if (!zone || !plan_place_of(plan, gate, nat->machine, &place)) {
        return;
    }
    g_autofree char *to = plan_address_text(place.address);
    for (guint i = 0; i < zone->networks->len; i++) {
        const struct plan_gate_card *card = card_on(plan, gate, zone->networks->pdata[i]);
        g_autofree char *own = plan_address_text(card->address);
        g_string_append_printf(text,
                "add rule inet st arriving iifname \"%s\" ip daddr %s %s dport %d dnat ip to "
                "%s:%d\n",
                card->inner, own, plan_rule_protocol_name(nat->protocol), nat->port, to,
                nat->to_port ? nat->to_port : nat->port);
    }
}

static void add_snat(GString *text, const struct plan *plan, const struct plan_gate *gate,
        const struct plan_nat *nat)
{
    g_autoptr(GString) line = g_string_new("add rule inet st leaving");
    if (!add_zone(line, plan, gate, "oifname", nat->zone)) {
        return;
    }
    struct plan_place place;
    if (nat->source && plan_place_of(plan, gate, nat->source, &place)) {
        g_autofree char *from = plan_address_text(place.address);
        g_string_append_printf(line, " ip saddr %s/%d", from, place.prefix);
    }
    if (nat->kind == PLAN_NAT_MASQUERADE) {
        g_string_append_printf(text, "%s meta nfproto ipv4 masquerade\n", line->str);
        return;
    }
    const struct plan_team *team = plan->teams->pdata[gate->team];
    g_autofree char *as_written = plan_pattern(nat->address, team->number);
    guint32 address = 0;
    if (plan_address_parse(as_written, &address)) { /* written anew: nothing else gets through */
        g_autofree char *clean = plan_address_text(address);
        g_string_append_printf(text, "%s snat ip to %s\n", line->str, clean);
    }
}

static void add_nat(GString *text, const struct plan *plan, const struct plan_gate *gate)
{
    add_maps(text, gate);
    for (guint i = 0; i < gate->router->nat->len; i++) {
        const struct plan_nat *nat = gate->router->nat->pdata[i];
        if (nat->kind == PLAN_NAT_DNAT) {
            add_dnat(text, plan, gate, nat);
        } else {
            add_snat(text, plan, gate, nat);
        }
    }
}

char *net_router_ruleset(
        const struct plan *plan, const struct plan_gate *gate, const GPtrArray *rules)
{
    GString *text = g_string_new("add table inet st\n"
                                 "delete table inet st\n"
                                 "add table inet st\n"
                                 "add chain inet st rules\n"
                                 "add chain inet st forward { type filter hook forward priority "
                                 "filter; policy accept; }\n"
                                 "add chain inet st arriving { type nat hook prerouting priority "
                                 "dstnat; }\n"
                                 "add chain inet st leaving { type nat hook postrouting priority "
                                 "srcnat; }\n"
                                 "add rule inet st forward ct direction reply accept\n"
                                 "add rule inet st forward ct state related accept\n"
                                 "add rule inet st forward ct state invalid drop\n"
                                 "add rule inet st forward jump rules\n");
    add_nat(text, plan, gate);
    add_rules(text, plan, gate, rules);
    return g_string_free(text, FALSE);
}

static bool has_rule(const GPtrArray *rules, const char *name)
{
    for (guint i = 0; i < rules->len; i++) {
        if (strcmp(((const struct plan_rule *)rules->pdata[i])->name, name) == 0) {
            return true;
        }
    }
    return false;
}

char *net_router_change(const struct plan *plan, const struct plan_gate *gate,
        const GPtrArray *before, const GPtrArray *rules)
{
    GString *text = g_string_new("flush chain inet st rules\n");
    add_rules(text, plan, gate, rules);
    for (guint i = 0; i < before->len; i++) {
        const struct plan_rule *rule = before->pdata[i];
        if (!has_rule(rules, rule->name)) {
            g_string_append_printf(text, "delete counter inet st r-%s\n", rule->name);
        }
    }
    return g_string_free(text, FALSE);
}
