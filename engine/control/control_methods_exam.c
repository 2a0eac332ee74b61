/* control_methods_exam.c - exams: examiners' actions, answers, the paper, who stands where. */
#include "control/control_internal.h"

#include "base/error.h"
#include "plan/exam.h"

#include <string.h>

static void on_done(cJSON *result, const GError *error, gpointer data)
{
    control_exec_end(data, result, error);
}

static cJSON *run_exam(const struct control_call *call, GError **error)
{
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec && !exercise_exam(control_exercise(call), json_string(call->params, "action", ""),
                        call->params, call->conn->who, on_done, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

static cJSON *run_answer(const struct control_call *call, GError **error)
{
    const char *file = json_string(call->params, "base64", NULL);
    gsize length = 0;
    if (file && strlen(file) > PLAN_EXAM_FILE_MAX / 3 * 4 + 8) {
        control_usage(error, "a file has at most 512 KiB");
        return NULL;
    }
    g_autofree guchar *bytes = file ? g_base64_decode(file, &length) : NULL;
    const struct exercise_answer answer = {
            .candidate = json_string(call->params, "candidate", NULL),
            .question = json_string(call->params, "question", NULL),
            .text = json_string(call->params, "value", NULL),
            .bytes = (const char *)bytes,
            .length = length,
            .who = call->conn->who,
    };
    struct control_exec *exec = control_exec_begin(call, error);
    if (exec && !exercise_answer(control_exercise(call), &answer, on_done, exec, error)) {
        control_exec_cancel(exec);
    }
    return NULL;
}

static cJSON *run_status(const struct control_call *call, GError **error)
{
    return exercise_exam_status(control_exercise(call), error);
}

static cJSON *run_paper(const struct control_call *call, GError **error)
{
    cJSON *paper = exercise_exam_paper(
            control_exercise(call), json_string(call->params, "candidate", NULL), error);
    /* of what the public may see, though it be frozen; a paper without it is better than none */
    cJSON *checkpoint = paper ? control_public_checkpoint(call->conn->control, NULL) : NULL;
    if (checkpoint) {
        cJSON_AddItemToObject(paper, "checkpoint", checkpoint);
    }
    return paper;
}

const struct control_method control_methods_exam[] = {
        {"exam", true, run_exam},
        {"answer", true, run_answer},
        {"exam-status", false, run_status},
        {"exam-paper", true, run_paper}, /* no observer reads the questions */
        {NULL, false, NULL},
};
