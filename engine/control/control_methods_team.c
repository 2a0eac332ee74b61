/* control_methods_team.c - one team at the control socket: what it may ask, and its messages with
 * the white cell, those that were written and those to come. */
#include "control/control_internal.h"

#include "base/error.h"

#include <string.h>

#define MESSAGES_MAX 500 /* kept to be asked for; the ledger has them all */

bool control_team_take(struct control_conn *conn, const cJSON *params, GError **error)
{
    const char *team = json_string(params, "team", "");
    if (conn->team && strcmp(conn->team, team) != 0) {
        control_usage(error, "this client speaks for another team: open another connection");
        return false;
    }
    if (!exercise_has_team(conn->control->exercise, team, error)) {
        return false;
    }
    if (!conn->team) {
        conn->team = g_strdup(team);
    }
    return true;
}

bool control_team_may(const struct control_conn *conn, const char *method)
{
    return conn->team && (!strcmp(method, "message") || !strcmp(method, "messages"));
}

/* ---- what was written ---------------------------------------------------------------------- */

static void free_event(gpointer event)
{
    event_free(event);
}

static void keep(struct control *control, const struct event *event)
{
    if (event->seq <= control->messages_seq) {
        return;
    }
    control->messages_seq = event->seq;
    if (!strcmp(event->kind, "message.sent")) {
        g_ptr_array_add(control->messages, event_copy(event));
        if (control->messages->len > MESSAGES_MAX) {
            g_ptr_array_remove_index(control->messages, 0);
        }
    }
}

/* From the ledger when somebody asks for the first time, then followed. */
static bool load(struct control *control, GError **error)
{
    if (control->messages) {
        return true;
    }
    gint64 last = exercise_seq(control->exercise);
    struct ledger_reader *reader =
            ledger_reader_open(exercise_ledger_path(control->exercise), error);
    bool ok = reader != NULL;
    control->messages = g_ptr_array_new_with_free_func(free_event);
    control->messages_seq = 0;
    while (ok && control->messages_seq < last) {
        auto_event event = NULL;
        int more = ledger_reader_next(reader, &event, error);
        ok = more >= 0;
        if (more <= 0) {
            break;
        }
        keep(control, event);
    }
    ledger_reader_close(reader);
    if (!ok) {
        control_team_free(control);
    }
    return ok;
}

/* To it, to all or from it; whoever speaks for no team hears everything. */
static bool concerns(const struct control_conn *conn, const struct event *event, const char *only)
{
    const char *team = conn->team ? conn->team : only;
    return !team || !*event->team || !strcmp(event->team, team);
}

static void add_event(cJSON *list, const struct event *event)
{
    g_autofree char *text = event_to_line(event);
    g_strdelimit(text, "\r\n", ' ');
    cJSON_AddItemToArray(list, cJSON_CreateRaw(text));
}

static cJSON *run_messages(const struct control_call *call, GError **error)
{
    struct control_conn *conn = call->conn;
    struct control *control = conn->control;
    const char *only = json_string(call->params, "team", NULL);
    bool follow;
    if (!control_read_bool(call, "follow", false, &follow, error) ||
            (only && !exercise_has_team(control->exercise, only, error)) || !load(control, error)) {
        return NULL;
    }
    conn->listens = follow;
    cJSON *result = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(result, "messages");
    for (guint i = 0; i < control->messages->len; i++) {
        const struct event *event = control->messages->pdata[i];
        if (concerns(conn, event, only)) {
            add_event(list, event);
        }
    }
    return result;
}

/* ---- what comes ---------------------------------------------------------------------------- */

void control_team_announce(struct control *control, const struct event *event, const char *line)
{
    if (!control->messages) {
        return; /* nobody has asked, so nobody listens */
    }
    keep(control, event);
    if (strcmp(event->kind, "message.sent") != 0) {
        return;
    }
    g_autoptr(GList) conns = g_hash_table_get_keys(control->conns);
    for (GList *item = conns; item; item = item->next) {
        struct control_conn *conn = item->data;
        bool has_it = conn->subscribed && !conn->filtered;
        if (conn->listens && !has_it && !conn->closing && concerns(conn, event, NULL)) {
            control_conn_send_line(conn, line);
            control_conn_settle(conn); /* frees at most this one */
        }
    }
}

void control_team_free(struct control *control)
{
    g_clear_pointer(&control->messages, g_ptr_array_unref);
}

const struct control_method control_methods_team[] = {
        {"messages", false, run_messages},
        {NULL, false, NULL},
};
