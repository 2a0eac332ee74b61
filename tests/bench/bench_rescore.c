/* bench_rescore.c - what `sandtable rescore --json` holds in memory over a long ledger, by a model of
 * the program and by one of the scenario's own. */
#include "bench/bench.h"

#include "ledger/ledger.h"

#include <glib/gstdio.h>
#include <sys/resource.h>

#define EVENTS 1000000
#define TEAMS 50
#define SERVICES 10
#define CAPTURE_EVERY 16 /* events */

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

static char *plan_text(void)
{
    GString *plan = g_string_new("{\"plan\":{\"duration_us\":43200000000,\"teams\":[");
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
    g_string_append(plan, "],\"score\":[{\"model\":\"uptime\"}]}}");
    return g_string_free(plan, FALSE);
}

static struct event *made(const char *kind, int team, char *subject, char *body)
{
    g_autofree char *owned = subject;
    g_autofree char *id = team < 0 ? NULL : g_strdup_printf("t%d", team);
    struct event *event = event_new(kind, id, owned, NULL);
    g_free(event->body);
    event->body = body;
    return event;
}

static struct event *event_at(int i, GRand *rand)
{
    int round = i / (TEAMS * SERVICES) + 1;
    if (i == 0) {
        return made("exercise.created", -1, g_strdup("bench"), plan_text());
    }
    if (i % CAPTURE_EVERY == 0) {
        int owner = g_rand_int_range(rand, 0, TEAMS);
        int service = g_rand_int_range(rand, 0, SERVICES);
        return made("flag.captured", g_rand_int_range(rand, 0, TEAMS),
                g_strdup_printf("FLAG_%d_%d_%d", round, owner, service),
                g_strdup_printf("{\"owner\":\"t%d\",\"service\":\"s%d\",\"tick\":%d}", owner,
                        service, round));
    }
    return made(g_rand_int_range(rand, 0, 8) ? "check.ok" : "check.down", i % TEAMS,
            g_strdup_printf("s%d", i / TEAMS % SERVICES),
            g_strdup_printf("{\"round\":%d,\"took_us\":2412}", round));
}

static void write_ledger(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    struct ledger *ledger = ledger_create(path, &error);
    if (!ledger) {
        die(error->message);
    }
    for (int i = 0; i < EVENTS; i++) {
        struct event *event = event_at(i, rand);
        event->at_us = (gint64)i * 40000;
        event->wall_us = 1790000000000000 + event->at_us;
        ledger_append(ledger, event, NULL, NULL);
        if (i % 8192 ==
                8191) { /* this process stays small: a child's peak begins with its parent's */
            ledger_flush(ledger, NULL);
            while (g_main_context_iteration(NULL, FALSE)) {
            }
        }
    }
    ledger_close(ledger);
    (void)g_chmod(path, 0644); /* run as root, the program reads as another account */
}

static bool measure(const char *ledger, const char *model, const char *shown)
{
    const char *program = g_getenv("SANDTABLE");
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        bench_child(parent);
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, STDOUT_FILENO);
        execl(program, "sandtable", "rescore", ledger, "--model", model, "--json", NULL);
        _exit(127);
    }
    struct rusage usage;
    int status = 0;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
        die("sandtable rescore failed");
    }
    g_autofree char *name = g_strdup_printf("rescore: memory, 1,000,000 events, %s / goal", shown);
    return bench_print(name, (double)usage.ru_maxrss / 1024, 200, "MB", 1, BENCH_AT_MOST);
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
    g_autofree char *file = g_build_filename(dir, "rules.lua", NULL);
    g_autofree char *custom = g_strdup_printf("custom,from=%s", file);
    if (!g_file_set_contents(file, rules, -1, NULL)) {
        die("cannot write the rules");
    }
    write_ledger(ledger);
    bool ok = measure(ledger, "faust", "faust");
    return measure(ledger, custom, "a model in Lua") && ok ? 0 : 1;
}
