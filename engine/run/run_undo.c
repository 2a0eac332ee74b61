/* run_undo.c - undoing a step so that the exercise can go on, and looking whether it is undone. */
#include "base/json.h"
#include "run/run.h"

#define LOOK_EVERY_US G_USEC_PER_SEC

struct undo {
    struct predicate_scope scope;
    int from;
    guint next;
    gint64 until_us;
    run_step_fn done;
    gpointer data;
};

static void record_state(const struct undo *undo, const char *state, const char *why)
{
    struct exercise *exercise = undo->scope.exercise;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "step", undo->scope.step->name);
    cJSON_AddStringToObject(body, "state", state);
    cJSON_AddStringToObject(body, "reason", why);
    run_record(exercise, "step.state", undo->scope.team, undo->scope.step->name, body);
}

static void finish(struct undo *undo, bool undone, const char *why)
{
    struct exercise *exercise = undo->scope.exercise;
    if (!exercise->ending) {
        record_state(undo, undone ? "undone" : "undo-failed", why);
        if (undone) {
            run_verdict_set(exercise, undo->scope.step, undo->scope.team, VERDICT_NONE);
        } else {
            run_alarm(exercise, "undo-failed", undo->scope.team, undo->scope.step->name, why);
        }
    }
    undo->done(exercise, undone ? VERDICT_NONE : VERDICT_FAULT, undo->data);
    g_free(undo);
}

static void look(gpointer data);

static void on_effect(enum run_truth truth, cJSON *evidence, gpointer data)
{
    struct undo *undo = data;
    struct clock *clock = undo->scope.exercise->options.clock;
    g_autofree char *why = g_strdup(json_string(evidence, "why", ""));
    cJSON_Delete(evidence);
    if (truth == TRUTH_NO) {
        finish(undo, true, why);
    } else if (undo->scope.exercise->ending || clock_now(clock) >= undo->until_us) {
        finish(undo, false, why);
    } else {
        run_wait(undo->scope.exercise, clock_now(clock) + LOOK_EVERY_US, look, undo);
    }
}

static void look(gpointer data)
{
    struct undo *undo = data;
    run_predicate_ask(&undo->scope, undo->scope.step->effect, on_effect, undo);
}

static void run_next(gpointer data);

static void on_run(const struct world_exec_result *result, const GError *error, gpointer data)
{
    struct undo *undo = data;
    (void)result; /* the world decides, not an exit status */
    if (error) {
        finish(undo, false, error->message);
    } else {
        run_next(undo);
    }
}

static void run_next(gpointer data)
{
    struct undo *undo = data;
    struct exercise *exercise = undo->scope.exercise;
    if (exercise->ending) {
        finish(undo, false, "the exercise ended");
        return;
    }
    if (exercise->state == EXERCISE_PAUSED) {
        run_wait(exercise, clock_now(exercise->options.clock), run_next, undo);
        return;
    }
    const struct plan_step *step = undo->scope.step;
    const struct plan *plan = exercise->options.plan;
    if (undo->next >= step->undo->len) {
        undo->until_us = clock_now(exercise->options.clock) + step->within_us;
        look(undo);
        return;
    }
    g_autoptr(GError) error = NULL;
    char **declared = g_ptr_array_index(step->undo, undo->next++);
    g_auto(GStrv) argv = plan_argv(plan, step, declared, undo->scope.team, &error);
    if (!argv) {
        finish(undo, false, error->message);
        return;
    }
    g_auto(GStrv) inside =
            world_argv(plan, undo->from, undo->scope.team, (const char *const *)argv);
    struct world *world = exercise->options.world;
    world->ops->exec(world, undo->from, (const char *const *)inside, (int)(step->limit_us / 1000),
            on_run, undo);
}

void run_step_undo(struct exercise *exercise, const struct plan_step *step, int team,
        run_step_fn done, gpointer data)
{
    if (run_verdict_of(exercise, step, team) != VERDICT_EFFECT) {
        done(exercise, VERDICT_SKIPPED, data);
        return;
    }
    struct undo *undo = g_new0(struct undo, 1);
    undo->scope = (struct predicate_scope){.exercise = exercise, .step = step, .team = team};
    undo->from = plan_machine_for(exercise->options.plan, step->from, team);
    undo->done = done;
    undo->data = data;
    record_state(undo, "undoing", "");
    run_next(undo);
}
