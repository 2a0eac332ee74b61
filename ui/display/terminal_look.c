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

void terminal_take_look(struct terminal *t)
{
    struct terminal_look *look = &t->look;
    for (int i = 0; i < MAX(t->count, 1); i++) {
        int n = t->params[i];
        if (n == 38) {
            look->ink = extended(t, &i);
        } else if (n == 48) {
            look->paper = extended(t, &i);
        } else if (n == 58) { /* of the underline: passed over */
            (void)extended(t, &i);
        } else if (!take_colour(look, n)) {
            take_style(look, n);
        }
    }
}
