/* verb_score.c - sandtable score: the standings, and for every number which events made it. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "cli/standings.h"

extern const struct verb verb_score;

static void print_terms(const cJSON *team)
{
    const char *const heads[] = {"EVENT", "AT", "POINTS", "PART", ""};
    struct cli_table *table = cli_table_new("rrrll", heads);
    const cJSON *term = NULL;
    cJSON_ArrayForEach(term, json_array(team, "explain"))
    {
        g_autofree char *seq = g_strdup_printf("%" G_GINT64_FORMAT, json_int(term, "seq", 0));
        g_autofree char *at = text_clock(json_int(term, "at_us", 0));
        g_autofree char *points = g_strdup_printf("%+.6g", json_number(term, "points", 0));
        const char *const cells[] = {
                seq, at, points, json_string(term, "part", ""), json_string(term, "why", "")};
        cli_table_add(table, cells);
    }
    printf("\n%s: %.10g\n", json_string(team, "team", ""), json_number(team, "total", 0));
    cli_table_print(table);
}

/* For people to note, and to compare one day with the ledger. */
static void print_checkpoint(const cJSON *score)
{
    const cJSON *checkpoint = json_object(score, "checkpoint");
    if (checkpoint) {
        printf("\ncheckpoint %s of event %" G_GINT64_FORMAT
               ": note it; `sandtable verify --code` tells whether it still holds\n",
                json_string(checkpoint, "code", ""), json_int(checkpoint, "seq", 0));
    }
}

#define NOT_SAID G_MININT64

static bool is_event(gint64 at, GError **error)
{
    if (at != NOT_SAID && at < 1) {
        g_set_error_literal(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--at: events are numbered from 1");
        return false;
    }
    return true;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    gboolean explain = FALSE;
    gboolean public = FALSE;
    gint64 at = NOT_SAID;
    const GOptionEntry entries[] = {
            {"explain", 0, 0, G_OPTION_ARG_NONE, &explain, "show which events made each total",
                    NULL},
            {"public", 0, 0, G_OPTION_ARG_NONE, &public,
                    "what the public may see: up to the freeze, never explained", NULL},
            {"at", 0, 0, G_OPTION_ARG_INT64, &at, "as it was after this event", "SEQ"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document, always explained", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_target target = {0};
    if (!cli_parse(&verb_score, entries, &argc, &argv, 0, 1, error) || !is_event(at, error) ||
            !cli_target_account(argc, argv, error) ||
            !cli_target(argc > 1 ? argv[1] : NULL, &target, error)) {
        return 1;
    }
    const struct cli_board board = {.explain = explain || json, .public = public, .at = MAX(at, 0)};
    cJSON *score = cli_read_score(&target, &board, error);
    cli_target_clear(&target);
    if (!score) {
        return 1;
    }
    if (json) {
        cli_print_json(score);
        return 0;
    }
    standings_print(score);
    print_checkpoint(score);
    const cJSON *team = NULL;
    const cJSON *explained = explain && !public ? json_array(score, "teams") : NULL;
    cJSON_ArrayForEach(team, explained)
    {
        print_terms(team);
    }
    cJSON_Delete(score);
    return 0;
}

const struct verb verb_score = {
        .name = "score",
        .usage = "score [NAME|LEDGER] [--explain | --public] [--at SEQ] [--json]",
        .summary = "show the standings and where each point comes from",
        .order = 23,
        .keeps_root = true,
        .run = run,
};
