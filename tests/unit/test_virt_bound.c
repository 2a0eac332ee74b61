/* test_virt_bound.c - programs whose output is bounded where it is made, by either means. */
#include "support/test.h"

#include "base/error.h"
#include "virt/agent_bound.h"

#include <string.h>
#include <sys/wait.h>

static const enum agent_bound means[] = {AGENT_BOUND_OURS, AGENT_BOUND_SHELL};

struct ran {
    char *out, *err;
    int status;
};

static void ran_clear(struct ran *ran)
{
    g_free(ran->out);
    g_free(ran->err);
}

/* As the agent runs it. */
static struct ran run(enum agent_bound how, const char *const *argv)
{
    g_autofree const char **bound = agent_bound_argv(how, argv);
    g_autoptr(GError) error = NULL;
    struct ran ran = {0};
    int status = 0;
    bool spawned = g_spawn_sync(NULL, (char **)bound, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
            &ran.out, &ran.err, &status, &error);
    assert_no_error(error);
    assert_true(spawned);
    assert_true(WIFEXITED(status));
    ran.status = WEXITSTATUS(status);
    return ran;
}

static void a_small_output_and_the_status_come_whole(void **state)
{
    (void)state;
    const char *const argv[] = {
            "sh", "-c", "echo \"$1\"; printf '%s' oh >&2; exit 3", "sh", "it's $HOME  `x`", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(means); i++) {
        struct ran ran = run(means[i], argv);
        assert_string_equal(ran.out, "it's $HOME  `x`\n");
        assert_string_equal(ran.err, "oh");
        assert_int_equal(ran.status, 3);
        ran_clear(&ran);
    }
}

static void of_a_flood_on_both_outputs_the_beginning_comes(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c",
            "(printf first; yes | head -c 20000000) | tee /dev/stderr; echo last; exit 7", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(means); i++) {
        struct ran ran = run(means[i], argv);
        assert_int_equal(ran.status, 7); /* it ran to its end */
        assert_int_equal(strlen(ran.out), VIRT_OUTPUT_MAX + 1);
        assert_int_equal(strlen(ran.err), VIRT_OUTPUT_MAX + 1);
        assert_true(g_str_has_prefix(ran.out, "firsty\n"));
        assert_string_equal(ran.out, ran.err);
        ran_clear(&ran);
    }
}

static void a_program_that_is_killed_gives_128_and_its_signal(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "kill -9 $$", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(means); i++) {
        struct ran ran = run(means[i], argv);
        assert_int_equal(ran.status, 137);
        ran_clear(&ran);
    }
}

/* It could write a status that is not its own, or keep the agent waiting. */
static void a_program_gets_no_descriptors_but_its_three(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c",
            "for f in 3 4 5 6; do [ -e /proc/self/fd/$f ] && echo $f; done; "
            "sleep 30 >/dev/null 2>&1 & echo ok; echo 0 2>/dev/null >&3; exit 5",
            NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(means); i++) {
        gint64 from = g_get_monotonic_time();
        struct ran ran = run(means[i], argv);
        assert_true(g_get_monotonic_time() - from < 20 * G_USEC_PER_SEC);
        assert_string_equal(ran.out, "ok\n");
        assert_int_equal(ran.status, 5);
        ran_clear(&ran);
    }
}

static struct virt_exec_result result_of(struct ran *ran)
{
    return (struct virt_exec_result){.status = ran->status,
            .out = ran->out,
            .err = ran->err,
            .out_length = strlen(ran->out),
            .err_length = strlen(ran->err)};
}

static void a_program_that_is_not_there_is_the_agents_error(void **state)
{
    (void)state;
    const char *const missing[] = {"no-such-program", "x", NULL};
    const char *const failing[] = {"sh", "-c", "exit 127", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(means); i++) {
        struct ran ran = run(means[i], missing);
        struct virt_exec_result result = result_of(&ran);
        g_autoptr(GError) error = agent_bound_error(&result, missing[0], "m1", "run x");
        assert_true(g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE));
        assert_true(agent_bound_is_missing(error));
        assert_non_null(strstr(error->message, "\"no-such-program\""));
        ran_clear(&ran);

        ran = run(means[i], failing);
        result = result_of(&ran);
        assert_null(agent_bound_error(&result, failing[0], "m1", "run x"));
        ran_clear(&ran);
    }
}

static void without_either_the_command_is_as_it_was(void **state)
{
    (void)state;
    const char *const argv[] = {"cmd.exe", "/c", "dir", NULL};
    g_autofree const char **bound = agent_bound_argv(AGENT_BOUND_NONE, argv);
    for (gsize i = 0; i < G_N_ELEMENTS(argv); i++) {
        assert_ptr_equal(bound[i], argv[i]);
    }
}

static int with_our_programs(void **state)
{
    (void)state;
    g_autofree char *path =
            g_strdup_printf("%s/bin/guest:%s", g_getenv("SANDTABLE_BUILD"), g_getenv("PATH"));
    g_setenv("PATH", path, TRUE);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_small_output_and_the_status_come_whole),
            cmocka_unit_test(of_a_flood_on_both_outputs_the_beginning_comes),
            cmocka_unit_test(a_program_that_is_killed_gives_128_and_its_signal),
            cmocka_unit_test(a_program_gets_no_descriptors_but_its_three),
            cmocka_unit_test(a_program_that_is_not_there_is_the_agents_error),
            cmocka_unit_test(without_either_the_command_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, with_our_programs, NULL);
}
