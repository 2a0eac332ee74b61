/* control_methods_impair.c - links asked about, impaired and cleared (docs/protocol.md). */
#include "control/control_internal.h"

#include "base/error.h"
#include "plan/plan_impair.h"

#include <string.h>

static cJSON *run_impairments(const struct control_call *call, G_GNUC_UNUSED GError **error)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "impairments", exercise_impairments(control_exercise(call)));
    return result;
}

/* Every link that was meant is as asked, or one of them is not. */
static void on_impaired(const GError *error, gpointer data)
{
    struct control_exec *exec = data;
    cJSON *result = NULL;
    if (!error && exec->conn) {
        result = cJSON_CreateObject();
        cJSON_AddTrueToObject(result, "verified");
        json_add_int(result, "seq", exercise_seq(exec->conn->control->exercise));
    }
    control_exec_end(exec, result, error);
}

static cJSON *ask(const struct control_call *call, const struct plan_impair *wish, GError **error)
{
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec && !exercise_impair(
                        control_exercise(call), wish, call->conn->who, on_impaired, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

/* A text, or NULL when it is missing; false when it is something else. */
static bool read_text(
        const struct control_call *call, const char *name, const char **ret, GError **error)
{
    *ret = json_string(call->params, name, NULL);
    if (!*ret && control_has(call, name)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s must be a text", name);
        return false;
    }
    return true;
}

static bool read_values(
        const struct control_call *call, struct plan_impairment *ret, GError **error)
{
    for (int i = 0; plan_impairment_keys[i]; i++) {
        const char *text = NULL;
        if (!read_text(call, plan_impairment_keys[i], &text, error) ||
                (text && !plan_impairment_set(ret, plan_impairment_keys[i], text, error))) {
            return false;
        }
    }
    return plan_impairment_check(ret, error);
}

static bool read_wish(const struct control_call *call, struct plan_impair *wish, GError **error)
{
    const char *machine = NULL;
    const char *network = NULL;
    const char *direction = NULL;
    guint mask = 0;
    if (!read_text(call, "machine", &machine, error) ||
            !read_text(call, "network", &network, error) ||
            !read_text(call, "direction", &direction, error)) {
        return false;
    }
    if (!plan_direction_parse(direction, &mask)) {
        control_usage(error, "direction must be \"in\", \"out\" or \"both\"");
        return false;
    }
    wish->machine = g_strdup(machine);
    wish->network = g_strdup(network);
    wish->direction = g_strdup(direction);
    return true;
}

static cJSON *run_impair(const struct control_call *call, GError **error)
{
    struct plan_impair *wish = plan_impair_new();
    bool ok = read_wish(call, wish, error) && read_values(call, &wish->both, error) &&
              control_read_bool(call, "down", false, &wish->down, error);
    if (ok && !wish->machine) {
        control_usage(error, "impair needs machine, the name of one");
        ok = false;
    } else if (ok && wish->down == !plan_impairment_is_nothing(&wish->both)) {
        control_usage(error, "impair needs delay, jitter, loss, duplicate, reorder, corrupt or "
                             "rate, or down: true and nothing else");
        ok = false;
    }
    cJSON *result = ok ? ask(call, wish, error) : NULL;
    plan_impair_free(wish);
    return result;
}

static cJSON *run_clear(const struct control_call *call, GError **error)
{
    struct plan_impair *wish = plan_impair_new();
    wish->clear = true;
    bool ok = read_wish(call, wish, error);
    if (ok && wish->network && !wish->machine) {
        control_usage(error, "clear with network needs machine as well");
        ok = false;
    }
    cJSON *result = ok ? ask(call, wish, error) : NULL;
    plan_impair_free(wish);
    return result;
}

const struct control_method control_methods_impair[] = {
        {"impairments", false, run_impairments},
        {"impair", true, run_impair},
        {"clear", true, run_clear},
        {NULL, false, NULL},
};
