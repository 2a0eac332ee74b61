/* aar_terms.c - the after-action report: score lines and terms, both from the explained score. */
#include "report/aar_internal.h"

#include "base/json.h"

#include <string.h>

#define POINTS_MAX 400 /* of a line; beyond that only every n-th moment is drawn */

static int by_time(gconstpointer a, gconstpointer b)
{
    const cJSON *x = *(const cJSON *const *)a;
    const cJSON *y = *(const cJSON *const *)b;
    gint64 left = json_int(x, "at_us", 0);
    gint64 right = json_int(y, "at_us", 0);
    if (left != right) {
        return left < right ? -1 : 1;
    }
    left = json_int(x, "seq", 0);
    right = json_int(y, "seq", 0);
    return (left > right) - (left < right);
}

static GPtrArray *sorted_terms(const cJSON *team)
{
    GPtrArray *terms = g_ptr_array_new();
    cJSON *term = NULL;
    cJSON_ArrayForEach(term, json_array(team, "explain"))
    {
        g_ptr_array_add(terms, term);
    }
    g_ptr_array_sort(terms, by_time);
    return terms;
}

static void add_point(cJSON *points, gint64 at_us, double total)
{
    cJSON *point = cJSON_CreateArray();
    cJSON_AddItemToArray(point, cJSON_CreateNumber((double)at_us));
    cJSON_AddItemToArray(point, cJSON_CreateNumber(total));
    cJSON_AddItemToArray(points, point);
}

/* The last point is the board's total, whatever rounding a sum in another order brings. */
static cJSON *points_of(const cJSON *team)
{
    g_autoptr(GPtrArray) terms = sorted_terms(team);
    cJSON *points = cJSON_CreateArray();
    guint every = terms->len / POINTS_MAX + 1;
    double total = 0;
    add_point(points, 0, 0);
    for (guint i = 0; i < terms->len; i++) {
        const cJSON *term = g_ptr_array_index(terms, i);
        gint64 at_us = json_int(term, "at_us", 0);
        bool is_last = i + 1 == terms->len;
        total += json_number(term, "points", 0);
        bool goes_on = !is_last && json_int(g_ptr_array_index(terms, i + 1), "at_us", 0) == at_us;
        if (is_last || (!goes_on && i % every == 0)) {
            add_point(points, at_us, is_last ? json_number(team, "total", total) : total);
        }
    }
    return points;
}

cJSON *aar_lines_json(const cJSON *score)
{
    cJSON *lines = cJSON_CreateArray();
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "team", json_string(team, "team", ""));
        cJSON_AddItemToObject(line, "points", points_of(team));
        cJSON_AddItemToArray(lines, line);
    }
    return lines;
}

/* ---- terms --------------------------------------------------------------------------------- */

static cJSON *group_new(const cJSON *team, const cJSON *term)
{
    cJSON *group = cJSON_CreateObject();
    cJSON_AddStringToObject(group, "team", json_string(team, "team", ""));
    cJSON_AddStringToObject(group, "part", json_string(term, "part", ""));
    cJSON_AddStringToObject(group, "why", json_string(term, "why", ""));
    json_add_int(group, "count", 0);
    cJSON_AddNumberToObject(group, "points", 0);
    json_add_int(group, "first_us", json_int(term, "at_us", 0));
    json_add_int(group, "last_us", 0);
    cJSON_AddArrayToObject(group, "seqs");
    return group;
}

static void add_number(cJSON *object, const char *name, double value)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item) {
        cJSON_SetNumberValue(item, item->valuedouble + value);
    }
}

static void add_term(cJSON *group, const cJSON *term)
{
    cJSON *seqs = cJSON_GetObjectItemCaseSensitive(group, "seqs");
    cJSON *last = cJSON_GetObjectItemCaseSensitive(group, "last_us");
    if (json_int(group, "count", 0) < AAR_SEQS) {
        cJSON_AddItemToArray(seqs, cJSON_CreateNumber(json_number(term, "seq", 0)));
    }
    add_number(group, "count", 1);
    add_number(group, "points", json_number(term, "points", 0));
    cJSON_SetNumberValue(last, json_number(term, "at_us", 0));
}

cJSON *aar_terms_json(const cJSON *score)
{
    cJSON *groups = cJSON_CreateArray();
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        const cJSON *term = NULL;
        cJSON_ArrayForEach(term, json_array(team, "explain"))
        {
            g_autofree char *key = g_strdup_printf("%s\n%s\n%s", json_string(term, "model", ""),
                    json_string(term, "part", ""), json_string(term, "why", ""));
            cJSON *group = g_hash_table_lookup(known, key);
            if (!group) {
                group = group_new(team, term);
                cJSON_AddItemToArray(groups, group);
                g_hash_table_insert(known, g_steal_pointer(&key), group);
            }
            add_term(group, term);
        }
    }
    return groups;
}
