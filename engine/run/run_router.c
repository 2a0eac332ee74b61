/* run_router.c - rules of routers that change in the run: asked, recorded, applied, recorded. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "plan/router.h"
#include "run/resume.h"
#include "run/run.h"

#include <string.h>

struct rule_change {
    struct run_gate *gate;
    GPtrArray *add; /* struct plan_rule * */
    char **remove;  /* names */
    bool last;      /* add behind the others, not before them */
    GPtrArray *set; /* instead: these in place of all, and the router begins anew; or NULL */
    char *who;
    GPtrArray *after; /* the rules once it is applied */
    exercise_done_fn done;
    gpointer data;
};

static void change_free(gpointer data)
{
    struct rule_change *change = data;
    g_ptr_array_unref(change->add);
    g_clear_pointer(&change->set, g_ptr_array_unref);
    g_clear_pointer(&change->after, g_ptr_array_unref);
    g_strfreev(change->remove);
    g_free(change->who);
    g_free(change);
}

const struct plan_gate *run_gate_plan(const struct run_gate *gate)
{
    return g_ptr_array_index(gate->exercise->options.plan->gates, (guint)gate->index);
}

void run_gates_init(struct exercise *exercise)
{
    const GPtrArray *gates = exercise->options.plan->gates;
    exercise->gates = g_new0(struct run_gate, gates->len + 1);
    for (guint i = 0; i < gates->len; i++) {
        const struct plan_gate *plan = g_ptr_array_index(gates, i);
        struct run_gate *gate = &exercise->gates[i];
        gate->exercise = exercise;
        gate->index = (int)i;
        gate->rules = plan_rules_copy(plan->router->rules);
        g_queue_init(&gate->changes);
    }
}

void run_gates_free(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->gates->len; i++) {
        struct run_gate *gate = &exercise->gates[i];
        g_ptr_array_unref(gate->rules);
        g_queue_clear_full(&gate->changes, change_free);
    }
    g_free(exercise->gates);
}

/* ---- what a change comes to ---------------------------------------------------------------- */

static int rule_index(const GPtrArray *rules, const char *name)
{
    for (guint i = 0; i < rules->len; i++) {
        if (strcmp(((const struct plan_rule *)rules->pdata[i])->name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool run_gate_has(const struct exercise *exercise, int gate, const char *rule)
{
    return rule_index(exercise->gates[gate].rules, rule) >= 0;
}

static bool unknown_rule(const struct run_gate *gate, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < gate->rules->len; i++) {
        g_ptr_array_add(names, ((struct plan_rule *)gate->rules->pdata[i])->name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = text_did_you_mean(name, (const char *const *)names->pdata);
    g_autofree char *shown = text_clean_tail(name, strlen(name), 64);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "router %s has no rule \"%s\"%s",
            run_gate_plan(gate)->id, shown, hint);
    return false;
}

/* The rules after change; NULL when it cannot be. */
static GPtrArray *work_out(const struct rule_change *change, GError **error)
{
    const struct run_gate *gate = change->gate;
    g_autoptr(GPtrArray) after = plan_rules_copy(change->set ? change->set : gate->rules);
    for (char **name = change->remove; *name; name++) {
        int index = rule_index(after, *name);
        if (index < 0) {
            unknown_rule(gate, *name, error);
            return NULL;
        }
        g_ptr_array_remove_index(after, (guint)index);
    }
    for (guint i = 0; i < change->add->len; i++) {
        const struct plan_rule *rule = change->add->pdata[i];
        if (rule_index(after, rule->name) >= 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                    "router %s has a rule \"%s\" already; remove it in the same change",
                    run_gate_plan(gate)->id, rule->name);
            return NULL;
        }
        g_ptr_array_insert(after, change->last ? (gint)after->len : (gint)i, plan_rule_copy(rule));
    }
    if (after->len > PLAN_RULES_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "a router has at most %d rules",
                PLAN_RULES_MAX);
        return NULL;
    }
    return g_steal_pointer(&after);
}

cJSON *run_rules_json(const GPtrArray *rules)
{
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < rules->len; i++) {
        cJSON_AddItemToArray(array, plan_rule_to_json(rules->pdata[i]));
    }
    return array;
}

/* ---- one change after the other ------------------------------------------------------------ */

static void begin(struct run_gate *gate);

static cJSON *change_json(const struct rule_change *change, const char *state)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", state);
    cJSON_AddStringToObject(body, "by", change->who);
    return body;
}

static void finish(struct rule_change *change, const GError *error)
{
    struct run_gate *gate = change->gate;
    struct exercise *exercise = gate->exercise;
    (void)g_queue_pop_head(&gate->changes);
    if (!error) {
        g_ptr_array_unref(gate->rules);
        gate->rules = g_steal_pointer(&change->after);
    }
    if (!exercise->ending) {
        cJSON *body = change_json(change, error ? "failed" : "applied");
        if (error) {
            cJSON_AddStringToObject(body, "error", error->message);
        }
        cJSON_AddItemToObject(body, "rules", run_rules_json(gate->rules));
        run_record(
                exercise, "router.rules", run_gate_plan(gate)->team, run_gate_plan(gate)->id, body);
    }
    begin(gate); /* before done, which may ask for the next change */
    if (change->done) {
        change->done(error, change->data);
    }
    change_free(change);
}

static void on_applied(const GError *error, gpointer data)
{
    finish(data, error);
}

static void apply(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct rule_change *change = data;
    struct run_gate *gate = change->gate;
    g_autoptr(GError) error = NULL;
    if (exercise->ending) {
        error = g_error_new_literal(
                SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ended");
    } else if (refused) {
        error = g_error_copy(refused);
    } else {
        change->after = work_out(change, &error);
    }
    if (error) {
        finish(change, error);
        return;
    }
    struct world *world = exercise->options.world;
    world->ops->rules(world, gate->index, change->set ? NULL : gate->rules, change->after,
            on_applied, change);
}

/* The exercise has ended: nothing more is recorded. */
static void answer_all(struct run_gate *gate)
{
    g_autoptr(GError) error =
            g_error_new_literal(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ended");
    struct rule_change *change = NULL;
    while ((change = g_queue_pop_head(&gate->changes))) {
        if (change->done) {
            change->done(error, change->data);
        }
        change_free(change);
    }
}

static void begin(struct run_gate *gate)
{
    struct exercise *exercise = gate->exercise;
    struct rule_change *change = g_queue_peek_head(&gate->changes);
    if (!change || exercise->ending) {
        answer_all(gate);
        return;
    }
    cJSON *body = change_json(change, "asked");
    if (change->set) {
        cJSON_AddItemToObject(body, "set", run_rules_json(change->set));
    } else {
        cJSON_AddItemToObject(body, "add", run_rules_json(change->add));
        cJSON_AddItemToObject(body, "remove", json_from_strv((const char *const *)change->remove));
    }
    if (change->last) {
        cJSON_AddTrueToObject(body, "last");
    }
    struct event *event = run_event(
            exercise, "router.rules", run_gate_plan(gate)->team, run_gate_plan(gate)->id, body);
    run_record_then(exercise, event, apply, change);
}

static void push(struct rule_change *change)
{
    g_queue_push_tail(&change->gate->changes, change);
    if (change->gate->changes.length == 1) {
        begin(change->gate);
    }
}

/* ---- asking -------------------------------------------------------------------------------- */

static struct run_gate *find_gate(struct exercise *exercise, const char *id, GError **error)
{
    const GPtrArray *gates = exercise->options.plan->gates;
    int index = plan_gate_index(exercise->options.plan, id);
    if (index >= 0) {
        return &exercise->gates[index];
    }
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < gates->len; i++) {
        g_ptr_array_add(ids, ((struct plan_gate *)gates->pdata[i])->id);
    }
    g_ptr_array_add(ids, NULL);
    g_autofree char *hint = text_did_you_mean(id, (const char *const *)ids->pdata);
    g_autofree char *list = g_strjoinv(", ", (char **)ids->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no router \"%s\"%s%s%s", id,
            hint, *list ? "; there are: " : "; the scenario has none", list);
    return NULL;
}

bool run_rules_fit(const struct run_gate *gate, const GPtrArray *add, GError **error)
{
    const struct plan *plan = gate->exercise->options.plan;
    for (guint i = 0; i < add->len; i++) {
        const struct plan_rule *rule = add->pdata[i];
        g_autofree char *wrong = plan_rule_check(plan, run_gate_plan(gate)->router, rule, NULL);
        if (wrong) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "rule \"%s\": %s",
                    rule->name, wrong);
            return false;
        }
    }
    return true;
}

bool exercise_rules(struct exercise *exercise, const char *router,
        const struct exercise_rules *rules, const char *who, exercise_done_fn done, gpointer data,
        GError **error)
{
    g_autoptr(GPtrArray) add = rules->add;
    struct run_gate *gate = find_gate(exercise, router, error);
    if (!gate || !run_rules_fit(gate, add, error)) {
        return false;
    }
    if (exercise->ending || exercise->state < EXERCISE_READY) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot change rules: the exercise is %s", exercise_state_name(exercise->state));
        return false;
    }
    struct rule_change *change = g_new0(struct rule_change, 1);
    change->gate = gate;
    change->add = g_steal_pointer(&add);
    change->remove = g_strdupv((char **)rules->remove);
    change->last = rules->last;
    change->who = g_strdup(who);
    change->done = done;
    change->data = data;
    push(change);
    return true;
}

void run_gate_set(struct exercise *exercise, int gate, const GPtrArray *rules, const char *who,
        exercise_done_fn done, gpointer data)
{
    struct rule_change *change = g_new0(struct rule_change, 1);
    change->gate = &exercise->gates[gate];
    change->add = g_ptr_array_new();
    change->remove = g_new0(char *, 1);
    change->set = plan_rules_copy(rules);
    change->who = g_strdup(who);
    change->done = done;
    change->data = data;
    push(change);
}

/* ---- looking ------------------------------------------------------------------------------- */

cJSON *run_gates_json(const struct exercise *exercise)
{
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < exercise->options.plan->gates->len; i++) {
        const struct run_gate *gate = &exercise->gates[i];
        const struct plan_gate *plan = run_gate_plan(gate);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", plan->id);
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, plan->team));
        cJSON_AddStringToObject(json, "policy", plan_rule_action_name(plan->router->policy));
        cJSON *rules = cJSON_AddArrayToObject(json, "rules");
        for (guint k = 0; k < gate->rules->len; k++) {
            const struct plan_rule *rule = gate->rules->pdata[k];
            g_autofree char *text = plan_rule_text(rule);
            cJSON *one = cJSON_CreateObject();
            cJSON_AddStringToObject(one, "name", rule->name);
            cJSON_AddStringToObject(one, "text", text);
            cJSON_AddItemToArray(rules, one);
        }
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

struct look {
    struct run_gate *gate;
    exercise_router_fn done;
    gpointer data;
};

static void add_counts(cJSON *rule, const char *name, const struct world_counter *counters, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (strcmp(counters[i].rule, name) == 0) {
            json_add_int(rule, "packets", counters[i].packets);
            json_add_int(rule, "bytes", counters[i].bytes);
        }
    }
}

static void on_counters(
        const struct world_counter *counters, gsize n, const GError *error, gpointer data)
{
    g_autofree struct look *look = data;
    if (error) {
        look->done(NULL, error, look->data);
        return;
    }
    const struct plan_gate *plan = run_gate_plan(look->gate);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", plan->id);
    cJSON *rules = cJSON_AddArrayToObject(json, "rules");
    for (guint i = 0; i < look->gate->rules->len; i++) {
        const struct plan_rule *rule = look->gate->rules->pdata[i];
        g_autofree char *text = plan_rule_text(rule);
        cJSON *one = plan_rule_to_json(rule);
        cJSON_AddStringToObject(one, "text", text);
        add_counts(one, rule->name, counters, n);
        cJSON_AddItemToArray(rules, one);
    }
    cJSON *policy = cJSON_AddObjectToObject(json, "policy");
    cJSON_AddStringToObject(policy, "action", plan_rule_action_name(plan->router->policy));
    add_counts(policy, PLAN_RULE_POLICY, counters, n);
    look->done(json, NULL, look->data);
}

bool exercise_router(struct exercise *exercise, const char *router, exercise_router_fn done,
        gpointer data, GError **error)
{
    struct run_gate *gate = find_gate(exercise, router, error);
    if (!gate) {
        return false;
    }
    if (exercise->ending || exercise->state < EXERCISE_READY) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot read counters: the exercise is %s", exercise_state_name(exercise->state));
        return false;
    }
    struct look *look = g_new(struct look, 1);
    *look = (struct look){gate, done, data};
    struct world *world = exercise->options.world;
    world->ops->counters(world, gate->index, on_counters, look);
    return true;
}

struct counting {
    char *rule;
    run_packets_fn done;
    gpointer data;
};

static void on_packets(
        const struct world_counter *counters, gsize n, const GError *error, gpointer data)
{
    struct counting *counting = data;
    gint64 packets = 0;
    for (gsize i = 0; i < n; i++) {
        if (strcmp(counters[i].rule, counting->rule) == 0) {
            packets = counters[i].packets;
        }
    }
    counting->done(packets, error, counting->data);
    g_free(counting->rule);
    g_free(counting);
}

void run_packets(
        struct exercise *exercise, int gate, const char *rule, run_packets_fn done, gpointer data)
{
    struct counting *counting = g_new(struct counting, 1);
    *counting = (struct counting){g_strdup(rule), done, data};
    struct world *world = exercise->options.world;
    world->ops->counters(world, gate, on_packets, counting);
}

void run_world_trouble(
        const char *alarm, int team, const char *subject, const char *text, gpointer data)
{
    struct exercise *exercise = data;
    if (!exercise->ending) {
        run_alarm(exercise, alarm, team, subject, text);
    }
}
