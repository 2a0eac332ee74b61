/* control_conn.c - one client: lines in, lines out, back-pressure, closing. */
#include "control/control_internal.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

gsize control_conn_unsent(const struct control_conn *conn)
{
    return conn->output->len - conn->sent;
}

void control_conn_send_line(struct control_conn *conn, const char *line)
{
    if (control_conn_unsent(conn) > CONTROL_UNSENT_MAX) {
        conn->closing = true;
        return;
    }
    g_byte_array_append(conn->output, (const guint8 *)line, (guint)strlen(line));
    g_byte_array_append(conn->output, (const guint8 *)"\n", 1);
}

void control_conn_send(struct control_conn *conn, cJSON *json)
{
    g_autofree char *line = json_text(json);
    cJSON_Delete(json);
    control_conn_send_line(conn, line);
}

bool control_conn_flush(struct control_conn *conn)
{
    while (control_conn_unsent(conn) > 0) {
        ssize_t n = send(conn->fd, conn->output->data + conn->sent, control_conn_unsent(conn),
                MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN;
        }
        conn->sent += (gsize)n;
    }
    g_byte_array_set_size(conn->output, 0);
    conn->sent = 0;
    return true;
}

void control_conn_finish(struct control_conn *conn)
{
    conn->closing = true;
    g_byte_array_set_size(conn->input, 0);
}

static void too_long(struct control_conn *conn)
{
    g_autofree char *why = g_strdup_printf("a line has at most %d bytes", CONTROL_LINE_MAX);
    control_conn_send(conn, control_rpc_error(NULL, CONTROL_INVALID_REQUEST, why));
    control_conn_finish(conn);
}

/* Handles the complete lines of the input, as long as the client takes the answers. */
static void take_lines(struct control_conn *conn)
{
    gsize begin = 0;
    while (!conn->closing && control_conn_unsent(conn) <= CONTROL_UNSENT_READ) {
        const char *text = (const char *)conn->input->data;
        gsize from = MAX(begin, conn->scanned);
        const char *feed =
                from < conn->input->len ? memchr(text + from, '\n', conn->input->len - from) : NULL;
        gsize length = (feed ? (gsize)(feed - text) : conn->input->len) - begin;
        if (length > CONTROL_LINE_MAX) {
            too_long(conn);
            return;
        }
        if (!feed) {
            conn->scanned = conn->input->len;
            break;
        }
        control_rpc_line(conn, text + begin, length);
        begin += length + 1;
    }
    if (conn->closing) {
        g_byte_array_set_size(conn->input, 0);
    } else if (begin > 0) {
        g_byte_array_remove_range(conn->input, 0, (guint)MIN(begin, conn->input->len));
        conn->scanned -= MIN(conn->scanned, begin);
    }
}

/* False when the client is gone. */
static bool receive(struct control_conn *conn)
{
    guint8 chunk[64 * 1024];
    ssize_t n = recv(conn->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (n == 0) {
        control_conn_finish(conn);
        return true;
    }
    g_byte_array_append(conn->input, chunk, (guint)n);
    return true;
}

static gboolean on_ready(G_GNUC_UNUSED gint fd, GIOCondition ready, gpointer data)
{
    struct control_conn *conn = data;
    bool alive = true;
    if (!conn->closing && control_conn_unsent(conn) <= CONTROL_UNSENT_READ &&
            (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR))) {
        alive = receive(conn);
    } else if (conn->closing && (ready & (G_IO_HUP | G_IO_ERR))) {
        alive = false; /* nobody is there to take the rest */
    }
    if (!alive) {
        control_conn_free(conn);
        return G_SOURCE_CONTINUE;
    }
    control_conn_settle(conn);
    return G_SOURCE_CONTINUE;
}

static gboolean on_limit(gpointer data)
{
    control_conn_free(data);
    return G_SOURCE_CONTINUE; /* destroyed above */
}

static void watch(struct control_conn *conn, GIOCondition condition)
{
    if (conn->watch && conn->watched == condition) {
        return;
    }
    drop_source(&conn->watch);
    conn->watched = condition;
    conn->watch = g_unix_fd_source_new(conn->fd, condition);
    g_source_set_callback(conn->watch, G_SOURCE_FUNC(on_ready), conn, NULL);
    g_source_attach(conn->watch, conn->control->context);
}

void control_conn_settle(struct control_conn *conn)
{
    if (conn->settling) {
        return; /* a method's consequence came back at once: the outer call goes on */
    }
    conn->settling = true;
    take_lines(conn);
    control_events_pump(conn);
    conn->settling = false;
    if (!control_conn_flush(conn)) {
        control_conn_free(conn);
        return;
    }
    bool idle = control_conn_unsent(conn) == 0;
    if (conn->closing && idle && conn->execs == 0) {
        control_conn_free(conn);
        return;
    }
    if (conn->closing && conn->execs == 0 && !conn->limit) {
        conn->limit = g_timeout_source_new(CONTROL_CLOSING_MS);
        g_source_set_callback(conn->limit, on_limit, conn, NULL);
        g_source_attach(conn->limit, conn->control->context);
    }
    bool takes = !conn->closing && control_conn_unsent(conn) <= CONTROL_UNSENT_READ;
    bool waits = !idle || conn->reader || (takes && conn->scanned < conn->input->len);
    watch(conn, (takes ? G_IO_IN : 0) | (waits ? G_IO_OUT : 0) | G_IO_ERR |
                        (conn->closing && idle ? 0 : G_IO_HUP));
}

static void greet(struct control_conn *conn)
{
    const struct exercise *exercise = conn->control->exercise;
    cJSON *params = cJSON_CreateObject();
    json_add_int(params, "protocol", CONTROL_PROTOCOL);
    cJSON_AddStringToObject(params, "exercise", exercise_name(exercise));
    cJSON_AddStringToObject(params, "state", exercise_state(exercise));
    json_add_int(params, "seq", exercise_seq(exercise));
    cJSON_AddStringToObject(params, "version", SANDTABLE_VERSION);
    control_conn_send(conn, control_rpc_notice("hello", params));
}

struct control_conn *control_conn_new(struct control *control, int fd, const char *who)
{
    struct control_conn *conn = g_new0(struct control_conn, 1);
    conn->control = control;
    conn->fd = fd;
    conn->who = g_strdup(who);
    conn->input = g_byte_array_new();
    conn->output = g_byte_array_new();
    conn->consoles = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_hash_table_add(control->conns, conn);
    greet(conn);
    return conn;
}

void control_conn_free(struct control_conn *conn)
{
    struct control *control = conn->control;
    g_hash_table_remove(control->conns, conn);
    for (guint i = 0; i < control->execs->len; i++) {
        struct control_exec *exec = control->execs->pdata[i];
        if (exec->conn == conn) {
            exec->conn = NULL;
        }
    }
    drop_source(&conn->watch);
    drop_source(&conn->limit);
    control_events_unsubscribe(conn);
    control_seeing_forget(conn);
    close(conn->fd);
    g_byte_array_unref(conn->input);
    g_byte_array_unref(conn->output);
    g_free(conn->who);
    g_free(conn->team);
    g_free(conn);
}
