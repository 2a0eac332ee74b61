/* test_score_ties.c - what stands behind equal totals: the contests' third key, dense ranks. */
#include "support/score_game.h"

static void solve(struct game *game, int second, const char *team, const char *task)
{
    at(game, (gint64)second * 1000000, "task.solved", team, task, "{}");
}

/* Teams in the order of the board, each with its rank: "c1 a2 b2". */
static char *board(const struct game *game)
{
    g_autoptr(GArray) lines = score_standings(game->score);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        g_string_append_printf(text, "%s%s%d", i ? " " : "", line->team, line->rank);
    }
    return g_string_free(text, FALSE);
}

static void assert_board(struct game *game, const char *wanted)
{
    g_autofree char *found = board(game);
    assert_string_equal(found, wanted);
}

/* Two problems and 40 minutes of penalty each: b's last run is of minute 21, a's of 30, c's too. */
static void equal_problems_and_minutes_are_ranked_by_the_last_accepted_run(void **state)
{
    (void)state;
    struct game game = begin("a b c d", "", "[{\"model\":\"icpc\"}]");
    solve(&game, 10 * 60, "a", "p");
    solve(&game, 30 * 60, "a", "q");
    solve(&game, 19 * 60, "b", "p");
    solve(&game, 21 * 60 + 59, "b", "q");
    solve(&game, 10 * 60 + 59, "c", "p");
    solve(&game, 30 * 60 + 59, "c", "q"); /* seconds are nobody's loss */
    assert_board(&game, "b1 a2 c2 d4");
    auto_json json = score_to_json(game.score, false);
    assert_string_equal(json_string(json, "tie", ""), "minute of the last accepted run");
    const cJSON *first = cJSON_GetArrayItem(json_array(json, "teams"), 0);
    assert_near(json_number(first, "tie", NAN), 21);
    solve(&game, 40 * 60, "a", "q"); /* a run after the accepted one is ignored */
    assert_board(&game, "b1 a2 c2 d4");
    end(&game);
}

static void fewer_minutes_stand_before_an_earlier_last_run(void **state)
{
    (void)state;
    struct game game = begin("a b", "", "[{\"model\":\"icpc\"}]");
    solve(&game, 1 * 60, "a", "p");
    solve(&game, 30 * 60, "a", "q");
    solve(&game, 20 * 60, "b", "p");
    solve(&game, 21 * 60, "b", "q");
    assert_board(&game, "a1 b2");
    end(&game);
}

static void questions_are_ranked_by_cumulative_time_and_leave_no_rank_out(void **state)
{
    (void)state;
    struct game game = {.score = score_new()};
    tell(&game, "exercise.created", NULL, "x",
            "{\"plan\":{\"teams\":[{\"id\":\"a\",\"group\":\"b\",\"role\":\"blue\"},{\"id\":\"b\","
            "\"group\":\"b\",\"role\":\"blue\"},{\"id\":\"c\",\"group\":\"b\",\"role\":\"blue\"},{"
            "\"id\":\"d\",\"group\":\"b\",\"role\":\"blue\"}],\"services\":[],\"tasks\":[{\"name\":"
            "\"p\"},{\"name\":\"q\"}],\"score\":[{\"model\":\"question_weights\"}]}}");
    solve(&game, 100, "a", "p");
    solve(&game, 100, "b", "p");
    solve(&game, 99, "c", "p");
    assert_board(&game, "c1 a2 b2 d3"); /* dense: 3, not 4 */
    solve(&game, 500, "b", "q");
    assert_board(&game, "b1 c2 a3 d4");
    end(&game);
}

static void where_no_model_breaks_ties_equal_totals_share_a_rank_and_leave_one_out(void **state)
{
    (void)state;
    struct game game = begin("a b c", ONE_SERVICE, "[{\"model\":\"uptime\"}]");
    look(&game, "b", "OK", 1);
    look(&game, "c", "OK", 1);
    assert_board(&game, "b1 c1 a3");
    auto_json json = score_to_json(game.score, false);
    assert_false(cJSON_HasObjectItem(json, "tie"));
    end(&game);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(equal_problems_and_minutes_are_ranked_by_the_last_accepted_run),
            cmocka_unit_test(fewer_minutes_stand_before_an_earlier_last_run),
            cmocka_unit_test(questions_are_ranked_by_cumulative_time_and_leave_no_rank_out),
            cmocka_unit_test(
                    where_no_model_breaks_ties_equal_totals_share_a_rank_and_leave_one_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
