/* ledger_schema.c - the format of a ledger, how a file of it is opened and recognised.
 *
 * FORMAT. A ledger is one SQLite database, named as the user likes, usually NAME.ledger. Its header
 * holds application_id 0x53744c67 ("StLg") and, as user_version, the schema version, plus 0x10000
 * when its suite (suite.h) is "sm". It has one STRICT table, no index, and triggers that refuse UPDATE, DELETE and any INSERT out of order:
 *
 *   event(seq, at_us, wall_us, kind, team, subject, body, prev_hash, hash)
 *
 * seq counts 1, 2, 3 … without a gap. kind, team, subject are names as event.h limits them; body is
 * the text of one JSON object, kept byte for byte. hash is the suite's (SHA-256 or SM3) over, one
 * after the other:
 *
 *   the 18 bytes "sandtable event 1\n";
 *   prev_hash (32 bytes): the hash of row seq − 1, all zero for row 1;
 *   seq, at_us, wall_us, each as 8 bytes, little-endian, two's complement;
 *   kind, team, subject, body, each as its length in bytes (8 bytes, little-endian), then its
 * bytes.
 *
 * Lengths stand before the texts, so no two different rows have the same encoding.
 *
 * VALIDITY. A file is a valid ledger when it carries the application id and a schema version this
 * program knows, its schema is exactly the one below, row n has seq n, every row's prev_hash is the
 * hash before it, every hash is right, every body is a JSON object, and SQLite finds its pages in
 * order. The chain shows a change to any row. It cannot show that rows were cut off the end
 * together with everything that knew of them: for that there are signed checkpoints (sign.h), rows
 * of the kind ledger.signed, each good when its signature is, when all have one key, and when its
 * root is that of the rows it covers; compare the code of one, or the head, with what was noted
 * elsewhere.
 *
 * WRITING. One process writes. It holds flock() on the companion PATH.lock, which bears its process
 * id and is removed on close. Write-ahead log, synchronous=FULL: a commit returns after the log is
 * on the disk, and only then is an event acknowledged. The events of one turn of the owner's main
 * loop are one transaction; those that arrive during a commit go into the next one. After a failed
 * commit (a full disk) the writer accepts nothing more: the rows that were acknowledged are there,
 * and no later row can stand after a lost one.
 *
 * RECOVERY. After a crash PATH-wal may be left beside the file and belongs to it. The next open for
 * writing merges it: a transaction whose commit record is not whole never happened, none of its
 * events had been acknowledged. Before that, verify says when a frame of the log is not whole,
 * where SQLite would only see an earlier end. The last row is checked, then seq and chain go on
 * from it. A lock file left behind is free as soon as its process is gone. After an orderly close
 * the one file is everything: no PATH-wal, PATH-shm or PATH.lock.
 *
 * READING. Readers never change the file. With a log beside it they read through the log; without
 * one the file is at rest and is opened as immutable, which also works in a read-only folder.
 */
#include "ledger/ledger_internal.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SCHEMA_SM 0x10000 /* in user_version: the suite is "sm" */

static const char *const schema[][3] = {
        {"table", "event",
                "CREATE TABLE event(\n"
                "    seq INTEGER PRIMARY KEY,\n"
                "    at_us INTEGER NOT NULL,\n"
                "    wall_us INTEGER NOT NULL,\n"
                "    kind TEXT NOT NULL,\n"
                "    team TEXT NOT NULL,\n"
                "    subject TEXT NOT NULL,\n"
                "    body TEXT NOT NULL,\n"
                "    prev_hash BLOB NOT NULL,\n"
                "    hash BLOB NOT NULL\n"
                ") STRICT"},
        {"trigger", "event_never_changes",
                "CREATE TRIGGER event_never_changes BEFORE UPDATE ON event\n"
                "BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END"},
        {"trigger", "event_never_goes",
                "CREATE TRIGGER event_never_goes BEFORE DELETE ON event\n"
                "BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END"},
        {"trigger", "event_in_order",
                "CREATE TRIGGER event_in_order BEFORE INSERT ON event\n"
                "WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)\n"
                "BEGIN SELECT RAISE(ABORT, 'events are appended in order'); END"},
};

bool ledger_db_exec(sqlite3 *db, const char *sql, const char *path, GError **error)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "%s: %s", path, sqlite3_errmsg(db));
    return false;
}

bool ledger_db_number(sqlite3 *db, const char *sql, gint64 *ret)
{
    auto_stmt stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
            sqlite3_step(stmt) != SQLITE_ROW) {
        return false;
    }
    *ret = sqlite3_column_int64(stmt, 0);
    return true;
}

bool ledger_db_make(sqlite3 *db, const char *path, enum suite suite, GError **error)
{
    g_autoptr(GString) sql = g_string_new("BEGIN IMMEDIATE;");
    for (gsize i = 0; i < G_N_ELEMENTS(schema); i++) {
        g_string_append_printf(sql, "%s;\n", schema[i][2]);
    }
    g_string_append_printf(sql, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
            LEDGER_APPLICATION_ID, LEDGER_SCHEMA | (suite == SUITE_SM ? SCHEMA_SM : 0));
    return ledger_db_exec(db, sql->str, path, error);
}

guint64 ledger_wal_inode(const char *path)
{
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    struct stat st;
    return stat(wal, &st) == 0 && st.st_size > 0 ? (guint64)st.st_ino : 0;
}

static sqlite3 *open_failed(sqlite3 *db, const char *path, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "cannot open the ledger %s: %s%s",
            path, sqlite3_errmsg(db),
            ledger_wal_inode(path) ? " (it was not closed in order: copy it and its -wal to a "
                                     "folder that can be written)"
                                   : "");
    sqlite3_close(db);
    return NULL;
}

sqlite3 *ledger_db_open(const char *path, bool write, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "there is no ledger %s", path);
        return NULL;
    }
    g_autofree char *full = g_canonicalize_filename(path, NULL);
    g_autofree char *plain = g_filename_to_uri(full, NULL, error);
    if (!plain) {
        return NULL;
    }
    bool at_rest = !write && ledger_wal_inode(path) == 0;
    g_autofree char *uri = g_strconcat(plain, at_rest ? "?immutable=1" : "", NULL);
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(uri, &db, flags, NULL) != SQLITE_OK) {
        return open_failed(db, path, error);
    }
    sqlite3_busy_timeout(db, 5000);
    /* the file may be anybody's: no SQL of its own, and every page's cells are checked */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite3_exec(db, "PRAGMA cell_size_check=ON", NULL, NULL, NULL) != SQLITE_OK) {
        return open_failed(db, path, error);
    }
    return db;
}

static bool same_schema(sqlite3 *db)
{
    auto_stmt stmt = NULL;
    if (sqlite3_prepare_v2(db, "SELECT type, name, sql FROM sqlite_schema ORDER BY rowid", -1,
                &stmt, NULL) != SQLITE_OK) {
        return false;
    }
    gsize row = 0;
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; row < G_N_ELEMENTS(schema) && i < 3; i++) {
            if (g_strcmp0((const char *)sqlite3_column_text(stmt, i), schema[row][i]) != 0) {
                return false;
            }
        }
        row++;
    }
    return rc == SQLITE_DONE && row == G_N_ELEMENTS(schema);
}

/* From the file's header (SQLite's "Database File Format", 1.3). With a log beside it the file may
 * be growing at this moment, its first page first. */
char *ledger_cut(const char *path)
{
    unsigned char head[32];
    struct stat st;
    FILE *file = ledger_wal_inode(path) ? NULL : fopen(path, "rbe");
    bool is_read = file && fread(head, sizeof head, 1, file) == 1 && fstat(fileno(file), &st) == 0;
    if (file) {
        (void)fclose(file); /* it was only read */
    }
    if (!is_read || memcmp(head, "SQLite format 3", 16) != 0) {
        return NULL;
    }
    gint64 size = head[16] << 8 | head[17];
    gint64 pages = (gint64)head[28] << 24 | head[29] << 16 | head[30] << 8 | head[31];
    size = size == 1 ? 65536 : size;
    if (st.st_size >= pages * size) {
        return NULL;
    }
    return g_strdup_printf("the file is cut: %" G_GINT64_FORMAT " of its %" G_GINT64_FORMAT
                           " bytes are there",
            (gint64)st.st_size, pages * size);
}

void ledger_db_read_cut(sqlite3 *db)
{
    /* SQLite then reads what is left; it is open for reading only */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
}

bool ledger_db_check_left(sqlite3 *db, const char *path, enum suite *ret, GError **error)
{
    gint64 id = 0;
    gint64 version = 0;
    if (!ledger_db_number(db, "PRAGMA application_id", &id) ||
            !ledger_db_number(db, "PRAGMA user_version", &version)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s is not a ledger, or its header is damaged: %s", path, sqlite3_errmsg(db));
        return false;
    }
    if (id != LEDGER_APPLICATION_ID) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s is not a ledger: its application id is %#x, a ledger's is %#x", path, (guint)id,
                LEDGER_APPLICATION_ID);
        return false;
    }
    *ret = version & SCHEMA_SM ? SUITE_SM : SUITE_ED25519;
    version &= ~(gint64)SCHEMA_SM;
    if (version != LEDGER_SCHEMA) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s has ledger schema %d, this program knows schema %d%s", path, (int)version,
                LEDGER_SCHEMA, version > LEDGER_SCHEMA ? ": use a newer sandtable" : "");
        return false;
    }
    if (!same_schema(db)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s is damaged: its tables are not those of ledger schema %d", path, LEDGER_SCHEMA);
        return false;
    }
    return true;
}

bool ledger_db_check(sqlite3 *db, const char *path, enum suite *ret, GError **error)
{
    g_autofree char *cut = ledger_cut(path);
    if (cut) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s: %s; `sandtable verify` says which rows are left", path, cut);
        return false;
    }
    return ledger_db_check_left(db, path, ret, error);
}
