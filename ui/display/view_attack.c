/* view_attack.c - attack arrows: dashed while they run, solid with effect, barred when blocked. */
#include "view_topology.h"

#include <math.h>

#define SEGMENTS 64
#define FADE_US (G_GINT64_CONSTANT(20) * G_USEC_PER_SEC)
#define CALM_MAX 24  /* more attacks than that: only the fresh ones are drawn */
#define BAR_AT 0.80F /* where along a blocked arrow the bar stands */

struct arrow {
    struct point points[SEGMENTS + 1];
    enum attack_state state;
    colour line, bar;
    float width;
};

static struct point along(const struct arrow *arrow, float t)
{
    float place = CLAMP(t, 0, 1) * SEGMENTS;
    int index = MIN((int)place, SEGMENTS - 1);
    float rest = place - (float)index;
    const struct point *a = arrow->points + index;
    return (struct point){a[0].x + (a[1].x - a[0].x) * rest, a[0].y + (a[1].y - a[0].y) * rest};
}

static struct point direction(const struct arrow *arrow, float t)
{
    struct point a = along(arrow, t - 0.02F);
    struct point b = along(arrow, t + 0.02F);
    float length = MAX(hypotf(b.x - a.x, b.y - a.y), 1e-3F);
    return (struct point){(b.x - a.x) / length, (b.y - a.y) / length};
}

/* A quadratic curve that leaves and reaches the shapes at a distance, bent aside by bend pixels. */
static void shape_arrow(
        struct arrow *arrow, struct point from, struct point to, float bend, float keep_off)
{
    float dx = to.x - from.x;
    float dy = to.y - from.y;
    float length = MAX(hypotf(dx, dy), 1.0F);
    struct point middle = {(from.x + to.x) / 2 - dy / length * bend * 2,
            (from.y + to.y) / 2 + dx / length * bend * 2};
    float cut = MIN(keep_off / length, 0.3F);
    for (int i = 0; i <= SEGMENTS; i++) {
        float t = cut + (1 - 2 * cut) * (float)i / SEGMENTS;
        float a = (1 - t) * (1 - t);
        float b = 2 * t * (1 - t);
        float c = t * t;
        arrow->points[i] = (struct point){
                a * from.x + b * middle.x + c * to.x, a * from.y + b * middle.y + c * to.y};
    }
}

static void draw_path(struct draw *draw, const struct arrow *arrow, float end, float dash)
{
    float walked = 0;
    int last = (int)(end * SEGMENTS);
    for (int i = 0; i < last; i++) {
        struct point a = arrow->points[i];
        struct point b = arrow->points[i + 1];
        float length = hypotf(b.x - a.x, b.y - a.y);
        if (dash <= 0) {
            draw_line(draw, a, b, arrow->width, arrow->line);
            continue;
        }
        for (float at = 0; at < length;) { /* cut the segment where a dash ends */
            float phase = fmodf(walked + at, dash * 1.6F);
            bool on = phase < dash;
            float next = MIN(length, at + MAX((on ? dash : dash * 1.6F) - phase, 0.5F));
            if (on) {
                draw_line(draw,
                        (struct point){
                                a.x + (b.x - a.x) * at / length, a.y + (b.y - a.y) * at / length},
                        (struct point){a.x + (b.x - a.x) * next / length,
                                a.y + (b.y - a.y) * next / length},
                        arrow->width, arrow->line);
            }
            at = next;
        }
        walked += length;
    }
}

static void draw_head(struct draw *draw, const struct arrow *arrow)
{
    struct point tip = arrow->points[SEGMENTS];
    struct point d = direction(arrow, 0.99F);
    float size = arrow->width * 4.6F;
    struct point head[] = {{tip.x + d.x * size * 0.25F, tip.y + d.y * size * 0.25F},
            {tip.x - d.x * size - d.y * size * 0.5F, tip.y - d.y * size + d.x * size * 0.5F},
            {tip.x - d.x * size + d.y * size * 0.5F, tip.y - d.y * size - d.x * size * 0.5F}};
    draw_convex(draw, head, 3, arrow->line);
}

static void draw_arrow(const struct view *view, const struct arrow *arrow)
{
    float dash = arrow->state == ATTACK_RUNNING ? px(view, 11)
                 : arrow->state == ATTACK_INERT ? px(view, 3)
                                                : 0;
    if (arrow->state != ATTACK_BLOCKED) {
        draw_path(view->draw, arrow, 0.97F, dash);
        draw_head(view->draw, arrow);
        return;
    }
    draw_path(view->draw, arrow, BAR_AT, 0);
    struct point at = along(arrow, BAR_AT);
    struct point d = direction(arrow, BAR_AT);
    float half = arrow->width * 3.4F;
    for (int i = 0; i < 2; i++) { /* a double bar, across */
        float off = (float)i;
        struct point c = {
                at.x + d.x * off * arrow->width * 2.4F, at.y + d.y * off * arrow->width * 2.4F};
        draw_line(view->draw, (struct point){c.x - d.y * half, c.y + d.x * half},
                (struct point){c.x + d.y * half, c.y - d.x * half}, arrow->width * 1.3F,
                arrow->bar);
    }
}

void attack_sample(
        const struct view *view, struct point from, struct point to, enum attack_state state)
{
    struct arrow arrow = {.state = state, .line = C_ATTACK, .bar = C_TEXT, .width = px(view, 2)};
    shape_arrow(&arrow, from, to, 0, 0);
    draw_arrow(view, &arrow);
}

/* Which of the arrows between the same two machines this one is, so that they fan out. */
static int rank_among(const struct model *model, guint index)
{
    const struct model_attack *this = &g_array_index(model->attacks, struct model_attack, index);
    int rank = 0;
    for (guint i = 0; i < index; i++) {
        const struct model_attack *other = &g_array_index(model->attacks, struct model_attack, i);
        rank += other->from == this->from && other->to == this->to;
    }
    return rank;
}

static bool make_arrow(const struct picture *picture, guint index, struct arrow *arrow)
{
    const struct view *view = picture->view;
    const struct model_attack *attack =
            &g_array_index(view->model->attacks, struct model_attack, index);
    bool fresh = view->clock_us - attack->since_us < FADE_US;
    if (attack->from < 0 || attack->to < 0 || attack->from == attack->to ||
            (!fresh && attack->state != ATTACK_RUNNING &&
                    view->model->attacks->len > CALM_MAX)) { /* the mark on the target stays */
        return false;
    }
    struct point from = picture->topo->nodes[attack->from];
    struct point to = picture->topo->nodes[attack->to];
    if (from.x < -1e5F || to.x < -1e5F) {
        return false;
    }
    /* what is over grows thin, not pale: a paler ink is another one's for some eyes */
    bool bold = attack->state == ATTACK_RUNNING || (fresh && attack->state != ATTACK_INERT);
    arrow->state = attack->state;
    arrow->line = C_ATTACK;
    arrow->bar = C_TEXT;
    arrow->width = MAX(1.2F, px(view, bold ? 2.6F : 1.4F) * MIN(picture->topo->unit / 9, 1));
    float length = hypotf(to.x - from.x, to.y - from.y);
    float side = to.x < from.x ? 1.0F : -1.0F; /* left or right, arrows bend upwards */
    if (fabsf(to.x - from.x) < fabsf(to.y - from.y) * 0.3F) { /* up or down: away from labels */
        bool left = topo_label_left(picture->topo, from.x);
        side = (left ? -1.0F : 1.0F) * (to.y > from.y ? 1.0F : -1.0F);
    }
    float bend = length * 0.05F +
                 (float)rank_among(view->model, index) * MIN(px(view, 30), length * 0.08F);
    shape_arrow(arrow, from, to, side * bend, picture->topo->unit * 1.9F);
    return true;
}

void attack_draw_lines(const struct picture *picture)
{
    struct arrow arrow;
    for (guint i = 0; i < picture->view->model->attacks->len; i++) {
        if (make_arrow(picture, i, &arrow)) {
            draw_arrow(picture->view, &arrow);
        }
    }
}

static float overlap(struct rect a, struct rect b)
{
    float w = MIN(a.x + a.w, b.x + b.w) - MAX(a.x, b.x);
    float h = MIN(a.y + a.h, b.y + b.h) - MAX(a.y, b.y);
    return w > 0 && h > 0 ? w * h : 0;
}

static float crowding(const struct picture *picture, struct rect r)
{
    float sum = r.w * r.h - overlap(r, picture->inside); /* outside the panel counts as covered */
    for (guint i = 0; i < picture->occupied->len; i++) {
        sum += overlap(r, g_array_index(picture->occupied, struct rect, i));
    }
    return sum;
}

/* The place on the arrow, middle first, where a label covers nothing, else right or left of the
 * arrow; false when there is none. */
static bool free_place(const struct picture *picture, const struct arrow *arrow, struct rect *label)
{
    float beside = label->w / 2 + px(picture->view, 6);
    const float asides[] = {0, beside, -beside};
    for (int i = 0; i < 17 * (int)G_N_ELEMENTS(asides); i++) {
        int away = (i % 17 + 1) / 2;
        float t = 0.5F + (float)away * (i % 17 % 2 ? -0.04F : 0.04F);
        struct point at = along(arrow, t);
        struct rect r = {
                at.x - label->w / 2 + asides[i / 17], at.y - label->h / 2, label->w, label->h};
        if (crowding(picture, r) <= 0) {
            *label = r;
            return true;
        }
    }
    return false;
}

static void label_arrow(const struct picture *picture, guint index)
{
    struct arrow arrow;
    const struct view *view = picture->view;
    if (!make_arrow(picture, index, &arrow)) {
        return;
    }
    const struct model_attack *attack =
            &g_array_index(view->model->attacks, struct model_attack, index);
    const struct model_step *step = view->model->steps->pdata[attack->step];
    g_autofree char *text = g_strdup_printf(
            "%s %s", *step->technique ? step->technique : step->name, tr_name(attack->verdict));
    float size = px(view, 12);
    struct rect label = {0, 0, draw_text_width(view->draw, FONT_TEXT, size, text) + px(view, 10),
            draw_text_height(view->draw, FONT_TEXT, size) + px(view, 2)};
    if (!free_place(picture, &arrow, &label)) {
        return; /* the feed and the steps panel still name it */
    }
    draw_rect(view->draw, label, (C_BACK & 0xFFFFFFU) | 0xF0000000U);
    draw_frame(view->draw, label, 1, view_blend(arrow.line, C_BACK, 0.5F));
    draw_text(view->draw, FONT_TEXT, size,
            (struct point){label.x + px(view, 5), label.y + px(view, 1)},
            arrow.state == ATTACK_BLOCKED ? C_TEXT : C_ATTACK, text);
    picture_occupy(picture, label);
}

void attack_draw_labels(const struct picture *picture)
{
    for (guint i = picture->view->model->attacks->len; i > 0;
            i--) { /* newest gets the best place */
        label_arrow(picture, i - 1);
    }
}
