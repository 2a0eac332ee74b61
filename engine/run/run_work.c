/* run_work.c - slow work on files, in threads. */
#include "run/run_work.h"

#include "base/paths.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

struct work {
    struct exercise *exercise; /* NULL: it was freed meanwhile */
    run_work_fn work;
    run_worked_fn done;
    gpointer data;
};

static void on_worked(GObject *none, GAsyncResult *result, gpointer data)
{
    g_autofree struct work *work = data;
    struct exercise *exercise = work->exercise;
    (void)none;
    (void)result;
    if (exercise) {
        g_ptr_array_remove_fast(exercise->works, work);
    }
    work->done(exercise, work->data);
    if (exercise && exercise->works->len == 0 && exercise->works_then) {
        void (*then)(struct exercise *) = exercise->works_then;
        exercise->works_then = NULL;
        then(exercise);
    }
}

static void in_thread(GTask *task, gpointer none, gpointer data, GCancellable *cancellable)
{
    const struct work *work = data;
    (void)none;
    (void)cancellable;
    work->work(work->data);
    g_task_return_boolean(task, TRUE);
}

void run_work(struct exercise *exercise, run_work_fn work, run_worked_fn done, gpointer data)
{
    struct work *one = g_new(struct work, 1);
    *one = (struct work){exercise, work, done, data};
    g_ptr_array_add(exercise->works, one);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_worked, one);
    g_task_set_task_data(task, one, NULL);
    g_task_run_in_thread(task, in_thread);
}

guint run_works(const struct exercise *exercise)
{
    return exercise->works->len;
}

void run_works_then(struct exercise *exercise, void (*then)(struct exercise *exercise))
{
    if (exercise->works->len == 0) {
        then(exercise);
    } else {
        exercise->works_then = then;
    }
}

void run_works_free(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->works->len; i++) {
        ((struct work *)exercise->works->pdata[i])->exercise = NULL;
    }
    g_ptr_array_unref(exercise->works);
}

bool run_remove_tree(const char *folder, const char *first, GError **error)
{
    static GMutex removing;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&removing);
    if (first) {
        g_autofree char *path = g_build_filename(folder, first, NULL);
        (void)g_unlink(path);
    }
    return paths_remove_tree(folder, error);
}
