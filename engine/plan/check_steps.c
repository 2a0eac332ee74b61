/* check_steps.c - validation of services, attack steps, players and the timeline. */
#include "plan/check.h"

#include <string.h>

static void check_every(const struct checker *check, const struct plan_service *service)
{
    const struct plan *plan = check->plan;
    if (service->every_us < G_USEC_PER_SEC) {
        plan_problem_add(check->problems, plan_line(plan, &service->every_us, service->line),
                "service \"%s\": every: a round of checks takes at least 1 second", service->name);
    }
    if (service->points < 0 || service->sla_penalty < 0) {
        const int *field = service->points < 0 ? &service->points : &service->sla_penalty;
        plan_problem_add(check->problems, plan_line(plan, field, service->line),
                "service \"%s\": points and penalties are written as positive numbers",
                service->name);
    }
    if (service->sla_after < 0 || (service->sla_after == 0 && service->sla_penalty > 0)) {
        plan_problem_add(check->problems, plan_line(plan, &service->sla_after, service->line),
                "service \"%s\": sla.after: after how many failures in a row the penalty is due, "
                "at least 1",
                service->name);
    }
}

void check_services(const struct checker *check)
{
    for (guint i = 0; i < check->plan->services->len; i++) {
        const struct plan_service *service = check->plan->services->pdata[i];
        check_name(check, service->line, "service", service->name);
        check_every(check, service);
        g_autofree char *owner = g_strdup_printf("service \"%s\"", service->name);
        check_probe(check, owner, service->probe);
        if (service->probe && service->probe->timeout_ms * (gint64)1000 > service->every_us &&
                service->every_us >= G_USEC_PER_SEC) {
            plan_problem_add(check->problems, service->probe->line,
                    "%s: a timeout of %d ms is longer than the time between checks; lower timeout "
                    "or raise every",
                    owner, service->probe->timeout_ms);
        }
    }
}

static bool matches(const char *pattern, const char *text)
{
    return g_regex_match_simple(pattern, text, 0, 0);
}

static void check_attack(const struct checker *check, const struct plan_step *step)
{
    const struct plan_technique *attack = &step->attack;
    const struct plan *plan = check->plan;
    const char *const domains[] = {"enterprise", "ics", "mobile", NULL};
    if (attack->domain && !g_strv_contains(domains, attack->domain)) {
        plan_problem_add(check->problems, plan_line(plan, &attack->domain, step->line),
                "step \"%s\": attack.domain \"%s\" is not a domain of ATT&CK; known are: "
                "enterprise, ics, mobile",
                step->name, attack->domain);
    }
    if (attack->version && !matches("^[0-9]{1,3}(\\.[0-9]{1,3})?\\z", attack->version)) {
        plan_problem_add(check->problems, plan_line(plan, &attack->version, step->line),
                "step \"%s\": attack.version \"%s\": write the version of ATT&CK, such as \"18.1\"",
                step->name, attack->version);
    }
    if (attack->id && !matches("^T[0-9]{4}(\\.[0-9]{3})?\\z", attack->id)) {
        plan_problem_add(check->problems, plan_line(plan, &attack->id, step->line),
                "step \"%s\": attack.id \"%s\": write a technique as T1046 or T1110.001",
                step->name, attack->id);
    }
}

static void check_needs(const struct checker *check, const struct plan_step *step)
{
    int line = plan_line(check->plan, &step->needs, step->line);
    if (!step->needs) {
        return;
    }
    if (!plan_step(check->plan, step->needs)) {
        g_autofree char *known = check_known(check->plan->steps, step->needs);
        plan_problem_add(check->problems, line, "step \"%s\": needs: unknown step \"%s\"%s",
                step->name, step->needs, known);
        return;
    }
    const struct plan_step *at = plan_step(check->plan, step->needs);
    for (guint n = 0; at && at != step && n < check->plan->steps->len; n++) {
        at = plan_step(check->plan, at->needs);
    }
    if (at == step) {
        plan_problem_add(check->problems, line,
                "step \"%s\": needs itself, by way of \"%s\"; one of them must come first",
                step->name, step->needs);
    }
}

static void check_limits(const struct checker *check, const struct plan_step *step)
{
    const struct plan *plan = check->plan;
    if (step->limit_us <= 0 || step->within_us < 0) {
        const gint64 *field = step->limit_us <= 0 ? &step->limit_us : &step->within_us;
        plan_problem_add(check->problems, plan_line(plan, field, step->line),
                "step \"%s\": limit and within must be more than nothing, such as \"60s\"",
                step->name);
    }
    if (step->points_effect < 0 || step->points_blocked < 0) {
        plan_problem_add(check->problems, plan_line(plan, &step->points_effect, step->line),
                "step \"%s\": points are written as positive numbers", step->name);
    }
}

/* It stands in exercise.created, which has a limit. */
static void check_repair(const struct checker *check, const struct plan_step *step)
{
    char *const *const texts[] = {&step->repair, &step->repair_zh};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (*texts[i] && strlen(*texts[i]) > PLAN_REPAIR_MAX) {
            plan_problem_add(check->problems, plan_line(check->plan, texts[i], step->line),
                    "step \"%s\": repair: %d bytes at most; more belongs into the README",
                    step->name, PLAN_REPAIR_MAX);
        }
    }
}

/* Commands run where the range can send them, at machines of one group. */
static void check_ends(const struct checker *check, const struct plan_step *step, const char *owner)
{
    const struct plan *plan = check->plan;
    int line = plan_line(plan, &step->from, step->line);
    bool known = check_machine(check, line, owner, "from", step->from);
    known &= check_machine(check, plan_line(plan, &step->to, step->line), owner, "to", step->to);
    if (!known) {
        return;
    }
    const struct plan_host *from = plan_host(plan, step->from);
    const struct plan_host *to = plan_host(plan, step->to);
    const struct plan_group *group = plan_group(plan, from->group);
    if (group && plan_group_is_numbered(group) && g_strcmp0(from->group, to->group) != 0) {
        plan_problem_add(check->problems, line,
                "%s: from \"%s\" exists once for each team of \"%s\"; attack from a machine of a "
                "group with one team, or of the target's own team",
                owner, from->name, from->group);
    }
}

static void check_undo(const struct checker *check, const struct plan_step *step, const char *owner)
{
    for (guint k = 0; k < step->undo->len; k++) {
        check_argv(check, plan_line(check->plan, step->undo->pdata[k], step->line), owner,
                step->undo->pdata[k]);
    }
    if (step->undo->len > 0 && step->effect && plan_predicate_looks_back(step->effect)) {
        plan_problem_add(check->problems, plan_line(check->plan, &step->undo, step->line),
                "%s: its effect is read from a log or a counter, which no undo changes; leave undo "
                "out, or give an effect that looks at the present state (file, exec, http …)",
                owner);
    }
}

void check_steps(const struct checker *check)
{
    for (guint i = 0; i < check->plan->steps->len; i++) {
        const struct plan_step *step = check->plan->steps->pdata[i];
        g_autofree char *owner = g_strdup_printf("step \"%s\"", step->name);
        check_name(check, step->line, "step", step->name);
        check_ends(check, step, owner);
        check_attack(check, step);
        check_needs(check, step);
        check_limits(check, step);
        check_repair(check, step);
        for (guint k = 0; k < step->act->len; k++) {
            check_argv(check, plan_line(check->plan, step->act->pdata[k], step->line), owner,
                    step->act->pdata[k]);
        }
        check_undo(check, step, owner);
        check_predicate(check, owner, step->effect);
        check_predicate(check, owner, step->blocked_by);
        check_probe(check, owner, step->probe);
    }
}

/* A team is written as blue (each of them) or blue2. */
static void check_team(const struct checker *check, int line, const char *owner, const char *team)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < check->plan->groups->len; i++) {
        const struct plan_group *group = check->plan->groups->pdata[i];
        for (int n = 1; plan_group_is_numbered(group) && n <= MIN(group->count, PLAN_TEAMS_MAX);
                n++) {
            g_ptr_array_add(owned, g_strdup_printf("%s%d", group->name, n));
        }
    }
    for (guint i = 0; i < owned->len; i++) { /* first, so that they are suggested first */
        g_ptr_array_add(ids, &owned->pdata[i]);
    }
    for (guint i = 0; i < check->plan->groups->len; i++) {
        g_ptr_array_add(ids, check->plan->groups->pdata[i]); /* begins with its name */
    }
    for (guint i = 0; team && i < ids->len; i++) {
        if (strcmp(*(char **)ids->pdata[i], team) == 0) {
            return;
        }
    }
    if (team) {
        g_autofree char *known = check_known(ids, team);
        plan_problem_add(check->problems, line, "%s: unknown team \"%s\"%s", owner, team, known);
    }
}

static void check_at(const struct checker *check, int line, const char *owner, gint64 at_us)
{
    gint64 duration = check->plan->duration_us;
    if (duration > 0 && (at_us < 0 || at_us > duration)) {
        plan_problem_add(check->problems, line,
                "%s: at %g s is outside the exercise, which lasts %g s; set an earlier time or a "
                "longer duration",
                owner, (double)at_us / G_USEC_PER_SEC, (double)duration / G_USEC_PER_SEC);
    }
}

void check_players(const struct checker *check)
{
    const struct plan *plan = check->plan;
    for (guint i = 0; i < plan->players->len; i++) {
        const struct plan_player *player = plan->players->pdata[i];
        g_autofree char *owner = g_strdup_printf("player \"%s\"", player->name);
        check_name(check, player->line, "player", player->name);
        check_team(check, plan_line(plan, &player->team, player->line), owner, player->team);
        check_at(check, plan_line(plan, &player->at_us, player->line), owner, player->at_us);
    }
}

void check_timeline(const struct checker *check)
{
    const struct plan *plan = check->plan;
    for (guint i = 0; i < plan->timeline->len; i++) {
        const struct plan_entry *entry = plan->timeline->pdata[i];
        g_autofree char *owner = g_strdup_printf("timeline[%u]", i + 1);
        if (!entry->manual) {
            check_at(check, plan_line(plan, &entry->at_us, entry->line), owner, entry->at_us);
        }
        if (entry->approvals < 0 || entry->approvals > PLAN_APPROVALS_MAX) {
            plan_problem_add(check->problems, plan_line(plan, &entry->approvals, entry->line),
                    "%s: approvals = %d: use 1 to %d people, or leave it out", owner,
                    entry->approvals, PLAN_APPROVALS_MAX);
        }
        check_team(check, plan_line(plan, &entry->team, entry->line), owner, entry->team);
        const struct plan_step *step = entry->step ? plan_step(plan, entry->step) : NULL;
        check_impair(check, owner, entry->impair);
        if (entry->undo && (!step || step->undo->len == 0)) {
            plan_problem_add(check->problems, plan_line(plan, &entry->undo, entry->line),
                    "%s: undo needs a step that says how it is undone (undo = { { … } })", owner);
        }
        if (entry->step && !step) {
            g_autofree char *known = check_known(plan->steps, entry->step);
            plan_problem_add(check->problems, plan_line(plan, &entry->step, entry->line),
                    "%s: unknown step \"%s\"%s", owner, entry->step, known);
        }
    }
}
