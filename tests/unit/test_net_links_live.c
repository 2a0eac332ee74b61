/* test_net_links_live.c - isolated ports, VLANs, and VXLAN over a wire between two cells. */
#include "support/ports.h"

#include <signal.h>

/* ---- isolation ----------------------------------------------------------------------------- */

static const char *isolated(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct port ports[3] = {0};
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    const char *problem = add_ports(batch, ports, 3);
    EXPECT(!problem);
    net_batch_isolate(batch, "p0");
    net_batch_isolate(batch, "p1"); /* p2 is the gateway */
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net && net_apply(net, batch, &error));
    problem = bind_ports(ports, 3);
    EXPECT(!problem);
    EXPECT(meets(&ports[0], &ports[2], 5000));
    EXPECT(meets(&ports[2], &ports[1], 5000));
    EXPECT(!meets(&ports[0], &ports[1], 300));
    net_close(net);
    return NULL;
}

static void test_isolated_ports_reach_the_gateway_and_not_each_other(void **state)
{
    (void)state;
    in_cell(isolated);
}

/* ---- VLANs: what a kernel with them does is in system/netlab/guest_vlan.c ------------------ */

static const char *vlans(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct net_batch *batch = net_batch_new();
    net_batch_vlan_bridge(batch, "office");
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    bool ok = net_apply(net, batch, &error);
    EXPECT(ok || strstr(error->message, "VLANs of bridge office: Operation not supported"));
    net_close(net);
    return NULL;
}

static void test_a_kernel_keeps_vlans_apart_or_says_that_it_cannot(void **state)
{
    (void)state;
    in_cell(vlans);
}

/* ---- VXLAN --------------------------------------------------------------------------------- */

static const char *tunnel(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    /* two bridges that know nothing of each other but through this cell's own loopback */
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    net_batch_vxlan(batch, "vx1", "office", 42, ADDRESS(127, 0, 0, 1), ADDRESS(127, 0, 0, 2));
    EXPECT_OK(net_apply(net, batch, &error));
    batch = net_batch_new();
    net_batch_vxlan(batch, "vx2", "office", 42, ADDRESS(127, 0, 0, 1), ADDRESS(127, 0, 0, 3));
    EXPECT(!net_apply(net, batch, &error)); /* one number once */
    EXPECT(strstr(error->message, "VXLAN vx2") != NULL);
    net_close(net);
    return NULL;
}

static void test_a_tunnels_number_is_used_once(void **state)
{
    (void)state;
    in_cell(tunnel);
}

struct side { /* of two cells: what its process does once the wire is there */
    guint32 wire, peer, inside, other;
    int go, done; /* pipes: the wire is there; the answer */
};

/* In a cell of its own, a child of the holder's: a bridge, a host on it, a tunnel over the wire. */
static const char *far_side(const struct side *side)
{
    g_autoptr(GError) error = NULL;
    struct cell_identity cell = {0};
    char byte = 0;
    EXPECT_OK(cell_enter(false, &cell, &error));
    EXPECT(write(side->done, "e", 1) == 1 && read(side->go, &byte, 1) == 1);
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    int host = cell_space_new(&error);
    EXPECT_OK(host >= 0);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    net_batch_veth(batch, "p0", "eth0", "office", host, side->inside, 24);
    net_batch_vxlan(batch, "vx", "office", 7, side->wire, side->peer);
    EXPECT_OK(net_apply(net, batch, &error));
    int fd = bound(host, side->inside);
    EXPECT(fd >= 0);
    EXPECT(reaches(fd, fd, side->inside, 1000)); /* itself, so that the socket is alive */
    struct sockaddr_in where = {
            .sin_family = AF_INET, .sin_port = htons(7007), .sin_addr.s_addr = htonl(side->other)};
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    gint64 end_us = g_get_monotonic_time() + (gint64)10 * G_USEC_PER_SEC;
    do {
        (void)sendto(fd, "x", 1, 0, (struct sockaddr *)&where, sizeof(where));
    } while (poll(&entry, 1, 50) != 1 && g_get_monotonic_time() < end_us);
    EXPECT(poll(&entry, 1, 0) == 1);
    /* what the other waits for may be lost while neighbours are asked */
    for (int i = 0; i < 5; i++) {
        (void)sendto(fd, "x", 1, 0, (struct sockaddr *)&where, sizeof(where));
    }
    net_close(net);
    return NULL;
}

static pid_t start_side(struct side *side, int *ret_go, int *ret_done)
{
    int go[2];
    int done[2];
    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        close(done[0]);
        side->go = go[0];
        side->done = done[1];
        const char *problem = far_side(side);
        dprintf(side->done, "%s", problem ? problem : "k");
        /* the namespace stays until the other side has heard enough */
        char byte = 0;
        _exit(read(side->go, &byte, 1) == 0 ? 0 : 1);
    }
    close(go[0]);
    close(done[1]);
    *ret_go = go[1];
    *ret_done = done[0];
    return pid;
}

static int space_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static char *told(int fd)
{
    char text[1024];
    ssize_t n = read(fd, text, sizeof(text) - 1);
    return g_strndup(text, (gsize)MAX(n, 0));
}

/* The holder: a cell that the two others are children of, so it may act in both. */
static const char *two_cells(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    const guint32 wire[] = {ADDRESS(192, 168, 0, 1), ADDRESS(192, 168, 0, 2)};
    const guint32 inside[] = {ADDRESS(10, 0, 0, 1), ADDRESS(10, 0, 0, 2)};
    struct side sides[2];
    int go[2];
    int done[2];
    pid_t pids[2];
    int spaces[2];
    for (int i = 0; i < 2; i++) {
        sides[i] = (struct side){wire[i], wire[1 - i], inside[i], inside[1 - i], -1, -1};
        pids[i] = start_side(&sides[i], &go[i], &done[i]);
        EXPECT(pids[i] > 0);
        g_autofree char *entered = told(done[i]);
        if (strcmp(entered, "e") != 0) {
            return g_strdup(entered);
        }
        EXPECT((spaces[i] = space_of(pids[i])) >= 0);
    }
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    const struct net_end ends[] = {
            {"wire0", spaces[0], wire[0], 30}, {"wire0", spaces[1], wire[1], 30}};
    struct net_batch *batch = net_batch_new();
    net_batch_wire(batch, &ends[0], &ends[1]);
    EXPECT_OK(net_apply(net, batch, &error));
    net_close(net);
    EXPECT(write(go[0], "g", 1) == 1 && write(go[1], "g", 1) == 1);
    for (int i = 0; i < 2; i++) {
        g_autofree char *said = told(done[i]);
        if (strcmp(said, "k") != 0) {
            return g_strdup_printf("cell %d: %s", i, said);
        }
    }
    for (int i = 0; i < 2; i++) {
        int status = 0;
        close(go[0]);
        close(go[1]);
        go[0] = go[1] = -1;
        EXPECT(waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status));
        EXPECT(WEXITSTATUS(status) == 0);
    }
    return NULL;
}

static void test_two_cells_share_a_network_over_a_wire_and_a_tunnel(void **state)
{
    (void)state;
    in_cell(two_cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_isolated_ports_reach_the_gateway_and_not_each_other),
            cmocka_unit_test(test_a_kernel_keeps_vlans_apart_or_says_that_it_cannot),
            cmocka_unit_test(test_a_tunnels_number_is_used_once),
            cmocka_unit_test(test_two_cells_share_a_network_over_a_wire_and_a_tunnel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
