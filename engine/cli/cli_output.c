/* cli_output.c - the file that -o names: opened by who called, filled by the account. */
#include "cli/cli_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write %s: %s", path,
            g_strerror(errno));
    return false;
}

bool cli_output_open(const char *path, struct cli_output *ret, GError **error)
{
    *ret = (struct cli_output){.path = g_strdup(path), .fd = -1};
    if (!strcmp(path, "-")) {
        if (isatty(STDOUT_FILENO)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "-o - is for a pipe or a file, not for a terminal");
            return false;
        }
        ret->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    } else {
        ret->made = access(path, F_OK) != 0;
        ret->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    }
    return ret->fd >= 0 || fail(path, error);
}

int cli_output_begin(struct cli_output *output, GError **error)
{
    struct stat st;
    int fd = fcntl(output->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || fstat(fd, &st) != 0 ||
            (S_ISREG(st.st_mode) && strcmp(output->path, "-") != 0 && ftruncate(fd, 0) != 0)) {
        (void)fail(output->path, error);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

void cli_output_end(struct cli_output *output, bool keep)
{
    if (output->fd >= 0) {
        close(output->fd);
        if (output->made && !keep) {
            (void)unlink(output->path);
        }
    }
    g_clear_pointer(&output->path, g_free);
    output->fd = -1;
}
