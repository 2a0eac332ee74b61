/* test_guest_run.c - set-up commands as a machine that woke runs them. */
#include "support/test.h"

#include "guest-run.h"

#include <string.h>

#define WORDS(text) (char[]){text}, sizeof(text) /* with the NUL of the last word */

static void a_command_that_exits_with_nothing_says_nothing(void **state)
{
    (void)state;
    char why[200] = "untouched";
    assert_true(run_words(WORDS("true"), why, sizeof(why)));
    assert_string_equal(why, "untouched");
}

static void words_reach_the_program_as_they_are(void **state)
{
    (void)state;
    char why[200] = "";
    assert_true(run_words(
            WORDS("sh\0-c\0[ \"$1\" = 'a  b' ] && [ -z \"$2\" ]\0sh\0a  b\0"), why, sizeof(why)));
}

static void what_fails_is_told_with_the_end_of_its_output(void **state)
{
    (void)state;
    char why[400] = "";
    assert_false(
            run_words(WORDS("sh\0-c\0echo first; echo 'no\nroom' >&2; exit 3"), why, sizeof(why)));
    assert_string_equal(why, "sh: it exited with 3: first no room ");
    assert_false(run_words(WORDS("sh\0-c\0kill -9 $$"), why, sizeof(why)));
    assert_string_equal(why, "sh: it exited with 137: ");
    assert_false(run_words(WORDS("no-such-program"), why, sizeof(why)));
    assert_string_equal(why, "no-such-program: No such file or directory");
    assert_false(run_words((char[]){'s', 'h'}, 2, why, sizeof(why)));
    assert_string_equal(why, "a command without words");
    assert_false(run_words(WORDS("sh\0-c\0yes | head -c 5000; exit 1"), why, sizeof(why)));
    assert_true(strlen(why) <= 330); /* bounded, whatever it says */
}

/* A daemon that keeps the output open is nobody's wait. */
static void what_a_command_leaves_running_does_not_count(void **state)
{
    (void)state;
    char why[200] = "";
    gint64 from = g_get_monotonic_time();
    assert_true(run_words(WORDS("sh\0-c\0sleep 5 & "), why, sizeof(why)));
    assert_true(g_get_monotonic_time() - from < 4 * G_USEC_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_command_that_exits_with_nothing_says_nothing),
            cmocka_unit_test(words_reach_the_program_as_they_are),
            cmocka_unit_test(what_fails_is_told_with_the_end_of_its_output),
            cmocka_unit_test(what_a_command_leaves_running_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
