/* test_net_router_live.c - routers of a plan in a real cell: the kernel does what the rules say. */
#include "net/net.h"
#include "net/net_router.h"
#include "support/cell.h"
#include "support/routed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PORT 80

struct range {
    struct plan *plan;
    struct net *net;
    int gates[2], webs[2], attacker; /* namespaces */
    int servers[2];                  /* listening sockets of 10.20.1.10 */
};

static guint32 number(const char *text)
{
    guint32 address = 0;
    return plan_address_parse(text, &address) ? address : 0;
}

static struct sockaddr_in endpoint(const char *address, guint16 port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(number(address))};
}

/* What a guest's init does; the socket's namespace counts. */
static bool route_via(int space, const char *gateway)
{
    int fd = cell_socket(space, AF_INET, SOCK_DGRAM, 0, NULL);
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    const struct sockaddr_in any = {.sin_family = AF_INET};
    const struct sockaddr_in via = endpoint(gateway, 0);
    memcpy(&route.rt_dst, &any, sizeof(any));
    memcpy(&route.rt_genmask, &any, sizeof(any));
    memcpy(&route.rt_gateway, &via, sizeof(via));
    bool ok = fd >= 0 && ioctl(fd, SIOCADDRT, &route) == 0;
    close(fd);
    return ok;
}

static int listen_on(int space, const char *address, guint16 port)
{
    int fd = cell_socket(space, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
    struct sockaddr_in at = endpoint(address, port);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 8) != 0) {
        return -1;
    }
    return fd;
}

/* The port below 1024 needs this of the guest's namespace. */
static bool open_ports(gpointer data, GError **error)
{
    (void)data;
    int fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "0", 1) == 1;
    if (!ok) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, g_strerror(errno));
    }
    close(fd);
    return ok;
}

static void add_team(const struct range *range, int team, struct net_batch *batch)
{
    const struct plan_gate *gate = range->plan->gates->pdata[team];
    for (guint i = 0; i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        const struct plan_network *network = range->plan->networks->pdata[card->network];
        net_batch_veth(batch, card->outer, card->inner, network->bridge, range->gates[team],
                card->address, network->subnet->prefix);
        if (plan_has6(&card->address6)) {
            net_batch_veth_address6(batch, &card->address6, 64, true);
        }
    }
    for (guint i = 0; i < gate->maps->len; i++) {
        const struct plan_gate_map *map = &g_array_index(gate->maps, struct plan_gate_map, i);
        net_batch_local(batch, range->gates[team], map->to, map->prefix);
    }
    g_autofree char *outer = g_strdup_printf("w%d", team);
    const struct plan_network *office =
            range->plan->networks->pdata[plan_network_for(range->plan, "office", team)];
    net_batch_veth(
            batch, outer, "eth0", office->bridge, range->webs[team], number("10.20.1.10"), 24);
}

static const char *make_spaces(struct range *range)
{
    g_autoptr(GError) error = NULL;
    EXPECT_OK((range->attacker = cell_space_new(&error)) >= 0);
    for (int i = 0; i < 2; i++) {
        EXPECT_OK((range->gates[i] = cell_space_new(&error)) >= 0);
        EXPECT_OK((range->webs[i] = cell_space_new(&error)) >= 0);
    }
    return NULL;
}

static const char *build(struct range *range)
{
    g_autoptr(GError) error = NULL;
    range->plan = plan_of(ROUTED, 0);
    const char *problem = make_spaces(range);
    if (problem) {
        return problem;
    }
    struct net_batch *batch = net_batch_new();
    for (guint i = 0; i < range->plan->networks->len; i++) {
        net_batch_bridge(batch, ((struct plan_network *)range->plan->networks->pdata[i])->bridge);
    }
    int backbone = plan_network_for(range->plan, "backbone", 0);
    const struct plan_network *shared = range->plan->networks->pdata[backbone];
    net_batch_veth(
            batch, "att", "eth0", shared->bridge, range->attacker, number("10.200.255.66"), 16);
    add_team(range, 0, batch);
    add_team(range, 1, batch);
    range->net = net_open(NULL, &error);
    EXPECT_OK(range->net && net_apply(range->net, batch, &error));
    for (int i = 0; i < 2; i++) {
        const struct plan_gate *gate = range->plan->gates->pdata[i];
        g_autofree char *text = net_router_ruleset(range->plan, gate, gate->router->rules);
        EXPECT_OK(net_forward(range->gates[i], &error));
        EXPECT_OK(net_nft_run(range->gates[i], text, &error));
        EXPECT(route_via(range->webs[i], "10.20.1.1"));
        EXPECT_OK(cell_run(range->webs[i], open_ports, NULL, &error));
        EXPECT((range->servers[i] = listen_on(range->webs[i], "10.20.1.10", PORT)) >= 0);
    }
    return NULL;
}

static void clear(struct range *range)
{
    net_close(range->net);
    plan_free(range->plan);
}

/* From space to address:port: 0 when connected, ETIMEDOUT after limit_ms, else the errno. */
static int try_connect(int space, const char *address, guint16 port, int limit_ms)
{
    int fd = cell_socket(space, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
    struct sockaddr_in to = endpoint(address, port);
    int code = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? 0 : errno;
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    if (code == EINPROGRESS) {
        socklen_t length = sizeof(code);
        code = ETIMEDOUT;
        if (poll(&entry, 1, limit_ms) == 1) {
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length);
        }
    }
    close(fd);
    return code;
}

/* Who came to the server: its address as text, "" when nobody did. */
static char *visitor(int server, int limit_ms)
{
    struct pollfd entry = {.fd = server, .events = POLLIN};
    struct sockaddr_in from = {0};
    socklen_t length = sizeof(from);
    int fd = poll(&entry, 1, limit_ms) == 1
                     ? accept4(server, (struct sockaddr *)&from, &length, SOCK_CLOEXEC)
                     : -1;
    if (fd < 0) {
        return g_strdup("");
    }
    close(fd);
    return plan_address_text(ntohl(from.sin_addr.s_addr));
}

static gint64 packets_of(int space, const char *rule)
{
    g_autoptr(GArray) counters = net_nft_counters(space, NULL);
    for (guint i = 0; counters && i < counters->len; i++) {
        const struct net_rule_counter *one = &g_array_index(counters, struct net_rule_counter, i);
        if (!strcmp(one->name, rule)) {
            return (gint64)one->packets;
        }
    }
    return -1;
}

static const char *mapped(const struct cell_identity *cell)
{
    (void)cell;
    struct range range = {0};
    const char *problem = build(&range);
    if (problem) {
        return problem;
    }
    for (int i = 0; i < 2; i++) {
        g_autofree char *address = g_strdup_printf("10.200.%d.10", i + 1);
        EXPECT(try_connect(range.attacker, address, PORT, 5000) == 0);
        g_autofree char *here = visitor(range.servers[i], 5000);
        g_autofree char *there = visitor(range.servers[1 - i], 50);
        EXPECT(!strcmp(here, "10.200.255.66") && !strcmp(there, ""));
        EXPECT(packets_of(range.gates[i], "web") >= 2);
    }
    /* one team's server to the other's: it comes from the address it has outside */
    EXPECT(try_connect(range.webs[0], "10.200.2.10", PORT, 5000) == 0);
    g_autofree char *who = visitor(range.servers[1], 5000);
    EXPECT(!strcmp(who, "10.200.1.10"));
    /* another port meets a rule behind, an address that nobody has stays unanswered */
    EXPECT(try_connect(range.attacker, "10.200.1.10", 81, 300) == ETIMEDOUT);
    EXPECT(packets_of(range.gates[0], "block") >= 1);
    EXPECT(try_connect(range.attacker, "10.200.9.10", PORT, 300) != 0);
    clear(&range);
    return NULL;
}

static void test_equal_addresses_are_reached_under_two_on_the_backbone(void **state)
{
    (void)state;
    in_cell(mapped);
}

/* ---- translation --------------------------------------------------------------------------- */

#define ATTACKER "10.200.255.66"
#define PLC "10.20.2.10"

struct plant { /* the first team's PLC, and who listens there and at the attacker */
    int space, server, outside;
};

static const char *add_plc(const struct range *range, struct plant *ret)
{
    g_autoptr(GError) error = NULL;
    const struct plan_network *plant =
            range->plan->networks->pdata[plan_network_for(range->plan, "plant", 0)];
    struct net_batch *batch = net_batch_new();
    EXPECT_OK((ret->space = cell_space_new(&error)) >= 0);
    net_batch_veth(batch, "p0", "eth0", plant->bridge, ret->space, number(PLC), 24);
    net_batch_local(batch, range->gates[0], number("10.200.0.77"), 32);
    EXPECT_OK(net_apply(range->net, batch, &error));
    EXPECT(route_via(ret->space, "10.20.2.1"));
    EXPECT((ret->server = listen_on(ret->space, PLC, 5020)) >= 0);
    EXPECT((ret->outside = listen_on(range->attacker, ATTACKER, 8080)) >= 0);
    return NULL;
}

/* The first team's router accepts everything and translates by the one kind alone, or by none. */
static bool translate(const struct range *range, int kind, GError **error)
{
    struct plan_router *router = range->plan->routers->pdata[0];
    GPtrArray *all = router->nat;
    g_autoptr(GPtrArray) some = g_ptr_array_new();
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(plan_rule_free);
    struct plan_rule *accept = plan_rule_new();
    accept->name = g_strdup("all");
    accept->action = PLAN_RULE_ACCEPT;
    g_ptr_array_add(rules, accept);
    for (guint i = 0; i < all->len; i++) {
        const struct plan_nat *nat = all->pdata[i];
        if ((int)nat->kind == kind) {
            g_ptr_array_add(some, all->pdata[i]);
        }
    }
    router->nat = some;
    g_autofree char *text = net_router_ruleset(range->plan, range->plan->gates->pdata[0], rules);
    router->nat = all;
    return net_nft_run(range->gates[0], text, error);
}

/* The snat of the first team to an address of its own, which is not the router's. */
static void move_snat(const struct range *range)
{
    const struct plan_router *router = range->plan->routers->pdata[0];
    for (guint i = 0; i < router->nat->len; i++) {
        struct plan_nat *nat = router->nat->pdata[i];
        if (nat->kind == PLAN_NAT_SNAT) {
            g_free(nat->address);
            nat->address = g_strdup("10.200.0.77");
        }
    }
}

static const char *translated(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct range range = {0};
    struct plant plant = {0};
    const char *problem = build(&range);
    problem = problem ? problem : add_plc(&range, &plant);
    if (problem) {
        return problem;
    }
    move_snat(&range);
    EXPECT_OK(translate(&range, -1, &error)); /* the way back is not known outside */
    EXPECT(try_connect(plant.space, ATTACKER, 8080, 500) == ETIMEDOUT);
    EXPECT(try_connect(range.attacker, "10.200.0.1", 502, 5000) == ECONNREFUSED);

    EXPECT_OK(translate(&range, PLAN_NAT_MASQUERADE, &error));
    EXPECT(try_connect(plant.space, ATTACKER, 8080, 5000) == 0);
    g_autofree char *masked = visitor(plant.outside, 5000);
    EXPECT(!strcmp(masked, "10.200.0.1")); /* the router's own */

    EXPECT_OK(translate(&range, PLAN_NAT_SNAT, &error));
    EXPECT(try_connect(plant.space, ATTACKER, 8080, 5000) == 0);
    g_autofree char *moved = visitor(plant.outside, 5000);
    EXPECT(!strcmp(moved, "10.200.0.77"));

    EXPECT_OK(translate(&range, PLAN_NAT_DNAT, &error));
    EXPECT(try_connect(range.attacker, "10.200.0.1", 502, 5000) == 0); /* there it is 5020 */
    g_autofree char *guest = visitor(plant.server, 5000);
    EXPECT(!strcmp(guest, ATTACKER));
    EXPECT(try_connect(range.attacker, "10.200.0.1", 5020, 5000) == ECONNREFUSED);
    clear(&range);
    return NULL;
}

static void test_masquerade_snat_and_dnat_show_others_what_they_say(void **state)
{
    (void)state;
    in_cell(translated);
}

/* ---- change -------------------------------------------------------------------------------- */

static const char *apply(
        struct range *range, const GPtrArray *before, const GPtrArray *rules, GError **error)
{
    g_autofree char *text =
            net_router_change(range->plan, range->plan->gates->pdata[0], before, rules);
    return net_nft_run(range->gates[0], text, error) ? NULL : "refused";
}

static struct plan_rule *drop_web(void)
{
    struct plan_rule *rule = plan_rule_new();
    const struct plan_ports port = {PORT, PORT};
    rule->name = g_strdup("no-web");
    rule->action = PLAN_RULE_DROP;
    rule->dest = g_strdup("web");
    rule->protocol = PLAN_RULE_TCP;
    g_array_append_val(rule->ports, port);
    return rule;
}

static const char *changed(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct range range = {0};
    const char *problem = build(&range);
    if (problem) {
        return problem;
    }
    const struct plan_gate *gate = range.plan->gates->pdata[0];
    g_autoptr(GPtrArray) closed = plan_rules_copy(gate->router->rules);
    g_ptr_array_insert(closed, 0, drop_web());
    EXPECT(try_connect(range.attacker, "10.200.1.10", PORT, 5000) == 0);
    gint64 before = packets_of(range.gates[0], "web");
    EXPECT_OK(!apply(&range, gate->router->rules, closed, &error));
    EXPECT(packets_of(range.gates[0], "web") >= before); /* it was not begun anew */
    EXPECT(packets_of(range.gates[0], "no-web") == 0);
    EXPECT(try_connect(range.attacker, "10.200.1.10", PORT, 300) == ETIMEDOUT);
    EXPECT(packets_of(range.gates[0], "no-web") >= 1);
    EXPECT(try_connect(range.attacker, "10.200.2.10", PORT, 5000) == 0); /* the other team */
    EXPECT_OK(!apply(&range, closed, gate->router->rules, &error));
    EXPECT(packets_of(range.gates[0], "no-web") == -1);
    EXPECT(try_connect(range.attacker, "10.200.1.10", PORT, 5000) == 0);
    clear(&range);
    return NULL;
}

static void test_a_changed_rule_counts_from_nothing_and_the_others_go_on(void **state)
{
    (void)state;
    in_cell(changed);
}

/* ---- beginning anew ------------------------------------------------------------------------- */

/* A connection from the attacker to the server of the first team: its two ends. */
static bool connect_both(const struct range *range, int ends[2])
{
    struct sockaddr_in to = endpoint("10.200.1.10", PORT);
    ends[0] = cell_socket(range->attacker, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
    bool ok = connect(ends[0], (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS;
    struct pollfd entry = {.fd = range->servers[0], .events = POLLIN};
    ends[1] = ok && poll(&entry, 1, 5000) == 1 ? accept4(entry.fd, NULL, NULL, SOCK_CLOEXEC) : -1;
    return ends[1] >= 0;
}

static bool hears(int fd, int limit_ms)
{
    char byte;
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, limit_ms) == 1 && recv(fd, &byte, 1, 0) == 1;
}

static const char *forgotten(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct range range = {0};
    int ends[2] = {-1, -1};
    const char *problem = build(&range);
    if (problem) {
        return problem;
    }
    const struct plan_gate *gate = range.plan->gates->pdata[0];
    g_autoptr(GPtrArray) rules = plan_rules_copy(gate->router->rules);
    g_ptr_array_set_size(rules, 1); /* "web": nothing goes out but answers */
    EXPECT_OK(!apply(&range, gate->router->rules, rules, &error));
    EXPECT(connect_both(&range, ends));
    EXPECT(send(ends[1], "a", 1, 0) == 1 && hears(ends[0], 5000));
    g_autofree char *text = net_router_ruleset(range.plan, gate, rules);
    EXPECT_OK(net_nft_run(range.gates[0], text, &error));
    EXPECT(packets_of(range.gates[0], "web") == 0);
    EXPECT_OK(net_connections_forget(range.gates[0], &error));
    EXPECT(send(ends[1], "b", 1, 0) == 1 && !hears(ends[0], 500)); /* nobody's answer */
    EXPECT(packets_of(range.gates[0], "policy") >= 1);
    /* a packet of the side that may speak first makes it a connection again */
    EXPECT(send(ends[0], "c", 1, 0) == 1 && hears(ends[1], 5000));
    EXPECT(hears(ends[0], 10000));
    EXPECT(!net_connections_forget(999, &error));
    close(ends[0]);
    close(ends[1]);
    clear(&range);
    return NULL;
}

static void test_a_router_that_begins_anew_knows_no_connection(void **state)
{
    (void)state;
    in_cell(forgotten);
}

static const char *broken(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    struct range range = {0};
    const char *problem = build(&range);
    if (problem) {
        return problem;
    }
    /* the last of many commands cannot be: nothing of it happens */
    EXPECT(!net_nft_run(range.gates[0],
            "flush chain inet st rules\nadd rule inet st rules drop\n"
            "delete counter inet st r-nothing\n",
            &error));
    EXPECT(strstr(error->message, "No such file or directory") != NULL);
    EXPECT(try_connect(range.attacker, "10.200.1.10", PORT, 5000) == 0);
    g_clear_error(&error);
    EXPECT(!net_nft_run(999, "list tables\n", &error));
    EXPECT(strstr(error->message, "namespace") != NULL);
    clear(&range);
    return NULL;
}

static void test_a_change_that_fails_leaves_everything_as_it_was(void **state)
{
    (void)state;
    in_cell(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_equal_addresses_are_reached_under_two_on_the_backbone),
            cmocka_unit_test(test_masquerade_snat_and_dnat_show_others_what_they_say),
            cmocka_unit_test(test_a_changed_rule_counts_from_nothing_and_the_others_go_on),
            cmocka_unit_test(test_a_router_that_begins_anew_knows_no_connection),
            cmocka_unit_test(test_a_change_that_fails_leaves_everything_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
