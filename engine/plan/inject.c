/* inject.c - the timeline's entries, one for each team they concern. */
#include "plan/inject.h"

#include "plan/plan_impair.h"

#include <string.h>

static char *unique_id(const struct plan *plan, const char *stem, const char *suffix)
{
    char *id = g_strconcat(stem, suffix, NULL);
    for (int n = 2; plan_inject_index(plan, id) >= 0; n++) {
        g_free(id);
        id = g_strdup_printf("%s-%d%s", stem, n, suffix);
    }
    return id;
}

static void add(struct plan *plan, const struct plan_entry *entry, const char *stem, int team)
{
    struct plan_inject *inject = g_new0(struct plan_inject, 1);
    const struct plan_team *of = team >= 0 ? plan->teams->pdata[team] : NULL;
    g_autofree char *suffix = of ? g_strconcat("@", of->id, NULL) : g_strdup("");
    inject->id = unique_id(plan, stem, suffix);
    inject->at_us = entry->manual ? -1 : entry->at_us;
    inject->team = team;
    inject->entry = entry;
    inject->step = plan_step(plan, entry->step);
    g_ptr_array_add(plan->injects, inject);
}

/* Is the entry about a machine that every team of a group has its own of? */
static bool is_each(const struct plan *plan, const struct plan_entry *entry)
{
    const struct plan_host *host = entry->impair ? plan_host(plan, entry->impair->machine) : NULL;
    const struct plan_group *group = host ? plan_group(plan, host->group) : NULL;
    return entry->step || (group && plan_group_is_numbered(group));
}

/* Does the entry concern the team? Without a team, a step is for each team of its target, a link
 * for each team of its machine. */
static bool concerns(
        const struct plan *plan, const struct plan_entry *entry, const struct plan_team *team)
{
    if (team->reference && !entry->impair) { /* nobody attacks it; its links are as the others' */
        return false;
    }
    if (entry->team) {
        return plan_team_is(team, entry->team);
    }
    const char *name = entry->impair ? entry->impair->machine : plan_step(plan, entry->step)->to;
    const struct plan_host *target = plan_host(plan, name);
    return strcmp(target->group, team->group->name) == 0;
}

static void expand_entry(struct plan *plan, const struct plan_entry *entry, const char *stem)
{
    if (!entry->team && !is_each(plan, entry)) {
        add(plan, entry, stem, -1);
        return;
    }
    for (guint t = 0; t < plan->teams->len; t++) {
        if (concerns(plan, entry, plan->teams->pdata[t])) {
            add(plan, entry, stem, (int)t);
        }
    }
}

static bool is_later(const struct plan_inject *a, const struct plan_inject *b)
{
    return a->at_us < 0 ? b->at_us >= 0 : b->at_us >= 0 && a->at_us > b->at_us;
}

struct plan_inject *plan_inject_add(
        struct plan *plan, struct plan_entry *entry, int team, const char *id)
{
    g_autofree char *stem = g_strdup_printf("added-%d", 1 + (int)plan->added);
    plan->added++;
    g_ptr_array_add(plan->timeline, entry);
    add(plan, entry, stem, team);
    struct plan_inject *inject = plan->injects->pdata[plan->injects->len - 1];
    if (id) {
        g_free(inject->id);
        inject->id = g_strdup(id);
    }
    return inject;
}

bool plan_inject_fits(const struct plan *plan, const struct plan_step *step, int team)
{
    const struct plan_team *of = team >= 0 ? plan->teams->pdata[team] : NULL;
    const struct plan_host *target = plan_host(plan, step->to);
    return of && target && !of->reference && !strcmp(target->group, of->group->name);
}

void plan_expand_injects(struct plan *plan)
{
    int notes = 0;
    int runs = 0;
    int impairs = 0;
    for (guint i = 0; i < plan->timeline->len; i++) {
        const struct plan_entry *entry = plan->timeline->pdata[i];
        g_autofree char *stem = entry->undo     ? g_strdup_printf("undo-%s", entry->step)
                                : entry->step   ? g_strdup(entry->step)
                                : entry->note   ? g_strdup_printf("note-%d", ++notes)
                                : entry->impair ? g_strdup_printf("impair-%d", ++impairs)
                                                : g_strdup_printf("run-%d", ++runs);
        expand_entry(plan, entry, stem);
    }
    /* By time, what is off the list last; entries of one time stay in the order they were written (insertion is stable). */
    for (guint i = 1; i < plan->injects->len; i++) {
        struct plan_inject *inject = plan->injects->pdata[i];
        guint k = i;
        for (; k > 0 && is_later(plan->injects->pdata[k - 1], inject); k--) {
            plan->injects->pdata[k] = plan->injects->pdata[k - 1];
        }
        plan->injects->pdata[k] = inject;
    }
}
