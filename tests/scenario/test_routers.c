/* test_routers.c - the scenario two-zones on the simulated world: rules that change in the run. */
#include "scenario/rehearsal.h"

#include "plan/router.h"

struct zones {
    struct rehearsal r;
    gint64 dropped; /* what rule no-web of blue1 has met */
    int answers;
    char *error; /* of the last answer */
    cJSON *router;
};

/* The attack on a team whose door is closed runs into the rule, else it gets the secret. */
static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    struct zones *z = data;
    (void)out;
    (void)err;
    if (strcmp(argv[0], "curl") != 0) {
        return 0;
    }
    if (!strcmp(argv[6], "http://10.200.1.10/secret")) {
        z->dropped += 3;
        return 28;
    }
    assert_string_equal(argv[6], "http://10.200.2.10/secret");
    world_sim_write(z->r.world, machine, argv[5], "the tide tables\n");
    return 0;
}

static gint64 on_counter(gpointer data, int gate, const char *rule)
{
    const struct zones *z = data;
    return gate == 0 && !strcmp(rule, "no-web") ? z->dropped : 0;
}

static void begin(struct zones *z)
{
    const struct world_sim_hooks hooks = {.data = z, .exec = on_exec, .counter = on_counter};
    rehearsal_open(&z->r, SANDTABLE_SOURCE_DIR "/scenarios/two-zones", &hooks);
}

static void end(struct zones *z)
{
    rehearsal_close(&z->r);
    g_free(z->error);
    cJSON_Delete(z->router);
}

static const char *verdict_of(struct zones *z, const char *team)
{
    auto_json body = rehearsal_last(&z->r, "step.verdict", team, "fetch");
    assert_non_null(body);
    return g_intern_string(json_string(body, "verdict", ""));
}

static void a_rule_of_a_player_blocks_the_step_and_its_counter_shows_it(void **state)
{
    (void)state;
    struct zones z = {0};
    begin(&z);
    rehearsal_advance(&z.r, 70 * G_USEC_PER_SEC);
    assert_string_equal(verdict_of(&z, "blue1"), "blocked");
    assert_string_equal(verdict_of(&z, "blue2"), "effect");
    auto_json body = rehearsal_last(&z.r, "step.verdict", "blue1", "fetch");
    g_autofree char *text = json_text(body);
    assert_non_null(strstr(text, "blue1/fw: rule no-web went from 0 to 3 packets"));
    auto_json rules = rehearsal_last(&z.r, "router.rules", "blue1", "blue1/fw");
    assert_string_equal(json_string(rules, "state", ""), "applied");
    assert_string_equal(json_string(rules, "by", ""), "north");
    const cJSON *first = cJSON_GetArrayItem(json_array(rules, "rules"), 0);
    assert_string_equal(json_string(first, "name", ""), "no-web");
    assert_null(rehearsal_last(&z.r, "router.rules", "blue2", NULL));
    end(&z);
}

/* ---- an operator's changes ----------------------------------------------------------------- */

static void on_done(const GError *error, gpointer data)
{
    struct zones *z = data;
    z->answers++;
    g_free(z->error);
    z->error = error ? g_strdup(error->message) : NULL;
}

/* NULL when accepted, else the refusal (the caller's). */
static char *change(struct zones *z, const char *router, const char *add, const char *removed)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(plan_rule_free);
    g_autoptr(GError) error = NULL;
    if (add) {
        auto_json json = cJSON_Parse(add);
        struct plan_rule *rule = plan_rule_from_json(json, &error);
        assert_non_null(rule);
        g_ptr_array_add(rules, rule);
    }
    const char *const names[] = {removed, NULL};
    const struct exercise_rules asked = {g_steal_pointer(&rules), names, false};
    bool ok = exercise_rules(z->r.exercise, router, &asked, "op", on_done, z, &error);
    rehearsal_settle(&z->r);
    return ok ? NULL : g_strdup(error->message);
}

static void on_router(cJSON *router, const GError *error, gpointer data)
{
    struct zones *z = data;
    assert_null(error);
    cJSON_Delete(z->router);
    z->router = router;
}

static void a_change_is_all_or_nothing_and_says_why(void **state)
{
    (void)state;
    struct zones z = {0};
    begin(&z);
    static const char rule[] = "{\"name\":\"x\",\"action\":\"drop\",\"from\":\"outside\"}";
    assert_null(change(&z, "blue2/fw", rule, NULL));
    assert_int_equal(z.answers, 1);
    assert_null(z.error);
    assert_null(change(&z, "blue2/fw", rule, NULL)); /* a name twice */
    assert_int_equal(z.answers, 2);
    assert_non_null(strstr(z.error, "has a rule \"x\" already"));
    assert_null(change(&z, "blue2/fw", "{\"name\":\"y\",\"action\":\"drop\"}", "pink"));
    assert_non_null(strstr(z.error, "no rule \"pink\" (did you mean \"ping\"?)"));
    auto_json body = rehearsal_last(&z.r, "router.rules", "blue2", "blue2/fw");
    assert_string_equal(json_string(body, "state", ""), "failed");
    assert_int_equal(cJSON_GetArraySize(json_array(body, "rules")), 4); /* x, out, web, ping */
    assert_null(change(&z, "blue2/fw", rule, "x"));                     /* in place of itself */
    assert_null(z.error);
    assert_true(exercise_router(z.r.exercise, "blue2/fw", on_router, &z, NULL));
    rehearsal_settle(&z.r);
    const cJSON *first = cJSON_GetArrayItem(json_array(z.router, "rules"), 0);
    assert_string_equal(json_string(first, "text", ""), "drop from outside");
    assert_int_equal(json_int(first, "packets", -1), 0);
    end(&z);
}

static void a_change_that_cannot_be_is_refused_at_once(void **state)
{
    (void)state;
    struct zones z = {0};
    begin(&z);
    static const struct {
        const char *router, *rule, *wanted;
    } cases[] = {
            {"blue3/fw", "{\"name\":\"x\",\"action\":\"drop\"}", "no router \"blue3/fw\""},
            {"blue1/fw", "{\"name\":\"x\",\"action\":\"drop\",\"from\":\"outsid\"}",
                    "unknown zone \"outsid\" (did you mean \"outside\"?)"},
            {"blue1/fw", "{\"name\":\"x; y\",\"action\":\"drop\"}", "name: use lower-case"},
            {"blue1/fw", "{\"name\":\"x\",\"action\":\"drop\",\"dest\":\"wep\"}",
                    "no machine, network or address (did you mean \"web\"?)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *refusal = change(&z, cases[i].router, cases[i].rule, NULL);
        if (!refusal || !strstr(refusal, cases[i].wanted)) {
            fail_msg("%s: %s", cases[i].rule, refusal ? refusal : "accepted");
        }
    }
    assert_int_equal(z.answers, 0);
    assert_int_equal(rehearsal_count(&z.r, "router.rules", "blue1"), 0);
    end(&z);
}

static void what_is_under_way_at_the_end_is_answered(void **state)
{
    (void)state;
    struct zones z = {0};
    begin(&z);
    auto_json json = cJSON_Parse("{\"name\":\"x\",\"action\":\"drop\"}");
    for (int i = 0; i < 3; i++) {
        GPtrArray *rules = g_ptr_array_new_with_free_func(plan_rule_free);
        g_ptr_array_add(rules, plan_rule_from_json(json, NULL));
        const char *const names[] = {i ? "x" : NULL, NULL};
        const struct exercise_rules asked = {rules, names, false};
        assert_true(exercise_rules(z.r.exercise, "blue1/fw", &asked, "op", on_done, &z, NULL));
    }
    assert_true(exercise_end(z.r.exercise, "test", "over", NULL));
    rehearsal_settle(&z.r);
    assert_int_equal(z.answers, 3);
    end(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_rule_of_a_player_blocks_the_step_and_its_counter_shows_it),
            cmocka_unit_test(a_change_is_all_or_nothing_and_says_why),
            cmocka_unit_test(a_change_that_cannot_be_is_refused_at_once),
            cmocka_unit_test(what_is_under_way_at_the_end_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
