/* world.c - what real and simulated ranges share: resources, names, scope. */
#include "world/world.h"

#include "net/net_dns.h"
#include "plan/router.h"

#include <string.h>

void world_free(struct world *world)
{
    if (world) {
        world->ops->free(world);
    }
}

static void resource_free(gpointer data)
{
    struct world_resource *resource = data;
    g_free(resource->name);
    g_free(resource);
}

void world_resource_add(GPtrArray *resources, const char *type, const char *name, int team)
{
    struct world_resource *resource = g_new(struct world_resource, 1);
    *resource = (struct world_resource){.type = type, .name = g_strdup(name), .team = team};
    g_ptr_array_add(resources, resource);
}

bool world_is_stretched(const struct plan *plan)
{
    for (guint i = 0; i < plan->networks->len; i++) {
        if (((const struct plan_network *)plan->networks->pdata[i])->vni) {
            return true;
        }
    }
    return false;
}

static void add_gate_links(GPtrArray *resources, const struct plan *plan)
{
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = g_ptr_array_index(plan->gates, i);
        world_resource_add(resources, "space", gate->id, gate->team);
        for (guint k = 0; k < gate->cards->len; k++) {
            const struct plan_gate_card *card = g_ptr_array_index(gate->cards, k);
            world_resource_add(resources, "veth", card->outer, gate->team);
        }
    }
}

GPtrArray *world_resources(const struct plan *plan)
{
    GPtrArray *resources = g_ptr_array_new_with_free_func(resource_free);
    g_autofree bool *has_space = g_new0(bool, plan->teams->len + 1);
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        const struct plan_team *team = g_ptr_array_index(plan->teams, (guint)network->team);
        if (!has_space[network->team]) {
            has_space[network->team] = true;
            world_resource_add(resources, "space", team->id, network->team);
        }
        world_resource_add(resources, "bridge", network->bridge, network->team);
        world_resource_add(resources, "veth", network->id, network->team);
        if (network->vni) {
            g_autofree char *tunnel = world_tunnel_name(network);
            world_resource_add(resources, "tunnel", tunnel, network->team);
        }
    }
    if (world_is_stretched(plan)) {
        world_resource_add(resources, "space", WORLD_BELOW, -1);
        world_resource_add(resources, "tap", WORLD_BELOW, -1);
    }
    add_gate_links(resources, plan);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        for (guint k = 0; k < machine->cards->len; k++) {
            const struct plan_card *card = g_ptr_array_index(machine->cards, k);
            world_resource_add(resources, "tap", card->tap, machine->team);
        }
    }
    for (guint i = 0; i < plan->teams->len; i++) {
        const struct plan_team *team = g_ptr_array_index(plan->teams, i);
        if (net_dns_wanted(plan, (int)i)) {
            g_autofree char *name = g_strdup_printf("dnsmasq/%s", team->id);
            world_resource_add(resources, "process", name, (int)i);
        }
    }
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = g_ptr_array_index(plan->gates, i);
        if (net_ra_wanted(plan, gate)) {
            g_autofree char *name = g_strdup_printf("dnsmasq/%s", gate->id);
            world_resource_add(resources, "process", name, gate->team);
        }
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        if (machine->host->hardware.imported || machine->host->hardware.disk_mib) {
            world_resource_add(resources, "disk", machine->domain, machine->team);
        }
        world_resource_add(resources, "domain", machine->domain, machine->team);
    }
    return resources;
}

char *world_tunnel_name(const struct plan_network *network)
{
    return g_strdup_printf("%s-x", network->bridge);
}

char *world_capture_stem(const struct plan_network *network)
{
    char *stem = g_strdup(network->id);
    g_strdelimit(stem, "/", '-');
    return stem;
}

GError *world_error(const struct plan *plan, int machine, const GError *error)
{
    if (!error) {
        return NULL;
    }
    const struct plan_machine *known = g_ptr_array_index(plan->machines, (guint)machine);
    g_autofree char *theirs = g_strdup_printf("machine %s: ", known->domain);
    if (!g_str_has_prefix(error->message, theirs)) {
        return g_error_copy(error);
    }
    return g_error_new(error->domain, error->code, "machine %s: %s", known->id,
            error->message + strlen(theirs));
}

void world_exec_add_cut(cJSON *to, const struct world_exec_result *result)
{
    if (result->out_cut) {
        cJSON_AddNumberToObject(to, "out_cut", (double)VIRT_OUTPUT_MAX);
    }
    if (result->err_cut) {
        cJSON_AddNumberToObject(to, "err_cut", (double)VIRT_OUTPUT_MAX);
    }
}

char **world_argv(const struct plan *plan, int machine, int team, const char *const *argv)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const char *space = team >= 0 ? plan_space_for(plan, machine, team) : NULL;
    if (space) {
        const char *const prefix[] = {"ip", "netns", "exec", space, NULL};
        g_strv_builder_addv(builder, (const char **)prefix);
    }
    g_strv_builder_addv(builder, (const char **)argv);
    return g_strv_builder_end(builder);
}

char *world_hosts(const struct plan *plan, int machine, int team)
{
    const struct plan_machine *self = g_ptr_array_index(plan->machines, (guint)machine);
    GString *hosts = g_string_new("127.0.0.1 localhost\n");
    g_string_append_printf(hosts, "127.0.1.1 %s\n", self->host->name);
    int viewer = team >= 0 ? team : self->team;
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *other = g_ptr_array_index(plan->machines, i);
        if ((int)i == machine || plan_machine_for(plan, other->host->name, viewer) != (int)i) {
            continue;
        }
        guint32 address = plan_address_for(plan, machine, (int)i, viewer);
        if (address) {
            g_autofree char *text = plan_address_text(address);
            g_string_append_printf(hosts, "%s %s\n", text, other->host->name);
        }
    }
    return g_string_free(hosts, FALSE);
}
