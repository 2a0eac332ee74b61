/* cell.c - entering a cell: namespaces, id maps, capabilities. */
#include "cell/cell.h"

#include "base/error.h"
#include "cell/inside.h"
#include "cell/link.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(GError **error, int code, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s: %s", what, g_strerror(code));
    return false;
}

/* The number in a sysctl, -1 when there is none. */
static gint64 read_sysctl(const char *path)
{
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoll(text, NULL, 10) : -1;
}

/* The known ways in which hosts refuse user namespaces, each with what mends it. */
static bool refused(GError **error, int code, const char *step)
{
    const char *why = "the host forbids it (a container's seccomp filter, a chroot?)";
    const char *remedy = "run on the host itself or allow unshare(2)";
    if (read_sysctl("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
        why = "the kernel forbids user namespaces to ordinary users";
        remedy = "sysctl -w kernel.unprivileged_userns_clone=1";
    } else if (read_sysctl("/proc/sys/user/max_user_namespaces") == 0) {
        why = "user namespaces are switched off";
        remedy = "sysctl -w user.max_user_namespaces=10000";
    } else if (read_sysctl("/proc/sys/user/max_net_namespaces") == 0) {
        why = "network namespaces are switched off";
        remedy = "sysctl -w user.max_net_namespaces=10000";
    } else if (read_sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
        why = "AppArmor restricts user namespaces";
        remedy = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
    } else if (code == ENOSPC || code == EUSERS) {
        why = "the limit of user or network namespaces is reached";
        remedy = "raise user.max_user_namespaces and user.max_net_namespaces";
    } else if (code == EINVAL) {
        why = "the process has several threads, or the kernel lacks namespaces";
        remedy = "enter before any thread is started";
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "cannot enter a cell (%s: %s): %s; remedy: %s", step, g_strerror(code), why, remedy);
    return false;
}

static bool write_proc(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int code = errno;
    close(fd);
    errno = code;
    return ok;
}

/* Each id to itself: user_namespaces(7) lets a process without privilege in the parent write one
 * line of its own id, the group's only after setgroups(2) has been given up. */
static bool map_ids(uid_t uid, gid_t gid, GError **error)
{
    g_autofree char *uids = g_strdup_printf("%u %u 1", uid, uid);
    g_autofree char *gids = g_strdup_printf("%u %u 1", gid, gid);
    if (!write_proc("/proc/self/uid_map", uids)) {
        return refused(error, errno, "/proc/self/uid_map");
    }
    if (!write_proc("/proc/self/setgroups", "deny") || !write_proc("/proc/self/gid_map", gids)) {
        return refused(error, errno, "/proc/self/gid_map");
    }
    return true;
}

/* What the engine needs from here on, and nothing for what it executes: see
 * docs/decisions/0001-capabilities-of-children.md. */
static bool keep_capabilities(GError **error)
{
    capng_clear(CAPNG_SELECT_ALL);
    if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
                CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN, -1) != 0 ||
            capng_apply(CAPNG_SELECT_BOTH) != 0) {
        return fail(error, errno, "cannot reduce the capabilities");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail(error, errno, "cannot set no_new_privs");
    }
    return true;
}

/* Puts a file that nobody may open over /dev/kvm. It must not open: libvirt takes a /dev/kvm that
 * does as a sign that what it knows of QEMU is out of date, and asks QEMU anew for every machine.
 */
static bool cover_kvm(GError **error)
{
    g_autofree char *cover = g_build_filename(g_get_tmp_dir(), "sandtable-no-kvm-XXXXXX", NULL);
    int fd = g_mkstemp_full(cover, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) {
        return fail(error, errno, "cannot hide /dev/kvm");
    }
    close(fd);
    bool ok = mount(cover, "/dev/kvm", NULL, MS_BIND, NULL) == 0;
    int number = errno;
    unlink(cover);
    return ok || fail(error, number, "cannot hide /dev/kvm");
}

static bool prepare_mounts(bool hide_kvm, GError **error)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return refused(error, errno, "private mounts");
    }
    return !hide_kvm || access("/dev/kvm", R_OK | W_OK) != 0 || cover_kvm(error);
}

static bool read_inode(const char *path, ino_t *ret, GError **error)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return fail(error, errno, path);
    }
    *ret = st.st_ino;
    return true;
}

static bool read_identity(pid_t pid, struct cell_identity *ret, GError **error)
{
    g_autofree char *user = g_strdup_printf("/proc/%d/ns/user", (int)pid);
    g_autofree char *net = g_strdup_printf("/proc/%d/ns/net", (int)pid);
    g_autofree char *mnt = g_strdup_printf("/proc/%d/ns/mnt", (int)pid);
    ret->pid = pid;
    return read_inode(user, &ret->user, error) && read_inode(net, &ret->net, error) &&
           read_inode(mnt, &ret->mnt, error);
}

/* A pidfd of a process in all of the cell's namespaces (not in a team's), or -1. */
static int find_survivor(const struct cell_identity *cell, const char *root)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name = NULL;
    while (dir && (name = g_dir_read_name(dir))) {
        pid_t pid = (pid_t)CLAMP(g_ascii_strtoll(name, NULL, 10), 0, G_MAXINT);
        int pidfd = pid > 1 ? inside_open(pid, cell, root) : -1;
        struct cell_identity is = {0};
        if (pidfd >= 0 && read_identity(pid, &is, NULL) && is.net == cell->net &&
                is.mnt == cell->mnt) {
            return pidfd;
        }
        if (pidfd >= 0) {
            close(pidfd);
        }
    }
    return -1;
}

int cell_reenter(const struct cell_identity *cell, const char *root, struct cell_identity *ret,
        GError **error)
{
    if (!cell->user) {
        return 0;
    }
    int pidfd = find_survivor(cell, root);
    if (pidfd < 0) {
        return 0;
    }
    bool ok = setns(pidfd, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0;
    int code = errno;
    close(pidfd);
    if (!ok && code == ESRCH) {
        return 0; /* it has just ended */
    }
    if (!ok) {
        fail(error, code, "cannot enter the cell of the machines that still run");
        return -1;
    }
    return keep_capabilities(error) && read_identity(getpid(), ret, error) ? 1 : -1;
}

bool cell_enter(bool hide_kvm, struct cell_identity *ret, GError **error)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (uid == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "a cell is for an ordinary user, not for root: give --user NAME");
        return false;
    }
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) {
        return refused(error, errno, "unshare");
    }
    if (!map_ids(uid, gid, error) || !prepare_mounts(hide_kvm, error)) {
        return false;
    }
    if (!link_lo_up(error) || !link_forward_nothing(error) || !keep_capabilities(error)) {
        return false;
    }
    struct cell_identity identity = {0};
    if (!read_identity(getpid(), &identity, error)) {
        return false;
    }
    if (ret) {
        *ret = identity;
    }
    return true;
}
