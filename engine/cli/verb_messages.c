/* verb_messages.c - sandtable messages: what the white cell and the teams write to each other. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_view.h"

#include <string.h>

extern const struct verb verb_messages;

/* All that was written so far. False when standard output takes no more. */
static bool print_all(const cJSON *result, bool json)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(result, "messages"))
    {
        g_autofree char *text = json_text(item);
        auto_event event = event_from_line(text, strlen(text), NULL);
        if (event) {
            cli_event_print(event, json);
        }
    }
    return fflush(stdout) == 0;
}

/* Until the engine hangs up. */
static bool follow(struct control_client *client, bool json, GError **error)
{
    int more = 1;
    while (more == 1) {
        auto_event event = NULL;
        more = control_client_next_event(client, -1, &event, error);
        if (more == 1) {
            cli_event_print(event, json);
            more = fflush(stdout) == 0 ? 1 : 0;
        }
    }
    return more == 0;
}

static bool show(struct control_client *client, bool goes_on, bool json, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddBoolToObject(params, "follow", goes_on);
    auto_json result = control_client_call(client, "messages", params, CLI_CALL_MS, error);
    if (!result) {
        return false;
    }
    if (cJSON_GetArraySize(json_array(result, "messages")) == 0) {
        cli_say("nobody has written yet");
    }
    return print_all(result, json) && (!goes_on || follow(client, json, error));
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *team = NULL;
    gboolean goes_on = FALSE;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &team, "as this team reads them", "TEAM"},
            {"follow", 'f', 0, G_OPTION_ARG_NONE, &goes_on, "go on until the exercise ends", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object a line", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_messages, entries, &argc, &argv, 0, 1, error)) {
        return 2;
    }
    struct control_client *client = cli_connect(argc > 1 ? argv[1] : NULL, error);
    bool ok = client != NULL;
    if (ok && team) {
        cJSON *hello = cli_speak_for(client, team, NULL, error);
        ok = hello != NULL;
        cJSON_Delete(hello);
    }
    ok = ok && show(client, goes_on, json, error);
    control_client_close(client);
    return ok ? 0 : 1;
}

const struct verb verb_messages = {
        .name = "messages",
        .usage = "messages [NAME] [--team TEAM] [--follow] [--json]",
        .summary = "show what the white cell and the teams write to each other",
        .order = 36,
        .run = run,
};
