/* test_check_host.c - `check --host` names what this host lacks, and run refuses the same. */
#include "support/test.h"

#include "base/json.h"
#include "cli/impair_host.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define LINKS TESTS_DIR "/scenario/links"
#define PLAIN TESTS_DIR "/scenario/small"

struct outcome {
    int code;
    char *out, *err;
};

static struct outcome call(const char *const *argv)
{
    struct outcome outcome = {0};
    g_autoptr(GError) error = NULL;
    int status = 0;
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome.out, &outcome.err,
            &status, &error);
    assert_no_error(error);
    assert_true(WIFEXITED(status));
    outcome.code = WEXITSTATUS(status);
    return outcome;
}

static void outcome_clear(struct outcome *outcome)
{
    g_free(outcome->out);
    g_free(outcome->err);
}

static bool links_can_be_impaired(void)
{
    return impair_host_can(PLAN_NEEDS_NETEM | PLAN_NEEDS_RATE | PLAN_NEEDS_OUT, NULL);
}

static void expect_host(const char *scenario, bool fits)
{
    const char *const argv[] = {g_getenv("SANDTABLE"), "check", scenario, "--host", "--json", NULL};
    struct outcome outcome = call(argv);
    auto_json json = cJSON_Parse(outcome.out);
    const cJSON *missing = json_array(json_object(json, "host"), "missing");
    assert_non_null(missing);
    assert_int_equal(cJSON_GetArraySize(missing), fits ? 0 : 1);
    if (!fits) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(missing, 0));
        assert_int_equal(outcome.code, 3);
        assert_non_null(strstr(text, "remedy"));
        assert_non_null(strstr(outcome.err, text));
    }
    outcome_clear(&outcome);
}

static void what_the_kernel_lacks_is_said_before_anything_starts(void **state)
{
    (void)state;
    expect_host(PLAIN, true);
    expect_host(LINKS, links_can_be_impaired());
}

/* A scenario is no worse for the host it is read on. */
static void without_host_it_is_a_warning(void **state)
{
    (void)state;
    const char *const argv[] = {g_getenv("SANDTABLE"), "check", LINKS, NULL};
    struct outcome outcome = call(argv);
    bool warned = strstr(outcome.err, "warning: the scenario impairs links") != NULL;
    assert_int_equal(outcome.code, 0);
    assert_true(warned == !links_can_be_impaired());
    outcome_clear(&outcome);
}

static void run_refuses_what_check_host_refuses(void **state)
{
    (void)state;
    if (links_can_be_impaired()) {
        fprintf(stderr, "skipped: this kernel can impair links\n");
        skip();
    }
    const char *const argv[] = {
            g_getenv("SANDTABLE"), "run", LINKS, "--name", "refused-links", "--accel", "tcg", NULL};
    struct outcome outcome = call(argv);
    assert_int_equal(outcome.code, 3);
    assert_non_null(strstr(outcome.err, "the scenario impairs links"));
    assert_non_null(strstr(outcome.err, "--without-impairments"));
    outcome_clear(&outcome);
}

int main(void)
{
    if (!g_getenv("SANDTABLE")) {
        fprintf(stderr, "skipped: SANDTABLE is not set\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_the_kernel_lacks_is_said_before_anything_starts),
            cmocka_unit_test(without_host_it_is_a_warning),
            cmocka_unit_test(run_refuses_what_check_host_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
