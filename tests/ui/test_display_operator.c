/* test_display_operator.c - what an operator does from the screen: write, score, freeze, skip, end,
 * replay, find. */
#include "engine.h"

#include <math.h>

static void test_m_writes_to_the_chosen_team_also_in_chinese(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_m);
    assert_true(turn_until(fixture, form_is_open));
    type("防火墙 ");
    type("q?");
    press(SDLK_BACKSPACE);
    press_with(SDLK_TAB, KMOD_SHIFT);
    press(SDLK_DOWN); /* from all to the first team */
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "message");
    const cJSON *params = json_object(request, "params");
    assert_string_equal(json_string(params, "text", ""), "防火墙 q");
    assert_string_equal(
            json_string(params, "team", ""), model_team_at(app_model(fixture->app), 0)->id);
    assert_false(form_is_open(fixture));
}

static void test_points_by_hand_need_a_number_and_a_reason(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_p);
    assert_true(turn_until(fixture, form_is_open));
    type("-2x");
    press(SDLK_RETURN);
    press(SDLK_BACKSPACE);
    type("0");
    press(SDLK_RETURN); /* no reason yet */
    assert_true(turn_until(fixture, queue_is_taken));
    assert_true(form_is_open(fixture));
    press(SDLK_TAB);
    assert_true(turn_until(fixture, queue_is_taken));
    type("late report");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "adjust");
    const cJSON *params = json_object(request, "params");
    assert_int_equal(json_int(params, "points", 0), -20);
    assert_string_equal(json_string(params, "reason", ""), "late report");
}

static bool is_asked(struct fixture *fixture)
{
    return app_view(fixture->app)->confirm != ACTION_NONE;
}

static bool has_points_by_hand(struct fixture *fixture)
{
    return app_model(fixture->app)->adjusted_seq > 0;
}

static void test_ctrl_z_takes_the_last_points_by_hand_back(void **state)
{
    struct fixture *fixture = *state;
    press_with(SDLK_z, KMOD_CTRL);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_non_null(strstr(app_view(fixture->app)->status, "no points by hand"));
    tell(fixture, 280, "score.adjusted", "{\"points\":-5,\"reason\":\"late\",\"by\":\"x\"}");
    assert_true(turn_until(fixture, has_points_by_hand));
    press_with(SDLK_z, KMOD_CTRL);
    assert_true(turn_until(fixture, is_asked));
    press(SDLK_y);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "void");
    assert_int_equal(json_int(json_object(request, "params"), "seq", 0), 280);
}

static void test_no_replay_on_a_wall_looks_behind_the_freeze(void **state)
{
    struct fixture *fixture = *state;
    tell(fixture, 280, "score.frozen", "{\"frozen\":true,\"by\":\"x\"}");
    tell(fixture, 281, "score.adjusted", "{\"points\":-5,\"reason\":\"late\",\"by\":\"x\"}");
    assert_true(turn_until(fixture, has_points_by_hand));
    press(SDLK_F11);
    press(SDLK_r);
    assert_true(turn_until(fixture, queue_is_taken));
    const struct view *view = app_view(fixture->app);
    assert_int_equal(view->mode, MODE_WALL);
    assert_false(view_replays(view));
    assert_int_equal(view->model->seq, LAST_PLAYED);
}

static void test_f_freezes_the_board(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_f);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "freeze");
    assert_true(json_bool(json_object(request, "params"), "frozen", false));
}

static void test_k_and_y_skip_the_chosen_inject(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_k);
    press(SDLK_y);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "skip");
}

static void test_x_takes_the_open_alarm_on(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_x);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "acknowledge");
    const struct model_alarm *alarm = app_model(fixture->app)->alarms->pdata[0];
    const cJSON *params = json_object(request, "params");
    assert_string_equal(json_string(params, "subject", ""), alarm->subject);
}

static void test_shift_e_asks_for_the_reason_and_ends_the_exercise(void **state)
{
    struct fixture *fixture = *state;
    press_with(SDLK_e, KMOD_SHIFT);
    assert_true(turn_until(fixture, form_is_open));
    type("lunch");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "end");
    assert_string_equal(json_string(json_object(request, "params"), "reason", ""), "lunch");
}

static void test_nobody_drives_the_exercise_from_the_past(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_LEFT); /* one event back */
    assert_true(turn_until(fixture, replays));
    assert_int_equal(app_view(fixture->app)->model->seq, app_model(fixture->app)->seq - 1);
    press(SDLK_DOWN);
    press(SDLK_RETURN);
    press(SDLK_y);
    press(SDLK_f);
    press(SDLK_m);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_false(form_is_open(fixture));
    assert_non_null(strstr(app_view(fixture->app)->status, "the past"));
    press(SDLK_HOME);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_false(replays(fixture));
    assert_int_equal(g_async_queue_length(fixture->requests), 0);
    press(SDLK_f); /* the present again */
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "freeze");
}

static void test_a_wall_has_no_controls(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_DOWN);
    press(SDLK_F11);
    press(SDLK_SPACE);
    press(SDLK_RETURN);
    press(SDLK_y);
    press_with(SDLK_e, KMOD_SHIFT);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(app_view(fixture->app)->mode, MODE_WALL);
    assert_false(form_is_open(fixture));
    assert_int_equal(g_async_queue_length(fixture->requests), 0);
    press(SDLK_ESCAPE);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(app_view(fixture->app)->mode, MODE_CONTROL);
}

static bool is_public(struct fixture *fixture)
{
    return app_view(fixture->app)->mode == MODE_PUBLIC && queue_is_taken(fixture);
}

static void test_the_public_view_has_services_where_the_operator_had_the_attack_steps(void **state)
{
    struct fixture *fixture = *state;
    const struct view *view = app_view(fixture->app);
    press(SDLK_v);
    assert_true(turn_until(fixture, queue_is_taken));
    struct rect r = view->places[PANEL_SERVICES].rect;
    assert_int_equal(view_hit(view, r.x + 9, r.y + 9).action, ACTION_STEPS);
    press_with(SDLK_F11, KMOD_SHIFT);
    press_with(SDLK_F11, KMOD_SHIFT);
    assert_true(turn_until(fixture, is_public));
    r = view->places[PANEL_SERVICES].rect;
    assert_int_equal(view_hit(view, r.x + 9, r.y + 9).action, ACTION_FOCUS);
}

static void test_a_machine_of_the_past_has_no_console(void **state)
{
    struct fixture *fixture = *state;
    press_with(SDLK_f, KMOD_CTRL);
    assert_true(turn_until(fixture, form_is_open));
    type("10.20.2.");
    press(SDLK_RETURN);
    press(SDLK_LEFT);
    assert_true(turn_until(fixture, replays));
    press(SDLK_c);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_non_null(strstr(app_view(fixture->app)->status, "the past"));
}

static void test_a_click_on_the_time_line_replays_that_moment(void **state)
{
    struct fixture *fixture = *state;
    struct rect r = app_view(fixture->app)->places[PANEL_TIMELINE].rect;
    SDL_Event click = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = SDL_BUTTON_LEFT,
                               .x = (int)(r.x + r.w / 3),
                               .y = (int)(r.y + r.h / 2)}};
    assert_int_equal(SDL_PushEvent(&click), 1);
    assert_true(turn_until(fixture, replays));
    gint64 at_us = app_view(fixture->app)->play.clock_us;
    assert_true(at_us > 0 && at_us < app_model(fixture->app)->at_us);
    assert_true(app_view(fixture->app)->model->at_us <= at_us);
}

static void test_find_chooses_a_machine_by_its_address(void **state)
{
    struct fixture *fixture = *state;
    press_with(SDLK_f, KMOD_CTRL);
    assert_true(turn_until(fixture, form_is_open));
    type("10.20.2.");
    press(SDLK_RETURN);
    assert_true(turn_until(fixture, queue_is_taken));
    const struct model_machine *found =
            model_machine_at(app_model(fixture->app), app_view(fixture->app)->node);
    assert_non_null(found);
    assert_non_null(strstr(found->address, "10.20.2."));
}

static void test_a_filter_shows_only_what_contains_it(void **state)
{
    struct fixture *fixture = *state;
    int all = view_event_count(app_view(fixture->app));
    press(SDLK_SLASH);
    assert_true(turn_until(fixture, form_is_open));
    type("CRASHED");
    press(SDLK_RETURN);
    assert_true(turn_until(fixture, queue_is_taken));
    int some = view_event_count(app_view(fixture->app));
    assert_in_range(some, 1, all / 4);
    press(SDLK_ESCAPE);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(view_event_count(app_view(fixture->app)), all);
}

static bool nothing_moved(struct fixture *fixture)
{
    return g_hash_table_size(app_view(fixture->app)->moved) == 0;
}

static bool something_moved(struct fixture *fixture)
{
    return !nothing_moved(fixture);
}

static void push_mouse(Uint32 type, float x, float y)
{
    SDL_Event event = {
            .button = {.type = type, .button = SDL_BUTTON_LEFT, .x = (int)x, .y = (int)y}};
    if (type == SDL_MOUSEMOTION) {
        event.motion = (SDL_MouseMotionEvent){.type = type, .x = (int)x, .y = (int)y};
    }
    assert_int_equal(SDL_PushEvent(&event), 1);
}

static void test_a_dragged_machine_stays_where_it_was_put(void **state)
{
    struct fixture *fixture = *state;
    const struct view *view = app_view(fixture->app);
    const GArray *hits = view->places[PANEL_TOPOLOGY].hits;
    struct hit node = {0};
    for (guint i = 0; i < hits->len; i++) {
        struct hit hit = g_array_index(hits, struct hit, i);
        node = hit.action == ACTION_NODE && hit.arg == 1 ? hit : node;
    }
    assert_int_equal(node.action, ACTION_NODE);
    const char *id = model_machine_at(app_model(fixture->app), 1)->id;
    float x = node.rect.x + node.rect.w / 2;
    float y = node.rect.y + node.rect.h / 2;
    push_mouse(SDL_MOUSEBUTTONDOWN, x, y);
    push_mouse(SDL_MOUSEMOTION, x + 50, y + 20);
    push_mouse(SDL_MOUSEBUTTONUP, x + 50, y + 20);
    assert_true(turn_until(fixture, something_moved));
    assert_true(turn_until(fixture, queue_is_taken));
    const struct point *share = g_hash_table_lookup(view->moved, id);
    assert_non_null(share);
    assert_true(fabsf(view->area.x + share->x * view->area.w - (x + 50)) < 2);
    g_autofree char *path = g_build_filename(
            g_get_user_state_dir(), "sandtable", "layouts", "first-drill.layout", NULL);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_non_null(strstr(text, id));
    press(SDLK_g);
    assert_true(turn_until(fixture, nothing_moved));
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH_ENGINE(test_m_writes_to_the_chosen_team_also_in_chinese),
            WITH_ENGINE(test_points_by_hand_need_a_number_and_a_reason),
            WITH_ENGINE(test_ctrl_z_takes_the_last_points_by_hand_back),
            WITH_ENGINE(test_no_replay_on_a_wall_looks_behind_the_freeze),
            WITH_ENGINE(test_f_freezes_the_board),
            WITH_ENGINE(test_k_and_y_skip_the_chosen_inject),
            WITH_ENGINE(test_x_takes_the_open_alarm_on),
            WITH_ENGINE(test_shift_e_asks_for_the_reason_and_ends_the_exercise),
            WITH_ENGINE(test_nobody_drives_the_exercise_from_the_past),
            WITH_ENGINE(test_a_wall_has_no_controls),
            WITH_ENGINE(test_the_public_view_has_services_where_the_operator_had_the_attack_steps),
            WITH_ENGINE(test_a_machine_of_the_past_has_no_console),
            WITH_ENGINE(test_a_click_on_the_time_line_replays_that_moment),
            WITH_ENGINE(test_find_chooses_a_machine_by_its_address),
            WITH_ENGINE(test_a_filter_shows_only_what_contains_it),
            WITH_ENGINE(test_a_dragged_machine_stays_where_it_was_put),
    };
    char *home = test_mkdtemp();
    (void)g_setenv("XDG_STATE_HOME", home, TRUE);
    int failed = run_with_display(tests, G_N_ELEMENTS(tests));
    test_rmtree(home);
    return failed;
}
