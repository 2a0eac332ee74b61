/* verb_pause.c - sandtable pause: stop the clock and the machines. */
#include "cli/cli_view.h"

extern const struct verb verb_pause;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_pause, NULL, &argc, &argv, 0, 1, error) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    cJSON *result = cli_call(argc > 1 ? argv[1] : NULL, "pause", NULL, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the exercise is paused");
    return 0;
}

const struct verb verb_pause = {
        .name = "pause",
        .usage = "pause [NAME]",
        .summary = "stop the clock and the machines",
        .order = 30,
        .keeps_root = true,
        .run = run,
};
