/* test_script_source_map.c - every entry of a scenario's table is found on the line it stands on.
 */
#include "support/test.h"

#include "script/source_map.h"

#include <string.h>

/* The line of the entry called steps.recon.act[1] in text: names, and numbers for positions. */
static int line_of(const char *text, const char *entry)
{
    struct source_map *map = source_map_new(text, strlen(text));
    g_autoptr(GString) path = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(entry, "|", -1);
    for (char **part = parts; *part && **part; part++) {
        bool position = strspn(*part, "0123456789") == strlen(*part);
        source_map_path(
                path, position ? NULL : *part, position ? g_ascii_strtoll(*part, NULL, 10) : 0);
    }
    const struct source_mark *mark = source_map_find(map, path->str);
    int line = mark ? mark->line : 0;
    source_map_free(map);
    return line;
}

static void nested_tables_are_followed(void **state)
{
    (void)state;
    const char *text = "-- a scenario\n"
                       "return {\n"
                       "  title = 'x',\n"
                       "  machines = {\n"
                       "    web = { image = 'a',\n"
                       "      nics = {\n"
                       "        office = '10.0.0.1' },\n"
                       "    }\n"
                       "  };\n"
                       "  [\"last\"] = 1,\n"
                       "}\n";
    assert_int_equal(line_of(text, ""), 2);
    assert_int_equal(line_of(text, "title"), 3);
    assert_int_equal(line_of(text, "machines"), 4);
    assert_int_equal(line_of(text, "machines|web"), 5);
    assert_int_equal(line_of(text, "machines|web|image"), 5);
    assert_int_equal(line_of(text, "machines|web|nics|office"), 7);
    assert_int_equal(line_of(text, "last"), 10);
    assert_int_equal(line_of(text, "machines|nothing"), 0);
}

static void positions_are_counted(void **state)
{
    (void)state;
    const char *text = "return {\n"
                       "  { at = 1 },\n"
                       "  name = 3,\n"
                       "  { at = 2,\n"
                       "    act = { { 'a', 'b' },\n"
                       "            { 'c' } } },\n"
                       "}\n";
    assert_int_equal(line_of(text, "1"), 2);
    assert_int_equal(line_of(text, "1|at"), 2);
    assert_int_equal(line_of(text, "name"), 3);
    assert_int_equal(line_of(text, "2"), 4);
    assert_int_equal(line_of(text, "2|act|1"), 5);
    assert_int_equal(line_of(text, "2|act|2"), 6);
    assert_int_equal(line_of(text, "2|act|2|1"), 6);
    assert_int_equal(line_of(text, "3"), 0);
}

static void calls_with_a_table_are_followed(void **state)
{
    (void)state;
    const char *text = "return scenario {\n"
                       "  a = lib.step {\n"
                       "    x = 1 },\n"
                       "  b = wrap({\n"
                       "    y = 2 }, 'more', {}),\n"
                       "  c = 3,\n"
                       "}\n";
    assert_int_equal(line_of(text, "a"), 2);
    assert_int_equal(line_of(text, "a|x"), 3);
    assert_int_equal(line_of(text, "b|y"), 5);
    assert_int_equal(line_of(text, "c"), 6);
    assert_int_equal(line_of(text, "1"), 0);
}

static void commas_inside_a_call_do_not_end_its_value(void **state)
{
    (void)state;
    const char *text = "return {\n"
                       "  ssh('a', 'b'),\n"
                       "  f(1, g(2, 3)),\n"
                       "  'third' }\n";
    assert_int_equal(line_of(text, "1"), 2);
    assert_int_equal(line_of(text, "2"), 3);
    assert_int_equal(line_of(text, "3"), 4);
    assert_int_equal(line_of(text, "4"), 0);
}

static void bodies_of_functions_are_skipped(void **state)
{
    (void)state;
    const char *text = "local function other()\n"
                       "  return { title = 'not this one' }\n"
                       "end\n"
                       "for i = 1, 2 do if i > 1 then local x = i end end\n"
                       "repeat local y until true\n"
                       "return {\n"
                       "  play = function(range, me)\n"
                       "    if me then return { hidden = 1 }, 2 end\n"
                       "    while true do break end\n"
                       "  end,\n"
                       "  after = 1 }\n";
    assert_int_equal(line_of(text, ""), 6);
    assert_int_equal(line_of(text, "play"), 7);
    assert_int_equal(line_of(text, "play|hidden"), 0);
    assert_int_equal(line_of(text, "hidden"), 0);
    assert_int_equal(line_of(text, "after"), 11);
    assert_int_equal(line_of(text, "title"), 0);
}

static void long_strings_and_comments_count_their_lines(void **state)
{
    (void)state;
    const char *text = "--[[ return {\n"
                       "  title = 1 ]]\n"
                       "--[==[ ]] } ]==] local a = [=[\n"
                       "]] return { b = 1 }\n"
                       "]=]\n"
                       "return {\n"
                       "  text = [[\n"
                       "    } , title = 2\n"
                       "  ]],\n"
                       "  quoted = 'a\\'}\\\n"
                       "  ',\n"
                       "  title = -- here\n"
                       "    3,\n"
                       "}\n";
    assert_int_equal(line_of(text, ""), 6);
    assert_int_equal(line_of(text, "text"), 7);
    assert_int_equal(line_of(text, "quoted"), 10);
    assert_int_equal(line_of(text, "title"), 12);
}

static void computed_keys_are_passed_over(void **state)
{
    (void)state;
    const char *text = "return {\n"
                       "  ['a' .. 'b'] = { c = 1 },\n"
                       "  [1 + 1] = 2,\n"
                       "  d = 4,\n"
                       "  'first' }\n";
    assert_int_equal(line_of(text, "d"), 4);
    assert_int_equal(line_of(text, "1"), 5);
    assert_int_equal(line_of(text, "c"), 0);
}

static void text_that_is_no_table_gives_an_empty_map(void **state)
{
    (void)state;
    const char *const texts[] = {"", "return", "return {", "return { a =", "return { [", "}}}",
            "[==[", "return { a = { b = 'x", "--[[", "return (((", "local x = 1", NULL};
    for (int i = 0; texts[i]; i++) {
        assert_int_equal(line_of(texts[i], "nothing"), 0);
    }
    g_autoptr(GString) deep = g_string_new("return ");
    for (int i = 0; i < 5000; i++) {
        g_string_append(deep, "{a=");
    }
    assert_int_equal(line_of(deep->str, "a|a|a"), 1);
}

static void many_entries_under_a_long_key_stay_small(void **state)
{
    (void)state;
    g_autofree char *key = g_strnfill(100000, 'k');
    g_autoptr(GString) text = g_string_new("return { a = 1, ");
    g_string_append_printf(text, "%s = {", key);
    for (int i = 0; i < 100000; i++) {
        g_string_append(text, "1,");
    }
    g_string_append(text, "}, b = 2 }");
    assert_int_equal(line_of(text->str, "a"), 1); /* 10 GB, were each path kept */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(nested_tables_are_followed),
            cmocka_unit_test(positions_are_counted),
            cmocka_unit_test(calls_with_a_table_are_followed),
            cmocka_unit_test(commas_inside_a_call_do_not_end_its_value),
            cmocka_unit_test(bodies_of_functions_are_skipped),
            cmocka_unit_test(long_strings_and_comments_count_their_lines),
            cmocka_unit_test(computed_keys_are_passed_over),
            cmocka_unit_test(text_that_is_no_table_gives_an_empty_map),
            cmocka_unit_test(many_entries_under_a_long_key_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
