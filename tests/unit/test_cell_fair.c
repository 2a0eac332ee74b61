/* test_cell_fair.c - teams' shares of the processor, measured with processes that compute. */
#include "support/burners.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE_S 3
#define MEASURE_S 4

static void five_computing_machines_of_one_team_do_not_starve_another_teams_one(void **state)
{
    (void)state;
    struct fair *fair = fair_new(2);
    g_autofree char *why = NULL;
    if (fair_way(&why) != FAIR_AUTOGROUP) {
        print_message("skipped: this host shares by %s\n", why);
        fair_free(fair);
        skip();
    }
    double without = share_of_one(NULL, SETTLE_S, MEASURE_S);
    double with = share_of_one(fair, SETTLE_S, MEASURE_S);
    fair_free(fair);
    print_message("the one machine's share: %.0f %% without, %.0f %% with\n", without, with);
    assert_true(without < 30); /* else this host cannot show it */
    assert_true(with > 38 && with < 62);
}

static void k_machines_weigh_as_much_as_one(void **state)
{
    (void)state;
    assert_int_equal(fair_steps(0), 0);
    assert_int_equal(fair_steps(1), 0);
    for (int k = 2; k < 20; k++) {
        double weight = k;
        for (int i = 0; i < fair_steps(k); i++) {
            weight *= 0.8;
        }
        assert_true(weight > 0.88 && weight < 1.13);
    }
}

static void a_process_that_is_gone_is_forgotten(void **state)
{
    (void)state;
    struct fair *fair = fair_new(1);
    pid_t pid = burner();
    fair_add(fair, 0, pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    fair_tick(fair);
    fair_tick(fair);
    fair_add(fair, 7, 1);  /* no such team */
    fair_add(fair, 0, -1); /* no such process */
    fair_free(fair);
}

/* ---- control groups, in a folder that looks like theirs ----------------------------------------
 */

static void put(const char *dir, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void control_groups_are_used_only_when_they_are_ours(void **state)
{
    (void)state;
    char *mount = test_mkdtemp();
    g_autofree char *self = g_build_filename(mount, "self", NULL);
    g_autofree char *dir = g_build_filename(mount, "user.slice/run-1.scope", NULL);
    g_autofree char *own = g_strdup_printf("%d\n", (int)getpid());
    assert_int_equal(g_mkdir_with_parents(dir, 0755), 0);
    put(mount, "self", "1:cpu:/\n0::/user.slice/run-1.scope\n");
    put(dir, "cgroup.controllers", "memory pids\n");
    put(dir, "cgroup.procs", own);
    char *why = NULL;
    assert_null(fair_cgroup_find(mount, self, &why));
    assert_non_null(strstr(why, "cpu controller"));
    g_clear_pointer(&why, g_free);

    put(dir, "cgroup.controllers", "cpuset cpu memory\n");
    put(dir, "cgroup.procs", "1\n2\n");
    assert_null(fair_cgroup_find(mount, self, &why));
    assert_non_null(strstr(why, "other processes"));
    g_clear_pointer(&why, g_free);

    put(dir, "cgroup.procs", own);
    g_autofree char *found = fair_cgroup_find(mount, self, &why);
    assert_string_equal(found, dir);
    assert_null(why);
    test_rmtree(mount);
}

/* ---- automatic groups: what /proc/self/autogroup says is not enough ---------------------------- */

struct host { /* a folder with a process's cgroups */
    char *mount, *self;
};

static struct host host_new(const char *own)
{
    struct host host = {.mount = test_mkdtemp()};
    put(host.mount, "self", own);
    host.self = g_build_filename(host.mount, "self", NULL);
    return host;
}

static void has(const struct host *host, const char *dir, const char *file)
{
    g_autofree char *folder = g_build_filename(host->mount, dir, NULL);
    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    put(folder, file, "");
}

static void expect_why(struct host *host, const char *part)
{
    const char *why = fair_why_no_autogroup(host->mount, host->self);
    bool as_expected = part && why ? strstr(why, part) != NULL : !part && !why;
    if (!as_expected) {
        fail_msg("\"%s\" instead of \"%s\"", why ? why : "yes", part ? part : "yes");
    }
    test_rmtree(host->mount);
    g_free(host->self);
}

static void a_systemd_session_has_no_automatic_groups_where_it_has_the_controller(void **state)
{
    (void)state;
    static const char session[] = "0::/user.slice/user-1000.slice/session-2.scope\n";
    struct host host = host_new(session);
    has(&host, "", "cgroup.procs");
    has(&host, "user.slice/user-1000.slice/session-2.scope", "cgroup.procs");
    has(&host, "user.slice", "cpu.weight"); /* handed down so far, which is far enough */
    expect_why(&host, "in a cgroup with the cpu controller");

    host = host_new(session); /* the controller is the root's alone: so is the process, for it */
    has(&host, "", "cgroup.procs");
    has(&host, "user.slice/user-1000.slice/session-2.scope", "cgroup.procs");
    expect_why(&host, NULL);
}

static void a_container_sees_only_what_is_below_it(void **state)
{
    (void)state;
    struct host host = host_new("0::/\n");
    has(&host, "", "cgroup.procs");
    has(&host, "", "cgroup.events");
    expect_why(&host, "cannot be seen");

    host = host_new("0::/\n");
    has(&host, "", "cgroup.procs");
    has(&host, "", "cgroup.events");
    has(&host, "", "cpu.weight");
    expect_why(&host, "in a cgroup with the cpu controller");

    host = host_new("0::/../outside\n");
    has(&host, "", "cgroup.procs");
    expect_why(&host, "cannot be seen");
}

static void the_first_version_s_controller_counts_where_it_is_in_use(void **state)
{
    (void)state;
    struct host host = host_new("2:cpu,cpuacct:/docker/1\n0::/\n");
    expect_why(&host, "in a cgroup of the cpu controller");

    host = host_new("2:cpuset:/a\n3:cpu,cpuacct:/\n0::/deep/down\n");
    has(&host, "cpu", "tasks");
    has(&host, "cpu", "release_agent");
    expect_why(&host, NULL);

    host = host_new("3:cpu,cpuacct:/\n"); /* a container's */
    has(&host, "cpu", "tasks");
    expect_why(&host, "in a cgroup of the cpu controller");

    host = host_new("");
    expect_why(&host, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(five_computing_machines_of_one_team_do_not_starve_another_teams_one),
            cmocka_unit_test(k_machines_weigh_as_much_as_one),
            cmocka_unit_test(a_process_that_is_gone_is_forgotten),
            cmocka_unit_test(control_groups_are_used_only_when_they_are_ours),
            cmocka_unit_test(a_systemd_session_has_no_automatic_groups_where_it_has_the_controller),
            cmocka_unit_test(a_container_sees_only_what_is_below_it),
            cmocka_unit_test(the_first_version_s_controller_counts_where_it_is_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
