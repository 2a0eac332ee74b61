/* world_real.h - inside the real world: shared by its files only. */
#pragma once

#include "cell/cell.h"
#include "check/check.h"
#include "image/warm.h"
#include "net/net.h"
#include "world/world.h"

struct real_machine {
    struct real_world *world;
    int index;
    const struct plan_machine *plan;
    const struct image *image;
    enum machine_state state, before_pause;
    /* its way to being itself */
    world_done_fn started; /* who asked for its start, until that was answered */
    gpointer started_data;
    bool woken;     /* it came from a warm state */
    bool launching; /* libvirt is at it */
    bool falling;   /* it did not wake, and is being stopped for a cold boot */
    bool is_itself; /* it has its identity */
    bool answers;   /* its agent does */
    char *lost;     /* ended while launching: why */
    guint wake_limit;
    /* progress of the set-up */
    guint next_file, next_setup;
    bool preparing, made_folders, probed;
    guint probe_retry; /* source of the next try of the image's probe, or 0 */
};

struct real_world {
    struct world head;
    char *root;
    enum virt_accel accel;
    enum world_boot boot;
    GPtrArray *warm;    /* struct real_warm *, one for each shape of machine (real_warm.h) */
    GHashTable *images; /* name → struct image */
    struct net *net;
    struct virt *virt;
    struct checker *checker;
    int *spaces;                   /* per team, -1 where there is none */
    bool going_down;               /* nothing is started any more */
    struct real_machine *machines; /* per machine of the plan */
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

/* The answer to real_warm_get(); NULL with an error: there is no warm state. */
void real_machine_on_warm(
        struct real_machine *machine, const struct image_warm *warm, const GError *error);

/* It did not wake: an alarm says why, and it is booted cold. */
void real_machine_fall_back(struct real_machine *machine, const char *why);

/* What libvirt says of the machine's process and agent: reports states, and once the agent is
 * there, prepares. */
void real_machine_on_virt(
        struct real_machine *machine, enum machine_state state, const char *reason);

/* No set-up goes on from here: the machine is being stopped. */
void real_machine_abandon(struct real_machine *machine);

/* ---- world_real_setup.c -------------------------------------------------------------------- */

/* The agent answers: identity, files, the image's probe, set-up commands, one after the other; then
 * READY, or CRASHED with the command that failed. */
void real_machine_prepare(struct real_machine *machine);
/* The same for a machine that wakes: it is told who it is before its agent has answered. */
void real_machine_tell(struct real_machine *machine);
void real_machine_ping(struct real_machine *machine);

/* ---- world_real_net.c ---------------------------------------------------------------------- */

/* A network namespace for each team that has networks. */
bool real_net_spaces(struct real_world *world, GError **error);

/* Everything that the networks and cards need, and its removal: for net_submit(). */
struct net_batch *real_net_batch(const struct real_world *world);
struct net_batch *real_net_removal(const struct real_world *world);
