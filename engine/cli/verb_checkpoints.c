/* verb_checkpoints.c - sandtable checkpoints: what a running exercise has saved. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"

extern const struct verb verb_checkpoints;

static void print_table(const cJSON *list)
{
    const char *const heads[] = {"LABEL", "TEAM", "AT", "MACHINES", "MB", "FILES"};
    struct cli_table *table = cli_table_new("llrrrl", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        const char *team = json_string(item, "team", "");
        g_autofree char *at = text_clock(json_int(item, "at_us", 0));
        g_autofree char *machines =
                g_strdup_printf("%d", cJSON_GetArraySize(json_array(item, "machines")));
        g_autofree char *mb = g_strdup_printf("%.1f", json_number(item, "bytes", 0) / 1e6);
        const char *const cells[] = {json_string(item, "label", ""), *team ? team : "all", at,
                machines, mb, json_string(item, "path", "")};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_checkpoints, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    cJSON *result = cli_call(argc > 1 ? argv[1] : NULL, "checkpoints", NULL, error);
    if (!result) {
        return 1;
    }
    if (json) {
        cli_print_json(result);
        return 0;
    }
    print_table(json_array(result, "checkpoints"));
    cJSON_Delete(result);
    return 0;
}

const struct verb verb_checkpoints = {
        .name = "checkpoints",
        .usage = "checkpoints [NAME] [--json]",
        .summary = "list what was saved",
        .order = 38,
        .run = run,
};
