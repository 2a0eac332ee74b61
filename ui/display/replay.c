/* replay.c - the past on the screen: the clock that runs through it. */
#include "app_private.h"

#define FRAME_MS 33
#define DELAY_US 500000 /* fixed-delay mode: one event so often, at speed 1 */

static void show(struct app *app, bool done, GError *error)
{
    if (!done) {
        app_say(app, true, g_strdup(error->message));
        g_error_free(error);
        return;
    }
    app_choose_model(app);
    app->dirty = true;
}

void replay_at(struct app *app, gint64 at_us)
{
    struct play *play = &app->view.play;
    GError *error = NULL;
    app->past = app->past ? app->past : model_new();
    play->clock_us = CLAMP(at_us, 0, app->head->at_us);
    bool done = history_seek_time(app->history, app->past, play->clock_us, &error);
    if (done && !play->on) {
        play->on = true;
        play->playing = false;
        app->view.confirm = ACTION_NONE;
    }
    app->play_mono = g_get_monotonic_time();
    show(app, done, error);
}

void replay_leave(struct app *app)
{
    app->view.play.on = app->view.play.playing = false;
    app_choose_model(app);
    app->dirty = true;
}

static void ensure(struct app *app)
{
    if (!app->view.play.on) {
        replay_at(app, app->view.clock_us);
    }
}

void replay_step(struct app *app, int by)
{
    GError *error = NULL;
    ensure(app);
    if (!app->view.play.on) {
        return;
    }
    app->view.play.playing = false;
    bool done = history_seek_seq(app->history, app->past, app->past->seq + by, &error);
    app->view.play.clock_us = app->past->at_us;
    show(app, done, error);
}

void replay_jump(struct app *app, gint64 us)
{
    ensure(app);
    if (app->view.play.on) {
        replay_at(app, app->view.play.clock_us + us);
    }
}

void replay_toggle(struct app *app)
{
    ensure(app);
    struct play *play = &app->view.play;
    if (play->on) {
        if (!play->playing && play->clock_us >= app->head->at_us) {
            replay_at(app, 0); /* at the end: from the beginning */
        }
        play->playing = !play->playing;
        app->play_mono = g_get_monotonic_time();
        app->dirty = true;
    }
}

void replay_speed(struct app *app, int by)
{
    struct play *play = &app->view.play;
    play->speed = CLAMP(play->speed + by, 0, VIEW_SPEEDS - 1);
    app->dirty = true;
}

/* One event when its time has come, however long ago the one before was. */
static bool tick_fixed(struct app *app, gint64 passed)
{
    if ((double)passed * (double)view_speeds[app->view.play.speed] < DELAY_US) {
        return false;
    }
    GError *error = NULL;
    app->play_mono = g_get_monotonic_time();
    bool done = history_seek_seq(app->history, app->past, app->past->seq + 1, &error);
    app->view.play.clock_us = app->past->at_us;
    app->view.play.playing = done && app->past->seq < history_last_seq(app->history);
    show(app, done, error);
    return true;
}

bool replay_tick(struct app *app)
{
    struct play *play = &app->view.play;
    if (!play->on || !play->playing) {
        return false;
    }
    gint64 now = g_get_monotonic_time();
    gint64 passed = now - app->play_mono;
    if (play->fixed) {
        return tick_fixed(app, passed);
    }
    app->play_mono = now;
    play->clock_us += (gint64)((double)passed * (double)view_speeds[play->speed]);
    if (play->clock_us >= app->head->at_us) {
        play->clock_us = app->head->at_us;
        play->playing = false;
    }
    GError *error = NULL;
    bool done = history_seek_time(app->history, app->past, play->clock_us, &error);
    play->playing = play->playing && done;
    show(app, done, error);
    return true;
}

int replay_patience(const struct app *app)
{
    return app->view.play.on && app->view.play.playing ? FRAME_MS : -1;
}
