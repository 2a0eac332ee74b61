/* test_score.c - the fold: the model's numbers, the explanation, its purity. */
#include "support/test.h"

#include "base/json.h"
#include "score/score.h"

#include <string.h>

static const char plan[] =
        "{\"schema\":1,\"plan\":{\"name\":\"drill\",\"teams\":["
        "{\"id\":\"red\",\"title\":\"Red cell\",\"group\":\"red\",\"role\":\"red\",\"number\":1},"
        "{\"id\":\"blue2\",\"title\":\"South\",\"group\":\"blue\",\"role\":\"blue\",\"number\":2},"
        "{\"id\":\"blue1\",\"title\":\"North\",\"group\":\"blue\",\"role\":\"blue\",\"number\":1}],"
        "\"services\":["
        "{\"name\":\"site\",\"points\":5,\"sla_after\":3,\"sla_penalty\":10,\"group\":\"blue\"},"
        "{\"name\":\"ssh\",\"points\":2,\"sla_after\":1,\"sla_penalty\":4,\"group\":\"blue\"}],"
        "\"steps\":[{\"name\":\"guess\",\"attacker\":\"red\",\"attack\":{\"id\":\"T1110.001\"},"
        "\"points_effect\":20,\"points_blocked\":15}]}}";

static struct event *make(
        gint64 seq, const char *kind, const char *team, const char *subject, const char *body)
{
    struct event *event = event_new(kind, team, subject, NULL);
    if (body) {
        g_free(event->body);
        event->body = g_strdup(body);
    }
    event->seq = seq;
    event->at_us = seq * 1000000;
    return event;
}

static void apply(struct score *score, const char *kind, const char *team, const char *subject,
        const char *body)
{
    static gint64 seq;
    auto_event event = make(++seq, kind, team, subject, body);
    score_apply(score, event);
}

static struct score *new_with_plan(const char *body)
{
    struct score *score = score_new();
    apply(score, "exercise.created", NULL, "drill", body);
    return score;
}

static struct score_line line_of(const struct score *score, const char *team)
{
    g_autoptr(GArray) lines = score_standings(score);
    for (guint i = 0; i < lines->len; i++) {
        struct score_line line = g_array_index(lines, struct score_line, i);
        if (!strcmp(line.team, team)) {
            return line;
        }
    }
    fail_msg("no team %s", team);
    return (struct score_line){0};
}

static double column(const struct score *score, const char *team, const char *name)
{
    struct score_line line = line_of(score, team);
    const char *const *names = score_columns(score);
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], name)) {
            return line.columns[i];
        }
    }
    fail_msg("no column %s", name);
    return 0;
}

static void verdict(struct score *score, const char *team, const char *word)
{
    g_autofree char *body =
            g_strdup_printf("{\"step\":\"guess\",\"verdict\":\"%s\",\"attacker\":\"red\"}", word);
    apply(score, "step.verdict", team, "guess", body);
}

/* The results of the published model, 1 passed and 0 failed, and what they come to. */
static void runs_of_failures_cost_what_the_ccdc_family_charges(void **state)
{
    (void)state;
    static const struct {
        const char *results;
        int points, after, penalty;
        gint64 uptime, charged, total;
    } cases[] = {
            {"1111111111", 1, 5, 5, 10, 0, 10},
            {"1111100000", 1, 5, 5, 5, -5, 0},
            {"0000000000", 1, 5, 5, 0, -10, -10},
            {"0000100001", 1, 5, 5, 2, 0, 2},
            {"00000111110000011111", 2, 5, 10, 20, -20, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *body = g_strdup_printf(
                "{\"plan\":{\"teams\":[{\"id\":\"b\",\"group\":\"g\"}],\"services\":[{\"name\":"
                "\"s\","
                "\"points\":%d,\"sla_after\":%d,\"sla_penalty\":%d,\"group\":\"g\"}]}}",
                cases[i].points, cases[i].after, cases[i].penalty);
        struct score *score = new_with_plan(body);
        for (const char *c = cases[i].results; *c; c++) {
            apply(score, *c == '1' ? "check.ok" : "check.down", "b", "s", NULL);
        }
        assert_int_equal(column(score, "b", "uptime"), cases[i].uptime);
        assert_int_equal(column(score, "b", "penalty"), cases[i].charged);
        assert_int_equal(line_of(score, "b").total, cases[i].total);
        score_free(score);
    }
}

static void effects_earn_the_attacker_and_blocks_the_defender(void **state)
{
    (void)state;
    struct score *score = new_with_plan(plan);
    verdict(score, "blue1", "blocked");
    verdict(score, "blue2", "effect");
    assert_int_equal(column(score, "blue1", "blocked"), 15);
    assert_int_equal(line_of(score, "blue2").total, 0);
    assert_int_equal(column(score, "red", "effect"), 20);
    g_autoptr(GArray) lines = score_standings(score);
    assert_int_equal(lines->len, 3);
    assert_string_equal(g_array_index(lines, struct score_line, 0).team, "red");
    assert_string_equal(g_array_index(lines, struct score_line, 0).title, "Red cell");
    assert_string_equal(g_array_index(lines, struct score_line, 2).team, "blue2");
    score_free(score);
}

static void ties_are_ordered_by_team_id(void **state)
{
    (void)state;
    struct score *score = new_with_plan(plan);
    g_autoptr(GArray) lines = score_standings(score);
    assert_string_equal(g_array_index(lines, struct score_line, 0).team, "blue1");
    assert_string_equal(g_array_index(lines, struct score_line, 1).team, "blue2");
    assert_string_equal(g_array_index(lines, struct score_line, 2).team, "red");
    score_free(score);
}

static void what_is_nobodys_fault_moves_nothing(void **state)
{
    (void)state;
    struct score *score = new_with_plan(plan);
    apply(score, "check.down", "blue1", "site", NULL);
    apply(score, "check.down", "blue1", "site", NULL);
    /* a fault neither continues nor ends the run */
    apply(score, "check.fault", "blue1", "site", NULL);
    static const char *const words[] = {"inert", "fault", "skipped", "", "EFFECT"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        verdict(score, "blue1", words[i]);
    }
    assert_int_equal(line_of(score, "blue1").total, 0);
    assert_int_equal(line_of(score, "red").total, 0);
    apply(score, "check.down", "blue1", "site", NULL);
    assert_int_equal(line_of(score, "blue1").total, -10);
    score_free(score);
}

static void events_that_make_no_sense_change_nothing(void **state)
{
    (void)state;
    static const char odd_plan[] =
            "{\"plan\":{\"teams\":[{\"id\":7},{},null,{\"id\":\"a\"},{\"id\":\"a\"}],"
            "\"services\":[{\"name\":\"s\",\"group\":\"a\",\"points\":1e308,\"sla_after\":-1,"
            "\"sla_penalty\":\"x\"}]}}";
    static const char *const bodies[] = {"", "{", "null", "[]", "\"x\"", "{\"plan\":7}",
            "{\"plan\":{\"teams\":{\"id\":1},\"services\":3,\"steps\":[7,null,{}]}}", odd_plan};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        struct score *score = new_with_plan(bodies[i]);
        apply(score, "check.ok", "a", "s", "}");
        apply(score, "check.down", "a", "s", NULL);
        apply(score, "check.ok", "nobody", "nothing", NULL);
        apply(score, "step.verdict", "a", "guess", bodies[i]);
        apply(score, "check.", "a", "s", NULL);
        apply(score, "", "", "", NULL);
        g_autoptr(GArray) lines = score_standings(score);
        for (guint l = 0; l < lines->len; l++) {
            assert_int_equal(g_array_index(lines, struct score_line, l).total, 0);
        }
        score_free(score);
    }
}

static void a_second_plan_is_ignored(void **state)
{
    (void)state;
    struct score *score = new_with_plan(plan);
    apply(score, "exercise.created", NULL, "other",
            "{\"plan\":{\"teams\":[{\"id\":\"x\",\"group\":\"x\"}]}}");
    g_autoptr(GArray) lines = score_standings(score);
    assert_int_equal(lines->len, 3);
    score_free(score);
}

/* ---- properties over made-up exercises ----------------------------------------------------- */

static GPtrArray *random_events(guint32 seed, guint count)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    static const char *const teams[] = {"blue1", "blue2", "red", "nobody"};
    static const char *const kinds[] = {
            "check.ok", "check.down", "check.down", "check.fault", "step.verdict", "note"};
    static const char *const verdicts[] = {"effect", "blocked", "inert", "fault"};
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_ptr_array_add(events, make(1, "exercise.created", NULL, "drill", plan));
    for (guint i = 0; i < count; i++) {
        const char *kind = kinds[g_rand_int_range(rand, 0, G_N_ELEMENTS(kinds))];
        g_autofree char *body = g_strdup_printf("{\"step\":\"guess\",\"verdict\":\"%s\"}",
                verdicts[g_rand_int_range(rand, 0, G_N_ELEMENTS(verdicts))]);
        g_ptr_array_add(
                events, make(i + 2, kind, teams[g_rand_int_range(rand, 0, G_N_ELEMENTS(teams))],
                                g_rand_boolean(rand) ? "site" : "ssh", body));
    }
    return events;
}

static char *fold(const GPtrArray *events, guint print_at)
{
    struct score *score = score_new();
    for (guint i = 0; i < events->len; i++) {
        if (i == print_at) { /* looking must not change what follows */
            cJSON_Delete(score_to_json(score, true));
            g_array_unref(score_standings(score));
        }
        score_apply(score, events->pdata[i]);
    }
    auto_json json = score_to_json(score, true);
    score_free(score);
    return json_text(json);
}

static void the_same_events_give_the_same_bytes_wherever_one_looks_between(void **state)
{
    (void)state;
    for (guint32 seed = 1; seed <= 50; seed++) {
        g_autoptr(GPtrArray) events = random_events(seed, 300);
        g_autofree char *once = fold(events, G_MAXUINT);
        g_autofree char *again = fold(events, seed * 5);
        assert_string_equal(once, again);
    }
}

static void the_terms_of_every_prefix_add_up_to_the_totals(void **state)
{
    (void)state;
    for (guint32 seed = 1; seed <= 20; seed++) {
        g_autoptr(GPtrArray) events = random_events(seed, 100);
        struct score *score = score_new();
        for (guint i = 0; i < events->len; i++) {
            score_apply(score, events->pdata[i]);
            auto_json json = score_to_json(score, true);
            const cJSON *team = NULL;
            cJSON_ArrayForEach(team, json_array(json, "teams"))
            {
                double all = 0;
                const cJSON *sum = NULL;
                cJSON_ArrayForEach(sum, json_object(team, "columns"))
                {
                    double terms = 0;
                    const cJSON *term = NULL;
                    cJSON_ArrayForEach(term, json_array(team, "explain"))
                    {
                        if (!strcmp(json_string(term, "part", ""), sum->string)) {
                            terms += json_number(term, "points", 0);
                        }
                    }
                    assert_int_equal(terms, sum->valuedouble);
                    all += terms;
                }
                assert_int_equal(all, json_int(team, "total", -1));
            }
        }
        score_free(score);
    }
}

static void the_json_is_the_documented_one(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_ptr_array_add(events, make(1, "exercise.created", NULL, "drill", plan));
    g_ptr_array_add(events, make(2, "check.ok", "blue1", "site", NULL));
    g_ptr_array_add(events, make(3, "check.down", "blue1", "ssh", NULL));
    g_ptr_array_add(events, make(4, "check.down", "blue2", "site", NULL));
    g_ptr_array_add(events, make(5, "check.down", "blue2", "site", NULL));
    g_ptr_array_add(events, make(6, "check.down", "blue2", "site", NULL));
    g_ptr_array_add(
            events, make(7, "step.verdict", "blue2", "guess",
                            "{\"step\":\"guess\",\"verdict\":\"effect\",\"attacker\":\"red\"}"));
    g_ptr_array_add(
            events, make(8, "step.verdict", "blue1", "guess",
                            "{\"step\":\"guess\",\"verdict\":\"blocked\",\"attacker\":\"red\"}"));
    g_autofree char *compact = fold(events, G_MAXUINT);
    auto_json json = cJSON_Parse(compact);
    char *printed = cJSON_Print(json);
    g_autofree char *text = g_strconcat(printed, "\n", NULL);
    cJSON_free(printed);
    g_autofree char *golden = g_build_filename(TESTS_DIR, "golden", "score", "explain.json", NULL);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        assert_true(g_file_set_contents(golden, text, -1, NULL));
    }
    g_autofree char *expected = NULL;
    assert_true(g_file_get_contents(golden, &expected, NULL, NULL));
    assert_string_equal(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(runs_of_failures_cost_what_the_ccdc_family_charges),
            cmocka_unit_test(effects_earn_the_attacker_and_blocks_the_defender),
            cmocka_unit_test(ties_are_ordered_by_team_id),
            cmocka_unit_test(what_is_nobodys_fault_moves_nothing),
            cmocka_unit_test(events_that_make_no_sense_change_nothing),
            cmocka_unit_test(a_second_plan_is_ignored),
            cmocka_unit_test(the_same_events_give_the_same_bytes_wherever_one_looks_between),
            cmocka_unit_test(the_terms_of_every_prefix_add_up_to_the_totals),
            cmocka_unit_test(the_json_is_the_documented_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
