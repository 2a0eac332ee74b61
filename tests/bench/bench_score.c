/* bench_score.c - a game of twelve hours: folded, scored again, one event more, verified, and the
 * memory of it all. */
#include "bench/bench.h"

#include "ledger/ledger.h"
#include "score/score.h"

#include <glib/gstdio.h>
#include <sys/resource.h>

#define TEAMS 50
#define SERVICES 10
#define ROUNDS 600 /* of 72 s: 300,000 checks */
#define CAPTURES 20000
#define VERIFIED 1000000

static void add_plan(GString *plan, const char *model)
{
    g_string_append(plan, "{\"plan\":{\"duration_us\":43200000000,\"teams\":[");
    for (int i = 0; i < TEAMS; i++) {
        g_string_append_printf(
                plan, "%s{\"id\":\"t%d\",\"group\":\"blue\",\"role\":\"blue\"}", i ? "," : "", i);
    }
    g_string_append(plan, "],\"services\":[");
    for (int i = 0; i < SERVICES; i++) {
        g_string_append_printf(plan,
                "%s{\"name\":\"s%d\",\"group\":\"blue\",\"points\":5,\"sla_after\":3,"
                "\"sla_penalty\":10}",
                i ? "," : "", i);
    }
    g_string_append_printf(plan, "],\"score\":[{\"model\":\"%s\"}]}}", model);
}

static void add(GPtrArray *game, const char *kind, int team, char *subject, char *body)
{
    G_GNUC_UNUSED g_autofree char *owned = subject;
    g_autofree char *id = team < 0 ? NULL : g_strdup_printf("t%d", team);
    struct event *event = event_new(kind, id, subject, NULL);
    g_free(event->body);
    event->body = body;
    event->seq = game->len + 1;
    event->at_us = (gint64)event->seq * 130000;
    event->wall_us = 1790000000000000 + event->at_us;
    g_ptr_array_add(game, event);
}

static GPtrArray *played(const char *model)
{
    GPtrArray *game = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autoptr(GString) plan = g_string_new(NULL);
    add_plan(plan, model);
    add(game, "exercise.created", -1, g_strdup("bench"), g_strdup(plan->str));
    for (int round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < TEAMS * SERVICES; i++) {
            add(game, g_rand_int_range(rand, 0, 8) ? "check.ok" : "check.down", i % TEAMS,
                    g_strdup_printf("s%d", i / TEAMS),
                    g_strdup_printf("{\"round\":%d,\"took_us\":2412}", round));
        }
        for (int i = 0; i < CAPTURES / ROUNDS + 1; i++) {
            int owner = g_rand_int_range(rand, 0, TEAMS);
            int service = g_rand_int_range(rand, 0, SERVICES);
            add(game, "flag.captured", g_rand_int_range(rand, 0, TEAMS),
                    g_strdup_printf("FLAG_%d_%d_%d", round, owner, service),
                    g_strdup_printf("{\"owner\":\"t%d\",\"service\":\"s%d\",\"tick\":%d}", owner,
                            service, round));
        }
    }
    return game;
}

static double fold(const GPtrArray *game, struct score *score)
{
    gint64 begin = g_get_monotonic_time();
    for (guint i = 0; i < game->len; i++) {
        score_apply(score, g_ptr_array_index(game, i));
    }
    G_GNUC_UNUSED g_autoptr(GArray) lines = score_standings(score);
    return (double)(g_get_monotonic_time() - begin);
}

static bool bench_game(const char *model, double goal)
{
    g_autoptr(GPtrArray) game = played(model);
    double best = 1e12;
    double step = 1e12;
    for (int round = 0; round < 3; round++) {
        struct score *score = score_new();
        double took = fold(game, score);
        best = took < best ? took : best;
        gint64 begin = g_get_monotonic_time();
        for (guint i = 0; i < 100; i++) { /* the same again: as good as new ones */
            score_apply(score, g_ptr_array_index(game, game->len - 1 - i));
        }
        double one = (double)(g_get_monotonic_time() - begin) / 100;
        step = one < step ? one : step;
        score_free(score);
    }
    g_autofree char *rate = g_strdup_printf("score: fold of %s / goal", model);
    g_autofree char *again = g_strdup_printf("score: 12 hours scored again, %s / goal", model);
    g_autofree char *more = g_strdup_printf("score: one event more, %s / goal", model);
    bool ok = bench_print(rate, game->len * 1e6 / best, goal, "events/s", 1, BENCH_AT_LEAST);
    ok = bench_print(again, best / 1e6, 2, "s", 1, BENCH_AT_MOST) && ok;
    return bench_print(more, step / 1000, 1, "ms", 1, BENCH_AT_MOST) && ok;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_score: %s\n", what);
    exit(1);
}

static void write_ledger(const char *path, enum suite suite)
{
    g_autoptr(GError) error = NULL;
    struct ledger *ledger = ledger_create_by(path, suite, &error);
    for (int i = 0; ledger && i < VERIFIED; i++) {
        struct event *event = event_new("check.ok", "blue1", "site", NULL);
        g_free(event->body);
        event->body = g_strdup("{\"round\":17,\"took_us\":2412,\"detail\":\"HTTP 200\"}");
        event->at_us = i;
        event->wall_us = 1790000000000000 + i;
        ledger_append(ledger, event, NULL, NULL);
        if (i % 8192 == 8191) {
            ledger_flush(ledger, NULL);
            while (g_main_context_iteration(NULL, FALSE)) {
            }
        }
    }
    if (!ledger) {
        die(error->message);
    }
    ledger_close(ledger);
}

static bool bench_verify(const char *dir, enum suite suite)
{
    g_autofree char *path = g_build_filename(dir, "bench.ledger", NULL);
    write_ledger(path, suite);
    double best = 1e12;
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
