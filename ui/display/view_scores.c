/* view_scores.c - panel 1: standings with change and sparkline. */
#include "view_chart.h"

#include <math.h>

#define PAGE_US (G_GINT64_CONSTANT(10) * G_USEC_PER_SEC)
#define CHANGE_US (G_GINT64_CONSTANT(60) * G_USEC_PER_SEC)

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
                    view_tone(change > 0   ? TONE_GOOD
                              : change < 0 ? TONE_BAD
                                           : TONE_DIM),
                    RIGHT, 0},
            r.x + r.w, r.y + px(view, 32), text);
    struct chart scale = {{r.x + px(view, 30), r.y + px(view, 33), r.w - px(view, 110),
                                  r.h - px(view, tall ? 60 : 41)},
            0, MAX(view->clock_us, 1), 0, 1};
    chart_extend(team, &scale.low, &scale.high);
    chart_line(view, &scale, team, MAX(1.3F, px(view, 1.5F)), C_UP);
    if (tall) {
        score_details(view, team, r);
    }
}

/* Where nobody sits at the keys, page after page. */
static int first_row(const struct view *view, int teams, int rows)
{
    bool alone = view->mode == MODE_WALL || view->mode == MODE_PUBLIC;
    int pages = (teams + rows - 1) / rows;
    int first = alone ? (int)(view->clock_us / PAGE_US % pages) * rows : view->first_rank;
    return CLAMP(first, 0, teams - rows);
}

void view_scores(struct view *view, struct rect r)
{
    const struct model *model = view->model;
    struct rect in = view_panel(view, r, 1, tr("Scores"), tr("change in 1 min"));
    view_add_hit(view, PANEL_SCORES, r, ACTION_FOCUS, 1);
    if (model_ranked(model) == 0) {
        if (!view_waits(view, in)) {
            view_empty(view, in, tr("the plan has no teams"));
        }
        return;
    }
    int teams = (int)model_ranked(model);
    float row = CLAMP(in.h / (float)teams, px(view, 26), px(view, 140));
    int rows = MIN(MAX((int)((in.h + 1) / row), 1), teams);
    int first = first_row(view, teams, rows);
    for (int i = 0; i < rows; i++) {
        const struct model_team *team = chart_team_of_rank(model, first + i);
        if (!team) {
            break;
        }
        struct rect place = {in.x, in.y + row * (float)i, in.w, row};
        bool chosen = view->mode == MODE_INSTRUCTOR && model_team_at(model, view->team) == team;
        if (chosen) {
            draw_rect(view->draw, place, C_SELECT);
        }
        score_row(view, team, place);
        view_add_hit(view, PANEL_SCORES, place, ACTION_TEAM, model_team_index_of(model, team));
    }
    if (rows < teams) {
        g_autofree char *more =
                g_strdup_printf(tr("%d to %d of %d"), first + 1, first + rows, teams);
        view_text(view, (struct text_style){FONT_TEXT, 11, C_DIM, RIGHT, in.w}, in.x + in.w,
                r.y + r.h - px(view, 16), more);
    }
}
