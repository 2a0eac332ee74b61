/* guest_vlan.c - bridges that keep VLANs apart, on Debian's kernel. netlab: --limit 200 */
#include "support/ports.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

/* A socket that sees every frame of eth0 in space, with its tag. */
static bool open_tap(gpointer data, GError **error)
{
    int *ret = data;
    (void)error;
    *ret = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    const struct sockaddr_ll at = {.sll_family = AF_PACKET,
            .sll_protocol = htons(ETH_P_ALL),
            .sll_ifindex = (int)if_nametoindex("eth0")};
    int on = 1;
    return *ret >= 0 && bind(*ret, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
           setsockopt(*ret, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == 0;
}

/* The VLAN of the next frame within limit_ms that comes in: 0 untagged, -1 none came. */
static int next_vlan(int fd, int limit_ms)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    while (poll(&entry, 1, limit_ms) == 1) {
        char frame[256];
        char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct sockaddr_ll from = {0};
        struct iovec part = {frame, sizeof(frame)};
        struct msghdr message = {.msg_name = &from,
                .msg_namelen = sizeof(from),
                .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof(control)};
        if (recvmsg(fd, &message, 0) < 0) {
            return -1;
        }
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        struct tpacket_auxdata aux = {0};
        if (header) {
            memcpy(&aux, CMSG_DATA(header), sizeof(aux));
        }
        if (from.sll_pkttype != PACKET_OUTGOING) {
            return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & 0xfff : 0;
        }
    }
    return -1;
}

static const char *vlans(void)
{
    g_autoptr(GError) error = NULL;
    struct port ports[4] = {0};
    struct net_batch *batch = net_batch_new();
    net_batch_vlan_bridge(batch, "office");
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net && net_apply(net, batch, &error));
    batch = net_batch_new();
    const char *problem = add_ports(batch, ports, 4);
    EXPECT(!problem);
    net_batch_vlan(batch, "p0", 10, false);
    net_batch_vlan(batch, "p1", 20, false);
    net_batch_vlan(batch, "p2", 20, false);
    net_batch_vlan(batch, "p3", 10, true); /* a trunk */
    net_batch_vlan(batch, "p3", 30, true);
    EXPECT_OK(net_apply(net, batch, &error));
    problem = bind_ports(ports, 4);
    EXPECT(!problem);
    EXPECT(meets(&ports[1], &ports[2], 5000));
    EXPECT(!meets(&ports[0], &ports[1], 500));
    int tap = -1;
    EXPECT(cell_run(ports[3].space, open_tap, &tap, &error));
    EXPECT(!meets(&ports[0], &ports[3], 500)); /* nobody there takes the tag off */
    EXPECT(next_vlan(tap, 5000) == 10);
    EXPECT(!meets(&ports[1], &ports[3], 500)); /* VLAN 20 is not on the trunk */
    for (int vlan = 10; vlan != -1; vlan = next_vlan(tap, 300)) {
        EXPECT(vlan == 10); /* the first host still asks who has the address */
    }
    net_close(net);
    return NULL;
}

static void access_ports_meet_in_their_vlan_and_a_trunk_sees_its_tags(void **state)
{
    (void)state;
    const char *problem = vlans();
    if (problem) {
        fail_msg("%s", problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(access_ports_meet_in_their_vlan_and_a_trunk_sees_its_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
