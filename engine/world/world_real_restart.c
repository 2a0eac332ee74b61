/* world_real_restart.c - a machine's power switch: off, and on again with the disks it has. */
#include "world/world_real_disk.h"

#include "base/error.h"

struct real_restart {
    world_done_fn done;
    gpointer data;
    bool stopped; /* libvirt has answered */
    guint source; /* of the start, in the loop's next turn */
};

static void finish(struct real_machine *machine, const GError *error)
{
    g_autofree struct real_restart *restart = g_steal_pointer(&machine->restart);
    g_clear_handle_id(&restart->source, g_source_remove);
    restart->done(error, restart->data);
}

static gboolean start_again(gpointer data)
{
    struct real_machine *machine = data;
    g_autofree struct real_restart *restart = g_steal_pointer(&machine->restart);
    real_machine_start(machine, restart->done, restart->data);
    return G_SOURCE_REMOVE;
}

/* Both have to be there: the answer, and the event that its process is gone; either comes first. */
static void start_if_gone(struct real_machine *machine)
{
    bool gone = machine->state == MACHINE_STOPPED || machine->state == MACHINE_CRASHED;
    struct real_restart *restart = machine->restart;
    if (restart && restart->stopped && gone && !restart->source) {
        restart->source = g_idle_add(start_again, machine);
    }
}

static void on_stopped(const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->restart) {
        return;
    }
    if (error) {
        finish(machine, error);
        return;
    }
    machine->restart->stopped = true;
    start_if_gone(machine);
}

void real_restart_note(struct real_machine *machine)
{
    start_if_gone(machine);
}

void real_restart_abandon(struct real_machine *machine)
{
    if (machine->restart) {
        g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
                "machine %s: cancelled, the exercise ends", machine->plan->id);
        finish(machine, error);
    }
}

void real_restart(struct world *head, int index, world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct real_machine *machine = &world->machines[index];
    g_assert(!machine->restart);
    machine->restart = g_new0(struct real_restart, 1);
    machine->restart->done = done;
    machine->restart->data = data;
    virt_stop(world->virt, machine->plan->domain, on_stopped, machine);
}
