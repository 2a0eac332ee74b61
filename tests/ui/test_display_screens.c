/* test_display_screens.c - machines' screens: asked for one at a time, decoded with care, shown small.
 */
#include "engine.h"

#include "display/thumb.h"

/* Left half red, right half blue, 640 x 400, as PNG. */
static char *picture(void)
{
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(640, 400, &error);
    assert_no_error(error);
    draw_rect(draw, (struct rect){0, 0, 320, 400}, 0xFFFF0000U);
    draw_rect(draw, (struct rect){320, 0, 320, 400}, 0xFF0000FFU);
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "screen.png", NULL);
    assert_true(draw_save_png(draw, path, &error));
    draw_free(draw);
    char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    test_rmtree(dir);
    char *base64 = g_base64_encode((const guchar *)bytes, length);
    g_free(bytes);
    return base64;
}

static void a_screen_is_made_small(void **state)
{
    (void)state;
    g_autofree char *base64 = picture();
    g_autofree struct thumb *thumb = thumb_decode(base64, 7);
    assert_non_null(thumb);
    assert_int_equal(thumb->w, 176);
    assert_int_equal(thumb->h, 110);
    assert_int_equal(thumb->pixels[0], 0xFF0000);
    assert_int_equal(thumb->pixels[109 * 176 + 175], 0x0000FF);
}

static void what_is_no_picture_is_none(void **state)
{
    (void)state;
    g_autofree char *base64 = picture();
    gsize length = strlen(base64);
    for (gsize cut = 0; cut < length; cut += MAX(1, length / 40)) {
        g_autofree char *part = g_strndup(base64, cut);
        g_autofree struct thumb *thumb = thumb_decode(part, 0);
        assert_null(thumb);
    }
    static const char *const wrong[] = {"", "====", "iVBORw0KGgo=", "bm8gcGljdHVyZQ=="};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        assert_null(thumb_decode(wrong[i], 0));
    }
    /* a header that claims 60,000 x 60,000 pixels */
    static const guchar huge[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I',
            'H', 'D', 'R', 0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0, 0, 0, 0, 0};
    g_autofree char *claims = g_base64_encode(huge, sizeof huge);
    assert_null(thumb_decode(claims, 0));
}

static bool has_screen(struct fixture *fixture)
{
    return g_hash_table_contains(app_view(fixture->app)->thumbs, "blue1/web");
}

/* Also under the veil of a picture that is stale, for this engine answers no ping. */
static bool is_red(uint32_t pixel)
{
    uint32_t red = pixel >> 16 & 255;
    return red > 60 && red > 3 * (pixel >> 8 & 255) && red > 3 * (pixel & 255);
}

static guint count_red(const struct fixture *fixture)
{
    const struct draw *draw = app_view(fixture->app)->draw;
    guint count = 0;
    for (int i = 0; i < draw_width(draw) * draw_height(draw); i++) {
        count += is_red(draw_pixels(draw)[i]);
    }
    return count;
}

static bool is_shown(struct fixture *fixture)
{
    return count_red(fixture) > 1000;
}

static bool is_hidden(struct fixture *fixture)
{
    return count_red(fixture) < 100;
}

static void test_a_machine_with_a_screen_shows_it_until_b(void **state)
{
    struct fixture *fixture = *state;
    assert_true(turn_until(fixture, has_screen));
    assert_true(turn_until(fixture, is_shown));
    assert_int_equal(g_hash_table_size(app_view(fixture->app)->thumbs), 1);
    press(SDLK_b);
    assert_true(turn_until(fixture, is_hidden));
    press(SDLK_b);
    assert_true(turn_until(fixture, is_shown));
    press(SDLK_F11); /* a wall shows nobody's screen */
    assert_true(turn_until(fixture, is_hidden));
    assert_int_equal(app_view(fixture->app)->mode, MODE_WALL);
}

int main(void)
{
    g_autofree char *base64 = picture();
    engine_screen = base64;
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_screen_is_made_small),
            cmocka_unit_test(what_is_no_picture_is_none),
            WITH_ENGINE(test_a_machine_with_a_screen_shows_it_until_b),
    };
    return run_with_display(tests, G_N_ELEMENTS(tests));
}
