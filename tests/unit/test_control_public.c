/* test_control_public.c - the public at the control socket: a beginning of the ledger, live. */
#include "support/fake_server.h"

static cJSON *call(struct control_client *client, const char *method, const char *params)
{
    g_autoptr(GError) error = NULL;
    cJSON *result =
            control_client_call(client, method, params ? cJSON_Parse(params) : NULL, 10000, &error);
    assert_no_error(error);
    return result;
}

static struct control_client *open_client(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    struct control_client *client = control_client_open(f->path, &error);
    assert_no_error(error);
    return client;
}

/* ---- events, recorded by the engine's thread ------------------------------------------------ */

struct telling {
    struct fixture *f;
    const char *kind, *team, *subject, *body;
};

static gboolean tell_now(gpointer data)
{
    const struct telling *telling = data;
    struct event *event =
            event_new(telling->kind, telling->team, telling->subject, cJSON_Parse(telling->body));
    ledger_append(telling->f->exercise->ledger, event, NULL, NULL);
    return G_SOURCE_REMOVE;
}

static void tell(struct fixture *f, const char *kind, const char *team, const char *subject,
        const char *body)
{
    struct telling *telling = g_new(struct telling, 1);
    *telling = (struct telling){f, kind, team, subject, body};
    g_main_context_invoke_full(f->context, G_PRIORITY_DEFAULT, tell_now, telling, g_free);
}

static void expect_next(struct control_client *client, gint64 seq, const char *kind)
{
    auto_event event = NULL;
    g_autoptr(GError) error = NULL;
    assert_int_equal(control_client_next_event(client, 10000, &event, &error), 1);
    assert_int_equal(event->seq, seq);
    assert_string_equal(event->kind, kind);
    assert_null(strstr(event->body, "SECRET"));
    assert_null(strstr(event->subject, "SECRET"));
}

static const char plan[] =
        "{\"plan\":{\"title\":\"SECRET\",\"teams\":[{\"id\":\"a\",\"role\":\"blue\",\"group\":"
        "\"blue\"},{\"id\":\"b\",\"role\":\"blue\",\"group\":\"blue\"}],\"services\":[{\"name\":"
        "\"s\",\"group\":\"blue\",\"points\":5}]}}";

static void begin(struct fixture *f)
{
    tell(f, "exercise.created", NULL, "drill", plan);
    tell(f, "check.ok", "a", "s", "{\"round\":1,\"detail\":\"SECRET\"}");
    tell(f, "note", NULL, "drill", "{\"text\":\"SECRET\"}");
    tell(f, "check.ok", "a", "s", "{\"round\":2}");
}

static void what_comes_after_a_freeze_is_told_after_the_thaw(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    begin(f);
    /* all four are there when this one is told to somebody who sees everything */
    struct control_client *other = open_client(f);
    cJSON_Delete(call(other, "subscribe", "{\"from\":1}"));
    for (int seq = 1; seq <= 4; seq++) {
        auto_event event = NULL;
        assert_int_equal(control_client_next_event(other, 10000, &event, NULL), 1);
    }
    cJSON_Delete(call(client, "subscribe", "{\"from\":1,\"public\":true}"));
    expect_next(client, 2, "check.ok");
    expect_next(client, 4, "check.ok");
    tell(f, "check.down", "b", "s", "{\"round\":1}");
    expect_next(client, 5, "check.down");
    tell(f, "score.frozen", NULL, "drill", "{\"frozen\":true,\"reason\":\"r\",\"by\":\"SECRET\"}");
    tell(f, "check.ok", "b", "s", "{\"round\":2}");
    tell(f, "operator.action", NULL, "drill", "{\"action\":\"hold\"}");
    for (int seq = 5; seq <= 8; seq++) {
        auto_event event = NULL;
        assert_int_equal(control_client_next_event(other, 10000, &event, NULL), 1);
    }
    /* a reply comes behind whatever was told before it: nothing was */
    auto_json page = call(client, "events", "{\"public\":true,\"from\":5}");
    assert_int_equal(cJSON_GetArraySize(json_array(page, "events")), 1);
    auto_json frozen = call(client, "score", "{\"public\":true}");
    assert_int_equal(json_int(frozen, "seq", 0), 5);
    auto_json again = call(client, "score", "{\"public\":true}");
    g_autofree char *one = json_text(frozen);
    g_autofree char *two = json_text(again);
    assert_string_equal(one, two);
    struct control_client *late = open_client(f); /* it comes during the freeze */
    cJSON_Delete(call(late, "subscribe", "{\"from\":5,\"public\":true}"));
    expect_next(late, 5, "check.down");
    tell(f, "score.frozen", NULL, "drill", "{\"frozen\":false,\"reason\":\"r\",\"by\":\"w\"}");
    expect_next(client, 6, "score.frozen");
    expect_next(client, 7, "check.ok");
    expect_next(client, 9, "score.frozen");
    expect_next(late, 6, "score.frozen");
    expect_next(late, 7, "check.ok");
    control_client_close(late);
    control_client_close(other);
    control_client_close(client);
    finish(f);
}

static void a_public_client_is_given_nothing_else(void **state)
{
    (void)state;
    static const char *const refused[] = {
            "status", "pause", "ping", "links", "exec", "adjust", "incident", "captures", "router"};
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    begin(f);
    auto_json hello = call(client, "hello", "{\"role\":\"public\"}");
    assert_string_equal(json_string(hello, "role", ""), "public");
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(control_client_call(client, refused[i], NULL, 10000, &error));
        assert_non_null(strstr(error->message, "the public may not"));
    }
    static const char *const roles[] = {"{\"role\":\"operator\"}", "{\"role\":\"observer\"}"};
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(control_client_call(client, "hello", cJSON_Parse(roles[i]), 10000, &error));
        assert_non_null(strstr(error->message, "an observer stays one"));
    }
    /* public: false of such a client changes nothing */
    cJSON_Delete(call(client, "subscribe", "{\"from\":1,\"public\":false}"));
    expect_next(client, 2, "check.ok");
    expect_next(client, 4, "check.ok");
    auto_json page = call(client, "events", "{\"from\":1,\"public\":false}");
    assert_int_equal(cJSON_GetArraySize(json_array(page, "events")), 2);
    g_autofree char *text = json_text(page);
    assert_null(strstr(text, "SECRET"));
    control_client_close(client);
    finish(f);
}

/* The code that a method's answer has; "" for none. */
static char *code_in(struct control_client *client, const char *method, const char *params)
{
    auto_json answer = call(client, method, params);
    return g_strdup(json_string(json_object(answer, "checkpoint"), "code", ""));
}

static void assert_codes(struct control_client *client, const char *wanted)
{
    g_autofree char *board = code_in(client, "score", "{\"public\":true}");
    g_autofree char *paper = code_in(client, "exam-paper", "{\"candidate\":\"c-1\"}");
    assert_string_equal(board, wanted);
    assert_string_equal(paper, wanted);
}

static void the_code_on_board_and_paper_is_that_of_the_last_public_checkpoint(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    struct control_client *all = open_client(f);
    cJSON_Delete(call(all, "subscribe", "{\"from\":1}"));
    static const struct {
        const char *kind, *body, *code;
    } steps[] = {
            {"exercise.created", plan, ""},
            {"ledger.signed", "{\"size\":1,\"code\":\"AAAA-2222\"}", "AAAA-2222"},
            {"check.ok", "{\"round\":1}", "AAAA-2222"},
            {"ledger.signed", "{\"size\":3,\"code\":\"BBBB-3333\"}", "BBBB-3333"},
            {"score.frozen", "{\"frozen\":true}", "BBBB-3333"},
            {"ledger.signed", "{\"size\":5,\"code\":\"CCCC-4444\"}", "BBBB-3333"},
            {"score.frozen", "{\"frozen\":false}", "CCCC-4444"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        auto_event event = NULL;
        tell(f, steps[i].kind, i == 2 ? "a" : NULL, i == 2 ? "s" : "drill", steps[i].body);
        assert_int_equal(control_client_next_event(all, 10000, &event, NULL), 1);
        assert_codes(client, steps[i].code);
    }
    control_client_close(all);
    control_client_close(client);
    finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_comes_after_a_freeze_is_told_after_the_thaw),
            cmocka_unit_test(a_public_client_is_given_nothing_else),
            cmocka_unit_test(the_code_on_board_and_paper_is_that_of_the_last_public_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
