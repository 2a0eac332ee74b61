/* run_reset.c - reset: a machine or a team back to what it was when the exercise began. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "plan/router.h"
#include "run/run_restart.h"

#include <string.h>

struct reset {
    char *who, *subject;
    int team;
    bool whole_team;
    struct run_restart *restart;
};

static void add_routers(cJSON *body, const struct exercise *exercise, const struct reset *reset)
{
    cJSON *routers = reset->whole_team ? cJSON_AddArrayToObject(body, "routers") : NULL;
    for (guint i = 0; routers && i < exercise->options.plan->gates->len; i++) {
        const struct plan_gate *gate = run_gate_plan(&exercise->gates[i]);
        if (gate->team == reset->team) {
            cJSON_AddItemToArray(routers, cJSON_CreateString(gate->id));
        }
    }
}

static void record(struct exercise *exercise, const struct reset *reset, const char *state,
        gint64 took_ms, const GError *error, run_then_fn then)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", state);
    cJSON_AddStringToObject(body, "by", reset->who);
    if (reset->restart) {
        cJSON *machines = cJSON_AddArrayToObject(body, "machines");
        for (gsize i = 0; i < reset->restart->n; i++) {
            const char *id = run_machine_plan(exercise, reset->restart->machines[i])->id;
            cJSON_AddItemToArray(machines, cJSON_CreateString(id));
        }
        add_routers(body, exercise, reset);
    }
    if (took_ms >= 0) {
        json_add_int(body, "took_ms", took_ms);
    }
    if (error) {
        cJSON_AddStringToObject(body, "reason", error->message);
    }
    const char *kind = reset->whole_team ? "team.reset" : "machine.reset";
    run_record_then(exercise, run_event(exercise, kind, reset->team, reset->subject, body), then,
            (gpointer)reset);
}

static void reset_free(gpointer data)
{
    struct reset *reset = data;
    g_free(reset->who);
    g_free(reset->subject);
    g_free(reset);
}

static void on_done(struct exercise *exercise, const GError *error, gint64 took_ms, gpointer data)
{
    struct reset *reset = data;
    if (!error) {
        for (gsize i = 0; i < reset->restart->n; i++) {
            run_machine_back(exercise, run_machine_plan(exercise, reset->restart->machines[i])->id);
        }
    }
    record(exercise, reset, error ? "failed" : "done", took_ms, error, NULL);
    if (error) {
        run_alarm(exercise, "reset-failed", reset->team, reset->subject, error->message);
    }
    reset_free(reset);
}

static void make(struct exercise *exercise, const GError *refused, gpointer data)
{
    const struct reset *reset = data;
    struct world *world = exercise->options.world;
    if (refused) {
        run_restart_made(refused, run_restart_made_data(reset->restart));
        return;
    }
    for (guint i = 0; reset->whole_team && i < exercise->options.plan->gates->len; i++) {
        if (run_gate_plan(&exercise->gates[i])->team == reset->team && !exercise->ending) {
            run_gate_reset(exercise, (int)i, reset->who);
        }
    }
    if (!exercise->ending) {
        world->ops->reset(world, reset->restart->machines, reset->restart->n, run_restart_made,
                run_restart_made_data(reset->restart));
    }
}

static void set_unknown(const struct plan *plan, const char *name, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < plan->teams->len; i++) {
        g_ptr_array_add(ids, ((struct plan_team *)plan->teams->pdata[i])->id);
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        g_ptr_array_add(ids, ((struct plan_machine *)plan->machines->pdata[i])->id);
    }
    for (guint i = 0; i < plan->gates->len; i++) {
        g_ptr_array_add(ids, ((struct plan_gate *)plan->gates->pdata[i])->id);
    }
    g_ptr_array_add(ids, NULL);
    g_autofree char *hint = text_did_you_mean(name, (const char *const *)ids->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
            "no team, machine or router \"%s\"%s", name, hint);
}

/* The machines that name means, or NULL. */
static int *resolve(const struct exercise *exercise, const char *name, struct reset *ret, gsize *n,
        GError **error)
{
    const struct plan *plan = exercise->options.plan;
    int machine = plan_machine_index(plan, name);
    if (machine >= 0) {
        int *one = g_new(int, 1);
        *one = machine;
        *n = 1;
        ret->team = run_machine_plan(exercise, machine)->team;
        return one;
    }
    ret->team = plan_team_index(plan, name);
    ret->whole_team = true;
    if (ret->team < 0) {
        set_unknown(plan, name, error);
        return NULL;
    }
    int *all = run_team_machines(exercise, ret->team, n);
    if (*n == 0) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "team %s has no machines", name);
        g_clear_pointer(&all, g_free);
    }
    return all;
}

static bool reset_router(struct exercise *exercise, int gate, const char *who, GError **error)
{
    const char *id = run_gate_plan(&exercise->gates[gate])->id;
    if (exercise->ending ||
            (exercise->state != EXERCISE_RUNNING && exercise->state != EXERCISE_PAUSED)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "not now: the exercise %s%s",
                exercise->ending ? "ends" : "is ",
                exercise->ending ? "" : exercise_state_name(exercise->state));
        return false;
    }
    run_action(exercise, "reset", who, "target", id);
    run_gate_reset(exercise, gate, who);
    return true;
}

bool exercise_reset(struct exercise *exercise, const char *name, const char *who, GError **error)
{
    int gate = plan_gate_index(exercise->options.plan, name);
    if (gate >= 0) {
        return reset_router(exercise, gate, who, error);
    }
    struct reset found = {0};
    gsize n = 0;
    g_autofree int *machines = resolve(exercise, name, &found, &n, error);
    if (!machines || !run_restart_is_possible(exercise, machines, n, error)) {
        return false;
    }
    struct reset *reset = g_new(struct reset, 1);
    *reset = found;
    reset->who = g_strdup(who);
    reset->subject = g_strdup(name);
    g_autofree char *what = g_strdup_printf("%s is being reset", name);
    run_action(exercise, "reset", who, "target", name);
    reset->restart = run_restart_new(exercise, machines, n, what, on_done, reset_free, reset);
    record(exercise, reset, "begun", -1, NULL, make);
    return true;
}
