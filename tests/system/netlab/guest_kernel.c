/* guest_kernel.c - the guest's kernel has, and loads, what the tests of networks build on. */
/* netlab: --memory 192 --limit 120 */
#include "support/test.h"

#include "base/space.h"
#include "cell/cell.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static int modprobe(const char *name)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/sbin/modprobe", "modprobe", "-q", "--", name, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void modules_are_loaded_by_name_and_by_alias(G_GNUC_UNUSED void **state)
{
    static const char *const names[] = {"sch_netem", "sch_tbf", "sch_ingress", "act_mirred",
            "cls_matchall", "rtnl-link-ifb", "rtnl-link-veth", "rtnl-link-bridge", "rtnl-link-vlan",
            "rtnl-link-vxlan", "tun", "openvswitch", "nf_tables", "nft-chain-1-nat"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (modprobe(names[i]) != 0) {
            fail_msg("module %s does not load", names[i]);
        }
    }
}

static void a_module_that_is_not_there_is_refused(G_GNUC_UNUSED void **state)
{
    assert_int_not_equal(modprobe("no_such_module"), 0);
}

/* ---- what a namespace of ours does with a host's settings ------------------------------------- */

#define FORWARD "/proc/sys/net/ipv4/ip_forward"

static void put(const char *value)
{
    int fd = open(FORWARD, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, value, 1), 1);
    close(fd);
}

static bool get(gpointer data, G_GNUC_UNUSED GError **error)
{
    int fd = open(FORWARD, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, data, 1) == 1;
    close(fd);
    return ok;
}

static void no_space_forwards_though_the_host_does(G_GNUC_UNUSED void **state)
{
    g_autoptr(GError) error = NULL;
    int spaces[2] = {-1, -1};
    char value = '1';
    put("1");
    pid_t pid = fork(); /* shows that one does, where nobody sees to it */
    if (pid == 0) {
        char given = '0';
        _exit(unshare(CLONE_NEWNET) == 0 && get(&given, NULL) ? given : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), '1');
    int alone = cell_space_new(&error);
    assert_true(alone >= 0);
    assert_true(cell_spaces_new(spaces, G_N_ELEMENTS(spaces), &error));
    put("0");
    const int made[] = {alone, spaces[0], spaces[1]};
    for (gsize i = 0; i < G_N_ELEMENTS(made); i++) {
        assert_true(space_run(made[i], get, &value, &error));
        assert_int_equal(value, '0');
        close(made[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(modules_are_loaded_by_name_and_by_alias),
            cmocka_unit_test(a_module_that_is_not_there_is_refused),
            cmocka_unit_test(no_space_forwards_though_the_host_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
