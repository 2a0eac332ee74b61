/* run_faults.c - whose fault a failed look is, and what becomes of time lost to others' faults.
 *
 * The order of the questions is the rule. The control probe first: when the checker cannot see the
 * engine's own target from the team's side, or the team's networks are down, no look from there
 * says anything. Then the reference, a team that nobody defends or attacks: what does not work
 * there either, the range has broken. Only then it is the team's. docs/decisions/0015 says why.
 */
#include "base/json.h"
#include "run/run.h"

#include <string.h>

struct judging {
    struct run_check *check;
    struct world_probe_result found;
    char *detail; /* of found */
    run_judged_fn done;
};

const char *run_whose_name(enum run_whose whose)
{
    static const char *const names[] = {
            [WHOSE_NOBODY] = NULL,
            [WHOSE_TEAM] = "team",
            [WHOSE_RANGE] = "range",
            [WHOSE_CHECKER] = "checker",
            [WHOSE_NETWORK] = "network",
    };
    return names[whose];
}

/* ---- the judgement ------------------------------------------------------------------------- */

static void judge(struct judging *judging, enum run_whose whose, const char *why)
{
    judging->done(judging->check, &judging->found, whose, why);
    g_free(judging->detail);
    g_free(judging);
}

/* The reference of the team's group, or -1. */
static int reference_of(const struct run_check *check)
{
    const GPtrArray *teams = check->exercise->options.plan->teams;
    const struct plan_team *own = g_ptr_array_index(teams, (guint)check->team);
    for (guint i = 0; i < teams->len; i++) {
        const struct plan_team *team = g_ptr_array_index(teams, i);
        if (team->reference && team->group == own->group) {
            return (int)i;
        }
    }
    return -1;
}

static void on_reference(const struct world_probe_result *result, gpointer data)
{
    struct judging *judging = data;
    const char *detail = result->detail ? result->detail : "";
    g_autofree char *why = NULL;
    switch (result->status) {
    case WORLD_OK:
        judge(judging, WHOSE_TEAM, NULL);
        break;
    case WORLD_FAULT:
        why = g_strdup_printf("the checker cannot look at the reference either: %s", detail);
        judge(judging, WHOSE_CHECKER, why);
        break;
    case WORLD_DOWN:
    case WORLD_MUMBLE:
        why = g_strdup_printf("the reference, which nobody touches, fails as well: %s", detail);
        judge(judging, WHOSE_RANGE, why);
        break;
    }
}

static void on_control(const struct world_probe_result *result, gpointer data)
{
    struct judging *judging = data;
    const struct run_check *check = judging->check;
    struct exercise *exercise = check->exercise;
    int reference = reference_of(check);
    if (result->status == WORLD_FAULT) {
        judge(judging, WHOSE_CHECKER, result->detail);
    } else if (result->status != WORLD_OK) {
        judge(judging, WHOSE_NETWORK, result->detail);
    } else if (reference == check->team) {
        judge(judging, WHOSE_RANGE, judging->detail);
    } else if (reference < 0 || exercise->ending) { /* at the end nobody listens any more */
        judge(judging, WHOSE_TEAM, NULL);
    } else {
        struct world *world = exercise->options.world;
        world->ops->probe(world, reference, check->service->probe, on_reference, judging);
    }
}

void run_fault_judge(
        struct run_check *check, const struct world_probe_result *found, run_judged_fn done)
{
    struct judging *judging = g_new(struct judging, 1);
    *judging = (struct judging){
            .check = check,
            .found = *found,
            .detail = g_strdup(found->detail ? found->detail : ""),
            .done = done,
    };
    judging->found.detail = judging->detail;
    struct world *world = check->exercise->options.world;
    world->ops->control(world, check->team, on_control, judging);
}

/* ---- the ledger of faults ------------------------------------------------------------------ */

static char *alarm_subject(const struct run_check *check)
{
    return g_strdup_printf(
            "%s/%s", run_team_id(check->exercise, check->team), check->service->name);
}

static void begin(struct run_check *check, enum run_whose whose, const char *text)
{
    struct exercise *exercise = check->exercise;
    struct run_team *team = &exercise->teams[check->team];
    gint64 now = clock_now(exercise->options.clock);
    check->fault = (struct run_fault){.whose = whose, .from_us = now, .text = g_strdup(text)};
    if (team->faults++ == 0) {
        team->fault = (struct run_fault){.whose = whose, .from_us = now, .text = g_strdup(text)};
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "whose", run_whose_name(whose));
    cJSON_AddStringToObject(body, "text", text);
    run_record(exercise, "fault.found", check->team, check->service->name, body);
    g_autofree char *subject = alarm_subject(check);
    run_alarm(exercise, "range-fault", check->team, subject, text);
}

/* Faults of several services at one time cost the team that time once. */
void run_fault_credit(struct exercise *exercise, int index)
{
    struct run_team *team = &exercise->teams[index];
    const struct plan_team *plan = g_ptr_array_index(exercise->options.plan->teams, (guint)index);
    gint64 now = clock_now(exercise->options.clock);
    if (!plan->reference) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "whose", run_whose_name(team->fault.whose));
        cJSON_AddStringToObject(body, "reason", team->fault.text);
        json_add_int(body, "credit_us", now - team->fault.from_us);
        json_add_int(body, "from_us", team->fault.from_us);
        json_add_int(body, "to_us", now);
        json_add_int(body, "checks", team->fault.checks);
        cJSON_AddStringToObject(body, "by", "engine");
        run_record(exercise, "fault.credited", index, plan->id, body);
    }
    g_clear_pointer(&team->fault.text, g_free);
    team->fault = (struct run_fault){0};
}

static void end(struct run_check *check)
{
    struct exercise *exercise = check->exercise;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "whose", run_whose_name(check->fault.whose));
    json_add_int(body, "checks", check->fault.checks);
    run_record(exercise, "fault.cleared", check->team, check->service->name, body);
    g_autofree char *subject = alarm_subject(check);
    run_alarm_clear(exercise, "range-fault", subject);
    g_free(check->fault.text);
    check->fault = (struct run_fault){0};
    if (--exercise->teams[check->team].faults == 0) {
        run_fault_credit(exercise, check->team);
    }
}

void run_fault_follow(struct run_check *check, enum run_whose whose, const char *text)
{
    bool faulty = whose != WHOSE_NOBODY && whose != WHOSE_TEAM;
    if (faulty && check->fault.whose == WHOSE_NOBODY) {
        begin(check, whose, text ? text : "");
    } else if (!faulty && check->fault.whose != WHOSE_NOBODY) {
        end(check);
    }
    if (faulty) {
        check->fault.checks++;
        check->exercise->teams[check->team].fault.checks++;
    }
}

void run_faults_end(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->checks->len; i++) {
        struct run_check *check = g_ptr_array_index(exercise->checks, i);
        if (check->fault.whose != WHOSE_NOBODY) {
            end(check);
        }
    }
    run_faults_go_on(exercise);
}
