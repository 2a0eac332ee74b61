/* run_machines.c - what the world says of its machines: states, times, alarms, the ready gate. */
#include "run/run.h"

#include "base/error.h"
#include "base/json.h"

static void check_all_ready(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->machines->len; i++) {
        if (exercise->machines[i].state != MACHINE_READY) {
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
    if (exercise->state == EXERCISE_SETUP) {
        g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "%s", text);
        run_end(exercise, "engine", text, error);
    } else if (!exercise->ending) {
        run_alarm(exercise, "machine-crashed", plan->team, plan->id, text);
    }
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
    run_record(exercise, "machine.state", plan->team, plan->id, body);
    if (state == MACHINE_CRASHED) {
        on_machine_crashed(exercise, plan, machine->reason);
    } else if (state == MACHINE_READY) {
        check_all_ready(exercise);
    }
    run_restart_state(exercise, index, state, machine->reason);
}
