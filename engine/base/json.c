/* json.c - cJSON with checked reads. */
#include "base/json.h"

#include "base/error.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What cJSON lets through and nobody here wants. */
struct scan {
    gsize depth, deepest; /* nesting outside strings; cJSON itself stops only at 1000 */
    bool nul;             /* U+0000, raw or escaped */
};

/* Skips the string that begins after text[i - 1]; the index of its closing quote, or length. */
static gsize skip_string(const char *text, gsize i, gsize length, struct scan *scan)
{
    for (; i < length && text[i] != '"'; i++) {
        if (text[i] == '\\') {
            i++;
            scan->nul |= length - i >= 5 && !strncmp(text + i, "u0000", 5);
        }
    }
    return i;
}

static struct scan scan_text(const char *text, gsize length)
{
    /* cJSON takes U+0000 as the end of a string and would hide what follows */
    struct scan scan = {.nul = memchr(text, '\0', length) != NULL};
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '"') {
            i = skip_string(text, i + 1, length, &scan);
        } else if (text[i] == '{' || text[i] == '[') {
            scan.depth++;
            scan.deepest = MAX(scan.deepest, scan.depth);
        } else if ((text[i] == '}' || text[i] == ']') && scan.depth > 0) {
            scan.depth--;
        }
    }
    return scan;
}

cJSON *json_parse(const char *text, gsize length, GError **error)
{
    struct scan scan = scan_text(text, length);
    if (scan.deepest > 64) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL, "JSON nested too deep");
        return NULL;
    }
    if (scan.nul) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL, "JSON contains a NUL");
        return NULL;
    }
    const char *bad = NULL;
    if (!g_utf8_validate_len(text, length, &bad)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL,
                "JSON is not UTF-8 (at byte %zu)", (gsize)(bad - text));
        return NULL;
    }
    const char *end = text;
    auto_json json = cJSON_ParseWithLengthOpts(text, length, &end, false);
    if (json) {
        while (end < text + length && g_ascii_isspace(*end)) {
            end++;
        }
    }
    if (!json || end != text + length) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL, "not JSON (at byte %zu)",
                end ? (gsize)(end - text) : 0);
        return NULL;
    }
    return g_steal_pointer(&json);
}

char *json_text(const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    char *copy = g_strdup(text ? text : "null");
    cJSON_free(text);
    return copy;
}

void json_append_string(GString *to, const char *text)
{
    static const char plain[] = "\b\f\n\r\t\"\\";
    static const char named[] = "bfnrt\"\\";
    g_string_append_c(to, '"');
    for (const char *run = text; *run;) {
        gsize length = 0;
        while ((guchar)run[length] >= ' ' && run[length] != '"' && run[length] != '\\') {
            length++;
        }
        g_string_append_len(to, run, (gssize)length);
        run += length;
        const char *special = *run ? strchr(plain, *run) : NULL;
        if (special) {
            g_string_append_c(to, '\\');
            g_string_append_c(to, named[special - plain]);
        } else if (*run) {
            g_string_append_printf(to, "\\u%04x", (guint)(guchar)*run);
        }
        run += *run != '\0';
    }
    g_string_append_c(to, '"');
}

/* As few of 15 or 17 digits as give the number again, which is cJSON's rule. */
void json_append_number(GString *to, double value)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(value)) {
        g_string_append(to, "null");
        return;
    }
    if (value == floor(value) && fabs(value) <= G_MAXINT32) {
        g_string_append_printf(to, "%d", (int)value);
        return;
    }
    g_ascii_formatd(digits, sizeof digits, "%1.15g", value);
    double read = g_ascii_strtod(digits, NULL);
    if (fabs(read - value) > MAX(fabs(read), fabs(value)) * DBL_EPSILON) {
        g_ascii_formatd(digits, sizeof digits, "%1.17g", value);
    }
    g_string_append(to, digits);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *json_string(const cJSON *object, const char *name, const char *fallback)
{
    const cJSON *item = member(object, name);
    return item && cJSON_IsString(item) ? item->valuestring : fallback;
}

double json_number(const cJSON *object, const char *name, double fallback)
{
    const cJSON *item = member(object, name);
    return item && cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

gint64 json_int(const cJSON *object, const char *name, gint64 fallback)
{
    const cJSON *item = member(object, name);
    const double limit = 9007199254740992.0; /* 2^53 */
    if (!item || !cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= limit)) {
        return fallback;
    }
    return (gint64)item->valuedouble;
}

bool json_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *item = member(object, name);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}

const cJSON *json_array(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);
    return cJSON_IsArray(item) ? item : NULL;
}

const cJSON *json_object(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);
    return cJSON_IsObject(item) ? item : NULL;
}

cJSON *json_from_strv(const char *const *strv)
{
    cJSON *array = cJSON_CreateArray();
    for (; strv && *strv; strv++) {
        cJSON_AddItemToArray(array, cJSON_CreateString(*strv));
    }
    return array;
}

char **json_to_strv(const cJSON *array)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item)) {
            return NULL;
        }
        g_strv_builder_add(builder, item->valuestring);
    }
    return g_strv_builder_end(builder);
}

static void clean_text(cJSON *item, gsize max, bool one_line)
{
    g_autofree char *text = text_clean_tail(item->valuestring, strlen(item->valuestring), max);
    if (one_line) {
        g_strdelimit(text, "\n\t", ' ');
    }
    if (strcmp(text, item->valuestring) != 0) {
        cJSON_SetValuestring(item, text);
    }
}

void json_clean(cJSON *item, gsize max, bool one_line)
{
    if (cJSON_IsString(item)) {
        clean_text(item, max, one_line);
    }
    for (cJSON *child = item ? item->child : NULL; child; child = child->next) {
        json_clean(child, max, one_line);
    }
}

void json_add_int(cJSON *object, const char *name, gint64 value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}
