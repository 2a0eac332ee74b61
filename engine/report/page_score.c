/* page_score.c - the report's page: standings, score lines, terms. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

#define LINES_MAX 12 /* teams that a picture holds */

static const cJSON *teams_of(const cJSON *document)
{
    return json_array(json_object(document, "score"), "teams");
}

/* ---- standings ----------------------------------------------------------------------------- */

static void heads(GString *out, const cJSON *document)
{
    const cJSON *column = NULL;
    page_add(out, "<thead><tr><th class=n>" W("rank") "<th>" W("team") "<th class=n>" W("total"));
    cJSON_ArrayForEach(column, json_array(json_object(document, "score"), "columns"))
    {
        g_string_append(out, "<th class=n>");
        page_word(out, cJSON_IsString(column) ? column->valuestring : "");
    }
    g_string_append(out, "</thead>");
}

void page_standings(GString *out, const cJSON *document)
{
    const cJSON *row = NULL;
    double best = 0;
    heads(out, document);
    g_string_append(out, "<tbody>");
    cJSON_ArrayForEach(row, teams_of(document))
    {
        best = MAX(best, json_number(row, "total", 0));
        g_autofree char *total = page_number(json_number(row, "total", 0));
        double share = best > 0 ? CLAMP(json_number(row, "total", 0) / best, 0, 1) : 0;
        page_add(out,
                "<tr><td class=n><b>%d</b><td><a href=\"#team-%s\">%s</a> <small>%s · %s</small>"
                "<svg class=bar viewBox=\"0 0 100 4\" preserveAspectRatio=none aria-hidden=true>"
                "<rect width=\"%.1f\" height=4 /></svg><td class=\"n total\">%s",
                (int)json_int(row, "rank", 0), json_string(row, "team", ""),
                page_team_title(document, json_string(row, "team", "")),
                json_string(row, "team", ""), json_string(row, "role", ""), 100 * share, total);
        const cJSON *column = NULL;
        cJSON_ArrayForEach(column, json_object(row, "columns"))
        {
            g_autofree char *points = page_number(column->valuedouble);
            page_add(out, "<td class=n>%s", points);
        }
    }
    g_string_append(out, "</tbody>");
}

/* ---- lines --------------------------------------------------------------------------------- */

struct chart {
    double left, right, top, bottom, low, high;
    gint64 end_us;
    double labels[LINES_MAX]; /* where the ends of lines are labelled */
    int count;
};

static double y_of(const struct chart *chart, double points)
{
    return chart->bottom -
           (chart->bottom - chart->top) * (points - chart->low) / (chart->high - chart->low);
}

static double point(const cJSON *pair, int which)
{
    const cJSON *number = cJSON_GetArrayItem(pair, which);
    return number && cJSON_IsNumber(number) ? number->valuedouble : 0;
}

static void find_range(struct chart *chart, const cJSON *lines)
{
    const cJSON *line = NULL;
    int count = 0;
    cJSON_ArrayForEach(line, lines)
    {
        const cJSON *pair = NULL;
        cJSON_ArrayForEach(pair, json_array(line, "points"))
        {
            chart->low = MIN(chart->low, point(pair, 1));
            chart->high = MAX(chart->high, point(pair, 1));
        }
        if (++count == LINES_MAX) {
            break;
        }
    }
    if (!(chart->high - chart->low >= 1)) {
        chart->high = chart->low + 1;
    }
}

/* Four or five lines across at round numbers. */
static void grid(GString *out, const struct chart *chart)
{
    double step = 1;
    static const double factors[] = {2, 2.5, 2};
    for (int i = 0; (chart->high - chart->low) / step > 6 && i < 60; i++) {
        step *= factors[i % 3];
    }
    double first = (double)(gint64)(chart->low / step) * step;
    g_string_append(out, "<g class=grid>");
    for (int i = 0; i < 12; i++) {
        double value = first + i * step;
        if (value < chart->low || value > chart->high) {
            continue;
        }
        g_autofree char *text = page_number(value);
        double y = y_of(chart, value);
        page_add(out, "<path d=\"M%.1f %.1fH%.1f\"/><text x=\"%.1f\" y=\"%.1f\">%s</text>",
                chart->left, y, chart->right, chart->left - 8, y + 4, text);
    }
    g_string_append(out, "</g>");
}

/* The first place from y on that no other label takes. */
static double free_label(struct chart *chart, double y)
{
    for (int i = 0; i < chart->count; i++) {
        if (ABS(chart->labels[i] - y) < 16) {
            y = chart->labels[i] + 16;
            i = -1;
        }
    }
    chart->labels[chart->count++] = y;
    return y;
}

static void draw_line(
        GString *out, struct chart *chart, const cJSON *document, const cJSON *line, int index)
{
    static const char *const marks[] = {"M-4-4H4V4H-4z", "M0-5 5 4H-5z", "M0-5 5 0 0 5-5 0z",
            "M0-4A4 4 0 1 1 0 4 4 4 0 1 1 0-4z"};
    const char *team = json_string(line, "team", "");
    const cJSON *pair = NULL;
    double x = chart->left;
    double y = y_of(chart, 0);
    page_add(out, "<g class=\"line l%d\"><path d=\"M%.1f %.1f", index % 8, x, y);
    cJSON_ArrayForEach(pair, json_array(line, "points"))
    {
        x = page_x((gint64)point(pair, 0), chart->end_us, chart->left, chart->right);
        y = y_of(chart, point(pair, 1));
        page_add(out, "H%.1fV%.1f", x, y);
    }
    double label = free_label(chart, y);
    g_autofree char *total = page_number(json_number(page_team(document, team), "total", 0));
    page_add(out,
            "H%.1f\"/><path class=mark transform=\"translate(%.1f %.1f)\" d=\"%s\"/>"
            "<path class=lead d=\"M%.1f %.1fL%.1f %.1f\"/>"
            "<text x=\"%.1f\" y=\"%.1f\">%s <tspan class=n>%s</tspan></text></g>",
            chart->right, chart->right, y, marks[index % 4], chart->right + 5, y, chart->right + 14,
            label, chart->right + 17, label + 4, page_team_title(document, team), total);
}

void page_lines(GString *out, const cJSON *document)
{
    struct chart chart = {.left = 52, .right = 720, .top = 14, .bottom = 286};
    const cJSON *lines = json_array(document, "lines");
    const cJSON *line = NULL;
    int index = 0;
    chart.end_us = page_end_us(document);
    find_range(&chart, lines);
    g_string_append(out, "<svg class=chart viewBox=\"0 0 920 312\" role=img>");
    page_axis(out, chart.end_us, chart.left, chart.right, chart.top, chart.bottom);
    grid(out, &chart);
    cJSON_ArrayForEach(line, lines)
    {
        draw_line(out, &chart, document, line, index);
        if (++index == LINES_MAX) {
            break;
        }
    }
    g_string_append(out, "</svg>");
}

/* ---- terms --------------------------------------------------------------------------------- */

/* "3 5 7 … 12 more" */
static void seqs(GString *out, const cJSON *group)
{
    const cJSON *seq = NULL;
    int shown = 0;
    cJSON_ArrayForEach(seq, json_array(group, "seqs"))
    {
        page_add(out, "%s%.0f", shown++ ? " " : "", seq->valuedouble);
    }
    gint64 more = json_int(group, "count", 0) - shown;
    if (more > 0) {
        page_add(out, " … %" G_GINT64_FORMAT " " W("more"), more);
    }
}

void page_terms(GString *out, const cJSON *document, const char *team)
{
    const cJSON *group = NULL;
    page_add(out,
            "<h4>" W("terms") "</h4><table class=terms><thead><tr><th>" W("part") "<th>" W("why") "<th class=n>" W(
                    "times") "<th class=n>" W("change") "<th>" W("events") "</thead><tbody>");
    cJSON_ArrayForEach(group, json_array(document, "terms"))
    {
        if (strcmp(json_string(group, "team", ""), team) != 0) {
            continue;
        }
        g_autofree char *points = page_signed(json_number(group, "points", 0));
        g_string_append(out, "<tr><td>");
        page_word(out, json_string(group, "part", ""));
        page_add(out, "<td>%s<td class=n>%" G_GINT64_FORMAT "<td class=n>%s<td class=seqs>",
                json_string(group, "why", ""), json_int(group, "count", 0), points);
        seqs(out, group);
    }
    g_autofree char *total = page_number(json_number(page_team(document, team), "total", 0));
    page_add(out,
            "</tbody><tfoot><tr><th colspan=3>" W("total") "<th class=n>%s<th></tfoot></table>",
            total);
}
