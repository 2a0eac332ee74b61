/* export_csv.c - the gradebook: RFC 4180, a row a team, every field quoted.
 *
 * A text that begins with = + - @, a tab or a line feed would be run as a formula by a spreadsheet:
 * it gets an apostrophe before it. Numbers are our own and stay as they are.
 */
#include "report/export_internal.h"

#include "base/json.h"

#include <string.h>

static void add_text(GString *out, const char *text)
{
    g_string_append(out, out->len > 0 && out->str[out->len - 1] != '\n' ? ",\"" : "\"");
    if (*text && strchr("=+-@\t\r\n", *text)) {
        g_string_append_c(out, '\'');
    }
    for (const char *c = text; *c; c++) {
        if (*c == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

static void add_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof(text), "%.10g", value);
    g_string_append_printf(
            out, "%s\"%s\"", out->len > 0 && out->str[out->len - 1] != '\n' ? "," : "", text);
}

/* ---- marks of an exam ---------------------------------------------------------------------- */

static const cJSON *candidates_of(const cJSON *document)
{
    return json_array(json_object(document, "marks"), "candidates");
}

static void mark_heads(GString *out, const cJSON *document)
{
    static const char *const names[] = {
            "candidate", "mark_points", "mark_of", "mark_percent", "mark_passed", "credited_s"};
    const cJSON *first = cJSON_GetArrayItem(candidates_of(document), 0);
    const cJSON *skill = NULL;
    for (gsize i = 0; first && i < G_N_ELEMENTS(names); i++) {
        add_text(out, names[i]);
    }
    cJSON_ArrayForEach(skill, json_array(first, "skills"))
    {
        g_autofree char *name = g_strdup_printf("%s_percent", json_string(skill, "skill", ""));
        add_text(out, name);
    }
}

/* A row has its candidate's mark, or as many empty fields (a team without a seat). */
static void add_mark(GString *out, const cJSON *document, const char *team)
{
    const cJSON *candidate = NULL;
    cJSON_ArrayForEach(candidate, candidates_of(document))
    {
        if (!strcmp(json_string(candidate, "team", ""), team)) {
            break;
        }
    }
    const cJSON *first = cJSON_GetArrayItem(candidates_of(document), 0);
    const cJSON *total = json_object(candidate, "total");
    const cJSON *clock = json_object(candidate, "clock");
    const cJSON *skill = NULL;
    if (!first) {
        return;
    }
    if (!candidate) {
        int empty = 6 + cJSON_GetArraySize(json_array(first, "skills"));
        for (int i = 0; i < empty; i++) {
            add_text(out, "");
        }
        return;
    }
    add_text(out, json_string(candidate, "candidate", ""));
    add_number(out, json_number(total, "points", 0));
    add_number(out, json_number(total, "of", 0));
    add_number(out, json_number(total, "percent", 0));
    add_text(out, json_bool(candidate, "passed", false) ? "yes" : "no");
    add_number(out, (json_number(clock, "extended_us", 0) + json_number(clock, "stood_us", 0)) /
                            G_USEC_PER_SEC);
    cJSON_ArrayForEach(skill, json_array(candidate, "skills"))
    {
        add_number(out, json_number(skill, "percent", 0));
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void heads(GString *out, const cJSON *document)
{
    static const char *const before[] = {"team", "title", "role", "rank", "total"};
    static const char *const after[] = {"checks_passed", "checks_failed", "checks_fault",
            "availability_percent", "steps_effect", "steps_blocked", "steps_inert", "steps_fault",
            "steps_reported"};
    const cJSON *column = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(before); i++) {
        add_text(out, before[i]);
    }
    cJSON_ArrayForEach(column, json_array(json_object(document, "score"), "columns"))
    {
        add_text(out, cJSON_IsString(column) ? column->valuestring : "");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(after); i++) {
        add_text(out, after[i]);
    }
    mark_heads(out, document);
    g_string_append(out, "\r\n");
}

static void add_services(GString *out, const cJSON *row)
{
    double passed = 0;
    double failed = 0;
    double faults = 0;
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, json_array(row, "services"))
    {
        passed += json_number(service, "passed", 0);
        failed += json_number(service, "failed", 0);
        faults += json_number(service, "faults", 0);
    }
    add_number(out, passed);
    add_number(out, failed);
    add_number(out, faults);
    if (passed + failed > 0) {
        add_number(out, 100 * passed / (passed + failed));
    } else {
        add_text(out, "");
    }
}

static void add_steps(GString *out, const cJSON *document, const char *team)
{
    static const char *const counted[] = {"effect", "blocked", "inert", "fault", "detected"};
    double sums[G_N_ELEMENTS(counted)] = {0};
    const cJSON *technique = NULL;
    cJSON_ArrayForEach(technique, json_array(document, "coverage"))
    {
        const cJSON *counts = NULL;
        cJSON_ArrayForEach(counts, json_array(technique, "teams"))
        {
            bool is_own = !strcmp(json_string(counts, "team", ""), team);
            for (gsize i = 0; is_own && i < G_N_ELEMENTS(counted); i++) {
                sums[i] += json_number(counts, counted[i], 0);
            }
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(counted); i++) {
        add_number(out, sums[i]);
    }
}

char *export_csv(const cJSON *document)
{
    GString *out = g_string_new(NULL);
    const cJSON *row = NULL;
    heads(out, document);
    cJSON_ArrayForEach(row, json_array(json_object(document, "score"), "teams"))
    {
        const cJSON *column = NULL;
        add_text(out, json_string(row, "team", ""));
        add_text(out, json_string(row, "title", ""));
        add_text(out, json_string(row, "role", ""));
        add_number(out, json_number(row, "rank", 0));
        add_number(out, json_number(row, "total", 0));
        cJSON_ArrayForEach(column, json_object(row, "columns"))
        {
            add_number(out, column->valuedouble);
        }
        add_services(out, row);
        add_steps(out, document, json_string(row, "team", ""));
        add_mark(out, document, json_string(row, "team", ""));
        g_string_append(out, "\r\n");
    }
    return g_string_free(out, FALSE);
}
