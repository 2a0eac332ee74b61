/* verb_acknowledge.c - sandtable acknowledge: takes an open alarm on. */
#include "cli/cli_view.h"

extern const struct verb verb_acknowledge;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_acknowledge, NULL, &argc, &argv, 3, 3, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "alarm", argv[2]);
    cJSON_AddStringToObject(params, "subject", argv[3]);
    cJSON *result = cli_call(argv[1], "acknowledge", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the alarm %s about %s is yours", argv[2], argv[3]);
    return 0;
}

const struct verb verb_acknowledge = {
        .name = "acknowledge",
        .usage = "acknowledge NAME ALARM SUBJECT",
        .summary = "take an open alarm on",
        .order = 38,
        .run = run,
};
