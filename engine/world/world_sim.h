/* world_sim.h - inside the simulated world: shared by its files only. */
#pragma once

#include "world/world.h"

struct sim_machine {
    enum machine_state state;
    bool held;                 /* answers wait */
    bool survived, was_paused; /* runs before up(): world_sim_survive() */
    GHashTable *files;         /* path → GString */
};

struct sim_world {
    struct world head;
    struct world_sim_hooks hooks;
    struct sim_machine *machines;
    GPtrArray *answers; /* struct answer *: on their way */
    guint boot;         /* GSource id */
    struct sim_seeing *seeing;
};

void sim_set_state(
        struct sim_world *world, int machine, enum machine_state state, const char *reason);
/* What is STARTING boots in the next turn. */
void sim_boot(struct sim_world *world);
/* Answers in the next turn; error is consumed and may be NULL. */
void sim_done(struct world *head, GError *error, world_done_fn done, gpointer data);
void sim_saved(
        struct world *head, const struct world_save *save, world_saved_fn saved, gpointer data);

/* ---- world_sim_checkpoint.c ---------------------------------------------------------------- */

/* A machine's files before it first boots. */
GHashTable *sim_first_files(const struct plan_machine *machine);

/* At the moment of the checkpoint. */
void sim_save_now(struct sim_world *world, const struct world_save *save, GError **error);
void sim_reset(struct world *head, const int *machines, gsize n, world_done_fn done, gpointer data);
void sim_restore(
        struct world *head, const struct world_save *save, world_done_fn done, gpointer data);
