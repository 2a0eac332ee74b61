/* ledger_open.c - making, opening and closing a ledger for writing. */
#include "ledger/ledger_writer.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void close_db(struct ledger *ledger)
{
    g_clear_pointer(&ledger->insert, sqlite3_finalize);
    g_clear_pointer(&ledger->db, sqlite3_close);
}

/* Takes seq and head from the last row, which must be sound: the file may have been cut short. */
static bool read_head(struct ledger *ledger, GError **error)
{
    auto_stmt stmt = NULL;
    static const char sql[] = "SELECT " LEDGER_COLUMNS " FROM event ORDER BY seq DESC LIMIT 1";
    int rc = sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL);
    rc = rc == SQLITE_OK ? sqlite3_step(stmt) : rc;
    if (rc == SQLITE_DONE) {
        return true;
    }
    const char *why = sqlite3_errmsg(ledger->db);
    unsigned char prev[EVENT_HASH_BYTES];
    unsigned char hash[EVENT_HASH_BYTES];
    auto_event last = rc == SQLITE_ROW ? ledger_row_read(stmt, prev, &why) : NULL;
    if (last) {
        ledger_hash(ledger->suite, last, prev, hash);
        why = "its hash is wrong";
    }
    if (!last || memcmp(hash, last->hash, sizeof(hash)) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER,
                "%s: the last row is damaged (%s); `sandtable verify` says more", ledger->path,
                why);
        return false;
    }
    ledger->seq = ledger->inserted = ledger->chained = last->seq;
    memcpy(ledger->head, last->hash, sizeof(hash));
    memcpy(ledger->prev, last->hash, sizeof(hash));
    return true;
}

static bool open_db(struct ledger *ledger, bool create, GError **error)
{
    ledger->db = ledger_db_open(ledger->path, true, error);
    if (!ledger->db) {
        return false;
    }
    /* checked before any PRAGMA that could write to a file that is not ours */
    if (!create && !ledger_db_check(ledger->db, ledger->path, &ledger->suite, error)) {
        return false;
    }
    if (!ledger_db_exec(ledger->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                ledger->path, error) ||
            !(create ? ledger_db_make(ledger->db, ledger->path, ledger->suite, error)
                     : read_head(ledger, error))) {
        return false;
    }
    /* the triggers are for other hands: this one counts, and only adds */
    sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return ledger_writer_start(ledger, error);
}

static bool make_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER, "cannot make the ledger %s: %s",
                path, g_strerror(errno));
        return false;
    }
    close(fd);
    /* the name must outlive a power cut as the rows do */
    g_autofree char *dir = g_path_get_dirname(path);
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd >= 0) {
        fsync(dir_fd);
        close(dir_fd);
    }
    return true;
}

static void remove_beside(const char *path, const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);
    unlink(name);
}

static struct ledger *open_ledger(const char *path, bool create, enum suite suite, GError **error)
{
    if (!create && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "there is no ledger %s", path);
        return NULL;
    }
    int lock_fd = ledger_lock(path, error);
    if (lock_fd < 0) {
        return NULL;
    }
    if (create && !make_file(path, error)) {
        ledger_unlock(path, lock_fd);
        return NULL;
    }
    struct ledger *ledger = g_new0(struct ledger, 1);
    ledger->path = g_strdup(path);
    ledger->suite = suite;
    ledger->lock_fd = lock_fd;
    g_atomic_ref_count_init(&ledger->refs);
    pthread_mutex_init(&ledger->mutex, NULL);
    pthread_condattr_t monotonic; /* so that a clock that is set delays nobody */
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ledger->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!open_db(ledger, create, error)) {
        close_db(ledger);
        if (create) {
            remove_beside(path, "-wal");
            remove_beside(path, "-shm");
            remove_beside(path, "");
        }
        ledger_unlock(path, lock_fd);
        ledger_unref(ledger);
        return NULL;
    }
    return ledger;
}

struct ledger *ledger_create(const char *path, GError **error)
{
    return open_ledger(path, true, SUITE_ED25519, error);
}

struct ledger *ledger_create_by(const char *path, enum suite suite, GError **error)
{
    return open_ledger(path, true, suite, error);
}

struct ledger *ledger_open(const char *path, GError **error)
{
    return open_ledger(path, false, SUITE_ED25519, error); /* the file says which */
}

enum suite ledger_suite(const struct ledger *ledger)
{
    return ledger->suite;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger) {
        return;
    }
    ledger_writer_stop(ledger);
    int rc = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    close_db(ledger);
    /* SQLite leaves them when a reader is connected; merged, they say nothing any more */
    if (rc == SQLITE_OK && ledger_wal_inode(ledger->path) == 0) {
        remove_beside(ledger->path, "-wal");
        remove_beside(ledger->path, "-shm");
    }
    ledger_unlock(ledger->path, ledger->lock_fd);
    ledger_unref(ledger);
}
