/* guest-listen.c - the kernel's tables of TCP sockets, for who listens (proc(5), /proc/net/tcp). */
#include "guest-listen.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_MAX (64U << 10)

static int tables[2] = {-1, -1}; /* /proc/net/tcp, tcp6; open for ever */
static char table[TABLE_MAX];    /* what one of them says */

/* Listeners come first in the kernel's table, so its first part is enough. */
static void read_table(int fd)
{
    size_t at = 0;
    for (ssize_t n; at < sizeof(table) - 1; at += (size_t)n) {
        n = fd < 0 ? 0 : pread(fd, table + at, sizeof(table) - 1 - at, (off_t)at);
        if (n <= 0) {
            break;
        }
    }
    table[at] = '\0';
}

/* "  0: ADDRESS:PORT ADDRESS:PORT STATE …", numbers in hexadecimal; the first line is a heading. */
static bool table_listens(unsigned long wanted)
{
    for (const char *line = strchr(table, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        const char *local = strchr(line, ':');
        const char *port = local ? strchr(local + 1, ':') : NULL;
        const char *remote = port ? strchr(port + 1, ':') : NULL;
        const char *state = remote ? strchr(remote, ' ') : NULL;
        if (state && strtoul(port + 1, NULL, 16) == wanted &&
                strtoul(state, NULL, 16) == TCP_LISTEN) {
            return true;
        }
    }
    return false;
}

static bool table_has(int which, unsigned long port)
{
    static const char *const paths[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    if (tables[which] < 0) {
        tables[which] = open(paths[which], O_RDONLY | O_CLOEXEC);
    }
    read_table(tables[which]);
    return table_listens(port);
}

bool listen_at(unsigned long port)
{
    return table_has(0, port) || table_has(1, port);
}

void listen_make_ready(void)
{
    memset(table, 0, sizeof(table));
    (void)listen_at(0);
}
