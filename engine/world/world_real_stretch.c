/* world_real_stretch.c - networks that reach into the cell of another exercise (run --peer).
 *
 * Each stretched network's bridge has a VXLAN tunnel. Its packets belong to a namespace where only
 * they are, below the cell: no guest's bridge leads there. Out of it leads one tap, whose frames
 * this engine hands to the other one's through a unix socket, a message each. So neither needs a
 * privilege over the other's cell, nothing of either is in the other, and the host's network is not
 * touched. The engine with a peer connects; the other one listens in its run folder.
 */
#include "world/real_tap.h"
#include "world/world_real.h"

#include "base/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENS 0xa9fe4d01U  /* 169.254.77.1 */
#define CONNECTS 0xa9fe4d02U /* 169.254.77.2 */
#define PREFIX 30
#define MTU 1600 /* a guest's 1500 bytes and what VXLAN adds */
#define FRAME_MAX 2048
#define FRAMES_A_TURN 64
#define RETRY_MS 500

struct real_stretch {
    struct real_world *world;
    char *path; /* of the socket: ours to listen at, or the peer's */
    char *peer; /* its name; NULL: we listen */
    int space, tap, listener, socket;
    guint tap_watch, listen_watch, socket_watch, retry; /* GSource ids */
};

static bool fail(GError **error, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "stretched networks: %s: %s", what,
            g_strerror(errno));
    return false;
}

/* In the namespace below. */
static int make_tap(const struct real_stretch *stretch, GError **error)
{
    const struct real_tap tap = {.name = WORLD_BELOW,
            .address = stretch->peer ? CONNECTS : LISTENS,
            .prefix = PREFIX,
            .mtu = MTU,
            .whose = "stretched networks"};
    return real_tap_make(stretch->space, &tap, error);
}

/* ---- frames --------------------------------------------------------------------------------- */

static void lose_peer(struct real_stretch *stretch);

/* As many as are there, but not for ever: one side alone must not keep the loop. False: the end of
 * from. What does not fit into to now is lost, as on any wire. */
static bool pass(int from, int to, bool from_socket)
{
    guint8 frame[FRAME_MAX];
    for (int i = 0; i < FRAMES_A_TURN; i++) {
        ssize_t n = from_socket ? recv(from, frame, sizeof(frame), 0)
                                : read(from, frame, sizeof(frame));
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        if (n == 0) {
            return false;
        }
        if (to >= 0) {
            ssize_t sent = from_socket ? write(to, frame, (size_t)n)
                                       : send(to, frame, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
            (void)sent;
        }
    }
    return true;
}

static gboolean on_tap(gint fd, GIOCondition condition, gpointer data)
{
    struct real_stretch *stretch = data;
    (void)condition;
    if (pass(fd, stretch->socket, false)) {
        return G_SOURCE_CONTINUE;
    }
    stretch->tap_watch = 0;
    return G_SOURCE_REMOVE;
}

static gboolean on_socket(gint fd, GIOCondition condition, gpointer data)
{
    struct real_stretch *stretch = data;
    if (pass(fd, stretch->tap, true) && !(condition & (G_IO_HUP | G_IO_ERR))) {
        return G_SOURCE_CONTINUE;
    }
    stretch->socket_watch = 0;
    lose_peer(stretch);
    return G_SOURCE_REMOVE;
}

/* ---- the peer ------------------------------------------------------------------------------- */

static void trouble(const struct real_stretch *stretch, const char *text)
{
    const struct world *head = &stretch->world->head;
    if (head->on_trouble && !stretch->world->going_down) {
        head->on_trouble("peer-lost", -1, stretch->peer ? stretch->peer : head->plan->name, text,
                head->on_trouble_data);
    }
}

/* Only an engine of our own user. */
static bool is_ours(int fd)
{
    struct ucred peer = {0};
    socklen_t length = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid();
}

static void take_socket(struct real_stretch *stretch, int fd)
{
    stretch->socket = fd;
    stretch->socket_watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_socket, stretch);
}

static bool fill(const struct real_stretch *stretch, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    return g_strlcpy(ret->sun_path, stretch->path, sizeof(ret->sun_path)) < sizeof(ret->sun_path);
}

static gboolean try_connect(gpointer data)
{
    struct real_stretch *stretch = data;
    struct sockaddr_un address;
    int fd = fill(stretch, &address)
                     ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
                     : -1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && is_ours(fd)) {
        stretch->retry = 0;
        take_socket(stretch, fd);
        return G_SOURCE_REMOVE;
    }
    if (fd >= 0) {
        close(fd);
    }
    return G_SOURCE_CONTINUE; /* it may be started later, or again */
}

static void lose_peer(struct real_stretch *stretch)
{
    g_clear_handle_id(&stretch->socket_watch, g_source_remove);
    close(stretch->socket);
    stretch->socket = -1;
    trouble(stretch, "the other exercise's engine is gone: stretched networks end here until it is "
                     "back");
    if (stretch->peer && !stretch->world->going_down) {
        stretch->retry = g_timeout_add(RETRY_MS, try_connect, stretch);
    }
}

/* One peer: a tunnel has two ends. */
static gboolean on_listen(gint fd, GIOCondition condition, gpointer data)
{
    struct real_stretch *stretch = data;
    (void)condition;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer >= 0 && stretch->socket < 0 && is_ours(peer)) {
        take_socket(stretch, peer);
    } else if (peer >= 0) {
        close(peer);
    }
    return G_SOURCE_CONTINUE;
}

static bool start_listening(struct real_stretch *stretch, GError **error)
{
    struct sockaddr_un address;
    errno = ENAMETOOLONG;
    (void)g_unlink(stretch->path); /* of an engine that is gone */
    if (!fill(stretch, &address) ||
            (stretch->listener = socket(
                     AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0 ||
            bind(stretch->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
            listen(stretch->listener, 4) != 0) {
        return fail(error, stretch->path);
    }
    stretch->listen_watch = g_unix_fd_add(stretch->listener, G_IO_IN, on_listen, stretch);
    return true;
}

/* ---- the world's side ----------------------------------------------------------------------- */

bool real_stretch_begin(struct real_world *world, GError **error)
{
    if (!world_is_stretched(world->head.plan)) {
        return true;
    }
    struct real_stretch *stretch = g_new0(struct real_stretch, 1);
    world->stretch = stretch;
    stretch->world = world;
    stretch->peer = g_strdup(world->peer);
    stretch->path = world->peer_path ? g_strdup(world->peer_path)
                                     : g_build_filename(world->root, WORLD_PEER_SOCKET, NULL);
    stretch->tap = stretch->listener = stretch->socket = -1;
    stretch->space = cell_space_new(error);
    if (stretch->space < 0 || (stretch->tap = make_tap(stretch, error)) < 0) {
        return false;
    }
    stretch->tap_watch = g_unix_fd_add(stretch->tap, G_IO_IN, on_tap, stretch);
    if (!stretch->peer) {
        return start_listening(stretch, error);
    }
    if (try_connect(stretch) == G_SOURCE_CONTINUE) {
        stretch->retry = g_timeout_add(RETRY_MS, try_connect, stretch);
    }
    return true;
}

void real_stretch_batch(const struct real_world *world, struct net_batch *batch)
{
    const struct plan *plan = world->head.plan;
    for (guint i = 0; world->stretch && i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        if (network->vni) {
            g_autofree char *name = world_tunnel_name(network);
            const struct net_tunnel tunnel = {
                    .space = world->stretch->space,
                    .vni = network->vni,
                    .local = world->stretch->peer ? CONNECTS : LISTENS,
                    .remote = world->stretch->peer ? LISTENS : CONNECTS,
            };
            net_batch_vxlan(batch, name, network->bridge, &tunnel);
        }
    }
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void real_stretch_end(struct real_world *world)
{
    struct real_stretch *stretch = g_steal_pointer(&world->stretch);
    if (!stretch) {
        return;
    }
    g_clear_handle_id(&stretch->tap_watch, g_source_remove);
    g_clear_handle_id(&stretch->listen_watch, g_source_remove);
    g_clear_handle_id(&stretch->socket_watch, g_source_remove);
    g_clear_handle_id(&stretch->retry, g_source_remove);
    if (stretch->listener >= 0) {
        (void)g_unlink(stretch->path);
    }
    close_fd(&stretch->listener);
    close_fd(&stretch->socket);
    close_fd(&stretch->tap);
    close_fd(&stretch->space);
    g_free(stretch->path);
    g_free(stretch->peer);
    g_free(stretch);
}
