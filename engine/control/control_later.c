/* control_later.c - calls whose reply comes later: the address it is for, and its way back. */
#include "control/control_internal.h"

#include "base/error.h"

void control_exec_free(struct control_exec *exec)
{
    cJSON_Delete(exec->id);
    g_free(exec);
}

struct control_exec *control_exec_begin(const struct control_call *call, GError **error)
{
    if (call->conn->execs >= CONTROL_EXECS_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "a client has at most %d commands under way", CONTROL_EXECS_MAX);
        return NULL;
    }
    struct control *control = call->conn->control;
    struct control_exec *exec = g_new0(struct control_exec, 1);
    exec->control = control;
    exec->conn = call->conn;
    exec->id = call->id ? cJSON_Duplicate(call->id, true) : NULL;
    g_ptr_array_add(control->execs, exec);
    call->conn->execs++;
    return exec;
}

void control_exec_cancel(struct control_exec *exec)
{
    exec->conn->execs--;
    g_ptr_array_remove_fast(exec->control->execs, exec);
    control_exec_free(exec);
}

void control_exec_end(struct control_exec *exec, cJSON *result, const GError *error)
{
    struct control_conn *conn = exec->conn;
    if (conn) {
        conn->execs--;
    }
    if (conn && exec->id) {
        control_conn_send(conn, error ? control_rpc_failure(exec->id, error)
                                      : control_rpc_reply(exec->id, g_steal_pointer(&result)));
    }
    cJSON_Delete(result);
    if (exec->control) {
        g_ptr_array_remove_fast(exec->control->execs, exec);
    }
    control_exec_free(exec);
    if (conn) {
        control_conn_settle(conn);
    }
}
