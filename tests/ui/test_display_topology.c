/* test_display_topology.c - the topology by keys, mouse and pixels: three levels of detail, moving,
 * parallel links, their width and their words, machines that are put elsewhere. */
#include "desk.h"

#include "crowd.h"
#include "display/view_topology.h"

#include <math.h>

#define LAN 0 /* the second machine's cards: lan, dmz, lan */
#define OTHER_LAN 2
#define MACHINE 1 /* blue1/m02 */

/* Few teams: names fit at once. Each second machine has two cards on one network. */
static const struct crowd few = {.teams = 2,
        .machines = 3,
        .services = 2,
        .links = 3,
        .events = 8,
        .duration_us = 600 * (gint64)G_USEC_PER_SEC};
static const struct crowd many = {.teams = 40,
        .machines = 6,
        .services = 2,
        .links = 2,
        .events = 300,
        .duration_us = 600 * (gint64)G_USEC_PER_SEC};

static struct desk *desk_of(const struct crowd *crowd)
{
    return desk_new(crowd_events(crowd));
}

static struct topo *topo_of(const struct desk *desk)
{
    return place_topo(&desk->app->view, desk->app->view.area);
}

static uint32_t pixel(const struct desk *desk, float x, float y)
{
    const struct draw *draw = desk->app->view.draw;
    int column = CLAMP((int)x, 0, draw_width(draw) - 1);
    int row = CLAMP((int)y, 0, draw_height(draw) - 1);
    return draw_pixels(draw)[row * draw_width(draw) + column] & 0xFFFFFFU;
}

static uint32_t *picture(struct desk *desk)
{
    desk_turn(desk);
    return g_memdup2(draw_pixels(desk->app->view.draw), (gsize)WIDE * HIGH * 4);
}

static guint differing(const uint32_t *a, const uint32_t *b, struct rect r)
{
    guint count = 0;
    for (int y = MAX((int)r.y, 0); y < MIN((int)(r.y + r.h), HIGH); y++) {
        for (int x = MAX((int)r.x, 0); x < MIN((int)(r.x + r.w), WIDE); x++) {
            count += a[y * WIDE + x] != b[y * WIDE + x];
        }
    }
    return count;
}

static guint hits_of(const struct desk *desk, enum action action)
{
    const GArray *hits = desk->app->view.places[PANEL_TOPOLOGY].hits;
    guint count = 0;
    for (guint i = 0; i < hits->len; i++) {
        count += g_array_index(hits, struct hit, i).action == action;
    }
    return count;
}

/* ---- levels of detail -------------------------------------------------------------------------- */

/* What labels change outside the shared ground, where there may be room for them earlier. */
static guint words_drawn(struct desk *desk)
{
    struct view *view = &desk->app->view;
    struct topo *topo = topo_of(desk);
    struct rect shared = {0};
    for (guint i = 0; i < topo->blocks->len; i++) {
        const struct topo_block *block = &g_array_index(topo->blocks, struct topo_block, i);
        shared = block->team < 0 ? block->rect : shared;
    }
    topo_free(topo);
    g_autofree uint32_t *with = picture(desk);
    view->labels = false;
    g_autofree uint32_t *without = picture(desk);
    view->labels = true;
    desk_turn(desk);
    return differing(with, without, view->inside) - differing(with, without, shared);
}

static void from_tiles_to_machines_to_names_by_plus_and_back_by_minus(void **state)
{
    struct desk *desk = *state = desk_of(&many);
    const struct view *view = &desk->app->view;
    bool seen[3] = {false};
    int level = 0;
    int steps = 0;
    for (; steps < 20 && level < 2; steps++) {
        struct topo *topo = topo_of(desk);
        int now = topo->tiles ? 0 : topo->roomy ? 2 : 1;
        float room = topo->room;
        topo_free(topo);
        assert_true(now >= level);
        level = now;
        seen[level] = true;
        assert_int_equal(level, room < 0.35F ? 0 : room > 0.8F ? 2 : 1);
        assert_true((hits_of(desk, ACTION_TEAM) > 0) == (level == 0));
        assert_true((hits_of(desk, ACTION_NODE) > 0) == (level > 0));
        guint words = words_drawn(desk);
        if ((words > 50) != (level == 2)) {
            fail_msg("level %d, zoom %.2f: %u pixels of words", level, (double)view->zoom, words);
        }
        desk_press(desk, SDLK_PLUS, KMOD_NONE);
        desk_turn(desk);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    for (; steps > 0; steps--) {
        desk_press(desk, SDLK_MINUS, KMOD_NONE);
    }
    desk_turn(desk);
    assert_true(fabsf(view->zoom - 1) < 0.001F);
    assert_true(hits_of(desk, ACTION_TEAM) > 0);
}

static void wheel(struct desk *desk, float x, float y, int by)
{
    SDL_Event event = {
            .wheel = {.type = SDL_MOUSEWHEEL, .y = by, .mouseX = (int)x, .mouseY = (int)y}};
    app_handle(desk->app, &event);
    desk_turn(desk);
}

static void the_wheel_zooms_at_the_place_of_the_mouse(void **state)
{
    struct desk *desk = *state = desk_of(&few);
    const struct view *view = &desk->app->view;
    struct rect in = view->inside;
    float x = roundf(in.x + in.w * 0.3F);
    float y = roundf(in.y + in.h * 0.7F);
    float share_x = (x - view->area.x) / view->area.w;
    float share_y = (y - view->area.y) / view->area.h;
    wheel(desk, x, y, 1);
    wheel(desk, x, y, 1);
    assert_true(fabsf(view->zoom - 1.5625F) < 0.001F);
    assert_true(fabsf(view->area.x + share_x * view->area.w - x) < 1);
    assert_true(fabsf(view->area.y + share_y * view->area.h - y) < 1);
    for (int i = 0; i < 60; i++) {
        wheel(desk, x, y, i < 30 ? 1 : -1); /* to both ends */
        assert_true(view->zoom <= VIEW_ZOOM_MAX && view->zoom >= VIEW_ZOOM_MIN);
    }
}

/* ---- moving ------------------------------------------------------------------------------------ */

static void arrows_and_dragging_move_all_machines_alike(void **state)
{
    struct desk *desk = *state = desk_of(&few);
    struct rect before = desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE);
    desk_press(desk, SDLK_2, KMOD_NONE);
    desk_press(desk, SDLK_RIGHT, KMOD_NONE); /* what is on the right comes nearer */
    desk_press(desk, SDLK_UP, KMOD_NONE);
    desk_turn(desk);
    struct rect after = desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE);
    assert_float_equal(after.x, before.x - 60, 0.01);
    assert_float_equal(after.y, before.y + 60, 0.01);
    const struct view *view = &desk->app->view;
    SDL_Event event = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = SDL_BUTTON_LEFT,
                               .x = (int)(view->inside.x + 3),
                               .y = (int)(view->inside.y + 3)}};
    app_handle(desk->app, &event);
    SDL_Event motion = {.motion = {.type = SDL_MOUSEMOTION, .xrel = 25, .yrel = -10}};
    app_handle(desk->app, &motion);
    event.button.type = SDL_MOUSEBUTTONUP;
    app_handle(desk->app, &event);
    app_handle(desk->app, &motion); /* it is let go of */
    desk_turn(desk);
    struct rect dragged = desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE);
    assert_float_equal(dragged.x, after.x + 25, 0.01);
    assert_float_equal(dragged.y, after.y - 10, 0.01);
    desk_press(desk, SDLK_0, KMOD_NONE);
    desk_turn(desk);
    assert_float_equal(desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE).x, before.x, 0.01);
}

static void ctrl_and_arrows_put_a_machine_elsewhere_and_it_is_kept(void **state)
{
    struct desk *desk = *state = desk_of(&few);
    const struct view *view = &desk->app->view;
    desk_press(desk, SDLK_RIGHT, KMOD_CTRL);
    assert_non_null(strstr(view->status, "Choose a machine")); /* none is chosen */
    desk_press(desk, SDLK_PERIOD, KMOD_NONE);
    desk_press(desk, SDLK_PERIOD, KMOD_NONE);
    desk_turn(desk);
    assert_int_equal(view->node, MACHINE);
    struct rect before = desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE);
    struct rect other = desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, 0);
    for (int i = 0; i < 3; i++) {
        desk_press(desk, SDLK_RIGHT, KMOD_CTRL); /* before anything is drawn again */
    }
    desk_press(desk, SDLK_UP, KMOD_CTRL);
    desk_turn(desk);
    struct rect after = desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE);
    float step = 12 * view->scale;
    assert_float_equal(after.x, before.x + 3 * step, 0.1);
    assert_float_equal(after.y, before.y - step, 0.1);
    assert_float_equal(desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, 0).x, other.x, 0.01);
    g_autofree char *path = g_build_filename(
            g_get_user_state_dir(), "sandtable", "layouts", "locked-harbour.layout", NULL);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_non_null(strstr(text, "blue1/m02"));
    desk_press(desk, SDLK_g, KMOD_NONE);
    desk_turn(desk);
    assert_float_equal(desk_hit(desk, PANEL_TOPOLOGY, ACTION_NODE, MACHINE).x, before.x, 0.01);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* ---- links ------------------------------------------------------------------------------------- */

static struct point middle_of(const struct desk *desk, guint card)
{
    struct topo *topo = topo_of(desk);
    struct point from = {0};
    struct point to = {0};
    assert_true(topo_link(topo, desk->app->view.model, MACHINE, card, &from, &to));
    topo_free(topo);
    return (struct point){(from.x + to.x) / 2, (from.y + to.y) / 2};
}

/* Bytes that went through its cards so far, as the engine tells it. */
static void tell_traffic(struct desk *desk, int seconds, double first, double second)
{
    cJSON *body = cJSON_CreateObject();
    json_add_int(body, "wall_us", (1000 + seconds) * (gint64)G_USEC_PER_SEC);
    cJSON *links = cJSON_AddArrayToObject(body, "links");
    static const char *const networks[] = {"blue1/lan", "blue1/dmz", "blue1/lan"};
    for (int card = 0; card < 3; card++) {
        cJSON *link = cJSON_CreateObject();
        cJSON_AddStringToObject(link, "machine", "blue1/m02");
        cJSON_AddStringToObject(link, "network", networks[card]);
        cJSON_AddNumberToObject(link, "rx_bytes", card == 0 ? first : card == 2 ? second : 0);
        cJSON_AddItemToArray(links, link);
    }
    g_queue_push_tail(&desk->events, event_new(SOURCE_TELEMETRY, NULL, NULL, body));
    desk_turn(desk);
}

/* How many pixels beside each other are not the ground, at half its height. */
static int width_at(const struct desk *desk, struct point at, uint32_t ground)
{
    int width = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
        float x = at.x;
        while (pixel(desk, x, at.y) != ground) {
            width++;
            x += (float)sign;
        }
    }
    return width;
}

/* So large that one step of a link's width is more than a pixel on each side. */
static struct desk *large_desk(void)
{
    struct desk *desk = desk_of(&few);
    assert_true(draw_resize(desk->app->view.draw, 3 * WIDE, 3 * HIGH));
    desk_turn(desk);
    return desk;
}

static void parallel_links_are_apart_and_both_are_drawn(void **state)
{
    struct desk *desk = *state = desk_of(&few);
    desk->app->view.labels = false;
    desk_turn(desk);
    struct topo *topo = topo_of(desk);
    struct point a[2];
    struct point b[2];
    assert_true(topo_link(topo, desk->app->view.model, MACHINE, LAN, &a[0], &a[1]));
    assert_false(topo_link(topo, desk->app->view.model, MACHINE, 3, &b[0], &b[1]));
    assert_true(topo_link(topo, desk->app->view.model, MACHINE, OTHER_LAN, &b[0], &b[1]));
    assert_float_equal(a[1].y, b[1].y, 0.01); /* on the same network */
    assert_true(b[1].x - a[1].x > 1.5F * topo->unit);
    topo_free(topo);
    struct point left = middle_of(desk, LAN);
    struct point right = middle_of(desk, OTHER_LAN);
    uint32_t between = pixel(desk, (left.x + right.x) / 2, left.y);
    assert_int_not_equal(pixel(desk, left.x, left.y), between);
    assert_int_not_equal(pixel(desk, right.x, right.y), between);
}

static void a_machine_beside_its_network_still_has_its_links_apart(void **state)
{
    struct desk *desk = *state = desk_of(&few);
    for (int side = 0; side < 2; side++) {
        layout_move(desk->app, MACHINE, side ? WIDE : 0, 300);
        struct topo *topo = topo_of(desk);
        struct point from;
        struct point a;
        struct point b;
        assert_true(topo_link(topo, desk->app->view.model, MACHINE, LAN, &from, &a));
        assert_true(topo_link(topo, desk->app->view.model, MACHINE, OTHER_LAN, &from, &b));
        assert_float_equal(b.x - a.x, 1.6F * topo->unit, 0.01);
        topo_free(topo);
    }
}

static void a_busy_link_is_wider_by_each_power_of_ten_and_the_other_is_not(void **state)
{
    struct desk *desk = *state = large_desk();
    struct view *view = &desk->app->view;
    view->labels = false;
    desk_turn(desk);
    struct point at = middle_of(desk, OTHER_LAN);
    struct point other = middle_of(desk, LAN);
    uint32_t ground = pixel(desk, (at.x + other.x) / 2, at.y);
    double bytes = 0;
    double rate = 2e2;
    int before = 0;
    tell_traffic(desk, 0, 0, 0);
    int quiet = width_at(desk, other, ground);
    for (int level = 0; level <= MODEL_TRAFFIC_MAX; level++) {
        bytes += rate;
        rate *= 10;
        tell_traffic(desk, level + 1, 0, bytes);
        const struct model_machine *machine = model_machine_at(view->model, MACHINE);
        assert_int_equal(machine->traffic[OTHER_LAN].level, level);
        assert_int_equal(machine->traffic[LAN].level, 0);
        int width = width_at(desk, at, ground);
        if (level > 0 && width <= before) {
            fail_msg("level %d is %d wide, the one before %d", level, width, before);
        }
        before = width;
        assert_int_equal(width_at(desk, other, ground), quiet);
    }
    desk_press(desk, SDLK_t, KMOD_NONE); /* traffic is not shown */
    desk_turn(desk);
    assert_true(width_at(desk, at, ground) < before);
}

/* The first pixel of that colour in some rows, from x on, going by step; -1: none up to the limit. */
static float first_of(const struct desk *desk, uint32_t c, struct rect rows, int step)
{
    int x = (int)(step > 0 ? rows.x : rows.x + rows.w);
    for (int left = (int)rows.w; left >= 0; left--) {
        for (int y = (int)rows.y; y < (int)(rows.y + rows.h); y++) {
            if (pixel(desk, (float)x, (float)y) == c) {
                return (float)x;
            }
        }
        x += step;
    }
    return -1;
}

/* The zigzags reach as far as the outer links, and the words begin beside the rightmost. */
static void an_impairment_is_on_its_own_links(void **state)
{
    struct desk *desk = *state = large_desk();
    struct view *view = &desk->app->view;
    struct point left = middle_of(desk, LAN);
    struct point right = middle_of(desk, OTHER_LAN);
    uint32_t sign = C_DEGRADED & 0xFFFFFFU;
    float scale = view->scale;
    struct rect rows = {left.x - 80, left.y - 8 * scale, right.x - left.x + 160, 16 * scale};
    assert_true(right.x - left.x > 12);
    view->labels = false;
    desk_turn(desk);
    assert_true(first_of(desk, sign, rows, 1) < 0);
    desk_tell(desk, "link.impaired", "blue1", "blue1/m02:lan",
            "{\"machine\":\"blue1/m02\",\"network\":\"blue1/lan\",\"by\":\"mira\","
            "\"asked\":{\"in\":{\"delay_us\":40000}}}");
    assert_int_equal(pixel(desk, left.x, left.y), sign);
    assert_int_equal(pixel(desk, right.x, right.y), sign);
    assert_float_equal(first_of(desk, sign, rows, 1), left.x - 5 * scale, 3);
    assert_float_equal(first_of(desk, sign, rows, -1), right.x + 5 * scale, 3);
    view->labels = true;
    desk_turn(desk);
    struct rect words = {right.x + 7 * scale, rows.y, 60 * scale, rows.h};
    assert_float_equal(first_of(desk, sign, words, 1), right.x + 14 * scale, 2 * scale);
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
            ON_A_DESK(from_tiles_to_machines_to_names_by_plus_and_back_by_minus),
            ON_A_DESK(the_wheel_zooms_at_the_place_of_the_mouse),
            ON_A_DESK(arrows_and_dragging_move_all_machines_alike),
            ON_A_DESK(ctrl_and_arrows_put_a_machine_elsewhere_and_it_is_kept),
            ON_A_DESK(parallel_links_are_apart_and_both_are_drawn),
            ON_A_DESK(a_machine_beside_its_network_still_has_its_links_apart),
            ON_A_DESK(a_busy_link_is_wider_by_each_power_of_ten_and_the_other_is_not),
            ON_A_DESK(an_impairment_is_on_its_own_links),
    };
    return desk_run(tests, G_N_ELEMENTS(tests));
}
