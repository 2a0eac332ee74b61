/* test_script_load.c - scenarios are read whole and checked before anything exists. */
#include "support/test.h"

#include "base/json.h"
#include "script/script.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct plan *load_ok(const char *path)
{
    struct plan *plan = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    struct script *script = script_load(path, &plan, problems, &error);
    assert_no_error(error);
    if (problems->len > 0) {
        g_autofree char *text = plan_problems_text(problems, path);
        fail_msg("%s", text);
    }
    assert_non_null(script);
    script_free(script);
    return plan;
}

static void the_first_drill_loads_and_expands(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    auto_plan plan = load_ok(SANDTABLE_SOURCE_DIR "/scenarios/first-drill");
    assert_string_equal(plan->name, "first-drill");
    assert_true(plan_expand(plan, 0, &error));
    assert_no_error(error);
    assert_int_equal(plan->teams->len, 3);
    assert_true(plan_machine_index(plan, "blue2/web") >= 0);
    assert_true(plan_machine_index(plan, "attacker") >= 0);
}

/* The problems of the scenario in folder as text, or NULL. */
static char *problems_of(const char *folder, const char *text)
{
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autofree char *file = g_build_filename(folder, "scenario.lua", NULL);
    struct plan *plan = NULL;
    g_autoptr(GError) error = NULL;
    assert_true(g_file_set_contents(file, text, -1, NULL));
    assert_null(script_load(folder, &plan, problems, &error));
    return error ? g_strdup(error->message) : plan_problems_text(problems, file);
}

static void make_file(const char *folder, const char *name, off_t size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    assert_true(g_file_set_contents(path, "", 0, NULL));
    assert_int_equal(truncate(path, size), 0);
}

static void large_files_are_refused_before_they_are_read(void **state)
{
    (void)state;
    char *folder = test_mkdtemp();
    make_file(folder, "huge", (off_t)1 << 42);
    make_file(folder, "full", 4 << 20);
    g_autofree char *one = problems_of(
            folder, "return { machines = { a = { files = { ['/x'] = { from = 'huge' } } } } }");
    assert_non_null(strstr(one, "\"huge\" is larger than 4 MiB"));
    g_autofree char *many = problems_of(folder,
            "local f = {} for i = 1, 1000 do f['/x' .. i] = { from = 'full' } end\n"
            "return { machines = { a = { files = f } } }");
    assert_non_null(strstr(many, "all files together than 64 MiB"));
    make_file(folder, "scenario.lua", (off_t)1 << 42);
    g_autoptr(GPtrArray) problems = plan_problems_new();
    g_autoptr(GError) error = NULL;
    struct plan *plan = NULL;
    assert_null(script_load(folder, &plan, problems, &error));
    assert_non_null(strstr(error->message, "is larger than 1024 KiB"));
    test_rmtree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_first_drill_loads_and_expands),
            cmocka_unit_test(large_files_are_refused_before_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
