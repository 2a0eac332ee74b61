/* score_print.c - standings as rows and as JSON. */
#include "score/score_internal.h"

#include "base/json.h"

#include <string.h>

static gint64 total(const struct score_team *team)
{
    gint64 sum = 0;
    for (int i = 0; i < SCORE_TERMS; i++) {
        sum += team->sums[i];
    }
    return sum;
}

static int best_first(gconstpointer a, gconstpointer b)
{
    const struct score_team *x = *(struct score_team *const *)a;
    const struct score_team *y = *(struct score_team *const *)b;
    if (total(x) != total(y)) {
        return total(x) > total(y) ? -1 : 1;
    }
    return strcmp(x->id, y->id);
}

static GPtrArray *ranked(const struct score *score)
{
    GPtrArray *teams = g_ptr_array_new();
    g_ptr_array_extend(teams, score->teams, NULL, NULL);
    g_ptr_array_sort(teams, best_first);
    return teams;
}

GArray *score_standings(const struct score *score)
{
    g_autoptr(GPtrArray) teams = ranked(score);
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct score_line));
    for (guint i = 0; i < teams->len; i++) {
        const struct score_team *team = teams->pdata[i];
        struct score_line line = {
                .team = team->id,
                .title = team->title,
                .total = total(team),
                .uptime = team->sums[SCORE_UPTIME],
                .penalty = team->sums[SCORE_PENALTY],
                .effect = team->sums[SCORE_EFFECT],
                .blocked = team->sums[SCORE_BLOCKED],
        };
        g_array_append_val(lines, line);
    }
    return lines;
}

static cJSON *services_json(const struct score_team *team)
{
    cJSON *services = cJSON_CreateArray();
    for (guint i = 0; i < team->services->len; i++) {
        const struct score_service *service = team->services->pdata[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "service", service->name);
        json_add_int(item, "passed", service->passed);
        json_add_int(item, "failed", service->failed);
        json_add_int(item, "points", service->points);
        json_add_int(item, "penalty", service->penalty);
        cJSON_AddItemToArray(services, item);
    }
    return services;
}

static const char *const term_names[] = {
        [SCORE_UPTIME] = "uptime",
        [SCORE_PENALTY] = "penalty",
        [SCORE_EFFECT] = "effect",
        [SCORE_BLOCKED] = "blocked",
};

static cJSON *explain_json(const struct score *score, const struct score_team *team)
{
    cJSON *terms = cJSON_CreateArray();
    for (guint i = 0; i < team->entries->len; i++) {
        const struct score_entry *entry = &g_array_index(team->entries, struct score_entry, i);
        const struct score_reason *reason =
                &g_array_index(score->reasons, struct score_reason, entry->reason);
        cJSON *item = cJSON_CreateObject();
        json_add_int(item, "seq", entry->seq);
        json_add_int(item, "at_us", entry->at_us);
        json_add_int(item, "points", reason->points);
        cJSON_AddStringToObject(item, "term", term_names[reason->term]);
        cJSON_AddStringToObject(item, "why", reason->why);
        cJSON_AddItemToArray(terms, item);
    }
    return terms;
}

cJSON *score_to_json(const struct score *score, bool explain)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "exercise", score->exercise ? score->exercise : "");
    json_add_int(out, "at_us", score->at_us);
    json_add_int(out, "seq", score->seq);
    cJSON *teams = cJSON_AddArrayToObject(out, "teams");
    g_autoptr(GPtrArray) order = ranked(score);
    for (guint i = 0; i < order->len; i++) {
        const struct score_team *team = order->pdata[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "team", team->id);
        cJSON_AddStringToObject(item, "title", team->title);
        cJSON_AddStringToObject(item, "role", team->role);
        json_add_int(item, "total", total(team));
        json_add_int(item, "uptime", team->sums[SCORE_UPTIME]);
        json_add_int(item, "penalty", team->sums[SCORE_PENALTY]);
        json_add_int(item, "effect", team->sums[SCORE_EFFECT]);
        json_add_int(item, "blocked", team->sums[SCORE_BLOCKED]);
        cJSON_AddItemToObject(item, "services", services_json(team));
        if (explain) {
            cJSON_AddItemToObject(item, "explain", explain_json(score, team));
        }
        cJSON_AddItemToArray(teams, item);
    }
    return out;
}
