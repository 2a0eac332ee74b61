/* test_net_ruleset.c - what a router and a dnsmasq are told, against recorded texts. */
#include "net/net_dns.h"
#include "net/net_router.h"
#include "support/routed.h"

/* Consumes text. */
static void assert_golden(const char *file, char *text)
{
    g_autofree char *got = text;
    g_autofree char *path = g_build_filename(TESTS_DIR, "golden", "net", file, NULL);
    g_autoptr(GError) error = NULL;
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        g_file_set_contents(path, got, -1, &error);
        assert_no_error(error);
    }
    g_autofree char *want = NULL;
    g_file_get_contents(path, &want, NULL, &error);
    assert_no_error(error);
    assert_string_equal(got, want);
}

static const struct plan_gate *gate_of(const struct plan *plan, const char *id)
{
    int index = plan_gate_index(plan, id);
    assert_true(index >= 0);
    return plan->gates->pdata[index];
}

static void a_router_becomes_one_transaction(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    const struct plan_gate *gate = gate_of(plan, "blue2/fw");
    assert_golden("router.nft", net_router_ruleset(plan, gate, gate->router->rules));
}

static void a_change_keeps_the_counters_of_what_stays(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    const struct plan_gate *gate = gate_of(plan, "blue1/fw");
    g_autoptr(GPtrArray) rules = plan_rules_copy(gate->router->rules);
    g_ptr_array_remove_index(rules, 0);
    assert_golden("change.nft", net_router_change(plan, gate, gate->router->rules, rules));
}

static char *inner(const struct plan_network *network)
{
    return g_strconcat("c-", network->bridge, NULL);
}

static void a_teams_networks_become_a_configuration_of_dnsmasq(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    assert_golden("dns-blue.conf", net_dns_config(plan, 0, "/run/x/dns-blue1", inner));
    assert_golden("dns-red.conf", net_dns_config(plan, 2, "/run/x/dns-red", inner));
}

static void a_gateway_with_ipv6_has_a_dnsmasq_of_its_own(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    assert_golden("ra-blue.conf", net_ra_config(plan, gate_of(plan, "blue1/fw"), "/run/x/ra"));
}

static void names_are_those_of_the_plan_as_the_team_sees_it(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    assert_golden("dns-blue.hosts", net_dns_hosts(plan, 0));
    assert_golden("dns-red.hosts", net_dns_hosts(plan, 2));
}

static void a_team_without_dhcp_and_dns_needs_no_dnsmasq(void **state)
{
    (void)state;
    auto_plan routed = plan_of(ROUTED, 0);
    auto_plan plain = plan_of(TWO_TEAMS, 0);
    assert_true(net_dns_wanted(routed, 0) && net_dns_wanted(routed, 2));
    assert_false(net_dns_wanted(plain, 0) || net_dns_wanted(plain, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_router_becomes_one_transaction),
            cmocka_unit_test(a_change_keeps_the_counters_of_what_stays),
            cmocka_unit_test(a_teams_networks_become_a_configuration_of_dnsmasq),
            cmocka_unit_test(a_gateway_with_ipv6_has_a_dnsmasq_of_its_own),
            cmocka_unit_test(names_are_those_of_the_plan_as_the_team_sees_it),
            cmocka_unit_test(a_team_without_dhcp_and_dns_needs_no_dnsmasq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
