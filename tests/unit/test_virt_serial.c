/* test_virt_serial.c - a guest that writes to its serial port without end does not fill the disk.
 */
#include "support/test.h"

#include "base/file_tail.h"
#include "virt/virt_private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((gsize)64 * 1024)

static char *root;

static int set_up(void **state)
{
    (void)state;
    root = test_mkdtemp();
    g_autofree char *dir = g_build_filename(root, "serial", NULL);
    return mkdir(dir, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    test_rmtree(root);
    return 0;
}

/* As QEMU does: at its own place, not at the end. */
static void write_log(int fd, gsize chunks)
{
    g_autofree char *bytes = g_malloc(CHUNK);
    memset(bytes, 'x', CHUNK);
    for (gsize i = 0; i < chunks; i++) {
        assert_int_equal(write(fd, bytes, CHUNK), CHUNK);
    }
}

static void a_long_log_keeps_its_end_and_gives_back_the_rest(void **state)
{
    (void)state;
    g_autofree char *file = virt_serial_file(root, "m1");
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    struct stat st;
    off_t size = 0;
    for (int round = 0; round < 4; round++) {
        write_log(fd, 40);
        assert_int_equal(write(fd, "\nthe last line\n", 15), 15);
        size += (off_t)(40 * CHUNK + 15);
        if (!file_trim(file)) {
            close(fd);
            print_message("skipped: this file system has no holes\n");
            skip();
        }
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_size, size);
        assert_true((goffset)st.st_blocks * 512 <= FILE_TRIM_KEEP + (goffset)CHUNK);
        g_autofree char *line = virt_serial_last_line(root, "m1");
        assert_string_equal(line, "the last line");
    }
    close(fd);
}

static void a_short_log_is_left_alone(void **state)
{
    (void)state;
    g_autofree char *file = virt_serial_file(root, "m2");
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    gsize length = 0;
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    write_log(fd, 12);
    close(fd);
    assert_true(g_file_get_contents(file, &before, NULL, NULL));
    assert_true(file_trim(file));
    assert_true(g_file_get_contents(file, &after, &length, NULL));
    assert_int_equal(length, 12 * CHUNK);
    assert_memory_equal(before, after, length);
}

static void a_machine_without_a_log_is_no_trouble(void **state)
{
    (void)state;
    g_autofree char *file = virt_serial_file(root, "m3");
    assert_true(file_trim(file));
    assert_null(virt_serial_last_line(root, "m3"));
}

static void set_log(const char *text)
{
    g_autofree char *file = virt_serial_file(root, "m4");
    assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void a_panic_is_told_from_an_orderly_end(void **state)
{
    (void)state;
    assert_false(virt_serial_panicked(root, "m4"));
    set_log("Debian GNU/Linux 12 web ttyS0\n\nweb login: [  12.3] reboot: Power down\n");
    assert_false(virt_serial_panicked(root, "m4"));
    set_log("web login: [  9.1] Kernel panic - not syncing: sysrq triggered crash\n[  9.2] CPU: "
            "0\n");
    assert_true(virt_serial_panicked(root, "m4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_long_log_keeps_its_end_and_gives_back_the_rest),
            cmocka_unit_test(a_short_log_is_left_alone),
            cmocka_unit_test(a_machine_without_a_log_is_no_trouble),
            cmocka_unit_test(a_panic_is_told_from_an_orderly_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
