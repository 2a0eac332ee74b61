/* view_form.c - a question with fields to fill in, over everything. */
#include "view_private.h"

#include <math.h>

static const char *team_text(const struct view *view, const struct field *field)
{
    const struct model_team *team = model_team_at(view->model, field->team);
    return team ? team->title : tr("all");
}

static float width_to(const struct view *view, const struct field *field, gsize to)
{
    g_autofree char *text = g_strndup(field->text->str + field->from, to - field->from);
    return draw_text_width(view->draw, FONT_TEXT, px(view, 14), text);
}

static gsize behind(const struct field *field, gsize at)
{
    return (gsize)(g_utf8_next_char(field->text->str + at) - field->text->str);
}

gsize view_form_place(const struct view *view, int index, float x)
{
    const struct field *field = &view->form.fields[index];
    x -= view->form.boxes[index].x + px(view, 8);
    gsize at = field->from;
    while (at < field->text->len) {
        gsize next = behind(field, at);
        if ((width_to(view, field, at) + width_to(view, field, next)) / 2 > x) {
            break;
        }
        at = next;
    }
    return at;
}

/* The text from where its caret is still in sight, and what is being composed at the caret. */
static void draw_written(struct view *view, struct field *field, struct rect box, bool here)
{
    struct text_style style = {FONT_TEXT, 14, C_TEXT, LEFT, 0};
    const char *composed = here && view->compose.text ? view->compose.text : "";
    float composing = draw_text_width(view->draw, FONT_TEXT, px(view, 14), composed);
    float room = box.w - px(view, 24);
    float x = box.x + px(view, 8);
    float y = box.y + px(view, 5);
    field->at = MIN(field->at, field->text->len);
    field->from = 0;
    while (field->from < field->at && width_to(view, field, field->at) + composing > room) {
        field->from = behind(field, field->from);
    }
    g_autofree char *before = g_strndup(field->text->str + field->from, field->at - field->from);
    x += view_text(view, style, x, y, before);
    if (here) {
        x += view_compose(view, style, x, y);
    }
    style.width = MAX(box.x + box.w - px(view, 8) - x, 1);
    view_text(view, style, x, y, field->text->str + field->at);
}

static void draw_field(struct view *view, int index, struct rect r)
{
    struct form *form = &view->form;
    struct field *field = &form->fields[index];
    bool here = index == form->at;
    view_text(view, (struct text_style){FONT_TEXT, 13, C_DIM, LEFT, px(view, 110)}, r.x,
            r.y + px(view, 6), tr_name(field->label));
    struct rect box = {r.x + px(view, 120), r.y, r.w - px(view, 120), r.h};
    form->boxes[index] = box;
    draw_rect(view->draw, box, C_BACK);
    draw_frame(view->draw, box, here ? px(view, 2) : 1, here ? C_FOCUS : C_EDGE);
    if (field->chooses) {
        struct text_style style = {FONT_TEXT, 14, C_TEXT, LEFT, box.w - px(view, 40)};
        view_text(view, style, box.x + px(view, 8), box.y + px(view, 5), team_text(view, field));
        style = (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, 0};
        view_text(view, style, box.x + box.w - px(view, 8), box.y + px(view, 7), "↑↓");
    } else {
        draw_written(view, field, box, here);
    }
}

void view_form(struct view *view)
{
    struct form *form = &view->form;
    float w = px(view, 620);
    float h = px(view, 92 + 40 * (float)form->count);
    float wide = (float)draw_width(view->draw);
    float high = (float)draw_height(view->draw);
    struct rect r = {roundf((wide - w) / 2), roundf((high - h) / 2), w, h};
    draw_rect(view->draw, (struct rect){0, 0, wide, high}, 0x80000000U);
    draw_rect(view->draw, r, C_PANEL);
    draw_frame(view->draw, r, px(view, 2), C_DIM);
    view_text(view, (struct text_style){FONT_BOLD, 17, C_TEXT, LEFT, w - px(view, 40)},
            r.x + px(view, 20), r.y + px(view, 14), tr_name(form->title));
    for (int i = 0; i < form->count; i++) {
        draw_field(view, i,
                (struct rect){r.x + px(view, 20), r.y + px(view, 48 + 40 * (float)i),
                        w - px(view, 40), px(view, 30)});
    }
    bool asks = form->leaving;
    view_text(view,
            (struct text_style){
                    FONT_TEXT, 12, asks ? view_tone(TONE_WARN) : C_DIM, LEFT, w - px(view, 260)},
            r.x + px(view, 20), r.y + h - px(view, 28),
            asks ? tr("Throw away what is written?   y  yes    any other key  no")
                 : tr("Tab next field"));
    const struct label ok = {tr("Do it"), asks ? NULL : "Enter", !asks, ACTION_NONE, 0};
    const struct label leave = {
            asks ? tr("Yes") : tr("Leave it"), asks ? "y" : "Esc", asks, ACTION_NONE, 0};
    float y = r.y + h - px(view, 36);
    form->leave = (struct rect){r.x + w - px(view, 230), y, px(view, 100), px(view, 26)};
    form->ok = (struct rect){r.x + w - px(view, 120), y, px(view, 100), px(view, 26)};
    view_button(view, PANEL_HINTS, form->leave, &leave);
    view_button(view, PANEL_HINTS, form->ok, &ok);
}
