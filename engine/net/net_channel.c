/* net_channel.c - a netlink socket that sends many messages at once. */
#include "net/net_internal.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct opening {
    const int *spaces;
    gsize n;
    GPtrArray *channels;
    GError *error;
};

static void set_nl_error(GError **error, const char *what, int code)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s", what, nl_geterror(code));
}

static struct nl_sock *open_here(GError **error)
{
    struct nl_sock *sock = nl_socket_alloc();
    if (!sock) {
        g_error("out of memory");
    }
    int code = nl_connect(sock, NETLINK_ROUTE);
    if (code == 0) {
        code = nl_socket_set_nonblocking(sock);
    }
    if (code < 0) {
        set_nl_error(error, "cannot open a netlink socket", code);
        nl_socket_free(sock);
        return NULL;
    }
    /* replies without a copy of the request, with the kernel's own words */
    int on = 1;
    int fd = nl_socket_get_fd(sock);
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)nl_socket_set_buffer_size(sock, 1 << 20, 1 << 20);
    return sock;
}

static struct net_channel *channel_new(struct nl_sock *sock, ino_t space)
{
    struct net_channel *channel = g_new0(struct net_channel, 1);
    channel->sock = sock;
    channel->space = space;
    channel->out = g_byte_array_new();
    return channel;
}

static struct net_channel *open_in(int space, GError **error)
{
    struct stat st;
    if (fstat(space, &st) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "no namespace %d: %s", space,
                g_strerror(errno));
        return NULL;
    }
    if (setns(space, CLONE_NEWNET) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                "cannot enter a network namespace: %s", g_strerror(errno));
        return NULL;
    }
    struct nl_sock *sock = open_here(error);
    return sock ? channel_new(sock, st.st_ino) : NULL;
}

/* In a thread of its own, which ends in another namespace; the sockets stay there. */
static gpointer open_there(gpointer data)
{
    struct opening *opening = data;
    for (gsize i = 0; i < opening->n && !opening->error; i++) {
        struct net_channel *channel = open_in(opening->spaces[i], &opening->error);
        if (channel) {
            g_ptr_array_add(opening->channels, channel);
        }
    }
    return NULL;
}

bool net_channel_open_in(const int *spaces, gsize n, GPtrArray *channels, GError **error)
{
    struct opening opening = {.spaces = spaces, .n = n, .channels = channels};
    g_autoptr(GError) thread_error = NULL;
    GThread *thread = g_thread_try_new("netlink", open_there, &opening, &thread_error);
    if (!thread) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no thread: %s",
                thread_error->message);
        return false;
    }
    g_thread_join(thread);
    if (opening.error) {
        g_propagate_error(error, opening.error);
        return false;
    }
    return true;
}

struct net_channel *net_channel_open(GError **error)
{
    struct nl_sock *sock = open_here(error);
    return sock ? channel_new(sock, 0) : NULL;
}

void net_channel_free(struct net_channel *channel)
{
    if (channel) {
        nl_socket_free(channel->sock);
        g_byte_array_unref(channel->out);
        g_free(channel);
    }
}

int net_channel_fd(const struct net_channel *channel)
{
    return nl_socket_get_fd(channel->sock);
}

void net_channel_put(struct net_channel *channel, struct nl_msg *msg, guint32 seq)
{
    static const guint8 padding[NLMSG_ALIGNTO];
    struct nlmsghdr *header = nlmsg_hdr(msg);
    header->nlmsg_seq = seq;
    header->nlmsg_pid = nl_socket_get_local_port(channel->sock);
    g_byte_array_append(channel->out, (const guint8 *)header, header->nlmsg_len);
    g_byte_array_append(channel->out, padding, NLMSG_ALIGN(header->nlmsg_len) - header->nlmsg_len);
    nlmsg_free(msg);
}

bool net_channel_flush(struct net_channel *channel, GError **error)
{
    if (channel->out->len == 0) {
        return true;
    }
    int code = nl_sendto(channel->sock, channel->out->data, channel->out->len);
    channel->asked = true;
    g_byte_array_set_size(channel->out, 0);
    if (code < 0) {
        set_nl_error(error, "cannot send to netlink", code);
        return false;
    }
    return true;
}

gssize net_channel_read(struct net_channel *channel, guint8 *buffer, gsize size, GError **error)
{
    for (;;) {
        struct sockaddr_nl from = {0};
        socklen_t length = sizeof(from);
        gssize n = recvfrom(net_channel_fd(channel), buffer, size, MSG_TRUNC,
                (struct sockaddr *)&from, &length);
        if (n >= 0 && from.nl_pid != 0) {
            continue; /* not from the kernel */
        }
        if (n >= 0 && (gsize)n <= size) {
            return n;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return 0;
        }
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "netlink replies lost: %s",
                n < 0 ? g_strerror(errno) : "a reply is too long");
        return -1;
    }
}
