/* verb_freeze.c - sandtable freeze: what the public is shown ends here, or goes on. */
#include "cli/cli_view.h"
#include "cli/correct.h"

extern const struct verb verb_freeze;

static int run(int argc, char **argv, GError **error)
{
    gboolean off = FALSE;
    const GOptionEntry entries[] = {
            {"off", 0, 0, G_OPTION_ARG_NONE, &off, "show the public everything again", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_freeze, entries, &argc, &argv, 1, -1, error) ||
            !cli_target_account(2, argv, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    g_autofree char *reason = g_strjoinv(" ", argv + 2);
    cJSON_AddBoolToObject(params, "frozen", !off);
    cJSON_AddStringToObject(params, "reason",
            *reason ? reason
            : off   ? "the result is public"
                    : "the last phase");
    return correct(argv[1], "freeze", params, error) ? 0 : 1;
}

const struct verb verb_freeze = {
        .name = "freeze",
        .usage = "freeze NAME [--off] [REASON…]",
        .summary = "end what the public is shown here, or with --off show it everything",
        .order = 38,
        .keeps_root = true,
        .run = run,
};
