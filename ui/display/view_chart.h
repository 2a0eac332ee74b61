/* view_chart.h - score over time on a rectangle. */
#pragma once

#include "view_private.h"

struct chart { /* exercise time and points onto a rectangle */
    struct rect r;
    gint64 from_us, to_us;
    gint64 low, high;
};

const struct model_team *chart_team_of_rank(const struct model *model, int rank); /* NULL: none */
float chart_x(const struct chart *chart, gint64 at_us);
float chart_y(const struct chart *chart, gint64 total);
void chart_line(const struct view *view, const struct chart *chart, const struct model_team *team,
        float width, colour c);
void chart_extend(const struct model_team *team, gint64 *low, gint64 *high);
