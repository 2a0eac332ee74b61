/* test_gc.c - what no ledger owns is removed, and said; what somebody owns is left alone. */
#include "support/cell.h"

#include "base/json.h"
#include "base/paths.h"
#include "cli/cli.h"
#include "ledger/ledger.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

/* A ledger that ends in state. */
static void make_ledger(const char *name, const char *state)
{
    g_autofree char *path = paths_ledger(name);
    struct ledger *ledger = ledger_create(path, NULL);
    cJSON *plan = cJSON_CreateObject();
    cJSON *created = cJSON_CreateObject();
    cJSON_AddItemToObject(created, "plan", plan);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", state);
    ledger_append(ledger, event_new("exercise.created", NULL, name, created), NULL, NULL);
    ledger_append(ledger, event_new("exercise.state", NULL, name, body), NULL, NULL);
    ledger_close(ledger);
}

/* A process in a cell of its own that names the run folder. */
static bool start_stray(const char *root)
{
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {(char *)"cat", (char *)"-", (char *)root, NULL};
        int hold[2];
        if (cell_enter(false, NULL, NULL) && pipe(hold) == 0 && dup2(hold[0], 0) == 0) {
            execv("/bin/cat", argv);
        }
        ssize_t n = write(ends[1], "x", 1);
        _exit(n == 1 ? 1 : 2);
    }
    close(ends[1]);
    bool ok = pid > 0 && read(ends[0], &byte, 1) == 0;
    close(ends[0]);
    return ok;
}

/* What gc says; the caller's. */
static cJSON *run_gc(const char *home, bool dry)
{
    g_autofree char *file = g_build_filename(home, "said", NULL);
    char *argv[] = {(char *)"gc", (char *)"--json", dry ? (char *)"--dry-run" : NULL, NULL};
    int out = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int before = dup(STDOUT_FILENO);
    (void)fflush(stdout);
    dup2(out, STDOUT_FILENO);
    int code = cli_main(dry ? 3 : 2, argv);
    (void)fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(out);
    close(before);
    g_autofree char *text = NULL;
    return code == 0 && g_file_get_contents(file, &text, NULL, NULL) ? cJSON_Parse(text) : NULL;
}

static int count(const cJSON *said, const char *list, const char *kind, const char *exercise)
{
    int n = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(said, list))
    {
        n += !strcmp(json_string(item, "exercise", ""), exercise) &&
             (!kind || !strcmp(json_string(item, "kind", ""), kind));
    }
    return n;
}

static bool exists(char *path)
{
    g_autofree char *owned = path;
    return g_file_test(owned, G_FILE_TEST_EXISTS);
}

static bool make_leftovers(void)
{
    static const char *const names[] = {"over", "lost", "cut", "taken", NULL};
    bool ok = true;
    for (int i = 0; names[i]; i++) {
        g_autofree char *root = paths_run_root(names[i]);
        g_autofree char *scenario = paths_scenario(names[i]);
        g_autofree char *disks = paths_disks(names[i]);
        g_autofree char *ledger = paths_ledger(names[i]);
        g_autofree char *checkpoints = paths_checkpoints(ledger);
        ok = ok && paths_make(root, NULL) && paths_make(scenario, NULL) &&
             paths_make(disks, NULL) && paths_make(checkpoints, NULL);
    }
    make_ledger("over", "down");
    make_ledger("cut", "running");
    return ok;
}

static const char *sweep(const struct cell_identity *none)
{
    (void)none;
    char *home = test_mkdtemp();
    g_setenv("XDG_STATE_HOME", home, TRUE);
    g_setenv("XDG_RUNTIME_DIR", home, TRUE);
    g_autofree char *lost = paths_run_root("lost");
    g_autofree char *taken = paths_run_root("taken");
    EXPECT(make_leftovers());
    if (!start_stray(lost)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    int lock = open(taken, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT(flock(lock, LOCK_EX | LOCK_NB) == 0); /* as an engine that starts */

    auto_json dry = run_gc(home, true);
    EXPECT(count(dry, "removed", "folder", "over") == 1);
    EXPECT(count(dry, "removed", "processes", "lost") == 1);
    EXPECT(exists(g_strdup(lost)) && exists(paths_scenario("over")));

    auto_json said = run_gc(home, false);
    EXPECT(count(said, "removed", NULL, "over") == 4);
    EXPECT(count(said, "removed", NULL, "lost") == 5);
    EXPECT(count(said, "removed", NULL, "cut") == 0 && count(said, "kept", NULL, "cut") == 1);
    EXPECT(count(said, "removed", NULL, "taken") == 0 && count(said, "kept", NULL, "taken") == 1);
    EXPECT(!exists(paths_run_root("over")) && !exists(paths_run_root("lost")));
    EXPECT(!exists(paths_disks("over")) && !exists(paths_disks("lost")));
    EXPECT(exists(paths_run_root("cut")) && exists(paths_scenario("cut")));
    EXPECT(exists(paths_disks("cut")));
    EXPECT(exists(paths_run_root("taken")) && exists(paths_ledger("over")));

    auto_json again = run_gc(home, false);
    EXPECT(cJSON_GetArraySize(json_array(again, "removed")) == 0);
    close(lock);
    test_rmtree(home);
    return NULL;
}

static void what_nobody_owns_is_removed_and_the_rest_is_not(void **state)
{
    (void)state;
    in_child(sweep, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_nobody_owns_is_removed_and_the_rest_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
