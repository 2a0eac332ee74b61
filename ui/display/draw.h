/* draw.h - the narrow drawing interface: a canvas in memory, shapes with smooth edges, text.
 *
 * Everything is drawn by the processor into one 32-bit picture, so that a window, a screenshot and
 * a golden picture are the same bytes; but text depends on the host's fonts and FreeType. Units are
 * pixels; x grows right, y down. A pixel's centre is at .5. Colours are 0xAARRGGBB, not
 * premultiplied.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef uint32_t colour;

struct rect {
    float x, y, w, h;
};

struct point {
    float x, y;
};

enum font {
    FONT_TEXT,  /* DejaVu Sans */
    FONT_BOLD,  /* DejaVu Sans Bold */
    FONT_DIGIT, /* DejaVu Sans Mono: numbers that must not dance */
    FONTS,
};

struct draw;

/* A canvas of w x h pixels (1..16384); fails with HOST when the fonts are not installed. */
struct draw *draw_new(int w, int h, GError **error);
void draw_free(struct draw *draw); /* accepts NULL */
bool draw_resize(struct draw *draw, int w, int h);
int draw_width(const struct draw *draw);
int draw_height(const struct draw *draw);
const uint32_t *draw_pixels(const struct draw *draw); /* XRGB8888, pitch = width * 4 */

/* Limits what follows to rect; NULL: the whole canvas. */
void draw_clip(struct draw *draw, const struct rect *rect);
void draw_clear(struct draw *draw, colour c);
void draw_rect(struct draw *draw, struct rect r, colour c); /* snapped to whole pixels */
void draw_frame(struct draw *draw, struct rect r, float width, colour c);         /* inside r */
void draw_convex(struct draw *draw, const struct point *points, int n, colour c); /* n <= 8 */
void draw_line(struct draw *draw, struct point from, struct point to, float width, colour c);
void draw_disc(struct draw *draw, struct point centre, float radius, colour c);
void draw_ring(struct draw *draw, struct point centre, float radius, float width, colour c);

/* Text of size px with its top left at (x, y); returns its width. Characters that DejaVu lacks come
 * from Noto Sans CJK SC. Text is never wrapped; invalid UTF-8 is repaired. */
float draw_text(
        struct draw *draw, enum font font, float size, struct point at, colour c, const char *text);
float draw_text_width(struct draw *draw, enum font font, float size, const char *text);
float draw_text_height(struct draw *draw, enum font font, float size);

/* A picture of w x h pixels (XRGB8888, w to a row) in r, stretched by repetition. */
void draw_image(struct draw *draw, struct rect r, const uint32_t *pixels, int w, int h);

/* Writes the canvas as PNG; the same pixels give the same bytes. */
bool draw_save_png(const struct draw *draw, const char *path, GError **error);
