/* view_private.h - what the panels share: helpers for text, shapes and frames, and the panels. */
#pragma once

#include "theme.h"
#include "view.h"
#include "words.h"

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

/* The first of text's lines when it is broken to fit width: its length in bytes; *next is where the
 * rest begins. */
gsize view_break(
        const struct view *view, const struct text_style *style, const char *text, gsize *next);

/* Fill, edge, title and hint of a panel; returns what is left inside. */
struct rect view_panel(
        const struct view *view, struct rect r, int number, const char *title, const char *hint);
/* The reason why a panel is empty, in its middle. */
void view_empty(const struct view *view, struct rect inside, const char *why);
/* … when no event has come at all; false when some have. */
bool view_waits(const struct view *view, struct rect inside);
void view_shape(const struct view *view, enum status status, struct point at, float radius);
void view_add_hit(struct view *view, enum panel panel, struct rect r, enum action action, int arg);
colour view_tone(enum tone tone);
colour view_blend(colour a, colour b, float share_of_a);
/* What a guest's colours become: the theme's own, ink readable on paper (WCAG contrast 4.5) whatever
 * was asked for. paper 0: the console's. */
struct look {
    colour ink, paper;
};
struct look view_look(const struct terminal_look *look);
/* ink, moved towards white or black until it can be read on paper. */
colour view_readable(colour ink, colour paper);
const char *view_status_word(enum status status); /* in the chosen language */
/* T+01:23:45 into buffer. */
const char *view_clock(char *buffer, gsize size, gint64 at_us, bool sign);
/* 1:23 or 1:02:03 */
const char *view_span(char *buffer, gsize size, gint64 us);
/* A button of a panel; returns its right edge. */
struct label {
    const char *text, *key; /* key may be NULL */
    bool strong;
    enum action action;
    int arg;
};
float view_button(struct view *view, enum panel panel, struct rect r, const struct label *label);
bool view_has_controls(const struct view *view); /* operator's buttons make sense */

/* This view may tell of the machine; of any that is nobody's or has no ground. */
bool view_knows(const struct view *view, const struct model_machine *machine);
bool view_knows_shared(const struct view *view);
/* What a machine looks like: its own state, or degraded when one of its services is not up; to the
 * public its services alone. word: the same in words. */
#define VIEW_WORD 128
enum status view_machine_status(
        const struct view *view, const struct model_machine *machine, char word[VIEW_WORD]);
char *view_machine_title(const struct view *view, const struct model_machine *machine);

void view_bar(struct view *view, struct rect r);
void view_scores(struct view *view, struct rect r);
void view_steps(struct view *view, struct rect r);
void view_steps_panel(struct view *view, struct rect r, enum panel panel, int number);
void view_topology(struct view *view, struct rect r);
/* At the bottom of inside; the height that it takes. */
float view_screens(struct view *view, struct rect inside);
void view_services(struct view *view, struct rect r);
void view_injects(struct view *view, struct rect r);
void view_events(struct view *view, struct rect r);
void view_messages(struct view *view, struct rect r);
void view_timeline(struct view *view, struct rect r);
void view_hints(struct view *view, struct rect r);
void view_console(struct view *view, struct rect r);
void view_help(struct view *view);
void view_form(struct view *view);
void view_detail(struct view *view);
/* What an input method has not settled yet, underlined, from (x, y = top) on, and the caret; returns
 * its width. */
float view_compose(struct view *view, struct text_style style, float x, float y);

/* Panel 3 shows attack steps, not services. */
bool view_shows_steps(const struct view *view);
/* Height that panels want, given their content. */
float view_services_height(const struct view *view);
float view_steps_height(const struct view *view);
guint view_step_count(const struct view *view);      /* steps that this view may name */
GArray *view_service_teams(const struct view *view); /* int; the caller's */
