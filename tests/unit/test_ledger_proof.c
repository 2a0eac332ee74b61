/* test_ledger_proof.c - proofs for who has not got the ledger, and every kind of tampering, in both
 * suites. */
#include "support/tamper.h"
#include "support/test.h"

#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/proof.h"

#include <string.h>

struct notary {
    enum suite suite;
    char *dir, *path;
    struct sign_key key, other;
    char codes[3][SIGN_CODE]; /* of the three openings */
};

static void open_key(struct notary *n, const char *name, struct sign_key *ret)
{
    g_autofree char *path = g_build_filename(n->dir, name, NULL);
    g_autoptr(GError) error = NULL;
    sign_key_open_by(path, n->suite, ret, &error);
    assert_no_error(error);
}

static struct ledger_report verified(
        const struct notary *n, const unsigned char *key, const char *code)
{
    struct ledger_report report;
    g_autoptr(GError) error = NULL;
    ledger_verify_against(n->path, key, code, &report, &error);
    assert_no_error(error);
    return report;
}

/* Seven rows and a signature, three times: rows 8, 16 and 24 are signatures. */
static void write_ledger(struct notary *n)
{
    for (int opening = 0; opening < 3; opening++) {
        g_autoptr(GError) error = NULL;
        struct ledger *ledger = opening ? ledger_open(n->path, &error)
                                        : ledger_create_by(n->path, n->suite, &error);
        assert_no_error(error);
        assert_int_equal(ledger_suite(ledger), n->suite);
        assert_true(ledger_sign(ledger, &n->key, "exam", &error));
        for (int i = 0; i < 7; i++) {
            cJSON *body = cJSON_CreateObject();
            cJSON_AddNumberToObject(body, "points", 10 * opening + i);
            ledger_append(ledger, event_new("grade.given", "blue1", "report", body), NULL, NULL);
        }
        assert_true(ledger_flush(ledger, NULL));
        ledger_close(ledger);
        struct ledger_report report = verified(n, n->key.public, NULL);
        assert_null(report.reason);
        assert_int_equal(report.events, 8 * (opening + 1));
        memcpy(n->codes[opening], report.code, SIGN_CODE);
    }
}

static int make(void **state, enum suite suite)
{
    struct notary *n = g_new0(struct notary, 1);
    n->suite = suite;
    n->dir = test_mkdtemp();
    n->path = g_build_filename(n->dir, "x.ledger", NULL);
    open_key(n, "key", &n->key);
    open_key(n, "other", &n->other);
    write_ledger(n);
    *state = n;
    return 0;
}

static int make_ed25519(void **state)
{
    return make(state, SUITE_ED25519);
}

static int make_sm(void **state)
{
    return make(state, SUITE_SM);
}

static int destroy(void **state)
{
    struct notary *n = *state;
    test_rmtree(n->dir);
    g_free(n->path);
    g_free(n);
    return 0;
}

/* As a file would carry it. */
static cJSON *copied(cJSON *proof)
{
    g_autofree char *text = json_text(proof);
    cJSON_Delete(proof);
    return json_parse(text, strlen(text), NULL);
}

static bool holds(const cJSON *proof, const unsigned char *key, const char *code, const char **why)
{
    struct proof_seen seen;
    bool ok = proof_check(proof, key, code, &seen, why);
    proof_seen_clear(&seen);
    return ok;
}

static void assert_refused(
        const cJSON *proof, const unsigned char *key, const char *code, const char *reason)
{
    const char *why = NULL;
    assert_false(holds(proof, key, code, &why));
    if (!strstr(why, reason)) {
        fail_msg("\"%s\" does not say \"%s\"", why, reason);
    }
}

static void each_event_is_proved_by_file_and_public_key_alone(void **state)
{
    struct notary *n = *state;
    const char *why = NULL;
    for (gint64 seq = 1; seq <= 23; seq++) {
        g_autoptr(GError) error = NULL;
        auto_json proof = copied(proof_inclusion(n->path, seq, NULL, &error));
        assert_no_error(error);
        assert_true(proof_is(proof));
        struct proof_seen seen;
        assert_true(proof_check(proof, n->key.public, n->codes[2], &seen, &why));
        assert_int_equal(seen.event->seq, seq);
        assert_int_equal(seen.later.size, 23);
        assert_string_equal(seen.event->kind, seq % 8 ? "grade.given" : "ledger.signed");
        proof_seen_clear(&seen);
    }
    g_autoptr(GError) error = NULL;
    auto_json early = proof_inclusion(n->path, 3, n->codes[0], &error);
    assert_true(holds(early, n->key.public, n->codes[0], &why));
    assert_refused(early, n->other.public, NULL, "another key");
    assert_refused(early, NULL, n->codes[2], "another code");
    assert_null(proof_inclusion(n->path, 9, n->codes[0], &error));
    assert_non_null(strstr(error->message, "not covered"));
    g_clear_error(&error);
    assert_null(proof_inclusion(n->path, 24, NULL, &error));
    g_clear_error(&error);
    assert_null(proof_inclusion(n->path, 0, NULL, &error));
    g_clear_error(&error);
    assert_null(proof_inclusion(n->path, 1, "AAAA-AAAA", &error));
    assert_non_null(strstr(error->message, "no checkpoint with the code"));
}

static void any_change_of_a_proof_is_seen(void **state)
{
    struct notary *n = *state;
    g_autoptr(GError) error = NULL;
    auto_json proof = proof_inclusion(n->path, 5, NULL, &error);
    auto_json event = cJSON_Duplicate(json_object(proof, "event"), true);
    const struct {
        const char *member, *text;
        double number;
    } changes[] = {{"body", "{\"points\":100}", 0}, {"team", "blue2", 0}, {"kind", "note", 0},
            {"seq", NULL, 6}, {"at_us", NULL, 1}, {"wall_us", NULL, 5}};
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        auto_json changed = cJSON_Duplicate(event, true);
        cJSON_ReplaceItemInObjectCaseSensitive(changed, changes[i].member,
                changes[i].text ? cJSON_CreateString(changes[i].text)
                                : cJSON_CreateNumber(changes[i].number));
        cJSON_ReplaceItemInObjectCaseSensitive(proof, "event", g_steal_pointer(&changed));
        assert_refused(proof, NULL, NULL, "not one of those that its checkpoint signs");
    }
    cJSON_ReplaceItemInObjectCaseSensitive(proof, "event", g_steal_pointer(&event));
    const char *why = NULL;
    assert_true(holds(proof, NULL, NULL, &why));
    cJSON *path = cJSON_GetObjectItemCaseSensitive(proof, "path");
    cJSON_AddItemToArray(path, cJSON_Duplicate(cJSON_GetArrayItem(path, 0), true));
    assert_refused(proof, NULL, NULL, "not one of those");
    cJSON_AddItemToArray(path, cJSON_CreateNumber(7));
    assert_refused(proof, NULL, NULL, "not one of hashes");
    cJSON_ReplaceItemInObjectCaseSensitive(
            proof, "suite", cJSON_CreateString(n->suite == SUITE_SM ? "ed25519" : "sm"));
    assert_refused(proof, NULL, NULL, "another suite");
}

/* libFuzzer would find more; this is each byte of a good one. */
static void damaged_proofs_never_hold_and_never_crash(void **state)
{
    struct notary *n = *state;
    auto_json good = proof_consistency(n->path, n->codes[0], NULL, NULL);
    g_autofree char *text = json_text(good);
    gsize length = strlen(text);
    for (gsize i = 0; i < length; i++) {
        g_autofree char *bad = g_strdup(text);
        bad[i] = bad[i] == '1' ? '2' : '1';
        auto_json json = json_parse(bad, length, NULL);
        const char *why = NULL;
        if (json && holds(json, n->key.public, n->codes[0], &why) &&
                !cJSON_Compare(json, good, true)) {
            /* a member that nobody reads may be called anything: none is */
            fail_msg("byte %zu of %s may be changed", i, text);
        }
    }
}

static void a_later_ledger_is_proved_to_continue_an_earlier_one(void **state)
{
    struct notary *n = *state;
    const char *why = NULL;
    g_autoptr(GError) error = NULL;
    for (int from = 0; from < 3; from++) {
        for (int to = from; to < 3; to++) {
            auto_json proof =
                    copied(proof_consistency(n->path, n->codes[from], n->codes[to], &error));
            assert_no_error(error);
            struct proof_seen seen;
            assert_true(proof_check(proof, n->key.public, n->codes[from], &seen, &why));
            assert_true(seen.consistency);
            assert_int_equal(seen.earlier.size, 8 * from + 7);
            assert_int_equal(seen.later.size, 8 * to + 7);
            assert_true(holds(proof, n->key.public, n->codes[to], &why));
            assert_refused(proof, n->other.public, NULL, "another key");
        }
    }
    assert_null(proof_consistency(n->path, n->codes[2], n->codes[0], &error));
    assert_non_null(strstr(error->message, "not earlier"));
}

static void two_histories_cannot_be_joined(void **state)
{
    struct notary *n = *state;
    auto_json proof = proof_consistency(n->path, n->codes[0], n->codes[2], NULL);
    /* another ledger of the same signer, with as many rows */
    g_autofree char *other = g_build_filename(n->dir, "y.ledger", NULL);
    struct ledger *ledger = ledger_create_by(other, n->suite, NULL);
    assert_true(ledger_sign(ledger, &n->key, "exam", NULL));
    for (int i = 0; i < 7; i++) {
        ledger_append(ledger, event_new("note", NULL, "y", NULL), NULL, NULL);
    }
    ledger_close(ledger);
    auto_json foreign = proof_inclusion(other, 1, NULL, NULL);
    cJSON_ReplaceItemInObjectCaseSensitive(
            proof, "earlier", cJSON_Duplicate(json_object(foreign, "signed"), true));
    assert_refused(proof, n->key.public, NULL, "does not begin with the earlier");
}

/* ---- the file itself ----------------------------------------------------------------------- */

static void assert_bad(struct notary *n, const char *code, gint64 seq, const char *reason)
{
    struct ledger_report report = verified(n, n->key.public, code);
    if (!report.reason || !strstr(report.reason, reason)) {
        fail_msg("\"%s\" does not say \"%s\"", report.reason ? report.reason : "", reason);
    }
    assert_int_equal(report.bad_seq, seq);
    ledger_report_clear(&report);
}

static void a_changed_row_is_found(void **state)
{
    struct notary *n = *state;
    tamper(n->path, "UPDATE event SET body='{\"points\":99}' WHERE seq=3");
    assert_bad(n, NULL, 3, "content and its hash do not agree");
}

static void a_deleted_row_is_found(void **state)
{
    struct notary *n = *state;
    tamper(n->path, "DELETE FROM event WHERE seq=4");
    assert_bad(n, NULL, 4, "missing");
}

static void a_row_that_was_closed_up_over_a_deleted_one_is_found(void **state)
{
    struct notary *n = *state;
    tamper(n->path, "DELETE FROM event WHERE seq=4; UPDATE event SET seq=seq-1 WHERE seq>4");
    assert_bad(n, NULL, 4, "does not follow");
}

static void rows_in_another_order_are_found(void **state)
{
    struct notary *n = *state;
    tamper(n->path, "UPDATE event SET seq=100 WHERE seq=2; UPDATE event SET seq=2 WHERE seq=3;"
                    "UPDATE event SET seq=3 WHERE seq=100");
    assert_bad(n, NULL, 2, "does not follow");
}

static void a_cut_tail_is_found_by_a_noted_code(void **state)
{
    struct notary *n = *state;
    tamper(n->path, "DELETE FROM event WHERE seq>16");
    struct ledger_report report = verified(n, n->key.public, n->codes[1]);
    assert_null(report.reason);
    assert_bad(n, n->codes[2], 0, "rows were cut off");
}

static void another_suite_in_the_header_is_found(void **state)
{
    struct notary *n = *state;
    tamper(n->path, n->suite == SUITE_SM ? "PRAGMA user_version=1" : "PRAGMA user_version=65537");
    assert_bad(n, NULL, 1, "the file's header says");
}

static void another_signer_is_found(void **state)
{
    struct notary *n = *state;
    struct ledger_report report = verified(n, n->other.public, NULL);
    assert_non_null(strstr(report.reason, "signed by another key"));
    ledger_report_clear(&report);
}

static void a_key_of_the_other_suite_cannot_sign_the_ledger(void **state)
{
    struct notary *n = *state;
    struct sign_key key;
    g_autofree char *path = g_build_filename(n->dir, "wrong", NULL);
    assert_true(
            sign_key_open_by(path, n->suite == SUITE_SM ? SUITE_ED25519 : SUITE_SM, &key, NULL));
    struct ledger *ledger = ledger_open(n->path, NULL);
    g_autoptr(GError) error = NULL;
    assert_false(ledger_sign(ledger, &key, "exam", &error));
    assert_non_null(strstr(error->message, "suite"));
    ledger_close(ledger);
    /* … and its file is no key of this one */
    g_clear_error(&error);
    assert_false(sign_key_open_by(path, n->suite, &key, &error));
    assert_non_null(strstr(error->message, "damaged"));
}

static void keys_are_read_back_from_their_text(void **state)
{
    struct notary *n = *state;
    unsigned char key[SIGN_PUBLIC];
    g_autofree char *text = sign_public_text(n->key.public);
    assert_int_equal(strlen(text), n->suite == SUITE_SM ? 130 : 64);
    assert_true(sign_public_parse(text, key, NULL));
    assert_memory_equal(key, n->key.public, sizeof key);
    assert_int_equal(sign_public_suite(key), n->suite);
    text[10] = 'x';
    g_autoptr(GError) error = NULL;
    assert_false(sign_public_parse(text, key, &error));
    assert_non_null(error);
}

#define BY(test, suite)                                                                            \
    {                                                                                              \
#test " (" #suite ")", test, make_##suite, destroy, NULL                                   \
    }
#define BOTH(test) BY(test, ed25519), BY(test, sm)

int main(void)
{
    const struct CMUnitTest tests[] = {
            BOTH(each_event_is_proved_by_file_and_public_key_alone),
            BOTH(any_change_of_a_proof_is_seen),
            BOTH(damaged_proofs_never_hold_and_never_crash),
            BOTH(a_later_ledger_is_proved_to_continue_an_earlier_one),
            BOTH(two_histories_cannot_be_joined),
            BOTH(a_changed_row_is_found),
            BOTH(a_deleted_row_is_found),
            BOTH(a_row_that_was_closed_up_over_a_deleted_one_is_found),
            BOTH(rows_in_another_order_are_found),
            BOTH(a_cut_tail_is_found_by_a_noted_code),
            BOTH(another_suite_in_the_header_is_found),
            BOTH(another_signer_is_found),
            BOTH(a_key_of_the_other_suite_cannot_sign_the_ledger),
            BOTH(keys_are_read_back_from_their_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
