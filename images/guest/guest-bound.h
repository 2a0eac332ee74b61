/* guest-bound.h - a program whose output is bounded where it is made. */
#pragma once

#include <stddef.h>

/* Runs argv (looked up in PATH) with our standard input; of each of its outputs the first limit
 * bytes come out of ours, and what follows is dropped. Returns, once it has ended and nothing holds
 * its outputs open any more, its exit status or 128 and its signal; 127 when it cannot be started:
 * then standard error has "cannot run PROGRAM: why" and a line feed. */
int bound_run(size_t limit, char **argv);
