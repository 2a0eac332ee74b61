/* bench_score.c - a game of twelve hours: folded, one event more with the board that it changes,
 * verified, and the memory of it all. */
#include "bench/game.h"

#include "base/json.h"
#include "score/score.h"

#include <sys/resource.h>

#define VERIFIED 1000000
#define MORE 320 /* events after the game: 20 captures, 300 checks */

static void die(const char *what)
{
    fprintf(stderr, "bench_score: %s\n", what);
    exit(1);
}

static double fold(const GPtrArray *game, struct score *score)
{
    gint64 begin = g_get_monotonic_time();
    for (guint i = 0; i < GAME_TWELVE_HOURS; i++) {
        score_apply(score, g_ptr_array_index(game, i));
    }
    g_autoptr(GArray) lines = score_standings(score);
    if (lines->len != GAME_TEAMS) {
        die("the board is not whole");
    }
    return (double)(g_get_monotonic_time() - begin);
}

/* Events after the game, each followed by the whole board as displays are sent it: the mean of the
 * captures, and of all. */
static void go_on(const GPtrArray *game, struct score *score, double *ret_capture, double *ret_all)
{
    double captures = 0;
    double all = 0;
    for (guint i = GAME_TWELVE_HOURS; i < game->len; i++) {
        const struct event *event = g_ptr_array_index(game, i);
        gint64 begin = g_get_monotonic_time();
        score_apply(score, event);
        cJSON *board = score_to_json(score, false);
        double took = (double)(g_get_monotonic_time() - begin);
        if (json_int(board, "seq", 0) != event->seq) {
            die("the board is not of this event");
        }
        cJSON_Delete(board);
        all += took;
        captures += !strcmp(event->kind, "flag.captured") ? took : 0;
    }
    *ret_capture = captures * GAME_CAPTURE_EVERY / MORE;
    *ret_all = all / MORE;
}

static GPtrArray *played(const char *model)
{
    GPtrArray *game = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (int i = 0; i < GAME_TWELVE_HOURS + MORE; i++) {
        g_ptr_array_add(game, game_event(i, model, rand));
    }
    return game;
}

static bool bench_game(const char *model, double goal)
{
    g_autoptr(GPtrArray) game = played(model);
    double best = 1e12;
    double all = 1e12;
    double capture = 1e12;
    for (int round = 0; round < 3; round++) {
        struct score *score = score_new();
        double took = fold(game, score);
        double one = 0;
        double each = 0;
        go_on(game, score, &one, &each);
        best = MIN(best, took);
        all = MIN(all, each);
        capture = MIN(capture, one);
        score_free(score);
    }
    g_autofree char *rate = g_strdup_printf("score: fold of %s / goal", model);
    g_autofree char *more =
            g_strdup_printf("score: one event more and the board, %s / goal", model);
    g_autofree char *taken =
            g_strdup_printf("score: one capture more and the board, %s / goal", model);
    bool ok =
            bench_print(rate, GAME_TWELVE_HOURS * 1e6 / best, goal, "events/s", 1, BENCH_AT_LEAST);
    ok = bench_print(more, all / 1000, 1, "ms", 1, BENCH_AT_MOST) && ok;
    return bench_print(taken, capture / 1000, 1, "ms", 1, BENCH_AT_MOST) && ok;
}

static bool bench_verify(const char *dir, enum suite suite)
{
    g_autofree char *path = g_build_filename(dir, "bench.ledger", NULL);
    const char *wrong = game_write(path, VERIFIED, "uptime", suite);
    double best = 1e12;
    if (wrong) {
        die(wrong);
    }
    for (int round = 0; round < 2; round++) {
        struct ledger_report report;
        gint64 begin = g_get_monotonic_time();
        if (!ledger_verify(path, &report, NULL) || report.events != VERIFIED) {
            die("the ledger does not verify");
        }
        double took = (double)(g_get_monotonic_time() - begin) / 1e6;
        best = took < best ? took : best;
        ledger_report_clear(&report);
    }
    g_unlink(path);
    g_autofree char *name =
            g_strdup_printf("ledger: verify of 1,000,000 events, %s / goal", suite_name(suite));
    return bench_print(name, best, 5, "s", 1, BENCH_AT_MOST);
}

int main(void)
{
    /* verify first: the peak of memory is then its own, or the game's after it */
    g_autofree char *dir = g_strdup("bench-score-XXXXXX");
    if (!g_mkdtemp(dir)) {
        die("cannot make a folder here");
    }
    bool ok = bench_verify(dir, SUITE_ED25519);
    ok = bench_verify(dir, SUITE_SM) && ok;
    g_rmdir(dir);
    ok = bench_game("uptime", 1e6) && ok;
    ok = bench_game("faust", 300000) && ok;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    /* the events of the game themselves are in it, which a re-score from a ledger never holds */
    return bench_print("score: memory of all that / goal", (double)usage.ru_maxrss / 1024, 200,
                   "MB", 1, BENCH_AT_MOST) &&
                           ok
                   ? 0
                   : 1;
}
