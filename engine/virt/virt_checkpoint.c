/* virt_checkpoint.c - saves running machines to files at one common moment, and starts them again.
 *
 * Each machine's memory streams into DOMAIN.ram while it runs. One whose rest is small waits before
 * the switch-over and runs on meanwhile; QEMU keeps noting what it changes. When all wait, their
 * agents are left alone for a moment, all machines are stopped, the rests are written, and each
 * goes on as soon as its own file is whole. Beside it DOMAIN.xml says with which devices the stream
 * was made.
 *
 * Before 9.0 QEMU forgets to note some writes of an emulated processor ("physmem: Fix migration
 * dirty bitmap coherency with TCG memory access"); what is restored from such a stream panics sooner
 * or later. virt_memory_bytes() is chosen such that this does not happen. An imported machine has
 * memory as libvirt gives it: where one is in the set, all stand still while all is written.
 */
#include "virt/virt_qmp.h"

#include "base/error.h"
#include "base/json.h"

#include <fcntl.h>
#include <string.h>

#define QEMU_NOTES_ALL 9000000 /* since this version every write of an emulated machine is noted */
#define POLL_US 2000
#define BANDWIDTH 4000000000.0 /* bytes a second: no limit, said in QEMU's way */
#define REST_MS 20             /* waits for the others once the rest takes at most so long */
#define REST_BUSY_MS 2000      /* … and this for one that changes more than that all the time */
#define CONVERGE_MS 15000      /* so long it may take */
#define MOVE_MS 120000         /* all of it, on a host that is very busy */
#define STOPPED_MS 30000       /* the rests, and a state read back */
#define AGENT_WAIT_MS 3000     /* for the agents' answers under way; the machines run meanwhile */
#define AGENT_LOOK_MS 5

struct saving { /* one machine of the set */
    char *domain;
    virDomainPtr handle;
    char *xml;
    bool started;     /* its migration was */
    bool was_running; /* not paused by the operator */
    bool waiting;     /* all but the rest is written; or none is, and it is to stand still */
    bool written;
};

enum save_step { SAVE_MOVE, SAVE_QUIET, SAVE_SWITCH };

struct save_job {
    struct virt_job job;
    enum save_step step;
    char *folder;
    struct saving *set;
    guint n;
    bool still; /* memory is written while they stand, all of it */
    gint64 stood_us;
    gint64 quiet_until;
    GSource *timer;
    virt_cut_fn cut;
    virt_saved_fn saved;
};

/* ---- commands, in a thread ------------------------------------------------------------------ */

static bool set_capability(virDomainPtr domain, const char *name, bool on, GError **error)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "capability", name);
    cJSON_AddBoolToObject(one, "state", on);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(arguments, "capabilities"), one);
    return virt_qmp_do(domain, "migrate-set-capabilities", arguments, error);
}

static bool set_limits(virDomainPtr domain, int rest_ms, GError **error)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddNumberToObject(arguments, "max-bandwidth", BANDWIDTH);
    cJSON_AddNumberToObject(arguments, "downtime-limit", rest_ms);
    return virt_qmp_do(domain, "migrate-set-parameters", arguments, error);
}

/* ---- writing while they run ----------------------------------------------------------------- */

static bool write_description(struct save_job *save, struct saving *one, GError **error)
{
    g_autofree char *path = virt_checkpoint_file(save->folder, one->domain, "xml");
    one->xml = virDomainGetXMLDesc(one->handle, VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE);
    if (!one->xml) {
        virt_error_take(error, one->domain, "describe it");
        return false;
    }
    g_autoptr(GError) cause = NULL;
    bool ok =
            g_file_set_contents_full(path, one->xml, -1, G_FILE_SET_CONTENTS_DURABLE, 0600, &cause);
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot write %s: %s", path,
                cause->message);
    }
    return ok;
}

/* All that can be done before the stream begins. */
static bool prepare_one(struct save_job *save, struct saving *one, GError **error)
{
    int state = VIR_DOMAIN_NOSTATE;
    g_autofree char *name = virt_full_name(save->job.virt, one->domain);
    one->handle = virDomainLookupByName(save->job.virt->connection, name);
    if (!one->handle || !virt_is_ours(save->job.virt, one->handle) ||
            virDomainGetState(one->handle, &state, NULL, 0) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s: it does not run",
                one->domain);
        return false;
    }
    one->was_running = state == VIR_DOMAIN_RUNNING;
    g_autofree char *path = virt_checkpoint_file(save->folder, one->domain, "ram");
    return write_description(save, one, error) &&
           set_capability(one->handle, "x-ignore-shared", false, error) &&
           virt_qmp_pass_file(one->handle, path, O_WRONLY | O_CREAT | O_EXCL, error);
}

static bool begin_one(const struct save_job *save, struct saving *one, GError **error)
{
    if (!set_capability(one->handle, "pause-before-switchover", !save->still, error) ||
            !set_limits(one->handle, save->still ? REST_BUSY_MS : REST_MS, error)) {
        return false;
    }
    one->waiting = save->still;
    one->started = save->still || virt_qmp_migrate_file(one->handle, "migrate", error);
    return one->started;
}

/* Whether a machine's own writes can be missed while it runs. */
static bool must_stand(const struct save_job *save)
{
    unsigned long version = 0;
    bool old = virConnectGetVersion(save->job.virt->connection, &version) != 0 ||
               version < QEMU_NOTES_ALL;
    bool emulated = false;
    for (guint i = 0; i < save->n; i++) {
        const char *xml = save->set[i].xml;
        bool kvm = strstr(xml, "<domain type='kvm'") != NULL;
        emulated = emulated || (!kvm && !strstr(xml, VIRT_OWN_MEMORY));
    }
    return old && emulated;
}

static bool begin_all(struct save_job *save, GError **error)
{
    for (guint i = 0; i < save->n; i++) {
        if (!prepare_one(save, &save->set[i], error)) {
            return false;
        }
    }
    save->still = must_stand(save);
    for (guint i = 0; i < save->n; i++) {
        if (!begin_one(save, &save->set[i], error)) {
            return false;
        }
    }
    return true;
}

static char *migration_status(struct saving *one, GError **error)
{
    cJSON *info = virt_qmp(one->handle, "query-migrate", NULL, error);
    char *status = info ? g_strdup(json_string(info, "status", "none")) : NULL;
    if (status && (!strcmp(status, "failed") || !strcmp(status, "cancelled"))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                "machine %s: its memory cannot be saved: %s", one->domain,
                json_string(info, "error-desc", "the file cannot be written (is the disk full?)"));
        g_clear_pointer(&status, g_free);
    }
    cJSON_Delete(info);
    return status;
}

/* Before the switch-over QEMU has stopped the machine. Until the others are as far it runs on: what
 * it changes is part of the rest. A QEMU that refuses this leaves it standing, which is as right.
 */
static bool look_at_one(struct saving *one, GError **error)
{
    g_autofree char *status = migration_status(one, error);
    if (!status) {
        return false;
    }
    one->waiting = !strcmp(status, "pre-switchover");
    if (one->waiting && one->was_running) {
        (void)virt_qmp_do(one->handle, "cont", NULL, NULL);
    }
    return true;
}

static bool limit_passed(struct save_job *save, gint64 begun_us, bool *patient, GError **error)
{
    gint64 took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    if (took_ms > MOVE_MS) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                "the machines' memory could not be saved in %d s", MOVE_MS / 1000);
        return true;
    }
    for (guint i = 0; *patient && took_ms > CONVERGE_MS && i < save->n; i++) {
        (void)set_limits(save->set[i].handle, REST_BUSY_MS, NULL);
    }
    *patient = *patient && took_ms <= CONVERGE_MS;
    return false;
}

static void move_all(struct save_job *save)
{
    GError **error = &save->job.error;
    gint64 begun_us = g_get_monotonic_time();
    bool patient = true;
    if (!begin_all(save, error)) {
        return;
    }
    for (guint waiting = save->still ? save->n : 0; waiting < save->n;) {
        waiting = 0;
        for (guint i = 0; i < save->n; i++) {
            struct saving *one = &save->set[i];
            if (!one->waiting && !look_at_one(one, error)) {
                return;
            }
            waiting += one->waiting;
        }
        if (waiting < save->n && limit_passed(save, begun_us, &patient, error)) {
            return;
        }
        g_usleep(POLL_US);
    }
}

/* ---- the standstill ------------------------------------------------------------------------- */

static bool go_on(struct saving *one, GError **error)
{
    return !one->was_running || virt_qmp_do(one->handle, "cont", NULL, error);
}

/* Looks at one that is not through yet; once it is, its disks are copied and it goes on. */
static bool finish_one(const struct save_job *save, struct saving *one, GError **error)
{
    g_autofree char *status = migration_status(one, error);
    if (!status) {
        return false;
    }
    one->written = !strcmp(status, "completed");
    return !one->written ||
           (virt_disks_save(one->xml, save->folder, one->domain, error) && go_on(one, error));
}

static bool finish_all(struct save_job *save, gint64 limit_us, GError **error)
{
    for (guint written = 0; written < save->n;) {
        written = 0;
        for (guint i = 0; i < save->n; i++) {
            if (!save->set[i].written && !finish_one(save, &save->set[i], error)) {
                return false;
            }
            written += save->set[i].written;
        }
        if (written < save->n && g_get_monotonic_time() > limit_us) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                    "the rest of the machines' memory could not be saved in %d s",
                    STOPPED_MS / 1000);
            return false;
        }
        g_usleep(written < save->n ? POLL_US / 2 : 0);
    }
    return true;
}

static bool write_rest(const struct save_job *save, struct saving *one, GError **error)
{
    if (save->still) {
        return virt_qmp_migrate_file(one->handle, "migrate", error);
    }
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(arguments, "state", "pre-switchover");
    return virt_qmp_do(one->handle, "migrate-continue", arguments, error);
}

static void switch_all(struct save_job *save)
{
    GError **error = &save->job.error;
    gint64 from_us = g_get_monotonic_time();
    for (guint i = 0; i < save->n; i++) {
        if (save->set[i].was_running && !virt_qmp_do(save->set[i].handle, "stop", NULL, error)) {
            return;
        }
    }
    for (guint i = 0; i < save->n; i++) {
        if (!write_rest(save, &save->set[i], error)) {
            return;
        }
    }
    if (finish_all(save, from_us + STOPPED_MS * 1000, error)) {
        save->stood_us = g_get_monotonic_time() - from_us;
    }
}

void virt_checkpoint_forsake(virDomainPtr domain)
{
    static const char *const over[] = {"none", "failed", "cancelled", "completed", NULL};
    (void)virt_qmp_do(domain, "migrate_cancel", NULL, NULL);
    (void)virt_qmp_await_migration(domain, over, STOPPED_MS, NULL);
}

/* After a failure every machine runs as before. */
static void call_off(struct save_job *save)
{
    for (guint i = 0; i < save->n; i++) {
        struct saving *one = &save->set[i];
        if (one->handle && one->started) {
            virt_checkpoint_forsake(one->handle);
            (void)go_on(one, NULL);
        }
    }
}

static void save_work(struct virt_job *job, virDomainPtr none)
{
    (void)none;
    struct save_job *save = (struct save_job *)job;
    if (save->step == SAVE_MOVE) {
        move_all(save);
    } else {
        switch_all(save);
    }
    for (guint i = 0; i < save->n && !job->error; i++) {
        (void)set_capability(save->set[i].handle, "pause-before-switchover", false, NULL);
    }
    if (job->error) {
        call_off(save);
    }
}

/* ---- in the context -------------------------------------------------------------------------- */

/* Agents get no command that is not answered before the machines stop: else the saved machine would
 * have half of one in its channel. */
static void hold_agents(struct save_job *save, bool held)
{
    for (guint i = 0; i < save->n; i++) {
        struct vm *vm = virt_vm(save->job.virt, save->set[i].domain);
        vm->held = held;
        virt_agent_pump(save->job.virt, vm);
    }
}

static void note_stops(struct save_job *save, gint64 until_us)
{
    for (guint i = 0; i < save->n; i++) {
        virt_vm(save->job.virt, save->set[i].domain)->own_stops_until = until_us;
    }
}

static gboolean quiet_look(gpointer data)
{
    struct save_job *save = data;
    bool talking = false;
    for (guint i = 0; i < save->n; i++) {
        talking = talking || virt_vm(save->job.virt, save->set[i].domain)->talking;
    }
    if (talking && g_get_monotonic_time() < save->quiet_until) {
        return G_SOURCE_CONTINUE;
    }
    g_clear_pointer(&save->timer, g_source_unref);
    save->step = SAVE_SWITCH;
    save->cut(save->job.data);
    virt_job_push(&save->job);
    return G_SOURCE_REMOVE;
}

static void wait_for_agents(struct save_job *save)
{
    save->step = SAVE_QUIET;
    save->quiet_until = g_get_monotonic_time() + AGENT_WAIT_MS * 1000;
    hold_agents(save, true);
    save->timer = g_timeout_source_new(AGENT_LOOK_MS);
    g_source_set_callback(save->timer, quiet_look, save, NULL);
    g_source_attach(save->timer, save->job.virt->context);
}

static bool save_finish(struct virt_job *job)
{
    struct save_job *save = (struct save_job *)job;
    if (!job->error && save->step == SAVE_MOVE) {
        wait_for_agents(save);
        return false;
    }
    hold_agents(save, false);
    note_stops(save, g_get_monotonic_time() + G_USEC_PER_SEC); /* libvirt tells them late */
    save->saved(save->stood_us, job->error, job->data);
    return true;
}

static void save_free(struct virt_job *job)
{
    struct save_job *save = (struct save_job *)job;
    if (save->timer) {
        g_source_destroy(save->timer);
        g_source_unref(save->timer);
    }
    for (guint i = 0; i < save->n; i++) {
        if (save->set[i].handle) {
            virDomainFree(save->set[i].handle);
        }
        free(save->set[i].xml); // NOLINT: libvirt's allocation
        g_free(save->set[i].domain);
    }
    g_free(save->set);
    g_free(save->folder);
}

void virt_checkpoint(struct virt *virt, const char *const *domains, const char *folder,
        virt_cut_fn cut, virt_saved_fn done, gpointer data)
{
    struct virt_job *job = virt_job_new(virt, sizeof(struct save_job), domains[0], VIRT_POOL_START);
    struct save_job *save = (struct save_job *)job;
    save->folder = g_strdup(folder);
    save->n = g_strv_length((char **)domains);
    save->set = g_new0(struct saving, save->n);
    for (guint i = 0; i < save->n; i++) {
        save->set[i].domain = g_strdup(domains[i]);
    }
    save->cut = cut;
    save->saved = done;
    job->work = save_work;
    job->finish = save_finish;
    job->free = save_free;
    job->data = data;
    note_stops(save, G_MAXINT64);
    virt_job_push(job);
}
