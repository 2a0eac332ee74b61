/* space.c - network namespaces inside a cell, entered only by threads made for it. */
#include "cell/cell.h"

#include "base/error.h"
#include "base/space.h"
#include "cell/link.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SPACES_A_THREAD = 16, THREADS_MAX = 4 };

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

/* A namespace begins with the host's settings of IPv4 (ip-sysctl: devconf_inherit_init_net). Where
 * the host forwards, a machine would get past a gate by way of a checker's address. */
bool link_forward_nothing(GError **error)
{
    static const char path[] = "/proc/sys/net/ipv4/ip_forward";
    char now = '1';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, &now, 1) == 1;
    if (fd >= 0) {
        close(fd);
    }
    if (ok && now != '0') { /* in a container it may be there to be read only */
        fd = open(path, O_WRONLY | O_CLOEXEC);
        ok = fd >= 0 && write(fd, "0", 1) == 1;
        if (fd >= 0) {
            close(fd);
        }
    }
    return ok || fail(error, path);
}

static bool open_own_space(gpointer data, GError **error)
{
    int *ret_fd = data;
    if (!link_lo_up(error) || !link_forward_nothing(error)) {
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

/* ---- many ------------------------------------------------------------------------------------ */

struct making { /* what one thread makes */
    int *fds;
    gsize n;
    GError *error;
    GThread *thread;
};

/* From one new namespace into the next: the thread leaves each behind, its descriptor keeps it. */
static gpointer make_spaces(gpointer data)
{
    struct making *making = data;
    for (gsize i = 0; i < making->n && !making->error; i++) {
        if (unshare(CLONE_NEWNET) != 0) {
            fail(&making->error, "cannot make a network namespace");
        } else {
            (void)open_own_space(&making->fds[i], &making->error);
        }
    }
    return NULL;
}

/* The kernel makes namespaces in parallel; a thread for a few of them would cost more. */
static gsize threads_for(gsize n)
{
    return CLAMP(n / SPACES_A_THREAD, 1, MIN(g_get_num_processors(), THREADS_MAX));
}

static bool begin_making(struct making *making)
{
    g_autoptr(GError) problem = NULL;
    making->thread = g_thread_try_new("spaces", make_spaces, making, &problem);
    if (!making->thread) {
        g_set_error(&making->error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no thread: %s",
                problem->message);
    }
    return making->thread != NULL;
}

bool cell_spaces_new(int *ret_fds, gsize n, GError **error)
{
    struct making parts[THREADS_MAX] = {0};
    gsize threads = n > 0 ? threads_for(n) : 0;
    bool ok = true;
    for (gsize i = 0; i < n; i++) {
        ret_fds[i] = -1;
    }
    for (gsize i = 0; i < threads; i++) {
        gsize from = n * i / threads;
        parts[i].fds = ret_fds + from;
        parts[i].n = n * (i + 1) / threads - from;
        ok = begin_making(&parts[i]) && ok;
    }
    for (gsize i = 0; i < threads; i++) {
        if (parts[i].thread) {
            g_thread_join(parts[i].thread);
        }
        if (parts[i].error) {
            g_clear_error(error);
            g_propagate_error(error, parts[i].error);
            ok = false;
        }
    }
    for (gsize i = 0; !ok && i < n; i++) {
        if (ret_fds[i] >= 0) {
            close(ret_fds[i]);
            ret_fds[i] = -1;
        }
    }
    return ok;
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
