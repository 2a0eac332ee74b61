/* inside.h - the processes that live in a cell, found from outside; between files of cell/ only. */
#pragma once

#include "cell/cell.h"

/* A pidfd of process pid when it is this user's, lives in the cell's user namespace and names root
 * in its command line or environment; -1 otherwise. */
int inside_open(pid_t pid, const struct cell_identity *cell, const char *root);

/* Does the command line of pid contain one of texts (NULL-terminated; may be NULL)? */
bool inside_names(pid_t pid, const char *const *texts);
