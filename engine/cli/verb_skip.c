/* verb_skip.c - sandtable skip: takes an inject off the timeline. */
#include "cli/cli_view.h"

extern const struct verb verb_skip;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_skip, NULL, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "inject", argv[2]);
    cJSON *result = cli_call(argv[1], "skip", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("%s is skipped", argv[2]);
    return 0;
}

const struct verb verb_skip = {
        .name = "skip",
        .usage = "skip NAME INJECT",
        .summary = "take an inject off the timeline",
        .order = 34,
        .run = run,
};
