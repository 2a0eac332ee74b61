/* view_detail.c - one event, alarm, note or message, all of it, over everything. */
#include "view_private.h"

#include <math.h>
#include <string.h>

#define ROW 20.0F

/* The text in lines of that width; the caller's. */
static GPtrArray *lines_of(const struct view *view, struct text_style style, const char *text)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) paragraphs = g_strsplit(text, "\n", -1);
    for (int i = 0; paragraphs[i]; i++) {
        const char *rest = paragraphs[i];
        do {
            gsize next = 0;
            gsize length = view_break(view, &style, rest, &next);
            g_ptr_array_add(lines, g_strndup(rest, length));
            rest += next;
        } while (*rest);
    }
    return lines;
}

static void draw_lines(const struct view *view, const GPtrArray *lines, struct rect in)
{
    const struct detail *detail = &view->detail;
    struct text_style style = {FONT_TEXT, 14, C_TEXT, LEFT, 0};
    for (int i = 0; i < detail->rows && detail->first + i < detail->lines; i++) {
        view_text(view, style, in.x, in.y + px(view, ROW) * (float)i,
                lines->pdata[detail->first + i]);
    }
    if (detail->lines > detail->rows) { /* where in the text this is */
        float share = in.h / (float)detail->lines;
        draw_rect(view->draw, (struct rect){in.x + in.w + px(view, 6), in.y, px(view, 4), in.h},
                C_RULE);
        draw_rect(view->draw,
                (struct rect){in.x + in.w + px(view, 6), in.y + share * (float)detail->first,
                        px(view, 4), share * (float)detail->rows},
                C_DIM);
    }
}

static void draw_buttons(struct view *view, struct rect r)
{
    struct detail *detail = &view->detail;
    const struct label leave = {tr("Close"), "Esc", true, ACTION_NONE, 0};
    const struct label when = {tr("Replay"), "J", false, ACTION_NONE, 0};
    const struct label answer = {tr("Answer"), "M", false, ACTION_NONE, 0};
    const struct label take = {tr("ACK"), "X", false, ACTION_NONE, 0};
    bool does = view_has_controls(view) && (detail->answer > 0 || detail->alarm);
    struct rect place = {
            r.x + r.w - px(view, 120), r.y + r.h - px(view, 36), px(view, 100), px(view, 26)};
    detail->leave = place;
    place.x -= px(view, 110);
    detail->when = place;
    place.x -= px(view, 110);
    detail->does = does ? place : (struct rect){0};
    view_button(view, PANEL_HINTS, detail->leave, &leave);
    view_button(view, PANEL_HINTS, detail->when, &when);
    if (does) {
        view_button(view, PANEL_HINTS, place, detail->answer > 0 ? &answer : &take);
    }
}

void view_detail(struct view *view)
{
    struct detail *detail = &view->detail;
    float wide = (float)draw_width(view->draw);
    float high = (float)draw_height(view->draw);
    float w = px(view, 760);
    struct text_style style = {FONT_TEXT, 14, C_TEXT, LEFT, w - px(view, 40)};
    g_autoptr(GPtrArray) lines = lines_of(view, style, detail->text);
    detail->lines = (int)lines->len;
    detail->rows = CLAMP((int)((high * 0.8F - px(view, 100)) / px(view, ROW)), 1, detail->lines);
    detail->first = CLAMP(detail->first, 0, detail->lines - detail->rows);
    float h = px(view, 100 + ROW * (float)detail->rows);
    struct rect r = {roundf((wide - w) / 2), roundf((high - h) / 2), w, h};
    detail->box = r;
    draw_rect(view->draw, (struct rect){0, 0, wide, high}, 0x80000000U);
    draw_rect(view->draw, r, C_PANEL);
    draw_frame(view->draw, r, px(view, 2), C_DIM);
    view_text(view, (struct text_style){FONT_BOLD, 16, C_TEXT, LEFT, w - px(view, 160)},
            r.x + px(view, 20), r.y + px(view, 14), detail->title);
    char clock[32];
    view_text(view, (struct text_style){FONT_DIGIT, 13, C_DIM, RIGHT, 0}, r.x + w - px(view, 20),
            r.y + px(view, 16), view_clock(clock, sizeof clock, detail->at_us, true));
    draw_lines(view, lines,
            (struct rect){r.x + px(view, 20), r.y + px(view, 48), w - px(view, 40),
                    px(view, ROW * (float)detail->rows)});
    draw_buttons(view, r);
}
