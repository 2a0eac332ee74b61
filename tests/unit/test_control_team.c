/* test_control_team.c - a team at the control socket: what it may do, and whose messages it hears. */
#include "support/fake_server.h"

static cJSON *call(struct control_client *client, const char *method, const char *params)
{
    g_autoptr(GError) error = NULL;
    cJSON *result =
            control_client_call(client, method, params ? cJSON_Parse(params) : NULL, 10000, &error);
    assert_no_error(error);
    return result;
}

static void refused(
        struct control_client *client, const char *method, const char *params, const char *why)
{
    g_autoptr(GError) error = NULL;
    cJSON *json = params ? cJSON_Parse(params) : NULL;
    assert_null(control_client_call(client, method, json, 10000, &error));
    if (!strstr(error->message, why)) {
        fail_msg("%s %s: %s", method, params ? params : "", error->message);
    }
}

static struct control_client *open_client(struct fixture *f)
{
    g_autoptr(GError) error = NULL;
    struct control_client *client = control_client_open(f->path, &error);
    assert_no_error(error);
    return client;
}

static struct control_client *open_team(struct fixture *f, const char *hello)
{
    struct control_client *client = open_client(f);
    cJSON_Delete(call(client, "hello", hello));
    return client;
}

struct telling {
    struct fixture *f;
    const char *team, *body;
};

static gboolean tell_now(gpointer data)
{
    const struct telling *telling = data;
    struct event *event =
            event_new("message.sent", telling->team, "drill", cJSON_Parse(telling->body));
    ledger_append(telling->f->exercise->ledger, event, NULL, NULL);
    return G_SOURCE_REMOVE;
}

/* The white cell writes, in the engine's thread. */
static void white_writes(struct fixture *f, const char *team, const char *text)
{
    struct telling *telling = g_new(struct telling, 1);
    *telling = (struct telling){f, team, text};
    g_main_context_invoke_full(f->context, G_PRIORITY_DEFAULT, tell_now, telling, g_free);
}

static void expect_text(struct control_client *client, const char *text)
{
    auto_event event = NULL;
    g_autoptr(GError) error = NULL;
    assert_int_equal(control_client_next_event(client, 10000, &event, &error), 1);
    assert_string_equal(event->kind, "message.sent");
    if (!strstr(event->body, text)) {
        fail_msg("%s instead of %s", event->body, text);
    }
}

static void a_team_may_write_and_read_and_nothing_else(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client =
            open_team(f, "{\"role\":\"team\",\"team\":\"blue1\",\"name\":\"ann\"}");
    static const char *const forbidden[] = {
            "status", "pause", "fire", "exec", "adjust", "console", "end", "acknowledge", "note"};
    for (gsize i = 0; i < G_N_ELEMENTS(forbidden); i++) {
        refused(client, forbidden[i], NULL, "the public may not");
    }
    refused(client, "message", "{\"text\":\"x\",\"team\":\"blue2\"}", "leave team out");
    refused(client, "message", NULL, "needs text");
    refused(client, "hello", "{\"role\":\"operator\"}", "stays one");
    refused(client, "hello", "{\"role\":\"public\"}", "stays one");
    refused(client, "hello", "{\"role\":\"team\",\"team\":\"blue2\"}", "another team");
    cJSON_Delete(call(client, "message", "{\"text\":\"is the relay in scope?\"}"));
    control_client_close(client);
    finish(f);
}

static void nobody_becomes_a_team_that_is_not_there_or_by_the_back_door(void **state)
{
    (void)state;
    struct fixture *f = start(0);
    struct control_client *client = open_client(f);
    refused(client, "hello", "{\"role\":\"team\",\"team\":\"blue7\"}", "no team");
    refused(client, "hello", "{\"role\":\"team\"}", "no team");
    cJSON_Delete(call(client, "hello", "{\"role\":\"observer\"}"));
    refused(client, "hello", "{\"role\":\"team\",\"team\":\"blue1\"}", "stays one");
    cJSON_Delete(call(client, "hello", "{\"role\":\"public\"}"));
    refused(client, "hello", "{\"role\":\"team\",\"team\":\"blue1\"}", "stays one");
    refused(client, "messages", NULL, "the public may not");
    control_client_close(client);
    finish(f);
}

static void a_team_hears_what_is_for_it_and_no_other_team(void **state)
{
    (void)state;
    struct fixture *f = start(3);
    struct control_client *one = open_team(f, "{\"role\":\"team\",\"team\":\"blue1\"}");
    struct control_client *two = open_team(f, "{\"role\":\"team\",\"team\":\"blue2\"}");
    struct control_client *white = open_client(f);
    cJSON_Delete(call(white, "messages", "{\"follow\":true}"));
    cJSON_Delete(call(one, "message", "{\"text\":\"from one\"}"));
    expect_text(white, "from one"); /* so it is in the ledger */
    white_writes(f, "blue2", "{\"from\":\"white\",\"text\":\"to two\"}");
    expect_text(white, "to two");
    auto_json early = call(one, "messages", "{\"follow\":true}");
    assert_int_equal(cJSON_GetArraySize(json_array(early, "messages")), 1);
    auto_json other = call(two, "messages", "{\"follow\":true,\"team\":\"blue1\"}");
    g_autofree char *text = json_text(other);
    assert_null(strstr(text, "from one")); /* its own, whatever it asks for */
    assert_non_null(strstr(text, "to two"));
    white_writes(f, "blue2", "{\"from\":\"white\",\"text\":\"again two\"}");
    white_writes(f, NULL, "{\"from\":\"white\",\"text\":\"lunch\"}");
    expect_text(two, "again two");
    expect_text(two, "lunch");
    expect_text(one, "lunch"); /* and nothing before it */
    auto_json all = call(white, "messages", NULL);
    assert_int_equal(cJSON_GetArraySize(json_array(all, "messages")), 4);
    auto_json only = call(white, "messages", "{\"team\":\"blue1\"}");
    assert_int_equal(cJSON_GetArraySize(json_array(only, "messages")), 2);
    refused(white, "messages", "{\"team\":\"blue7\"}", "no team");
    control_client_close(one);
    control_client_close(two);
    control_client_close(white);
    finish(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_team_may_write_and_read_and_nothing_else),
            cmocka_unit_test(nobody_becomes_a_team_that_is_not_there_or_by_the_back_door),
            cmocka_unit_test(a_team_hears_what_is_for_it_and_no_other_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
