/* view_messages.c - messages with the teams, newest first, and the line to write one. */
#include "view_private.h"

#include <string.h>

/* From a team, and white has not written to that team since; what goes to all is no answer. */
static bool is_new(const struct model *model, guint index)
{
    const struct model_message *message = model->messages->pdata[index];
    bool answered = !message->from_team;
    for (guint i = index + 1; i < model->messages->len && !answered; i++) {
        const struct model_message *later = model->messages->pdata[i];
        answered = !later->from_team && later->team == message->team;
    }
    return !answered;
}

#define LINES_MAX 4

/* The text in at most LINES_MAX lines, as far as there is room; returns where they end. */
static float message_text(
        const struct view *view, struct text_style style, struct rect in, const char *text)
{
    float y = in.y;
    float row = px(view, 18);
    for (int i = 1; *text; i++) {
        gsize next = 0;
        gsize length = view_break(view, &style, text, &next);
        bool last = i == LINES_MAX || y + 2 * row > in.y + in.h;
        g_autofree char *line = g_strndup(text, length);
        view_text(view, style, in.x, y, last ? text : line); /* the last is cut */
        text += last ? strlen(text) : next;
        y += row;
    }
    return y;
}

static float message_row(struct view *view, guint index, struct rect in, float y, float bottom)
{
    const struct model_message *message = view->model->messages->pdata[index];
    bool new = is_new(view->model, index);
    float room = in.w - (new ? px(view, 54) : 0);
    const struct model_team *team = model_team_at(view->model, message->team);
    const char *with = team ? team->title : tr("all");
    char clock[32];
    view_clock(clock, sizeof clock, message->at_us, false);
    g_autofree char *head = message->from_team
                                    ? g_strdup_printf("%s  %s → %s", clock, with, tr("white cell"))
                                    : g_strdup_printf("%s  %s → %s", clock, tr("white cell"), with);
    view_text(view, (struct text_style){FONT_TEXT, 11, C_DIM, LEFT, room}, in.x, y, head);
    if (new) {
        draw_disc(view->draw, (struct point){in.x + in.w - px(view, 40), y + px(view, 7)},
                px(view, 4), C_DEGRADED);
        view_text(view, (struct text_style){FONT_TEXT, 11, view_tone(TONE_WARN), RIGHT, 0},
                in.x + in.w, y, tr("new"));
    }
    struct rect room_left = {in.x, y + px(view, 15), in.w, bottom - y - px(view, 15)};
    struct text_style style = {FONT_TEXT, 13, new ? view_tone(TONE_WARN) : C_TEXT, LEFT, in.w};
    float next = message_text(view, style, room_left, message->text) + px(view, 7);
    view_add_hit(view, PANEL_MESSAGES, (struct rect){in.x, y, in.w, next - y}, ACTION_LETTER,
            (int)index);
    if (message->seq == view->pick.letter) {
        draw_frame(view->draw,
                (struct rect){in.x - px(view, 5), y - px(view, 3), in.w + px(view, 10), next - y},
                1, C_UP);
    }
    draw_rect(view->draw, (struct rect){in.x, next - px(view, 5), in.w, 1}, C_RULE);
    return next;
}

GArray *view_letter_order(const struct view *view)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = (int)view->model->messages->len - 1; i >= 0; i--) {
        const struct model_message *message = view->model->messages->pdata[i];
        if (view_shows_team(view, message->team)) {
            g_array_append_val(order, i);
        }
    }
    return order;
}

int view_message_count(const struct view *view)
{
    g_autoptr(GArray) order = view_letter_order(view);
    return (int)order->len;
}

void view_messages(struct view *view, struct rect r)
{
    struct rect in = view_panel(view, r, 7, tr("Messages"),
            view->letters > 0         ? tr("scrolled back · Page down")
            : view_has_controls(view) ? tr("M write · click: all of it")
                                      : NULL);
    view_add_hit(view, PANEL_MESSAGES, r, ACTION_FOCUS, 7);
    float bottom = in.y + in.h;
    if (view_has_controls(view)) {
        struct rect box = {
                in.x - px(view, 2), bottom - px(view, 26), in.w + px(view, 4), px(view, 26)};
        draw_rect(view->draw, box, C_BACK);
        draw_frame(view->draw, box, 1, C_EDGE);
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, LEFT, box.w - px(view, 14)},
                box.x + px(view, 7), box.y + px(view, 5), tr("to: all ▾   type a message…"));
        view_add_hit(view, PANEL_MESSAGES, box, ACTION_MESSAGE, 0);
        bottom = box.y - px(view, 4);
    }
    float y = in.y;
    g_autoptr(GArray) order = view_letter_order(view);
    int first = MIN(view->letters, (int)order->len - 1);
    for (int i = MAX(first, 0); i < (int)order->len && y + px(view, 34) <= bottom; i++) {
        y = message_row(view, (guint)g_array_index(order, int, i), in, y, bottom);
    }
    bool any = order->len > 0;
    if (!any && !view_waits(view, in)) {
        struct rect room = {in.x, in.y, in.w, bottom - in.y};
        view_empty(view, room, tr("nobody has written yet"));
    }
}
