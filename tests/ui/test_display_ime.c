/* test_display_ime.c - writing with an input method: what is composed, settled and given up. */
#include "engine.h"

static SDL_Rect placed; /* where the method was told to open its list */

/* In the place of SDL's. */
void SDL_SetTextInputRect(const SDL_Rect *rect)
{
    placed = *rect;
}

static void edit_at(const char *text, int start, int length)
{
    SDL_Event event = {.edit = {.type = SDL_TEXTEDITING, .start = start, .length = length}};
    g_strlcpy(event.edit.text, text, sizeof event.edit.text);
    assert_int_equal(SDL_PushEvent(&event), 1);
}

static void edit(const char *text)
{
    edit_at(text, (int)g_utf8_strlen(text, -1), 0);
}

static void edit_long(const char *text)
{
    SDL_Event event = {.editExt = {.type = SDL_TEXTEDITING_EXT, .text = SDL_strdup(text)}};
    assert_int_equal(SDL_PushEvent(&event), 1);
}

static guint64 picture_of(const struct fixture *fixture)
{
    const struct draw *draw = app_view(fixture->app)->draw;
    const guint32 *pixels = draw_pixels(draw);
    guint64 sum = 0;
    for (int i = 0; i < draw_width(draw) * draw_height(draw); i++) {
        sum = sum * 31 + pixels[i];
    }
    return sum;
}

static bool is_drawn(struct fixture *fixture)
{
    SDL_PumpEvents();
    return !SDL_HasEvents(SDL_KEYDOWN, SDL_TEXTEDITING_EXT) && !SDL_HasEvent(SDL_MOUSEBUTTONDOWN) &&
           app_turn(fixture->app, 0);
}

static const char *text_of(const struct fixture *fixture, int field)
{
    return app_view(fixture->app)->form.fields[field].text->str;
}

static void open_message(struct fixture *fixture)
{
    press(SDLK_m);
    assert_true(turn_until(fixture, form_is_open));
    assert_true(turn_until(fixture, is_drawn));
    assert_true(SDL_IsTextInputActive());
}

static void what_is_composed_is_shown_at_the_caret_and_sent_only_when_settled(void **state)
{
    struct fixture *fixture = *state;
    open_message(fixture);
    const struct compose *compose = &app_view(fixture->app)->compose;
    SDL_Rect first = placed;
    guint64 before = picture_of(fixture);
    edit("fang huo");
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(compose->text, "fang huo");
    assert_string_equal(text_of(fixture, 1), "");
    assert_true(placed.x > first.x + 20 && placed.y == first.y); /* the list goes along */
    assert_true(placed.h > 10);
    guint64 shown = picture_of(fixture);
    assert_true(shown != before);
    edit_at("fang huo", 0, 4); /* half of it is chosen, and is marked */
    assert_true(turn_until(fixture, is_drawn));
    assert_true(picture_of(fixture) != shown);
    assert_int_equal(placed.x, first.x);
    press(SDLK_RETURN); /* takes the candidate, and does not send */
    assert_true(turn_until(fixture, is_drawn));
    assert_true(form_is_open(fixture));
    edit("");
    type("防火墙");
    press(SDLK_RETURN);
    auto_json request = only_request(fixture);
    assert_string_equal(json_string(json_object(request, "params"), "text", ""), "防火墙");
    assert_false(SDL_IsTextInputActive());
}

static void keys_belong_to_the_method_while_it_composes(void **state)
{
    static const SDL_Keycode keys[] = {SDLK_RETURN, SDLK_ESCAPE, SDLK_BACKSPACE, SDLK_TAB,
            SDLK_LEFT, SDLK_DELETE, SDLK_HOME, SDLK_2, SDLK_SPACE, SDLK_F11};
    struct fixture *fixture = *state;
    open_message(fixture);
    type("检查");
    edit("wang luo");
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        press(keys[i]);
    }
    assert_true(turn_until(fixture, is_drawn));
    const struct view *view = app_view(fixture->app);
    assert_true(form_is_open(fixture));
    assert_string_equal(text_of(fixture, 1), "检查");
    assert_int_equal(view->form.at, 1);
    assert_int_equal(view->form.fields[1].at, strlen("检查"));
    assert_int_equal(view->mode, MODE_CONTROL);
    assert_int_equal(g_async_queue_length(fixture->requests), 0);
    edit(""); /* given up: the same keys are the form's again */
    press(SDLK_BACKSPACE);
    assert_true(turn_until(fixture, is_drawn));
    assert_null(view->compose.text);
    assert_string_equal(text_of(fixture, 1), "检");
    press(SDLK_ESCAPE);
    press(SDLK_y); /* what is written may go */
    assert_true(turn_until(fixture, is_drawn));
    assert_false(form_is_open(fixture));
}

static void what_is_settled_goes_in_at_the_caret(void **state)
{
    struct fixture *fixture = *state;
    open_message(fixture);
    type("检查规则");
    press(SDLK_LEFT);
    press(SDLK_LEFT);
    edit("fang'huo'qiang");
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(text_of(fixture, 1), "检查规则");
    edit("");
    type("防火墙");
    type("的");
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(text_of(fixture, 1), "检查防火墙的规则");
    press(SDLK_DELETE);
    press(SDLK_HOME);
    type("请");
    press(SDLK_END);
    type("。");
    press(SDLK_BACKSPACE);
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(text_of(fixture, 1), "请检查防火墙的则");
    const struct rect box = app_view(fixture->app)->form.boxes[1];
    SDL_Event click = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = SDL_BUTTON_LEFT,
                               .x = (int)box.x + 3,
                               .y = (int)box.y + 5}};
    assert_int_equal(SDL_PushEvent(&click), 1);
    type("A");
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(text_of(fixture, 1), "A请检查防火墙的则");
}

static void a_long_composition_comes_whole_and_bounded(void **state)
{
    struct fixture *fixture = *state;
    const struct compose *compose = &app_view(fixture->app)->compose;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 60; i++) {
        g_string_append(text, "网");
    }
    edit_long(text->str); /* nobody writes: it is nothing */
    assert_true(turn_until(fixture, is_drawn));
    assert_null(compose->text);
    open_message(fixture);
    edit_long(text->str); /* more than the 31 bytes of the short event */
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(compose->text, text->str);
    for (int i = 0; i < 4000; i++) {
        g_string_append(text, "络");
    }
    edit_long(text->str);
    edit_at("\xE7\xBD", 900, -7); /* no character, and nowhere */
    edit_long(text->str);
    assert_true(turn_until(fixture, is_drawn));
    assert_int_equal(g_utf8_strlen(compose->text, -1), 256);
    press(SDLK_RETURN);
    assert_true(turn_until(fixture, is_drawn));
    assert_true(form_is_open(fixture));
}

static bool console_is_open(struct fixture *fixture)
{
    return app_view(fixture->app)->terminal != NULL;
}

static void a_machines_console_is_written_to_in_the_same_way(void **state)
{
    struct fixture *fixture = *state;
    const struct view *view = app_view(fixture->app);
    press_with(SDLK_f, KMOD_CTRL);
    assert_true(turn_until(fixture, form_is_open));
    type("blue1/web");
    press(SDLK_RETURN);
    press(SDLK_c);
    assert_true(turn_until(fixture, console_is_open));
    assert_true(turn_until(fixture, is_drawn));
    struct rect r = view->places[PANEL_CONSOLE].rect;
    assert_true((float)placed.x >= r.x && (float)placed.x < r.x + r.w);
    guint64 before = picture_of(fixture);
    edit("wang luo");
    press_with(SDLK_RIGHTBRACKET, KMOD_CTRL); /* would close it */
    press(SDLK_RETURN);
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(view->compose.text, "wang luo");
    assert_true(console_is_open(fixture));
    assert_true(picture_of(fixture) != before);
    edit("");
    press_with(SDLK_RIGHTBRACKET, KMOD_CTRL);
    assert_true(turn_until(fixture, is_drawn));
    assert_false(console_is_open(fixture));
}

static void a_method_that_was_left_keeps_no_keys(void **state)
{
    struct fixture *fixture = *state;
    open_message(fixture);
    edit("wang");
    assert_true(turn_until(fixture, is_drawn));
    SDL_Event event = {.window = {.type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_FOCUS_LOST}};
    assert_int_equal(SDL_PushEvent(&event), 1);
    press(SDLK_ESCAPE);
    assert_true(turn_until(fixture, is_drawn));
    assert_false(form_is_open(fixture));
}

static void what_is_pasted_is_one_line_at_the_caret(void **state)
{
    struct fixture *fixture = *state;
    open_message(fixture);
    type("[]");
    press(SDLK_LEFT);
    assert_int_equal(SDL_SetClipboardText("one\ntwo\xC2\x85\xE7\xBD\x91 \n"), 0);
    press_with(SDLK_v, KMOD_CTRL);
    type("!");
    assert_true(turn_until(fixture, is_drawn));
    assert_string_equal(text_of(fixture, 1), "[one two 网!]");
}

static void a_field_takes_no_more_than_it_holds(void **state)
{
    struct fixture *fixture = *state;
    open_message(fixture);
    for (int i = 0; i < 60; i++) {
        type("墙墙墙墙墙墙墙墙墙墙"); /* 30 bytes */
    }
    type("\xE5\xA2");
    assert_true(turn_until(fixture, is_drawn));
    assert_int_equal(strlen(text_of(fixture, 1)), 999);
    assert_true(g_utf8_validate(text_of(fixture, 1), -1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH_ENGINE(what_is_composed_is_shown_at_the_caret_and_sent_only_when_settled),
            WITH_ENGINE(keys_belong_to_the_method_while_it_composes),
            WITH_ENGINE(what_is_settled_goes_in_at_the_caret),
            WITH_ENGINE(a_long_composition_comes_whole_and_bounded),
            WITH_ENGINE(a_machines_console_is_written_to_in_the_same_way),
            WITH_ENGINE(a_method_that_was_left_keeps_no_keys),
            WITH_ENGINE(what_is_pasted_is_one_line_at_the_caret),
            WITH_ENGINE(a_field_takes_no_more_than_it_holds),
    };
    return run_with_display(tests, G_N_ELEMENTS(tests));
}
