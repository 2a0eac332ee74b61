/* verb_resume.c - sandtable resume: go on after a pause. */
#include "cli/cli_view.h"

extern const struct verb verb_resume;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_resume, NULL, &argc, &argv, 0, 1, error) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    cJSON *result = cli_call(argc > 1 ? argv[1] : NULL, "resume", NULL, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the exercise goes on");
    return 0;
}

const struct verb verb_resume = {
        .name = "resume",
        .usage = "resume [NAME]",
        .summary = "go on after a pause",
        .order = 31,
        .keeps_root = true,
        .run = run,
};
