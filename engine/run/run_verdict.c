/* run_verdict.c - the last verdict of each step against each team, and verdicts' names. */
#include "run/run.h"

#include <string.h>

const char *run_verdict_name(enum run_verdict verdict)
{
    static const char *const names[] = {"none", "effect", "blocked", "inert", "fault", "skipped"};
    return names[verdict];
}

enum run_verdict run_verdict_from(const char *name)
{
    for (int verdict = VERDICT_EFFECT; verdict <= VERDICT_SKIPPED; verdict++) {
        if (!strcmp(run_verdict_name((enum run_verdict)verdict), name)) {
            return (enum run_verdict)verdict;
        }
    }
    return VERDICT_NONE;
}

static enum run_verdict *verdict_slot(
        const struct exercise *exercise, const struct plan_step *step, int team)
{
    const struct plan *plan = exercise->options.plan;
    guint index = 0;
    g_ptr_array_find(plan->steps, step, &index);
    return &exercise->verdicts[index * plan->teams->len + (guint)team];
}

enum run_verdict run_verdict_of(
        const struct exercise *exercise, const struct plan_step *step, int team)
{
    return *verdict_slot(exercise, step, team);
}

void run_verdict_set(
        struct exercise *exercise, const struct plan_step *step, int team, enum run_verdict verdict)
{
    *verdict_slot(exercise, step, team) = verdict;
}
