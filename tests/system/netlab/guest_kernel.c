/* guest_kernel.c - the guest's kernel has, and loads, what the tests of networks build on. */
/* netlab: --memory 192 --limit 120 */
#include "support/test.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(modules_are_loaded_by_name_and_by_alias),
            cmocka_unit_test(a_module_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
