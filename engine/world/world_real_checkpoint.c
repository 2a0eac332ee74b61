/* world_real_checkpoint.c - real machines reset, saved at one moment, and put back. */
#include "base/error.h"
#include "world/world_real.h"

#define CLOCK_TIMEOUT_MS 20000

struct again { /* one machine on its way from its end to its new start */
    struct real_machine *machine;
    struct fan_out *all;
    char *folder; /* of the checkpoint; NULL: a reset */
};

static void on_resumed(const GError *error, gpointer data)
{
    g_autofree struct again *again = data;
    struct real_machine *machine = again->machine;
    if (!error && machine->restoring) {
        machine->resumed = true;
        if (machine->state == MACHINE_BOOTED) { /* its agent was faster */
            real_machine_restored(machine);
        }
    }
    fan_in(error, again->all);
    g_free(again->folder);
}

static void on_stopped(const GError *error, gpointer data)
{
    struct again *again = data;
    struct real_machine *machine = again->machine;
    if (error || machine->world->going_down) {
        fan_in(error, again->all);
    } else if (!again->folder) {
        real_machine_start(machine, fan_in, again->all);
    } else {
        real_machine_abandon(machine);
        machine->restoring = true;
        machine->resumed = machine->woken = false;
        real_machine_set_state(machine, MACHINE_STARTING, "from a checkpoint");
        virt_restore(machine->world->virt, machine->plan->domain, again->folder, on_resumed, again);
        return;
    }
    g_free(again->folder);
    g_free(again);
}

static void start_again(struct fan_out *all, struct real_machine *machine, const char *folder)
{
    struct again *again = g_new(struct again, 1);
    *again = (struct again){.machine = machine, .all = all, .folder = g_strdup(folder)};
    real_machine_abandon(machine);
    fan_out_add(all);
    virt_stop(machine->world->virt, machine->plan->domain, on_stopped, again);
}

void real_reset(struct world *head, const int *machines, gsize n, world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct fan_out *all = fan_out_new(world, done, data);
    for (gsize i = 0; i < n; i++) {
        start_again(all, &world->machines[machines[i]], NULL);
    }
    fan_out_asked(all);
}

void real_restore(
        struct world *head, const struct world_save *save, world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct fan_out *all = fan_out_new(world, done, data);
    for (gsize i = 0; i < save->n; i++) {
        start_again(all, &world->machines[save->machines[i]], save->folder);
    }
    fan_out_asked(all);
}

/* A machine whose clock cannot be set is as usable as one that was never connected to the world. */
static void on_clock_set(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    (void)result;
    if (!machine->restoring) {
        return;
    }
    if (error) {
        g_debug("%s: %s", machine->plan->id, error->message);
    }
    machine->restoring = false;
    real_machine_set_state(machine, MACHINE_READY, "restored");
}

void real_machine_restored(struct real_machine *machine)
{
    if (!machine->resumed) {
        return; /* on_resumed() comes back here */
    }
    gint64 now_us = g_get_real_time();
    g_autofree char *when = g_strdup_printf(
            "@%" G_GINT64_FORMAT ".%06d", now_us / G_USEC_PER_SEC, (int)(now_us % G_USEC_PER_SEC));
    const char *const argv[] = {"date", "-s", when, NULL};
    virt_exec(machine->world->virt, machine->plan->domain, argv, CLOCK_TIMEOUT_MS, on_clock_set,
            machine);
}

void real_checkpoint(
        struct world *head, const struct world_save *save, world_saved_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    g_autofree const char **domains = g_new0(const char *, save->n + 1);
    for (gsize i = 0; i < save->n; i++) {
        domains[i] = world->machines[save->machines[i]].plan->domain;
    }
    virt_checkpoint(world->virt, domains, save->folder, save->cut, done, data);
}
