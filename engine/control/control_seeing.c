/* control_seeing.c - methods to look at an exercise: traffic, captures, screens, consoles. */
#include "control/control_internal.h"

#include "base/error.h"

#define TELEMETRY_MS 1000

static void on_answer(cJSON *result, const GError *error, gpointer data)
{
    control_exec_end(data, result, error);
}

static const char *text_param(const struct control_call *call, const char *name, GError **error)
{
    const char *text = json_string(call->params, name, NULL);
    if (!text) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s is missing or no text", name);
    }
    return text;
}

/* ---- traffic ------------------------------------------------------------------------------- */

static cJSON *run_links(const struct control_call *call, GError **error)
{
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec) {
        exercise_links(control_exercise(call), on_answer, exec);
    }
    return NULL;
}

static bool anybody_wants_telemetry(const struct control *control)
{
    GHashTableIter iter;
    gpointer conn;
    g_hash_table_iter_init(&iter, control->conns);
    while (g_hash_table_iter_next(&iter, &conn, NULL)) {
        if (((struct control_conn *)conn)->telemetry) {
            return true;
        }
    }
    return false;
}

/* Nothing new is nothing to tell: a display that shows a silent network sleeps. */
static void tell(struct control_conn *conn, const char *line, bool changed)
{
    bool wants = conn->telemetry && !conn->closing && (changed || !conn->told) &&
                 control_conn_unsent(conn) < CONTROL_UNSENT_LIVE;
    if (wants) {
        conn->told = true;
        control_conn_send_line(conn, line);
        control_conn_settle(conn); /* frees at most this one */
    }
}

static void on_telemetry(cJSON *result, G_GNUC_UNUSED const GError *error, gpointer data)
{
    struct control_exec *exec = data;
    struct control *control = exec->control;
    if (control) {
        g_ptr_array_remove_fast(control->execs, exec);
        control->telemetry_asked = false;
    }
    control_exec_free(exec);
    if (!control || !result) {
        cJSON_Delete(result);
        return;
    }
    char *links = json_text(json_array(result, "links"));
    bool moved = g_strcmp0(links, control->telemetry_last) != 0;
    bool changed = moved || control->telemetry_moved; /* that it has stopped is news as well */
    control->telemetry_moved = moved;
    g_free(control->telemetry_last);
    control->telemetry_last = links;
    cJSON *notice = control_rpc_notice("telemetry", result);
    g_autofree char *line = json_text(notice);
    cJSON_Delete(notice);
    g_autoptr(GList) conns = g_hash_table_get_keys(control->conns);
    for (GList *item = conns; item; item = item->next) {
        tell(item->data, line, changed);
    }
}

static void ask_telemetry(struct control *control)
{
    if (control->telemetry_asked) {
        return; /* a slow kernel */
    }
    control->telemetry_asked = true;
    struct control_exec *exec = g_new0(struct control_exec, 1);
    exec->control = control;
    g_ptr_array_add(control->execs, exec);
    exercise_links(control->exercise, on_telemetry, exec);
}

static gboolean on_tick(gpointer data)
{
    struct control *control = data;
    if (!anybody_wants_telemetry(control)) {
        g_clear_pointer(&control->telemetry, g_source_unref);
        return G_SOURCE_REMOVE;
    }
    ask_telemetry(control);
    return G_SOURCE_CONTINUE;
}

static cJSON *run_telemetry(const struct control_call *call, GError **error)
{
    struct control *control = call->conn->control;
    bool on;
    if (!control_read_bool(call, "on", true, &on, error)) {
        return NULL;
    }
    call->conn->telemetry = on;
    call->conn->told = false;
    if (on && !control->telemetry) {
        control->telemetry = g_timeout_source_new(TELEMETRY_MS);
        g_source_set_callback(control->telemetry, on_tick, control, NULL);
        g_source_attach(control->telemetry, control->context);
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddBoolToObject(result, "on", on);
    json_add_int(result, "every_ms", TELEMETRY_MS);
    return result;
}

/* ---- captures ------------------------------------------------------------------------------ */

static cJSON *run_captures(const struct control_call *call, G_GNUC_UNUSED GError **error)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "captures", exercise_captures(control_exercise(call), true));
    return result;
}

static cJSON *run_capture(const struct control_call *call, GError **error)
{
    const char *network = text_param(call, "network", error);
    bool on;
    if (!network || !control_read_bool(call, "on", true, &on, error)) {
        return NULL;
    }
    return exercise_capture(control_exercise(call), network, on, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

/* ---- screens and consoles ------------------------------------------------------------------ */

static cJSON *run_screenshot(const struct control_call *call, GError **error)
{
    const char *machine = text_param(call, "machine", error);
    struct control_exec *exec = machine ? control_exec_begin(call, error) : NULL;
    if (exec && !exercise_screenshot(control_exercise(call), machine, on_answer, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

static cJSON *run_console(const struct control_call *call, GError **error)
{
    struct control_conn *conn = call->conn;
    struct exercise_console_options options = {
            .machine = text_param(call, "machine", error),
            .who = conn->who,
            .number = conn->control->consoles + 1,
    };
    bool vnc;
    if (!options.machine || !control_read_bool(call, "vnc", false, &vnc, error)) {
        return NULL;
    }
    options.vnc = vnc;
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec && !exercise_console(control_exercise(call), &options, on_answer, exec, error)) {
        control_exec_cancel(exec);
    } else if (exec) {
        conn->control->consoles++;
        g_array_append_val(conn->consoles, options.number);
    }
    return NULL;
}

/* One of this client's own consoles. */
static cJSON *run_recorded(const struct control_call *call, GError **error)
{
    const struct control_conn *conn = call->conn;
    const char *sha256 = text_param(call, "sha256", error);
    gint64 number = json_int(call->params, "console", -1);
    bool own = false;
    for (guint i = 0; i < conn->consoles->len; i++) {
        own |= g_array_index(conn->consoles, gint64, i) == number;
    }
    if (!sha256 || !own) {
        if (sha256) {
            control_usage(error, "console must be one of yours");
        }
        return NULL;
    }
    return exercise_console_recorded(control_exercise(call), number, sha256,
                   json_int(call->params, "bytes", -1), error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_console_log(const struct control_call *call, GError **error)
{
    const char *machine = text_param(call, "machine", error);
    g_autofree char *path =
            machine ? exercise_console_log(control_exercise(call), machine, error) : NULL;
    if (!path) {
        return NULL;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "path", path);
    return result;
}

void control_seeing_forget(struct control_conn *conn)
{
    for (guint i = 0; i < conn->consoles->len; i++) {
        exercise_console_close(conn->control->exercise, g_array_index(conn->consoles, gint64, i));
    }
    g_array_unref(conn->consoles);
}

void control_seeing_end(struct control *control)
{
    if (control->telemetry) {
        g_source_destroy(control->telemetry);
        g_source_unref(control->telemetry);
    }
    g_free(control->telemetry_last);
}

const struct control_method control_methods_seeing[] = {
        {"links", false, run_links},
        {"telemetry", false, run_telemetry},
        {"captures", false, run_captures},
        {"capture", true, run_capture},
        {"screenshot", false, run_screenshot},
        {"console", true, run_console},
        {"console-recorded", true, run_recorded},
        {"console-log", false, run_console_log},
        {NULL, false, NULL},
};
