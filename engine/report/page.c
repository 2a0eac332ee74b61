/* page.c - the report's page: escaped text, templates, and the page as a whole. */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

void page_add(GString *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_markup_vprintf_escaped(format, args);
    va_end(args);
    g_string_append(out, text);
    g_free(text);
}

void page_cut(GString *out, const char *text, long max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *head = g_utf8_substring(valid, 0, MIN(max, g_utf8_strlen(valid, -1)));
    page_add(out, "%s%s", head, strlen(head) < strlen(valid) ? " …" : "");
}

void page_fill(
        GString *out, const char *template, const struct page_slot *slots, const cJSON *document)
{
    for (;;) {
        const char *open = strstr(template, "{{");
        const char *close = open ? strstr(open, "}}") : NULL;
        if (!close) {
            break;
        }
        g_string_append_len(out, template, open - template);
        gsize length = (gsize)(close - open) - 2;
        for (const struct page_slot *slot = slots; slot->name; slot++) {
            if (strlen(slot->name) == length && !strncmp(slot->name, open + 2, length)) {
                slot->write(out, document);
            }
        }
        template = close + 2;
    }
    g_string_append(out, template);
}

/* ---- numbers and times --------------------------------------------------------------------- */

static char *trimmed(double value, const char *format)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof(text), format, value);
    if (strchr(text, '.') && !strchr(text, 'e')) {
        char *end = text + strlen(text);
        while (end[-1] == '0') {
            *--end = '\0';
        }
        if (end[-1] == '.') {
            end[-1] = '\0';
        }
    }
    return g_strdup(!strcmp(text, "-0") ? "0" : text);
}

char *page_number(double value)
{
    return trimmed(value, ABS(value) < 1e12 ? "%.2f" : "%.6e");
}

char *page_signed(double value)
{
    g_autofree char *text = page_number(value);
    return g_strdup_printf("%s%s", value > 0 ? "+" : "", text);
}

char *page_clock(gint64 us)
{
    gint64 s = CLAMP(us, 0, G_GINT64_CONSTANT(1000000000000)) / G_USEC_PER_SEC;
    if (s >= 3600) {
        return g_strdup_printf("%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    }
    return g_strdup_printf("%d:%02d", (int)(s / 60), (int)(s % 60));
}

char *page_length(gint64 us)
{
    return page_clock(MAX(us, 0) + G_USEC_PER_SEC / 2);
}

char *page_date(gint64 wall_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(wall_us / G_USEC_PER_SEC);
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("");
}

/* ---- teams --------------------------------------------------------------------------------- */

const cJSON *page_team(const cJSON *document, const char *team)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, json_array(json_object(document, "score"), "teams"))
    {
        if (!strcmp(json_string(row, "team", ""), team)) {
            return row;
        }
    }
    return NULL;
}

const char *page_team_title(const cJSON *document, const char *team)
{
    const char *title = json_string(page_team(document, team), "title", "");
    return *title ? title : team;
}

static bool has_team(const cJSON *list, const char *team)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (!strcmp(json_string(item, "team", ""), team)) {
            return true;
        }
    }
    return false;
}

bool page_defends(const cJSON *document, const char *team)
{
    return has_team(json_array(document, "services"), team) ||
           has_team(json_array(document, "steps"), team);
}

/* ---- the page ------------------------------------------------------------------------------ */

bool page_lang_is_known(const char *lang)
{
    return !strcmp(lang, "en") || !strcmp(lang, "zh");
}

static void title(GString *out, const cJSON *document)
{
    const cJSON *exercise = json_object(document, "exercise");
    page_add(out, "%s · %s", json_string(exercise, "title", ""), json_string(exercise, "name", ""));
}

static void styles(GString *out, const cJSON *document)
{
    (void)document;
    g_string_append(out, (const char *)page_file_aar_css);
    g_string_append(out, (const char *)page_file_print_css);
}

static void lang_of_page(GString *out, const cJSON *document)
{
    g_string_append(out, !strcmp(json_string(document, "lang", "en"), "zh") ? "zh-Hans" : "en");
}

static void checked_en(GString *out, const cJSON *document)
{
    g_string_append(out, strcmp(json_string(document, "lang", "en"), "zh") != 0 ? " checked" : "");
}

static void checked_zh(GString *out, const cJSON *document)
{
    g_string_append(out, !strcmp(json_string(document, "lang", "en"), "zh") ? " checked" : "");
}

static void kind(GString *out, const cJSON *document)
{
    const cJSON *exercise = json_object(document, "exercise");
    bool exam = json_bool(exercise, "exam", false);
    bool public = json_bool(exercise, "public", false);
    if (exam || public) {
        page_add(out, " class=\"%s%s%s%s\"", exam ? "exam" : "", exam && public ? " " : "",
                public ? "public" : "", page_has_marks(document) ? " marked" : "");
    }
}

static void version(GString *out, const cJSON *document)
{
    page_add(out, "%s", json_string(json_object(document, "exercise"), "engine", ""));
}

char *page_html(const cJSON *document, const char *lang)
{
    static const struct page_slot slots[] = {
            {"lang", lang_of_page},
            {"checked-en", checked_en},
            {"checked-zh", checked_zh},
            {"title", title},
            {"styles", styles},
            {"head", page_head},
            {"glance", page_glance},
            {"marks", page_marks},
            {"standings", page_standings},
            {"lines", page_lines},
            {"matrix", page_matrix},
            {"timeline", page_timeline},
            {"steps", page_steps},
            {"responses", page_responses},
            {"coverage", page_coverage},
            {"teams", page_teams},
            {"remarks", page_remarks},
            {"version", version},
            {"kind", kind},
            {0},
    };
    auto_json told = cJSON_CreateObject();
    const cJSON *part = NULL;
    cJSON_ArrayForEach(part, document)
    {
        cJSON_AddItemReferenceToObject(told, part->string, (cJSON *)part);
    }
    cJSON_AddStringToObject(told, "lang", lang);
    GString *out = g_string_new(NULL);
    page_fill(out, (const char *)page_file_aar_html, slots, told);
    page_put_words(out);
    return g_string_free(out, FALSE);
}
