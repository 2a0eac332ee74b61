/* ledger_read.c - reading a ledger, also while it is written. */
#include "ledger/ledger_internal.h"

#include "base/error.h"

/* Rows fetched at once. No read transaction outlives a call, so that a reader that stops half-way
 * does not keep the writer from merging its log. */
#define CHUNK 256

struct ledger_reader {
    char *path;
    sqlite3 *db;
    enum suite suite;
    sqlite3_stmt *select;
    guint64 wal; /* inode of the log when db was opened */
    gint64 next; /* seq of the next row to fetch */
    GQueue rows; /* struct event, fetched, not yet given out */
};

static void close_db(struct ledger_reader *reader)
{
    g_clear_pointer(&reader->select, sqlite3_finalize);
    g_clear_pointer(&reader->db, sqlite3_close);
}

static bool set_read_error(struct ledger_reader *reader, const char *why, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
            "%s: row %" G_GINT64_FORMAT " cannot be read: %s; `sandtable verify` says more",
            reader->path, reader->next, why);
    return false;
}

static bool open_db(struct ledger_reader *reader, GError **error)
{
    static const char select[] =
            "SELECT " LEDGER_COLUMNS " FROM event WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
    reader->wal = ledger_wal_inode(reader->path);
    reader->db = ledger_db_open(reader->path, false, error);
    if (!reader->db || !ledger_db_check(reader->db, reader->path, &reader->suite, error)) {
        return false;
    }
    if (sqlite3_prepare_v3(reader->db, select, -1, SQLITE_PREPARE_PERSISTENT, &reader->select,
                NULL) != SQLITE_OK) {
        return set_read_error(reader, sqlite3_errmsg(reader->db), error);
    }
    return true;
}

/* A file at rest may have found a writer meanwhile, or a written one come to rest. */
static bool refresh(struct ledger_reader *reader, GError **error)
{
    if (reader->db && reader->wal == ledger_wal_inode(reader->path)) {
        return true;
    }
    close_db(reader);
    return open_db(reader, error);
}

struct ledger_reader *ledger_reader_open(const char *path, GError **error)
{
    struct ledger_reader *reader = g_new0(struct ledger_reader, 1);
    reader->path = g_strdup(path);
    reader->next = 1;
    if (!open_db(reader, error)) {
        ledger_reader_close(reader);
        return NULL;
    }
    return reader;
}

static void drop_rows(struct ledger_reader *reader)
{
    g_queue_clear_full(&reader->rows, (GDestroyNotify)event_free);
}

void ledger_reader_close(struct ledger_reader *reader)
{
    if (reader) {
        close_db(reader);
        drop_rows(reader);
        g_free(reader->path);
        g_free(reader);
    }
}

bool ledger_reader_seek(struct ledger_reader *reader, gint64 from, GError **error)
{
    if (from < 1) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "events are counted from 1, not from %" G_GINT64_FORMAT, from);
        return false;
    }
    drop_rows(reader);
    reader->next = from;
    return true;
}

static bool take_row(struct ledger_reader *reader, GError **error)
{
    const char *why = NULL;
    auto_event event = ledger_row_read(reader->select, NULL, &why);
    if (!event) {
        return set_read_error(reader, why, error);
    }
    if (event->seq != reader->next) {
        return set_read_error(reader, "it is missing", error);
    }
    reader->next++;
    g_queue_push_tail(&reader->rows, g_steal_pointer(&event));
    return true;
}

static bool fetch(struct ledger_reader *reader, GError **error)
{
    sqlite3_stmt *stmt = reader->select;
    sqlite3_bind_int64(stmt, 1, reader->next);
    sqlite3_bind_int(stmt, 2, CHUNK);
    bool ok = true;
    int rc = SQLITE_DONE;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        ok = take_row(reader, error);
    }
    if (ok && rc != SQLITE_DONE) {
        ok = set_read_error(reader, sqlite3_errmsg(reader->db), error);
    }
    sqlite3_reset(stmt);
    return ok;
}

int ledger_reader_next(struct ledger_reader *reader, struct event **ret, GError **error)
{
    if (g_queue_is_empty(&reader->rows)) {
        g_autoptr(GError) wrong = NULL;
        /* rows before a damaged one are good: the error comes when they are gone */
        if ((!refresh(reader, &wrong) || !fetch(reader, &wrong)) &&
                g_queue_is_empty(&reader->rows)) {
            g_propagate_error(error, g_steal_pointer(&wrong));
            return -1;
        }
    }
    struct event *event = g_queue_pop_head(&reader->rows);
    if (!event) {
        return 0;
    }
    *ret = event;
    return 1;
}

/* How many rows were looked at; 0: no more, or fn had enough; -1: error. */
static int look_at_chunk(
        struct ledger_reader *reader, ledger_look_fn fn, gpointer data, GError **error)
{
    sqlite3_stmt *stmt = reader->select;
    unsigned char prev[EVENT_HASH_BYTES];
    const char *why = NULL;
    int n = 0;
    int rc = SQLITE_DONE;
    bool more = true;
    sqlite3_bind_int64(stmt, 1, reader->next);
    sqlite3_bind_int(stmt, 2, CHUNK);
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct event event;
        bool sound = ledger_row_look(stmt, &event, prev, &why);
        if (!sound || event.seq != reader->next) {
            set_read_error(reader, sound ? "it is missing" : why, error);
            sqlite3_reset(stmt);
            return -1;
        }
        reader->next++;
        n++;
        more = fn(&event, data);
    }
    if (more && rc != SQLITE_DONE) {
        set_read_error(reader, sqlite3_errmsg(reader->db), error);
        n = -1;
    }
    sqlite3_reset(stmt);
    return more ? n : 0;
}

bool ledger_reader_look(
        struct ledger_reader *reader, ledger_look_fn fn, gpointer data, GError **error)
{
    int n = 1;
    reader->next -= reader->rows.length; /* those are looked at anew */
    drop_rows(reader);
    while (n > 0) {
        n = refresh(reader, error) ? look_at_chunk(reader, fn, data, error) : -1;
    }
    return n == 0;
}

gint64 ledger_reader_last(struct ledger_reader *reader, GError **error)
{
    gint64 last = 0;
    if (!refresh(reader, error)) {
        return -1;
    }
    if (!ledger_db_number(reader->db, "SELECT coalesce(max(seq), 0) FROM event", &last)) {
        set_read_error(reader, sqlite3_errmsg(reader->db), error);
        return -1;
    }
    return last;
}

enum suite ledger_reader_suite(const struct ledger_reader *reader)
{
    return reader->suite;
}
