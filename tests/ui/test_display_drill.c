/* test_display_drill.c - a whole first drill from the display alone, once by keys and once by mouse:
 * the real engine on the simulated world behind its real socket, and what its ledger says of it. */
#include "scenario/rehearsal.h"

#include "base/paths.h"
#include "control/control.h"
#include "display/app_private.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_US (60 * (gint64)G_USEC_PER_SEC)
#define ORDINARY "1000" /* user and group */
#define NAME "test"     /* of the ledger, see rehearsal.h */

struct stage {
    struct rehearsal r;
    struct control *control;
    struct app *app;
    char *socket, *state; /* the folder where `sandtable report` looks for its ledger */
    bool mouse;
};

char *__wrap_spawn_program(void);

/* The program of this build: a test does not stand beside it. */
char *__wrap_spawn_program(void)
{
    return g_strdup(g_getenv("SANDTABLE"));
}

/* ---- the stage --------------------------------------------------------------------------------- */

static void turn(struct stage *stage)
{
    (void)app_turn(stage->app, 5);
    rehearsal_settle(&stage->r);
}

static bool has(struct stage *stage, const char *kind, const char *member, const char *value)
{
    auto_json body = rehearsal_last(&stage->r, kind, NULL, NULL);
    return !strcmp(json_string(body, member, ""), value);
}

static gint64 last_seq(const struct stage *stage)
{
    struct ledger_reader *reader = ledger_reader_open(stage->r.ledger_path, NULL);
    gint64 seq = reader ? ledger_reader_last(reader, NULL) : 0;
    ledger_reader_close(reader);
    return seq;
}

/* Until the last event of that kind says so, and the display has it. */
static void expect(struct stage *stage, const char *kind, const char *member, const char *value)
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    while (!has(stage, kind, member, value)) {
        if (g_get_monotonic_time() > end) {
            const char *status = app_view(stage->app)->status;
            fail_msg("no %s with %s %s; the display says: %s", kind, member, value, status);
        }
        turn(stage);
    }
    gint64 seq = last_seq(stage);
    while (app_model(stage->app)->seq < seq && g_get_monotonic_time() < end) {
        turn(stage);
    }
    assert_true(app_model(stage->app)->seq >= seq);
    turn(stage); /* and drawn */
    turn(stage);
}

static void until_state(struct stage *stage, enum model_state state)
{
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    while (app_model(stage->app)->state != state && g_get_monotonic_time() < end) {
        turn(stage);
    }
    assert_int_equal(app_model(stage->app)->state, state);
    turn(stage);
}

static void open_stage(struct stage *stage, bool mouse)
{
    const struct world_sim_hooks hooks = {0};
    g_autoptr(GError) error = NULL;
    stage->mouse = mouse;
    stage->r.wait = true;
    rehearsal_open(&stage->r, SANDTABLE_SOURCE_DIR "/scenarios/first-drill", &hooks);
    stage->socket = g_build_filename(stage->r.dir, NAME ".sock", NULL);
    stage->control = control_new(stage->r.exercise, stage->socket, &error);
    assert_no_error(error);
    stage->state = paths_state_dir();
    assert_int_equal(symlink(stage->r.dir, stage->state), 0);
    const struct app_options options = {.source = source_open_live(stage->socket, app_wake(), NULL),
            .name = NAME,
            .socket = stage->socket,
            .person = "mira",
            .w = 1600,
            .h = 900,
            .until_us = -1};
    stage->app = app_new(&options, &error);
    assert_no_error(error);
    until_state(stage, MODEL_READY);
}

static void close_stage(struct stage *stage)
{
    app_free(stage->app);
    assert_int_equal(unlink(stage->state), 0);
    g_free(stage->state);
    g_free(stage->socket);
    rehearsal_close(&stage->r);
    SDL_FlushEvents(SDL_FIRSTEVENT, SDL_LASTEVENT);
}

/* ---- hands ------------------------------------------------------------------------------------- */

static void press(struct stage *stage, SDL_Keycode key, SDL_Keymod mod)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .keysym = {.sym = key, .mod = (Uint16)mod}}};
    assert_int_equal(SDL_PushEvent(&event), 1);
    turn(stage);
}

static void type(struct stage *stage, const char *text)
{
    SDL_Event event = {.text = {.type = SDL_TEXTINPUT}};
    g_strlcpy(event.text.text, text, sizeof event.text.text);
    assert_int_equal(SDL_PushEvent(&event), 1);
    turn(stage);
}

static void click(struct stage *stage, struct rect r)
{
    SDL_Event event = {.button = {.type = SDL_MOUSEBUTTONDOWN,
                               .button = SDL_BUTTON_LEFT,
                               .x = (int)(r.x + r.w / 2),
                               .y = (int)(r.y + r.h / 2)}};
    assert_true(r.w > 0);
    assert_int_equal(SDL_PushEvent(&event), 1);
    event.button.type = SDL_MOUSEBUTTONUP;
    assert_int_equal(SDL_PushEvent(&event), 1);
    turn(stage);
}

static void click_on(struct stage *stage, enum panel panel, enum action action, int arg)
{
    const GArray *hits = app_view(stage->app)->places[panel].hits;
    turn(stage);
    for (guint i = hits->len; i > 0; i--) {
        struct hit hit = g_array_index(hits, struct hit, i - 1);
        if (hit.action == action && hit.arg == arg) {
            struct rect r = hit.rect;
            r.w = action == ACTION_SELECT ? 40 : r.w; /* left of its buttons */
            click(stage, r);
            return;
        }
    }
    fail_msg("panel %d has nothing to click for action %d", panel, action);
}

/* The bar's button, or its key. */
static void ask(struct stage *stage, enum action action, SDL_Keycode key, SDL_Keymod mod)
{
    if (stage->mouse) {
        click_on(stage, PANEL_BAR, action, 0);
    } else {
        press(stage, key, mod);
    }
}

static void choose_inject(struct stage *stage, const char *id)
{
    const struct view *view = app_view(stage->app);
    const struct model_inject *inject = NULL;
    if (stage->mouse) {
        int index = 0;
        while (strcmp(model_inject_at(view->model, index)->id, id) != 0) {
            index++;
        }
        click_on(stage, PANEL_INJECTS, ACTION_SELECT, index);
        inject = model_inject_at(view->model, view->selected);
    }
    for (int i = 0; i < 40 && (!inject || strcmp(inject->id, id) != 0); i++) {
        press(stage, SDLK_DOWN, KMOD_NONE);
        inject = model_inject_at(view->model, view->selected);
    }
    assert_string_equal(inject->id, id);
}

/* Into field index of the form that is open. */
static void write_in(struct stage *stage, int index, const char *text)
{
    const struct form *form = &app_view(stage->app)->form;
    turn(stage);
    assert_int_not_equal(form->action, ACTION_NONE);
    if (stage->mouse) {
        click(stage, form->boxes[index]);
    }
    while (form->at != index) {
        press(stage, SDLK_TAB, KMOD_NONE);
    }
    type(stage, text);
}

static void submit(struct stage *stage)
{
    const struct form *form = &app_view(stage->app)->form;
    if (stage->mouse) {
        click(stage, form->ok);
    } else {
        press(stage, SDLK_RETURN, KMOD_NONE);
    }
    assert_int_equal(form->action, ACTION_NONE);
}

/* ---- the drill --------------------------------------------------------------------------------- */

static void hold_and_fire(struct stage *stage)
{
    choose_inject(stage, "recon@blue1");
    if (stage->mouse) {
        click_on(stage, PANEL_INJECTS, ACTION_HOLD, 0);
    } else {
        press(stage, SDLK_h, KMOD_NONE);
    }
    expect(stage, "inject.state", "state", "held");
    choose_inject(stage, "recon@blue2");
    if (stage->mouse) {
        click_on(stage, PANEL_INJECTS, ACTION_FIRE, 0);
        click_on(stage, PANEL_HINTS, ACTION_FIRE, CONFIRMED);
    } else {
        press(stage, SDLK_RETURN, KMOD_NONE);
        press(stage, SDLK_y, KMOD_NONE);
    }
    expect(stage, "operator.action", "action", "fire");
}

static void write_and_score(struct stage *stage)
{
    ask(stage, ACTION_MESSAGE, SDLK_m, KMOD_NONE);
    if (stage->mouse) {
        turn(stage);
        click(stage, app_view(stage->app)->form.boxes[0]); /* from all to the first team */
    } else {
        press(stage, SDLK_TAB, KMOD_SHIFT);
        press(stage, SDLK_DOWN, KMOD_NONE);
    }
    write_in(stage, 1, "read the log");
    submit(stage);
    expect(stage, "message.sent", "text", "read the log");
    ask(stage, ACTION_ADJUST, SDLK_p, KMOD_NONE);
    write_in(stage, 1, "-5");
    write_in(stage, 2, "late report");
    submit(stage);
    expect(stage, "score.adjusted", "reason", "late report");
    ask(stage, ACTION_FREEZE, SDLK_f, KMOD_NONE);
    expect(stage, "score.frozen", "by", "mira");
}

/* What the screen says when the page is written: where it is. */
static void report(struct stage *stage)
{
    const struct view *view = app_view(stage->app);
    gint64 end = g_get_monotonic_time() + LIMIT_US;
    g_autofree char *path_before = g_strdup(g_getenv("PATH"));
    (void)g_setenv("PATH", stage->r.dir, TRUE); /* no browser opens */
    ask(stage, ACTION_REPORT, SDLK_w, KMOD_NONE);
    while ((stage->app->report || !view->status || !strchr(view->status, '/')) &&
            g_get_monotonic_time() < end) {
        turn(stage);
    }
    (void)g_setenv("PATH", path_before ? path_before : "/usr/bin:/bin", TRUE);
    const char *path = view->status ? strchr(view->status, '/') : NULL;
    if (!path || view->status_bad) {
        fail_msg("no report: %s", view->status);
    }
    g_autofree char *page = NULL;
    assert_true(g_file_get_contents(path, &page, NULL, NULL));
    assert_non_null(strstr(page, "First drill"));
    assert_non_null(strstr(page, "late report"));
}

struct wanted {
    const char *kind, *subject, *member, *value; /* subject NULL: whatever it is */
};

/* They are all there, in this order, each by who sits at the display; what follows from a start is
 * the engine's. */
static void assert_ledger(const struct stage *stage)
{
    static const struct wanted all[] = {{"exercise.state", NULL, "state", "ready"},
            {"operator.action", NULL, "action", "start"},
            {"exercise.state", NULL, "state", "running"},
            {"inject.state", "recon@blue1", "state", "held"},
            {"inject.state", "recon@blue2", "state", "fired"},
            {"exercise.state", NULL, "state", "paused"},
            {"operator.action", NULL, "action", "resume"},
            {"message.sent", NULL, "text", "read the log"},
            {"score.adjusted", NULL, "reason", "late report"}, {"score.frozen", NULL, "by", "mira"},
            {"exercise.state", NULL, "reason", "that was it"}};
    guint at = 0;
    struct ledger_reader *reader = ledger_reader_open(stage->r.ledger_path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1 && at < G_N_ELEMENTS(all)) {
        const struct wanted *next = &all[at];
        auto_json body = cJSON_Parse(event->body);
        if (!strcmp(event->kind, next->kind) &&
                (!next->subject || !strcmp(event->subject, next->subject)) &&
                !strcmp(json_string(body, next->member, ""), next->value)) {
            const char *by = json_string(body, "by", "");
            if (strcmp(by, at == 0 || at == 2 ? "engine" : "mira") != 0) {
                fail_msg("%s %s by %s", event->kind, next->value, by);
            }
            at++;
        }
        event_free(event);
        event = NULL;
    }
    event_free(event);
    ledger_reader_close(reader);
    if (at < G_N_ELEMENTS(all)) {
        fail_msg("the ledger has no %s with %s %s", all[at].kind, all[at].member, all[at].value);
    }
}

static void drill(bool mouse)
{
    struct stage stage = {0};
    open_stage(&stage, mouse);
    ask(&stage, ACTION_PAUSE, SDLK_SPACE, KMOD_NONE);
    until_state(&stage, MODEL_RUNNING);
    rehearsal_advance(&stage.r, 5 * G_USEC_PER_SEC);
    hold_and_fire(&stage);
    ask(&stage, ACTION_PAUSE, SDLK_SPACE, KMOD_NONE);
    until_state(&stage, MODEL_PAUSED);
    ask(&stage, ACTION_PAUSE, SDLK_SPACE, KMOD_NONE);
    until_state(&stage, MODEL_RUNNING);
    write_and_score(&stage);
    rehearsal_advance(&stage.r, 60 * G_USEC_PER_SEC);
    ask(&stage, ACTION_END, SDLK_e, KMOD_SHIFT);
    write_in(&stage, 0, "that was it");
    submit(&stage);
    until_state(&stage, MODEL_DOWN);
    assert_true(stage.r.ended);
    control_free(stage.control); /* the engine goes; the window stays */
    assert_ledger(&stage);
    report(&stage);
    close_stage(&stage);
}

static void a_whole_drill_is_run_by_keys_alone(void **state)
{
    (void)state;
    drill(false);
}

static void a_whole_drill_is_run_by_mouse(void **state)
{
    (void)state;
    drill(true);
}

static bool put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Root's programs become another account, which could not write beside the ledger; so root is called
 * by another number here, and reaches its files all the same. user_namespaces(7). */
static bool look_ordinary(void)
{
    return unshare(CLONE_NEWUSER) == 0 && put("/proc/self/uid_map", ORDINARY " 0 1\n") &&
           put("/proc/self/setgroups", "deny") && put("/proc/self/gid_map", ORDINARY " 0 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_whole_drill_is_run_by_keys_alone),
            cmocka_unit_test(a_whole_drill_is_run_by_mouse),
    };
    char *home = test_mkdtemp();
    if (geteuid() == 0 && !look_ordinary()) {
        return 1;
    }
    (void)g_setenv("HOME", home, TRUE);
    (void)g_setenv("XDG_STATE_HOME", home, TRUE);
    (void)g_setenv("XDG_CACHE_HOME", home, TRUE);
    (void)g_setenv("SDL_VIDEODRIVER", "dummy", TRUE);
    g_autoptr(GError) error = NULL;
    if (!app_sdl_start(&error)) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    SDL_Quit();
    test_rmtree(home);
    return failed;
}
