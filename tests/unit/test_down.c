/* test_down.c - what an exercise left is removed, whatever state its engine and ledger are in. */
#include "support/cell.h"

#include "base/json.h"
#include "base/paths.h"
#include "cli/engine.h"
#include "cli/signing.h"
#include "ledger/ledger.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define NAME "left-drill"

enum temper { OBEYS, HANGS, GONE };

static void append(struct ledger *ledger, const char *kind, const char *subject, cJSON *body)
{
    ledger_append(ledger, event_new(kind, NULL, subject, body), NULL, NULL);
}

/* A machine, as far as `down` can tell: a process in the cell that names the run folder. Returns
 * when it has executed its program. */
static bool start_machine(const char *root)
{
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        g_autofree char *variable = g_strconcat("RUN=", root, NULL);
        char *argv[] = {(char *)"sleep", (char *)"600", NULL};
        char *env[] = {variable, NULL};
        execve("/bin/sleep", argv, env);
        _exit(127);
    }
    close(ends[1]);
    bool ok = pid > 0 && read(ends[0], &byte, 1) == 0;
    close(ends[0]);
    return ok;
}

/* In the engine's process: a cell, a ledger that says so, a machine; then it does as it is told. */
static void be_engine(int to, enum temper temper)
{
    g_autofree char *path = paths_ledger(NAME);
    g_autofree char *root = paths_run_root(NAME);
    struct cell_identity cell = {0};
    bool ok = cell_enter(false, &cell, NULL) && paths_make(root, NULL) && start_machine(root);
    struct ledger *ledger = ok ? signing_create(path, NAME, SUITE_ED25519, NULL) : NULL;
    if (ledger) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "type", "cell");
        json_add_int(body, "pid", cell.pid);
        json_add_int(body, "user", (gint64)cell.user);
        append(ledger, "exercise.created", NAME, NULL);
        append(ledger, "resource.opening", "cell:" NAME, body);
        ok = ledger_flush(ledger, NULL);
    }
    (void)signal(SIGTERM, temper == HANGS ? SIG_IGN : SIG_DFL);
    if (ledger && ok && write(to, "k", 1) == 1 && temper != GONE) {
        (void)pause();
    }
    _exit(1);
}

static bool start_engine(enum temper temper, pid_t *ret)
{
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    *ret = fork();
    if (*ret == 0) {
        be_engine(ends[1], temper);
    }
    close(ends[1]);
    bool ok = read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    if (temper == GONE) {
        (void)waitpid(*ret, NULL, 0);
    }
    return ok;
}

static char *make_home(void)
{
    char *home = test_mkdtemp();
    g_setenv("XDG_STATE_HOME", home, TRUE);
    g_setenv("XDG_RUNTIME_DIR", home, TRUE);
    g_autofree char *dir = paths_state_dir();
    return paths_make(dir, NULL) ? home : NULL;
}

static bool is_there(char *path)
{
    g_autofree char *owned = path;
    return g_file_test(owned, G_FILE_TEST_EXISTS);
}

/* The last state in the ledger is "down", its chain holds, and all of it is signed. */
static bool says_down(void)
{
    g_autofree char *path = paths_ledger(NAME);
    struct ledger_report report = {0};
    struct sign_key key;
    bool ok = signing_key(SUITE_ED25519, &key, NULL) &&
              ledger_verify_against(path, key.public, NULL, &report, NULL);
    ledger_report_clear(&report);
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    struct event *event = NULL;
    bool down = false;
    while (reader && ledger_reader_next(reader, &event, NULL) == 1) {
        down |= !strcmp(event->kind, "exercise.state") && strstr(event->body, "\"down\"");
        event_free(event);
    }
    ledger_reader_close(reader);
    return ok && down;
}

static const char *undo_with(enum temper temper, int killed)
{
    g_autoptr(GError) error = NULL;
    char *home = make_home();
    pid_t engine = 0;
    EXPECT(home);
    if (!start_engine(temper, &engine)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    int n = engine_undo(NAME, false, temper == OBEYS ? 10000 : 100, &error);
    EXPECT_OK(n >= 0);
    EXPECT(n == killed);
    EXPECT(temper == GONE || waitpid(engine, NULL, 0) == engine);
    EXPECT(!is_there(paths_run_root(NAME)));
    EXPECT(says_down());
    EXPECT(engine_undo(NAME, false, 100, &error) == 0); /* again: nothing to do */
    g_autofree char *path = paths_ledger(NAME);
    struct ledger *ledger = ledger_open(path, NULL); /* killed once it was down */
    append(ledger, "note", NAME, NULL);
    ledger_close(ledger);
    EXPECT(!says_down());
    EXPECT(engine_undo(NAME, false, 100, &error) == 0);
    EXPECT(says_down()); /* … its last rows are signed */
    test_rmtree(home);
    return NULL;
}

static const char *obeys(const struct cell_identity *none)
{
    (void)none;
    return undo_with(OBEYS, 1);
}

static const char *hangs(const struct cell_identity *none)
{
    (void)none;
    return undo_with(HANGS, 2);
}

static const char *gone(const struct cell_identity *none)
{
    (void)none;
    return undo_with(GONE, 1);
}

static void an_engine_that_obeys_is_not_killed(void **state)
{
    (void)state;
    in_child(obeys, false);
}

static void an_engine_that_hangs_is_killed_after_its_limit(void **state)
{
    (void)state;
    in_child(hangs, false);
}

static void what_a_dead_engine_left_is_removed(void **state)
{
    (void)state;
    in_child(gone, false);
}

static const char *damaged(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    char *home = make_home();
    g_autofree char *path = paths_ledger(NAME);
    pid_t engine = 0;
    EXPECT(home);
    if (!start_engine(GONE, &engine)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    EXPECT(g_file_set_contents(path, "no ledger at all", -1, NULL) && g_unlink(wal) == 0);
    EXPECT(engine_undo(NAME, false, 100, &error) == -1);
    EXPECT(error && strstr(error->message, "removed"));
    EXPECT(!is_there(paths_run_root(NAME)));
    EXPECT(g_unlink(path) == 0);
    g_clear_error(&error);
    EXPECT(engine_undo(NAME, false, 100, &error) == 0); /* its machine was killed as well */
    test_rmtree(home);
    return NULL;
}

static void a_damaged_ledger_hinders_nothing_but_is_an_error(void **state)
{
    (void)state;
    in_child(damaged, false);
}

static const char *folder_only(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    char *home = make_home();
    g_autofree char *path = paths_ledger(NAME);
    pid_t engine = 0;
    EXPECT(home);
    if (!start_engine(GONE, &engine)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    EXPECT(g_unlink(path) == 0);
    int n = engine_undo(NAME, false, 100, &error);
    EXPECT_OK(n >= 0);
    EXPECT(n == 1);
    EXPECT(!is_there(paths_run_root(NAME)));
    test_rmtree(home);
    return NULL;
}

static void a_run_folder_without_a_ledger_is_enough(void **state)
{
    (void)state;
    in_child(folder_only, false);
}

static const char *foreign(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    char *home = make_home();
    g_autofree char *path = paths_ledger(NAME);
    g_autofree char *root = paths_run_root(NAME);
    EXPECT(home);
    EXPECT(paths_make(root, NULL));
    struct ledger *ledger = ledger_create(path, &error);
    EXPECT_OK(ledger);
    EXPECT(engine_undo(NAME, false, 100, &error) == -1);
    EXPECT(error && strstr(error->message, "not known as its engine"));
    EXPECT(g_file_test(root, G_FILE_TEST_IS_DIR));
    ledger_close(ledger);
    test_rmtree(home);
    return NULL;
}

static void a_stranger_who_writes_the_ledger_is_left_alone(void **state)
{
    (void)state;
    in_child(foreign, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_engine_that_obeys_is_not_killed),
            cmocka_unit_test(an_engine_that_hangs_is_killed_after_its_limit),
            cmocka_unit_test(what_a_dead_engine_left_is_removed),
            cmocka_unit_test(a_damaged_ledger_hinders_nothing_but_is_an_error),
            cmocka_unit_test(a_run_folder_without_a_ledger_is_enough),
            cmocka_unit_test(a_stranger_who_writes_the_ledger_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
