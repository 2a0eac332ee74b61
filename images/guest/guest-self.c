/* guest-self.c - who a machine is: its name and machine id. */
#include "guest-self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool self_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return ok;
}

bool self_set_name(const char *name)
{
    char line[256];
    int n = snprintf(line, sizeof(line), "%s\n", name);
    if (n < 2 || n >= (int)sizeof(line)) {
        errno = EINVAL;
        return false;
    }
    return sethostname(name, strlen(name)) == 0 && self_write("/etc/hostname", line);
}

bool self_set_machine_id(const char *id)
{
    unsigned char random[16];
    char text[2 * sizeof(random) + 2] = "";
    if (!id) {
        if (getrandom(random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random)) {
            return false;
        }
        for (size_t i = 0; i < sizeof(random); i++) {
            snprintf(text + 2 * i, 3, "%02x", random[i]);
        }
    } else if (strlen(id) == 2 * sizeof(random)) {
        memcpy(text, id, 2 * sizeof(random) + 1);
    } else {
        errno = EINVAL;
        return false;
    }
    text[2 * sizeof(random)] = '\n';
    return self_write("/etc/machine-id", text);
}
