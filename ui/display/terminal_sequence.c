/* terminal_sequence.c - the sequences that a terminal obeys: ECMA-48 and the VT220's, as far as a
 * serial line needs them. What is unknown is skipped; what asks for an answer gets none. */
#include "terminal_private.h"

#include <string.h>

#define PARAM_MAX 9999
#define STRING_MAX 4096 /* a string without an end does not swallow the rest for ever */

static int param(const struct terminal *t, int index, int fallback)
{
    int value = index < t->count ? t->params[index] : 0;
    return value > 0 ? value : fallback;
}

/* 0: from the cursor on, 1: up to it, 2: all. */
static void erase_line(struct terminal *t, int which)
{
    struct terminal_cell *cells = t->cells[t->at.row];
    terminal_blank(t, cells, which == 0 ? t->at.column : 0,
            which == 1 ? t->at.column + 1 : TERMINAL_COLUMNS);
}

static void erase_screen(struct terminal *t, int which)
{
    for (int row = 0; row < TERMINAL_ROWS; row++) {
        bool other = which == 0 ? row > t->at.row : which == 1 ? row < t->at.row : true;
        if (other) {
            terminal_blank(t, t->cells[row], 0, TERMINAL_COLUMNS);
        }
    }
    erase_line(t, CLAMP(which, 0, 2));
}

/* Characters of the row: taken out when count is positive, else room is made. */
static void shift_row(struct terminal *t, int count)
{
    struct terminal_cell *cells = t->cells[t->at.row];
    int room = TERMINAL_COLUMNS - t->at.column;
    int by = CLAMP(count > 0 ? count : -count, 0, room);
    gsize kept = (gsize)(room - by) * sizeof *cells;
    if (count > 0) {
        memmove(cells + t->at.column, cells + t->at.column + by, kept);
        terminal_blank(t, cells, TERMINAL_COLUMNS - by, TERMINAL_COLUMNS);
    } else {
        memmove(cells + t->at.column + by, cells + t->at.column, kept);
        terminal_blank(t, cells, t->at.column, t->at.column + by);
    }
}

static void shift_rows(struct terminal *t, int count)
{
    if (t->at.row >= t->top && t->at.row <= t->bottom) {
        terminal_scroll(t, t->at.row, count);
    }
}

static void set_region(struct terminal *t)
{
    int top = param(t, 0, 1) - 1;
    int bottom = MIN(param(t, 1, TERMINAL_ROWS), TERMINAL_ROWS) - 1;
    if (top < bottom) {
        t->top = top;
        t->bottom = bottom;
        terminal_move(t, 0, 0);
    }
}

static void set_modes(struct terminal *t, bool on)
{
    for (int i = 0; t->private && i < t->count; i++) {
        switch (t->params[i]) {
        case 1:
            t->keys = on;
            break;
        case 25:
            t->hidden = !on;
            break;
        case 47:
        case 1047:
        case 1049: /* an editor's screen: it begins and leaves an empty one */
            erase_screen(t, 2);
            break;
        default:
            break;
        }
    }
}

static void move_by(struct terminal *t, int rows, int columns)
{
    terminal_move(t, t->at.row + rows, t->at.column + columns);
}

/* False: not one that moves the cursor. */
static bool obey_move(struct terminal *t, char what)
{
    int n = param(t, 0, 1);
    switch (what) {
    case 'A':
        move_by(t, -n, 0);
        return true;
    case 'B':
    case 'e':
        move_by(t, n, 0);
        return true;
    case 'C':
    case 'a':
        move_by(t, 0, n);
        return true;
    case 'D':
        move_by(t, 0, -n);
        return true;
    case 'E':
        terminal_move(t, t->at.row + n, 0);
        return true;
    case 'F':
        terminal_move(t, t->at.row - n, 0);
        return true;
    case 'G':
    case '`':
        terminal_move(t, t->at.row, n - 1);
        return true;
    case 'd':
        terminal_move(t, n - 1, t->at.column);
        return true;
    case 'H':
    case 'f':
        terminal_move(t, n - 1, param(t, 1, 1) - 1);
        return true;
    default:
        return false;
    }
}

static void save(struct terminal *t)
{
    t->saved = t->at;
    t->saved_look = t->look;
}

static void bring_back(struct terminal *t)
{
    terminal_move(t, t->saved.row, t->saved.column);
    t->look = t->saved_look;
}

static void obey(struct terminal *t, char what)
{
    int n = param(t, 0, 1);
    if (obey_move(t, what)) {
        return;
    }
    switch (what) {
    case 'J':
        erase_screen(t, param(t, 0, 0));
        break;
    case 'K':
        erase_line(t, param(t, 0, 0));
        break;
    case 'L':
        shift_rows(t, -n);
        break;
    case 'M':
        shift_rows(t, n);
        break;
    case 'P':
        shift_row(t, n);
        break;
    case '@':
        shift_row(t, -n);
        break;
    case 'X':
        terminal_blank(t, t->cells[t->at.row], t->at.column, t->at.column + n);
        break;
    case 'S':
        terminal_scroll(t, t->top, n);
        break;
    case 'T':
        terminal_scroll(t, t->top, -n);
        break;
    case 'r':
        set_region(t);
        break;
    case 'h':
    case 'l':
        set_modes(t, what == 'h');
        break;
    case 'm':
        if (!t->private) { /* else it asks how keys are sent */
            terminal_take_look(t);
        }
        break;
    case 's':
        if (!t->private) {
            save(t);
        }
        break;
    case 'u':
        if (!t->private) { /* else it asks for another keyboard */
            bring_back(t);
        }
        break;
    default:
        break;
    }
}

static void control_byte(struct terminal *t, guint8 byte)
{
    if (byte >= '0' && byte <= '9') {
        t->count = MAX(t->count, 1);
        int *last = &t->params[t->count - 1];
        *last = MIN(*last * 10 + (byte - '0'), PARAM_MAX);
    } else if (byte == ';' || byte == ':') {
        t->count = MAX(t->count, 1);
        if (t->count < PARAMS_MAX) {
            t->parts |= byte == ':' ? 1U << t->count : 0;
            t->params[t->count++] = 0;
        }
    } else if (byte >= '<' && byte <= '?') {
        t->private = true;
    } else if (byte >= '@' && byte <= '~') {
        t->state = STATE_TEXT;
        obey(t, (char)byte);
    }
}

static void escape_byte(struct terminal *t, guint8 byte)
{
    t->state = STATE_TEXT;
    switch (byte) {
    case '[':
        t->state = STATE_CONTROL;
        t->count = 0;
        t->parts = 0;
        t->private = false;
        memset(t->params, 0, sizeof t->params);
        break;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        t->state = STATE_STRING;
        t->skipped = 0;
        break;
    case ' ':
    case '#':
    case '%':
    case '(':
    case ')':
    case '*':
    case '+':
        t->state = STATE_CHARSET;
        break;
    case 'D':
        terminal_line_feed(t);
        break;
    case 'E':
        terminal_move(t, t->at.row, 0);
        terminal_line_feed(t);
        break;
    case 'M':
        if (t->at.row == t->top) {
            terminal_scroll(t, t->top, -1);
        } else {
            move_by(t, -1, 0);
        }
        break;
    case '7':
        save(t);
        break;
    case '8':
        bring_back(t);
        break;
    case 'c':
        terminal_reset(t);
        break;
    default:
        break;
    }
}

bool terminal_sequence(struct terminal *t, guint8 byte)
{
    if (byte == 0x1B) {
        t->state = STATE_ESCAPE;
        t->pending = 0;
        return true;
    }
    if (byte == 0x18 || byte == 0x1A) { /* cancels what had begun */
        t->state = STATE_TEXT;
        return true;
    }
    switch (t->state) {
    case STATE_ESCAPE:
        escape_byte(t, byte);
        return true;
    case STATE_CHARSET:
        t->state = STATE_TEXT;
        return true;
    case STATE_CONTROL:
        if (byte < ' ') {
            return false; /* is obeyed within a sequence */
        }
        control_byte(t, byte);
        return true;
    case STATE_STRING:
        if (byte == '\a' || ++t->skipped > STRING_MAX) {
            t->state = STATE_TEXT;
        }
        return true;
    case STATE_TEXT:
        break;
    }
    return false;
}
