/* exercise_operator.c - what the white cell may do: start, pause, resume, fire, hold, exec, end. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/run.h"

#include <string.h>

void run_action_then(struct exercise *exercise, const char *action, const char *who,
        const char *name, const char *value, run_then_fn then, gpointer data)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", action);
    cJSON_AddStringToObject(body, "by", who);
    if (name) {
        cJSON_AddStringToObject(body, name, value);
    }
    run_record_then(exercise,
            run_event(exercise, "operator.action", -1, exercise->options.plan->name, body), then,
            data);
}

void run_action(struct exercise *exercise, const char *action, const char *who, const char *name,
        const char *value)
{
    run_action_then(exercise, action, who, name, value, NULL, NULL);
}

static void record_action(struct exercise *exercise, const char *action, const char *who,
        const char *inject, run_then_fn then)
{
    run_action_then(exercise, action, who, inject ? "inject" : NULL, inject, then, NULL);
}

static bool refuse(const struct exercise *exercise, const char *what, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot %s: the exercise is %s",
            what, exercise_state_name(exercise->state));
    return false;
}

bool exercise_begin(struct exercise *exercise, const char *who, GError **error)
{
    if (exercise->state == EXERCISE_SETUP && exercise->options.wait) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot start: not all machines are ready yet; try again when they are");
        return false;
    }
    if (!exercise->waiting || exercise->ending) {
        return refuse(exercise, "start", error);
    }
    exercise->waiting = false;
    record_action(exercise, "start", who, NULL, run_begin);
    return true;
}

/* ---- pause --------------------------------------------------------------------------------- */

static void on_machines_paused(const GError *error, gpointer data)
{
    struct exercise *exercise = data;
    if (error && !exercise->ending) {
        run_alarm(exercise, "pause-failed", -1, exercise->options.plan->name, error->message);
    }
}

static void on_machines_resumed(const GError *error, gpointer data)
{
    struct exercise *exercise = data;
    exercise->resuming = false;
    if (exercise->ending) {
        return;
    }
    if (error) {
        run_alarm(exercise, "resume-failed", -1, exercise->options.plan->name, error->message);
    }
    exercise->clock_only = false;
    clock_resume(exercise->options.clock);
    run_set_state(exercise, EXERCISE_RUNNING, "operator", NULL, NULL);
    run_checks_resume(exercise);
}

void run_pause_world(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)data;
    if (!run_cannot_go_on(exercise, refused) && !exercise->ending && !exercise->clock_only) {
        exercise->options.world->ops->pause(
                exercise->options.world, true, on_machines_paused, exercise);
    }
}

static bool begin_pause(struct exercise *exercise, bool clock_only, const char *who, GError **error)
{
    if (exercise->state != EXERCISE_RUNNING || exercise->resuming) {
        return refuse(exercise, "pause", error);
    }
    if (exercise->saving || exercise->restarts->len > 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot pause: machines are being saved or started; try again in a moment");
        return false;
    }
    /* the clock stops at the moment of the call, machines once the event is on the disk */
    clock_pause(exercise->options.clock);
    exercise->epoch++;
    exercise->clock_only = clock_only;
    record_action(exercise, clock_only ? "pause-clock" : "pause", who, NULL, NULL);
    run_set_state(exercise, EXERCISE_PAUSED, who, NULL, run_pause_world);
    return true;
}

bool exercise_pause(struct exercise *exercise, const char *who, GError **error)
{
    return begin_pause(exercise, false, who, error);
}

bool exercise_pause_clock(struct exercise *exercise, const char *who, GError **error)
{
    return begin_pause(exercise, true, who, error);
}

static void resume_world(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)data;
    if (run_cannot_go_on(exercise, refused) || exercise->ending) {
        return;
    }
    if (exercise->clock_only) {
        on_machines_resumed(NULL, exercise);
    } else {
        exercise->options.world->ops->pause(
                exercise->options.world, false, on_machines_resumed, exercise);
    }
}

bool exercise_resume(struct exercise *exercise, const char *who, GError **error)
{
    if (exercise->state != EXERCISE_PAUSED || exercise->resuming) {
        return refuse(exercise, "resume", error);
    }
    if (exercise->saving) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot resume: machines are being saved; try again in a moment");
        return false;
    }
    exercise->resuming = true;
    record_action(exercise, "resume", who, NULL, resume_world);
    return true;
}

bool exercise_end(struct exercise *exercise, const char *who, const char *reason, GError **error)
{
    if (exercise->ending) {
        return refuse(exercise, "end", error);
    }
    record_action(exercise, "end", who, NULL, NULL);
    run_end(exercise, who, reason, NULL);
    return true;
}

bool exercise_correct(struct exercise *exercise, const char *kind, const cJSON *params,
        const char *who, GError **error)
{
    struct event *event = score_correction_new(exercise->score, kind, params, who, error);
    if (!event) {
        return false;
    }
    event->at_us = clock_now(exercise->options.clock);
    event->wall_us = g_get_real_time();
    run_record_then(exercise, event, NULL, NULL);
    return true;
}

/* ---- injects ------------------------------------------------------------------------------- */

struct run_inject *run_inject_find(struct exercise *exercise, const char *id, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    int index = plan_inject_index(plan, id);
    if (index >= 0) {
        return &exercise->injects[index];
    }
    g_autofree char *hint = plan_inject_hint(plan, id);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
            "no inject \"%s\"%s; `sandtable status` lists them", id, hint);
    return NULL;
}

bool exercise_fire(struct exercise *exercise, const char *id, const char *who, GError **error)
{
    struct run_inject *inject = run_inject_find(exercise, id, error);
    if (!inject) {
        return false;
    }
    if (exercise->state != EXERCISE_RUNNING) {
        return refuse(exercise, "fire", error);
    }
    if (inject->state == INJECT_FIRED) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "inject %s is under way", id);
        return false;
    }
    const struct plan_inject *plan =
            g_ptr_array_index(exercise->options.plan->injects, (guint)inject->index);
    if (run_is_restoring(exercise, plan->team)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot fire %s: its team is being put back to a checkpoint", id);
        return false;
    }
    run_inject_approve(inject, who);
    if (run_inject_missing(inject) == 0) {
        record_action(exercise, "fire", who, id, NULL);
        run_inject_fire(inject, who);
    }
    return true;
}

static void hold_one(struct run_inject *inject, bool held, const char *who)
{
    enum exercise_state state = inject->exercise->state;
    if (held && inject->state == INJECT_SCHEDULED) {
        run_inject_set(inject, INJECT_HELD, who);
    } else if (!held && inject->state == INJECT_HELD) {
        inject->lacks = false; /* it is held again if too few have agreed still */
        run_inject_set(inject, INJECT_SCHEDULED, who);
        if (state == EXERCISE_RUNNING || state == EXERCISE_PAUSED) {
            run_inject_arm(inject); /* its time may have passed while it was held */
        }
    }
}

bool exercise_hold(
        struct exercise *exercise, const char *id, bool held, const char *who, GError **error)
{
    struct run_inject *one = id ? run_inject_find(exercise, id, error) : NULL;
    if (id && !one) {
        return false;
    }
    if (exercise->ending) {
        return refuse(exercise, held ? "hold" : "release", error);
    }
    if (one && one->state != (held ? INJECT_SCHEDULED : INJECT_HELD)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot %s inject %s: it is %s",
                held ? "hold" : "release", id, run_inject_state_name(one->state));
        return false;
    }
    record_action(exercise, held ? "hold" : "release", who, id, NULL);
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        if (!one || one == &exercise->injects[i]) {
            hold_one(&exercise->injects[i], held, who);
        }
    }
    return true;
}

/* ---- exec ---------------------------------------------------------------------------------- */

#define STATUS_NO_PROGRAM 127 /* as in a shell */

struct exec_call {
    struct exercise *exercise;
    int machine;
    char *who;
    char **argv;
    int timeout_ms;
    exercise_exec_fn done;
    gpointer data;
};

static void exec_call_free(struct exec_call *call)
{
    g_free(call->who);
    g_strfreev(call->argv);
    g_free(call);
}

static struct event *exec_event(
        const struct exec_call *call, const char *state, int status, const GError *error)
{
    const struct plan_machine *machine = run_machine_plan(call->exercise, call->machine);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", call->who);
    cJSON_AddItemToObject(body, "argv", json_from_strv((const char *const *)call->argv));
    cJSON_AddStringToObject(body, "state", state);
    if (error) {
        cJSON_AddStringToObject(body, "error", error->message);
    } else if (status >= 0) {
        cJSON_AddNumberToObject(body, "status", status);
    }
    return run_event(call->exercise, "operator.exec", machine->team, machine->id, body);
}

static void on_exec(const struct world_exec_result *result, const GError *error, gpointer data)
{
    struct exec_call *call = data;
    struct world_exec_result none = {.status = STATUS_NO_PROGRAM, .out = ""};
    g_autofree char *why = NULL;
    if (g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND)) {
        why = g_strconcat(error->message, "\n", NULL);
        none.err = why;
        none.err_length = strlen(why);
        result = &none;
        error = NULL;
    }
    run_record_then(call->exercise, exec_event(call, "done", result ? result->status : -1, error),
            NULL, NULL);
    call->done(result, error, call->data);
    exec_call_free(call);
}

/* The request is on the disk: now it may happen. */
static void on_asked(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct exec_call *call = data;
    struct world *world = exercise->options.world;
    if (exercise->ending || refused) {
        g_autoptr(GError) ends =
                g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ends");
        on_exec(NULL, refused ? refused : ends, call);
        return;
    }
    world->ops->exec(
            world, call->machine, (const char *const *)call->argv, call->timeout_ms, on_exec, call);
}

bool exercise_exec(struct exercise *exercise, const char *id, const char *const *argv,
        int timeout_ms, const char *who, exercise_exec_fn done, gpointer data, GError **error)
{
    int machine = run_find_machine(exercise, id, error);
    if (machine < 0) {
        return false;
    }
    if (exercise->ending || exercise->machines[machine].state != MACHINE_READY) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s is %s", id,
                machine_state_name(exercise->machines[machine].state));
        return false;
    }
    struct exec_call *call = g_new0(struct exec_call, 1);
    call->exercise = exercise;
    call->machine = machine;
    call->who = g_strdup(who);
    call->argv = g_strdupv((char **)argv);
    call->timeout_ms = timeout_ms;
    call->done = done;
    call->data = data;
    run_record_then(exercise, exec_event(call, "asked", -1, NULL), on_asked, call);
    return true;
}
