/* test_display_sheet.c - every row of the table of keys, done by its key and by a click on the help
 * sheet, from the same beginning: both come to the same, and to something. */
#include "desk.h"

#include <unistd.h>

#define SHOT "sandtable-first-drill-001.png"

struct desk_state {
    struct desk *desk;
    char *dir, *before; /* where screenshots go, where we were */
};

static void close_form(struct app *app)
{
    app->view.form.leaving = true;
    form_leave(app);
}

/* The same beginning for each; in the past or in the present. */
static void begin(struct desk *desk, bool past)
{
    struct app *app = desk->app;
    struct view *view = &app->view;
    report_end(app);
    (void)unlink(SHOT);
    app->shots = 0;
    app->leave = false;
    close_form(app);
    detail_close(app);
    replay_leave(app);
    if (words_used() != LANGUAGE_EN) {
        words_use(LANGUAGE_EN);
        app_refold(app);
    }
    theme_use(theme_at(0));
    app_set_mode(app, MODE_CONTROL);
    view->help = view->steps = false;
    view->labels = view->attacks = view->traffic = view->screens = true;
    view->focus = view->team = view->first_rank = view->letters = 0;
    view->scroll = 7;
    view->node = 1;
    g_autoptr(GArray) order = view_inject_order(view);
    view->selected = g_array_index(order, int, 2);
    view->confirm = ACTION_NONE;
    view->pick = (struct pick){0};
    view->zoom = 1.25F;
    view->pan_x = 10;
    view->pan_y = 20;
    g_clear_pointer(&view->filter, g_free);
    g_free(view->find);
    view->find = g_strdup("10.20");
    g_hash_table_remove_all(view->moved);
    view->play.speed = 1;
    view->play.fixed = false;
    desk_turn(desk);
    layout_move(app, 2, 700, 300);
    if (past) {
        replay_at(app, 120 * G_USEC_PER_SEC);
    }
    g_clear_pointer(&view->status, g_free);
    g_ptr_array_set_size(desk->asked, 0);
    desk_turn(desk);
}

/* All that an action can change. */
static char *seen(const struct desk *desk)
{
    const struct view *v = &desk->app->view;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "mode %d focus %d inject %d node %d team %d scroll %d %d %d ",
            v->mode, v->focus, v->selected, v->node, v->team, v->scroll, v->first_rank, v->letters);
    g_string_append_printf(text, "asks %d form %d zoom %.3f %.1f %.1f help %d ", v->confirm,
            v->form.action, (double)v->zoom, (double)v->pan_x, (double)v->pan_y, v->help);
    g_string_append_printf(text, "shown %d%d%d%d%d filter %s find %s ", v->labels, v->attacks,
            v->traffic, v->steps, v->screens, v->filter ? v->filter : "", v->find ? v->find : "");
    g_string_append_printf(text, "play %d%d%d %d %" G_GINT64_FORMAT " status %d %s ", v->play.on,
            v->play.playing, v->play.fixed, v->play.speed, v->play.on ? v->play.clock_us : 0,
            v->status_bad, v->status ? v->status : "");
    g_string_append_printf(text, "pick %d %d %d %d detail %s ", v->pick.alarm != 0,
            (int)v->pick.line, (int)v->pick.note, (int)v->pick.letter,
            v->detail.text ? v->detail.text : "");
    g_string_append_printf(text, "language %d theme %p leaves %d shot %d", words_used(),
            (const void *)theme_used(), desk->app->leave, access(SHOT, F_OK) == 0);
    for (int i = 0; model_machine_at(v->model, i); i++) {
        const struct point *at = g_hash_table_lookup(v->moved, model_machine_at(v->model, i)->id);
        g_string_append_printf(
                text, " %.4f,%.4f", at ? (double)at->x : -1, at ? (double)at->y : -1);
    }
    for (guint i = 0; i < desk->asked->len; i++) {
        g_string_append_printf(text, " asked %s", (const char *)desk->asked->pdata[i]);
    }
    return g_string_free(text, FALSE);
}

static char *by_key(struct desk *desk, const struct key *key, bool past)
{
    begin(desk, past);
    desk_press(desk, key->key, key->mod);
    return seen(desk);
}

/* The bar's button opens the sheet; there the key is clicked. */
static char *by_mouse(struct desk *desk, guint index, bool past)
{
    begin(desk, past);
    desk_click(desk, desk_hit(desk, PANEL_BAR, ACTION_HELP, 0));
    assert_true(desk->app->view.help);
    if (keys_table[index].action != ACTION_HELP) { /* there it would close it again */
        desk_click(desk, view_help_cap(&desk->app->view, index));
    }
    return seen(desk);
}

/* The row with a cap that does the same. */
static guint written(guint index)
{
    for (guint i = 0; i < keys_count && !keys_table[index].cap; i++) {
        if (keys_table[i].cap && keys_table[i].action == keys_table[index].action &&
                keys_table[i].arg == keys_table[index].arg) {
            return i;
        }
    }
    return index;
}

static void every_row_of_the_sheet_does_the_same_by_key_and_by_mouse(void **state)
{
    struct desk *desk = ((struct desk_state *)*state)->desk;
    for (guint i = 0; i < keys_count; i++) {
        const struct key *key = &keys_table[i];
        const char *name = keys_table[written(i)].cap;
        bool something = false;
        assert_non_null(name);
        for (int past = 0; past < 2; past++) {
            begin(desk, past);
            g_autofree char *before = seen(desk);
            g_autofree char *keyed = by_key(desk, key, past);
            g_autofree char *clicked = by_mouse(desk, written(i), past);
            if (strcmp(keyed, clicked) != 0) {
                fail_msg("%s\nby key:   %s\nby mouse: %s", name, keyed, clicked);
            }
            something |= strcmp(before, keyed) != 0;
        }
        if (!something) {
            fail_msg("%s does nothing", name);
        }
    }
}

static void no_key_stands_for_two_things(void **state)
{
    (void)state;
    for (guint i = 0; i < keys_count; i++) {
        assert_ptr_equal(keys_find(keys_table[i].key, keys_table[i].mod), &keys_table[i]);
    }
    assert_null(keys_find(SDLK_y, KMOD_NONE)); /* it answers questions */
    assert_int_equal(keys_find(SDLK_EQUALS, KMOD_LSHIFT)->action, ACTION_ZOOM);
    assert_int_equal(keys_find(SDLK_e, KMOD_RSHIFT)->action, ACTION_END);
    assert_null(keys_find(SDLK_m, KMOD_LSHIFT));
}

/* Each key can be hit, and each line is its first key. */
static void the_sheet_has_room_for_every_line(void **state)
{
    struct desk *desk = ((struct desk_state *)*state)->desk;
    struct view *view = &desk->app->view;
    begin(desk, false);
    for (int l = 0; l < LANGUAGES; l++) {
        words_use((enum language)l);
        for (guint i = 0; i < keys_count; i++) {
            const struct key *key = &keys_table[i];
            struct rect r = view_help_cap(view, i);
            if (!key->cap) {
                continue;
            }
            struct hit hit = view_help_hit(view, r.x + r.w / 2, r.y + r.h / 2);
            assert_true(r.x >= 0 && r.y >= 0 && r.y + r.h <= HIGH);
            assert_true(hit.action == key->action && hit.arg == key->arg);
            float text = key->text ? draw_text_width(view->draw, FONT_TEXT, 14 * view->scale,
                                             tr_name(key->text))
                                   : 0;
            if (text > 350 * view->scale) {
                fail_msg("\"%s\" is %.0f wide", tr_name(key->text), (double)text);
            }
            struct hit there = view_help_hit(view, r.x + 200 * view->scale, r.y + r.h / 2);
            assert_true(!key->text || (there.action == key->action && there.arg == key->arg));
        }
    }
    words_use(LANGUAGE_EN);
    view->help = true; /* and what lies beside it is nothing */
    desk_click(desk, (struct rect){2, 2, 2, 2});
    assert_false(view->help);
    assert_int_equal(desk->asked->len, 0);
}

/* With a filter, in a replay, on a wall. */
static void begin_open(struct desk *desk, int which)
{
    begin(desk, which == 1);
    desk->app->view.filter = which == 0 ? g_strdup("x") : NULL;
    app_set_mode(desk->app, which == 2 ? MODE_WALL : MODE_CONTROL);
}

/* A question is answered no by it, an open thing is closed. */
static void the_right_button_is_escape(void **state)
{
    struct desk *desk = ((struct desk_state *)*state)->desk;
    struct view *view = &desk->app->view;
    static const struct rect place = {600, 400, 2, 2};
    for (int i = 0; i < 3; i++) {
        begin_open(desk, i);
        g_autofree char *before = seen(desk);
        desk_press(desk, SDLK_ESCAPE, KMOD_NONE);
        g_autofree char *keyed = seen(desk);
        begin_open(desk, i);
        desk_button(desk, SDL_BUTTON_RIGHT, place);
        g_autofree char *clicked = seen(desk);
        assert_string_not_equal(before, keyed);
        assert_string_equal(keyed, clicked);
    }
    begin(desk, false);
    desk_press(desk, SDLK_RETURN, KMOD_NONE);
    assert_int_equal(view->confirm, ACTION_FIRE);
    desk_button(desk, SDL_BUTTON_RIGHT, place);
    assert_int_equal(view->confirm, ACTION_NONE);
    assert_int_equal(desk->asked->len, 0);
}

static void ending_asks_for_a_reason_and_enter_ends(void **state)
{
    struct desk *desk = ((struct desk_state *)*state)->desk;
    begin(desk, false);
    desk_press(desk, SDLK_e, KMOD_LSHIFT);
    desk_press(desk, SDLK_y, KMOD_NONE); /* is text here, and ends nothing */
    assert_int_equal(desk->app->view.form.action, ACTION_END);
    assert_int_equal(desk->asked->len, 0);
    desk_press(desk, SDLK_RETURN, KMOD_NONE);
    assert_int_equal(desk->asked->len, 1);
    assert_true(g_str_has_prefix(desk->asked->pdata[0], "end "));
    const struct key *key = keys_find(SDLK_e, KMOD_LSHIFT);
    assert_non_null(strstr(key->cap, "Enter"));
    assert_null(strchr(key->cap, 'y'));
}

static int set_up(void **state)
{
    struct desk_state *it = g_new0(struct desk_state, 1);
    it->dir = test_mkdtemp();
    it->before = g_get_current_dir();
    assert_int_equal(g_chdir(it->dir), 0);
    (void)g_setenv("PATH", it->dir, TRUE); /* no terminal for a console, no browser */
    it->desk = desk_of_drill();
    desk_tell(it->desk, "score.adjusted", "blue1", "first-drill",
            "{\"points\":-5,\"reason\":\"late\",\"by\":\"mira\"}");
    *state = it;
    return 0;
}

static int tear_down(void **state)
{
    struct desk_state *it = *state;
    begin(it->desk, false);
    desk_free(it->desk);
    assert_int_equal(g_chdir(it->before), 0);
    (void)g_setenv("PATH", "/usr/bin:/bin", TRUE);
    test_rmtree(it->dir);
    g_free(it->before);
    g_free(it);
    return 0;
}

int main(void)
{
#define ON_A_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            ON_A_DESK(every_row_of_the_sheet_does_the_same_by_key_and_by_mouse),
            cmocka_unit_test(no_key_stands_for_two_things),
            ON_A_DESK(the_sheet_has_room_for_every_line),
            ON_A_DESK(the_right_button_is_escape),
            ON_A_DESK(ending_asks_for_a_reason_and_enter_ends),
    };
    return desk_run(tests, G_N_ELEMENTS(tests));
}
