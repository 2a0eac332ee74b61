/* world_real_foot.c - frames between a foot's port and taps in the teams' spaces.
 *
 * The messages are those of images/guest/foot.c: {card, 0, length (2 bytes, big-endian), frame}.
 * What comes from the port is checked like any input of a guest.
 */
#include "world/world_real_daemon.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD 4
#define FRAME_MAX 9216
#define HELLO 255

struct foot_wire {
    int taps[FOOT_CARDS];
    guint n;
    int socket, stop; /* stop: an eventfd that ends the thread */
    GThread *thread;
    GSourceFunc on_ready, on_lost;
    gpointer data;
    guint8 inbox[HEAD + FRAME_MAX];
    gsize length;
};

/* ---- taps ------------------------------------------------------------------------------------ */

struct tap_request {
    char *name;
    guint32 address;
    int prefix;
    int fd;
};

static bool fail(GError **error, const char *what)
{
    const char *remedy = strstr(what, "/dev/net/tun") && errno == EACCES
                                 ? "; remedy: chmod 666 /dev/net/tun"
                                 : "";
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "the checks' tap: %s: %s%s", what,
            g_strerror(errno), remedy);
    return false;
}

static void set_address(struct ifreq *request, guint32 address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(&request->ifr_addr, &in, sizeof(in));
}

static bool configure(const struct tap_request *tap, const char *name, GError **error)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(error, "socket");
    }
    struct ifreq request = {0};
    g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
    set_address(&request, tap->address);
    bool ok = ioctl(fd, SIOCSIFADDR, &request) == 0;
    set_address(&request, tap->prefix ? G_MAXUINT32 << (32 - tap->prefix) : 0);
    ok = ok && ioctl(fd, SIOCSIFNETMASK, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST;
    ok = ok && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (!ok) {
        fail(error, "its address");
    }
    close(fd);
    return ok;
}

/* In the team's space. The tap lives as long as its descriptor. */
static bool make_tap(gpointer data, GError **error)
{
    struct tap_request *tap = data;
    tap->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (tap->fd < 0) {
        return fail(error, "/dev/net/tun");
    }
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    g_strlcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
    if (ioctl(tap->fd, TUNSETIFF, &request) != 0) {
        return fail(error, "TUNSETIFF");
    }
    return configure(tap, request.ifr_name, error);
}

struct foot_wire *foot_wire_new(
        const struct real_world *world, guint first, guint n, GError **error)
{
    struct foot_wire *wire = g_new0(struct foot_wire, 1);
    wire->socket = -1;
    wire->stop = eventfd(0, EFD_CLOEXEC);
    for (guint i = 0; i < n; i++) {
        const struct plan_network *network =
                g_ptr_array_index(world->head.plan->networks, first + i);
        g_autofree char *inner = real_net_inner(network);
        struct tap_request tap = {.name = inner,
                .address = network->subnet->checker,
                .prefix = network->subnet->prefix,
                .fd = -1};
        bool ok = cell_run(world->spaces[network->team], make_tap, &tap, error);
        if (tap.fd >= 0) {
            wire->taps[wire->n++] = tap.fd;
        }
        if (!ok) {
            foot_wire_free(wire);
            return NULL;
        }
    }
    return wire;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static bool write_all(int fd, const guint8 *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        length -= (gsize)n;
    }
    return true;
}

static bool send_to_foot(struct foot_wire *wire, guint card)
{
    guint8 message[HEAD + FRAME_MAX];
    ssize_t n = read(wire->taps[card], message + HEAD, FRAME_MAX);
    if (n <= 0) {
        return true; /* a tap that is down has nothing to say */
    }
    message[0] = (guint8)card;
    message[1] = 0;
    message[2] = (guint8)(n >> 8);
    message[3] = (guint8)n;
    return write_all(wire->socket, message, HEAD + (gsize)n);
}

static void say_ready(struct foot_wire *wire)
{
    if (wire->on_ready) {
        g_idle_add(wire->on_ready, wire->data);
        wire->on_ready = NULL;
    }
}

/* Every whole message of the inbox; false when it is none of the foot's. */
static bool take_messages(struct foot_wire *wire)
{
    gsize at = 0;
    while (wire->length - at >= HEAD) {
        const guint8 *head = wire->inbox + at;
        gsize size = (gsize)head[2] << 8 | head[3];
        if (size > FRAME_MAX || (head[0] >= wire->n && head[0] != HELLO)) {
            return false;
        }
        if (wire->length - at - HEAD < size) {
            break;
        }
        if (head[0] == HELLO) {
            say_ready(wire);
        } else {
            /* a frame that the tap does not take is lost, as in any network */
            ssize_t ignored = write(wire->taps[head[0]], head + HEAD, size);
            (void)ignored;
        }
        at += HEAD + size;
    }
    memmove(wire->inbox, wire->inbox + at, wire->length - at);
    wire->length -= at;
    return true;
}

static bool receive_from_foot(struct foot_wire *wire)
{
    ssize_t n =
            recv(wire->socket, wire->inbox + wire->length, sizeof(wire->inbox) - wire->length, 0);
    if (n <= 0) {
        return n < 0 && errno == EINTR;
    }
    wire->length += (gsize)n;
    return take_messages(wire);
}

static gpointer carry(gpointer data)
{
    struct foot_wire *wire = data;
    struct pollfd wait[FOOT_CARDS + 2];
    bool alive = true;
    while (alive) {
        wait[0] = (struct pollfd){.fd = wire->stop, .events = POLLIN};
        wait[1] = (struct pollfd){.fd = wire->socket, .events = POLLIN};
        for (guint i = 0; i < wire->n; i++) {
            wait[i + 2] = (struct pollfd){.fd = wire->taps[i], .events = POLLIN};
        }
        if ((poll(wait, wire->n + 2, -1) < 0 && errno != EINTR) || wait[0].revents) {
            break;
        }
        if (wait[1].revents) {
            alive = receive_from_foot(wire);
        }
        for (guint i = 0; alive && i < wire->n; i++) {
            alive = !(wait[i + 2].revents & POLLIN) || send_to_foot(wire, i);
        }
    }
    shutdown(wire->socket, SHUT_RDWR);
    g_idle_add(wire->on_lost, wire->data);
    return NULL;
}

static void disconnect(struct foot_wire *wire)
{
    if (!wire->thread) {
        return;
    }
    guint64 count = 1;
    (void)!write(wire->stop, &count, sizeof(count)); /* an eventfd takes it */
    shutdown(wire->socket, SHUT_RDWR);               /* ends a write to a foot that does not read */
    g_thread_join(wire->thread);
    wire->thread = NULL;
    (void)!read(wire->stop, &count, sizeof(count));
    close(wire->socket);
    wire->length = 0;
}

void foot_wire_connect(struct foot_wire *wire, int socket, GSourceFunc on_ready,
        GSourceFunc on_lost, gpointer data)
{
    disconnect(wire);
    wire->socket = socket;
    wire->on_ready = on_ready;
    wire->on_lost = on_lost;
    wire->data = data;
    wire->thread = g_thread_new("foot", carry, wire);
}

void foot_wire_free(struct foot_wire *wire)
{
    if (!wire) {
        return;
    }
    disconnect(wire);
    for (guint i = 0; i < wire->n; i++) {
        close(wire->taps[i]);
    }
    close(wire->stop);
    g_free(wire);
}

/* ---- its initramfs --------------------------------------------------------------------------- */

/* One member of an archive in the "newc" format of cpio(5), padded to four bytes. */
static void add_member(
        GByteArray *archive, const char *name, guint mode, const char *bytes, gsize length)
{
    static const guint8 zeros[4];
    g_autofree char *head =
            g_strdup_printf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1U, mode,
                    0U, 0U, 1U, 0U, (guint)length, 0U, 0U, 0U, 0U, (guint)strlen(name) + 1, 0U);
    g_byte_array_append(archive, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(archive, (const guint8 *)name, (guint)strlen(name) + 1);
    g_byte_array_append(archive, zeros, (4 - archive->len % 4) % 4);
    g_byte_array_append(archive, (const guint8 *)bytes, (guint)length);
    g_byte_array_append(archive, zeros, (4 - archive->len % 4) % 4);
}

bool foot_write_initrd(
        const char *kernel_initrd, const char *program, const char *file, GError **error)
{
    g_autofree char *base = NULL;
    g_autofree char *foot = NULL;
    gsize base_length = 0;
    gsize foot_length = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(kernel_initrd, &base, &base_length, &cause) ||
            !g_file_get_contents(program, &foot, &foot_length, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s", cause->message);
        return false;
    }
    g_autoptr(GByteArray) archive = g_byte_array_new();
    g_byte_array_append(archive, (const guint8 *)base, (guint)base_length);
    guint8 zeros[4] = {0};
    g_byte_array_append(archive, zeros, (4 - archive->len % 4) % 4);
    add_member(archive, "foot", 0100755, foot, foot_length);
    add_member(archive, "TRAILER!!!", 0, "", 0);
    if (!g_file_set_contents(file, (const char *)archive->data, archive->len, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s", cause->message);
        return false;
    }
    return true;
}
