/* space.c - network namespaces inside a cell, entered only by threads made for it. */
#include "cell/cell.h"

#include "base/error.h"
#include "base/space.h"
#include "cell/link.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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
    return space_run(SPACE_NEW, open_own_space, &fd, error) ? fd : -1;
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
    return space_run(space, fn, data, error);
}
