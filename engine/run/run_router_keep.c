/* run_router_keep.c - routers' rules through checkpoints, restores, resets and resumes. */
#include "base/error.h"
#include "base/json.h"
#include "plan/router.h"
#include "run/resume.h"
#include "run/run_restart.h"

#include <string.h>

const GPtrArray *run_gate_rules(int gate, gpointer data)
{
    return ((struct exercise *)data)->gates[gate].rules;
}

/* The rules of a list in a file that is ours; one that cannot be read is left out. */
static GPtrArray *rules_of(const cJSON *list)
{
    GPtrArray *rules = g_ptr_array_new_with_free_func(plan_rule_free);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct plan_rule *rule = plan_rule_from_json(item, NULL);
        if (rule) {
            g_ptr_array_add(rules, rule);
        }
    }
    return rules;
}

/* ---- checkpoints --------------------------------------------------------------------------- */

cJSON *run_gates_save(const struct exercise *exercise, int team)
{
    cJSON *saved = cJSON_CreateArray();
    for (guint i = 0; i < exercise->options.plan->gates->len; i++) {
        const struct run_gate *gate = &exercise->gates[i];
        if (checkpoint_concerns(run_gate_plan(gate)->team, team)) {
            cJSON *json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "router", run_gate_plan(gate)->id);
            cJSON_AddItemToObject(json, "rules", run_rules_json(gate->rules));
            cJSON_AddItemToArray(saved, json);
        }
    }
    return saved;
}

static void put_back(struct exercise *exercise, const cJSON *item, int team, const char *who)
{
    int index = plan_gate_index(exercise->options.plan, json_string(item, "router", ""));
    g_autoptr(GPtrArray) rules = rules_of(json_array(item, "rules"));
    if (index >= 0 && checkpoint_concerns(run_gate_plan(&exercise->gates[index])->team, team) &&
            run_rules_fit(&exercise->gates[index], rules, NULL)) {
        run_gate_set(exercise, index, rules, who, NULL, NULL);
    }
}

void run_gates_restore(struct exercise *exercise, const cJSON *saved, int team, const char *who)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, saved)
    {
        put_back(exercise, item, team, who);
    }
}

/* ---- reset --------------------------------------------------------------------------------- */

struct gate_reset {
    struct exercise *exercise;
    int gate;
    char *who;
};

static void record_reset(const struct gate_reset *reset, const char *state, const GError *error)
{
    const struct plan_gate *plan = run_gate_plan(&reset->exercise->gates[reset->gate]);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", state);
    cJSON_AddStringToObject(body, "by", reset->who);
    if (error) {
        cJSON_AddStringToObject(body, "reason", error->message);
    }
    run_record(reset->exercise, "router.reset", plan->team, plan->id, body);
}

static void on_reset(const GError *error, gpointer data)
{
    struct gate_reset *reset = data;
    struct exercise *exercise = reset->exercise;
    if (!exercise->ending) {
        const struct plan_gate *plan = run_gate_plan(&exercise->gates[reset->gate]);
        record_reset(reset, error ? "failed" : "done", error);
        if (error) {
            run_alarm(exercise, "reset-failed", plan->team, plan->id, error->message);
        }
    }
    g_free(reset->who);
    g_free(reset);
}

void run_gate_reset(struct exercise *exercise, int gate, const char *who)
{
    struct gate_reset *reset = g_new(struct gate_reset, 1);
    *reset = (struct gate_reset){exercise, gate, g_strdup(who)};
    record_reset(reset, "begun", NULL);
    run_gate_set(exercise, gate, run_gate_plan(&exercise->gates[gate])->router->rules, who,
            on_reset, reset);
}

/* ---- going on after an interruption --------------------------------------------------------- */

void run_gates_take(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->gates->len; i++) {
        struct run_gate *gate = &exercise->gates[i];
        const cJSON *body = g_hash_table_lookup(exercise->resume->rules, run_gate_plan(gate)->id);
        g_autoptr(GPtrArray) rules = rules_of(json_array(body, "rules"));
        if (body && run_rules_fit(gate, rules, NULL)) {
            g_ptr_array_unref(gate->rules);
            gate->rules = g_steal_pointer(&rules);
        }
    }
}

/* A change that was asked for and not answered. */
static void ask_again(struct exercise *exercise, int gate, const cJSON *body)
{
    const char *who = json_string(body, "by", "operator");
    const cJSON *set = json_array(body, "set");
    const cJSON *list = json_array(body, "remove");
    g_auto(GStrv) removed = list ? json_to_strv(list) : NULL;
    if (set) {
        g_autoptr(GPtrArray) rules = rules_of(set);
        if (run_rules_fit(&exercise->gates[gate], rules, NULL)) {
            run_gate_set(exercise, gate, rules, who, NULL, NULL);
        }
    } else if (removed) {
        const struct exercise_rules rules = {rules_of(json_array(body, "add")),
                (const char *const *)removed, json_bool(body, "last", false)};
        exercise_rules(
                exercise, run_gate_plan(&exercise->gates[gate])->id, &rules, who, NULL, NULL, NULL);
    }
}

void run_gates_settle(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->gates->len; i++) {
        const char *id = run_gate_plan(&exercise->gates[i])->id;
        const cJSON *asked = g_hash_table_lookup(exercise->resume->rules_asked, id);
        const cJSON *owed = g_hash_table_lookup(exercise->resume->rules_owed, id);
        ask_again(exercise, (int)i, asked);
        if (owed) { /* of a restore: it came later */
            put_back(exercise, owed, -1, json_string(owed, "by", "operator"));
        }
    }
}
