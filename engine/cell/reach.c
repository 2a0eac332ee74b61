/* reach.c - covers closed folders in a private mount namespace; the host's mounts stay as they are.
 *
 * A path keeps its name: for /root/clone with a closed /root, an empty tmpfs is put over /root and
 * the clone is bound into it. Nothing is made on the host's file systems, and the program finds its
 * files where it was told they are.
 */
#include "cell/reach.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool fail(GError **error, const char *what, const char *path)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s %s: %s", what, path,
            g_strerror(errno));
    return false;
}

static bool can(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

/* Readable, and enterable if it is a folder. */
static bool can_read(const char *path)
{
    struct stat st;
    return can(path, R_OK) && stat(path, &st) == 0 && (!S_ISDIR(st.st_mode) || can(path, X_OK));
}

/* The outermost folder above path that may not be entered, or NULL. */
static char *closed_folder(const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(path, (gsize)(slash - path));
        if (!can(folder, X_OK)) {
            return g_steal_pointer(&folder);
        }
    }
    return NULL;
}

struct target { /* a path to be shown again */
    char *path;
    char *cover; /* the closed folder above it */
    int fd;      /* O_PATH, opened before anything is covered */
};

static void target_free(gpointer data)
{
    struct target *target = data;
    if (target->fd >= 0) {
        close(target->fd);
    }
    g_free(target->path);
    g_free(target->cover);
    g_free(target);
}

/* With the account's effective ids: what it cannot reach. tun says whether it may open that. */
static GPtrArray *find_closed(char **paths, bool *ret_tun)
{
    GPtrArray *targets = g_ptr_array_new_with_free_func(target_free);
    for (gsize i = 0; paths && paths[i]; i++) {
        g_autofree char *cover = closed_folder(paths[i]);
        if (cover) {
            struct target *target = g_new0(struct target, 1);
            target->path = g_strdup(paths[i]);
            target->cover = g_steal_pointer(&cover);
            target->fd = -1;
            g_ptr_array_add(targets, target);
        }
    }
    *ret_tun = can("/dev/net/tun", R_OK | W_OK);
    return targets;
}

/* Looks with the account's eyes, then takes root's back. */
static GPtrArray *look_as(const char *user, uid_t uid, gid_t gid, char **paths, bool *ret_tun)
{
    GPtrArray *targets = NULL;
    if (initgroups(user, gid) == 0 && setegid(gid) == 0 && seteuid(uid) == 0) {
        targets = find_closed(paths, ret_tun);
    }
    if (seteuid(0) != 0 || setegid(0) != 0) {
        g_clear_pointer(&targets, g_ptr_array_unref);
    }
    return targets;
}

static bool make_absolute(char **paths, GError **error)
{
    for (gsize i = 0; paths && paths[i]; i++) {
        char *absolute = realpath(paths[i], NULL);
        if (!absolute) {
            return fail(error, "cannot find", paths[i]);
        }
        g_free(paths[i]);
        paths[i] = g_strdup(absolute);
        free(absolute);
    }
    return true;
}

static bool cover_folders(GPtrArray *targets, GError **error)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < targets->len; i++) {
        struct target *target = targets->pdata[i];
        if (g_hash_table_add(done, target->cover) &&
                mount("tmpfs", target->cover, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") !=
                        0) {
            return fail(error, "cannot cover", target->cover);
        }
    }
    return true;
}

/* An empty folder or file to bind to, with the folders above it. */
static bool make_place(const struct target *target, GError **error)
{
    struct stat st;
    if (fstat(target->fd, &st) != 0) {
        return fail(error, "cannot look at", target->path);
    }
    g_autofree char *above = g_path_get_dirname(target->path);
    const char *folder = S_ISDIR(st.st_mode) ? target->path : above;
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        return fail(error, "cannot make", folder);
    }
    if (!S_ISDIR(st.st_mode)) {
        int fd = open(target->path, O_CREAT | O_RDONLY | O_CLOEXEC, 0644);
        if (fd < 0) {
            return fail(error, "cannot make", target->path);
        }
        close(fd);
    }
    return true;
}

static bool show(const struct target *target, GError **error)
{
    if (access(target->path, F_OK) == 0) {
        return true; /* inside a folder shown before */
    }
    if (!make_place(target, error)) {
        return false;
    }
    g_autofree char *source = g_strdup_printf("/proc/self/fd/%d", target->fd);
    if (mount(source, target->path, NULL, MS_BIND | MS_REC, NULL) != 0 ||
            mount("none", target->path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID, NULL) !=
                    0) {
        return fail(error, "cannot show", target->path);
    }
    return true;
}

static int by_length(gconstpointer a, gconstpointer b)
{
    const struct target *x = *(struct target *const *)a;
    const struct target *y = *(struct target *const *)b;
    return (int)strlen(x->path) - (int)strlen(y->path);
}

static bool open_targets(GPtrArray *targets, GError **error)
{
    for (guint i = 0; i < targets->len; i++) {
        struct target *target = targets->pdata[i];
        target->fd = open(target->path, O_PATH | O_CLOEXEC);
        if (target->fd < 0) {
            return fail(error, "cannot open", target->path);
        }
    }
    return true;
}

/* A device of mode 0666, as Debian has it, in our mount namespace only. Where the host forbids
 * even that (a container), making a tap names the remedy. */
static void cover_tun(void)
{
    if (access("/dev/net/tun", F_OK) != 0 ||
            mount("tmpfs", "/dev/net", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") != 0) {
        return;
    }
    if (mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)) != 0 ||
            chmod("/dev/net/tun", 0666) != 0) {
        umount2("/dev/net", MNT_DETACH);
    }
}

bool reach_prepare(const char *user, uid_t uid, gid_t gid, char **paths, GError **error)
{
    if (!make_absolute(paths, error)) {
        return false;
    }
    bool tun = false;
    g_autoptr(GPtrArray) targets = look_as(user, uid, gid, paths, &tun);
    if (!targets) {
        return fail(error, "cannot look as user", user);
    }
    if (targets->len == 0 && tun) {
        return true;
    }
    char *cwd = getcwd(NULL, 0);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        free(cwd);
        return fail(error, "cannot make", "a private mount namespace");
    }
    g_ptr_array_sort(targets, by_length);
    bool ok = open_targets(targets, error) && cover_folders(targets, error);
    for (guint i = 0; ok && i < targets->len; i++) {
        ok = show(targets->pdata[i], error);
    }
    if (ok && !tun) {
        cover_tun();
    }
    /* the old working folder may lie under a cover, where nobody can enter it again */
    if (!cwd || chdir(cwd) != 0) {
        ok = chdir("/") == 0 && ok;
    }
    free(cwd);
    return ok;
}

bool reach_verify(char *const *paths, const char *user, GError **error)
{
    for (gsize i = 0; paths && paths[i]; i++) {
        if (!can_read(paths[i])) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                    "user %s cannot read %s: run `chmod -R go+rX %s` or give --user NAME", user,
                    paths[i], paths[i]);
            return false;
        }
    }
    return true;
}
