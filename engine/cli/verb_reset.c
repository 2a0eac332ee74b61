/* verb_reset.c - sandtable reset: a team, machine or router back to its beginning. */
#include "base/json.h"
#include "cli/cli_wait.h"

#include <string.h>

extern const struct verb verb_reset;

static bool is_it(const struct event *event, const cJSON *body, gpointer data, bool *failed)
{
    const char *state = json_string(body, "state", "");
    *failed = !strcmp(state, "failed");
    return g_str_has_suffix(event->kind, ".reset") && !strcmp(event->subject, data) &&
           (*failed || !strcmp(state, "done"));
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print the event that says it is done", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_reset, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "target", argv[2]);
    auto_json body = NULL;
    int code = cli_call_and_wait(argv[1], "reset", params, is_it, argv[2], json, &body, error);
    if (code == 0 && !json) {
        g_autofree char *took =
                cJSON_HasObjectItem(body, "took_ms")
                        ? g_strdup_printf(" (%.1f s)", json_number(body, "took_ms", 0) / 1000)
                        : g_strdup("");
        cli_say("%s is as at the beginning%s", argv[2], took);
    }
    return code;
}

const struct verb verb_reset = {
        .name = "reset",
        .usage = "reset NAME TEAM|MACHINE|ROUTER [--json]",
        .summary = "start a team, one machine or one router anew",
        .order = 35,
        .run = run,
};
