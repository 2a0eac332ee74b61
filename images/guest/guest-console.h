/* guest-console.h - a shell for whoever comes to the machine's own console. */
#pragma once

/* Starts a process that offers a root shell on each console that is there, one after the other:
 * each begins when somebody presses a key, so that a machine that nobody visits spends nothing on
 * it. PID 1 reaps them and calls again. */
void consoles_keep(void);
/* A child has ended. */
void consoles_reap(int pid);
