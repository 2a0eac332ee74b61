/* test_display_search.c - a machine that was found is brought into sight; the next, the one before. */
#include "desk.h"

#include "crowd.h"
#include "display/view_topology.h"

/* So many teams that each is a tile at first. */
static const struct crowd many = {.teams = 40,
        .machines = 6,
        .services = 2,
        .links = 2,
        .events = 300,
        .duration_us = 600 * (gint64)G_USEC_PER_SEC};

static void find(struct desk *desk, const char *text)
{
    desk_press(desk, SDLK_f, KMOD_CTRL);
    desk_type(desk, text);
    desk_press(desk, SDLK_RETURN, KMOD_NONE);
    desk_turn(desk);
}

/* It stands in the panel, well inside, and has its name. */
static void assert_found(struct desk *desk, const char *id)
{
    const struct view *view = &desk->app->view;
    struct point at;
    assert_string_equal(model_machine_at(view->model, view->node)->id, id);
    assert_true(view_machine_place(view, view->node, &at));
    struct rect in = view->inside;
    assert_in_range((int)at.x, (int)(in.x + in.w * 0.09F), (int)(in.x + in.w * 0.91F));
    assert_in_range((int)at.y, (int)(in.y + in.h * 0.09F), (int)(in.y + in.h * 0.91F));
    (void)desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, view->node);
    struct topo *topo = place_topo(view, view->area);
    assert_true(topo->roomy);
    topo_free(topo);
}

static void a_found_machine_is_brought_into_sight_and_can_be_read(void **state)
{
    struct desk *desk = *state = desk_new(crowd_events(&many));
    const struct view *view = &desk->app->view;
    struct topo *topo = place_topo(view, view->area);
    assert_true(topo->tiles); /* it is nowhere */
    topo_free(topo);
    find(desk, "blue37/m04");
    assert_found(desk, "blue37/m04");
    float zoom = view->zoom;
    assert_true(zoom > 1);
    find(desk, "BLUE2/M01"); /* far away now */
    assert_found(desk, "blue2/m01");
    assert_float_equal(view->zoom, zoom, 0.001); /* near enough already */
    float x = view->pan_x;
    find(desk, "blue2/m01"); /* in sight: nothing jumps */
    assert_float_equal(view->pan_x, x, 0.001);
    find(desk, "no such thing");
    assert_non_null(strstr(view->status, "Nothing is called"));
    assert_float_equal(view->pan_x, x, 0.001);
}

static void click_found(struct desk *desk, int by)
{
    desk_click(desk, desk_hit(desk, PANEL_TOPOLOGY, ACTION_FOUND, by));
    desk_turn(desk);
}

static void the_next_and_the_one_before_go_round(void **state)
{
    struct desk *desk = *state = desk_new(crowd_events(&many));
    const struct view *view = &desk->app->view;
    desk_press(desk, SDLK_g, KMOD_CTRL);
    assert_non_null(strstr(view->status, "Ctrl+F")); /* nothing was sought */
    find(desk, "/m05");
    assert_found(desk, "blue1/m05");
    assert_non_null(strstr(view->status, "1 of 40"));
    desk_press(desk, SDLK_g, KMOD_CTRL);
    desk_turn(desk);
    assert_found(desk, "blue2/m05");
    assert_non_null(strstr(view->status, "2 of 40"));
    desk_press(desk, SDLK_g, KMOD_CTRL | KMOD_SHIFT);
    desk_press(desk, SDLK_g, KMOD_CTRL | KMOD_SHIFT);
    desk_turn(desk);
    assert_found(desk, "blue40/m05");
    click_found(desk, 1);
    assert_found(desk, "blue1/m05");
    click_found(desk, -1);
    assert_found(desk, "blue40/m05");
    desk_press(desk, SDLK_COMMA, KMOD_NONE); /* the machine before it in the plan */
    desk_turn(desk);
    assert_found(desk, "blue40/m04");
}

static void an_instructor_finds_nothing_of_other_teams(void **state)
{
    struct desk *desk = *state = desk_new(crowd_events(&many));
    struct view *view = &desk->app->view;
    app_set_mode(desk->app, MODE_INSTRUCTOR);
    view->team = model_team_find(view->model, "blue3");
    desk_turn(desk);
    find(desk, "blue4/m01");
    assert_non_null(strstr(view->status, "Nothing is called"));
    desk_press(desk, SDLK_ESCAPE, KMOD_NONE);
    desk_press(desk, SDLK_y, KMOD_NONE);
    find(desk, "m01");
    assert_found(desk, "blue3/m01");
}

static void the_public_cannot_ask_for_names(void **state)
{
    struct desk *desk = *state = desk_new(crowd_events(&many));
    const struct view *view = &desk->app->view;
    app_set_mode(desk->app, MODE_PUBLIC);
    desk_turn(desk);
    const char *const secret[] = {"m01", "10.", "attacker"};
    for (gsize i = 0; i < G_N_ELEMENTS(secret); i++) {
        find(desk, secret[i]);
        assert_non_null(strstr(view->status, "Nothing is called"));
        desk_press(desk, SDLK_ESCAPE, KMOD_NONE);
        desk_press(desk, SDLK_y, KMOD_NONE);
    }
}

static int tear_down(void **state)
{
    desk_free(*state);
    return 0;
}

int main(void)
{
#define ON_A_DESK(test) cmocka_unit_test_teardown(test, tear_down)
    const struct CMUnitTest tests[] = {
            ON_A_DESK(a_found_machine_is_brought_into_sight_and_can_be_read),
            ON_A_DESK(the_next_and_the_one_before_go_round),
            ON_A_DESK(an_instructor_finds_nothing_of_other_teams),
            ON_A_DESK(the_public_cannot_ask_for_names),
    };
    return desk_run(tests, G_N_ELEMENTS(tests));
}
