/* verb_list.c - sandtable list: running and finished exercises. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"

#include <string.h>

extern const struct verb verb_list;

/* An engine that has gone without saying so leaves a state that is not true any more. */
static const char *state_of(const struct cli_target *target, const cJSON *status)
{
    const char *state = json_string(status, "state", "unreadable");
    return !target->socket && json_bool(status, "interrupted", false) ? "interrupted" : state;
}

static cJSON *describe(const struct cli_target *target)
{
    g_autoptr(GError) error = NULL;
    auto_json status = cli_read_status(target, &error);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", target->name);
    cJSON_AddStringToObject(json, "title", json_string(status, "title", ""));
    cJSON_AddStringToObject(json, "state", state_of(target, status));
    cJSON_AddBoolToObject(json, "running", target->socket != NULL);
    cJSON_AddBoolToObject(json, "interrupted", json_bool(status, "interrupted", false));
    json_add_int(json, "wall_us", json_int(status, "wall_us", 0));
    json_add_int(json, "at_us", json_int(status, "at_us", 0));
    json_add_int(json, "duration_us", json_int(status, "duration_us", 0));
    cJSON_AddStringToObject(json, "ledger", target->ledger);
    if (error) {
        cJSON_AddStringToObject(json, "error", error->message);
    }
    return json;
}

static char *wall_text(gint64 wall_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(wall_us / G_USEC_PER_SEC);
    return time && wall_us ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("-");
}

static void print_table(const cJSON *exercises)
{
    const char *const heads[] = {"NAME", "STATE", "STARTED", "CLOCK", "OF", "LEDGER"};
    struct cli_table *table = cli_table_new("lllrrl", heads);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, exercises)
    {
        g_autofree char *started = wall_text(json_int(item, "wall_us", 0));
        g_autofree char *at = text_clock(json_int(item, "at_us", 0));
        g_autofree char *of = text_clock(json_int(item, "duration_us", 0));
        const char *const cells[] = {json_string(item, "name", ""), json_string(item, "state", ""),
                started, at, of, json_string(item, "ledger", "")};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
    cJSON_ArrayForEach(item, exercises)
    {
        cli_say_interrupted(item);
    }
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_list, entries, &argc, &argv, 0, 0, error)) {
        return 2;
    }
    g_autoptr(GPtrArray) targets = cli_targets();
    auto_json out = cJSON_CreateObject();
    cJSON *exercises = cJSON_AddArrayToObject(out, "exercises");
    for (guint i = 0; i < targets->len; i++) {
        cJSON_AddItemToArray(exercises, describe(targets->pdata[i]));
    }
    if (json) {
        cli_print_json(g_steal_pointer(&out));
    } else if (targets->len == 0) {
        cli_say("there is no exercise yet; `sandtable run SCENARIO` starts one");
    } else {
        print_table(exercises);
    }
    return 0;
}

const struct verb verb_list = {
        .name = "list",
        .usage = "list [--json]",
        .summary = "show running and finished exercises",
        .order = 20,
        .run = run,
};
