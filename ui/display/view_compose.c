/* view_compose.c - where one writes: the caret, and what an input method has not settled yet. */
#include "view_private.h"

#include <math.h>

/* The width of text's first count characters. */
static float width_of(
        const struct view *view, const struct text_style *style, const char *text, int count)
{
    g_autofree char *part = g_utf8_substring(text, 0, count);
    return draw_text_width(view->draw, style->font, px(view, style->size), part);
}

float view_compose(struct view *view, struct text_style style, float x, float y)
{
    struct compose *compose = &view->compose;
    float high = draw_text_height(view->draw, style.font, px(view, style.size));
    float w = 0;
    float at = x;
    if (compose->text) {
        float from = width_of(view, &style, compose->text, compose->start);
        float to = width_of(view, &style, compose->text, compose->start + compose->length);
        float line = MAX(1, roundf(px(view, 1)));
        w = view_text(view, style, x, y, compose->text);
        at += from;
        draw_rect(view->draw, (struct rect){x, y + high - line, w, line}, C_UP);
        if (to > from) { /* what a candidate would replace */
            draw_rect(view->draw, (struct rect){at, y + high - line, to - from, 3 * line}, C_UP);
        }
    }
    compose->caret = (struct rect){at + px(view, 1), y, px(view, 2), px(view, 18)};
    draw_rect(view->draw, compose->caret, C_FOCUS);
    return w;
}
