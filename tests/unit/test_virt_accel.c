/* test_virt_accel.c - the verdict on KVM is asked for without a boot. */
#include "support/test.h"

#include "virt/virt.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void what_nobody_has_tried_is_not_tried_by_asking(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *cache = g_build_filename(dir, "accel", NULL);
    g_autofree char *qemu = g_find_program_in_path("qemu-system-x86_64");
    g_autofree char *why = NULL;
    assert_int_equal(virt_known_accel("/proc/self/exe", cache, &why), VIRT_ACCEL_TCG);
    assert_int_equal(access(cache, F_OK), -1);
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        assert_non_null(strstr(why, "/dev/kvm"));
    } else if (qemu) {
        assert_null(why);
    }
    close(fd);
    test_rmtree(dir);
}

static void without_a_kernel_there_is_nothing_to_try(void **state)
{
    (void)state;
    g_autofree char *why = NULL;
    assert_int_equal(virt_known_accel("/nowhere/vmlinux", "/nowhere/accel", &why), VIRT_ACCEL_TCG);
    assert_non_null(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_nobody_has_tried_is_not_tried_by_asking),
            cmocka_unit_test(without_a_kernel_there_is_nothing_to_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
