/* control_methods_inject.c - injects made, changed and agreed to while the exercise runs
 * (docs/protocol.md). */
#include "control/control_internal.h"

#include "base/event.h"

#include <string.h>

#define NAME_BYTES_MAX 64

bool control_conn_rename(struct control_conn *conn, const cJSON *params, GError **error)
{
    static const char *const ours[] = {"engine", "timeline", "approval", "root", NULL};
    const char *name = json_string(params, "name", "");
    if (!*name || !event_name_is_valid(name) || strlen(name) > NAME_BYTES_MAX ||
            g_strv_contains(ours, name)) {
        control_usage(error, "name must be a person's, of at most 64 bytes");
        return false;
    }
    g_free(conn->who);
    conn->who = g_strdup(name);
    return true;
}

cJSON *control_agreed(const struct control_call *call, const char *inject)
{
    cJSON *result = control_accepted(call);
    json_add_int(result, "missing", exercise_inject_missing(control_exercise(call), inject));
    return result;
}

static const char *inject_of(const struct control_call *call, GError **error)
{
    const char *inject = json_string(call->params, "inject", NULL);
    if (!inject) {
        control_usage(error, "inject must be the id of one, as status gives it");
    }
    return inject;
}

static cJSON *run_approve(const struct control_call *call, GError **error)
{
    const char *inject = inject_of(call, error);
    return inject && exercise_approve(control_exercise(call), inject, call->conn->who, error)
                   ? control_agreed(call, inject)
                   : NULL;
}

static cJSON *run_edit(const struct control_call *call, GError **error)
{
    const char *inject = inject_of(call, error);
    gint64 at_us;
    if (!inject || !control_read_int(call, "at_us", 0, -1, &at_us, error)) {
        return NULL;
    }
    return exercise_inject_edit(control_exercise(call), inject, at_us,
                   json_string(call->params, "note", NULL), call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_add(const struct control_call *call, GError **error)
{
    struct exercise_inject wish = {
            .step = json_string(call->params, "step", NULL),
            .note = json_string(call->params, "note", NULL),
            .team = json_string(call->params, "team", NULL),
    };
    gint64 approvals;
    if (!control_read_int(call, "at_us", 0, -1, &wish.at_us, error) ||
            !control_read_int(call, "approvals", 0, 0, &approvals, error)) {
        return NULL;
    }
    wish.approvals = (int)MIN(approvals, G_MAXINT);
    const char *id = exercise_inject_add(control_exercise(call), &wish, call->conn->who, error);
    cJSON *result = id ? control_accepted(call) : NULL;
    if (result) {
        cJSON_AddStringToObject(result, "inject", id);
    }
    return result;
}

const struct control_method control_methods_inject[] = {
        {"approve", true, run_approve},
        {"inject-edit", true, run_edit},
        {"inject-add", true, run_add},
        {NULL, false, NULL},
};
