/* test_ledger_sound.c - what a row's body may be: the quick look and the parser never disagree. */
#include "support/test.h"

#include "base/json.h"
#include "ledger/ledger_internal.h"

#include <string.h>

static void assert_agrees(const char *body)
{
    const char *why = NULL;
    auto_event event = event_new("note", "", "x", NULL);
    g_free(event->body);
    event->body = g_strdup(body);
    auto_json json = json_parse(body, strlen(body), NULL);
    bool sound = ledger_event_is_sound(event, &why);
    if (sound != (bool)cJSON_IsObject(json)) {
        fail_msg("%s: sound %d, parsed %d", body, sound, cJSON_IsObject(json));
    }
}

static void known_bodies_are_judged_as_the_parser_does(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}", "{\"a\":1}", "{\"a\":-0}", "{\"a\":01}",
            "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1.5}", "{\"a\":1e5}", "{\"a\":-}",
            "{\"a\":\"x\\n\"}", "{\"a\":\"x\ty\"}", "{\"a\":[1,2,{}]}", "{\"a\":[1,]}",
            "{\"a\":[,1]}", "{,}", "{\"a\"}", "{\"a\":}", "{a:1}", "{} ", " {}", "{}x", "{}{}",
            "[]", "[1]", "1", "\"x\"", "null", "", "{\"a\":true,\"b\":false,\"c\":null}",
            "{\"a\":truest}", "{\"a\":nul}", "{\"a\":[[[[[[[[[[[[1]]]]]]]]]]]]}",
            "{\"a\":{\"b\":{\"c\":[]}}}", "{\"a\":1,\"a\":2}", "{\"\":\"\"}", "{\"ä\":\"水\"}",
            "{\"a\":\"\xff\"}", "{\"a\":123456789012345678901234}",
            "{\"a\":1234567890123456789012345678901234567890123456789012345678901234567890}",
            "{\"a\":1 }", "{ \"a\":1}", "{\"a\":\"\\u0000\"}", "{\"a\":1,}", "{\"a\":1}}"};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        assert_agrees(bodies[i]);
    }
}

static void bodies_of_chance_are_judged_as_the_parser_does(void **state)
{
    (void)state;
    static const char *const pieces[] = {"{", "}", "[", "]", ",", ":", "\"", "\"a\"", "1", "-", "0",
            ".", "true", "null", "e5", " ", "\\", "\"b\":", "x"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    for (int i = 0; i < 20000; i++) {
        g_autoptr(GString) body = g_string_new("{");
        for (int n = g_rand_int_range(rand, 0, 9); n > 0; n--) {
            g_string_append(body, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
        }
        g_string_append(body, "}");
        assert_agrees(body->str);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(known_bodies_are_judged_as_the_parser_does),
            cmocka_unit_test(bodies_of_chance_are_judged_as_the_parser_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
