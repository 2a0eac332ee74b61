/* test_net_live.c - bridges, taps and veth pairs in a real cell. */
#include "net/net.h"
#include "support/cell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define ADDRESS(a, b, c, d) ((guint32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* Hands a problem of a step on. */
#define EXPECT_NULL(problem)                                                                       \
    do {                                                                                           \
        if (problem) {                                                                             \
            return problem;                                                                        \
        }                                                                                          \
    } while (0)

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

/* A router of an engine that died, and of the one that goes on: the guest stayed where it was. */
static const char *made_anew(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct net *net = net_open(NULL, &error);
    int host = cell_space_new(&error);
    EXPECT_OK(net && host >= 0);
    int guest = -1;
    for (int life = 0; life < 2; life++) {
        struct net_batch *batch = net_batch_new();
        int space = cell_space_new(&error);
        EXPECT_OK(space >= 0);
        if (life == 0) {
            net_batch_bridge(batch, "office");
            net_batch_veth(batch, "b", "eth0", "office", host, ADDRESS(10, 0, 0, 5), 24);
        } else {
            net_batch_remove(batch, "a");
        }
        net_batch_veth(batch, "a", "g0", "office", space, ADDRESS(10, 0, 0, 1), 24);
        EXPECT_OK(net_apply(net, batch, &error));
        int router = bound(space, ADDRESS(10, 0, 0, 1), 7007);
        guest = guest < 0 ? bound(host, ADDRESS(10, 0, 0, 5), 0) : guest;
        EXPECT(router >= 0 && guest >= 0);
        bool came = false;
        /* a new port may drop the first; who remembers another MAC asks anew after five seconds */
        for (int i = 0; i < 20 && !came; i++) {
            EXPECT(send_text(guest, ADDRESS(10, 0, 0, 1), 7007, "once"));
            came = !strcmp(receive(router, 100), "once");
        }
        EXPECT(came);
        close(router);
        close(space);
    }
    close(guest);
    close(host);
    net_close(net);
    return NULL;
}

static void test_a_pair_made_anew_is_the_same_to_who_remembers_it(void **state)
{
    (void)state;
    in_cell(made_anew);
}

/* ---- what guests could see --------------------------------------------------------------------
 */

static const char *addressless(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    net_batch_tap(batch, "tap0", "office");
    int space = cell_space_new(&error);
    EXPECT_OK(space >= 0);
    net_batch_veth(batch, "office-c", "check", "office", space, ADDRESS(10, 0, 0, 250), 24);
    EXPECT_OK(net_apply(net, batch, &error));
    struct ifaddrs *all = NULL;
    EXPECT(getifaddrs(&all) == 0);
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        int family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC;
        EXPECT(!strcmp(one->ifa_name, "lo") || (family != AF_INET && family != AF_INET6));
        EXPECT((one->ifa_flags & IFF_UP) != 0);
    }
    freeifaddrs(all);
    net_close(net);
    close(space);
    return NULL;
}

static void test_bridges_and_taps_are_up_and_have_no_address_at_all(void **state)
{
    (void)state;
    in_cell(addressless);
}

/* ---- errors -----------------------------------------------------------------------------------
 */

static const char *refused(
        struct net *net, struct net_batch *batch, const char *name, const char *reason)
{
    g_autoptr(GError) error = NULL;
    if (net_apply(net, batch, &error)) {
        return g_strdup_printf("%s: was not refused", name);
    }
    if (!strstr(error->message, name) || !strstr(error->message, reason)) {
        return g_strdup_printf("not \"%s\" and \"%s\": %s", name, reason, error->message);
    }
    return NULL;
}

static const char *errors(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    net_batch_tap(batch, "tap0", "office");
    EXPECT_OK(net_apply(net, batch, &error));
    batch = net_batch_new();
    net_batch_bridge(batch, "office");
    const char *problem = refused(net, batch, "office", "File exists");
    EXPECT_NULL(problem);
    batch = net_batch_new();
    net_batch_tap(batch, "tap0", "office");
    problem = refused(net, batch, "tap0", "busy");
    EXPECT_NULL(problem);
    batch = net_batch_new();
    net_batch_tap(batch, "tap1", "nowhere");
    problem = refused(net, batch, "nowhere", "No such device");
    EXPECT_NULL(problem);
    batch = net_batch_new();
    net_batch_veth(batch, "v1", "v2", "office", 12345, 0, 24);
    problem = refused(net, batch, "v1", "Bad file descriptor");
    EXPECT_NULL(problem);
    batch = net_batch_new();
    net_batch_bridge(batch, "much-too-long-a-name");
    problem = refused(net, batch, "much-too-long-a-name", "15 bytes");
    EXPECT_NULL(problem);
    batch = net_batch_new();
    net_batch_up(batch, "missing", true);
    problem = refused(net, batch, "missing", "No such device");
    EXPECT_NULL(problem);
    /* and after all that it still works, on what is there */
    batch = net_batch_new();
    net_batch_tap(batch, "tap2", "office");
    net_batch_remove(batch, "tap0");
    net_batch_remove(batch, "absent");
    net_batch_tap(batch, "tap0", "office");
    net_batch_address(batch, "tap0", ADDRESS(10, 9, 8, 7), 24);
    net_batch_up(batch, "tap2", false);
    EXPECT_OK(net_apply(net, batch, &error));
    net_close(net);
    return NULL;
}

static void test_an_error_names_the_interface_and_the_kernels_reason(void **state)
{
    (void)state;
    in_cell(errors);
}

/* ---- the main loop ----------------------------------------------------------------------------
 */

struct order {
    GString *seen;
    int left;
    struct net *net;
};

static void on_done(const GError *error, gpointer data)
{
    struct order *order = data;
    g_string_append(order->seen, error ? "e" : "k");
    order->left--;
}

static const struct net_counters *find(const GArray *counters, const char *name)
{
    for (guint i = 0; counters && i < counters->len; i++) {
        const struct net_counters *one = &g_array_index(counters, struct net_counters, i);
        if (!strcmp(one->name, name)) {
            return one;
        }
    }
    return NULL;
}

static void on_counters(const GArray *counters, const GError *error, gpointer data)
{
    struct order *order = data;
    const struct net_counters *last = find(counters, "br99");
    g_string_append(order->seen, !error && last && last->up ? "c" : "x");
    order->left--;
}

static struct net_batch *many(int bridges)
{
    struct net_batch *batch = net_batch_new();
    for (int i = 0; i < bridges; i++) {
        g_autofree char *name = g_strdup_printf("br%d", i);
        net_batch_bridge(batch, name);
    }
    return batch;
}

static const char *looping(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainContext) context = g_main_context_new();
    struct order order = {.seen = g_string_new(NULL), .left = 4};
    order.net = net_open(context, &error);
    EXPECT_OK(order.net);
    net_submit(order.net, many(100), on_done, &order);
    net_read_counters(order.net, on_counters, &order);
    net_submit(order.net, many(1), on_done, &order); /* br0 is there already */
    struct net_batch *batch = net_batch_new();
    net_batch_remove(batch, "br0");
    net_submit(order.net, batch, on_done, &order);
    EXPECT(order.seen->len == 0); /* nothing happens in the call */
    while (order.left > 0) {
        (void)g_main_context_iteration(context, TRUE);
    }
    EXPECT(!strcmp(order.seen->str, "kcek"));
    net_close(order.net);
    g_string_free(order.seen, TRUE);
    return NULL;
}

static void test_the_loop_answers_batches_in_order_and_survives_a_failed_one(void **state)
{
    (void)state;
    in_cell(looping);
}

static void on_done_close(const GError *error, gpointer data)
{
    struct order *order = data;
    on_done(error, data);
    if (order->net) {
        net_close(g_steal_pointer(&order->net));
    }
}

static const char *closing(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainContext) context = g_main_context_new();
    struct order order = {.seen = g_string_new(NULL), .left = 2};
    order.net = net_open(context, &error);
    EXPECT_OK(order.net);
    net_submit(order.net, many(2), on_done_close, &order);
    net_submit(order.net, many(100), on_done, &order);
    while (order.left > 0) {
        (void)g_main_context_iteration(context, TRUE);
    }
    EXPECT(!strcmp(order.seen->str, "ke"));
    net_close(NULL);
    g_string_free(order.seen, TRUE);
    return NULL;
}

static void test_closing_in_a_callback_cancels_what_is_pending(void **state)
{
    (void)state;
    in_cell(closing);
}

/* ---- counters ---------------------------------------------------------------------------------
 */

struct reading {
    guint64 bytes;
    bool done;
};

static void on_reading(const GArray *counters, const GError *error, gpointer data)
{
    (void)error;
    struct reading *reading = data;
    const struct net_counters *one = find(counters, "a1");
    reading->bytes = one ? one->rx_bytes : 0;
    reading->done = true;
}

static guint64 read_bytes(struct net *net)
{
    struct reading reading = {0};
    net_read_counters(net, on_reading, &reading);
    while (!reading.done) {
        (void)g_main_context_iteration(NULL, TRUE);
    }
    return reading.bytes;
}

static const char *counting(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct team team = {.checker = cell_space_new(&error), .host = cell_space_new(&error)};
    struct net_batch *batch = net_batch_new();
    add_team(batch, "1", &team);
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net && net_apply(net, batch, &error));
    int server = bound(team.host, ADDRESS(10, 0, 0, 5), 7007);
    int client = bound(team.checker, ADDRESS(10, 0, 0, 250), 0);
    EXPECT(server >= 0 && client >= 0);
    guint64 before = read_bytes(net);
    EXPECT(send_text(client, ADDRESS(10, 0, 0, 5), 7007, "a few bytes"));
    EXPECT(*receive(server, 5000));
    EXPECT(read_bytes(net) >= before + strlen("a few bytes"));
    net_close(net);
    return NULL;
}

static void test_counters_grow_with_traffic(void **state)
{
    (void)state;
    in_cell(counting);
}

/* ---- lifetime ---------------------------------------------------------------------------------
 */

static const char *forgotten(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct net *net = net_open(NULL, &error);
    int space = cell_space_new(&error);
    EXPECT_OK(net && space >= 0);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "office");
    net_batch_veth(batch, "office-c", "check", "office", space, ADDRESS(10, 0, 0, 250), 24);
    EXPECT_OK(net_apply(net, batch, &error));
    EXPECT(if_nametoindex("office-c") > 0);
    close(space); /* the namespace goes and takes its end of the pair, so ours goes too */
    gint64 end_us = g_get_monotonic_time() + (gint64)10 * G_USEC_PER_SEC;
    while (if_nametoindex("office-c") > 0 && g_get_monotonic_time() < end_us) {
        g_thread_yield();
    }
    EXPECT(if_nametoindex("office-c") == 0);
    net_close(net);
    return NULL;
}

static void test_an_open_net_does_not_keep_a_space_alive(void **state)
{
    (void)state;
    in_cell(forgotten);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_two_teams_hold_one_address_and_never_meet),
            cmocka_unit_test(test_a_pair_made_anew_is_the_same_to_who_remembers_it),
            cmocka_unit_test(test_bridges_and_taps_are_up_and_have_no_address_at_all),
            cmocka_unit_test(test_an_error_names_the_interface_and_the_kernels_reason),
            cmocka_unit_test(test_the_loop_answers_batches_in_order_and_survives_a_failed_one),
            cmocka_unit_test(test_closing_in_a_callback_cancels_what_is_pending),
            cmocka_unit_test(test_counters_grow_with_traffic),
            cmocka_unit_test(test_an_open_net_does_not_keep_a_space_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
