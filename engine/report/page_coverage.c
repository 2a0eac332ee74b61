/* page_coverage.c - the report's page: which ATT&CK techniques were tried on whom, with what. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

static GPtrArray *teams_of(const cJSON *coverage)
{
    GPtrArray *teams = g_ptr_array_new();
    const cJSON *technique = NULL;
    cJSON_ArrayForEach(technique, coverage)
    {
        const cJSON *counts = NULL;
        cJSON_ArrayForEach(counts, json_array(technique, "teams"))
        {
            const char *team = json_string(counts, "team", "");
            if (!g_ptr_array_find_with_equal_func(teams, team, g_str_equal, NULL)) {
                g_ptr_array_add(teams, (gpointer)team);
            }
        }
    }
    return teams;
}

static void cell(GString *out, const cJSON *technique, const char *team)
{
    static const char *const verdicts[] = {"effect", "blocked", "inert", "fault", "skipped"};
    const cJSON *counts = NULL;
    g_string_append(out, "<td>");
    cJSON_ArrayForEach(counts, json_array(technique, "teams"))
    {
        if (strcmp(json_string(counts, "team", ""), team) != 0) {
            continue;
        }
        for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++) {
            gint64 times = json_int(counts, verdicts[i], 0);
            if (times > 0) {
                page_verdict(out, verdicts[i]);
            }
            if (times > 1) {
                page_add(out, " ×%" G_GINT64_FORMAT, times);
            }
        }
        if (json_int(counts, "detected", 0) > 0) {
            page_add(out, " <span class=seen>◉ " W("detected") "</span>");
        }
    }
}

void page_coverage(GString *out, const cJSON *document)
{
    const cJSON *coverage = json_array(document, "coverage");
    g_autoptr(GPtrArray) teams = teams_of(coverage);
    const cJSON *technique = NULL;
    page_add(out, "<thead><tr><th>" W("technique"));
    for (guint i = 0; i < teams->len; i++) {
        page_add(out, "<th>%s", page_team_title(document, g_ptr_array_index(teams, i)));
    }
    g_string_append(out, "</thead><tbody>");
    cJSON_ArrayForEach(technique, coverage)
    {
        g_string_append(out, "<tr><th>");
        page_technique(out, technique);
        page_add(out, "<br><small>ATT&amp;CK %s %s</small>", json_string(technique, "domain", ""),
                json_string(technique, "version", ""));
        for (guint i = 0; i < teams->len; i++) {
            cell(out, technique, g_ptr_array_index(teams, i));
        }
    }
    if (cJSON_GetArraySize(coverage) == 0) {
        page_add(out, "<tr><td>" W("none"));
    }
    g_string_append(out, "</tbody>");
}
