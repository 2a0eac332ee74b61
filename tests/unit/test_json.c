/* test_json.c - checked reads of hostile documents. */
#include "support/test.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), NULL);
}

static void one_document_with_space_around_is_read(void **state)
{
    (void)state;
    auto_json json = parse(" \t{\"a\": [1, true, \"x\"]}\r\n ");
    g_autofree char *text = json_text(json);
    assert_string_equal(text, "{\"a\":[1,true,\"x\"]}");
}

static void everything_else_is_refused_and_the_byte_named(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "{", "{}x", "{} {}", "{\"a\":}", "nul", "[1,]",
            "\"\xff\"", "{\"a\":\"\xc3\"}"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(json_parse(texts[i], strlen(texts[i]), &error));
        assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL));
        assert_non_null(strstr(error->message, "byte"));
    }
}

static void a_nul_is_refused_but_text_that_only_looks_like_one_is_not(void **state)
{
    (void)state;
    assert_null(json_parse("{}\0", 3, NULL));
    assert_null(parse("{\"a\":\"x\\u0000y\"}"));
    assert_null(parse("{\"a\":\"\\\\\\u0000\"}"));
    /* the six characters \u0000, as a program in a machine may print them */
    auto_json json = parse("{\"a\":\"\\\\u0000\"}");
    assert_string_equal(json_string(json, "a", ""), "\\u0000");
}

static void nesting_ends_at_sixty_four(void **state)
{
    (void)state;
    for (gsize depth = 64; depth <= 65; depth++) {
        g_autofree char *open = g_strnfill(depth, '[');
        g_autofree char *shut = g_strnfill(depth, ']');
        g_autofree char *text = g_strconcat(open, shut, NULL);
        auto_json json = parse(text);
        assert_int_equal(json != NULL, depth == 64);
    }
    /* brackets in strings do not nest */
    g_autofree char *brackets = g_strnfill(500, '[');
    g_autofree char *text = g_strconcat("[\"\\\"", brackets, "\"]", NULL);
    auto_json json = parse(text);
    assert_non_null(json);
}

static void members_of_other_types_give_the_fallback(void **state)
{
    (void)state;
    auto_json json = parse("{\"s\":\"x\",\"n\":7,\"b\":true,\"a\":[],\"o\":{},\"f\":2.5}");
    assert_string_equal(json_string(json, "s", "no"), "x");
    assert_string_equal(json_string(json, "n", "no"), "no");
    assert_int_equal(json_int(json, "n", -1), 7);
    assert_int_equal(json_int(json, "s", -1), -1);
    assert_true(json_number(json, "f", 0) == 2.5);
    assert_true(json_bool(json, "b", false));
    assert_true(json_bool(json, "n", true));
    assert_non_null(json_array(json, "a"));
    assert_null(json_array(json, "o"));
    assert_non_null(json_object(json, "o"));
    assert_null(json_object(json, "none"));
    assert_int_equal(json_int(NULL, "n", -1), -1);
    assert_int_equal(json_int(json_array(json, "a"), "n", -1), -1);
}

static void integers_are_exact_below_two_to_the_fifty_two(void **state)
{
    (void)state;
    const gint64 most = G_GINT64_CONSTANT(4503599627370495);
    auto_json out = cJSON_CreateObject();
    json_add_int(out, "n", -most);
    g_autofree char *text = json_text(out);
    auto_json in = parse(text);
    assert_true(json_int(in, "n", 0) == -most);
    auto_json far = parse("{\"n\":1e300,\"m\":-1e999}");
    assert_int_equal(json_int(far, "n", -1), -1);
    assert_int_equal(json_int(far, "m", -1), -1);
}

static void string_vectors_go_in_and_out(void **state)
{
    (void)state;
    const char *const strv[] = {"nmap", "-p", "22 80", "", NULL};
    auto_json array = json_from_strv(strv);
    g_auto(GStrv) back = json_to_strv(array);
    assert_true(g_strv_equal(strv, (const char *const *)back));
    auto_json mixed = parse("[\"a\",1]");
    assert_null(json_to_strv(mixed));
}

static void texts_of_strangers_are_cleaned_wherever_they_stand(void **state)
{
    (void)state;
    auto_json json = parse("{\"a\":\"x\\u001b[2J\\ny\",\"b\":[{\"c\":\"\\u202ez\\u0007\"},7]}");
    json_clean(json, 64, false);
    g_autofree char *lines = json_text(json);
    assert_string_equal(lines, "{\"a\":\"x[2J\\ny\",\"b\":[{\"c\":\"z\"},7]}");
    json_clean(json, 64, true);
    g_autofree char *line = json_text(json);
    assert_string_equal(line, "{\"a\":\"x[2J y\",\"b\":[{\"c\":\"z\"},7]}");
    json_clean(NULL, 64, true);
}

/* One way to write numbers and texts, with a tree and without. */
static void what_is_appended_is_written_as_a_tree_would_be(void **state)
{
    (void)state;
    static const double numbers[] = {0, 1, -1, 0.1, 1.0 / 3, 2147483647, 2147483648.0,
            -2147483648.0, -2147483649.0, 1e15, 1e21, 5e-324, 1.7976931348623157e308, 123456.789,
            100.0 / 7, NAN, INFINITY, -INFINITY};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        auto_json number = cJSON_CreateNumber(numbers[i]);
        g_autofree char *wanted = json_text(number);
        json_append_number(text, numbers[i]);
        assert_string_equal(text->str, wanted);
    }
    static const char *const texts[] = {
            "", "plain", "\"", "\\\\", "a\bb\fc\nd\re\tf", "\x01\x1f\x7f", "港口 \"ü\"", "/"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        auto_json string = cJSON_CreateString(texts[i]);
        g_autofree char *wanted = json_text(string);
        json_append_string(text, texts[i]);
        assert_string_equal(text->str, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(one_document_with_space_around_is_read),
            cmocka_unit_test(everything_else_is_refused_and_the_byte_named),
            cmocka_unit_test(a_nul_is_refused_but_text_that_only_looks_like_one_is_not),
            cmocka_unit_test(nesting_ends_at_sixty_four),
            cmocka_unit_test(members_of_other_types_give_the_fallback),
            cmocka_unit_test(integers_are_exact_below_two_to_the_fifty_two),
            cmocka_unit_test(string_vectors_go_in_and_out),
            cmocka_unit_test(what_is_appended_is_written_as_a_tree_would_be),
            cmocka_unit_test(texts_of_strangers_are_cleaned_wherever_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
