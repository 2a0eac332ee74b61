/* verb_hold.c - sandtable hold: holds back one inject or all, or releases them. */
#include "cli/cli_view.h"

extern const struct verb verb_hold;

static int run(int argc, char **argv, GError **error)
{
    gboolean release = FALSE;
    const GOptionEntry entries[] = {
            {"release", 'r', 0, G_OPTION_ARG_NONE, &release, "let them go again", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_hold, entries, &argc, &argv, 1, 2, error)) {
        return 2;
    }
    const char *inject = argc > 2 ? argv[2] : NULL;
    cJSON *params = cJSON_CreateObject();
    cJSON_AddBoolToObject(params, "held", !release);
    if (inject) {
        cJSON_AddStringToObject(params, "inject", inject);
    }
    cJSON *result = cli_call(argv[1], "hold", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("%s %s %s", inject ? inject : "what has not fired", inject ? "is" : "yet is",
            release ? "released" : "held");
    return 0;
}

const struct verb verb_hold = {
        .name = "hold",
        .usage = "hold NAME [INJECT] [--release]",
        .summary = "hold injects back, or release them",
        .order = 34,
        .run = run,
};
