/* check_socket.c - what all socket checks do: connect, watch, receive, name a failure. */
#include "check/check_internal.h"

#include "base/error.h"
#include "cell/cell.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int check_port(const struct check_request *request)
{
    static const int usual[] = {[CHECK_HTTP] = 80,
            [CHECK_TCP] = 0,
            [CHECK_SSH] = 22,
            [CHECK_MODBUS] = 502,
            [CHECK_PING] = 0};
    return request->port ? request->port : usual[request->protocol];
}

/* EPERM and the like are the checker's own trouble; the rest says something about the service. */
static bool is_own_trouble(int code, bool at_once)
{
    switch (code) {
    case EPERM:
    case EACCES:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    case EINVAL:
        return true;
    case ENETUNREACH: /* at once: no route in our own namespace */
    case ENETDOWN:
        return at_once;
    default:
        return false;
    }
}

void check_fail(struct check *check, int code, bool at_once)
{
    bool own = is_own_trouble(code, at_once);
    g_autofree char *text = g_ascii_strdown(g_strerror(code), -1);
    check_finish(check, own ? CHECK_FAULT : CHECK_DOWN, 0,
            own ? g_strdup_printf("the checker cannot connect: %s", text) : g_steal_pointer(&text));
}

int check_space_socket(int space, int type, int protocol, GError **error)
{
    type |= SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (space >= 0) {
        return cell_socket(space, AF_INET, type, protocol, error);
    }
    int fd = socket(AF_INET, type, protocol);
    if (fd < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make a socket: %s",
                g_strerror(errno));
    }
    return fd;
}

bool check_socket(struct check *check, int type, int protocol)
{
    g_autoptr(GError) error = NULL;
    check->fd = check_space_socket(check->request.space, type, protocol, &error);
    if (check->fd < 0) {
        check_finish(check, CHECK_FAULT, 0, g_strdup(error->message));
        return false;
    }
    struct sockaddr_in to = {
            .sin_family = AF_INET,
            .sin_port = htons((guint16)check_port(&check->request)),
            .sin_addr.s_addr = htonl(check->request.address),
    };
    if (connect(check->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS) {
        check_fail(check, errno, true);
        return false;
    }
    return true;
}

static gboolean on_ready(gint fd, GIOCondition ready, gpointer data)
{
    struct check *check = data;
    if (!check->connected) {
        int code = 0;
        socklen_t size = sizeof(code);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) {
            code = errno;
        }
        if (code) {
            check_fail(check, code, false);
            return G_SOURCE_REMOVE;
        }
        check->connected = true;
    }
    check->family->turn(check, ready);
    return G_SOURCE_CONTINUE; /* a finished check has destroyed the source */
}

void check_watch(struct check *check, GIOCondition condition)
{
    if (check->watch) {
        g_source_destroy(check->watch);
        g_source_unref(check->watch);
    }
    check->watch = g_unix_fd_source_new(check->fd, condition);
    g_source_set_callback(check->watch, G_SOURCE_FUNC(on_ready), check, NULL);
    g_source_attach(check->watch, g_main_context_get_thread_default());
}

int check_receive(struct check *check, bool *ended)
{
    gsize room = CHECK_BANNER_MAX - check->have;
    if (room == 0) {
        *ended = true;
        return 0;
    }
    ssize_t n = recv(check->fd, check->buffer + check->have, room, 0);
    if (n > 0) {
        check->have += (gsize)n;
        check->buffer[check->have] = '\0';
        *ended = check->have == CHECK_BANNER_MAX;
        return 1;
    }
    if (n == 0) {
        *ended = true;
        return 0;
    }
    if (errno == EAGAIN || errno == EINTR) {
        return 0;
    }
    check_fail(check, errno, false);
    return -1;
}
