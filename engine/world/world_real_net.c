/* world_real_net.c - the networks of a plan as bridges, taps and a foot of each team's own space.
 */
#include "world/world_real.h"

bool real_net_spaces(struct real_world *world, GError **error)
{
    const struct plan *plan = world->head.plan;
    g_autofree int *teams = g_new(int, plan->networks->len + 1);
    g_autofree int *fds = g_new(int, plan->networks->len + 1);
    g_autofree bool *seen = g_new0(bool, plan->teams->len + 1);
    gsize n = 0;
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        if (world->spaces[network->team] < 0 && !seen[network->team]) {
            seen[network->team] = true;
            teams[n++] = network->team;
        }
    }
    if (!cell_spaces_new(fds, n, error)) {
        return false;
    }
    for (gsize i = 0; i < n; i++) {
        world->spaces[teams[i]] = fds[i];
    }
    return real_stretch_begin(world, error) && real_gates_spaces(world, error);
}

struct net_batch *real_net_batch(const struct real_world *world)
{
    const struct plan *plan = world->head.plan;
    struct net_batch *batch = net_batch_new();
    real_adopt_clear(world, batch);
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        g_autofree char *outer = g_strdup_printf("%s-c", network->bridge);
        g_autofree char *inner = real_net_inner(network);
        if (!real_adopts_network(world, i) && network->subnet->vlan_aware) {
            net_batch_vlan_bridge(batch, network->bridge);
        } else if (!real_adopts_network(world, i)) {
            net_batch_bridge(batch, network->bridge);
        }
        net_batch_veth(batch, outer, inner, network->bridge, world->spaces[network->team],
                network->subnet->checker, network->subnet->prefix);
        if (plan_has6(&network->subnet->address6)) {
            struct in6_addr six = plan_address6_on(network->subnet, network->subnet->checker);
            net_batch_veth_address6(batch, &six, 64, false);
        }
        real_net_port(batch, network, outer, NULL, NULL);
    }
    real_stretch_batch(world, batch);
    real_gates_batch(world, batch);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        for (guint k = 0; !real_adopts(world, machine) && k < machine->cards->len; k++) {
            const struct plan_card *card = g_ptr_array_index(machine->cards, k);
            const struct plan_network *network =
                    g_ptr_array_index(plan->networks, (guint)card->network);
            net_batch_tap(batch, card->tap, network->bridge);
            real_net_port(batch, network, card->tap, machine, card->nic);
        }
    }
    return batch;
}

struct net_batch *real_net_removal(const struct real_world *world)
{
    const struct plan *plan = world->head.plan;
    struct net_batch *batch = net_batch_new();
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        net_batch_remove(batch, network->bridge);
        if (network->vni) {
            g_autofree char *tunnel = world_tunnel_name(network);
            net_batch_remove(batch, tunnel);
        }
    }
    /* taps and veths go with the namespaces when the engine ends */
    return batch;
}
