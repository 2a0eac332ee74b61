/* verb_message.c - sandtable message: the white cell writes to a team or to all, or a team to it. */
#include "base/error.h"
#include "cli/cli_view.h"

extern const struct verb verb_message;

static cJSON *call(
        const char *name, const char *from, const char *by, cJSON *params, GError **error)
{
    if (!from) {
        return cli_call_as(name, by, "message", params, error);
    }
    struct control_client *client = cli_connect(name, error);
    cJSON *hello = client ? cli_speak_for(client, from, by, error) : NULL;
    cJSON *result = NULL;
    if (hello) {
        result = control_client_call(client, "message", params, CLI_CALL_MS, error);
    } else {
        cJSON_Delete(params);
    }
    cJSON_Delete(hello);
    control_client_close(client);
    return result;
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *team = NULL;
    g_autofree char *from = NULL;
    g_autofree char *by = NULL;
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &team, "to this team only", "TEAM"},
            {"from", 0, 0, G_OPTION_ARG_STRING, &from, "as this team, to the white cell", "TEAM"},
            {"by", 0, 0, G_OPTION_ARG_STRING, &by, "who writes, for the record", "PERSON"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_message, entries, &argc, &argv, 2, -1, error)) {
        return 2;
    }
    if (team && from) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "a team writes to the white cell only: --from or --team, not both");
        return 2;
    }
    g_autofree char *text = g_strjoinv(" ", argv + 2);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "text", text);
    if (team) {
        cJSON_AddStringToObject(params, "team", team);
    }
    cJSON *result = call(argv[1], from, by, params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the message is on its way to %s", from ? "the white cell" : team ? team : "all");
    return 0;
}

const struct verb verb_message = {
        .name = "message",
        .usage = "message NAME [--team TEAM | --from TEAM] [--by PERSON] TEXT…",
        .summary = "write to a team, or to all; as a team to the white cell",
        .order = 36,
        .run = run,
};
