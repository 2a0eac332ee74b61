/* control_events.c - events to subscribers: from the ledger's file until they are up to date, then
 * live; whoever falls behind goes back to the file. So each gets every event once, in order, and
 * none holds more than a page of unsent events in memory. */
#include "control/control_internal.h"

static bool start_reading(struct control_conn *conn, GError **error)
{
    const char *path = exercise_ledger_path(conn->control->exercise);
    struct ledger_reader *reader = ledger_reader_open(path, error);
    if (!reader || !ledger_reader_seek(reader, conn->next, error)) {
        ledger_reader_close(reader);
        return false;
    }
    conn->reader = reader;
    return true;
}

bool control_events_subscribe(struct control_conn *conn, gint64 from, bool public, GError **error)
{
    control_events_unsubscribe(conn);
    gint64 end = public ? control_public_end(conn->control, error)
                        : exercise_seq(conn->control->exercise);
    conn->next = from;
    conn->filtered = public;
    if (end < 0 || (from <= end && !start_reading(conn, error))) {
        return false;
    }
    conn->subscribed = true;
    return true;
}

void control_events_unsubscribe(struct control_conn *conn)
{
    conn->subscribed = false;
    ledger_reader_close(conn->reader);
    conn->reader = NULL;
}

/* One line; a body may hold line feeds between its tokens, which JSON allows and we do not. */
static char *event_line(const struct event *event)
{
    g_autofree char *text = event_to_line(event);
    g_strdelimit(text, "\r\n", ' ');
    return g_strconcat("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":", text, "}", NULL);
}

static void give_up(struct control_conn *conn, const GError *error)
{
    control_events_unsubscribe(conn);
    control_conn_send(conn, control_rpc_failure(NULL, error));
    control_conn_finish(conn);
}

/* One event to one that is up to it; those that are not the public's are passed over. */
static void send_event(struct control_conn *conn, const struct event *event)
{
    auto_event shown = conn->filtered ? public_event(event) : NULL;
    if (!conn->filtered || shown) {
        g_autofree char *line = event_line(shown ? shown : event);
        control_conn_send_line(conn, line);
    }
    conn->next = event->seq + 1;
}

/* Has the subscriber been given all that it may see for now? */
static bool is_withheld(struct control_conn *conn)
{
    return conn->filtered && conn->next > control_public_end(conn->control, NULL);
}

static void stop_reading(struct control_conn *conn)
{
    ledger_reader_close(conn->reader);
    conn->reader = NULL;
}

void control_events_pump(struct control_conn *conn)
{
    while (conn->reader && is_withheld(conn)) {
        stop_reading(conn);
    }
    while (conn->reader && !conn->closing && control_conn_unsent(conn) < CONTROL_UNSENT_LIVE) {
        g_autoptr(GError) error = NULL;
        auto_event event = NULL;
        int more = ledger_reader_next(conn->reader, &event, &error);
        if (more < 0) {
            give_up(conn, error);
            return;
        }
        if (more == 0) {
            /* all that was announced is in the file, so nothing lies between it and live */
            stop_reading(conn);
            return;
        }
        send_event(conn, event);
        if (is_withheld(conn)) {
            stop_reading(conn);
        }
    }
}

static void announce_to(struct control_conn *conn, const struct event *event, const char *line)
{
    if (!conn->subscribed || conn->reader || conn->closing || event->seq < conn->next ||
            is_withheld(conn)) {
        return;
    }
    g_autoptr(GError) error = NULL;
    if (event->seq == conn->next && control_conn_unsent(conn) < CONTROL_UNSENT_LIVE) {
        if (conn->filtered) {
            send_event(conn, event);
        } else {
            control_conn_send_line(conn, line);
            conn->next++;
        }
    } else if (!start_reading(conn, &error)) {
        give_up(conn, error);
    }
    control_conn_settle(conn);
}

void control_events_announce(struct control *control, const struct event *event)
{
    g_autofree char *line = event_line(event);
    if (control->shown.last == event->seq - 1) {
        public_prefix_apply(&control->shown, event); /* spares reading it again */
    }
    g_autoptr(GList) conns = g_hash_table_get_keys(control->conns);
    for (GList *item = conns; item; item = item->next) {
        announce_to(item->data, event, line); /* frees at most this one */
    }
    control_team_announce(control, event, line);
}

static int read_one(struct ledger_reader *reader, gint64 to, bool public, gsize *bytes, cJSON *list,
        GError **error)
{
    auto_event event = NULL;
    int more = ledger_reader_next(reader, &event, error);
    if (more <= 0) {
        return more;
    }
    if (event->seq > to) {
        return 0;
    }
    auto_event shown = public ? public_event(event) : NULL;
    if (public && !shown) {
        return 1;
    }
    g_autofree char *text = event_to_line(shown ? shown : event);
    g_strdelimit(text, "\r\n", ' ');
    *bytes += strlen(text);
    cJSON_AddItemToArray(list, cJSON_CreateRaw(text));
    return 1;
}

cJSON *control_events_page(struct control *control, const struct control_page *page, GError **error)
{
    gint64 from = page->from;
    gint64 end =
            page->public ? control_public_end(control, error) : exercise_seq(control->exercise);
    gint64 to = MIN(page->to, end);
    if (end < 0) {
        return NULL;
    }
    struct ledger_reader *reader =
            ledger_reader_open(exercise_ledger_path(control->exercise), error);
    if (!reader || !ledger_reader_seek(reader, from, error)) {
        ledger_reader_close(reader);
        return NULL;
    }
    auto_json result = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(result, "events");
    gsize bytes = 0;
    gint64 count = 0;
    int more = 1;
    gint64 limit = MIN(page->limit, CONTROL_PAGE_MAX);
    while (count < limit && bytes < CONTROL_PAGE_BYTES &&
            (more = read_one(reader, to, page->public, &bytes, list, error)) > 0) {
        count++;
    }
    ledger_reader_close(reader);
    if (more < 0) {
        return NULL;
    }
    if (more > 0 && from + count <= to) {
        json_add_int(result, "next", from + count);
    }
    return g_steal_pointer(&result);
}
