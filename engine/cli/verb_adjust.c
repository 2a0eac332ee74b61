/* verb_adjust.c - sandtable adjust: points by hand, with a reason. */
#include "base/error.h"
#include "cli/cli_view.h"
#include "cli/correct.h"

#include <math.h>
#include <string.h>

extern const struct verb verb_adjust;

/* "-20" is no option here: everything after the verb is taken as it is, but a wish for help. */
static bool parse(int *argc, char ***argv, GError **error)
{
    bool help = *argc == 2 && (!strcmp((*argv)[1], "-h") || !strcmp((*argv)[1], "--help"));
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, (*argv)[0]);
    if (!help) {
        g_ptr_array_add(words, (gpointer) "--");
    }
    for (int i = 1; i < *argc; i++) {
        g_ptr_array_add(words, (*argv)[i]);
    }
    g_ptr_array_add(words, NULL);
    *argc = (int)words->len - 1;
    *argv = (char **)g_ptr_array_steal(words, NULL); /* as long as the program */
    return cli_parse(&verb_adjust, NULL, argc, argv, 4, -1, error);
}

static int run(int argc, char **argv, GError **error)
{
    if (!parse(&argc, &argv, error) || !cli_target_account(2, argv, error)) {
        return 2;
    }
    char *end = NULL;
    double points = g_ascii_strtod(argv[3], &end);
    if (end == argv[3] || *end || !isfinite(points)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%s\" is no number of points, such as -20", argv[3]);
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    g_autofree char *reason = g_strjoinv(" ", argv + 4);
    cJSON_AddStringToObject(params, "team", argv[2]);
    cJSON_AddNumberToObject(params, "points", points);
    cJSON_AddStringToObject(params, "reason", reason);
    return correct(argv[1], "adjust", params, error) ? 0 : 1;
}

const struct verb verb_adjust = {
        .name = "adjust",
        .usage = "adjust NAME TEAM POINTS REASON…",
        .summary = "give or take points by hand, with a reason",
        .order = 36,
        .keeps_root = true,
        .run = run,
};
