/* ledger_lock.c - one writer a ledger: flock on a companion file that goes with its writer. */
#include "ledger/ledger_internal.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What its holder wrote into the lock file; 0 when that is not there yet. */
static pid_t read_holder(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    gint64 pid = n > 0 ? g_ascii_strtoll(text, NULL, 10) : 0;
    return pid > 0 && pid <= G_MAXINT ? (pid_t)pid : 0;
}

static void set_taken(const char *path, int fd, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
            "%s is being written by process %d; end that exercise first", path,
            (int)read_holder(fd));
}

/* The path still names what fd locks; the last holder may have removed it meanwhile. */
static bool is_current(const char *lock, int fd)
{
    struct stat by_name;
    struct stat by_fd;
    return stat(lock, &by_name) == 0 && fstat(fd, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
           by_name.st_dev == by_fd.st_dev;
}

int ledger_lock(const char *path, GError **error)
{
    g_autofree char *lock = g_strconcat(path, ".lock", NULL);
    for (;;) {
        int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "cannot make %s: %s", lock,
                    g_strerror(errno));
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            set_taken(path, fd, error);
            close(fd);
            return -1;
        }
        if (is_current(lock, fd)) {
            if (ftruncate(fd, 0) == 0) {
                dprintf(fd, "%d\n", (int)getpid());
            }
            return fd;
        }
        close(fd);
    }
}

void ledger_unlock(const char *path, int fd)
{
    if (fd >= 0) {
        g_autofree char *lock = g_strconcat(path, ".lock", NULL);
        unlink(lock);
        close(fd);
    }
}

bool ledger_is_locked(const char *path, pid_t *ret_holder)
{
    g_autofree char *lock = g_strconcat(path, ".lock", NULL);
    int fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (ret_holder) {
        *ret_holder = locked ? read_holder(fd) : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return locked;
}
