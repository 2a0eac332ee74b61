/* terminal.h - a small text terminal: bytes of a guest in, rows of characters out.
 *
 * 80 columns, 24 rows and what scrolled out of them, as much of the VT220 as shells, pagers and
 * editors need on a serial line, and 16 colours. The bytes are hostile: strings and sequences of any
 * length are bounded or skipped, nothing is ever answered, and a row holds printable characters
 * only.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define TERMINAL_COLUMNS 80
#define TERMINAL_ROWS 24
#define TERMINAL_BACK 500 /* rows that are kept above */

#define TERMINAL_PLAIN 16 /* the colour of what has none */

enum { /* bits of style */
    TERMINAL_BOLD = 1,
    TERMINAL_INVERSE = 2,
    TERMINAL_UNDERLINED = 4,
};

struct terminal_look {
    guint8 ink, paper; /* 0..15 in the order of ECMA-48, bright from 8 on; TERMINAL_PLAIN */
    guint8 style;
};

struct terminal_cell {
    gunichar c; /* 0: the right half of a wide character */
    struct terminal_look look;
};

struct terminal;

struct terminal *terminal_new(void);
void terminal_free(struct terminal *terminal); /* accepts NULL */
void terminal_feed(struct terminal *terminal, const void *bytes, gsize length);

/* How many rows there are above the screen, at most TERMINAL_BACK. */
int terminal_above(const struct terminal *terminal);
/* The cells of a row (TERMINAL_COLUMNS): -1 is the last one above the screen, 0 its first. NULL:
 * there is none. */
const struct terminal_cell *terminal_row(const struct terminal *terminal, int row);
/* False: hidden. */
bool terminal_cursor(const struct terminal *terminal, int *row, int *column);
/* Arrow keys are ESC O A, not ESC [ A. */
bool terminal_wants_application_keys(const struct terminal *terminal);
guint terminal_changes(const struct terminal *terminal); /* counts them */
