/* test_display_keys.c - keys of the white cell besides the injects: a note, the clock alone, old
 * messages, the instructor's team. */
#include "engine.h"

static bool stands_still(struct fixture *fixture)
{
    return app_model(fixture->app)->state == MODEL_PAUSED;
}

static void test_shift_space_pauses_the_clock_alone(void **state)
{
    struct fixture *fixture = *state;
    press_with(SDLK_SPACE, KMOD_SHIFT);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "pause");
    assert_false(json_bool(json_object(request, "params"), "machines", true));
    tell(fixture, 280, "exercise.state",
            "{\"state\":\"paused\",\"by\":\"mira\",\"clock_only\":true}");
    assert_true(turn_until(fixture, stands_still));
    assert_true(app_model(fixture->app)->clock_only);
    const struct model_line *line = app_model(fixture->app)->feed.head->data;
    assert_non_null(strstr(line->text, "the machines run on"));
    press_with(SDLK_SPACE, KMOD_SHIFT);
    assert_true(turn_until(fixture, has_request));
    auto_json other = g_async_queue_pop(fixture->requests);
    assert_string_equal(json_string(other, "method", ""), "resume");
}

static bool instructs(struct fixture *fixture)
{
    return app_view(fixture->app)->mode == MODE_INSTRUCTOR;
}

static void test_the_instructors_team_is_chosen_by_keys(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++) {
        press_with(SDLK_F11, KMOD_SHIFT);
    }
    assert_true(turn_until(fixture, instructs));
    const struct view *view = app_view(fixture->app);
    press(SDLK_1);
    for (int i = 0; i < 5; i++) {
        press(SDLK_UP); /* not beyond the first */
    }
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(model_team_at(view->model, view->team)->rank, 0);
    press(SDLK_DOWN);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(model_team_at(view->model, view->team)->rank, 1);
}

static bool has_letters(struct fixture *fixture)
{
    return app_model(fixture->app)->seq == 280 + 39;
}

static void test_old_messages_can_be_read(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 40; i++) {
        g_autofree char *body =
                g_strdup_printf("{\"from\":\"team\",\"text\":\"n %d\",\"by\":\"x\"}", i);
        tell(fixture, 280 + i, "message.sent", body);
    }
    assert_true(turn_until(fixture, has_letters));
    const struct view *view = app_view(fixture->app);
    press(SDLK_7);
    press(SDLK_PAGEUP);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(view->letters, 3);
    for (int i = 0; i < 100; i++) {
        press(SDLK_PAGEUP);
    }
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(view->letters, view_message_count(view) - 1); /* the first is still there */
    for (int i = 0; i < 100; i++) {
        press(SDLK_PAGEDOWN);
    }
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(view->letters, 0);
}

static bool has_a_note(struct fixture *fixture)
{
    return app_model(fixture->app)->notes->len > 0;
}

static bool reads(struct fixture *fixture)
{
    return app_view(fixture->app)->detail.text != NULL;
}

static void test_n_notes_this_moment_and_a_click_on_the_flag_reads_it(void **state)
{
    struct fixture *fixture = *state;
    press(SDLK_n);
    assert_true(turn_until(fixture, form_is_open));
    press(SDLK_RETURN); /* nothing is written yet */
    type("谁负责?");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "note");
    const cJSON *params = json_object(request, "params");
    assert_string_equal(json_string(params, "text", ""), "谁负责?");
    assert_true(json_int(params, "at_us", 0) >= app_model(fixture->app)->at_us);
    tell(fixture, 280, "operator.note",
            "{\"text\":\"who is in charge?\",\"about_us\":120000000,\"by\":\"mira\"}");
    assert_true(turn_until(fixture, has_a_note));
    assert_true(turn_until(fixture, queue_is_taken));
    const struct view *view = app_view(fixture->app);
    const GArray *hits = view->places[PANEL_TIMELINE].hits;
    const struct hit *flag = &g_array_index(hits, struct hit, hits->len - 1);
    assert_int_equal(flag->action, ACTION_READ);
    SDL_Event click = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = SDL_BUTTON_LEFT,
                               .x = (int)(flag->rect.x + flag->rect.w / 2),
                               .y = (int)(flag->rect.y + flag->rect.h / 2)}};
    assert_int_equal(SDL_PushEvent(&click), 1);
    assert_true(turn_until(fixture, reads));
    assert_string_equal(view->detail.text, "who is in charge?");
    assert_non_null(strstr(view->detail.title, "mira"));
    press(SDLK_j);
    assert_true(turn_until(fixture, replays));
    assert_int_equal(view->clock_us / G_USEC_PER_SEC, 120);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_int_equal(view->model->notes->len, 0); /* nobody had written it then: it stands there */
    flag = &g_array_index(hits, struct hit, hits->len - 1);
    assert_int_equal(flag->action, ACTION_READ);
}

static void test_a_note_can_be_about_what_a_replay_shows(void **state)
{
    struct fixture *fixture = *state;
    press_with(SDLK_LEFT, KMOD_SHIFT);
    assert_true(turn_until(fixture, replays));
    gint64 shown = app_view(fixture->app)->clock_us;
    press(SDLK_n);
    assert_true(turn_until(fixture, form_is_open));
    type("here");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(request, "method", ""), "note");
    assert_int_equal(json_int(json_object(request, "params"), "at_us", 0), shown);
    assert_true(replays(fixture)); /* and nothing else can be asked from there */
    press(SDLK_F11);
    press(SDLK_n);
    assert_true(turn_until(fixture, queue_is_taken));
    assert_false(form_is_open(fixture)); /* a wall keeps no notes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH_ENGINE(test_shift_space_pauses_the_clock_alone),
            WITH_ENGINE(test_the_instructors_team_is_chosen_by_keys),
            WITH_ENGINE(test_old_messages_can_be_read),
            WITH_ENGINE(test_n_notes_this_moment_and_a_click_on_the_flag_reads_it),
            WITH_ENGINE(test_a_note_can_be_about_what_a_replay_shows),
    };
    return run_with_display(tests, G_N_ELEMENTS(tests));
}
