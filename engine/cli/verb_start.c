/* verb_start.c - sandtable start: starts the clock of an exercise that waits for it. */
#include "cli/cli_view.h"

extern const struct verb verb_start;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_start, NULL, &argc, &argv, 0, 1, error) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    cJSON *result = cli_call(argc > 1 ? argv[1] : NULL, "start", NULL, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the exercise is started");
    return 0;
}

const struct verb verb_start = {
        .name = "start",
        .usage = "start [NAME]",
        .summary = "start an exercise that was prepared by run --wait",
        .order = 29,
        .keeps_root = true,
        .run = run,
};
