/* cli_output.h - the file that -o names: opened by who called, filled by the account. */
#pragma once

#include "cli/cli.h"

struct cli_output {
    char *path;
    int fd;    /* -1: none */
    bool made; /* was not there before */
};

/* Call it before the account changes: root may write where the account may not. "-" is standard
 * output. What is there stays until cli_output_begin(). */
bool cli_output_open(const char *path, struct cli_output *ret, GError **error);
/* Empties it: from now on it is written. A descriptor that the caller closes. */
int cli_output_begin(struct cli_output *output, GError **error);
/* keep: something was written. Else a file that was not there is removed again, if that is still
 * allowed. */
void cli_output_end(struct cli_output *output, bool keep);
