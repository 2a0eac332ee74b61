/* compare.c - pixel by pixel comparison of two PNG files. */
#include "support/test.h"

#include "compare.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#define RMSE_MAX 0.004
#define FAR_LIMIT 24
#define FAR_SHARE_MAX 0.005

static unsigned char *load(const char *path, unsigned *w, unsigned *h)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_file(&image, path)) {
        return NULL;
    }
    image.format = PNG_FORMAT_RGB;
    unsigned char *pixels = g_malloc(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
        png_image_free(&image);
        g_free(pixels);
        return NULL;
    }
    *w = image.width;
    *h = image.height;
    return pixels;
}

static void save(const char *path, const unsigned char *pixels, unsigned w, unsigned h)
{
    png_image image = {
            .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB, .width = w, .height = h};
    (void)png_image_write_to_file(&image, path, 0, pixels, 0, NULL);
}

enum compare_result compare_png(const char *expected, const char *got, const char *diff)
{
    unsigned w = 0;
    unsigned h = 0;
    unsigned got_w = 0;
    unsigned got_h = 0;
    g_autofree unsigned char *a = load(expected, &w, &h);
    g_autofree unsigned char *b = load(got, &got_w, &got_h);
    if (!a || !b) {
        return COMPARE_UNREADABLE;
    }
    if (w != got_w || h != got_h) {
        return COMPARE_DIFFERENT;
    }
    gsize size = (gsize)w * h * 3;
    if (!memcmp(a, b, size)) {
        return COMPARE_EQUAL;
    }
    double squares = 0;
    gsize far = 0;
    for (gsize i = 0; i < size; i += 3) {
        int worst = 0;
        for (gsize k = i; k < i + 3; k++) {
            int off = abs((int)a[k] - (int)b[k]);
            squares += (double)off * off;
            worst = MAX(worst, off);
            a[k] = (unsigned char)MIN(a[k] / 6 + off * 4, 255);
        }
        far += worst > FAR_LIMIT;
    }
    if (diff) {
        save(diff, a, w, h);
    }
    double rmse = sqrt(squares / (double)size) / 255.0;
    bool near = rmse <= RMSE_MAX && (double)far < FAR_SHARE_MAX * ((double)size / 3);
    return near ? COMPARE_NEAR : COMPARE_DIFFERENT;
}

void compare_golden(
        const char *name, void (*draw)(const char *path, gconstpointer data), gconstpointer data)
{
    g_autofree char *golden = g_strdup_printf(TESTS_DIR "/golden/display/%s.png", name);
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) {
        draw(golden, data);
        return;
    }
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "got.png", NULL);
    const char *build = g_getenv("SANDTABLE_BUILD");
    g_autofree char *diff = g_strdup_printf("%s/%s.diff.png", build ? build : "/tmp", name);
    draw(path, data);
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
