/* test_script_docs.c - the manual and the editor stubs name every function a scenario can call. */
#include "support/test.h"

#include "script/api.h"

#include <string.h>

static char *file_text(const char *path)
{
    g_autofree char *whole = g_build_filename(SANDTABLE_SOURCE_DIR, path, NULL);
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(whole, &text, NULL, &error);
    assert_no_error(error);
    return text;
}

/* The first text of format made from noun and name must stand in the file. */
static void expect_each(const char *path, const char *format)
{
    g_autofree char *text = file_text(path);
    int count = 0;
    for (const struct script_noun *noun = script_nouns; noun->name; noun++) {
        for (const luaL_Reg *reg = noun->functions; reg->name; reg++) {
            const char *sign = strcmp(noun->name, "range") == 0 ? "." : ":";
            g_autofree char *full = g_strconcat(noun->name, sign, reg->name, NULL);
            g_auto(GStrv) parts = g_strsplit(format, "NAME", -1);
            g_autofree char *wanted = g_strjoinv(full, parts);
            if (!strstr(text, wanted)) {
                fail_msg("%s: \"%s\" is missing", path, wanted);
            }
            count++;
        }
    }
    assert_true(count >= 15);
}

static void every_function_is_in_the_manual(void **state)
{
    (void)state;
    expect_each("docs/scenario.5.scd", "*NAME*");
}

static void every_function_is_in_the_editor_stubs(void **state)
{
    (void)state;
    expect_each("lua/types/range.lua", "\nfunction NAME(");
}

/* No stub outlives its function. */
static void every_stub_is_a_function(void **state)
{
    (void)state;
    g_autofree char *text = file_text("lua/types/range.lua");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, "function ")) {
            continue;
        }
        g_auto(GStrv) words = g_strsplit_set(*line + strlen("function "), ".:(", 3);
        bool found = false;
        for (const struct script_noun *noun = script_nouns; noun->name; noun++) {
            for (const luaL_Reg *reg = noun->functions; reg->name; reg++) {
                found |= strcmp(noun->name, words[0]) == 0 && strcmp(reg->name, words[1]) == 0;
            }
        }
        if (!found) {
            fail_msg("lua/types/range.lua: no such function: %s", *line);
        }
    }
}

/* Every key that a table of a scenario can have is in the manual and the stubs. The loader itself
 * says what it knows: a wrong key makes it list the right ones. */
static void keys_of(const char *scenario, GPtrArray *ret)
{
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script =
            script_load_text(scenario, strlen(scenario), "s.lua", NULL, 0, &plan, problems);
    assert_null(script);
    for (guint i = 0; i < problems->len; i++) {
        const struct plan_problem *problem = problems->pdata[i];
        const char *list = strstr(problem->text, "unknown key; possible here: ");
        if (list) {
            g_auto(GStrv) keys = g_strsplit(strchr(list, ':') + 2, ", ", -1);
            for (char **key = keys; *key; key++) {
                g_ptr_array_add(ret, g_strdup(*key));
            }
        }
    }
}

static void every_key_is_in_the_manual_and_the_stubs(void **state)
{
    (void)state;
    g_autofree char *manual = file_text("docs/scenario.5.scd");
    g_autofree char *range = file_text("lua/types/range.lua");
    g_autofree char *exam = file_text("lua/types/exam.lua");
    g_autofree char *stubs = g_strconcat(range, exam, NULL);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    keys_of("local q = { qqqqqqqq = 1 } return { qqqqqqqq = 1, teams = { a = q }, "
            "networks = { a = { qqqqqqqq = 1, dhcp = q } }, "
            "machines = { a = { qqqqqqqq = 1, nics = { n = q }, files = { ['/a'] = q } } }, "
            "services = { a = { qqqqqqqq = 1, sla = q, check = { http = q } }, "
            " b = { check = { tcp = q } }, c = { check = { ssh = q } }, "
            " d = { check = { modbus = q } }, e = { check = { ping = q } } }, "
            "steps = { a = { qqqqqqqq = 1, attack = q, points = q, effect = { all = { "
            " { file = q }, { log = q }, { exec = q }, { grew = q }, { counter = q } } } } }, "
            "routers = { a = { qqqqqqqq = 1, rules = { q }, nat = { { masquerade = 'x', qqqqqqqq = "
            "1 }, "
            " { snat = 'x', qqqqqqqq = 1 }, { dnat = 'x', qqqqqqqq = 1 } } } }, "
            "players = { a = q }, timeline = { q }, "
            "exam = { qqqqqqqq = 1, skills = { a = q }, questions = { a = { qqqqqqqq = 1, window = "
            "q, "
            "file = q, variants = { q } } } } }",
            keys);
    assert_true(keys->len > 70);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];
        g_autofree char *bold = g_strdup_printf("*%s*", key);
        g_autofree char *field = g_strdup_printf("---@field %s", key);
        if (!strstr(manual, bold)) {
            fail_msg("docs/scenario.5.scd: the key %s is missing", bold);
        }
        if (!strstr(stubs, field)) {
            fail_msg("lua/types: %s is missing", field);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_function_is_in_the_manual),
            cmocka_unit_test(every_function_is_in_the_editor_stubs),
            cmocka_unit_test(every_stub_is_a_function),
            cmocka_unit_test(every_key_is_in_the_manual_and_the_stubs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
