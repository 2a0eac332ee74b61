/* virt_restore.c - starts a machine from what a checkpoint saved, with exactly the same devices. */
#include "virt/virt_qmp.h"

#include "base/error.h"
#include "virt/virt_loop.h"

#include <fcntl.h>
#include <string.h>

#define MOVE_MS 120000 /* on a host that is very busy */

char *virt_checkpoint_file(const char *folder, const char *domain, const char *suffix)
{
    return g_strdup_printf("%s/%s.%s", folder, domain, suffix);
}

struct restore_job {
    struct virt_job job;
    char *folder;
};

/* The description as it was, and QEMU waits for the state. */
static char *insert(const char *xml, const char *at, const char *text)
{
    g_autofree char *head = g_strndup(xml, (gsize)(at - xml));
    return g_strconcat(head, text, at, NULL);
}

static char *read_description(const char *folder, const char *domain, GError **error)
{
    static const char wait[] = "<qemu:arg value='-incoming'/><qemu:arg value='defer'/>";
    static const char own[] = "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/"
                              "qemu/1.0'><qemu:arg value='-incoming'/>"
                              "<qemu:arg value='defer'/></qemu:commandline>";
    g_autofree char *path = virt_checkpoint_file(folder, domain, "xml");
    g_autofree char *xml = NULL;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, &xml, NULL, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot read %s: %s", path,
                cause->message);
        return NULL;
    }
    const char *words = g_strrstr(xml, "</qemu:commandline>");
    const char *end = g_strrstr(xml, "</domain>");
    if (strstr(xml, "'-incoming'") || (!words && !end)) { /* it was itself started from a state */
        return g_steal_pointer(&xml);
    }
    return words ? insert(xml, words, wait) : insert(xml, end, own);
}

static bool load_state(virDomainPtr domain, const char *path, GError **error)
{
    static const char *const over[] = {"completed", NULL};
    if (!virt_qmp_pass_file(domain, path, O_RDONLY, error) ||
            !virt_qmp_migrate_file(domain, "migrate-incoming", error) ||
            !virt_qmp_await_migration(domain, over, MOVE_MS, error)) {
        return false;
    }
    if (virDomainResume(domain) != 0) {
        virt_error_take(error, virDomainGetName(domain), "let it go on");
        return false;
    }
    return true;
}

static void restore_work(struct virt_job *job, virDomainPtr none)
{
    (void)none;
    const struct restore_job *restore = (struct restore_job *)job;
    g_autofree char *xml = read_description(restore->folder, job->domain, &job->error);
    if (!xml || !virt_disks_put_back(xml, restore->folder, job->domain, &job->error)) {
        return;
    }
    virDomainPtr domain = virt_create(job, xml, VIR_DOMAIN_START_PAUSED);
    if (!domain) {
        return;
    }
    virt_started(job->virt, job->domain);
    g_autofree char *path = virt_checkpoint_file(restore->folder, job->domain, "ram");
    if (!load_state(domain, path, &job->error)) {
        g_prefix_error(&job->error, "its saved state is damaged, or of another QEMU: ");
        virDomainDestroy(domain);
    }
    virDomainFree(domain);
}

static bool restore_finish(struct virt_job *job)
{
    struct vm *vm = virt_vm(job->virt, job->domain);
    vm->own_stops_until = g_get_monotonic_time() + G_USEC_PER_SEC;
    if (job->error && vm->state == MACHINE_STARTING) {
        virt_state_set(job->virt, vm, MACHINE_CRASHED, job->error->message);
    }
    return virt_job_done(job);
}

static void restore_free(struct virt_job *job)
{
    g_free(((struct restore_job *)job)->folder);
}

void virt_restore(
        struct virt *virt, const char *domain, const char *folder, virt_done_fn done, gpointer data)
{
    struct vm *vm = virt_vm(virt, domain);
    virt_vm_renew(vm);
    vm->own_stops_until = G_MAXINT64;
    virt_serial_forget(virt, domain);
    struct virt_job *job = virt_job_new(virt, sizeof(struct restore_job), domain, VIRT_POOL_START);
    ((struct restore_job *)job)->folder = g_strdup(folder);
    job->work = restore_work;
    job->finish = restore_finish;
    job->free = restore_free;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
}
