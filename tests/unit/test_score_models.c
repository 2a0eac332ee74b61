/* test_score_models.c - whole models over small games. */
#include "support/score_cases.h"
#include "support/score_game.h"

/* ---- models -------------------------------------------------------------------------------- */

static void faust_scores_the_small_game(void **state)
{
    (void)state;
    const cJSON *small = json_object(cases, "faust_small");
    struct game game = begin("A B C D !nop", ONE_SERVICE, "[{\"model\":\"faust\"}]");
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(small, "captures"))
    {
        const char *flag = cJSON_GetArrayItem(item, 0)->valuestring;
        const char *owner = json_string(json_object(small, "flags_owner"), flag, "");
        capture(&game, cJSON_GetArrayItem(item, 1)->valuestring, owner, flag);
        capture(&game, cJSON_GetArrayItem(item, 1)->valuestring, owner, flag); /* again */
        capture(&game, "nop", owner, flag);
        capture(&game, owner, owner, flag);
    }
    const cJSON *looks;
    cJSON_ArrayForEach(looks, json_object(small, "checks"))
    {
        cJSON_ArrayForEach(item, looks)
        {
            look(&game, looks->string, item->valuestring, 1);
        }
    }
    look(&game, "nop", "OK", 1);
    cJSON_ArrayForEach(item, json_object(small, "expected"))
    {
        static const char *const names[] = {"attack", "defense", "sla", "total"};
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
            assert_near(column(&game, item->string, names[i]), json_number(item, names[i], NAN));
        }
    }
    end(&game);
}

static void forcad_depends_on_the_order_of_the_ledger(void **state)
{
    (void)state;
    const cJSON *order;
    cJSON_ArrayForEach(order, json_array(json_object(cases, "forcad_trace"), "orders"))
    {
        struct game game = begin("1 2 3", ONE_SERVICE, "[{\"model\":\"forcad\"}]");
        const cJSON *pair;
        cJSON_ArrayForEach(pair, json_array(order, "captures"))
        {
            g_autofree char *captor = g_strdup_printf("%d", cJSON_GetArrayItem(pair, 0)->valueint);
            g_autofree char *owner = g_strdup_printf("%d", cJSON_GetArrayItem(pair, 1)->valueint);
            g_autofree char *flag = g_strconcat(captor, owner, NULL);
            capture(&game, captor, owner, flag);
        }
        const cJSON *item;
        cJSON_ArrayForEach(item, json_object(order, "scores"))
        {
            assert_near(column(&game, item->string, "total"), item->valuedouble);
        }
        end(&game);
    }
}

static void forcad_leaves_the_checkers_own_faults_out(void **state)
{
    (void)state;
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"forcad\"}]");
    look(&game, "a", "OK", 1);
    look(&game, "a", "TIMEOUT", 2);
    look(&game, "b", "OK", 1);
    look(&game, "b", "DOWN", 2);
    assert_near(column(&game, "a", "total"), 2500);
    assert_near(column(&game, "b", "total"), 1250);
    end(&game);
}

static void ecsc_settles_a_round_at_its_end(void **state)
{
    (void)state;
    struct game game = begin("a b c", ONE_SERVICE, "[{\"model\":\"ecsc2024\"}]");
    capture(&game, "a", "b", "f1");
    assert_near(column(&game, "a", "total"), 5000);
    capture(&game, "c", "b", "f1"); /* from the same scores as the first */
    close_round(&game, 1);
    assert_near(column(&game, "a", "total"), 5000 + 16.770509831248425);
    assert_near(column(&game, "c", "total"), 5000 + 16.770509831248425);
    assert_near(column(&game, "b", "total"), 5000 - 2 * 16.770509831248425);
    end(&game);
}

static const char *status_of(const cJSON *code)
{
    int number = cJSON_IsNumber(code) ? code->valueint : 110;
    return number == 101 ? "OK" : number == 104 ? "DOWN" : "TIMEOUT";
}

static void ecsc_counts_rounds_as_published(void **state)
{
    (void)state;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(cases, "ecsc2024_sla"))
    {
        struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"ecsc2024\"}]");
        look(&game, "a", "OK", 1); /* one round that passed, to compare with */
        close_round(&game, 1);
        static const char *const parts[] = {"put", "get", "sla"};
        for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
            look(&game, "a", status_of(cJSON_GetObjectItem(item, parts[i])), 2);
        }
        close_round(&game, 2);
        bool failed = !strcmp(json_string(item, "round", ""), "failed");
        assert_near(column(&game, "a", "total"), failed ? 2500 : 5000);
        end(&game);
    }
}

static void scoring_engine_charges_the_present_run(void **state)
{
    (void)state;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(cases, "scoringengine_current_streak"))
    {
        g_autofree char *models = g_strdup_printf("[{\"model\":\"ccdc_sla\",\"mode\":\"%s\","
                                                  "\"early_rounds\":0,\"late_rounds\":1000}]",
                json_string(item, "mode", ""));
        struct game game = begin("a", ONE_SERVICE, models);
        int round = 0;
        for (const char *c = json_string(item, "results", ""); *c; c++) {
            look(&game, "a", *c == '1' ? "OK" : "DOWN", ++round);
        }
        const cJSON *expected = json_object(item, "expected");
        assert_near(column(&game, "a", "uptime"), json_number(expected, "base", NAN));
        assert_near(column(&game, "a", "penalty"), -json_number(expected, "penalty", NAN));
        assert_near(column(&game, "a", "total"), json_number(expected, "adjusted", NAN));
        end(&game);
    }
}

static void a_sticky_penalty_outlives_its_run(void **state)
{
    (void)state;
    struct game game = begin("a", ONE_SERVICE,
            "[{\"model\":\"ccdc_sla\",\"sticky\":1,\"early_rounds\":0,\"late_rounds\":1000}]");
    for (const char *c = "111110000011"; *c; c++) {
        look(&game, "a", *c == '1' ? "OK" : "DOWN", 20);
    }
    assert_near(column(&game, "a", "penalty"), -50);
    end(&game);
}

static void icpc_counts_problems_then_minutes(void **state)
{
    (void)state;
    const cJSON *small = json_object(cases, "icpc");
    struct game game = begin("a", "", "[{\"model\":\"icpc\"}]");
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(small, "submissions_sec_problem_verdict"))
    {
        const char *verdict = cJSON_GetArrayItem(item, 2)->valuestring;
        if (strcmp(verdict, "CE") != 0) { /* compile errors are not events that count */
            at(&game, (gint64)cJSON_GetArrayItem(item, 0)->valueint * 1000000,
                    !strcmp(verdict, "AC") ? "task.solved" : "task.rejected", "a",
                    cJSON_GetArrayItem(item, 1)->valuestring, NULL);
        }
    }
    const cJSON *expected = json_object(small, "expected");
    assert_near(column(&game, "a", "solved"), 1e6 * json_number(expected, "solved", NAN));
    assert_near(column(&game, "a", "penalty"), -json_number(expected, "penalty", NAN));
    end(&game);
}

static void jeopardy_reprices_every_solver(void **state)
{
    (void)state;
    struct game game =
            begin("a b c", "", "[{\"model\":\"jeopardy\",\"curve\":\"gzctf\",\"first_bonus\":25}]");
    tell(&game, "task.solved", "a", "t", "{\"points\":500}");
    assert_near(column(&game, "a", "total"), 525);
    tell(&game, "task.solved", "b", "t", "{\"points\":500}");
    tell(&game, "task.solved", "b", "t", "{\"points\":500}"); /* twice is once */
    tell(&game, "hint.taken", "c", "t", "{\"cost\":10}");
    assert_near(column(&game, "a", "tasks"), 432);
    assert_near(column(&game, "a", "total"), 457);
    assert_near(column(&game, "b", "total"), 432);
    assert_near(column(&game, "c", "total"), -10);
    end(&game);
}

static void an_exam_is_passed_at_its_mark(void **state)
{
    (void)state;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_array(cases, "objective_threshold"))
    {
        const cJSON *min = json_object(item, "min");
        bool percent = cJSON_HasObjectItem(min, "percent");
        g_autofree char *models = g_strdup_printf(
                "[{\"model\":\"objective_threshold\",\"mark\":\"%s\",\"pass\":%d,\"full\":%d}]",
                percent ? "percent" : "absolute",
                (int)json_int(min, percent ? "percent" : "absolute", 0),
                (int)json_int(item, "max_points", 0));
        struct game game = begin("a", "", models);
        int n = 0;
        const cJSON *metric;
        cJSON_ArrayForEach(metric, json_array(item, "metric_points"))
        {
            g_autofree char *name = g_strdup_printf("objective-%d", ++n);
            g_autofree char *body = g_strdup_printf("{\"points\":%d}", metric->valueint);
            tell(&game, "grade.given", "a", name, "{\"points\":1000}");
            tell(&game, "grade.given", "a", name, body); /* a second grade replaces it */
        }
        assert_near(column(&game, "a", "passed"), json_bool(item, "passed", false));
        end(&game);
    }
}

static void weights_and_maxima_blend_models(void **state)
{
    (void)state;
    struct game game = begin("a", ONE_SERVICE,
            "[{\"model\":\"uptime\",\"weight\":0.4,\"max\":1000},"
            "{\"model\":\"grades\",\"weight\":0.6,\"max\":500}]");
    for (int i = 0; i < 9; i++) {
        look(&game, "a", "OK", i);
    }
    tell(&game, "grade.given", "a", "inject-1", "{\"points\":300}");
    assert_near(column(&game, "a", "total"), 0.4 * 90 + 0.6 * 60);
    end(&game);
}

static void hardening_counts_what_holds_at_the_end(void **state)
{
    (void)state;
    struct game game = begin("a",
            "{\"name\":\"x\",\"group\":\"blue\"},{\"name\":\"y\",\"group\":\"blue\"},"
            "{\"name\":\"z\",\"group\":\"blue\"}",
            "[{\"model\":\"hardening\"}]");
    tell(&game, "check.ok", "a", "x", NULL);
    tell(&game, "check.ok", "a", "y", NULL);
    tell(&game, "check.down", "a", "y", NULL);
    assert_near(column(&game, "a", "total"), 34);
    tell(&game, "check.fault", "a", "x", NULL);
    assert_near(column(&game, "a", "total"), 34);
    end(&game);
}

/* Every team starts with 105: what is moved is neither made nor lost but to the house. */
static void legitbs_moves_flags_at_the_end_of_a_round(void **state)
{
    (void)state;
    struct game game = begin("a b c !ref", ONE_SERVICE, "[{\"model\":\"legitbs\",\"delay\":0}]");
    capture(&game, "a", "b", "t1");
    capture(&game, "c", "b", "t1");
    look(&game, "c", "DOWN", 1);
    look(&game, "ref", "OK", 1);
    assert_near(column(&game, "a", "total"), 105);
    close_round(&game, 1);
    assert_near(column(&game, "a", "total"), 105 + 7 + 1);
    assert_near(column(&game, "b", "total"), 105 - 15 + 1);
    assert_near(column(&game, "c", "total"), 105 + 7 - 2);
    look(&game, "c", "DOWN", 2);
    look(&game, "ref", "DOWN", 2); /* the reference is down too: nobody is punished */
    close_round(&game, 2);
    assert_near(column(&game, "c", "total"), 110);
    end(&game);
}

static void a_service_of_ictf_is_taken_by_its_exploiters(void **state)
{
    (void)state;
    struct game game = begin("A B C D", ONE_SERVICE, "[{\"model\":\"ictf2017\"}]");
    static const char *const up[] = {"A", "B", "C"};
    for (gsize i = 0; i < G_N_ELEMENTS(up); i++) {
        look(&game, up[i], "OK", 1);
    }
    look(&game, "D", "DOWN", 1);
    capture(&game, "A", "B", "x");
    capture(&game, "C", "B", "x");
    close_round(&game, 1);
    assert_near(column(&game, "A", "total"), 91.66666666666667);
    assert_near(column(&game, "B", "total"), 16.666666666666668);
    assert_near(column(&game, "D", "total"), 0);
    end(&game);
}

/* Else whoever takes the reference's flags, which nobody defends, has points for nothing. */
static void flags_of_the_reference_pay_in_no_model_of_rounds(void **state)
{
    (void)state;
    static const char *const models[] = {"ictf2017", "legitbs", "saarctf"};
    for (gsize i = 0; i < G_N_ELEMENTS(models); i++) {
        g_autofree char *choice = g_strdup_printf("[{\"model\":\"%s\"}]", models[i]);
        double totals[2];
        for (int with = 0; with < 2; with++) {
            struct game game = begin("a b c !ref", ONE_SERVICE, choice);
            if (with) {
                capture(&game, "a", "ref", "r1");
                capture(&game, "b", "ref", "r2");
            }
            capture(&game, "b", "c", "f1");
            for (int round = 1; round < 6; round++) {
                look(&game, "c", "DOWN", round);
                look(&game, "ref", "OK", round);
                close_round(&game, round);
            }
            totals[with] = column(&game, "a", "total");
            end(&game);
        }
        assert_near(totals[1], totals[0]);
    }
}

/* A ledger may say any tick: one so late that tick times teams is no int has no rank before it. */
static void a_tick_beyond_all_rounds_is_of_no_round(void **state)
{
    (void)state;
    struct game game = begin("a b c d", ONE_SERVICE, "[{\"model\":\"saarctf\"}]");
    look(&game, "b", "OK", 1);
    close_round(&game, 1); /* b is the first now */
    tell(&game, "flag.captured", "a", "f",
            "{\"owner\":\"b\",\"service\":\"s\",\"tick\":1073741826}");
    close_round(&game, 2);
    assert_near(column(&game, "a", "offense"), 1 + 1 + sqrt(1.0 / 4));
    end(&game);
}

static void saarctf_reprices_earlier_captors(void **state)
{
    (void)state;
    struct game game = begin("a b c d", ONE_SERVICE, "[{\"model\":\"saarctf\"}]");
    look(&game, "b", "OK", 1); /* what its flag of that tick can cost it */
    capture(&game, "a", "b", "f");
    close_round(&game, 1);
    assert_near(column(&game, "a", "offense"), 1 + 1 + sqrt(1.0 / 4));
    assert_near(column(&game, "b", "defense"), -pow(0.25, 0.3) * 2);
    capture(&game, "c", "b", "f");
    close_round(&game, 2);
    assert_near(column(&game, "a", "offense"), 1 + sqrt(0.5) + sqrt(0.25));
    assert_near(column(&game, "c", "offense"), 1 + sqrt(0.5) + sqrt(0.25));
    assert_near(column(&game, "b", "defense"), -pow(0.5, 0.3) * 2);
    end(&game);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(faust_scores_the_small_game),
            cmocka_unit_test(forcad_depends_on_the_order_of_the_ledger),
            cmocka_unit_test(forcad_leaves_the_checkers_own_faults_out),
            cmocka_unit_test(ecsc_settles_a_round_at_its_end),
            cmocka_unit_test(ecsc_counts_rounds_as_published),
            cmocka_unit_test(scoring_engine_charges_the_present_run),
            cmocka_unit_test(a_sticky_penalty_outlives_its_run),
            cmocka_unit_test(icpc_counts_problems_then_minutes),
            cmocka_unit_test(jeopardy_reprices_every_solver),
            cmocka_unit_test(an_exam_is_passed_at_its_mark),
            cmocka_unit_test(weights_and_maxima_blend_models),
            cmocka_unit_test(hardening_counts_what_holds_at_the_end),
            cmocka_unit_test(legitbs_moves_flags_at_the_end_of_a_round),
            cmocka_unit_test(a_service_of_ictf_is_taken_by_its_exploiters),
            cmocka_unit_test(flags_of_the_reference_pay_in_no_model_of_rounds),
            cmocka_unit_test(a_tick_beyond_all_rounds_is_of_no_round),
            cmocka_unit_test(saarctf_reprices_earlier_captors),
    };
    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
