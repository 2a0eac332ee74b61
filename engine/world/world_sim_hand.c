/* world_sim_hand.c - what happens to simulated machines by the hand of a test. */
#include "world/world_sim.h"

void world_sim_crash(struct world *head, int machine)
{
    sim_set_state((struct sim_world *)head, machine, MACHINE_CRASHED, "crashed by the test");
}

void world_sim_shut_down(struct world *head, int machine)
{
    sim_set_state((struct sim_world *)head, machine, MACHINE_STOPPED, "the guest shut itself down");
}

void world_sim_survive(struct world *head, int machine, bool paused)
{
    struct sim_machine *m = &((struct sim_world *)head)->machines[machine];
    m->survived = true;
    m->was_paused = paused;
}

void world_sim_write(struct world *head, int machine, const char *path, const char *text)
{
    GHashTable *files = ((struct sim_world *)head)->machines[machine].files;
    GString *file = g_hash_table_lookup(files, path);
    if (file) {
        g_string_append(file, text);
    } else {
        g_hash_table_insert(files, g_strdup(path), g_string_new(text));
    }
}
