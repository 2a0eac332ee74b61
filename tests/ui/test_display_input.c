/* test_display_input.c - keys pushed into the display, and what reaches an engine's socket. */
#include "support/test.h"

#include "base/json.h"
#include "display/app.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"
#define LIMIT_US (100 * G_USEC_PER_SEC)

/* An engine's socket that plays the recorded drill and refuses whatever is asked. */
struct fixture {
    char *dir, *path;
    int listener;
    GThread *thread;
    GAsyncQueue *requests; /* cJSON */
    gint client;           /* atomic: the accepted connection */
    struct app *app;
};

static void play(int fd)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(RECORD, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] && *lines[i]; i++) {
        if (strstr(lines[i], "\"ended\"") && strstr(lines[i], "exercise.state")) {
            break; /* it goes on running */
        }
        g_autofree char *line = g_strdup_printf(
                "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":%s}\n", lines[i]);
        assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    }
}

static void reply(int fd, const cJSON *request)
{
    g_autofree char *line =
            g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":%" G_GINT64_FORMAT
                            ",\"error\":{\"code\":-32001,\"message\":\"not now\"}}\n",
                    json_int(request, "id", 0));
    (void)send(fd, line, strlen(line), MSG_NOSIGNAL);
}

static void serve_line(struct fixture *fixture, int fd, const char *line, gsize length)
{
    cJSON *request = json_parse(line, length, NULL);
    assert_non_null(request);
    if (!strcmp(json_string(request, "method", ""), "subscribe")) {
        cJSON_Delete(request);
        play(fd);
        return;
    }
    const char *method = json_string(request, "method", "");
    if (!strcmp(method, "telemetry") || !strcmp(method, "ping")) {
        cJSON_Delete(request); /* an engine that is slow to answer */
        return;
    }
    reply(fd, request);
    g_async_queue_push(fixture->requests, request);
}

static gpointer serve(gpointer data)
{
    struct fixture *fixture = data;
    int fd = accept(fixture->listener, NULL, NULL);
    g_atomic_int_set(&fixture->client, fd);
    g_autoptr(GString) input = g_string_new(NULL);
    char chunk[4096];
    ssize_t got = 0;
    while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        g_string_append_len(input, chunk, got);
        char *end = NULL;
        while ((end = strchr(input->str, '\n'))) {
            serve_line(fixture, fd, input->str, (gsize)(end - input->str));
            g_string_erase(input, 0, end - input->str + 1);
        }
    }
    close(fd);
    return NULL;
}

static bool turn_until(struct fixture *fixture, bool (*done)(struct fixture *fixture))
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    while (!done(fixture) && g_get_monotonic_time() < end) {
        if (!app_turn(fixture->app, 20)) {
            break;
        }
    }
    return done(fixture);
}

static bool has_drill(struct fixture *fixture)
{
    return app_model(fixture->app)->state == MODEL_RUNNING &&
           app_model(fixture->app)->at_us >= 284 * G_USEC_PER_SEC;
}

static bool has_request(struct fixture *fixture)
{
    return g_async_queue_length(fixture->requests) > 0;
}

static bool was_refused(struct fixture *fixture)
{
    const struct view *view = app_view(fixture->app);
    return view->status && strstr(view->status, "not now");
}

static bool is_gone(struct fixture *fixture)
{
    return app_view(fixture->app)->link == LINK_GONE;
}

static bool has_selection(struct fixture *fixture)
{
    return app_view(fixture->app)->selected >= 0;
}

static bool queue_is_taken(struct fixture *fixture)
{
    (void)fixture;
    SDL_PumpEvents();
    return !SDL_HasEvents(SDL_KEYDOWN, SDL_MOUSEBUTTONDOWN);
}

static void press(SDL_Keycode key)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key}}};
    assert_int_equal(SDL_PushEvent(&event), 1);
}

static int set_up(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    fixture->dir = test_mkdtemp();
    fixture->path = g_build_filename(fixture->dir, "x.sock", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, fixture->path, sizeof address.sun_path);
    fixture->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fixture->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fixture->listener, 1), 0);
    fixture->requests = g_async_queue_new_full((GDestroyNotify)cJSON_Delete);
    fixture->client = -1;
    fixture->thread = g_thread_new("engine", serve, fixture);
    g_autoptr(GError) error = NULL;
    struct app_options options = {.source = source_open_live(fixture->path, app_wake(), NULL),
            .name = "first-drill",
            .w = 1280,
            .h = 720,
            .until_us = -1};
    fixture->app = app_new(&options, &error);
    assert_no_error(error);
    assert_true(turn_until(fixture, has_drill));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    app_free(fixture->app);
    g_thread_join(fixture->thread);
    close(fixture->listener);
    g_async_queue_unref(fixture->requests);
    test_rmtree(fixture->dir);
    g_free(fixture->path);
    g_free(fixture);
    SDL_FlushEvents(SDL_FIRSTEVENT, SDL_LASTEVENT);
    return 0;
}

/* The only request that arrived; its answer has come back, so no other is on its way. */
static cJSON *only_request(struct fixture *fixture)
{
    assert_true(turn_until(fixture, has_request));
    assert_true(turn_until(fixture, was_refused));
    assert_int_equal(g_async_queue_length(fixture->requests), 1);
    return g_async_queue_pop(fixture->requests);
}

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

static void type(const char *text)
{
    SDL_Event event = {.text = {.type = SDL_TEXTINPUT}};
    g_strlcpy(event.text.text, text, sizeof event.text.text);
    assert_int_equal(SDL_PushEvent(&event), 1);
}

static void press_with(SDL_Keycode key, SDL_Keymod mod)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key, .mod = (Uint16)mod}}};
    assert_int_equal(SDL_PushEvent(&event), 1);
}

static bool form_is_open(struct fixture *fixture)
{
    return app_view(fixture->app)->form.action != ACTION_NONE;
}

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
    assert_string_equal(json_string(params, "team", ""),
            model_team_at(app_model(fixture->app), 0)->id);
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

static bool replays(struct fixture *fixture)
{
    return app_view(fixture->app)->play.on;
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
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            WITH_ENGINE(test_select_enter_y_fires_exactly_once),
            WITH_ENGINE(test_another_key_than_y_fires_nothing),
            WITH_ENGINE(test_enter_without_a_selection_says_what_to_do),
            WITH_ENGINE(test_h_holds_the_selected_inject),
            WITH_ENGINE(test_clicks_do_what_keys_do),
            WITH_ENGINE(test_a_vanished_engine_is_said_and_the_picture_stays),
            WITH_ENGINE(test_m_writes_to_the_chosen_team_also_in_chinese),
            WITH_ENGINE(test_points_by_hand_need_a_number_and_a_reason),
            WITH_ENGINE(test_f_freezes_the_board),
            WITH_ENGINE(test_k_and_y_skip_the_chosen_inject),
            WITH_ENGINE(test_x_takes_the_open_alarm_on),
            WITH_ENGINE(test_shift_e_asks_for_the_reason_and_ends_the_exercise),
            WITH_ENGINE(test_nobody_drives_the_exercise_from_the_past),
            WITH_ENGINE(test_a_wall_has_no_controls),
            WITH_ENGINE(test_a_click_on_the_time_line_replays_that_moment),
            WITH_ENGINE(test_find_chooses_a_machine_by_its_address),
            WITH_ENGINE(test_a_filter_shows_only_what_contains_it),
            WITH_ENGINE(test_q_leaves),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    return failed;
}
