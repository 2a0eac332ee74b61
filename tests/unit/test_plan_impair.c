/* test_plan_impair.c - values of impairments from text, their checks, and back. */
#include "support/test.h"

#include "base/json.h"
#include "plan/plan_impair.h"

#include <string.h>

static void set(struct plan_impairment *impairment, const char *key, const char *text)
{
    g_autoptr(GError) error = NULL;
    plan_impairment_set(impairment, key, text, &error);
    assert_no_error(error);
}

static void values_are_read_with_their_units(G_GNUC_UNUSED void **state)
{
    struct plan_impairment is = {0};
    set(&is, "delay", "40ms");
    set(&is, "jitter", "250us");
    set(&is, "loss", "2%");
    set(&is, "duplicate", "0.5%");
    set(&is, "reorder", "100%");
    set(&is, "corrupt", "0.0001%");
    set(&is, "rate", "5mbit");
    assert_int_equal(is.delay_us, 40000);
    assert_int_equal(is.jitter_us, 250);
    assert_int_equal(is.loss_ppm, 20000);
    assert_int_equal(is.duplicate_ppm, 5000);
    assert_int_equal(is.reorder_ppm, 1000000);
    assert_int_equal(is.corrupt_ppm, 1);
    assert_int_equal(is.rate_bps, 5000000);
    set(&is, "delay", "1.5s");
    set(&is, "rate", "64kbit");
    assert_int_equal(is.delay_us, 1500000);
    assert_int_equal(is.rate_bps, 64000);
    set(&is, "rate", "100gbit");
    assert_true(is.rate_bps == PLAN_IMPAIR_RATE_MAX);
}

static void what_is_no_value_is_refused_and_changes_nothing(G_GNUC_UNUSED void **state)
{
    static const char *const wrong[][2] = {{"delay", "40"}, {"delay", "ms"}, {"delay", ""},
            {"delay", "-1ms"}, {"delay", "40 ms"}, {"delay", "40ms "}, {"delay", "61s"},
            {"delay", "1e3ms"}, {"delay", "0x10ms"}, {"delay", "nans"}, {"delay", "1.ms"},
            {"delay", "99999999999999999999s"}, {"loss", "2"}, {"loss", "101%"}, {"loss", "2%%"},
            {"rate", "5"}, {"rate", "1bit"}, {"rate", "101gbit"}, {"rate", "5mb"},
            {"latency", "40ms"}};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct plan_impairment is = {.delay_us = 7};
        g_autoptr(GError) error = NULL;
        if (plan_impairment_set(&is, wrong[i][0], wrong[i][1], &error)) {
            fail_msg("%s = \"%s\" was taken", wrong[i][0], wrong[i][1]);
        }
        assert_non_null(error);
        assert_int_equal(is.delay_us, 7);
    }
}

static void what_cannot_go_together_is_refused(G_GNUC_UNUSED void **state)
{
    const struct plan_impairment jitter = {.delay_us = 4000, .jitter_us = 5000};
    const struct plan_impairment reorder = {.reorder_ppm = 1};
    const struct plan_impairment good = {
            .delay_us = 5000, .jitter_us = 5000, .reorder_ppm = 1, .loss_ppm = 1000000};
    assert_false(plan_impairment_check(&jitter, NULL));
    assert_false(plan_impairment_check(&reorder, NULL));
    assert_true(plan_impairment_check(&good, NULL));
}

static void a_wish_replaces_its_directions_and_leaves_the_other(G_GNUC_UNUSED void **state)
{
    struct plan_link_ask ask = {.direction = {{.delay_us = 1}, {.delay_us = 2}}};
    struct plan_impair wish = {.both = {.loss_ppm = 3}, .direction = (char *)"out"};
    plan_impair_apply(&wish, &ask);
    assert_int_equal(ask.direction[PLAN_IN].delay_us, 1);
    assert_int_equal(ask.direction[PLAN_OUT].delay_us, 0);
    assert_int_equal(ask.direction[PLAN_OUT].loss_ppm, 3);
    struct plan_impairment in = {.rate_bps = 9000};
    wish = (struct plan_impair){.directions = {&in, NULL}};
    plan_impair_apply(&wish, &ask);
    assert_int_equal(ask.direction[PLAN_IN].rate_bps, 9000);
    assert_int_equal(ask.direction[PLAN_OUT].loss_ppm, 3);
    wish = (struct plan_impair){.down = true};
    plan_impair_apply(&wish, &ask);
    assert_true(ask.down);
    assert_int_equal(ask.direction[PLAN_OUT].loss_ppm, 3); /* it comes back as it was */
    wish = (struct plan_impair){.clear = true};
    plan_impair_apply(&wish, &ask);
    assert_true(plan_link_ask_is_nothing(&ask));
}

static void what_is_asked_survives_as_json(G_GNUC_UNUSED void **state)
{
    const struct plan_link_ask ask = {
            .direction = {{.delay_us = 40000, .jitter_us = 5000, .loss_ppm = 20000},
                    {.rate_bps = PLAN_IMPAIR_RATE_MAX, .corrupt_ppm = 1000000}},
            .down = true};
    auto_json json = plan_link_ask_to_json(&ask);
    struct plan_link_ask back;
    assert_true(plan_link_ask_from_json(json, &back));
    assert_memory_equal(&ask, &back, sizeof(ask));
    auto_json hostile = cJSON_Parse("{\"in\": {\"delay_us\": 1e18}}");
    assert_false(plan_link_ask_from_json(hostile, &back));
    auto_json negative = cJSON_Parse("{\"out\": {\"loss_ppm\": -1}}");
    assert_false(plan_link_ask_from_json(negative, &back));
    auto_json empty = cJSON_Parse("{}");
    assert_true(plan_link_ask_from_json(empty, &back));
    assert_true(plan_link_ask_is_nothing(&back));
}

static void it_is_told_in_words(G_GNUC_UNUSED void **state)
{
    const struct plan_impairment is = {
            .delay_us = 40000, .jitter_us = 5000, .loss_ppm = 20000, .rate_bps = 5000000};
    g_autofree char *text = plan_impairment_text(&is);
    assert_string_equal(text, "delay 40ms ± 5ms, loss 2 %, rate 5 Mbit/s");
    struct plan_impairment in = is;
    struct plan_impair wish = {
            .machine = (char *)"web", .network = (char *)"office", .directions = {&in, NULL}};
    g_autofree char *title = plan_impair_title(&wish);
    assert_string_equal(title, "web office in: delay 40ms ± 5ms, loss 2 %, rate 5 Mbit/s");
    wish = (struct plan_impair){.machine = (char *)"web", .clear = true};
    g_autofree char *clear = plan_impair_title(&wish);
    assert_string_equal(clear, "web: clear");
    const struct plan_impairment none = {0};
    g_autofree char *nothing = plan_impairment_text(&none);
    assert_string_equal(nothing, "nothing");
}

static void it_is_known_what_the_kernel_must_have(G_GNUC_UNUSED void **state)
{
    struct plan_link_ask ask = {.down = true};
    assert_int_equal(plan_link_ask_needs(&ask), 0);
    ask.direction[PLAN_IN].rate_bps = 8000;
    assert_int_equal(plan_link_ask_needs(&ask), PLAN_NEEDS_RATE);
    ask.direction[PLAN_OUT].loss_ppm = 1;
    assert_int_equal(
            plan_link_ask_needs(&ask), PLAN_NEEDS_RATE | PLAN_NEEDS_NETEM | PLAN_NEEDS_OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(values_are_read_with_their_units),
            cmocka_unit_test(what_is_no_value_is_refused_and_changes_nothing),
            cmocka_unit_test(what_cannot_go_together_is_refused),
            cmocka_unit_test(a_wish_replaces_its_directions_and_leaves_the_other),
            cmocka_unit_test(what_is_asked_survives_as_json),
            cmocka_unit_test(it_is_told_in_words),
            cmocka_unit_test(it_is_known_what_the_kernel_must_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
