/* test_cell_kill.c - what is left in a cell is killed from outside, and nothing else is. */
#include "support/cell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#define ROOT "/tmp/st-cell-kill/drill.d"

/* A process that waits for ever, with that argument and environment. */
static pid_t start_waiting(const char *argument, const char *variable)
{
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {
                (char *)"cat", (char *)"-u", (char *)"--", (char *)"-", (char *)argument, NULL};
        char *env[] = {(char *)variable, NULL};
        int ends[2]; /* our own writing end keeps cat reading */
        if (pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) == 0) {
            execve("/bin/cat", argv, env);
        }
        _exit(127);
    }
    return pid;
}

static bool has_ended(pid_t pid, int limit_ms)
{
    int fd = pidfd_open(pid, 0);
    if (fd < 0) {
        return errno == ESRCH;
    }
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    bool ended = poll(&entry, 1, limit_ms) == 1;
    close(fd);
    return ended;
}

static void end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* Waits until pid has become the program it executes. */
static bool has_executed(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
    gint64 end_us = g_get_monotonic_time() + (gint64)5 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < end_us) {
        g_autofree char *comm = NULL;
        if (g_file_get_contents(path, &comm, NULL, NULL) && !strcmp(comm, "cat\n")) {
            return true;
        }
        g_thread_yield();
    }
    return false;
}

struct cell_report {
    struct cell_identity cell;
    pid_t by_argument, by_variable, other;
    bool ok;
};

/* The engine of the test: enters, starts what will be left over, reports, and is killed. */
static void be_engine(int to)
{
    struct cell_report report = {0};
    report.ok = cell_enter(false, &report.cell, NULL);
    if (report.ok) {
        report.by_argument = start_waiting(ROOT "/qemu", "A=b");
        report.by_variable = start_waiting("x", "RUN=" ROOT);
        report.other = start_waiting("y", "RUN=/tmp/st-cell-kill/another.d");
        report.ok = has_executed(report.by_argument) && has_executed(report.by_variable) &&
                    has_executed(report.other);
    }
    if (write(to, &report, sizeof(report)) == sizeof(report)) {
        (void)pause();
    }
    _exit(1);
}

static bool start_engine(pid_t *ret_pid, struct cell_report *ret)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    *ret_pid = fork();
    if (*ret_pid == 0) {
        be_engine(ends[1]);
    }
    close(ends[1]);
    bool ok = read(ends[0], ret, sizeof(*ret)) == sizeof(*ret) && ret->ok;
    close(ends[0]);
    return ok;
}

/* No process is left in that network namespace (a zombie has let go of its own). */
static bool is_deserted(ino_t net)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name = NULL;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename("/proc", name, "ns", "net", NULL);
        struct stat st;
        if (g_ascii_isdigit(*name) && stat(path, &st) == 0 && st.st_ino == net) {
            return false;
        }
    }
    return true;
}

static const char *leftovers(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    struct cell_report report = {0};
    pid_t engine = 0;
    EXPECT(start_engine(&engine, &report));
    pid_t outside = start_waiting(ROOT "/qemu", "RUN=" ROOT);
    EXPECT(has_executed(outside));
    end(engine); /* as a crash would */
    int killed = cell_kill(&report.cell, ROOT, 5000, &error);
    EXPECT_OK(killed >= 0);
    EXPECT(killed == 2);
    EXPECT(has_ended(report.by_argument, 0) && has_ended(report.by_variable, 0));
    EXPECT(!has_ended(outside, 0));
    EXPECT(!has_ended(report.other, 0));
    EXPECT(cell_kill(&report.cell, ROOT, 5000, &error) == 0);
    (void)kill(report.other, SIGKILL);
    EXPECT(has_ended(report.other, 5000));
    end(outside);
    EXPECT(is_deserted(report.cell.net));
    return NULL;
}

static void test_what_names_the_root_inside_is_killed_and_nothing_else(void **state)
{
    (void)state;
    in_child(leftovers, false);
}

static const char *long_gone(const struct cell_identity *none)
{
    (void)none;
    g_autoptr(GError) error = NULL;
    struct cell_identity gone = {.pid = 4194303, .user = 1, .net = 1, .mnt = 1};
    EXPECT(cell_kill(&gone, ROOT, 100, &error) == 0);
    return NULL;
}

static void test_a_cell_long_gone_is_no_error(void **state)
{
    (void)state;
    in_child(long_gone, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_what_names_the_root_inside_is_killed_and_nothing_else),
            cmocka_unit_test(test_a_cell_long_gone_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
