/* burners.h - processes that compute, and how two teams of them share a processor. */
#pragma once

#include "support/test.h"

#include "cell/fair.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BURNERS 5 /* of the first team; the second has one */

/* Computes for ever on the one processor that all of them share, in a session of its own as a
 * machine's QEMU is. */
G_GNUC_UNUSED static pid_t burner(void)
{
    int ends[2];
    char go = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        sched_setaffinity(0, sizeof(one), &one);
        setsid();
        if (write(ends[1], "g", 1) != 1) {
            _exit(1);
        }
        for (volatile unsigned i = 0;; i++) {
        }
    }
    assert_int_equal(read(ends[0], &go, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static gint64 cpu_ticks(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) fields = g_strsplit(strrchr(text, ')') + 2, " ", 14);
    return g_ascii_strtoll(fields[11], NULL, 10) + g_ascii_strtoll(fields[12], NULL, 10);
}

/* The one machine's part of what both teams got, in percent. fair may be NULL. */
G_GNUC_UNUSED static double share_of_one(struct fair *fair, int settle_s, int measure_s)
{
    pid_t many[BURNERS];
    for (int i = 0; i < BURNERS; i++) {
        many[i] = burner();
    }
    pid_t one = burner();
    for (int i = 0; fair && i < BURNERS; i++) {
        fair_add(fair, 0, many[i]);
    }
    if (fair) {
        fair_add(fair, 1, one);
    }
    gint64 many_before = 0;
    gint64 one_before = 0;
    for (int tick = 0; tick <= settle_s + measure_s; tick++) {
        g_usleep(G_USEC_PER_SEC); /* what is measured takes time: processor time */
        if (fair) {
            fair_tick(fair);
        }
        if (tick == settle_s) {
            one_before = cpu_ticks(one);
            for (int i = 0; i < BURNERS; i++) {
                many_before += cpu_ticks(many[i]);
            }
        }
    }
    double one_got = (double)(cpu_ticks(one) - one_before);
    double many_got = -(double)many_before;
    for (int i = 0; i < BURNERS; i++) {
        many_got += (double)cpu_ticks(many[i]);
        kill(many[i], SIGKILL);
        waitpid(many[i], NULL, 0);
    }
    kill(one, SIGKILL);
    waitpid(one, NULL, 0);
    return 100 * one_got / (one_got + many_got);
}
