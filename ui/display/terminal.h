/* terminal.h - a small text terminal: bytes of a guest in, rows of characters out.
 *
 * 80 columns, 24 rows and what scrolled out of them, as much of the VT220 as shells, pagers and
 * editors need on a serial line; no colours. The bytes are hostile: strings and sequences of any
 * length are bounded or skipped, nothing is ever answered, and a row holds printable characters
 * only.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define TERMINAL_COLUMNS 80
#define TERMINAL_ROWS 24
#define TERMINAL_BACK 500 /* rows that are kept above */

struct terminal;

struct terminal *terminal_new(void);
void terminal_free(struct terminal *terminal); /* accepts NULL */
void terminal_feed(struct terminal *terminal, const void *bytes, gsize length);

/* How many rows there are above the screen, at most TERMINAL_BACK. */
int terminal_above(const struct terminal *terminal);
/* The cells of a row (TERMINAL_COLUMNS; 0: the right half of a wide character): -1 is the last one
 * above the screen, 0 its first. NULL: there is none. */
const gunichar *terminal_row(const struct terminal *terminal, int row);
/* False: hidden. */
bool terminal_cursor(const struct terminal *terminal, int *row, int *column);
/* Arrow keys are ESC O A, not ESC [ A. */
bool terminal_wants_application_keys(const struct terminal *terminal);
guint terminal_changes(const struct terminal *terminal); /* counts them */
