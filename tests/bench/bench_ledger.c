/* bench_ledger.c - durable events a second: the ledger against bare SQLite, same rows and batches.
 *
 * Both sides commit with a write-ahead log and synchronous=FULL on the same disk, batches of BATCH
 * rows, each batch waited for before the next is handed over: one sync a batch on either side, which
 * is counted. Ours also hashes, checks every body, goes through its writer thread, and tells every
 * event's producer by callback. The rounds of both alternate, and medians are compared.
 */
#include "bench/bench.h"

#include "ledger/ledger.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/syscall.h>

#define EVENTS 100000
#define BATCH 500
#define GOAL 20000.0 /* events/s */
#define ROUNDS 5

static const char body[] = "{\"round\":17,\"took_us\":2412,\"detail\":\"HTTP 200, 512 bytes\"}";

static void die(const char *what)
{
    fprintf(stderr, "bench_ledger: %s\n", what);
    exit(1);
}

/* In the place of libc's, also for SQLite. */
static gint syncs;

int fsync(int fd)
{
    g_atomic_int_inc(&syncs);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fildes)
{
    g_atomic_int_inc(&syncs);
    return (int)syscall(SYS_fdatasync, fildes);
}

static void on_done(const struct event *event, const GError *error, gpointer data)
{
    (void)event;
    if (error) {
        die(error->message);
    }
    ++*(int *)data;
}

static void give(struct ledger *ledger, int i, int *acknowledged)
{
    struct event *event = event_new("check.ok", "blue1", "site", NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    event->at_us = i;
    event->wall_us = 1700000000000000 + i;
    ledger_append(ledger, event, on_done, acknowledged);
}

/* window events are under way at any time: the next is handed over as one is acknowledged. */
static double run_ours(const char *path, bool in_batches)
{
    g_autoptr(GError) error = NULL;
    struct ledger *ledger = ledger_create(path, &error);
    if (!ledger) {
        die(error->message);
    }
    int acknowledged = 0;
    int given = 0;
    gint before = g_atomic_int_get(&syncs);
    gint64 begin = g_get_monotonic_time();
    while (acknowledged < EVENTS) {
        int open = given - acknowledged;
        while (given < EVENTS && (in_batches ? open == 0 || given % BATCH : open < BATCH)) {
            give(ledger, given++, &acknowledged);
            open = given - acknowledged;
        }
        g_main_context_iteration(NULL, TRUE);
    }
    double rate = EVENTS * 1e6 / (double)(g_get_monotonic_time() - begin);
    fprintf(stderr, "ours, %s: %.0f events/s, %d syncs\n", in_batches ? "batches" : "a stream",
            rate, g_atomic_int_get(&syncs) - before);
    ledger_close(ledger);
    struct ledger_report report;
    if (!ledger_verify(path, &report, NULL) || report.events != EVENTS) {
        die("the ledger does not verify");
    }
    g_unlink(path);
    return rate;
}

static void check(sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        die(sqlite3_errmsg(db));
    }
}

static double run_peer(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    static const unsigned char hash[32];
    check(db, sqlite3_open(path, &db));
    check(db, sqlite3_exec(db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "CREATE TABLE event(seq INTEGER PRIMARY KEY, at_us INTEGER, wall_us INTEGER, "
                      "kind TEXT, team TEXT, subject TEXT, body TEXT, prev_hash BLOB, hash BLOB)",
                      NULL, NULL, NULL));
    check(db,
            sqlite3_prepare_v2(db, "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?)", -1, &stmt, NULL));
    gint before = g_atomic_int_get(&syncs);
    gint64 begin = g_get_monotonic_time();
    for (int i = 0; i < EVENTS; i++) {
        if (i % BATCH == 0) {
            check(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        }
        sqlite3_bind_int64(stmt, 1, i + 1);
        sqlite3_bind_int64(stmt, 2, i);
        sqlite3_bind_int64(stmt, 3, 1700000000000000 + i);
        sqlite3_bind_text(stmt, 4, "check.ok", -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 5, "blue1", -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 6, "site", -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 7, body, -1, SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 8, hash, sizeof(hash), SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 9, hash, sizeof(hash), SQLITE_STATIC);
        check(db, sqlite3_step(stmt));
        sqlite3_reset(stmt);
        if (i % BATCH == BATCH - 1) {
            check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
        }
    }
    double rate = EVENTS * 1e6 / (double)(g_get_monotonic_time() - begin);
    fprintf(stderr, "bare: %.0f events/s, %d syncs\n", rate, g_atomic_int_get(&syncs) - before);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    g_unlink(path);
    return rate;
}

int main(void)
{
    /* not /tmp: that may be memory, where a sync costs nothing */
    g_autofree char *dir = g_strdup("bench-ledger-XXXXXX");
    if (!g_mkdtemp(dir)) {
        die("cannot make a folder here");
    }
    g_autofree char *path = g_build_filename(dir, "bench.ledger", NULL);
    double batches[ROUNDS];
    double stream[ROUNDS];
    double peer[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        batches[round] = run_ours(path, true);
        stream[round] = run_ours(path, false);
        peer[round] = run_peer(path);
    }
    g_rmdir(dir);
    double rate = bench_median(batches, ROUNDS);
    bool ok = bench_print(
            "ledger: durable batches / goal", rate, GOAL, "events/s", 1, BENCH_AT_LEAST);
    ok = bench_print("ledger: steady durable stream / goal", bench_median(stream, ROUNDS), GOAL,
                 "events/s", 1, BENCH_AT_LEAST) &&
         ok;
    ok = bench_print("ledger: durable batches / bare SQLite", rate, bench_median(peer, ROUNDS),
                 "events/s", 0.7, BENCH_AT_LEAST) &&
         ok;
    return ok ? 0 : 1;
}
