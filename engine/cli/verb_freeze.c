/* verb_freeze.c - sandtable freeze: the public board stands still, or goes on. */
#include "cli/cli_view.h"

extern const struct verb verb_freeze;

static int run(int argc, char **argv, GError **error)
{
    gboolean thaw = FALSE;
    const GOptionEntry entries[] = {
            {"thaw", 0, 0, G_OPTION_ARG_NONE, &thaw, "let it go on", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_freeze, entries, &argc, &argv, 1, 1, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddBoolToObject(params, "frozen", !thaw);
    cJSON *result = cli_call(argv[1], "freeze", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the public board %s", thaw ? "goes on" : "stands still");
    return 0;
}

const struct verb verb_freeze = {
        .name = "freeze",
        .usage = "freeze NAME [--thaw]",
        .summary = "freeze the public board, or thaw it",
        .order = 37,
        .run = run,
};
