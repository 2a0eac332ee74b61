/* fake_server.h - a control server on a fake exercise, in a thread of its own. */
#pragma once

#include "support/fake_exercise.h"

#include "control/control.h"

/* The server runs in a thread of its own, as in life it does in another process. */
struct fixture {
    char *dir, *path, *ledger;
    struct exercise *exercise;
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    int events; /* recorded before the socket opens */
    GMutex lock;
    GCond cond;
    bool up;
};

static inline void record_notes(struct exercise *exercise, int count)
{
    for (int i = 0; i < count; i++) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddNumberToObject(body, "n", i);
        cJSON_AddStringToObject(body, "text", "something \"happened\"\n");
        fake_record(exercise, "note", NULL, "drill", body);
    }
}

static inline gpointer serve(gpointer data)
{
    struct fixture *f = data;
    g_main_context_push_thread_default(f->context);
    f->exercise = fake_new(f->ledger);
    record_notes(f->exercise, f->events);
    while (f->exercise->seq < f->events) {
        g_main_context_iteration(f->context, TRUE);
    }
    g_autoptr(GError) error = NULL;
    struct control *control = control_new(f->exercise, f->path, &error);
    g_assert_no_error(error);
    g_mutex_lock(&f->lock);
    f->up = true;
    g_cond_signal(&f->cond);
    g_mutex_unlock(&f->lock);
    g_main_loop_run(f->loop);
    control_free(control);
    fake_free(f->exercise);
    g_main_context_pop_thread_default(f->context);
    return NULL;
}

static inline void start_thread(struct fixture *f)
{
    f->context = g_main_context_new();
    f->loop = g_main_loop_new(f->context, FALSE);
    g_mutex_init(&f->lock);
    g_cond_init(&f->cond);
    f->thread = g_thread_new("server", serve, f);
    g_mutex_lock(&f->lock);
    while (!f->up) {
        g_cond_wait(&f->cond, &f->lock);
    }
    g_mutex_unlock(&f->lock);
}

static inline struct fixture *start(int events)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->dir = test_mkdtemp();
    f->path = g_build_filename(f->dir, "drill.sock", NULL);
    f->ledger = g_build_filename(f->dir, "drill.ledger", NULL);
    f->events = events;
    start_thread(f);
    return f;
}

static inline gboolean quit(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

static inline void stop_server(struct fixture *f)
{
    GSource *source = g_idle_source_new();
    g_source_set_callback(source, quit, f->loop, NULL);
    g_source_attach(source, f->context);
    g_source_unref(source);
    g_thread_join(f->thread);
    f->thread = NULL;
}

static inline void finish(struct fixture *f)
{
    if (f->thread) {
        stop_server(f);
    }
    g_main_loop_unref(f->loop);
    g_main_context_unref(f->context);
    g_free(f->path);
    g_free(f->ledger);
    test_rmtree(f->dir);
    g_mutex_clear(&f->lock);
    g_cond_clear(&f->cond);
    g_free(f);
}
