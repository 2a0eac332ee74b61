/* verb_faults.c - sandtable faults: what failed by the range's, the network's or the checker's
 * fault, and the time that teams were credited for it. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"
#include "report/fault_fold.h"

#include <stdio.h>

extern const struct verb verb_faults;

static bool fold(const struct event *event, gpointer data)
{
    fault_fold_apply(data, event);
    return true;
}

static void print_faults(const cJSON *faults)
{
    const char *const heads[] = {"FROM", "TO", "TEAM", "SERVICE", "WHOSE", ""};
    struct cli_table *table = cli_table_new("rrllll", heads);
    const cJSON *fault = NULL;
    cJSON_ArrayForEach(fault, faults)
    {
        bool open = json_bool(fault, "open", false);
        g_autofree char *from = text_clock(json_int(fault, "from_us", 0));
        g_autofree char *to = open ? g_strdup("…") : text_clock(json_int(fault, "to_us", 0));
        const char *const cells[] = {from, to, json_string(fault, "team", ""),
                json_string(fault, "service", ""), json_string(fault, "whose", ""),
                json_string(fault, "text", "")};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
}

static void print_teams(const cJSON *teams)
{
    const char *const heads[] = {"TEAM", "FAULTS", "CREDITED"};
    struct cli_table *table = cli_table_new("lrr", heads);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, teams)
    {
        g_autofree char *faults = g_strdup_printf("%d", (int)json_int(team, "faults", 0));
        g_autofree char *credit = text_clock(json_int(team, "credit_us", 0));
        const char *const cells[] = {json_string(team, "team", ""), faults, credit};
        cli_table_add(table, cells);
    }
    putchar('\n');
    cli_table_print(table);
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct cli_target target = {0};
    if (!cli_parse(&verb_faults, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    if (!cli_target_account(argc, argv, error) ||
            !cli_target(argc > 1 ? argv[1] : NULL, &target, error)) {
        return 1;
    }
    struct fault_fold *faults = fault_fold_new();
    bool ok = cli_read_verified(target.ledger, "account of faults", error) &&
              cli_read_ledger(target.ledger, 1, fold, faults, error);
    cJSON *out = fault_fold_to_json(faults);
    fault_fold_free(faults);
    cli_target_clear(&target);
    if (ok && json) {
        cli_print_json(out);
        return 0;
    }
    if (ok && cJSON_GetArraySize(json_array(out, "faults")) == 0) {
        cli_say("no look failed but by a team's fault");
    } else if (ok) {
        print_faults(json_array(out, "faults"));
        print_teams(json_array(out, "teams"));
    }
    cJSON_Delete(out);
    return ok ? 0 : 1;
}

const struct verb verb_faults = {
        .name = "faults",
        .usage = "faults [NAME|LEDGER] [--json]",
        .summary = "show what failed by no team's fault, and the time credited for it",
        .order = 24,
        .keeps_root = true,
        .run = run,
};
