/* virt_private.h - what the files of virt/ share: the connection, its machines, jobs in threads.
 *
 * Only the context's thread touches machines and the set of jobs. A job's work runs in a pool's
 * thread and sees only the job; its result comes back through one queue, as do libvirt's events,
 * so the order of things is kept.
 */
#pragma once

#include "virt/agent_bound.h"
#include "virt/virt.h"

#include <libvirt/libvirt.h>

#define VIRT_AGENT_CHANNEL "org.qemu.guest_agent.0"
#define VIRT_IDENTITY_CHANNEL "org.sandtable.identity"
#define VIRT_OWN_MEMORY                                                                            \
    "memory-backend=ram0" /* in the domain of a machine with virt_memory_bytes() */
#define VIRT_ROOT_MAX 64  /* bytes: libvirt's sockets below it must fit into 107 */

struct vm {
    char *domain;
    enum machine_state state;
    enum machine_state before_pause;
    bool agent;      /* its channel is connected */
    bool stopping;   /* by our own hand */
    bool shut_down;  /* at last from within, and in order */
    guint stops_due; /* events of ends that are known already */
    bool said;       /* has written to its serial port */
    bool spare;      /* no disk that is written to: its process may be killed at any moment */
    /* the agent takes one command at a time */
    struct virt_job *talking; /* the job that does so now */
    GQueue waiting;           /* of struct virt_job */
    struct virt_job *pausing; /* pauses once the agent is silent, or after a short while */
    GSource *pause_timer;
    gint64 frozen_at;       /* monotonic, us; 0: it runs */
    gint64 frozen_us;       /* how long it has been paused in all */
    bool held;              /* a checkpoint is near: no new command for the agent */
    gint64 own_stops_until; /* monotonic, us: stops before are a checkpoint's, nobody's pause */
    guint generation;       /* counts starts: what was asked of an earlier run is void */
    enum agent_bound bound; /* what its programs' output is bounded by, as far as is known */
};

enum virt_pool { VIRT_POOL_START, VIRT_POOL_CONTROL, VIRT_POOL_AGENT, VIRT_POOL_TELL, VIRT_POOLS };

struct virt {
    GMainContext *context;
    virConnectPtr connection;
    char *root;
    GHashTable *machines; /* domain → struct vm */
    GHashTable *jobs;     /* all that have not finished */
    GAsyncQueue *notes;   /* of struct virt_note, from any thread */
    GSource *wake;        /* empties notes */
    GSource *serial;      /* looks for first output; NULL while nothing starts */
    GSource *bound;       /* keeps the serial logs small */
    GThreadPool *pools[VIRT_POOLS];
    int callbacks[2]; /* libvirt's numbers, -1: none */
    virt_state_fn on_state;
    gpointer data;
    struct virt_place *place; /* on a daemon, else NULL; owns its strings */
    GPtrArray *channels;      /* of struct virt_channel: virt_channel.c */
    GMutex channels_lock;
};

/* The head of every job. */
struct virt_job {
    struct virt *virt;
    char *domain;
    /* In a thread, with the domain looked up: fills error or results of its own. */
    void (*work)(struct virt_job *job, virDomainPtr domain);
    /* In the context: calls back, or starts the next step and returns false. When error is set,
     * the job is over and must call back. */
    bool (*finish)(struct virt_job *job);
    void (*free)(struct virt_job *job); /* frees results; may be NULL */
    enum virt_pool pool;
    guint generation; /* of its machine when it was made */
    bool patient;     /* an agent's job that waits while its machine is paused */
    bool may_be_gone; /* no such domain: work is called with NULL, no error */
    GError *error;
    union {
        virt_done_fn done;
        virt_exec_fn exec;
        virt_bytes_fn bytes;
    } fn;
    gpointer data;
};

/* ---- opening (virt_connect.c, virt_connect_daemon.c) ------------------------------------------
 */

#define VIRT_METADATA "urn:sandtable:exercise:1" /* the namespace of our element in XML */

/* libvirt and its event thread, once a process; root/log/libvirt.log has its messages. */
bool virt_prepare(const char *root, GError **error);
/* libvirt prints no errors of its own accord; without the event thread. */
void virt_quiet(void);
/* What virt_open() and virt_open_daemon() have in common; consumes place. */
struct virt *virt_new(const char *root, GMainContext *context, virt_state_fn on_state,
        gpointer data, struct virt_place *place);
/* With the connection made: events, and machines that run already. */
bool virt_begin(struct virt *virt, GError **error);
/* A connection to a daemon that was accepted, or NULL and an error with a remedy. */
virConnectPtr virt_daemon_connect(const char *uri, GError **error);
void virt_place_free(struct virt_place *place);
/* name without the place's prefix, or NULL when it is not one of ours. */
const char *virt_short_name(const struct virt *virt, const char *name);
/* The whole name and the metadata agree that it is this run's. Blocks. */
bool virt_is_ours(const struct virt *virt, virDomainPtr domain);
/* The <metadata> element of what is ours; the caller frees it. */
char *virt_place_metadata(const struct virt_place *place);
/* The machine's serial output goes to its log from now on; without it only less is known. Any
 * thread. */
void virt_channel_log(struct virt *virt, const char *domain);
/* Ends all channels and waits for their threads; no job runs any more. */
void virt_channels_stop(struct virt *virt);

/* ---- XML for a daemon (virt_xml_daemon.c) ---------------------------------------------------- */

void virt_xml_network_card(GString *xml, const struct virt_card *card, const char *model);
/* Metadata and the user of QEMU; nothing for the embedded driver (NULL). */
void virt_xml_place(GString *xml, const struct virt_place *place);
/* Serial port and agent. */
void virt_xml_place_ports(GString *xml, bool agent);
/* The same, the machine's own port, and the end of the devices. */
void virt_xml_place_devices(GString *xml, const struct virt_machine *machine);
char *virt_xml_for_test_driver(const struct virt_machine *machine);

/* ---- jobs (virt_job.c) ---------------------------------------------------------------------- */

/* Zeroed memory of size bytes that begins with a struct virt_job. */
gpointer virt_job_new(struct virt *virt, gsize size, const char *domain, enum virt_pool pool);
void virt_job_push(struct virt_job *job);
/* Back to the context with the job's error; for jobs that did not get to a thread. */
void virt_job_fail(struct virt_job *job, GError *error);
/* What finish is for jobs that only succeed or fail. */
bool virt_job_done(struct virt_job *job);
void virt_job_free(struct virt_job *job);
/* Makes a GError of libvirt's last error in this thread: "machine DOMAIN: cannot WHAT: …". */
void virt_error_take(GError **error, const char *domain, const char *what);
bool virt_pools_start(struct virt *virt, GError **error);
void virt_pools_stop(struct virt *virt); /* waits for running work; drops what has not begun */

/* One thing that happened in another thread. */
struct virt_note {
    struct virt_job *job; /* finished, or NULL: an event */
    char *domain;
    bool agent; /* an agent event, else a lifecycle event */
    int event, detail;
};
void virt_note_push(struct virt *virt, struct virt_note *note);
void virt_note_free(struct virt_note *note);

/* ---- machines and their states (virt_state.c) ----------------------------------------------- */

struct vm *virt_vm(struct virt *virt, const char *domain); /* makes it when unknown */
void virt_vm_free(struct vm *vm);
/* A new process is about to be the machine: STARTING, without an agent. */
void virt_vm_renew(struct vm *vm);
void virt_state_set(struct virt *virt, struct vm *vm, enum machine_state state, const char *reason);
void virt_state_event(struct virt *virt, const struct virt_note *note);
/* Blocks for moments: ends what is being written of the machine's memory, if anything is. One that
 * stood for it runs again, or stands as before. */
void virt_checkpoint_forsake(virDomainPtr domain);
/* Machines that run already. */
bool virt_state_adopt(struct virt *virt, GError **error);
/* Its process is gone and libvirt may not have said so yet. */
void virt_state_stopped(struct virt *virt, struct vm *vm);
bool virt_events_register(struct virt *virt, GError **error);
void virt_events_deregister(struct virt *virt);

/* ---- the agent (virt_agent.c) --------------------------------------------------------------- */

/* Queues the job for the domain's agent; fails it at once when there is no agent to answer. */
void virt_agent_push(struct virt_job *job);
/* Monotonic microseconds that stand still while the machine is paused. */
gint64 virt_vm_clock(const struct vm *vm);
void virt_vm_thaw(struct vm *vm);
/* The next waiting job, if the agent is free and the machine runs. */
void virt_agent_pump(struct virt *virt, struct vm *vm);
void virt_agent_ended(struct virt_job *job); /* job's work has come back */
/* Pauses by job, once the answer under way is there or a short while has passed: a guest that is
 * stopped in the middle of an answer would keep libvirt waiting for it. */
void virt_agent_pause(struct virt *virt, struct vm *vm, struct virt_job *job);
/* In a thread: sends one command, waits at most limit_ms (whole seconds, rounded up); the reply,
 * for free(), or NULL. what completes "cannot …" in the error. */
char *virt_agent_call(
        virDomainPtr domain, const char *command, int limit_ms, const char *what, GError **error);

/* The agent's commands guest-exec (argv[0] from its PATH) and guest-exec-status, for g_free(). */
char *virt_agent_exec(const char *const *argv, bool capture);
char *virt_agent_exec_input(const char *const *argv, const char *input, gsize length);
char *virt_agent_exec_status(gint64 pid);

/* ---- warm states (virt_warm.c) ----------------------------------------------------------------
 */

/* In a thread: gives a domain that waits for it the state from that file; it runs afterwards. */
bool virt_warm_wake(struct virt *virt, virDomainPtr domain, const char *state, GError **error);

/* ---- processes (virt.c) ---------------------------------------------------------------------- */

/* In a thread: the domain's QEMU, just started, leaves no zombie, and on a daemon its serial port
 * goes to its log and console. */
void virt_started(struct virt *virt, const char *domain);

/* In a job's thread: the job's machine, of xml, as soon as its name is free. NULL: job->error. */
virDomainPtr virt_create(struct virt_job *job, const char *xml, unsigned flags);

/* ---- virt_end.c --------------------------------------------------------------------------------
 */

/* Whether the machine's process may simply be killed. In the context. */
bool virt_is_spare(struct virt *virt, const char *domain);
struct virt_end { /* of a process that was killed */
    int fd;       /* to wait for its end with, or -1 */
    pid_t pid;
    GArray *sockets; /* int: its sockets, which do not end before it is gone; or NULL */
};
/* Kills the machine's process. Any thread. */
void virt_end_begin(const struct virt *virt, const char *domain, struct virt_end *ret);
/* Waits, for a second at most, until it is gone; at once where nothing was killed. Not in libvirt's
 * thread. */
void virt_end_await(struct virt_end *end);
/* ---- XML (virt_xml.c, virt_xml_disk.c) ------------------------------------------------------ */

/* Appends the format with every value escaped. */
void virt_xml_add(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);
void virt_xml_disks(GString *xml, const struct virt_machine *machine);
void virt_xml_display(GString *xml, const struct virt_machine *machine, const char *root);
/* The whole domain of a machine with hardware. */
char *virt_xml_hardware(const struct virt_machine *machine, const char *root);

/* ---- disks (virt_disks.c) -------------------------------------------------------------------- */

/* Paths of the files that the domain of this XML writes to, in its order; owning. */
GPtrArray *virt_disks_of(const char *xml, GError **error);
/* In a thread, while nobody writes: all of it, holes as holes; at once where blocks can be shared.
 */
bool virt_disk_copy(const char *from, const char *to, GError **error);
/* Each of them to folder/DOMAIN.diskN, and back. */
bool virt_disks_save(const char *xml, const char *folder, const char *domain, GError **error);
bool virt_disks_put_back(const char *xml, const char *folder, const char *domain, GError **error);

/* ---- names ---------------------------------------------------------------------------------- */

char *virt_agent_socket(const char *root, const char *domain);
char *virt_identity_socket(const char *root, const char *domain);

/* ---- the serial port (virt_serial.c) -------------------------------------------------------- */

/* The last line with text in it of the serial log, cleaned, at most 160 bytes; or NULL. */
char *virt_serial_last_line(const char *root, const char *domain);
/* Do the last words on its serial port tell of a panic of its kernel? */
bool virt_serial_panicked(const char *root, const char *domain);
/* MACHINE_BOOTED at the first output of each machine that starts. */
void virt_serial_watch(struct virt *virt);
/* From now on no log grows without end: a guest can write to its port as much as it likes. */
void virt_serial_bound(struct virt *virt);
void virt_serial_ignore(struct virt *virt);
/* The last run's output is not a sign of life. */
void virt_serial_forget(const struct virt *virt, const char *domain);
