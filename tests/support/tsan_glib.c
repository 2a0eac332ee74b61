/* tsan_glib.c - tells the thread sanitizer what GLib's locks, queues and sources order.
 *
 * Debian's GLib is not compiled with the sanitizer, and its mutexes are futexes of its own, so
 * every hand-over through it would look like a race. The linker's --wrap puts these functions
 * between our code and GLib: "release" before a hand-over, "acquire" after it, on the object both
 * sides name. Only the thread sanitizer's builds contain this file.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <stdbool.h>

#define WRAPPED(type, name, ...)                                                                   \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

/* ---- locks --------------------------------------------------------------------------------- */

WRAPPED(void, g_mutex_lock, GMutex *mutex)
{
    __real_g_mutex_lock(mutex);
    __tsan_acquire(mutex);
}

WRAPPED(void, g_mutex_unlock, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_mutex_unlock(mutex);
}

WRAPPED(void, g_cond_wait, GCond *cond, GMutex *mutex)
{
    __tsan_release(mutex);
    __real_g_cond_wait(cond, mutex);
    __tsan_acquire(mutex);
}

WRAPPED(gboolean, g_cond_wait_until, GCond *cond, GMutex *mutex, gint64 end)
{
    __tsan_release(mutex);
    gboolean signalled = __real_g_cond_wait_until(cond, mutex, end);
    __tsan_acquire(mutex);
    return signalled;
}

WRAPPED(void, g_once_init_leave, volatile void *location, gsize result)
{
    __tsan_release((void *)location);
    __real_g_once_init_leave(location, result);
}

WRAPPED(gboolean, g_atomic_ref_count_dec, gatomicrefcount *count)
{
    __tsan_release(count);
    gboolean last = __real_g_atomic_ref_count_dec(count);
    __tsan_acquire(count);
    return last;
}

/* ---- queues -------------------------------------------------------------------------------- */

WRAPPED(void, g_async_queue_push, GAsyncQueue *queue, gpointer data)
{
    __tsan_release(queue);
    __real_g_async_queue_push(queue, data);
}

WRAPPED(gpointer, g_async_queue_pop, GAsyncQueue *queue)
{
    gpointer data = __real_g_async_queue_pop(queue);
    __tsan_acquire(queue);
    return data;
}

WRAPPED(gpointer, g_async_queue_try_pop, GAsyncQueue *queue)
{
    gpointer data = __real_g_async_queue_try_pop(queue);
    __tsan_acquire(queue);
    return data;
}

WRAPPED(gpointer, g_async_queue_timeout_pop, GAsyncQueue *queue, guint64 timeout)
{
    gpointer data = __real_g_async_queue_timeout_pop(queue, timeout);
    __tsan_acquire(queue);
    return data;
}

/* ---- pools: one sync object for all, which orders more than GLib promises by a little ----------
 */

struct pool_closure { /* one a pool; pools live as long as the program here */
    GFunc func;
    gpointer data;
};

static char pool_order;

static void pool_work(gpointer item, gpointer data)
{
    struct pool_closure *closure = data;
    __tsan_acquire(&pool_order);
    closure->func(item, closure->data);
    __tsan_release(&pool_order);
}

WRAPPED(GThreadPool *, g_thread_pool_new, GFunc func, gpointer data, gint max, gboolean exclusive,
        GError **error)
{
    static GPtrArray *closures; /* reachable, for the leak check */
    if (!closures) {
        closures = g_ptr_array_new();
    }
    struct pool_closure *closure = g_new0(struct pool_closure, 1);
    closure->func = func;
    closure->data = data;
    g_ptr_array_add(closures, closure);
    return __real_g_thread_pool_new(pool_work, closure, max, exclusive, error);
}

WRAPPED(gboolean, g_thread_pool_push, GThreadPool *pool, gpointer item, GError **error)
{
    __tsan_release(&pool_order);
    return __real_g_thread_pool_push(pool, item, error);
}

WRAPPED(void, g_thread_pool_free, GThreadPool *pool, gboolean immediate, gboolean wait)
{
    __real_g_thread_pool_free(pool, immediate, wait);
    __tsan_acquire(&pool_order);
}

static void task_work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GTaskThreadFunc func = NULL;
    __tsan_acquire(&pool_order);
    *(gpointer *)&func = g_object_get_data(G_OBJECT(task), "tsan-work");
    func(task, source, data, cancellable);
}

WRAPPED(void, g_task_run_in_thread, GTask *task, GTaskThreadFunc func)
{
    g_object_set_data(G_OBJECT(task), "tsan-work", *(gpointer *)&func);
    __tsan_release(&pool_order);
    __real_g_task_run_in_thread(task, task_work);
}

/* ---- sources ------------------------------------------------------------------------------- */

struct source_closure {
    GSource *source; /* its address orders; never dereferenced */
    GSourceFunc func;
    gpointer data;
    GDestroyNotify notify;
};

static gboolean source_work(gpointer data)
{
    struct source_closure *closure = data;
    __tsan_acquire(closure);
    __tsan_acquire(closure->source);
    return closure->func(closure->data);
}

/* Sources of descriptors call with three arguments. */
static gboolean source_work_fd(gint fd, GIOCondition condition, gpointer data)
{
    struct source_closure *closure = data;
    __tsan_acquire(closure);
    __tsan_acquire(closure->source);
    GUnixFDSourceFunc func = (GUnixFDSourceFunc)(void (*)(void))closure->func;
    return func(fd, condition, closure->data);
}

static void source_done(gpointer data)
{
    struct source_closure *closure = data;
    __tsan_acquire(closure);
    if (closure->notify) {
        closure->notify(closure->data);
    }
    g_free(closure);
}

/* Marks a source, or asks whether it is marked (and forgets: a source gets its callback once). */
static bool mark_fd_source(GSource *source, bool mark)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static GHashTable *marked;
    pthread_mutex_lock(&lock);
    if (!marked) {
        marked = g_hash_table_new(NULL, NULL);
    }
    bool was = mark ? g_hash_table_add(marked, source) : g_hash_table_remove(marked, source);
    pthread_mutex_unlock(&lock);
    return was;
}

WRAPPED(GSource *, g_unix_fd_source_new, gint fd, GIOCondition condition)
{
    GSource *source = __real_g_unix_fd_source_new(fd, condition);
    mark_fd_source(source, true);
    return source;
}

WRAPPED(void, g_source_set_callback, GSource *source, GSourceFunc func, gpointer data,
        GDestroyNotify notify)
{
    struct source_closure *closure = g_new(struct source_closure, 1);
    *closure = (struct source_closure){source, func, data, notify};
    __tsan_release(closure);
    GSourceFunc work = mark_fd_source(source, false) ? (GSourceFunc)(void (*)(void))source_work_fd
                                                     : source_work;
    __real_g_source_set_callback(source, work, closure, source_done);
}

WRAPPED(guint, g_source_attach, GSource *source, GMainContext *context)
{
    __tsan_release(source);
    return __real_g_source_attach(source, context);
}

WRAPPED(void, g_source_set_ready_time, GSource *source, gint64 ready)
{
    __tsan_release(source);
    __real_g_source_set_ready_time(source, ready);
}

WRAPPED(guint, g_idle_add, GSourceFunc func, gpointer data)
{
    g_autoptr(GSource) source = g_idle_source_new();
    __wrap_g_source_set_callback(source, func, data, NULL);
    return __wrap_g_source_attach(source, NULL);
}
