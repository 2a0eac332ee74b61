/* theme.h - every colour of the display by its purpose; a theme is a table of them, or a file.
 *
 * State is never told by colour alone. The distances between the state colours under simulated
 * protan, deutan and tritan sight are tested (tests/ui/test_display_sight.c).
 */
#pragma once

#include "draw.h"

enum ink {
    INK_BACK,
    INK_PANEL,
    INK_EDGE,
    INK_TEXT,
    INK_DIM,
    INK_CELL,
    INK_SELECT,
    INK_TINT, /* behind what is down */
    INK_BUTTON,
    INK_FOCUS,
    INK_AMBER,
    INK_UP,
    INK_DEGRADED,
    INK_DOWN,
    INK_UNKNOWN,
    INK_DEPLOYING,
    INK_HELD,
    INK_ATTACK,
    INK_RULE,   /* thin lines within panels */
    INK_GROUND, /* under a team in the topology */
    INK_CORE,   /* under what is shared */
    INK_LINK,   /* a quiet link … */
    INK_BUSY,   /* … and the busiest */
    INK_WIRE,   /* a network */
    INK_PAST,   /* the time line up to now */
    INK_GRID,
    INK_WARM,    /* text on the tint */
    INK_ON_MARK, /* text and signs on a state colour */
    INK_REPLAY,  /* the border that says: this is the past */
    INK_GREEN,   /* of a console only: no state has it */
    INKS,
};

struct theme {
    char name[24];
    colour inks[INKS];
};

/* "dark", "light", "contrast"; NULL for another name. In this order by index; NULL past the end. */
const struct theme *theme_find(const char *name);
const struct theme *theme_at(int index);

/* A theme from a key file: [theme] with base=NAME, and ink names (back, panel … as in theme.c) =
 * #RRGGBB. The caller's. Errors name the file, the key and what is allowed. */
struct theme *theme_load(const char *path, GError **error);
const char *theme_ink_name(enum ink ink);

/* The theme that is drawn with from now on; it must live as long. */
void theme_use(const struct theme *theme);
const struct theme *theme_used(void);
colour theme_ink(enum ink ink);

#define C_BACK theme_ink(INK_BACK)
#define C_PANEL theme_ink(INK_PANEL)
#define C_EDGE theme_ink(INK_EDGE)
#define C_TEXT theme_ink(INK_TEXT)
#define C_DIM theme_ink(INK_DIM)
#define C_CELL theme_ink(INK_CELL)
#define C_SELECT theme_ink(INK_SELECT)
#define C_TINT theme_ink(INK_TINT)
#define C_BUTTON theme_ink(INK_BUTTON)
#define C_FOCUS theme_ink(INK_FOCUS)
#define C_AMBER theme_ink(INK_AMBER)
#define C_UP theme_ink(INK_UP)
#define C_DEGRADED theme_ink(INK_DEGRADED)
#define C_DOWN theme_ink(INK_DOWN)
#define C_UNKNOWN theme_ink(INK_UNKNOWN)
#define C_DEPLOYING theme_ink(INK_DEPLOYING)
#define C_HELD theme_ink(INK_HELD)
#define C_ATTACK theme_ink(INK_ATTACK)
#define C_RULE theme_ink(INK_RULE)
#define C_GROUND theme_ink(INK_GROUND)
#define C_CORE theme_ink(INK_CORE)
#define C_LINK theme_ink(INK_LINK)
#define C_BUSY theme_ink(INK_BUSY)
#define C_WIRE theme_ink(INK_WIRE)
#define C_PAST theme_ink(INK_PAST)
#define C_GRID theme_ink(INK_GRID)
#define C_WARM theme_ink(INK_WARM)
#define C_ON_MARK theme_ink(INK_ON_MARK)
#define C_REPLAY theme_ink(INK_REPLAY)
