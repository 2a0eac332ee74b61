/* guest_fair.c - teams share the processor by control groups, delegated to an ordinary user, on
 * Debian's kernel. netlab: --limit 240
 */
#include "support/burners.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define ROOT "/sys/fs/cgroup"
#define SCOPE ROOT "/scope"
#define NOBODY 65534

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        fail_msg("%s: %s", path, g_strerror(errno));
    }
    close(fd);
}

/* As systemd does for a scope with Delegate=yes, and into it, alone, as the user. */
static void delegate(void)
{
    static const char *const own[] = {
            SCOPE, SCOPE "/cgroup.procs", SCOPE "/cgroup.subtree_control", SCOPE "/cgroup.threads"};
    assert_int_equal(mount("none", ROOT, "cgroup2", 0, NULL), 0);
    put(ROOT "/cgroup.subtree_control", "+cpu");
    assert_int_equal(mkdir(SCOPE, 0755), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(own); i++) {
        assert_int_equal(chown(own[i], NOBODY, NOBODY), 0);
    }
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    put(SCOPE "/cgroup.procs", pid);
    assert_int_equal(setresgid(NOBODY, NOBODY, NOBODY), 0);
    assert_int_equal(setresuid(NOBODY, NOBODY, NOBODY), 0);
}

static void a_group_for_each_team_makes_five_machines_weigh_as_one(void **state)
{
    (void)state;
    delegate();
    double without = share_of_one(NULL, 0, 2);
    g_autofree char *why = NULL;
    assert_int_equal(fair_way(&why), FAIR_CGROUP);
    struct fair *fair = fair_new(2);
    double with = share_of_one(fair, 1, 2);
    print_message("the one machine's share: %.0f %% without, %.0f %% with\n", without, with);
    assert_true(without < 30);
    assert_true(with > 42 && with < 58);
    fair_free(fair);
    assert_int_equal(access(SCOPE "/team0", F_OK), -1); /* nothing of ours is left */
    assert_int_equal(access(SCOPE "/team1", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_group_for_each_team_makes_five_machines_weigh_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
