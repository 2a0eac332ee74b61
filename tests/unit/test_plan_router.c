/* test_plan_router.c - routers of a plan: copies, addresses seen through them, rules from outside.
 */
#include "base/error.h"
#include "base/json.h"
#include "support/routed.h"

static char *address_for(
        const struct plan *plan, const char *from, const char *to, const char *team)
{
    return plan_address_text(plan_address_for(plan, plan_machine_index(plan, from),
            plan_machine_index(plan, to), plan_team_index(plan, team)));
}

static void machines_with_one_address_are_reached_under_two(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    g_autofree char *north = address_for(plan, "attacker", "blue1/web", "blue1");
    g_autofree char *south = address_for(plan, "attacker", "blue2/web", "blue2");
    assert_string_equal(north, "10.200.1.10");
    assert_string_equal(south, "10.200.2.10");
    /* not mapped: its own, which only its own side can use */
    g_autofree char *plc = address_for(plan, "attacker", "blue1/plc", "blue1");
    assert_string_equal(plc, "10.20.2.10");
}

static void the_router_is_the_gateway_in_both_families(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    const struct plan_machine *pc = plan->machines->pdata[plan_machine_index(plan, "blue2/pc")];
    const struct plan_card *card = pc->cards->pdata[0];
    g_autofree char *gateway = plan_address_text(card->gateway);
    g_autofree char *gateway6 = plan_address6_text(&card->gateway6);
    g_autofree char *address6 = plan_address6_text(&card->address6);
    assert_string_equal(gateway, "10.20.1.1");
    assert_string_equal(gateway6, "fd00:20:1::1");
    assert_string_equal(address6, "fd00:20:1::20");
    assert_true(card->nic->dhcp);
}

static void sixty_teams_fit_and_each_has_its_own_addresses(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 60);
    assert_int_equal(plan->gates->len, 60);
    const struct plan_gate *last = plan->gates->pdata[59];
    assert_string_equal(last->id, "blue60/fw");
    const struct plan_gate_map *map = &g_array_index(last->maps, struct plan_gate_map, 0);
    g_autofree char *to = plan_address_text(map->to);
    assert_string_equal(to, "10.200.60.0");
}

static struct plan *declared(const char *text)
{
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_auto(GStrv) parts = g_strsplit(text, "SEED", -1);
    g_autofree char *whole = g_strjoinv("1", parts);
    struct script *script =
            script_load_text(whole, strlen(whole), "routed.lua", NULL, 0, &plan, problems);
    g_autofree char *told = plan_problems_text(problems, "routed.lua");
    if (!script) {
        fail_msg("%s", told);
    }
    script_free(script);
    return plan;
}

/* ROUTED with one text replaced: the error that plan_expand() gives with so many teams. */
static char *expand_error(const char *old, const char *new, int teams)
{
    g_auto(GStrv) parts = g_strsplit(ROUTED, old, 2);
    assert_int_equal(g_strv_length(parts), 2);
    g_autofree char *text = g_strjoinv(new, parts);
    auto_plan plan = declared(text);
    g_autoptr(GError) error = NULL;
    assert_false(plan_expand(plan, teams, &error));
    assert_int_equal(error->code, SANDTABLE_ERROR_SCENARIO);
    return g_strdup(error->message);
}

static void what_only_many_teams_show_names_the_line_of_the_router(void **state)
{
    (void)state;
    g_autofree char *outside =
            expand_error("backbone = '10.200.0.{n}'", "backbone = '10.200.25{n}.1'", 6);
    assert_non_null(
            strstr(outside, "routed.lua:9: router \"blue6/fw\": 10.200.256.1 is no usable"));
    g_autofree char *taken = expand_error("'10.200.255.66'", "'10.200.0.3'", 3);
    assert_non_null(strstr(taken, "router \"blue3/fw\": 10.200.0.3 on network \"backbone\" is "
                                  "taken: attacker stands there"));
    g_autofree char *map = expand_error("'10.200.{n}.0/24'", "'10.{n}.1.0/24'", 0);
    assert_non_null(strstr(map, "10.1.1.0/24 lies inside no network on which the router stands"));
    g_autofree char *size = expand_error("'10.200.{n}.0/24'", "'10.200.{n}.0/25'", 0);
    assert_non_null(strstr(size, "is no network of the size of \"office\", /24"));
    g_autofree char *over = expand_error("'10.200.{n}.0/24'", "'10.200.25{n}.0/24'", 5);
    assert_non_null(strstr(over, "blue5/fw"));
}

/* ---- rules from outside -------------------------------------------------------------------- */

static struct plan_rule *rule_of(const char *text, GError **error)
{
    auto_json json = cJSON_Parse(text);
    assert_non_null(json);
    return plan_rule_from_json(json, error);
}

static void a_rule_survives_its_way_through_json(void **state)
{
    (void)state;
    const char *text = "{\"name\":\"web\",\"action\":\"reject\",\"from\":\"outside\",\"to\":"
                       "\"inside\",\"source\":\"10.0.0.0/8\",\"dest\":\"web\",\"proto\":\"tcp\","
                       "\"port\":[80,\"100-200\"]}";
    struct plan_rule *rule = rule_of(text, NULL);
    assert_non_null(rule);
    struct plan_rule *copy = plan_rule_copy(rule);
    auto_json out = plan_rule_to_json(copy);
    g_autofree char *again = json_text(out);
    assert_string_equal(again, text);
    g_autofree char *words = plan_rule_text(copy);
    assert_string_equal(
            words, "reject tcp from outside to inside source 10.0.0.0/8 dest web port 80,100-200");
    plan_rule_free(copy);
    plan_rule_free(rule);
}

static void a_rule_that_cannot_be_is_refused_with_its_member(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
            {"[]", "form"},
            {"{}", "needs name"},
            {"{\"name\":\"a\"}", "needs action"},
            {"{\"name\":7,\"action\":\"drop\"}", "name"},
            {"{\"name\":\"a\",\"action\":\"jump\"}", "action"},
            {"{\"name\":\"a\",\"action\":null}", "action"},
            {"{\"name\":\"a\",\"action\":\"drop\",\"proto\":\"ip\"}", "proto"},
            {"{\"name\":\"a\",\"action\":\"drop\",\"port\":0}", "port"},
            {"{\"name\":\"a\",\"action\":\"drop\",\"port\":1.5}", "port"},
            {"{\"name\":\"a\",\"action\":\"drop\",\"port\":[\"80;\"]}", "port"},
            {"{\"name\":\"a\",\"action\":\"drop\",\"port\":\"200-100\"}", "port"},
            {"{\"name\":\"a\",\"action\":\"drop\",\"comment\":\"x\"}", "comment"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(rule_of(cases[i].text, &error));
        assert_int_equal(error->code, SANDTABLE_ERROR_USAGE);
        if (!strstr(error->message, cases[i].word)) {
            fail_msg("%s: %s", cases[i].text, error->message);
        }
    }
}

static void no_name_of_a_rule_can_carry_words_of_nft(void **state)
{
    (void)state;
    auto_plan plan = plan_of(ROUTED, 0);
    const struct plan_router *router = plan_router(plan, "fw");
    static const char *const hostile[] = {
            "{\"name\":\"x\\\" drop; flush ruleset\",\"action\":\"drop\"}",
            "{\"name\":\"a b\",\"action\":\"drop\"}",
            "{\"name\":\"policy\",\"action\":\"drop\"}",
            "{\"name\":\"a\",\"action\":\"drop\",\"from\":\"outside\\\" } accept #\"}",
            "{\"name\":\"a\",\"action\":\"drop\",\"source\":\"10.0.0.1; accept\"}",
            "{\"name\":\"a\",\"action\":\"drop\",\"dest\":\"web\\naccept\"}",
            "{\"name\":\"a\",\"action\":\"drop\",\"source\":\"10.0.0.1/8\"}",
            "{\"name\":\"a\",\"action\":\"drop\",\"port\":80}",
            "{\"name\":\"a\",\"action\":\"drop\",\"proto\":\"tcp\",\"port\":[80,\"70-90\"]}",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
        struct plan_rule *rule = rule_of(hostile[i], NULL);
        assert_non_null(rule);
        g_autofree char *wrong = plan_rule_check(plan, router, rule, NULL);
        if (!wrong) {
            fail_msg("accepted: %s", hostile[i]);
        }
        plan_rule_free(rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(machines_with_one_address_are_reached_under_two),
            cmocka_unit_test(the_router_is_the_gateway_in_both_families),
            cmocka_unit_test(sixty_teams_fit_and_each_has_its_own_addresses),
            cmocka_unit_test(what_only_many_teams_show_names_the_line_of_the_router),
            cmocka_unit_test(a_rule_survives_its_way_through_json),
            cmocka_unit_test(a_rule_that_cannot_be_is_refused_with_its_member),
            cmocka_unit_test(no_name_of_a_rule_can_carry_words_of_nft),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
