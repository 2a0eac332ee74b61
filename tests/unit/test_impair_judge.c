/* test_impair_judge.c - chance raises no alarm, drift does: over thousands of simulated rounds. */
#include "support/test.h"

#include "base/json.h"
#include "run/impair_judge.h"
#include "world/world_sim_impair.h"

#include <string.h>

static const struct plan_impairment asked = {.delay_us = 40000,
        .jitter_us = 5000,
        .loss_ppm = 20000,
        .duplicate_ppm = 10000,
        .corrupt_ppm = 5000,
        .rate_bps = 5000000};

static void add_round(struct impair_window *window, const struct plan_impairment *is,
        const struct plan_impairment *want, GRand *rand)
{
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(gint64));
    struct net_sample sample;
    world_sim_sample(is, want, rand, &sample, delays);
    impair_window_add(window, want, &sample);
}

/* How many of rounds a verdict of drift was given in, judged after each. */
static int drifts(const struct plan_impairment *is, const struct plan_impairment *want, int rounds)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    struct impair_window window = {0};
    int count = 0;
    for (int i = 0; i < rounds; i++) {
        add_round(&window, is, want, rand);
        count += impair_judge(&window, want).drift;
    }
    return count;
}

static void a_link_that_is_as_asked_is_hardly_ever_said_to_drift(G_GNUC_UNUSED void **state)
{
    assert_in_range(drifts(&asked, &asked, 5000), 0, 2); /* 14 hours */
    const struct plan_impairment reorder = {.delay_us = 20000, .reorder_ppm = 200000};
    assert_in_range(drifts(&reorder, &reorder, 5000), 0, 2);
    const struct plan_impairment rate = {.rate_bps = 64000};
    assert_in_range(drifts(&rate, &rate, 2000), 0, 0);
}

static void each_value_that_drifts_is_seen(G_GNUC_UNUSED void **state)
{
    struct plan_impairment wrong[] = {asked, asked, asked, asked, asked, asked};
    wrong[0].delay_us = 50000;
    wrong[1].jitter_us = 15000;
    wrong[2].loss_ppm = 80000;
    wrong[3].duplicate_ppm = 60000;
    wrong[4].corrupt_ppm = 50000;
    wrong[5].rate_bps = 4000000;
    static const char *const names[] = {"delay", "jitter", "loss", "duplicate", "corrupt", "rate"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(11);
        struct impair_window window = {0};
        for (int k = 0; k < IMPAIR_ROUNDS; k++) {
            add_round(&window, &wrong[i], &asked, rand);
        }
        struct impair_achieved achieved = impair_judge(&window, &asked);
        g_autofree char *text = impair_drift_text(&achieved, &asked);
        if (!achieved.drift || !g_str_has_prefix(text, names[i]) || strstr(text, ";")) {
            fail_msg("%s was changed; said was: %s", names[i], text);
        }
    }
}

static void a_queue_that_is_gone_is_seen_at_once(G_GNUC_UNUSED void **state)
{
    const struct plan_impairment none = {0};
    assert_int_equal(drifts(&none, &asked, 2), 2);
}

static void a_host_that_is_a_little_late_does_not_drift(G_GNUC_UNUSED void **state)
{
    struct plan_impairment late = asked;
    late.delay_us += 1500;
    assert_in_range(drifts(&late, &asked, 1000), 0, 1);
}

static void intervals_hold_the_true_value(G_GNUC_UNUSED void **state)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    int held = 0;
    for (int i = 0; i < 500; i++) {
        struct impair_window window = {0};
        for (int k = 0; k < IMPAIR_ROUNDS; k++) {
            add_round(&window, &asked, &asked, rand);
        }
        struct impair_achieved achieved = impair_judge(&window, &asked);
        const struct impair_value *loss = &achieved.values[IMPAIR_LOSS];
        const struct impair_value *delay = &achieved.values[IMPAIR_DELAY];
        assert_true(loss->low <= loss->value && loss->value <= loss->high);
        held += loss->low <= 20000 && 20000 <= loss->high && delay->low <= 40100 &&
                40100 <= delay->high;
    }
    assert_in_range(held, 495, 500);
}

static void nothing_is_said_before_anything_is_known(G_GNUC_UNUSED void **state)
{
    struct impair_window window = {0};
    struct impair_achieved achieved = impair_judge(&window, &asked);
    assert_false(achieved.drift);
    const struct net_sample lost = {.sent = 50};
    impair_window_add(&window, &asked, &lost); /* not one of them came */
    achieved = impair_judge(&window, &asked);
    assert_true(achieved.drift);
    assert_true(achieved.values[IMPAIR_LOSS].value > 999999);
    assert_false(achieved.values[IMPAIR_DELAY].known);
    auto_json json = impair_achieved_to_json(&achieved);
    assert_int_equal(json_int(json, "loss_ppm", 0), 1000000);
    assert_null(cJSON_GetObjectItem(json, "delay_us"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_link_that_is_as_asked_is_hardly_ever_said_to_drift),
            cmocka_unit_test(each_value_that_drifts_is_seen),
            cmocka_unit_test(a_queue_that_is_gone_is_seen_at_once),
            cmocka_unit_test(a_host_that_is_a_little_late_does_not_drift),
            cmocka_unit_test(intervals_hold_the_true_value),
            cmocka_unit_test(nothing_is_said_before_anything_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
