/* bench_rescore.c - `sandtable rescore` as somebody types it: how long a game of twelve hours takes,
 * and what it holds in memory over a long ledger, by models of the program and by one of the
 * scenario's own. */
#include "bench/game.h"

#include <sys/resource.h>

#define LONG 1000000 /* events */
#define ROUNDS 3

static const char rules[] =
        "return { parts = { \"up\", \"taken\" }, events = { \"check.*\", \"flag.captured\" },\n"
        "score = function(event, give)\n"
        "  if event.kind == \"check.ok\" then\n"
        "    give(event.team, \"up\", 1, event.subject .. \" in round \" .. event.body.round)\n"
        "  elseif event.kind == \"flag.captured\" then\n"
        "    give(event.team, \"taken\", 3, \"from \" .. event.body.owner)\n"
        "  end\n"
        "end }\n";

static void die(const char *what)
{
    fprintf(stderr, "bench_rescore: %s\n", what);
    exit(1);
}

/* One run of the program; its seconds from fork to end. */
static double run(const char *ledger, const char *model, const char *option, struct rusage *ret)
{
    const char *program = g_getenv("SANDTABLE");
    gint64 begin = g_get_monotonic_time();
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        bench_child(parent);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, STDOUT_FILENO);
        execl(program, "sandtable", "rescore", ledger, "--model", model, option, NULL);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || wait4(pid, &status, 0, ret) != pid || status != 0) {
        die("sandtable rescore failed");
    }
    return (double)(g_get_monotonic_time() - begin) / 1e6;
}

static bool measure_memory(const char *ledger, const char *model, const char *shown)
{
    struct rusage usage;
    (void)run(ledger, model, "--json", &usage);
    g_autofree char *name = g_strdup_printf("rescore: memory, 1,000,000 events, %s / goal", shown);
    return bench_print(name, (double)usage.ru_maxrss / 1024, 200, "MB", 1, BENCH_AT_MOST);
}

/* option NULL: the tables, as people read them. */
static bool measure_time(const char *ledger, const char *model, const char *option, double goal)
{
    struct rusage usage;
    double best = 1e12;
    for (int round = 0; round < ROUNDS; round++) {
        double took = run(ledger, model, option, &usage);
        best = MIN(best, took);
    }
    g_autofree char *name = g_strdup_printf(
            "rescore: 12 hours by %s%s / goal", model, option ? ", explained as JSON" : "");
    return bench_print(name, best, goal, "s", 1, BENCH_AT_MOST);
}

int main(void)
{
    g_autofree char *cwd = g_get_current_dir();
    g_autofree char *dir = g_build_filename(cwd, "bench-rescore-XXXXXX", NULL);
    if (!g_getenv("SANDTABLE")) {
        die("SANDTABLE names the program");
    }
    if (!g_mkdtemp_full(dir, 0755)) {
        die("cannot make a folder here");
    }
    bench_guard((void (*)(gpointer))bench_remove, dir);
    g_autofree char *ledger = g_build_filename(dir, "long.ledger", NULL);
    g_autofree char *game = g_build_filename(dir, "game.ledger", NULL);
    g_autofree char *file = g_build_filename(dir, "rules.lua", NULL);
    g_autofree char *custom = g_strdup_printf("custom,from=%s", file);
    if (!g_file_set_contents(file, rules, -1, NULL)) {
        die("cannot write the rules");
    }
    const char *wrong = game_write(game, GAME_TWELVE_HOURS, "uptime", SUITE_ED25519);
    wrong = wrong ? wrong : game_write(ledger, LONG, "uptime", SUITE_ED25519);
    if (wrong) {
        die(wrong);
    }
    bool ok = measure_time(game, "faust", NULL, 2);
    /* … and with each of its 300,000 terms in words */
    ok = measure_time(game, "faust", "--json", 3) && ok;
    ok = measure_memory(ledger, "faust", "faust") && ok;
    return measure_memory(ledger, custom, "a model in Lua") && ok ? 0 : 1;
}
