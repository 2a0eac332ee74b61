/* test_fair.c - two machines of one team that compute take nothing from another team's server. */
#include "system/system.h"

#include "cell/fair.h"

#include <sched.h>

#define MACHINES 3
#define WINDOW_US (2 * G_USEC_PER_SEC)
#define WINDOWS 12       /* so many looks until the shares must be right */
#define HALF_AT_LEAST 42 /* percent; a third without our weights */
#define HALF_AT_MOST 58
#define LOOK_LIMIT_US (30 * (gint64)G_USEC_PER_SEC)
#define READY_LIMIT_S 300 /* the first time a warm state is made */

static struct shared_run run;
static char *why_not;

static int set_up(void **state)
{
    (void)state;
    g_autofree char *why = NULL;
    if (fair_way(&why) == FAIR_NICE) {
        why_not = g_steal_pointer(&why);
        return 0;
    }
    shared_run_begin(&run, "miners", TESTS_DIR "/system/miners", READY_LIMIT_S);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (why_not) {
        g_free(why_not);
        return 0;
    }
    return shared_run_end(&run);
}

/* The QEMU of the machine with that place in the scenario. */
static pid_t qemu_of(const char *domain)
{
    g_autofree char *guest = g_strdup_printf("guest=%s,", domain);
    g_autofree char *root = g_strdup_printf("/%s.d/", run.name);
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    for (const char *entry; (entry = g_dir_read_name(proc));) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", entry);
        g_autofree char *line = NULL;
        gsize length = 0;
        if (g_ascii_isdigit(*entry) && g_file_get_contents(path, &line, &length, NULL) &&
                memmem(line, length, guest, strlen(guest)) &&
                memmem(line, length, root, strlen(root))) {
            return (pid_t)g_ascii_strtoll(entry, NULL, 10);
        }
    }
    fail_msg("no process of %s", domain);
    return -1;
}

/* All of its threads on one processor, which the machines then want at once. */
static void confine(pid_t pid)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    for (const char *tid; (tid = g_dir_read_name(dir));) {
        (void)sched_setaffinity((pid_t)g_ascii_strtoll(tid, NULL, 10), sizeof(one), &one);
    }
}

static gint64 ticks_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = read_all(path);
    const char *rest = strrchr(text, ')');
    assert_non_null(rest);
    g_auto(GStrv) fields = g_strsplit(rest + 2, " ", 14);
    return g_ascii_strtoll(fields[11], NULL, 10) + g_ascii_strtoll(fields[12], NULL, 10);
}

/* The first one's part of what all got in a window, in percent. */
static double share_of_first(const pid_t *pids)
{
    gint64 before[MACHINES];
    gint64 sum = 0;
    for (int i = 0; i < MACHINES; i++) {
        before[i] = ticks_of(pids[i]);
    }
    g_usleep(WINDOW_US); /* what is measured takes time: processor time */
    gint64 first = ticks_of(pids[0]) - before[0];
    for (int i = 0; i < MACHINES; i++) {
        sum += ticks_of(pids[i]) - before[i];
    }
    return sum > 0 ? 100.0 * (double)first / (double)sum : 0;
}

static void a_team_of_miners_leaves_the_other_team_s_server_its_half(void **state)
{
    (void)state;
    if (why_not) {
        print_message("skipped: this host shares by %s\n", why_not);
        skip();
    }
    static const char *const machines[] = {"blue1/api", "mole", "vole"};
    static const char *const domains[] = {"m1", "m2", "m3"};
    pid_t pids[MACHINES];
    for (int i = 0; i < MACHINES; i++) {
        pids[i] = qemu_of(domains[i]);
        auto_outcome begun = CALL("exec", run.name, machines[i], "--", "sh", "-c",
                "(while :; do :; done) >/dev/null 2>&1 & exit 0");
        assert_int_equal(begun.status, 0);
    }
    int looks = events_with(run.name, "check.ok");
    for (int i = 0; i < MACHINES; i++) {
        confine(pids[i]);
    }
    double share = 0;
    int right = 0;
    for (int i = 0; i < WINDOWS && right < 2; i++) {
        share = share_of_first(pids);
        right = share >= HALF_AT_LEAST && share <= HALF_AT_MOST ? right + 1 : 0;
    }
    print_message("the server has %.0f %% beside two miners\n", share);
    assert_int_equal(right, 2);
    gint64 limit = g_get_monotonic_time() + LOOK_LIMIT_US;
    while (events_with(run.name, "check.ok") < looks + 2 && g_get_monotonic_time() < limit) {
        g_usleep(200000); /* between looks */
    }
    assert_true(events_with(run.name, "check.ok") >= looks + 2);
    assert_int_equal(events_with(run.name, "check.down"), 0);
    assert_int_equal(events_with(run.name, "check.fault"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_team_of_miners_leaves_the_other_team_s_server_its_half),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
