/* test_net_links_live.c - isolated ports, VLANs, and a VXLAN tunnel whose packets are apart. */
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

/* Who listens for a tunnel's packets in the namespace of this thread: what a guest could reach. */
static bool port_is_here(gpointer data, GError **error)
{
    g_autofree char *table = NULL;
    bool *here = data;
    bool ok = g_file_get_contents("/proc/thread-self/net/udp", &table, NULL, error);
    *here = ok && strstr(table, ":12B5 ") != NULL; /* 4789 */
    return ok;
}

static const char *tunnel(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    int below = cell_space_new(&error);
    EXPECT_OK(below >= 0);
    const struct net_tunnel one = {below, 42, ADDRESS(127, 0, 0, 1), ADDRESS(127, 0, 0, 2)};
    const struct net_tunnel same = {below, 42, ADDRESS(127, 0, 0, 1), ADDRESS(127, 0, 0, 3)};
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    net_batch_vxlan(batch, "vx1", "office", &one);
    EXPECT_OK(net_apply(net, batch, &error));
    bool here = true;
    EXPECT_OK(port_is_here(&here, &error));
    EXPECT(!here); /* its packets are not where the bridges are */
    EXPECT_OK(cell_run(below, port_is_here, &here, &error));
    EXPECT(here);
    batch = net_batch_new();
    net_batch_vxlan(batch, "vx2", "office", &same);
    EXPECT(!net_apply(net, batch, &error)); /* one number once */
    EXPECT(strstr(error->message, "VXLAN vx2") != NULL);
    net_close(net);
    close(below);
    return NULL;
}

static void test_a_tunnels_packets_are_apart_and_its_number_is_used_once(void **state)
{
    (void)state;
    in_cell(tunnel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_isolated_ports_reach_the_gateway_and_not_each_other),
            cmocka_unit_test(test_a_kernel_keeps_vlans_apart_or_says_that_it_cannot),
            cmocka_unit_test(test_a_tunnels_packets_are_apart_and_its_number_is_used_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
