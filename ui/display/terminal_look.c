/* terminal_look.c - colours and styles that a guest asks for (ECMA-48 8.3.117, "SGR"): 16 colours,
 * others by the nearest of them, bold, inverse, underlined; the rest is skipped. */
#include "terminal_private.h"

const struct terminal_look terminal_plain = {TERMINAL_PLAIN, TERMINAL_PLAIN, 0};

/* The nearest of the 16: which parts are strong, and whether they are bright. */
static guint8 nearest(int red, int green, int blue)
{
    int high = MAX(red, MAX(green, blue));
    int low = MIN(red, MIN(green, blue));
    if (high - low < 32) { /* a grey */
        return high < 64 ? 0 : high < 178 ? 8 : high < 242 ? 7 : 15;
    }
    int half = (high + low) / 2;
    int parts = (red > half) | (green > half) << 1 | (blue > half) << 2;
    return (guint8)(parts | (high > 208 ? 8 : 0));
}

/* Of the 256 that terminals agree on: 16, a cube of 6 x 6 x 6, 24 greys. */
static guint8 indexed(int index)
{
    if (index < 16) {
        return (guint8)MAX(index, 0);
    }
    if (index < 232) {
        int cube = index - 16;
        return nearest(cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51);
    }
    int grey = (MIN(index, 255) - 232) * 10 + 8;
    return nearest(grey, grey, grey);
}

/* The colour in the parameters behind the one at, 5;N or 2;R;G;B; *at is then its last. */
static guint8 extended(const struct terminal *t, int *at)
{
    const int *params = t->params;
    int left = t->count - *at - 1;
    if (left >= 2 && params[*at + 1] == 5) {
        *at += 2;
        return indexed(params[*at]);
    }
    if (left >= 4 && params[*at + 1] == 2) {
        *at += 4;
        return nearest(MIN(params[*at - 2], 255), MIN(params[*at - 1], 255), MIN(params[*at], 255));
    }
    *at = t->count; /* cut off: what follows means nothing */
    return TERMINAL_PLAIN;
}

/* How many parts the parameter at has, by colons (ITU-T T.416). */
static int parts_of(const struct terminal *t, int at)
{
    int n = 0;
    while (at + 1 + n < t->count && t->parts & 1U << (at + 1 + n)) {
        n++;
    }
    return n;
}

/* 5:N, 2:R:G:B, or 2:SPACE:R:G:B and more. */
static guint8 extended_by_parts(const int *parts, int n)
{
    if (n >= 2 && parts[0] == 5) {
        return indexed(parts[1]);
    }
    if (n >= 4 && parts[0] == 2) {
        const int *rgb = parts + (n == 4 ? 1 : 2);
        return nearest(MIN(rgb[0], 255), MIN(rgb[1], 255), MIN(rgb[2], 255));
    }
    return TERMINAL_PLAIN;
}

/* False: not a colour. */
static bool take_colour(struct terminal_look *look, int n)
{
    if (n >= 30 && n <= 37) {
        look->ink = (guint8)(n - 30);
    } else if (n >= 90 && n <= 97) {
        look->ink = (guint8)(n - 90 + 8);
    } else if (n >= 40 && n <= 47) {
        look->paper = (guint8)(n - 40);
    } else if (n >= 100 && n <= 107) {
        look->paper = (guint8)(n - 100 + 8);
    } else if (n == 39) {
        look->ink = TERMINAL_PLAIN;
    } else if (n == 49) {
        look->paper = TERMINAL_PLAIN;
    } else {
        return false;
    }
    return true;
}

static void take_style(struct terminal_look *look, int n)
{
    switch (n) {
    case 0:
        *look = terminal_plain;
        break;
    case 1:
        look->style |= TERMINAL_BOLD;
        break;
    case 4:
        look->style |= TERMINAL_UNDERLINED;
        break;
    case 7:
        look->style |= TERMINAL_INVERSE;
        break;
    case 22:
        look->style &= (guint8)~TERMINAL_BOLD;
        break;
    case 24:
        look->style &= (guint8)~TERMINAL_UNDERLINED;
        break;
    case 27:
        look->style &= (guint8)~TERMINAL_INVERSE;
        break;
    default:
        break;
    }
}

/* The colour that begins at *at, which is then its last parameter. */
static guint8 any_extended(const struct terminal *t, int *at)
{
    int n = parts_of(t, *at);
    if (n == 0) {
        return extended(t, at);
    }
    const int *parts = &t->params[*at + 1];
    *at += n;
    return extended_by_parts(parts, n);
}

void terminal_take_look(struct terminal *t)
{
    struct terminal_look *look = &t->look;
    for (int i = 0; i < MAX(t->count, 1); i++) {
        int n = t->params[i];
        if (n == 38) {
            look->ink = any_extended(t, &i);
        } else if (n == 48) {
            look->paper = any_extended(t, &i);
        } else if (n == 58) { /* of the underline: passed over */
            (void)any_extended(t, &i);
        } else {
            int parts = parts_of(t, i);
            bool none = n == 4 && parts > 0 && t->params[i + 1] == 0; /* 4:0, no line */
            if (!take_colour(look, n)) {
                take_style(look, none ? 24 : n);
            }
            i += parts;
        }
    }
}
