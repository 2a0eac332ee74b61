/* test_display_scenes.c - golden pictures of each state and view of a running exercise, from recorded
 * events; how old a picture is is said in all of them, and none says what is not for its people. */
#include "support/test.h"

#include "base/json.h"
#include "compare.h"
#include "display/app.h"
#include "display/theme.h"
#include "display/thumb.h"
#include "display/words.h"
#include "scene.h"
#include "score/public.h"

#include <stdio.h>
#include <string.h>

#define W 1280
#define H 720
#define BYTES ((gsize)W * H * sizeof(uint32_t))
#define NOW (200 * G_TIME_SPAN_SECOND)
#define FILES 2

struct scene {
    const char *name;
    enum mode mode;
    enum link link;
    gint64 seq;               /* the drill up to this event; 0: up to NOW; -1: without it */
    const char *files[FILES]; /* … and then these */
    const char *team, *inject, *filter; /* chosen */
    int age_s;
    bool replay, board, screens;
};

static struct model *fold_scene(const struct scene *scene)
{
    struct model *model = scene->seq < 0    ? model_new()
                          : scene->seq == 0 ? scene_fold(NOW)
                                            : scene_fold_seq(scene->seq);
    for (int i = 0; i < FILES && scene->files[i]; i++) {
        g_autofree char *path = g_strdup_printf(TESTS_DIR "/ui/scenes/%s.ndjson", scene->files[i]);
        scene_add(model, path);
    }
    return model;
}

static int inject_index(const struct model *model, const char *id)
{
    for (int i = 0; model_inject_at(model, i); i++) {
        if (id && !strcmp(model_inject_at(model, i)->id, id)) {
            return i;
        }
    }
    return -1;
}

/* A made-up screen: a window with a few lines on a colour of its own. */
static void add_screen(struct view *view, const char *machine, uint32_t c)
{
    struct thumb *thumb = g_new0(struct thumb, 1);
    thumb->w = THUMB_W;
    thumb->h = THUMB_H;
    for (int i = 0; i < THUMB_W * THUMB_H; i++) {
        int x = i % THUMB_W;
        int y = i / THUMB_W;
        bool window = x > 20 && x < 120 && y > 16 && y < 84;
        bool line = window && y % 9 < 2 && x > 28 && x < 110 - y % 4 * 9;
        thumb->pixels[i] = line ? 0x303030 : window ? 0xE8E8E8 : c;
    }
    g_hash_table_replace(view->thumbs, g_strdup(machine), thumb);
    view->shots++;
}

static void set_view(struct view *view, const struct scene *scene, struct model *model)
{
    view->utc = true;
    view->mode = scene->mode;
    view->link = scene->link;
    view->source = model->seq > 0 ? model->name : "first-drill";
    view->clock_us = model->at_us;
    view->wall_us = model->wall_us;
    view->play = (struct play){.speed = 1, .live_us = model->at_us};
    view->lag_ms = scene->link == LINK_LIVE ? 3 : -1;
    view->load_percent = scene->link == LINK_FILE ? -1 : 41;
    view->age_s = scene->age_s;
    view->selected = inject_index(model, scene->inject);
    view->team = MAX(model_team_find(model, scene->team ? scene->team : ""), 0);
    view->filter = g_strdup(scene->filter);
    view->frozen_board = scene->board;
    if (scene->replay) {
        view->play = (struct play){.on = true,
                .playing = true,
                .speed = 3,
                .clock_us = model->at_us,
                .live_us = 260 * G_TIME_SPAN_SECOND};
    }
    if (scene->screens) {
        add_screen(view, "blue1/web", 0x204A87);
        add_screen(view, "blue2/web", 0x5C3566);
        add_screen(view, "attacker", 0x101010);
    }
}

static uint32_t *draw_scene(const struct scene *scene, struct model *model, const char *path)
{
    g_autoptr(GError) error = NULL;
    struct draw *draw = draw_new(W, H, &error);
    assert_no_error(error);
    struct view view;
    view_init(&view, draw, model);
    set_view(&view, scene, model);
    view_draw(&view);
    uint32_t *pixels = g_memdup2(draw_pixels(draw), BYTES);
    if (path) {
        assert_true(draw_save_png(draw, path, &error));
    }
    view_clear(&view);
    draw_free(draw);
    return pixels;
}

static void draw_golden(const char *path, gconstpointer data)
{
    struct model *model = fold_scene(data);
    g_free(draw_scene(data, model, path));
    model_free(model);
}

static const struct scene scenes[] = {
        {"scene-connecting", MODE_CONTROL, .seq = -1, .link = LINK_CONNECTING},
        {"scene-no-events", MODE_WALL, .seq = -1, .link = LINK_LIVE},
        {"scene-empty", MODE_CONTROL, .seq = -1, .files = {"empty"}, .link = LINK_LIVE},
        {"scene-setup", MODE_CONTROL, .seq = 22, .link = LINK_LIVE},
        {"scene-ready", MODE_CONTROL, .seq = 31, .link = LINK_LIVE},
        {"scene-wall", MODE_WALL, .files = {"signed"}, .link = LINK_LIVE},
        {"scene-wall-stale", MODE_WALL, .files = {"signed"}, .link = LINK_GONE, .age_s = 12},
        {"scene-public", MODE_PUBLIC, .files = {"signed"}, .link = LINK_LIVE},
        {"scene-public-frozen", MODE_PUBLIC, .files = {"signed"}, .link = LINK_LIVE, .board = true},
        {"scene-instructor", MODE_INSTRUCTOR, .link = LINK_LIVE, .team = "blue2"},
        {"scene-frozen", MODE_CONTROL, .files = {"signed", "frozen"}, .link = LINK_LIVE},
        {"scene-replay", MODE_CONTROL, .link = LINK_LIVE, .replay = true},
        {"scene-approval", MODE_CONTROL, .files = {"approval"}, .link = LINK_LIVE,
                .inject = "blackout"},
        {"scene-held", MODE_CONTROL, .files = {"held"}, .link = LINK_LIVE},
        {"scene-filter", MODE_CONTROL, .link = LINK_LIVE, .filter = "gate"},
        {"scene-screens", MODE_CONTROL, .link = LINK_LIVE, .screens = true},
        {"scene-links", MODE_CONTROL, .seq = -1, .files = {"links"}, .link = LINK_LIVE},
};

static void each_scene_looks_as_recorded(void **state)
{
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(scenes); i++) {
        compare_golden(scenes[i].name, draw_golden, &scenes[i]);
    }
}

static bool differs(const uint32_t *a, const uint32_t *b, struct rect r)
{
    for (int y = (int)r.y; y < (int)(r.y + r.h); y++) {
        if (memcmp(a + y * W + (int)r.x, b + y * W + (int)r.x, (gsize)r.w * sizeof *a) != 0) {
            return true;
        }
    }
    return false;
}

/* Twelve seconds and thirteen are different words in each panel that has a title. */
static void how_old_the_picture_is_stands_in_every_panel_of_every_view(void **state)
{
    (void)state;
    struct model *model = scene_fold(NOW);
    for (int mode = 0; mode < MODES; mode++) {
        struct scene scene = {.mode = (enum mode)mode, .link = LINK_GONE, .age_s = 12};
        g_autofree uint32_t *first = draw_scene(&scene, model, NULL);
        scene.age_s = 13;
        g_autofree uint32_t *second = draw_scene(&scene, model, NULL);
        struct draw *draw = draw_new(W, H, NULL);
        struct view view;
        view_init(&view, draw, model);
        set_view(&view, &scene, model);
        view_draw(&view); /* its size is the layout's */
        struct layout layout = view_layout(&view);
        int told = 0;
        for (int p = 0; p < PANELS; p++) {
            struct rect head = layout.at[p];
            head.h = MIN(head.h, 30);
            if (head.w > 0 && p != PANEL_BAR && p != PANEL_HINTS) {
                assert_true(differs(first, second, head));
                told++;
            }
        }
        assert_in_range(told, 4, PANELS);
        view_clear(&view);
        draw_free(draw);
    }
    model_free(model);
}

static char *wall_code(const struct scene *scene, const char *code)
{
    struct model *model = scene_fold(NOW);
    g_autofree char *body = g_strdup_printf("{\"code\":\"%s\"}", code);
    scene_tell(model, "ledger.signed", NULL, "exercise", body);
    g_autofree uint32_t *pixels = draw_scene(scene, model, NULL);
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)pixels, BYTES);
    model_free(model);
    return sum;
}

static void every_view_shows_the_code_of_the_last_signature(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        struct scene scene = {.mode = (enum mode)mode, .link = LINK_LIVE};
        g_autofree char *one = wall_code(&scene, "KHRTMWQZ");
        g_autofree char *same = wall_code(&scene, "KHRTMWQZ");
        g_autofree char *other = wall_code(&scene, "KHRTMWQY");
        assert_string_equal(one, same);
        assert_string_not_equal(one, other);
    }
}

/* ---- what the public sees ------------------------------------------------------------------- */

/* The drill's lines, each as change() makes it. */
static struct model *fold_changed(struct event *(*change)(const struct event *event))
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(SCENE_DRILL, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    struct model *model = model_new();
    for (int i = 0; lines[i] && *lines[i]; i++) {
        g_autoptr(GError) error = NULL;
        auto_event event = event_from_line(lines[i], strlen(lines[i]), &error);
        assert_no_error(error);
        if (event->at_us <= NOW) {
            auto_event other = change(event);
            model_reduce(model, other);
            model_settle(model); /* each time: else the moments of samples depend on the rest */
        }
    }
    return model;
}

static struct event *as_it_is(const struct event *event)
{
    return event_copy(event);
}

/* What a public subscriber is sent; the rest leaves no more than that time went on. The plan is no
 * part of it, but without one there is no picture: see the next. */
static struct event *as_the_public_is_told(const struct event *event)
{
    struct event *told =
            strcmp(event->kind, "exercise.created") != 0 ? public_event(event) : event_copy(event);
    if (!told) {
        told = event_new("nothing.shown", NULL, NULL, NULL);
        told->seq = event->seq;
        told->at_us = event->at_us;
        told->wall_us = event->wall_us;
    }
    return told;
}

static char *replaced(const char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    return g_strjoinv(to, parts);
}

/* Machines, addresses, networks, steps and techniques have other names. */
static struct event *with_other_secrets(const struct event *event)
{
    static const char *const secrets[][2] = {{":\"attacker\"", ":\"intruder\""},
            {"\"web\"", "\"w3b\""}, {"/web\"", "/w3b\""}, {"10.20.", "10.99."},
            {"office", "bureau"}, {"plant\"", "works\""}, {"\"recon\"", "\"looks\""},
            {"recon@", "looks@"}, {"T1046", "T1595"}, {"Find the office", "Search the office"},
            {"Deface the web", "Ruin the web"}};
    g_autofree char *line = event_to_line(event);
    for (guint i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_autofree char *old = g_steal_pointer(&line);
        line = replaced(old, secrets[i][0], secrets[i][1]);
    }
    return event_from_line(line, strlen(line), NULL);
}

static bool looks_the_same(
        enum mode mode, struct event *(*change)(const struct event *event), bool *same_in_control)
{
    struct model *whole = fold_changed(as_it_is);
    struct model *changed = fold_changed(change);
    struct scene scene = {.mode = mode, .link = LINK_LIVE};
    g_autofree uint32_t *first = draw_scene(&scene, whole, NULL);
    g_autofree uint32_t *second = draw_scene(&scene, changed, NULL);
    scene.mode = MODE_CONTROL;
    g_autofree uint32_t *third = draw_scene(&scene, whole, NULL);
    g_autofree uint32_t *fourth = draw_scene(&scene, changed, NULL);
    *same_in_control = memcmp(third, fourth, BYTES) == 0;
    model_free(whole);
    model_free(changed);
    int at = 0;
    while (at < W * H && first[at] == second[at]) {
        at++;
    }
    if (at < W * H) {
        print_message("they differ at %d, %d\n", at % W, at / W);
    }
    return at == W * H;
}

static void the_public_sees_nothing_that_the_public_is_not_told(void **state)
{
    (void)state;
    bool control = true;
    assert_true(looks_the_same(MODE_PUBLIC, as_the_public_is_told, &control));
    assert_false(control);
}

static void the_public_sees_no_name_of_a_machine_network_or_step(void **state)
{
    (void)state;
    bool control = true;
    assert_true(looks_the_same(MODE_PUBLIC, with_other_secrets, &control));
    assert_false(control);
}

/* Through the whole program: what stands on a frozen board is as old as its freeze. */
static void a_frozen_board_shows_the_code_from_before_the_freeze(void **state)
{
    (void)state;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "frozen.ndjson", NULL);
    g_autofree char *picture = g_build_filename(dir, "frozen.png", NULL);
    static const char *const files[] = {"first-drill", "scenes/signed", "scenes/frozen"};
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    int seq = 0;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = NULL;
        g_autofree char *from = g_strdup_printf(TESTS_DIR "/ui/%s.ndjson", files[i]);
        assert_true(g_file_get_contents(from, &text, NULL, NULL));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (int k = 0; lines[k] && *lines[k]; k++) {
            auto_event event = event_from_line(lines[k], strlen(lines[k]), NULL);
            if (i > 0 || event->at_us <= NOW) {
                event->seq = ++seq;
                g_autofree char *line = event_to_line(event);
                assert_true(fprintf(out, "%s\n", line) > 0);
            }
        }
    }
    assert_int_equal(fclose(out), 0);
    g_autoptr(GError) error = NULL;
    struct app_options options = {.source = source_open_file(path, &error),
            .name = "frozen",
            .w = W,
            .h = H,
            .still = true,
            .mode = MODE_PUBLIC,
            .until_us = -1};
    assert_no_error(error);
    struct app *app = app_new(&options, &error);
    assert_no_error(error);
    assert_true(app_drain(app, &error) && app_screenshot(app, picture, &error));
    assert_string_equal(app_model(app)->code, "XXPAFTER");
    assert_string_equal(app_view(app)->model->code, "KHRTMWQZ");
    app_free(app);
    test_rmtree(dir);
}

/* ---- what else was missing ------------------------------------------------------------------ */

static void cards_on_one_network_have_traffic_of_their_own(void **state)
{
    (void)state;
    struct model *model = model_new();
    scene_add(model, TESTS_DIR "/ui/scenes/links.ndjson");
    const struct model_machine *machine =
            model_machine_at(model, model_machine_find(model, "blue1/web"));
    assert_int_equal(machine->networks->len, 3);
    assert_int_equal(machine->traffic[0].level, 5);
    assert_int_equal(machine->traffic[1].level, 3);
    assert_int_equal(machine->traffic[2].level, 1);
    model_free(model);
}

/* Seven teams, the last of them far behind; its line is drawn in its own view and in no other. */
static struct model *seven_teams(int last)
{
    struct model *model = model_new();
    g_autoptr(GString) plan = g_string_new("{\"plan\":{\"name\":\"seven\",\"teams\":[");
    for (int t = 1; t <= 7; t++) {
        g_string_append_printf(plan, "%s{\"id\":\"blue%d\",\"role\":\"blue\",\"group\":\"blue\"}",
                t > 1 ? "," : "", t);
    }
    g_string_append(plan, "]}}");
    scene_tell(model, "exercise.created", NULL, "seven", plan->str);
    scene_tell(model, "exercise.state", NULL, "seven", "{\"state\":\"running\"}");
    g_clear_pointer(&model->score, score_free);
    for (int t = 0; t < 7; t++) {
        model_set_total(model, t, 0, 0);
        model_set_total(model, t, NOW / 2, t < 6 ? 900 - 20 * t : last);
    }
    model->at_us = NOW;
    model_rank(model);
    return model;
}

/* Of the time line's lower half: where only somebody far behind has a line. */
static bool time_line_changes(enum mode mode, const char *team)
{
    struct model *low = seven_teams(200);
    struct model *lower = seven_teams(120);
    struct scene scene = {.mode = mode, .link = LINK_LIVE, .team = team};
    g_autofree uint32_t *first = draw_scene(&scene, low, NULL);
    g_autofree uint32_t *second = draw_scene(&scene, lower, NULL);
    model_free(low);
    model_free(lower);
    return differs(first, second, (struct rect){40, 580, 1090, 90});
}

static void the_time_line_has_the_instructors_own_team(void **state)
{
    (void)state;
    assert_true(time_line_changes(MODE_INSTRUCTOR, "blue7"));
    assert_false(time_line_changes(MODE_INSTRUCTOR, "blue1"));
    assert_false(time_line_changes(MODE_CONTROL, "blue7"));
}

/* Teams look on: a step's title is on the wall once the step has run. */
static void a_wall_names_no_step_that_has_not_run(void **state)
{
    (void)state;
    for (int ran = 0; ran < 2; ran++) {
        uint32_t *pixels[2];
        for (int other = 0; other < 2; other++) {
            struct model *model = scene_fold(30 * G_TIME_SPAN_SECOND); /* recon ran, no other */
            struct model_step *step = model->steps->pdata[ran ? 0 : 4];
            if (other) {
                g_free(step->title);
                step->title = g_strdup("Something else");
            }
            struct scene scene = {.mode = MODE_WALL, .link = LINK_LIVE};
            pixels[other] = draw_scene(&scene, model, NULL);
            model_free(model);
        }
        assert_int_equal(memcmp(pixels[0], pixels[1], BYTES) == 0, ran == 0);
        g_free(pixels[0]);
        g_free(pixels[1]);
    }
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
            cmocka_unit_test(each_scene_looks_as_recorded),
            cmocka_unit_test(how_old_the_picture_is_stands_in_every_panel_of_every_view),
            cmocka_unit_test(every_view_shows_the_code_of_the_last_signature),
            cmocka_unit_test(the_public_sees_nothing_that_the_public_is_not_told),
            cmocka_unit_test(the_public_sees_no_name_of_a_machine_network_or_step),
            cmocka_unit_test(a_frozen_board_shows_the_code_from_before_the_freeze),
            cmocka_unit_test(cards_on_one_network_have_traffic_of_their_own),
            cmocka_unit_test(the_time_line_has_the_instructors_own_team),
            cmocka_unit_test(a_wall_names_no_step_that_has_not_run),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    return failed;
}
