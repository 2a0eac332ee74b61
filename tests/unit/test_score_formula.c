/* test_score_formula.c - every published formula against small cases computed independently. */
#include "support/test.h"

#include "base/json.h"
#include "score/formula.h"

#include <math.h>
#include <string.h>

static cJSON *cases; /* tests/golden/score/formulas.json */

static int read_cases(void **state)
{
    (void)state;
    g_autofree char *path =
            g_build_filename(SANDTABLE_SOURCE_DIR, "tests/golden/score/formulas.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        return -1;
    }
    cases = cJSON_Parse(text);
    return cases ? 0 : -1;
}

static int free_cases(void **state)
{
    (void)state;
    cJSON_Delete(cases);
    return 0;
}

static double number(const cJSON *item, const char *name)
{
    return json_number(item, name, NAN);
}

static int whole(const cJSON *item, const char *name)
{
    return (int)json_int(item, name, -999);
}

static int word_of(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++) {
        if (!strcmp(words[i], word)) {
            return i;
        }
    }
    fail_msg("no word \"%s\"", word);
    return 0;
}

static void assert_near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-9 * MAX(1, fabs(wanted)))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

#define EACH_CASE(item, name)                                                                      \
    assert_true(cJSON_GetArraySize(json_array(cases, name)) > 0);                                  \
    cJSON_ArrayForEach(item, json_array(cases, name))

static void forcad_moves_points_to_the_weaker(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "forcad")
    {
        double victim = number(item, "victim");
        double move = formula_forcad(number(item, "attacker"), victim, number(item, "hardness"));
        double loss = MIN(move, victim);
        assert_near(-loss, number(item, "victim_delta"));
        bool inflation = json_bool(item, "inflation", false);
        assert_near(inflation ? move : MIN(move, victim), number(item, "attacker_delta"));
    }
    EACH_CASE(item, "ecsc2024_delta")
    {
        assert_near(formula_ecsc2024(number(item, "attacker"), number(item, "victim")),
                number(item, "delta"));
    }
}

static void enowars_shares_points(void **state)
{
    (void)state;
    const cJSON *list = json_array(cases, "enoengine");
    const cJSON *attack = cJSON_GetArrayItem(list, 0);
    double weight = number(attack, "weight") / number(attack, "weights_sum");
    assert_near(formula_eno_attack(weight, whole(attack, "flags_per_round"),
                        whole(attack, "flag_variants"), whole(attack, "captures"),
                        whole(attack, "active_teams")),
            number(attack, "attack"));
    const cJSON *defense = cJSON_GetArrayItem(list, 1);
    assert_near(formula_eno_defense(weight, whole(defense, "flags_per_round"),
                        whole(defense, "lost_distinct_flags")),
            number(defense, "defense"));
    assert_near(formula_eno_sla(weight, 1), number(cJSON_GetArrayItem(list, 2), "sla"));
    assert_near(formula_eno_sla(weight, 0.5), number(cJSON_GetArrayItem(list, 3), "sla"));
}

static void ructf_prices_depend_on_positions(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "hackerdom_flag_price")
    {
        double base = number(item, "base");
        int attacker = whole(item, "attacker_pos");
        int victim = whole(item, "victim_pos");
        int teams = whole(item, "teams");
        assert_near(formula_ructf_price(base, attacker, victim, teams, false),
                number(item, "as_documented"));
        assert_near(formula_ructf_price(base, attacker, victim, teams, true),
                number(item, "with_sql_integer_division"));
    }
}

static bool listed(const cJSON *list, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!strcmp(item->valuestring, name)) {
            return true;
        }
    }
    return false;
}

static void ictf_hands_fifty_points_round(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "ictf2017_one_service_one_tick")
    {
        const cJSON *teams = json_array(item, "teams");
        int n = cJSON_GetArraySize(teams);
        bool up[8] = {false};
        bool by[64] = {false};
        double out[8];
        for (int v = 0; v < n; v++) {
            const char *victim = cJSON_GetArrayItem(teams, v)->valuestring;
            up[v] = listed(json_array(item, "up"), victim);
            for (int a = 0; a < n; a++) {
                by[v * n + a] = listed(json_array(json_object(item, "exploited_by"), victim),
                        cJSON_GetArrayItem(teams, a)->valuestring);
            }
        }
        formula_ictf2017(n, up, by, out);
        for (int t = 0; t < n; t++) {
            assert_near(out[t],
                    number(json_object(item, "points"), cJSON_GetArrayItem(teams, t)->valuestring));
        }
    }
}

static void legitbs_moves_whole_flags(void **state)
{
    (void)state;
    const cJSON *item;
    int each;
    int house;
    EACH_CASE(item, "legitbs_token")
    {
        formula_legitbs_token(whole(item, "victim_flags"), whole(item, "redeemers"), &each, &house);
        assert_int_equal(each, whole(item, "each"));
        assert_int_equal(house, whole(item, "house"));
    }
    EACH_CASE(item, "legitbs_availability")
    {
        if (json_bool(item, "reference_ok", false)) { /* else nobody asks */
            formula_legitbs_availability(
                    whole(item, "victim_flags"), whole(item, "other_teams"), &each, &house);
            assert_int_equal(each, whole(item, "to_each_other_team"));
            assert_int_equal(house, whole(item, "to_house"));
        }
    }
}

static void atklab_values_a_flag(void **state)
{
    (void)state;
    const cJSON *v1 = json_object(cases, "atklabv1");
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(v1, "attack"))
    {
        assert_near(formula_atklab_attack(whole(item, "captures")), number(item, "value"));
    }
    cJSON_ArrayForEach(item, json_array(v1, "defense"))
    {
        assert_near(formula_atklab_defense(whole(item, "captures"), whole(item, "team_count")),
                number(item, "value"));
    }
    cJSON_ArrayForEach(item, json_array(v1, "sla"))
    {
        const char *status = json_string(item, "status", "");
        double ratios[2];
        for (int i = 0; i < 2; i++) {
            ratios[i] = cJSON_GetArrayItem(json_array(item, "ratio"), i)->valuedouble;
        }
        assert_near(formula_atklab_sla(!strcmp(status, "up"), !strcmp(status, "recovering"), ratios,
                            whole(item, "flagstores")),
                number(item, "value"));
    }
    EACH_CASE(item, "atklabv2_jeopardy")
    {
        assert_near(formula_atklab2_value(whole(item, "solves"), whole(item, "teams")),
                number(item, "value"));
    }
    EACH_CASE(item, "ecsc2025_jeopardy")
    {
        assert_near(formula_ecsc2025_value(whole(item, "teams")), number(item, "value"));
    }
}

static void curves_fall_with_the_solves(void **state)
{
    static const struct {
        const char *cases, *curve, *maximum, *minimum;
    } curves[] = {
            {"ctfd_logarithmic", "logarithmic", "initial", "minimum"},
            {"ctfd_linear", "linear", "initial", "minimum"},
            {"rctf_legacy", "rctf_legacy", "max", "min"},
            {"rctf_classic", "rctf_classic", "max", "min"},
            {"rctf_sekai", "rctf_sekai", "max", "min"},
            {"rctf_steep", "rctf_steep", "max", "min"},
            {"rctf_genni", "rctf_genni", "max", "max"},
            {"rctf_jammy", "rctf_jammy", "max", "min"},
            {"gzctf", "gzctf", "original", "original"},
            {"ooo_dcquals", "ooo", "value", "value"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(curves); i++) {
        const cJSON *item;
        EACH_CASE(item, curves[i].cases)
        {
            struct formula_solve rule = {
                    .maximum = number(item, curves[i].maximum),
                    .minimum = number(item, curves[i].minimum),
                    .decay = json_number(item, "decay", 0),
                    .rate = json_number(item, "min_rate", 0),
                    .difficulty = json_number(item, "difficulty", 0),
                    .most_solves = (int)json_int(item, "max_solves", 0),
                    .first_s = json_number(item, "first_solve_s", -1),
                    .length_s = json_number(item, "length_s", 0),
            };
            rule.curve = (enum formula_curve)word_of(formula_curve_words, curves[i].curve);
            assert_near(
                    formula_value(&rule, (int)json_int(item, "solves", 1)), number(item, "value"));
        }
    }
}

static void sla_percentages_grow_with_the_run(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "scoringengine_sla_percent")
    {
        int mode = word_of(formula_sla_words, json_string(item, "mode", ""));
        assert_int_equal(formula_sla_percent((enum formula_sla)mode, whole(item, "failures"), 5),
                whole(item, "percent"));
    }
}

static void levels_and_questions_lose_what_was_given_away(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "kypo_level")
    {
        double hints = 0;
        const cJSON *hint;
        cJSON_ArrayForEach(hint, json_array(item, "hints"))
        {
            hints += hint->valuedouble;
        }
        assert_near(formula_level(number(item, "max_score"), hints,
                            json_bool(item, "solution_shown", false),
                            json_bool(item, "penalized", false)),
                number(item, "score"));
    }
    EACH_CASE(item, "topomojo_weights")
    {
        const cJSON *list = json_array(item, "weights");
        double weights[8];
        int n = cJSON_GetArraySize(list);
        for (int i = 0; i < n; i++) {
            weights[i] = cJSON_GetArrayItem(list, i)->valuedouble;
        }
        formula_weights(weights, n);
        for (int i = 0; i < n; i++) {
            assert_near(
                    weights[i], cJSON_GetArrayItem(json_array(item, "normalised"), i)->valuedouble);
        }
    }
    EACH_CASE(item, "topomojo_points")
    {
        assert_int_equal(formula_weight_points(number(item, "weight"), whole(item, "max")),
                whole(item, "points"));
    }
}

static void hardening_shares_out_a_hundred(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "aeacus_auto_points")
    {
        const cJSON *list = json_array(item, "points");
        int points[8];
        int n = cJSON_GetArraySize(list);
        for (int i = 0; i < n; i++) {
            points[i] = cJSON_GetArrayItem(list, i)->valueint;
        }
        formula_hardening_points(points, n);
        for (int i = 0; i < n; i++) {
            assert_int_equal(
                    points[i], cJSON_GetArrayItem(json_array(item, "assigned"), i)->valueint);
        }
    }
    EACH_CASE(item, "dwayne_persist")
    {
        int stolen;
        int persist;
        int lost;
        formula_dwayne_persist(
                whole(item, "box_points"), whole(item, "hits"), &stolen, &persist, &lost);
        assert_int_equal(stolen, whole(item, "offender_stolen"));
        assert_int_equal(persist, whole(item, "offender_persist"));
        assert_int_equal(lost, whole(item, "victim_lost"));
    }
}

static void windows_name_their_last_tick(void **state)
{
    (void)state;
    const cJSON *item;
    EACH_CASE(item, "validity_window")
    {
        gint64 issued = whole(item, "issued");
        gint64 ticks = whole(item, "configured");
        assert_int_equal(formula_last_valid(issued, ticks), whole(item, "faust_last_valid_tick"));
        assert_int_equal(
                formula_last_valid(issued, ticks + 1), whole(item, "forcad_eno_last_valid_round"));
    }
}

static void equal_totals_share_a_rank(void **state)
{
    (void)state;
    const cJSON *item = json_object(cases, "dense_vs_competition_rank");
    double totals[8];
    int ranks[8];
    int n = cJSON_GetArraySize(json_array(item, "scores"));
    for (int i = 0; i < n; i++) {
        totals[i] = cJSON_GetArrayItem(json_array(item, "scores"), i)->valuedouble;
    }
    for (int dense = 0; dense < 2; dense++) {
        formula_ranks(totals, n, dense, ranks);
        for (int i = 0; i < n; i++) {
            assert_int_equal(ranks[i],
                    cJSON_GetArrayItem(json_array(item, dense ? "dense" : "competition"), i)
                            ->valueint);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(forcad_moves_points_to_the_weaker),
            cmocka_unit_test(enowars_shares_points),
            cmocka_unit_test(ructf_prices_depend_on_positions),
            cmocka_unit_test(ictf_hands_fifty_points_round),
            cmocka_unit_test(legitbs_moves_whole_flags),
            cmocka_unit_test(atklab_values_a_flag),
            cmocka_unit_test(curves_fall_with_the_solves),
            cmocka_unit_test(sla_percentages_grow_with_the_run),
            cmocka_unit_test(levels_and_questions_lose_what_was_given_away),
            cmocka_unit_test(hardening_shares_out_a_hundred),
            cmocka_unit_test(windows_name_their_last_tick),
            cmocka_unit_test(equal_totals_share_a_rank),
    };
    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
