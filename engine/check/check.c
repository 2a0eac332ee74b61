/* check.c - the checker: one thread, one main loop, many checks at a time. */
#include "check/check_internal.h"

#include "base/error.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct checker {
    GMainContext *context; /* of the thread */
    GMainLoop *loop;
    GThread *thread;
    struct check_mailbox *in;  /* struct check *: to be done */
    struct check_mailbox *out; /* struct check *: done */
    struct check_http *http;
    /* the thread's own */
    GHashTable *open; /* struct check * under way */
    GQueue waiting;   /* beyond CHECK_OPEN_MAX */
    bool stopping;
};

static char stop_mark; /* its address in the mailbox ends the thread */

const char *check_status_name(enum check_status status)
{
    static const char *const names[] = {"ok", "down", "mumble", "fault"};
    return (unsigned)status < G_N_ELEMENTS(names) ? names[status] : "unknown";
}

GSource *check_timer(struct checker *checker, int ms, GSourceFunc fn, gpointer data)
{
    GSource *source = g_timeout_source_new((guint)MAX(ms, 0));
    g_source_set_callback(source, fn, data, NULL);
    g_source_attach(source, checker->context);
    return source;
}

static void drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static void check_free(struct check *check)
{
    g_free((char *)check->request.path);
    g_free((char *)check->request.contains);
    g_free((char *)check->request.table);
    g_free(check->result.detail);
    g_free(check);
}

static gboolean on_limit(gpointer data)
{
    struct check *check = data;
    bool begun = check->have > 0 || check->header > 0;
    check_finish(check, CHECK_DOWN, 0,
            g_strdup_printf("no %sanswer in %g s", begun ? "complete " : "",
                    check->request.timeout_ms / 1000.0));
    return G_SOURCE_REMOVE;
}

static void begin(struct check *check)
{
    static const struct check_family *const families[] = {
            [CHECK_TCP] = &check_family_tcp,
            [CHECK_SSH] = &check_family_ssh,
            [CHECK_MODBUS] = &check_family_modbus,
            [CHECK_PING] = &check_family_ping,
    };
    struct checker *checker = check->checker;
    g_hash_table_add(checker->open, check);
    check->begun_us = g_get_monotonic_time();
    check->limit = check_timer(checker, check->request.timeout_ms, on_limit, check);
    if ((unsigned)check->request.protocol >= G_N_ELEMENTS(families)) {
        check_finish(check, CHECK_FAULT, 0, g_strdup("unknown protocol"));
        return;
    }
    check->family = families[check->request.protocol];
    if (check->family) {
        check->family->open(check);
    } else {
        check_http_start(checker->http, check);
    }
}

static void begin_waiting(struct checker *checker)
{
    while (!checker->stopping && g_hash_table_size(checker->open) < CHECK_OPEN_MAX) {
        struct check *next = g_queue_pop_head(&checker->waiting);
        if (!next) {
            return;
        }
        begin(next);
    }
}

static gboolean on_room(gpointer data)
{
    begin_waiting(data);
    return G_SOURCE_REMOVE;
}

void check_finish(struct check *check, enum check_status status, double value, char *detail)
{
    struct checker *checker = check->checker;
    drop_source(&check->watch);
    drop_source(&check->limit);
    drop_source(&check->again);
    if (check->easy) {
        check_http_cancel(checker->http, check);
    }
    if (check->fd >= 0) {
        close(check->fd);
        check->fd = -1;
    }
    check->result.status = status;
    check->result.value = value;
    check->result.detail = detail;
    check->result.took_us = check->begun_us ? g_get_monotonic_time() - check->begun_us : 0;
    g_hash_table_remove(checker->open, check);
    check_mailbox_put(checker->out, check);
    if (!g_queue_is_empty(&checker->waiting)) {
        /* not from here: begin() may finish at once and come back, ever deeper */
        g_source_unref(check_timer(checker, 0, on_room, checker));
    }
}

static void stop(struct checker *checker)
{
    static const char why[] = "the exercise ended before the check did";
    checker->stopping = true;
    struct check *check;
    while ((check = g_queue_pop_head(&checker->waiting))) {
        check_finish(check, CHECK_FAULT, 0, g_strdup(why));
    }
    g_autoptr(GList) open = g_hash_table_get_keys(checker->open);
    for (GList *item = open; item; item = item->next) {
        check_finish(item->data, CHECK_FAULT, 0, g_strdup(why));
    }
    g_main_loop_quit(checker->loop);
}

/* In the checker's thread: a new check, or the mark to stop. */
static void on_mail(gpointer item, gpointer data)
{
    struct checker *checker = data;
    if (item == &stop_mark) {
        stop(checker);
        return;
    }
    g_queue_push_tail(&checker->waiting, item);
    begin_waiting(checker);
}

/* In the caller's context. */
static void on_done(gpointer item, G_GNUC_UNUSED gpointer data)
{
    struct check *check = item;
    check->done(&check->result, check->done_data);
    check_free(check);
}

static gpointer thread_main(gpointer data)
{
    struct checker *checker = data;
    g_main_context_push_thread_default(checker->context);
    g_main_loop_run(checker->loop);
    g_main_context_pop_thread_default(checker->context);
    return NULL;
}

struct checker *checker_new(GMainContext *context, GError **error)
{
    struct checker *checker = g_new0(struct checker, 1);
    checker->context = g_main_context_new();
    checker->loop = g_main_loop_new(checker->context, FALSE);
    checker->open = g_hash_table_new(NULL, NULL);
    g_queue_init(&checker->waiting);
    checker->in = check_mailbox_new(checker->context, on_mail, checker, error);
    checker->out = checker->in ? check_mailbox_new(context, on_done, checker, error) : NULL;
    checker->http = check_http_new(checker->context);
    if (!checker->out || !checker->http) {
        if (checker->out) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot start libcurl");
        }
        checker_free(checker);
        return NULL;
    }
    checker->thread = g_thread_try_new("checks", thread_main, checker, error);
    if (!checker->thread) {
        checker_free(checker);
        return NULL;
    }
    return checker;
}

void checker_free(struct checker *checker)
{
    if (!checker) {
        return;
    }
    if (checker->thread) {
        check_mailbox_put(checker->in, &stop_mark);
        g_thread_join(checker->thread);
        gpointer item;
        while ((item = check_mailbox_take(checker->out))) {
            on_done(item, checker);
        }
    }
    check_http_free(checker->http);
    check_mailbox_free(checker->in);
    check_mailbox_free(checker->out);
    g_hash_table_unref(checker->open);
    g_main_loop_unref(checker->loop);
    g_main_context_unref(checker->context);
    g_free(checker);
}

void checker_run(struct checker *checker, const struct check_request *request, check_done_fn done,
        gpointer data)
{
    struct check *check = g_new0(struct check, 1);
    check->checker = checker;
    check->request = *request;
    check->request.path = g_strdup(request->path);
    check->request.contains = g_strdup(request->contains);
    check->request.table = g_strdup(request->table);
    if (check->request.timeout_ms <= 0) {
        check->request.timeout_ms = 5000;
    }
    check->done = done;
    check->done_data = data;
    check->fd = -1;
    check_mailbox_put(checker->in, check);
}
