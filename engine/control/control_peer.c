/* control_peer.c - the listening socket, and who may stand at its other end. */
#include "control/control_internal.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* In a user namespace that maps only its user, the host's root shows as the overflow id. Nobody
 * but root gets past the socket's mode under that number. */
static bool root_is_hidden(void)
{
    g_autofree char *map = NULL;
    if (!g_file_get_contents("/proc/self/uid_map", &map, NULL, NULL)) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(map, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *first = g_strchug(*line);
        if (*first && g_ascii_strtoull(first, NULL, 10) == 0) {
            return false;
        }
    }
    return true;
}

static uid_t overflow_uid(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/sys/kernel/overflowuid", &text, NULL, NULL)) {
        return 65534;
    }
    return (uid_t)g_ascii_strtoull(text, NULL, 10);
}

char *control_peer_name(int fd, GError **error)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot see who connects: %s",
                g_strerror(errno));
        return NULL;
    }
    if (peer.uid == 0 || (peer.uid == overflow_uid() && root_is_hidden())) {
        return g_strdup("root");
    }
    if (peer.uid != geteuid()) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "this exercise belongs to user %u, not %u", (unsigned)geteuid(),
                (unsigned)peer.uid);
        return NULL;
    }
    const struct passwd *account = getpwuid(peer.uid);
    return account ? g_strdup(account->pw_name) : g_strdup_printf("uid %u", (unsigned)peer.uid);
}

static void set_os_error(GError **error, const char *path, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot %s %s: %s", what, path,
            g_strerror(errno));
}

/* True when nobody listens at address any more and its file is removed. */
static bool clear_stale(const struct sockaddr_un *address, GError **error)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0) {
        return true;
    }
    if (!S_ISSOCK(st.st_mode)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s is in the way and is no socket: remove it", address->sun_path);
        return false;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) {
        set_os_error(error, address->sun_path, "look who listens at");
        return false;
    }
    int code = connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
    close(probe);
    if (code != ECONNREFUSED && code != ENOENT) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "an exercise of that name is running (%s answers); choose another with --name",
                address->sun_path);
        return false;
    }
    return unlink(address->sun_path) == 0 || errno == ENOENT;
}

static bool bind_at(int fd, const struct sockaddr_un *address, GError **error)
{
    /* the mode is there from the socket file's first moment */
    if (fchmod(fd, 0600) != 0 ||
            bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
            listen(fd, 64) != 0) {
        set_os_error(error, address->sun_path, "listen at");
        return false;
    }
    return true;
}

int control_listen(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "the socket's path has more than %zu bytes: %s; set XDG_RUNTIME_DIR to a shorter "
                "one",
                sizeof(address.sun_path) - 1, path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    /* two starters at one time: one of them looks and binds first */
    g_autofree char *dir = g_path_get_dirname(path);
    int guard = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (guard < 0 || flock(guard, LOCK_EX) != 0) {
        set_os_error(error, dir, "lock");
        if (guard >= 0) {
            close(guard);
        }
        return -1;
    }
    int fd = -1;
    if (clear_stale(&address, error)) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            set_os_error(error, path, "listen at");
        } else if (!bind_at(fd, &address, error)) {
            close(fd);
            fd = -1;
        }
    }
    close(guard);
    return fd;
}
