/* check_impair.c - validation of what a scenario asks of links. */
#include "plan/check.h"
#include "plan/plan_impair.h"

#include <string.h>

/* The network must be one the machine stands on, and be said where it stands on several. */
static void check_network(const struct checker *check, const char *owner,
        const struct plan_impair *impair, const struct plan_host *host)
{
    if (impair->network && plan_host_nic(host, impair->network)) {
        return;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < host->nics->len; i++) {
        g_ptr_array_add(names, &((struct plan_nic *)host->nics->pdata[i])->network);
    }
    int line = plan_line(check->plan, &impair->network, impair->line);
    if (impair->network) {
        g_autofree char *known = check_known(names, impair->network);
        plan_problem_add(check->problems, line,
                "%s: machine \"%s\" does not stand on a network \"%s\"%s", owner, host->name,
                impair->network, known);
    } else if (host->nics->len == 0) {
        plan_problem_add(check->problems, line, "%s: machine \"%s\" stands on no network", owner,
                host->name);
    } else if (host->nics->len > 1 && !impair->clear) {
        g_autofree char *known = check_known(names, "");
        plan_problem_add(check->problems, line,
                "%s: machine \"%s\" stands on several networks; say which: network = \"NAME\"%s",
                owner, host->name, known);
    }
}

static void check_values(const struct checker *check, int line, const char *owner,
        const char *direction, const struct plan_impairment *impairment)
{
    g_autoptr(GError) error = NULL;
    if (!plan_impairment_check(impairment, &error)) {
        plan_problem_add(check->problems, line, "%s%s%s: %s", owner, *direction ? "." : "",
                direction, error->message);
    }
}

static void check_directions(
        const struct checker *check, const char *owner, const struct plan_impair *impair)
{
    bool own = impair->directions[PLAN_IN] || impair->directions[PLAN_OUT];
    bool both = !plan_impairment_is_nothing(&impair->both);
    guint mask = 0;
    if (impair->direction && !plan_direction_parse(impair->direction, &mask)) {
        plan_problem_add(check->problems, plan_line(check->plan, &impair->direction, impair->line),
                "%s: direction \"%s\": expected \"in\", \"out\" or \"both\"", owner,
                impair->direction);
    }
    if (own && (both || impair->direction)) {
        plan_problem_add(check->problems, impair->line,
                "%s: values stand beside \"in\" or \"out\"; put them into the direction they are "
                "for",
                owner);
    }
    if (impair->down && (own || both || impair->direction)) {
        plan_problem_add(check->problems, impair->line,
                "%s: a link that is down has nothing else, and no direction; leave the rest out",
                owner);
    }
    if (!impair->down && !own && !both && !impair->given) {
        plan_problem_add(check->problems, impair->line,
                "%s: nothing is asked; give delay, jitter, loss, duplicate, reorder, corrupt, rate "
                "or down = true, or use clear",
                owner);
    }
    check_values(check, impair->line, owner, "", &impair->both);
    for (int i = 0; i < PLAN_DIRECTIONS; i++) {
        if (impair->directions[i]) {
            check_values(check, impair->line, owner, plan_direction_name(i), impair->directions[i]);
        }
    }
}

void check_impair(const struct checker *check, const char *owner, const struct plan_impair *impair)
{
    if (!impair) {
        return;
    }
    int line = plan_line(check->plan, &impair->machine, impair->line);
    if (check_machine(check, line, owner, "machine", impair->machine)) {
        check_network(check, owner, impair, plan_host(check->plan, impair->machine));
    }
    if (!impair->clear) {
        check_directions(check, owner, impair);
    }
}

void check_links(const struct checker *check)
{
    for (guint i = 0; i < check->plan->links->len; i++) {
        g_autofree char *owner = g_strdup_printf("links[%u]", i + 1);
        check_impair(check, owner, check->plan->links->pdata[i]);
    }
}
