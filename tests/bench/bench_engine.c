/* bench_engine.c - what the engine itself costs with 20 machines: memory, idle CPU, tear-down. */
#include "system/system.h"

#include <stdio.h>

#define IDLE_S 20

static double resident_mib(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *text = read_all(path);
    const char *line = strstr(text, "VmRSS:");
    return line ? (double)g_ascii_strtoll(line + strlen("VmRSS:"), NULL, 10) / 1024 : 0;
}

/* Seconds of CPU that the process has used. */
static double cpu_s(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = read_all(path);
    const char *fields = strrchr(text, ')');
    g_auto(GStrv) words = g_strsplit(fields ? fields + 2 : "", " ", -1);
    if (g_strv_length(words) < 13) {
        return 0;
    }
    gint64 ticks = g_ascii_strtoll(words[11], NULL, 10) + g_ascii_strtoll(words[12], NULL, 10);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void print_measure(const char *name, double ours, double goal, const char *unit)
{
    printf("{\"name\":\"%s\",\"ours\":%.2f,\"peer\":%.2f,\"unit\":\"%s\",\"ratio\":%.3f,"
           "\"goal\":1,\"ok\":%s}\n",
            name, ours, goal, unit, ours / goal, ours < goal ? "true" : "false");
}

int main(void)
{
    g_autofree char *name = g_strdup_printf("bench-engine-%d", getpid());
    g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
    GPid pid = START(log, "run", TESTS_DIR "/bench/twenty", "--name", name, "--accel", "tcg",
            "--ready-limit", "900");
    wait_state(name, "running", 900, log);
    double before = cpu_s(pid);
    gint64 from = g_get_monotonic_time();
    g_usleep(IDLE_S * G_USEC_PER_SEC); /* what is measured is this very time */
    double share =
            (cpu_s(pid) - before) * 100 * G_USEC_PER_SEC / (double)(g_get_monotonic_time() - from);
    double memory = resident_mib(pid);
    gint64 end = g_get_monotonic_time();
    auto_outcome down = CALL("down", name);
    finish(pid, 60, log);
    double seconds = (double)(g_get_monotonic_time() - end) / G_USEC_PER_SEC;
    fprintf(stderr, "%s", down.err);
    print_measure("engine: memory with 20 machines (peer: the limit)", memory, 60, "MiB");
    print_measure("engine: CPU when nothing happens (peer: the limit)", share, 5, "% of a core");
    print_measure("engine: down of 20 machines (peer: the limit for 7)", seconds, 2, "s");
    unlink(log);
    return 0;
}
