/* guest_impair.c - links are impaired as asked on a kernel that has netem, and are measured so. */
/* netlab: --memory 256 --limit 550 --file /etc/passwd --file /etc/group */
#include "net/net.h"
#include "net/net_impair.h"
#include "net/net_measure.h"
#include "support/cell.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESS(a, b, c, d) ((guint32)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define CHECKER ADDRESS(10, 0, 0, 250)
#define MACHINE ADDRESS(10, 0, 0, 5)
#define LINK "t0" /* the machine's interface on our side */

struct lab {
    struct net *net;
    struct net_impair *impair;
    int checker, machine; /* namespaces */
    int here, there;      /* datagram sockets of the two */
};

static int bound(int space, guint32 address)
{
    g_autoptr(GError) error = NULL;
    int fd = cell_socket(space, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, &error);
    assert_no_error(error);
    const struct sockaddr_in at = {
            .sin_family = AF_INET, .sin_port = htons(7007), .sin_addr.s_addr = htonl(address)};
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static int set_up(void **state)
{
    g_autoptr(GError) error = NULL;
    struct lab *lab = g_new0(struct lab, 1);
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    lab->net = net_open(NULL, &error);
    assert_no_error(error);
    lab->checker = cell_space_new(&error);
    lab->machine = cell_space_new(&error);
    assert_no_error(error);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "b0");
    net_batch_veth(batch, "b0-c", "c-b0", "b0", lab->checker, CHECKER, 24);
    net_batch_veth(batch, LINK, "eth0", "b0", lab->machine, MACHINE, 24);
    net_apply(lab->net, batch, &error);
    assert_no_error(error);
    lab->impair = net_impair_open(&error);
    assert_no_error(error);
    lab->here = bound(lab->checker, CHECKER);
    lab->there = bound(lab->machine, MACHINE);
    *state = lab;
    return 0;
}

static int tear_down(void **state)
{
    struct lab *lab = *state;
    net_impair_close(lab->impair);
    net_close(lab->net);
    close(lab->here);
    close(lab->there);
    close(lab->checker);
    close(lab->machine);
    g_free(lab);
    return 0;
}

/* ---- what participants would see ----------------------------------------------------------- */

static gint64 datagram_us(int from, int to, guint32 address, int limit_ms)
{
    char text[64] = "ping";
    const struct sockaddr_in at = {
            .sin_family = AF_INET, .sin_port = htons(7007), .sin_addr.s_addr = htonl(address)};
    gint64 began = g_get_monotonic_time();
    assert_int_equal(sendto(from, text, 4, 0, (const struct sockaddr *)&at, sizeof(at)), 4);
    struct pollfd wait = {.fd = to, .events = POLLIN};
    if (poll(&wait, 1, limit_ms) != 1) {
        return -1;
    }
    assert_true(recv(to, text, sizeof(text), 0) > 0);
    return g_get_monotonic_time() - began;
}

static int by_size(gconstpointer a, gconstpointer b)
{
    gint64 difference = *(const gint64 *)a - *(const gint64 *)b;
    return difference < 0 ? -1 : difference > 0;
}

/* The median time of n datagrams one way; what is lost does not count. */
static gint64 one_way_us(int from, int to, guint32 address, int n)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (int i = 0; i < n; i++) {
        gint64 took = datagram_us(from, to, address, 500);
        if (took >= 0) {
            g_array_append_val(times, took);
        }
    }
    assert_true(times->len > (guint)n / 2);
    g_array_sort(times, by_size);
    return g_array_index(times, gint64, times->len / 2);
}

static gint64 in_us(const struct lab *lab, int n)
{
    return one_way_us(lab->here, lab->there, MACHINE, n);
}

static gint64 out_us(const struct lab *lab, int n)
{
    return one_way_us(lab->there, lab->here, CHECKER, n);
}

/* ---- asking and measuring ------------------------------------------------------------------ */

static struct plan_link_ask ask_of(enum plan_direction direction, const char *words)
{
    struct plan_link_ask ask = {0};
    g_auto(GStrv) pairs = g_strsplit(words, " ", 0);
    for (char **pair = pairs; *pair && **pair; pair++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) sides = g_strsplit(*pair, "=", 2);
        plan_impairment_set(&ask.direction[direction], sides[0], sides[1], &error);
        assert_no_error(error);
    }
    return ask;
}

static void impair(const struct lab *lab, const struct plan_link_ask *ask)
{
    g_autoptr(GError) error = NULL;
    net_impair_link(lab->impair, LINK, ask, &error);
    assert_no_error(error);
    struct plan_link_ask has;
    struct net_queue queues[PLAN_DIRECTIONS];
    net_impair_read(lab->impair, LINK, &has, queues, &error);
    assert_no_error(error);
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        assert_int_equal(queues[d].exists, !plan_impairment_is_nothing(&ask->direction[d]));
        assert_int_equal(has.direction[d].delay_us, ask->direction[d].delay_us);
        assert_int_equal(has.direction[d].loss_ppm, ask->direction[d].loss_ppm);
    }
}

struct waiting {
    GMainLoop *loop;
    struct net_sample sample;
    gint64 delay_us, q25, q75;
    GError *error;
};

static void on_measured(const struct net_sample *sample, const GError *error, gpointer data)
{
    struct waiting *waiting = data;
    if (error) {
        waiting->error = g_error_copy(error);
    } else {
        waiting->sample = *sample;
        if (sample->n_delays) {
            waiting->delay_us = sample->delays_us[sample->n_delays / 2];
            waiting->q25 = sample->delays_us[sample->n_delays / 4];
            waiting->q75 = sample->delays_us[sample->n_delays * 3 / 4];
        }
    }
    g_main_loop_quit(waiting->loop);
}

static struct waiting measure(enum plan_direction direction, const struct plan_link_ask *ask,
        guint probes, guint every_us)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = net_impair_device(LINK, direction);
    struct net_measure_options options = {.device = device, .seed = g_random_int()};
    net_measure_plan(&ask->direction[direction], &options);
    options.probes = probes ? probes : options.probes;
    options.interval_us = every_us ? every_us : options.interval_us;
    struct waiting waiting = {.loop = g_main_loop_new(NULL, FALSE)};
    assert_non_null(net_measure_start(&options, on_measured, &waiting, &error));
    g_main_loop_run(waiting.loop);
    g_main_loop_unref(waiting.loop);
    assert_no_error(waiting.error);
    assert_int_equal(waiting.sample.sent, options.probes);
    printf("# %s: %u sent, %u arrived, %u twice, %u changed; delay %" G_GINT64_FORMAT
           " us (%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "), rate %.3f Mbit/s%s\n",
            plan_direction_name(direction), waiting.sample.sent, waiting.sample.arrived,
            waiting.sample.duplicated, waiting.sample.corrupted, waiting.delay_us, waiting.q25,
            waiting.q75, waiting.sample.rate_bps / 1e6,
            waiting.sample.rate_is_least ? " at least" : "");
    return waiting;
}

/* Within ten parts of a hundred. */
#define ASSERT_NEAR(value, asked)                                                                  \
    do {                                                                                           \
        double is = (double)(value);                                                               \
        double want = (double)(asked);                                                             \
        if (is < 0.9 * want || is > 1.1 * want) {                                                  \
            fail_msg(#value " is %g, asked was %g", is, want);                                     \
        }                                                                                          \
    } while (0)

/* Chance gives 20000 probes two parts of a hundred give or take a tenth in 19 of 20 runs only:
 * where it did not, more of them must come nearer. */
static void check_loss(
        enum plan_direction direction, const struct plan_link_ask *ask, guint sent, guint arrived)
{
    for (int more = 0; more < 3; more++) {
        double lost = (double)(sent - arrived) / sent;
        if (lost > 0.018 && lost < 0.022) {
            return;
        }
        struct waiting got = measure(direction, ask, 20000, 500);
        sent += got.sample.sent;
        arrived += got.sample.arrived;
    }
    ASSERT_NEAR(sent - arrived, 0.02 * sent);
}

static void check_as_asked(struct lab *lab, enum plan_direction direction)
{
    struct plan_link_ask ask = ask_of(direction, "delay=40ms jitter=5ms loss=2% rate=5mbit");
    impair(lab, &ask);
    gint64 seen = direction == PLAN_IN ? in_us(lab, 40) : out_us(lab, 40);
    ASSERT_NEAR(seen, 40000);
    assert_true((direction == PLAN_IN ? out_us(lab, 5) : in_us(lab, 5)) < 10000);
    struct waiting got = measure(direction, &ask, 20000, 500);
    ASSERT_NEAR(got.delay_us, 40000);
    ASSERT_NEAR(got.q75 - got.q25, 5000); /* evenly spread over ± jitter */
    ASSERT_NEAR(got.sample.rate_bps, 5e6);
    assert_int_equal(got.sample.duplicated, 0);
    assert_int_equal(got.sample.corrupted, 0);
    check_loss(direction, &ask, got.sample.sent, got.sample.arrived);
}

static void check_cleared(struct lab *lab)
{
    struct plan_link_ask has;
    struct net_queue queues[PLAN_DIRECTIONS];
    assert_true(net_impair_read(lab->impair, LINK, &has, queues, NULL));
    assert_int_equal(queues[PLAN_IN].backlog_packets, 0); /* nothing waits any more */
    assert_int_equal(queues[PLAN_OUT].backlog_packets, 0);
    const struct plan_link_ask nothing = {0};
    impair(lab, &nothing);
    assert_int_equal(if_nametoindex("i-" LINK), 0);
    assert_true(in_us(lab, 10) < 5000);
    assert_true(out_us(lab, 10) < 5000);
}

static void what_comes_in_is_delayed_lost_and_slowed_as_asked(void **state)
{
    check_as_asked(*state, PLAN_IN);
    check_cleared(*state);
}

static void what_goes_out_is_too_and_what_comes_in_is_not(void **state)
{
    check_as_asked(*state, PLAN_OUT);
    check_cleared(*state);
}

static void frames_come_twice_changed_and_out_of_order_as_asked(void **state)
{
    struct lab *lab = *state;
    struct plan_link_ask ask = ask_of(PLAN_OUT, "delay=20ms duplicate=20% corrupt=20% reorder=20%");
    impair(lab, &ask);
    struct waiting got = measure(PLAN_OUT, &ask, 5000, 1000);
    ASSERT_NEAR(got.sample.duplicated, 0.2 * got.sample.sent);
    ASSERT_NEAR(got.sample.corrupted, 0.2 * 1.2 * got.sample.sent);
    assert_true(got.sample.arrived > 0.99 * got.sample.sent);
    ASSERT_NEAR(got.q75, 20000);
    check_cleared(lab);
}

static void a_change_is_live_and_a_link_can_be_down(void **state)
{
    struct lab *lab = *state;
    struct plan_link_ask ask = ask_of(PLAN_IN, "delay=20ms");
    impair(lab, &ask);
    ASSERT_NEAR(in_us(lab, 20), 20000);
    ask = ask_of(PLAN_IN, "delay=50ms rate=2mbit");
    ask.direction[PLAN_OUT].delay_us = 30000;
    impair(lab, &ask);
    ASSERT_NEAR(in_us(lab, 20), 50000);
    ASSERT_NEAR(out_us(lab, 20), 30000);
    ask = ask_of(PLAN_IN, "rate=1mbit");
    impair(lab, &ask);
    ASSERT_NEAR(measure(PLAN_IN, &ask, 0, 0).sample.rate_bps, 1e6);
    ask = (struct plan_link_ask){.down = true};
    impair(lab, &ask);
    assert_true(datagram_us(lab->here, lab->there, MACHINE, 300) < 0);
    check_cleared(lab);
}

static void a_queue_changed_behind_our_back_is_noticed_and_mended(void **state)
{
    struct lab *lab = *state;
    struct plan_link_ask ask = ask_of(PLAN_IN, "delay=30ms");
    impair(lab, &ask);
    struct net_impair *other = net_impair_open(NULL);
    const struct plan_link_ask wrong = ask_of(PLAN_IN, "delay=90ms");
    assert_true(net_impair_link(other, LINK, &wrong, NULL));
    net_impair_close(other);
    assert_true(measure(PLAN_IN, &ask, 0, 0).delay_us > 80000);
    impair(lab, &ask);
    ASSERT_NEAR(measure(PLAN_IN, &ask, 0, 0).delay_us, 30000);
    check_cleared(lab);
}

/* ---- super-packets ------------------------------------------------------------------------- */

struct counted {
    GMainLoop *loop;
    guint64 packets, bytes;
};

static void on_counters(const GArray *counters, const GError *error, gpointer data)
{
    struct counted *counted = data;
    assert_no_error(error);
    for (guint i = 0; i < counters->len; i++) {
        const struct net_counters *one = &g_array_index(counters, struct net_counters, i);
        if (!strcmp(one->name, LINK)) {
            counted->packets = one->tx_packets;
            counted->bytes = one->tx_bytes;
        }
    }
    g_main_loop_quit(counted->loop);
}

static struct counted count(const struct lab *lab)
{
    struct counted counted = {.loop = g_main_loop_new(NULL, FALSE)};
    net_read_counters(lab->net, on_counters, &counted);
    g_main_loop_run(counted.loop);
    g_main_loop_unref(counted.loop);
    return counted;
}

static int stream(int space, guint32 address, bool listens)
{
    g_autoptr(GError) error = NULL;
    int fd = cell_socket(space, AF_INET, SOCK_STREAM, 0, &error);
    assert_no_error(error);
    const struct sockaddr_in at = {
            .sin_family = AF_INET, .sin_port = htons(7008), .sin_addr.s_addr = htonl(address)};
    int on = 1;
    if (listens) {
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
        assert_int_equal(listen(fd, 1), 0);
    } else {
        assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    }
    return fd;
}

/* The mean length of what passes to the machine while a megabyte is sent to it by TCP. */
static double mean_length(const struct lab *lab)
{
    static char bytes[65536];
    int listener = stream(lab->machine, MACHINE, true);
    int client = stream(lab->checker, MACHINE, false);
    int server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
    struct counted before = count(lab);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(send(client, bytes, sizeof(bytes), 0), sizeof(bytes));
        assert_int_equal(recv(server, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
    }
    struct counted after = count(lab);
    close(client);
    close(server);
    close(listener);
    return (double)(after.bytes - before.bytes) / (double)(after.packets - before.packets);
}

static void super_packets_are_cut_before_they_are_lost(void **state)
{
    struct lab *lab = *state;
    assert_true(mean_length(lab) > 3000); /* there are such */
    struct plan_link_ask ask = ask_of(PLAN_IN, "delay=1ms");
    impair(lab, &ask);
    double mean = mean_length(lab);
    printf("# mean length %.0f\n", mean);
    assert_true(mean > 1000 && mean < 1515);
    check_cleared(lab);
}

/* ---- without privilege --------------------------------------------------------------------- */

static const char *all_in_cell(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    EXPECT_OK(net_impair_supported(PLAN_NEEDS_NETEM | PLAN_NEEDS_RATE | PLAN_NEEDS_OUT, &error));
    return NULL;
}

static void an_ordinary_user_may_do_all_of_it_in_a_cell(G_GNUC_UNUSED void **state)
{
    in_cell(all_in_cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_ordinary_user_may_do_all_of_it_in_a_cell),
            cmocka_unit_test(super_packets_are_cut_before_they_are_lost),
            cmocka_unit_test(what_comes_in_is_delayed_lost_and_slowed_as_asked),
            cmocka_unit_test(what_goes_out_is_too_and_what_comes_in_is_not),
            cmocka_unit_test(frames_come_twice_changed_and_out_of_order_as_asked),
            cmocka_unit_test(a_change_is_live_and_a_link_can_be_down),
            cmocka_unit_test(a_queue_changed_behind_our_back_is_noticed_and_mended),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
