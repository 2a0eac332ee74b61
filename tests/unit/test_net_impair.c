/* test_net_impair.c - queues of a link in a real cell, as far as this kernel goes; the probes. */
#include "net/net.h"
#include "net/net_impair.h"
#include "net/net_measure.h"
#include "net/net_qdisc.h"
#include "support/cell.h"

#include "base/error.h"

#include <linux/pkt_sched.h>
#include <net/if.h>

#define ADDRESS(a, b, c, d) ((guint32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* ---- probes -------------------------------------------------------------------------------- */

static void any_one_bit_may_change_and_the_probe_is_known(G_GNUC_UNUSED void **state)
{
    guint8 frame[NET_PROBE_MIN];
    guint32 number = 0;
    bool changed = true;
    net_probe_fill(frame, sizeof(frame), 0xdeadbeef, 77);
    assert_true(net_probe_read(frame, sizeof(frame), 0xdeadbeef, &number, &changed));
    assert_int_equal(number, 77);
    assert_false(changed);
    for (gsize bit = 0; bit < sizeof(frame) * 8; bit++) {
        frame[bit / 8] ^= (guint8)(1U << bit % 8);
        assert_true(net_probe_read(frame, sizeof(frame), 0xdeadbeef, &number, &changed));
        assert_int_equal(number, 77);
        assert_true(changed);
        frame[bit / 8] ^= (guint8)(1U << bit % 8);
    }
}

static void what_is_no_probe_of_this_round_is_not_taken(G_GNUC_UNUSED void **state)
{
    guint8 frame[NET_FRAME_MAX + 1] = {0};
    guint32 number = 0;
    bool changed = false;
    net_probe_fill(frame, NET_PROBE_MIN, 1, 2);
    assert_false(net_probe_read(frame, NET_PROBE_MIN, 2, &number, &changed));
    assert_false(net_probe_read(frame, NET_PROBE_MIN - 1, 1, &number, &changed));
    assert_false(net_probe_read(frame, 0, 1, &number, &changed));
    assert_false(net_probe_read(frame, sizeof(frame), 1, &number, &changed));
}

static void measuring_costs_little_of_the_rate(G_GNUC_UNUSED void **state)
{
    static const guint64 rates[] = {8000, 64000, 1000000, 5000000, 100000000, 10000000000ULL};
    for (gsize i = 0; i < G_N_ELEMENTS(rates); i++) {
        const struct plan_impairment asked = {.delay_us = 40000, .rate_bps = rates[i]};
        struct net_measure_options options = {0};
        net_measure_plan(&asked, &options);
        assert_true(options.probes >= 8);
        assert_true(
                (guint64)NET_PROBE_MIN * 8 * G_USEC_PER_SEC / options.interval_us <= rates[i] / 49);
        assert_true(options.train >= 4 && options.train_bytes <= 1514);
        /* what does not pass at once fits into the queue */
        assert_true((guint64)options.train * options.train_bytes <=
                    (guint64)net_qdisc_queue(rates[i]) + net_qdisc_burst(rates[i]));
    }
}

/* ---- messages ------------------------------------------------------------------------------ */

/* What is built is read back as it was. */
static void a_message_says_what_was_asked(G_GNUC_UNUSED void **state)
{
    const struct plan_impairment asked = {.delay_us = 40000,
            .jitter_us = 5000,
            .loss_ppm = 20000,
            .duplicate_ppm = 1,
            .reorder_ppm = 999999,
            .corrupt_ppm = 1000000};
    struct net_qdisc read;
    struct nl_msg *msg = net_qdisc_netem(7, NET_QDISC_CUT | 1, NET_QDISC_NETEM, 1000, &asked);
    assert_true(net_qdisc_parse(nlmsg_hdr(msg), &read));
    nlmsg_free(msg);
    assert_int_equal(read.index, 7);
    assert_int_equal(read.handle, NET_QDISC_NETEM);
    assert_string_equal(read.kind, "netem");
    assert_memory_equal(&read.netem, &asked, sizeof(asked));
    msg = net_qdisc_tbf(8, TC_H_ROOT, NET_QDISC_CUT, PLAN_IMPAIR_RATE_MAX, 1600, 9000);
    assert_true(net_qdisc_parse(nlmsg_hdr(msg), &read));
    nlmsg_free(msg);
    assert_true(read.rate_bps == PLAN_IMPAIR_RATE_MAX);
    msg = net_qdisc_remove(8, TC_H_ROOT);
    assert_false(net_qdisc_parse(nlmsg_hdr(msg), &read));
    nlmsg_free(msg);
}

/* ---- in a cell ----------------------------------------------------------------------------- */

struct seen {
    GMainLoop *loop;
    double rate_bps;
    guint sent, arrived;
    char *error;
};

static void on_measured(const struct net_sample *sample, const GError *error, gpointer data)
{
    struct seen *seen = data;
    if (sample) {
        seen->rate_bps = sample->rate_is_least ? 0 : sample->rate_bps;
        seen->sent = sample->sent;
        seen->arrived = sample->arrived;
    }
    seen->error = error ? g_strdup(error->message) : NULL;
    g_main_loop_quit(seen->loop);
}

/* The rate asked for is seen twice. Trains that a busy host spoilt do not count: a wrong rate is
 * never within a tenth of it. */
static const char *measure_rate(
        const char *name, enum plan_direction direction, const struct plan_link_ask *ask)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = net_impair_device(name, direction);
    struct net_measure_options options = {.device = device, .seed = 5};
    double want = (double)ask->direction[direction].rate_bps;
    int good = 0;
    net_measure_plan(&ask->direction[direction], &options);
    options.probes = 8;
    for (int i = 0; i < 25 && good < 2; i++) {
        struct seen seen = {.loop = g_main_loop_new(NULL, FALSE)};
        EXPECT_OK(net_measure_start(&options, on_measured, &seen, &error));
        g_main_loop_run(seen.loop);
        g_main_loop_unref(seen.loop);
        if (seen.error) {
            return seen.error;
        }
        EXPECT(seen.sent == 8 && seen.arrived == 8);
        good += seen.rate_bps > 0.9 * want && seen.rate_bps < 1.1 * want;
    }
    EXPECT(good == 2);
    return NULL;
}

static const char *is_as(
        struct net_impair *impair, const char *name, const struct plan_link_ask *ask)
{
    g_autoptr(GError) error = NULL;
    struct plan_link_ask has;
    struct net_queue queues[PLAN_DIRECTIONS];
    EXPECT_OK(net_impair_read(impair, name, &has, queues, &error));
    EXPECT(plan_link_ask_is_same(&has, ask));
    EXPECT(queues[PLAN_OUT].exists == (ask->direction[PLAN_OUT].rate_bps != 0));
    return NULL;
}

#define EXPECT_NULL(problem)                                                                       \
    do {                                                                                           \
        const char *found = problem;                                                               \
        if (found) {                                                                               \
            return found;                                                                          \
        }                                                                                          \
    } while (0)

static const char *rate_in_cell(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    if (!net_impair_supported(PLAN_NEEDS_RATE | PLAN_NEEDS_OUT, &error)) {
        return g_strconcat(IN_CELL_SKIP, error->message, NULL);
    }
    int space = cell_space_new(&error);
    EXPECT_OK(space >= 0);
    struct net *net = net_open(NULL, &error);
    EXPECT_OK(net);
    struct net_batch *batch = net_batch_new();
    net_batch_bridge(batch, "b0");
    net_batch_veth(batch, "t0", "eth0", "b0", space, ADDRESS(10, 0, 0, 5), 24);
    EXPECT_OK(net_apply(net, batch, &error));
    struct net_impair *impair = net_impair_open(&error);
    EXPECT_OK(impair);
    struct plan_link_ask ask = {.direction = {{.rate_bps = 20000000}, {.rate_bps = 10000000}}};
    EXPECT_OK(net_impair_link(impair, "t0", &ask, &error));
    EXPECT_NULL(is_as(impair, "t0", &ask));
    EXPECT_NULL(measure_rate("t0", PLAN_IN, &ask));
    EXPECT_NULL(measure_rate("t0", PLAN_OUT, &ask));
    ask.direction[PLAN_IN].rate_bps = 8000000; /* live */
    EXPECT_OK(net_impair_link(impair, "t0", &ask, &error));
    EXPECT_NULL(measure_rate("t0", PLAN_IN, &ask));
    ask = (struct plan_link_ask){.down = true};
    EXPECT_OK(net_impair_link(impair, "t0", &ask, &error));
    EXPECT_NULL(is_as(impair, "t0", &ask));
    EXPECT(if_nametoindex("i-t0") == 0);
    ask.down = false;
    EXPECT_OK(net_impair_link(impair, "t0", &ask, &error));
    EXPECT_OK(net_impair_link(impair, "t0", &ask, &error)); /* clear already */
    EXPECT_NULL(is_as(impair, "t0", &ask));
    EXPECT(!net_impair_link(impair, "nowhere", &ask, &error));
    g_clear_error(&error);
    net_impair_close(impair);
    net_close(net);
    close(space);
    return NULL;
}

static void a_rate_is_kept_changed_measured_and_cleared(G_GNUC_UNUSED void **state)
{
    in_cell(rate_in_cell);
}

static const char *lacking_in_cell(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    if (net_impair_supported(PLAN_NEEDS_NETEM, &error)) {
        return IN_CELL_SKIP "this kernel has netem";
    }
    EXPECT(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST));
    EXPECT(strstr(error->message, "sch_netem") && strstr(error->message, "; remedy: "));
    return NULL;
}

static void a_kernel_that_lacks_netem_is_named_with_the_remedy(G_GNUC_UNUSED void **state)
{
    in_cell(lacking_in_cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(any_one_bit_may_change_and_the_probe_is_known),
            cmocka_unit_test(what_is_no_probe_of_this_round_is_not_taken),
            cmocka_unit_test(measuring_costs_little_of_the_rate),
            cmocka_unit_test(a_message_says_what_was_asked),
            cmocka_unit_test(a_rate_is_kept_changed_measured_and_cleared),
            cmocka_unit_test(a_kernel_that_lacks_netem_is_named_with_the_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
