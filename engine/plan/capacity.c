/* capacity.c - the memory a plan needs, and how many teams fit into what there is. */
#include "base/error.h"
#include "plan/plan.h"

#include <string.h>

/* QEMU itself: code, device state, display; TCG's buffer not counted. */
#define OVERHEAD_MIB 48
#define DISPLAY_MIB 20 /* a screen: its memory, and what VNC keeps of it */

/* What one team of the group needs. */
static int group_memory_mib(const struct plan *plan, const struct plan_group *group)
{
    int sum = 0;
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        if (strcmp(host->group, group->name) == 0) {
            sum += host->memory_mib + OVERHEAD_MIB + (host->display ? DISPLAY_MIB : 0);
        }
    }
    return sum;
}

int plan_memory_mib(const struct plan *plan)
{
    int sum = 0;
    for (guint i = 0; i < plan->groups->len; i++) {
        const struct plan_group *group = plan->groups->pdata[i];
        sum += group_memory_mib(plan, group) * group->count;
    }
    return sum;
}

int plan_teams_that_fit(const struct plan *plan, int available_mib)
{
    int fixed = 0;
    int each = 0; /* --teams changes the count of every blue group */
    for (guint i = 0; i < plan->groups->len; i++) {
        const struct plan_group *group = plan->groups->pdata[i];
        int needed = group_memory_mib(plan, group);
        fixed += group->role == PLAN_ROLE_BLUE ? 0 : needed * group->count;
        each += group->role == PLAN_ROLE_BLUE ? needed : 0;
    }
    if (fixed > available_mib) {
        return 0;
    }
    return each == 0 ? PLAN_TEAMS_MAX : MIN((available_mib - fixed) / each, PLAN_TEAMS_MAX);
}

bool plan_capacity(const struct plan *plan, int available_mib, GError **error)
{
    int needed = plan_memory_mib(plan);
    if (needed <= available_mib) {
        return true;
    }
    int teams = plan_teams_that_fit(plan, available_mib);
    g_autofree char *remedy =
            teams > 0 ? g_strdup_printf("start fewer teams (--teams %d fits)", teams)
                      : g_strdup("not even one team fits: end other programs");
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "%u machines need %d MiB of memory, the host has %d MiB to spare; %s or lower the "
            "machines' memory in %s",
            plan->machines->len, needed, available_mib, remedy,
            plan->path ? plan->path : "the scenario");
    return false;
}
