/* control_methods_router.c - looking at routers and changing their rules (docs/protocol.md). */
#include "control/control_internal.h"

#include "base/error.h"
#include "plan/router.h"

static void on_router(cJSON *router, const GError *error, gpointer data)
{
    control_exec_end(data, router, error);
}

static cJSON *run_router(const struct control_call *call, GError **error)
{
    const char *router = json_string(call->params, "router", NULL);
    if (!router) {
        control_usage(error, "router must name a router, such as \"blue1/fw\"");
        return NULL;
    }
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec && !exercise_router(control_exercise(call), router, on_router, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

static GPtrArray *read_rules(const cJSON *list, GError **error)
{
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(plan_rule_free);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct plan_rule *rule = plan_rule_from_json(item, error);
        if (!rule) {
            return NULL;
        }
        g_ptr_array_add(rules, rule);
    }
    return g_steal_pointer(&rules);
}

static void on_rules(const GError *error, gpointer data)
{
    struct control_exec *exec = data;
    cJSON *result = NULL;
    if (!error) {
        result = cJSON_CreateObject();
        cJSON_AddTrueToObject(result, "applied");
    }
    control_exec_end(exec, result, error);
}

static cJSON *run_rules(const struct control_call *call, GError **error)
{
    const char *router = json_string(call->params, "router", NULL);
    const cJSON *list = json_array(call->params, "remove");
    g_auto(GStrv) remove = list ? json_to_strv(list) : g_new0(char *, 1);
    bool last;
    if (!control_read_bool(call, "last", false, &last, error)) {
        return NULL;
    }
    if (!router || !remove || (control_has(call, "remove") && !list) ||
            (control_has(call, "add") && !json_array(call->params, "add"))) {
        control_usage(error, "rules needs router, and lists add (of rules) and remove (of names)");
        return NULL;
    }
    GPtrArray *add = read_rules(json_array(call->params, "add"), error);
    if (!add) {
        return NULL;
    }
    if (add->len == 0 && !remove[0]) {
        g_ptr_array_unref(add);
        control_usage(error, "nothing to add and nothing to remove");
        return NULL;
    }
    struct control_exec *exec = control_exec_begin(call, error);
    if (!exec) {
        g_ptr_array_unref(add);
        return NULL;
    }
    const struct exercise_rules rules = {add, (const char *const *)remove, last};
    if (!exercise_rules(
                control_exercise(call), router, &rules, call->conn->who, on_rules, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

const struct control_method control_methods_router[] = {
        {"router", false, run_router},
        {"rules", true, run_rules},
        {NULL, false, NULL},
};
