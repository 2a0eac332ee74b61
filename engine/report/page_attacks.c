/* page_attacks.c - the report's page: the attack as a picture, step by step, and what followed. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

/* ---- the picture --------------------------------------------------------------------------- */

#define LANES_MAX 16
#define ROWS 3 /* heights within a lane, for steps close to each other */

struct timeline {
    const char *lanes[LANES_MAX];
    int count, row;
    double last_x[LANES_MAX][ROWS];
    gint64 end_us;
};

static int lane_of(struct timeline *timeline, const char *team)
{
    for (int i = 0; i < timeline->count; i++) {
        if (!strcmp(timeline->lanes[i], team)) {
            return i;
        }
    }
    if (timeline->count == LANES_MAX) {
        return -1;
    }
    timeline->lanes[timeline->count] = team;
    return timeline->count++;
}

static void draw_run(GString *out, struct timeline *timeline, const cJSON *run, int number)
{
    int lane = lane_of(timeline, json_string(run, "team", ""));
    if (lane < 0) {
        return;
    }
    double from = page_x(json_int(run, "started_us", 0), timeline->end_us, 150, 900);
    double to = page_x(json_int(run, "ended_us", timeline->end_us), timeline->end_us, 150, 900);
    int row = 0;
    while (row < ROWS - 1 && from < timeline->last_x[lane][row]) {
        row++;
    }
    timeline->last_x[lane][row] = to + 34;
    double y = 24 + lane * 76 + row * 20;
    page_add(out, "<path class=run d=\"M%.1f %.1fH%.1f\"/>", from, y, to);
    page_verdict_shape(out, json_string(run, "verdict", "open"), to, y);
    page_add(out, "<text class=no x=\"%.1f\" y=\"%.1f\">%d</text>", to + 11, y + 4, number);
}

void page_timeline(GString *out, const cJSON *document)
{
    struct timeline timeline = {.end_us = page_end_us(document)};
    GString *runs = g_string_new(NULL);
    const cJSON *run = NULL;
    int number = 0;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        draw_run(runs, &timeline, run, ++number);
    }
    double bottom = 8 + timeline.count * 76;
    page_add(out, "<svg class=timeline viewBox=\"0 0 920 %.0f\" role=img>", bottom + 26);
    page_axis(out, timeline.end_us, 150, 900, 6, bottom);
    for (int i = 0; i < timeline.count; i++) {
        page_add(out,
                "<path class=lane d=\"M0 %dH900\"/><text class=team x=4 y=%d>%s</text>"
                "<text class=id x=4 y=%d>%s</text>",
                8 + i * 76, 34 + i * 76, page_team_title(document, timeline.lanes[i]), 50 + i * 76,
                timeline.lanes[i]);
    }
    g_string_append_len(out, runs->str, (gssize)runs->len);
    g_string_free(runs, TRUE);
    g_string_append(out, "</svg>");
}

/* ---- the steps ----------------------------------------------------------------------------- */

static void looks(GString *out, const cJSON *run)
{
    static const char *const signs[] = {"✗", "✓", "?"};
    const cJSON *look = NULL;
    g_string_append(out, "<ul class=looks>");
    cJSON_ArrayForEach(look, json_array(run, "evidence"))
    {
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(look, "ok");
        g_autofree char *key = g_strconcat("evidence-", json_string(look, "what", ""), NULL);
        page_add(out, "<li><span class=sign>%s</span> ",
                signs[cJSON_IsBool(ok) ? cJSON_IsTrue(ok) : 2]);
        page_word(out, key);
        page_add(out, ": <q>%s</q>", json_string(look, "why", ""));
    }
    g_string_append(out, "</ul>");
}

/* The reason of a verdict is mostly what a look has found. */
static bool is_quoted(const cJSON *run, const char *reason)
{
    const cJSON *look = NULL;
    cJSON_ArrayForEach(look, json_array(run, "evidence"))
    {
        if (!strcmp(json_string(look, "why", ""), reason)) {
            return true;
        }
    }
    return false;
}

static void commands(GString *out, const cJSON *run)
{
    const cJSON *command = NULL;
    const cJSON *list = json_array(run, "commands");
    if (cJSON_GetArraySize(list) == 0) {
        return;
    }
    page_add(out, "<details><summary>" W("commands") "</summary>");
    cJSON_ArrayForEach(command, list)
    {
        page_add(out, "<pre><b>$ %s</b>\n%s</pre>", json_string(command, "argv", ""),
                json_string(command, "out", ""));
        const char *problem = json_string(command, "error", NULL);
        if (problem) {
            page_add(out, "<p class=status>%s</p>", problem);
        } else {
            page_add(out, "<p class=status>" W("status") " %" G_GINT64_FORMAT "</p>",
                    json_int(command, "status", 0));
        }
    }
    g_string_append(out, "</details>");
}

static void step_row(GString *out, const cJSON *document, const cJSON *run, int number)
{
    g_autofree char *from = page_clock(json_int(run, "started_us", 0));
    const char *team = json_string(run, "team", "");
    const char *reason = json_string(run, "reason", "");
    page_add(out, "<tr><td class=n>%d<td class=n>%s<td><b>%s</b> <small>%s → %s</small><br>",
            number, from, json_string(run, "title", ""), json_string(run, "from", ""),
            json_string(run, "to", ""));
    page_technique(out, json_object(run, "attack"));
    page_add(out, "<td>%s<td>", page_team_title(document, team));
    page_verdict(out, json_string(run, "verdict", "open"));
    if (json_bool(run, "void", false)) {
        page_add(out, "<small>" W("void") "</small>");
    }
    g_string_append(out, "<td>");
    if (*reason && !is_quoted(run, reason)) {
        page_add(out, "<p class=reason>%s</p>", reason);
    }
    looks(out, run);
    commands(out, run);
    page_add(out, "<td class=n>%" G_GINT64_FORMAT, json_int(run, "start_seq", 0));
    if (json_int(run, "seq", 0) > json_int(run, "start_seq", 0)) {
        page_add(out, "–%" G_GINT64_FORMAT, json_int(run, "seq", 0));
    }
}

void page_steps(GString *out, const cJSON *document)
{
    const cJSON *run = NULL;
    int number = 0;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        step_row(out, document, run, ++number);
    }
    if (number == 0) {
        page_add(out, "<tr><td colspan=7>" W("none"));
    }
}

/* ---- what followed ------------------------------------------------------------------------- */

/* When, how long after the step began, and the event that says so. */
static void after(GString *out, const cJSON *run, const cJSON *response, const char *time,
        const char *seq, const char *text)
{
    if (!cJSON_HasObjectItem(response, time)) {
        g_string_append(out, "<td class=quiet>–");
        return;
    }
    gint64 at_us = json_int(response, time, 0);
    g_autofree char *length = page_length(at_us - json_int(run, "started_us", 0));
    g_autofree char *at = page_clock(at_us);
    page_add(out,
            "<td><b>+%s</b> <small>" W("at") " %s, " W("event") " %" G_GINT64_FORMAT "</small>",
            length, at, json_int(response, seq, 0));
    if (text && *text) {
        g_string_append(out, "<br><code>");
        page_cut(out, text, 160);
        g_string_append(out, "</code>");
    }
}

static void recovery(GString *out, const cJSON *run, const cJSON *outage)
{
    gint64 from_us = json_int(outage, "from_us", 0);
    gint64 to_us = json_int(outage, "to_us", 0);
    gint64 undone_us = json_int(run, "undone_us", G_MAXINT64);
    g_autofree char *lost = page_length(from_us - json_int(run, "started_us", 0));
    g_autofree char *length = page_length(to_us - from_us);
    page_add(out, "<td><b>%s</b><br><small>+%s, " W("event") " %" G_GINT64_FORMAT "</small>",
            json_string(outage, "title", ""), lost, json_int(outage, "from_seq", 0));
    if (!json_bool(outage, "over", false)) {
        page_add(out, "<td><b>" W("not-recovered") "</b> <small>%s</small>", length);
        return;
    }
    page_add(out, "<td><b>+%s</b>", length);
    if (undone_us <= to_us) {
        page_add(out, " <small>" W("undone") "</small>");
    }
}

void page_responses(GString *out, const cJSON *document)
{
    const cJSON *run = NULL;
    int number = 0;
    gsize before = out->len;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        const cJSON *response = json_object(run, "response");
        const cJSON *outage = json_object(response, "outage");
        number++;
        if (!strcmp(json_string(run, "verdict", ""), "skipped")) {
            continue;
        }
        page_add(out, "<tr><td class=n>%d<td><b>%s</b><br>%s<td>", number,
                json_string(run, "title", ""),
                page_team_title(document, json_string(run, "team", "")));
        page_verdict(out, json_string(run, "verdict", "open"));
        after(out, run, response, "reported_us", "report_seq", NULL);
        after(out, run, response, "acted_us", "act_seq", json_string(response, "act", ""));
        if (outage) {
            recovery(out, run, outage);
        } else {
            g_string_append(out, "<td class=quiet>–<td class=quiet>–");
        }
    }
    if (out->len == before) {
        page_add(out, "<tr><td colspan=7>" W("none"));
    }
}
