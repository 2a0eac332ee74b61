/* verb_fire.c - sandtable fire: fires an inject now. */
#include "base/json.h"
#include "cli/cli_view.h"

extern const struct verb verb_fire;

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *by = NULL;
    const GOptionEntry entries[] = {
            {"by", 0, 0, G_OPTION_ARG_STRING, &by, "who asks, for the record", "PERSON"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_fire, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "inject", argv[2]);
    auto_json result = cli_call_as(argv[1], by, "fire", params, error);
    if (!result) {
        return 1;
    }
    gint64 missing = json_int(result, "missing", 0);
    if (missing > 0) {
        cli_say("%s fires when %d more agree: sandtable inject approve", argv[2], (int)missing);
    } else {
        cli_say("%s is fired", argv[2]);
    }
    return 0;
}

const struct verb verb_fire = {
        .name = "fire",
        .usage = "fire NAME INJECT [--by PERSON]",
        .summary = "fire an inject now, whatever its time",
        .order = 32,
        .run = run,
};
