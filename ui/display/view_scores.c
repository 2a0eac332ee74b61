/* view_scores.c - panels 1 and 6: standings with sparklines, and the time line. */
#include "view_private.h"

#include <math.h>

#define CHANGE_US (G_GINT64_CONSTANT(60) * G_USEC_PER_SEC)

static const struct model_team *team_of_rank(const struct model *model, int rank)
{
    for (int t = 0; (guint)t < model->teams->len; t++) {
        if (model_team_at(model, t)->rank == rank) {
            return model_team_at(model, t);
        }
    }
    return NULL;
}

struct scale { /* exercise time and points onto a rectangle */
    struct rect r;
    gint64 from_us, to_us;
    gint64 low, high;
};

static float time_x(const struct scale *scale, gint64 at_us)
{
    double span = (double)MAX(scale->to_us - scale->from_us, 1);
    double t = (double)(at_us - scale->from_us) / span;
    return scale->r.x + (float)CLAMP(t, 0, 1) * scale->r.w;
}

static float points_y(const struct scale *scale, gint64 total)
{
    double span = (double)MAX(scale->high - scale->low, 1);
    return scale->r.y + scale->r.h - (float)((double)(total - scale->low) / span) * scale->r.h;
}

/* A score is held until it changes: steps, thinned to one a pixel. */
static void score_line(const struct view *view, const struct scale *scale,
        const struct model_team *team, float width, colour c)
{
    struct point last = {0, 0};
    for (guint i = 0; i < team->history->len; i++) {
        const struct sample *sample = &g_array_index(team->history, struct sample, i);
        struct point next = {time_x(scale, sample->at_us), points_y(scale, sample->total)};
        if (i > 0 && i + 1 < team->history->len && next.x - last.x < 1.0F) {
            continue;
        }
        if (i > 0) {
            float half = width / 2;
            draw_line(view->draw, last, (struct point){next.x + half, last.y}, width, c);
            draw_line(view->draw, (struct point){next.x, last.y}, next, width, c);
        }
        last = next;
    }
    if (team->history->len > 0) {
        draw_line(
                view->draw, last, (struct point){time_x(scale, view->clock_us), last.y}, width, c);
    }
}

static void extend(const struct model_team *team, gint64 *low, gint64 *high)
{
    for (guint i = 0; i < team->history->len; i++) {
        gint64 total = g_array_index(team->history, struct sample, i).total;
        *low = MIN(*low, total);
        *high = MAX(*high, total);
    }
}

static void score_details(const struct view *view, const struct model_team *team, struct rect r)
{
    view_text(view, (struct text_style){FONT_TEXT, 11, C_DIM, LEFT, r.w - px(view, 34)},
            r.x + px(view, 30), r.y + r.h - px(view, 21), team->details);
}

static void score_row(const struct view *view, const struct model_team *team, struct rect r)
{
    char text[40];
    bool tall = r.h >= px(view, 76);
    draw_rect(view->draw, (struct rect){r.x, r.y + r.h - 1, r.w, 1}, C_RULE);
    g_snprintf(text, sizeof text, "%d", team->place);
    view_text(view, (struct text_style){FONT_DIGIT, 15, C_DIM, LEFT, 0}, r.x + px(view, 4),
            r.y + px(view, 10), text);
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, team->total);
    float number = view_text(view, (struct text_style){FONT_DIGIT, 20, C_TEXT, RIGHT, 0}, r.x + r.w,
            r.y + px(view, 5), text);
    view_text(view, (struct text_style){FONT_TEXT, 16, C_TEXT, LEFT, r.w - number - px(view, 40)},
            r.x + px(view, 30), r.y + px(view, 7), team->title);
    if (r.h < px(view, 40)) {
        return;
    }
    gint64 change = model_team_change(view->model, team, CHANGE_US);
    g_snprintf(text, sizeof text, "%s%+" G_GINT64_FORMAT,
            change > 0   ? "▲ "
            : change < 0 ? "▼ "
                         : "",
            change);
    view_text(view,
            (struct text_style){FONT_TEXT, 12,
                    change > 0   ? C_UP
                    : change < 0 ? C_DOWN
                                 : C_DIM,
                    RIGHT, 0},
            r.x + r.w, r.y + px(view, 32), text);
    struct scale scale = {{r.x + px(view, 30), r.y + px(view, 33), r.w - px(view, 110),
                                  r.h - px(view, tall ? 60 : 41)},
            0, MAX(view->clock_us, 1), 0, 1};
    extend(team, &scale.low, &scale.high);
    score_line(view, &scale, team, MAX(1.3F, px(view, 1.5F)), C_UP);
    if (tall) {
        score_details(view, team, r);
    }
}

void view_scores(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 1, "Scores", "change in 1 min");
    view_add_hit(view, r, ACTION_FOCUS, 1);
    if (model->teams->len == 0) {
        view_empty(view, in, model->state == MODEL_NONE ? "no event yet" : "the plan has no teams");
        return;
    }
    float row = CLAMP(in.h / (float)model->teams->len, px(view, 26), px(view, 140));
    for (int rank = 0; (float)(rank + 1) * row <= in.h + 1; rank++) {
        const struct model_team *team = team_of_rank(model, rank);
        if (!team) {
            break;
        }
        score_row(view, team, (struct rect){in.x, in.y + row * (float)rank, in.w, row});
    }
}

/* ---- time line ------------------------------------------------------------------------------- */

#define LINES 5

static const colour line_colours[LINES] = {C_UP, C_DEGRADED, C_DEPLOYING, C_DIM, C_HELD};

/* Names at the ends of the lines, pushed apart so that none covers another. */
static void end_labels(const struct view *view, const struct scale *scale, float x)
{
    float y[LINES];
    const struct model_team *teams[LINES];
    int count = 0;
    float row = px(view, 15);
    for (int rank = 0; rank < LINES; rank++) {
        const struct model_team *team = team_of_rank(view->model, rank);
        if (team && team->history->len > 0) {
            teams[count] = team;
            y[count] = points_y(scale, team->total) - row / 2;
            y[count] =
                    count > 0 ? MAX(y[count], y[count - 1] + row) : MAX(y[count], scale->r.y - row);
            count++;
        }
    }
    float low = scale->r.y + scale->r.h + row * 0.2F;
    for (int i = count - 1; i >= 0; i--) {
        y[i] = MIN(y[i], low - row);
        low = y[i];
        view_text(view, (struct text_style){FONT_TEXT, 12, line_colours[i], LEFT, px(view, 130)}, x,
                y[i], teams[i]->title);
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

static void time_axis(const struct view *view, const struct scale *scale, float y)
{
    float thick = roundf(px(view, 6));
    draw_rect(view->draw, (struct rect){scale->r.x, y - thick / 2, scale->r.w, thick}, C_RULE);
    float now = time_x(scale, view->clock_us);
    draw_rect(view->draw, (struct rect){scale->r.x, y - thick / 2, now - scale->r.x, thick},
            C_PAST);
    gint64 span = tick_span(scale->to_us);
    for (gint64 at = 0; at <= scale->to_us; at += span) {
        char text[32];
        int s = (int)(at / G_USEC_PER_SEC);
        if (s >= 3600) {
            g_snprintf(text, sizeof text, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
        } else {
            g_snprintf(text, sizeof text, "%d:%02d", s / 60, s % 60);
        }
        float x = time_x(scale, at);
        draw_rect(view->draw, (struct rect){x, scale->r.y, 1, y - scale->r.y}, C_GRID);
        view_text(view, (struct text_style){FONT_TEXT, 12, C_DIM, CENTRE, 0}, x, y + px(view, 8),
                text);
    }
}

static void plan_marks(const struct view *view, const struct scale *scale, float y)
{
    const GPtrArray *injects = view->model->injects;
    for (guint i = 0; i < injects->len; i++) {
        const struct model_inject *inject = injects->pdata[i];
        if (inject->fired_us < 0 && inject->planned_us >= view->clock_us) {
            struct point at = {time_x(scale, inject->planned_us), y};
            draw_disc(view->draw, at, px(view, 5), C_PANEL);
            draw_ring(view->draw, at, px(view, 5), MAX(1.3F, px(view, 1.4F)), C_DIM);
        }
    }
    const GArray *marks = view->model->marks;
    for (guint i = 0; i < marks->len; i++) {
        const struct model_mark *mark = &g_array_index(marks, struct model_mark, i);
        mark_sign(view, mark->tone, (struct point){time_x(scale, mark->at_us), y});
    }
}

static void cursor(const struct view *view, const struct scale *scale, float top, float y)
{
    bool over = view->model->state >= MODEL_ENDED;
    const char *word = view->link == LINK_LIVE && !over ? "LIVE" : over ? "END" : "NOW";
    float x = time_x(scale, view->clock_us);
    draw_rect(
            view->draw, (struct rect){x, top, MAX(2, px(view, 2)), y - top + px(view, 6)}, C_FOCUS);
    view_text(view, (struct text_style){FONT_BOLD, 11, C_FOCUS, RIGHT, 0}, x - px(view, 5),
            top - px(view, 4), word);
}

void view_timeline(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(
            view, r, 6, "Time line", "lines: score · ▶ effect · ┃ blocked · ◆ note · ○ planned");
    view_add_hit(view, r, ACTION_FOCUS, 6);
    if (model->teams->len == 0) {
        view_empty(view, in, "no event yet");
        return;
    }
    float y = in.y + in.h - px(view, 26);
    struct scale scale = {{in.x + px(view, 36), in.y + px(view, 8), in.w - px(view, 186),
                                  y - in.y - px(view, 24)},
            0, MAX(MAX(model->duration_us, view->clock_us), 1), 0, 10};
    for (int rank = 0; rank < LINES; rank++) {
        const struct model_team *team = team_of_rank(model, rank);
        if (team) {
            extend(team, &scale.low, &scale.high);
        }
    }
    time_axis(view, &scale, y);
    char text[32];
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, scale.high);
    view_text(view, (struct text_style){FONT_DIGIT, 11, C_DIM, RIGHT, 0}, scale.r.x - px(view, 6),
            scale.r.y - px(view, 6), text);
    for (int rank = LINES - 1; rank >= 0; rank--) {
        const struct model_team *team = team_of_rank(model, rank);
        if (team) {
            score_line(view, &scale, team, MAX(1.4F, px(view, 1.8F)), line_colours[rank]);
        }
    }
    cursor(view, &scale, in.y - px(view, 2), y);
    plan_marks(view, &scale, y);
    end_labels(view, &scale, time_x(&scale, view->clock_us) + px(view, 8));
}
