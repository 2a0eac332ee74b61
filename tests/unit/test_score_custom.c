/* test_score_custom.c - scoring models of an exercise's own, in Lua. */
#include "support/score_game.h"

#include "script/score_rules.h"
#include "script/script.h"

#include <glib/gstdio.h>

static char *models_with(const char *code, const char *more)
{
    cJSON *list = cJSON_CreateArray();
    cJSON *model = cJSON_CreateObject();
    cJSON_AddItemToArray(list, model);
    cJSON_AddStringToObject(model, "model", "custom");
    cJSON_AddStringToObject(model, "from", "rules.lua");
    cJSON_AddStringToObject(model, "code", code);
    cJSON_AddNumberToObject(model, "each", 3);
    g_autofree char *text = json_text(list);
    cJSON_Delete(list);
    text[strlen(text) - 1] = '\0';
    return g_strconcat(text, more, "]", NULL);
}

static struct game with(const char *code)
{
    g_autofree char *models = models_with(code, "");
    return begin("a b", ONE_SERVICE, models);
}

static char *board(const struct game *game)
{
    auto_json json = score_to_json(game->score, true);
    return json_text(json);
}

/* A looks that follows another good one counts more; what was wrong before is given back. */
static const char streaks[] =
        "local run = {}\n"
        "local first\n"
        "return { parts = { \"up\", \"streak\" }, events = { \"check.*\", \"note\" },\n"
        "score = function(event, give, settings)\n"
        "  first = first or event\n"
        "  if event.kind == \"note\" then\n"
        "    for team, n in pairs(run) do give(team, \"streak\", n, \"bonus\", first) end\n"
        "  elseif event.kind == \"check.ok\" then\n"
        "    run[event.team] = (run[event.team] or 0) + 1\n"
        "    give(event.team, \"up\", settings.each, event.subject .. \" round \" .. "
        "event.body.round)\n"
        "  elseif event.kind == \"check.down\" then run[event.team] = 0 end\n"
        "end }\n";

static void a_model_in_lua_gives_points_and_is_explained(void **state)
{
    (void)state;
    struct game game = with(streaks);
    look(&game, "a", "OK", 1);
    look(&game, "b", "DOWN", 1);
    look(&game, "a", "OK", 2);
    tell(&game, "note", NULL, "x", "{\"text\":\"now\"}");
    assert_near(column(&game, "a", "up"), 6);
    assert_near(column(&game, "a", "streak"), 2);
    assert_near(column(&game, "b", "total"), 0);
    auto_json json = score_to_json(game.score, true);
    const cJSON *team = cJSON_GetArrayItem(json_array(json, "teams"), 0);
    const cJSON *terms = json_array(team, "explain");
    assert_int_equal(cJSON_GetArraySize(terms), 3);
    const cJSON *term = cJSON_GetArrayItem(terms, 0);
    assert_string_equal(json_string(term, "why", ""), "s round 1");
    assert_int_equal(json_int(term, "seq", 0), 2);
    term = cJSON_GetArrayItem(terms, 2); /* credited to an earlier event than the one read */
    assert_int_equal(json_int(term, "seq", 0), 2);
    assert_string_equal(json_string(term, "part", ""), "streak");
    const cJSON *model = cJSON_GetArrayItem(json_array(json, "models"), 0);
    assert_string_equal(json_string(model, "from", ""), "rules.lua");
    end(&game);
}

static void a_correction_runs_it_again_without_what_is_void(void **state)
{
    (void)state;
    struct game game = with(streaks);
    look(&game, "a", "OK", 1);
    look(&game, "a", "OK", 2);
    tell(&game, "note", NULL, "x", "{}");
    g_autofree char *before = board(&game);
    gint64 seq = tell(&game, "score.voided", NULL, "", "{\"seq\":2,\"reason\":\"r\"}");
    assert_near(column(&game, "a", "up"), 3);
    assert_near(column(&game, "a", "streak"), 1);
    g_autofree char *lift = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", (int)seq);
    tell(&game, "score.voided", NULL, "", lift);
    assert_near(column(&game, "a", "up"), 6);
    end(&game);
    assert_non_null(before);
}

static void it_is_told_who_takes_part_by_the_first_event(void **state)
{
    (void)state;
    struct game game =
            with("return { events = { \"exercise.created\" }, score = function(e, give)\n"
                 "for _, team in ipairs(e.body.plan.teams) do give(team.id, \"custom\", "
                 "#e.body.plan.teams) end end }");
    assert_near(column(&game, "a", "custom"), 2);
    assert_near(column(&game, "b", "custom"), 2);
    end(&game);
}

struct told { /* a ledger, as it were */
    GPtrArray *events;
    gint64 gone; /* one that is there the first time only; 0: none */
    int reads;
};

static bool read_again(gpointer data, score_take_fn take, gpointer to, GError **error)
{
    struct told *told = data;
    (void)error;
    told->reads++;
    for (guint i = 0; i < told->events->len; i++) {
        const struct event *event = told->events->pdata[i];
        if (event->seq != told->gone && !take(event, to)) {
            break;
        }
    }
    return true;
}

static bool is_done(const struct event *event, gpointer data)
{
    score_apply(data, event);
    return true;
}

static void put(struct told *told, const char *kind, const char *team, const char *subject,
        const char *body)
{
    struct event *event = event_new(kind, team, subject, cJSON_Parse(body));
    event->seq = told->events->len + 1;
    event->at_us = event->seq * 1000000;
    g_ptr_array_add(told->events, event);
}

static struct told a_game(const char *code)
{
    struct told told = {.events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free)};
    g_autofree char *models = models_with(code, ",{\"model\":\"uptime\"}");
    g_autofree char *created = g_strdup_printf(
            "{\"plan\":{\"duration_us\":3600000000,\"teams\":[{\"id\":\"a\",\"group\":\"blue\","
            "\"role\":\"blue\"},{\"id\":\"b\",\"group\":\"blue\",\"role\":\"blue\"}],"
            "\"services\":[%s],\"score\":%s}}",
            ONE_SERVICE, models);
    put(&told, "exercise.created", NULL, "game", created);
    for (int round = 1; round < 20; round++) {
        g_autofree char *body = g_strdup_printf("{\"round\":%d}", round);
        put(&told, "check.ok", round % 3 ? "a" : "b", "s", body);
        put(&told, "note", NULL, "x", "{\"text\":\"now\"}"); /* for this model alone */
    }
    put(&told, "score.voided", NULL, "", "{\"seq\":4,\"reason\":\"r\"}");
    put(&told, "check.down", "a", "s", "{\"round\":20}");
    return told;
}

static char *board_of(struct told *told, bool again, bool waits)
{
    struct score *score = score_new();
    if (waits) {
        score_wait(score);
    }
    for (guint i = 0; !again && i < told->events->len; i++) {
        score_apply(score, told->events->pdata[i]);
    }
    if (again) {
        score_read_again(score, read_again, told);
        read_again(told, is_done, score, NULL);
    }
    auto_json json = score_to_json(score, true);
    score_free(score);
    return json_text(json);
}

/* A long ledger is read twice, instead of kept. */
static void events_that_are_read_again_count_as_those_that_are_kept(void **state)
{
    (void)state;
    struct told told = a_game(streaks);
    g_autofree char *kept = board_of(&told, false, false);
    assert_non_null(strstr(kept, "\"why\":\"bonus\""));
    g_autofree char *waited = board_of(&told, false, true);
    assert_string_equal(waited, kept);
    assert_int_equal(told.reads, 0);
    g_autofree char *again = board_of(&told, true, false);
    assert_string_equal(again, kept);
    assert_true(told.reads > 1);
    g_autofree char *both = board_of(&told, true, true);
    assert_string_equal(both, kept);
    g_ptr_array_unref(told.events);
}

struct sum {
    double points;
    int terms;
};

static void add_up(const struct score_term *term, gpointer data)
{
    struct sum *sum = data;
    sum->points += term->points;
    sum->terms++;
}

static void a_score_that_waited_runs_once_and_tells_all_its_terms(void **state)
{
    (void)state;
    struct told told = a_game(streaks);
    struct score *score = score_new();
    score_wait(score);
    score_read_again(score, read_again, &told);
    read_again(&told, is_done, score, NULL);
    struct sum sum = {0};
    assert_true(score_run(score, add_up, &sum));
    assert_int_equal(told.reads, 2);
    double total = 0;
    g_autoptr(GArray) lines = score_standings(score);
    for (guint i = 0; i < lines->len; i++) {
        total += g_array_index(lines, struct score_line, i).total;
    }
    assert_int_equal(told.reads, 2); /* looking at it runs nothing again */
    assert_true(sum.terms > 40);
    assert_near(sum.points, total);
    score_free(score);
    g_ptr_array_unref(told.events);
}

static void an_event_that_is_gone_the_second_time_leaves_no_score(void **state)
{
    (void)state;
    struct told told = a_game(streaks);
    struct score *score = score_new();
    score_wait(score);
    score_read_again(score, read_again, &told);
    read_again(&told, is_done, score, NULL);
    told.gone = 6;
    assert_false(score_run(score, NULL, NULL));
    assert_non_null(strstr(score_failure(score), "event 6 cannot be read a second time"));
    score_free(score);
    g_ptr_array_unref(told.events);
}

/* What is wrong with a text is said with its file and line, and there is no half of a score. */
static void a_failing_model_leaves_no_score(void **state)
{
    (void)state;
    static const struct {
        const char *code, *says;
    } cases[] = {
            {"return { events = { \"check.ok\" }, score = function(e, give)\n\n"
             "local x = nil + 1 end }",
                    "rules.lua:3: attempt to perform arithmetic on a nil value"},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "give(\"nobody\", \"custom\", 1) end }",
                    "rules.lua:2: give(): there is no team \"nobody\""},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "give(e.team, \"red\", 1) end }",
                    "rules.lua:2: give(): \"red\" is none of the parts"},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "give(e.team, \"custom\", 0/0) end }",
                    "rules.lua:2: give(): points must be a number"},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "give(e.team, \"custom\", 1, \"\", 99) end }",
                    "rules.lua:2: give(): no event 99 was read before this one"},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "while true do end end }",
                    "rules.lua:2: took too long over one event"},
            {"local t = {}\nreturn { events = { \"check.ok\" }, score = function(e, give)\n"
             "local s = (\"x\"):rep(1000) while true do t[#t + 1] = s .. #t end end }",
                    "rules.lua:"},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "give(e.team, \"custom\", 1, tostring(e)) end }",
                    "rules.lua:2: a table cannot be shown"},
            {"return { events = { \"check.ok\" }, score = function(e, give)\n"
             "pcall(error) end }",
                    "rules.lua:2: attempt to call a nil value (global 'pcall')"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct game game = with(cases[i].code);
        assert_null(score_failure(game.score));
        gint64 bad = tell(&game, "check.ok", "a", "s", "{\"round\":1}");
        const char *failure = score_failure(game.score);
        if (!failure || !g_str_has_prefix(failure, cases[i].says) ||
                !strstr(failure, "(event 2, check.ok)")) {
            fail_msg("%s is not %s", failure ? failure : "nothing", cases[i].says);
        }
        auto_json json = score_to_json(game.score, true);
        assert_int_equal(cJSON_GetArraySize(json_array(json, "teams")), 0);
        assert_non_null(json_string(json, "failure", NULL));
        g_autofree char *heal = g_strdup_printf("{\"seq\":%d,\"reason\":\"r\"}", (int)bad);
        tell(&game, "score.voided", NULL, "", heal);
        assert_null(score_failure(game.score));
        assert_near(column(&game, "a", "total"), 0);
        end(&game);
    }
}

static void a_text_that_is_no_model_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
            {"return 1", "a scoring model ends with"},
            {"", "a scoring model ends with"},
            {"x = = 1", "rules.lua:1: unexpected symbol"},
            {"\nreturn { events = { \"check.okay\" }, score = print }",
                    "a scoring model ends with"},
            {"return { events = { \"check.okay\" }, score = function() end }",
                    "there are no events \"check.okay\" (did you mean \"check.ok\"?)"},
            {"return { score = function() end }", "events must be a list"},
            {"return { events = { \"check.ok\" }, parts = { \"A b\" }, score = function() end }",
                    "parts must be texts of small letters"},
            {"return { events = { \"check.ok\" }, sum = 1, score = function() end }",
                    "not \"sum\""},
            {"while true do end", "took too long"},
            {"return { events = { \"check.ok\" }, parts = { \"a\", \"b\", \"c\", \"d\", \"e\", "
             "\"f\", \"g\" }, score = function() end }",
                    "parts must be a list of 1 to 6"},
            {"return require \"os\"", "global 'require'"},
            {"\x1bLua", "rules.lua"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = models_with(cases[i][0], "");
        auto_json models = cJSON_Parse(text);
        g_autoptr(GError) error = NULL;
        assert_false(score_check(models, &error));
        if (!strstr(error->message, cases[i][1]) || !strstr(error->message, "rules.lua")) {
            fail_msg("%s: %s", cases[i][0], error->message);
        }
    }
}

/* Neither the order of tables nor of equal elements may differ from run to run. */
static void tables_are_walked_and_sorted_in_one_order(void **state)
{
    (void)state;
    static const char code[] = "return { events = { \"check.ok\" }, score = function(e, give)\n"
                               "local t, s = { 3, 2, [9.5] = 1 }, {}\n"
                               "for i = 1, 40 do t[\"k\" .. (i * 7 % 41)] = i end\n"
                               "for k in pairs(t) do s[#s + 1] = tostring(k) end\n"
                               "local list = {}\n"
                               "for i = 1, 300 do list[i] = { key = i % 3, place = i } end\n"
                               "table.sort(list, function(a, b) return a.key < b.key end)\n"
                               "for i = 2, 300 do if list[i].key == list[i - 1].key then\n"
                               "  assert(list[i].place > list[i - 1].place) end end\n"
                               "local numbers = { 5, 1, 4, 2, 3 } table.sort(numbers)\n"
                               "give(e.team, \"custom\", 1, table.concat(numbers) .. \" \" .. "
                               "table.concat(s, \" \"):sub(1, 40))\n"
                               "end }";
    g_autofree char *first = NULL;
    for (int i = 0; i < 8; i++) {
        struct game game = with(code);
        look(&game, "a", "OK", 1);
        assert_null(score_failure(game.score));
        g_autofree char *text = board(&game);
        assert_non_null(strstr(text, "\"why\":\"12345 1 2 9.5 k1 k10 k11 k12"));
        if (first) {
            assert_string_equal(text, first);
        } else {
            first = g_strdup(text);
        }
        end(&game);
    }
}

static void it_stands_beside_other_models(void **state)
{
    (void)state;
    g_autofree char *models = models_with("return { parts = { \"uptime\" }, events = { "
                                          "\"check.ok\" }, score = function(e, give, s)"
                                          " give(e.team, \"uptime\", s.each) end }",
            ",{\"model\":\"uptime\"}");
    struct game game = begin("a b", ONE_SERVICE, models);
    look(&game, "a", "OK", 1);
    assert_near(column(&game, "a", "uptime"), 3);
    assert_near(column(&game, "a", "uptime.uptime"), 100);
    assert_near(column(&game, "a", "total"), 103);
    end(&game);
}

/* A plan whose models nobody here knows is not scored by others. */
static void unknown_models_of_a_ledger_give_no_score(void **state)
{
    (void)state;
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"of-the-future\"}]");
    look(&game, "a", "OK", 1);
    assert_non_null(strstr(score_failure(game.score), "unknown model \"of-the-future\""));
    auto_json json = score_to_json(game.score, false);
    assert_int_equal(cJSON_GetArraySize(json_array(json, "teams")), 0);
    score_free(game.score);
}

/* ---- in a scenario ------------------------------------------------------------------------- */

static const char scenario[] =
        "return { title = \"T\", duration = 60,\n"
        "teams = { blue = { role = \"blue\" } },\n"
        "networks = { lan = { team = \"blue\", cidr = \"10.20.1.0/24\" } },\n"
        "machines = { web = { team = \"blue\", image = \"server\", nics = { lan = \"10.20.1.10\" } "
        "} },\n"
        "score = { model = \"custom\", from = \"%s\", each = 2 } }\n";

static char *load(const char *dir, const char *from)
{
    g_autofree char *text = g_strdup_printf(scenario, from);
    auto_plan plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script =
            script_load_text(text, strlen(text), "scenario.lua", dir, 0, &plan, problems);
    script_free(script);
    if (problems->len > 0) {
        return plan_problems_text(problems, "scenario.lua");
    }
    assert_non_null(plan);
    return json_text(plan->score);
}

static void write_rules(const char *dir, const char *code)
{
    g_autofree char *path = g_build_filename(dir, "rules.lua", NULL);
    assert_true(g_file_set_contents(path, code, -1, NULL));
}

static void a_scenario_takes_the_text_into_its_plan(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    write_rules(dir, streaks);
    g_autofree char *plan = load(dir, "rules.lua");
    auto_json models = cJSON_Parse(plan);
    const cJSON *model = cJSON_GetArrayItem(models, 0);
    assert_string_equal(json_string(model, "code", ""), streaks);
    assert_near(json_number(model, "each", 0), 2);
    g_autofree char *missing = load(dir, "other.lua");
    assert_non_null(strstr(missing, "scenario.lua:5: score.from: expected from = \"FILE.lua\""));
    g_autofree char *outside = load(dir, "../rules.lua");
    assert_non_null(strstr(outside, "inside the scenario's folder"));
    write_rules(dir, "return {\n  events = { \"check.ok\" },\n  score = 1 }");
    g_autofree char *wrong = load(dir, "rules.lua");
    assert_non_null(strstr(wrong, "scenario.lua:5: score: rules.lua: a scoring model ends with"));
    write_rules(dir, "\nlocal = 1");
    g_autofree char *syntax = load(dir, "rules.lua");
    assert_non_null(strstr(syntax, "scenario.lua:5: score: rules.lua:2: "));
    test_rmtree(dir);
}

int main(void)
{
    script_provide_score_rules();
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_model_in_lua_gives_points_and_is_explained),
            cmocka_unit_test(a_correction_runs_it_again_without_what_is_void),
            cmocka_unit_test(it_is_told_who_takes_part_by_the_first_event),
            cmocka_unit_test(events_that_are_read_again_count_as_those_that_are_kept),
            cmocka_unit_test(a_score_that_waited_runs_once_and_tells_all_its_terms),
            cmocka_unit_test(an_event_that_is_gone_the_second_time_leaves_no_score),
            cmocka_unit_test(a_failing_model_leaves_no_score),
            cmocka_unit_test(a_text_that_is_no_model_is_refused_with_its_place),
            cmocka_unit_test(tables_are_walked_and_sorted_in_one_order),
            cmocka_unit_test(it_stands_beside_other_models),
            cmocka_unit_test(unknown_models_of_a_ledger_give_no_score),
            cmocka_unit_test(a_scenario_takes_the_text_into_its_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
