/* test_score_models.c - whole models over small games, corrections, and choosing models. */
#include "support/test.h"

#include "base/json.h"
#include "score/score.h"

#include <math.h>
#include <string.h>

static cJSON *cases; /* tests/golden/score/formulas.json */

static int read_cases(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(TESTS_DIR, "golden", "score", "formulas.json", NULL);
    g_autofree char *text = NULL;
    cases = g_file_get_contents(path, &text, NULL, NULL) ? cJSON_Parse(text) : NULL;
    return cases ? 0 : -1;
}

static int free_cases(void **state)
{
    (void)state;
    cJSON_Delete(cases);
    return 0;
}

/* ---- a game -------------------------------------------------------------------------------- */

struct game {
    struct score *score;
    gint64 seq;
};

static gint64 at(struct game *game, gint64 at_us, const char *kind, const char *team,
        const char *subject, const char *body)
{
    auto_event event = event_new(kind, team, subject, NULL);
    event->seq = ++game->seq;
    event->at_us = at_us;
    if (body) {
        g_free(event->body);
        event->body = g_strdup(body);
    }
    score_apply(game->score, event);
    return event->seq;
}

static gint64 tell(struct game *game, const char *kind, const char *team, const char *subject,
        const char *body)
{
    return at(game, game->seq * 1000000, kind, team, subject, body);
}

/* teams: ids separated by blanks, one that begins with ! is the reference. services: JSON. */
static struct game begin(const char *teams, const char *services, const char *models)
{
    struct game game = {.score = score_new()};
    g_auto(GStrv) ids = g_strsplit(teams, " ", -1);
    GString *list = g_string_new(NULL);
    for (int i = 0; ids[i]; i++) {
        bool reference = ids[i][0] == '!';
        g_string_append_printf(list,
                "%s{\"id\":\"%s\",\"group\":\"blue\",\"role\":\"blue\",\"reference\":%s}",
                i ? "," : "", ids[i] + reference, reference ? "true" : "false");
    }
    g_autofree char *body = g_strdup_printf(
            "{\"plan\":{\"duration_us\":3600000000,\"teams\":[%s],\"services\":[%s],\"score\":%s}}",
            list->str, services, models);
    g_string_free(list, TRUE);
    tell(&game, "exercise.created", NULL, "game", body);
    return game;
}

#define ONE_SERVICE "{\"name\":\"s\",\"group\":\"blue\",\"points\":100}"

static void capture(struct game *game, const char *captor, const char *owner, const char *flag)
{
    g_autofree char *body =
            g_strdup_printf("{\"owner\":\"%s\",\"service\":\"s\",\"tick\":1}", owner);
    tell(game, "flag.captured", captor, flag, body);
}

static void look(struct game *game, const char *team, const char *status, int round)
{
    static const char *const fine[] = {"OK", "RECOVERING", NULL};
    bool fault = !strcmp(status, "TIMEOUT");
    g_autofree char *low = g_ascii_strdown(status, -1);
    g_autofree char *body = g_strdup_printf("{\"round\":%d,\"status\":\"%s\"}", round, low);
    const char *kind = fault                           ? "check.fault"
                       : g_strv_contains(fine, status) ? "check.ok"
                                                       : "check.down";
    tell(game, kind, team, "s", body);
}

static void close_round(struct game *game, int round)
{
    g_autofree char *body = g_strdup_printf("{\"round\":%d}", round);
    tell(game, "round.closed", NULL, "", body);
}

static double column(const struct game *game, const char *team, const char *name)
{
    g_autoptr(GArray) lines = score_standings(game->score);
    const char *const *names = score_columns(game->score);
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        for (int k = 0; !strcmp(line->team, team) && names[k]; k++) {
            if (!strcmp(names[k], name)) {
                return line->columns[k];
            }
        }
        if (!strcmp(line->team, team) && !strcmp(name, "total")) {
            return line->total;
        }
    }
    fail_msg("no %s of %s", name, team);
    return 0;
}

static void assert_near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-9 * MAX(1, fabs(wanted)))) {
        fail_msg("%.17g is not %.17g", found, wanted);
    }
}

/* Terms of every team's column add up to it, and columns to totals; then the game is over. */
static void end(struct game *game)
{
    auto_json json = score_to_json(game->score, true);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(json, "teams"))
    {
        double terms = 0;
        double columns = 0;
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(team, "explain"))
        {
            terms += json_number(item, "points", NAN);
        }
        cJSON_ArrayForEach(item, json_object(team, "columns"))
        {
            columns += item->valuedouble;
        }
        assert_near(terms, json_number(team, "total", NAN));
        assert_near(columns, json_number(team, "total", NAN));
    }
    score_free(game->score);
}

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
    struct game game = begin("a b c !ref", ONE_SERVICE, "[{\"model\":\"legitbs\"}]");
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

static void saarctf_reprices_earlier_captors(void **state)
{
    (void)state;
    struct game game = begin("a b c d", ONE_SERVICE, "[{\"model\":\"saarctf\"}]");
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
            {"score.voided", "{\"seq\":2}", "needs a reason"},
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
        g_autofree char *models = g_strdup_printf("[{\"model\":\"%s\"}]", name);
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
            g_autofree char *models =
                    g_strdup_printf("[{\"model\":\"%s\"}]", json_string(item, "model", ""));
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
            cmocka_unit_test(saarctf_reprices_earlier_captors),
            cmocka_unit_test(a_correction_counts_whenever_it_comes_and_can_be_taken_back),
            cmocka_unit_test(a_correction_that_names_nobody_known_does_nothing),
            cmocka_unit_test(an_interval_and_a_single_event_can_be_voided),
            cmocka_unit_test(a_correction_is_checked_before_it_is_written),
            cmocka_unit_test(a_wrong_choice_is_named),
            cmocka_unit_test(every_model_can_be_chosen_and_runs_on_nothing),
            cmocka_unit_test(switching_a_service_off_never_pays),
    };
    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
