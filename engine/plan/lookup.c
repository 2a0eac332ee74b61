/* lookup.c - finding things of a plan by name, and what one machine sees of another. */
#include "plan/plan.h"

#include <string.h>

bool plan_team_is(const struct plan_team *team, const char *id_or_group)
{
    return g_strcmp0(team->id, id_or_group) == 0 || g_strcmp0(team->group->name, id_or_group) == 0;
}

const struct plan_group *plan_group(const struct plan *plan, const char *name)
{
    for (guint i = 0; name && i < plan->groups->len; i++) {
        const struct plan_group *group = plan->groups->pdata[i];
        if (strcmp(group->name, name) == 0) {
            return group;
        }
    }
    return NULL;
}

const struct plan_subnet *plan_subnet(const struct plan *plan, const char *name)
{
    for (guint i = 0; name && i < plan->subnets->len; i++) {
        const struct plan_subnet *subnet = plan->subnets->pdata[i];
        if (strcmp(subnet->name, name) == 0) {
            return subnet;
        }
    }
    return NULL;
}

const struct plan_host *plan_host(const struct plan *plan, const char *name)
{
    for (guint i = 0; name && i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        if (strcmp(host->name, name) == 0) {
            return host;
        }
    }
    return NULL;
}

const struct plan_nic *plan_host_nic(const struct plan_host *host, const char *network)
{
    for (guint i = 0; network && i < host->nics->len; i++) {
        const struct plan_nic *nic = host->nics->pdata[i];
        if (strcmp(nic->network, network) == 0) {
            return nic;
        }
    }
    return NULL;
}

const struct plan_step *plan_step(const struct plan *plan, const char *name)
{
    for (guint i = 0; name && i < plan->steps->len; i++) {
        const struct plan_step *step = plan->steps->pdata[i];
        if (strcmp(step->name, name) == 0) {
            return step;
        }
    }
    return NULL;
}

int plan_team_index(const struct plan *plan, const char *id)
{
    for (guint i = 0; id && i < plan->teams->len; i++) {
        const struct plan_team *team = plan->teams->pdata[i];
        if (strcmp(team->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int plan_machine_index(const struct plan *plan, const char *id)
{
    for (guint i = 0; id && i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        if (strcmp(machine->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int plan_inject_index(const struct plan *plan, const char *id)
{
    for (guint i = 0; id && i < plan->injects->len; i++) {
        const struct plan_inject *inject = plan->injects->pdata[i];
        if (strcmp(inject->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int plan_machine_for(const struct plan *plan, const char *name, int team)
{
    for (guint i = 0; name && i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        const struct plan_team *owner = plan->teams->pdata[machine->team];
        if (strcmp(machine->host->name, name) == 0 &&
                (machine->team == team || !plan_group_is_numbered(owner->group))) {
            return (int)i;
        }
    }
    return -1;
}

guint32 plan_address_for(const struct plan *plan, int from, int to, int team)
{
    if (from < 0 || to < 0 || from >= (int)plan->machines->len || to >= (int)plan->machines->len) {
        return 0;
    }
    const struct plan_machine *source = plan->machines->pdata[from];
    const struct plan_machine *target = plan->machines->pdata[to];
    guint32 found = 0;
    for (guint i = 0; i < target->cards->len; i++) {
        const struct plan_card *theirs = target->cards->pdata[i];
        for (guint k = 0; k < source->cards->len; k++) {
            const struct plan_card *ours = source->cards->pdata[k];
            const struct plan_network *network = plan->networks->pdata[ours->network];
            if (ours->network == theirs->network && (!found || network->team == team)) {
                found = theirs->address;
            }
        }
    }
    for (guint k = 0; !found && k < source->cards->len; k++) {
        const struct plan_card *ours = source->cards->pdata[k];
        found = plan_address_on(plan, to, ours->network);
    }
    if (!found && target->cards->len > 0) {
        found = ((const struct plan_card *)target->cards->pdata[0])->address;
    }
    return found;
}

const char *plan_space_for(const struct plan *plan, int from, int team)
{
    if (from < 0 || team < 0 || from >= (int)plan->machines->len || team >= (int)plan->teams->len) {
        return NULL;
    }
    const struct plan_machine *machine = plan->machines->pdata[from];
    const struct plan_team *against = plan->teams->pdata[team];
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = machine->cards->pdata[i];
        if (g_strcmp0(card->space, against->id) == 0) {
            return card->space;
        }
    }
    return NULL;
}

int plan_probe_port(const struct plan_probe *probe)
{
    static const int usual[] = {[PLAN_HTTP] = 80,
            [PLAN_TCP] = 0,
            [PLAN_SSH] = 22,
            [PLAN_MODBUS] = 502,
            [PLAN_PING] = 0};
    return probe->port ? probe->port : usual[probe->protocol];
}

const char *plan_role_name(enum plan_role role)
{
    static const char *const names[] = {"blue", "red", "green", "white"};
    return names[role];
}

const char *plan_protocol_name(enum plan_protocol protocol)
{
    static const char *const names[] = {"http", "tcp", "ssh", "modbus", "ping"};
    return names[protocol];
}
