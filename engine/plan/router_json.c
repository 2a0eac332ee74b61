/* router_json.c - routers as displays and portals see them, in the plan. */
#include "base/json.h"
#include "plan/router.h"

static const struct plan_network *network_at(const struct plan *plan, int index)
{
    return plan->networks->pdata[index];
}

static cJSON *cards_json(const struct plan *plan, const struct plan_gate *gate)
{
    cJSON *cards = cJSON_CreateArray();
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        cJSON *out = cJSON_CreateObject();
        g_autofree char *address = plan_address_text(card->address);
        cJSON_AddStringToObject(out, "network", network_at(plan, card->network)->id);
        cJSON_AddStringToObject(out, "address", address);
        if (plan_has6(&card->address6)) {
            g_autofree char *six = plan_address6_text(&card->address6);
            cJSON_AddStringToObject(out, "address6", six);
        }
        cJSON_AddItemToArray(cards, out);
    }
    return cards;
}

static cJSON *maps_json(const struct plan *plan, const struct plan_gate *gate)
{
    cJSON *maps = cJSON_CreateArray();
    for (guint i = 0; i < gate->maps->len; i++) {
        const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, i);
        cJSON *out = cJSON_CreateObject();
        g_autofree char *address = plan_address_text(map->to);
        g_autofree char *cidr = g_strdup_printf("%s/%d", address, map->prefix);
        cJSON_AddStringToObject(out, "inside", network_at(plan, map->inside)->id);
        cJSON_AddStringToObject(out, "outside", network_at(plan, map->outside)->id);
        cJSON_AddStringToObject(out, "cidr", cidr);
        cJSON_AddItemToArray(maps, out);
    }
    return maps;
}

cJSON *plan_gates_json(const struct plan *plan)
{
    cJSON *gates = cJSON_CreateArray();
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = plan->gates->pdata[i];
        const struct plan_router *router = gate->router;
        const struct plan_team *team = plan->teams->pdata[gate->team];
        cJSON *out = cJSON_CreateObject();
        cJSON_AddStringToObject(out, "id", gate->id);
        cJSON_AddStringToObject(out, "name", router->name);
        cJSON_AddStringToObject(out, "team", team->id);
        cJSON_AddItemToObject(out, "nics", cards_json(plan, gate));
        cJSON_AddItemToObject(out, "one_to_one", maps_json(plan, gate));
        cJSON_AddStringToObject(out, "policy", plan_rule_action_name(router->policy));
        cJSON *rules = cJSON_AddArrayToObject(out, "rules");
        for (guint k = 0; k < router->rules->len; k++) {
            cJSON_AddItemToArray(rules, plan_rule_to_json(router->rules->pdata[k]));
        }
        cJSON_AddItemToArray(gates, out);
    }
    return gates;
}
