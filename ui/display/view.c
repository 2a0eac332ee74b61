/* view.c - the frame of the picture: layout, panels, shapes, clickable places. */
#include "view_private.h"

#include <math.h>
#include <string.h>

void view_init(struct view *view, struct draw *draw, const struct model *model)
{
    *view = (struct view){.draw = draw,
            .model = model,
            .scale = 1,
            .selected = -1,
            .labels = true,
            .attacks = true,
            .zoom = 1,
            .source = "",
            .hits = g_array_new(FALSE, TRUE, sizeof(struct hit))};
}

void view_clear(struct view *view)
{
    g_array_unref(view->hits);
    g_free(view->status);
    *view = (struct view){0};
}

static float scale_for(int w, int h)
{
    float scale = MIN((float)w / 1920.0F, (float)h / 1080.0F);
    return CLAMP(scale, 0.84F, 4.0F); /* below that nobody can read it */
}

struct layout view_layout(const struct view *view)
{
    float w = (float)draw_width(view->draw);
    float h = (float)draw_height(view->draw);
    float gap = roundf(px(view, 4));
    float bar = roundf(px(view, 52));
    float hints = roundf(px(view, 20));
    float line = roundf(px(view, 176));
    float left = roundf(MIN(px(view, 318), w * 0.24F));
    float right = roundf(MIN(px(view, 418), w * 0.30F));
    float top = bar + gap;
    float body = h - top - gap - line - gap - hints;
    float middle = w - left - right - 2 * gap;
    float services = MIN(view_services_height(view), body * 0.42F);
    float steps = MIN(view_steps_height(view), body * 0.45F);
    float injects = roundf(body * 0.48F);
    float x2 = left + gap;
    float x3 = left + middle + 2 * gap;
    return (struct layout){
            .bar = {0, 0, w, bar},
            .scores = {0, top, left, body - steps - gap},
            .steps = {0, top + body - steps, left, steps},
            .topology = {x2, top, middle, body - services - gap},
            .services = {x2, top + body - services, middle, services},
            .injects = {x3, top, right, injects},
            .events = {x3, top + injects + gap, right, body - injects - gap},
            .timeline = {0, top + body + gap, w, line},
            .hints = {0, h - hints, w, hints},
    };
}

/* Amber stripes round the window: nobody overlooks that the exercise stands still. */
static void hatch_border(const struct view *view)
{
    float w = (float)draw_width(view->draw);
    float h = (float)draw_height(view->draw);
    float t = roundf(px(view, 5));
    float step = roundf(px(view, 22));
    struct rect sides[] = {{0, 0, w, t}, {0, h - t, w, t}, {0, 0, t, h}, {w - t, 0, t, h}};
    for (int i = 0; i < 4; i++) {
        draw_clip(view->draw, &sides[i]);
        draw_rect(view->draw, sides[i], C_BACK);
        bool flat = i < 2;
        float length = flat ? w : h;
        int count = (int)(length / step) + 1;
        for (int n = -1; n < count; n++) {
            float at = (float)n * step;
            struct point strip[] = {
                    {at, 0}, {at + step / 2, 0}, {at + step / 2 + t, t}, {at + t, t}};
            for (int k = 0; k < 4; k++) {
                struct point p = strip[k];
                strip[k] = flat ? (struct point){sides[i].x + p.x, sides[i].y + p.y}
                                : (struct point){sides[i].x + p.y, sides[i].y + p.x};
            }
            draw_convex(view->draw, strip, 4, C_AMBER);
        }
    }
    draw_clip(view->draw, NULL);
}

void view_draw(struct view *view)
{
    view->scale = scale_for(draw_width(view->draw), draw_height(view->draw));
    g_array_set_size(view->hits, 0);
    draw_clip(view->draw, NULL);
    draw_clear(view->draw, C_BACK);
    struct layout layout = view_layout(view);
    view_topology(view, layout.topology);
    view_scores(view, layout.scores);
    view_steps(view, layout.steps);
    view_services(view, layout.services);
    view_injects(view, layout.injects);
    view_events(view, layout.events);
    view_timeline(view, layout.timeline);
    view_bar(view, layout.bar);
    view_hints(view, layout.hints);
    if (view->model->state == MODEL_PAUSED) {
        hatch_border(view);
    }
    if (view->help) {
        view_help(view);
    }
}

void view_add_hit(struct view *view, struct rect r, enum action action, int arg)
{
    struct hit hit = {r, action, arg};
    g_array_append_val(view->hits, hit);
}

struct hit view_hit(const struct view *view, float x, float y)
{
    for (guint i = view->hits->len; i > 0; i--) {
        struct hit hit = g_array_index(view->hits, struct hit, i - 1);
        if (x >= hit.rect.x && x < hit.rect.x + hit.rect.w && y >= hit.rect.y &&
                y < hit.rect.y + hit.rect.h) {
            return hit;
        }
    }
    return (struct hit){.action = ACTION_NONE};
}

/* text cut to width with an ellipsis: the longest start that fits, by halving. */
static char *fit(const struct view *view, struct text_style style, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    float size = px(view, style.size);
    glong low = 0;
    glong high = g_utf8_strlen(valid, -1);
    while (low < high) {
        glong middle = (low + high + 1) / 2;
        g_autofree char *start = g_utf8_substring(valid, 0, middle);
        g_autofree char *cut = g_strconcat(g_strchomp(start), "…", NULL);
        if (draw_text_width(view->draw, style.font, size, cut) <= style.width) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    g_autofree char *start = g_utf8_substring(valid, 0, low);
    return low > 0 ? g_strconcat(g_strchomp(start), "…", NULL) : g_strdup("");
}

float view_text(
        const struct view *view, struct text_style style, float x, float y, const char *text)
{
    float size = px(view, style.size);
    float width = draw_text_width(view->draw, style.font, size, text);
    g_autofree char *cut = NULL;
    if (style.width > 0 && width > style.width) {
        cut = fit(view, style, text);
        text = cut;
        width = draw_text_width(view->draw, style.font, size, text);
    }
    float left = style.align == LEFT ? x : style.align == CENTRE ? x - width / 2 : x - width;
    draw_text(view->draw, style.font, size, (struct point){left, y}, style.c, text);
    return width;
}

struct rect view_panel(
        const struct view *view, struct rect r, int number, const char *title, const char *hint)
{
    draw_rect(view->draw, r, C_PANEL);
    bool focused = number > 0 && view->focus == number;
    draw_frame(view->draw, r, focused ? px(view, 2) : 1, focused ? C_FOCUS : C_EDGE);
    float used = view_text(view, (struct text_style){FONT_TEXT, 16, C_TEXT, LEFT, r.w * 0.7F},
            r.x + px(view, 10), r.y + px(view, 7), title);
    if (hint) {
        g_autofree char *text =
                number > 0 ? g_strdup_printf("%d   %s", number, hint) : g_strdup(hint);
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, r.w - used - px(view, 34)},
                r.x + r.w - px(view, 10), r.y + px(view, 10), text);
    }
    float head = roundf(px(view, 34));
    return (struct rect){
            r.x + px(view, 10), r.y + head, r.w - px(view, 20), r.h - head - px(view, 6)};
}

void view_empty(const struct view *view, struct rect inside, const char *why)
{
    view_text(view, (struct text_style){FONT_TEXT, 14, C_DIM, CENTRE, inside.w},
            inside.x + inside.w / 2, inside.y + inside.h / 2 - px(view, 18), why);
}

static void cross(const struct view *view, struct point at, float r, float width, colour c)
{
    draw_line(view->draw, (struct point){at.x - r, at.y - r}, (struct point){at.x + r, at.y + r},
            width, c);
    draw_line(view->draw, (struct point){at.x - r, at.y + r}, (struct point){at.x + r, at.y - r},
            width, c);
}

void view_shape(const struct view *view, enum status status, struct point at, float r)
{
    struct draw *draw = view->draw;
    struct point triangle[] = {{at.x, at.y - r * 1.1F}, {at.x + r * 1.12F, at.y + r * 0.9F},
            {at.x - r * 1.12F, at.y + r * 0.9F}};
    struct point diamond[] = {{at.x, at.y - r * 1.15F}, {at.x + r * 1.15F, at.y},
            {at.x, at.y + r * 1.15F}, {at.x - r * 1.15F, at.y}};
    float side = roundf(r * 1.84F);
    struct rect square = {roundf(at.x - side / 2), roundf(at.y - side / 2), side, side};
    float bar = MAX(2.0F, roundf(r * 0.62F));
    switch (status) {
    case STATUS_UP:
        draw_disc(draw, at, r, C_UP);
        break;
    case STATUS_DEGRADED:
        draw_convex(draw, triangle, 3, C_DEGRADED);
        break;
    case STATUS_DOWN:
        draw_rect(draw, square, C_DOWN);
        cross(view, (struct point){square.x + side / 2, square.y + side / 2}, r * 0.46F,
                MAX(1.6F, r * 0.3F), C_ON_MARK);
        break;
    case STATUS_UNKNOWN:
        draw_ring(draw, at, r, MAX(1.4F, r * 0.2F), view_blend(C_DIM, C_UNKNOWN, 0.4F));
        break;
    case STATUS_DEPLOYING:
        draw_convex(draw, diamond, 4, C_DEPLOYING);
        break;
    case STATUS_HELD:
        draw_rect(draw, (struct rect){at.x - r * 0.85F, at.y - r, bar, r * 2}, C_HELD);
        draw_rect(draw, (struct rect){at.x + r * 0.85F - bar, at.y - r, bar, r * 2}, C_HELD);
        break;
    }
}

colour view_tone(enum tone tone)
{
    static const colour tones[] = {[TONE_DIM] = C_DIM,
            [TONE_PLAIN] = C_TEXT,
            [TONE_GOOD] = C_UP,
            [TONE_WARN] = C_DEGRADED,
            [TONE_BAD] = C_DOWN,
            [TONE_ATTACK] = C_ATTACK,
            [TONE_BLOCK] = C_UP};
    return tones[tone];
}

colour view_blend(colour a, colour b, float share_of_a)
{
    uint32_t pa = (uint32_t)(share_of_a * 256.0F);
    colour out = 0xFF000000U;
    for (int shift = 0; shift <= 16; shift += 8) {
        uint32_t mixed = ((a >> shift & 255) * pa + (b >> shift & 255) * (256 - pa)) >> 8;
        out |= MIN(mixed, 255U) << shift;
    }
    return out;
}

const char *view_status_word(enum status status)
{
    static const char *const words[] = {"unknown", "up", "degraded", "down", "deploying", "held"};
    return words[status];
}

const char *view_clock(char *buffer, gsize size, gint64 at_us, bool sign)
{
    gint64 s = at_us / G_USEC_PER_SEC;
    g_snprintf(buffer, (gulong)size,
            "%s%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT, sign ? "T+" : "",
            s / 3600, s / 60 % 60, s % 60);
    return buffer;
}
