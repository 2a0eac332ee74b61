/* test_virt_disks.c - which files a machine writes to, and copies of them with their holes. */
#include "support/test.h"

#include "virt/virt_private.h"

#include <string.h>
#include <sys/stat.h>

static const char xml[] =
        "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
        "<os><nvram template='/usr/share/OVMF/VARS.fd'>%s/vars.fd</nvram></os><devices>"
        "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
        "<source file='/images/root.squashfs'/><target dev='vda'/><readonly/></disk>"
        "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
        "<source file='%s/over &amp; out.qcow2' index='1'/>"
        "<backingStore type='file'><source file='/images/base.qcow2'/></backingStore>"
        "<target dev='vdb'/></disk>"
        "<serial type='file'><source path='/serial/m1.log'/></serial>"
        "</devices><qemu:commandline><qemu:arg value='-S'/></qemu:commandline></domain>";

static void only_writable_files_are_found(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(xml, "/x", "/x");
    g_autoptr(GPtrArray) files = virt_disks_of(text, &error);
    assert_no_error(error);
    assert_int_equal(files->len, 2);
    assert_string_equal(files->pdata[0], "/x/vars.fd");
    assert_string_equal(files->pdata[1], "/x/over & out.qcow2");
}

static void what_is_no_xml_is_an_error(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(virt_disks_of("<domain><disk>", &error));
    assert_non_null(error);
}

static void write_at(const char *path, goffset at, const char *text)
{
    FILE *file = fopen(path, "r+");
    file = file ? file : fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fseeko(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void saved_disks_come_back_as_they_were_and_as_small(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *text = g_strdup_printf(xml, dir, dir);
    g_autofree char *disk = g_build_filename(dir, "over & out.qcow2", NULL);
    g_autofree char *vars = g_build_filename(dir, "vars.fd", NULL);
    g_autofree char *copy = g_build_filename(dir, "m1.disk1", NULL);
    write_at(disk, 0, "head");
    write_at(disk, 300 << 20, "tail");
    write_at(vars, 0, "vars");
    assert_true(virt_disks_save(text, dir, "m1", &error));
    struct stat st;
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_size, (300 << 20) + 4);
    assert_true(st.st_blocks * 512 < 8 << 20);

    write_at(disk, 1, "ATTACKED");
    write_at(disk, 400 << 20, "longer");
    assert_true(virt_disks_put_back(text, dir, "m1", &error));
    g_autofree char *content = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(disk, &content, &length, NULL));
    assert_int_equal(length, (300 << 20) + 4);
    assert_memory_equal(content, "head\0\0\0\0\0\0", 10);
    assert_memory_equal(content + (300 << 20), "tail", 4);
    test_rmtree(dir);
}

static void a_disk_that_is_gone_is_named(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *text = g_strdup_printf(xml, dir, dir);
    assert_false(virt_disks_save(text, dir, "m1", &error));
    assert_non_null(strstr(error->message, "vars.fd"));
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(only_writable_files_are_found),
            cmocka_unit_test(what_is_no_xml_is_an_error),
            cmocka_unit_test(saved_disks_come_back_as_they_were_and_as_small),
            cmocka_unit_test(a_disk_that_is_gone_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
