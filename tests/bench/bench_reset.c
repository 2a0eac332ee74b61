/* bench_reset.c - a working team of five: its reset against its cold boot, and how long it stands
 * still for a checkpoint.
 *
 * By the program as its users call it. Where it can wake machines from warm states, the cold boot is
 * that of an exercise of its own, which is told not to.
 */
#include "bench/bench.h"

#include "base/json.h"

#define MACHINES 5
#define ROUNDS 3
#define LIMIT_S 280
#define SCENARIO TESTS_DIR "/bench/five"

static char *name, *cold_name, *warm_name;
static pid_t engine;

/* Also after this process was killed. */
static void take_down(gpointer data)
{
    const char *const names[] = {cold_name, warm_name};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *const argv[] = {data, "down", names[i], NULL};
        g_spawn_sync(NULL, (char **)argv, NULL,
                G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                NULL, NULL);
    }
}

static G_NORETURN void die(const char *what)
{
    fprintf(stderr, "bench_reset: %s\n", what);
    exit(3);
}

/* One document of the program's output, or NULL. */
static cJSON *ask(const char *const *arguments)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, g_getenv("SANDTABLE"));
    g_strv_builder_addv(builder, (const char **)arguments);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status, NULL) ||
            status != 0) {
        return NULL;
    }
    return json_parse(out, strlen(out), NULL);
}
#define ASK(...) ask((const char *const[]){__VA_ARGS__, NULL})

static bool knows_boot(void)
{
    const char *const argv[] = {g_getenv("SANDTABLE"), "run", "--help", NULL};
    g_autofree char *out = NULL;
    return g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out,
                   NULL, NULL, NULL) &&
           strstr(out, "--boot");
}

static void start(const char *boot)
{
    pid_t parent = getpid();
    engine = fork();
    if (engine == 0) {
        bench_child(parent);
        if (!freopen("/dev/null", "w", stdout) || dup2(1, 2) < 0) {
            _exit(126);
        }
        execl(g_getenv("SANDTABLE"), "sandtable", "run", SCENARIO, "--name", name,
                boot ? "--boot" : NULL, boot, NULL);
        _exit(127);
    }
}

/* Until it runs: how long the slowest machine took, in seconds. */
static double await_running(void)
{
    gint64 limit = g_get_monotonic_time() + (gint64)LIMIT_S * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < limit && waitpid(engine, NULL, WNOHANG) == 0) {
        auto_json status = ASK("status", name, "--json");
        if (!strcmp(json_string(status, "state", ""), "running")) {
            double slowest = 0;
            const cJSON *machine = NULL;
            cJSON_ArrayForEach(machine, json_array(status, "machines"))
            {
                slowest = MAX(slowest, json_number(machine, "ready_ms", 0) / 1000);
            }
            return slowest;
        }
        g_usleep(100000); /* between looks */
    }
    die("the exercise does not run");
}

static void end(void)
{
    kill(engine, SIGTERM);
    waitpid(engine, NULL, 0);
}

/* Each machine works: it starts two programs a second, and writes. */
static void work(void)
{
    static const char loop[] = "(while :; do date >>/run/work; sleep 1; done) >/dev/null 2>&1 &";
    for (int i = 1; i <= MACHINES; i++) {
        g_autofree char *machine = g_strdup_printf("blue1/web%d", i);
        auto_json done = ASK("exec", name, machine, "--json", "--", "sh", "-c", loop);
        if (!done) {
            die("a machine does not work");
        }
    }
}

static double member_of(cJSON *event, const char *member, const char *what)
{
    double value = json_number(json_object(event, "body"), member, -1);
    cJSON_Delete(event);
    if (value < 0) {
        die(what);
    }
    return value;
}

int main(void)
{
    if (!g_getenv("SANDTABLE")) {
        die("SANDTABLE names the program");
    }
    bool boot = knows_boot();
    double resets[ROUNDS];
    double stood[ROUNDS];
    cold_name = g_strdup_printf("bench-cold-%d", getpid());
    warm_name = g_strdup_printf("bench-warm-%d", getpid());
    name = cold_name;
    bench_guard(take_down, (gpointer)g_getenv("SANDTABLE"));
    start(boot ? "cold" : NULL);
    double cold = await_running();
    if (boot) {
        end();
        name = warm_name;
        start(NULL);
        (void)await_running();
    }
    for (int i = 0; i < ROUNDS; i++) {
        work();
        g_autofree char *label = g_strdup_printf("round-%d", i + 1);
        stood[i] = member_of(ASK("checkpoint", name, label, "--team", "blue1", "--json"),
                           "stood_us", "no checkpoint") /
                   1e6;
        double restored =
                member_of(ASK("restore", name, label, "--json"), "took_ms", "no restore") / 1000;
        resets[i] = member_of(ASK("reset", name, "blue1", "--json"), "took_ms", "no reset") / 1000;
        fprintf(stderr,
                "bench_reset: round %d: reset %.2f s (cold %.2f s), stood %.3f s, restore %.2f s\n",
                i + 1, resets[i], cold, stood[i], restored);
    }
    end();
    bool ok = bench_print("reset: team of five / its cold boot", bench_median(resets, ROUNDS), cold,
            "s", 1.0 / 12, BENCH_AT_MOST);
    ok = bench_print("checkpoint: standstill of a team of five / limit",
                 bench_median(stood, ROUNDS), 0.5, "s", 1.0, BENCH_AT_MOST) &&
         ok;
    return ok ? 0 : 1;
}
