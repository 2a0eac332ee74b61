/* cli_terminal.c - joins this terminal and a socket, byte for byte. */
#include "cli/cli_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK 4096
#define QUIET_MS 1000 /* after the end of the input */

struct join {
    int socket, watch, signals;
    bool input_over;
    struct cli_record *record;
    enum cli_join_end end;
};

/* A guest that reads nothing more does not keep a signal from ending it. */
static bool write_all(struct join *join, int fd, const char *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd room[] = {
                    {.fd = fd, .events = POLLOUT}, {.fd = join->signals, .events = POLLIN}};
            if (poll(room, G_N_ELEMENTS(room), -1) > 0 && room[1].revents) {
                join->end = CLI_JOIN_SIGNAL;
                return false;
            }
        } else if (n < 0 && errno != EINTR) {
            join->end = CLI_JOIN_CLOSED;
            return false;
        }
        bytes += MAX(n, 0);
        length -= (gsize)MAX(n, 0);
    }
    return true;
}

/* False when it is over. */
static bool take_input(struct join *join, bool terminal)
{
    char chunk[CHUNK];
    ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    if (n <= 0) {
        join->input_over = true;
        return true;
    }
    const char *escape = terminal ? memchr(chunk, CLI_ESCAPE, (gsize)n) : NULL;
    gsize length = escape ? (gsize)(escape - chunk) : (gsize)n;
    if (!write_all(join, join->socket, chunk, length)) {
        return false;
    }
    join->end = CLI_JOIN_ESCAPED;
    return !escape;
}

static bool take_output(struct join *join)
{
    char chunk[CHUNK];
    ssize_t n = read(join->socket, chunk, sizeof(chunk));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    join->end = CLI_JOIN_CLOSED;
    if (n > 0 && join->record) {
        cli_record_add(join->record, chunk, (gsize)n);
    }
    return n > 0 && write_all(join, STDOUT_FILENO, chunk, (gsize)n);
}

static bool turn(struct join *join, bool terminal)
{
    struct pollfd fds[] = {
            {.fd = join->socket, .events = POLLIN},
            {.fd = join->input_over ? -1 : STDIN_FILENO, .events = POLLIN},
            {.fd = join->signals, .events = POLLIN},
            {.fd = join->watch, .events = POLLIN},
    };
    int n = poll(fds, G_N_ELEMENTS(fds), join->input_over ? QUIET_MS : -1);
    if (n == 0) {
        join->end = CLI_JOIN_INPUT;
        return false;
    }
    if (n < 0) {
        return errno == EINTR;
    }
    if (fds[2].revents) {
        join->end = CLI_JOIN_SIGNAL;
        return false;
    }
    if (fds[0].revents && !take_output(join)) {
        return false;
    }
    if (fds[1].revents && !take_input(join, terminal)) {
        return false;
    }
    if (fds[3].revents) {
        join->end = CLI_JOIN_CLOSED;
        return false;
    }
    return true;
}

bool cli_join(
        int socket, int watch, struct cli_record *record, enum cli_join_end *ret, GError **error)
{
    sigset_t signals;
    sigset_t before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &before);
    struct join join = {.socket = socket, .watch = watch, .record = record, .end = CLI_JOIN_CLOSED};
    join.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    struct termios saved;
    bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
    if (terminal) {
        struct termios raw = saved;
        cfmakeraw(&raw);
        terminal = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    bool ok = join.signals >= 0;
    if (!ok) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no signals: %s", g_strerror(errno));
    }
    while (ok && turn(&join, terminal)) {
    }
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
    if (join.signals >= 0) {
        close(join.signals);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    *ret = join.end;
    return ok;
}
