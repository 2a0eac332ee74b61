/* world_real.h - inside the real world: shared by its files only. */
#pragma once

#include "cell/cell.h"
#include "cell/fair.h"
#include "check/check.h"
#include "image/warm.h"
#include "net/net.h"
#include "plan/router.h"
#include "world/turns.h"
#include "world/world.h"

struct real_disk { /* of a machine with files of its own (world_real_disk.h) */
    char *overlay, *data, *seed, *nvram, *uuid;
    const char *code, *vars; /* the host's UEFI firmware */
    struct virt_disk disks[2];
    struct virt_hardware hardware;
    bool making; /* a thread makes the files */
    guint timer; /* of the next look whether it is ready, or 0 */
    guint epoch; /* answers to earlier looks count no more */
    gint64 started_us, looked_us;
};

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
    char *fell;     /* it ended while launching: why */
    guint wake_limit;
    enum turn turn;   /* to boot cold (world_real_boot.c) */
    guint boot_limit; /* source: it has had its turn for long enough, or 0 */
    /* progress of the set-up */
    guint next_file, next_setup, next_network;
    bool preparing, made_folders, probed;
    guint epoch;             /* counts abandoned lives: answers to an earlier one are void */
    guint hold;              /* source: its set-up waits for others that wake, or 0 */
    bool held;               /* it has waited long enough */
    bool frozen, lost;       /* when adopted: found suspended, found dead */
    bool restoring, resumed; /* it is being started from a checkpoint; its process runs */
    guint probe_retry;       /* source of the next try of the image's probe, or 0 */
    struct real_disk *disk;  /* NULL: none was started from */
};

struct real_capture {            /* of one network */
    struct net_capture *capture; /* the last one, or NULL */
    bool stopping;
    world_done_fn done;
    gpointer data;
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
    struct real_links *links;      /* world_real_impair.c, or NULL */
    bool is_up;                    /* up() has come to the machines */
    int making;                    /* threads that make disks */
    GPtrArray *refusals;           /* answers on their way (world_real_refuse.c) */
    struct real_machine *machines; /* per machine of the plan */
    struct real_gate *gates;       /* per gate of the plan; NULL when there are none */
    GPtrArray *router_works;       /* on their way to a router; NULL: none yet */
    GPtrArray *dns;                /* struct real_dns *; NULL before they are started */
    struct fair *fair;             /* shares of the processor */
    guint fair_timer;              /* source */
    guint awake;                   /* source: looks whose set-up can go on, or 0 */
    struct turns turns;            /* of machines that boot */
    guint turns_due;               /* source: looks who boots next, or 0 */
    struct real_daemon *daemon;    /* NULL: the embedded driver (world_real_daemon.h) */
    struct real_capture *captures; /* per network of the plan */
    char *peer, *peer_path;        /* the exercise that networks reach into, and its socket; NULL */
    struct real_stretch *stretch;  /* NULL: no network reaches farther than the cell */
};

/* Reports a state and remembers it. */
void real_machine_set_state(
        struct real_machine *machine, enum machine_state state, const char *reason);

/* Brings one machine from nothing to ready, at any time: also one that was stopped or crashed
 * before, whose process is gone. done: it was started (not: is ready); states follow by on_state.
 */
void real_machine_start(struct real_machine *machine, world_done_fn done, gpointer data);

/* Its process, cold or from warm; and the answer to who asked for its start. */
void real_machine_launch(struct real_machine *machine, const struct image_warm *warm);
void real_machine_answer_start(struct real_machine *machine, const GError *error);

/* What virt_start() needs; the caller frees cmdline and cards. */
void real_machine_describe(const struct real_machine *machine, struct virt_machine *ret,
        char **ret_cmdline, struct virt_card **ret_cards);

/* The answer to real_warm_get(); NULL with an error: there is no warm state. */
void real_machine_on_warm(
        struct real_machine *machine, const struct image_warm *warm, const GError *error);

/* The answer to real_disk_start(). */
void real_machine_on_disks(struct real_machine *machine, const GError *error);

/* It did not wake: an alarm says why, and it is booted cold. */
void real_machine_fall_back(struct real_machine *machine, const char *why);

/* What libvirt says of the machine's process and agent: reports states, and once the agent is
 * there, prepares. */
void real_machine_on_virt(
        struct real_machine *machine, enum machine_state state, const char *reason);

/* No set-up goes on from here: the machine is being stopped. */
void real_machine_abandon(struct real_machine *machine);

/* ---- world_real_boot.c --------------------------------------------------------------------- */

/* Launches it cold, now or when its turn has come. */
void real_boot(struct real_machine *machine);
/* It has booted, or never will, or is not to: the next may. Nothing happens inside the call. */
void real_boot_over(struct real_machine *machine);
void real_boot_free(struct real_world *world);

/* ---- world_real_measure.c ------------------------------------------------------------------ */

/* The machine has just become ready. */
void real_note_use(const struct real_machine *machine);

/* ---- world_real_fair.c --------------------------------------------------------------------- */

/* Teams share the processor equally from now on. */
void real_fair_begin(struct real_world *world);
void real_fair_end(struct real_world *world);
/* The machine's process is there. */
void real_fair_machine(const struct real_machine *machine);

/* ---- world_real_setup.c -------------------------------------------------------------------- */

/* The agent answers: identity, files, the image's probe, set-up commands, one after the other; then
 * READY, or CRASHED with the command that failed. */
void real_machine_prepare(struct real_machine *machine);
/* The same for a machine that wakes: it is told who it is before its agent has answered. */
void real_machine_tell(struct real_machine *machine);
void real_machine_ping(struct real_machine *machine);
/* One machine less that wakes, however that ended: what waited for it goes on. */
void real_machines_awake(struct real_world *world);
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
void real_restart(
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

/* ---- world_real_guest.c -------------------------------------------------------------------- */

#define REAL_GUEST_TIMEOUT_MS 60000

/* The next file to write or command to run for the machine's network; false when all is done. */
bool real_guest_next(struct real_machine *machine, world_done_fn written, virt_exec_fn set);

/* ---- world_real_router.c ------------------------------------------------------------------- */

/* A namespace for each router; -1 descriptors before. */
bool real_gates_spaces(struct real_world *world, GError **error);
int real_gate_space(const struct real_world *world, int gate); /* stays the world's */
/* Their feet on the networks. */
void real_gates_batch(const struct real_world *world, struct net_batch *batch);
/* Forwarding and rules in every router, then done. */
void real_gates_up(struct real_world *world, world_done_fn done, gpointer data);
void real_gates_free(struct real_world *world);
void real_rules(struct world *head, int gate, const GPtrArray *before, const GPtrArray *rules,
        world_done_fn done, gpointer data);
void real_counters(struct world *head, int gate, world_counters_fn done, gpointer data);

/* What a network wants of one of its ports: its VLANs, and isolation unless it is its gateway's,
 * the checker's or a router's (then nic is NULL). */
void real_net_port(struct net_batch *batch, const struct plan_network *network, const char *port,
        const struct plan_machine *machine, const struct plan_nic *nic);

/* ---- world_real_stretch.c ------------------------------------------------------------------ */

/* What tunnels stand on, and the way to the other exercise's engine; nothing without stretched
 * networks. */
bool real_stretch_begin(struct real_world *world, GError **error);
/* A tunnel on each of their bridges. */
void real_stretch_batch(const struct real_world *world, struct net_batch *batch);
void real_stretch_end(struct real_world *world); /* idempotent */

/* Whether that card of the machine reaches its network's gateway and the checker only. */
bool real_net_isolates(const struct real_machine *machine, const struct plan_card *card);

/* ---- world_real_dns.c ---------------------------------------------------------------------- */

/* The interface of a team's namespace on network; the caller's. */
char *real_net_inner(const struct plan_network *network);
/* Starts a dnsmasq for each team and router that needs one and keeps it running. */
bool real_dns_up(struct real_world *world, GError **error);
void real_dns_down(struct real_world *world); /* idempotent */
/* Each once more: the interfaces that they served were made anew. What fails raises an alarm. */
void real_dns_again(struct real_world *world);

/* Everything that the networks and cards need, and its removal: for net_submit(). */
struct net_batch *real_net_batch(const struct real_world *world);
struct net_batch *real_net_removal(const struct real_world *world);

/* ---- world_real_impair.c ------------------------------------------------------------------- */

void real_impair(struct world *head, int machine, int card, const struct plan_link_ask *ask,
        world_done_fn done, gpointer data);
void real_measure(struct world *head, int machine, int card, enum plan_direction direction,
        const struct plan_impairment *asked, world_measure_fn done, gpointer data);
/* Clears every link that was impaired, now; false with the first error. */
bool real_links_clear(struct real_world *world, GError **error);
void real_links_free(struct real_links *links); /* accepts NULL; answers what is under way */

/* ---- world_real_seeing.c: operations for real_ops -------------------------------------------- */

void real_links(struct world *head, world_links_fn done, gpointer data);
bool real_capture_start(
        struct world *head, int network, const struct world_capture *capture, GError **error);
void real_capture_stop(struct world *head, int network, world_done_fn done, gpointer data);
void real_capture_hold(struct world *head, int network, bool held);
bool real_capture_look(struct world *head, int network, struct net_capture_state *ret);
GPtrArray *real_capture_files(struct world *head, int network);
void real_captures_free(struct real_world *world);
void real_screenshot(struct world *head, int machine, world_read_fn done, gpointer data);
char *real_port(const struct world *head, int machine, enum world_port port);
/* ---- world_real_adopt.c -------------------------------------------------------------------- */

/* Is the machine, or one on the network, taken over from an engine that is gone? */
bool real_adopts(const struct real_world *world, const struct plan_machine *machine);
bool real_adopts_network(const struct real_world *world, guint network);

/* Removes what such an engine left and nobody adopts; nothing where no exercise is resumed. */
void real_adopt_clear(const struct real_world *world, struct net_batch *batch);

/* True, and the state is noted, when libvirt tells of a machine before up() has come to it. */
bool real_adopt_waits(
        struct real_machine *machine, enum machine_state state, struct real_world *world);

/* Starts, adopts or leaves the machine, as head.begin says. */
void real_machine_begin(struct real_machine *machine, world_done_fn done, gpointer data);

/* ---- world_real_probe.c -------------------------------------------------------------------- */

/* The world's operation probe. */
void real_control(struct world *head, int team, world_probe_fn done, gpointer data);
void real_probe(struct world *head, int team, const struct plan_probe *probe, world_probe_fn done,
        gpointer data);
