/* world_real_router.c - routers of the plan: a namespace each, their feet, rules and counters. */
#include "world/world_real.h"

#include "base/error.h"
#include "net/net_router.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <unistd.h>

struct real_gate {
    int space;
};

bool real_gates_spaces(struct real_world *world, GError **error)
{
    guint n = world->head.plan->gates->len;
    g_autofree int *fds = g_new(int, n + 1);
    bool ok = cell_spaces_new(fds, n, error);
    world->gates = g_new(struct real_gate, n + 1);
    for (guint i = 0; i < n; i++) {
        world->gates[i].space = fds[i];
    }
    return ok;
}

int real_gate_space(const struct real_world *world, int gate)
{
    return world->gates[gate].space;
}

/* Who asked is told now; the thread may end when it likes. */
static void cancel_works(struct real_world *world);

void real_gates_free(struct real_world *world)
{
    cancel_works(world);
    for (guint i = 0; world->gates && i < world->head.plan->gates->len; i++) {
        if (world->gates[i].space >= 0) {
            close(world->gates[i].space);
        }
    }
    g_clear_pointer(&world->gates, g_free);
}

/* machine NULL: the checker's, or a router's. */
static bool is_isolated(const struct plan_subnet *subnet, const struct plan_machine *machine)
{
    return subnet->isolate && machine && g_strcmp0(subnet->gateway, machine->host->name) != 0;
}

bool real_net_isolates(const struct real_machine *machine, const struct plan_card *card)
{
    const struct plan *plan = machine->world->head.plan;
    const struct plan_network *network = g_ptr_array_index(plan->networks, (guint)card->network);
    return is_isolated(network->subnet, machine->plan);
}

void real_net_port(struct net_batch *batch, const struct plan_network *network, const char *port,
        const struct plan_machine *machine, const struct plan_nic *nic)
{
    const struct plan_subnet *subnet = network->subnet;
    if (is_isolated(subnet, machine)) {
        net_batch_isolate(batch, port);
    }
    if (!subnet->vlan_aware) {
        return;
    }
    if (!nic || !nic->trunk) {
        net_batch_vlan(batch, port, nic && nic->vlan ? nic->vlan : subnet->vlan, false);
        return;
    }
    if (nic->vlan) { /* the VLAN of what the card sends untagged */
        net_batch_vlan(batch, port, nic->vlan, false);
    }
    for (guint i = 0; i < nic->trunk->len; i++) {
        net_batch_vlan(batch, port, g_array_index(nic->trunk, int, i), true);
    }
}

void real_gates_batch(const struct real_world *world, struct net_batch *batch)
{
    const struct plan *plan = world->head.plan;
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = g_ptr_array_index(plan->gates, i);
        for (guint k = 0; k < gate->cards->len; k++) {
            const struct plan_gate_card *card = g_ptr_array_index(gate->cards, k);
            const struct plan_network *network =
                    g_ptr_array_index(plan->networks, (guint)card->network);
            net_batch_veth(batch, card->outer, card->inner, network->bridge, world->gates[i].space,
                    card->address, network->subnet->prefix);
            if (plan_has6(&card->address6)) {
                net_batch_veth_address6(batch, &card->address6, 64, true);
            }
            real_net_port(batch, network, card->outer, NULL, NULL);
        }
        for (guint k = 0; k < gate->maps->len; k++) {
            const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, k);
            net_batch_local(batch, world->gates[i].space, map->to, map->prefix);
        }
    }
}

/* ---- work that waits for the kernel, in a thread ------------------------------------------- */

struct work {
    struct real_world *world; /* NULL once it is gone */
    GArray *spaces;   /* int: a copy of each descriptor, so that an ending world cannot take it */
    GPtrArray *texts; /* char *: for each of them */
    bool first;       /* the router is new: make it forward */
    bool forget;      /* its connections */
    bool counters;
    int broken; /* errno: a router's space cannot be had */
    world_done_fn done;
    world_counters_fn counters_done;
    gpointer data;
};

static void close_space(gpointer space)
{
    if (*(int *)space >= 0) {
        close(*(int *)space);
    }
}

static struct work *work_new(struct real_world *world, gpointer data)
{
    struct work *work = g_new0(struct work, 1);
    work->spaces = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_clear_func(work->spaces, close_space);
    work->texts = g_ptr_array_new_with_free_func(g_free);
    work->world = world;
    work->data = data;
    world->router_works = world->router_works ? world->router_works : g_ptr_array_new();
    g_ptr_array_add(world->router_works, work);
    return work;
}

static void work_add(struct work *work, int space, char *text)
{
    int copy = fcntl(space, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        work->broken = errno;
    }
    g_array_append_val(work->spaces, copy);
    g_ptr_array_add(work->texts, text);
}

static void work_free(gpointer data)
{
    struct work *work = data;
    g_array_unref(work->spaces);
    g_ptr_array_unref(work->texts);
    g_free(work);
}

static void counters_free(gpointer counters)
{
    g_array_unref(counters);
}

static void run_work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    (void)source;
    (void)cancellable;
    struct work *work = data;
    GError *error = NULL;
    if (work->broken) {
        g_task_return_new_error(task, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "a router cannot be reached: %s", g_strerror(work->broken));
        return;
    }
    if (work->counters) {
        GArray *counters = net_nft_counters(g_array_index(work->spaces, int, 0), &error);
        if (counters) {
            g_task_return_pointer(task, counters, counters_free);
            return;
        }
    }
    for (guint i = 0; !error && !work->counters && i < work->spaces->len; i++) {
        int space = g_array_index(work->spaces, int, i);
        if (!work->first || net_forward(space, &error)) {
            (void)(net_nft_run(space, work->texts->pdata[i], &error) &&
                    (!work->forget || net_connections_forget(space, &error)));
        }
    }
    if (error) {
        g_task_return_error(task, error);
    } else {
        g_task_return_pointer(task, NULL, NULL);
    }
}

static void on_work(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    struct work *work = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) counters = g_task_propagate_pointer(G_TASK(result), &error);
    if (!work->world) {
        return;
    }
    g_ptr_array_remove(work->world->router_works, work);
    if (!work->counters) {
        work->done(error, work->data);
        return;
    }
    guint n = counters ? counters->len : 0;
    g_autofree struct world_counter *out = g_new(struct world_counter, n + 1);
    for (guint i = 0; i < n; i++) {
        const struct net_rule_counter *one = &g_array_index(counters, struct net_rule_counter, i);
        out[i] = (struct world_counter){
                .rule = one->name, .packets = (gint64)one->packets, .bytes = (gint64)one->bytes};
    }
    work->counters_done(out, n, error, work->data);
}

static void cancel_works(struct real_world *world)
{
    g_autoptr(GPtrArray) works = g_steal_pointer(&world->router_works);
    g_autoptr(GError) error = g_error_new_literal(
            SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "cancelled, the exercise ends");
    for (guint i = 0; works && i < works->len; i++) {
        struct work *work = g_ptr_array_index(works, i);
        work->world = NULL;
        if (work->counters) {
            work->counters_done(NULL, 0, error, work->data);
        } else {
            work->done(error, work->data);
        }
    }
}

static void work_start(struct work *work)
{
    GTask *task = g_task_new(NULL, NULL, on_work, work);
    g_task_set_task_data(task, work, work_free);
    g_task_run_in_thread(task, run_work);
    g_object_unref(task);
}

void real_gates_up(struct real_world *world, world_done_fn done, gpointer data)
{
    const struct plan *plan = world->head.plan;
    struct work *work = work_new(world, data);
    work->first = true;
    work->done = done;
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = g_ptr_array_index(plan->gates, i);
        const struct world *head = &world->head;
        work_add(work, world->gates[i].space,
                net_router_ruleset(plan, gate,
                        head->rules_at_up ? head->rules_at_up((int)i, head->on_trouble_data)
                                          : gate->router->rules));
    }
    work_start(work);
}

void real_rules(struct world *head, int gate, const GPtrArray *before, const GPtrArray *rules,
        world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct work *work = work_new(world, data);
    work->done = done;
    work->forget = !before;
    const struct plan_gate *plan = g_ptr_array_index(head->plan->gates, (guint)gate);
    work_add(work, world->gates[gate].space,
            before ? net_router_change(head->plan, plan, before, rules)
                   : net_router_ruleset(head->plan, plan, rules));
    work_start(work);
}

void real_counters(struct world *head, int gate, world_counters_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct work *work = work_new(world, data);
    work->counters = true;
    work->counters_done = done;
    work_add(work, world->gates[gate].space, NULL);
    work_start(work);
}
