/* test_score_windows.c - in which ticks a flag counts: from its first to its last, both included. */
#include "support/score_game.h"

static void issue(struct game *game, const char *flag, const char *window)
{
    g_autofree char *body = g_strdup_printf("{\"service\":\"s\",\"tick\":12%s}", window);
    tell(game, "flag.issued", "b", flag, body);
}

static void take(struct game *game, const char *flag, const char *when)
{
    g_autofree char *body =
            g_strdup_printf("{\"owner\":\"b\",\"service\":\"s\",\"tick\":12%s}", when);
    tell(game, "flag.captured", "a", flag, body);
}

/* What a has for one flag of that window, taken then: 2 points by FAUST's rules, or none. */
static double worth(const char *window, const char *when)
{
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"faust\"}]");
    issue(&game, "FLAG", window);
    take(&game, "FLAG", when);
    double points = column(&game, "a", "attack");
    assert_near(column(&game, "b", "defense"), points > 0 ? -1 : 0);
    end(&game);
    return points;
}

static void a_flag_counts_in_its_first_and_in_its_last_tick_and_in_none_beside_them(void **state)
{
    (void)state;
    static const char window[] = ",\"first_tick\":12,\"last_tick\":16";
    assert_near(worth(window, ",\"at_tick\":11"), 0);
    assert_near(worth(window, ",\"at_tick\":12"), 2);
    assert_near(worth(window, ",\"at_tick\":16"), 2);
    assert_near(worth(window, ",\"at_tick\":17"), 0);
    assert_near(worth(",\"last_tick\":12", ",\"at_tick\":12"), 2); /* its own tick is the first */
    assert_near(worth(",\"last_tick\":12", ",\"at_tick\":13"), 0);
    assert_near(worth(",\"last_tick\":12", ",\"at_tick\":11"), 0);
}

static void where_nobody_says_the_window_or_the_tick_what_was_accepted_counts(void **state)
{
    (void)state;
    assert_near(worth("", ",\"at_tick\":99"), 2);
    assert_near(worth(",\"first_tick\":12,\"last_tick\":16", ""), 2);
    assert_near(worth(",\"first_tick\":16,\"last_tick\":12", ",\"at_tick\":99"), 2); /* no window */
}

static void the_window_is_the_one_that_was_said_when_the_flag_was_issued(void **state)
{
    (void)state;
    struct game game = begin("a b", ONE_SERVICE, "[{\"model\":\"faust\"}]");
    issue(&game, "FLAG", ",\"first_tick\":12,\"last_tick\":16");
    issue(&game, "FLAG", ",\"first_tick\":12,\"last_tick\":99");
    take(&game, "FLAG", ",\"at_tick\":17");
    assert_near(column(&game, "a", "attack"), 0);
    end(&game);
}

/* ECSC 2025 pays holding out by the share of the window's ticks in which the flag is there: c's is
 * there in tick 12 only, which of a window of two ticks is half, of one of four a quarter. */
static double held(const char *window, const char *setting)
{
    g_autofree char *models = g_strdup_printf("[{\"model\":\"ecsc2025\"%s}]", setting);
    struct game game = begin("a b c", ONE_SERVICE, models);
    issue(&game, "FLAG", window);
    for (int tick = 12; tick <= 20; tick++) {
        look(&game, "c", tick == 12 ? "OK" : "MUMBLE", tick);
    }
    take(&game, "FLAG", "");
    double points = column(&game, "c", "defense");
    end(&game);
    return points;
}

static void holding_out_is_paid_by_the_ticks_from_the_first_to_the_last(void **state)
{
    (void)state;
    double whole = held(",\"first_tick\":12,\"last_tick\":12", "");
    assert_true(whole > 0);
    assert_near(held(",\"first_tick\":12,\"last_tick\":13", ""), whole / 2);
    assert_near(held(",\"first_tick\":12,\"last_tick\":15", ""), whole / 4);
    assert_near(held("", ""), whole / 5); /* the usual: the tick of the flag and four more */
    assert_near(held("", ",\"last_tick\":0"), whole);
    assert_near(held("", ",\"last_tick\":1"), whole / 2);
    assert_near(held(",\"last_tick\":15", ",\"last_tick\":1"), whole / 4); /* the flag's own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    a_flag_counts_in_its_first_and_in_its_last_tick_and_in_none_beside_them),
            cmocka_unit_test(where_nobody_says_the_window_or_the_tick_what_was_accepted_counts),
            cmocka_unit_test(the_window_is_the_one_that_was_said_when_the_flag_was_issued),
            cmocka_unit_test(holding_out_is_paid_by_the_ticks_from_the_first_to_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
