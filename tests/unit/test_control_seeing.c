/* test_control_seeing.c - telemetry, consoles and screens over the control socket. */
#include "support/fake_server.h"

#include <poll.h>

static struct control_client *connect_to(const struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    struct control_client *client = control_client_open(f->path, &error);
    assert_no_error(error);
    return client;
}

static cJSON *ask(struct control_client *client, const char *method, cJSON *params)
{
    g_autoptr(GError) error = NULL;
    cJSON *result = control_client_call(client, method, params, 10000, &error);
    assert_no_error(error);
    return result;
}

static cJSON *one(const char *name, const char *value)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, name, value);
    return params;
}

/* Is there something to read within limit_ms? */
static bool hears(const struct control_client *client, int limit_ms)
{
    struct pollfd fd = {.fd = control_client_fd(client), .events = POLLIN};
    return poll(&fd, 1, limit_ms) == 1;
}

static gboolean add_traffic(gpointer data)
{
    ((struct exercise *)data)->traffic += 1000;
    return G_SOURCE_REMOVE;
}

static void telemetry_comes_when_something_has_changed(void **state)
{
    (void)state;
    struct fixture *f = start(1);
    struct control_client *client = connect_to(f);
    auto_json yes = ask(client, "telemetry", NULL);
    assert_true(json_bool(yes, "on", false));
    assert_int_equal(json_int(yes, "every_ms", 0), 1000);
    /* the first look is news, and that nothing moves any more; the next ones are not */
    for (int i = 0; i < 2; i++) {
        assert_true(hears(client, 10000));
        auto_json status = ask(client, "status", NULL); /* takes what has come */
        assert_non_null(status);
    }
    assert_false(hears(client, 2500));
    g_main_context_invoke(f->context, add_traffic, f->exercise);
    assert_true(hears(client, 10000));
    cJSON *off = cJSON_CreateObject();
    cJSON_AddFalseToObject(off, "on");
    G_GNUC_UNUSED auto_json no = ask(client, "telemetry", off);
    g_main_context_invoke(f->context, add_traffic, f->exercise);
    assert_false(hears(client, 1500));
    control_client_close(client);
    finish(f);
}

static void a_client_that_goes_lets_its_console_go(void **state)
{
    (void)state;
    struct fixture *f = start(1);
    struct control_client *watcher = connect_to(f);
    G_GNUC_UNUSED auto_json subscribed = ask(watcher, "subscribe", NULL);
    struct control_client *client = connect_to(f);
    auto_json console = ask(client, "console", one("machine", "blue1/web"));
    assert_string_equal(json_string(console, "path", ""), "/nowhere");
    auto_json other = ask(client, "console", one("machine", "blue1/web"));
    assert_int_equal(json_int(other, "console", 0), json_int(console, "console", 0) + 1);
    control_client_close(client);
    static const char *const kinds[] = {
            "console.opened", "console.opened", "console.closed", "console.closed"};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        auto_event event = NULL;
        assert_int_equal(control_client_next_event(watcher, 10000, &event, NULL), 1);
        assert_string_equal(event->kind, kinds[i]);
    }
    control_client_close(watcher);
    finish(f);
}

static void expect_refusal(
        struct control_client *client, const char *method, cJSON *params, const char *words)
{
    g_autoptr(GError) error = NULL;
    assert_null(control_client_call(client, method, params, 10000, &error));
    if (!strstr(error->message, words)) {
        fail_msg("%s: wanted \"%s\", got \"%s\"", method, words, error->message);
    }
}

static void an_observer_looks_and_does_not_touch(void **state)
{
    (void)state;
    struct fixture *f = start(1);
    struct control_client *client = connect_to(f);
    G_GNUC_UNUSED auto_json hello = ask(client, "hello", one("role", "observer"));
    static const char *const looks[] = {"links", "telemetry", "captures"};
    for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
        auto_json seen = ask(client, looks[i], NULL);
        assert_non_null(seen);
    }
    auto_json picture = ask(client, "screenshot", one("machine", "blue1/web"));
    assert_string_equal(json_string(picture, "base64", ""), "iVBORw==");
    auto_json log = ask(client, "console-log", one("machine", "blue1/web"));
    assert_string_equal(json_string(log, "path", ""), "/nowhere");
    expect_refusal(client, "console", one("machine", "blue1/web"), "observer");
    expect_refusal(client, "capture", one("network", "blue1/office"), "observer");
    control_client_close(client);
    finish(f);
}

static void wrong_words_are_refused(void **state)
{
    (void)state;
    struct fixture *f = start(1);
    struct control_client *client = connect_to(f);
    expect_refusal(client, "console", NULL, "machine is missing");
    expect_refusal(client, "console", one("machine", "nowhere"), "no machine");
    expect_refusal(client, "screenshot", one("machine", "nowhere"), "no machine");
    expect_refusal(client, "console-log", one("machine", "nowhere"), "no machine");
    expect_refusal(client, "capture", NULL, "network is missing");
    expect_refusal(client, "capture", one("network", "nowhere"), "no network");
    expect_refusal(client, "telemetry", one("on", "yes"), "true or false");
    cJSON *vnc = one("machine", "blue1/web");
    cJSON_AddNumberToObject(vnc, "vnc", 1);
    expect_refusal(client, "console", vnc, "true or false");
    auto_json alive = ask(client, "status", NULL);
    assert_non_null(alive);
    control_client_close(client);
    finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(telemetry_comes_when_something_has_changed),
            cmocka_unit_test(a_client_that_goes_lets_its_console_go),
            cmocka_unit_test(an_observer_looks_and_does_not_touch),
            cmocka_unit_test(wrong_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
