/* bench_engine.c - what the engine itself costs with 20 machines: memory, idle CPU, tear-down. */
#include "bench/bench.h"

#include "system/system.h"

#define IDLE_S 20

/* Of 10^6 bytes. */
static double resident_mb(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *text = read_all(path);
    const char *line = strstr(text, "VmRSS:");
    assert_non_null(line);
    return (double)g_ascii_strtoll(line + strlen("VmRSS:"), NULL, 10) * 1024 / 1e6;
}

/* Seconds of CPU that the process has used. */
static double cpu_s(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = read_all(path);
    const char *fields = strrchr(text, ')');
    g_auto(GStrv) words = g_strsplit(fields ? fields + 2 : "", " ", -1);
    assert_true(g_strv_length(words) >= 13);
    gint64 ticks = g_ascii_strtoll(words[11], NULL, 10) + g_ascii_strtoll(words[12], NULL, 10);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

struct run {
    char *name, *log;
};

/* In the guard: after an orderly end there is nothing to take down. */
static void clean_up(gpointer data)
{
    const struct run *run = data;
    struct outcome down = CALL("down", run->name);
    outcome_clear(&down);
    unlink(run->log);
}

int main(void)
{
    g_autofree char *name = g_strdup_printf("bench-engine-%d", getpid());
    g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
    struct run run = {name, log};
    bench_guard(clean_up, &run);
    static const char scenario[] = TESTS_DIR "/bench/twenty";
    GPid pid =
            START(log, "run", scenario, "--name", name, "--accel", "tcg", "--ready-limit", "900");
    wait_state(name, "running", 900, log);
    double before = cpu_s(pid);
    gint64 from = g_get_monotonic_time();
    g_usleep((gulong)IDLE_S * G_USEC_PER_SEC); /* what is measured is this very time */
    double share =
            (cpu_s(pid) - before) * 100 * G_USEC_PER_SEC / (double)(g_get_monotonic_time() - from);
    double memory = resident_mb(pid);
    gint64 end = g_get_monotonic_time();
    auto_outcome down = CALL("down", name);
    finish(pid, 60, log);
    double seconds = (double)(g_get_monotonic_time() - end) / G_USEC_PER_SEC;
    fprintf(stderr, "%s", down.err);
    bool ok = bench_print(
            "engine: memory with 20 machines / limit", memory, 60, "MB", 1, BENCH_AT_MOST);
    ok = bench_print(
                 "engine: CPU of one core when idle / limit", share, 5, "%", 1, BENCH_AT_MOST) &&
         ok;
    ok = bench_print("engine: down of 20 machines / limit", seconds, 2, "s", 1, BENCH_AT_MOST) &&
         ok;
    return ok ? 0 : 1;
}
