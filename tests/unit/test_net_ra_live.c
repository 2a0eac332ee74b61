/* test_net_ra_live.c - IPv6 in a real cell: a router's dnsmasq says who routes, and a machine that
 * asks gets the plan's address. Skipped without dnsmasq.
 */
#include "cell/doctor.h"
#include "net/net.h"
#include "net/net_dns.h"
#include "support/cell.h"
#include "support/routed.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define LIMIT_S 20
#define ALL_ROUTERS "ff02::2"
#define ALL_SERVERS "ff02::1:2" /* of DHCPv6 */

struct lab {
    struct plan *plan;
    struct net *net;
    int gate, pc; /* namespaces */
    GPid dnsmasq;
    char *dir;
};

/* ---- the network ----------------------------------------------------------------------------- */

static const struct plan_card *card_of_pc(const struct plan *plan)
{
    const struct plan_machine *pc = plan->machines->pdata[plan_machine_index(plan, "blue1/pc")];
    return pc->cards->pdata[0];
}

static bool set_up_pc(gpointer data, GError **error)
{
    const struct plan_card *card = data;
    struct ifreq request = {.ifr_name = "eth0", .ifr_hwaddr.sa_family = ARPHRD_ETHER};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(request.ifr_hwaddr.sa_data, card->mac, sizeof(card->mac));
    int ports = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && ioctl(fd, SIOCSIFHWADDR, &request) == 0 && write(ports, "0", 1) == 1;
    if (!ok) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, g_strerror(errno));
    }
    close(fd);
    close(ports);
    return ok;
}

static bool open_ports(gpointer data, GError **error)
{
    (void)data;
    int fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);
    bool ok = write(fd, "0", 1) == 1;
    if (!ok) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, g_strerror(errno));
    }
    close(fd);
    return ok;
}

static void become_child(gpointer data)
{
    const struct lab *lab = data;
    const __u32 keep = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2] = {
            {.effective = keep, .permitted = keep, .inheritable = keep}};
    if (setns(lab->gate, CLONE_NEWNET) != 0 || syscall(SYS_capset, &header, caps) != 0 ||
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0 ||
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) != 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        _exit(126);
    }
}

static const char *start_dnsmasq(struct lab *lab, const char *program)
{
    g_autoptr(GError) error = NULL;
    lab->dir = g_dir_make_tmp("st-test-XXXXXX", &error);
    EXPECT_OK(lab->dir);
    g_autofree char *config = net_ra_config(lab->plan, lab->plan->gates->pdata[0], lab->dir);
    g_autofree char *file = g_build_filename(lab->dir, "conf", NULL);
    EXPECT_OK(g_file_set_contents(file, config, -1, &error));
    g_autofree char *option = g_strdup_printf("--conf-file=%s", file);
    const char *const argv[] = {program, "--keep-in-foreground", "--pid-file", option, NULL};
    EXPECT_OK(g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, become_child, lab,
            &lab->dnsmasq, &error));
    return NULL;
}

static const char *build(struct lab *lab, const char *program)
{
    g_autoptr(GError) error = NULL;
    lab->plan = plan_of(ROUTED, 0);
    const struct plan_gate *gate = lab->plan->gates->pdata[0];
    const struct plan_gate_card *card = gate->cards->pdata[0];
    const struct plan_network *office = lab->plan->networks->pdata[card->network];
    EXPECT_OK((lab->gate = cell_space_new(&error)) >= 0);
    EXPECT_OK((lab->pc = cell_space_new(&error)) >= 0);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, office->bridge);
    net_batch_veth(batch, card->outer, card->inner, office->bridge, lab->gate, card->address, 24);
    net_batch_veth_address6(batch, &card->address6, 64, true);
    struct in6_addr other = office->subnet->address6;
    other.s6_addr[15] = 0x99;
    net_batch_veth(batch, "pc", "eth0", office->bridge, lab->pc, card->address + 7, 24);
    net_batch_veth_address6(batch, &other, 64, true);
    lab->net = net_open(NULL, &error);
    EXPECT_OK(lab->net && net_apply(lab->net, batch, &error));
    EXPECT_OK(cell_run(lab->pc, set_up_pc, (gpointer)card_of_pc(lab->plan), &error));
    EXPECT_OK(cell_run(lab->gate, open_ports, NULL, &error));
    return start_dnsmasq(lab, program);
}

static void clear(struct lab *lab)
{
    if (lab->dnsmasq) {
        kill(lab->dnsmasq, SIGKILL);
        waitpid(lab->dnsmasq, NULL, 0);
    }
    net_close(lab->net);
    plan_free(lab->plan);
    if (lab->dir) {
        test_rmtree(lab->dir);
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool index_of(gpointer data, GError **error)
{
    (void)error;
    *(guint *)data = if_nametoindex("eth0");
    return true;
}

static struct sockaddr_in6 to(const struct lab *lab, const char *group, guint16 port)
{
    guint index = 0;
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    cell_run(lab->pc, index_of, &index, NULL);
    at.sin6_scope_id = index;
    inet_pton(AF_INET6, group, &at.sin6_addr);
    return at;
}

/* Sends request again and again until an answer comes whose first byte is type; its length, 0 when
 * the time is over. */
static gsize ask(int fd, const struct sockaddr_in6 *at, const guint8 *request, gsize length,
        guint8 type, guint8 *answer, gsize room)
{
    for (int i = 0; i < LIMIT_S * 5; i++) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        (void)sendto(fd, request, length, 0, (const struct sockaddr *)at, sizeof(*at));
        while (poll(&entry, 1, 200) == 1) {
            gssize n = recv(fd, answer, room, 0);
            if (n > 4 && answer[0] == type) {
                return (gsize)n;
            }
        }
    }
    return 0;
}

static const char *hear_router(const struct lab *lab)
{
    g_autoptr(GError) error = NULL;
    int hops = 255;
    guint8 answer[1500];
    int fd = cell_socket(lab->pc, AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6, &error);
    EXPECT_OK(fd >= 0);
    EXPECT(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) == 0);
    const struct nd_router_solicit solicit = {.nd_rs_hdr.icmp6_type = ND_ROUTER_SOLICIT};
    const struct sockaddr_in6 at = to(lab, ALL_ROUTERS, 0);
    gsize n = ask(fd, &at, (const guint8 *)&solicit, sizeof(solicit), ND_ROUTER_ADVERT, answer,
            sizeof(answer));
    close(fd);
    struct nd_router_advert advert;
    EXPECT(n > sizeof(advert));
    memcpy(&advert, answer, sizeof(advert));
    EXPECT(ntohs(advert.nd_ra_router_lifetime) > 0);          /* a default router … */
    EXPECT(advert.nd_ra_flags_reserved & ND_RA_FLAG_MANAGED); /* … addresses are given */
    for (gsize i = sizeof(advert); i + 2 <= n && answer[i + 1] > 0; i += (gsize)answer[i + 1] * 8) {
        struct nd_opt_prefix_info prefix;
        if (answer[i] == ND_OPT_PREFIX_INFORMATION && i + sizeof(prefix) <= n) {
            memcpy(&prefix, answer + i, sizeof(prefix));
            EXPECT(!(prefix.nd_opt_pi_flags_reserved & ND_OPT_PI_FLAG_AUTO)); /* none made up */
            EXPECT(prefix.nd_opt_pi_flags_reserved & ND_OPT_PI_FLAG_ONLINK);
            EXPECT(prefix.nd_opt_pi_prefix_len == 64);
            return NULL;
        }
    }
    return "no prefix in the advertisement";
}

/* The option of that code among those in bytes; NULL, or its content and *ret_length. */
static const guint8 *option(const guint8 *bytes, gsize length, guint code, gsize *ret_length)
{
    for (gsize i = 0; i + 4 <= length;) {
        gsize size = (gsize)bytes[i + 2] << 8 | bytes[i + 3];
        if (i + 4 + size > length) {
            return NULL;
        }
        if (((guint)bytes[i] << 8 | bytes[i + 1]) == code) {
            *ret_length = size;
            return bytes + i + 4;
        }
        i += 4 + size;
    }
    return NULL;
}

enum { CLIENT_ID = 1, IA_NA = 3, IA_ADDR = 5, ELAPSED = 8, DNS_SERVERS = 23, OPTION_REQUEST = 6 };

static const char *ask_for_address(const struct lab *lab)
{
    g_autoptr(GError) error = NULL;
    const struct plan_card *card = card_of_pc(lab->plan);
    guint8 solicit[64] = {1, 7, 7, 7, 0, CLIENT_ID, 0, 10, 0, 3, 0, 1};
    memcpy(solicit + 12, card->mac, sizeof(card->mac));
    static const guint8 rest[] = {0, IA_NA, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, ELAPSED,
            0, 2, 0, 0, 0, OPTION_REQUEST, 0, 2, 0, DNS_SERVERS};
    memcpy(solicit + 18, rest, sizeof(rest));
    guint8 answer[1500];
    int fd = cell_socket(lab->pc, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, &error);
    const struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_port = htons(546)};
    EXPECT_OK(fd >= 0 && bind(fd, (const struct sockaddr *)&own, sizeof(own)) == 0);
    const struct sockaddr_in6 at = to(lab, ALL_SERVERS, 547);
    gsize n = ask(fd, &at, solicit, 18 + sizeof(rest), 2, answer, sizeof(answer));
    close(fd);
    EXPECT(n > 4);
    gsize length = 0;
    const guint8 *ia = option(answer + 4, n - 4, IA_NA, &length);
    EXPECT(ia && length > 12);
    gsize size = 0;
    const guint8 *address = option(ia + 12, length - 12, IA_ADDR, &size);
    EXPECT(address && size >= 24);
    EXPECT(!memcmp(address, &card->address6, 16)); /* the plan's, not one of a pool */
    const guint8 *server = option(answer + 4, n - 4, DNS_SERVERS, &length);
    const struct plan_network *office = lab->plan->networks->pdata[card->network];
    struct in6_addr checker = plan_address6_on(office->subnet, office->subnet->checker);
    EXPECT(server && length == 16 && !memcmp(server, &checker, 16));
    return NULL;
}

static const char *advertised(const struct cell_identity *cell)
{
    (void)cell;
    struct lab lab = {0};
    g_autofree char *program = doctor_find_program("dnsmasq");
    if (!program) {
        return IN_CELL_SKIP "dnsmasq is not installed";
    }
    const char *problem = build(&lab, program);
    problem = problem ? problem : hear_router(&lab);
    problem = problem ? problem : ask_for_address(&lab);
    clear(&lab);
    return problem;
}

static void a_router_advertises_itself_and_gives_out_the_plans_addresses(void **state)
{
    (void)state;
    in_cell(advertised);
}

/* Where nobody of the plan routes, the team's dnsmasq speaks, and is no default router. */
static void who_advertises_is_the_gateway_or_the_checker(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    const struct plan_gate *gate = plan->gates->pdata[0];
    assert_true(net_ra_wanted(plan, gate));
    struct plan_network *office = plan->networks->pdata[card_of_pc(plan)->network];
    office->subnet->gateway[0] = 'x'; /* another's name */
    assert_false(net_ra_wanted(plan, gate));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_router_advertises_itself_and_gives_out_the_plans_addresses),
            cmocka_unit_test(who_advertises_is_the_gateway_or_the_checker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
