/* control.c - the control server: accepts, greets, and says good-bye at the end. */
#include "control/control_internal.h"

#include "base/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRAIN_US (G_USEC_PER_SEC)
#define REST_MS 250 /* before accepting again when the process is out of descriptors */

static void drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static void accept_again(struct control *control);

static gboolean on_rested(gpointer data)
{
    struct control *control = data;
    g_source_unref(control->rest);
    control->rest = NULL;
    accept_again(control);
    return G_SOURCE_REMOVE;
}

static void take_rest(struct control *control)
{
    drop_source(&control->accepts);
    control->rest = g_timeout_source_new(REST_MS);
    g_source_set_callback(control->rest, on_rested, control, NULL);
    g_source_attach(control->rest, control->context);
}

/* Says why in one line, if the socket takes it, and hangs up. */
static void turn_away(int fd, const char *why)
{
    cJSON *json = control_rpc_error(NULL, CONTROL_ERROR_BASE, why);
    g_autofree char *text = json_text(json);
    cJSON_Delete(json);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    if (send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        g_debug("a client left before it was turned away");
    }
    close(fd);
}

void control_adopt(struct control *control, int fd, const char *who)
{
    if (g_hash_table_size(control->conns) >= CONTROL_CLIENTS_MAX) {
        turn_away(fd, "too many clients: close one first");
        return;
    }
    control_conn_settle(control_conn_new(control, fd, who));
}

static gboolean on_accept(gint listener, G_GNUC_UNUSED GIOCondition ready, gpointer data)
{
    struct control *control = data;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            take_rest(control);
        }
        return G_SOURCE_CONTINUE;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *who = control_peer_name(fd, &error);
    if (who) {
        control_adopt(control, fd, who);
    } else {
        turn_away(fd, error->message);
    }
    return G_SOURCE_CONTINUE;
}

static void accept_again(struct control *control)
{
    control->accepts = g_unix_fd_source_new(control->listener, G_IO_IN);
    g_source_set_callback(control->accepts, G_SOURCE_FUNC(on_accept), control, NULL);
    g_source_attach(control->accepts, control->context);
}

static void on_event(const struct event *event, gpointer data)
{
    control_events_announce(data, event);
}

struct control *control_new(struct exercise *exercise, const char *path, GError **error)
{
    int listener = control_listen(path, error);
    if (listener < 0) {
        return NULL;
    }
    struct control *control = g_new0(struct control, 1);
    control->exercise = exercise;
    control->context = g_main_context_ref_thread_default();
    control->path = g_strdup(path);
    control->listener = listener;
    control->conns = g_hash_table_new(NULL, NULL);
    control->execs = g_ptr_array_new();
    control->countings = g_ptr_array_new();
    accept_again(control);
    exercise_listen(exercise, on_event, control);
    return control;
}

/* Adds a connection that still has something to take to fds; frees a dead one. */
static void drain_one(struct control_conn *conn, GArray *fds)
{
    control_events_pump(conn);
    if (!control_conn_flush(conn)) {
        control_conn_free(conn);
    } else if (control_conn_unsent(conn) > 0 || conn->reader) {
        struct pollfd item = {.fd = conn->fd, .events = POLLOUT};
        g_array_append_val(fds, item);
    }
}

/* Lets the clients take the last events and replies, for a second at most. */
static void drain(struct control *control)
{
    gint64 end = g_get_monotonic_time() + DRAIN_US;
    while (g_get_monotonic_time() < end) {
        g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
        g_autoptr(GList) conns = g_hash_table_get_keys(control->conns);
        for (GList *item = conns; item; item = item->next) {
            drain_one(item->data, fds);
        }
        if (fds->len == 0) {
            return;
        }
        poll((struct pollfd *)(void *)fds->data, fds->len, 50);
    }
}

void control_free(struct control *control)
{
    if (!control) {
        return;
    }
    exercise_listen(control->exercise, NULL, NULL);
    drop_source(&control->accepts);
    drop_source(&control->rest);
    control_seeing_end(control);
    close(control->listener);
    unlink(control->path);
    drain(control);
    g_autoptr(GList) conns = g_hash_table_get_keys(control->conns);
    for (GList *item = conns; item; item = item->next) {
        control_conn_free(item->data);
    }
    for (guint i = 0; i < control->execs->len; i++) {
        struct control_exec *exec = control->execs->pdata[i];
        exec->control = NULL; /* its callback is still to come */
    }
    g_ptr_array_unref(control->execs);
    g_hash_table_unref(control->conns);
    g_main_context_unref(control->context);
    control_public_free(control);
    control_team_free(control);
    g_free(control->path);
    g_free(control);
}
