/* cli.h - the verbs of the program: one file verb_NAME.c a verb, found at build time.
 *
 * stdout is data, stderr is talk. Each verb file defines `const struct verb verb_NAME`; the build
 * lists every such file, so a new verb is a new file and nothing else.
 */
#pragma once

#include "base/error.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

struct verb {
    const char *name;
    const char *usage;   /* "events NAME|LEDGER [--follow] [--json]" */
    const char *summary; /* one line, lower case */
    int order;           /* place in the help text */
    bool keeps_root;     /* started as root, it changes the account itself, or not at all */
    /* argv[0] is the verb. Returns the exit code; error, when set, is printed and decides it. */
    int (*run)(int argc, char **argv, GError **error);
};

/* Finds argv[0] among the verbs and runs it; prints its error; the exit code. */
int cli_main(int argc, char **argv);

extern const struct verb *const cli_verbs[]; /* ends with NULL; generated */

/* Parses argv with GLib's option parser (entries end with {NULL}); -h prints the verb's help and
 * exits. What is left in *argc, *argv are the positional arguments after argv[0]. False and USAGE
 * when an option is unknown or fewer than min or more than max arguments are left. */
bool cli_parse(const struct verb *verb, const GOptionEntry *entries, int *argc, char ***argv,
        int min, int max, GError **error);

/* As root: becomes the ordinary account of the engine (user, else SUDO_USER, else sandtable) for
 * good. Arguments that name existing files stay readable and may be replaced by another path. */
bool cli_become_user(const char *user, int argc, char **argv, GError **error);

/* Prints one JSON document and a newline to stdout; consumes json. */
void cli_print_json(cJSON *json);

/* stderr, one line, with "sandtable: " before it. */
void cli_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* True when stdout (or stderr) may be coloured: a terminal, NO_COLOR unset, TERM not dumb. */
bool cli_colour(int fd);

/* What NAME means: a running exercise (socket set), or a ledger (path set), newest match last.
 * NAME may be an exercise's name or the path of a ledger; NULL means the only running exercise,
 * else the newest ledger. */
struct cli_target {
    char *name;
    char *socket; /* NULL when it does not run */
    char *ledger;
};
bool cli_target(const char *name, struct cli_target *ret, GError **error);
void cli_target_clear(struct cli_target *target);
