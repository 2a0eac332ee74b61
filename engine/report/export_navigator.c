/* export_navigator.c - ATT&CK Navigator layers (format 4.5): one of what was executed for each
 * domain, and for each team one of what took effect and one of what it blocked or reported. */
#include "report/export_internal.h"

#include "base/json.h"

#include <string.h>

/* Sums over all teams, or those of one; *ret_said tells them in words. */
static double score_of(
        const cJSON *technique, const char *team, const char *const *counted, GString *said)
{
    double score = 0;
    const cJSON *counts = NULL;
    cJSON_ArrayForEach(counts, json_array(technique, "teams"))
    {
        const char *of = json_string(counts, "team", "");
        for (int i = 0; (!team || !strcmp(of, team)) && counted[i]; i++) {
            double times = json_number(counts, counted[i], 0);
            score += times;
            if (times > 0) {
                g_string_append_printf(
                        said, "%s%s: %s %.0f", said->len ? "; " : "", of, counted[i], times);
            }
        }
    }
    return score;
}

static void add_technique(
        cJSON *list, const cJSON *technique, const char *team, const char *const *counted)
{
    g_autoptr(GString) said = g_string_new(NULL);
    double score = score_of(technique, team, counted, said);
    if (score <= 0) {
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "techniqueID", json_string(technique, "id", ""));
    cJSON_AddNumberToObject(item, "score", score);
    cJSON_AddStringToObject(item, "comment", said->str);
    cJSON_AddTrueToObject(item, "enabled");
    cJSON_AddItemToArray(list, item);
}

static cJSON *gradient(const char *high)
{
    cJSON *out = cJSON_CreateObject();
    const char *const colors[] = {"#ffffff", high, NULL};
    cJSON_AddItemToObject(out, "colors", json_from_strv(colors));
    json_add_int(out, "minValue", 0);
    json_add_int(out, "maxValue", 4);
    return out;
}

struct kind {
    const char *name, *color;
    const char *const *counted;
};

/* NULL when nothing is in it. */
static cJSON *layer(const cJSON *document, const char *domain, const char *version,
        const struct kind *kind, const char *team)
{
    const cJSON *exercise = json_object(document, "exercise");
    cJSON *list = cJSON_CreateArray();
    const cJSON *technique = NULL;
    cJSON_ArrayForEach(technique, json_array(document, "coverage"))
    {
        if (!strcmp(json_string(technique, "domain", ""), domain)) {
            add_technique(list, technique, team, kind->counted);
        }
    }
    if (cJSON_GetArraySize(list) == 0 && !team) {
        cJSON_Delete(list);
        return NULL;
    }
    g_autofree char *name = g_strdup_printf("%s: %s%s%s", json_string(exercise, "name", ""),
            team ? team : "", team ? " " : "", kind->name);
    g_autofree char *full = g_strconcat(domain, "-attack", NULL);
    g_auto(GStrv) parts = g_strsplit(version, ".", 2);
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "name", name);
    cJSON *versions = cJSON_AddObjectToObject(out, "versions");
    cJSON_AddStringToObject(versions, "attack", parts[0] ? parts[0] : "");
    cJSON_AddStringToObject(versions, "navigator", "5.1.0");
    cJSON_AddStringToObject(versions, "layer", "4.5");
    cJSON_AddStringToObject(out, "domain", full);
    cJSON_AddStringToObject(out, "description", json_string(exercise, "title", ""));
    cJSON_AddItemToObject(out, "techniques", list);
    cJSON_AddItemToObject(out, "gradient", gradient(kind->color));
    cJSON_AddTrueToObject(out, "showTacticRowBackground");
    return out;
}

static bool is_attacked(const cJSON *document, const char *team)
{
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (!strcmp(json_string(run, "team", ""), team)) {
            return true;
        }
    }
    return false;
}

static void add_domain(cJSON *out, const cJSON *document, const cJSON *first)
{
    static const char *const executed[] = {"executed", NULL};
    static const char *const effect[] = {"effect", NULL};
    static const char *const detected[] = {"detected", "blocked", NULL};
    static const struct kind all = {"executed", "#0b3d5c", executed};
    static const struct kind own[] = {
            {"took effect", "#b8410a", effect}, {"detected or blocked", "#00618f", detected}};
    const char *domain = json_string(first, "domain", "");
    const char *version = json_string(first, "version", "");
    const cJSON *row = NULL;
    cJSON *of_all = layer(document, domain, version, &all, NULL);
    if (of_all) {
        cJSON_AddItemToArray(out, of_all);
    }
    cJSON_ArrayForEach(row, json_array(json_object(document, "score"), "teams"))
    {
        const char *team = json_string(row, "team", "");
        for (gsize i = 0; is_attacked(document, team) && i < G_N_ELEMENTS(own); i++) {
            cJSON_AddItemToArray(out, layer(document, domain, version, &own[i], team));
        }
    }
}

char *export_navigator(const cJSON *document)
{
    static const char *const known[] = {"enterprise", "ics", "mobile", NULL}; /* to the Navigator */
    auto_json out = cJSON_CreateArray();
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    const cJSON *technique = NULL;
    cJSON_ArrayForEach(technique, json_array(document, "coverage"))
    {
        const char *domain = json_string(technique, "domain", "");
        if (g_strv_contains(known, domain) &&
                !g_ptr_array_find_with_equal_func(domains, domain, g_str_equal, NULL)) {
            g_ptr_array_add(domains, (gpointer)domain);
            add_domain(out, document, technique);
        }
    }
    g_autofree char *text = json_text(out);
    return g_strconcat(text, "\n", NULL);
}
