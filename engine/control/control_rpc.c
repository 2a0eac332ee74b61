/* control_rpc.c - JSON-RPC 2.0: from a line to a call, from a result to a line. */
#include "control/control_internal.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static cJSON *envelope(void)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "jsonrpc", "2.0");
    return out;
}

static cJSON *answer(const cJSON *id)
{
    cJSON *out = envelope();
    cJSON_AddItemToObject(out, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
    return out;
}

cJSON *control_rpc_reply(const cJSON *id, cJSON *result)
{
    cJSON *out = answer(id);
    cJSON_AddItemToObject(out, "result", result);
    return out;
}

cJSON *control_rpc_error(const cJSON *id, int code, const char *message)
{
    cJSON *out = answer(id);
    cJSON *error = cJSON_AddObjectToObject(out, "error");
    json_add_int(error, "code", code);
    cJSON_AddStringToObject(error, "message", message);
    return out;
}

cJSON *control_rpc_failure(const cJSON *id, const GError *error)
{
    int code = CONTROL_ERROR_BASE;
    if (error->domain == SANDTABLE_ERROR) {
        code = error->code == SANDTABLE_ERROR_USAGE ? CONTROL_INVALID_PARAMS
                                                    : CONTROL_ERROR_BASE - error->code;
    }
    return control_rpc_error(id, code, error->message);
}

cJSON *control_rpc_notice(const char *method, cJSON *params)
{
    cJSON *out = envelope();
    cJSON_AddStringToObject(out, "method", method);
    cJSON_AddItemToObject(out, "params", params);
    return out;
}

/* The error of a request that is none, or NULL. */
static const char *find_fault(const cJSON *request)
{
    if (cJSON_IsArray(request)) {
        return "batches are not supported: send one object a line";
    }
    if (strcmp(json_string(request, "jsonrpc", ""), "2.0") != 0) {
        return "not a request of JSON-RPC 2.0";
    }
    if (!json_string(request, "method", NULL)) {
        return "the method is missing";
    }
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
    if (id && !cJSON_IsNumber(id) && !cJSON_IsString(id) && !cJSON_IsNull(id)) {
        return "the id must be a number, a string or null";
    }
    return NULL;
}

static void respond(const struct control_call *call, cJSON *reply)
{
    if (call->id) {
        control_conn_send(call->conn, reply);
    } else {
        cJSON_Delete(reply); /* a notification is never answered */
    }
}

static void dispatch(const struct control_call *call, const char *name)
{
    const struct control_method *method = control_method_find(name);
    if (!method) {
        g_autofree const char **names = control_method_names();
        g_autofree char *hint = text_did_you_mean(name, names);
        g_autofree char *shown = text_clean_tail(name, strlen(name), 64);
        g_autofree char *why = g_strdup_printf("unknown method \"%s\"%s", shown, hint);
        respond(call, control_rpc_error(call->id, CONTROL_METHOD_NOT_FOUND, why));
        return;
    }
    bool own = control_team_may(call->conn, name);
    if (call->conn->public && !own && !control_public_may(name)) {
        g_autofree char *why = g_strdup_printf("the public may not ask for %s", name);
        respond(call, control_rpc_error(call->id, CONTROL_ERROR_BASE, why));
        return;
    }
    if (method->changes && call->conn->observer && !own) {
        g_autofree char *why = g_strdup_printf("an observer may not %s", name);
        respond(call, control_rpc_error(call->id, CONTROL_ERROR_BASE, why));
        return;
    }
    g_autoptr(GError) error = NULL;
    cJSON *result = method->run(call, &error);
    if (result) {
        respond(call, control_rpc_reply(call->id, result));
    } else if (error) {
        respond(call, control_rpc_failure(call->id, error));
    }
}

void control_rpc_line(struct control_conn *conn, const char *line, gsize length)
{
    g_autoptr(GError) error = NULL;
    auto_json request = json_parse(line, length, &error);
    if (!request) {
        control_conn_send(conn, control_rpc_error(NULL, CONTROL_PARSE_ERROR, error->message));
        control_conn_finish(conn);
        return;
    }
    const char *fault = find_fault(request);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
    if (fault) {
        bool usable = cJSON_IsNumber(id) || cJSON_IsString(id);
        control_conn_send(
                conn, control_rpc_error(usable ? id : NULL, CONTROL_INVALID_REQUEST, fault));
        return;
    }
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(request, "params");
    struct control_call call = {.conn = conn, .id = id, .params = params};
    if (params && !cJSON_IsObject(params)) {
        respond(&call, control_rpc_error(id, CONTROL_INVALID_PARAMS, "params must be an object"));
        return;
    }
    dispatch(&call, json_string(request, "method", ""));
}
