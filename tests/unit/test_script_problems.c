/* test_script_problems.c - each kind of mistake gives a message with its line and the remedy.
 *
 * Every tests/golden/problems/NAME.lua is a whole scenario with one mistake; NAME.txt is what is
 * said about it.
 */
#include "support/test.h"

#include "script/script.h"

#include <string.h>

#define FOLDER TESTS_DIR "/golden/problems"

static char *messages_of(const char *name)
{
    const char *const images[] = {"attacker", "plc", "server", NULL};
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/%s.lua", FOLDER, name);
    struct script *script = script_load_with(path, images, &plan, problems, &error);
    assert_no_error(error);
    assert_null(script);
    assert_null(plan);
    assert_true(problems->len > 0);
    g_autofree char *file = g_strdup_printf("%s.lua", name);
    g_autofree char *text = plan_problems_text(problems, file);
    g_auto(GStrv) parts = g_strsplit(text, FOLDER, -1); /* not the place of this checkout */
    return g_strjoinv("FOLDER", parts);
}

static void compare(const char *name)
{
    g_autofree char *golden = g_strdup_printf("%s/%s.txt", FOLDER, name);
    g_autofree char *is = messages_of(name);
    g_autofree char *wanted = NULL;
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        assert_true(g_file_set_contents(golden, is, -1, NULL));
    }
    assert_true(g_file_get_contents(golden, &wanted, NULL, NULL));
    if (strcmp(is, wanted) != 0) {
        fail_msg("%s: wanted\n%sgot\n%s", name, wanted, is);
    }
}

static void each_mistake_is_told_with_its_line_and_remedy(void **state)
{
    (void)state;
    g_autoptr(GDir) folder = g_dir_open(FOLDER, 0, NULL);
    assert_non_null(folder);
    int count = 0;
    for (const char *name; (name = g_dir_read_name(folder));) {
        if (g_str_has_suffix(name, ".lua")) {
            g_autofree char *stem = g_strndup(name, strlen(name) - 4);
            compare(stem);
            count++;
        }
    }
    assert_true(count >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(each_mistake_is_told_with_its_line_and_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
