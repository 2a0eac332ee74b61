/* ports.h - hosts in namespaces on the ports of one bridge, "office": for tests of bridges. */
#pragma once

#include "net/net.h"
#include "support/cell.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define ADDRESS(a, b, c, d) ((guint32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* A datagram socket in space (-1: here) bound to address:7007, -1 on error. */
static inline int bound(int space, guint32 address)
{
    int fd = space < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
                       : cell_socket(space, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, NULL);
    struct sockaddr_in at = {
            .sin_family = AF_INET, .sin_port = htons(7007), .sin_addr.s_addr = htonl(address)};
    return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

/* Does what from sends reach to at address? A datagram may be lost while neighbours are asked. */
static inline bool reaches(int from, int to, guint32 address, int limit_ms)
{
    struct sockaddr_in where = {
            .sin_family = AF_INET, .sin_port = htons(7007), .sin_addr.s_addr = htonl(address)};
    gint64 end_us = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    struct pollfd entry = {.fd = to, .events = POLLIN};
    do {
        (void)sendto(from, "x", 1, 0, (struct sockaddr *)&where, sizeof(where));
        if (poll(&entry, 1, 50) == 1) {
            char text[16];
            return recv(to, text, sizeof(text), 0) == 1;
        }
    } while (g_get_monotonic_time() < end_us);
    return false;
}

struct port {
    int space, socket;
    guint32 address;
};

static inline const char *add_ports(struct net_batch *batch, struct port *ports, int n)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < n; i++) {
        g_autofree char *outer = g_strdup_printf("p%d", i);
        EXPECT_OK((ports[i].space = cell_space_new(&error)) >= 0);
        ports[i].address = ADDRESS(10, 0, 0, (guint)i + 1);
        net_batch_veth(batch, outer, "eth0", "office", ports[i].space, ports[i].address, 24);
    }
    return NULL;
}

static inline const char *bind_ports(struct port *ports, int n)
{
    for (int i = 0; i < n; i++) {
        ports[i].socket = bound(ports[i].space, ports[i].address);
        EXPECT(ports[i].socket >= 0);
    }
    return NULL;
}

static inline bool meets(const struct port *a, const struct port *b, int limit_ms)
{
    return reaches(a->socket, b->socket, b->address, limit_ms);
}
