/* verb_fire.c - sandtable fire: fires an inject now. */
#include "cli/cli_view.h"

extern const struct verb verb_fire;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_fire, NULL, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "inject", argv[2]);
    cJSON *result = cli_call(argv[1], "fire", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("%s is fired", argv[2]);
    return 0;
}

const struct verb verb_fire = {
        .name = "fire",
        .usage = "fire NAME INJECT",
        .summary = "fire an inject now, whatever its time",
        .order = 32,
        .run = run,
};
