/* fuzz_control.c - what a client may send: lines, requests, methods, on a real connection. */
#include "support/fake_exercise.h"

#include "control/control_internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct control *control;
static char *dir;

static void clean_up(void)
{
    struct exercise *exercise = control->exercise;
    control_free(control);
    fake_free(exercise);
    test_rmtree(dir);
}

static void set_up(void)
{
    dir = g_dir_make_tmp("st-fuzz-XXXXXX", NULL);
    g_autofree char *ledger = g_build_filename(dir, "drill.ledger", NULL);
    g_autofree char *path = g_build_filename(dir, "drill.sock", NULL);
    struct exercise *exercise = fake_new(ledger);
    fake_record(exercise, "exercise.created", NULL, "drill", NULL);
    fake_record(exercise, "note", "blue1", "drill", NULL);
    ledger_close(g_steal_pointer(&exercise->ledger));
    exercise->seq = 2;
    control = control_new(exercise, path, NULL);
    g_assert_nonnull(control);
    atexit(clean_up);
}

/* Lets the server work and takes what it says, until neither does anything. */
static void turn(int fd)
{
    char said[65536];
    bool busy = true;
    while (busy) {
        busy = g_main_context_iteration(NULL, FALSE);
        busy = recv(fd, said, sizeof(said), MSG_DONTWAIT) > 0 || busy;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!control) {
        set_up();
    }
    int ends[2];
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), ==, 0);
    control_adopt(control, ends[1], "fuzzer");
    while (size > 0) {
        ssize_t n = send(ends[0], data, MIN(size, 4096), MSG_NOSIGNAL);
        if (n <= 0) {
            break; /* the server has hung up */
        }
        data += n;
        size -= (size_t)n;
        turn(ends[0]);
    }
    turn(ends[0]);
    close(ends[0]);
    turn(-1);
    return 0;
}
