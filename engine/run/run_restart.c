/* run_restart.c - the operator switches a machine off and on; what is on its disks stays. */
#include "run/run.h"

#include "base/error.h"
#include "base/text.h"

struct restart {
    struct exercise *exercise;
    int machine;
};

static void on_restarted(const GError *error, gpointer data)
{
    g_autofree struct restart *restart = data;
    struct exercise *exercise = restart->exercise;
    exercise->machines[restart->machine].restarting = false;
    if (error && !exercise->ending) {
        const struct plan_machine *plan = run_machine_plan(exercise, restart->machine);
        run_alarm(exercise, "restart-failed", plan->team, plan->id, error->message);
    }
}

/* The event is on the disk: now it may happen. */
static void restart_machine(struct exercise *exercise, gpointer data)
{
    struct restart *restart = data;
    struct world *world = exercise->options.world;
    if (exercise->ending) {
        g_free(restart);
        return;
    }
    world->ops->restart(world, restart->machine, on_restarted, restart);
}

static int find_machine(const struct exercise *exercise, const char *id, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    int machine = plan_machine_index(plan, id);
    if (machine < 0) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        for (guint i = 0; i < plan->machines->len; i++) {
            g_ptr_array_add(ids, run_machine_plan(exercise, (int)i)->id);
        }
        g_ptr_array_add(ids, NULL);
        g_autofree char *hint = text_did_you_mean(id, (const char *const *)ids->pdata);
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no machine \"%s\"%s", id, hint);
    }
    return machine;
}

bool exercise_restart(struct exercise *exercise, const char *id, const char *who, GError **error)
{
    int machine = find_machine(exercise, id, error);
    if (machine < 0) {
        return false;
    }
    if (exercise->state != EXERCISE_RUNNING || exercise->ending) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot restart %s: the exercise is %s", id, exercise_state_name(exercise->state));
        return false;
    }
    if (exercise->machines[machine].restarting) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot restart %s: it is being restarted", id);
        return false;
    }
    exercise->machines[machine].restarting = true;
    struct restart *restart = g_new(struct restart, 1);
    *restart = (struct restart){exercise, machine};
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "restart");
    cJSON_AddStringToObject(body, "by", who);
    cJSON_AddStringToObject(body, "machine", id);
    const struct plan_machine *plan = run_machine_plan(exercise, machine);
    run_record_then(exercise,
            run_event(exercise, "operator.action", plan->team, exercise->options.plan->name, body),
            restart_machine, restart);
    return true;
}
