/* view_look.c - a guest's 16 colours in those of the theme, always readable. */
#include "view_private.h"

#include <math.h>

#define CONTRAST 4.5F
#define STEPS 8

static float luminance(colour c)
{
    static float linear[256];
    if (linear[255] == 0) {
        for (int i = 0; i < 256; i++) {
            float v = (float)i / 255;
            linear[i] = v <= 0.04045F ? v / 12.92F : powf((v + 0.055F) / 1.055F, 2.4F);
        }
    }
    return 0.2126F * linear[c >> 16 & 255] + 0.7152F * linear[c >> 8 & 255] +
           0.0722F * linear[c & 255];
}

static float contrast(colour a, colour b)
{
    float x = luminance(a) + 0.05F;
    float y = luminance(b) + 0.05F;
    return x > y ? x / y : y / x;
}

/* Whichever of the two is farther from paper, and no more than it needs. */
colour view_readable(colour ink, colour paper)
{
    colour end =
            contrast(0xFFFFFFFFU, paper) > contrast(0xFF000000U, paper) ? 0xFFFFFFFFU : 0xFF000000U;
    for (int step = 0; step < STEPS; step++) {
        colour mixed = view_blend(end, ink, (float)step / STEPS);
        if (contrast(mixed, paper) >= CONTRAST) {
            return step == 0 ? ink : mixed;
        }
    }
    return end;
}

/* Black is the darker end of the theme, white its lighter one. */
static colour of_sixteen(int index)
{
    static const enum ink hues[] = {
            INK_DOWN, INK_GREEN, INK_DEGRADED, INK_HELD, INK_ATTACK, INK_UP};
    bool light = luminance(C_BACK) > luminance(C_TEXT);
    colour dark_end = light ? C_TEXT : C_BACK;
    colour light_end = light ? C_BACK : C_TEXT;
    switch (index) {
    case 0:
        return dark_end;
    case 7:
        return view_blend(light_end, dark_end, 0.8F);
    case 8:
        return view_blend(light_end, dark_end, 0.4F);
    case 15:
        return light_end;
    default:
        break;
    }
    colour hue = theme_ink(hues[(index - 1) % 8 % 6]); /* 1 to 6, bright from 9 to 14 */
    return index < 8 ? hue : view_blend(hue, light_end, 0.65F);
}

struct look view_look(const struct terminal_look *look)
{
    bool bold = look->style & TERMINAL_BOLD;
    bool inverse = look->style & TERMINAL_INVERSE;
    int ink = look->ink < 8 && bold ? look->ink + 8 : look->ink;
    colour front = ink == TERMINAL_PLAIN ? (bold ? C_FOCUS : C_TEXT) : of_sixteen(ink);
    colour back = look->paper == TERMINAL_PLAIN ? C_BACK : of_sixteen(look->paper);
    bool bare = look->paper == TERMINAL_PLAIN && !inverse;
    if (inverse) {
        colour other = front;
        front = back;
        back = other;
    }
    return (struct look){view_readable(front, back), bare ? 0 : back};
}
