/* cli_table.c - tables aligned by the columns that text takes on a terminal. */
#include "base/text.h"
#include "cli/cli_view.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2

struct cli_table {
    char *align;
    gsize columns;
    GPtrArray *rows; /* char **: the first is the head */
};

static int char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c)) {
        return 0;
    }
    return g_unichar_iswide(c) ? 2 : 1;
}

int cli_text_width(const char *text)
{
    int width = 0;
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        width += char_width(g_utf8_get_char(c));
    }
    return width;
}

struct cli_table *cli_table_new(const char *align, const char *const *heads)
{
    struct cli_table *table = g_new0(struct cli_table, 1);
    table->align = g_strdup(align);
    table->columns = strlen(align);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    cli_table_add(table, heads);
    return table;
}

void cli_table_free(struct cli_table *table)
{
    g_ptr_array_unref(table->rows);
    g_free(table->align);
    g_free(table);
}

void cli_table_add(struct cli_table *table, const char *const *cells)
{
    char **row = g_new0(char *, table->columns + 1);
    for (gsize i = 0; i < table->columns; i++) {
        row[i] = text_clean_tail(cells[i], strlen(cells[i]), 4096);
        g_strdelimit(row[i], "\n\t", ' ');
    }
    g_ptr_array_add(table->rows, row);
}

static void pad(GString *line, int columns)
{
    for (int i = 0; i < columns; i++) {
        g_string_append_c(line, ' ');
    }
}

/* Cuts line to width columns, the last of them an ellipsis. */
static void cut(GString *line, int width)
{
    int seen = 0;
    if (width <= 0 || cli_text_width(line->str) <= width) {
        return;
    }
    const char *c = line->str;
    while (*c && seen + char_width(g_utf8_get_char(c)) < width) {
        seen += char_width(g_utf8_get_char(c));
        c = g_utf8_next_char(c);
    }
    g_string_truncate(line, (gsize)(c - line->str));
    g_string_append(line, "…");
}

static void append_row(GString *text, const struct cli_table *table, char *const *row,
        const int *widths, int limit)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (gsize i = 0; i < table->columns; i++) {
        int room = widths[i] - cli_text_width(row[i]);
        pad(line, (i > 0 ? GAP : 0) + (table->align[i] == 'r' ? room : 0));
        g_string_append(line, row[i]);
        pad(line, table->align[i] == 'r' ? 0 : room);
    }
    g_strchomp(line->str);
    line->len = strlen(line->str);
    cut(line, limit);
    g_string_append(text, line->str);
    g_string_append_c(text, '\n');
}

char *cli_table_text(const struct cli_table *table, int width)
{
    g_autofree int *widths = g_new0(int, table->columns);
    for (guint r = 0; r < table->rows->len; r++) {
        char *const *row = table->rows->pdata[r];
        for (gsize i = 0; i < table->columns; i++) {
            widths[i] = MAX(widths[i], cli_text_width(row[i]));
        }
    }
    GString *text = g_string_new(NULL);
    for (guint r = 0; r < table->rows->len; r++) {
        append_row(text, table, table->rows->pdata[r], widths, width);
    }
    return g_string_free(text, FALSE);
}

void cli_table_print(struct cli_table *table)
{
    struct winsize size = {0};
    bool terminal = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    g_autofree char *text = cli_table_text(table, terminal ? size.ws_col : 0);
    fputs(text, stdout);
    cli_table_free(table);
}
