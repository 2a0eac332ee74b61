/* virt.c - opening and closing libvirt's embedded driver; start, stop, pause and resume. */
#include "virt/virt.h"

#include "base/error.h"
#include "base/paths.h"
#include "virt/virt_loop.h"
#include "virt/virt_private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

/* ---- opening -------------------------------------------------------------------------------- */

static const char qemu_conf[] = "# written by sandtable at every start\n"
                                "stdio_handler = \"file\"\n" /* there is no virtlogd */
                                "security_driver = \"none\"\n"
                                "cgroup_controllers = []\n"
                                "namespaces = []\n"
                                "seccomp_sandbox = 1\n"
                                "max_core = 0\n"
                                "dump_guest_core = 0\n";

static bool write_config(const char *root, GError **error)
{
    static const char *const folders[] = {"etc", "serial", "agent", "log", "vnc"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *dir = g_build_filename(root, folders[i], NULL);
        if (!paths_make(dir, error)) {
            return false;
        }
    }
    g_autofree char *file = g_build_filename(root, "etc", "qemu.conf", NULL);
    g_autoptr(GError) cause = NULL;
    if (!g_file_set_contents(file, qemu_conf, -1, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot write %s: %s", file,
                cause->message);
        return false;
    }
    return true;
}

/* What libvirt found out about QEMU (0.3 s a time) is shared by all exercises of a user. Without
 * it things only take longer, so nothing here is an error. */
static void share_cache(const char *root)
{
    const char *home = g_getenv("HOME");
    const char *xdg = g_getenv("XDG_CACHE_HOME");
    g_autofree char *base = xdg && g_path_is_absolute(xdg)
                                    ? g_strdup(xdg)
                                    : g_build_filename(home ? home : "/", ".cache", NULL);
    g_autofree char *shared = g_build_filename(base, "sandtable", "libvirt", NULL);
    g_autofree char *own = g_build_filename(root, "cache", NULL);
    if (!g_file_test(own, G_FILE_TEST_EXISTS) && paths_make(shared, NULL) &&
            access(shared, W_OK) == 0) {
        (void)g_unlink(own); /* a link that leads nowhere */
        if (symlink(shared, own) != 0) {
            g_debug("no shared cache for libvirt: %s", g_strerror(errno));
        }
    }
}

static void keep_quiet(void *data, virErrorPtr error)
{
    (void)data;
    (void)error; /* every call's error is taken where it is made */
}

static bool prepare_libvirt(const char *root, GError **error)
{
    g_autofree char *log = g_strdup_printf("3:file:%s/log/libvirt.log", root);
    g_setenv("LIBVIRT_LOG_OUTPUTS", log, FALSE);
    virSetErrorFunc(NULL, keep_quiet);
    if (virInitialize() < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "libvirt does not start: %s",
                virGetLastErrorMessage());
        return false;
    }
    virt_loop_start();
    return true;
}

static bool connect_libvirt(struct virt *virt, GError **error)
{
    g_autofree char *root = g_uri_escape_string(virt->root, "/", FALSE);
    g_autofree char *uri = g_strdup_printf("qemu:///embed?root=%s", root);
    virt_loop_orphans(true);
    virt->connection = virConnectOpen(uri);
    virt_loop_orphans(false);
    if (!virt->connection) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "libvirt's embedded QEMU driver does not open (%s): %s", virt->root,
                virGetLastErrorMessage());
        return false;
    }
    return true;
}

static void take_note(struct virt *virt, struct virt_note *note)
{
    struct virt_job *job = note->job;
    if (!job) {
        virt_state_event(virt, note);
    } else {
        virt_agent_ended(job);
        if (job->finish(job)) {
            g_hash_table_remove(virt->jobs, job);
        }
    }
    virt_note_free(note);
}

static gboolean take_notes(GSource *source, GSourceFunc callback, gpointer data)
{
    struct virt *virt = data;
    (void)callback;
    g_source_set_ready_time(source, -1); /* before: a later note wakes again */
    struct virt_note *note;
    while ((note = g_async_queue_try_pop(virt->notes))) {
        take_note(virt, note);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean no_callback(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

static void wake_start(struct virt *virt)
{
    static GSourceFuncs funcs = {.dispatch = take_notes};
    virt->wake = g_source_new(&funcs, sizeof(GSource));
    g_source_set_callback(virt->wake, no_callback, virt, NULL);
    g_source_attach(virt->wake, virt->context);
}

struct virt *virt_open(const char *root, GMainContext *context, virt_state_fn on_state,
        gpointer data, GError **error)
{
    if (strlen(root) > VIRT_ROOT_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s is too long for the sockets below it (%zu bytes, at most %d): use a shorter "
                "name or set XDG_RUNTIME_DIR",
                root, strlen(root), VIRT_ROOT_MAX);
        return NULL;
    }
    if (!write_config(root, error) || !prepare_libvirt(root, error)) {
        return NULL;
    }
    share_cache(root);

    struct virt *virt = g_new0(struct virt, 1);
    virt->context = g_main_context_ref(context ? context : g_main_context_default());
    virt->root = g_strdup(root);
    virt->on_state = on_state;
    virt->data = data;
    virt->callbacks[0] = virt->callbacks[1] = -1;
    virt->machines =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)virt_vm_free);
    virt->jobs = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)virt_job_free, NULL);
    virt->notes = g_async_queue_new();
    wake_start(virt);
    virt_serial_bound(virt);
    if (!virt_pools_start(virt, error) || !connect_libvirt(virt, error) ||
            !virt_events_register(virt, error) || !virt_state_adopt(virt, error)) {
        virt_close(virt, false);
        return NULL;
    }
    return virt;
}

/* ---- closing -------------------------------------------------------------------------------- */

static void destroy_domain(gpointer data, gpointer user_data)
{
    virDomainPtr domain = data;
    (void)user_data;
    virDomainDestroy(domain); /* one that has just ended is no failure */
    virDomainFree(domain);
}

static void destroy_all(struct virt *virt)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(virt->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    /* shared threads: making them cannot fail */
    GThreadPool *pool = g_thread_pool_new(destroy_domain, NULL, 8, FALSE, NULL);
    virt_loop_orphans(true);
    for (int i = 0; i < n; i++) {
        g_thread_pool_push(pool, domains[i], NULL);
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
    g_free(virt->root);
    g_free(virt);
}

/* ---- start, stop, pause, resume ------------------------------------------------------------- */

struct start_job {
    struct virt_job job;
    char *xml;
    char *state; /* of a clone */
    bool ended;  /* a clone that did not wake was destroyed */
};

void virt_reap(struct virt *virt, const char *domain)
{
    g_autofree char *file = g_strdup_printf("%s/run/qemu/%s.pid", virt->root, domain);
    g_autofree char *pid = NULL;
    if (g_file_get_contents(file, &pid, NULL, NULL)) {
        virt_loop_reap((pid_t)g_ascii_strtoll(pid, NULL, 10));
    }
}

static void start_work(struct virt_job *job, virDomainPtr none)
{
    (void)none;
    struct start_job *start = (struct start_job *)job;
    virt_loop_orphans(true);
    virDomainPtr domain = virDomainCreateXML(job->virt->connection, start->xml, VIR_DOMAIN_NONE);
    virt_loop_orphans(false);
    if (!domain) {
        virt_error_take(&job->error, job->domain, "start it");
        return;
    }
    virt_reap(job->virt, job->domain);
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
    /* the last run's output is not a sign of life */
    g_autofree char *serial = virt_serial_file(virt->root, machine->domain);
    (void)g_unlink(serial);

    struct virt_job *job =
            virt_job_new(virt, sizeof(struct start_job), machine->domain, VIRT_POOL_START);
    struct start_job *start = (struct start_job *)job;
    start->xml = virt_domain_xml(machine, virt->root);
    start->state = g_strdup(machine->state);
    job->work = start_work;
    job->finish = start_finish;
    job->free = start_free;
    job->fn.done = done;
    job->data = data;
    virt_job_push(job);
    virt_serial_watch(virt);
}

static void stop_work(struct virt_job *job, virDomainPtr domain)
{
    if (!domain || virDomainDestroy(domain) == 0) {
        return;
    }
    virErrorPtr last = virGetLastError();
    if (!last || (last->code != VIR_ERR_NO_DOMAIN && last->code != VIR_ERR_OPERATION_INVALID)) {
        virt_error_take(&job->error, job->domain, "stop it");
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
    struct virt_job *job = virt_job_new(virt, sizeof(*job), domain, VIRT_POOL_CONTROL);
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
