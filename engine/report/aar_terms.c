/* aar_terms.c - the after-action report: score lines and terms, both from the explained score.
 *
 * The terms of a long game are hundreds of thousands: they are taken as they come, and only sums and
 * moments are kept.
 */
#include "report/aar_internal.h"

#include "base/json.h"

#include <string.h>

#define POINTS_MAX 400 /* of a line; beyond that only every n-th moment is drawn */
#define GROUPS_MAX 500 /* of a team; what comes then is put together by its part */

struct moment {
    gint64 at_us, seq;
    double points;
};

struct side {          /* a team */
    GArray *moments;   /* struct moment */
    GHashTable *known; /* what makes terms equal → their group */
    cJSON *groups;
};

static void side_free(gpointer data)
{
    struct side *side = data;
    g_array_unref(side->moments);
    g_hash_table_unref(side->known);
    cJSON_Delete(side->groups);
    g_free(side);
}

static struct side *side_of(GHashTable *sides, const char *team)
{
    struct side *side = g_hash_table_lookup(sides, team);
    if (!side) {
        side = g_new0(struct side, 1);
        side->moments = g_array_new(FALSE, FALSE, sizeof(struct moment));
        side->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        side->groups = cJSON_CreateArray();
        g_hash_table_insert(sides, g_strdup(team), side);
    }
    return side;
}

/* ---- groups of equal terms ------------------------------------------------------------------ */

static cJSON *group_new(const struct score_term *term, const char *why)
{
    cJSON *group = cJSON_CreateObject();
    cJSON_AddStringToObject(group, "team", term->team);
    cJSON_AddStringToObject(group, "part", term->part);
    cJSON_AddStringToObject(group, "why", why);
    json_add_int(group, "count", 0);
    cJSON_AddNumberToObject(group, "points", 0);
    json_add_int(group, "first_us", term->at_us);
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

static cJSON *group_of(struct side *side, const struct score_term *term)
{
    const char *why = term->why;
    g_autofree char *key = g_strdup_printf("%s\n%s\n%s", term->model, term->part, why);
    cJSON *group = g_hash_table_lookup(side->known, key);
    if (!group && g_hash_table_size(side->known) >= GROUPS_MAX) {
        why = "and others";
        g_free(key);
        key = g_strdup_printf("%s\n%s", term->model, term->part);
        group = g_hash_table_lookup(side->known, key);
    }
    if (!group) {
        group = group_new(term, why);
        cJSON_AddItemToArray(side->groups, group);
        g_hash_table_insert(side->known, g_steal_pointer(&key), group);
    }
    return group;
}

static void take_term(const struct score_term *term, gpointer data)
{
    struct side *side = side_of(data, term->team);
    struct moment moment = {.at_us = term->at_us, .seq = term->seq, .points = term->points};
    g_array_append_val(side->moments, moment);
    cJSON *group = group_of(side, term);
    cJSON *last = cJSON_GetObjectItemCaseSensitive(group, "last_us");
    if (json_int(group, "count", 0) < AAR_SEQS) {
        cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(group, "seqs"),
                cJSON_CreateNumber((double)term->seq));
    }
    add_number(group, "count", 1);
    add_number(group, "points", term->points);
    cJSON_SetNumberValue(last, (double)term->at_us);
}

/* ---- lines --------------------------------------------------------------------------------- */

static int by_time(gconstpointer a, gconstpointer b)
{
    const struct moment *x = a;
    const struct moment *y = b;
    if (x->at_us != y->at_us) {
        return x->at_us < y->at_us ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void add_point(cJSON *points, gint64 at_us, double total)
{
    cJSON *point = cJSON_CreateArray();
    cJSON_AddItemToArray(point, cJSON_CreateNumber((double)at_us));
    cJSON_AddItemToArray(point, cJSON_CreateNumber(total));
    cJSON_AddItemToArray(points, point);
}

/* The last point is the board's total, whatever rounding a sum in another order brings. */
static cJSON *points_of(const cJSON *team, GArray *moments)
{
    g_array_sort(moments, by_time);
    cJSON *points = cJSON_CreateArray();
    guint every = moments->len / POINTS_MAX + 1;
    double total = 0;
    add_point(points, 0, 0);
    for (guint i = 0; i < moments->len; i++) {
        const struct moment *moment = &g_array_index(moments, struct moment, i);
        bool is_last = i + 1 == moments->len;
        total += moment->points;
        bool goes_on =
                !is_last && g_array_index(moments, struct moment, i + 1).at_us == moment->at_us;
        if (is_last || (!goes_on && i % every == 0)) {
            add_point(points, moment->at_us, is_last ? json_number(team, "total", total) : total);
        }
    }
    return points;
}

void aar_add_terms(const struct score *score, const cJSON *board, cJSON *document)
{
    g_autoptr(GHashTable) sides = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, side_free);
    score_explain(score, take_term, sides);
    cJSON *lines = cJSON_AddArrayToObject(document, "lines");
    cJSON *terms = cJSON_AddArrayToObject(document, "terms");
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(board, "teams"))
    {
        struct side *side = side_of(sides, json_string(team, "team", ""));
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "team", json_string(team, "team", ""));
        cJSON_AddItemToObject(line, "points", points_of(team, side->moments));
        cJSON_AddItemToArray(lines, line);
        cJSON *group = side->groups->child;
        while (group) {
            cJSON *next = group->next;
            cJSON_AddItemToArray(terms, cJSON_DetachItemViaPointer(side->groups, group));
            group = next;
        }
    }
}
