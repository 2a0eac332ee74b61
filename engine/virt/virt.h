/* virt.h - real machines through libvirt: its embedded QEMU driver, or a daemon's.
 *
 * libvirt's event loop runs on a thread of its own, blocking calls in a pool; every callback of
 * this header comes in the context given to virt_open().
 */
#pragma once

#include "virt/virt_hardware.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct virt;

enum virt_accel { VIRT_ACCEL_TCG, VIRT_ACCEL_KVM };

enum machine_state { /* of every machine, real or simulated */
    MACHINE_DEFINED,
    MACHINE_STARTING, /* its process is being started */
    MACHINE_BOOTED,   /* the guest runs: first output on the serial port, or the agent's channel */
    MACHINE_READY,    /* the agent answers and the set-up is done */
    MACHINE_PAUSED,
    MACHINE_STOPPED, /* by our own hand; to world/ also one that was shut down from within */
    MACHINE_CRASHED, /* not by our hand */
};
const char *machine_state_name(enum machine_state state);

struct virt;
/* Of a machine that has crashed: it was shut down (or restarted) from within, and did not panic. */
bool virt_has_shut_down(struct virt *virt, const char *domain);

struct virt_card {
    const char *tap;     /* or NULL: network is set */
    const char *network; /* a daemon's virtual network, by its whole name */
    unsigned char mac[6];
    bool plain;    /* the guest gets ordinary frames: no partial checksums, no large ones */
    bool isolated; /* on a daemon's network: it does not reach other isolated cards */
};

struct virt_place {       /* where machines are not alone: a daemon that others use as well */
    const char *prefix;   /* of names: "sandtable-drill-" */
    const char *exercise; /* for metadata: its name … */
    const char *id;       /* … and what makes this run of it unique */
    bool test;            /* libvirt's test driver: no processes */
    bool as_user;         /* QEMU runs as uid and gid, and no file changes its owner */
    unsigned int uid, gid;
};

struct virt_machine {   /* what to start; strings are copied */
    const char *domain; /* short and unique: m1 */
    const char *kernel, *initrd;
    const char *cmdline; /* kernel command line, complete */
    const char *root;    /* squashfs, read-only, first disk (vda) */
    const char *modules; /* squashfs of kernel modules, second disk (vdb) */
    int memory_mib, vcpus;
    const struct virt_card *cards;
    gsize n_cards;
    enum virt_accel accel;
    const char *port;               /* name of one more virtio port, or NULL: virt_channel() */
    const struct virt_place *place; /* set by virt_start(); NULL: the embedded driver */
    bool display;                   /* a graphics card and VNC: costs boot time and memory */
    const char *ram;                /* the file that is its memory; NULL: memory of its own */
    const char *state; /* with ram, a clone: ram is mapped copy-on-write, and the machine wakes from
                          this file of virt_freeze(); NULL: a template, whose ram is shared */
    const struct virt_disk *disks; /* after root and modules */
    gsize n_disks;
    const struct virt_hardware *hardware; /* it boots from its first disk; NULL: kernel and root */
};

#define VIRT_OUTPUT_MAX ((gsize)65536) /* bytes kept of a program's stdout and of its stderr */

struct virt_exec_result {
    int status;      /* exit status, or 128 + signal */
    char *out, *err; /* NUL-terminated; of each the first VIRT_OUTPUT_MAX bytes */
    gsize out_length, err_length;
    bool out_cut, err_cut; /* there was more */
};

typedef void (*virt_state_fn)(
        const char *domain, enum machine_state state, const char *reason, gpointer data);
typedef void (*virt_done_fn)(const GError *error, gpointer data);
typedef void (*virt_exec_fn)(
        const struct virt_exec_result *result, const GError *error, gpointer data);
typedef void (*virt_bytes_fn)(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data);

/* Opens qemu:///embed?root=root (writes root/etc/qemu.conf). Machines that run there already are
 * taken over. MACHINE_READY is not reported here: BOOTED with the reason "agent" means that the
 * agent is connected; world/ decides on ready. */
struct virt *virt_open(const char *root, GMainContext *context, virt_state_fn on_state,
        gpointer data, GError **error);

/* ---- a daemon (virt_connect_daemon.c, virt_network.c, virt_channel.c) ------------------------ */

struct virt_daemon {
    const char *uri;      /* see virt_daemon_uri_check() */
    const char *exercise; /* its name */
    const char *id;       /* this run's, from virt_daemon_id(): what is ours carries it */
};

/* A daemon of this host: qemu:///system, qemu:///session, qemu+unix:///system?socket=PATH, or
 * libvirt's test driver. The error names what is possible. */
bool virt_daemon_uri_check(const char *uri, GError **error);
char *virt_daemon_id(void);

/* The same as virt_open(), by a daemon. Names of machines stay short here (m1); over there they
 * begin with "sandtable-EXERCISE-". root takes the serial logs. */
struct virt *virt_open_daemon(const struct virt_daemon *daemon, const char *root,
        GMainContext *context, virt_state_fn on_state, gpointer data, GError **error);

/* The daemon's name for a machine or network; the caller frees it. */
char *virt_full_name(const struct virt *virt, const char *name);

/* An isolated virtual network: a bridge without an address of the host, no forwarding, no DHCP. One
 * that is gone counts as stopped. */
void virt_network_start(struct virt *virt, const char *network, virt_done_fn done, gpointer data);
void virt_network_stop(struct virt *virt, const char *network, virt_done_fn done, gpointer data);

/* The process of a machine that runs, or 0 when that is not known. */
pid_t virt_pid(const struct virt *virt, const char *domain);

/* Connects to the machine's virtio port of that name, or with NULL to its serial port: a socket
 * that carries the bytes both ways and ends when either side does. Blocks for the daemon's answer;
 * -1 on error. Its threads end with the socket, by virt_close() at the latest. */
int virt_channel(struct virt *virt, const char *domain, const char *port, GError **error);

/* Removes machines and networks that carry the daemon's id; an empty id removes nothing. Returns
 * how many there were, -1 on error. Blocks. */
int virt_daemon_undo(const struct virt_daemon *daemon, GError **error);

struct virt_daemon_facts { /* for doctor */
    char *version;         /* "libvirt 9.0.0, QEMU 7.2.0" */
    char *secmodels;       /* "dac apparmor" */
    char *user;            /* whom QEMU would run as, "+64055:+64055"; NULL when it does not say */
    char *networks_why;    /* why it makes no networks (tried with one), or NULL */
};
bool virt_daemon_examine(const char *uri, struct virt_daemon_facts *ret, GError **error);
void virt_daemon_facts_clear(struct virt_daemon_facts *facts);

/* Leaves machines running when stop_machines is false. */
void virt_close(struct virt *virt, bool stop_machines);

void virt_start(
        struct virt *virt, const struct virt_machine *machine, virt_done_fn done, gpointer data);
void virt_stop(struct virt *virt, const char *domain, virt_done_fn done, gpointer data);
/* Tells a machine who it is, by its identity port: for guests that have guest-identity running,
 * which a machine just woken has. The answer is "" or a word ("probed"); an error has the guest's
 * reason.
 */
void virt_tell(struct virt *virt, const char *domain, const char *document, gsize length,
        int timeout_ms, virt_bytes_fn done, gpointer data);
/* Ends a machine that was started with ram but without state, leaving in ram and in file what
 * clones wake from; file is made. The machine is gone also when it fails. */
void virt_freeze(
        struct virt *virt, const char *domain, const char *file, virt_done_fn done, gpointer data);
void virt_pause(struct virt *virt, const char *domain, virt_done_fn done, gpointer data);
void virt_resume(struct virt *virt, const char *domain, virt_done_fn done, gpointer data);

/* The guest's card (its place among virt_machine.cards) has a carrier, or none. A machine that does
 * not run is passed over: it starts with one. */
void virt_link(struct virt *virt, const char *domain, guint card, bool up, virt_done_fn done,
        gpointer data);

/* Saves running or paused machines (NULL-terminated) at one common moment into folder, DOMAIN.ram
 * and DOMAIN.xml each, while they run; the files must not be there. stood_us: how long they stood
 * still for it; cut is called just before they do. After an error all go on and the files are worth
 * nothing. One at a time. */
typedef void (*virt_cut_fn)(gpointer data);
typedef void (*virt_saved_fn)(gint64 stood_us, const GError *error, gpointer data);
void virt_checkpoint(struct virt *virt, const char *const *domains, const char *folder,
        virt_cut_fn cut, virt_saved_fn done, gpointer data);
/* Starts a machine that has been stopped from what virt_checkpoint() wrote. done: it runs; the
 * agent's connection follows as after virt_start(). */
void virt_restore(struct virt *virt, const char *domain, const char *folder, virt_done_fn done,
        gpointer data);
/* FOLDER/DOMAIN.SUFFIX; the caller frees it. */
char *virt_checkpoint_file(const char *folder, const char *domain, const char *suffix);

/* By the guest agent. argv[0] is looked up in the guest's PATH; no shell. timeout_ms covers all.
 * The agent calls a program ended when nothing holds its output open any more: a daemon that it
 * leaves behind must be given other outputs, or the call ends by its limit. A program may print as
 * much as it likes: what is not kept stays in the guest (agent_bound.h), but on one that has neither
 * our programs nor sh and head, where more than some 7 MB in all costs the agent's connection. */
void virt_ping(
        struct virt *virt, const char *domain, int timeout_ms, virt_done_fn done, gpointer data);
void virt_exec(struct virt *virt, const char *domain, const char *const *argv, int timeout_ms,
        virt_exec_fn done, gpointer data);
/* With input for its standard input; copied. For programs of ours: nothing bounds what they say. */
void virt_exec_input(struct virt *virt, const char *domain, const char *const *argv,
        const char *input, gsize length, int timeout_ms, virt_exec_fn done, gpointer data);
/* A new file has mode 0644; one that is there keeps its mode. */
void virt_write(struct virt *virt, const char *domain, const char *path, const char *bytes,
        gsize length, virt_done_fn done, gpointer data);
/* At most max bytes from offset; file_size is the file's whole size, -1 when it does not exist
 * (no error). */
void virt_read(struct virt *virt, const char *domain, const char *path, gint64 offset, gsize max,
        virt_bytes_fn done, gpointer data);

/* ---- seeing (virt_console.c, virt_screen.c) ------------------------------------------------- */

/* Where a machine's serial port, its log and its screen (VNC) are: unix sockets and a file, there
 * while it runs. The port takes one client at a time. The caller frees them. */
char *virt_serial_socket(const char *root, const char *domain);
char *virt_serial_file(const char *root, const char *domain);
char *virt_vnc_socket(const char *root, const char *domain);

/* What a card has carried since its machine was started, as the machine sees it. */
struct virt_traffic {
    unsigned char mac[6]; /* asked for */
    bool there;           /* else nothing is known: it does not run */
    guint64 rx_bytes, rx_packets, tx_bytes, tx_packets;
};
typedef void (*virt_traffic_fn)(
        const struct virt_traffic *cards, gsize n, const GError *error, gpointer data);
/* The cards of the given addresses; cards is copied. */
void virt_traffic(struct virt *virt, const char *domain, const struct virt_traffic *cards, gsize n,
        virt_traffic_fn done, gpointer data);

/* The screen of a machine with a display as the bytes of a PNG file (file_size is their length). */
void virt_screenshot(struct virt *virt, const char *domain, virt_bytes_fn done, gpointer data);

/* The picture of a binary PPM (P6, 8 bits) as a PNG: hostile input; NULL on error. */
GByteArray *virt_ppm_to_png(const guint8 *ppm, gsize length, GError **error);

/* All of a machine that its warm state is bound to, as text: its domain in every detail, and which
 * libvirt lays it out. Pure but for that version. The caller frees it. */
char *virt_warm_layout(const struct virt_machine *machine);
/* How much memory a machine without hardware has: memory_mib, and with TCG two pages more. */
gint64 virt_memory_bytes(const struct virt_machine *machine);
/* The domain's XML: a pure function, golden-tested. The caller frees it. */
char *virt_domain_xml(const struct virt_machine *machine, const char *root);

/* Boots kernel + initrd for at most a few seconds under KVM and looks for the guest's first line on
 * the serial port. The verdict is cached beside the image store, keyed by host kernel, QEMU and the
 * boot kernel. *why says in words what was found; the caller frees it. */
enum virt_accel virt_probe_accel(
        const char *kernel, const char *initrd, const char *cache_file, char **why);
/* The same without a boot: where the verdict is not known, TCG and NULL for *why. */
enum virt_accel virt_known_accel(const char *kernel, const char *cache_file, char **why);
