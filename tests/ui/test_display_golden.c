/* test_display_golden.c - pictures of the recorded drill against golden ones. */
#include "support/test.h"

#include "base/json.h"
#include "compare.h"
#include "crowd.h"
#include "display/app.h"
#include "display/theme.h"
#include "display/words.h"

#include <stdlib.h>
#include <string.h>

#define RECORD TESTS_DIR "/ui/first-drill.ndjson"

struct picture { /* what is shown, and how */
    const char *name;
    int w, h;
    gint64 until_us; /* a replay of that moment; -1: the end */
    enum mode mode;
    const char *theme;
    enum language language;
};

static void shoot(const char *path, const struct picture *picture)
{
    g_autoptr(GError) error = NULL;
    struct app_options options = {.source = source_open_file(RECORD, &error),
            .name = "first-drill",
            .w = picture->w,
            .h = picture->h,
            .still = true,
            .mode = picture->mode,
            .until_us = picture->until_us};
    assert_no_error(error);
    theme_use(theme_find(picture->theme ? picture->theme : "dark"));
    words_use(picture->language);
    struct app *app = app_new(&options, &error);
    assert_no_error(error);
    assert_true(app_drain(app, &error));
    assert_true(app_screenshot(app, path, &error));
    app_free(app);
    theme_use(theme_at(0));
    words_use(LANGUAGE_EN);
}

static void shoot_plain(const char *path, int w, int h, gint64 until_us)
{
    struct picture picture = {.w = w, .h = h, .until_us = until_us};
    shoot(path, &picture);
}

static void draw_picture(const char *path, gconstpointer data)
{
    shoot(path, data);
}

static void check(const struct picture *picture)
{
    compare_golden(picture->name, draw_picture, picture);
}

#define SECOND ((gint64)G_USEC_PER_SEC)

static void test_each_view_looks_as_recorded(void **state)
{
    (void)state;
    static const struct picture pictures[] = {
            {"wall-1280x720", 1280, 720, 205 * SECOND, MODE_WALL, NULL, LANGUAGE_EN},
            {"public-1280x720", 1280, 720, -1, MODE_PUBLIC, NULL, LANGUAGE_EN},
            {"instructor-1280x720", 1280, 720, -1, MODE_INSTRUCTOR, NULL, LANGUAGE_EN}};
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++) {
        check(&pictures[i]);
    }
}

static void test_each_theme_and_language_looks_as_recorded(void **state)
{
    (void)state;
    static const struct picture pictures[] = {
            {"light-zh-1280x720", 1280, 720, -1, MODE_CONTROL, "light", LANGUAGE_ZH},
            {"contrast-1280x720", 1280, 720, 150 * SECOND, MODE_CONTROL, "contrast", LANGUAGE_EN}};
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++) {
        check(&pictures[i]);
    }
}

static void test_twice_the_size_looks_as_recorded(void **state)
{
    (void)state;
    static const struct picture picture = {
            "end-3840x2160", 3840, 2160, -1, MODE_CONTROL, NULL, LANGUAGE_EN};
    check(&picture);
}

/* ---- a running exercise: what a record never shows ------------------------------------------ */

struct live {
    enum model_state state;
    enum link link;
    enum action confirm, form;
    bool help, steps, impaired, console, colours, composed, clock_only;
    int age_s;
    const char *theme;         /* NULL: dark */
    const struct crowd *crowd; /* NULL: the record, up to 200 s */
};

static void impair(struct model *model)
{
    static const struct {
        const char *kind, *subject, *body;
    } events[] = {{"link.impaired", "blue1/web:office",
                          "{\"by\":\"mira\",\"asked\":{\"in\":{\"delay_us\":40000,"
                          "\"loss_ppm\":20000}}}"},
            {"link.measured", "blue1/web:office",
                    "{\"verdict\":\"drift\",\"achieved\":{\"delay_us\":71300,\"loss_ppm\":21000}}"},
            {"link.impaired", "blue2/gate:plant", "{\"by\":\"mira\",\"asked\":{\"down\":true}}"},
            {"alarm.raised", "blue1/web:office in",
                    "{\"alarm\":\"impairment-drift\",\"text\":\"blue1/web:office: 71 ms, not "
                    "40\"}"},
            {"alarm.acknowledged", "blue1/web:office in",
                    "{\"alarm\":\"impairment-drift\",\"by\":\"mira\"}"},
            {"score.frozen", "first-drill", "{\"frozen\":true,\"by\":\"mira\"}"},
            {"message.sent", "first-drill",
                    "{\"from\":\"team\",\"text\":\"Is mail relay in scope?\",\"by\":\"ann\"}"},
            {"operator.note", "first-drill",
                    "{\"text\":\"who talks to the press?\",\"about_us\":93000000,\"by\":\"mira\"}"},
            {"operator.note", "first-drill", "{\"text\":\"谁负责?\",\"by\":\"mira\"}"}};
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        auto_event event = event_new(events[i].kind, "blue1", events[i].subject,
                json_parse(events[i].body, strlen(events[i].body), NULL));
        event->seq = model->seq + 1;
        event->at_us = model->at_us;
        event->wall_us = model->wall_us;
        model_reduce(model, event);
    }
}

static struct model *fold_live(const struct live *live)
{
    struct model *model = model_new();
    g_autoptr(GPtrArray) events = live->crowd ? crowd_events(live->crowd) : NULL;
    g_autoptr(GError) error = NULL;
    struct source *source = events ? NULL : source_open_file(RECORD, &error);
    assert_no_error(error);
    for (guint i = 0; events && i < events->len; i++) {
        model_reduce(model, events->pdata[i]);
    }
    struct event *event = NULL;
    while (source && source_next(source, &event, &error) > 0) {
        if (event->at_us <= 200 * SECOND) {
            model_reduce(model, event);
        }
        event_free(event);
    }
    source_close(source);
    if (live->impaired) {
        impair(model);
    }
    model->state = live->state;
    model->clock_only = live->clock_only;
    model_settle(model);
    return model;
}

static void set_form(struct view *view)
{
    view->form.title = "Points by hand";
    view->form.count = 3;
    view->form.at = 2;
    view->form.fields[0] = (struct field){
            "team", view->form.fields[0].text, .team = 1, .chooses = true, .may_be_all = false};
    view->form.fields[1].label = "points";
    g_string_assign(view->form.fields[1].text, "-20");
    view->form.fields[2].label = "reason";
    g_string_assign(view->form.fields[2].text, "重置 dc01, asked by the team");
    view->form.fields[2].at = view->form.fields[2].text->len;
}

/* In the middle of what is written; the input method has settled half of it. */
static void set_composed(struct view *view)
{
    struct field *field = &view->form.fields[2];
    g_string_assign(field->text, "请检查的规则");
    field->at = strlen("请检查");
    view->compose = (struct compose){.text = g_strdup("防火qiang"), .start = 2, .length = 5};
}

/* All inks on all papers, plain and bold. */
static void say_all_colours(struct terminal *terminal)
{
    for (int row = 0; row < 16; row++) {
        g_autoptr(GString) text = g_string_new("\r\n");
        for (int ink = 0; ink < 16; ink++) {
            g_string_append_printf(
                    text, "\33[38;5;%d;48;5;%d%sm %2d ", ink, row, ink % 2 ? ";1" : "", ink);
        }
        g_string_append(text, "\33[m");
        terminal_feed(terminal, text->str, text->len);
    }
}

static void set_console(struct view *view)
{
    static const char said[] = "[  OK  ] Started ssh.service - OpenBSD Secure Shell server.\r\n"
                               "\r\nDebian GNU/Linux 12 web ttyS0\r\n\r\nweb login: root\r\n"
                               "Password: \r\n\33[01;32mroot@web\33[0m:~# ls -l /srv\r\n"
                               "-rw-r--r-- 1 root root 512 Nov 22 10:01 红叶.txt\r\n"
                               "\33[1mbold\33[m \33[4munderlined\33[m \33[7minverse\33[m "
                               "\33[30mblack\33[m \33[41;37m down \33[m \33[30;40mhidden?\33[m\r\n"
                               "\33[30;44m midnight \33[46m F1 Help \33[m\33[33m 128 % \33[35m红叶"
                               "\33[48;5;236;38;5;202m 256 \33[m\r\n"
                               "\33[01;32mroot@web\33[0m:~# ";
    view->terminal = terminal_new();
    terminal_feed(view->terminal, said, strlen(said));
    view->console = g_strdup("blue1/web");
    view->console_note = g_strdup("Ctrl+] closes");
    view->focus = FOCUS_CONSOLE;
}

static void draw_live(const char *path, gconstpointer data)
{
    const struct live *live = data;
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(live->crowd ? 1920 : 1280, live->crowd ? 1080 : 720, &error);
    assert_no_error(error);
    struct model *model = fold_live(live);
    struct view view;
    view_init(&view, draw, model);
    view.utc = true;
    view.link = live->link;
    view.source = "first-drill";
    view.clock_us = model->at_us;
    view.wall_us = model->wall_us;
    view.play.live_us = model->at_us;
    view.lag_ms = 3;
    view.load_percent = 41;
    view.age_s = live->age_s;
    view.selected = 9;
    view.node = 1;
    view.confirm = live->confirm;
    view.form.action = live->form;
    view.help = live->help;
    view.steps = live->steps;
    set_form(&view);
    if (live->composed) {
        set_composed(&view);
    }
    if (live->console) {
        set_console(&view);
    }
    if (live->colours) {
        say_all_colours(view.terminal);
        view.compose.text = g_strdup("fang huo");
        view.compose.start = 4;
    }
    theme_use(theme_find(live->theme ? live->theme : "dark"));
    view_draw(&view);
    assert_true(draw_save_png(draw, path, &error));
    theme_use(theme_at(0));
    view_clear(&view);
    model_free(model);
    draw_free(draw);
}

static void test_each_state_of_a_running_exercise_looks_as_recorded(void **state)
{
    (void)state;
    static const struct crowd crowd = {.teams = 10,
            .machines = 7,
            .services = 10,
            .links = 2,
            .events = 2400,
            .duration_us = 7200 * SECOND};
    static const struct {
        const char *name;
        struct live live;
    } pictures[] = {
            {"live-confirm", {MODEL_RUNNING, LINK_LIVE, .confirm = ACTION_FIRE}},
            {"live-paused", {MODEL_PAUSED, LINK_LIVE, .steps = true}},
            {"live-clock-paused", {MODEL_PAUSED, LINK_LIVE, .clock_only = true}},
            {"live-form", {MODEL_RUNNING, LINK_LIVE, .form = ACTION_ADJUST}},
            {"live-composed", {MODEL_RUNNING, LINK_LIVE, .form = ACTION_ADJUST, .composed = true}},
            {"live-help", {MODEL_RUNNING, LINK_LIVE, .help = true}},
            {"live-gone", {MODEL_RUNNING, LINK_GONE, .age_s = 12}},
            {"live-impaired", {MODEL_RUNNING, LINK_LIVE, .impaired = true}},
            {"live-console", {MODEL_RUNNING, LINK_LIVE, .console = true}},
            {"live-console-colours", {MODEL_RUNNING, LINK_LIVE, .console = true, .colours = true}},
            {"live-console-light",
                    {MODEL_RUNNING, LINK_LIVE, .console = true, .colours = true, .theme = "light"}},
            {"live-ten-teams", {MODEL_RUNNING, LINK_LIVE, .crowd = &crowd}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++) {
        compare_golden(pictures[i].name, draw_live, &pictures[i].live);
    }
}

/* Else equal: one more event, which is a private note or nothing that is shown. */
static uint32_t *pixels_with(const char *kind, enum mode mode)
{
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(1280, 720, &error);
    assert_no_error(error);
    const struct live live = {.state = MODEL_RUNNING};
    struct model *model = fold_live(&live);
    auto_event event = event_new(kind, NULL, "first-drill",
            cJSON_Parse("{\"text\":\"SECRET\",\"about_us\":60000000,\"by\":\"mira\"}"));
    event->seq = model->seq + 1;
    event->at_us = model->at_us;
    model_reduce(model, event);
    struct view view;
    view_init(&view, draw, model);
    view.mode = mode;
    view.link = LINK_LIVE;
    view.clock_us = model->at_us;
    view_draw(&view);
    uint32_t *pixels = g_memdup2(draw_pixels(draw), (gsize)1280 * 720 * sizeof *pixels);
    view_clear(&view);
    model_free(model);
    draw_free(draw);
    return pixels;
}

static void test_a_private_note_is_seen_in_the_control_view_and_in_no_other(void **state)
{
    (void)state;
    for (int mode = MODE_CONTROL; mode < MODES; mode++) {
        g_autofree uint32_t *with = pixels_with("operator.note", (enum mode)mode);
        g_autofree uint32_t *without = pixels_with("nothing.shown", (enum mode)mode);
        bool same = memcmp(with, without, (gsize)1280 * 720 * sizeof *with) == 0;
        assert_int_equal(same, mode != MODE_CONTROL);
    }
}

/* A panel that did not change keeps its pixels: drawn bit by bit or at once is the same. */
static void test_a_picture_drawn_in_parts_is_the_picture_drawn_at_once(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(1280, 720, &error);
    struct draw *other = draw_new(1280, 720, &error);
    assert_no_error(error);
    struct model *model = model_new();
    struct view view;
    view_init(&view, draw, model);
    view.utc = true;
    struct source *source = source_open_file(RECORD, &error);
    struct event *event = NULL;
    while (source_next(source, &event, &error) > 0) {
        model_reduce(model, event);
        model_settle(model);
        view.clock_us = event->at_us;
        view.wall_us = event->wall_us;
        view_draw(&view);
        bool last = !strcmp(event->kind, "exercise.state") || event->seq % 40 == 0;
        event_free(event);
        if (last) {
            struct view fresh;
            view_init(&fresh, other, model);
            fresh.utc = true;
            fresh.clock_us = view.clock_us;
            fresh.wall_us = view.wall_us;
            view_draw(&fresh);
            assert_memory_equal(draw_pixels(draw), draw_pixels(other), (gsize)1280 * 720 * 4);
            view_clear(&fresh);
        }
    }
    source_close(source);
    view_clear(&view);
    model_free(model);
    draw_free(draw);
    draw_free(other);
}

static void test_the_end_of_the_drill_looks_as_recorded_at_1920x1080(void **state)
{
    (void)state;
    static const struct picture picture = {
            "end-1920x1080", 1920, 1080, -1, MODE_CONTROL, NULL, LANGUAGE_EN};
    check(&picture);
}

static void test_the_middle_of_the_drill_looks_as_recorded_at_1280x720(void **state)
{
    (void)state;
    static const struct picture picture = {
            "attack-1280x720", 1280, 720, 200 * SECOND, MODE_CONTROL, NULL, LANGUAGE_EN};
    check(&picture);
}

static void test_two_pictures_of_the_same_events_are_the_same_bytes(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *first = g_build_filename(dir, "a.png", NULL);
    g_autofree char *second = g_build_filename(dir, "b.png", NULL);
    shoot_plain(first, 1600, 900, 100 * G_USEC_PER_SEC);
    shoot_plain(second, 1600, 900, 100 * G_USEC_PER_SEC);
    g_autofree char *a = NULL;
    g_autofree char *b = NULL;
    gsize a_size = 0;
    gsize b_size = 0;
    assert_true(g_file_get_contents(first, &a, &a_size, NULL));
    assert_true(g_file_get_contents(second, &b, &b_size, NULL));
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    test_rmtree(dir);
}

static void test_the_comparison_sees_another_picture(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *first = g_build_filename(dir, "a.png", NULL);
    g_autofree char *second = g_build_filename(dir, "b.png", NULL);
    g_autofree char *diff = g_build_filename(dir, "diff.png", NULL);
    shoot_plain(first, 1280, 720, 60 * G_USEC_PER_SEC);
    shoot_plain(second, 1280, 720, 220 * G_USEC_PER_SEC);
    assert_int_equal(compare_png(first, second, diff), COMPARE_DIFFERENT);
    assert_true(g_file_test(diff, G_FILE_TEST_EXISTS));
    assert_int_equal(compare_png(first, "/nonexistent", NULL), COMPARE_UNREADABLE);
    test_rmtree(dir);
}

static void test_every_size_from_small_to_large_can_be_drawn(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "a.png", NULL);
    shoot_plain(path, 640, 400, -1);
    shoot_plain(path, 3840, 2160, -1);
    shoot_plain(path, 7680, 400, 0);
    test_rmtree(dir);
}

int main(void)
{
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_end_of_the_drill_looks_as_recorded_at_1920x1080),
            cmocka_unit_test(test_the_middle_of_the_drill_looks_as_recorded_at_1280x720),
            cmocka_unit_test(test_each_view_looks_as_recorded),
            cmocka_unit_test(test_each_theme_and_language_looks_as_recorded),
            cmocka_unit_test(test_twice_the_size_looks_as_recorded),
            cmocka_unit_test(test_each_state_of_a_running_exercise_looks_as_recorded),
            cmocka_unit_test(test_a_private_note_is_seen_in_the_control_view_and_in_no_other),
            cmocka_unit_test(test_a_picture_drawn_in_parts_is_the_picture_drawn_at_once),
            cmocka_unit_test(test_two_pictures_of_the_same_events_are_the_same_bytes),
            cmocka_unit_test(test_the_comparison_sees_another_picture),
            cmocka_unit_test(test_every_size_from_small_to_large_can_be_drawn),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    return failed;
}
