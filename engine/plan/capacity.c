/* capacity.c - a plan's needs against what a host has, resource by resource. */
#include "plan/capacity.h"
#include "base/error.h"
#include "base/json.h"

#include <math.h>
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
        sum += group_memory_mib(plan, group) * plan_group_teams(group);
    }
    return sum;
}

const char *capacity_kind_name(enum capacity_kind kind)
{
    static const char *const names[] = {"memory", "disk", "cpu", "growth", "images"};
    return names[kind];
}

struct needs { /* in all; of what stays, and of one team of each blue group */
    double all[CAPACITY_KINDS], fixed[CAPACITY_KINDS], each[CAPACITY_KINDS];
};

/* What one team of the group needs of that; a blue group's reference is a team that stays. */
static void add_team(
        struct needs *needs, const struct plan_group *group, enum capacity_kind kind, double one)
{
    bool blue = group->role == PLAN_ROLE_BLUE;
    double *to = blue ? needs->each : needs->fixed;
    to[kind] += one * (blue ? 1 : group->count);
    if (blue && group->reference) {
        needs->fixed[kind] += one;
    }
    needs->all[kind] += one * plan_group_teams(group);
}

static void add_once(struct needs *needs, enum capacity_kind kind, double one)
{
    needs->fixed[kind] += one;
    needs->all[kind] += one;
}

static void add_host(struct needs *needs, const struct plan_group *group,
        const struct capacity_use *use, const struct capacity_host *host)
{
    add_team(needs, group, CAPACITY_MEMORY, use->memory_mib);
    add_team(needs, group, CAPACITY_DISK, use->disk_mib);
    add_team(needs, group, CAPACITY_CPU, use->boot_cpu_s / MAX(host->processors, 1));
    add_team(needs, group, CAPACITY_GROWTH, use->disk_mib + use->growth_mib);
    add_once(needs, CAPACITY_IMAGES, use->images_mib);
    add_once(needs, CAPACITY_GROWTH, host->one_disk ? use->images_mib : 0);
}

static void add_captures(struct needs *needs, const struct plan *plan)
{
    for (guint i = 0; i < plan->subnets->len; i++) {
        const struct plan_subnet *subnet = g_ptr_array_index(plan->subnets, i);
        if (subnet->capture) {
            add_team(needs, plan_group(plan, subnet->group), CAPACITY_GROWTH, subnet->capture_mib);
        }
    }
}

static int teams_by(const struct needs *needs, const struct capacity *capacity, int kind)
{
    if (capacity->have[kind] < 0 || needs->each[kind] <= 0) {
        return PLAN_TEAMS_MAX;
    }
    double left = capacity->have[kind] - needs->fixed[kind];
    return (int)CLAMP(floor(left / needs->each[kind] + 1e-9), 0, PLAN_TEAMS_MAX);
}

static int blue_teams(const struct plan *plan)
{
    int most = 0;
    for (guint i = 0; i < plan->groups->len; i++) {
        const struct plan_group *group = g_ptr_array_index(plan->groups, i);
        most = group->role == PLAN_ROLE_BLUE ? MAX(most, group->count) : most;
    }
    return most;
}

void capacity_of(const struct plan *plan, const struct capacity_host *host, capacity_use_fn use,
        gpointer data, struct capacity *ret)
{
    struct needs needs = {0};
    *ret = (struct capacity){
            .have = {(double)host->memory_mib, (double)host->disk_mib,
                    host->processors > 0 ? host->ready_limit_s : -1, (double)host->disk_mib,
                    (double)host->images_mib},
            .measured = true,
    };
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *made = g_ptr_array_index(plan->hosts, i);
        const struct plan_group *group = plan_group(plan, made->group);
        const struct capacity_use one = use(made, data);
        ret->measured &= one.measured;
        ret->machines += (guint)plan_group_teams(group);
        add_host(&needs, group, &one, host);
    }
    add_captures(&needs, plan);
    ret->largest = PLAN_TEAMS_MAX;
    for (int kind = 0; kind < CAPACITY_KINDS; kind++) {
        ret->need[kind] = needs.all[kind];
        ret->teams[kind] = teams_by(&needs, ret, kind);
        if (ret->teams[kind] < ret->largest) {
            ret->largest = ret->teams[kind];
            ret->limit = (enum capacity_kind)kind;
        }
    }
#define OVER(kind) (ret->have[kind] >= 0 && ret->need[kind] > ret->have[kind])
    ret->fits = !OVER(CAPACITY_MEMORY) && !OVER(CAPACITY_DISK);
    ret->slow = OVER(CAPACITY_CPU);
    ret->tight = OVER(CAPACITY_GROWTH) || OVER(CAPACITY_IMAGES);
#undef OVER
}

bool capacity_check(const struct plan *plan, const struct capacity *capacity, GError **error)
{
    if (capacity->fits) {
        return true;
    }
    enum capacity_kind kind =
            capacity->have[CAPACITY_MEMORY] >= 0 &&
                            capacity->need[CAPACITY_MEMORY] > capacity->have[CAPACITY_MEMORY]
                    ? CAPACITY_MEMORY
                    : CAPACITY_DISK;
    int teams = MIN(capacity->teams[CAPACITY_MEMORY], capacity->teams[CAPACITY_DISK]);
    g_autofree char *remedy =
            teams > 0 && teams < blue_teams(plan)
                    ? g_strdup_printf("start fewer teams (--teams %d fits)", teams)
            : kind == CAPACITY_DISK ? g_strdup("not even one team fits: free disk")
                                    : g_strdup("not even one team fits: end other "
                                               "programs");
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "%u machines need %.0f MiB of %s, the host has %.0f MiB to spare; %s%s%s",
            capacity->machines, ceil(capacity->need[kind]), capacity_kind_name(kind),
            capacity->have[kind], remedy,
            kind == CAPACITY_MEMORY ? " or lower the machines' memory in " : "",
            kind != CAPACITY_MEMORY ? ""
            : plan->path            ? plan->path
                                    : "the scenario");
    return false;
}

static void add_room(cJSON *out, const struct capacity *capacity, enum capacity_kind kind)
{
    cJSON *room = cJSON_AddObjectToObject(out, capacity_kind_name(kind));
    json_add_int(room, "need_mib", (gint64)ceil(capacity->need[kind]));
    if (capacity->have[kind] >= 0) {
        json_add_int(room, "have_mib", (gint64)capacity->have[kind]);
    } else {
        cJSON_AddNullToObject(room, "have_mib");
    }
    json_add_int(room, "teams", capacity->teams[kind]);
}

cJSON *capacity_json(const struct capacity *capacity, const struct capacity_host *host)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "fits", capacity->fits);
    cJSON_AddBoolToObject(out, "slow", capacity->slow);
    cJSON_AddBoolToObject(out, "tight", capacity->tight);
    cJSON_AddBoolToObject(out, "measured", capacity->measured);
    json_add_int(out, "machines", capacity->machines);
    json_add_int(out, "largest_teams", capacity->largest);
    cJSON_AddStringToObject(out, "limit", capacity_kind_name(capacity->limit));
    add_room(out, capacity, CAPACITY_MEMORY);
    add_room(out, capacity, CAPACITY_DISK);
    add_room(out, capacity, CAPACITY_GROWTH);
    add_room(out, capacity, CAPACITY_IMAGES);
    cJSON *cpu = cJSON_AddObjectToObject(out, "cpu");
    json_add_int(cpu, "ready_s", (gint64)ceil(capacity->need[CAPACITY_CPU]));
    json_add_int(cpu, "limit_s", host->ready_limit_s);
    json_add_int(cpu, "processors", host->processors);
    json_add_int(cpu, "teams", capacity->teams[CAPACITY_CPU]);
    return out;
}
