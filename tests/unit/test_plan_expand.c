/* test_plan_expand.c - each team gets its own copy: ids, addresses, cards, injects. */
#include "support/test.h"

#include "base/json.h"
#include "plan/plan.h"
#include "support/plan.h"

#include <string.h>

#define FIRST_DRILL SANDTABLE_SOURCE_DIR "/scenarios/first-drill"
#define GOLDEN TESTS_DIR "/golden/plan/first-drill.json"

static const struct plan_machine *machine_of(const struct plan *plan, const char *id)
{
    int index = plan_machine_index(plan, id);
    if (index < 0) {
        fail_msg("no machine %s", id);
    }
    return plan->machines->pdata[index];
}

static const struct plan_card *card_of(const struct plan *plan, const char *id, guint place)
{
    const struct plan_machine *machine = machine_of(plan, id);
    assert_true(place < machine->cards->len);
    return machine->cards->pdata[place];
}

static void assert_ids(const struct plan *plan, GPtrArray *items, const char *wanted)
{
    (void)plan;
    g_autoptr(GString) ids = g_string_new(NULL);
    for (guint i = 0; i < items->len; i++) {
        g_string_append_printf(ids, "%s%s", i ? " " : "", *(char **)items->pdata[i]);
    }
    assert_string_equal(ids->str, wanted);
}

static void ids_name_the_team_where_there_are_several(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    assert_ids(plan, plan->teams, "blue1 blue2 red");
    assert_ids(plan, plan->networks, "blue1/office blue1/plant blue2/office blue2/plant");
    assert_ids(plan, plan->machines,
            "blue1/web blue1/gate blue1/plc blue2/web blue2/gate blue2/plc attacker");
    const struct plan_team *first = plan->teams->pdata[0];
    const struct plan_team *second = plan->teams->pdata[1];
    assert_string_equal(first->title, "North");
    assert_string_equal(second->title, "blue2"); /* has none of its own */
    assert_string_equal(machine_of(plan, "attacker")->domain, "m7");
}

static void every_team_has_the_same_addresses_on_its_own_networks(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 5);
    for (int t = 1; t <= 5; t++) {
        g_autofree char *web = g_strdup_printf("blue%d/web", t);
        g_autofree char *office = g_strdup_printf("blue%d/office", t);
        const struct plan_card *card = card_of(plan, web, 0);
        const struct plan_network *network = plan->networks->pdata[card->network];
        assert_int_equal(card->address, 0x0a01000a);
        assert_string_equal(network->id, office);
        assert_null(card->space);
    }
}

static void names_of_interfaces_are_short_and_unique(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, PLAN_TEAMS_MAX);
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = plan->networks->pdata[i];
        assert_true(strlen(network->bridge) <= 15);
        assert_true(g_hash_table_add(used, network->bridge));
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < machine->cards->len; k++) {
            const struct plan_card *card = machine->cards->pdata[k];
            assert_true(strlen(card->tap) <= 15);
            assert_true(g_hash_table_add(used, card->tap));
        }
    }
}

static char *mac_text(const struct plan_card *card)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", card->mac[0], card->mac[1],
            card->mac[2], card->mac[3], card->mac[4], card->mac[5]);
}

static void hardware_addresses_are_unique_and_follow_the_seed(void **state)
{
    (void)state;
    auto_plan plan = plan_with_seed(TWO_TEAMS, PLAN_TEAMS_MAX, "7");
    auto_plan same = plan_with_seed(TWO_TEAMS, PLAN_TEAMS_MAX, "7");
    auto_plan other = plan_with_seed(TWO_TEAMS, PLAN_TEAMS_MAX, "8");
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int different = 0;
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < machine->cards->len; k++) {
            g_autofree char *mac = mac_text(machine->cards->pdata[k]);
            g_autofree char *again = mac_text(card_of(same, machine->id, k));
            g_autofree char *seeded = mac_text(card_of(other, machine->id, k));
            assert_true(g_str_has_prefix(mac, "52:54:00:"));
            assert_string_equal(mac, again);
            different += strcmp(mac, seeded) != 0;
            assert_true(g_hash_table_add(used, g_steal_pointer(&mac)));
        }
    }
    assert_int_equal(g_hash_table_size(used), 64 * 5 + 64);
    assert_true(different > 300);
}

static void only_the_first_card_with_a_router_gets_it(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    assert_int_equal(card_of(plan, "blue1/web", 0)->gateway, 0x0a010001);
    assert_int_equal(card_of(plan, "blue1/web", 1)->gateway, 0);  /* one default route a machine */
    assert_int_equal(card_of(plan, "blue1/gate", 0)->gateway, 0); /* is the router itself */
    assert_int_equal(card_of(plan, "blue1/gate", 1)->gateway, 0);
    assert_int_equal(card_of(plan, "blue2/plc", 0)->gateway, 0x0a020001);
}

static void a_shared_machine_has_a_space_for_each_team(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 3);
    int attacker = plan_machine_index(plan, "attacker");
    const struct plan_machine *machine = plan->machines->pdata[attacker];
    assert_int_equal(machine->cards->len, 3);
    for (int t = 0; t < 3; t++) {
        const struct plan_card *card = machine->cards->pdata[t];
        const struct plan_team *team = plan->teams->pdata[t];
        assert_string_equal(card->space, team->id);
        assert_int_equal(card->address, 0x0a010042);
        assert_int_equal(card->gateway, 0x0a010001); /* each space has its own default route */
        assert_string_equal(plan_space_for(plan, attacker, t), team->id);
        assert_int_equal(((struct plan_network *)plan->networks->pdata[card->network])->team, t);
    }
    assert_null(plan_space_for(plan, attacker, plan_team_index(plan, "red")));
    assert_null(plan_space_for(plan, plan_machine_index(plan, "blue1/web"), 0));
}

static void a_name_means_the_teams_own_machine_or_a_shared_one(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    int blue2 = plan_team_index(plan, "blue2");
    assert_int_equal(plan_machine_for(plan, "web", blue2), plan_machine_index(plan, "blue2/web"));
    assert_int_equal(
            plan_machine_for(plan, "attacker", blue2), plan_machine_index(plan, "attacker"));
    assert_int_equal(plan_machine_for(plan, "web", plan_team_index(plan, "red")), -1);
    assert_int_equal(plan_machine_for(plan, "web", -1), -1);
    assert_int_equal(plan_machine_for(plan, "nothing", blue2), -1);
}

static void injects_come_by_time_and_then_as_written(void **state)
{
    (void)state;
    auto_plan plan = plan_of(TWO_TEAMS, 0);
    assert_ids(plan, plan->injects,
            "run-2 note-1 run-1 note-2@blue1 scan@blue1 scan@blue2 scan-2@blue2 undo-scan@blue1 "
            "undo-scan@blue2");
    gint64 last = 0;
    for (guint i = 0; i < plan->injects->len; i++) {
        const struct plan_inject *inject = plan->injects->pdata[i];
        assert_true(inject->at_us >= last);
        last = inject->at_us;
    }
    const struct plan_inject *note = plan->injects->pdata[1];
    assert_int_equal(note->team, -1);
    assert_null(note->step);
    int undo = plan_inject_index(plan, "undo-scan@blue2");
    const struct plan_inject *inject = plan->injects->pdata[undo];
    assert_true(inject->entry->undo);
    assert_string_equal(inject->step->name, "scan");
}

static void the_number_of_teams_can_be_another(void **state)
{
    (void)state;
    auto_plan one = plan_of(TWO_TEAMS, 1);
    assert_ids(one, one->teams, "blue1 red"); /* numbered even when alone */
    assert_int_equal(one->machines->len, 4);
    assert_int_equal(plan_inject_index(one, "scan-2@blue2"), -1); /* its team is not there */
    auto_plan many = plan_of(TWO_TEAMS, PLAN_TEAMS_MAX);
    assert_int_equal(many->teams->len, PLAN_TEAMS_MAX + 1);
    assert_int_equal(many->machines->len, PLAN_TEAMS_MAX * 3 + 1);
}

static void too_many_teams_are_refused(void **state)
{
    (void)state;
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    script_free(script_load(FIRST_DRILL, &plan, problems, &error));
    assert_non_null(plan);
    assert_false(plan_expand(plan, PLAN_TEAMS_MAX + 1, &error));
    assert_non_null(error);
    assert_int_equal(plan->teams->len, 0);
    plan_free(plan);
}

/* What every client learns of the first drill. The digest changes with each word of the scenario's
 * text, so it is not compared. */
static void the_plan_of_the_first_drill_is_as_it_was(void **state)
{
    (void)state;
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    script_free(script_load(FIRST_DRILL, &plan, problems, &error));
    assert_no_error(error);
    assert_non_null(plan);
    assert_true(plan_expand(plan, 0, &error));
    cJSON *json = plan_to_json(plan);
    assert_int_equal(strlen(cJSON_GetObjectItem(json, "digest")->valuestring), 64);
    cJSON_ReplaceItemInObject(json, "digest", cJSON_CreateString(""));
    char *printed = cJSON_Print(json);
    g_autofree char *is = g_strconcat(printed, "\n", NULL);
    cJSON_free(printed);
    cJSON_Delete(json);
    plan_free(plan);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        g_mkdir_with_parents(TESTS_DIR "/golden/plan", 0755);
        assert_true(g_file_set_contents(GOLDEN, is, -1, NULL));
    }
    g_autofree char *wanted = NULL;
    assert_true(g_file_get_contents(GOLDEN, &wanted, NULL, NULL));
    assert_string_equal(is, wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(ids_name_the_team_where_there_are_several),
            cmocka_unit_test(every_team_has_the_same_addresses_on_its_own_networks),
            cmocka_unit_test(names_of_interfaces_are_short_and_unique),
            cmocka_unit_test(hardware_addresses_are_unique_and_follow_the_seed),
            cmocka_unit_test(only_the_first_card_with_a_router_gets_it),
            cmocka_unit_test(a_shared_machine_has_a_space_for_each_team),
            cmocka_unit_test(a_name_means_the_teams_own_machine_or_a_shared_one),
            cmocka_unit_test(injects_come_by_time_and_then_as_written),
            cmocka_unit_test(the_number_of_teams_can_be_another),
            cmocka_unit_test(too_many_teams_are_refused),
            cmocka_unit_test(the_plan_of_the_first_drill_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
