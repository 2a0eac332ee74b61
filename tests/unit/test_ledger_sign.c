/* test_ledger_sign.c - signed checkpoints: what the signatures of a ledger show, and to whom. */
#include "support/tamper.h"

#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/sign.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct signed_ledger {
    char *dir, *path;
    struct sign_key key;
};

static int make(void **state)
{
    struct signed_ledger *s = g_new0(struct signed_ledger, 1);
    s->dir = test_mkdtemp();
    s->path = g_build_filename(s->dir, "x.ledger", NULL);
    g_autofree char *key = g_build_filename(s->dir, "k", NULL);
    *state = s;
    return sign_key_open(key, &s->key, NULL) ? 0 : -1;
}

static int destroy(void **state)
{
    struct signed_ledger *s = *state;
    test_rmtree(s->dir);
    g_free(s->path);
    g_free(s);
    return 0;
}

/* Writes so many notes in one opening of the ledger; it is signed when that ends. */
static void write_notes(struct signed_ledger *s, int n)
{
    g_autoptr(GError) error = NULL;
    bool is_new = !g_file_test(s->path, G_FILE_TEST_EXISTS);
    struct ledger *ledger = is_new ? ledger_create(s->path, &error) : ledger_open(s->path, &error);
    assert_no_error(error);
    assert_true(ledger_sign(ledger, &s->key, "x", &error));
    for (int i = 0; i < n; i++) {
        ledger_append(ledger, event_new("note", NULL, "x", NULL), NULL, NULL);
    }
    assert_true(ledger_flush(ledger, NULL));
    ledger_close(ledger);
}

static struct ledger_report verified(
        const struct signed_ledger *s, const unsigned char *key, const char *code)
{
    struct ledger_report report;
    g_autoptr(GError) error = NULL;
    ledger_verify_against(s->path, key, code, &report, &error);
    assert_no_error(error);
    return report;
}

static void assert_reason(struct ledger_report *report, const char *reason)
{
    if (!report->reason || !strstr(report->reason, reason)) {
        fail_msg("\"%s\" does not say \"%s\"", report->reason ? report->reason : "", reason);
    }
    ledger_report_clear(report);
}

static void each_opening_ends_with_a_signature_over_all(void **state)
{
    struct signed_ledger *s = *state;
    write_notes(s, 3);
    struct ledger_report report = verified(s, s->key.public, NULL);
    assert_null(report.reason);
    assert_int_equal(report.events, 4);
    assert_int_equal(report.signatures, 1);
    assert_int_equal(report.signed_size, 3);
    g_autofree char *code = g_strdup(report.code);
    write_notes(s, 0); /* nothing new: nothing to sign */
    write_notes(s, 2);
    report = verified(s, s->key.public, code);
    assert_null(report.reason);
    assert_int_equal(report.events, 7);
    assert_int_equal(report.signatures, 2);
    assert_int_equal(report.signed_size, 6);
    assert_string_not_equal(report.code, code);
}

static void signatures_over_thousands_of_rows_are_good_and_none_over_others(void **state)
{
    struct signed_ledger *s = *state;
    write_notes(s, 5000);
    write_notes(s, 1);
    write_notes(s, 5000);
    struct ledger_report report = verified(s, s->key.public, NULL);
    assert_null(report.reason);
    assert_int_equal(report.events, 10004);
    assert_int_equal(report.signatures, 3);
    assert_int_equal(report.signed_size, 10003);
    /* rows that the tree has long had, under a root that is not theirs */
    unsigned char root[TREE_HASH] = {9};
    struct ledger *ledger = ledger_open(s->path, NULL);
    ledger_append(ledger, sign_event(&s->key, "x", 4096, root), NULL, NULL);
    ledger_close(ledger);
    report = verified(s, s->key.public, NULL);
    assert_int_equal(report.bad_seq, 10005);
    assert_reason(&report, "signed over other rows");
}

static void another_key_is_refused(void **state)
{
    struct signed_ledger *s = *state;
    write_notes(s, 2);
    g_autofree char *path = g_build_filename(s->dir, "other", NULL);
    struct sign_key other;
    assert_true(sign_key_open(path, &other, NULL));
    struct ledger_report report = verified(s, other.public, NULL);
    assert_reason(&report, "signed by another key");
    s->key = other;
    write_notes(s, 1);
    report = verified(s, NULL, NULL);
    assert_reason(&report, "signed by another key");
}

/* The whole tail is gone, with all that knew of it: only who noted a code can tell. */
static void a_cut_tail_is_seen_against_a_noted_code(void **state)
{
    struct signed_ledger *s = *state;
    write_notes(s, 3);
    struct ledger_report report = verified(s, NULL, NULL);
    g_autofree char *early = g_strdup(report.code);
    write_notes(s, 3);
    report = verified(s, NULL, NULL);
    g_autofree char *late = g_strdup(report.code);
    tamper(s->path, "DELETE FROM event WHERE seq > 4;");
    report = verified(s, s->key.public, NULL);
    if (report.reason) {
        fail_msg("the cut file itself should verify: %s", report.reason);
    }
    assert_int_equal(report.events, 4);
    report = verified(s, s->key.public, early);
    assert_null(report.reason);
    report = verified(s, s->key.public, late);
    assert_reason(&report, "rows were cut off");
}

/* Appends rows with a good chain, as anybody with the file can. */
static struct ledger *append_unsigned(
        const struct signed_ledger *s, const char *kind, const char *body)
{
    struct ledger *ledger = ledger_open(s->path, NULL);
    assert_non_null(ledger);
    ledger_append(ledger, event_new(kind, NULL, "x", cJSON_Parse(body)), NULL, NULL);
    assert_true(ledger_flush(ledger, NULL));
    return ledger;
}

static char *body_of_row(const struct signed_ledger *s, gint64 seq)
{
    struct ledger_reader *reader = ledger_reader_open(s->path, NULL);
    struct event *event = NULL;
    assert_true(ledger_reader_seek(reader, seq, NULL));
    assert_int_equal(ledger_reader_next(reader, &event, NULL), 1);
    assert_string_equal(event->kind, "ledger.signed");
    char *body = g_strdup(event->body);
    event_free(event);
    ledger_reader_close(reader);
    return body;
}

static void rows_in_place_of_those_cut_off_are_signed_by_nobody(void **state)
{
    struct signed_ledger *s = *state;
    write_notes(s, 3);
    write_notes(s, 3);
    g_autofree char *signature = body_of_row(s, 4);
    tamper(s->path, "DELETE FROM event WHERE seq > 4;");
    ledger_close(append_unsigned(s, "note", "{}"));
    ledger_close(append_unsigned(s, "note", "{\"points\":1000}"));
    struct ledger_report report = verified(s, s->key.public, NULL);
    assert_int_equal(report.events, 6);
    assert_reason(&report, "rows 5 to 6 are signed by nobody");
    report = verified(s, NULL, NULL); /* the chain alone cannot tell */
    assert_null(report.reason);
    assert_int_equal(report.signed_size, 3);
    /* the signature that is left is good, but not there */
    ledger_close(append_unsigned(s, "ledger.signed", signature));
    report = verified(s, s->key.public, NULL);
    assert_int_equal(report.bad_seq, 7);
    assert_reason(&report, "signed over other rows");
}

static void the_last_rows_may_wait_for_their_signature_while_they_are_written(void **state)
{
    struct signed_ledger *s = *state;
    write_notes(s, 3);
    struct ledger *ledger = append_unsigned(s, "note", "{}");
    struct ledger_report report = verified(s, s->key.public, NULL);
    assert_null(report.reason);
    assert_int_equal(report.events, 5);
    ledger_close(ledger); /* as when an engine was killed … */
    report = verified(s, s->key.public, NULL);
    assert_reason(&report, "rows 5 to 5 are signed by nobody");
    write_notes(s, 0); /* … and another, or `down`, has signed for it */
    report = verified(s, s->key.public, NULL);
    assert_null(report.reason);
    assert_int_equal(report.signed_size, 5);
}

static void an_unsigned_ledger_is_said_to_be_one(void **state)
{
    struct signed_ledger *s = *state;
    struct ledger *ledger = ledger_create(s->path, NULL);
    ledger_append(ledger, event_new("note", NULL, "x", NULL), NULL, NULL);
    ledger_close(ledger);
    struct ledger_report report = verified(s, NULL, NULL);
    assert_null(report.reason);
    assert_int_equal(report.signatures, 0);
    report = verified(s, s->key.public, NULL);
    assert_reason(&report, "nobody has signed it");
}

/* Somebody who can write rows, but has not the key. */
static void a_forged_signature_is_refused(void **state)
{
    struct signed_ledger *s = *state;
    unsigned char root[TREE_HASH] = {1, 2, 3};
    auto_event good = sign_event(&s->key, "x", 7, root);
    struct sign_seen seen;
    const char *why = NULL;
    assert_true(sign_check(good->body, &seen, &why));
    assert_int_equal(seen.size, 7);
    assert_memory_equal(seen.root, root, sizeof root);
    assert_memory_equal(seen.key, s->key.public, SIGN_PUBLIC);
    gsize length = strlen(good->body);
    for (gsize i = 0; i < length; i++) {
        g_autofree char *bad = g_strdup(good->body);
        bad[i] = bad[i] == 'x' ? 'y' : 'x';
        if (sign_check(bad, &seen, &why)) {
            fail_msg("byte %zu of %s may be changed", i, good->body);
        }
    }
    static const char *const bodies[] = {"", "{}", "[]", "{\"suite\":\"ed25519\",\"key\":\"00\"}",
            "{\"suite\":\"ed25519\",\"note\":7,\"key\":[]}"};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        assert_false(sign_check(bodies[i], &seen, &why));
        assert_non_null(why);
    }
}

static void a_signature_over_other_rows_is_refused(void **state)
{
    struct signed_ledger *s = *state;
    unsigned char root[TREE_HASH] = {9};
    struct ledger *ledger = ledger_create(s->path, NULL);
    ledger_append(ledger, event_new("note", NULL, "x", NULL), NULL, NULL);
    ledger_append(ledger, sign_event(&s->key, "x", 1, root), NULL, NULL);
    ledger_close(ledger);
    struct ledger_report report = verified(s, NULL, NULL);
    assert_int_equal(report.bad_seq, 2);
    assert_reason(&report, "signed over other rows");
}

static void a_key_that_others_can_read_is_refused(void **state)
{
    struct signed_ledger *s = *state;
    g_autofree char *path = g_build_filename(s->dir, "k", NULL);
    g_autofree char *public = g_strconcat(path, ".pub", NULL);
    unsigned char key[SIGN_PUBLIC];
    assert_true(sign_public_parse(public, key, NULL));
    assert_memory_equal(key, s->key.public, SIGN_PUBLIC);
    struct sign_key again;
    assert_true(sign_key_open(path, &again, NULL));
    assert_memory_equal(again.public, s->key.public, SIGN_PUBLIC);
    assert_int_equal(chmod(path, 0640), 0);
    g_autoptr(GError) error = NULL;
    assert_false(sign_key_open(path, &again, &error));
    assert_non_null(strstr(error->message, "chmod 600"));
    g_clear_error(&error);
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(g_file_set_contents(path, "abc\n", -1, NULL));
    assert_int_equal(chmod(path, 0600), 0);
    assert_false(sign_key_open(path, &again, &error));
    assert_non_null(strstr(error->message, "damaged"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH(each_opening_ends_with_a_signature_over_all),
            WITH(signatures_over_thousands_of_rows_are_good_and_none_over_others),
            WITH(another_key_is_refused),
            WITH(a_cut_tail_is_seen_against_a_noted_code),
            WITH(rows_in_place_of_those_cut_off_are_signed_by_nobody),
            WITH(the_last_rows_may_wait_for_their_signature_while_they_are_written),
            WITH(an_unsigned_ledger_is_said_to_be_one),
            WITH(a_forged_signature_is_refused),
            WITH(a_signature_over_other_rows_is_refused),
            WITH(a_key_that_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
