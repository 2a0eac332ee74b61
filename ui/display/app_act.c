/* app_act.c - each action: what is asked of the engine, or what the view shows from now on. */
#include "app_private.h"

#include "base/json.h"
#include "theme.h"
#include "words.h"

#include <string.h>
#include <unistd.h>

void app_tell(struct app *app, const char *method, cJSON *params)
{
    g_autoptr(GError) error = NULL;
    if (source_request(app->source, method, params, &error)) {
        app_say(app, false, g_strdup_printf(tr("Asked the engine: %s …"), tr_name(method)));
    } else {
        app_say(app, true, g_strdup(error->message));
    }
}

void app_ask(struct app *app, const char *method, cJSON *params)
{
    if (app->view.play.on) {
        cJSON_Delete(params);
        app_say(app, true, g_strdup(tr("This is the past: Home leads back to the present")));
    } else {
        app_tell(app, method, params);
    }
}

static const struct model_inject *chosen(struct app *app)
{
    const struct model_inject *inject = model_inject_at(app->view.model, app->view.selected);
    if (!inject) {
        app_say(app, true, g_strdup(tr("Choose an inject first: up, down or a click")));
    }
    return inject;
}

static const struct model_machine *chosen_machine(struct app *app)
{
    const struct model_machine *machine = model_machine_at(app->view.model, app->view.node);
    if (!machine) {
        app_say(app, true, g_strdup(tr("Choose a machine first: a click, or Ctrl+F")));
    }
    return machine;
}

static void ask_about(struct app *app, const char *method, const char *name, const char *value)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, name, value);
    app_ask(app, method, params);
}

/* Fire or skip: asked about first. */
static void inject_step(struct app *app, enum action action, bool confirmed)
{
    const struct model_inject *inject = chosen(app);
    app->view.confirm = ACTION_NONE;
    if (inject && confirmed) {
        ask_about(app, action == ACTION_FIRE ? "fire" : "skip", "inject", inject->id);
    } else if (inject) {
        app->view.confirm = action;
    }
}

static void approve(struct app *app)
{
    const struct model_inject *inject = chosen(app);
    if (inject) {
        ask_about(app, "approve", "inject", inject->id);
    }
}

static void hold(struct app *app)
{
    const struct model_inject *inject = chosen(app);
    if (inject) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "inject", inject->id);
        cJSON_AddBoolToObject(params, "held", strcmp(inject->state, "held") != 0);
        app_ask(app, "hold", params);
    }
}

/* All that have not fired are held; when none is left to hold, all are released. */
static void hold_all(struct app *app)
{
    bool any = false;
    for (int i = 0; model_inject_at(app->view.model, i); i++) {
        any |= !strcmp(model_inject_at(app->view.model, i)->state, "scheduled");
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddBoolToObject(params, "held", any);
    app_ask(app, "hold", params);
}

static void freeze(struct app *app)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddBoolToObject(params, "frozen", !app->head->frozen);
    cJSON_AddStringToObject(params, "reason", tr("from the display"));
    app_ask(app, "freeze", params);
}

static const struct model_alarm *chosen_alarm(const struct app *app)
{
    const GPtrArray *alarms = app->view.model->alarms;
    for (guint i = 0; i < alarms->len; i++) {
        const struct model_alarm *alarm = alarms->pdata[i];
        if (model_alarm_key(alarm) == app->view.pick.alarm) {
            return alarm;
        }
    }
    return NULL;
}

/* The one whose button was clicked, else the chosen one, else the oldest that is nobody's. */
static void acknowledge(struct app *app, int arg)
{
    const GPtrArray *alarms = app->view.model->alarms;
    const struct model_alarm *wanted = NULL;
    for (guint i = alarms->len; i > 0; i--) {
        const struct model_alarm *alarm = alarms->pdata[i - 1];
        bool chosen = wanted && model_alarm_key(wanted) == app->view.pick.alarm;
        bool meant = arg > 0 ? (guint)arg == i : !*alarm->owner && !chosen;
        wanted = meant ? alarm : wanted;
    }
    const struct model_alarm *chosen = arg > 0 ? NULL : chosen_alarm(app);
    if (chosen && *chosen->owner) {
        app_say(app, false, g_strdup_printf(tr("%s has this alarm already"), chosen->owner));
        return;
    }
    if (!wanted) {
        app_say(app, false, g_strdup(tr("No alarm is without an owner")));
        return;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "alarm", wanted->alarm);
    cJSON_AddStringToObject(params, "subject", wanted->subject);
    app_ask(app, "acknowledge", params);
}

/* A moment, in milliseconds; -1: that of the chosen line, else the newest alarm's. */
static void replay_when(struct app *app, int when)
{
    const GPtrArray *alarms = app->view.model->alarms;
    gint64 chosen_us = when < 0 ? detail_picked_moment(app) : -1;
    if (when >= 0) {
        replay_at(app, (gint64)when * 1000);
    } else if (chosen_us >= 0) {
        replay_at(app, chosen_us);
    } else if (alarms->len > 0) {
        replay_at(app, ((const struct model_alarm *)alarms->pdata[alarms->len - 1])->at_us);
    } else {
        app_say(app, false, g_strdup(tr("no alarms")));
    }
}

/* Also about the past: what one sees in a replay is what one has to note. */
static void write_note(struct app *app)
{
    if (app->view.link == LINK_FILE) {
        app_tell(app, "note", NULL); /* says why not */
    } else {
        form_open(app, ACTION_NOTE);
    }
}

static void reset(struct app *app, bool confirmed)
{
    const struct model_machine *machine = chosen_machine(app);
    app->view.confirm = ACTION_NONE;
    if (machine && confirmed) {
        ask_about(app, "reset", "target", machine->id);
    } else if (machine) {
        app->view.confirm = ACTION_RESET;
    }
}

/* Points by hand are never changed: a correction says that they do not hold. */
static void undo(struct app *app, bool confirmed)
{
    gint64 seq = app->head->adjusted_seq;
    app->view.confirm = ACTION_NONE;
    if (seq <= 0) {
        app_say(app, true, g_strdup(tr("There are no points by hand to take back")));
    } else if (confirmed) {
        cJSON *params = cJSON_CreateObject();
        json_add_int(params, "seq", seq);
        cJSON_AddStringToObject(params, "reason", tr("taken back from the display"));
        app_ask(app, "void", params);
    } else {
        app->view.confirm = ACTION_UNDO;
    }
}

static void save(struct app *app)
{
    int s = (int)(app->head->at_us / G_USEC_PER_SEC);
    g_autofree char *label = g_strdup_printf("display-%d-%02d", s / 60, s % 60);
    ask_about(app, "checkpoint", "label", label);
}

/* In this window, or in a terminal of its own. */
static void console(struct app *app, bool here)
{
    const struct model_machine *machine = chosen_machine(app);
    if (machine && (app->view.link == LINK_FILE || app->view.play.on)) {
        app_ask(app, "console", NULL); /* says why not: a name could be another exercise's now */
    } else if (machine && here) {
        app_console_open(app, machine->id);
    } else if (machine) {
        spawn_console(app, machine->id);
    }
}

static void pause_clock(struct app *app)
{
    bool stands = app->head->state == MODEL_PAUSED;
    cJSON *params = stands ? NULL : cJSON_CreateObject();
    if (params) {
        cJSON_AddFalseToObject(params, "machines");
    }
    app_ask(app, stands ? "resume" : "pause", params);
}

static void pause_or_play(struct app *app)
{
    if (app->view.play.on || app->view.link == LINK_FILE) {
        replay_toggle(app);
    } else {
        app_ask(app,
                app->head->state == MODEL_PAUSED  ? "resume"
                : app->head->state == MODEL_READY ? "start"
                                                  : "pause",
                NULL);
    }
}

void app_shoot(struct app *app)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    do {
        g_free(path);
        path = g_strdup_printf("sandtable-%s-%03d.png",
                *app->head->name ? app->head->name : "display", ++app->shots);
        g_strdelimit(path, "/", '-');
    } while (access(path, F_OK) == 0 && app->shots < 1000);
    if (draw_save_png(app->view.draw, path, &error)) {
        app_say(app, false, g_strdup_printf(tr("Screenshot written to %s"), path));
    } else {
        app_say(app, true, g_strdup(error->message));
    }
}

static void next_theme(void)
{
    int i = 0;
    while (theme_at(i) && theme_at(i) != theme_used()) {
        i++;
    }
    theme_use(theme_at(i + 1) ? theme_at(i + 1) : theme_at(0));
}

static void next_language(struct app *app)
{
    words_use((words_used() + 1) % LANGUAGES);
    app_refold(app);
}

static void next_view(struct app *app, bool any)
{
    enum mode mode = app->view.mode;
    if (any) {
        app_set_mode(app, (mode + 1) % MODES);
    } else {
        app_set_mode(app, mode == MODE_WALL ? MODE_CONTROL : MODE_WALL);
    }
}

static void replay_or_not(struct app *app)
{
    if (app->view.play.on) {
        replay_leave(app);
    } else if (app->view.mode != MODE_PUBLIC) {
        replay_at(app, app->view.clock_us);
    }
}

/* What a person in a wall's or the public's view must not do by mistake. */
static bool is_control(enum action action)
{
    return action >= ACTION_CLOCK && action <= ACTION_CONSOLE;
}

/* What changes the exercise. False: another action. */
static bool act_on_exercise(struct app *app, enum action action, int arg)
{
    switch (action) {
    case ACTION_CLOCK:
        pause_clock(app);
        return true;
    case ACTION_FIRE:
    case ACTION_SKIP:
        inject_step(app, action, arg == CONFIRMED);
        return true;
    case ACTION_APPROVE:
        approve(app);
        return true;
    case ACTION_REPORT:
        report_begin(app);
        return true;
    case ACTION_HOLD:
        hold(app);
        return true;
    case ACTION_HOLD_ALL:
        hold_all(app);
        return true;
    case ACTION_FREEZE:
        freeze(app);
        return true;
    case ACTION_ACK:
        acknowledge(app, arg);
        return true;
    case ACTION_RESET:
        reset(app, arg == CONFIRMED);
        return true;
    case ACTION_UNDO:
        undo(app, arg == CONFIRMED);
        return true;
    case ACTION_SAVE:
        save(app);
        return true;
    case ACTION_CONSOLE:
    case ACTION_TERMINAL:
        console(app, action == ACTION_CONSOLE);
        return true;
    case ACTION_NOTE:
        write_note(app);
        return true;
    case ACTION_MESSAGE:
    case ACTION_ADJUST:
    case ACTION_END:
    case ACTION_ADD:
    case ACTION_EDIT:
        if (app->view.link == LINK_FILE || app->view.play.on) {
            app_ask(app, "message", NULL); /* says why not */
        } else if (action != ACTION_EDIT || chosen(app)) {
            form_open(app, action);
            form_choose_team(app, action == ACTION_MESSAGE ? arg - 1 : -1);
        }
        return true;
    default:
        return false;
    }
}

/* What moves through time. False: another action. */
static bool act_on_time(struct app *app, enum action action, int arg)
{
    bool travels = action == ACTION_STEP || action == ACTION_JUMP || action == ACTION_WHEN;
    if (travels && app->view.mode == MODE_PUBLIC) {
        return true;
    }
    switch (action) {
    case ACTION_PAUSE:
        pause_or_play(app);
        return true;
    case ACTION_REPLAY:
        replay_or_not(app);
        return true;
    case ACTION_LIVE:
        replay_leave(app);
        return true;
    case ACTION_SPEED:
        replay_speed(app, arg);
        return true;
    case ACTION_DELAY:
        app->view.play.fixed = !app->view.play.fixed;
        return true;
    case ACTION_STEP:
        replay_step(app, arg);
        return true;
    case ACTION_JUMP:
        replay_jump(app, arg * G_USEC_PER_SEC);
        return true;
    case ACTION_WHEN:
        replay_when(app, arg);
        return true;
    default:
        return false;
    }
}

/* What is shown or not; NULL: the action is another. */
static bool *switch_of(struct view *view, enum action action)
{
    switch (action) {
    case ACTION_LABELS:
        return &view->labels;
    case ACTION_ATTACKS:
        return &view->attacks;
    case ACTION_TRAFFIC:
        return &view->traffic;
    case ACTION_SCREENS:
        return &view->screens;
    case ACTION_STEPS:
        return &view->steps;
    case ACTION_HELP:
        return &view->help;
    default:
        return NULL;
    }
}

static void act_on_view(struct app *app, enum action action, int arg)
{
    struct view *view = &app->view;
    bool *shown = switch_of(view, action);
    if (shown) {
        *shown = !*shown;
        return;
    }
    switch (action) {
    case ACTION_PLACES:
        layout_forget(app);
        break;
    case ACTION_LANGUAGE:
        next_language(app);
        break;
    case ACTION_THEME:
        next_theme();
        break;
    case ACTION_VIEW:
        next_view(app, arg != 0);
        break;
    case ACTION_SELECT:
        view->selected = arg;
        view->focus = 4;
        break;
    case ACTION_NODE:
        view->node = arg;
        view->focus = 2;
        break;
    case ACTION_TEAM:
        view->team = arg;
        view->focus = 1;
        break;
    case ACTION_FOCUS:
        view->focus = arg;
        break;
    case ACTION_FIT:
        view->zoom = 1;
        view->pan_x = view->pan_y = 0;
        break;
    case ACTION_SHOOT:
        app_shoot(app);
        break;
    case ACTION_CONSOLE_CLOSE:
        app_console_close(app);
        break;
    case ACTION_BACK:
        app_back(app);
        break;
    case ACTION_QUIT:
        app->leave = true;
        break;
    default:
        break;
    }
}

void app_act(struct app *app, enum action action, int arg)
{
    bool bare = app->view.mode != MODE_CONTROL;
    if ((is_control(action) && bare) ||
            (bare && action == ACTION_PAUSE && !app->view.play.on && app->view.link != LINK_FILE)) {
        app_say(app, true, g_strdup(tr("Only the control view changes the exercise: Esc")));
        return;
    }
    if (action == ACTION_FIND || action == ACTION_FILTER) {
        form_open(app, action);
    } else if (!act_on_exercise(app, action, arg) && !act_on_time(app, action, arg) &&
               !look_act(app, action, arg) && !detail_act(app, action, arg)) {
        act_on_view(app, action, arg);
    }
}
