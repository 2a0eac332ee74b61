/* guest-run.h - a machine's set-up commands, as guest-identity is told them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Runs the program of these words (each ended by a NUL, length bytes in all; the program from PATH),
 * without input, and waits for its end: what it leaves running does not count. False when it did not
 * exit with 0, or not within a minute; why is said in ret, one line, with the end of its output. */
bool run_words(char *words, size_t length, char *ret, size_t size);
