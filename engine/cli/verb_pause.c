/* verb_pause.c - sandtable pause: stop the clock and the machines, or the clock alone. */
#include "cli/cli_view.h"

extern const struct verb verb_pause;

static int run(int argc, char **argv, GError **error)
{
    gboolean clock = FALSE;
    const GOptionEntry entries[] = {
            {"clock", 0, 0, G_OPTION_ARG_NONE, &clock, "the clock alone: the machines run on",
                    NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_pause, entries, &argc, &argv, 0, 1, error) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    cJSON *params = NULL;
    if (clock) {
        params = cJSON_CreateObject();
        cJSON_AddFalseToObject(params, "machines");
    }
    cJSON *result = cli_call(argc > 1 ? argv[1] : NULL, "pause", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say(clock ? "the clock stands, the machines run on" : "the exercise is paused");
    return 0;
}

const struct verb verb_pause = {
        .name = "pause",
        .usage = "pause [NAME] [--clock]",
        .summary = "stop the clock and the machines",
        .order = 30,
        .keeps_root = true,
        .run = run,
};
