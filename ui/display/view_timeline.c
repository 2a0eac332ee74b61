/* view_timeline.c - panel 6: score lines, what happened, what is to come, and where we are. */
#include "view_chart.h"

#include <math.h>

#define LINES 5

static colour line_colour(int rank)
{
    static const enum ink inks[LINES] = {INK_UP, INK_DEGRADED, INK_DEPLOYING, INK_DIM, INK_HELD};
    return theme_ink(inks[rank % LINES]);
}

static const struct model_team *own_team(const struct view *view)
{
    return view->mode == MODE_INSTRUCTOR ? model_team_at(view->model, view->team) : NULL;
}

/* The best, and among them the team that the view is about; how many. */
static int line_teams(const struct view *view, const struct model_team *ret[LINES])
{
    const struct model_team *own = own_team(view);
    int count = 0;
    for (int rank = 0; rank < LINES; rank++) {
        const struct model_team *team = chart_team_of_rank(view->model, rank);
        if (team && team->history->len > 0) {
            ret[count++] = team;
        }
    }
    if (own && own->rank >= LINES && count == LINES) {
        ret[count - 1] = own;
    }
    return count;
}

/* Names at the ends of the lines, pushed apart so that none covers another. */
static void end_labels(const struct view *view, const struct chart *scale, float x)
{
    float y[LINES];
    const struct model_team *teams[LINES] = {NULL};
    int count = line_teams(view, teams);
    float row = px(view, 15);
    for (int i = 0; i < count && teams[i]; i++) {
        y[i] = chart_y(scale, teams[i]->total) - row / 2;
        y[i] = i > 0 ? MAX(y[i], y[i - 1] + row) : MAX(y[i], scale->r.y - row);
    }
    float low = scale->r.y + scale->r.h + row * 0.2F;
    for (int i = count - 1; i >= 0 && teams[i]; i--) {
        y[i] = MIN(y[i], low - row);
        low = y[i];
        struct rect swatch = {x, y[i] + px(view, 6), px(view, 10), MAX(2, px(view, 3))};
        draw_rect(view->draw, swatch, line_colour(i)); /* a name in a dark colour nobody can read */
        enum font font = teams[i] == own_team(view) ? FONT_BOLD : FONT_TEXT;
        view_text(view, (struct text_style){font, 12, C_TEXT, LEFT, px(view, 118)},
                x + px(view, 15), y[i], teams[i]->title);
    }
}

static void mark_sign(const struct view *view, enum tone tone, struct point at)
{
    float r = px(view, 4);
    struct point head[] = {{at.x + r, at.y}, {at.x - r, at.y - r}, {at.x - r, at.y + r}};
    switch (tone) {
    case TONE_BAD:
        view_shape(view, STATUS_DOWN, at, px(view, 5));
        break;
    case TONE_WARN:
        view_shape(view, STATUS_DEGRADED, at, px(view, 5));
        break;
    case TONE_ATTACK:
        draw_convex(view->draw, head, 3, C_ATTACK);
        break;
    case TONE_BLOCK:
        draw_rect(view->draw,
                (struct rect){at.x - px(view, 1), at.y - r * 1.3F, px(view, 3), r * 2.6F}, C_TEXT);
        break;
    default:
        view_shape(view, STATUS_DEPLOYING, at, px(view, 4));
    }
}

static gint64 tick_span(gint64 total_us)
{
    static const gint64 spans[] = {10, 30, 60, 300, 900, 1800, 3600, 7200, 21600, 86400};
    for (guint i = 0; i < G_N_ELEMENTS(spans); i++) {
        if (total_us / (spans[i] * G_USEC_PER_SEC) <= 12) {
            return spans[i] * G_USEC_PER_SEC;
        }
    }
    return total_us / 12;
}

static void time_axis(const struct view *view, const struct chart *scale, float y)
{
    float thick = roundf(px(view, 6));
    draw_rect(view->draw, (struct rect){scale->r.x, y - thick / 2, scale->r.w, thick}, C_RULE);
    float now = chart_x(scale, view->clock_us);
    draw_rect(
            view->draw, (struct rect){scale->r.x, y - thick / 2, now - scale->r.x, thick}, C_PAST);
    gint64 span = tick_span(scale->to_us);
    for (gint64 at = 0; at <= scale->to_us; at += span) {
        char text[32];
        view_span(text, sizeof text, at);
        float x = chart_x(scale, at);
        draw_rect(view->draw, (struct rect){x, scale->r.y, 1, y - scale->r.y}, C_GRID);
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, CENTRE, 0}, x, y + px(view, 8),
                text);
    }
}

/* Which of two marks at the same place is shown. */
static int weight(enum tone tone)
{
    static const int weights[] = {[TONE_DIM] = 0,
            [TONE_GOOD] = 1,
            [TONE_PLAIN] = 2,
            [TONE_WARN] = 3,
            [TONE_BLOCK] = 4,
            [TONE_BAD] = 5,
            [TONE_ATTACK] = 6,
            [TONE_NOTE] = 2};
    return weights[tone];
}

/* Of marks that would cover each other the weightiest. */
static void happened(const struct view *view, const struct chart *scale, float y)
{
    const GArray *marks = view->model->marks;
    float step = px(view, 9);
    float at = -1e6F;
    enum tone best = TONE_DIM;
    for (guint i = 0; i < marks->len; i++) {
        const struct model_mark *mark = &g_array_index(marks, struct model_mark, i);
        if (!mark->open && view->mode == MODE_PUBLIC) {
            continue;
        }
        float x = chart_x(scale, mark->at_us);
        if (x - at < step) {
            best = weight(mark->tone) > weight(best) ? mark->tone : best;
            continue;
        }
        if (at > 0) {
            mark_sign(view, best, (struct point){at, y});
        }
        at = x;
        best = mark->tone;
    }
    if (at > 0) {
        mark_sign(view, best, (struct point){at, y});
    }
}

static void plan_marks(const struct view *view, const struct chart *scale, float y)
{
    const GPtrArray *injects = view->model->injects;
    bool open = view->mode == MODE_WALL || view->mode == MODE_PUBLIC; /* teams look on */
    for (guint i = 0; i < injects->len && !open; i++) {
        const struct model_inject *inject = injects->pdata[i];
        if (inject->fired_us < 0 && inject->planned_us >= view->clock_us) {
            struct point at = {chart_x(scale, inject->planned_us), y};
            draw_disc(view->draw, at, px(view, 5), C_PANEL);
            draw_ring(view->draw, at, px(view, 5), MAX(1.3F, px(view, 1.4F)), C_DIM);
        }
    }
    happened(view, scale, y);
}

GArray *view_note_order(const struct view *view)
{
    const GPtrArray *notes = view_notes(view);
    GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < (int)notes->len && view->mode == MODE_CONTROL; i++) {
        const struct model_note *note = notes->pdata[i];
        guint at = order->len;
        while (at > 0) {
            const struct model_note *before = notes->pdata[g_array_index(order, int, at - 1)];
            if (before->about_us <= note->about_us) {
                break;
            }
            at--;
        }
        g_array_insert_val(order, at, i);
    }
    return order;
}

/* The white cell's own notes: flags above the line, each with its text when it is clicked. */
static void flags(struct view *view, const struct chart *scale, float y)
{
    const GPtrArray *notes = view_notes(view);
    float pole = px(view, 18);
    float w = px(view, 9);
    float h = px(view, 7);
    for (guint i = 0; i < notes->len && view->mode == MODE_CONTROL; i++) {
        const struct model_note *note = notes->pdata[i];
        float x = chart_x(scale, note->about_us);
        struct point cloth[] = {{x, y - pole}, {x + w, y - pole + h / 2}, {x, y - pole + h}};
        draw_rect(view->draw, (struct rect){x - 1, y - pole, MAX(1.5F, px(view, 1.5F)), pole},
                C_AMBER);
        draw_convex(view->draw, cloth, 3, C_AMBER);
        struct rect place = {
                x - px(view, 3), y - pole - px(view, 2), w + px(view, 5), h + px(view, 5)};
        if (note->seq == view->pick.note) {
            draw_frame(view->draw, place, MAX(1, px(view, 1.5F)), C_FOCUS);
        }
        view_add_hit(view, PANEL_TIMELINE, place, ACTION_READ, (int)i);
    }
}

static const char *cursor_word(const struct view *view)
{
    if (view_replays(view)) {
        return tr("REPLAY");
    }
    bool over = view->model->state >= MODEL_ENDED;
    return view->link == LINK_LIVE && !over ? tr("LIVE") : over ? tr("END") : tr("NOW");
}

static void cursor(const struct view *view, const struct chart *scale, float top, float y)
{
    bool past = view_replays(view);
    float x = chart_x(scale, view->clock_us);
    colour c = past ? C_REPLAY : C_FOCUS;
    draw_rect(view->draw, (struct rect){x, top, MAX(2, px(view, 2)), y - top + px(view, 6)}, c);
    float left = x - px(view, 5);
    enum align align = left - scale->r.x < px(view, 60) ? LEFT : RIGHT;
    view_text(view, (struct text_style){FONT_BOLD, 11, c, align, 0},
            align == LEFT ? x + px(view, 6) : left, top - px(view, 4), cursor_word(view));
    if (past && view->play.live_us > view->clock_us) { /* where the present is */
        float now = chart_x(scale, view->play.live_us);
        draw_rect(view->draw, (struct rect){now, top, 1, y - top}, C_FOCUS);
        view_text(view, (struct text_style){FONT_BOLD, 11, C_FOCUS, RIGHT, 0}, now - px(view, 4),
                top - px(view, 4), view->link == LINK_FILE ? tr("END") : tr("LIVE"));
    }
}

static struct chart chart_of(const struct view *view, struct rect r)
{
    const struct model *model = view->model;
    float top = r.y + roundf(px(view, 34));
    float bottom = r.y + r.h - px(view, 32);
    gint64 to = MAX(MAX(model->duration_us, view->clock_us), view->play.live_us);
    return (struct chart){{r.x + px(view, 46), top + px(view, 8), r.w - px(view, 206),
                                  bottom - top - px(view, 24)},
            0, MAX(to, 1), 0, 10};
}

gint64 view_time_at(const struct view *view, float x)
{
    struct rect r = view->places[PANEL_TIMELINE].rect;
    struct chart scale = chart_of(view, r);
    if (r.w <= 0 || x < scale.r.x - px(view, 10) || x > scale.r.x + scale.r.w + px(view, 10)) {
        return -1;
    }
    double share = CLAMP((double)(x - scale.r.x) / (double)scale.r.w, 0, 1);
    return (gint64)(share * (double)scale.to_us);
}

void view_timeline(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    bool public = view->mode == MODE_PUBLIC;
    struct rect in = view_panel(view, r, 6, tr("Time line"),
            tr("click: replay · ▶ effect · ┃ blocked · ◆ message · ○ planned · N note"));
    view_add_hit(view, PANEL_TIMELINE, r, public ? ACTION_NONE : ACTION_SCRUB, 0);
    if (model->teams->len == 0) {
        if (!view_waits(view, in)) {
            view_empty(view, in, tr("the plan has no teams"));
        }
        return;
    }
    struct chart scale = chart_of(view, r);
    float y = in.y + in.h - px(view, 26);
    const struct model_team *teams[LINES] = {NULL};
    int count = line_teams(view, teams);
    for (int i = 0; i < count; i++) {
        chart_extend(teams[i], &scale.low, &scale.high);
    }
    time_axis(view, &scale, y);
    char text[32];
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, scale.high);
    view_text(view, (struct text_style){FONT_DIGIT, 11, C_DIM, RIGHT, 0}, scale.r.x - px(view, 6),
            scale.r.y - px(view, 6), text);
    for (int i = count - 1; i >= 0; i--) {
        chart_line(view, &scale, teams[i], MAX(1.4F, px(view, 1.8F)), line_colour(i));
    }
    cursor(view, &scale, in.y - px(view, 2), y);
    plan_marks(view, &scale, y);
    flags(view, &scale, y);
    end_labels(view, &scale, chart_x(&scale, view->clock_us) + px(view, 8));
}
