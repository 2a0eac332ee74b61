/* control_methods_score.c - what bears on the score: adjust, void, freeze, incident
 * (docs/protocol.md). */
#include "control/control_internal.h"

static cJSON *correct(const struct control_call *call, const char *kind, GError **error)
{
    return exercise_correct(control_exercise(call), kind, call->params, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_adjust(const struct control_call *call, GError **error)
{
    return correct(call, "score.adjusted", error);
}

static cJSON *run_void(const struct control_call *call, GError **error)
{
    return correct(call, "score.voided", error);
}

static cJSON *run_freeze(const struct control_call *call, GError **error)
{
    return correct(call, "score.frozen", error);
}

static cJSON *run_incident(const struct control_call *call, GError **error)
{
    return exercise_incident(control_exercise(call), call->params, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

const struct control_method control_methods_score[] = {
        {"adjust", true, run_adjust},
        {"void", true, run_void},
        {"freeze", true, run_freeze},
        {"incident", true, run_incident},
        {NULL, false, NULL},
};
