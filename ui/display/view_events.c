/* view_events.c - panel 5: open alarms, and apart from them the feed of events. */
#include "view_private.h"

#include <string.h>

#define LINE_CHARS 240 /* more is never seen of a line of the feed */

/* "blue2" of "blue2/web:office in"; -1: nobody's. */
static int alarm_team(const struct view *view, const struct model_alarm *alarm)
{
    g_autofree char *id = g_strndup(alarm->subject, strcspn(alarm->subject, "/"));
    return model_team_find(view->model, id);
}

guint view_alarm_count(const struct view *view)
{
    guint count = 0;
    for (guint i = 0; i < view->model->alarms->len; i++) {
        count += view_shows_team(view, alarm_team(view, view->model->alarms->pdata[i]));
    }
    return count;
}

GArray *view_alarm_order(const struct view *view)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = (int)view->model->alarms->len - 1; i >= 0; i--) {
        if (view_shows_team(view, alarm_team(view, view->model->alarms->pdata[i]))) {
            g_array_append_val(order, i);
        }
    }
    return order;
}

/* A replay of the moment shows the event itself, whatever is cut off its time. */
static int moment(gint64 at_us)
{
    return (int)MIN(at_us / 1000 + 1, G_MAXINT);
}

static char *alarm_text(const struct model_alarm *alarm)
{
    g_autofree char *whose = g_strndup(alarm->subject, strcspn(alarm->subject, ": "));
    bool named = strstr(alarm->text, whose) != NULL;
    return named ? g_strdup(alarm->text) : g_strdup_printf("%s: %s", alarm->subject, alarm->text);
}

/* Whose it is, and how old. */
static char *alarm_age(const struct view *view, const struct model_alarm *alarm)
{
    char span[32];
    g_autofree char *age = g_strdup_printf(
            tr("%s ago"), view_span(span, sizeof span, MAX(view->clock_us - alarm->at_us, 0)));
    return *alarm->owner ? g_strdup_printf(tr("%s · %s"), alarm->owner, age)
                         : g_steal_pointer(&age);
}

static bool alarm_asks(const struct view *view, const struct model_alarm *alarm)
{
    return !*alarm->owner && view_has_controls(view);
}

/* One line, or two for a text that needs them beside its age and its button. */
static float alarm_height(const struct view *view, const struct model_alarm *alarm, float width)
{
    g_autofree char *text = alarm_text(alarm);
    g_autofree char *age = alarm_age(view, alarm);
    float beside = MIN(draw_text_width(view->draw, FONT_TEXT, px(view, 12), age), width * 0.5F) +
                   px(view, alarm_asks(view, alarm) ? 32 + 48 : 32);
    bool fits = draw_text_width(view->draw, FONT_TEXT, px(view, 13), text) <= width - beside;
    return px(view, fits ? 26 : 43);
}

static void alarm_row(struct view *view, guint index, struct rect r, struct rect in)
{
    const struct model_alarm *alarm = view->model->alarms->pdata[index];
    bool owned = *alarm->owner != '\0';
    bool chosen = model_alarm_key(alarm) == view->pick.alarm;
    draw_rect(view->draw, r, chosen ? C_SELECT : owned ? C_CELL : C_TINT);
    draw_rect(view->draw, (struct rect){r.x, r.y, px(view, 3), r.h}, C_DOWN);
    view_shape(view, STATUS_DOWN, (struct point){in.x + px(view, 12), r.y + r.h / 2}, px(view, 5));
    g_autofree char *text = alarm_age(view, alarm);
    float right = in.x + in.w;
    view_add_hit(view, PANEL_EVENTS, r, ACTION_ALARM, (int)index + 1);
    if (chosen) {
        draw_frame(view->draw, r, 1, C_UP);
    }
    if (alarm_asks(view, alarm)) {
        struct rect place = {right - px(view, 40), r.y + px(view, 2), px(view, 38), px(view, 19)};
        const struct label label = {tr("ACK"), NULL, false, ACTION_ACK, (int)index + 1};
        view_button(view, PANEL_EVENTS, place, &label);
        right -= px(view, 48);
    }
    float used = view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, RIGHT, in.w * 0.5F},
            right, r.y + px(view, 4), text);
    view_add_hit(view, PANEL_EVENTS, (struct rect){right - used, r.y, used, r.h}, ACTION_WHEN,
            moment(alarm->at_us));
    g_autofree char *what = alarm_text(alarm);
    struct text_style style = {
            FONT_TEXT, 13, owned ? C_TEXT : C_WARM, LEFT, right - used - in.x - px(view, 32)};
    gsize next = 0;
    gsize length = r.h > px(view, 30) ? view_break(view, &style, what, &next) : strlen(what);
    g_autofree char *first = g_strndup(what, length);
    view_text(view, style, in.x + px(view, 24), r.y + px(view, 3), first);
    if (next > 0) {
        style.width = in.w - px(view, 28);
        view_text(view, style, in.x + px(view, 24), r.y + px(view, 20), what + next);
    }
}

/* The row on top so that the chosen alarm is among those for which there is room. */
static guint first_alarm(const struct view *view, const GArray *order, struct rect in)
{
    float y = px(view, 26);
    for (guint i = 0; i < order->len && view->pick.alarm; i++) {
        const struct model_alarm *alarm = view->model->alarms->pdata[g_array_index(order, int, i)];
        y += alarm_height(view, alarm, in.w);
        if (model_alarm_key(alarm) == view->pick.alarm) {
            return y > in.h / 2 ? i : 0;
        }
    }
    return 0;
}

/* Newest first, at most the upper half; returns where they end. */
static float alarm_rows(struct view *view, struct rect in)
{
    g_autoptr(GArray) order = view_alarm_order(view);
    float y = in.y;
    for (guint i = first_alarm(view, order, in); i < order->len; i++) {
        guint index = (guint)g_array_index(order, int, i);
        float row = alarm_height(view, view->model->alarms->pdata[index], in.w);
        if (y + row + px(view, 26) > in.y + in.h / 2) {
            g_autofree char *more = g_strdup_printf(tr("and %u more alarms"), order->len - i);
            view_text(view, (struct text_style){FONT_TEXT, 12, C_WARM, LEFT, in.w}, in.x, y, more);
            return y + px(view, 21);
        }
        alarm_row(view, index,
                (struct rect){in.x - px(view, 4), y, in.w + px(view, 8), row - px(view, 3)}, in);
        y += row;
    }
    return y > in.y ? y + px(view, 4) : y;
}

static bool lets_through(const struct view *view, const struct model_line *line)
{
    if (!view_shows_team(view, line->team) || (line->private && view->mode != MODE_CONTROL)) {
        return false;
    }
    if (!view->filter) {
        return true;
    }
    g_autofree char *text = g_utf8_casefold(line->text, -1);
    return strstr(text, view->filter) != NULL;
}

GPtrArray *view_line_order(const struct view *view)
{
    GPtrArray *lines = g_ptr_array_new();
    for (GList *item = view->model->feed.head; item; item = item->next) {
        if (lets_through(view, item->data)) {
            g_ptr_array_add(lines, item->data);
        }
    }
    return lines;
}

int view_event_count(const struct view *view)
{
    g_autoptr(GPtrArray) lines = view_line_order(view);
    return (int)lines->len;
}

static void feed_row(struct view *view, const struct model_line *line, struct rect in, float y)
{
    char clock[32];
    if (line->seq == view->pick.line) {
        draw_rect(view->draw,
                (struct rect){in.x - px(view, 4), y, in.w + px(view, 8), px(view, 21)}, C_SELECT);
        draw_rect(
                view->draw, (struct rect){in.x - px(view, 4), y, px(view, 3), px(view, 21)}, C_UP);
    }
    float x = in.x + px(view, 4) +
              view_text(view, (struct text_style){FONT_DIGIT, 12, C_DIM, LEFT, 0}, in.x,
                      y + px(view, 3), view_clock(clock, sizeof clock, line->at_us, false)) +
              px(view, 8);
    glong shown = MIN(g_utf8_strlen(line->text, -1), LINE_CHARS);
    g_autofree char *text = g_utf8_substring(line->text, 0, shown);
    view_text(view,
            (struct text_style){FONT_TEXT, 13, view_tone(line->tone), LEFT, in.x + in.w - x}, x,
            y + px(view, 2), text);
    view_add_hit(view, PANEL_EVENTS, (struct rect){in.x, y, in.w, px(view, 21)}, ACTION_LINE,
            (int)MIN(line->seq, G_MAXINT));
}

/* The chosen line, whatever has come since. */
static void keep_in_sight(struct view *view, const GPtrArray *lines, int rows)
{
    for (int i = 0; i < (int)lines->len && view->pick.line > 0 && rows > 0; i++) {
        if (((const struct model_line *)lines->pdata[i])->seq == view->pick.line) {
            view->scroll = CLAMP(view->scroll, MAX(i - rows + 1, 0), i);
            return;
        }
    }
}

void view_events(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    g_autofree char *hint = view->filter ? g_strdup_printf(tr("only “%s” · / filter"), view->filter)
                            : view->scroll > 0
                                    ? g_strdup(tr("scrolled back · Page down"))
                                    : g_strdup(tr("click: all of it · X ack · / filter"));
    struct rect in = view_panel(view, r, 5, tr("Alarms and events"), hint);
    view_add_hit(view, PANEL_EVENTS, r, ACTION_FOCUS, 5);
    float y = alarm_rows(view, in);
    if (model->feed.length == 0) {
        (void)view_waits(view, in);
        return;
    }
    float row = px(view, 21);
    g_autoptr(GPtrArray) lines = view_line_order(view);
    int rows = MAX((int)((in.y + in.h - y) / row), 0);
    keep_in_sight(view, lines, rows);
    bool any = lines->len > 0;
    for (int i = 0; i < rows && view->scroll + i < (int)lines->len; i++) {
        feed_row(view, lines->pdata[view->scroll + i], in, y);
        y += row;
    }
    if (!any) {
        view_empty(view, in, tr("no event passes the filter"));
    }
}
