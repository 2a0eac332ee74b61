/* cli_terminal.h - joins this terminal and a socket, byte for byte. */
#pragma once

#include "cli/cli.h"
#include "cli/cli_record.h"

#define CLI_ESCAPE 0x1d /* Ctrl-], as in telnet and virsh */

enum cli_join_end {
    CLI_JOIN_ESCAPED, /* by the key */
    CLI_JOIN_CLOSED,  /* the other end hung up */
    CLI_JOIN_INPUT,   /* input ended, and nothing was said for a second */
    CLI_JOIN_SIGNAL,  /* SIGINT (of no terminal), SIGTERM or SIGHUP */
};

/* Standard input goes to the socket and what comes from there to standard output, until one ends or
 * watch (a descriptor, or -1) becomes readable, which counts as closed. A terminal is raw meanwhile
 * and is what it was afterwards. record (or NULL) gets what comes from the socket. */
bool cli_join(
        int socket, int watch, struct cli_record *record, enum cli_join_end *ret, GError **error);
