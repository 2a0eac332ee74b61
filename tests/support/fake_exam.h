/* fake_exam.h - the exam's part of a fake exercise: it says what it was asked. */
#pragma once

struct fake_exam {
    exercise_json_fn done;
    gpointer data;
    cJSON *result;
};

static inline gboolean fake_exam_done(gpointer data)
{
    g_autofree struct fake_exam *exam = data;
    exam->done(exam->result, NULL, exam->data);
    return G_SOURCE_REMOVE;
}

static inline bool fake_exam_later(exercise_json_fn done, gpointer data, cJSON *result)
{
    struct fake_exam *exam = g_new0(struct fake_exam, 1);
    exam->done = done;
    exam->data = data;
    exam->result = result;
    g_idle_add(fake_exam_done, exam);
    return true;
}

bool exercise_exam(struct exercise *exercise, const char *action, const cJSON *params,
        const char *who, exercise_json_fn done, gpointer data, GError **error)
{
    (void)exercise;
    (void)params;
    (void)who;
    if (strcmp(action, "start") != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "no action \"%s\"", action);
        return false;
    }
    return fake_exam_later(done, data, cJSON_Parse("{\"seq\":7,\"pending\":false}"));
}

bool exercise_answer(struct exercise *exercise, const struct exercise_answer *answer,
        exercise_json_fn done, gpointer data, GError **error)
{
    (void)exercise;
    if (!answer->candidate || !answer->question) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no such candidate");
        return false;
    }
    cJSON *result = cJSON_Parse("{\"seq\":8,\"ok\":true}");
    cJSON_AddNumberToObject(result, "length", (double)answer->length);
    return fake_exam_later(done, data, result);
}

cJSON *exercise_exam_status(const struct exercise *exercise, GError **error)
{
    (void)exercise;
    (void)error;
    return cJSON_Parse("{\"candidates\":[],\"pending\":[]}");
}

cJSON *exercise_exam_paper(const struct exercise *exercise, const char *candidate, GError **error)
{
    (void)exercise;
    (void)error;
    cJSON *paper = cJSON_CreateObject();
    cJSON_AddStringToObject(paper, "candidate", candidate ? candidate : "");
    return paper;
}

bool exercise_incident(
        struct exercise *exercise, const cJSON *params, const char *who, GError **error)
{
    (void)exercise;
    (void)who;
    if (!json_string(params, "team", NULL)) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "no team");
        return false;
    }
    return true;
}
