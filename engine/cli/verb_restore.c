/* verb_restore.c - sandtable restore: puts a team or all back to a checkpoint. */
#include "base/json.h"
#include "cli/cli_wait.h"

#include <string.h>

extern const struct verb verb_restore;

static bool is_it(const struct event *event, const cJSON *body, gpointer data, bool *failed)
{
    *failed = !strcmp(event->kind, "checkpoint.failed");
    return !strcmp(event->subject, data) &&
           (!strcmp(event->kind, "checkpoint.restored") ||
                   (*failed && !strcmp(json_string(body, "action", ""), "restore")));
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    g_autofree char *team = NULL;
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &team,
                    "only this team (default: all that was saved)", "TEAM"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print the event that says it is done", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_restore, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "label", argv[2]);
    if (team) {
        cJSON_AddStringToObject(params, "team", team);
    }
    auto_json body = NULL;
    int code = cli_call_and_wait(argv[1], "restore", params, is_it, argv[2], json, &body, error);
    if (code == 0 && !json) {
        cli_say("%s is back at checkpoint %s (%.1f s)", team ? team : "what was saved", argv[2],
                json_number(body, "took_ms", 0) / 1000);
    }
    return code;
}

const struct verb verb_restore = {
        .name = "restore",
        .usage = "restore NAME LABEL [--team TEAM] [--json]",
        .summary = "put a team or all back to a checkpoint",
        .order = 37,
        .run = run,
};
