/* test_cell_reenter.c - a second engine enters the cell that a dead one's machines still live in.
 */
#include "support/cell.h"

#include <signal.h>
#include <sys/stat.h>

#define ROOT "/tmp/st-cell-reenter/drill.d"

/* A machine, as far as a cell can tell: a process that names the run folder. */
static pid_t start_machine(const char *guest)
{
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {(char *)"sleep", (char *)"600", NULL};
        g_autofree char *name = g_strdup_printf("guest=%s,%s", guest, ROOT);
        char *env[] = {(char *)"RUN=" ROOT, NULL};
        argv[0] = name;
        execve("/bin/sleep", argv, env);
        _exit(127);
    }
    close(ends[1]);
    bool ok = pid > 0 && read(ends[0], &byte, 1) == 0; /* it has executed its program */
    close(ends[0]);
    return ok ? pid : -1;
}

struct left { /* what an engine that is gone tells */
    struct cell_identity cell;
    pid_t machines[2];
};

/* Makes a cell with two machines and dies. */
static bool make_cell(struct left *ret)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    pid_t engine = fork();
    if (engine == 0) {
        struct left left = {0};
        if (cell_enter(false, &left.cell, NULL)) {
            left.machines[0] = start_machine("m1");
            left.machines[1] = start_machine("m2");
        }
        ssize_t n = write(ends[1], &left, sizeof(left));
        _exit(n == (ssize_t)sizeof(left) ? 0 : 1);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], ret, sizeof(*ret));
    close(ends[0]);
    (void)waitpid(engine, NULL, 0);
    return n == (ssize_t)sizeof(*ret) && ret->machines[0] > 0 && ret->machines[1] > 0;
}

static bool is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static ino_t own(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static const char *enter_again(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    struct left left = {0};
    struct cell_identity is = {0};
    if (!make_cell(&left)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    int entered = cell_reenter(&left.cell, ROOT, &is, &error);
    EXPECT_OK(entered == 1);
    EXPECT(is.pid == getpid() && is.user == left.cell.user && is.net == left.cell.net &&
            is.mnt == left.cell.mnt);
    EXPECT(own("/proc/self/ns/net") == left.cell.net);
    int space = cell_space_new(&error); /* it may do there what the first one could */
    EXPECT_OK(space >= 0);
    close(space);
    EXPECT(cell_kill(&left.cell, ROOT, 5000, &error) == 2);
    return NULL;
}

static const char *nobody_lives(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    struct left left = {0};
    struct cell_identity is = {0};
    if (!make_cell(&left)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    ino_t before = own("/proc/self/ns/user");
    EXPECT(cell_reenter(&left.cell, ROOT "/other", &is, &error) == 0); /* not that exercise's */
    EXPECT(cell_kill(&left.cell, ROOT, 5000, &error) == 2);
    EXPECT(cell_reenter(&left.cell, ROOT, &is, &error) == 0);
    EXPECT(!error && own("/proc/self/ns/user") == before);
    return NULL;
}

static const char *spare_one(const struct cell_identity *none)
{
    (void)none;
    static const char *const keep[] = {"guest=m2,", NULL};
    g_autoptr(GError) error = NULL;
    struct left left = {0};
    if (!make_cell(&left)) {
        return IN_CELL_SKIP "no cell can be made here";
    }
    EXPECT(cell_count(&left.cell, ROOT, &error) == 2);
    EXPECT(cell_kill_but(&left.cell, ROOT, keep, 5000, &error) == 1);
    EXPECT(!error && is_alive(left.machines[1]));
    EXPECT(cell_count(&left.cell, ROOT, &error) == 1);
    EXPECT(cell_kill(&left.cell, ROOT, 5000, &error) == 1);
    return NULL;
}

static void a_cell_with_machines_is_entered_again(void **state)
{
    (void)state;
    in_child(enter_again, false);
}

static void a_cell_without_machines_is_not(void **state)
{
    (void)state;
    in_child(nobody_lives, false);
}

static void machines_that_are_kept_are_not_killed(void **state)
{
    (void)state;
    in_child(spare_one, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_cell_with_machines_is_entered_again),
            cmocka_unit_test(a_cell_without_machines_is_not),
            cmocka_unit_test(machines_that_are_kept_are_not_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
