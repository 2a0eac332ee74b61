/* test.h - cmocka with the headers it needs before it, and what every test uses. */
#pragma once

/* cmocka.h wants the others first */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <glib.h>
#include <glib/gstdio.h>

/* A folder of the test's own; test_rmtree() removes it with all that is in it. */
static inline char *test_mkdtemp(void)
{
    g_autofree char *pattern = g_strdup("/tmp/st-test-XXXXXX");
    char *dir = g_mkdtemp(pattern);
    assert_non_null(dir);
    return g_strdup(dir);
}

/* A sample of many like tries is enough where the sanitizer makes each take five times as long. */
#ifdef __SANITIZE_ADDRESS__
#define TEST_STRIDE 5
#else
#define TEST_STRIDE 1
#endif

static inline void test_rmtree(char *dir)
{
    const char *argv[] = {"rm", "-rf", "--", dir, NULL};
    assert_true(g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free(dir);
}

#define assert_no_error(error)                                                                     \
    do {                                                                                           \
        if (error) {                                                                               \
            fail_msg("%s", (error)->message);                                                      \
        }                                                                                          \
    } while (0)
