/* test_script_load.c - scenarios are read whole and checked before anything exists. */
#include "support/test.h"

#include "base/json.h"
#include "script/script.h"

#include <stdio.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_first_drill_loads_and_expands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
