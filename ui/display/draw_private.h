/* draw_private.h - what the halves of the drawing code share: the canvas and its text cache. */
#pragma once

#include "draw.h"

struct text_cache;

struct draw {
    int w, h;
    uint32_t *pixels;
    int x0, y0, x1, y1; /* clip: x0 <= x < x1 */
    struct text_cache *text;
};

/* Mixes c into *pixel with coverage 0..255 on top of c's own alpha. */
static inline void draw_mix(uint32_t *pixel, colour c, uint32_t coverage)
{
    uint32_t a = (c >> 24) * coverage;
    a = (a + 127) / 255;
    if (a == 0) {
        return;
    }
    if (a >= 255) {
        *pixel = c & 0xFFFFFFU;
        return;
    }
    uint32_t old = *pixel;
    uint32_t keep = 255 - a;
    uint32_t red = ((c >> 16 & 255) * a + (old >> 16 & 255) * keep + 127) / 255;
    uint32_t green = ((c >> 8 & 255) * a + (old >> 8 & 255) * keep + 127) / 255;
    uint32_t blue = ((c & 255) * a + (old & 255) * keep + 127) / 255;
    *pixel = red << 16 | green << 8 | blue;
}

struct text_cache *text_cache_new(GError **error);
void text_cache_free(struct text_cache *cache); /* accepts NULL */
