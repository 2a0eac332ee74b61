/* run_machines.c - what the world says of its machines: states, times, alarms, the ready gate. */
#include "run/run.h"
#include "run/run_impair.h"

#include "base/error.h"
#include "base/json.h"

/* After a resume a machine may also stand still, or be as dead as it was. */
bool run_machine_is_settled(const struct exercise *exercise, int machine)
{
    enum machine_state state = exercise->machines[machine].state;
    if (state == MACHINE_PAUSED) {
        return run_resume_pauses(exercise) && !exercise->resume->clock_only;
    }
    bool is_over = state == MACHINE_CRASHED || state == MACHINE_STOPPED;
    return state == MACHINE_READY || (is_over && exercise->resume && exercise->resume->began);
}

void run_machines_check(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->machines->len; i++) {
        if (!run_machine_is_settled(exercise, (int)i)) {
            return;
        }
    }
    if (exercise->state == EXERCISE_SETUP && !exercise->ending) {
        run_all_ready(exercise);
    }
}

static void note_times(struct run_machine *machine, enum machine_state state)
{
    gint64 now = g_get_monotonic_time();
    if (state == MACHINE_STARTING) {
        machine->started_us = now;
    } else if (state == MACHINE_BOOTED && !machine->booted_us) {
        machine->booted_us = now;
    } else if (state == MACHINE_READY && !machine->ready_us) {
        machine->ready_us = now;
    }
}

static void on_machine_crashed(
        struct exercise *exercise, const struct plan_machine *plan, const char *reason)
{
    g_autofree char *text = g_strdup_printf("%s crashed: %s", plan->id, reason);
    bool has_run = exercise->resume && exercise->resume->began;
    if (exercise->state == EXERCISE_SETUP && !has_run) {
        g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "%s", text);
        run_end(exercise, "engine", text, error);
    } else if (!exercise->ending) {
        run_alarm(exercise, "machine-crashed", plan->team, plan->id, text);
    }
}

/* Of its own accord: nobody restarts it, and the exercise does not end. */
static bool has_stopped(const struct exercise *exercise, int machine, enum machine_state state)
{
    return state == MACHINE_STOPPED && !exercise->ending && !exercise->machines[machine].restart;
}

static void on_machine_stopped(
        struct exercise *exercise, const struct plan_machine *plan, const char *reason)
{
    g_autofree char *text = g_strdup_printf("%s was shut down: %s", plan->id, reason);
    run_alarm(exercise, "machine-stopped", plan->team, plan->id, text);
}

void run_machine_back(struct exercise *exercise, const char *id)
{
    run_alarm_clear(exercise, "machine-crashed", id);
    run_alarm_clear(exercise, "machine-stopped", id);
}

void run_machine_alarm(int machine, const char *alarm, const char *text, gpointer data)
{
    struct exercise *exercise = data;
    const struct plan_machine *plan = machine >= 0 ? run_machine_plan(exercise, machine) : NULL;
    run_alarm(exercise, alarm, plan ? plan->team : -1,
            plan ? plan->id : exercise->options.plan->name, text);
}

void run_machine_state(int index, enum machine_state state, const char *reason, gpointer data)
{
    struct exercise *exercise = data;
    struct run_machine *machine = &exercise->machines[index];
    const struct plan_machine *plan = run_machine_plan(exercise, index);
    if (machine->state == state && !g_strcmp0(machine->reason, reason)) {
        return;
    }
    machine->state = state;
    g_free(machine->reason);
    machine->reason = g_strdup(reason ? reason : "");
    note_times(machine, state);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", machine_state_name(state));
    cJSON_AddStringToObject(body, "reason", machine->reason);
    json_add_int(body, "since_start_ms",
            machine->started_us ? (g_get_monotonic_time() - machine->started_us) / 1000 : 0);
    if (state != MACHINE_DEFINED && state != MACHINE_STOPPED) {
        struct world *world = exercise->options.world;
        cJSON_AddStringToObject(body, "way", world->ops->way(world, index));
    }
    run_record(exercise, "machine.state", plan->team, plan->id, body);
    if (state == MACHINE_STARTING) {
        run_resume_restarted(exercise, index);
    }
    bool early = exercise->state == EXERCISE_SETUP && has_stopped(exercise, index, state);
    if (state == MACHINE_CRASHED || early) {
        on_machine_crashed(exercise, plan, machine->reason);
    } else if (has_stopped(exercise, index, state)) {
        on_machine_stopped(exercise, plan, machine->reason);
    }
    if (state == MACHINE_READY) {
        run_links_ready(exercise, index);
    }
    if (run_machine_is_settled(exercise, index)) {
        run_machines_check(exercise);
    }
    run_restart_state(exercise, index, state, machine->reason);
}
