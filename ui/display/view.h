/* view.h - one picture of the model: what is shown, where, and what a click on it means.
 *
 * view_draw() is a pure function of the model and of struct view; it asks no clock and changes
 * nothing but the list of places that can be clicked.
 */
#pragma once

#include "draw.h"
#include "model.h"

enum action { /* what a key or a click asks for */
    ACTION_NONE,
    ACTION_PAUSE, /* or resume */
    ACTION_FIRE,  /* asks to confirm, then fires */
    ACTION_HOLD,  /* holds or releases the selected inject */
    ACTION_LABELS,
    ACTION_ATTACKS,
    ACTION_HELP,
    ACTION_SELECT, /* arg: an inject */
    ACTION_FOCUS,  /* arg: a panel */
};

struct hit {
    struct rect rect;
    enum action action;
    int arg;
};

enum link {          /* where the events come from */
    LINK_FILE,       /* a ledger or a recorded file */
    LINK_LIVE,       /* an engine that answers */
    LINK_CONNECTING, /* not there yet */
    LINK_GONE,       /* was there */
};

struct view {
    struct draw *draw;
    const struct model *model;
    float scale;     /* 1 at 1920 x 1080 */
    gint64 clock_us; /* what the exercise clock shows now */
    gint64 wall_us;
    bool utc; /* wall clock in UTC: the same picture on every host */
    enum link link;
    const char *source; /* name of the exercise or file */
    int focus;          /* panel 1..6, 0 none */
    int selected;       /* inject, -1 none */
    int scroll;         /* lines of the event feed scrolled back */
    bool confirm;       /* "fire …? y" is being asked */
    bool help, labels, attacks;
    float zoom, pan_x, pan_y; /* of the topology; 1, 0, 0 fits */
    char *status;             /* last answer or error, or NULL */
    bool status_bad;
    GArray *hits; /* struct hit, later ones on top */
};

struct layout {
    struct rect bar, scores, steps, topology, services, injects, events, timeline, hints;
};

void view_init(struct view *view, struct draw *draw, const struct model *model);
void view_clear(struct view *view);
void view_draw(struct view *view);
struct layout view_layout(const struct view *view);
struct hit view_hit(const struct view *view, float x, float y);
