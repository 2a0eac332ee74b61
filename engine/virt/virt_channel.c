/* virt_channel.c - a machine's port as a local socket: bytes carried by libvirt's streams.
 *
 * A stream works with every daemon, whoever owns the socket behind it. Two threads a channel: one
 * waits for the machine, one for us; both end when either side does.
 */
#include "base/error.h"
#include "virt/virt_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PART 65536

struct virt_channel {
    virStreamPtr stream;
    int fd;             /* our end of the pair, the caller has the other; or a log */
    GThread *down, *up; /* a log has no up */
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

static gpointer from_machine(gpointer data)
{
    struct virt_channel *channel = data;
    g_autofree char *part = g_malloc(PART);
    int n = 0;
    while ((n = virStreamRecv(channel->stream, part, PART)) > 0 &&
            write_all(channel, part, (gsize)n)) {
    }
    (void)shutdown(channel->fd, SHUT_RDWR); /* wakes the other thread, and the caller */
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

static gpointer to_machine(gpointer data)
{
    struct virt_channel *channel = data;
    g_autofree char *part = g_malloc(PART);
    for (;;) {
        ssize_t n = recv(channel->fd, part, PART, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || !send_all(channel->stream, part, (gsize)n)) {
            break;
        }
    }
    virStreamAbort(channel->stream); /* wakes the other thread */
    return NULL;
}

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

static void keep(struct virt *virt, struct virt_channel *channel)
{
    g_mutex_lock(&virt->channels_lock);
    g_ptr_array_add(virt->channels, channel);
    g_mutex_unlock(&virt->channels_lock);
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
    channel->down = g_thread_new("serial-log", from_machine, channel);
    keep(virt, channel);
}

void virt_channels_stop(struct virt *virt)
{
    for (guint i = 0; i < virt->channels->len; i++) {
        struct virt_channel *channel = virt->channels->pdata[i];
        (void)shutdown(channel->fd, SHUT_RDWR);
        if (channel->up) {
            g_thread_join(channel->up);
        } else {
            virStreamAbort(channel->stream);
        }
        g_thread_join(channel->down);
        close(channel->fd);
        virStreamFree(channel->stream);
        g_free(channel);
    }
    g_ptr_array_set_size(virt->channels, 0);
}
