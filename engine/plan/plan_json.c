/* plan_json.c - the plan as displays, scores and portals see it: no file contents, no commands. */
#include "base/error.h"
#include "base/event.h"
#include "base/json.h"
#include "plan/exam.h"
#include "plan/plan.h"
#include "plan/plan_impair.h"
#include "plan/router.h"

#include <string.h>

static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddStringToObject(object, name, text ? text : "");
}

static const char *team_id(const struct plan *plan, int team)
{
    return team < 0 ? "" : ((const struct plan_team *)plan->teams->pdata[team])->id;
}

static cJSON *team_json(const struct plan_team *team)
{
    cJSON *out = cJSON_CreateObject();
    add_text(out, "id", team->id);
    add_text(out, "title", team->title);
    add_text(out, "group", team->group->name);
    add_text(out, "role", plan_role_name(team->group->role));
    json_add_int(out, "number", team->number);
    if (team->reference) {
        cJSON_AddTrueToObject(out, "reference");
    }
    return out;
}

static cJSON *network_json(const struct plan *plan, const struct plan_network *network)
{
    cJSON *out = cJSON_CreateObject();
    g_autofree char *address = plan_address_text(network->subnet->address);
    g_autofree char *cidr = g_strdup_printf("%s/%d", address, network->subnet->prefix);
    add_text(out, "id", network->id);
    add_text(out, "name", network->subnet->name);
    add_text(out, "team", team_id(plan, network->team));
    add_text(out, "cidr", cidr);
    if (network->subnet->gateway) {
        add_text(out, "gateway", network->subnet->gateway);
    }
    if (plan_has6(&network->subnet->address6)) {
        g_autofree char *six = plan_address6_text(&network->subnet->address6);
        g_autofree char *cidr6 = g_strdup_printf("%s/64", six);
        add_text(out, "cidr6", cidr6);
    }
    if (network->subnet->capture) {
        cJSON_AddTrueToObject(out, "capture");
    }
    return out;
}

static cJSON *card_json(const struct plan *plan, const struct plan_card *card)
{
    cJSON *out = cJSON_CreateObject();
    const struct plan_network *network = plan->networks->pdata[card->network];
    g_autofree char *address = plan_address_text(card->address);
    g_autofree char *mac = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", card->mac[0],
            card->mac[1], card->mac[2], card->mac[3], card->mac[4], card->mac[5]);
    add_text(out, "network", network->id);
    add_text(out, "address", address);
    add_text(out, "mac", mac);
    if (plan_has6(&card->address6)) {
        g_autofree char *six = plan_address6_text(&card->address6);
        add_text(out, "address6", six);
    }
    return out;
}

static cJSON *machine_json(const struct plan *plan, const struct plan_machine *machine)
{
    cJSON *out = cJSON_CreateObject();
    add_text(out, "id", machine->id);
    add_text(out, "name", machine->host->name);
    add_text(out, "team", team_id(plan, machine->team));
    add_text(out, "image", machine->host->image);
    json_add_int(out, "memory_mib", machine->host->memory_mib);
    if (machine->host->display) {
        cJSON_AddTrueToObject(out, "display");
    }
    cJSON *logs = machine->host->logs->len > 0 ? cJSON_AddArrayToObject(out, "logs") : NULL;
    for (guint i = 0; i < machine->host->logs->len; i++) {
        cJSON_AddItemToArray(logs, cJSON_CreateString(machine->host->logs->pdata[i]));
    }
    cJSON_AddBoolToObject(out, "imported", machine->host->hardware.imported);
    cJSON_AddBoolToObject(out, "agent", machine->host->hardware.agent != 0);
    cJSON *nics = cJSON_AddArrayToObject(out, "nics");
    for (guint i = 0; i < machine->cards->len; i++) {
        cJSON_AddItemToArray(nics, card_json(plan, machine->cards->pdata[i]));
    }
    return out;
}

static cJSON *service_json(const struct plan *plan, const struct plan_service *service)
{
    cJSON *out = cJSON_CreateObject();
    const struct plan_probe *probe = service->probe;
    add_text(out, "name", service->name);
    add_text(out, "title", service->title);
    add_text(out, "machine", probe->machine);
    add_text(out, "protocol", plan_protocol_name(probe->protocol));
    json_add_int(out, "port", plan_probe_port(probe));
    json_add_int(out, "every_us", service->every_us);
    json_add_int(out, "points", service->points);
    json_add_int(out, "sla_after", service->sla_after);
    json_add_int(out, "sla_penalty", service->sla_penalty);
    add_text(out, "group", plan_host(plan, probe->machine)->group);
    return out;
}

static cJSON *step_json(const struct plan *plan, const struct plan_step *step)
{
    cJSON *out = cJSON_CreateObject();
    add_text(out, "name", step->name);
    add_text(out, "title", step->title);
    add_text(out, "from", step->from);
    add_text(out, "to", step->to);
    add_text(out, "attacker", plan_host(plan, step->from)->group);
    if (step->needs) {
        add_text(out, "needs", step->needs);
    }
    cJSON *attack = cJSON_AddObjectToObject(out, "attack");
    add_text(attack, "domain", step->attack.domain);
    add_text(attack, "version", step->attack.version);
    add_text(attack, "id", step->attack.id);
    json_add_int(out, "points_effect", step->points_effect);
    json_add_int(out, "points_blocked", step->points_blocked);
    if (step->repair) {
        add_text(out, "repair", step->repair);
    }
    if (step->repair_zh) {
        add_text(out, "repair_zh", step->repair_zh);
    }
    return out;
}

static void add_players(const struct plan *plan, cJSON *players)
{
    for (guint i = 0; i < plan->players->len; i++) {
        const struct plan_player *player = plan->players->pdata[i];
        for (guint t = 0; t < plan->teams->len; t++) {
            const struct plan_team *team = plan->teams->pdata[t];
            if (!plan_team_is(team, player->team)) {
                continue;
            }
            cJSON *out = cJSON_CreateObject();
            add_text(out, "name", player->name);
            add_text(out, "team", team->id);
            add_text(out, "title", player->title);
            cJSON_AddItemToArray(players, out);
        }
    }
}

static cJSON *inject_json(const struct plan *plan, const struct plan_inject *inject)
{
    cJSON *out = cJSON_CreateObject();
    const struct plan_entry *entry = inject->entry;
    add_text(out, "id", inject->id);
    json_add_int(out, "at_us", inject->at_us);
    add_text(out, "team", team_id(plan, inject->team));
    if (inject->step) {
        add_text(out, "step", inject->step->name);
    }
    cJSON_AddBoolToObject(out, "undo", entry->undo);
    if (entry->approvals > 0) {
        json_add_int(out, "approvals", entry->approvals);
    }
    g_autofree char *link = entry->impair ? plan_impair_title(entry->impair) : NULL;
    add_text(out, "title",
            inject->step  ? inject->step->title
            : entry->note ? entry->note
            : link        ? link
                          : "");
    return out;
}

cJSON *plan_to_json(const struct plan *plan)
{
    cJSON *out = cJSON_CreateObject();
    add_text(out, "name", plan->name);
    add_text(out, "title", plan->title);
    add_text(out, "version", plan->version);
    add_text(out, "digest", plan->digest);
    json_add_int(out, "seed", (gint64)plan->seed);
    json_add_int(out, "duration_us", plan->duration_us);
    if (plan->freeze_us > 0) {
        json_add_int(out, "freeze_us", plan->freeze_us);
    }
    if (plan->score) {
        cJSON_AddItemToObject(out, "score", cJSON_Duplicate(plan->score, true));
    }
    if (plan->exam) {
        cJSON_AddItemToObject(out, "exam", plan_exam_json(plan));
    }
    cJSON *teams = cJSON_AddArrayToObject(out, "teams");
    for (guint i = 0; i < plan->teams->len; i++) {
        cJSON_AddItemToArray(teams, team_json(plan->teams->pdata[i]));
    }
    cJSON *networks = cJSON_AddArrayToObject(out, "networks");
    for (guint i = 0; i < plan->networks->len; i++) {
        cJSON_AddItemToArray(networks, network_json(plan, plan->networks->pdata[i]));
    }
    cJSON *machines = cJSON_AddArrayToObject(out, "machines");
    for (guint i = 0; i < plan->machines->len; i++) {
        cJSON_AddItemToArray(machines, machine_json(plan, plan->machines->pdata[i]));
    }
    if (plan->gates->len > 0) {
        cJSON_AddItemToObject(out, "routers", plan_gates_json(plan));
    }
    cJSON *services = cJSON_AddArrayToObject(out, "services");
    for (guint i = 0; i < plan->services->len; i++) {
        cJSON_AddItemToArray(services, service_json(plan, plan->services->pdata[i]));
    }
    cJSON *steps = cJSON_AddArrayToObject(out, "steps");
    for (guint i = 0; i < plan->steps->len; i++) {
        cJSON_AddItemToArray(steps, step_json(plan, plan->steps->pdata[i]));
    }
    add_players(plan, cJSON_AddArrayToObject(out, "players"));
    cJSON *injects = cJSON_AddArrayToObject(out, "injects");
    for (guint i = 0; i < plan->injects->len; i++) {
        cJSON_AddItemToArray(injects, inject_json(plan, plan->injects->pdata[i]));
    }
    return out;
}

#define BESIDE_PLAN (64 << 10) /* bytes of that event which are not the plan's */

bool plan_fits(const struct plan *plan, GError **error)
{
    auto_json json = plan_to_json(plan);
    g_autofree char *text = json_text(json);
    gsize most = EVENT_BODY_MAX - BESIDE_PLAN;
    if (strlen(text) <= most) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
            "the scenario is too large: %zu KiB for %u teams, and the ledger's first event has "
            "room "
            "for %zu KiB; run fewer teams (--teams), or shorten its texts and tables",
            strlen(text) >> 10, plan->teams->len, most >> 10);
    return false;
}
