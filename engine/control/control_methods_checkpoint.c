/* control_methods_checkpoint.c - reset, checkpoint, restore and the list of checkpoints. */
#include "control/control_internal.h"

#include "base/error.h"

/* A parameter that must be a string, or may be missing when it is optional. */
static bool read_name(const struct control_call *call, const char *name, bool optional,
        const char **ret, GError **error)
{
    *ret = json_string(call->params, name, NULL);
    if (*ret || (optional && !control_has(call, name))) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s must be a name", name);
    return false;
}

static cJSON *run_reset(const struct control_call *call, GError **error)
{
    const char *target = NULL;
    return read_name(call, "target", false, &target, error) &&
                           exercise_reset(control_exercise(call), target, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_checkpoint(const struct control_call *call, GError **error)
{
    const char *label = NULL;
    const char *team = NULL;
    return read_name(call, "label", false, &label, error) &&
                           read_name(call, "team", true, &team, error) &&
                           exercise_checkpoint(
                                   control_exercise(call), label, team, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_restore(const struct control_call *call, GError **error)
{
    const char *label = NULL;
    const char *team = NULL;
    return read_name(call, "label", false, &label, error) &&
                           read_name(call, "team", true, &team, error) &&
                           exercise_restore(
                                   control_exercise(call), label, team, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_remove(const struct control_call *call, GError **error)
{
    const char *label = NULL;
    return read_name(call, "label", false, &label, error) &&
                           exercise_checkpoint_remove(
                                   control_exercise(call), label, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_list(const struct control_call *call, G_GNUC_UNUSED GError **error)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "checkpoints", exercise_checkpoints(control_exercise(call)));
    return result;
}

const struct control_method control_methods_checkpoint[] = {
        {"reset", true, run_reset},
        {"checkpoint", true, run_checkpoint},
        {"restore", true, run_restore},
        {"checkpoint-remove", true, run_remove},
        {"checkpoints", false, run_list},
        {NULL, false, NULL},
};
