/* guest-file.c - writes a file; those that every clone writes are open before it wakes. */
#include "guest-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ready {
    const char *path;
    int fd, mode;
};

static struct ready ready[FILE_READY_MAX];
static size_t ready_count;

static void make_parents(const char *path)
{
    char folder[4096];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        if ((size_t)(slash - path) < sizeof(folder)) {
            memcpy(folder, path, (size_t)(slash - path));
            folder[slash - path] = '\0';
            (void)mkdir(folder, 0755); /* what is wrong shows when the file is opened */
        }
    }
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = write(fd, bytes + at, length - at);
        if (n <= 0) {
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

bool file_make_ready(const char *path, int mode)
{
    if (ready_count == FILE_READY_MAX) {
        errno = ENOSPC;
        return false;
    }
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0 || fchmod(fd, (mode_t)mode) != 0 || pwrite(fd, "\n", 1, 0) != 1) {
        return false;
    }
    ready[ready_count++] = (struct ready){path, fd, mode};
    return true;
}

/* Once: whoever is in the machine may have put another file there since. -1: it is not ready. The
 * descriptor stays open, for closing is code to translate as well. */
static int take_ready(const char *path, int mode)
{
    for (size_t i = 0; i < ready_count; i++) {
        if (!strcmp(ready[i].path, path) && (mode < 0 || mode == ready[i].mode)) {
            ready[i].path = "";
            return ready[i].fd;
        }
    }
    return -1;
}

bool file_write(const char *path, int mode, const char *bytes, size_t length)
{
    int fd = length > 0 ? take_ready(path, mode) : -1; /* its one byte is written over */
    if (fd >= 0) {
        return write_all(fd, bytes, length);
    }
    make_parents(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
            mode < 0 ? 0644 : (unsigned)mode & 0700U);
    bool ok =
            fd >= 0 && write_all(fd, bytes, length) && (mode < 0 || fchmod(fd, (mode_t)mode) == 0);
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return ok;
}
