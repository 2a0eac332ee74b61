/* world_real_boot.c - machines that boot cold take turns.
 *
 * A boot is work for a processor, under emulation for several seconds, and guests that boot side by
 * side drive each other's code out of its caches: sixteen Debian guests on two processors took 23 s
 * two or four at a time, and 35 s all at once.
 */
#include "base/error.h"
#include "world/world_real.h"

#define TURNS_PER_PROCESSOR 2
#define TURN_LIMIT_S 30 /* then the next may begin: one without an agent never says that it is up */

static bool has_room(const struct real_world *world)
{
    return world->booting < TURNS_PER_PROCESSOR * (int)g_get_num_processors();
}

static void settle(struct real_machine *machine);

static gboolean on_turns(gpointer data)
{
    struct real_world *world = data;
    world->turns = 0;
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        settle(&world->machines[i]);
    }
    return G_SOURCE_REMOVE;
}

static void look_again(struct real_world *world)
{
    if (!world->turns) {
        world->turns = g_idle_add(on_turns, world);
    }
}

static gboolean on_limit(gpointer data)
{
    struct real_machine *machine = data;
    machine->boot_limit = 0;
    real_boot_over(machine);
    return G_SOURCE_REMOVE;
}

static void begin(struct real_machine *machine)
{
    machine->turn = REAL_TURN_TAKEN;
    machine->boot_limit = g_timeout_add_seconds(TURN_LIMIT_S, on_limit, machine);
    machine->world->booting++;
    real_machine_launch(machine, NULL);
}

static void settle(struct real_machine *machine)
{
    if (machine->turn == REAL_TURN_LOST) {
        g_autoptr(GError) over = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
                "%s: stopped before its turn to boot", machine->plan->id);
        machine->turn = REAL_TURN_NONE;
        real_machine_answer_start(machine, over);
    } else if (machine->turn == REAL_TURN_WAITS && has_room(machine->world)) {
        begin(machine);
    }
}

void real_boot(struct real_machine *machine)
{
    if (has_room(machine->world)) {
        begin(machine);
        return;
    }
    machine->turn = REAL_TURN_WAITS;
    real_machine_set_state(machine, MACHINE_STARTING, "waits for its turn to boot");
}

void real_boot_over(struct real_machine *machine)
{
    if (machine->turn == REAL_TURN_TAKEN) {
        g_clear_handle_id(&machine->boot_limit, g_source_remove);
        machine->turn = REAL_TURN_NONE;
        machine->world->booting--;
        look_again(machine->world);
    } else if (machine->turn == REAL_TURN_WAITS) {
        machine->turn = REAL_TURN_LOST;
        look_again(machine->world);
    }
}

void real_boot_free(struct real_world *world)
{
    g_clear_handle_id(&world->turns, g_source_remove);
}
