/* view_draw.c - helpers of the panels: text that fits, frames, shapes, clickable places. */
#include "view_private.h"

#include <math.h>
#include <string.h>

#define LINE_BYTES 400 /* more of a text is never in one line */

void view_add_hit(struct view *view, enum panel panel, struct rect r, enum action action, int arg)
{
    struct hit hit = {r, action, arg};
    g_array_append_val(view->places[panel].hits, hit);
}

struct hit view_hit(const struct view *view, float x, float y)
{
    for (int p = 0; p < PANELS; p++) {
        const GArray *hits = view->places[p].hits;
        for (guint i = hits->len; i > 0; i--) {
            struct hit hit = g_array_index(hits, struct hit, i - 1);
            if (x >= hit.rect.x && x < hit.rect.x + hit.rect.w && y >= hit.rect.y &&
                    y < hit.rect.y + hit.rect.h) {
                return hit;
            }
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

gsize view_break(
        const struct view *view, const struct text_style *style, const char *text, gsize *next)
{
    glong low = 1;
    glong high = MAX(g_utf8_strlen(text, LINE_BYTES), 1);
    while (low < high) { /* by halving, as fit() does: each try is a picture in the cache */
        glong middle = (low + high + 1) / 2;
        g_autofree char *start = g_utf8_substring(text, 0, middle);
        if (draw_text_width(view->draw, style->font, px(view, style->size), start) <=
                style->width) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    const char *end = *text ? g_utf8_offset_to_pointer(text, low) : text;
    bool within = *end && *end != ' ' && !g_unichar_iswide(g_utf8_get_char(end));
    const char *space = within ? g_strrstr_len(text, end - text, " ") : NULL;
    end = space && space > text ? space : end;
    *next = (gsize)(end - text) + strspn(end, " ");
    return (gsize)(end - text);
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
    bool alone = view->mode == MODE_WALL || view->mode == MODE_PUBLIC; /* nobody at the keys */
    bool focused = number > 0 && view->focus == number && !alone;
    draw_frame(view->draw, r, focused ? px(view, 2) : 1, focused ? C_FOCUS : C_EDGE);
    float used = view_text(view, (struct text_style){FONT_TEXT, 16, C_TEXT, LEFT, r.w * 0.7F},
            r.x + px(view, 10), r.y + px(view, 7), title);
    g_autofree char *age = NULL;
    if (view->age_s > 0) { /* what is shown may no longer be true */
        age = g_strdup_printf(tr("stale %d s"), view->age_s);
        hint = age;
    }
    if (hint && (!alone || age)) { /* how old it is everybody is told, keys only who has some */
        bool numbered = number > 0 && number < 7 && !alone;
        g_autofree char *text =
                numbered ? g_strdup_printf("%d   %s", number, hint) : g_strdup(hint);
        view_text(view,
                (struct text_style){
                        FONT_TEXT, 12, age ? C_DEGRADED : C_DIM, RIGHT, r.w - used - px(view, 34)},
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

bool view_waits(const struct view *view, struct rect inside)
{
    if (view->model->state != MODEL_NONE) {
        return false;
    }
    view_empty(view, inside,
            view->frozen_board              ? tr("frozen, and nothing was kept")
            : view->link == LINK_CONNECTING ? tr("no engine has answered yet")
                                            : tr("no event yet"));
    return true;
}

bool view_has_controls(const struct view *view)
{
    return view->mode == MODE_CONTROL && !view->play.on &&
           (view->link == LINK_LIVE || view->link == LINK_GONE) && view->model->state < MODEL_ENDED;
}

float view_button(struct view *view, enum panel panel, struct rect r, const struct label *label)
{
    draw_rect(view->draw, r, C_BUTTON);
    draw_frame(view->draw, r, 1, label->strong ? C_UP : C_EDGE);
    float y = r.y + (r.h - draw_text_height(view->draw, FONT_TEXT, px(view, 13))) / 2;
    if (label->key) {
        float key = view_text(view, (struct text_style){FONT_TEXT, 11, C_DIM, RIGHT, 0},
                r.x + r.w - px(view, 7), y + px(view, 2), label->key);
        view_text(view, (struct text_style){FONT_TEXT, 13, C_TEXT, LEFT, r.w - key - px(view, 18)},
                r.x + px(view, 8), y, label->text);
    } else {
        view_text(view, (struct text_style){FONT_TEXT, 12, C_TEXT, CENTRE, r.w}, r.x + r.w / 2,
                y + px(view, 1), label->text);
    }
    view_add_hit(view, panel, r, label->action, label->arg);
    return r.x + r.w;
}

static void cross(const struct view *view, struct point at, float r, float width, colour c)
{
    draw_line(view->draw, (struct point){at.x - r, at.y - r}, (struct point){at.x + r, at.y + r},
            width, c);
    draw_line(view->draw, (struct point){at.x - r, at.y + r}, (struct point){at.x + r, at.y - r},
            width, c);
}

static void held_sign(struct draw *draw, struct point at, float r)
{
    float bar = MAX(2.0F, roundf(r * 0.62F));
    draw_rect(draw, (struct rect){at.x - r * 0.85F, at.y - r, bar, r * 2}, C_HELD);
    draw_rect(draw, (struct rect){at.x + r * 0.85F - bar, at.y - r, bar, r * 2}, C_HELD);
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
        draw_ring(draw, at, r, MAX(1.7F, r * 0.24F), C_UNKNOWN);
        break;
    case STATUS_DEPLOYING:
        draw_convex(draw, diamond, 4, C_DEPLOYING);
        break;
    case STATUS_HELD:
        held_sign(draw, at, r);
        break;
    }
}

colour view_tone(enum tone tone)
{
    static const enum ink tones[] = {[TONE_DIM] = INK_DIM,
            [TONE_PLAIN] = INK_TEXT,
            [TONE_GOOD] = INK_UP,
            [TONE_WARN] = INK_DEGRADED,
            [TONE_BAD] = INK_DOWN,
            [TONE_ATTACK] = INK_ATTACK,
            [TONE_BLOCK] = INK_UP,
            [TONE_NOTE] = INK_AMBER};
    return view_readable(theme_ink(tones[tone]), C_PANEL);
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
    static const char *const words[] = {WORD("unknown"), WORD("up"), WORD("degraded"), WORD("down"),
            WORD("deploying"), WORD("held")};
    return tr_name(words[status]);
}

const char *view_clock(char *buffer, gsize size, gint64 at_us, bool sign)
{
    gint64 s = at_us / G_USEC_PER_SEC;
    g_snprintf(buffer, (gulong)size,
            "%s%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT, sign ? "T+" : "",
            s / 3600, s / 60 % 60, s % 60);
    return buffer;
}

const char *view_span(char *buffer, gsize size, gint64 us)
{
    int s = (int)(us / G_USEC_PER_SEC);
    if (s >= 3600) {
        g_snprintf(buffer, (gulong)size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    } else {
        g_snprintf(buffer, (gulong)size, "%d:%02d", s / 60, s % 60);
    }
    return buffer;
}
