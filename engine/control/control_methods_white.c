/* control_methods_white.c - the white cell at its screen: skip, message, note, acknowledge, ping
 * (docs/protocol.md). */
#include "control/control_internal.h"

static cJSON *run_ping(const struct control_call *call, G_GNUC_UNUSED GError **error)
{
    cJSON *result = cJSON_CreateObject();
    json_add_int(result, "seq", exercise_seq(control_exercise(call)));
    json_add_int(result, "wall_us", g_get_real_time());
    return result;
}

static cJSON *run_skip(const struct control_call *call, GError **error)
{
    const char *inject = json_string(call->params, "inject", NULL);
    if (!inject) {
        control_usage(error, "inject must name what to skip");
        return NULL;
    }
    return exercise_skip(control_exercise(call), inject, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_message(const struct control_call *call, GError **error)
{
    const char *team = json_string(call->params, "team", NULL);
    const char *text = json_string(call->params, "text", NULL);
    if (!text || (control_has(call, "team") && !team)) {
        control_usage(error, "message needs text, and team as a name, or no team: for all");
        return NULL;
    }
    const char *own = call->conn->team;
    if (own && team) {
        control_usage(error, "a team writes to the white cell only: leave team out");
        return NULL;
    }
    const char *who = call->conn->who;
    bool sent = own ? exercise_message_from(control_exercise(call), own, text, who, error)
                    : exercise_message(control_exercise(call), team, text, who, error);
    return sent ? control_accepted(call) : NULL;
}

static cJSON *run_note(const struct control_call *call, GError **error)
{
    const char *text = json_string(call->params, "text", NULL);
    gint64 about_us;
    if (!control_read_int(call, "at_us", 0, -1, &about_us, error)) {
        return NULL;
    }
    if (!text) {
        control_usage(error, "note needs text");
        return NULL;
    }
    return exercise_note(control_exercise(call), text, about_us, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

static cJSON *run_acknowledge(const struct control_call *call, GError **error)
{
    const char *alarm = json_string(call->params, "alarm", NULL);
    const char *subject = json_string(call->params, "subject", NULL);
    if (!alarm || !subject) {
        control_usage(error, "acknowledge needs alarm and subject, as status gives them");
        return NULL;
    }
    return exercise_acknowledge(control_exercise(call), alarm, subject, call->conn->who, error)
                   ? control_accepted(call)
                   : NULL;
}

const struct control_method control_methods_white[] = {
        {"ping", false, run_ping},
        {"skip", true, run_skip},
        {"message", true, run_message},
        {"note", true, run_note},
        {"acknowledge", true, run_acknowledge},
        {NULL, false, NULL},
};
