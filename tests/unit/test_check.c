/* test_check.c - checks against good, wrong and hostile servers on the loopback. */
#include "support/test.h"

#include "check/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One server for one connection: reads what comes, sends reply, then behaves as told. */
enum manner { CLOSES, HOLDS, DRIPS, FLOODS, ECHOES_MODBUS };

struct server {
    int listener;
    int port;
    enum manner manner;
    const char *reply;
    gsize length;
    bool reads_first;
    int stop[2]; /* closing [1] ends the server */
    GThread *thread;
};

static bool wait_for(const struct server *server, int fd, short events, int ms)
{
    struct pollfd fds[2] = {
            {.fd = fd, .events = events}, {.fd = server->stop[0], .events = POLLIN}};
    return poll(fds, 2, ms) >= 0 && fds[1].revents == 0;
}

static void hold(const struct server *server)
{
    struct pollfd end = {.fd = server->stop[0], .events = POLLIN};
    poll(&end, 1, -1);
}

static void misbehave(const struct server *server, int fd)
{
    char junk[4096];
    memset(junk, 'x', sizeof(junk));
    if (server->manner == HOLDS) {
        hold(server);
    } else if (server->manner == DRIPS) {
        /* one byte every 20 ms, for ever */
        while (wait_for(server, -1, 0, 20) && send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
        }
    } else if (server->manner == FLOODS) {
        while (wait_for(server, fd, POLLOUT, -1) &&
                send(fd, junk, sizeof(junk), MSG_NOSIGNAL) > 0) {
        }
    }
}

static gpointer serve(gpointer data)
{
    struct server *server = data;
    if (!wait_for(server, server->listener, POLLIN, -1)) {
        return NULL;
    }
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    char seen[4096];
    char reply[4096];
    ssize_t n = 0;
    if (server->reads_first && wait_for(server, fd, POLLIN, -1)) {
        n = recv(fd, seen, sizeof(seen), 0);
    }
    if (server->length) {
        memcpy(reply, server->reply, server->length);
        if (server->manner == ECHOES_MODBUS && n >= 2) {
            memcpy(reply, seen, 2); /* the transaction */
        }
        (void)!send(fd, reply, server->length, MSG_NOSIGNAL);
    }
    misbehave(server, fd);
    close(fd);
    return NULL;
}

static void server_open(struct server *server)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(to);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&to, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&to, &size), 0);
    server->port = ntohs(to.sin_port);
    assert_int_equal(pipe(server->stop), 0);
    server->thread = g_thread_new("server", serve, server);
}

static void server_close(struct server *server)
{
    close(server->stop[1]);
    g_thread_join(server->thread);
    close(server->stop[0]);
    close(server->listener);
}

struct outcome {
    int seen;
    enum check_status status;
    char *detail;
    double value;
    gint64 took_us;
};

static void on_done(const struct check_result *result, gpointer data)
{
    struct outcome *outcome = data;
    outcome->seen++;
    outcome->status = result->status;
    g_free(outcome->detail);
    outcome->detail = g_strdup(result->detail);
    outcome->value = result->value;
    outcome->took_us = result->took_us;
}

static struct check_request request_to(enum check_protocol protocol, int port)
{
    return (struct check_request){.protocol = protocol,
            .space = -1,
            .address = INADDR_LOOPBACK,
            .port = port,
            .timeout_ms = 5000,
            .unit = 1,
            .status = 200,
            .path = "/"};
}

static struct outcome look(const struct check_request *request)
{
    g_autoptr(GError) error = NULL;
    struct checker *checker = checker_new(NULL, &error);
    assert_no_error(error);
    struct outcome outcome = {0};
    checker_run(checker, request, on_done, &outcome);
    while (!outcome.seen) {
        g_main_context_iteration(NULL, TRUE);
    }
    checker_free(checker);
    assert_int_equal(outcome.seen, 1);
    return outcome;
}

/* Looks once at a server that answers so; request.port is filled in. */
static void expect(struct server server, struct check_request request, enum check_status status,
        const char *detail)
{
    server_open(&server);
    request.port = server.port;
    struct outcome outcome = look(&request);
    server_close(&server);
    if (outcome.status != status || !g_str_has_prefix(outcome.detail, detail)) {
        fail_msg("got %s \"%s\", wanted %s \"%s\"", check_status_name(outcome.status),
                outcome.detail, check_status_name(status), detail);
    }
    assert_in_range(outcome.took_us, 0, ((gint64)request.timeout_ms + 900) * 1000);
    g_free(outcome.detail);
}

#define REPLY(text) .reply = (text), .length = sizeof(text) - 1

static const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nHarbour office";

static void an_http_page_is_judged_by_status_and_text(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_HTTP, 0);
    struct server server = {.manner = CLOSES, .reads_first = true, REPLY(page)};
    expect(server, request, CHECK_OK, "HTTP 200, 14 bytes");
    request.contains = "Harbour office";
    expect(server, request, CHECK_OK, "HTTP 200, 14 bytes, has \"Harbour office\"");
    request.contains = "PWNED";
    expect(server, request, CHECK_MUMBLE, "HTTP 200 but the page lacks \"PWNED\"");
    request.contains = NULL;
    request.status = 404;
    expect(server, request, CHECK_MUMBLE, "HTTP 200, not 404");
    request.status = 200;
    struct server moved = {.manner = CLOSES,
            .reads_first = true,
            REPLY("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\nContent-Length: "
                  "0\r\n\r\n")};
    expect(moved, request, CHECK_MUMBLE, "HTTP 302, not 200");
}

static void a_hostile_web_server_cannot_hold_or_fill_the_checker(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_HTTP, 0);
    request.timeout_ms = 300;
    struct server mute = {.manner = HOLDS, .reads_first = true};
    expect(mute, request, CHECK_DOWN, "no answer in 0.3 s");
    struct server drip = {.manner = DRIPS,
            .reads_first = true,
            REPLY("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")};
    expect(drip, request, CHECK_DOWN, "no complete answer in 0.3 s");
    struct server silent_header = {
            .manner = DRIPS, .reads_first = true, REPLY("HTTP/1.1 200 OK\r\nX: ")};
    expect(silent_header, request, CHECK_DOWN, "no complete answer in 0.3 s");
    request.timeout_ms = 5000;
    struct server flood = {.manner = FLOODS, .reads_first = true, REPLY("HTTP/1.1 200 OK\r\n\r\n")};
    expect(flood, request, CHECK_OK, "HTTP 200, more than 262144 bytes");
    request.contains = "not there";
    expect(flood, request, CHECK_MUMBLE, "HTTP 200 but the page lacks");
    request.contains = NULL;
    struct server garbage = {
            .manner = FLOODS, .reads_first = true, REPLY("\1\2\3 not a web server\r\n")};
    expect(garbage, request, CHECK_MUMBLE, "not a whole HTTP answer");
    struct server cut = {.manner = CLOSES,
            .reads_first = true,
            REPLY("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nx")};
    expect(cut, request, CHECK_MUMBLE, "not a whole HTTP answer");
    struct server hangs_up = {.manner = CLOSES, .reads_first = true};
    expect(hangs_up, request, CHECK_DOWN, "connection closed without an answer");
}

static void a_closed_port_is_down_by_every_protocol(void **state)
{
    (void)state;
    struct server gone = {.manner = CLOSES};
    server_open(&gone);
    server_close(&gone);
    const enum check_protocol protocols[] = {CHECK_HTTP, CHECK_TCP, CHECK_SSH, CHECK_MODBUS};
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        struct check_request request = request_to(protocols[i], gone.port);
        request.table = "input";
        struct outcome outcome = look(&request);
        assert_int_equal(outcome.status, CHECK_DOWN);
        assert_string_equal(outcome.detail, "connection refused");
        g_free(outcome.detail);
    }
}

static void an_open_port_is_enough_for_tcp_unless_a_greeting_is_asked_for(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_TCP, 0);
    struct server ftp = {.manner = HOLDS, REPLY("220 harbour FTP\r\n")};
    expect(ftp, request, CHECK_OK, "port ");
    request.contains = "harbour";
    expect(ftp, request, CHECK_OK, "220 harbour FTP");
    struct server other = {.manner = CLOSES, REPLY("500 go\33[2J away\r\n")};
    expect(other, request, CHECK_MUMBLE, "greeting \"500 go[2J away\" lacks \"harbour\"");
    struct server flood = {.manner = FLOODS};
    expect(flood, request, CHECK_MUMBLE, "greeting \"xx");
}

static void an_ssh_server_must_say_that_it_is_one(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_SSH, 0);
    struct server good = {.manner = HOLDS, REPLY("hello\r\nSSH-2.0-OpenSSH_9.2p1 Debian\r\n")};
    expect(good, request, CHECK_OK, "SSH-2.0-OpenSSH_9.2p1 Debian");
    request.contains = "dropbear";
    expect(good, request, CHECK_MUMBLE, "banner \"SSH-2.0-OpenSSH_9.2p1 Debian\" lacks");
    request.contains = NULL;
    struct server old = {.manner = HOLDS, REPLY("SSH-1.5-old\n")};
    expect(old, request, CHECK_MUMBLE, "\"SSH-1.5-old\" is not SSH 2.0");
    struct server web = {.manner = CLOSES, REPLY("HTTP/1.1 400 Bad Request\r\n\r\n")};
    expect(web, request, CHECK_MUMBLE, "\"HTTP/1.1 400 Bad Request\" is not an SSH banner");
    struct server huge = {.manner = FLOODS};
    expect(huge, request, CHECK_MUMBLE, "\"xx");
    struct server quits = {.manner = CLOSES};
    expect(quits, request, CHECK_DOWN, "connection closed without a banner");
    request.timeout_ms = 300;
    struct server drip = {.manner = DRIPS};
    expect(drip, request, CHECK_DOWN, "no complete answer in 0.3 s");
}

static void a_modbus_value_is_read_and_judged(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_MODBUS, 0);
    request.table = "input";
    request.min = 150;
    request.max = 350;
    struct server level = {
            .manner = ECHOES_MODBUS, .reads_first = true, REPLY("??\0\0\0\5\1\4\2\0\xfb")};
    expect(level, request, CHECK_OK, "value 251 in 150–350");
    request.max = 200;
    expect(level, request, CHECK_MUMBLE, "value 251 outside 150–200");
    request.table = "coil";
    request.min = request.max = 1;
    struct server coil = {
            .manner = ECHOES_MODBUS, .reads_first = true, REPLY("??\0\0\0\4\1\1\1\1")};
    expect(coil, request, CHECK_OK, "value 1 in 1–1");
    struct server refuses = {
            .manner = ECHOES_MODBUS, .reads_first = true, REPLY("??\0\0\0\3\1\x81\2")};
    expect(refuses, request, CHECK_MUMBLE, "Modbus exception 2");
}

static void a_hostile_modbus_device_is_a_mumble_not_a_crash(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_MODBUS, 0);
    request.table = "input";
    request.max = 65535;
    struct server other = {.manner = HOLDS, .reads_first = true, REPLY("\0\0\0\0\0\5\1\4\2\0\xfb")};
    expect(other, request, CHECK_MUMBLE, "a Modbus answer to another request");
    struct server garbage = {.manner = FLOODS, .reads_first = true};
    expect(garbage, request, CHECK_MUMBLE, "the answer is not Modbus");
    struct server huge = {
            .manner = ECHOES_MODBUS, .reads_first = true, REPLY("??\0\0\xff\xff\1\4\2\0\xfb")};
    expect(huge, request, CHECK_MUMBLE, "the answer is not Modbus");
    struct server shape = {
            .manner = ECHOES_MODBUS, .reads_first = true, REPLY("??\0\0\0\5\1\3\2\0\xfb")};
    expect(shape, request, CHECK_MUMBLE, "a Modbus answer of the wrong shape");
    struct server cut = {.manner = ECHOES_MODBUS, .reads_first = true, REPLY("??\0\0\0\5\1\4\2")};
    expect(cut, request, CHECK_MUMBLE, "connection closed within an answer");
    struct server quits = {.manner = CLOSES, .reads_first = true};
    expect(quits, request, CHECK_DOWN, "connection closed without an answer");
    request.timeout_ms = 300;
    struct server mute = {.manner = HOLDS, .reads_first = true};
    expect(mute, request, CHECK_DOWN, "no answer in 0.3 s");
}

static void the_loopback_answers_ping(void **state)
{
    (void)state;
    int probe = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (probe < 0) {
        print_message("skipped: no raw sockets here (%s)\n", g_strerror(errno));
        skip();
    }
    close(probe);
    struct check_request request = request_to(CHECK_PING, 0);
    struct outcome outcome = look(&request);
    assert_string_equal(outcome.detail, "answers ping");
    assert_int_equal(outcome.status, CHECK_OK);
    g_free(outcome.detail);
}

static void a_request_that_makes_no_sense_is_the_checkers_fault(void **state)
{
    (void)state;
    struct check_request request = request_to(CHECK_MODBUS, 502);
    request.table = "drawer";
    struct outcome outcome = look(&request);
    assert_int_equal(outcome.status, CHECK_FAULT);
    g_free(outcome.detail);
    request = request_to(CHECK_TCP, 0);
    outcome = look(&request);
    assert_int_equal(outcome.status, CHECK_FAULT);
    g_free(outcome.detail);
    request = request_to(CHECK_HTTP, 80);
    request.path = "/a b\r\nX: y";
    outcome = look(&request);
    assert_int_equal(outcome.status, CHECK_FAULT);
    g_free(outcome.detail);
}

static void many_checks_run_at_one_time(void **state)
{
    (void)state;
    enum { MANY = 300 }; /* more than may be open at once */
    struct server mute = {.manner = HOLDS};
    server_open(&mute);
    struct checker *checker = checker_new(NULL, NULL);
    struct check_request request = request_to(CHECK_SSH, mute.port);
    request.timeout_ms = 400;
    struct outcome outcome = {0};
    gint64 before = g_get_monotonic_time();
    for (int i = 0; i < MANY; i++) {
        checker_run(checker, &request, on_done, &outcome);
    }
    while (outcome.seen < MANY) {
        g_main_context_iteration(NULL, TRUE);
    }
    assert_in_range(g_get_monotonic_time() - before, 0, 10 * G_USEC_PER_SEC);
    assert_int_equal(outcome.status, CHECK_DOWN);
    checker_free(checker);
    server_close(&mute);
    g_free(outcome.detail);
}

static void freeing_the_checker_ends_pending_checks_as_faults(void **state)
{
    (void)state;
    struct server mute = {.manner = HOLDS};
    server_open(&mute);
    struct checker *checker = checker_new(NULL, NULL);
    struct outcome outcome = {0};
    const enum check_protocol protocols[] = {CHECK_HTTP, CHECK_SSH, CHECK_HTTP, CHECK_SSH};
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        struct check_request request = request_to(protocols[i], mute.port);
        request.timeout_ms = 60000;
        checker_run(checker, &request, on_done, &outcome);
    }
    checker_free(checker);
    assert_int_equal(outcome.seen, 4);
    assert_int_equal(outcome.status, CHECK_FAULT);
    g_free(outcome.detail);
    server_close(&mute);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_http_page_is_judged_by_status_and_text),
            cmocka_unit_test(a_hostile_web_server_cannot_hold_or_fill_the_checker),
            cmocka_unit_test(a_closed_port_is_down_by_every_protocol),
            cmocka_unit_test(an_open_port_is_enough_for_tcp_unless_a_greeting_is_asked_for),
            cmocka_unit_test(an_ssh_server_must_say_that_it_is_one),
            cmocka_unit_test(a_modbus_value_is_read_and_judged),
            cmocka_unit_test(a_hostile_modbus_device_is_a_mumble_not_a_crash),
            cmocka_unit_test(the_loopback_answers_ping),
            cmocka_unit_test(a_request_that_makes_no_sense_is_the_checkers_fault),
            cmocka_unit_test(many_checks_run_at_one_time),
            cmocka_unit_test(freeing_the_checker_ends_pending_checks_as_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
