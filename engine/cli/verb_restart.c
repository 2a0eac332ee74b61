/* verb_restart.c - sandtable restart: a machine is switched off and on, its disks stay. */
#include "cli/cli_view.h"

extern const struct verb verb_restart;

static int run(int argc, char **argv, GError **error)
{
    if (!cli_parse(&verb_restart, NULL, &argc, &argv, 2, 2, error) ||
            !cli_target_account(argc, argv, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "machine", argv[2]);
    cJSON *result = cli_call(argv[1], "restart", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("%s is switched off and on", argv[2]);
    return 0;
}

const struct verb verb_restart = {
        .name = "restart",
        .usage = "restart NAME MACHINE",
        .summary = "switch a machine off and on; what is on its disks stays",
        .order = 34,
        .keeps_root = true,
        .run = run,
};
