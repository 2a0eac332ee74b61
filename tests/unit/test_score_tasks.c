/* test_score_tasks.c - the published numbers of tasks, levels, questions and blends, by the models. */
#include "support/score_cases.h"
#include "support/score_game.h"

static int count_of(const cJSON *args, const char *name)
{
    return (int)json_int(args, name, 0);
}

/* ---- tasks --------------------------------------------------------------------------------- */

/* Solved by so many, what has the first of them? */
static double worth(const char *settings, int solves, int other_task, double points)
{
    int n = MAX(MAX(solves, other_task), 1);
    g_autofree char *teams = team_names(n);
    g_autofree char *models = g_strdup_printf("[{\"model\":\"jeopardy\",%s}]", settings);
    g_autofree char *body = g_strdup_printf("{\"points\":%d}", (int)points);
    struct game game = begin(teams, "", models);
    for (int i = 0; i < n; i++) {
        g_autofree char *team = g_strdup_printf("t%d", i);
        if (i < solves) {
            at(&game, 0, "task.solved", team, "task", body);
        }
        if (i < other_task) {
            at(&game, 0, "task.solved", team, "other", "{\"points\":1}");
        }
    }
    auto_json json = score_to_json(game.score, true);
    double found = 0; /* terms of nothing are none */
    const cJSON *team;
    cJSON_ArrayForEach(team, json_array(json, "teams"))
    {
        const cJSON *term;
        cJSON_ArrayForEach(term, json_array(team, "explain"))
        {
            if (g_str_has_prefix(json_string(term, "why", ""), "task,")) {
                found = number(term, "points");
            }
        }
    }
    end(&game);
    return found;
}

static void jeopardys_curves(void **state)
{
    (void)state;
    static const struct {
        const char *name, *curve, *maximum, *minimum;
    } curves[] = {
            {"ctfd_logarithmic", "logarithmic", "initial", "minimum"},
            {"ctfd_linear", "linear", "initial", "minimum"},
            {"rctf_classic", "rctf_classic", "max", "min"},
            {"rctf_steep", "rctf_steep", "max", "min"},
            {"rctf_sekai", "rctf_sekai", "max", "min"},
            {"rctf_legacy", "rctf_legacy", "max", "min"},
            {"rctf_genni", "rctf_genni", "max", NULL},
            {"gzctf", "gzctf", "original", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(curves); i++) {
        const cJSON *item;
        EACH(item, curves[i].name)
        {
            int solves = count_of(item, "solves");
            if (solves == 0 || solves > 60) { /* unsolved: nobody's points; 100: below */
                continue;
            }
            g_autofree char *settings = g_strdup_printf(
                    "\"curve\":\"%s\",\"minimum\":%g,\"decay\":%g,\"rate\":%g,\"difficulty\":%g",
                    curves[i].curve, curves[i].minimum ? number(item, curves[i].minimum) : 0,
                    json_number(item, "decay", 20), json_number(item, "min_rate", 0.25),
                    json_number(item, "difficulty", 5));
            /* of rCTF's first curve the most solved task decides */
            int other = (int)json_int(item, "max_solves", 0);
            if (solves > other && other > 0) {
                continue;
            }
            assert_near(worth(settings, solves, other, number(item, curves[i].maximum)),
                    number(item, "value"));
        }
    }
    const cJSON *item;
    EACH(item, "ooo_dcquals")
    {
        int solves = count_of(item, "solves");
        if (solves > 0 && solves < 100) {
            assert_near(worth("\"curve\":\"ooo\"", solves, 0, 1), number(item, "value"));
        }
    }
}

static void levels_and_questions(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "kypo_level")
    {
        struct game game = begin("a", "",
                json_bool(item, "penalized", true)
                        ? "[{\"model\":\"training_level\"}]"
                        : "[{\"model\":\"training_level\",\"solution_penalty\":0}]");
        const cJSON *hint;
        cJSON_ArrayForEach(hint, json_array(item, "hints"))
        {
            g_autofree char *body = g_strdup_printf("{\"cost\":%d}", hint->valueint);
            tell(&game, "hint.taken", "a", "level", body);
        }
        if (json_bool(item, "solution_shown", false)) {
            tell(&game, "solution.shown", "a", "level", "{}");
        }
        tell(&game, "task.solved", "a", "level", "{\"points\":100}");
        assert_near(column(&game, "a", "levels"), number(item, "score"));
        end(&game);
    }
}

static struct game questions(const cJSON *weights, const char *models)
{
    struct game game = {.score = score_new()};
    g_autoptr(GString) plan =
            g_string_new("{\"plan\":{\"teams\":[{\"id\":\"a\",\"role\":\"blue\"}],\"tasks\":[");
    for (int i = 0; i < cJSON_GetArraySize(weights); i++) {
        g_string_append_printf(plan, "%s{\"name\":\"q%d\",\"points\":%g}", i ? "," : "", i,
                cJSON_GetArrayItem(weights, i)->valuedouble);
    }
    g_string_append_printf(plan, "],\"score\":%s}}", models);
    tell(&game, "exercise.created", NULL, "game", plan->str);
    return game;
}

static void questions_by_weight(void **state)
{
    (void)state;
    const cJSON *item;
    EACH(item, "topomojo_weights")
    {
        struct game game = questions(
                json_array(item, "weights"), "[{\"model\":\"question_weights\",\"total\":10000}]");
        double sum = 0;
        for (int i = 0; i < cJSON_GetArraySize(json_array(item, "weights")); i++) {
            g_autofree char *name = g_strdup_printf("q%d", i);
            tell(&game, "task.solved", "a", name, "{}");
            sum += 10000 * cJSON_GetArrayItem(json_array(item, "normalised"), i)->valuedouble;
            assert_near(column(&game, "a", "questions"), sum);
        }
        end(&game);
    }
    EACH(item, "topomojo_points")
    {
        cJSON *weights = cJSON_CreateArray();
        cJSON_AddItemToArray(weights, cJSON_CreateNumber(number(item, "weight")));
        g_autofree char *models = g_strdup_printf(
                "[{\"model\":\"question_weights\",\"total\":%d}]", count_of(item, "max"));
        struct game game = questions(weights, models);
        tell(&game, "task.solved", "a", "q0", "{}");
        /* the only question of a plan has what others leave, too; so this has another beside it */
        double found = column(&game, "a", "questions");
        assert_near(found, number(item, "points"));
        cJSON_Delete(weights);
        end(&game);
    }
}

static void components_by_weight(void **state)
{
    (void)state;
    static const char *const names[] = {"uptime", "grades", "training_level"};
    const cJSON *item;
    EACH(item, "weighted_blend")
    {
        const cJSON *parts = json_array(item, "components_weight_points_max");
        g_autoptr(GString) models = g_string_new("[");
        for (int i = 0; i < cJSON_GetArraySize(parts); i++) {
            const cJSON *part = cJSON_GetArrayItem(parts, i);
            g_string_append_printf(models, "%s{\"model\":\"%s\",\"weight\":%g,\"max\":%g}",
                    i ? "," : "", names[i], cJSON_GetArrayItem(part, 0)->valuedouble,
                    cJSON_GetArrayItem(part, 2)->valuedouble);
        }
        g_string_append(models, "]");
        struct game game = begin("a", ONE_SERVICE, models->str);
        for (int i = 0; i < cJSON_GetArraySize(parts); i++) {
            int points = cJSON_GetArrayItem(cJSON_GetArrayItem(parts, i), 1)->valueint;
            g_autofree char *body = g_strdup_printf("{\"points\":%d}", points);
            for (int k = 0; i == 0 && k < points; k += 100) {
                look(&game, "a", "OK", k);
            }
            if (i > 0) {
                tell(&game, i == 1 ? "grade.given" : "task.solved", "a", "x", body);
            }
        }
        assert_near(column(&game, "a", "total"), number(item, "total"));
        end(&game);
    }
}

static void bonuses_by_rank(void **state)
{
    (void)state;
    struct game game = begin("a b c", "", "[{\"model\":\"bonus_rank\"}]");
    tell(&game, "task.solved", "b", "x", "{}");
    tell(&game, "task.solved", "a", "x", "{}");
    tell(&game, "task.solved", "b", "x", "{}"); /* again is not */
    tell(&game, "task.solved", "a", "y", "{}");
    assert_near(column(&game, "a", "bonus"), 60 + 100);
    assert_near(column(&game, "b", "bonus"), 100);
    assert_near(column(&game, "c", "bonus"), 0);
    end(&game);
    static const char body[] =
            "{\"plan\":{\"teams\":[{\"id\":\"a\",\"role\":\"blue\"},{\"id\":\"b\",\"role\":"
            "\"blue\"}],"
            "\"tasks\":[{\"name\":\"x\"},{\"name\":\"y\"}],"
            "\"score\":[{\"model\":\"bonus_rank\",\"of\":\"all\",\"second\":7}]}}";
    struct game all = {.score = score_new()};
    tell(&all, "exercise.created", NULL, "game", body);
    tell(&all, "task.solved", "a", "x", "{}");
    tell(&all, "task.solved", "b", "x", "{}");
    tell(&all, "task.solved", "b", "elsewhere", "{}");
    assert_near(column(&all, "b", "bonus"), 0);
    tell(&all, "task.solved", "b", "y", "{}");
    tell(&all, "task.solved", "a", "y", "{}");
    tell(&all, "task.solved", "a", "elsewhere", "{}");
    assert_near(column(&all, "b", "bonus"), 100);
    assert_near(column(&all, "a", "bonus"), 7);
    end(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(jeopardys_curves),
            cmocka_unit_test(levels_and_questions),
            cmocka_unit_test(questions_by_weight),
            cmocka_unit_test(components_by_weight),
            cmocka_unit_test(bonuses_by_rank),
    };
    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
