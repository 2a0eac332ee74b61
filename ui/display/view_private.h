/* view_private.h - what the panels share: helpers for text, shapes and frames, and the panels. */
#pragma once

#include "theme.h"
#include "view.h"

enum align { LEFT, CENTRE, RIGHT };

static inline float px(const struct view *view, float size)
{
    return size * view->scale;
}

/* Text at (x, y = top), at most width wide (0: no limit), cut with an ellipsis; returns its width.
 */
struct text_style {
    enum font font;
    float size; /* before scaling */
    colour c;
    enum align align;
    float width;
};
float view_text(
        const struct view *view, struct text_style style, float x, float y, const char *text);

/* Fill, edge, title and hint of a panel; returns what is left inside. */
struct rect view_panel(
        const struct view *view, struct rect r, int number, const char *title, const char *hint);
/* The reason why a panel is empty, in its middle. */
void view_empty(const struct view *view, struct rect inside, const char *why);
void view_shape(const struct view *view, enum status status, struct point at, float radius);
void view_add_hit(struct view *view, struct rect r, enum action action, int arg);
colour view_tone(enum tone tone);
colour view_blend(colour a, colour b, float share_of_a);
const char *view_status_word(enum status status);
/* T+01:23:45 into buffer. */
const char *view_clock(char *buffer, gsize size, gint64 at_us, bool sign);

void view_bar(struct view *view, struct rect r);
void view_scores(struct view *view, struct rect r);
void view_steps(struct view *view, struct rect r);
void view_topology(struct view *view, struct rect r);
void view_services(struct view *view, struct rect r);
void view_injects(struct view *view, struct rect r);
void view_events(struct view *view, struct rect r);
void view_timeline(struct view *view, struct rect r);
void view_hints(struct view *view, struct rect r);
void view_help(struct view *view);

/* Height that panels want, given their content. */
float view_services_height(const struct view *view);
float view_steps_height(const struct view *view);
