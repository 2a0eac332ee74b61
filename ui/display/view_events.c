/* view_events.c - panel 5: open alarms, and apart from them the feed of events. */
#include "view_private.h"

#include <string.h>

static void alarm_row(struct view *view, guint index, struct rect r, struct rect in)
{
    const struct model_alarm *alarm = view->model->alarms->pdata[index];
    bool owned = *alarm->owner != '\0';
    draw_rect(view->draw, r, owned ? C_CELL : C_TINT);
    draw_rect(view->draw, (struct rect){r.x, r.y, px(view, 3), r.h}, C_DOWN);
    view_shape(view, STATUS_DOWN, (struct point){in.x + px(view, 12), r.y + r.h / 2}, px(view, 5));
    char span[32];
    g_autofree char *age = g_strdup_printf(
            tr("%s ago"), view_span(span, sizeof span, MAX(view->clock_us - alarm->at_us, 0)));
    g_autofree char *text =
            owned ? g_strdup_printf(tr("%s · %s"), alarm->owner, age) : g_strdup(age);
    float right = in.x + in.w;
    int machine = model_machine_find(view->model, alarm->subject);
    if (machine >= 0) {
        view_add_hit(view, PANEL_EVENTS, r, ACTION_NODE, machine);
    }
    if (!owned && view_has_controls(view)) {
        struct rect place = {right - px(view, 40), r.y + px(view, 2), px(view, 38), px(view, 19)};
        const struct label label = {tr("ACK"), NULL, false, ACTION_ACK, (int)index + 1};
        view_button(view, PANEL_EVENTS, place, &label);
        right -= px(view, 48);
    }
    float used = view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, in.w * 0.5F},
            right, r.y + px(view, 4), text);
    g_autofree char *whose = g_strndup(alarm->subject, strcspn(alarm->subject, ": "));
    bool named = strstr(alarm->text, whose) != NULL;
    g_autofree char *what =
            named ? g_strdup(alarm->text) : g_strdup_printf("%s: %s", alarm->subject, alarm->text);
    view_text(view,
            (struct text_style){FONT_TEXT, 13, owned ? C_TEXT : C_WARM, LEFT,
                    right - used - in.x - px(view, 32)},
            in.x + px(view, 24), r.y + px(view, 3), what);
}

/* Newest first, at most the upper half; returns where they end. */
static float alarm_rows(struct view *view, struct rect in)
{
    const GPtrArray *alarms = view->model->alarms;
    float row = px(view, 26);
    float y = in.y;
    for (guint i = alarms->len; i > 0; i--) {
        if (y + 2 * row > in.y + in.h / 2) {
            g_autofree char *more = g_strdup_printf(tr("and %u more alarms"), i);
            view_text(view, (struct text_style){FONT_TEXT, 12, C_WARM, LEFT, in.w}, in.x, y, more);
            return y + row * 0.8F;
        }
        alarm_row(view, i - 1,
                (struct rect){in.x - px(view, 4), y, in.w + px(view, 8), row - px(view, 3)}, in);
        y += row;
    }
    return alarms->len > 0 ? y + px(view, 4) : y;
}

static bool lets_through(const struct view *view, const struct model_line *line)
{
    if (!view_shows_team(view, line->team)) {
        return false;
    }
    if (!view->filter) {
        return true;
    }
    g_autofree char *text = g_utf8_casefold(line->text, -1);
    return strstr(text, view->filter) != NULL;
}

int view_event_count(const struct view *view)
{
    int count = 0;
    for (GList *item = view->model->feed.head; item; item = item->next) {
        count += lets_through(view, item->data);
    }
    return count;
}

static void feed_row(
        const struct view *view, const struct model_line *line, struct rect in, float y)
{
    char clock[32];
    float x = in.x + px(view, 4) +
              view_text(view, (struct text_style){FONT_DIGIT, 12, C_DIM, LEFT, 0}, in.x,
                      y + px(view, 3), view_clock(clock, sizeof clock, line->at_us, false)) +
              px(view, 8);
    view_text(view,
            (struct text_style){FONT_TEXT, 13, view_tone(line->tone), LEFT, in.x + in.w - x}, x,
            y + px(view, 2), line->text);
}

void view_events(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    g_autofree char *hint = view->filter ? g_strdup_printf(tr("only “%s” · / filter"), view->filter)
                            : view->scroll > 0 ? g_strdup(tr("scrolled back · Page down"))
                                               : g_strdup(tr("/ filter · X acknowledge"));
    struct rect in = view_panel(view, r, 5, tr("Alarms and events"), hint);
    view_add_hit(view, PANEL_EVENTS, r, ACTION_FOCUS, 5);
    float y = alarm_rows(view, in);
    if (model->feed.length == 0) {
        (void)view_waits(view, in);
        return;
    }
    float row = px(view, 21);
    int skip = view->scroll;
    bool any = false;
    for (GList *item = model->feed.head; item && y + row <= in.y + in.h; item = item->next) {
        if (lets_through(view, item->data)) {
            any = true;
            if (skip-- <= 0) {
                feed_row(view, item->data, in, y);
                y += row;
            }
        }
    }
    if (!any) {
        view_empty(view, in, tr("no event passes the filter"));
    }
}
