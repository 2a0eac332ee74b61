/* test_display_input.c - keys pushed into the display, and what reaches an engine's socket. */
#include "engine.h"

static void test_select_enter_y_fires_exactly_once(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_RETURN);
    press(SDLK_y);
    press(SDLK_y); /* the question is answered: this is no second yes */
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "fire");
    int chosen = app_view(fixture->app)->selected;
    assert_string_equal(json_string(json_object(request, "params"), "inject", ""),
            model_inject_at(app_model(fixture->app), chosen)->id);
    assert_true(app_view(fixture->app)->status_bad);
}

static void test_another_key_than_y_fires_nothing(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_RETURN);
    press(SDLK_n);
    press(SDLK_y);
    assert_true(turn_until(fixture, queue_is_taken));
    press(SDLK_SPACE); /* whatever was sent before it would arrive first */
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "pause");
}

static void test_enter_without_a_selection_says_what_to_do(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_RETURN);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_false(app_view(fixture->app)->confirm);
    assert_non_null(strstr(app_view(fixture->app)->status, "Choose an inject"));
}

static void test_h_holds_the_selected_inject(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_h);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "hold");
    const cJSON *params = json_object(request, "params");
    assert_non_null(json_string(params, "inject", NULL));
    /* the next one that has not fired is note-7, which is held already: released */
    assert_false(json_bool(params, "held", true));
}

static void test_clicks_do_what_keys_do(void **state)
{
    struct fixture *fixture = *state;
    const struct view *view = app_view(fixture->app);
    struct hit target = {0};
    const GArray *hits = view->places[PANEL_INJECTS].hits;
    for (guint i = 0; i < hits->len; i++) {
        struct hit hit = g_array_index(hits, struct hit, i);
        if (hit.action == ACTION_SELECT) {
            target = hit;
        }
    }
    assert_int_equal(target.action, ACTION_SELECT);
    SDL_Event click = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = SDL_BUTTON_LEFT,
                               .x = (int)(target.rect.x + 60),
                               .y = (int)(target.rect.y + 10)}};
    assert_int_equal(SDL_PushEvent(&click), 1);
    assert_true(turn_until(fixture, has_selection));
    assert_int_equal(view->selected, target.arg);
}

static void test_a_vanished_engine_is_said_and_the_picture_stays(void **state)
{
    struct fixture *fixture = *state;
    (void)shutdown(g_atomic_int_get(&fixture->client), SHUT_RDWR);
    assert_true(turn_until(fixture, is_gone));
    assert_non_null(strstr(app_view(fixture->app)->status, "engine is gone"));
    assert_int_equal(app_model(fixture->app)->machines->len, 7);
    press(SDLK_SPACE);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_true(app_view(fixture->app)->status_bad);
    assert_int_equal(g_async_queue_length(fixture->requests), 0);
}

static bool is_stale(struct fixture *fixture)
{
    return app_view(fixture->app)->age_s >= 3;
}

/* This engine never answers a ping: what is shown may be old, and says so. */
static void test_a_silent_engine_makes_the_picture_stale(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(app_view(fixture->app)->age_s, 0);
    gint64 begin = g_get_monotonic_time();
    assert_true(turn_until(fixture, is_stale));
    assert_true(g_get_monotonic_time() - begin > 2 * G_USEC_PER_SEC);
    assert_int_equal(app_view(fixture->app)->link, LINK_LIVE);
}

static void test_q_leaves(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_ESCAPE); /* there is nothing to go back from */
    press(SDLK_q);
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    bool left = false;
    while (!left && g_get_monotonic_time() < end) {
        left = !app_turn(fixture->app, 20);
    }
    assert_true(left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH_ENGINE(test_select_enter_y_fires_exactly_once),
            WITH_ENGINE(test_another_key_than_y_fires_nothing),
            WITH_ENGINE(test_enter_without_a_selection_says_what_to_do),
            WITH_ENGINE(test_h_holds_the_selected_inject),
            WITH_ENGINE(test_clicks_do_what_keys_do),
            WITH_ENGINE(test_a_vanished_engine_is_said_and_the_picture_stays),
            WITH_ENGINE(test_a_silent_engine_makes_the_picture_stale),
            WITH_ENGINE(test_q_leaves),
    };
    return run_with_display(tests, G_N_ELEMENTS(tests));
}
