/* world.h - the interface to a range, real or simulated.
 *
 * world/ is where scope is enforced: every operation names a machine or network of the plan by its
 * index, addresses come from the plan, and nothing else can be a target. All operations return at
 * once; callbacks come in the context the world was made in, never from inside the call.
 */
#pragma once

#include "cell/cell.h"
#include "net/net_capture.h"
#include "net/net_impair.h"
#include "net/net_measure.h"
#include "plan/plan.h"
#include "virt/virt.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

struct world;

enum world_status { WORLD_OK, WORLD_DOWN, WORLD_MUMBLE, WORLD_FAULT };

struct world_exec_result {
    int status;
    const char *out, *err;        /* NUL-terminated; of each the first VIRT_OUTPUT_MAX bytes */
    bool out_cut, err_cut;        /* there was more */
    gsize out_length, err_length; /* a program may print NULs as well */
};

struct world_probe_result {
    enum world_status status;
    const char *detail;
    double value;
    gint64 took_us;
};

typedef void (*world_done_fn)(const GError *error, gpointer data);
typedef void (*world_state_fn)(
        int machine, enum machine_state state, const char *reason, gpointer data);
typedef void (*world_exec_fn)(
        const struct world_exec_result *result, const GError *error, gpointer data);
typedef void (*world_read_fn)(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data);
typedef void (*world_probe_fn)(const struct world_probe_result *result, gpointer data);
/* Something that no machine is, but a team needs, is in trouble; as alarm.raised. */
typedef void (*world_trouble_fn)(
        const char *alarm, int team, const char *subject, const char *text, gpointer data);

struct world_counter { /* of a router's rule, or of its policy */
    const char *rule;
    gint64 packets, bytes;
};
typedef void (*world_counters_fn)(
        const struct world_counter *counters, gsize n, const GError *error, gpointer data);

struct world_measurement { /* of one direction of a link */
    struct net_sample sample;
    struct net_queue queue; /* as it is now */
    guint64 other_bytes;    /* that passed in the meantime and were not the measurement's */
    gint64 took_us;
};
typedef void (*world_measure_fn)(
        const struct world_measurement *measured, const GError *error, gpointer data);

struct world_link {    /* one card's traffic since the network was made, as its machine sees it */
    int machine, card; /* indices into the plan's machines and the machine's cards */
    bool up;
    guint64 rx_bytes, tx_bytes, rx_packets, tx_packets;
};
typedef void (*world_links_fn)(
        const struct world_link *links, gsize count, const GError *error, gpointer data);

struct world_capture {  /* how a network is captured */
    const char *folder; /* is there */
    const char *comment;
    gint64 keep_us;
    guint64 bytes_max;
};

enum world_port { WORLD_SERIAL, WORLD_SERIAL_LOG, WORLD_VNC };

/* The files are whole, or after an error all machines go on as before. */
typedef void (*world_saved_fn)(gint64 stood_us, const GError *error, gpointer data);

struct world_save {
    const int *machines;
    gsize n;
    const char *folder;
    void (*cut)(gpointer data); /* checkpoint only; gets the call's data */
};

struct world_ops {
    void (*free)(struct world *world);
    /* Networks first, then all machines in parallel. done: all were started (not: are ready). */
    void (*up)(struct world *world, world_done_fn done, gpointer data);
    void (*down)(struct world *world, world_done_fn done, gpointer data);
    void (*pause)(struct world *world, bool paused, world_done_fn done, gpointer data);
    void (*exec)(struct world *world, int machine, const char *const *argv, int timeout_ms,
            world_exec_fn done, gpointer data);
    void (*write)(struct world *world, int machine, const char *path, const char *bytes,
            gsize length, world_done_fn done, gpointer data);
    void (*read)(struct world *world, int machine, const char *path, gint64 offset, gsize max,
            world_read_fn done, gpointer data);
    /* From the team-side namespace of team; WORLD_FAULT: the checker itself failed. */
    void (*probe)(struct world *world, int team, const struct plan_probe *probe,
            world_probe_fn done, gpointer data);
    /* Puts rules (struct plan_rule *, checked) in place of those in before on the router with index
     * gate: all of it or nothing. before NULL: of whatever there is, and the router begins anew:
     * counters at nothing, connections under way forgotten. */
    void (*rules)(struct world *world, int gate, const GPtrArray *before, const GPtrArray *rules,
            world_done_fn done, gpointer data);
    /* What the router's rules have met so far. */
    void (*counters)(struct world *world, int gate, world_counters_fn done, gpointer data);
    /* Makes a link (a card of a machine) exactly as asked and verifies it; nothing asked clears
     * it. Idempotent. */
    void (*impair)(struct world *world, int machine, int card, const struct plan_link_ask *ask,
            world_done_fn done, gpointer data);
    /* What one direction of a link really does, asked to do that. */
    void (*measure)(struct world *world, int machine, int card, enum plan_direction direction,
            const struct plan_impairment *asked, world_measure_fn done, gpointer data);
    /* n machines from whatever they are to ready, by the way of up. done: all were started. The
     * others are not touched; so with the next two. */
    void (*reset)(
            struct world *world, const int *machines, gsize n, world_done_fn done, gpointer data);
    /* The same, but disks keep what they hold: power off and on. */
    void (*restart)(
            struct world *world, const int *machines, gsize n, world_done_fn done, gpointer data);
    /* Saves n machines that are ready or paused, at one moment, into a folder that has nothing of
     * theirs yet; they go on. cut is called just before that moment. One at a time. */
    void (*checkpoint)(
            struct world *world, const struct world_save *save, world_saved_fn done, gpointer data);
    /* n machines as they were saved in folder, their clocks set. done: all run; READY follows. */
    void (*restore)(
            struct world *world, const struct world_save *save, world_done_fn done, gpointer data);
    /* How the machine came up last: "warm" (from its image's warm state) or "cold". */
    const char *(*way)(struct world *world, int machine);
    /* Adds what will exist outside the process beside world_resources(), or puts what will in its
     * place; NULL: nothing. */
    void (*resources)(struct world *world, GPtrArray *resources);
    /* Counters of every card of a machine. */
    void (*links)(struct world *world, world_links_fn done, gpointer data);
    /* One capture a network; it ends with capture_stop(), whose done comes when the last packet is
     * on its way to the disk, or in world_free(). look and files tell of the last one, and give
     * false and NULL when there was none. */
    bool (*capture_start)(
            struct world *world, int network, const struct world_capture *capture, GError **error);
    void (*capture_stop)(struct world *world, int network, world_done_fn done, gpointer data);
    void (*capture_hold)(struct world *world, int network, bool held);
    bool (*capture_look)(struct world *world, int network, struct net_capture_state *ret);
    GPtrArray *(*capture_files)(struct world *world, int network);
    /* PNG; the machine has a display and runs. */
    void (*screenshot)(struct world *world, int machine, world_read_fn done, gpointer data);
    /* The path of a unix socket (or of the log), the caller's; NULL where there is none. */
    char *(*port)(const struct world *world, int machine, enum world_port port);
    /* The control probe: can anything be seen from team's side at all? WORLD_OK: a target of the
     * engine's own answers the checker there, and the team's networks are up; WORLD_DOWN: a network
     * of the team is broken; WORLD_FAULT: the checker is. */
    void (*control)(struct world *world, int team, world_probe_fn done, gpointer data);
};

/* What up() does with a machine of an exercise that is resumed. */
enum world_begin {
    WORLD_FRESH, /* it is started from nothing */
    WORLD_ADOPT, /* it runs and had been ready: it is ready */
    WORLD_LEAVE, /* nothing */
};

/* text is for people; machine -1: it concerns none alone. */
typedef void (*world_alarm_fn)(int machine, const char *alarm, const char *text, gpointer data);

struct world { /* the head of every implementation */
    const struct world_ops *ops;
    const struct plan *plan;
    world_state_fn on_state; /* set by the owner before up */
    gpointer on_state_data;
    /* The rules of a router at up; NULL: the plan's. With on_trouble_data. */
    const GPtrArray *(*rules_at_up)(int gate, gpointer data);
    world_trouble_fn on_trouble; /* the same; may be NULL */
    gpointer on_trouble_data;
    world_alarm_fn on_alarm;       /* with on_state_data; may be NULL */
    const enum world_begin *begin; /* one a machine, the owner's; NULL: all are fresh */
    bool stay_paused;              /* up() leaves an adopted machine suspended if it is */
    bool leave;                    /* world_free() leaves the machines running */
};

enum world_boot {
    WORLD_BOOT_AUTO, /* from warm states; cold where that does not work */
    WORLD_BOOT_WARM, /* from warm states, or not at all */
    WORLD_BOOT_COLD,
};

struct world_real_options {
    const char *root; /* libvirt root: a short path */
    enum virt_accel accel;
    const struct virt_daemon *daemon; /* NULL: libvirt's embedded driver */
    enum world_boot boot;
    /* the exercise that stretched networks reach into, and its socket; NULL: we listen */
    const char *peer, *peer_path;
};

/* Does a network of the plan reach into another exercise? By a tap of this name in a namespace of this
 * name. */
bool world_is_stretched(const struct plan *plan);
#define WORLD_BELOW "below"
/* Below an exercise's root: where another exercise's engine connects. */
#define WORLD_PEER_SOCKET "peer"
/* The interface on the network's bridge that leads there; the caller's. */
char *world_tunnel_name(const struct plan_network *network);

/* Inside a cell (cell_enter). Checks images and capacity; starts nothing. */
struct world *world_real_new(
        const struct plan *plan, const struct world_real_options *options, GError **error);

/* Before world_real_new(), in the cell of an engine that is gone: kills what lives there but the
 * machines that are to be adopted and do run; begin says WORLD_FRESH of the others afterwards. How
 * many are adopted, -1 on error. */
int world_real_sweep(const struct plan *plan, const char *root, const struct cell_identity *cell,
        enum world_begin *begin, GError **error);

/* Machines in memory. Unknown commands succeed and print nothing; a test or a rehearsal scripts the
 * rest. */
struct world_sim_hooks {
    gpointer data;
    /* Fill out and err with g_strdup'ed text (may stay NULL); return the exit status, or -1 for a
     * command that does not end in time. */
    int (*exec)(gpointer data, int machine, const char *const *argv, char **out, char **err);
    enum world_status (*probe)(
            gpointer data, int team, const struct plan_probe *probe, char **detail, double *value);
    /* The control probe (world_ops.control); without it WORLD_OK. */
    enum world_status (*control)(gpointer data, int team, char **detail);
    /* Packets that the rule has met; without it none. */
    gint64 (*counter)(gpointer data, int gate, const char *rule);
};
struct world *world_sim_new(const struct plan *plan, const struct world_sim_hooks *hooks);
void world_sim_crash(struct world *head, int machine);
void world_sim_shut_down(struct world *head, int machine); /* from within */
/* A slow machine: while held, its answers wait (as they do while it is paused). */
void world_sim_hold(struct world *head, int machine, bool held);
/* The link's direction is so, whatever was asked; until the next impair. */
void world_sim_link(struct world *head, int machine, int card, enum plan_direction direction,
        const struct plan_impairment *is);
/* So many bytes of others pass in each measurement, on every link. */
void world_sim_traffic(struct world *head, guint64 bytes);
/* Links cannot be changed from here on, as on a kernel that lacks it. */
void world_sim_refuse_links(struct world *head, bool refuses);
/* Before up(): the machine runs already, perhaps suspended, as after an engine's death. */
void world_sim_survive(struct world *head, int machine, bool paused);
/* Appends to a file of a machine. */
void world_sim_write(struct world *head, int machine, const char *path, const char *text);
/* By how many the network's capture is held now (ops->capture_hold). */
int world_sim_held(struct world *head, int network);

/* Accepts NULL. Answers still on their way come now, most with SANDTABLE_ERROR_CANCELLED. */
void world_free(struct world *world);

/* What will exist outside the process for plan, in the order of making: the caller writes it to the
 * ledger before up() and again, when it is gone, after down(). */
struct world_resource {
    const char *type; /* space, bridge, veth, tap, process, domain, disk */
    char *name;
    int team; /* index, or -1 */
};
GPtrArray *world_resources(const struct plan *plan); /* owning */
void world_resource_add(GPtrArray *resources, const char *type, const char *name, int team);

/* Says in the JSON object of a command's end what of its output is missing: out_cut and err_cut, how
 * many bytes were kept; neither where all is there. */
void world_exec_add_cut(cJSON *to, const struct world_exec_result *result);

/* argv as it must be run on machine for work against team: inside the guest's namespace for that
 * team where the machine stands on several copies of a network. g_strfreev. */
char **world_argv(const struct plan *plan, int machine, int team, const char *const *argv);

/* STEM of the files FOLDER/STEM-0001.pcapng of a network's capture; the caller frees it. */
char *world_capture_stem(const struct plan_network *network);

/* error with the plan's name of a machine (blue1/web) where it has libvirt's (m1); NULL for NULL,
 * the caller's. */
GError *world_error(const struct plan *plan, int machine, const GError *error);

/* The lines of /etc/hosts for machine as team sees it (team -1: its own). The caller frees it. */
char *world_hosts(const struct plan *plan, int machine, int team);
