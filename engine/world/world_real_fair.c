/* world_real_fair.c - the machines' processes are told to the scheduler, team by team. */
#include "world/world_real.h"

#define TICK_S 1

static gboolean tick(gpointer data)
{
    struct real_world *world = data;
    fair_tick(world->fair);
    return G_SOURCE_CONTINUE;
}

void real_fair_begin(struct real_world *world)
{
    world->fair = fair_new((int)world->head.plan->teams->len);
    world->fair_timer = g_timeout_add_seconds(TICK_S, tick, world);
}

void real_fair_end(struct real_world *world)
{
    g_clear_handle_id(&world->fair_timer, g_source_remove);
    g_clear_pointer(&world->fair, fair_free);
}

void real_fair_machine(const struct real_machine *machine)
{
    const struct real_world *world = machine->world;
    if (world->fair) {
        fair_add(world->fair, machine->plan->team, virt_pid(world->virt, machine->plan->domain));
    }
}
