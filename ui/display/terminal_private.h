/* terminal_private.h - the terminal's inside, shared by its screen and its sequences. */
#pragma once

#include "terminal.h"

#define PARAMS_MAX 16

enum terminal_state {
    STATE_TEXT,
    STATE_ESCAPE,  /* after ESC */
    STATE_CHARSET, /* one more byte follows, and means nothing here */
    STATE_CONTROL, /* after ESC [ */
    STATE_STRING,  /* a title and the like: skipped up to its end */
};

struct spot {
    int row, column;
};

struct terminal {
    struct terminal_cell cells[TERMINAL_ROWS][TERMINAL_COLUMNS];
    struct terminal_cell back[TERMINAL_BACK][TERMINAL_COLUMNS]; /* a ring */
    int back_next, back_count;
    struct spot at, saved;
    struct terminal_look look, saved_look; /* of what is written next */
    int top, bottom;                       /* the rows that scroll */
    bool wraps;                            /* the next character begins a row */
    bool hidden, keys;                     /* cursor; application keys */
    enum terminal_state state;
    bool private; /* of a control sequence: ESC [ ? */
    int params[PARAMS_MAX], count;
    guint32 parts; /* bit i: parameter i is a part of the one before it (a colon) */
    guint skipped; /* bytes of a string so far */
    char bytes[4]; /* a character that is not complete */
    gsize pending; /* how many of them */
    guint changes;
};

/* True when byte belongs to a sequence, and was taken. */
bool terminal_sequence(struct terminal *terminal, guint8 byte);
void terminal_reset(struct terminal *terminal); /* the screen, not what is above */
void terminal_move(struct terminal *terminal, int row, int column); /* within the screen */
void terminal_line_feed(struct terminal *terminal);
/* Rows from top to the scrolling region's bottom: up when count is positive. */
void terminal_scroll(struct terminal *terminal, int top, int count);
/* On the paper that is in use. */
void terminal_blank(const struct terminal *terminal, struct terminal_cell *cells, int from, int to);

/* terminal_look.c: colours and styles from the parameters of a sequence. */
extern const struct terminal_look terminal_plain;
void terminal_take_look(struct terminal *terminal);
