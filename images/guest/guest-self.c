/* guest-self.c - who a machine is: its name and machine id. */
#include "guest-self.h"

#include "guest-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool self_set_name(const char *name)
{
    char line[256];
    size_t length = strlen(name);
    if (length == 0 || length + 1 > sizeof(line)) {
        errno = EINVAL;
        return false;
    }
    memcpy(line, name, length); // NOLINT(bugprone-not-null-terminated-result): a line, no string
    line[length] = '\n';
    return sethostname(name, length) == 0 && file_write(SELF_NAME_FILE, -1, line, length + 1);
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
    return file_write(SELF_ID_FILE, -1, text, strlen(text));
}
