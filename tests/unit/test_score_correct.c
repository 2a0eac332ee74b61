/* test_score_correct.c - corrections of a score, and choosing models. */
#include "support/score_game.h"

#include "script/score_rules.h"

/* ---- corrections --------------------------------------------------------------------------- */

static void a_correction_counts_whenever_it_comes_and_can_be_taken_back(void **state)
{
    (void)state;
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"faust\"}]");
    look(&game, "a", "OK", 1);
    capture(&game, "b", "a", "f1");
    capture(&game, "b", "a", "f2");
    double before = column(&game, "b", "total");
    gint64 correction = tell(&game, "score.voided", NULL, "",
            "{\"of\":\"capture\",\"team\":\"b\",\"reason\":\"the checker leaked "
            "it\",\"by\":\"kim\"}");
    assert_near(column(&game, "b", "attack"), 0);
    assert_near(column(&game, "a", "defense"), 0);
    assert_near(column(&game, "a", "sla"), sqrt(2)); /* of checks nothing was said */
    capture(&game, "b", "a", "f3");                  /* what comes later counts */
    assert_near(column(&game, "b", "attack"), 2);
    g_autofree char *lift =
            g_strdup_printf("{\"seq\":%d,\"reason\":\"it did not\"}", (int)correction);
    tell(&game, "score.voided", NULL, "", lift);
    assert_near(column(&game, "b", "total"), before + 2);
    end(&game);
}

/* Who takes a taking back back makes the first correction hold again, however long the chain. */
static void taking_back_can_itself_be_taken_back(void **state)
{
    (void)state;
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"uptime\"}]");
    look(&game, "a", "OK", 1);
    gint64 last = tell(&game, "score.voided", NULL, "", "{\"seq\":2,\"reason\":\"r\"}");
    gint64 first = last;
    assert_near(column(&game, "a", "total"), 0);
    for (int i = 1; i <= 6; i++) {
        g_autofree char *body = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", (int)last);
        last = tell(&game, "score.voided", NULL, "", body);
        assert_near(column(&game, "a", "total"), i % 2 ? 100 : 0);
    }
    /* two that take the same one back: it holds again when both are taken back */
    g_autofree char *body = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", (int)first);
    gint64 one = tell(&game, "score.voided", NULL, "", body);
    gint64 two = tell(&game, "score.voided", NULL, "", body);
    assert_near(column(&game, "a", "total"), 100);
    g_autofree char *not_one = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", (int)one);
    g_autofree char *not_two = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", (int)two);
    tell(&game, "score.voided", NULL, "", not_one);
    assert_near(column(&game, "a", "total"), 100);
    tell(&game, "score.voided", NULL, "", not_two);
    assert_near(column(&game, "a", "total"), 0);
    end(&game);
}

/* Once each of them ran all models anew, with every rule compared with every fact: hours. */
static void thousands_of_corrections_are_no_burden(void **state)
{
    (void)state;
    enum { LOOKS = 20000, VOIDS = 2000 };
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"uptime\"}]");
    for (int i = 0; i < LOOKS; i++) {
        look(&game, "a", "OK", i);
    }
    gint64 began = g_get_monotonic_time();
    for (int i = 0; i < VOIDS; i++) {
        g_autofree char *body = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", i + 2);
        tell(&game, "score.voided", NULL, "", body);
        look(&game, "b", "OK", i);
    }
    assert_near(column(&game, "a", "total"), 100.0 * (LOOKS - VOIDS));
    assert_near(column(&game, "b", "total"), 100.0 * VOIDS);
    assert_true(g_get_monotonic_time() - began < 60 * G_USEC_PER_SEC);
    score_free(game.score);
}

static void a_correction_that_names_nobody_known_does_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}", "{\"team\":\"x\"}", "{\"of\":\"everything\"}",
            "{\"service\":\"x\",\"team\":\"a\"}", "[]", "{\"seq\":-1}"};
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"uptime\"}]");
    look(&game, "a", "OK", 1);
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        tell(&game, "score.voided", NULL, "", bodies[i]);
        assert_near(column(&game, "a", "total"), 100);
    }
    end(&game);
}

static void an_interval_and_a_single_event_can_be_voided(void **state)
{
    (void)state;
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"uptime\"}]");
    for (int i = 1; i <= 5; i++) {
        at(&game, i * 1000000, "check.ok", "a", "s", NULL);
    }
    tell(&game, "score.voided", NULL, "",
            "{\"from_us\":2000000,\"to_us\":3000000,\"reason\":\"power cut\"}");
    assert_near(column(&game, "a", "total"), 300);
    tell(&game, "score.voided", NULL, "", "{\"seq\":2,\"reason\":\"the first one\"}");
    assert_near(column(&game, "a", "total"), 200);
    tell(&game, "score.adjusted", "a", "", "{\"points\":-30.5,\"reason\":\"late\",\"by\":\"kim\"}");
    assert_near(column(&game, "a", "total"), 169.5);
    assert_near(column(&game, "a", "adjusted"), -30.5);
    tell(&game, "score.voided", NULL, "", "{\"to_us\":4000000,\"reason\":\"all until then\"}");
    assert_near(column(&game, "a", "total"), 69.5);
    end(&game);
}

static void a_correction_is_checked_before_it_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *params, *says;
    } wrong[] = {
            {"score.adjusted", "{\"points\":5,\"reason\":\"x\"}", "names a team"},
            {"score.adjusted", "{\"team\":\"aa\",\"points\":5,\"reason\":\"x\"}",
                    "unknown team \"aa\""},
            {"score.adjusted", "{\"team\":\"a\",\"reason\":\"x\"}", "points must be"},
            {"score.adjusted", "{\"team\":\"a\",\"points\":5}", "needs a reason"},
            {"score.voided", "{\"reason\":\"x\"}", "say what to void"},
            {"score.voided", "{\"service\":7,\"reason\":\"x\"}", "unknown service"},
            {"score.voided", "{\"of\":\"all\",\"reason\":\"x\"}", "of must be check,"},
            {"score.voided", "{\"seq\":1.5,\"reason\":\"x\"}", "seq must be a whole number"},
            {"score.voided", "{\"seq\":1}", "needs a reason"},
            {"score.voided", "{\"seq\":-1,\"reason\":\"x\"}", "seq must be a whole number"},
            {"score.voided", "{\"seq\":0,\"reason\":\"x\"}", "there is no event 0"},
            {"score.voided", "{\"seq\":2,\"reason\":\"x\"}",
                    "there is no event 2; they are 1 to 1"},
    };
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"uptime\"}]");
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        auto_json params = cJSON_Parse(wrong[i].params);
        g_autoptr(GError) error = NULL;
        assert_null(score_correction_new(game.score, wrong[i].kind, params, "kim", &error));
        if (!strstr(error->message, wrong[i].says)) {
            fail_msg("%s: %s", wrong[i].params, error->message);
        }
    }
    auto_json params = cJSON_Parse("{\"team\":\"a\",\"of\":\"check\",\"reason\":\"broken\"}");
    auto_event event = score_correction_new(game.score, "score.voided", params, "kim", NULL);
    look(&game, "a", "OK", 1);
    tell(&game, event->kind, event->team, event->subject, event->body);
    assert_near(column(&game, "a", "total"), 0);
    auto_json json = score_to_json(game.score, false);
    const cJSON *correction = cJSON_GetArrayItem(json_array(json, "corrections"), 0);
    assert_string_equal(json_string(correction, "by", ""), "kim");
    assert_int_equal(json_int(correction, "facts", 0), 1);
    end(&game);
}

/* ---- choosing ------------------------------------------------------------------------------ */

static void a_wrong_choice_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *models, *says;
    } wrong[] = {
            {"[]", "1 to 8"},
            {"{}", "1 to 8"},
            {"[{}]", "entry 1: model must name"},
            {"[{\"model\":\"uptime\"},{\"model\":\"fausst\"}]",
                    "entry 2: unknown model \"fausst\" (did you mean \"faust\"?)"},
            {"[{\"model\":\"forcad\",\"hardness\":2}]", "hardness must be a number from 2.72"},
            {"[{\"model\":\"forcad\",\"hardnes\":9}]",
                    "no setting \"hardnes\" (did you mean \"hardness\"?)"},
            {"[{\"model\":\"jeopardy\",\"curve\":\"steep\"}]", "curve must be one of static,"},
            {"[{\"model\":\"uptime\",\"weight\":-1}]", "weight must be a number from 0 on"},
            {"[{\"model\":\"uptime\",\"max\":0}]", "max must be more than 0"},
            {"[{\"model\":\"adjust\"}]", "adjust counts in every exercise"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        auto_json models = cJSON_Parse(wrong[i].models);
        g_autoptr(GError) error = NULL;
        assert_false(score_check(models, &error));
        if (!strstr(error->message, wrong[i].says)) {
            fail_msg("%s: %s", wrong[i].models, error->message);
        }
    }
}

static void every_model_can_be_chosen_and_runs_on_nothing(void **state)
{
    (void)state;
    auto_json all = score_models_to_json();
    assert_true(cJSON_GetArraySize(all) >= 18);
    const cJSON *item;
    cJSON_ArrayForEach(item, all)
    {
        const char *name = json_string(item, "model", "");
        if (!strcmp(name, "adjust")) {
            continue; /* it is in every exercise */
        }
        g_autofree char *models = models_of(name);
        struct game game = begin("a b !ref", ONE_SERVICE, models);
        close_round(&game, 1);
        look(&game, "a", "OK", 1);
        capture(&game, "a", "b", "f");
        capture(&game, "a", "ref", "g");
        capture(&game, "ref", "a", "h");
        close_round(&game, 2);
        assert_true(isfinite(column(&game, "a", "total")));
        end(&game);
        assert_true(strlen(json_string(item, "summary", "")) > 20);
    }
}

/* A service that is switched off must never make its team's total higher: every model. */
static void switching_a_service_off_never_pays(void **state)
{
    (void)state;
    auto_json all = score_models_to_json();
    const cJSON *item;
    cJSON_ArrayForEach(item, all)
    {
        double totals[2] = {0};
        for (int off = 0; off < 2 && strcmp(json_string(item, "model", ""), "adjust") != 0; off++) {
            g_autofree char *models = models_of(json_string(item, "model", ""));
            struct game game = begin("a b c", ONE_SERVICE, models);
            for (int round = 1; round <= 10; round++) {
                look(&game, "a", off ? "DOWN" : "OK", round);
                look(&game, "b", "OK", round);
                look(&game, "c", "OK", round);
                close_round(&game, round);
            }
            totals[off] = column(&game, "a", "total");
            end(&game);
        }
        if (totals[1] > totals[0]) {
            fail_msg("%s: %g when up, %g when off", json_string(item, "model", ""), totals[0],
                    totals[1]);
        }
    }
}

int main(void)
{
    script_provide_score_rules();
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_correction_counts_whenever_it_comes_and_can_be_taken_back),
            cmocka_unit_test(taking_back_can_itself_be_taken_back),
            cmocka_unit_test(thousands_of_corrections_are_no_burden),
            cmocka_unit_test(a_correction_that_names_nobody_known_does_nothing),
            cmocka_unit_test(an_interval_and_a_single_event_can_be_voided),
            cmocka_unit_test(a_correction_is_checked_before_it_is_written),
            cmocka_unit_test(a_wrong_choice_is_named),
            cmocka_unit_test(every_model_can_be_chosen_and_runs_on_nothing),
            cmocka_unit_test(switching_a_service_off_never_pays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
