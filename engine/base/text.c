/* text.c - nearest names, clock text, clean output. */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

static guint distance(const char *a, const char *b)
{
    gsize columns = strlen(b);
    g_autofree guint *row = g_new(guint, columns + 1);
    for (gsize j = 0; j <= columns; j++) {
        row[j] = (guint)j;
    }
    for (gsize i = 1; a[i - 1]; i++) {
        guint diagonal = row[0];
        row[0] = (guint)i;
        for (gsize j = 1; j <= columns; j++) {
            guint above = row[j];
            guint change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = MIN(MIN(above, row[j - 1]) + 1, change);
            diagonal = above;
        }
    }
    return row[columns];
}

const char *text_nearest(const char *wrong, const char *const *candidates)
{
    if (strlen(wrong) > 64) {
        return NULL;
    }
    const char *nearest = NULL;
    guint best = MAX(1, (guint)strlen(wrong) / 3) + 1;
    for (; candidates && *candidates; candidates++) {
        guint d = strlen(*candidates) <= 64 ? distance(wrong, *candidates) : best;
        if (d < best) {
            best = d;
            nearest = *candidates;
        }
    }
    return nearest;
}

char *text_did_you_mean(const char *wrong, const char *const *candidates)
{
    const char *nearest = text_nearest(wrong, candidates);
    return nearest ? g_strdup_printf(" (did you mean \"%s\"?)", nearest) : g_strdup("");
}

char *text_clock(gint64 at_us)
{
    gint64 s = MAX(at_us, 0) / G_USEC_PER_SEC;
    if (s >= 3600) {
        return g_strdup_printf(
                "T+%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    }
    return g_strdup_printf("T+%02d:%02d", (int)(s / 60), (int)(s % 60));
}

/* No control characters (a terminal obeys those from U+0080 on as well), nothing that turns the
 * direction of what follows. */
static bool is_harmless(gunichar c)
{
    if (g_unichar_iscntrl(c)) {
        return c == '\n' || c == '\t';
    }
    return !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

char *text_clean_tail(const char *text, gsize length, gsize max)
{
    if (length > max) {
        text += length - max;
        length = max;
    }
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    GString *clean = g_string_sized_new(length);
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        if (is_harmless(g_utf8_get_char(c))) {
            g_string_append_len(clean, c, g_utf8_next_char(c) - c);
        }
    }
    /* a byte that is no UTF-8 became three: cut again, between characters */
    gsize excess = clean->len > max ? clean->len - max : 0;
    while ((clean->str[excess] & 0xc0) == 0x80) {
        excess++;
    }
    g_string_erase(clean, 0, (gssize)excess);
    return g_string_free(clean, FALSE);
}
