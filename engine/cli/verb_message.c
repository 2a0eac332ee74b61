/* verb_message.c - sandtable message: the white cell writes to a team, or to all. */
#include "cli/cli_view.h"

extern const struct verb verb_message;

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *team = NULL;
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &team, "to this team only", "TEAM"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_message, entries, &argc, &argv, 2, -1, error)) {
        return 2;
    }
    g_autofree char *text = g_strjoinv(" ", argv + 2);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "text", text);
    if (team) {
        cJSON_AddStringToObject(params, "team", team);
    }
    cJSON *result = cli_call(argv[1], "message", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the message is on its way to %s", team ? team : "all");
    return 0;
}

const struct verb verb_message = {
        .name = "message",
        .usage = "message NAME [--team TEAM] TEXT…",
        .summary = "write to a team, or to all",
        .order = 36,
        .run = run,
};
