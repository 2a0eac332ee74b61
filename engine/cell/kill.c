/* kill.c - ending what still runs in a cell, found from outside by its namespaces. */
#include "cell/cell.h"

#include "base/error.h"
#include "cell/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* An inode number is used again once its namespace is gone, hence the second sign, root. The user
 * namespace alone says "in this cell": the network may be that of a team. */
static bool lives_in(int proc, const struct cell_identity *cell)
{
    struct stat st;
    struct stat own;
    if (fstatat(proc, "ns/user", &st, 0) != 0) {
        return false;
    }
    return cell->user ? st.st_ino == cell->user
                      : stat("/proc/self/ns/user", &own) == 0 && st.st_ino != own.st_ino;
}

/* True when the file (command line or environment; NULs between its strings) contains text. */
static bool file_names(int proc, const char *file, const char *text)
{
    int fd = openat(proc, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 part[4096];
    ssize_t n = 0;
    while ((n = read(fd, part, sizeof(part))) > 0) {
        g_byte_array_append(bytes, part, (guint)n);
    }
    close(fd);
    return bytes->len > 0 && memmem(bytes->data, bytes->len, text, strlen(text));
}

/* A pidfd of the process if it is one of ours, else -1. Opened before looking, so that the number
 * cannot come to mean another process in between. */
int inside_open(pid_t pid, const struct cell_identity *cell, const char *root)
{
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        return -1;
    }
    g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
    int proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    bool inside = proc >= 0 && fstat(proc, &st) == 0 && st.st_uid == geteuid() &&
                  lives_in(proc, cell) &&
                  (file_names(proc, "cmdline", root) || file_names(proc, "environ", root));
    if (proc >= 0) {
        close(proc);
    }
    if (!inside) {
        close(pidfd);
        return -1;
    }
    return pidfd;
}

bool inside_names(pid_t pid, const char *const *texts)
{
    g_autofree char *path = g_strdup_printf("/proc/%d", (int)pid);
    int proc = texts ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    bool names = false;
    for (gsize i = 0; proc >= 0 && texts[i] && !names; i++) {
        names = file_names(proc, "cmdline", texts[i]);
    }
    if (proc >= 0) {
        close(proc);
    }
    return names;
}

static GArray *find_inside(
        const struct cell_identity *cell, const char *root, const char *const *keep, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, error);
    if (!dir) {
        return NULL;
    }
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    const char *name = NULL;
    while ((name = g_dir_read_name(dir))) {
        gint64 pid = g_ascii_strtoll(name, NULL, 10);
        if (pid <= 1 || pid > G_MAXINT || pid == getpid()) {
            continue;
        }
        int pidfd = inside_names((pid_t)pid, keep) ? -1 : inside_open((pid_t)pid, cell, root);
        if (pidfd >= 0) {
            struct pollfd entry = {.fd = pidfd, .events = POLLIN};
            g_array_append_val(found, entry);
        }
    }
    return found;
}

/* Waits until all have exited (a pidfd is readable then); false at the limit. */
static bool wait_gone(GArray *found, gint64 end_us)
{
    for (guint i = 0; i < found->len; i++) {
        struct pollfd *entry = &g_array_index(found, struct pollfd, i);
        while (!(entry->revents & POLLIN)) {
            gint64 left_ms = (end_us - g_get_monotonic_time()) / 1000;
            if (left_ms < 0 || (poll(entry, 1, (int)left_ms) < 0 && errno != EINTR)) {
                return false;
            }
        }
    }
    return true;
}

/* Kills all that is inside now; how many there were, -1 on error. */
static int kill_round(const struct cell_identity *cell, const char *root, const char *const *keep,
        gint64 end_us, GError **error)
{
    g_autoptr(GArray) found = find_inside(cell, root, keep, error);
    if (!found) {
        return -1;
    }
    int n = (int)found->len;
    for (guint i = 0; i < found->len; i++) {
        (void)pidfd_send_signal(g_array_index(found, struct pollfd, i).fd, SIGKILL, NULL, 0);
    }
    if (!wait_gone(found, end_us)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                "processes of %s do not end after SIGKILL", root);
        n = -1;
    }
    for (guint i = 0; i < found->len; i++) {
        close(g_array_index(found, struct pollfd, i).fd);
    }
    return n;
}

int cell_count(const struct cell_identity *cell, const char *root, GError **error)
{
    g_autoptr(GArray) found = find_inside(cell, root, NULL, error);
    for (guint i = 0; found && i < found->len; i++) {
        close(g_array_index(found, struct pollfd, i).fd);
    }
    return found ? (int)found->len : -1;
}

int cell_kill(const struct cell_identity *cell, const char *root, int limit_ms, GError **error)
{
    return cell_kill_but(cell, root, NULL, limit_ms, error);
}

int cell_kill_but(const struct cell_identity *cell, const char *root, const char *const *keep,
        int limit_ms, GError **error)
{
    g_return_val_if_fail(root && *root, -1);
    gint64 end_us = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    int total = 0;
    /* what one of them forked meanwhile is found by the next round */
    for (;;) {
        int n = kill_round(cell, root, keep, end_us, error);
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            return total;
        }
        total += n;
    }
}
