/* net_tap.c - taps: the one kind of interface that netlink does not make. */
#include "net/net_internal.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool fail(GError **error, const char *name, const char *what, const char *remedy)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "tap %s: %s: %s%s", name, what,
            g_strerror(errno), remedy);
    return false;
}

bool net_tap_create(const char *name, GError **error)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        const char *remedy =
                errno == EACCES ? "; remedy: chmod 666 /dev/net/tun" : "; remedy: modprobe tun";
        return fail(error, name, "/dev/net/tun", remedy);
    }
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
    bool ok = true;
    /* TUNSETIFF joins a tap that is there already, hence IFF_TUN_EXCL */
    request.ifr_flags = (short)(request.ifr_flags | (short)IFF_TUN_EXCL);
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        ok = fail(error, name, "TUNSETIFF", "");
    } else if (ioctl(fd, TUNSETOWNER, (unsigned long)geteuid()) != 0) {
        ok = fail(error, name, "TUNSETOWNER", "");
    } else if (ioctl(fd, TUNSETPERSIST, 1UL) != 0) {
        ok = fail(error, name, "TUNSETPERSIST", "");
    }
    close(fd);
    return ok;
}
