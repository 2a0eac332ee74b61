/* virt.c - closing the connection to libvirt; start, stop, pause and resume. */
#include "virt/virt.h"

#include "base/error.h"
#include "virt/virt_loop.h"
#include "virt/virt_private.h"

#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

#define NAME_LOOKS 15000 /* a machine that shuts itself down on a busy host takes seconds to go */
#define NAME_LOOK_US 1000

/* ---- closing -------------------------------------------------------------------------------- */

struct ending {
    virDomainPtr domain;
    struct virt_end end; /* of its process */
};

static void destroy_domain(gpointer data, gpointer user_data)
{
    g_autofree struct ending *ending = data;
    virDomainPtr domain = ending->domain;
    (void)user_data;
    virt_end_await(&ending->end);
    virDomainDestroy(domain); /* one that has just ended is no failure */
    virDomainFree(domain);
}

static void destroy_all(struct virt *virt)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(virt->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    for (int i = 0; i < n;) {
        if (virt_is_ours(virt, domains[i])) {
            i++;
        } else {
            virDomainFree(domains[i]);
            domains[i] = domains[--n];
        }
    }
    /* shared threads: making them cannot fail */
    GThreadPool *pool = g_thread_pool_new(destroy_domain, NULL, 8, FALSE, NULL);
    virt_loop_orphans(true);
    for (int i = 0; i < n; i++) {
        struct ending *ending = g_new(struct ending, 1);
        const char *name = virt_short_name(virt, virDomainGetName(domains[i]));
        *ending = (struct ending){.domain = domains[i], .end = {.fd = -1}};
        if (virt_is_spare(virt, name)) {
            virt_end_begin(virt, name, &ending->end);
        }
        g_thread_pool_push(pool, ending, NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    virt_loop_orphans(false);
    free(domains);
}

/* No job is under way any more. */
static void cancel_jobs(struct virt *virt)
{
    GHashTableIter iter;
    struct virt_job *job;
    struct vm *vm;
    /* nothing that a job's end does may start another that was freed before it */
    g_hash_table_iter_init(&iter, virt->machines);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&vm)) {
        g_queue_clear(&vm->waiting);
        vm->talking = vm->pausing = NULL;
    }
    for (;;) { /* a callback may not add jobs, but let us not trust an iterator with that */
        g_hash_table_iter_init(&iter, virt->jobs);
        if (!g_hash_table_iter_next(&iter, (gpointer *)&job, NULL)) {
            return;
        }
        g_hash_table_steal(virt->jobs, job);
        g_clear_error(&job->error);
        g_set_error(&job->error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
                "machine %s: cancelled, the exercise ends", job->domain);
        job->finish(job);
        virt_job_free(job);
    }
}

void virt_close(struct virt *virt, bool stop_machines)
{
    if (!virt) {
        return;
    }
    virt->on_state = NULL;
    /* first, and again after what was being started: this ends agent calls that still wait */
    if (stop_machines && virt->connection) {
        destroy_all(virt);
    }
    virt_pools_stop(virt);
    virt_channels_stop(virt);
    if (virt->connection) {
        if (stop_machines) {
            destroy_all(virt);
        }
        virt_events_deregister(virt);
        virt_loop_settle();
        virConnectClose(virt->connection);
    }
    cancel_jobs(virt);
    struct virt_note *note;
    while ((note = g_async_queue_try_pop(virt->notes))) {
        virt_note_free(note);
    }
    virt_serial_ignore(virt);
    g_source_destroy(virt->wake);
    g_source_unref(virt->wake);
    g_async_queue_unref(virt->notes);
    g_hash_table_unref(virt->jobs);
    g_hash_table_unref(virt->machines);
    g_main_context_unref(virt->context);
    g_ptr_array_unref(virt->channels);
    g_mutex_clear(&virt->channels_lock);
    virt_place_free(virt->place);
    g_free(virt->root);
    g_free(virt);
}

/* ---- start, stop, pause, resume ------------------------------------------------------------- */

pid_t virt_pid(const struct virt *virt, const char *domain)
{
    g_autofree char *name = virt_full_name(virt, domain);
    g_autofree char *file = virt->place ? g_strdup_printf("/run/libvirt/qemu/%s.pid", name)
                                        : g_strdup_printf("%s/run/qemu/%s.pid", virt->root, name);
    g_autofree char *pid = NULL;
    return g_file_get_contents(file, &pid, NULL, NULL) ? (pid_t)g_ascii_strtoll(pid, NULL, 10) : 0;
}

struct start_job {
    struct virt_job job;
    char *xml;
    char *state; /* of a clone */
    bool ended;  /* a clone that did not wake was destroyed */
};

void virt_started(struct virt *virt, const char *domain)
{
    pid_t pid = virt->place ? 0 : virt_pid(virt, domain);
    if (pid > 0) {
        virt_loop_reap(pid);
    } else if (virt->place &&
               !virt->place->test) { /* not our child, its serial port not our file */
        virt_channel_log(virt, domain);
    }
}

/* libvirt sees, and tells of, a machine's end a moment before it lets its name go. */
static void await_name(const struct virt_job *job)
{
    g_autofree char *name = virt_full_name(job->virt, job->domain);
    for (int i = 0; i < NAME_LOOKS; i++) {
        virDomainPtr last = virDomainLookupByName(job->virt->connection, name);
        if (!last) {
            return;
        }
        virDomainFree(last);
        g_usleep(NAME_LOOK_US);
    }
}

virDomainPtr virt_create(struct virt_job *job, const char *xml, unsigned flags)
{
    await_name(job);
    virt_loop_orphans(true);
    virDomainPtr domain = virDomainCreateXML(job->virt->connection, xml, flags);
    virt_loop_orphans(false);
    if (!domain) {
        virt_error_take(&job->error, job->domain, "start it");
    }
    return domain;
}

static void start_work(struct virt_job *job, virDomainPtr none)
{
    (void)none;
    struct start_job *start = (struct start_job *)job;
    virDomainPtr domain = virt_create(job, start->xml, VIR_DOMAIN_NONE);
    if (!domain) {
        return;
    }
    virt_started(job->virt, job->domain);
    if (start->state && !virt_warm_wake(job->virt, domain, start->state, &job->error)) {
        virDomainDestroy(domain);
        start->ended = true;
    }
    virDomainFree(domain);
}

static void start_free(struct virt_job *job)
{
    struct start_job *start = (struct start_job *)job;
    g_free(start->xml);
    g_free(start->state);
}

static bool start_finish(struct virt_job *job)
{
    struct vm *vm = virt_vm(job->virt, job->domain);
    if (job->error && vm->state == MACHINE_STARTING) {
        vm->stops_due += ((struct start_job *)job)->ended; /* libvirt will tell of it late */
        virt_state_set(job->virt, vm, MACHINE_CRASHED, job->error->message);
    }
    return virt_job_done(job);
}

void virt_start(
        struct virt *virt, const struct virt_machine *machine, virt_done_fn done, gpointer data)
{
    struct vm *vm = virt_vm(virt, machine->domain);
    virt_vm_renew(vm);
    vm->spare = !machine->hardware && machine->n_disks == 0;
    virt_serial_forget(virt, machine->domain);
    struct virt_job *job =
            virt_job_new(virt, sizeof(struct start_job), machine->domain, VIRT_POOL_START);
    struct virt_machine placed = *machine;
    placed.place = virt->place;
    struct start_job *start = (struct start_job *)job;
    start->xml = virt_domain_xml(&placed, virt->root);
    start->state = g_strdup(machine->state);
    job->work = start_work;
    job->finish = start_finish;
    job->free = start_free;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
    virt_serial_watch(virt);
}

struct stop_job {
    struct virt_job job;
    bool spare;
};

static void stop_work(struct virt_job *job, virDomainPtr domain)
{
    bool spare = ((struct stop_job *)job)->spare;
    if (domain && spare) {
        struct virt_end end;
        virt_end_begin(job->virt, job->domain, &end);
        virt_end_await(&end);
    }
    if (!domain || virDomainDestroy(domain) == 0) {
        return;
    }
    virErrorPtr last = virGetLastError();
    if (!last || (last->code != VIR_ERR_NO_DOMAIN && last->code != VIR_ERR_OPERATION_INVALID)) {
        virt_error_take(&job->error, job->domain, "stop it");
    } else if (spare) {
        await_name(job);
    }
}

/* The next start may follow at once: a late event of this end must not count against it. */
static bool stop_finish(struct virt_job *job)
{
    if (!job->error) {
        virt_state_stopped(job->virt, virt_vm(job->virt, job->domain));
    }
    return virt_job_done(job);
}

void virt_stop(struct virt *virt, const char *domain, virt_done_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct stop_job), domain, VIRT_POOL_CONTROL);
    ((struct stop_job *)job)->spare = virt_is_spare(virt, domain);
    virt_vm(virt, domain)->stopping = true;
    job->work = stop_work;
    job->finish = stop_finish;
    job->may_be_gone = true;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
}

static void pause_work(struct virt_job *job, virDomainPtr domain)
{
    if (virDomainSuspend(domain) != 0) {
        virt_error_take(&job->error, job->domain, "pause it");
    }
}

static bool pause_finish(struct virt_job *job)
{
    struct vm *vm = virt_vm(job->virt, job->domain);
    if (vm->pausing == job) {
        vm->pausing = NULL;
    }
    if (job->error && vm->state != MACHINE_PAUSED) {
        virt_vm_thaw(vm);
        virt_agent_pump(job->virt, vm);
    }
    return virt_job_done(job);
}

void virt_pause(struct virt *virt, const char *domain, virt_done_fn done, gpointer data)
{
    struct vm *vm = virt_vm(virt, domain);
    struct virt_job *job = virt_job_new(virt, sizeof(*job), domain, VIRT_POOL_CONTROL);
    job->work = pause_work;
    job->finish = pause_finish;
    job->fn.done = done;
    job->data = data;
    virt_agent_pause(virt, vm, job);
}

static void resume_work(struct virt_job *job, virDomainPtr domain)
{
    if (virDomainResume(domain) != 0) {
        virt_error_take(&job->error, job->domain, "resume it");
    }
}

void virt_resume(struct virt *virt, const char *domain, virt_done_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(*job), domain, VIRT_POOL_CONTROL);
    job->work = resume_work;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
}
