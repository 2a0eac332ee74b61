/* world_real_probe.c - looks at services from a team's side of the network. */
#include "world/world_real.h"
#include "world/world_real_daemon.h"

struct probe_call {
    world_probe_fn done;
    gpointer data;
    const char *fault; /* why nobody can look, or NULL */
    const struct real_world *world;
    guint losses; /* of the feet, when the check began */
};

static gboolean on_probe_fault(gpointer data)
{
    g_autofree struct probe_call *call = data;
    const struct world_probe_result out = {.status = WORLD_FAULT, .detail = call->fault};
    call->done(&out, call->data);
    return G_SOURCE_REMOVE;
}

static void on_probe(const struct check_result *result, gpointer data)
{
    static const enum world_status status[] = {
            [CHECK_OK] = WORLD_OK,
            [CHECK_DOWN] = WORLD_DOWN,
            [CHECK_MUMBLE] = WORLD_MUMBLE,
            [CHECK_FAULT] = WORLD_FAULT,
    };
    g_autofree struct probe_call *call = data;
    struct world_probe_result out = {
            .status = status[result->status],
            .detail = result->detail,
            .value = result->value,
            .took_us = result->took_us,
    };
    const struct real_world *world = call->world;
    if (out.status != WORLD_OK && world->daemon && call->losses != real_net_daemon_losses(world)) {
        out.status = WORLD_FAULT; /* the foot fell while the check looked */
        out.detail = "the engine's foot in the networks fell";
    }
    call->done(&out, call->data);
}

/* The machine's address on a network of team: where the team's namespace can reach it. */
static guint32 address_for_team(const struct plan *plan, const char *name, int team)
{
    int index = plan_machine_for(plan, name, team);
    if (index < 0) {
        return 0;
    }
    const struct plan_machine *machine = g_ptr_array_index(plan->machines, (guint)index);
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(machine->cards, i);
        const struct plan_network *network =
                g_ptr_array_index(plan->networks, (guint)card->network);
        if (network->team == team) {
            return card->address;
        }
    }
    return 0;
}

void real_probe(struct world *head, int team, const struct plan_probe *probe, world_probe_fn done,
        gpointer data)
{
    static const enum check_protocol protocol[] = {
            [PLAN_HTTP] = CHECK_HTTP,
            [PLAN_TCP] = CHECK_TCP,
            [PLAN_SSH] = CHECK_SSH,
            [PLAN_MODBUS] = CHECK_MODBUS,
            [PLAN_PING] = CHECK_PING,
    };
    struct real_world *world = (struct real_world *)head;
    struct check_request request = {
            .protocol = protocol[probe->protocol],
            .space = world->spaces[team],
            .address = address_for_team(head->plan, probe->machine, team),
            .port = probe->port,
            .timeout_ms = probe->timeout_ms,
            .path = probe->path,
            .status = probe->status,
            .contains = probe->contains,
            .table = probe->table,
            .unit = probe->unit,
            .register_address = probe->address,
            .min = probe->min,
            .max = probe->max,
    };
    int via = probe->via ? plan_network_for(head->plan, probe->via, team) : -1;
    int to = plan_machine_for(head->plan, probe->machine, team);
    if (via >= 0 && to >= 0) {
        const struct plan_network *from = g_ptr_array_index(head->plan->networks, (guint)via);
        request.space = world->spaces[from->team];
        request.address = plan_address_on(head->plan, to, via);
    }
    struct probe_call *call = g_new(struct probe_call, 1);
    *call = (struct probe_call){
            done, data, NULL, world, world->daemon ? real_net_daemon_losses(world) : 0};
    if (world->daemon && real_net_daemon_fault(world)) {
        call->fault = real_net_daemon_fault(world);
        g_idle_add(on_probe_fault, call);
        return;
    }
    checker_run(world->checker, &request, on_probe, call);
}
