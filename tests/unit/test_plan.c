/* test_plan.c - addresses, networks and durations as text, ${…}. */
#include "support/test.h"

#include "base/error.h"
#include "plan/plan.h"
#include "support/plan.h"

#include <string.h>

static void durations_have_units_in_any_number_of_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gint64 us;
    } good[] = {{"0", 0}, {"90", 90000000}, {"90s", 90000000}, {"1m30s", 90000000},
            {"1.5h", G_GINT64_CONSTANT(5400000000)}, {"250ms", 250000}, {"0.5", 500000},
            {"1h1m1s1ms", G_GINT64_CONSTANT(3661001000)}, {"2h", G_GINT64_CONSTANT(7200000000)},
            {"8784h", G_GINT64_CONSTANT(31622400000000)}};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        gint64 us = -1;
        if (!plan_duration_parse(good[i].text, &us) || us != good[i].us) {
            fail_msg("%s: got %" G_GINT64_FORMAT, good[i].text, us);
        }
    }
    const char *const bad[] = {"", " 1s", "1 s", "s", "-1", "+1s", "1d", "1e3", "0x10s", "nan",
            "inf", "1m30", "1s2", "1..5s", "8785h", "1s1s1s1s1s", "1h ", "99999999999999999999h",
            NULL};
    for (int i = 0; bad[i]; i++) {
        gint64 us = -1;
        if (plan_duration_parse(bad[i], &us)) {
            fail_msg("\"%s\" was read as %" G_GINT64_FORMAT, bad[i], us);
        }
    }
}

static void addresses_are_four_plain_numbers(void **state)
{
    (void)state;
    guint32 address = 0;
    assert_true(plan_address_parse("10.20.1.10", &address));
    assert_int_equal(address, 0x0a14010a);
    assert_true(plan_address_parse("255.255.255.255", &address));
    assert_int_equal(address, 0xffffffff);
    g_autofree char *text = plan_address_text(0xc0a80001);
    assert_string_equal(text, "192.168.0.1");
    const char *const bad[] = {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "10.0.0.01x",
            "0x0a.0.0.1", "10.0.0.1/8", "10.1", "::1", "a.b.c.d", "10.0.0.-1", NULL};
    for (int i = 0; bad[i]; i++) {
        if (plan_address_parse(bad[i], &address)) {
            fail_msg("\"%s\" was read as an address", bad[i]);
        }
    }
}

static void networks_have_a_prefix(void **state)
{
    (void)state;
    guint32 address = 0;
    int prefix = 0;
    assert_true(plan_cidr_parse("10.20.1.0/24", &address, &prefix));
    assert_int_equal(address, 0x0a140100);
    assert_int_equal(prefix, 24);
    assert_true(plan_cidr_parse("0.0.0.0/0", &address, &prefix));
    assert_int_equal(prefix, 0);
    const char *const bad[] = {"", "/", "/24", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33",
            "10.0.0.0/-1", "10.0.0.0/24 ", "10.0.0.0/2 4", "10.0.0/24", "10.0.0.0/24/8",
            "10.0.0.0/+8", NULL};
    for (int i = 0; bad[i]; i++) {
        if (plan_cidr_parse(bad[i], &address, &prefix)) {
            fail_msg("\"%s\" was read as a network", bad[i]);
        }
    }
}

static void assert_text(const struct plan *plan, const char *text, int team, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *is = plan_text(plan, plan_step(plan, "scan"), text, team, &error);
    assert_no_error(error);
    assert_string_equal(is, wanted);
}

static void names_in_commands_are_replaced(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    int team = plan_team_index(plan, "blue2");
    assert_text(plan, "${to}", team, "10.1.0.10");
    assert_text(plan, "http://${to}:80/${team}", team, "http://10.1.0.10:80/blue2");
    assert_text(plan, "${gate} ${gate}", team, "10.1.0.1 10.1.0.1");
    assert_text(plan, "${plc}", team, "10.2.0.10"); /* on no common network: its first address */
    assert_text(plan, "${attacker}", team, "10.1.0.66");
    assert_text(plan, "$${to} $${x} $$", team, "${to} ${x} $$");
    assert_text(plan, "$${${to}", team, "${10.1.0.10");
    assert_text(plan, "$to $ {to} ${to", team, "$to $ {to} ${to");
    assert_text(plan, "", team, "");
}

static void an_unknown_name_in_a_command_is_an_error(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    char *argv[] = {(char *)"ping", (char *)"${plx}", NULL};
    g_autoptr(GError) error = NULL;
    assert_null(plan_argv(plan, plan_step(plan, "scan"), argv, 0, &error));
    assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO));
    assert_non_null(strstr(error->message, "did you mean \"plc\""));
    g_clear_error(&error);
    assert_null(plan_text(plan, NULL, "${to}", -1, &error)); /* no step: no target */
    assert_non_null(error);
    g_clear_error(&error);
    assert_null(plan_text(plan, NULL, "${}", 0, &error));
    assert_non_null(error);
}

static void a_command_keeps_its_arguments(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    char *argv[] = {(char *)"sh", (char *)"a b", (char *)"", (char *)"${to}", NULL};
    g_auto(GStrv) is = plan_argv(plan, plan_step(plan, "scan"), argv, 0, NULL);
    const char *const wanted[] = {"sh", "a b", "", "10.1.0.10", NULL};
    assert_true(g_strv_equal((const char *const *)is, wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(durations_have_units_in_any_number_of_parts),
            cmocka_unit_test(addresses_are_four_plain_numbers),
            cmocka_unit_test(networks_have_a_prefix),
            cmocka_unit_test(names_in_commands_are_replaced),
            cmocka_unit_test(an_unknown_name_in_a_command_is_an_error),
            cmocka_unit_test(a_command_keeps_its_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
