/* test_net_live.c - bridges, taps and veth pairs in a real cell. */
#include "net/net.h"
#include "support/cell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define ADDRESS(a, b, c, d) ((guint32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static struct sockaddr_in endpoint(guint32 address, guint16 port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    return to;
}

/* A datagram socket in space bound to address:port, -1 on error. */
static int bound(int space, guint32 address, guint16 port)
{
    int fd = cell_socket(space, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, NULL);
    struct sockaddr_in at = endpoint(address, port);
    return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

static bool send_text(int fd, guint32 address, guint16 port, const char *text)
{
    struct sockaddr_in to = endpoint(address, port);
    return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof(to)) > 0;
}

/* What arrives within limit_ms; "" when nothing does. */
static const char *receive(int fd, int limit_ms)
{
    static char text[64];
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    ssize_t n = poll(&entry, 1, limit_ms) == 1 ? recv(fd, text, sizeof(text) - 1, 0) : 0;
    text[MAX(n, 0)] = '\0';
    return text;
}

struct team {
    int checker, host; /* namespaces */
    int server;        /* a socket of the host, 10.0.0.5:7007 */
    int client;        /* a socket of the checker, 10.0.0.250 */
};

static void add_team(struct net_batch *batch, const char *n, const struct team *team)
{
    g_autofree char *bridge = g_strconcat("br", n, NULL);
    g_autofree char *a = g_strconcat("a", n, NULL);
    g_autofree char *b = g_strconcat("b", n, NULL);
    net_batch_bridge(batch, bridge);
    net_batch_veth(batch, a, "check", bridge, team->checker, ADDRESS(10, 0, 0, 250), 24);
    net_batch_veth(batch, b, "eth0", bridge, team->host, ADDRESS(10, 0, 0, 5), 24);
}

static const char *teams_in_cell(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct team teams[2] = {0};
    struct net_batch *batch = net_batch_new();
    for (int i = 0; i < 2; i++) {
        EXPECT_OK((teams[i].checker = cell_space_new(&error)) >= 0);
        EXPECT_OK((teams[i].host = cell_space_new(&error)) >= 0);
        add_team(batch, i ? "2" : "1", &teams[i]);
    }
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    EXPECT_OK(net_apply(net, batch, &error));
    for (int i = 0; i < 2; i++) {
        teams[i].server = bound(teams[i].host, ADDRESS(10, 0, 0, 5), 7007);
        teams[i].client = bound(teams[i].checker, ADDRESS(10, 0, 0, 250), 0);
        EXPECT(teams[i].server >= 0 && teams[i].client >= 0);
    }
    EXPECT(send_text(teams[0].client, ADDRESS(10, 0, 0, 5), 7007, "one"));
    EXPECT(!strcmp(receive(teams[0].server, 5000), "one"));
    EXPECT(!strcmp(receive(teams[1].server, 100), ""));
    EXPECT(send_text(teams[1].client, ADDRESS(10, 0, 0, 5), 7007, "two"));
    EXPECT(!strcmp(receive(teams[1].server, 5000), "two"));
    EXPECT(!strcmp(receive(teams[0].server, 100), ""));
    net_close(net);
    return NULL;
}

static void test_two_teams_hold_one_address_and_never_meet(void **state)
{
    (void)state;
    in_cell(teams_in_cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_teams_hold_one_address_and_never_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
