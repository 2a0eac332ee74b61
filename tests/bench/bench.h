/* bench.h - what every benchmark prints, and how none leaves anything behind.
 *
 * One JSON line a measure on stdout. A name is "what / peer": the ratio is ours over the peer's.
 */
#pragma once

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BENCH_PEER_MISSING 77 /* exit status: all that was measured is well, but not all could be */

enum bench_aim { BENCH_AT_MOST, BENCH_AT_LEAST }; /* what the ratio should be of the goal */

/* Prints a measure; whether it reaches its goal. */
static inline bool bench_print(const char *name, double ours, double peer, const char *unit,
        double goal, enum bench_aim aim)
{
    double ratio = ours / peer;
    bool ok = aim == BENCH_AT_MOST ? ratio <= goal : ratio >= goal;
    printf("{\"name\":\"%s\",\"ours\":%.6g,\"peer\":%.6g,\"unit\":\"%s\",\"ratio\":%.3f,"
           "\"goal\":%g,\"ok\":%s}\n",
            name, ours, peer, unit, ratio, goal, ok ? "true" : "false");
    (void)fflush(stdout);
    return ok;
}

static inline int bench_by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double bench_median(double *values, gsize n)
{
    qsort(values, n, sizeof(*values), bench_by_value);
    return values[n / 2];
}

/* Starts a child, in a session of its own, that calls clean_up once this process is gone, however
 * it went: machines outlive whoever started them. Before any thread is started; a forked child
 * that does not exec calls bench_child(). */
static inline void bench_guard(void (*clean_up)(gpointer data), gpointer data)
{
    int ends[2];
    pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0) {
        fprintf(stderr, "bench: no guard\n");
        exit(3);
    }
    if (pid == 0) {
        char none = 0;
        (void)setsid();
        close(ends[1]);
        while (read(ends[0], &none, 1) < 0) { /* until nobody holds the other end */
        }
        clean_up(data);
        _exit(0);
    }
    close(ends[0]); /* the other end closes with this process */
}

/* In a forked child: ends with its parent, and so does its hold on the guard. */
static inline void bench_child(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(3);
    }
}

static inline void bench_remove(const char *folder)
{
    const char *const rm[] = {"rm", "-rf", "--", folder, NULL};
    g_spawn_sync(NULL, (char **)rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}
