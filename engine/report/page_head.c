/* page_head.c - the report's page: what was run, the result at a glance, what else to know. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

static void date_row(GString *out, const cJSON *exercise)
{
    g_autofree char *from = page_date(json_int(exercise, "started_us", 0));
    g_autofree char *to = page_date(json_int(exercise, "ended_us", 0));
    g_autofree char *length = page_length(json_int(exercise, "ran_us", 0));
    page_add(out,
            "<div><dt>" W("duration") "</dt><dd>%s</dd></div>"
                                      "<div><dt>" W("started") "</dt><dd>%s</dd></div>",
            length, from);
    if (json_string(exercise, "end_by", NULL)) {
        page_add(out, "<div><dt>" W("ended") "</dt><dd>%s", to);
        const char *why = json_string(exercise, "end_reason", "");
        page_add(out, "%s%s</dd></div>", *why ? " · " : "", why);
    } else {
        page_add(out, "<div><dt>" W("ended") "</dt><dd>" W("running") "</dd></div>");
    }
}

static void code_row(GString *out, const cJSON *exercise)
{
    const char *code = json_string(exercise, "code", "");
    if (!*code) {
        page_add(out, "<div><dt>" W("code") "</dt><dd>" W("unsigned") "</dd></div>");
        return;
    }
    page_add(out,
            "<div><dt>" W("code") "</dt><dd><b class=code>%s</b> " W(
                    "events") " 1–%" G_GINT64_FORMAT "</dd></div>"
                              "<div class=wide><dt>" W("key") "</dt><dd class=hash>%s</dd></div>",
            code, json_int(exercise, "signed", 0), json_string(exercise, "key", ""));
}

void page_head(GString *out, const cJSON *document)
{
    const cJSON *exercise = json_object(document, "exercise");
    page_add(out, "<h1>%s</h1><dl class=facts>", json_string(exercise, "title", ""));
    page_add(out, "<div><dt>" W("scenario") "</dt><dd>%s · v%s", json_string(exercise, "name", ""),
            json_string(exercise, "version", ""));
    if (cJSON_HasObjectItem(exercise, "seed")) { /* the public is not told */
        page_add(out, " · " W("seed") " %" G_GINT64_FORMAT, json_int(exercise, "seed", 0));
    }
    page_add(out, "</dd></div>");
    date_row(out, exercise);
    code_row(out, exercise);
    page_add(out,
            "<div class=wide><dt>" W("head") "</dt><dd class=hash>%s · %" G_GINT64_FORMAT
                                             " " W("events") "</dd></div>",
            json_string(exercise, "head", ""), json_int(exercise, "events", 0));
    if (cJSON_HasObjectItem(exercise, "digest")) {
        page_add(out, "<div class=wide><dt>" W("digest") "</dt><dd class=hash>%s</dd></div>",
                json_string(exercise, "digest", ""));
    }
    page_add(out, "</dl>");
}

/* ---- at a glance --------------------------------------------------------------------------- */

static int count_steps(const cJSON *document, const char *verdict)
{
    int count = 0;
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        const char *is = json_string(run, "verdict", "open");
        bool counts = verdict ? !strcmp(is, verdict) : strcmp(is, "skipped") != 0;
        count += counts && !json_bool(run, "void", false);
    }
    return count;
}

static void availability_tile(GString *out, const cJSON *document)
{
    double passed = 0;
    double looks = 0;
    gint64 faults = 0;
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, json_array(document, "services"))
    {
        passed += json_number(service, "passed", 0);
        looks += json_number(service, "passed", 0) + json_number(service, "failed", 0);
        faults += json_int(service, "faults", 0);
    }
    if (looks > 0) {
        page_add(out,
                "<div class=tile><b>%.1f %%</b><span>" W("availability") "</span><small>" W(
                        "faults") " %" G_GINT64_FORMAT "</small></div>",
                100 * passed / looks, faults);
    }
}

static void result_tiles(GString *out, const cJSON *document)
{
    const cJSON *first = cJSON_GetArrayItem(json_array(json_object(document, "score"), "teams"), 0);
    if (first) {
        g_autofree char *total = page_number(json_number(first, "total", 0));
        page_add(out,
                "<div class=tile><b class=name>%s</b><span>" W("winner") "</span><small>" W(
                        "total") " %s</small></div>",
                page_team_title(document, json_string(first, "team", "")), total);
    }
    page_add(out, "<div class=tile><b>%d</b><span>" W("steps") "</span><small>",
            count_steps(document, NULL));
    static const char *const verdicts[] = {"effect", "blocked", "inert", "fault", "open"};
    for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        int count = count_steps(document, verdicts[i]);
        if (count > 0) {
            page_add(out, "<span class=many>%d ", count);
            page_verdict(out, verdicts[i]);
            g_string_append(out, "</span> ");
        }
    }
    g_string_append(out, "</small></div>");
}

void page_glance(GString *out, const cJSON *document)
{
    if (page_has_marks(document)) {
        page_exam_glance(out, document);
    } else {
        result_tiles(out, document);
    }
    availability_tile(out, document);
}

/* ---- corrections, faults, interventions ---------------------------------------------------- */

static void add_faults(GString *out, const cJSON *service)
{
    const cJSON *span = NULL;
    cJSON_ArrayForEach(span, json_array(service, "spans"))
    {
        if (strcmp(json_string(span, "status", ""), "fault") != 0) {
            continue;
        }
        g_autofree char *at = page_clock(json_int(span, "from_us", 0));
        page_add(out,
                "<tr><td class=n>%" G_GINT64_FORMAT "<td class=n>%s<td>check.fault<td>%s<td>%s"
                "<td>%s<td>",
                json_int(span, "from_seq", 0), at, json_string(service, "team", ""),
                json_string(service, "service", ""), json_string(span, "detail", ""));
    }
}

static void remark_row(GString *out, const cJSON *item)
{
    g_autofree char *at = page_clock(json_int(item, "at_us", 0));
    page_add(out, "<tr><td class=n>%" G_GINT64_FORMAT "<td class=n>%s<td>%s<td>%s<td>%s<td>",
            json_int(item, "seq", 0), at, json_string(item, "kind", ""),
            json_string(item, "team", ""), json_string(item, "subject", ""));
    page_cut(out, json_string(item, "text", ""), 240);
    page_add(out, "<td>%s", json_string(item, "by", ""));
}

void page_remarks(GString *out, const cJSON *document)
{
    const cJSON *item = NULL;
    gsize before = out->len;
    cJSON_ArrayForEach(item, json_array(document, "remarks"))
    {
        remark_row(out, item);
    }
    cJSON_ArrayForEach(item, json_array(document, "services"))
    {
        add_faults(out, item);
    }
    if (json_int(document, "remarks_left", 0) > 0) {
        page_add(out, "<tr><td colspan=7>… %" G_GINT64_FORMAT " " W("more"),
                json_int(document, "remarks_left", 0));
    }
    if (out->len == before) {
        page_add(out, "<tr><td colspan=7>" W("none"));
    }
}
