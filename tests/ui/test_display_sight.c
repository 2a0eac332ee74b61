/* test_display_sight.c - every state can be told from every other: by shape alone, and by colour
 * also by people who see red, green or blue differently. */
#include "support/test.h"

#include "display/view_chart.h"
#include "sight.h"

#include <string.h>

#define CONTRAST_MIN 3 /* of signs against the panel: WCAG 2.2, 1.4.11 */

static const enum ink states[] = {
        INK_UP, INK_DEGRADED, INK_DOWN, INK_UNKNOWN, INK_DEPLOYING, INK_HELD, INK_ATTACK};

static void check_theme(const struct theme *theme, int sight)
{
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        for (guint k = 0; k < i; k++) {
            double d = sight_distance(theme->inks[states[i]], theme->inks[states[k]], sight);
            if (d < SIGHT_DISTANCE_MIN) {
                fail_msg("%s, %s: %s and %s are only %.1f apart", theme->name, sight_name(sight),
                        theme_ink_name(states[i]), theme_ink_name(states[k]), d);
            }
        }
    }
}

static void state_colours_stay_apart_for_every_sight_in_every_theme(void **state)
{
    (void)state;
    for (int t = 0; theme_at(t); t++) {
        for (int s = 0; s < SIGHTS; s++) {
            check_theme(theme_at(t), s);
        }
    }
}

static void state_colours_and_text_stand_out_from_the_panel(void **state)
{
    (void)state;
    for (int t = 0; theme_at(t); t++) {
        const struct theme *theme = theme_at(t);
        for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
            assert_true(
                    sight_contrast(theme->inks[states[i]], theme->inks[INK_PANEL]) >= CONTRAST_MIN);
        }
        assert_true(sight_contrast(theme->inks[INK_TEXT], theme->inks[INK_PANEL]) >= 7);
        assert_true(sight_contrast(theme->inks[INK_DIM], theme->inks[INK_PANEL]) >= 4.5);
        assert_true(sight_contrast(theme->inks[INK_WARM], theme->inks[INK_TINT]) >= 4.5);
    }
}

static void whatever_a_guest_asks_for_can_be_read(void **state)
{
    (void)state;
    for (int t = 0; theme_at(t); t++) {
        theme_use(theme_at(t));
        for (int all = 0; all < 17 * 17 * 8; all++) {
            struct terminal_look asked = {
                    (guint8)(all % 17), (guint8)(all / 17 % 17), (guint8)(all / 289)};
            struct look look = view_look(&asked);
            double got = sight_contrast(look.ink, look.paper ? look.paper : C_BACK);
            if (got < 4.49) {
                fail_msg("%s: ink %d on %d, style %d: only %.2f", theme_at(t)->name, asked.ink,
                        asked.paper, asked.style, got);
            }
        }
    }
    theme_use(theme_at(0));
}

#define SIDE 40

/* The shape of a state, in one colour for all. */
static void print_shape(struct view *view, enum status status, bool *dots)
{
    draw_clear(view->draw, 0xFF000000U);
    view_shape(view, status, (struct point){SIDE / 2.0F, SIDE / 2.0F}, SIDE / 3.0F);
    for (int i = 0; i < SIDE * SIDE; i++) {
        dots[i] = (draw_pixels(view->draw)[i] & 255) > 127;
    }
}

static void every_state_has_a_shape_of_its_own(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(SIDE, SIDE, &error);
    assert_no_error(error);
    struct model *model = model_new();
    struct view view;
    view_init(&view, draw, model);
    struct theme grey = *theme_at(0);
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        grey.inks[states[i]] = 0xFFFFFFFFU;
    }
    grey.inks[INK_DIM] = 0xFFFFFFFFU;
    grey.inks[INK_ON_MARK] = 0xFF000000U;
    theme_use(&grey);
    static bool dots[STATUS_HELD + 1][SIDE * SIDE];
    for (int s = 0; s <= STATUS_HELD; s++) {
        print_shape(&view, (enum status)s, dots[s]);
        for (int other = 0; other < s; other++) {
            int both = 0;
            int either = 0;
            for (int i = 0; i < SIDE * SIDE; i++) {
                both += dots[s][i] && dots[other][i];
                either += dots[s][i] || dots[other][i];
            }
            assert_true(either > 0);
            assert_true((double)both / either < 0.85); /* of what either covers */
        }
    }
    theme_use(theme_at(0));
    view_clear(&view);
    model_free(model);
    draw_free(draw);
}

#define CHART_W 100
#define CHART_H 40

/* Two looks within one pixel of the line: what the second brought is there from then on. */
static void a_score_line_rises_where_the_points_were_made(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(CHART_W, CHART_H, &error);
    assert_no_error(error);
    struct model *model = model_new();
    struct view view;
    view_init(&view, draw, model);
    view.clock_us = 1000;
    struct sample samples[] = {{0, 0}, {100, 1}, {104, 90}, {900, 90}, {1000, 90}};
    struct model_team team = {.history = g_array_new(FALSE, TRUE, sizeof(struct sample))};
    g_array_append_vals(team.history, samples, G_N_ELEMENTS(samples));
    struct chart chart = {{0, 0, CHART_W, CHART_H}, 0, 1000, 0, 100};
    draw_clear(draw, 0xFF000000U);
    chart_line(&view, &chart, &team, 2, 0xFFFFFFFFU);
    int high = (int)chart_y(&chart, 90);
    int low = (int)chart_y(&chart, 1);
    assert_true((draw_pixels(draw)[high * CHART_W + 50] & 255) > 127);
    assert_true((draw_pixels(draw)[(high + low) / 2 * CHART_W + 10] & 255) > 60); /* the rise */
    assert_int_equal(draw_pixels(draw)[(low - 1) * CHART_W + 50] & 255, 0);
    g_array_unref(team.history);
    view_clear(&view);
    model_free(model);
    draw_free(draw);
}

static void a_theme_from_a_file_changes_what_it_names(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "mine.theme", NULL);
    assert_true(g_file_set_contents(path, "[theme]\nbase=light\nup=#123456\n", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_autofree struct theme *theme = theme_load(path, &error);
    assert_no_error(error);
    assert_int_equal(theme->inks[INK_UP], 0xFF123456U);
    assert_int_equal(theme->inks[INK_PANEL], theme_find("light")->inks[INK_PANEL]);
    static const char *const wrong[] = {"[theme]\nbase=grey\n", "[theme]\nup=blue\n",
            "[theme]\nupp=#123456\n", "no key file", "[other]\nx=1\n"};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) why = NULL;
        assert_true(g_file_set_contents(path, wrong[i], -1, NULL));
        assert_null(theme_load(path, &why));
        assert_non_null(strstr(why->message, "mine.theme"));
    }
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(state_colours_stay_apart_for_every_sight_in_every_theme),
            cmocka_unit_test(state_colours_and_text_stand_out_from_the_panel),
            cmocka_unit_test(whatever_a_guest_asks_for_can_be_read),
            cmocka_unit_test(every_state_has_a_shape_of_its_own),
            cmocka_unit_test(a_score_line_rises_where_the_points_were_made),
            cmocka_unit_test(a_theme_from_a_file_changes_what_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
