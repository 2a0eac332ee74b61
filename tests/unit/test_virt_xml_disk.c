/* test_virt_xml_disk.c - the domain XML of machines with disks against golden files. */
#include "support/test.h"

#include "virt/virt.h"

#define ROOT "/run/user/1000/sandtable/drill.d"
#define DISKS "/home/ada/.local/state/sandtable/drill.disks/"

static void compare(const char *name, const struct virt_machine *machine)
{
    g_autofree char *xml = virt_domain_xml(machine, ROOT);
    g_autofree char *file = g_strdup_printf("%s/golden/virt/%s.xml", TESTS_DIR, name);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        assert_true(g_file_set_contents(file, xml, -1, NULL));
        return;
    }
    g_autofree char *golden = NULL;
    assert_true(g_file_get_contents(file, &golden, NULL, NULL));
    assert_string_equal(xml, golden);
}

static const struct virt_card card = {.tap = "t1", .mac = {0x52, 0x54, 0x00, 0xab, 0x01, 0x02}};

static struct virt_machine machine_with(const struct virt_disk *disks, gsize n,
        const struct virt_hardware *hardware, enum virt_accel accel)
{
    return (struct virt_machine){.domain = "m3",
            .memory_mib = 2048,
            .vcpus = 2,
            .cards = &card,
            .n_cards = 1,
            .accel = accel,
            .disks = disks,
            .n_disks = n,
            .hardware = hardware};
}

static void a_recipes_data_disk_comes_after_root_and_modules(void **state)
{
    (void)state;
    const struct virt_disk disk = {
            .file = DISKS "m1.data.qcow2", .format = "qcow2", .bus = "virtio"};
    const struct virt_machine machine = {.domain = "m1",
            .kernel = "/images/kernel-00/vmlinux",
            .initrd = "/images/kernel-00/initrd",
            .cmdline = "console=ttyS0 quiet st.name=web",
            .root = "/images/server-00/root.squashfs",
            .modules = "/images/kernel-00/modules.squashfs",
            .memory_mib = 192,
            .vcpus = 1,
            .disks = &disk,
            .n_disks = 1};
    compare("disk-recipe", &machine);
}

static void a_cloud_image_boots_by_bios_with_its_seed(void **state)
{
    (void)state;
    const struct virt_disk disks[] = {
            {.file = DISKS "m3.qcow2", .format = "qcow2", .bus = "virtio", .boot = 1},
            {.file = DISKS "m3.seed.iso",
                    .format = "raw",
                    .bus = "virtio",
                    .readonly = true,
                    .cdrom = true}};
    const struct virt_hardware hardware = {.firmware = "bios",
            .uuid = "00000000-0000-4000-8000-000000000003",
            .cards = "virtio",
            .agent = true};
    const struct virt_machine machine = machine_with(disks, 2, &hardware, VIRT_ACCEL_TCG);
    compare("disk-bios", &machine);
}

static struct virt_hardware windows(void)
{
    return (struct virt_hardware){.firmware = "uefi-secure",
            .code = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
            .vars = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
            .nvram = DISKS "m3.nvram",
            .uuid = "00000000-0000-4000-8000-000000000003",
            .cards = "e1000e",
            .tpm = true,
            .windows = true};
}

static void windows_has_secure_boot_a_tpm_and_its_enlightenments(void **state)
{
    (void)state;
    const struct virt_disk disks[] = {
            {.file = DISKS "m3.qcow2", .format = "qcow2", .bus = "sata", .boot = 1},
            {.file = DISKS "m3.seed.iso",
                    .format = "raw",
                    .bus = "sata",
                    .readonly = true,
                    .cdrom = true}};
    const struct virt_hardware hardware = windows();
    struct virt_machine machine = machine_with(disks, 2, &hardware, VIRT_ACCEL_KVM);
    machine.display = true;
    compare("disk-windows-kvm", &machine);
}

static void an_emulated_windows_has_no_enlightenments(void **state)
{
    (void)state;
    const struct virt_disk disk = {
            .file = DISKS "it's <here>.qcow2", .format = "qcow2", .bus = "ide", .boot = 1};
    struct virt_hardware hardware = windows();
    hardware.firmware = "uefi";
    hardware.cards = "rtl8139";
    hardware.tpm = false;
    const struct virt_machine machine = machine_with(&disk, 1, &hardware, VIRT_ACCEL_TCG);
    compare("disk-windows-tcg", &machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_recipes_data_disk_comes_after_root_and_modules),
            cmocka_unit_test(a_cloud_image_boots_by_bios_with_its_seed),
            cmocka_unit_test(windows_has_secure_boot_a_tpm_and_its_enlightenments),
            cmocka_unit_test(an_emulated_windows_has_no_enlightenments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
