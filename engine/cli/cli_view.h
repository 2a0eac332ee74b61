/* cli_view.h - how read verbs get their data and show it: sources, tables, lines of events. */
#pragma once

#include "base/event.h"
#include "cli/cli.h"
#include "control/control.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#define CLI_CALL_MS 10000

/* ---- sources (cli_read.c) ------------------------------------------------------------------ */

/* As root: becomes the engine's ordinary account. Only arguments that can be no exercise's name
 * are taken as files. For verbs with keeps_root whose arguments are names. */
bool cli_target_account(int argc, char **argv, GError **error);

/* Every exercise that is known here: GPtrArray of struct cli_target *, owning, by name. */
GPtrArray *cli_targets(void);

/* Adds the names of exercises in that folder (consumed): of its entries with one of these ends. */
void cli_add_names(GHashTable *names, char *dir_name, const char *const *ends);
extern const char *const cli_state_leftovers[]; /* ends of what lies beside a ledger until down */

/* A client of a running exercise, or an error that says that it is not running. */
struct control_client *cli_connect(const char *name, GError **error);

/* One call to the running exercise NAME, its result printed as JSON or not at all. */
cJSON *cli_call(const char *name, const char *method, cJSON *params, GError **error);

/* The same as the person by (NULL: as the account). */
cJSON *cli_call_as(
        const char *name, const char *by, const char *method, cJSON *params, GError **error);

/* Adds at_us to params from --at TEXT (NULL: nothing), an exercise time such as 90s. */
bool cli_add_time(cJSON *params, const char *text, GError **error);

/* From now on this client speaks for a team, as the person by (NULL: as the account), and may do
 * only what a team may. The answer, the caller's. */
cJSON *cli_speak_for(
        struct control_client *client, const char *team, const char *by, GError **error);

typedef bool (*cli_event_fn)(const struct event *event, gpointer data); /* false: enough */
bool cli_read_ledger(const char *path, gint64 from, cli_event_fn fn, gpointer data, GError **error);
/* From the first on, in a fraction of the time; for an fn that only computes, see ledger_reader_look(). */
bool cli_fold_ledger(const char *path, cli_event_fn fn, gpointer data, GError **error);
/* The same for what the public may know (score/public.h): what comes after it is not read. */
bool cli_read_public(const char *path, cli_event_fn fn, gpointer data, GError **error);
/* Every row verifies; else the error names the first that does not and why no such thing (a report, a
 * score) is made of them. Before it is made: never of a part. */
bool cli_read_verified(const char *path, const char *thing, GError **error);

/* From the engine when it runs, else folded from the ledger; the caller's. */
cJSON *cli_read_status(const struct cli_target *target, GError **error);

/* For a status with "interrupted": what can be done about it, on stderr. */
void cli_say_interrupted(const cJSON *status);

struct cli_board {
    bool explain;
    bool public; /* as the public may see it; never explained */
    gint64 at;   /* as it was after that event; 0: the last */
};
/* The caller's. */
cJSON *cli_read_score(
        const struct cli_target *target, const struct cli_board *board, GError **error);

/* ---- tables (cli_table.c) ------------------------------------------------------------------ */

struct cli_table;

/* align has one letter a column: 'l' or 'r'. */
struct cli_table *cli_table_new(const char *align, const char *const *heads);
void cli_table_free(struct cli_table *table);
void cli_table_add(struct cli_table *table, const char *const *cells); /* copied and cleaned */

/* The table's text; lines are cut to width columns (0: never). The caller's. */
char *cli_table_text(const struct cli_table *table, int width);

/* Prints to stdout, cut to the terminal if it is one, and frees the table. */
void cli_table_print(struct cli_table *table);

int cli_text_width(const char *text); /* columns on a terminal */

/* ---- events (cli_event.c) ------------------------------------------------------------------ */

enum cli_tone { CLI_PLAIN, CLI_GOOD, CLI_BAD, CLI_ODD };

/* One line for people, clean, without a line feed; the caller's. */
char *cli_event_text(const struct event *event, enum cli_tone *tone);
void cli_event_print(const struct event *event, bool json);
