/* control_methods_disks.c - a machine switched off and on. */
#include "control/control_internal.h"

static cJSON *run_restart(const struct control_call *call, GError **error)
{
    const char *machine = json_string(call->params, "machine", NULL);
    if (!machine) {
        control_usage(error, "restart needs machine, such as \"blue1/web\"");
        return NULL;
    }
    return exercise_restart(control_exercise(call), machine, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

const struct control_method control_methods_disks[] = {
        {"restart", true, run_restart},
        {NULL, false, NULL},
};
