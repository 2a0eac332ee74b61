/* ledger_internal.h - what the files of the ledger share; nobody else includes it. */
#pragma once

#include "ledger/ledger.h"

#include <sqlite3.h>

#define LEDGER_APPLICATION_ID 0x53744c67 /* "StLg" */
#define LEDGER_COLUMNS "seq, at_us, wall_us, kind, team, subject, body, prev_hash, hash"

static inline void ledger_stmt_cleanup(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
}
#define auto_stmt __attribute__((cleanup(ledger_stmt_cleanup))) sqlite3_stmt *

/* ---- ledger_schema.c ----------------------------------------------------------------------- */

/* Opens the database; for reading as immutable when no write-ahead log lies beside it. */
sqlite3 *ledger_db_open(const char *path, bool write, GError **error);

/* The file is whole; application id, schema version and schema are a ledger's; ret gets its suite. */
bool ledger_db_check(sqlite3 *db, const char *path, enum suite *ret, GError **error);

/* In words, when the file is shorter than its header says; else NULL. */
char *ledger_cut(const char *path);
/* Lets a connection for reading see what such a file still has; the same check, but for that. */
void ledger_db_read_cut(sqlite3 *db);
bool ledger_db_check_left(sqlite3 *db, const char *path, enum suite *ret, GError **error);

/* Makes the schema in an empty database. */
bool ledger_db_make(sqlite3 *db, const char *path, enum suite suite, GError **error);
bool ledger_db_exec(sqlite3 *db, const char *sql, const char *path, GError **error);

/* The first column of the first row. */
bool ledger_db_number(sqlite3 *db, const char *sql, gint64 *ret);

/* The inode of PATH-wal, 0 when there is none or it is empty. */
guint64 ledger_wal_inode(const char *path);

/* ---- ledger_chain.c ------------------------------------------------------------------------ */

/* Whether event may stand in a ledger; *why says what is wrong. */
bool ledger_event_is_sound(const struct event *event, const char **why);

/* The row stmt stands on (columns LEDGER_COLUMNS); prev gets prev_hash. False and *why when its
 * columns are not of their types. Its texts are SQLite's, until stmt goes on. */
bool ledger_row_look(sqlite3_stmt *stmt, struct event *ret, unsigned char *prev, const char **why);
/* The same as an event of the caller's, or NULL; prev may be NULL. */
struct event *ledger_row_read(sqlite3_stmt *stmt, unsigned char *prev, const char **why);

/* ---- ledger_lock.c ------------------------------------------------------------------------- */

/* Locks PATH.lock; a descriptor, or -1 when another process (named in the error) has it. */
int ledger_lock(const char *path, GError **error);
void ledger_unlock(const char *path, int fd);

/* ---- ledger_wal.c -------------------------------------------------------------------------- */

/* What is wrong with PATH-wal, NULL when it is whole or absent. Only while nobody writes. */
char *ledger_wal_damage(const char *path);
