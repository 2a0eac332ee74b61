/* test_exam_sm.c - an exam in the suite "sm" from the first event to a result that a third party
 * verifies: SM3 in the chain and the tree, SM2 under the checkpoints and the result. */
#include "scenario/sitting.h"
#include "support/tamper.h"

#include "ledger/sign.h"
#include "report/exam_result.h"

#include <glib/gstdio.h>

static struct sign_key keys[2]; /* by suite */

static char *result_of(const char *ledger, GError **error)
{
    return exam_result_make(ledger, "c-7f3a", &keys[SUITE_SM], error);
}

static bool is_good(const char *result, enum suite suite)
{
    struct exam_result seen;
    g_autoptr(GError) error = NULL;
    bool good = exam_result_check(result, strlen(result), keys[suite].public, &seen, &error);
    if (good) {
        exam_result_clear(&seen);
    }
    return good;
}

static void assert_result(const char *result)
{
    struct exam_result seen;
    g_autoptr(GError) error = NULL;
    exam_result_check(result, strlen(result), keys[SUITE_SM].public, &seen, &error);
    assert_no_error(error);
    assert_int_equal(seen.checkpoint.suite, SUITE_SM);
    const cJSON *candidate = of_candidate(json_object(seen.payload, "mark"), 0);
    assert_int_equal(json_int(json_object(candidate, "total"), "points", -1), 25);
    g_autofree char *page = exam_certificate(&seen);
    assert_non_null(strstr(page, "(SM2)"));
    assert_non_null(strstr(page, seen.code));
    exam_result_clear(&seen);
    assert_false(is_good(result, SUITE_ED25519)); /* somebody else's key */
    for (gsize i = 40; i < strlen(result) - 40; i += 211) {
        g_autofree char *changed = g_strdup(result);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (is_good(changed, SUITE_SM)) {
            fail_msg("byte %zu can be changed", i);
        }
    }
}

/* By the program itself, with nothing but the file and the key. */
static void assert_program_agrees(const struct rehearsal *r, const char *result, bool good)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(r->dir, "result.json", NULL);
    g_autofree char *hex = sign_public_text(keys[SUITE_SM].public);
    g_autofree char *out = NULL;
    const char *const argv[] = {g_getenv("SANDTABLE"), "verify", path, "--key", hex, NULL};
    int status = 0;
    if (!argv[0]) {
        return;
    }
    assert_true(g_file_set_contents(path, result, -1, NULL));
    assert_int_equal(g_chmod(r->dir, 0755) | g_chmod(path, 0644), 0);
    g_spawn_sync(r->dir, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
            &status, &error);
    assert_no_error(error);
    assert_int_equal(status == 0, good);
    assert_int_equal(strstr(out, "25 of ") != NULL, good);
}

static void look(const struct rehearsal *r)
{
    struct ledger_report report;
    g_autoptr(GError) error = NULL;
    ledger_verify_against(r->ledger_path, keys[SUITE_SM].public, NULL, &report, &error);
    assert_no_error(error);
    assert_int_equal(report.bad_seq, 0);
    assert_int_equal(report.suite, SUITE_SM);
    assert_true(report.signatures > 0);
    ledger_report_clear(&report);
    g_autofree char *result = result_of(r->ledger_path, &error);
    assert_no_error(error);
    assert_result(result);
    assert_program_agrees(r, result, true);
    g_autofree char *forged = g_strdup(result);
    *(strstr(forged, "\"sig\"") + 9) ^= 1;
    assert_program_agrees(r, forged, false);
    tamper(r->ledger_path, "UPDATE event SET team = 'seat2' WHERE kind = 'exam.answered'");
    g_autofree char *none = result_of(r->ledger_path, &error);
    assert_null(none);
    assert_non_null(error);
}

static void an_exam_in_the_other_suite_ends_with_a_result_that_verifies(void **state)
{
    (void)state;
    struct sitting s = {.r = {.suite = SUITE_SM, .signer = &keys[SUITE_SM], .closed = look}};
    begin(&s);
    act(&s, "start", FIRST);
    assert_answer(&s, "c-7f3a", "web", "nginx", "right 0");
    assert_answer(&s, "c-7f3a", "backup", secret(&s, "c-7f3a"), "right 2");
    rehearsal_advance(&s.r, MINUTE);
    act(&s, "hand-in", FIRST);
    rehearsal_close(&s.r);
}

static int make_keys(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    for (int suite = SUITE_ED25519; suite <= SUITE_SM; suite++) {
        g_autofree char *path = g_build_filename(dir, suite_name((enum suite)suite), NULL);
        assert_true(sign_key_open_by(path, (enum suite)suite, &keys[suite], NULL));
    }
    test_rmtree(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_exam_in_the_other_suite_ends_with_a_result_that_verifies),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
