/* canvas.c - shapes with smooth edges: the coverage of a pixel is read off its distance to the
 * edge. */
#include "draw_private.h"

#include <math.h>
#include <string.h>

#define SIDE_MAX 16384
#define CORNERS_MAX 8

struct draw *draw_new(int w, int h, GError **error)
{
    struct draw *draw = g_new0(struct draw, 1);
    draw->text = text_cache_new(error);
    if (!draw->text) {
        g_free(draw);
        return NULL;
    }
    draw_resize(draw, w, h);
    return draw;
}

void draw_free(struct draw *draw)
{
    if (draw) {
        text_cache_free(draw->text);
        g_free(draw->pixels);
        g_free(draw);
    }
}

bool draw_resize(struct draw *draw, int w, int h)
{
    w = CLAMP(w, 1, SIDE_MAX);
    h = CLAMP(h, 1, SIDE_MAX);
    if (w == draw->w && h == draw->h) {
        return false;
    }
    g_free(draw->pixels);
    draw->pixels = g_new0(uint32_t, (gsize)w * (gsize)h);
    draw->w = w;
    draw->h = h;
    draw_clip(draw, NULL);
    return true;
}

int draw_width(const struct draw *draw)
{
    return draw->w;
}

int draw_height(const struct draw *draw)
{
    return draw->h;
}

const uint32_t *draw_pixels(const struct draw *draw)
{
    return draw->pixels;
}

/* A float from far outside the canvas must not overflow an int. */
static int to_int(float value)
{
    return (int)CLAMP(value, -100000.0F, 100000.0F);
}

void draw_clip(struct draw *draw, const struct rect *rect)
{
    draw->x0 = 0;
    draw->y0 = 0;
    draw->x1 = draw->w;
    draw->y1 = draw->h;
    if (rect) {
        draw->x0 = CLAMP(to_int(roundf(rect->x)), 0, draw->w);
        draw->y0 = CLAMP(to_int(roundf(rect->y)), 0, draw->h);
        draw->x1 = CLAMP(to_int(roundf(rect->x + rect->w)), draw->x0, draw->w);
        draw->y1 = CLAMP(to_int(roundf(rect->y + rect->h)), draw->y0, draw->h);
    }
}

void draw_clear(struct draw *draw, colour c)
{
    gsize count = (gsize)draw->w * (gsize)draw->h;
    for (gsize i = 0; i < count; i++) {
        draw->pixels[i] = c & 0xFFFFFFU;
    }
}

void draw_rect(struct draw *draw, struct rect r, colour c)
{
    int x0 = MAX(to_int(roundf(r.x)), draw->x0);
    int y0 = MAX(to_int(roundf(r.y)), draw->y0);
    int x1 = MIN(to_int(roundf(r.x + r.w)), draw->x1);
    int y1 = MIN(to_int(roundf(r.y + r.h)), draw->y1);
    for (int y = y0; y < y1; y++) {
        uint32_t *row = draw->pixels + (gsize)y * (gsize)draw->w;
        for (int x = x0; x < x1; x++) {
            if (c >= 0xFF000000U) {
                row[x] = c & 0xFFFFFFU;
            } else {
                draw_mix(row + x, c, 255);
            }
        }
    }
}

void draw_frame(struct draw *draw, struct rect r, float width, colour c)
{
    float t = MAX(roundf(width), 1.0F);
    r = (struct rect){roundf(r.x), roundf(r.y), roundf(r.x + r.w) - roundf(r.x),
            roundf(r.y + r.h) - roundf(r.y)};
    draw_rect(draw, (struct rect){r.x, r.y, r.w, t}, c);
    draw_rect(draw, (struct rect){r.x, r.y + r.h - t, r.w, t}, c);
    draw_rect(draw, (struct rect){r.x, r.y + t, t, r.h - 2 * t}, c);
    draw_rect(draw, (struct rect){r.x + r.w - t, r.y + t, t, r.h - 2 * t}, c);
}

static inline uint32_t coverage(float distance)
{
    float value = 0.5F - distance;
    return value <= 0 ? 0 : value >= 1 ? 255 : (uint32_t)(value * 255.0F + 0.5F);
}

struct edge { /* outward normal and offset: distance = nx*x + ny*y - d */
    float nx, ny, d;
};

static int edges_of(const struct point *points, int n, struct edge *edges)
{
    float area = 0;
    for (int i = 0; i < n; i++) {
        const struct point *a = points + i;
        const struct point *b = points + (i + 1) % n;
        area += a->x * b->y - b->x * a->y;
    }
    float side = area >= 0 ? 1.0F : -1.0F;
    int count = 0;
    for (int i = 0; i < n; i++) {
        const struct point *a = points + i;
        const struct point *b = points + (i + 1) % n;
        float dx = b->x - a->x;
        float dy = b->y - a->y;
        float length = sqrtf(dx * dx + dy * dy);
        if (length > 1e-4F) {
            struct edge edge = {side * dy / length, -side * dx / length, 0};
            edge.d = edge.nx * a->x + edge.ny * a->y;
            edges[count++] = edge;
        }
    }
    return count;
}

/* The part of row y where all edges may be nearer than half a pixel. */
static void span_of(const struct edge *edges, int count, float y, float *x0, float *x1)
{
    for (int i = 0; i < count; i++) {
        const struct edge *edge = edges + i;
        float rest = edge->d + 0.75F - edge->ny * y;
        if (edge->nx > 1e-5F) {
            *x1 = MIN(*x1, rest / edge->nx);
        } else if (edge->nx < -1e-5F) {
            *x0 = MAX(*x0, rest / edge->nx);
        } else if (rest < 0) {
            *x1 = *x0 - 1;
        }
    }
}

void draw_convex(struct draw *draw, const struct point *points, int n, colour c)
{
    struct edge edges[CORNERS_MAX];
    if (n < 3 || n > CORNERS_MAX) {
        return;
    }
    float top = INFINITY;
    float bottom = -INFINITY;
    for (int i = 0; i < n; i++) {
        top = MIN(top, points[i].y);
        bottom = MAX(bottom, points[i].y);
    }
    int count = edges_of(points, n, edges);
    int y0 = MAX(to_int(floorf(top - 1)), draw->y0);
    int y1 = MIN(to_int(ceilf(bottom + 1)), draw->y1);
    for (int y = y0; y < y1; y++) {
        float cy = (float)y + 0.5F;
        float left = (float)draw->x0;
        float right = (float)draw->x1;
        span_of(edges, count, cy, &left, &right);
        int last = MIN(to_int(ceilf(right)), draw->x1);
        uint32_t *row = draw->pixels + (gsize)y * (gsize)draw->w;
        for (int x = MAX(to_int(floorf(left)), draw->x0); x < last; x++) {
            float distance = -1e9F;
            for (int i = 0; i < count; i++) {
                float d = edges[i].nx * ((float)x + 0.5F) + edges[i].ny * cy - edges[i].d;
                distance = MAX(distance, d);
            }
            draw_mix(row + x, c, coverage(distance));
        }
    }
}

void draw_line(struct draw *draw, struct point from, struct point to, float width, colour c)
{
    float dx = to.x - from.x;
    float dy = to.y - from.y;
    float length = sqrtf(dx * dx + dy * dy);
    if (length < 1e-3F) {
        return;
    }
    float nx = -dy / length * width / 2;
    float ny = dx / length * width / 2;
    struct point corners[] = {{from.x + nx, from.y + ny}, {to.x + nx, to.y + ny},
            {to.x - nx, to.y - ny}, {from.x - nx, from.y - ny}};
    draw_convex(draw, corners, 4, c);
}

/* Pixels between two radii; inner < 0 fills the disc. */
static void round_shape(struct draw *draw, struct point at, float inner, float outer, colour c)
{
    int y0 = MAX(to_int(floorf(at.y - outer - 1)), draw->y0);
    int y1 = MIN(to_int(ceilf(at.y + outer + 1)), draw->y1);
    int x0 = MAX(to_int(floorf(at.x - outer - 1)), draw->x0);
    int x1 = MIN(to_int(ceilf(at.x + outer + 1)), draw->x1);
    for (int y = y0; y < y1; y++) {
        uint32_t *row = draw->pixels + (gsize)y * (gsize)draw->w;
        float dy = (float)y + 0.5F - at.y;
        for (int x = x0; x < x1; x++) {
            float dx = (float)x + 0.5F - at.x;
            float r = sqrtf(dx * dx + dy * dy);
            draw_mix(row + x, c, coverage(inner < 0 ? r - outer : MAX(r - outer, inner - r)));
        }
    }
}

void draw_disc(struct draw *draw, struct point centre, float radius, colour c)
{
    round_shape(draw, centre, -1, radius, c);
}

void draw_ring(struct draw *draw, struct point centre, float radius, float width, colour c)
{
    round_shape(draw, centre, MAX(radius - width, 0), radius, c);
}

void draw_image(struct draw *draw, struct rect r, const uint32_t *pixels, int w, int h)
{
    int left = to_int(roundf(r.x));
    int top = to_int(roundf(r.y));
    int wide = to_int(roundf(r.w));
    int high = to_int(roundf(r.h));
    for (int y = MAX(top, draw->y0); y < MIN(top + high, draw->y1); y++) {
        for (int x = MAX(left, draw->x0); x < MIN(left + wide, draw->x1); x++) {
            int from_x = (int)((gint64)(x - left) * w / wide);
            int from_y = (int)((gint64)(y - top) * h / high);
            draw->pixels[(gsize)y * (gsize)draw->w + (gsize)x] =
                    pixels[(gsize)from_y * (gsize)w + (gsize)from_x] & 0xFFFFFFU;
        }
    }
}
