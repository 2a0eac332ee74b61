/* test_control.c - the control socket: good clients, hostile clients, exactly-once events. */
#include "support/fake_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- good clients -------------------------------------------------------------------------- */

static struct control_client *open_client(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    struct control_client *client = control_client_open(f->path, &error);
    assert_no_error(error);
    return client;
}

static cJSON *params_of(const char *text)
{
    return text ? cJSON_Parse(text) : NULL;
}

static cJSON *call(struct control_client *client, const char *method, const char *params)
{
    g_autoptr(GError) error = NULL;
    cJSON *result = control_client_call(client, method, params_of(params), 10000, &error);
    assert_no_error(error);
    return result;
}

static void expect_error(struct control_client *client, const char *method, const char *params,
        int code, const char *text)
{
    g_autoptr(GError) error = NULL;
    assert_null(control_client_call(client, method, params_of(params), 10000, &error));
    assert_int_equal(error->code, code);
    assert_non_null(strstr(error->message, text));
}

static void assert_alive(struct fixture *f)
{
    struct control_client *client = open_client(f);
    auto_json status = call(client, "status", NULL);
    assert_string_equal(json_string(status, "name", ""), "drill");
    control_client_close(client);
}

static void the_greeting_names_protocol_exercise_state_and_seq(void **state)
{
    (void)state;
    struct fixture *f = start(3);
    struct control_client *client = open_client(f);
    g_autofree char *hello = json_text(control_client_hello(client));
    assert_string_equal(hello, "{\"protocol\":1,\"exercise\":\"drill\",\"state\":\"running\","
                               "\"seq\":3,\"version\":\"" SANDTABLE_VERSION "\"}");
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    control_client_close(client);
    stop_server(f);
    assert_int_equal(stat(f->path, &st), -1);
    finish(f);
}

static void operators_calls_reach_the_exercise(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    cJSON_Delete(call(client, "subscribe", "{\"from\":1}"));
    cJSON_Delete(call(client, "pause", NULL));
    expect_error(client, "pause", NULL, SANDTABLE_ERROR_FAILED, "the exercise is paused");
    cJSON_Delete(call(client, "resume", NULL));
    cJSON_Delete(call(client, "pause", "{\"machines\":false}"));
    cJSON_Delete(call(client, "resume", NULL));
    cJSON_Delete(call(client, "fire", "{\"inject\":\"recon@blue1\"}"));
    expect_error(client, "fire", "{\"inject\":\"recon@blue2\"}", SANDTABLE_ERROR_NOT_FOUND,
            "did you mean \"recon@blue1\"");
    cJSON_Delete(call(client, "hold", NULL));
    cJSON_Delete(call(client, "hold", "{\"inject\":\"guess@blue1\",\"held\":false}"));
    cJSON_Delete(call(client, "end", "{\"reason\":\"lunch\"}"));
    const char *const actions[] = {
            "pause", "resume", "pause-clock", "resume", "fire", "hold", "release", "end"};
    for (gsize i = 0; i < G_N_ELEMENTS(actions); i++) {
        auto_event event = NULL;
        g_autoptr(GError) error = NULL;
        assert_int_equal(control_client_next_event(client, 10000, &event, &error), 1);
        assert_int_equal(event->seq, i + 1);
        auto_json body = cJSON_Parse(event->body);
        assert_string_equal(json_string(body, "action", ""), actions[i]);
        assert_string_not_equal(json_string(body, "by", ""), "");
    }
    control_client_close(client);
    finish(f);
}

static void a_command_answers_when_it_ends_and_others_need_not_wait(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    auto_json result =
            call(client, "exec", "{\"machine\":\"blue1/web\",\"argv\":[\"echo\",\"hi\"]}");
    assert_int_equal(json_int(result, "status", -1), 3);
    assert_string_equal(json_string(result, "out", ""), "echo hi");
    assert_true(g_utf8_validate(json_string(result, "err", ""), -1, NULL));
    assert_null(json_string(result, "out_base64", NULL));
    auto_json bytes =
            call(client, "exec", "{\"machine\":\"blue1/web\",\"argv\":[\"before%after\"]}");
    assert_string_equal(json_string(bytes, "out", ""), "before\357\277\275after");
    gsize length = 0;
    g_autofree guchar *exact = g_base64_decode(json_string(bytes, "out_base64", ""), &length);
    assert_int_equal(length, 12);
    assert_memory_equal(exact, "before\0after", 12);
    expect_error(client, "exec", "{\"machine\":\"web\",\"argv\":[\"x\"]}",
            SANDTABLE_ERROR_NOT_FOUND, "no machine");
    g_autoptr(GError) error = NULL;
    assert_null(control_client_call(client, "exec",
            params_of("{\"machine\":\"blue1/web\",\"argv\":[\"sleep\"]}"), 50, &error));
    assert_int_equal(error->code, SANDTABLE_ERROR_TIMEOUT);
    cJSON_Delete(call(client, "status", NULL));
    control_client_close(client);
    assert_alive(f);
    finish(f);
}

static void wrong_parameters_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *method, *params, *text;
    } cases[] = {
            {"subscribe", "{\"from\":0}", "from must be"},
            {"subscribe", "{\"from\":1.5}", "from must be"},
            {"subscribe", "{\"from\":\"1\"}", "from must be"},
            {"events", "{\"limit\":-1}", "limit must be"},
            {"score", "{\"explain\":1}", "explain must be"},
            {"pause", "{\"machines\":\"no\"}", "machines must be"},
            {"note", "{\"at_us\":7}", "note needs text"},
            {"note", "{\"text\":\"x\",\"at_us\":-7}", "at_us must be"},
            {"fire", "{}", "inject must"},
            {"hold", "{\"inject\":7}", "inject must"},
            {"hold", "{\"held\":\"no\"}", "held must be"},
            {"skip", "{}", "inject must"},
            {"message", "{\"team\":\"blue1\"}", "message needs text"},
            {"message", "{\"text\":\"x\",\"team\":1}", "message needs text"},
            {"acknowledge", "{\"alarm\":\"x\"}", "acknowledge needs"},
            {"exec", "{\"machine\":\"blue1/web\"}", "argv"},
            {"exec", "{\"machine\":\"blue1/web\",\"argv\":[]}", "argv"},
            {"exec", "{\"machine\":\"blue1/web\",\"argv\":[1]}", "argv"},
            {"exec", "{\"machine\":\"blue1/web\",\"argv\":[\"x\"],\"timeout_ms\":0}", "timeout_ms"},
            {"hello", "{\"role\":\"king\"}", "role must be"},
            {"hello", "{\"protocol\":2}", "protocol 1"},
            {"hello", "{\"name\":\"\"}", "name must be"},
            {"hello", "{\"name\":\"engine\"}", "name must be"},
            {"hello", "{\"name\":7}", "name must be"},
            {"approve", "{}", "inject must"},
            {"inject-edit", "{\"inject\":\"recon@blue1\",\"at_us\":-1}", "at_us must be"},
            {"inject-add", "{\"note\":\"x\",\"approvals\":\"two\"}", "approvals must be"},
            {"inject-add", "{}", "a step or a message"},
            {"status", "[]", "params must be"},
    };
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        expect_error(
                client, cases[i].method, cases[i].params, SANDTABLE_ERROR_USAGE, cases[i].text);
    }
    expect_error(client, "stutus", NULL, SANDTABLE_ERROR_PROTOCOL, "did you mean \"status\"");
    control_client_close(client);
    finish(f);
}

static void what_a_person_asks_is_recorded_as_hers(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    auto_json hello = call(client, "hello", "{\"name\":\"米拉\"}");
    assert_string_equal(json_string(hello, "name", ""), "米拉");
    auto_json fired = call(client, "fire", "{\"inject\":\"guess@blue1\"}");
    assert_int_equal(json_int(fired, "missing", -1), 1);
    auto_json added = call(client, "inject-add", "{\"note\":\"x\"}");
    assert_string_equal(json_string(added, "inject", ""), "added-1");
    cJSON_Delete(call(client, "subscribe", "{\"from\":1}"));
    auto_event event = NULL;
    assert_int_equal(control_client_next_event(client, 10000, &event, NULL), 1);
    auto_json body = cJSON_Parse(event->body);
    assert_string_equal(json_string(body, "by", ""), "米拉");
    control_client_close(client);
    finish(f);
}

static void an_observer_reads_and_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = start(2);
    struct control_client *client = open_client(f);
    cJSON_Delete(call(client, "hello", "{\"role\":\"observer\"}"));
    cJSON_Delete(call(client, "status", NULL));
    cJSON_Delete(call(client, "score", "{\"explain\":true}"));
    const char *const forbidden[] = {"pause", "resume", "fire", "hold", "exec", "end", "skip",
            "message", "freeze", "acknowledge", "start", "approve", "inject-add", "inject-edit",
            "note"};
    for (gsize i = 0; i < G_N_ELEMENTS(forbidden); i++) {
        expect_error(client, forbidden[i], NULL, SANDTABLE_ERROR_FAILED, "an observer may not");
    }
    expect_error(client, "hello", "{\"role\":\"operator\"}", SANDTABLE_ERROR_USAGE, "stays one");
    control_client_close(client);
    finish(f);
}

static gboolean record_more(gpointer data)
{
    record_notes(data, 500);
    return G_SOURCE_REMOVE;
}

static void a_late_subscriber_gets_every_event_once_in_order(void **state)
{
    (void)state;
    enum { BEFORE = 5000, FROM = 10, WANTED = BEFORE + 4 * 500 };
    struct fixture *f = start(BEFORE);
    struct control_client *client = open_client(f);
    cJSON_Delete(call(client, "subscribe", "{\"from\":10}"));
    for (int seq = FROM; seq <= WANTED; seq++) {
        auto_event event = NULL;
        g_autoptr(GError) error = NULL;
        if (seq == FROM || seq == 1000 || seq == BEFORE || seq == BEFORE + 200) {
            g_main_context_invoke(f->context, record_more, f->exercise);
        }
        assert_int_equal(control_client_next_event(client, 10000, &event, &error), 1);
        assert_int_equal(event->seq, seq);
    }
    auto_json page = call(client, "events", "{\"from\":100,\"limit\":3}");
    assert_int_equal(cJSON_GetArraySize(json_array(page, "events")), 3);
    assert_int_equal(json_int(page, "next", 0), 103);
    auto_json last = call(client, "events", "{\"from\":6990}");
    assert_int_equal(cJSON_GetArraySize(json_array(last, "events")), 11);
    assert_null(cJSON_GetObjectItem(last, "next"));
    cJSON_Delete(call(client, "unsubscribe", NULL));
    control_client_close(client);
    finish(f);
}

static void a_slow_subscriber_loses_nothing_and_holds_nobody_up(void **state)
{
    (void)state;
    enum { BEFORE = 20000 };
    struct fixture *f = start(BEFORE);
    struct control_client *slow = open_client(f);
    cJSON_Delete(call(slow, "subscribe", "{\"from\":1}"));
    g_main_context_invoke(f->context, record_more, f->exercise);
    /* another one is served while the first does not read */
    struct control_client *quick = open_client(f);
    cJSON_Delete(call(quick, "subscribe", "{\"from\":20001}"));
    for (int seq = BEFORE + 1; seq <= BEFORE + 500; seq++) {
        auto_event event = NULL;
        assert_int_equal(control_client_next_event(quick, 10000, &event, NULL), 1);
        assert_int_equal(event->seq, seq);
    }
    for (int seq = 1; seq <= BEFORE + 500; seq++) {
        auto_event event = NULL;
        assert_int_equal(control_client_next_event(slow, 10000, &event, NULL), 1);
        assert_int_equal(event->seq, seq);
    }
    control_client_close(quick);
    control_client_close(slow);
    finish(f);
}

static gboolean record_and_quit(gpointer data)
{
    struct fixture *f = data;
    record_notes(f->exercise, 100);
    g_autoptr(GError) error = NULL;
    ledger_flush(f->exercise->ledger, &error);
    f->exercise->seq += 100;
    quit(f->loop);
    return G_SOURCE_REMOVE;
}

static void a_subscriber_gets_what_is_in_the_ledger_before_the_engine_leaves(void **state)
{
    (void)state;
    struct fixture *f = start(4000);
    struct control_client *client = open_client(f);
    cJSON_Delete(call(client, "subscribe", "{\"from\":1}"));
    g_main_context_invoke(f->context, record_and_quit, f);
    gint64 seen = 0;
    struct event *event = NULL;
    int more;
    while ((more = control_client_next_event(client, 10000, &event, NULL)) == 1) {
        assert_int_equal(event->seq, ++seen);
        event_free(event);
    }
    assert_int_equal(more, 0);
    assert_true(seen >= 4000);
    control_client_close(client);
    finish(f);
}

/* ---- hostile clients ----------------------------------------------------------------------- */

static int raw_open(struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, f->path, sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Everything the server sends until it hangs up, at most ten seconds. */
static char *raw_read_all(int fd)
{
    GString *text = g_string_new(NULL);
    struct pollfd item = {.fd = fd, .events = POLLIN};
    char chunk[4096];
    ssize_t n = 0;
    while (poll(&item, 1, 10000) == 1 && (n = recv(fd, chunk, sizeof(chunk), 0)) > 0) {
        g_string_append_len(text, chunk, n);
    }
    assert_true(n <= 0);
    return g_string_free(text, FALSE);
}

static void raw_expect(struct fixture *f, const char *bytes, gsize length, const char *wanted)
{
    int fd = raw_open(f);
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n <= 0) {
            break; /* hung up upon already */
        }
        bytes += n;
        length -= (gsize)n;
    }
    shutdown(fd, SHUT_WR);
    g_autofree char *text = raw_read_all(fd);
    close(fd);
    if (!strstr(text, wanted)) {
        fail_msg("\"%s\" lacks \"%s\"", text, wanted);
    }
}

static void nonsense_gets_an_error_and_a_closed_connection(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    static const struct {
        const char *line, *wanted;
    } cases[] = {
            {"GET / HTTP/1.1\n", "\"code\":-32700"},
            {"\n", "\"code\":-32700"},
            {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"st\xff\"}\n", "\"code\":-32700"},
            {"{}\n", "\"code\":-32600"},
            {"[]\n", "batches are not supported"},
            {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"status\"}\n", "\"id\":null,\"error\":"},
            {"{\"jsonrpc\":\"2.0\",\"id\":7}\n", "\"id\":7,\"error\":{\"code\":-32600"},
            {"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"nix\"}\n",
                    "\"id\":\"a\",\"error\":{\"code\":-32601"},
            {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"status\"}\n", "\"id\":null,\"result\""},
            {"{\"jsonrpc\":\"2.0\",\"method\":\"status\"}\n{\"jsonrpc\":\"2.0\",\"id\":5,"
             "\"method\":\"unsubscribe\"}\n",
                    "\n{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}\n"},
            {"{\"jsonrpc\":\"2.0\",\"id\":1,\"meth", "hello"}, /* half a line */
            {"", "hello"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        raw_expect(f, cases[i].line, strlen(cases[i].line), cases[i].wanted);
        assert_alive(f);
    }
    finish(f);
}

static void a_line_of_two_mebibytes_is_refused(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    gsize length = 2 * 1024 * 1024;
    g_autofree char *line = g_malloc(length);
    memset(line, ' ', length);
    raw_expect(f, line, length, "a line has at most 1048576 bytes");
    memset(line, '[', length);
    line[1000000] = '\n';
    raw_expect(f, line, length, "nested too deep");
    assert_alive(f);
    finish(f);
}

static void a_client_that_never_reads_is_not_read_from_either(void **state)
{
    (void)state;
    static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"score\"}\n";
    struct fixture *f = start(0);
    int fd = raw_open(f);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    gsize sent = 0;
    struct pollfd item = {.fd = fd, .events = POLLOUT};
    /* until the server takes no more */
    while (sent < 64 * 1024 * 1024 && poll(&item, 1, 500) == 1) {
        ssize_t n = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            break;
        }
        sent += (gsize)MAX(n, 0);
    }
    assert_in_range(sent, 1024, 16 * 1024 * 1024);
    assert_alive(f);
    close(fd);
    assert_alive(f);
    finish(f);
}

static void the_hundredth_client_is_turned_away_and_a_place_becomes_free_again(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    int fds[100];
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = raw_open(f);
    }
    g_autofree char *last = raw_read_all(fds[99]);
    assert_non_null(strstr(last, "too many clients"));
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++) {
        close(fds[i]);
    }
    /* the server sees the closed ones in its own time */
    gint64 limit = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    struct control_client *client = NULL;
    while (!client && g_get_monotonic_time() < limit) {
        client = control_client_open(f->path, NULL);
    }
    assert_non_null(client);
    control_client_close(client);
    finish(f);
}

static void a_dead_engines_socket_is_replaced_and_a_live_ones_is_not(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    g_autofree char *ledger = g_build_filename(f->dir, "other.ledger", NULL);
    struct exercise *other = fake_new(ledger);
    g_autoptr(GError) error = NULL;
    assert_null(control_new(other, f->path, &error));
    assert_non_null(strstr(error->message, "--name"));
    assert_alive(f);
    g_autofree char *stale = g_build_filename(f->dir, "stale.sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, stale, sizeof(address.sun_path));
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
    close(dead);
    g_clear_error(&error);
    struct control *control = control_new(other, stale, &error);
    assert_no_error(error);
    control_free(control);
    g_clear_error(&error);
    g_autofree char *file = g_build_filename(f->dir, "file.sock", NULL);
    assert_true(g_file_set_contents(file, "precious", -1, NULL));
    assert_null(control_new(other, file, &error));
    assert_non_null(strstr(error->message, "is no socket"));
    assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
    fake_free(other);
    finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_greeting_names_protocol_exercise_state_and_seq),
            cmocka_unit_test(operators_calls_reach_the_exercise),
            cmocka_unit_test(a_command_answers_when_it_ends_and_others_need_not_wait),
            cmocka_unit_test(wrong_parameters_are_refused_by_name),
            cmocka_unit_test(what_a_person_asks_is_recorded_as_hers),
            cmocka_unit_test(an_observer_reads_and_changes_nothing),
            cmocka_unit_test(a_late_subscriber_gets_every_event_once_in_order),
            cmocka_unit_test(a_slow_subscriber_loses_nothing_and_holds_nobody_up),
            cmocka_unit_test(a_subscriber_gets_what_is_in_the_ledger_before_the_engine_leaves),
            cmocka_unit_test(nonsense_gets_an_error_and_a_closed_connection),
            cmocka_unit_test(a_line_of_two_mebibytes_is_refused),
            cmocka_unit_test(a_client_that_never_reads_is_not_read_from_either),
            cmocka_unit_test(the_hundredth_client_is_turned_away_and_a_place_becomes_free_again),
            cmocka_unit_test(a_dead_engines_socket_is_replaced_and_a_live_ones_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
