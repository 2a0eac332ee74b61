/* virt_connect.c - opening libvirt's embedded driver, and what every connection has. */
#include "base/error.h"
#include "base/paths.h"
#include "virt/virt_loop.h"
#include "virt/virt_private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

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

void virt_quiet(void)
{
    virInitialize();
    virSetErrorFunc(NULL, keep_quiet);
}

bool virt_prepare(const char *root, GError **error)
{
    g_autofree char *log = g_strdup_printf("3:file:%s/log/libvirt.log", root);
    g_setenv("LIBVIRT_LOG_OUTPUTS", log, FALSE);
    virt_quiet();
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

struct virt *virt_new(const char *root, GMainContext *context, virt_state_fn on_state,
        gpointer data, struct virt_place *place)
{
    struct virt *virt = g_new0(struct virt, 1);
    virt->context = g_main_context_ref(context ? context : g_main_context_default());
    virt->root = g_strdup(root);
    virt->on_state = on_state;
    virt->data = data;
    virt->place = place;
    virt->callbacks[0] = virt->callbacks[1] = -1;
    virt->machines =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)virt_vm_free);
    virt->jobs = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)virt_job_free, NULL);
    virt->notes = g_async_queue_new();
    virt->channels = g_ptr_array_new();
    g_mutex_init(&virt->channels_lock);
    wake_start(virt);
    virt_serial_bound(virt);
    return virt;
}

bool virt_begin(struct virt *virt, GError **error)
{
    return virt_pools_start(virt, error) && virt_events_register(virt, error) &&
           virt_state_adopt(virt, error);
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
    if (!write_config(root, error) || !virt_prepare(root, error)) {
        return NULL;
    }
    share_cache(root);
    struct virt *virt = virt_new(root, context, on_state, data, NULL);
    if (!connect_libvirt(virt, error) || !virt_begin(virt, error)) {
        virt_close(virt, false);
        return NULL;
    }
    return virt;
}
