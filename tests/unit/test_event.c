/* test_event.c - events as values and as lines. */
#include "support/test.h"

#include "base/error.h"
#include "base/event.h"

#include <string.h>

static void an_event_has_no_null_strings(void **state)
{
    (void)state;
    auto_event event = event_new("note", NULL, NULL, NULL);
    assert_string_equal(event->team, "");
    assert_string_equal(event->subject, "");
    assert_string_equal(event->body, "{}");
    assert_int_equal(event->seq, 0);
}

static void a_line_is_the_documented_json_and_reads_back_the_same(void **state)
{
    (void)state;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "detail", "a \"quoted\"\nline \303\274");
    auto_event event = event_new("check.ok", "blue1", "site", body);
    event->seq = 7;
    event->at_us = 15000000;
    event->wall_us = 1700000000123456;
    memset(event->hash, 0xab, sizeof(event->hash));
    g_autofree char *line = event_to_line(event);
    assert_string_equal(line,
            "{\"seq\":7,\"at_us\":15000000,\"wall_us\":1700000000123456,\"kind\":\"check.ok\","
            "\"team\":\"blue1\",\"subject\":\"site\",\"body\":{\"detail\":\"a "
            "\\\"quoted\\\"\\nline "
            "\303\274\"},\"hash\":"
            "\"abababababababababababababababababababababababababababababababab\"}");
    g_autoptr(GError) error = NULL;
    auto_event back = event_from_line(line, strlen(line), &error);
    assert_no_error(error);
    auto_event copy = event_copy(back);
    g_autofree char *again = event_to_line(copy);
    assert_string_equal(line, again);
}

static void what_is_not_an_event_is_refused(void **state)
{
    (void)state;
    g_autofree char *name = g_strnfill(EVENT_NAME_MAX + 1, 'x');
    g_autofree char *long_kind = g_strdup_printf("{\"kind\":\"%s\",\"body\":{}}", name);
    g_autofree char *filler = g_strnfill(EVENT_BODY_MAX, 'x');
    g_autofree char *long_body =
            g_strdup_printf("{\"kind\":\"k\",\"body\":{\"a\":\"%s\"}}", filler);
    const char *const lines[] = {"", "[]", "{}", "{\"kind\":\"k\"}", "{\"kind\":\"\",\"body\":{}}",
            "{\"kind\":7,\"body\":{}}", "{\"kind\":\"k\",\"body\":[]}",
            "{\"kind\":\"a\\tb\",\"body\":{}}", "{\"kind\":\"k\",\"team\":\"\\u007f\",\"body\":{}}",
            "{\"kind\":\"k\",\"body\":{}}{}", "{\"kind\":\"k\",\"body\":{},\"hash\":\"abc\"}",
            "{\"kind\":\"k\",\"body\":{},\"hash\":"
            "\"zzababababababababababababababababababababababababababababababab\"}",
            long_kind, long_body};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(event_from_line(lines[i], strlen(lines[i]), &error));
        assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL));
    }
}

static void names_are_printable_utf8_within_the_limit(void **state)
{
    (void)state;
    g_autofree char *most = g_strnfill(EVENT_NAME_MAX, 'x');
    assert_true(event_name_is_valid(""));
    assert_true(event_name_is_valid("Hafen S\303\274d"));
    assert_true(event_name_is_valid(most));
    assert_false(event_name_is_valid("a\x1b[31m"));
    assert_false(event_name_is_valid("\377"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_event_has_no_null_strings),
            cmocka_unit_test(a_line_is_the_documented_json_and_reads_back_the_same),
            cmocka_unit_test(what_is_not_an_event_is_refused),
            cmocka_unit_test(names_are_printable_utf8_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
