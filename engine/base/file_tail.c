/* file_tail.c - the last bytes of a file that somebody else writes, and a bound on its size. */
#include "base/file_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_tail(const char *file, gsize max, gsize *ret_length)
{
    char *tail = g_malloc0(max + 1);
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    ssize_t n = size < 0 ? -1 : pread(fd, tail, max, MAX(size - (off_t)max, 0));
    if (fd >= 0) {
        close(fd);
    }
    *ret_length = (gsize)MAX(n, 0);
    return tail;
}

/* A hole, not a new length: QEMU keeps its own place in the file. */
static bool punch(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return false;
    }
    if (!S_ISREG(st.st_mode) || (goffset)st.st_blocks * 512 <= FILE_TRIM_MAX ||
            st.st_size <= FILE_TRIM_KEEP) {
        return true;
    }
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                   st.st_size - FILE_TRIM_KEEP) == 0;
}

bool file_trim(const char *file)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT;
    }
    bool ok = punch(fd);
    close(fd);
    return ok;
}
