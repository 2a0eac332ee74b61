/* check.c - validation of a declared plan: the order of checks, groups, and shared helpers. */
#include "plan/check.h"
#include "plan/router.h"

#include "base/paths.h"
#include "base/text.h"

#include <string.h>

char *check_known(const GPtrArray *items, const char *wrong)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < items->len; i++) {
        g_ptr_array_add(names, *(char **)items->pdata[i]); /* each begins with its name */
    }
    g_ptr_array_add(names, NULL);
    const char *nearest = text_nearest(wrong, (const char *const *)names->pdata);
    if (nearest) {
        return g_strdup_printf(" (did you mean \"%s\"?)", nearest);
    }
    if (items->len == 0) {
        return g_strdup("; none is declared");
    }
    if (items->len > 12) {
        g_ptr_array_set_size(names, 12);
        g_ptr_array_add(names, (gpointer) "…");
        g_ptr_array_add(names, NULL);
    }
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    return g_strdup_printf("; known are: %s", list);
}

void check_name(const struct checker *check, int line, const char *what, const char *name)
{
    if (!paths_name_is_valid(name)) {
        g_autofree char *shown = text_clean_tail(name, strlen(name), 64);
        plan_problem_add(check->problems, line,
                "%s \"%s\": not a name; use lower-case letters, digits and \"-\", a letter first, "
                "at most 31 characters",
                what, shown);
    }
}

bool check_machine(const struct checker *check, int line, const char *owner, const char *member,
        const char *machine)
{
    if (!machine) {
        return false;
    }
    if (plan_host(check->plan, machine)) {
        return true;
    }
    g_autofree char *known = check_known(check->plan->hosts, machine);
    plan_problem_add(check->problems, line, "%s: %s: unknown machine \"%s\"%s", owner, member,
            machine, known);
    return false;
}

/* The first dotted quad standing alone in text, or NULL. */
static char *find_address(const char *text)
{
    for (const char *at = text; *at; at++) {
        bool starts =
                g_ascii_isdigit(*at) && (at == text || !(g_ascii_isalnum(at[-1]) || at[-1] == '.'));
        gsize length = starts ? strspn(at, "0123456789.") : 0;
        if (length >= 7 && length <= 16) {
            g_autofree char *word = g_strndup(at, length);
            if (word[length - 1] == '.') { /* the end of a sentence */
                word[length - 1] = '\0';
            }
            guint32 address = 0;
            if (plan_address_parse(word, &address) && address >> 24 != 127 && address != 0) {
                return g_steal_pointer(&word);
            }
        }
    }
    return NULL;
}

static const char *owner_of_address(const struct plan *plan, guint32 address)
{
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        for (guint k = 0; k < host->nics->len; k++) {
            const struct plan_nic *nic = host->nics->pdata[k];
            if (nic->address == address) {
                return host->name;
            }
        }
    }
    return NULL;
}

void check_argv(const struct checker *check, int line, const char *owner, char *const *argv)
{
    check_argv_names(check, line, owner, argv);
    for (; argv && *argv; argv++) {
        g_autofree char *found = find_address(*argv);
        if (!found) {
            continue;
        }
        guint32 address = 0;
        plan_address_parse(found, &address);
        const char *name = owner_of_address(check->plan, address);
        g_autofree char *remedy = name ? g_strdup_printf("write ${%s}", name)
                                       : g_strdup("write ${to} or ${NAME} of a machine");
        plan_problem_add(check->problems, line,
                "%s: the command names the address %s; %s, because every team has its own copy",
                owner, found, remedy);
    }
}

/* Team ids must not meet: "blue1" may be the first of "blue" or a group of its own. */
static void check_team_ids(const struct checker *check, const struct plan_group *group)
{
    for (guint i = 0; i < check->plan->groups->len; i++) {
        const struct plan_group *other = check->plan->groups->pdata[i];
        gsize length = strlen(other->name);
        if (other != group && plan_group_is_numbered(other) &&
                strncmp(group->name, other->name, length) == 0 && group->name[length] &&
                strspn(group->name + length, "0123456789") == strlen(group->name + length)) {
            plan_problem_add(check->problems, group->line,
                    "team \"%s\": looks like a numbered team of \"%s\"; choose another name",
                    group->name, other->name);
        }
    }
}

static void check_groups(const struct checker *check)
{
    const struct plan *plan = check->plan;
    int blue = 0;
    for (guint i = 0; i < plan->groups->len; i++) {
        const struct plan_group *group = plan->groups->pdata[i];
        check_name(check, group->line, "team", group->name);
        check_team_ids(check, group);
        blue += group->role == PLAN_ROLE_BLUE;
        if (group->count < 1 || group->count > PLAN_TEAMS_MAX) {
            plan_problem_add(check->problems, plan_line(plan, &group->count, group->line),
                    "team \"%s\": count %d is not possible; use 1 to %d", group->name, group->count,
                    PLAN_TEAMS_MAX);
        } else if ((int)group->titles->len > group->count) {
            plan_problem_add(check->problems, plan_line(plan, &group->titles, group->line),
                    "team \"%s\": %u titles for %d teams; remove some or raise count", group->name,
                    group->titles->len, group->count);
        }
    }
    if (blue == 0) {
        plan_problem_add(check->problems, plan_line(plan, &plan->groups, 1),
                "teams: none has the role \"blue\"; an exercise needs a team to defend");
    }
}

static void check_total(const struct checker *check)
{
    guint total = 0;
    if (check->problems->len > 0) { /* the counts may be among them */
        return;
    }
    for (guint i = 0; i < check->plan->hosts->len; i++) {
        const struct plan_host *host = check->plan->hosts->pdata[i];
        const struct plan_group *group = plan_group(check->plan, host->group);
        total += group ? (guint)CLAMP(group->count, 0, PLAN_TEAMS_MAX) : 0;
    }
    if (total > PLAN_MACHINES_MAX) {
        plan_problem_add(check->problems, plan_line(check->plan, &check->plan->hosts, 1),
                "machines: %u with all teams counted, at most %d are possible; declare fewer "
                "machines or teams",
                total, PLAN_MACHINES_MAX);
    }
}

void plan_check(const struct plan *plan, GPtrArray *problems)
{
    const struct checker check = {.plan = plan, .problems = problems};
    if (plan->duration_us <= 0) {
        plan_problem_add(problems, plan_line(plan, &plan->duration_us, 1),
                "duration: must be more than nothing, such as \"5m\"");
    }
    check_groups(&check);
    check_subnets(&check);
    check_hosts(&check);
    check_hardware(&check);
    check_routers(&check);
    check_total(&check);
    check_services(&check);
    check_steps(&check);
    check_players(&check);
    check_timeline(&check);
    check_links(&check);
    check_exam(&check);
}

void plan_check_images(const struct plan *plan, const char *const *images, GPtrArray *problems)
{
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = plan->hosts->pdata[i];
        if (!host->image || g_strv_contains(images, host->image)) {
            continue;
        }
        g_autofree char *hint = text_did_you_mean(host->image, images);
        g_autofree char *list = g_strjoinv(", ", (char **)images);
        plan_problem_add(problems, plan_line(plan, &host->image, host->line),
                "machine \"%s\": unknown image \"%s\"%s; recipes are: %s", host->name, host->image,
                hint, *list ? list : "none");
    }
}
