/* view_chart.c - score over time, drawn small beside a team and large on the time line. */
#include "view_chart.h"

#include <math.h>

const struct model_team *chart_team_of_rank(const struct model *model, int rank)
{
    for (int t = 0; (guint)t < model->teams->len; t++) {
        if (model_team_at(model, t)->rank == rank) {
            return model_team_at(model, t);
        }
    }
    return NULL;
}

float chart_x(const struct chart *chart, gint64 at_us)
{
    double span = (double)MAX(chart->to_us - chart->from_us, 1);
    double t = (double)(at_us - chart->from_us) / span;
    return chart->r.x + (float)CLAMP(t, 0, 1) * chart->r.w;
}

float chart_y(const struct chart *chart, gint64 total)
{
    double span = (double)MAX(chart->high - chart->low, 1);
    return chart->r.y + chart->r.h - (float)((double)(total - chart->low) / span) * chart->r.h;
}

/* A score is held until it changes: steps, thinned to one a pixel. */
void chart_line(const struct view *view, const struct chart *chart, const struct model_team *team,
        float width, colour c)
{
    struct point last = {0, 0};
    float held = 0; /* where the score stands at the end of last's pixel */
    for (guint i = 0; i < team->history->len; i++) {
        const struct sample *sample = &g_array_index(team->history, struct sample, i);
        struct point next = {chart_x(chart, sample->at_us), chart_y(chart, sample->total)};
        if (i > 0 && i + 1 < team->history->len && next.x - last.x < 1.0F) {
            held = next.y;
            continue;
        }
        if (i > 0) {
            struct point from = {last.x, held};
            float half = width / 2;
            if (held != last.y) {
                draw_line(view->draw, last, from, width, c);
            }
            draw_line(view->draw, from, (struct point){next.x + half, held}, width, c);
            draw_line(view->draw, (struct point){next.x, held}, next, width, c);
        }
        last = next;
        held = next.y;
    }
    if (team->history->len > 0) {
        draw_line(
                view->draw, last, (struct point){chart_x(chart, view->clock_us), last.y}, width, c);
    }
}

void chart_extend(const struct model_team *team, gint64 *low, gint64 *high)
{
    for (guint i = 0; i < team->history->len; i++) {
        gint64 total = g_array_index(team->history, struct sample, i).total;
        *low = MIN(*low, total);
        *high = MAX(*high, total);
    }
}
