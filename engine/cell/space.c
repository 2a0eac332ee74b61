/* space.c - network namespaces inside a cell, entered only by threads made for it.
 *
 * setns(2) changes one thread. A short-lived thread does it and ends, so that no failure can leave
 * a caller in the wrong namespace.
 */
#include "cell/cell.h"

#include "base/error.h"
#include "cell/link.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

typedef bool (*space_fn)(gpointer data, GError **error);

struct visit {
    int space; /* -1: a new one */
    space_fn fn;
    gpointer data;
    GError *error;
    bool ok;
};

static bool fail(GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s", what, g_strerror(errno));
    return false;
}

bool link_lo_up(GError **error)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(error, "cannot make a socket for lo");
    }
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
    bool ok = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (!ok) {
        fail(error, "cannot bring lo up");
    }
    close(fd);
    return ok;
}

static gpointer visit_thread(gpointer data)
{
    struct visit *visit = data;
    if (visit->space < 0 ? unshare(CLONE_NEWNET) != 0 : setns(visit->space, CLONE_NEWNET) != 0) {
        fail(&visit->error, visit->space < 0 ? "cannot make a network namespace"
                                             : "cannot enter a network namespace");
        return NULL;
    }
    visit->ok = visit->fn(visit->data, &visit->error);
    return NULL;
}

static bool visit_space(struct visit *visit, GError **error)
{
    g_autoptr(GError) thread_error = NULL;
    GThread *thread = g_thread_try_new("space", visit_thread, visit, &thread_error);
    if (!thread) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no thread: %s",
                thread_error->message);
        return false;
    }
    g_thread_join(thread);
    if (visit->error) {
        g_propagate_error(error, visit->error);
    }
    return visit->ok;
}

static bool open_own_space(gpointer data, GError **error)
{
    int *ret_fd = data;
    if (!link_lo_up(error)) {
        return false;
    }
    *ret_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return *ret_fd >= 0 || fail(error, "cannot open /proc/thread-self/ns/net");
}

int cell_space_new(GError **error)
{
    int fd = -1;
    struct visit visit = {.space = -1, .fn = open_own_space, .data = &fd};
    return visit_space(&visit, error) ? fd : -1;
}

struct socket_request {
    int domain, type, protocol;
    int fd;
};

static bool make_socket(gpointer data, GError **error)
{
    struct socket_request *request = data;
    request->fd = socket(request->domain, request->type | SOCK_CLOEXEC, request->protocol);
    return request->fd >= 0 || fail(error, "cannot make a socket");
}

int cell_socket(int space, int domain, int type, int protocol, GError **error)
{
    struct socket_request request = {
            .domain = domain, .type = type, .protocol = protocol, .fd = -1};
    return cell_run(space, make_socket, &request, error) ? request.fd : -1;
}

bool cell_run(int space, bool (*fn)(gpointer data, GError **error), gpointer data, GError **error)
{
    if (space < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                "no network namespace: descriptor %d", space);
        return false;
    }
    struct visit visit = {.space = space, .fn = fn, .data = data};
    return visit_space(&visit, error);
}
