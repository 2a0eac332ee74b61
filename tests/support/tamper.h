/* tamper.h - what somebody with the file in his hands can do to a ledger. */
#pragma once

#include "support/test.h"

#include <sqlite3.h>

static inline void tamper_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(db);
}

/* Runs sql with the triggers out of the way, and puts them back as they were. */
static inline void tamper(const char *path, const char *sql)
{
    tamper_sql(path, "PRAGMA writable_schema=1;"
                     "CREATE TABLE kept AS SELECT name, sql FROM sqlite_master WHERE "
                     "type='trigger';"
                     "DELETE FROM sqlite_master WHERE type='trigger';");
    tamper_sql(path, sql);
    tamper_sql(path,
            "PRAGMA writable_schema=1;"
            "INSERT INTO sqlite_master SELECT 'trigger', name, 'event', 0, sql FROM kept;");
    tamper_sql(path, "DROP TABLE kept;");
}
