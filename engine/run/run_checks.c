/* run_checks.c - check rounds: every service of every team, on the exercise clock. */
#include "base/json.h"
#include "base/text.h"
#include "run/run.h"

#include <string.h>

static void look(struct run_check *check);

static void record(
        struct run_check *check, const struct world_probe_result *result, enum run_whose whose)
{
    static const char *const kinds[] = {
            [WORLD_OK] = "check.ok",
            [WORLD_DOWN] = "check.down",
            [WORLD_MUMBLE] = "check.down",
            [WORLD_FAULT] = "check.fault",
    };
    const char *raw = result->detail ? result->detail : "";
    g_autofree char *detail = text_clean_tail(raw, strlen(raw), RUN_REASON_MAX);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddNumberToObject(body, "round", check->round);
    json_add_int(body, "took_us", result->took_us);
    cJSON_AddStringToObject(body, "detail", detail);
    if (check->service->probe->protocol == PLAN_MODBUS && result->status != WORLD_DOWN) {
        cJSON_AddNumberToObject(body, "value", result->value);
    }
    if (result->status == WORLD_DOWN || result->status == WORLD_MUMBLE) {
        cJSON_AddStringToObject(body, "status", result->status == WORLD_DOWN ? "down" : "mumble");
    }
    if (whose != WHOSE_NOBODY) {
        cJSON_AddStringToObject(body, "fault", run_whose_name(whose));
    }
    run_record(check->exercise, kinds[result->status], check->team, check->service->name, body);
}

static void note(
        struct run_check *check, const struct world_probe_result *result, enum run_whose whose)
{
    check->looked = true;
    check->status = result->status;
    g_free(check->detail);
    check->detail = g_strdup(result->detail ? result->detail : "");
    if (result->status == WORLD_OK) {
        check->passed++;
    } else if (result->status != WORLD_FAULT) {
        check->failed++;
    }
    record(check, result, whose);
}

static bool is_being_restarted(const struct run_check *check)
{
    return check->machine >= 0 && check->exercise->machines[check->machine].restart;
}

/* While the white cell resets or restores one of a team's machines, no failure counts against it:
 * the others may need that one. */
static struct world_probe_result excuse(
        const struct run_check *check, const struct world_probe_result *result)
{
    const struct run_team *team = &check->exercise->teams[check->team];
    bool failed = result->status == WORLD_DOWN || result->status == WORLD_MUMBLE;
    if (!failed || (team->restarting == 0 && team->restarts == check->restarts)) {
        return *result;
    }
    return (struct world_probe_result){
            .status = WORLD_FAULT,
            .detail = "the white cell is resetting or restoring machines of this team",
            .took_us = result->took_us,
    };
}

static bool has_failed(const struct world_probe_result *result)
{
    return result->status == WORLD_DOWN || result->status == WORLD_MUMBLE;
}

/* A pause came between: the machine could not answer. Then it is looked again. */
static bool is_void(struct run_check *check)
{
    struct exercise *exercise = check->exercise;
    if (check->epoch == exercise->epoch) {
        return false;
    }
    check->again = exercise->state != EXERCISE_RUNNING;
    if (!check->again) {
        look(check);
    }
    return true;
}

/* A failed look, once it is known whose fault that is: what is not the team's is no failure of it.
 */
static void on_judged(struct run_check *check, const struct world_probe_result *found,
        enum run_whose whose, const char *why)
{
    check->pending = false;
    if (check->exercise->ending || is_void(check)) {
        return;
    }
    struct world_probe_result result = excuse(check, found);
    if (result.status == WORLD_FAULT) { /* the white cell came between */
        note(check, &result, WHOSE_RANGE);
        return;
    }
    const struct plan_team *team =
            g_ptr_array_index(check->exercise->options.plan->teams, (guint)check->team);
    if (whose != WHOSE_TEAM && !(team->reference && whose == WHOSE_RANGE)) {
        result.status = WORLD_FAULT;
        result.detail = why;
    }
    note(check, &result, whose);
    run_fault_follow(check, whose, result.detail);
}

static void on_result(const struct world_probe_result *answer, gpointer data)
{
    struct run_check *check = data;
    check->pending = false;
    if (check->exercise->ending || is_void(check)) {
        return;
    }
    const struct world_probe_result result = excuse(check, answer);
    if (result.status == WORLD_FAULT && answer->status != WORLD_FAULT) {
        note(check, &result, WHOSE_RANGE); /* on purpose: nothing to report, nothing to credit */
    } else if (has_failed(&result)) {
        check->pending = true;
        run_fault_judge(check, &result, on_judged);
    } else {
        enum run_whose whose = result.status == WORLD_FAULT ? WHOSE_CHECKER : WHOSE_NOBODY;
        note(check, &result, whose);
        run_fault_follow(check, whose, result.detail);
    }
}

static void look(struct run_check *check)
{
    struct exercise *exercise = check->exercise;
    check->pending = true;
    check->epoch = exercise->epoch;
    check->restarts = exercise->teams[check->team].restarts;
    struct world *world = exercise->options.world;
    world->ops->probe(world, check->team, check->service->probe, on_result, check);
}

static void on_round(gpointer data)
{
    struct run_check *check = data;
    struct exercise *exercise = check->exercise;
    if (exercise->ending) {
        return;
    }
    check->round++;
    clock_at(exercise->options.clock, (check->round + 1) * check->service->every_us, on_round,
            check);
    if (is_being_restarted(check)) {
        struct world_probe_result away = {
                .status = WORLD_FAULT,
                .detail = "its machine is being reset or restored by the white cell",
        };
        note(check, &away, WHOSE_RANGE);
        return;
    }
    if (!check->pending) {
        look(check);
        return;
    }
    /* the last look is still under way, although its limit is shorter than a round: ours to mend */
    struct world_probe_result late = {
            .status = WORLD_FAULT,
            .detail = "the round before had not ended",
    };
    record(check, &late, WHOSE_CHECKER);
    run_fault_follow(check, WHOSE_CHECKER, late.detail);
}

void run_checks_init(struct exercise *exercise)
{
    const struct plan *plan = exercise->options.plan;
    for (guint t = 0; t < plan->teams->len; t++) {
        const struct plan_team *team = g_ptr_array_index(plan->teams, t);
        for (guint s = 0; s < plan->services->len; s++) {
            const struct plan_service *service = g_ptr_array_index(plan->services, s);
            const struct plan_host *host = plan_host(plan, service->probe->machine);
            if (!host || strcmp(host->group, team->group->name) != 0) {
                continue;
            }
            struct run_check *check = g_new0(struct run_check, 1);
            check->exercise = exercise;
            check->service = service;
            check->team = (int)t;
            check->machine = plan_machine_for(plan, service->probe->machine, (int)t);
            g_ptr_array_add(exercise->checks, check);
        }
    }
}

void run_checks_start(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->checks->len; i++) {
        struct run_check *check = g_ptr_array_index(exercise->checks, i);
        clock_at(exercise->options.clock, (check->round + 1) * check->service->every_us, on_round,
                check);
    }
}

void run_checks_resume(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->checks->len; i++) {
        struct run_check *check = g_ptr_array_index(exercise->checks, i);
        if (check->again) {
            check->again = false;
            look(check);
        }
    }
}
