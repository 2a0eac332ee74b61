/* virt_channel.c - a machine's port as a local socket: bytes carried by libvirt's streams.
 *
 * A stream works with every daemon, whoever owns the socket behind it. Two threads a channel: one
 * waits for the machine, one for us; both end when either side does. A serial port goes to its log,
 * and to whoever sits at the socket beside it, one after the other: that is its console.
 */
#include "base/error.h"
#include "virt/virt_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PART 65536

struct virt_channel {
    virStreamPtr stream;
    int fd;             /* our end of the pair, the caller has the other; or a log */
    GThread *down, *up; /* a log has no up */
    gint running;       /* of these two; atomic */
    GThread *console;   /* of a log whose socket could be made */
    int listener;
    GMutex lock; /* of what follows */
    int client;  /* who sits at the console, or -1 */
    bool over;
};

static bool write_all(const struct virt_channel *channel, const char *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = channel->up ? send(channel->fd, bytes, length, MSG_NOSIGNAL)
                                : write(channel->fd, bytes, length);
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

/* Who does not read misses it: the log has it all. */
static void show(struct virt_channel *channel, const char *bytes, gsize length)
{
    g_mutex_lock(&channel->lock);
    if (channel->client >= 0) {
        (void)send(channel->client, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    g_mutex_unlock(&channel->lock);
}

/* Nobody comes to the console any more, and who is there hears of it. */
static void hang_up(struct virt_channel *channel)
{
    g_mutex_lock(&channel->lock);
    channel->over = true;
    if (channel->console) {
        (void)shutdown(channel->listener, SHUT_RDWR);
    }
    if (channel->client >= 0) {
        (void)shutdown(channel->client, SHUT_RDWR);
    }
    g_mutex_unlock(&channel->lock);
}

static gpointer from_machine(gpointer data)
{
    struct virt_channel *channel = data;
    g_autofree char *part = g_malloc(PART);
    int n = 0;
    while ((n = virStreamRecv(channel->stream, part, PART)) > 0 &&
            write_all(channel, part, (gsize)n)) {
        show(channel, part, (gsize)n);
    }
    (void)shutdown(channel->fd, SHUT_RDWR); /* wakes the other thread, and the caller */
    hang_up(channel);
    g_atomic_int_add(&channel->running, -1);
    return NULL;
}

static bool send_all(virStreamPtr stream, const char *bytes, gsize length)
{
    while (length > 0) {
        int n = virStreamSend(stream, bytes, length);
        if (n <= 0) {
            return false;
        }
        bytes += n;
        length -= (gsize)n;
    }
    return true;
}

/* Until either side ends. */
static void carry(const struct virt_channel *channel, int fd)
{
    g_autofree char *part = g_malloc(PART);
    for (;;) {
        ssize_t n = recv(fd, part, PART, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || !send_all(channel->stream, part, (gsize)n)) {
            return;
        }
    }
}

static gpointer to_machine(gpointer data)
{
    struct virt_channel *channel = data;
    carry(channel, channel->fd);
    virStreamAbort(channel->stream); /* wakes the other thread */
    g_atomic_int_add(&channel->running, -1);
    return NULL;
}

/* ---- a console ------------------------------------------------------------------------------ */

/* False when the machine has gone meanwhile. */
static bool seat(struct virt_channel *channel, int client)
{
    g_mutex_lock(&channel->lock);
    channel->client = client;
    bool over = channel->over;
    g_mutex_unlock(&channel->lock);
    return !over;
}

static gpointer serve(gpointer data)
{
    struct virt_channel *channel = data;
    for (;;) {
        int client = accept4(channel->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0 && (errno == EINTR || errno == ECONNABORTED)) {
            continue;
        }
        if (client < 0) {
            return NULL;
        }
        if (seat(channel, client)) {
            carry(channel, client);
        }
        seat(channel, -1);
        close(client);
    }
}

/* The same path as with the embedded driver, where QEMU itself listens; -1: there is no console. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(path); /* of the machine's life before */
    if (fd >= 0 &&
            (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)) {
        g_debug("no console at %s: %s", path, g_strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- opening --------------------------------------------------------------------------------- */

static virStreamPtr open_stream(
        struct virt *virt, const char *domain, const char *port, GError **error)
{
    g_autofree char *name = virt_full_name(virt, domain);
    virDomainPtr found = virDomainLookupByName(virt->connection, name);
    virStreamPtr stream = found ? virStreamNew(virt->connection, 0) : NULL;
    int opened = -1;
    if (stream) {
        opened = port ? virDomainOpenChannel(found, port, stream, VIR_DOMAIN_CHANNEL_FORCE)
                      : virDomainOpenConsole(found, NULL, stream, VIR_DOMAIN_CONSOLE_FORCE);
    }
    if (opened != 0) {
        virt_error_take(error, domain, port ? "open its port" : "open its console");
        g_clear_pointer(&stream, virStreamFree);
    }
    if (found) {
        virDomainFree(found);
    }
    return stream;
}

/* Its threads have ended, or are about to. */
static void channel_free(struct virt_channel *channel)
{
    if (channel->up) {
        g_thread_join(channel->up);
    }
    g_thread_join(channel->down);
    if (channel->console) {
        g_thread_join(channel->console); /* down has hung up */
        close(channel->listener);
    }
    g_mutex_clear(&channel->lock);
    close(channel->fd);
    virStreamFree(channel->stream);
    g_free(channel);
}

/* Those of machines that are gone are let go: a machine may be started again many times. */
static void keep(struct virt *virt, struct virt_channel *channel)
{
    g_autoptr(GPtrArray) over = g_ptr_array_new();
    g_mutex_lock(&virt->channels_lock);
    for (guint i = virt->channels->len; i > 0; i--) {
        struct virt_channel *old = virt->channels->pdata[i - 1];
        if (g_atomic_int_get(&old->running) == 0) {
            g_ptr_array_add(over, g_ptr_array_remove_index_fast(virt->channels, i - 1));
        }
    }
    g_ptr_array_add(virt->channels, channel);
    g_mutex_unlock(&virt->channels_lock);
    for (guint i = 0; i < over->len; i++) {
        channel_free(over->pdata[i]);
    }
}

int virt_channel(struct virt *virt, const char *domain, const char *port, GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no socket pair: %s",
                g_strerror(errno));
        return -1;
    }
    virStreamPtr stream = open_stream(virt, domain, port, error);
    if (!stream) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    struct virt_channel *channel = g_new0(struct virt_channel, 1);
    channel->stream = stream;
    channel->fd = ends[0];
    channel->running = 2;
    channel->client = channel->listener = -1;
    g_mutex_init(&channel->lock);
    channel->up = g_thread_new("channel-up", to_machine, channel);
    channel->down = g_thread_new("channel-down", from_machine, channel);
    keep(virt, channel);
    return ends[1];
}

void virt_channel_log(struct virt *virt, const char *domain)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = virt_serial_file(virt->root, domain);
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    virStreamPtr stream = fd >= 0 ? open_stream(virt, domain, NULL, &error) : NULL;
    if (!stream) {
        g_debug("no serial log: %s", error ? error->message : g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    struct virt_channel *channel = g_new0(struct virt_channel, 1);
    channel->stream = stream;
    channel->fd = fd;
    channel->running = 1;
    channel->client = -1;
    g_mutex_init(&channel->lock);
    g_autofree char *path = virt_serial_socket(virt->root, domain);
    channel->listener = listen_at(path);
    if (channel->listener >= 0) {
        channel->console = g_thread_new("console", serve, channel);
    }
    channel->down = g_thread_new("serial-log", from_machine, channel);
    keep(virt, channel);
}

void virt_channels_stop(struct virt *virt)
{
    for (guint i = 0; i < virt->channels->len; i++) {
        struct virt_channel *channel = virt->channels->pdata[i];
        (void)shutdown(channel->fd, SHUT_RDWR);
        if (!channel->up) {
            virStreamAbort(channel->stream);
        }
        channel_free(channel);
    }
    g_ptr_array_set_size(virt->channels, 0);
}
