/* app_private.h - the app's inside, shared by its loop and its keys. */
#pragma once

#include "app.h"

struct app {
    struct view view;
    struct model *model;
    struct source *source;
    SDL_Window *window;
    char *name;
    bool still, dirty, leave, dragging;
    gint64 until_us;
    gint64 base_mono;    /* when the last event came in, monotonic */
    gint64 shown_s;      /* the second the picture shows */
    gint64 status_until; /* monotonic */
    double draw_ms;
    gint shots;
};

void app_input(struct app *app, const SDL_Event *event);
void app_say(struct app *app, bool bad, char *text); /* consumes text */
