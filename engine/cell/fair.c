/* fair.c - weighs teams' machines by how many of each team compute. */
#include "cell/fair.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define BASE_STEPS 5 /* a machine weighs a third of the engine */
#define MAX_STEPS 19
#define BUSY_PERCENT 25 /* a machine that wants a quarter of a processor computes */

struct member {
    pid_t pid;
    int team;
    gint64 demand_ns;
    bool busy;
    int steps; /* as set; -1: not yet */
};

struct fair {
    enum fair_way way;
    int teams;
    char *dir;        /* of cgroups, or NULL */
    GArray *members;  /* struct member */
    gint64 looked_us; /* monotonic; 0: never */
};

int fair_steps(int k)
{
    return k <= 1 ? 0 : (int)lround(log(k) / log(1.25));
}

#define CGROUPS "/sys/fs/cgroup"
#define OWN_CGROUPS "/proc/self/cgroup"

static const char *why_no_autogroup(void)
{
    g_autofree char *on = NULL;
    g_autofree char *own = NULL;
    if (!g_file_get_contents("/proc/sys/kernel/sched_autogroup_enabled", &on, NULL, NULL) ||
            *on != '1' || !g_file_get_contents("/proc/self/autogroup", &own, NULL, NULL) ||
            !g_str_has_prefix(own, "/autogroup-")) {
        return "the kernel's automatic groups are off";
    }
    return fair_why_no_autogroup(CGROUPS, OWN_CGROUPS);
}

static enum fair_way choose(char **ret_dir, char **ret_why)
{
    g_autofree char *no_cgroup = NULL;
    g_autofree char *dir = fair_cgroup_find(CGROUPS, OWN_CGROUPS, &no_cgroup);
    const char *no_autogroup = dir ? NULL : why_no_autogroup();
    if (ret_why) {
        *ret_why =
                dir ? g_strdup("a control group for each team")
                : !no_autogroup
                        ? g_strdup_printf("automatic groups, weighed every second (%s)", no_cgroup)
                        : g_strdup_printf("nice values only (%s; %s)", no_autogroup, no_cgroup);
    }
    enum fair_way way = dir ? FAIR_CGROUP : no_autogroup ? FAIR_NICE : FAIR_AUTOGROUP;
    if (ret_dir) {
        *ret_dir = g_steal_pointer(&dir);
    }
    return way;
}

enum fair_way fair_way(char **ret_why)
{
    return choose(NULL, ret_why);
}

struct fair *fair_new(int teams)
{
    struct fair *fair = g_new0(struct fair, 1);
    fair->teams = teams;
    fair->members = g_array_new(FALSE, FALSE, sizeof(struct member));
    fair->way = choose(&fair->dir, NULL);
    if (fair->way == FAIR_CGROUP && !fair_cgroup_make(fair->dir, teams)) {
        fair->way = why_no_autogroup() ? FAIR_NICE : FAIR_AUTOGROUP;
    }
    return fair;
}

void fair_free(struct fair *fair)
{
    if (!fair) {
        return;
    }
    if (fair->way == FAIR_CGROUP) {
        fair_cgroup_remove(fair->dir, fair->teams);
    }
    g_array_unref(fair->members);
    g_free(fair->dir);
    g_free(fair);
}

/* Nanoseconds that a thread ran or waited to run: the first two numbers of its schedstat
 * (the kernel's Documentation/scheduler/sched-stats.rst). */
static gint64 thread_demand(const char *tasks, const char *tid)
{
    g_autofree char *path = g_build_filename(tasks, tid, "schedstat", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return 0;
    }
    char *rest = NULL;
    gint64 ran = g_ascii_strtoll(text, &rest, 10);
    return ran + g_ascii_strtoll(rest, NULL, 10);
}

/* What a process wanted of the processor since it began, got or not; -1: it is gone. */
static gint64 demand_ns(pid_t pid)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    const char *tid = NULL;
    gint64 sum = dir ? 0 : -1;
    while (dir && (tid = g_dir_read_name(dir))) {
        sum += thread_demand(tasks, tid);
    }
    return sum;
}

/* A nice value is a thread's; new ones have that of who makes them. */
static void set_nice(pid_t pid, int steps)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    const char *tid = NULL;
    while (dir && (tid = g_dir_read_name(dir))) {
        (void)setpriority(PRIO_PROCESS, (id_t)g_ascii_strtoull(tid, NULL, 10), steps);
    }
}

static bool set_autogroup(pid_t pid, int steps)
{
    if (getsid(pid) == getsid(0)) {
        return false; /* no session of its own (yet): the group would be ours */
    }
    g_autofree char *path = g_strdup_printf("/proc/%d/autogroup", (int)pid);
    g_autofree char *text = g_strdup_printf("%d", steps);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    /* EAGAIN: the kernel takes ten changes a second; the next look tries again */
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

static void weigh(const struct fair *fair, struct member *member, int computing)
{
    int steps = MIN(BASE_STEPS + fair_steps(computing), MAX_STEPS);
    if (steps == member->steps) {
        return;
    }
    if (fair->way == FAIR_AUTOGROUP && set_autogroup(member->pid, steps)) {
        member->steps = steps;
    }
}

void fair_add(struct fair *fair, int team, pid_t pid)
{
    if (pid <= 0 || team < 0 || team >= fair->teams) {
        return;
    }
    for (guint i = 0; i < fair->members->len; i++) {
        if (g_array_index(fair->members, struct member, i).pid == pid) {
            return;
        }
    }
    struct member member = {.pid = pid, .team = team, .demand_ns = demand_ns(pid), .steps = -1};
    if (fair->way == FAIR_CGROUP) {
        (void)fair_cgroup_move(fair->dir, team, pid);
    } else if (fair->way == FAIR_NICE) {
        set_nice(pid, BASE_STEPS);
    }
    weigh(fair, &member, 1);
    g_array_append_val(fair->members, member);
}

/* Counts each team's machines that compute; forgets those that have ended. */
static void look(struct fair *fair, gint64 now_us, int *computing)
{
    gint64 passed_ns = (now_us - fair->looked_us) * 1000;
    for (guint i = 0; i < fair->members->len;) {
        struct member *member = &g_array_index(fair->members, struct member, i);
        gint64 demand = demand_ns(member->pid);
        if (demand < 0) {
            g_array_remove_index_fast(fair->members, i);
            continue;
        }
        member->busy = (demand - member->demand_ns) * 100 > passed_ns * BUSY_PERCENT;
        member->demand_ns = demand;
        computing[member->team] += member->busy;
        i++;
    }
}

void fair_tick(struct fair *fair)
{
    if (fair->way != FAIR_AUTOGROUP) {
        return;
    }
    gint64 now_us = g_get_monotonic_time();
    g_autofree int *computing = g_new0(int, fair->teams);
    bool first = fair->looked_us == 0;
    look(fair, now_us, computing);
    fair->looked_us = now_us;
    for (guint i = 0; !first && i < fair->members->len; i++) {
        struct member *member = &g_array_index(fair->members, struct member, i);
        weigh(fair, member, MAX(computing[member->team], 1));
    }
}
