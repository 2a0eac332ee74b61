/* world_real_disk.c - the files behind machines with disks, and starting machines from them. */
#include "world/world_real_disk.h"

#include "base/error.h"
#include "base/paths.h"
#include "image/disk.h"
#include "image/import.h"
#include "world/world_real_seed.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static const struct plan_hardware *hardware_of(const struct real_machine *machine)
{
    return &machine->plan->host->hardware;
}

bool real_disk_has(const struct real_machine *machine)
{
    return machine->image->disk || hardware_of(machine)->disk_mib > 0;
}

static char *folder_of(const struct real_machine *machine)
{
    return paths_disks(machine->world->head.plan->name);
}

static char *path_of(const struct real_machine *machine, const char *suffix)
{
    g_autofree char *folder = folder_of(machine);
    g_autofree char *file = g_strconcat(machine->plan->domain, suffix, NULL);
    return g_build_filename(folder, file, NULL);
}

void real_disk_init(struct real_machine *machine)
{
    if (!real_disk_has(machine)) {
        return;
    }
    struct real_disk *disk = g_new0(struct real_disk, 1);
    disk->overlay = path_of(machine, ".qcow2");
    disk->data = path_of(machine, ".data.qcow2");
    disk->seed = path_of(machine, ".seed.iso");
    disk->nvram = path_of(machine, ".nvram");
    g_autofree char *folder = folder_of(machine);
    g_autofree char *all = g_strdup_printf(
            "%s/%s/%" G_GUINT64_FORMAT, folder, machine->plan->id, machine->world->head.plan->seed);
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
    disk->uuid = g_strdup_printf(
            "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
    machine->disk = disk;
}

void real_disk_free(struct real_machine *machine)
{
    struct real_disk *disk = machine->disk;
    if (disk) {
        real_disk_abandon(machine);
        machine->disk = NULL;
        g_free(disk->overlay);
        g_free(disk->data);
        g_free(disk->seed);
        g_free(disk->nvram);
        g_free(disk->uuid);
        g_free(disk);
    }
}

/* ---- making the files ----------------------------------------------------------------------- */

static bool is_missing(const char *path)
{
    return !g_file_test(path, G_FILE_TEST_EXISTS);
}

/* A file counts once it is complete: it is made under another name. */
static bool make(const char *path, bool (*fn)(const char *path, gpointer data, GError **error),
        gpointer data, GError **error)
{
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    if (!is_missing(path)) {
        return true;
    }
    if (!fn(part, data, error)) {
        return false;
    }
    if (g_rename(part, path) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", path,
                g_strerror(errno));
        return false;
    }
    return true;
}

static bool make_overlay(const char *path, gpointer data, GError **error)
{
    const struct real_machine *machine = data;
    gint64 bytes = (gint64)hardware_of(machine)->disk_mib << 20;
    return disk_overlay(path, machine->image->disk->file, bytes, error);
}

static bool make_data(const char *path, gpointer data, GError **error)
{
    const struct real_machine *machine = data;
    return disk_data(path, (gint64)hardware_of(machine)->disk_mib << 20, error);
}

static bool make_seed(const char *path, gpointer data, GError **error)
{
    return real_seed_write(data, path, error);
}

/* A daemon would make it as a user of its own, and ours could not write to it. */
static bool make_nvram(const char *path, gpointer data, GError **error)
{
    const struct real_machine *machine = data;
    g_autofree char *bytes = NULL;
    gsize length = 0;
    return g_file_get_contents(machine->disk->vars, &bytes, &length, error) &&
           g_file_set_contents_full(
                   path, bytes, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

static bool make_files(struct real_machine *machine, GError **error)
{
    const struct real_disk *disk = machine->disk;
    g_autofree char *folder = folder_of(machine);
    if (!paths_make(folder, error)) {
        return false;
    }
    if (!machine->image->disk) {
        return make(disk->data, make_data, machine, error);
    }
    bool nvram = machine->world->daemon && disk->vars;
    return make(disk->overlay, make_overlay, machine, error) &&
           (!hardware_of(machine)->cloud_init || make(disk->seed, make_seed, machine, error)) &&
           (!nvram || make(disk->nvram, make_nvram, machine, error));
}

static void make_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GError *error = NULL;
    (void)source;
    (void)cancellable;
    if (make_files(data, &error)) {
        g_task_return_boolean(task, TRUE);
    } else {
        g_task_return_error(task, error);
    }
}

/* ---- starting ------------------------------------------------------------------------------- */

static void on_made(GObject *source, GAsyncResult *result, gpointer data)
{
    struct real_machine *machine = data;
    g_autoptr(GError) error = NULL;
    (void)source;
    machine->world->making--;
    machine->disk->making = false;
    if (!g_task_propagate_boolean(G_TASK(result), &error)) {
        g_prefix_error(&error, "machine %s: its disk: ", machine->plan->id);
    }
    real_machine_on_disks(machine, error);
}

static bool find_firmware(struct real_machine *machine, GError **error)
{
    const char *firmware = hardware_of(machine)->firmware;
    return !machine->image->disk || strcmp(firmware, "bios") == 0 ||
           virt_firmware_find(firmware, &machine->disk->code, &machine->disk->vars, error);
}

void real_disk_start(struct real_machine *machine)
{
    struct real_disk *disk = machine->disk;
    g_autoptr(GError) error = NULL;
    disk->started_us = g_get_monotonic_time();
    if (disk->making) {
        return; /* the thread's end starts it */
    }
    if (!find_firmware(machine, &error)) {
        real_machine_on_disks(machine, error);
        return;
    }
    disk->making = true;
    machine->world->making++;
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_made, machine);
    g_task_set_task_data(task, machine, NULL);
    g_task_run_in_thread(task, make_in_thread);
}

void real_disk_describe(const struct real_machine *machine, struct virt_machine *spec)
{
    struct real_disk *disk = machine->disk;
    const struct plan_hardware *hardware = hardware_of(machine);
    if (!disk) {
        return;
    }
    spec->disks = disk->disks;
    if (!machine->image->disk) {
        disk->disks[0] = (struct virt_disk){disk->data, "qcow2", "virtio", false, false, 0};
        spec->n_disks = 1;
        return;
    }
    disk->disks[0] = (struct virt_disk){disk->overlay, "qcow2", hardware->bus, false, false, 1};
    disk->disks[1] = (struct virt_disk){disk->seed, "raw", hardware->bus, true, true, 0};
    spec->n_disks = hardware->cloud_init ? 2 : 1;
    disk->hardware = (struct virt_hardware){
            .firmware = hardware->firmware,
            .code = disk->code,
            .vars = disk->vars,
            .nvram = disk->nvram,
            .uuid = disk->uuid,
            .cards = hardware->cards,
            .tpm = hardware->tpm == 1,
            .windows = strcmp(hardware->os, "windows") == 0,
            .agent = hardware->agent == 1,
    };
    spec->hardware = &disk->hardware;
}

char **real_disk_mount_argv(const struct real_machine *machine)
{
    const struct plan_hardware *hardware = hardware_of(machine);
    if (machine->image->disk || hardware->disk_mib == 0) {
        return NULL;
    }
    /* a machine whose agent comes back has it mounted already */
    static const char script[] =
            "mountpoint -q \"$1\" && exit\n"
            "modprobe ext4 && mkdir -p \"$1\" && exec busybox mount -t ext4 /dev/vdc \"$1\"";
    const char *const argv[] = {"sh", "-c", script, "sh",
            hardware->disk_mount ? hardware->disk_mount : PLAN_DISK_MOUNT, NULL};
    return g_strdupv((char **)argv);
}

GError *real_disk_refusal(const struct real_machine *machine)
{
    if (hardware_of(machine)->agent != 0) {
        return NULL;
    }
    return g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
            "machine %s has no guest agent (image \"%s\"): no command or file reaches it; use what "
            "it offers on the network, or install qemu-guest-agent in the image and import it with "
            "--agent",
            machine->plan->id, machine->image->name);
}

/* ---- reset (checkpoints: virt_disks.c) ------------------------------------------------------ */

static bool remove_file(const char *path, GError **error)
{
    if (g_unlink(path) != 0 && errno != ENOENT) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot remove %s: %s", path,
                g_strerror(errno));
        return false;
    }
    return true;
}

/* Where libvirt keeps the TPM of a machine. */
static char *tpm_of(const struct real_machine *machine)
{
    return g_build_filename(machine->world->root, "lib", "swtpm", machine->disk->uuid, NULL);
}

bool real_disk_reset(struct real_machine *machine, GError **error)
{
    const struct real_disk *disk = machine->disk;
    if (!disk) {
        return true;
    }
    g_autofree char *tpm = tpm_of(machine);
    return remove_file(disk->overlay, error) && remove_file(disk->data, error) &&
           remove_file(disk->seed, error) && remove_file(disk->nvram, error) &&
           paths_remove_tree(tpm, error);
}
