/* virt_loop.c - libvirt's event loop, on a thread and a main context of its own.
 *
 * libvirt adds, changes and removes watches from any thread. Each watch has a number; callbacks and
 * free functions run only on the loop's thread, the latter from a clean stack, as
 * libvirt-event.h asks.
 */
#include "virt/virt_loop.h"

#include <glib-unix.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORPHANS_LOOK_US 20000

struct watch {
    int id;
    int fd;          /* -1: a timer */
    int events;      /* of a handle: VIR_EVENT_HANDLE_… */
    int interval_ms; /* of a timer; < 0: off */
    GSource *source; /* NULL: nothing to wait for */
    virEventHandleCallback on_handle;
    virEventTimeoutCallback on_timeout;
    void *opaque;
    virFreeCallback free;
};

static struct {
    GMutex lock;
    GHashTable *watches; /* id → struct watch; freed by the loop's thread only */
    GMainContext *context;
    int last_id;
    GSource *orphans; /* looks for ended QEMUs while windows > 0 */
    gint windows;
} loop;

static struct watch *find_watch(int id) /* locked */
{
    return g_hash_table_lookup(loop.watches, GINT_TO_POINTER(id));
}

static GIOCondition condition_of(int events)
{
    return (events & VIR_EVENT_HANDLE_READABLE ? G_IO_IN : 0) |
           (events & VIR_EVENT_HANDLE_WRITABLE ? G_IO_OUT : 0) |
           (events & VIR_EVENT_HANDLE_ERROR ? G_IO_ERR : 0) |
           (events & VIR_EVENT_HANDLE_HANGUP ? G_IO_HUP : 0);
}

static int events_of(GIOCondition condition)
{
    return (condition & G_IO_IN ? VIR_EVENT_HANDLE_READABLE : 0) |
           (condition & G_IO_OUT ? VIR_EVENT_HANDLE_WRITABLE : 0) |
           (condition & (G_IO_ERR | G_IO_NVAL) ? VIR_EVENT_HANDLE_ERROR : 0) |
           (condition & G_IO_HUP ? VIR_EVENT_HANDLE_HANGUP : 0);
}

static gboolean on_fd(gint fd, GIOCondition condition, gpointer data)
{
    int id = GPOINTER_TO_INT(data);
    g_mutex_lock(&loop.lock);
    struct watch *watch = find_watch(id);
    int events = watch ? events_of(condition) &
                                 (watch->events | VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP)
                       : 0;
    g_mutex_unlock(&loop.lock);
    if (events) { /* a removed watch lives until this thread is back in its loop */
        watch->on_handle(id, fd, events, watch->opaque);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_time(gpointer data)
{
    int id = GPOINTER_TO_INT(data);
    g_mutex_lock(&loop.lock);
    struct watch *watch = find_watch(id);
    if (watch && watch->source) {
        g_source_set_ready_time(
                watch->source, g_get_monotonic_time() + (gint64)watch->interval_ms * 1000);
    }
    g_mutex_unlock(&loop.lock);
    if (watch) {
        watch->on_timeout(id, watch->opaque);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean dispatch_timer(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch_timer};

static void watch_disarm(struct watch *watch) /* locked */
{
    if (watch->source) {
        g_source_destroy(watch->source);
        g_source_unref(watch->source);
        watch->source = NULL;
    }
}

static void watch_arm(struct watch *watch) /* locked */
{
    watch_disarm(watch);
    if (watch->fd >= 0 && watch->events) {
        watch->source = g_unix_fd_source_new(watch->fd, condition_of(watch->events));
        g_source_set_callback(
                watch->source, G_SOURCE_FUNC(on_fd), GINT_TO_POINTER(watch->id), NULL);
    } else if (watch->fd < 0 && watch->interval_ms >= 0) {
        watch->source = g_source_new(&timer_funcs, sizeof(GSource));
        g_source_set_callback(watch->source, on_time, GINT_TO_POINTER(watch->id), NULL);
        g_source_set_ready_time(
                watch->source, g_get_monotonic_time() + (gint64)watch->interval_ms * 1000);
    }
    if (watch->source) {
        g_source_attach(watch->source, loop.context);
    }
}

static int add_watch(struct watch *watch)
{
    g_mutex_lock(&loop.lock);
    watch->id = ++loop.last_id;
    int id = watch->id;
    g_hash_table_insert(loop.watches, GINT_TO_POINTER(id), watch);
    watch_arm(watch);
    g_mutex_unlock(&loop.lock);
    return id;
}

static gboolean free_watch(gpointer data)
{
    struct watch *watch = data;
    if (watch->free) {
        watch->free(watch->opaque);
    }
    g_free(watch);
    return G_SOURCE_REMOVE;
}

static int remove_watch(int id)
{
    g_mutex_lock(&loop.lock);
    struct watch *watch = find_watch(id);
    if (watch) {
        watch_disarm(watch);
        g_hash_table_remove(loop.watches, GINT_TO_POINTER(id));
        GSource *source = g_idle_source_new();
        g_source_set_callback(source, free_watch, watch, NULL);
        g_source_attach(source, loop.context);
        g_source_unref(source);
    }
    g_mutex_unlock(&loop.lock);
    return watch ? 0 : -1;
}

static int add_handle(int fd, int events, virEventHandleCallback on_handle, void *opaque,
        virFreeCallback free_opaque)
{
    struct watch *watch = g_new0(struct watch, 1);
    *watch = (struct watch){.fd = fd,
            .events = events,
            .on_handle = on_handle,
            .opaque = opaque,
            .free = free_opaque};
    return add_watch(watch);
}

static void update_handle(int id, int events)
{
    g_mutex_lock(&loop.lock);
    struct watch *watch = find_watch(id);
    if (watch && watch->events != events) {
        watch->events = events;
        watch_arm(watch);
    }
    g_mutex_unlock(&loop.lock);
}

static int add_timeout(int interval_ms, virEventTimeoutCallback on_timeout, void *opaque,
        virFreeCallback free_opaque)
{
    struct watch *watch = g_new0(struct watch, 1);
    *watch = (struct watch){.fd = -1,
            .interval_ms = interval_ms,
            .on_timeout = on_timeout,
            .opaque = opaque,
            .free = free_opaque};
    return add_watch(watch);
}

static void update_timeout(int id, int interval_ms)
{
    g_mutex_lock(&loop.lock);
    struct watch *watch = find_watch(id);
    if (watch) {
        watch->interval_ms = interval_ms;
        watch_arm(watch);
    }
    g_mutex_unlock(&loop.lock);
}

static gboolean reap(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    (void)waitpid(GPOINTER_TO_INT(data), NULL, WNOHANG); /* not our child: nobody's loss */
    close(fd);
    return G_SOURCE_REMOVE;
}

void virt_loop_reap(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        return;
    }
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(source, G_SOURCE_FUNC(reap), GINT_TO_POINTER(pid), NULL);
    g_source_attach(source, loop.context);
    g_source_unref(source);
}

/* ---- orphans -------------------------------------------------------------------------------- */

/* QEMU, and a TPM's emulator. A daemon has a session of its own. A QEMU in ours is one that libvirt itself started and waits
 * for: it makes the daemon and ends. */
static bool is_daemon_of_libvirt(pid_t pid)
{
    if (getsid(pid) == getsid(0)) {
        return false;
    }
    g_autofree char *file = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = NULL;
    return g_file_get_contents(file, &name, NULL, NULL) &&
           (g_str_has_prefix(name, "qemu-system") || g_str_has_prefix(name, "swtpm"));
}

/* Other children belong to whoever started them: they are looked at, not taken. */
static void reap_qemus(void)
{
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0 &&
            is_daemon_of_libvirt(info.si_pid) && waitpid(info.si_pid, NULL, WNOHANG) > 0) {
        info.si_pid = 0;
    }
}

static gboolean on_orphans(gpointer data)
{
    (void)data;
    bool again = g_atomic_int_get(&loop.windows) > 0;
    reap_qemus();
    g_source_set_ready_time(loop.orphans, again ? g_get_monotonic_time() + ORPHANS_LOOK_US : -1);
    if (g_atomic_int_get(&loop.windows) > 0 && !again) { /* opened meanwhile */
        g_source_set_ready_time(loop.orphans, 0);
    }
    return G_SOURCE_CONTINUE;
}

void virt_loop_orphans(bool expected)
{
    g_atomic_int_add(&loop.windows, expected ? 1 : -1);
    g_source_set_ready_time(loop.orphans, 0);
}

/* ---- the thread ----------------------------------------------------------------------------- */

struct settling {
    GMutex lock;
    GCond changed;
    bool done;
};

static gboolean on_settled(gpointer data)
{
    struct settling *settling = data;
    g_mutex_lock(&settling->lock);
    settling->done = true;
    g_cond_signal(&settling->changed);
    g_mutex_unlock(&settling->lock);
    return G_SOURCE_REMOVE;
}

void virt_loop_settle(void)
{
    struct settling settling = {0};
    g_mutex_init(&settling.lock);
    g_cond_init(&settling.changed);
    g_mutex_lock(&settling.lock);
    GSource *source = g_idle_source_new(); /* in the loop's thread, invoke() might take this one */
    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, on_settled, &settling, NULL);
    g_source_attach(source, loop.context);
    g_source_unref(source);
    while (!settling.done) {
        g_cond_wait(&settling.changed, &settling.lock);
    }
    g_mutex_unlock(&settling.lock);
    g_mutex_clear(&settling.lock);
    g_cond_clear(&settling.changed);
}

static gpointer run_loop(gpointer data)
{
    (void)data;
    for (;;) {
        g_main_context_iteration(loop.context, TRUE);
    }
    return NULL;
}

void virt_loop_start(void)
{
    static gsize started;
    if (g_once_init_enter(&started)) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        loop.watches = g_hash_table_new(NULL, NULL);
        loop.context = g_main_context_new();
        loop.orphans = g_source_new(&timer_funcs, sizeof(GSource));
        g_source_set_callback(loop.orphans, on_orphans, NULL, NULL);
        g_source_attach(loop.orphans, loop.context);
        virEventRegisterImpl(
                add_handle, update_handle, remove_watch, add_timeout, update_timeout, remove_watch);
        g_thread_unref(g_thread_new("virt-events", run_loop, NULL));
        g_once_init_leave(&started, 1);
    }
}
