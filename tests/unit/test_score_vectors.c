/* test_score_vectors.c - the published numbers once more, by the models themselves: each case is told
 * as events, and what the board then says is compared. test_score_models.c has the larger games. */
#include "support/score_cases.h"
#include "support/score_game.h"

#include "score/formula.h"

/* ---- services ------------------------------------------------------------------------------ */

static void quotients_uptime(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "quotient")
    {
        g_autofree char *service =
                g_strdup_printf("{\"name\":\"s\",\"group\":\"blue\",\"points\":%d,\"sla_after\":%d,"
                                "\"sla_penalty\":%d}",
                        (int)number(item, "points"), (int)number(item, "threshold"),
                        (int)number(item, "penalty"));
        struct game game = begin("a", service, "[{\"model\":\"uptime\"}]");
        for (const char *c = json_string(item, "results", ""); *c; c++) {
            look(&game, "a", *c == '1' ? "OK" : "DOWN", 1);
        }
        const cJSON *expected = json_object(item, "expected");
        assert_near(column(&game, "a", "uptime"), number(expected, "service_points"));
        assert_near(column(&game, "a", "penalty"), -number(expected, "penalty"));
        assert_near(column(&game, "a", "total"), number(expected, "total"));
        end(&game);
    }
}

static int count_of(const cJSON *args, const char *name)
{
    return (int)json_int(args, name, 0);
}

/* "persist", "stolen" and "lost" come from sums over many boxes; they have a test of their own. */
static void dwaynes_total(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "dwayne_total")
    {
        const cJSON *args = json_object(item, "args");
        struct game game = begin("a", ONE_SERVICE, "[{\"model\":\"ccdc_dwayne\"}]");
        for (int i = 0; i < count_of(args, "up"); i++) {
            look(&game, "a", "OK", i);
        }
        for (int i = 0; i < 6 * count_of(args, "viol"); i++) {
            look(&game, "a", "DOWN", i);
        }
        g_autofree char *injects = g_strdup_printf("{\"points\":%d}", count_of(args, "inj"));
        g_autofree char *red = g_strdup_printf("{\"points\":%d}", count_of(args, "red"));
        int by_hand = count_of(args, "manual") + count_of(args, "stolen") +
                      count_of(args, "persist") - count_of(args, "lost");
        g_autofree char *manual = g_strdup_printf("{\"points\":%d,\"reason\":\"r\"}", by_hand);
        tell(&game, "grade.given", "a", "inject-1", injects);
        tell(&game, "grade.given", "a", "red-1", red);
        tell(&game, "score.adjusted", "a", "x", manual);
        assert_near(column(&game, "a", "total"), number(item, "total"));
        end(&game);
    }
}

static void dwaynes_persistence(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "dwayne_persist")
    {
        struct game game = begin("a b c d", ONE_SERVICE, "[{\"model\":\"ccdc_dwayne\"}]");
        static const char *const captors[] = {"b", "c", "d"};
        int hits = count_of(item, "hits");
        for (int points = 0; points < count_of(item, "box_points"); points += 3) {
            look(&game, "a", "OK", 1);
        }
        for (int i = 0; i < hits; i++) {
            capture(&game, captors[i], "a", "box");
            capture(&game, captors[i], "a", "box"); /* in one round once */
        }
        close_round(&game, 1);
        close_round(&game, 2); /* nobody was there in this one */
        assert_near(column(&game, "b", "stolen"),
                number(item, "offender_stolen") + number(item, "offender_persist"));
        assert_near(column(&game, "a", "lost"), -number(item, "victim_lost"));
        assert_near(column(&game, captors[hits - 1], "stolen"), column(&game, "b", "stolen"));
        end(&game);
    }
}

static void aeacus_hardening(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "aeacus_auto_points")
    {
        GString *services = g_string_new(NULL);
        int n = cJSON_GetArraySize(json_array(item, "points"));
        for (int i = 0; i < n; i++) {
            g_string_append_printf(services,
                    "%s{\"name\":\"c%d\",\"group\":\"blue\",\"points\":%d}", i ? "," : "", i,
                    cJSON_GetArrayItem(json_array(item, "points"), i)->valueint);
        }
        struct game game = begin("a", services->str, "[{\"model\":\"hardening\"}]");
        double sum = 0;
        for (int i = 0; i < n; i++) {
            g_autofree char *check = g_strdup_printf("c%d", i);
            tell(&game, "check.ok", "a", check, "{}");
            sum += cJSON_GetArrayItem(json_array(item, "assigned"), i)->valuedouble;
            assert_near(column(&game, "a", "hardening"), sum);
        }
        g_string_free(services, TRUE);
        end(&game);
    }
}

/* ---- flags --------------------------------------------------------------------------------- */

static const char weighted[] = "{\"name\":\"s\",\"group\":\"blue\",\"weight\":1},"
                               "{\"name\":\"rest\",\"group\":\"blue\",\"weight\":4}";

static void enowars_shares(void **state)
{
    (void)state;
    const cJSON *list = json_array(cases, "enoengine");
    const cJSON *attack = cJSON_GetArrayItem(list, 0);
    const cJSON *defense = cJSON_GetArrayItem(list, 1);
    g_autofree char *teams = team_names(20);
    struct game game = begin(
            teams, weighted, "[{\"model\":\"enowars\",\"flags_per_round\":2,\"variants\":2}]");
    capture(&game, "t1", "t0", "f0");
    capture(&game, "t2", "t0", "f0");
    capture(&game, "t3", "t0", "f0");
    assert_near(column(&game, "t1", "attack"), number(attack, "attack"));
    for (int i = 1; i < 4; i++) {
        g_autofree char *flag = g_strdup_printf("f%d", i);
        capture(&game, "t4", "t0", flag);
    }
    assert_near(column(&game, "t0", "defense"), number(defense, "defense"));
    look(&game, "t5", "OK", 1);
    look(&game, "t6", "RECOVERING", 1);
    assert_near(column(&game, "t5", "sla"), number(cJSON_GetArrayItem(list, 2), "sla"));
    assert_near(column(&game, "t6", "sla"), number(cJSON_GetArrayItem(list, 3), "sla"));
    end(&game);
}

/* The NOP team counts among the 21. */
static void atklabs_first_version(void **state)
{
    (void)state;
    const cJSON *v1 = json_object(cases, "atklabv1");
    g_autofree char *names = team_names(20);
    g_autofree char *teams = g_strconcat(names, " !nop", NULL);
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(v1, "attack"))
    {
        struct game game = begin(teams, ONE_SERVICE, "[{\"model\":\"atklab1\"}]");
        int captures = MIN(count_of(item, "captures"), 19);
        for (int i = 1; i <= captures; i++) {
            g_autofree char *captor = g_strdup_printf("t%d", i);
            capture(&game, captor, "t0", "f");
        }
        double wanted =
                captures == count_of(item, "captures") ? number(item, "value") : (1 + 1.0 / 19) / 2;
        assert_near(column(&game, "t1", "attack"), wanted);
        assert_near(column(&game, "t0", "defense"), -(1 + captures / 21.0) / 2);
        end(&game);
    }
}

static void ructf_prices(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "hackerdom_flag_price")
    {
        for (int compat = 0; compat < 2; compat++) {
            g_autofree char *teams = team_names(10);
            struct game game = begin(teams, ONE_SERVICE,
                    compat ? "[{\"model\":\"ructf\",\"division\":\"compat\",\"start\":1000}]"
                           : "[{\"model\":\"ructf\",\"start\":1000}]");
            /* team i fails i of ten looks, so that it stands at place i + 1 */
            for (int i = 0; i < 100; i++) {
                g_autofree char *team = g_strdup_printf("t%d", i / 10);
                look(&game, team, i % 10 < i / 10 ? "DOWN" : "OK", 1);
            }
            close_round(&game, 1);
            g_autofree char *captor = g_strdup_printf("t%d", count_of(item, "attacker_pos") - 1);
            g_autofree char *owner = g_strdup_printf("t%d", count_of(item, "victim_pos") - 1);
            if (!strcmp(captor, owner)) { /* equal places, not the same team */
                end(&game);
                continue;
            }
            double before = column(&game, captor, "total");
            capture(&game, captor, owner, "f");
            double share = 1 - (count_of(item, "attacker_pos") - 1) / 10.0;
            assert_near(column(&game, captor, "total") - before,
                    share * number(item, compat ? "with_sql_integer_division" : "as_documented"));
            end(&game);
        }
    }
}

static void ictf_shares_fifty_points(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "ictf2017_one_service_one_tick")
    {
        g_autoptr(GString) names = g_string_new(NULL);
        g_auto(GStrv) up = json_to_strv(json_array(item, "up"));
        const cJSON *team;
        cJSON_ArrayForEach(team, json_array(item, "teams"))
        {
            g_string_append_printf(names, "%s%s", names->len ? " " : "", team->valuestring);
        }
        struct game game = begin(names->str, ONE_SERVICE, "[{\"model\":\"ictf2017\"}]");
        cJSON_ArrayForEach(team, json_array(item, "teams"))
        {
            bool is_up = g_strv_contains((const char *const *)up, team->valuestring);
            look(&game, team->valuestring, is_up ? "OK" : "DOWN", 1);
        }
        const cJSON *by;
        cJSON_ArrayForEach(by, json_object(item, "exploited_by"))
        {
            cJSON_ArrayForEach(team, by)
            {
                capture(&game, team->valuestring, by->string, by->string);
            }
        }
        close_round(&game, 1);
        cJSON_ArrayForEach(team, json_object(item, "points"))
        {
            assert_near(column(&game, team->string, "total"), team->valuedouble);
        }
        end(&game);
    }
}

static void legitbs_tokens_move_whole_flags(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "legitbs_token")
    {
        int flags = count_of(item, "victim_flags");
        if (flags == 0) { /* a pile cannot begin empty; it can become so: the case before does */
            continue;
        }
        g_autofree char *models =
                g_strdup_printf("[{\"model\":\"legitbs\",\"delay\":0,\"flags\":%d}]", flags);
        struct game game = begin("v a b c d e", ONE_SERVICE, models);
        static const char *const captors[] = {"a", "b", "c", "d"};
        int redeemers = count_of(item, "redeemers");
        for (int i = 0; i < redeemers; i++) {
            capture(&game, captors[i], "v", "token");
        }
        close_round(&game, 1);
        /* what the house got is shared at once among who redeemed, when it is enough for all */
        int house = count_of(item, "house");
        int shared = house / redeemers;
        assert_near(column(&game, "a", "total"), flags + count_of(item, "each") + shared);
        assert_near(
                column(&game, "v", "total"), flags - count_of(item, "each") * redeemers - house);
        end(&game);
    }
}

/* ECSC 2025 and ATKLAB v2: one attacker, one victim of three; the third holds out. */
static void holding_out_is_worth_what_the_attacker_gets_for_it(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        double flag, held; /* by the rules: J(1), J(M − 1)·M/1 with M = 2 */
    } models[] = {{"ecsc2025", 10, 10 * 2}, {"atklab2", 10, 10 * 2}};
    for (gsize i = 0; i < G_N_ELEMENTS(models); i++) {
        g_autofree char *choice = g_strdup_printf("[{\"model\":\"%s\"}]", models[i].model);
        struct game game = begin("a b c !nop", ONE_SERVICE, choice);
        for (int round = 1; round <= 5; round++) {
            look(&game, "a", "OK", round);
            look(&game, "b", "OK", round);
            look(&game, "c", round == 2 ? "TIMEOUT" : round == 3 ? "DOWN" : "OK", round);
        }
        capture(&game, "a", "b", "f"); /* of tick 1: it has to be there in 1 to 5 */
        assert_near(column(&game, "a", "attack"), models[i].flag + models[i].held);
        assert_near(column(&game, "a", "sla"), 50);
        assert_near(column(&game, "b", "defense"), 0);
        /* one of five could not be seen, in one of the other four it was away */
        assert_near(column(&game, "c", "defense"), models[i].held * 3 / 4);
        assert_near(column(&game, "c", "sla"), 30);
        look(&game, "c", "RECOVERING", 6); /* of 2 … 6 those of 4, 5, 6 are there */
        assert_near(column(&game, "c", "sla"), 30 + 10 * 3 / 5.0);
        end(&game);
    }
}

/* Of which every service was down in the flag's tick counts no more among those who hold out. */
static void points_for_holding_out_are_shared_by_the_teams_that_are_live(void **state)
{
    (void)state;
    static const struct {
        const char *status; /* of d in tick 1; NULL: nobody looked */
        int others;         /* live, but for the attacker */
    } looks[] = {{"OK", 3}, {"MUMBLE", 3}, {"TIMEOUT", 3}, {NULL, 3}, {"DOWN", 2}};
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(looks); i++) {
        bool newer = i % 2;
        int others = looks[i / 2].others;
        double worth = newer ? formula_atklab2_value(others - 1, others)
                             : formula_ecsc2025_value(others - 1);
        struct game game = begin("a b c d !nop", ONE_SERVICE,
                newer ? "[{\"model\":\"atklab2\"}]" : "[{\"model\":\"ecsc2025\"}]");
        for (int round = 1; round <= 5; round++) {
            look(&game, "c", "OK", round);
            look(&game, "nop", "OK", round);
            if (looks[i / 2].status && round == 1) {
                look(&game, "d", looks[i / 2].status, round);
            }
        }
        capture(&game, "a", "b", "f");
        assert_near(column(&game, "a", "attack"), 10 + worth * others);
        assert_near(column(&game, "c", "defense"), worth * others);
        end(&game);
    }
}

static void the_curves_of_flags_by_their_models(void **state)
{
    (void)state;
    const cJSON *item;
    g_autofree char *teams = team_names(40);
    EACH(item, "atklabv2_jeopardy")
    {
        int solves = count_of(item, "solves");
        if (solves > 39) { /* nobody takes an own flag */
            continue;
        }
        struct game game = begin(teams, ONE_SERVICE, "[{\"model\":\"atklab2\"}]");
        for (int i = 1; i <= solves; i++) {
            g_autofree char *captor = g_strdup_printf("t%d", i);
            capture(&game, captor, "t0", "f");
        }
        auto_json json = score_to_json(game.score, true);
        const cJSON *term = NULL;
        const cJSON *team;
        cJSON_ArrayForEach(team, json_array(json, "teams"))
        {
            if (!strcmp(json_string(team, "team", ""), "t1")) {
                term = cJSON_GetArrayItem(json_array(team, "explain"), 0);
            }
        }
        assert_near(number(term, "points"), number(item, "value"));
        end(&game);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(quotients_uptime),
            cmocka_unit_test(dwaynes_total),
            cmocka_unit_test(dwaynes_persistence),
            cmocka_unit_test(aeacus_hardening),
            cmocka_unit_test(enowars_shares),
            cmocka_unit_test(atklabs_first_version),
            cmocka_unit_test(ructf_prices),
            cmocka_unit_test(ictf_shares_fifty_points),
            cmocka_unit_test(legitbs_tokens_move_whole_flags),
            cmocka_unit_test(holding_out_is_worth_what_the_attacker_gets_for_it),
            cmocka_unit_test(points_for_holding_out_are_shared_by_the_teams_that_are_live),
            cmocka_unit_test(the_curves_of_flags_by_their_models),
    };
    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
