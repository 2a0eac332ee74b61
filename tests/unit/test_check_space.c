/* test_check_space.c - checks look from a team's own namespace, where addresses mean its machines.
 */
#include "support/cell.h"

#include "check/check.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define PORT 8502

struct outcome {
    bool seen;
    enum check_status status;
    char detail[128];
    gint64 took_us;
};

static void on_done(const struct check_result *result, gpointer data)
{
    struct outcome *outcome = data;
    outcome->seen = true;
    outcome->status = result->status;
    outcome->took_us = result->took_us;
    g_strlcpy(outcome->detail, result->detail, sizeof(outcome->detail));
}

static struct outcome look_at(enum check_protocol protocol, int space, guint32 address, int port)
{
    struct outcome outcome = {.seen = false};
    struct check_request request = {
            .protocol = protocol,
            .space = space,
            .address = address,
            .port = port,
            .timeout_ms = 5000,
    };
    struct checker *checker = checker_new(NULL, NULL);
    checker_run(checker, &request, on_done, &outcome);
    while (!outcome.seen) {
        g_main_context_iteration(NULL, TRUE);
    }
    checker_free(checker);
    return outcome;
}

static struct outcome look(enum check_protocol protocol, int space, int port)
{
    return look_at(protocol, space, INADDR_LOOPBACK, port);
}

static int listen_in(int space, GError **error)
{
    struct sockaddr_in at = {
            .sin_family = AF_INET,
            .sin_port = htons(PORT),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = cell_socket(space, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, error);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 4) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static const char *in_two_spaces(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    int first = cell_space_new(&error);
    EXPECT_OK(first >= 0);
    int second = cell_space_new(&error);
    EXPECT_OK(second >= 0);
    EXPECT_OK(listen_in(first, &error) >= 0);
    struct outcome outcome = look(CHECK_TCP, first, PORT);
    EXPECT(outcome.status == CHECK_OK);
    /* the same address and port, another team */
    outcome = look(CHECK_TCP, second, PORT);
    EXPECT(outcome.status == CHECK_DOWN && !strcmp(outcome.detail, "connection refused"));
    outcome = look(CHECK_HTTP, second, PORT);
    EXPECT(outcome.status == CHECK_DOWN && !strcmp(outcome.detail, "connection refused"));
    outcome = look(CHECK_TCP, -1, PORT);
    EXPECT(outcome.status == CHECK_DOWN);
    outcome = look(CHECK_PING, second, 0);
    EXPECT(outcome.status == CHECK_OK);
    return NULL;
}

static void equal_addresses_of_two_teams_are_told_apart(void **state)
{
    (void)state;
    in_cell(in_two_spaces);
}

static bool silence_kernel(gpointer data, GError **error)
{
    (void)data;
    int fd = open("/proc/sys/net/ipv4/icmp_echo_ignore_all", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "1", 1) == 1;
    if (!ok) {
        g_set_error_literal(
                error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the kernel goes on answering");
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Answers the first echo request on the socket, a byte of its payload changed by flip. */
static void answer_ping(int fd, unsigned char flip)
{
    unsigned char packet[256];
    ssize_t n = 0;
    do {
        n = recv(fd, packet, sizeof(packet), 0);
    } while (n > 0 && (n != 20 + 24 || packet[20] != 8));
    if (n <= 0) {
        return;
    }
    unsigned char *echo = packet + 20;
    echo[0] = 0; /* a reply */
    echo[23] ^= flip;
    echo[2] = echo[3] = 0;
    guint32 sum = 0;
    for (int i = 0; i < 24; i += 2) {
        sum += (guint32)echo[i] << 8 | echo[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    echo[2] = (unsigned char)(sum >> 8);
    echo[3] = (unsigned char)sum;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)sendto(fd, echo, 24, 0, (struct sockaddr *)&to, sizeof(to));
}

static gpointer forger(gpointer data)
{
    answer_ping(GPOINTER_TO_INT(data), 1); /* the first packet's answer is not quite one */
    answer_ping(GPOINTER_TO_INT(data), 0);
    return NULL;
}

static const char *with_a_forger(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    int space = cell_space_new(&error);
    EXPECT_OK(space >= 0);
    if (!cell_run(space, silence_kernel, NULL, &error)) {
        return g_strconcat(IN_CELL_SKIP, error->message, NULL);
    }
    int fd = cell_socket(space, AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP, &error);
    EXPECT_OK(fd >= 0);
    const struct timeval limit = {.tv_sec = 5};
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    GThread *thread = g_thread_new("forger", forger, GINT_TO_POINTER(fd));
    struct outcome outcome = look(CHECK_PING, space, 0);
    g_thread_join(thread);
    close(fd);
    EXPECT(outcome.status == CHECK_OK);
    EXPECT(outcome.took_us > 900000); /* by the answer to the second packet, a second later */
    return NULL;
}

static void an_answer_to_another_ping_is_none(void **state)
{
    (void)state;
    in_cell(with_a_forger);
}

static const char *without_a_route(const struct cell_identity *cell)
{
    (void)cell;
    g_autoptr(GError) error = NULL;
    int space = cell_space_new(&error);
    EXPECT_OK(space >= 0);
    const guint32 address = 0x0a140105; /* 10.20.1.5 */
    EXPECT(look_at(CHECK_TCP, space, address, 80).status == CHECK_FAULT);
    EXPECT(look_at(CHECK_PING, space, address, 0).status == CHECK_FAULT);
    EXPECT(look_at(CHECK_HTTP, space, address, 80).status == CHECK_FAULT);
    return NULL;
}

static void a_network_that_is_not_there_is_the_ranges_fault(void **state)
{
    (void)state;
    in_cell(without_a_route);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(equal_addresses_of_two_teams_are_told_apart),
            cmocka_unit_test(an_answer_to_another_ping_is_none),
            cmocka_unit_test(a_network_that_is_not_there_is_the_ranges_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
