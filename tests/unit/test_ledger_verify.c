/* test_ledger_verify.c - verification: damage of every kind is found and named. */
#include "support/test.h"

#include "base/error.h"
#include "ledger/ledger.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS 60

struct fixture {
    char *dir, *path;
    char *bytes; /* of the whole ledger */
    gsize size;
    char *content; /* all events as lines */
};

static char *body_of(int seq)
{
    /* row 20 is longer than a page, so that overflow pages are damaged as well */
    g_autofree char *filler = g_strnfill(seq == 20 ? 9000 : 20, (gchar)('a' + seq % 26));
    return g_strdup_printf("{\"mark\":\"row-%03d\",\"filler\":\"%s\"}", seq, filler);
}

/* Every event as a line; NULL when the reader stops with an error. */
static char *read_content(const char *path)
{
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    if (!reader) {
        return NULL;
    }
    GString *lines = g_string_new(NULL);
    struct event *event = NULL;
    int more;
    while ((more = ledger_reader_next(reader, &event, NULL)) == 1) {
        g_autofree char *line = event_to_line(event);
        g_string_append_printf(lines, "%s\n", line);
        g_clear_pointer(&event, event_free);
    }
    ledger_reader_close(reader);
    return g_string_free(lines, more < 0);
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    g_autoptr(GError) error = NULL;
    f->dir = test_mkdtemp();
    f->path = g_build_filename(f->dir, "drill.ledger", NULL);
    struct ledger *ledger = ledger_create(f->path, &error);
    assert_no_error(error);
    for (int i = 1; i <= ROWS; i++) {
        struct event *event = event_new("check.ok", "blue1", "site", NULL);
        g_free(event->body);
        event->body = body_of(i);
        event->at_us = (gint64)i * 1000;
        ledger_append(ledger, event, NULL, NULL);
    }
    assert_true(ledger_flush(ledger, &error));
    ledger_close(ledger);
    assert_true(g_file_get_contents(f->path, &f->bytes, &f->size, NULL));
    f->content = read_content(f->path);
    assert_non_null(f->content);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    test_rmtree(f->dir);
    g_free(f->path);
    g_free(f->bytes);
    g_free(f->content);
    g_free(f);
    return 0;
}

static void write_bytes(struct fixture *f)
{
    assert_true(g_file_set_contents_full(
            f->path, f->bytes, (gssize)f->size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Verifies; the bad row, 0 for "valid", -1 for damage outside the rows or no ledger at all. */
static gint64 verdict(const char *path, char **reason)
{
    g_autoptr(GError) error = NULL;
    struct ledger_report report;
    bool ok = ledger_verify(path, &report, &error);
    gint64 bad = ok ? 0 : report.bad_seq ? report.bad_seq : -1;
    assert_true(ok == (!error && !report.reason));
    assert_true(!report.bad_seq || report.bad_seq == report.events + 1);
    assert_true(ok || error || report.reason);
    if (reason) {
        *reason = g_strdup(error ? error->message : report.reason);
    }
    ledger_report_clear(&report);
    return bad;
}

static void a_sound_ledger_verifies_and_its_head_is_its_last_hash(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    struct ledger_report report;
    assert_true(ledger_verify(f->path, &report, &error));
    assert_int_equal(report.events, ROWS);
    assert_int_equal(report.bad_seq, 0);
    struct ledger_reader *reader = ledger_reader_open(f->path, &error);
    auto_event last = NULL;
    assert_true(ledger_reader_seek(reader, ROWS, &error));
    assert_int_equal(ledger_reader_next(reader, &last, &error), 1);
    assert_memory_equal(report.head, last->hash, EVENT_HASH_BYTES);
    ledger_reader_close(reader);
}

static void the_hash_is_the_documented_one(void **state)
{
    struct fixture *f = *state;
    /* prev of row 1 is zero; everything else from the prose in ledger_schema.c */
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *body = body_of(1);
    const char *const texts[] = {"check.ok", "blue1", "site", body};
    const guint64 numbers[] = {1, 1000, 0};
    const guchar zero[32] = {0};
    g_checksum_update(sum, (const guchar *)"sandtable event 1\n", 18);
    g_checksum_update(sum, zero, sizeof(zero));
    for (gsize i = 0; i < 3; i++) {
        guint64 little = GUINT64_TO_LE(numbers[i]);
        g_checksum_update(sum, (const guchar *)&little, 8);
    }
    for (gsize i = 0; i < 4; i++) {
        guint64 little = GUINT64_TO_LE((guint64)strlen(texts[i]));
        g_checksum_update(sum, (const guchar *)&little, 8);
        g_checksum_update(sum, (const guchar *)texts[i], (gssize)strlen(texts[i]));
    }
    g_autofree char *member = g_strdup_printf("\"hash\":\"%s\"", g_checksum_get_string(sum));
    *strchr(f->content, '\n') = '\0';
    assert_non_null(strstr(f->content, member));
}

static void a_flip_in_a_rows_content_names_exactly_that_row(void **state)
{
    struct fixture *f = *state;
    for (int seq = 1; seq <= ROWS; seq++) {
        g_autofree char *mark = g_strdup_printf("row-%03d", seq);
        char *at = memmem(f->bytes, f->size, mark, strlen(mark));
        assert_non_null(at);
        /* in the body, and 40 bytes before its start: in the names of the same row */
        for (int i = 0; i < 2; i++) {
            char *byte = i == 0 ? at + 3 : at - 9 - 4;
            *byte ^= 0x04;
            write_bytes(f);
            assert_int_equal(verdict(f->path, NULL), seq);
            *byte ^= 0x04;
        }
    }
}

/* No flip may go unseen that changes what a reader gets. */
static void a_flip_anywhere_is_found_or_touches_nothing(void **state)
{
    struct fixture *f = *state;
    guint found = 0;
    guint harmless = 0;
    for (gsize i = 0; i < f->size; i += i < 220 ? 1 : 7) {
        unsigned char flip = (unsigned char)(1U << (i % 8));
        f->bytes[i] = (char)(f->bytes[i] ^ flip);
        write_bytes(f);
        g_autofree char *reason = NULL;
        if (verdict(f->path, &reason) == 0) {
            g_autofree char *content = read_content(f->path);
            if (g_strcmp0(content, f->content) != 0) {
                fail_msg("byte %zu: verify says ok, the content differs", i);
            }
            harmless++;
        } else {
            assert_non_null(reason);
            found++;
        }
        f->bytes[i] = (char)(f->bytes[i] ^ flip);
    }
    print_message("%u flips found, %u in space that holds nothing\n", found, harmless);
    assert_true(found > 500);
}

static void a_ledger_cut_short_says_so_and_which_rows_are_left(void **state)
{
    struct fixture *f = *state;
    gint64 before = ROWS + 1;
    for (gsize size = f->size - 1; size > 4096; size -= 1777) {
        g_autofree char *reason = NULL;
        g_autoptr(GError) error = NULL;
        assert_true(g_file_set_contents(f->path, f->bytes, (gssize)size, NULL));
        gint64 bad = verdict(f->path, &reason);
        assert_in_range(bad, 1, before); /* the shorter, the fewer verify */
        assert_non_null(strstr(reason, "the file is cut: "));
        before = bad;
        assert_null(ledger_reader_open(f->path, &error));
        assert_non_null(strstr(error->message, "the file is cut: "));
        size = MAX(size, 4096 + 1777);
    }
    assert_in_range(before, 1, ROWS / 2);
}

/* Rows enough that the threads beside the walk hand over more than once. */
#define MANY 5000

static struct ledger *make_long(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    for (int i = 1; i <= MANY; i++) {
        struct event *event = event_new("check.ok", "blue1", "site", NULL);
        g_free(event->body);
        event->body = body_of(i);
        ledger_append(ledger, event, NULL, NULL);
    }
    assert_true(ledger_flush(ledger, &error));
    return ledger;
}

static void the_first_bad_row_of_thousands_is_named(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "long.ledger", NULL);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    ledger_close(make_long(path));
    assert_int_equal(verdict(path, NULL), 0);
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    static const int bad[] = {4999, 4097, 2048, 3};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) { /* each before the one that was */
        g_autofree char *mark = g_strdup_printf("row-%03d", bad[i]);
        char *at = memmem(bytes, size, mark, strlen(mark));
        assert_non_null(at);
        *at ^= 1;
        assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
        assert_int_equal(verdict(path, NULL), bad[i]);
    }
}

static void a_ledger_verifies_while_it_grows(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "growing.ledger", NULL);
    struct ledger *ledger = make_long(path);
    for (int round = 0; round < 5; round++) {
        struct ledger_report report;
        for (int i = 0; i < 500; i++) { /* the writer has them as the look begins */
            ledger_append(ledger, event_new("note", NULL, "drill", NULL), NULL, NULL);
        }
        if (!ledger_verify(path, &report, NULL)) {
            fail_msg("%s", report.reason);
        }
        assert_in_range(report.events, MANY, MANY + 500 * (round + 1));
        ledger_report_clear(&report);
    }
    ledger_close(ledger);
    assert_int_equal(verdict(path, NULL), 0);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *message = NULL;
    sqlite3_exec(db, text, NULL, NULL, &message);
    if (message) {
        fail_msg("%s: %s", text, message);
    }
    sqlite3_close(db);
}

static void sql_fails(const char *path, const char *text, const char *why)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_non_null(strstr(sqlite3_errmsg(db), why));
    sqlite3_close(db);
}

static void the_database_itself_refuses_changes(void **state)
{
    struct fixture *f = *state;
    sql_fails(f->path, "UPDATE event SET team='red' WHERE seq=3", "never changed");
    sql_fails(f->path, "DELETE FROM event WHERE seq=60", "never deleted");
    sql_fails(f->path, "REPLACE INTO event SELECT * FROM event WHERE seq=3", "in order");
    sql_fails(f->path,
            "INSERT INTO event SELECT 99,at_us,wall_us,kind,team,subject,body,prev_hash,hash "
            "FROM event WHERE seq=1",
            "in order");
    assert_int_equal(verdict(f->path, NULL), 0);
}

static void tampering_by_the_owner_of_the_file_shows(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *change;
        gint64 bad;
    } cases[] = {
            {"UPDATE event SET team='red' WHERE seq=17", 17},
            {"UPDATE event SET at_us=at_us+1 WHERE seq=1", 1},
            {"UPDATE event SET kind='blue1', team='check.ok' WHERE seq=5", 5},
            {"UPDATE event SET kind=kind||'b', team=substr(team,2) WHERE seq=6", 6},
            {"DELETE FROM event WHERE seq=30", 30},
            {"DELETE FROM event WHERE seq=1", 1},
            {"UPDATE event SET body=replace(body,'{','[') WHERE seq=9", 9},
            {"UPDATE event SET seq=100 WHERE seq=60", 60},
            {"UPDATE event SET hash=prev_hash WHERE seq=44", 44},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        write_bytes(f);
        g_autofree char *script = g_strdup_printf(
                "PRAGMA journal_mode=DELETE; BEGIN; CREATE TEMP TABLE old AS SELECT name, sql FROM "
                "sqlite_schema; DROP TRIGGER event_never_changes; DROP TRIGGER event_never_goes; "
                "%s; COMMIT",
                cases[i].change);
        sql(f->path, script);
        g_autofree char *reason = NULL;
        /* without its triggers it is no ledger; put them back as a careful forger would */
        assert_int_equal(verdict(f->path, &reason), -1);
        assert_non_null(strstr(reason, "tables"));
        sql(f->path, "DROP TRIGGER event_in_order;"
                     "CREATE TRIGGER event_never_changes BEFORE UPDATE ON event\n"
                     "BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;"
                     "CREATE TRIGGER event_never_goes BEFORE DELETE ON event\n"
                     "BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;"
                     "CREATE TRIGGER event_in_order BEFORE INSERT ON event\n"
                     "WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)\n"
                     "BEGIN SELECT RAISE(ABORT, 'events are appended in order'); END;");
        assert_int_equal(verdict(f->path, NULL), cases[i].bad);
    }
}

static void expect_refusal(const char *path, const char *first, const char *second)
{
    g_autoptr(GError) error = NULL;
    struct ledger_report report;
    assert_false(ledger_verify(path, &report, &error));
    assert_non_null(error);
    assert_non_null(strstr(error->message, first));
    assert_non_null(strstr(error->message, second));
    g_clear_error(&error);
    assert_null(ledger_reader_open(path, &error));
    assert_non_null(strstr(error->message, first));
    g_clear_error(&error);
    assert_null(ledger_open(path, &error));
    assert_non_null(strstr(error->message, first));
}

static void a_newer_schema_is_refused_naming_both(void **state)
{
    struct fixture *f = *state;
    sql(f->path, "PRAGMA user_version=7");
    expect_refusal(f->path, "schema 7", "knows schema 1");
}

static void what_is_not_a_ledger_is_refused(void **state)
{
    struct fixture *f = *state;
    g_autofree char *other = g_build_filename(f->dir, "other", NULL);
    expect_refusal(other, "there is no ledger", other);
    assert_true(g_file_set_contents(other, "", 0, NULL));
    expect_refusal(other, "not a ledger", "application id");
    assert_true(g_file_set_contents(
            other, "What is this? A text, of no kind that is known.", -1, NULL));
    expect_refusal(other, "not a ledger", "not a database");
    g_unlink(other);
    sql(other, "CREATE TABLE event(seq)");
    expect_refusal(other, "not a ledger", "application id");
    expect_refusal(f->dir, "there is no ledger", f->dir);
}

static void a_damaged_last_row_is_not_continued(void **state)
{
    struct fixture *f = *state;
    char *at = memmem(f->bytes, f->size, "row-060", 7);
    *at ^= 1;
    write_bytes(f);
    g_autoptr(GError) error = NULL;
    assert_null(ledger_open(f->path, &error));
    assert_non_null(strstr(error->message, "last row is damaged"));
}

/* A ledger whose writer died without closing: most of it is in its log. */
static char *make_crashed(struct fixture *f)
{
    char *path = g_build_filename(f->dir, "crashed.ledger", NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct ledger *ledger = ledger_create(path, NULL);
        for (int i = 1; i <= 12; i++) {
            ledger_append(ledger, event_new("note", NULL, "drill", NULL), NULL, NULL);
            ledger_flush(ledger, NULL);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return path;
}

static void a_flip_in_the_log_of_a_crashed_writer_does_not_hide_rows(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = make_crashed(f);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    assert_true(g_file_get_contents(wal, &bytes, &size, NULL));
    g_autofree char *content = read_content(path);
    assert_int_equal(verdict(path, NULL), 0);
    assert_true(content && strstr(content, "\"seq\":12,"));
    guint found = 0;
    for (gsize i = 0; i < size; i += i < 60 ? 1 : 211) {
        bytes[i] ^= 0x10;
        assert_true(g_file_set_contents(wal, bytes, (gssize)size, NULL));
        if (verdict(path, NULL) == 0) {
            g_autofree char *now = read_content(path);
            assert_string_equal(now, content);
        } else {
            found++;
        }
        bytes[i] ^= 0x10;
    }
    assert_true(found > 300);
    assert_true(g_file_set_contents(wal, bytes, (gssize)size, NULL));
    assert_int_equal(verdict(path, NULL), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            T(a_sound_ledger_verifies_and_its_head_is_its_last_hash),
            T(the_hash_is_the_documented_one),
            T(a_flip_in_a_rows_content_names_exactly_that_row),
            T(a_flip_anywhere_is_found_or_touches_nothing),
            T(a_flip_in_the_log_of_a_crashed_writer_does_not_hide_rows),
            T(a_ledger_cut_short_says_so_and_which_rows_are_left),
            T(the_first_bad_row_of_thousands_is_named),
            T(a_ledger_verifies_while_it_grows),
            T(the_database_itself_refuses_changes),
            T(tampering_by_the_owner_of_the_file_shows),
            T(a_newer_schema_is_refused_naming_both),
            T(what_is_not_a_ledger_is_refused),
            T(a_damaged_last_row_is_not_continued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
