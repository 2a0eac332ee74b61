/* test_score_detection.c - reports of what was seen, assigned to what there was to see. */
#include "support/score_game.h"

#include "score/assign.h"
#include "score/technique.h"

#define S 1000000LL

static struct game drill(void)
{
    static const char body[] =
            "{\"plan\":{\"teams\":[{\"id\":\"a\",\"role\":\"blue\",\"group\":\"blue\"},"
            "{\"id\":\"b\",\"role\":\"blue\",\"group\":\"blue\"},{\"id\":\"red\",\"role\":\"red\"}]"
            ","
            "\"steps\":[{\"name\":\"scan\",\"to\":\"web\",\"attacker\":\"red\",\"attack\":{\"id\":"
            "\"T1046\"}},{\"name\":\"guess\",\"to\":\"web\",\"attacker\":\"red\",\"attack\":{"
            "\"id\":"
            "\"T1110.001\"}},{\"name\":\"write\",\"to\":\"hmi\",\"attacker\":\"red\",\"attack\":{"
            "\"id\":\"T0836\"}}],\"score\":[{\"model\":\"detection\"}]}}";
    struct game game = {.score = score_new()};
    tell(&game, "exercise.created", NULL, "game", body);
    return game;
}

static void run_step(struct game *game, gint64 from_us, const char *step, const char *verdict)
{
    g_autofree char *body = g_strdup_printf("{\"step\":\"%s\",\"verdict\":\"%s\"}", step, verdict);
    at(game, from_us, "step.state", "a", step, "{\"state\":\"running\"}");
    at(game, from_us + 5 * S, "step.verdict", "a", step, body);
}

static gint64 report(struct game *game, gint64 at_us, const char *what, const char *host)
{
    g_autofree char *body = g_strdup_printf(
            "{\"text\":\"x\",\"what\":\"%s\",\"hosts\":[\"%s\"],\"resolved\":true}", what, host);
    return at(game, at_us, "report.filed", "a", what, body);
}

static void techniques_are_related_by_whole_ids(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool related;
    } pairs[] = {{"T1110", "T1110", true}, {"T1110", "T1110.001", true},
            {"T1110.001", "T1110.001", true}, {"T1110.001", "T1110.002", false},
            {"T11105", "T1110", false}, {"T1110.001", "T11105", false}, {"T111", "T1110", false},
            {"T1110x", "T1110.001", false}, {"", "T1110", false}, {"", "", false},
            {".001", "T1110.001", false}, {".001", ".001", false}};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (technique_is_related(pairs[i].one, pairs[i].other) != pairs[i].related ||
                technique_is_related(pairs[i].other, pairs[i].one) != pairs[i].related) {
            fail_msg("\"%s\" and \"%s\"", pairs[i].one, pairs[i].other);
        }
    }
}

static void a_report_is_worth_its_technique_its_time_and_its_evidence(void **state)
{
    (void)state;
    static const struct {
        const char *what, *host;
        gint64 late_s;
        bool resolved;
        double wanted;
    } cases[] = {
            {"T1110.001", "web", 60, true, 10},
            {"T1110.001", "blue1/web", 120, true, 10},
            {"guess", "web", 60, true, 10},
            {"T1110", "web", 60, true, 7.5},
            {"T1110.003", "web", 60, true, 2.5}, /* a sister, not the parent */
            {"odd", "web", 60, true, 2.5},
            {"T1110.001", "web", 60, false, 6},
            {"T1110.001", "web", 510, true, 10 * (1 - 0.7 * 390 / 780)},
            {"T1110.001", "web", 900, true, 3},
            {"T1110.001", "web", 901, true, 1.5},
            {"T1110.001", "hmi", 60, true, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct game game = drill();
        run_step(&game, 10 * S, "guess", i % 2 ? "effect" : "blocked");
        g_autofree char *body = g_strdup_printf(
                "{\"text\":\"x\",\"what\":\"%s\",\"hosts\":[\"db\",\"%s\"],\"resolved\":%s}",
                cases[i].what, cases[i].host, cases[i].resolved ? "true" : "false");
        at(&game, (10 + cases[i].late_s) * S, "report.filed", "a", "x", body);
        assert_near(column(&game, "a", "detected"), cases[i].wanted);
        assert_near(column(&game, "b", "total"), 0);
        end(&game);
    }
}

/* Greedily the first report would take the second run, and leave the other report nothing. */
static void the_assignment_is_the_best_one_not_the_first(void **state)
{
    (void)state;
    struct game game = drill();
    run_step(&game, 10 * S, "scan", "effect");
    run_step(&game, 20 * S, "guess", "effect");
    report(&game, 30 * S, "T1046", "web"); /* 10 for scan, 2.5 for guess */
    report(&game, 40 * S, "T1046", "web"); /* the same again: 2.5 for guess is left */
    assert_near(column(&game, "a", "detected"), 12.5);
    report(&game, 50 * S, "T1110.001", "web"); /* now guess is this one's */
    assert_near(column(&game, "a", "detected"), 20);
    assert_near(column(&game, "a", "false"), 0); /* a repetition is worth nothing, costs nothing */
    end(&game);
}

static void what_did_not_happen_cannot_be_seen_and_costs_after_a_few(void **state)
{
    (void)state;
    struct game game = drill();
    report(&game, 5 * S, "T1046", "web"); /* before it begins */
    run_step(&game, 10 * S, "scan", "effect");
    at(&game, 20 * S, "step.state", "a", "write", "{\"state\":\"running\"}"); /* no verdict yet */
    report(&game, 21 * S, "T0836", "hmi");
    assert_near(column(&game, "a", "total"), 0);
    report(&game, 22 * S, "T0836", "plc");
    assert_near(column(&game, "a", "false"), -1);
    at(&game, 30 * S, "step.verdict", "a", "write", "{\"step\":\"write\",\"verdict\":\"effect\"}");
    assert_near(column(&game, "a", "detected"), 10);
    assert_near(column(&game, "a", "false"), 0); /* one of them was right after all */
    end(&game);
}

static void a_mark_names_the_report_and_the_run(void **state)
{
    (void)state;
    struct game game = drill();
    run_step(&game, 10 * S, "scan", "effect");
    gint64 seq = report(&game, 20 * S, "T1046", "web");
    auto_json json = score_to_json(game.score, true);
    const cJSON *term = cJSON_GetArrayItem(
            json_array(cJSON_GetArrayItem(json_array(json, "teams"), 0), "explain"), 0);
    assert_int_equal(json_int(term, "seq", 0), seq);
    assert_non_null(strstr(json_string(term, "why", ""), "scan (T1046) (event 2)"));
    end(&game);
}

/* Against all permutations, on matrices of chance. */
static double best_by_trying(const double *values, int n, int row, unsigned taken)
{
    double best = 0;
    for (int c = 0; row < n && c < n; c++) {
        if (!(taken & 1u << c)) {
            double sum = values[row * n + c] + best_by_trying(values, n, row + 1, taken | 1u << c);
            best = MAX(best, sum);
        }
    }
    return best;
}

static void an_assignment_is_never_worse_than_any_other(void **state)
{
    (void)state;
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    for (int game = 0; game < 200; game++) {
        double values[36];
        int out[6];
        double sum = 0;
        unsigned taken = 0;
        for (int i = 0; i < 36; i++) {
            values[i] = g_rand_int_range(rand, 0, 3) ? g_rand_int_range(rand, 0, 9) : 0;
        }
        assign_best(values, 6, 6, out);
        for (int row = 0; row < 6; row++) {
            if (out[row] >= 0) {
                assert_false(taken & 1u << out[row]);
                taken |= 1u << out[row];
                sum += values[row * 6 + out[row]];
            }
        }
        assert_near(sum, best_by_trying(values, 6, 0, 0));
    }
    const double wide[] = {1, 9, 2};
    int column[3];
    assign_best(wide, 1, 3, column);
    assert_int_equal(column[0], 1);
    assign_best(wide, 3, 1, column);
    assert_int_equal(column[0], -1);
    assert_int_equal(column[1], 0);
    assign_best(wide, 0, 3, column);
    assign_best(wide, 1, 0, column);
    assert_int_equal(column[0], -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(techniques_are_related_by_whole_ids),
            cmocka_unit_test(a_report_is_worth_its_technique_its_time_and_its_evidence),
            cmocka_unit_test(the_assignment_is_the_best_one_not_the_first),
            cmocka_unit_test(what_did_not_happen_cannot_be_seen_and_costs_after_a_few),
            cmocka_unit_test(a_mark_names_the_report_and_the_run),
            cmocka_unit_test(an_assignment_is_never_worse_than_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
