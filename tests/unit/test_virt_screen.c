/* test_virt_screen.c - pictures of screens: PPM to PNG, and what is no picture. */
#include "support/test.h"

#include "base/error.h"
#include "virt/virt.h"

#include <png.h>
#include <string.h>

static GByteArray *to_png(const char *head, gsize rows, GError **error)
{
    g_autoptr(GByteArray) ppm = g_byte_array_new();
    g_byte_array_append(ppm, (const guint8 *)head, (guint)strlen(head));
    for (gsize i = 0; i < rows; i++) {
        guint8 byte = (guint8)(i * 7);
        g_byte_array_append(ppm, &byte, 1);
    }
    return virt_ppm_to_png(ppm->data, ppm->len, error);
}

static void every_pixel_comes_back(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) png = to_png("P6 # QEMU\n5\t3\n255\n", 45, &error);
    assert_no_error(error);
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, png->data, png->len));
    assert_int_equal(image.width, 5);
    assert_int_equal(image.height, 3);
    image.format = PNG_FORMAT_RGB;
    guint8 pixels[45];
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    for (int i = 0; i < 45; i++) {
        assert_int_equal(pixels[i], (guint8)(i * 7));
    }
}

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    static const char *const heads[] = {"", "P", "P6", "P5 5 3 255\n", "P6 5 3 256\n",
            "P6 0 3 255\n", "P6 5 3 255", "P6 5 4 255\n", "P6 99999999999999999999 3 255\n",
            "P6 16385 1 255\n", "P6 # no end", "P6 16384 16384 255\n", "P6 -5 3 255\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) png = to_png(heads[i], strchr(heads[i], '3') ? 45 : 0, &error);
        if (png) {
            fail_msg("\"%s\" was taken for a picture", heads[i]);
        }
        assert_int_equal(error->code, SANDTABLE_ERROR_MACHINE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_pixel_comes_back),
            cmocka_unit_test(what_is_no_picture_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
