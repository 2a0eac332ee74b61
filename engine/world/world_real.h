/* world_real.h - inside the real world: shared by its files only. */
#pragma once

#include "cell/cell.h"
#include "cell/fair.h"
#include "check/check.h"
#include "image/image.h"
#include "net/net.h"
#include "world/world.h"

struct real_machine {
    struct real_world *world;
    int index;
    const struct plan_machine *plan;
    const struct image *image;
    enum machine_state state, before_pause;
    guint next_file, next_setup; /* progress of the set-up */
    guint next_space;
    bool preparing, made_folders, probed;
    bool restoring, resumed; /* it is being started from a checkpoint; its process runs */
    guint probe_retry;       /* source of the next try of the image's probe, or 0 */
};

struct real_world {
    struct world head;
    char *root;
    enum virt_accel accel;
    GHashTable *images; /* name → struct image */
    struct net *net;
    struct virt *virt;
    struct checker *checker;
    int *spaces;                   /* per team, -1 where there is none */
    bool going_down;               /* nothing is started any more */
    struct real_machine *machines; /* per machine of the plan */
    struct fair *fair;             /* shares of the processor */
    guint fair_timer;              /* source */
    struct real_daemon *daemon;    /* NULL: the embedded driver (world_real_daemon.h) */
};

/* Reports a state and remembers it. */
void real_machine_set_state(
        struct real_machine *machine, enum machine_state state, const char *reason);

/* Brings one machine from nothing to ready, at any time: also one that was stopped or crashed
 * before, whose process is gone. done: it was started (not: is ready); states follow by on_state.
 */
void real_machine_start(struct real_machine *machine, world_done_fn done, gpointer data);

/* What virt_start() needs; the caller frees cmdline and cards. */
void real_machine_describe(const struct real_machine *machine, struct virt_machine *ret,
        char **ret_cmdline, struct virt_card **ret_cards);

/* What libvirt says of the machine's process and agent: reports states, and once the agent is
 * there: names, files, set-up commands, one after the other; then READY, or CRASHED with the
 * command that failed. */
void real_machine_on_virt(
        struct real_machine *machine, enum machine_state state, const char *reason);

/* No set-up goes on from here: the machine is being stopped. */
void real_machine_abandon(struct real_machine *machine);

/* ---- world_real_measure.c ------------------------------------------------------------------ */

/* The machine has just become ready. */
void real_measure(const struct real_machine *machine);

/* ---- world_real_fair.c --------------------------------------------------------------------- */

/* Teams share the processor equally from now on. */
void real_fair_begin(struct real_world *world);
void real_fair_end(struct real_world *world);
/* The machine's process is there. */
void real_fair_machine(const struct real_machine *machine);

/* ---- world_real.c -------------------------------------------------------------------------- */

/* One operation on several machines; done is called when the last answer is there. For each
 * question asked: fan_out_add(), and fan_in() as its callback; fan_out_asked() after the last. */
struct fan_out *fan_out_new(struct real_world *world, world_done_fn done, gpointer data);
void fan_out_add(struct fan_out *all);
void fan_in(const GError *error, gpointer data);
void fan_out_asked(struct fan_out *all);

/* ---- world_real_checkpoint.c --------------------------------------------------------------- */

void real_reset(
        struct world *head, const int *machines, gsize n, world_done_fn done, gpointer data);
void real_checkpoint(
        struct world *head, const struct world_save *save, world_saved_fn done, gpointer data);
void real_restore(
        struct world *head, const struct world_save *save, world_done_fn done, gpointer data);

/* The agent of a machine that is being restored is there: READY once its clock is set. */
void real_machine_restored(struct real_machine *machine);

/* ---- world_real_net.c ---------------------------------------------------------------------- */

/* A network namespace for each team that has networks. */
bool real_net_spaces(struct real_world *world, GError **error);

/* Everything that the networks and cards need, and its removal: for net_submit(). */
struct net_batch *real_net_batch(const struct real_world *world);
struct net_batch *real_net_removal(const struct real_world *world);
