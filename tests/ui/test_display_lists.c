/* test_display_lists.c - panels 5 to 7 by keys and by clicks: an alarm, an event, a note or a message
 * is chosen, read to its end, answered, taken on, replayed; and no typed text is lost unasked. */
#include "desk.h"

#define LONG_WORDS 180

/* Longer than any panel has room for; ends in "the end". */
static char *long_text(void)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < LONG_WORDS; i++) {
        g_string_append_printf(text, "word%03d ", i);
    }
    return g_string_free(g_string_append(text, "the end"), FALSE);
}

static void tell_text(struct desk *desk, const char *kind, const char *team, const char *text,
        const char *members)
{
    g_autofree char *body = g_strdup_printf("{\"text\":\"%s\",\"by\":\"mira\"%s}", text, members);
    desk_tell(desk, kind, team, "first-drill", body);
}

static void tell_alarm(struct desk *desk, const char *subject)
{
    g_autofree char *body =
            g_strdup_printf("{\"alarm\":\"machine-crashed\",\"text\":\"%s crashed\"}", subject);
    desk_tell(desk, "alarm.raised", "blue1", subject, body);
}

static void press(struct desk *desk, SDL_Keycode key)
{
    desk_press(desk, key, KMOD_NONE);
    desk_turn(desk);
}

static const char *last_asked(const struct desk *desk)
{
    return desk->asked->len > 0 ? desk->asked->pdata[desk->asked->len - 1] : "";
}

static void x_takes_the_chosen_alarm_on_not_the_oldest(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    tell_alarm(desk, "blue1/web");
    tell_alarm(desk, "blue1/gate");
    assert_int_equal(view->model->alarms->len, 3);
    press(desk, SDLK_5);
    press(desk, SDLK_DOWN); /* the newest */
    press(desk, SDLK_DOWN);
    press(desk, SDLK_x);
    assert_non_null(strstr(last_asked(desk), "acknowledge"));
    assert_non_null(strstr(last_asked(desk), "blue1/web"));
    desk_click(desk, desk_hit(desk, PANEL_EVENTS, ACTION_ALARM, 3));
    desk_turn(desk);
    assert_string_equal(model_machine_at(view->model, view->node)->id, "blue1/gate");
    press(desk, SDLK_x);
    assert_non_null(strstr(last_asked(desk), "blue1/gate"));
    press(desk, SDLK_ESCAPE);
    press(desk, SDLK_x); /* none is chosen */
    assert_non_null(strstr(last_asked(desk), "blue2/plc"));
}

static void a_chosen_alarm_is_in_sight_however_many_there_are(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 30; i++) {
        g_autofree char *subject = g_strdup_printf("blue1/web%d", i);
        tell_alarm(desk, subject);
    }
    press(desk, SDLK_5);
    for (int i = 0; i < 31; i++) {
        press(desk, SDLK_DOWN);
        int index = 30 - i;
        const struct model_alarm *alarm = desk->app->view.model->alarms->pdata[index];
        assert_true(desk->app->view.pick.alarm == model_alarm_key(alarm));
        (void)desk_hit(desk, PANEL_EVENTS, ACTION_ALARM, index + 1);
    }
}

static void a_line_of_the_feed_is_opened_by_enter_and_by_a_click(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    press(desk, SDLK_5);
    press(desk, SDLK_DOWN); /* the alarm that is open */
    for (int i = 0; i < 40; i++) {
        press(desk, SDLK_DOWN); /* farther than the panel is high */
    }
    gint64 seq = view->pick.line;
    assert_true(seq > 0 && view->scroll > 0);
    (void)desk_hit(desk, PANEL_EVENTS, ACTION_LINE, (int)seq);
    press(desk, SDLK_RETURN);
    assert_non_null(view->detail.text);
    g_autofree char *text = g_strdup(view->detail.text);
    gint64 at_us = view->detail.at_us;
    press(desk, SDLK_ESCAPE);
    assert_null(view->detail.text);
    assert_int_equal(view->pick.line, seq);
    assert_false(view->play.on);
    desk_click(desk, desk_hit(desk, PANEL_EVENTS, ACTION_LINE, (int)seq));
    desk_turn(desk);
    assert_string_equal(view->detail.text, text);
    desk_click(desk, view->detail.when); /* and leads to its moment */
    desk_turn(desk);
    assert_true(view->play.on && view->model->seq >= seq);
    assert_int_equal(view->clock_us, at_us);
    press(desk, SDLK_HOME);
    press(desk, SDLK_j); /* the chosen line's, by key */
    assert_true(view->play.on);
    assert_int_equal(view->play.clock_us, at_us);
    assert_int_equal(desk->asked->len, 0);
}

static void a_chosen_line_stays_in_sight_when_others_come(void **state)
{
    struct desk *desk = *state;
    press(desk, SDLK_5);
    press(desk, SDLK_DOWN);
    press(desk, SDLK_DOWN);
    int seq = (int)desk->app->view.pick.line;
    for (int i = 0; i < 60; i++) {
        tell_text(desk, "note", "blue1", "something", "");
        (void)desk_hit(desk, PANEL_EVENTS, ACTION_LINE, seq);
    }
    press(desk, SDLK_PAGEDOWN); /* looking elsewhere lets go of it */
    assert_int_equal(desk->app->view.pick.line, 0);
}

/* Every line of the sheet was on the screen once. */
static void read_to_the_end(struct desk *desk)
{
    const struct detail *detail = &desk->app->view.detail;
    assert_true(detail->rows > 0 && detail->lines >= detail->rows);
    for (int i = 0; detail->first + detail->rows < detail->lines; i++) {
        assert_true(i < detail->lines);
        press(desk, SDLK_DOWN);
    }
    press(desk, SDLK_HOME);
    assert_int_equal(detail->first, 0);
    press(desk, SDLK_END);
    assert_int_equal(detail->first, detail->lines - detail->rows);
}

static void a_long_note_is_read_to_its_end(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    g_autofree char *text = long_text();
    tell_text(desk, "operator.note", NULL, text, ",\"about_us\":60000000");
    tell_text(desk, "operator.note", NULL, "short", ",\"about_us\":30000000");
    press(desk, SDLK_6);
    press(desk, SDLK_RETURN);
    assert_null(view->detail.text); /* none is chosen */
    assert_non_null(strstr(view->status, "up or down"));
    press(desk, SDLK_DOWN); /* the last in time: the long one */
    press(desk, SDLK_RETURN);
    assert_string_equal(view->detail.text, text);
    assert_int_equal(view->detail.at_us, 60 * G_USEC_PER_SEC);
    read_to_the_end(desk);
    press(desk, SDLK_j);
    assert_int_equal(view->play.clock_us, 60 * G_USEC_PER_SEC);
    press(desk, SDLK_HOME);
    press(desk, SDLK_UP); /* the one before it in time */
    press(desk, SDLK_RETURN);
    assert_string_equal(view->detail.text, "short");
    press(desk, SDLK_RETURN);
    desk_click(desk, desk_hit(desk, PANEL_TIMELINE, ACTION_READ, 0)); /* its flag */
    desk_turn(desk);
    assert_string_equal(view->detail.text, text);
    press(desk, SDLK_ESCAPE);
    press(desk, SDLK_5); /* its line of the feed says all of it as well */
    while (view->pick.line != desk->seq - 1) {
        press(desk, SDLK_DOWN);
    }
    press(desk, SDLK_RETURN);
    assert_string_equal(view->detail.text, text);
}

static void a_note_is_nothing_for_another_view(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    tell_text(desk, "operator.note", NULL, "secret", "");
    press(desk, SDLK_6);
    press(desk, SDLK_DOWN);
    assert_true(view->pick.note > 0);
    for (enum mode mode = MODE_WALL; mode < MODES; mode++) {
        app_set_mode(desk->app, mode);
        for (int focus = SDLK_5; focus <= SDLK_7; focus++) {
            press(desk, focus);
            press(desk, SDLK_DOWN);
            press(desk, SDLK_RETURN);
            assert_true(!view->detail.text || !strstr(view->detail.text, "secret"));
            press(desk, SDLK_RETURN);
        }
        app_act(desk->app, ACTION_READ, 0);
        app_act(desk->app, ACTION_LINE, (int)desk->seq);
        assert_null(view->detail.text);
    }
    assert_int_equal(desk->asked->len, 0);
}

static void a_long_message_is_read_and_answered(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    g_autofree char *text = long_text();
    tell_text(desk, "message.sent", "blue2", text, ",\"from\":\"team\"");
    for (int mouse = 0; mouse < 2; mouse++) {
        if (mouse) {
            const GPtrArray *messages = view->model->messages;
            desk_click(desk, desk_hit(desk, PANEL_MESSAGES, ACTION_LETTER, (int)messages->len - 1));
        } else {
            press(desk, SDLK_7);
            press(desk, SDLK_DOWN);
            press(desk, SDLK_RETURN);
        }
        desk_turn(desk);
        assert_string_equal(view->detail.text, text);
        read_to_the_end(desk);
        if (mouse) {
            desk_click(desk, view->detail.does);
        } else {
            press(desk, SDLK_m);
        }
        assert_null(view->detail.text);
        assert_int_equal(view->form.action, ACTION_MESSAGE);
        assert_string_equal(model_team_at(view->model, view->form.fields[0].team)->id, "blue2");
        press(desk, SDLK_ESCAPE); /* nothing is written: nothing is asked */
        assert_int_equal(view->form.action, ACTION_NONE);
    }
    press(desk, SDLK_m); /* else to all, whatever was read before */
    assert_int_equal(view->form.fields[0].team, -1);
}

static void an_alarm_is_read_and_taken_on(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    press(desk, SDLK_5);
    press(desk, SDLK_DOWN);
    press(desk, SDLK_RETURN);
    assert_non_null(strstr(view->detail.text, "tank at 412 of 400"));
    press(desk, SDLK_m); /* nobody to answer */
    assert_non_null(view->detail.text);
    press(desk, SDLK_x);
    assert_null(view->detail.text);
    assert_non_null(strstr(last_asked(desk), "tank-overflow"));
    desk_tell(desk, "alarm.acknowledged", "blue2", "blue2/plc",
            "{\"alarm\":\"tank-overflow\",\"by\":\"mira\"}");
    press(desk, SDLK_RETURN);
    assert_non_null(strstr(view->detail.title, "mira"));
    assert_true(view->detail.does.w == 0); /* it is somebody's */
    const SDL_Event held = {.key = {.type = SDL_KEYDOWN,
                                    .state = SDL_PRESSED,
                                    .repeat = 1,
                                    .keysym.sym = SDLK_RETURN}};
    app_input(desk->app, &held);
    assert_non_null(view->detail.text); /* the key that opened it is still down */
    desk_button(desk, SDL_BUTTON_RIGHT, view->detail.box);
    assert_null(view->detail.text);
    tell_alarm(desk, "blue1/web");
    guint asked = desk->asked->len;
    press(desk, SDLK_x); /* not another one in its place */
    assert_int_equal(desk->asked->len, asked);
    assert_non_null(strstr(view->status, "mira"));
}

/* ---- typed text ---------------------------------------------------------------------------- */

static void escape_never_loses_typed_text_unasked(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    static const struct {
        SDL_Keycode key;
        SDL_Keymod mod;
    } opens[] = {{SDLK_m, KMOD_NONE}, {SDLK_n, KMOD_NONE}, {SDLK_p, KMOD_NONE}, {SDLK_i, KMOD_NONE},
            {SDLK_e, KMOD_NONE}, {SDLK_e, KMOD_SHIFT}, {SDLK_f, KMOD_CTRL},
            {SDLK_SLASH, KMOD_NONE}};
    press(desk, SDLK_DOWN);
    for (guint i = 0; i < G_N_ELEMENTS(opens); i++) {
        desk_press(desk, opens[i].key, opens[i].mod);
        assert_int_not_equal(view->form.action, ACTION_NONE);
        const struct field *field = &view->form.fields[view->form.at];
        desk_type(desk, "1:30");
        g_autofree char *written = g_strdup(field->text->str);
        press(desk, SDLK_ESCAPE);
        assert_true(view->form.leaving);
        press(desk, SDLK_n); /* no */
        assert_false(view->form.leaving);
        assert_string_equal(field->text->str, written);
        desk_button(desk, SDL_BUTTON_RIGHT, view->form.boxes[0]);
        assert_true(view->form.leaving);
        desk_type(desk, "z"); /* is an answer, not text */
        assert_string_equal(field->text->str, written);
        press(desk, SDLK_y);
        assert_int_equal(view->form.action, ACTION_NONE);
    }
    assert_int_equal(desk->asked->len, 0);
}

static void leaving_by_mouse_asks_as_well(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    press(desk, SDLK_p);
    desk_type(desk, "-20");
    press(desk, SDLK_TAB);
    desk_click(desk, view->form.leave);
    assert_true(view->form.leaving);
    desk_turn(desk);
    desk_click(desk, view->form.boxes[1]); /* elsewhere: no */
    assert_false(view->form.leaving);
    desk_click(desk, view->form.leave);
    desk_click(desk, view->form.leave);
    assert_int_equal(view->form.action, ACTION_NONE);
    press(desk, SDLK_DOWN); /* a time that stands there already is nobody's typing */
    press(desk, SDLK_e);
    assert_true(view->form.fields[0].text->len > 0);
    press(desk, SDLK_ESCAPE);
    assert_int_equal(view->form.action, ACTION_NONE);
}

static void the_middle_button_pastes(void **state)
{
    struct desk *desk = *state;
    const struct view *view = &desk->app->view;
    assert_int_equal(SDL_SetClipboardText("from elsewhere"), 0);
    press(desk, SDLK_m);
    desk_button(desk, SDL_BUTTON_MIDDLE, view->form.boxes[1]);
    assert_string_equal(view->form.fields[1].text->str, "from elsewhere");
}

/* ---- a freeze -------------------------------------------------------------------------------- */

static guint differing(const uint32_t *a, const uint32_t *b)
{
    guint count = 0;
    for (int i = 0; i < WIDE * 40; i++) { /* the bar's rows, left of its buttons */
        count += i % WIDE < 420 && a[i] != b[i];
    }
    return count;
}

static uint32_t *picture(struct desk *desk)
{
    desk_turn(desk);
    return g_memdup2(draw_pixels(desk->app->view.draw), (gsize)WIDE * HIGH * 4);
}

/* Each state of the exercise, and a replay: the bar says it, and no longer when it is lifted. */
static void a_freeze_is_said_in_every_state_in_which_it_holds(void **state)
{
    struct desk *desk = *state;
    static const char *const states[] = {"ready", "running", "paused", "ended", "down"};
    for (guint i = 0; i < G_N_ELEMENTS(states) + 1; i++) {
        bool past = i == G_N_ELEMENTS(states);
        g_autofree char *body = g_strdup_printf("{\"state\":\"%s\"}", states[past ? 1 : i]);
        desk_tell(desk, "exercise.state", NULL, "exercise", body);
        if (past) {
            replay_at(desk->app, 100 * G_USEC_PER_SEC);
        }
        g_autofree uint32_t *without = picture(desk);
        desk_tell(desk, "score.frozen", NULL, "first-drill", "{\"frozen\":true,\"by\":\"mira\"}");
        assert_true(view_freeze_holds(&desk->app->view));
        g_autofree uint32_t *with = picture(desk);
        if (differing(without, with) < 300) {
            fail_msg("%s: no mark of the freeze", past ? "replay" : states[i]);
        }
        desk_tell(desk, "score.frozen", NULL, "first-drill", "{\"frozen\":false,\"by\":\"mira\"}");
        g_autofree uint32_t *again = picture(desk);
        assert_int_equal(differing(without, again), 0);
    }
}

static int set_up(void **state)
{
    *state = desk_of_drill();
    return 0;
}

static int tear_down(void **state)
{
    desk_free(*state);
    return 0;
}

int main(void)
{
#define ON_A_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            ON_A_DESK(x_takes_the_chosen_alarm_on_not_the_oldest),
            ON_A_DESK(a_chosen_alarm_is_in_sight_however_many_there_are),
            ON_A_DESK(a_line_of_the_feed_is_opened_by_enter_and_by_a_click),
            ON_A_DESK(a_chosen_line_stays_in_sight_when_others_come),
            ON_A_DESK(a_long_note_is_read_to_its_end),
            ON_A_DESK(a_note_is_nothing_for_another_view),
            ON_A_DESK(a_long_message_is_read_and_answered),
            ON_A_DESK(an_alarm_is_read_and_taken_on),
            ON_A_DESK(escape_never_loses_typed_text_unasked),
            ON_A_DESK(leaving_by_mouse_asks_as_well),
            ON_A_DESK(the_middle_button_pastes),
            ON_A_DESK(a_freeze_is_said_in_every_state_in_which_it_holds),
    };
    return desk_run(tests, G_N_ELEMENTS(tests));
}
