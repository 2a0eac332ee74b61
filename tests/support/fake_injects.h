/* fake_injects.h - the part of fake_exercise.h that starts it and makes, changes and approves injects.
 */
#pragma once

const char *exercise_state(const struct exercise *exercise)
{
    return exercise->state;
}

bool exercise_begin(struct exercise *exercise, const char *who, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot start: the exercise is %s",
            exercise->state);
    (void)who;
    return false;
}

int exercise_inject_missing(const struct exercise *exercise, const char *inject)
{
    (void)exercise;
    return !strcmp(inject, "guess@blue1");
}

bool exercise_approve(
        struct exercise *exercise, const char *inject, const char *who, GError **error)
{
    return fake_known(inject, error) && fake_act(exercise, "approve", who, inject);
}

bool exercise_inject_edit(struct exercise *exercise, const char *inject, gint64 at_us,
        const char *note, const char *who, GError **error)
{
    (void)at_us;
    (void)note;
    return fake_known(inject, error) && fake_act(exercise, "edit", who, inject);
}

const char *exercise_inject_add(struct exercise *exercise, const struct exercise_inject *wish,
        const char *who, GError **error)
{
    if (!wish->step == !wish->note) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "a step or a message");
        return NULL;
    }
    (void)fake_act(exercise, "add", who, wish->team);
    return "added-1";
}
