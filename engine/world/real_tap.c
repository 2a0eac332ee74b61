/* real_tap.c - a tap of the engine's own in a network namespace. */
#include "world/real_tap.h"

#include "base/error.h"
#include "cell/cell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE "/dev/net/tun"

struct making {
    const struct real_tap *tap;
    int fd;
};

static bool fail(const struct real_tap *tap, const char *what, GError **error)
{
    const char *remedy =
            !strcmp(what, DEVICE) && errno == EACCES ? "; remedy: chmod 666 " DEVICE : "";
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s: %s%s", tap->whose, what,
            g_strerror(errno), remedy);
    return false;
}

static void set_address(struct ifreq *request, guint32 address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(&request->ifr_addr, &in, sizeof(in));
}

static bool configure(const struct real_tap *tap, int fd)
{
    struct ifreq request = {0};
    g_strlcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
    set_address(&request, tap->address);
    if (ioctl(fd, SIOCSIFADDR, &request) != 0) {
        return false;
    }
    set_address(&request, tap->prefix ? G_MAXUINT32 << (32 - tap->prefix) : 0);
    if (ioctl(fd, SIOCSIFNETMASK, &request) != 0) {
        return false;
    }
    request.ifr_mtu = tap->mtu;
    if (tap->mtu && ioctl(fd, SIOCSIFMTU, &request) != 0) {
        return false;
    }
    request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST;
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* In the namespace. */
static bool make(gpointer data, GError **error)
{
    struct making *making = data;
    const struct real_tap *tap = making->tap;
    making->fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (making->fd < 0) {
        return fail(tap, DEVICE, error);
    }
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    g_strlcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
    if (ioctl(making->fd, TUNSETIFF, &request) != 0) {
        return fail(tap, "TUNSETIFF", error);
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(tap, "socket", error);
    }
    bool ok = configure(tap, fd) || fail(tap, "its address", error);
    close(fd);
    return ok;
}

int real_tap_make(int space, const struct real_tap *tap, GError **error)
{
    struct making making = {.tap = tap, .fd = -1};
    if (!cell_run(space, make, &making, error) && making.fd >= 0) {
        close(making.fd);
        making.fd = -1;
    }
    return making.fd;
}
