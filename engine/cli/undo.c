/* undo.c - removes what an exercise without an engine left in the world, as its ledger tells. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/engine.h"
#include "ledger/ledger.h"

#include <string.h>
#include <unistd.h>

struct leftovers {
    GHashTable *open; /* subject → struct event: opened and not closed */
    struct cell_identity cell;
    gint64 at_us;
    bool down; /* the last state in the ledger */
};

static void note_event(struct leftovers *left, struct event *event)
{
    left->at_us = event->at_us;
    if (!strcmp(event->kind, "exercise.state")) {
        auto_json body = json_parse(event->body, strlen(event->body), NULL);
        left->down = !strcmp(json_string(body, "state", ""), "down");
    } else if (!strcmp(event->kind, "resource.opening")) {
        auto_json body = json_parse(event->body, strlen(event->body), NULL);
        if (!strcmp(json_string(body, "type", ""), "cell")) {
            left->cell = (struct cell_identity){
                    .pid = (pid_t)json_int(body, "pid", 0),
                    .user = (ino_t)json_int(body, "user", 0),
                    .net = (ino_t)json_int(body, "net", 0),
                    .mnt = (ino_t)json_int(body, "mnt", 0),
            };
        }
        g_hash_table_replace(left->open, g_strdup(event->subject), event_copy(event));
    } else if (!strcmp(event->kind, "resource.closed")) {
        g_hash_table_remove(left->open, event->subject);
    }
}

static bool read_ledger(const char *path, struct leftovers *left, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    if (!reader) {
        return false;
    }
    struct event *event = NULL;
    int more = ledger_reader_next(reader, &event, error);
    while (more == 1) {
        note_event(left, event);
        event_free(event);
        more = ledger_reader_next(reader, &event, error);
    }
    ledger_reader_close(reader);
    return more == 0;
}

static void append(struct ledger *ledger, const struct leftovers *left, const char *kind,
        const char *team, const char *subject, cJSON *body)
{
    struct event *event = event_new(kind, team, subject, body);
    event->at_us = left->at_us;
    event->wall_us = g_get_real_time();
    ledger_append(ledger, event, NULL, NULL);
}

static bool record_undone(
        const char *name, const char *path, const struct leftovers *left, GError **error)
{
    struct ledger *ledger = ledger_open(path, error);
    if (!ledger) {
        return false;
    }
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, left->open);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct event *opened = value;
        append(ledger, left, "resource.closed", opened->team, opened->subject,
                cJSON_Parse(opened->body));
    }
    if (!left->down) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "state", "down");
        cJSON_AddStringToObject(body, "by", "down");
        cJSON_AddStringToObject(body, "reason", "the engine was gone");
        append(ledger, left, "exercise.state", NULL, name, body);
    }
    bool ok = ledger_flush(ledger, error);
    ledger_close(ledger);
    return ok;
}

static void event_free_any(gpointer event)
{
    event_free(event);
}

int engine_undo(const char *name, GError **error)
{
    g_autofree char *path = paths_ledger(name);
    g_autofree char *root = paths_run_root(name);
    g_autofree char *socket = paths_socket(name);
    g_autoptr(GHashTable) open =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, event_free_any);
    struct leftovers left = {.open = open};
    bool has_ledger = g_file_test(path, G_FILE_TEST_EXISTS);
    if (has_ledger && !read_ledger(path, &left, error)) {
        return -1;
    }
    int killed = cell_kill(&left.cell, root, 5000, error);
    if (killed < 0 || !paths_remove_tree(root, error)) {
        return -1;
    }
    unlink(socket);
    if (has_ledger && (g_hash_table_size(open) > 0 || !left.down) &&
            !record_undone(name, path, &left, error)) {
        return -1;
    }
    return killed;
}
