/* test_networks.c - what a reset and a restore do to routers and links, on the simulated world. */
#include "scenario/drill.h"

#include "plan/router.h"
#include "run/run_impair.h"

#define WIRED SANDTABLE_SOURCE_DIR "/tests/scenario/wired"

static void begin_wired(struct drill *d)
{
    const struct world_sim_hooks hooks = {0};
    rehearsal_open(&d->r, WIRED, &hooks);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void add_rule(struct drill *d, const char *router, const char *name)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *rules = g_ptr_array_new_with_free_func(plan_rule_free);
    struct plan_rule *rule = plan_rule_new();
    rule->name = g_strdup(name);
    rule->action = PLAN_RULE_DROP;
    g_ptr_array_add(rules, rule);
    const char *const none[] = {NULL};
    const struct exercise_rules asked = {rules, none, false};
    exercise_rules(d->r.exercise, router, &asked, "op", NULL, NULL, &error);
    assert_no_error(error);
    rehearsal_settle(&d->r);
}

static void on_counters(
        const struct world_counter *counters, gsize n, const GError *error, gpointer data)
{
    GString *text = data;
    assert_no_error(error);
    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i ? " " : "", counters[i].rule);
    }
}

/* The names of the rules that the world has. */
static void assert_rules(struct drill *d, const char *router, const char *names)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int gate = plan_gate_index(d->r.plan, router);
    d->r.world->ops->counters(d->r.world, gate, on_counters, text);
    rehearsal_settle(&d->r);
    if (strcmp(text->str, names) != 0) {
        fail_msg("%s: wanted \"%s\", got \"%s\"", router, names, text->str);
    }
}

static void assert_delay(const struct drill *d, const char *id, int delay_ms)
{
    struct plan_link_ask ask = run_link_asked(d->r.exercise, machine(d, id), 0);
    assert_int_equal(ask.direction[PLAN_IN].delay_us, delay_ms * 1000);
}

static void impair(struct drill *d, const char *id, int delay_ms)
{
    struct plan_impair wish = {.machine = (char *)id, .both = {.delay_us = delay_ms * 1000}};
    assert_true(exercise_impair(d->r.exercise, &wish, "op", rehearsal_ignore, NULL, NULL));
    rehearsal_settle(&d->r);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_restore_brings_back_one_teams_rules_and_links(void **state)
{
    (void)state;
    struct drill d = {0};
    begin_wired(&d);
    go(&d, 3);
    add_rule(&d, "blue1/fw", "kept");
    impair(&d, "blue1/web", 30);
    checkpoint(&d, "calm", "blue1");
    add_rule(&d, "blue1/fw", "later");
    add_rule(&d, "blue2/fw", "theirs");
    impair(&d, "blue1/web", 50);
    impair(&d, "blue2/web", 70);
    restore(&d, "calm", "blue1");
    rehearsal_settle(&d.r);
    assert_rules(&d, "blue1/fw", "kept out web policy");
    assert_rules(&d, "blue2/fw", "theirs out web policy");
    assert_delay(&d, "blue1/web", 30);
    assert_delay(&d, "blue2/web", 70);
    auto_json body = rehearsal_last(&d.r, "checkpoint.restored", "blue1", "calm");
    assert_int_equal(cJSON_GetArraySize(json_array(body, "links")), 1);
    assert_int_equal(cJSON_GetArraySize(json_array(body, "routers")), 1);
    auto_json rules = rehearsal_last(&d.r, "router.rules", "blue1", "blue1/fw");
    assert_string_equal(json_string(rules, "state", ""), "applied");
    rehearsal_close(&d.r);
}

static void a_checkpoint_of_all_brings_back_every_router(void **state)
{
    (void)state;
    struct drill d = {0};
    begin_wired(&d);
    go(&d, 3);
    checkpoint(&d, "first", NULL);
    add_rule(&d, "blue1/fw", "one");
    add_rule(&d, "blue2/fw", "two");
    checkpoint(&d, "second", NULL);
    restore(&d, "first", NULL);
    rehearsal_settle(&d.r);
    assert_rules(&d, "blue1/fw", "out web policy");
    assert_rules(&d, "blue2/fw", "out web policy");
    restore(&d, "second", "blue2"); /* one team of a checkpoint of all, and forward again */
    rehearsal_settle(&d.r);
    assert_rules(&d, "blue1/fw", "out web policy");
    assert_rules(&d, "blue2/fw", "two out web policy");
    rehearsal_close(&d.r);
}

static void a_reset_router_has_the_scenarios_rules(void **state)
{
    (void)state;
    struct drill d = {0};
    g_autoptr(GError) error = NULL;
    begin_wired(&d);
    go(&d, 3);
    add_rule(&d, "blue1/fw", "one");
    add_rule(&d, "blue2/fw", "two");
    reset(&d, "blue1/fw");
    assert_rules(&d, "blue1/fw", "out web policy");
    assert_rules(&d, "blue2/fw", "two out web policy");
    assert_int_equal(rehearsal_count(&d.r, "router.reset", "blue1"), 2);
    assert_int_equal(rehearsal_count(&d.r, "team.reset", NULL), 0);
    reset(&d, "blue2"); /* a team with all that is its own */
    wait_for(&d, "team.reset", 2);
    assert_rules(&d, "blue2/fw", "out web policy");
    auto_json body = rehearsal_last(&d.r, "team.reset", "blue2", "blue2");
    const cJSON *first = cJSON_GetArrayItem(json_array(body, "routers"), 0);
    assert_string_equal(cJSON_GetStringValue(first), "blue2/fw");
    assert_false(exercise_reset(d.r.exercise, "blue1/fv", "op", &error));
    assert_non_null(strstr(error->message, "did you mean \"blue1/fw\""));
    rehearsal_close(&d.r);
}

static void a_function_resets_its_router(void **state)
{
    (void)state;
    struct drill d = {0};
    begin_wired(&d);
    go(&d, 37);
    assert_rules(&d, "blue2/fw", "mine out web policy");
    go(&d, 42);
    assert_rules(&d, "blue2/fw", "out web policy");
    auto_json note = rehearsal_last(&d.r, "note", NULL, NULL);
    assert_string_equal(json_string(note, "text", ""), "string expected");
    assert_int_equal(rehearsal_count(&d.r, "alarm.raised", NULL), 0);
    rehearsal_close(&d.r);
}

static void a_router_is_reset_in_a_pause_but_not_after_the_end(void **state)
{
    (void)state;
    struct drill d = {0};
    g_autoptr(GError) error = NULL;
    begin_wired(&d);
    go(&d, 3);
    add_rule(&d, "blue1/fw", "one");
    assert_true(exercise_pause(d.r.exercise, "op", NULL));
    rehearsal_settle(&d.r);
    reset(&d, "blue1/fw");
    assert_rules(&d, "blue1/fw", "out web policy");
    assert_true(exercise_end(d.r.exercise, "op", "over", NULL));
    assert_false(exercise_reset(d.r.exercise, "blue1/fw", "op", &error));
    assert_non_null(strstr(error->message, "not now"));
    rehearsal_settle(&d.r);
    rehearsal_close(&d.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_restore_brings_back_one_teams_rules_and_links),
            cmocka_unit_test(a_checkpoint_of_all_brings_back_every_router),
            cmocka_unit_test(a_reset_router_has_the_scenarios_rules),
            cmocka_unit_test(a_function_resets_its_router),
            cmocka_unit_test(a_router_is_reset_in_a_pause_but_not_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
