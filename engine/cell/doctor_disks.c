/* doctor_disks.c - what machines with disks and imported images need; no exercise without them
 * does. */
#include "cell/doctor.h"

struct doctor_check *doctor_disk_tools(void)
{
    static const struct {
        const char *program, *file, *package, *what;
    } tools[] = {{"qemu-img", NULL, "qemu-utils", "disks and imports"},
            {"xorriso", NULL, "xorriso", "cloud images"}, {"swtpm", NULL, "swtpm", "TPMs"},
            {"swtpm_setup", NULL, "swtpm-tools", "TPMs"},
            {NULL, "/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf", "UEFI"}};
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GString) packages = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++) {
        g_autofree char *found = tools[i].program ? doctor_find_program(tools[i].program) : NULL;
        if (!found && !(tools[i].file && g_file_test(tools[i].file, G_FILE_TEST_EXISTS))) {
            g_string_append_printf(missing, "%s %s (%s)", missing->len ? "," : "",
                    tools[i].program ? tools[i].program : tools[i].file, tools[i].what);
            g_string_append_printf(packages, " %s", tools[i].package);
        }
    }
    if (missing->len > 0) {
        return doctor_check_new("disk-tools", DOCTOR_WARN, g_strdup_printf("no%s", missing->str),
                g_strdup_printf("apt-get install%s", packages->str));
    }
    return doctor_check_new(
            "disk-tools", DOCTOR_OK, g_strdup("qemu-img, xorriso, swtpm, swtpm_setup, OVMF"), NULL);
}
