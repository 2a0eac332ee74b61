/* test_ledger_verb.c - sandtable verify: what it prints and its exit code. */
#include "support/test.h"

#include "base/json.h"
#include "cli/cli.h"
#include "ledger/ledger.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char *dir, *good, *bad;
};

static void make_ledger(const char *path, bool damage)
{
    struct ledger *ledger = ledger_create(path, NULL);
    assert_non_null(ledger);
    for (int i = 1; i <= 5; i++) {
        g_autofree char *subject = g_strdup_printf("subject-%d", i);
        ledger_append(ledger, event_new("note", NULL, subject, NULL), NULL, NULL);
    }
    ledger_close(ledger);
    if (damage) {
        g_autofree char *bytes = NULL;
        gsize size = 0;
        assert_true(g_file_get_contents(path, &bytes, &size, NULL));
        char *at = memmem(bytes, size, "subject-3", 9);
        at[8] = '9';
        assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
    }
}

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->dir = test_mkdtemp();
    g_setenv("XDG_STATE_HOME", f->dir, TRUE);
    g_autofree char *folder = g_build_filename(f->dir, "sandtable", NULL);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    f->good = g_build_filename(folder, "good-drill.ledger", NULL);
    f->bad = g_build_filename(folder, "bad-drill.ledger", NULL);
    make_ledger(f->good, false);
    make_ledger(f->bad, true);
    /* as root the verb steps down to an account that must be able to read them */
    assert_int_equal(g_chmod(f->dir, 0755) | g_chmod(folder, 0755), 0);
    assert_int_equal(g_chmod(f->good, 0644) | g_chmod(f->bad, 0644), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    test_rmtree(f->dir);
    g_free(f->good);
    g_free(f->bad);
    g_free(f);
    return 0;
}

/* Runs the verb in a child, for it may change the account; what it printed. */
static char *run(struct fixture *f, int expected, const char *first, const char *second)
{
    g_autofree char *path = g_build_filename(f->dir, "out", NULL);
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {g_strdup("verify"), g_strdup(first), g_strdup(second), NULL};
        int out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        int code = 99;
        if (dup2(out, STDOUT_FILENO) >= 0) {
            code = cli_main(1 + (first != NULL) + (second != NULL), argv);
        }
        _exit(fflush(stdout) == 0 ? code : 98);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* The name, or as root, when names are those of another account's folder, the path. */
static const char *by_account(const char *name, const char *path)
{
    return geteuid() == 0 ? path : name;
}

static void a_sound_ledger_is_said_to_be_so_with_its_head(void **state)
{
    struct fixture *f = *state;
    g_autofree char *by_path = run(f, 0, f->good, NULL);
    g_autofree char *by_name = run(f, 0, by_account("good-drill", f->good), NULL);
    assert_true(g_str_has_prefix(by_path, "good-drill.ledger: 5 events verify, head "));
    assert_string_equal(by_path, by_name);
}

static void a_damaged_one_is_named_by_row_and_fails_the_whole(void **state)
{
    struct fixture *f = *state;
    g_autofree char *text = run(f, 1, f->bad, f->good);
    assert_true(g_str_has_prefix(text, "bad-drill.ledger: row 3: "));
    assert_non_null(strstr(text, "good-drill.ledger: 5 events verify"));
}

static void json_is_one_document(void **state)
{
    struct fixture *f = *state;
    g_autofree char *text = run(f, 1, f->bad, "--json");
    auto_json json = json_parse(text, strlen(text), NULL);
    const cJSON *first = cJSON_GetArrayItem(json_array(json, "ledgers"), 0);
    assert_false(json_bool(json, "ok", true));
    assert_int_equal(json_int(first, "bad_seq", -1), 3);
    assert_int_equal(json_int(first, "events", -1), 2);
    assert_string_equal(json_string(first, "ledger", ""), f->bad);
    assert_int_equal(strlen(json_string(first, "head", "")), 64);
}

static void what_is_missing_is_an_error_and_an_unknown_option_wrong_usage(void **state)
{
    struct fixture *f = *state;
    g_autofree char *text = run(f, 1, "no-such-drill", NULL);
    assert_string_equal(text, "");
    g_autofree char *none = run(f, 2, "--nonsense", NULL);
    assert_string_equal(none, "");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            T(a_sound_ledger_is_said_to_be_so_with_its_head),
            T(a_damaged_one_is_named_by_row_and_fails_the_whole),
            T(json_is_one_document),
            T(what_is_missing_is_an_error_and_an_unknown_option_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
