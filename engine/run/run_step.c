/* run_step.c - one attack step: needs, commands, effect, probe, proof of prevention, verdict.
 *
 * The verdict is read from the world, never from an exit status: effect when the effect predicate
 * holds; else, if the probe shows the path alive, blocked when blocked_by holds and inert when it
 * does not; fault when the range itself failed. Commands that were cut off by their limit prove
 * nothing by themselves: then blocked needs firm evidence (run_evidence.c). "running" is on the disk
 * before the first command.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/run.h"

#include <string.h>

#define EFFECT_EVERY_US G_USEC_PER_SEC

struct step_run {
    struct exercise *exercise;
    const struct plan_step *step;
    int team, from, to;
    char *by; /* the inject or function that asked for it */
    run_step_fn done;
    gpointer data;
    struct predicate_scope scope;
    cJSON *evidence;
    cJSON *commands; /* belongs to evidence */
    guint next_act;
    char **argv; /* of the command under way, names filled in */
    gint64 started_us, limit_at_us, settle_until_us;
    enum run_verdict verdict;
    bool cut;       /* its limit came before its commands had ended */
    char *spoiled;  /* why it can only end in fault, or NULL */
    bool forgotten; /* its team was put back to before it */
    bool refused;   /* the ledger did not take its verdict */
};

/* The end of a run: whoever asked for it hears of it. */
static void step_run_end(struct step_run *run, enum run_verdict verdict)
{
    g_ptr_array_remove_fast(run->exercise->steps, run);
    run->done(run->exercise, verdict, run->data);
    g_hash_table_unref(run->scope.offsets);
    g_strfreev(run->argv);
    g_free(run->by);
    g_free(run->spoiled);
    cJSON_Delete(run->evidence);
    g_free(run);
}

/* True, and the run is gone, when the exercise ended while an answer was on its way. */
static bool was_cancelled(struct step_run *run)
{
    if (!run->exercise->ending) {
        return false;
    }
    step_run_end(run, VERDICT_NONE);
    return true;
}

static cJSON *step_body(const struct step_run *run)
{
    const struct exercise *exercise = run->exercise;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "step", run->step->name);
    cJSON_AddStringToObject(body, "title", run->step->title);
    cJSON_AddStringToObject(body, "from", run_machine_plan(exercise, run->from)->id);
    cJSON_AddStringToObject(body, "to", run_machine_plan(exercise, run->to)->id);
    cJSON_AddStringToObject(
            body, "attacker", run_team_id(exercise, run_machine_plan(exercise, run->from)->team));
    cJSON_AddItemToObject(body, "attack", run_technique(&run->step->attack));
    cJSON_AddStringToObject(body, "by", run->by);
    return body;
}

static void record_state(struct step_run *run, const char *state, run_then_fn then)
{
    cJSON *body = step_body(run);
    cJSON_AddStringToObject(body, "state", state);
    run_record_then(run->exercise,
            run_event(run->exercise, "step.state", run->team, run->step->name, body), then, run);
}

static void finish(struct step_run *run, enum run_verdict verdict, const char *reason);

static void on_verdict_recorded(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct step_run *run = data;
    if (was_cancelled(run)) {
        return;
    }
    if (refused && !run->refused) { /* its evidence is what may not fit */
        run->refused = true;
        finish(run, VERDICT_FAULT, refused->message);
        return;
    }
    if (!run->forgotten) {
        run_verdict_set(exercise, run->step, run->team, run->verdict);
    }
    step_run_end(run, run->verdict);
}

static void finish(struct step_run *run, enum run_verdict verdict, const char *reason)
{
    if (run->spoiled) {
        verdict = VERDICT_FAULT;
        reason = run->spoiled;
    }
    run->verdict = verdict;
    cJSON *body = step_body(run);
    cJSON_AddStringToObject(body, "verdict", run_verdict_name(verdict));
    cJSON_AddStringToObject(body, "reason", reason);
    json_add_int(body, "took_us", clock_now(run->exercise->options.clock) - run->started_us);
    if (run->forgotten) {
        cJSON_AddTrueToObject(body, "void");
    }
    cJSON_AddItemToObject(body, "evidence", g_steal_pointer(&run->evidence));
    run_record_then(run->exercise,
            run_event(run->exercise, "step.verdict", run->team, run->step->name, body),
            on_verdict_recorded, run);
}

/* ---- the white cell's hand in it ------------------------------------------------------------ */

static void spoil(struct step_run *run, const char *why)
{
    if (!run->spoiled) {
        run->spoiled = g_strdup_printf("%s while the step ran", why);
    }
}

void run_steps_spoil(struct exercise *exercise, const int *machines, gsize n, const char *why)
{
    for (guint i = 0; i < exercise->steps->len; i++) {
        struct step_run *run = g_ptr_array_index(exercise->steps, i);
        for (gsize k = 0; k < n; k++) {
            if (run->from == machines[k] || run->to == machines[k]) {
                spoil(run, why);
            }
        }
    }
}

void run_steps_forget(struct exercise *exercise, int team, const char *why)
{
    for (guint i = 0; i < exercise->steps->len; i++) {
        struct step_run *run = g_ptr_array_index(exercise->steps, i);
        if (team < 0 || run->team == team) {
            spoil(run, why);
            run->forgotten = true;
        }
    }
}

/* ---- after the commands -------------------------------------------------------------------- */

static const char *take_evidence(struct step_run *run, const char *name, cJSON *evidence)
{
    cJSON_DeleteItemFromObjectCaseSensitive(run->evidence, name);
    cJSON_AddItemToObject(run->evidence, name, evidence);
    return json_string(evidence, "why", "");
}

static void finish_inert(struct step_run *run, const char *why)
{
    g_autofree char *cut = g_strdup_printf("cut off by the limit of %g s before its commands had "
                                           "ended, which shows no prevention: %s",
            (double)run->step->limit_us / G_USEC_PER_SEC, why);
    finish(run, VERDICT_INERT, run->cut ? cut : why);
}

static void on_blocked_by(enum run_truth truth, cJSON *evidence, gpointer data)
{
    struct step_run *run = data;
    const char *why = take_evidence(run, "blocked_by", evidence);
    if (was_cancelled(run)) {
        return;
    }
    if (truth == TRUTH_FAULT) {
        finish(run, VERDICT_FAULT, why);
    } else if (truth == TRUTH_YES &&
               (!run->cut || run_evidence_is_firm(run->step->blocked_by, evidence))) {
        finish(run, VERDICT_BLOCKED, why);
    } else {
        finish_inert(run, why);
    }
}

static void on_probe(enum run_truth truth, cJSON *evidence, gpointer data)
{
    struct step_run *run = data;
    const char *why = take_evidence(run, "probe", evidence);
    if (was_cancelled(run)) {
        return;
    }
    if (truth != TRUTH_YES) {
        g_autofree char *reason = g_strdup_printf("the path to the target is not alive: %s", why);
        finish(run, VERDICT_FAULT, reason);
    } else if (run->step->blocked_by) {
        run->scope.cut = run->cut;
        run_predicate_ask(&run->scope, run->step->blocked_by, on_blocked_by, run);
    } else {
        finish_inert(run, "no effect, and nothing is declared that shows prevention");
    }
}

static void ask_effect(gpointer data);

static void on_effect(enum run_truth truth, cJSON *evidence, gpointer data)
{
    struct step_run *run = data;
    const char *why = take_evidence(run, "effect", evidence);
    if (was_cancelled(run)) {
        return;
    }
    struct clock *clock = run->exercise->options.clock;
    if (truth == TRUTH_YES) {
        finish(run, VERDICT_EFFECT, why);
    } else if (clock_now(clock) < run->settle_until_us) {
        run_wait(run->exercise, clock_now(clock) + EFFECT_EVERY_US, ask_effect, run);
    } else if (truth == TRUTH_FAULT) {
        finish(run, VERDICT_FAULT, why);
    } else {
        run_probe_ask(&run->scope, run->step->probe, on_probe, run);
    }
}

static void ask_effect(gpointer data)
{
    struct step_run *run = data;
    if (!was_cancelled(run)) {
        run_predicate_ask(&run->scope, run->step->effect, on_effect, run);
    }
}

static void on_settling(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct step_run *run = data;
    if (refused && !exercise->ending) {
        finish(run, VERDICT_FAULT, refused->message);
    } else {
        ask_effect(run);
    }
}

static void settle(struct step_run *run)
{
    run->settle_until_us = clock_now(run->exercise->options.clock) + run->step->within_us;
    record_state(run, "settling", on_settling);
}

/* ---- commands ------------------------------------------------------------------------------ */

static void act_next(gpointer data);

static cJSON *command_evidence(
        struct step_run *run, const struct world_exec_result *result, const GError *error)
{
    cJSON *command = cJSON_CreateObject();
    cJSON_AddItemToObject(command, "argv", json_from_strv((const char *const *)run->argv));
    if (error) {
        cJSON_AddStringToObject(command, "error", error->message);
    } else {
        g_autofree char *out = text_clean_tail(result->out, strlen(result->out), RUN_OUTPUT_MAX);
        g_autofree char *err = text_clean_tail(result->err, strlen(result->err), RUN_OUTPUT_MAX);
        cJSON_AddNumberToObject(command, "status", result->status);
        cJSON_AddStringToObject(command, "out", out);
        cJSON_AddStringToObject(command, "err", err);
        world_exec_add_cut(command, result);
    }
    return command;
}

/* `ip netns exec` and env report a missing tool by exit status and text only. */
static bool tool_is_missing(const struct world_exec_result *result)
{
    return result->status == 255 && strstr(result->err, "exec of \"") &&
           strstr(result->err, "No such file");
}

static void on_acted(const struct world_exec_result *result, const GError *error, gpointer data)
{
    struct step_run *run = data;
    if (was_cancelled(run)) {
        return;
    }
    cJSON_AddItemToArray(run->commands, command_evidence(run, result, error));
    bool timeout = g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT);
    if (error && !timeout) {
        finish(run, VERDICT_FAULT, error->message);
    } else if (!error && tool_is_missing(result)) {
        g_autofree char *why = text_clean_tail(result->err, strlen(result->err), RUN_REASON_MAX);
        finish(run, VERDICT_FAULT, g_strstrip(why));
    } else if (timeout) {
        run->cut = true;
        settle(run); /* what it did until then may have been enough */
    } else {
        act_next(run);
    }
}

static void act_next(gpointer data)
{
    struct step_run *run = data;
    struct exercise *exercise = run->exercise;
    if (was_cancelled(run)) {
        return;
    }
    if (exercise->state == EXERCISE_PAUSED) {
        run_wait(exercise, clock_now(exercise->options.clock), act_next, run);
        return;
    }
    gint64 left_us = run->limit_at_us - clock_now(exercise->options.clock);
    if (run->next_act >= run->step->act->len || left_us <= 0) {
        run->cut = run->next_act < run->step->act->len;
        settle(run);
        return;
    }
    const struct plan *plan = exercise->options.plan;
    struct world *world = exercise->options.world;
    g_autoptr(GError) error = NULL;
    char **declared = g_ptr_array_index(run->step->act, run->next_act++);
    g_strfreev(run->argv);
    run->argv = plan_argv(plan, run->step, declared, run->team, &error);
    if (!run->argv) {
        finish(run, VERDICT_FAULT, error->message);
        return;
    }
    g_auto(GStrv) inside = world_argv(plan, run->from, run->team, (const char *const *)run->argv);
    world->ops->exec(
            world, run->from, (const char *const *)inside, (int)(left_us / 1000), on_acted, run);
}

/* ---- before the commands ------------------------------------------------------------------- */

static void on_running(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct step_run *run = data;
    if (refused && !exercise->ending) {
        finish(run, VERDICT_FAULT, refused->message);
    } else {
        act_next(run);
    }
}

static void on_blocked_measured(const GError *error, gpointer data)
{
    struct step_run *run = data;
    if (was_cancelled(run)) {
        return;
    }
    if (error) {
        finish(run, VERDICT_FAULT, error->message);
    } else {
        record_state(run, "running", on_running);
    }
}

static void on_effect_measured(const GError *error, gpointer data)
{
    struct step_run *run = data;
    if (was_cancelled(run)) {
        return;
    }
    if (error) {
        finish(run, VERDICT_FAULT, error->message);
    } else {
        run_predicate_prepare(&run->scope, run->step->blocked_by, on_blocked_measured, run);
    }
}

static bool is_under_way(const struct exercise *exercise, const struct plan_step *step, int team)
{
    for (guint i = 0; i < exercise->steps->len; i++) {
        const struct step_run *run = g_ptr_array_index(exercise->steps, i);
        if (run->step == step && run->team == team && !run->forgotten) {
            return true;
        }
    }
    return false;
}

/* False (with the verdict on its way) when the step cannot begin. */
static bool may_begin(struct step_run *run)
{
    struct exercise *exercise = run->exercise;
    if (run->step->needs) {
        const struct plan_step *needed = plan_step(exercise->options.plan, run->step->needs);
        enum run_verdict verdict = run_verdict_of(exercise, needed, run->team);
        if (verdict != VERDICT_EFFECT) {
            g_autofree char *why = g_strdup_printf(
                    "it needs %s, whose verdict is %s", needed->name, run_verdict_name(verdict));
            cJSON *evidence = cJSON_CreateObject();
            cJSON_AddBoolToObject(evidence, "ok", false);
            cJSON_AddStringToObject(evidence, "why", why);
            cJSON_AddItemToObject(run->evidence, "needs", evidence);
            finish(run, VERDICT_SKIPPED, why);
            return false;
        }
    }
    int both[] = {run->from, run->to};
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        enum machine_state state = exercise->machines[both[i]].state;
        if (state != MACHINE_READY) {
            g_autofree char *why = g_strdup_printf(
                    "%s is %s", run_machine_plan(exercise, both[i])->id, machine_state_name(state));
            finish(run, VERDICT_FAULT, why);
            return false;
        }
    }
    return true;
}

/* A step that is needed may still be settling on a slow host: its verdict is worth the wait. */
static void begin(gpointer data)
{
    struct step_run *run = data;
    struct exercise *exercise = run->exercise;
    struct clock *clock = exercise->options.clock;
    if (was_cancelled(run)) {
        return;
    }
    const struct plan_step *needed = plan_step(exercise->options.plan, run->step->needs);
    if (needed && is_under_way(exercise, needed, run->team)) {
        run_wait(exercise, clock_now(clock) + EFFECT_EVERY_US, begin, run);
        return;
    }
    if (exercise->state == EXERCISE_PAUSED) {
        run_wait(exercise, clock_now(clock), begin, run); /* its machines stand still */
        return;
    }
    run->started_us = clock_now(clock);
    run->limit_at_us = run->started_us + run->step->limit_us;
    if (may_begin(run)) {
        run_predicate_prepare(&run->scope, run->step->effect, on_effect_measured, run);
    }
}

bool run_step_start(struct exercise *exercise, const struct plan_step *step, int team,
        const char *by, run_step_fn done, gpointer data, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    if (is_under_way(exercise, step, team)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "step %s against %s is under way already", step->name, run_team_id(exercise, team));
        return false;
    }
    int from = plan_machine_for(plan, step->from, team);
    int to = plan_machine_for(plan, step->to, team);
    if (team < 0 || from < 0 || to < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "step %s: team %s has no machine \"%s\"", step->name, run_team_id(exercise, team),
                to < 0 ? step->to : step->from);
        return false;
    }
    struct step_run *run = g_new0(struct step_run, 1);
    run->exercise = exercise;
    run->step = step;
    run->team = team;
    run->from = from;
    run->to = to;
    run->by = g_strdup(by);
    run->done = done;
    run->data = data;
    run->scope = (struct predicate_scope){
            .exercise = exercise,
            .step = step,
            .team = team,
            .offsets = g_hash_table_new_full(NULL, NULL, NULL, g_free),
    };
    run->evidence = cJSON_CreateObject();
    run->commands = cJSON_AddArrayToObject(run->evidence, "commands");
    g_ptr_array_add(exercise->steps, run);
    begin(run);
    return true;
}

void run_step_interrupted(struct exercise *exercise, const struct plan_step *step, int team,
        const char *by, const char *reason)
{
    const struct plan *plan = exercise->options.plan;
    struct step_run run = {
            .exercise = exercise,
            .step = step,
            .team = team,
            .from = plan_machine_for(plan, step->from, team),
            .to = plan_machine_for(plan, step->to, team),
            .by = (char *)by,
    };
    if (run.from < 0 || run.to < 0) {
        return; /* not a run of this plan */
    }
    run_verdict_set(exercise, step, team, VERDICT_FAULT);
    cJSON *body = step_body(&run);
    cJSON_AddStringToObject(body, "verdict", run_verdict_name(VERDICT_FAULT));
    cJSON_AddStringToObject(body, "reason", reason);
    json_add_int(body, "took_us", 0);
    cJSON_AddObjectToObject(body, "evidence");
    run_record(exercise, "step.verdict", team, step->name, body);
}
