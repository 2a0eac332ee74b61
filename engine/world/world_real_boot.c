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

static void settle(struct real_machine *machine);

static gboolean on_turns(gpointer data)
{
    struct real_world *world = data;
    world->turns_due = 0;
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        settle(&world->machines[i]);
    }
    return G_SOURCE_REMOVE;
}

static void look_again(struct real_world *world)
{
    if (!world->turns_due) {
        world->turns_due = g_idle_add(on_turns, world);
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
    g_clear_handle_id(&machine->boot_limit, g_source_remove);
    machine->boot_limit = g_timeout_add_seconds(TURN_LIMIT_S, on_limit, machine);
    real_machine_launch(machine, NULL);
}

static void settle(struct real_machine *machine)
{
    enum turn_next next = turn_settle(&machine->world->turns, &machine->turn);
    if (next == TURN_TELL) {
        g_autoptr(GError) over = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
                "%s: stopped before its turn to boot", machine->plan->id);
        real_machine_answer_start(machine, over);
    } else if (next == TURN_BEGINS) {
        begin(machine);
    }
}

void real_boot(struct real_machine *machine)
{
    struct turns *turns = &machine->world->turns;
    turns->room = TURNS_PER_PROCESSOR * (int)g_get_num_processors();
    if (turn_ask(turns, &machine->turn)) {
        begin(machine);
        return;
    }
    real_machine_set_state(machine, MACHINE_STARTING, "waits for its turn to boot");
}

void real_boot_over(struct real_machine *machine)
{
    if (turn_over(&machine->world->turns, &machine->turn)) {
        g_clear_handle_id(&machine->boot_limit, g_source_remove);
        look_again(machine->world);
    }
}

void real_boot_free(struct real_world *world)
{
    g_clear_handle_id(&world->turns_due, g_source_remove);
}
