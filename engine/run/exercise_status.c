/* exercise_status.c - an exercise as JSON, and its small accessors. */
#include "base/json.h"
#include "run/run.h"

#include <unistd.h>

static cJSON *machines_json(const struct exercise *exercise)
{
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < exercise->options.plan->machines->len; i++) {
        const struct plan_machine *plan = run_machine_plan(exercise, (int)i);
        const struct run_machine *machine = &exercise->machines[i];
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", plan->id);
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, plan->team));
        cJSON_AddStringToObject(json, "image", plan->host->image);
        cJSON_AddStringToObject(json, "state", machine_state_name(machine->state));
        cJSON_AddStringToObject(json, "reason", machine->reason ? machine->reason : "");
        struct world *world = exercise->options.world;
        cJSON_AddStringToObject(json, "way", world->ops->way(world, (int)i));
        if (machine->booted_us) {
            json_add_int(json, "booted_ms", (machine->booted_us - machine->started_us) / 1000);
        }
        if (machine->ready_us) {
            json_add_int(json, "ready_ms", (machine->ready_us - machine->started_us) / 1000);
        }
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

static cJSON *services_json(const struct exercise *exercise)
{
    static const char *const names[] = {"ok", "down", "mumble", "fault"};
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < exercise->checks->len; i++) {
        const struct run_check *check = g_ptr_array_index(exercise->checks, i);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, check->team));
        cJSON_AddStringToObject(json, "service", check->service->name);
        cJSON_AddStringToObject(json, "status", check->looked ? names[check->status] : "unknown");
        cJSON_AddStringToObject(json, "detail", check->detail ? check->detail : "");
        cJSON_AddNumberToObject(json, "passed", check->passed);
        cJSON_AddNumberToObject(json, "failed", check->failed);
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

static cJSON *injects_json(const struct exercise *exercise)
{
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        const struct plan_inject *plan = g_ptr_array_index(exercise->options.plan->injects, i);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", plan->id);
        json_add_int(json, "at_us", exercise->injects[i].due_us);
        cJSON_AddStringToObject(json, "state", run_inject_state_name(exercise->injects[i].state));
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, plan->team));
        cJSON_AddStringToObject(json, "step", plan->step ? plan->step->name : "");
        g_autofree char *link = plan->entry->impair ? plan_impair_title(plan->entry->impair) : NULL;
        const char *note = run_inject_note(&exercise->injects[i]);
        const char *title = plan->step ? plan->step->title : link ? link : note;
        cJSON_AddStringToObject(json, "title", title ? title : plan->id);
        if (plan->entry->approvals > 0) {
            json_add_int(json, "missing", run_inject_missing(&exercise->injects[i]));
        }
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

cJSON *exercise_status(const struct exercise *exercise)
{
    const struct plan *plan = exercise->options.plan;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", plan->name);
    cJSON_AddStringToObject(json, "title", plan->title);
    cJSON_AddStringToObject(json, "state", exercise_state_name(exercise->state));
    if (exercise->state == EXERCISE_PAUSED) {
        cJSON_AddBoolToObject(json, "clock_only", exercise->clock_only);
    }
    json_add_int(json, "at_us", clock_now(exercise->options.clock));
    json_add_int(json, "duration_us", plan->duration_us);
    json_add_int(json, "wall_us", exercise->wall_start_us);
    json_add_int(json, "pid", getpid());
    cJSON_AddStringToObject(json, "ledger", exercise->ledger_path);
    json_add_int(json, "seq", exercise->seq);
    cJSON_AddStringToObject(json, "accel", exercise->options.accel);
    cJSON_AddItemToObject(json, "machines", machines_json(exercise));
    cJSON_AddItemToObject(json, "services", services_json(exercise));
    cJSON_AddItemToObject(json, "injects", injects_json(exercise));
    cJSON_AddItemToObject(json, "routers", run_gates_json(exercise));
    cJSON_AddItemToObject(json, "impairments", exercise_impairments(exercise));
    cJSON *alarms = cJSON_AddArrayToObject(json, "alarms");
    for (guint i = 0; i < exercise->alarms->len; i++) {
        cJSON_AddItemToArray(alarms, cJSON_Duplicate(g_ptr_array_index(exercise->alarms, i), true));
    }
    cJSON_AddItemToObject(json, "captures", exercise_captures(exercise, false));
    return json;
}

cJSON *exercise_score(const struct exercise *exercise, bool explain)
{
    return score_to_json(exercise->score, explain);
}

const char *exercise_ledger_path(const struct exercise *exercise)
{
    return exercise->ledger_path;
}

const char *exercise_state(const struct exercise *exercise)
{
    return exercise_state_name(exercise->state);
}

const char *exercise_name(const struct exercise *exercise)
{
    return exercise->options.plan->name;
}

void exercise_listen(struct exercise *exercise, exercise_event_fn fn, gpointer data)
{
    exercise->listener = fn;
    exercise->listener_data = data;
}

gint64 exercise_seq(const struct exercise *exercise)
{
    return exercise->seq;
}
