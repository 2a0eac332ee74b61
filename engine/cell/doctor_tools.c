/* doctor_tools.c - checks of the programs that the engine stands on. */
#include "cell/doctor.h"

#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *doctor_find_program(const char *name)
{
    char *found = g_find_program_in_path(name);
    static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin"};
    for (gsize i = 0; !found && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        found = g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&path) : NULL;
    }
    return found;
}

/* The first line that program prints for --version, or NULL. */
static char *version_of(const char *program)
{
    const char *argv[] = {program, "--version", NULL};
    g_autofree char *out = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
                &status, NULL) ||
            !g_spawn_check_wait_status(status, NULL)) {
        return NULL;
    }
    out[strcspn(out, "\n")] = '\0';
    return g_steal_pointer(&out);
}

struct doctor_check *doctor_qemu(void)
{
    static const char name[] = "qemu";
    g_autofree char *program = doctor_find_program("qemu-system-x86_64");
    if (!program) {
        return doctor_check_new(name, DOCTOR_FAIL, g_strdup("qemu-system-x86_64 is not installed"),
                g_strdup("apt-get install qemu-system-x86"));
    }
    char *version = version_of(program);
    if (!version) {
        return doctor_check_new(name, DOCTOR_FAIL, g_strdup_printf("%s does not run", program),
                g_strdup("apt-get install --reinstall qemu-system-x86"));
    }
    return doctor_check_new(name, DOCTOR_OK, version, NULL);
}

struct doctor_check *doctor_libvirt(void)
{
    static const char name[] = "libvirt";
    static const char *const places[] = {
            "/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so",
            "/usr/lib64/libvirt/connection-driver/libvirt_driver_qemu.so",
            "/usr/lib/libvirt/connection-driver/libvirt_driver_qemu.so",
            "/usr/local/lib*/libvirt/connection-driver/libvirt_driver_qemu.so",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        glob_t found = {0};
        if (glob(places[i], 0, NULL, &found) == 0) {
            char *text = g_strdup(found.gl_pathv[0]);
            globfree(&found);
            return doctor_check_new(name, DOCTOR_OK, text, NULL);
        }
        globfree(&found);
    }
    return doctor_check_new(name, DOCTOR_FAIL, g_strdup("libvirt's QEMU driver is not installed"),
            g_strdup("apt-get install libvirt-daemon-driver-qemu"));
}

struct doctor_check *doctor_image_tools(void)
{
    static const struct {
        const char *program, *package;
    } tools[] = {{"mmdebstrap", "mmdebstrap"}, {"mksquashfs", "squashfs-tools"},
            {"newuidmap", "uidmap"}};
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GString) packages = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++) {
        g_autofree char *found = doctor_find_program(tools[i].program);
        if (!found) {
            g_string_append_printf(missing, " %s", tools[i].program);
            g_string_append_printf(packages, " %s", tools[i].package);
        }
    }
    if (missing->len > 0) {
        return doctor_check_new("image-tools", DOCTOR_WARN,
                g_strdup_printf("images cannot be built: no%s", missing->str),
                g_strdup_printf("apt-get install%s", packages->str));
    }
    return doctor_check_new(
            "image-tools", DOCTOR_OK, g_strdup("mmdebstrap, mksquashfs, newuidmap"), NULL);
}

/* How many subordinate ids the file grants to the account: lines NAME:START:COUNT, see subuid(5).
 */
static gint64 granted(const char *file, const struct passwd *account)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        return 0;
    }
    g_autofree char *number = g_strdup_printf("%d", (int)account->pw_uid);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    gint64 total = 0;
    for (gsize i = 0; lines[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(lines[i], ":", 3);
        if (g_strv_length(parts) == 3 &&
                (!strcmp(parts[0], account->pw_name) || !strcmp(parts[0], number))) {
            total += g_ascii_strtoll(parts[2], NULL, 10);
        }
    }
    return total;
}

struct doctor_check *doctor_subids(void)
{
    const struct passwd *account = getpwuid(geteuid());
    if (!account) {
        return doctor_check_new("subordinate-ids", DOCTOR_WARN,
                g_strdup_printf("user %d has no entry in /etc/passwd", (int)geteuid()), NULL);
    }
    gint64 ids = MIN(granted("/etc/subuid", account), granted("/etc/subgid", account));
    if (ids < 65536) {
        return doctor_check_new("subordinate-ids", DOCTOR_WARN,
                g_strdup_printf("images cannot be built: %s has %d of 65536 subordinate ids",
                        account->pw_name, (int)ids),
                g_strdup_printf(
                        "usermod --add-subuids 200000-265535 --add-subgids 200000-265535 %s",
                        account->pw_name));
    }
    return doctor_check_new("subordinate-ids", DOCTOR_OK,
            g_strdup_printf("%s has %d", account->pw_name, (int)ids), NULL);
}
