/* control_params.c - reading a call's parameters, and the table of all methods. */
#include "control/control_internal.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

void control_usage(GError **error, const char *what)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, what);
}

struct exercise *control_exercise(const struct control_call *call)
{
    return call->conn->control->exercise;
}

bool control_has(const struct control_call *call, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(call->params, name) != NULL;
}

/* A whole number of at least min, or fallback when it is missing. */
bool control_read_int(const struct control_call *call, const char *name, gint64 min,
        gint64 fallback, gint64 *ret, GError **error)
{
    if (!control_has(call, name)) {
        *ret = fallback;
        return true;
    }
    double value = json_number(call->params, name, NAN);
    gint64 whole = json_int(call->params, name, G_MININT64);
    if (!(value == floor(value)) || whole < min) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%s must be a whole number from %" G_GINT64_FORMAT " on", name, min);
        return false;
    }
    *ret = whole;
    return true;
}

bool control_read_bool(
        const struct control_call *call, const char *name, bool fallback, bool *ret, GError **error)
{
    const cJSON *item = call->params ? cJSON_GetObjectItemCaseSensitive(call->params, name) : NULL;
    if (item && !cJSON_IsBool(item)) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s must be true or false", name);
        return false;
    }
    *ret = json_bool(call->params, name, fallback);
    return true;
}

cJSON *control_accepted(const struct control_call *call)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddTrueToObject(result, "accepted");
    json_add_int(result, "seq", exercise_seq(control_exercise(call)));
    return result;
}

/* One table a subject, each ended by an entry without a name. */
static const struct control_method *const tables[] = {
        control_methods_core,
        control_methods_router,
        control_methods_impair,
        control_methods_checkpoint,

        control_methods_seeing,
        control_methods_score,
        control_methods_disks,
        control_methods_white,
        control_methods_team,
        control_methods_exam,
        control_methods_inject,
};

const struct control_method *control_method_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const struct control_method *method = tables[i]; method->name; method++) {
            if (!strcmp(method->name, name)) {
                return method;
            }
        }
    }
    return NULL;
}

const char **control_method_names(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const struct control_method *method = tables[i]; method->name; method++) {
            g_ptr_array_add(names, (gpointer)method->name);
        }
    }
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}
