/* app.h - the running display: window, keys, requests; one turn of its loop at a time. */
#pragma once

#include "source.h"
#include "view.h"

#include <SDL.h>
#include <stdbool.h>

struct app;

struct app_options {
    struct source *source; /* becomes the app's */
    const char *name;      /* of the exercise or file */
    int w, h;
    bool fullscreen;
    bool still;         /* for a screenshot: times come from the events alone */
    gint64 until_us;    /* show this moment; -1: the newest */
    const char *ledger; /* the file behind source, or NULL */
    const char *socket; /* the engine behind source, or NULL */
    enum mode mode;
    const char *team;   /* id, of the instructor's view; NULL: the first */
    const char *person; /* who sits here, for the record; NULL: the account */
};

/* SDL must be set up with app_sdl_start(). NULL and HOST when there is no screen or no font. */
struct app *app_new(const struct app_options *options, GError **error);
void app_free(struct app *app); /* accepts NULL */

/* Starts SDL; the driver is SDL_VIDEODRIVER's or SDL's own choice. */
bool app_sdl_start(GError **error);

/* For source_open_live(): ends the wait of app_turn(). */
source_wake_fn app_wake(void);

/* Takes what has come in, handles one SDL event (NULL: none). */
void app_handle(struct app *app, const SDL_Event *event);

/* Waits at most limit_ms for an SDL event or for the source, handles all there is and draws if
 * something changed. False when the user wants to leave. */
bool app_turn(struct app *app, int limit_ms);

/* Folds what the source has; false with the first bad line's error. */
bool app_drain(struct app *app, GError **error);
bool app_screenshot(struct app *app, const char *path, GError **error);

const struct view *app_view(const struct app *app);
const struct model *app_model(const struct app *app); /* of the present */
double app_draw_ms(const struct app *app);            /* the last redraw's cost */
