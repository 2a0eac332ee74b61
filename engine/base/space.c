/* space.c - a thread for each visit to a network namespace. */
#include "base/space.h"

#include "base/error.h"

#include <errno.h>
#include <sched.h>

struct visit {
    int space;
    bool (*fn)(gpointer data, GError **error);
    gpointer data;
    GError *error;
    bool ok;
};

static gpointer visit_thread(gpointer data)
{
    struct visit *visit = data;
    bool is_new = visit->space == SPACE_NEW;
    if (is_new ? unshare(CLONE_NEWNET) != 0 : setns(visit->space, CLONE_NEWNET) != 0) {
        g_set_error(&visit->error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                "cannot %s a network namespace: %s", is_new ? "make" : "enter", g_strerror(errno));
        return NULL;
    }
    visit->ok = visit->fn(visit->data, &visit->error);
    return NULL;
}

bool space_run(int space, bool (*fn)(gpointer data, GError **error), gpointer data, GError **error)
{
    struct visit visit = {.space = space, .fn = fn, .data = data};
    g_autoptr(GError) thread_error = NULL;
    GThread *thread = g_thread_try_new("space", visit_thread, &visit, &thread_error);
    if (!thread) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "no thread: %s",
                thread_error->message);
        return false;
    }
    g_thread_join(thread);
    if (visit.error) {
        g_propagate_error(error, visit.error);
    }
    return visit.ok;
}
