/* cell.h - the sealed place an exercise lives in: user, network and mount namespaces, no uplink.
 *
 * The user is mapped to itself (not to 0). The process keeps CAP_NET_ADMIN, CAP_NET_RAW and
 * CAP_SYS_ADMIN inside; programs that it executes (QEMU) get none of them
 * (docs/decisions/0001-capabilities-of-children.md). Only a single-threaded process may enter.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct cell_identity { /* what names a cell from outside */
    pid_t pid;         /* a process inside */
    ino_t user;        /* inode numbers of /proc/PID/ns/… */
    ino_t net;
    ino_t mnt;
};

/* The account that root becomes: user if not NULL, else SUDO_USER, else "sandtable". Fills the
 * name (the caller's); an error names the remedy (./dev setup makes the account). */
bool cell_account(const char *user, char **ret_name, GError **error);

/* Root only: becomes that ordinary account for good, with its groups and HOME; XDG_* folders that
 * are not the account's are forgotten. Entries of the NULL-terminated paths (may be NULL; entries
 * are g_malloc'ed) must exist and become absolute. Those behind a closed folder (a clone in /root)
 * are shown to the account at the same place, read-only, in a private mount namespace; so is a
 * /dev/net/tun that it could not open. An error names a path that it still cannot read. Call it
 * before any thread is started. No effect when not root. */
bool cell_drop_root(const char *user, char **paths, GError **error);

/* Enters a new cell, as an ordinary user. hide_kvm closes a /dev/kvm that opens in the private
 * mount namespace. lo is up afterwards. The error names the host's restriction and its remedy; the
 * process may be half inside then and should end. */
bool cell_enter(bool hide_kvm, struct cell_identity *ret, GError **error);

/* Enters a cell that some process still lives in and names root, as cell_enter() would have left
 * it. 1: inside, *ret is the cell with this process in it; 0: nobody lives there, and nothing has
 * changed; -1 on error. */
int cell_reenter(const struct cell_identity *cell, const char *root, struct cell_identity *ret,
        GError **error);

/* A new network namespace inside the cell (a team's), lo up; its descriptor, close-on-exec, or -1.
 * It lives as long as the descriptor or anything in it. Any thread. */
int cell_space_new(GError **error);
/* n of them, in far less time than n calls take; on error none is left, and all are -1. */
bool cell_spaces_new(int *ret_fds, gsize n, GError **error);

/* socket(2) made inside the namespace of descriptor space; the calling thread is back in the cell
 * afterwards, on failure too. -1 on error. */
int cell_socket(int space, int domain, int type, int protocol, GError **error);

/* Calls fn in a thread of its own inside space and waits for it. */
bool cell_run(int space, bool (*fn)(gpointer data, GError **error), gpointer data, GError **error);

/* Kills with SIGKILL every process of this user that lives in the cell and whose command line or
 * environment (as it was at exec) names root; waits until they are gone (limit_ms). Returns how
 * many there were, -1 on error. Never the caller itself. Safe when the cell is long gone. A cell
 * whose user is 0 is unknown: any user namespace but the caller's own then. */
int cell_kill(const struct cell_identity *cell, const char *root, int limit_ms, GError **error);

/* How many there are; -1 on error. */
int cell_count(const struct cell_identity *cell, const char *root, GError **error);

/* The same, but spares processes whose command line contains one of keep (NULL-terminated). */
int cell_kill_but(const struct cell_identity *cell, const char *root, const char *const *keep,
        int limit_ms, GError **error);

/* Calls fn (may be NULL) in a child process inside a fresh cell that ends with it; for trials. The
 * error is the child's. Call it before any thread is started. */
bool cell_try(bool (*fn)(gpointer data, GError **error), gpointer data, GError **error);

/* ---- doctor -------------------------------------------------------------------------------- */

enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_check {
    const char *name; /* stable, for --json: user-namespaces, tun, qemu, accelerator, memory … */
    enum doctor_state state;
    char *text;   /* what was found */
    char *remedy; /* the command or setting that mends it, or NULL */
};

/* The host's checks that need no machine: user namespaces, /dev/net/tun, QEMU, libvirt's driver,
 * image tools, memory, disk, runtime folder. GPtrArray of struct doctor_check *, owning. */
GPtrArray *doctor_host(void);
void doctor_check_free(struct doctor_check *check);
struct doctor_check *doctor_check_new(
        const char *name, enum doctor_state state, char *text, char *remedy);

/* A failed check from an error whose text may end with "; remedy: …". */
struct doctor_check *doctor_check_from_error(const char *name, const GError *error);
