/* view_console.c - a machine's console in the place of the topology: its rows, its cursor. */
#include "view_private.h"

#include <math.h>

struct grid { /* where the cells are */
    struct rect in;
    float size, cell, row; /* size before scaling */
};

/* The largest letters with which all of the screen fits. */
static struct grid grid_in(const struct view *view, struct rect in)
{
    struct grid grid = {.in = in};
    char wide[TERMINAL_COLUMNS + 1] = {0};
    for (int i = 0; i < TERMINAL_COLUMNS; i++) {
        wide[i] = 'M';
    }
    for (int halves = 36; halves > 14; halves--) {
        grid.size = (float)halves / 2;
        grid.cell = draw_text_width(view->draw, FONT_DIGIT, px(view, grid.size), wide) /
                    TERMINAL_COLUMNS;
        grid.row = draw_text_height(view->draw, FONT_DIGIT, px(view, grid.size));
        if (grid.cell * TERMINAL_COLUMNS <= in.w && grid.row * TERMINAL_ROWS <= in.h) {
            break;
        }
    }
    return grid;
}

static bool same_look(const struct terminal_look *a, const struct terminal_look *b)
{
    return a->ink == b->ink && a->paper == b->paper && a->style == b->style;
}

/* How many cells from the first on have its look. */
static int look_length(const struct terminal_cell *cells, int max)
{
    int n = 1;
    while (n < max && same_look(&cells[n].look, &cells[0].look)) {
        n++;
    }
    return n;
}

static void draw_letters(const struct view *view, const struct grid *grid, const char *letters,
        const struct terminal_look *look, struct point at)
{
    struct text_style style = {FONT_DIGIT, grid->size, view_look(look).ink, LEFT, 0};
    g_autofree char *text = g_strchomp(g_strdup(letters));
    if (*text) {
        view_text(view, style, at.x, at.y, text);
        if (look->style & TERMINAL_BOLD) { /* there is no bold font whose letters fit the cells */
            view_text(view, style, at.x + MAX(roundf(px(view, 0.8F)), 1), at.y, text);
        }
    }
}

/* Cells of one look: letters of one width in one go, others each in their own cell. */
static void draw_run(const struct view *view, const struct grid *grid,
        const struct terminal_cell *cells, int count, struct point at)
{
    const struct terminal_look *look = &cells[0].look;
    struct look colours = view_look(look);
    float w = grid->cell * (float)count;
    if (colours.paper) {
        draw_rect(view->draw, (struct rect){at.x, at.y, w, grid->row}, colours.paper);
    }
    for (int i = 0; i < count;) {
        g_autoptr(GString) run = g_string_new(NULL);
        int start = i;
        while (i < count && cells[i].c >= ' ' && cells[i].c < 0x7F) {
            g_string_append_c(run, (char)cells[i++].c);
        }
        if (i == start) {
            if (cells[i].c) {
                g_string_append_unichar(run, cells[i].c);
            }
            i++;
        }
        draw_letters(
                view, grid, run->str, look, (struct point){at.x + grid->cell * (float)start, at.y});
    }
    if (look->style & TERMINAL_UNDERLINED) {
        draw_rect(
                view->draw, (struct rect){at.x, at.y + grid->row - px(view, 2), w, 1}, colours.ink);
    }
}

static void draw_row(const struct view *view, const struct grid *grid,
        const struct terminal_cell *cells, float y)
{
    for (int i = 0; i < TERMINAL_COLUMNS;) {
        int count = look_length(cells + i, TERMINAL_COLUMNS - i);
        struct point at = {grid->in.x + grid->cell * (float)i, y};
        draw_run(view, grid, cells + i, count, at);
        i += count;
    }
}

/* Over the cells from the cursor on. */
static void draw_composed(struct view *view, const struct grid *grid, struct rect at)
{
    struct text_style style = {FONT_DIGIT, grid->size, C_TEXT, LEFT, 0};
    float w = draw_text_width(view->draw, style.font, px(view, style.size), view->compose.text);
    at.x = MAX(MIN(at.x, grid->in.x + grid->in.w - w), grid->in.x);
    at.w = w;
    draw_rect(view->draw, at, C_SELECT);
    view_compose(view, style, at.x, at.y);
}

static void draw_cursor(struct view *view, const struct grid *grid, int first)
{
    int row = 0;
    int column = 0;
    bool shown = terminal_cursor(view->terminal, &row, &column);
    struct rect at = {grid->in.x + grid->cell * (float)column,
            grid->in.y + grid->row * (float)(row - first), grid->cell, grid->row};
    bool focused = view->focus == FOCUS_CONSOLE;
    if (at.y + at.h > grid->in.y + grid->in.h + 1) {
        return;
    }
    if (focused) {
        view->compose.caret = at;
    }
    if (focused && view->compose.text) {
        draw_composed(view, grid, at);
    } else if (shown && focused) {
        draw_rect(view->draw, at, (C_UP & 0xFFFFFFU) | 0x90000000U);
    } else if (shown) {
        draw_frame(view->draw, at, 1, C_DIM);
    }
}

void view_console(struct view *view, struct rect r)
{
    g_autofree char *title = g_strdup_printf(tr("Console — %s"), view->console);
    g_autofree char *hint = NULL;
    if (view->console_back > 0) {
        hint = g_strdup_printf(tr("%d rows back · ⇧Page down"), view->console_back);
    }
    const struct label label = {tr("Close"), NULL, false, ACTION_CONSOLE_CLOSE, 0};
    float wide = px(view, 70);
    struct rect in = view_panel(view, r, FOCUS_CONSOLE, title, NULL);
    view_add_hit(view, PANEL_CONSOLE, r, ACTION_FOCUS, FOCUS_CONSOLE);
    view_text(view,
            (struct text_style){
                    FONT_TEXT, 12, view->console_over ? C_DEGRADED : C_DIM, RIGHT, r.w * 0.55F},
            r.x + r.w - wide - px(view, 24), r.y + px(view, 10),
            hint                 ? hint
            : view->console_note ? view->console_note
                                 : "");
    view_button(view, PANEL_CONSOLE,
            (struct rect){r.x + r.w - wide - px(view, 10), r.y + px(view, 6), wide, px(view, 22)},
            &label);
    draw_rect(view->draw, in, C_BACK);
    struct rect cells = {
            in.x + px(view, 6), in.y + px(view, 4), in.w - px(view, 12), in.h - px(view, 8)};
    struct grid grid = grid_in(view, cells);
    int rows = MAX((int)(cells.h / grid.row), 1);
    int spare = MAX(rows - TERMINAL_ROWS, 0); /* shows what has scrolled out */
    int first = -MIN(spare + view->console_back, terminal_above(view->terminal));
    for (int i = 0; i < rows; i++) {
        const struct terminal_cell *row = terminal_row(view->terminal, first + i);
        if (row) {
            draw_row(view, &grid, row, cells.y + grid.row * (float)i);
        }
    }
    draw_cursor(view, &grid, first);
}
