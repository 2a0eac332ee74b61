/* page_services.c - the report's page: each service of each team over time, and its outages. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

#define STRIP 300.0 /* units that a strip is wide */

/* Height and pattern tell the states apart, colour only helps. */
static void draw_span(GString *out, const cJSON *span, gint64 end_us)
{
    static const struct {
        const char *status;
        int top, height;
    } bars[] = {{"ok", 4, 12}, {"recovering", 7, 9}, {"down", 16, 8}, {"fault", 9, 4}};
    const char *status = json_string(span, "status", "");
    double from = page_x(json_int(span, "from_us", 0), end_us, 0, STRIP);
    double to = page_x(json_int(span, "to_us", 0), end_us, 0, STRIP);
    for (gsize i = 0; i < G_N_ELEMENTS(bars); i++) {
        if (!strcmp(bars[i].status, status)) {
            page_add(out, "<rect class=s-%s x=\"%.1f\" y=%d width=\"%.1f\" height=%d />",
                    bars[i].status, from, bars[i].top, MAX(to - from, 1.5), bars[i].height);
        }
    }
}

static void strip(GString *out, const cJSON *service, gint64 end_us)
{
    const cJSON *span = NULL;
    g_string_append(out, "<svg class=strip viewBox=\"0 0 300 26\" preserveAspectRatio=none "
                         "role=img><rect class=s-bed x=0 y=4 width=300 height=20 />");
    cJSON_ArrayForEach(span, json_array(service, "spans"))
    {
        draw_span(out, span, end_us);
    }
    g_string_append(out, "</svg>");
}

static void cell(GString *out, const cJSON *service, gint64 end_us)
{
    const cJSON *sla = cJSON_GetObjectItemCaseSensitive(service, "sla");
    gint64 faults = json_int(service, "faults", 0);
    if (cJSON_IsNumber(sla)) {
        page_add(out,
                "<td><div class=cell><b>%.1f %%</b><small>%" G_GINT64_FORMAT " / %" G_GINT64_FORMAT
                "</small>",
                100 * sla->valuedouble, json_int(service, "passed", 0),
                json_int(service, "passed", 0) + json_int(service, "failed", 0));
    } else {
        page_add(out, "<td><div class=cell><b>–</b><small>" W("unknown") "</small>");
    }
    if (faults > 0) {
        page_add(out, "<small class=fault>+%" G_GINT64_FORMAT " " W("fault") "</small>", faults);
    }
    g_string_append(out, "</div>");
    strip(out, service, end_us);
    if (json_int(service, "down_us", 0) > 0) {
        g_autofree char *down = page_length(json_int(service, "down_us", 0));
        page_add(out, "<small>" W("downtime") " %s</small>", down);
    } else {
        page_add(out, "<small class=quiet>" W("never-down") "</small>");
    }
}

/* Titles of services in the order in which they are first met. */
static GPtrArray *names_of(const cJSON *services)
{
    GPtrArray *names = g_ptr_array_new();
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, services)
    {
        const char *name = json_string(service, "service", "");
        if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
            g_ptr_array_add(names, (gpointer)name);
        }
    }
    return names;
}

static GPtrArray *teams_of(const cJSON *services)
{
    GPtrArray *teams = g_ptr_array_new();
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, services)
    {
        const char *team = json_string(service, "team", "");
        if (!g_ptr_array_find_with_equal_func(teams, team, g_str_equal, NULL)) {
            g_ptr_array_add(teams, (gpointer)team);
        }
    }
    return teams;
}

static const cJSON *find(const cJSON *services, const char *team, const char *name)
{
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, services)
    {
        if (!strcmp(json_string(service, "service", ""), name) &&
                !strcmp(json_string(service, "team", ""), team)) {
            return service;
        }
    }
    return NULL;
}

/* Teams down, services across would be wide: services down, four teams across at most, then the
 * next four below. */
void page_matrix(GString *out, const cJSON *document)
{
    const cJSON *services = json_array(document, "services");
    g_autoptr(GPtrArray) names = names_of(services);
    g_autoptr(GPtrArray) teams = teams_of(services);
    gint64 end_us = page_end_us(document);
    for (guint first = 0; first < teams->len; first += 4) {
        guint last = MIN(first + 4, teams->len);
        page_add(out, "<table class=matrix><thead><tr><th>" W("service"));
        for (guint t = first; t < last; t++) {
            const char *team = g_ptr_array_index(teams, t);
            page_add(out, "<th>%s <small>%s</small>", page_team_title(document, team), team);
        }
        g_string_append(out, "</thead><tbody>");
        for (guint n = 0; n < names->len; n++) {
            const char *name = g_ptr_array_index(names, n);
            const cJSON *any = find(services, g_ptr_array_index(teams, first), name);
            page_add(out, "<tr><th>%s <small>%s</small>", json_string(any, "title", name), name);
            for (guint t = first; t < last; t++) {
                const cJSON *service = find(services, g_ptr_array_index(teams, t), name);
                if (service) {
                    cell(out, service, end_us);
                } else {
                    g_string_append(out, "<td>");
                }
            }
        }
        g_string_append(out, "</tbody></table>");
    }
}

/* ---- outages of one team ------------------------------------------------------------------- */

static void outage_row(GString *out, const cJSON *service, const cJSON *span)
{
    g_autofree char *from = page_clock(json_int(span, "from_us", 0));
    g_autofree char *to = page_clock(json_int(span, "to_us", 0));
    g_autofree char *length =
            page_length(json_int(span, "to_us", 0) - json_int(span, "from_us", 0));
    page_add(out,
            "<tr><td>%s<td class=n>%s<td class=n>%s<td class=n>%s<td class=n>%" G_GINT64_FORMAT
            "<td>%s<td class=n>%" G_GINT64_FORMAT "–%" G_GINT64_FORMAT,
            json_string(service, "title", ""), from, span->next ? to : "…", length,
            json_int(span, "looks", 0), json_string(span, "detail", ""),
            json_int(span, "from_seq", 0), json_int(span, "to_seq", 0));
}

void page_outages(GString *out, const cJSON *document, const char *team)
{
    const cJSON *service = NULL;
    page_add(out,
            "<h4>" W("outages") "</h4><table class=outages><thead><tr><th>" W(
                    "service") "<th class=n>" W("from") "<th class=n>" W("to") "<th class=n>" W("du"
                                                                                                "ra"
                                                                                                "ti"
                                                                                                "o"
                                                                                                "n") "<th class=n>" W("looks") "<th>" W("why") "<th class=n>" W("events") "</thead><tbody>");
    gsize before = out->len;
    cJSON_ArrayForEach(service, json_array(document, "services"))
    {
        const cJSON *span = NULL;
        bool is_own = !strcmp(json_string(service, "team", ""), team);
        cJSON_ArrayForEach(span, json_array(service, "spans"))
        {
            if (is_own && !strcmp(json_string(span, "status", ""), "down")) {
                outage_row(out, service, span);
            }
        }
    }
    if (out->len == before) {
        page_add(out, "<tr><td colspan=7>" W("none"));
    }
    g_string_append(out, "</tbody></table>");
}
