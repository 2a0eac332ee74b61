/* cli_wait.c - asks a running exercise for something and waits until its event says how it went. */
#include "cli/cli_wait.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define WAIT_MS 600000 /* more than the engine's own limits */

static bool subscribe(struct control_client *client, gint64 from, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    json_add_int(params, "from", from);
    cJSON *result = control_client_call(client, "subscribe", params, CLI_CALL_MS, error);
    cJSON_Delete(result);
    return result != NULL;
}

struct wait {
    cli_outcome_fn is_it;
    gpointer data;
    bool json;
    cJSON *body; /* of the outcome */
};

/* The exit code. */
static int await(struct control_client *client, struct wait *wait, GError **error)
{
    gint64 limit = g_get_monotonic_time() + (gint64)WAIT_MS * 1000;
    for (;;) {
        auto_event event = NULL;
        int left_ms = (int)MAX(1, (limit - g_get_monotonic_time()) / 1000);
        int more = control_client_next_event(client, left_ms, &event, error);
        if (more != 1) {
            if (more == 0) {
                g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                        "the exercise ended before it was done");
            }
            return 1;
        }
        cJSON *body = json_parse(event->body, strlen(event->body), NULL);
        bool failed = false;
        if (!wait->is_it(event, body, wait->data, &failed)) {
            cJSON_Delete(body);
            continue;
        }
        wait->body = body;
        if (wait->json) {
            cli_event_print(event, true);
        }
        if (failed) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "%s: %s", event->subject,
                    json_string(body, "reason", "it failed"));
        }
        return failed ? 4 : 0;
    }
}

int cli_call_and_wait(const char *name, const char *method, cJSON *params, cli_outcome_fn is_it,
        gpointer data, bool json, cJSON **ret, GError **error)
{
    struct control_client *client = cli_connect(name, error);
    if (!client) {
        cJSON_Delete(params);
        return 1;
    }
    struct wait wait = {.is_it = is_it, .data = data, .json = json};
    cJSON *accepted = control_client_call(client, method, params, CLI_CALL_MS, error);
    int code = 1;
    if (accepted && subscribe(client, json_int(accepted, "seq", 0) + 1, error)) {
        code = await(client, &wait, error);
    }
    cJSON_Delete(accepted);
    control_client_close(client);
    *ret = wait.body;
    return code;
}
