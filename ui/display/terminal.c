/* terminal.c - the terminal's screen, and the bytes that are no sequence. */
#include "terminal_private.h"

#include <string.h>

#define REPLACEMENT 0xFFFDU

struct terminal *terminal_new(void)
{
    struct terminal *t = g_new0(struct terminal, 1);
    terminal_reset(t);
    return t;
}

void terminal_free(struct terminal *t)
{
    g_free(t);
}

void terminal_blank(const struct terminal *t, struct terminal_cell *cells, int from, int to)
{
    struct terminal_cell blank = {' ', terminal_plain};
    blank.look.paper = t->look.paper;
    for (int i = MAX(from, 0); i < MIN(to, TERMINAL_COLUMNS); i++) {
        cells[i] = blank;
    }
}

void terminal_reset(struct terminal *t)
{
    t->look = t->saved_look = terminal_plain;
    for (int row = 0; row < TERMINAL_ROWS; row++) {
        terminal_blank(t, t->cells[row], 0, TERMINAL_COLUMNS);
    }
    t->at = t->saved = (struct spot){0, 0};
    t->top = 0;
    t->bottom = TERMINAL_ROWS - 1;
    t->wraps = t->hidden = t->keys = false;
    t->state = STATE_TEXT;
    t->pending = 0;
}

void terminal_move(struct terminal *t, int row, int column)
{
    t->at.row = CLAMP(row, 0, TERMINAL_ROWS - 1);
    t->at.column = CLAMP(column, 0, TERMINAL_COLUMNS - 1);
    t->wraps = false;
}

static void keep_row(struct terminal *t, const struct terminal_cell *cells)
{
    memcpy(t->back[t->back_next], cells, sizeof t->back[0]);
    t->back_next = (t->back_next + 1) % TERMINAL_BACK;
    t->back_count = MIN(t->back_count + 1, TERMINAL_BACK);
}

void terminal_scroll(struct terminal *t, int top, int count)
{
    int rows = t->bottom - top + 1;
    bool up = count > 0;
    int by = CLAMP(up ? count : -count, 0, rows);
    gsize kept = (gsize)(rows - by) * sizeof t->cells[0];
    if (up) {
        memmove(t->cells[top], t->cells[top + by], kept);
    } else {
        memmove(t->cells[top + by], t->cells[top], kept);
    }
    for (int i = 0; i < by; i++) {
        terminal_blank(t, t->cells[up ? t->bottom - i : top + i], 0, TERMINAL_COLUMNS);
    }
}

void terminal_line_feed(struct terminal *t)
{
    if (t->at.row == t->bottom) {
        if (t->top == 0) {
            keep_row(t, t->cells[0]);
        }
        terminal_scroll(t, t->top, 1);
    } else {
        terminal_move(t, t->at.row + 1, t->at.column);
    }
    t->wraps = false;
}

static void put(struct terminal *t, gunichar c)
{
    if (!g_unichar_isprint(c) || g_unichar_iszerowidth(c)) {
        return; /* also what would turn the reading direction */
    }
    int width = g_unichar_iswide(c) ? 2 : 1;
    if (t->wraps || t->at.column + width > TERMINAL_COLUMNS) {
        t->at.column = 0;
        terminal_line_feed(t);
    }
    struct terminal_cell *cells = t->cells[t->at.row];
    cells[t->at.column] = (struct terminal_cell){c, t->look};
    if (width == 2) {
        cells[t->at.column + 1] = (struct terminal_cell){0, t->look};
    }
    t->wraps = t->at.column + width == TERMINAL_COLUMNS;
    t->at.column = MIN(t->at.column + width, TERMINAL_COLUMNS - 1);
}

/* One byte of a character that may have several. */
static void put_byte(struct terminal *t, guint8 byte)
{
    if (t->pending > 0 && (byte & 0xC0) != 0x80) { /* the last one stays unfinished */
        t->pending = 0;
        put(t, REPLACEMENT);
    }
    t->bytes[t->pending++] = (char)byte;
    gunichar c = g_utf8_get_char_validated(t->bytes, (gssize)t->pending);
    if (c == (gunichar)-2 && t->pending < sizeof t->bytes) {
        return;
    }
    t->pending = 0;
    put(t, c == (gunichar)-1 || c == (gunichar)-2 ? REPLACEMENT : c);
}

static void control(struct terminal *t, guint8 byte)
{
    switch (byte) {
    case '\b':
        terminal_move(t, t->at.row, t->at.column - 1);
        break;
    case '\t':
        terminal_move(t, t->at.row, (t->at.column / 8 + 1) * 8);
        break;
    case '\n':
    case '\v':
    case '\f':
        terminal_line_feed(t);
        break;
    case '\r':
        terminal_move(t, t->at.row, 0);
        break;
    default:
        break;
    }
}

void terminal_feed(struct terminal *t, const void *bytes, gsize length)
{
    const guint8 *in = bytes;
    for (gsize i = 0; i < length; i++) {
        if (terminal_sequence(t, in[i])) {
            continue;
        }
        if (in[i] < ' ' || in[i] == 0x7F) {
            control(t, in[i]);
        } else {
            put_byte(t, in[i]);
        }
    }
    t->changes += length > 0;
}

int terminal_above(const struct terminal *t)
{
    return t->back_count;
}

const struct terminal_cell *terminal_row(const struct terminal *t, int row)
{
    if (row >= 0) {
        return row < TERMINAL_ROWS ? t->cells[row] : NULL;
    }
    if (row < -t->back_count) {
        return NULL;
    }
    return t->back[(t->back_next + row + TERMINAL_BACK) % TERMINAL_BACK];
}

bool terminal_cursor(const struct terminal *t, int *row, int *column)
{
    *row = t->at.row;
    *column = t->at.column;
    return !t->hidden;
}

bool terminal_wants_application_keys(const struct terminal *t)
{
    return t->keys;
}

guint terminal_changes(const struct terminal *t)
{
    return t->changes;
}
