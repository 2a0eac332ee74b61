/* test_display_golden.c - pictures of the recorded drill against golden ones. */
#include "support/test.h"

#include "compare.h"
#include "display/app.h"

#include <stdlib.h>
#include <string.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"

static void shoot(const char *path, int w, int h, gint64 until_us)
{
    g_autoptr(GError) error = NULL;
    struct app_options options = {.source = source_open_file(RECORD, &error),
            .name = "first-drill",
            .w = w,
            .h = h,
            .still = true,
            .until_us = until_us};
    assert_no_error(error);
    struct app *app = app_new(&options, &error);
    assert_no_error(error);
    assert_true(app_drain(app, &error));
    assert_true(app_screenshot(app, path, &error));
    app_free(app);
}

static void check(const char *name, int w, int h, gint64 until_us)
{
    g_autofree char *golden = g_strdup_printf(TESTS_DIR "/golden/display/%s.png", name);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        shoot(golden, w, h, until_us);
        return;
    }
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "got.png", NULL);
    const char *build = g_getenv("SANDTABLE_BUILD");
    g_autofree char *diff = g_strdup_printf("%s/%s.diff.png", build ? build : "/tmp", name);
    shoot(path, w, h, until_us);
    enum compare_result result = compare_png(golden, path, diff);
    test_rmtree(dir);
    if (result == COMPARE_NEAR) {
        print_message("%s: near enough, not equal; see %s\n", name, diff);
    } else if (result != COMPARE_EQUAL) {
        fail_msg("%s is not what the display draws now; see %s, and if that is right run again "
                 "with SANDTABLE_UPDATE_GOLDEN=1",
                golden, diff);
    }
}

static void test_the_end_of_the_drill_looks_as_recorded_at_1920x1080(void **state)
{
    (void)state;
    check("end-1920x1080", 1920, 1080, -1);
}

static void test_the_middle_of_the_drill_looks_as_recorded_at_1280x720(void **state)
{
    (void)state;
    check("attack-1280x720", 1280, 720, 200 * G_USEC_PER_SEC);
}

static void test_two_pictures_of_the_same_events_are_the_same_bytes(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *first = g_build_filename(dir, "a.png", NULL);
    g_autofree char *second = g_build_filename(dir, "b.png", NULL);
    shoot(first, 1600, 900, 100 * G_USEC_PER_SEC);
    shoot(second, 1600, 900, 100 * G_USEC_PER_SEC);
    g_autofree char *a = NULL;
    g_autofree char *b = NULL;
    gsize a_size = 0;
    gsize b_size = 0;
    assert_true(g_file_get_contents(first, &a, &a_size, NULL));
    assert_true(g_file_get_contents(second, &b, &b_size, NULL));
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    test_rmtree(dir);
}

static void test_the_comparison_sees_another_picture(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *first = g_build_filename(dir, "a.png", NULL);
    g_autofree char *second = g_build_filename(dir, "b.png", NULL);
    g_autofree char *diff = g_build_filename(dir, "diff.png", NULL);
    shoot(first, 1280, 720, 60 * G_USEC_PER_SEC);
    shoot(second, 1280, 720, 220 * G_USEC_PER_SEC);
    assert_int_equal(compare_png(first, second, diff), COMPARE_DIFFERENT);
    assert_true(g_file_test(diff, G_FILE_TEST_EXISTS));
    assert_int_equal(compare_png(first, "/nonexistent", NULL), COMPARE_UNREADABLE);
    test_rmtree(dir);
}

static void test_every_size_from_small_to_large_can_be_drawn(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.png", NULL);
    shoot(path, 640, 400, -1);
    shoot(path, 3840, 2160, -1);
    shoot(path, 7680, 400, 0);
    test_rmtree(dir);
}

int main(void)
{
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_end_of_the_drill_looks_as_recorded_at_1920x1080),
            cmocka_unit_test(test_the_middle_of_the_drill_looks_as_recorded_at_1280x720),
            cmocka_unit_test(test_two_pictures_of_the_same_events_are_the_same_bytes),
            cmocka_unit_test(test_the_comparison_sees_another_picture),
            cmocka_unit_test(test_every_size_from_small_to_large_can_be_drawn),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    return failed;
}
