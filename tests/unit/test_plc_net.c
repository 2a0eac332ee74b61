/* test_plc_net.c - the controller as a program on loopback: its list, hostile frames. */
#include "support/test.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 20000
#define WRITE_480 "\x00\x07\x00\x00\x00\x06\x01\x06\x00\x00\x01\xe0" /* holding 0 = 480 */
#define READ_HOLDING "\x00\x08\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01"
#define HOLDING_480 "\x00\x08\x00\x00\x00\x05\x01\x03\x02\x01\xe0"
#define HOLDING_250 "\x00\x08\x00\x00\x00\x05\x01\x03\x02\x00\xfa"
#define REFUSED "\x00\x07\x00\x00\x00\x03\x01\x86\x01" /* exception 1 */
#define FRAME(text) text, sizeof(text) - 1

struct plc {
    char *dir, *allow, *log;
    GPid pid;
    int port;
};

/* A port that was free a moment ago. */
static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int try_connect(const struct plc *plc)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
            .sin_port = htons((uint16_t)plc->port),
            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_to(const struct plc *plc)
{
    int fd = try_connect(plc);
    assert_true(fd >= 0);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t length)
{
    assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), length);
}

/* What comes until length bytes are there or the other side closes; the number of bytes. */
static size_t receive(int fd, char *bytes, size_t length)
{
    size_t used = 0;
    while (used < length) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, LIMIT_MS), 1);
        ssize_t n = recv(fd, bytes + used, length - used, 0);
        if (n <= 0) {
            break;
        }
        used += (size_t)n;
    }
    return used;
}

static void assert_answer(int fd, const char *expected, size_t length)
{
    char bytes[64];
    assert_int_equal(receive(fd, bytes, length), length);
    assert_memory_equal(bytes, expected, length);
}

static void assert_closed(int fd)
{
    char byte;
    assert_int_equal(receive(fd, &byte, 1), 0);
    close(fd);
}

/* Waits until the log holds the text count times. */
static void await_log(const struct plc *plc, const char *text, int count)
{
    gint64 end = g_get_monotonic_time() + LIMIT_MS * 1000;
    for (;;) {
        g_autofree char *log = NULL;
        int found = 0;
        if (g_file_get_contents(plc->log, &log, NULL, NULL)) {
            for (const char *at = log; (at = strstr(at, text)); at++) {
                found++;
            }
        }
        if (found >= count) {
            return;
        }
        if (g_get_monotonic_time() > end) {
            fail_msg("\"%s\" is not in the log %d times: %s", text, count, log);
        }
        poll(NULL, 0, 5);
    }
}

static int start_plc(void **state)
{
    struct plc *plc = g_new0(struct plc, 1);
    *state = plc;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *program = g_build_filename(folder, "..", "..", "bin", "guest", "plc", NULL);
    plc->dir = test_mkdtemp();
    plc->allow = g_build_filename(plc->dir, "allow", NULL);
    plc->log = g_build_filename(plc->dir, "log", NULL);
    plc->port = free_port();
    g_autofree char *port = g_strdup_printf("%d", plc->port);
    g_autofree char *truth = g_build_filename(plc->dir, "tank", NULL);
    const char *argv[] = {program, "-p", port, "-a", plc->allow, "-l", plc->log, "-t", truth, NULL};
    g_autoptr(GError) error = NULL;
    g_spawn_async(
            NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &plc->pid, &error);
    assert_no_error(error);
    await_log(plc, "allow-list read: everyone may write", 1);
    return 0;
}

static int stop_plc(void **state)
{
    struct plc *plc = *state;
    int status = 0;
    kill(plc->pid, SIGTERM);
    assert_int_equal(waitpid(plc->pid, &status, 0), plc->pid);
    test_rmtree(plc->dir);
    g_free(plc->allow);
    g_free(plc->log);
    g_free(plc);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void allow(const struct plc *plc, const char *text, int reads)
{
    assert_true(g_file_set_contents(plc->allow, text, -1, NULL));
    kill(plc->pid, SIGHUP);
    await_log(plc, "allow-list read", reads);
}

static void a_write_is_taken_logged_and_read_back(void **state)
{
    const struct plc *plc = *state;
    int fd = connect_to(plc);
    send_all(fd, FRAME(READ_HOLDING));
    assert_answer(fd, FRAME(HOLDING_250));
    send_all(fd, FRAME(WRITE_480));
    assert_answer(fd, FRAME(WRITE_480));
    await_log(plc, "write hr0=480 from 127.0.0.1 accepted", 1);
    send_all(fd, FRAME(READ_HOLDING));
    assert_answer(fd, FRAME(HOLDING_480));
    close(fd);
}

static void a_write_by_somebody_not_listed_is_refused_and_logged(void **state)
{
    const struct plc *plc = *state;
    allow(plc, "10.0.0.0/8\n", 2);
    int fd = connect_to(plc);
    send_all(fd, FRAME(WRITE_480));
    assert_answer(fd, FRAME(REFUSED));
    await_log(plc, "write hr0=480 from 127.0.0.1 denied", 1);
    send_all(fd, FRAME(READ_HOLDING));
    assert_answer(fd, FRAME(HOLDING_250));
    allow(plc, "127.0.0.0/8\n", 3); /* the open connection is judged by the new list */
    send_all(fd, FRAME(WRITE_480));
    assert_answer(fd, FRAME(WRITE_480));
    close(fd);
}

static void frames_that_cannot_be_end_only_their_client(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
    } bad[] = {
            {FRAME("\x00\x01\x00\x00\xff\xff\x01\x03\x00\x00\x00\x01")}, /* length 65535 */
            {FRAME("\x00\x01\x00\x00\x00\x01\x01\x03\x00\x00\x00\x01")}, /* no room for a function
                                                                          */
            {FRAME("\x00\x01\x00\x09\x00\x06\x01\x03\x00\x00\x00\x01")}, /* another protocol */
            {FRAME("\x00\x01\x00\x00\x00\x09\x01\x10\x00\x00\x00\x7b\x02\x00\x01")}, /* 123 in 2 */
            {FRAME("GET / HTTP/1.1\r\n\r\n")},
    };
    const struct plc *plc = *state;
    int good = connect_to(plc);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        int fd = connect_to(plc);
        send_all(fd, bad[i].bytes, bad[i].length);
        assert_closed(fd);
    }
    send_all(good, FRAME(READ_HOLDING));
    assert_answer(good, FRAME(HOLDING_250));
    close(good);
}

static void half_a_frame_holds_up_nobody_and_is_answered_when_whole(void **state)
{
    const struct plc *plc = *state;
    int slow = connect_to(plc), other = connect_to(plc);
    send_all(slow, READ_HOLDING, 5);
    send_all(other, FRAME(READ_HOLDING));
    assert_answer(other, FRAME(HOLDING_250));
    send_all(slow, &READ_HOLDING[5], sizeof(READ_HOLDING) - 1 - 5);
    assert_answer(slow, FRAME(HOLDING_250));
    send_all(slow, FRAME(READ_HOLDING READ_HOLDING)); /* two at once */
    assert_answer(slow, FRAME(HOLDING_250 HOLDING_250));
    close(slow);
    close(other);
}

/* More than it serves at a time: those too many are closed, the others answered, none is lost. */
static void a_hundred_clients_are_served_or_turned_away(void **state)
{
    const struct plc *plc = *state;
    int fds[100], served = 0;
    char bytes[sizeof(HOLDING_250) - 1];
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = connect_to(plc);
        /* one that was turned away already cannot be written to */
        send(fds[i], READ_HOLDING, sizeof(READ_HOLDING) - 1, MSG_NOSIGNAL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        size_t n = receive(fds[i], bytes, sizeof(bytes));
        assert_true(n == 0 || n == sizeof(bytes));
        served += n > 0;
    }
    assert_in_range(served, 16, 99);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        close(fds[i]);
    }
    size_t n = 0;
    for (gint64 end = g_get_monotonic_time() + LIMIT_MS * 1000;
            n == 0 && g_get_monotonic_time() < end;) { /* until the old ones' places are free */
        int fd = connect_to(plc);
        send(fd, READ_HOLDING, sizeof(READ_HOLDING) - 1, MSG_NOSIGNAL);
        n = receive(fd, bytes, sizeof(bytes));
        close(fd);
    }
    assert_int_equal(n, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(
                    a_write_is_taken_logged_and_read_back, start_plc, stop_plc),
            cmocka_unit_test_setup_teardown(
                    a_write_by_somebody_not_listed_is_refused_and_logged, start_plc, stop_plc),
            cmocka_unit_test_setup_teardown(
                    frames_that_cannot_be_end_only_their_client, start_plc, stop_plc),
            cmocka_unit_test_setup_teardown(
                    half_a_frame_holds_up_nobody_and_is_answered_when_whole, start_plc, stop_plc),
            cmocka_unit_test_setup_teardown(
                    a_hundred_clients_are_served_or_turned_away, start_plc, stop_plc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
