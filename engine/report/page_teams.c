/* page_teams.c - the report's page: a page a team, to be handed to it. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

/* What the scenario advises, once for each step however often it took effect. */
static void repair(GString *out, const cJSON *run)
{
    const char *en = json_string(run, "repair", "");
    const char *zh = json_string(run, "repair_zh", "");
    if (!*en && !*zh) {
        page_add(out, "<p class=quiet>" W("repair-none") "</p>");
        return;
    }
    page_add(out, "<p class=\"repair en\">%s</p><p class=\"repair zh\" lang=%s>%s</p>",
            *en ? en : zh, *zh ? "zh-Hans" : "en", *zh ? zh : en);
}

/* A run against the team that counts, and its verdict; NULL for others. */
static const char *verdict_on(const cJSON *run, const char *team)
{
    bool counts = !strcmp(json_string(run, "team", ""), team) && !json_bool(run, "void", false);
    return counts ? json_string(run, "verdict", "open") : NULL;
}

static bool is_repeated(const cJSON *run, const char *team)
{
    for (const cJSON *other = run->prev; other && other->next; other = other->prev) {
        if (!strcmp(json_string(other, "step", ""), json_string(run, "step", "")) &&
                !g_strcmp0(verdict_on(other, team), "effect")) {
            return true;
        }
    }
    return false;
}

static void missed(GString *out, const cJSON *document, const char *team)
{
    const cJSON *run = NULL;
    gsize before;
    page_add(out, "<h4>" W("missed") "</h4><ol class=missed>");
    before = out->len;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (g_strcmp0(verdict_on(run, team), "effect") != 0 || is_repeated(run, team)) {
            continue;
        }
        g_autofree char *at = page_clock(json_int(run, "ended_us", 0));
        g_string_append(out, "<li>");
        page_verdict(out, "effect");
        page_add(out, " <b>%s</b> <small>%s · " W("at") " %s</small><br>",
                json_string(run, "title", ""), json_string(run, "to", ""), at);
        page_technique(out, json_object(run, "attack"));
        repair(out, run);
    }
    if (out->len == before) {
        page_add(out, "<li class=quiet>" W("nothing-missed"));
    }
    g_string_append(out, "</ol>");
}

/* The runs that were blocked, or those that came to nothing otherwise: nobody held those. */
static void without_effect(
        GString *out, const cJSON *document, const char *team, const char *head, bool blocked)
{
    const cJSON *run = NULL;
    gsize before;
    page_add(out, "<h4>");
    page_word(out, head);
    page_add(out, "</h4><ul class=held>");
    before = out->len;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        const char *verdict = verdict_on(run, team);
        if (!verdict || !strcmp(verdict, "effect") || !strcmp(verdict, "blocked") != blocked) {
            continue;
        }
        g_string_append(out, "<li>");
        page_verdict(out, verdict);
        page_add(out, " %s ", json_string(run, "title", ""));
        page_technique(out, json_object(run, "attack"));
        if (*json_string(run, "reason", "")) {
            page_add(out, " <small>%s</small>", json_string(run, "reason", ""));
        }
    }
    if (out->len == before) {
        page_add(out, "<li class=quiet>" W("none"));
    }
    g_string_append(out, "</ul>");
}

/* Of a team that attacks: how its steps ended, by target. */
static void achieved(GString *out, const cJSON *document, const cJSON *row)
{
    const char *team = json_string(row, "team", "");
    const cJSON *run = NULL;
    bool any = false;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (strcmp(json_string(run, "attacker", ""), team) != 0) {
            continue;
        }
        if (!any) {
            page_add(out, "<h4>" W("took-down") "</h4><ul class=held>");
            any = true;
        }
        g_string_append(out, "<li>");
        page_verdict(out, json_string(run, "verdict", "open"));
        page_add(out, " %s <small>→ %s</small>", json_string(run, "title", ""),
                page_team_title(document, json_string(run, "team", "")));
        if (json_bool(run, "void", false)) {
            page_add(out, " <small>" W("void") "</small>");
        }
    }
    if (any) {
        g_string_append(out, "</ul>");
    }
}

void page_teams(GString *out, const cJSON *document)
{
    const cJSON *row = NULL;
    if (page_has_marks(document)) {
        page_candidates(out, document);
        return;
    }
    cJSON_ArrayForEach(row, json_array(json_object(document, "score"), "teams"))
    {
        const char *team = json_string(row, "team", "");
        g_autofree char *total = page_number(json_number(row, "total", 0));
        page_add(out,
                "<section class=team id=\"team-%s\"><h3>%s <small>%s</small></h3>"
                "<p class=place>" W("rank") " <b>%d</b> · " W("total") " <b>%s</b></p>",
                team, page_team_title(document, team), team, (int)json_int(row, "rank", 0), total);
        if (page_defends(document, team)) {
            missed(out, document, team);
            without_effect(out, document, team, "held", true);
            without_effect(out, document, team, "unheld", false);
            page_outages(out, document, team);
        }
        achieved(out, document, row);
        page_terms(out, document, team);
        g_string_append(out, "</section>");
    }
}
