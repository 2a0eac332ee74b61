/* verb_checkpoint.c - sandtable checkpoint: saves a team or all under a label, or removes that. */
#include "base/json.h"
#include "cli/cli_wait.h"

#include <string.h>

extern const struct verb verb_checkpoint;

static bool is_it(const struct event *event, const cJSON *body, gpointer data, bool *failed)
{
    *failed = !strcmp(event->kind, "checkpoint.failed");
    return !strcmp(event->subject, data) &&
           (!strcmp(event->kind, "checkpoint.taken") ||
                   (*failed && !strcmp(json_string(body, "action", ""), "take")));
}

static int take(const char *name, char *label, const char *team, bool json, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "label", label);
    if (team) {
        cJSON_AddStringToObject(params, "team", team);
    }
    auto_json body = NULL;
    int code = cli_call_and_wait(name, "checkpoint", params, is_it, label, json, &body, error);
    if (code == 0 && !json) {
        cli_say("checkpoint %s: %d machines, %.1f MB; they stood still for %.2f s", label,
                cJSON_GetArraySize(json_array(body, "machines")),
                json_number(body, "bytes", 0) / 1e6, json_number(body, "stood_us", 0) / 1e6);
    }
    return code;
}

static int drop(const char *name, const char *label, bool json, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "label", label);
    cJSON *result = cli_call(name, "checkpoint-remove", params, error);
    if (!result) {
        return 1;
    }
    if (json) {
        cli_print_json(result);
        return 0;
    }
    cJSON_Delete(result);
    cli_say("checkpoint %s is removed", label);
    return 0;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    gboolean remove = FALSE;
    g_autofree char *team = NULL;
    const GOptionEntry entries[] = {
            {"team", 't', 0, G_OPTION_ARG_STRING, &team, "only this team (default: all)", "TEAM"},
            {"remove", 0, 0, G_OPTION_ARG_NONE, &remove, "remove it and its files", NULL},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print the event that says it is taken", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_checkpoint, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    return remove ? drop(argv[1], argv[2], json, error) : take(argv[1], argv[2], team, json, error);
}

const struct verb verb_checkpoint = {
        .name = "checkpoint",
        .usage = "checkpoint NAME LABEL [--team TEAM] [--remove] [--json]",
        .summary = "save machines, timeline and score position",
        .order = 36,
        .run = run,
};
