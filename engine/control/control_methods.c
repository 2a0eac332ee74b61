/* control_methods.c - what every client asks of an exercise (docs/protocol.md). */
#include "control/control_internal.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define TIMEOUT_MS_DEFAULT 30000
#define TIMEOUT_MS_MAX 3600000

static cJSON *run_hello(const struct control_call *call, GError **error)
{
    gint64 protocol;
    if (!control_read_int(call, "protocol", 1, CONTROL_PROTOCOL, &protocol, error)) {
        return NULL;
    }
    if (protocol != CONTROL_PROTOCOL) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "this engine speaks protocol %d",
                CONTROL_PROTOCOL);
        return NULL;
    }
    const char *role =
            json_string(call->params, "role", control_has(call, "role") ? "" : "operator");
    bool observer = !strcmp(role, "observer");
    bool team = !strcmp(role, "team");
    bool public = team || !strcmp(role, "public");
    if (!observer && !public && strcmp(role, "operator") != 0) {
        control_usage(error, "role must be operator, observer, public or team");
        return NULL;
    }
    if ((call->conn->observer && !observer && !public) || (call->conn->public && !public) ||
            (call->conn->team && !team) || (call->conn->observer && team && !call->conn->team)) {
        control_usage(error, "an observer stays one: open another connection");
        return NULL;
    }
    if ((control_has(call, "name") && !control_conn_rename(call->conn, call->params, error)) ||
            (team && !control_team_take(call->conn, call->params, error))) {
        return NULL;
    }
    call->conn->observer = observer || public;
    call->conn->public = public;
    cJSON *result = cJSON_CreateObject();
    json_add_int(result, "protocol", CONTROL_PROTOCOL);
    cJSON_AddStringToObject(result, "role", role);
    cJSON_AddStringToObject(result, "name", call->conn->who);
    return result;
}

static cJSON *run_status(const struct control_call *call, G_GNUC_UNUSED GError **error)
{
    return exercise_status(control_exercise(call));
}

/* A public client is always given what is the public's. */
static bool read_public(const struct control_call *call, bool *ret, GError **error)
{
    if (!control_read_bool(call, "public", call->conn->public, ret, error)) {
        return false;
    }
    *ret |= call->conn->public;
    return true;
}

static cJSON *run_score(const struct control_call *call, GError **error)
{
    bool explain;
    bool public;
    if (!control_read_bool(call, "explain", false, &explain, error) ||
            !read_public(call, &public, error)) {
        return NULL;
    }
    return public ? control_public_score(call, error)
                  : exercise_score(control_exercise(call), explain);
}

static cJSON *run_subscribe(const struct control_call *call, GError **error)
{
    gint64 from;
    bool public;
    if (!read_public(call, &public, error)) {
        return NULL;
    }
    gint64 end = public ? control_public_end(call->conn->control, error)
                        : exercise_seq(control_exercise(call));
    if (end < 0 || !control_read_int(call, "from", 1, end + 1, &from, error) ||
            !control_events_subscribe(call->conn, from, public, error)) {
        return NULL;
    }
    cJSON *result = cJSON_CreateObject();
    json_add_int(result, "from", from);
    return result;
}

static cJSON *run_unsubscribe(const struct control_call *call, G_GNUC_UNUSED GError **error)
{
    control_events_unsubscribe(call->conn);
    return cJSON_CreateObject();
}

static cJSON *run_events(const struct control_call *call, GError **error)
{
    struct control_page page;
    if (!control_read_int(call, "from", 1, 1, &page.from, error) ||
            !control_read_int(call, "to", 0, G_MAXINT64, &page.to, error) ||
            !control_read_int(call, "limit", 1, CONTROL_PAGE_MAX, &page.limit, error) ||
            !read_public(call, &page.public, error)) {
        return NULL;
    }
    return control_events_page(call->conn->control, &page, error);
}

static cJSON *run_start(const struct control_call *call, GError **error)
{
    return exercise_begin(control_exercise(call), call->conn->who, error) ? control_accepted(call)
                                                                          : NULL;
}

static cJSON *run_pause(const struct control_call *call, GError **error)
{
    struct exercise *exercise = control_exercise(call);
    bool machines;
    if (!control_read_bool(call, "machines", true, &machines, error)) {
        return NULL;
    }
    bool paused = machines ? exercise_pause(exercise, call->conn->who, error)
                           : exercise_pause_clock(exercise, call->conn->who, error);
    return paused ? control_accepted(call) : NULL;
}

static cJSON *run_resume(const struct control_call *call, GError **error)
{
    return exercise_resume(control_exercise(call), call->conn->who, error) ? control_accepted(call)
                                                                           : NULL;
}

static cJSON *run_end(const struct control_call *call, GError **error)
{
    const char *reason = json_string(call->params, "reason", "ended by an operator");
    if (strlen(reason) > 1024) {
        control_usage(error, "reason has at most 1024 bytes");
        return NULL;
    }
    g_autofree char *clean = text_clean_tail(reason, strlen(reason), 1024);
    return exercise_end(control_exercise(call), call->conn->who, clean, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_fire(const struct control_call *call, GError **error)
{
    const char *inject = json_string(call->params, "inject", NULL);
    if (!inject) {
        control_usage(error, "inject must name what to fire");
        return NULL;
    }
    return exercise_fire(control_exercise(call), inject, call->conn->who, error)
                   ? control_agreed(call, inject)
                   : NULL;
}

static cJSON *run_hold(const struct control_call *call, GError **error)
{
    const char *inject = json_string(call->params, "inject", NULL);
    bool held;
    if (!control_read_bool(call, "held", true, &held, error)) {
        return NULL;
    }
    if (control_has(call, "inject") && !inject) {
        control_usage(error, "inject must be a name, or be left out to hold all");
        return NULL;
    }
    return exercise_hold(control_exercise(call), inject, held, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

/* As text, and where that is not what was printed, byte by byte as well. */
static void add_output(cJSON *to, const char *name, const char *bytes, gsize length)
{
    g_autofree char *text = g_utf8_make_valid(bytes ? bytes : "", (gssize)length);
    cJSON_AddStringToObject(to, name, text);
    if (strlen(text) != length || memcmp(text, bytes ? bytes : "", length) != 0) {
        g_autofree char *member = g_strconcat(name, "_base64", NULL);
        g_autofree char *exact = g_base64_encode((const guchar *)bytes, length);
        cJSON_AddStringToObject(to, member, exact);
    }
}

static void on_exec(const struct world_exec_result *result, const GError *error, gpointer data)
{
    cJSON *out = NULL;
    if (!error) {
        out = cJSON_CreateObject();
        json_add_int(out, "status", result->status);
        add_output(out, "out", result->out, result->out_length);
        add_output(out, "err", result->err, result->err_length);
        world_exec_add_cut(out, result);
    }
    control_exec_end(data, out, error);
}

static gsize bytes_of(char **argv)
{
    gsize bytes = 0;
    for (; *argv; argv++) {
        bytes += strlen(*argv);
    }
    return bytes;
}

static cJSON *run_exec(const struct control_call *call, GError **error)
{
    const char *machine = json_string(call->params, "machine", NULL);
    const cJSON *list = json_array(call->params, "argv");
    g_auto(GStrv) argv = list ? json_to_strv(list) : NULL;
    gint64 timeout_ms;
    if (!control_read_int(call, "timeout_ms", 1, TIMEOUT_MS_DEFAULT, &timeout_ms, error)) {
        return NULL;
    }
    if (!machine || !argv || !argv[0] || g_strv_length(argv) > CONTROL_ARGV_MAX ||
            bytes_of(argv) > CONTROL_ARGV_BYTES) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "exec needs machine and argv, a list of 1 to %d strings of %d bytes in all",
                CONTROL_ARGV_MAX, CONTROL_ARGV_BYTES);
        return NULL;
    }
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec &&
            !exercise_exec(control_exercise(call), machine, (const char *const *)argv,
                    (int)MIN(timeout_ms, TIMEOUT_MS_MAX), call->conn->who, on_exec, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

const struct control_method control_methods_core[] = {
        {"hello", false, run_hello},
        {"status", false, run_status},
        {"score", false, run_score},
        {"subscribe", false, run_subscribe},
        {"unsubscribe", false, run_unsubscribe},
        {"events", false, run_events},
        {"start", true, run_start},
        {"pause", true, run_pause},
        {"resume", true, run_resume},
        {"fire", true, run_fire},
        {"hold", true, run_hold},
        {"exec", true, run_exec},
        {"end", true, run_end},
        {NULL, false, NULL},
};
