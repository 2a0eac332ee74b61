/* score_plan.c - what a score learns from the plan in exercise.created. */
#include "score/score_internal.h"

#include "base/json.h"

#include <string.h>

/* The plan comes from a ledger, perhaps a made-up one: bounds that no exercise reaches. */
#define TEAMS_MAX 1024
#define SERVICES_MAX 1024
#define STEPS_MAX 4096
#define POINTS_MAX 1000000000

static gint32 points(const cJSON *object, const char *name)
{
    return (gint32)CLAMP(json_int(object, name, 0), -POINTS_MAX, POINTS_MAX);
}

guint32 score_reason_id(struct score *score, enum score_term term, gint32 value, const char *why)
{
    g_autofree char *key = g_strdup_printf("%d %d %s", (int)term, (int)value, why);
    guint32 known = GPOINTER_TO_UINT(g_hash_table_lookup(score->reason_ids, key));
    if (known) {
        return known - 1;
    }
    struct score_reason reason = {.term = term, .points = value, .why = g_strdup(why)};
    g_array_append_val(score->reasons, reason);
    g_hash_table_insert(
            score->reason_ids, g_steal_pointer(&key), GUINT_TO_POINTER(score->reasons->len));
    return score->reasons->len - 1;
}

static void service_free(gpointer data)
{
    struct score_service *service = data;
    g_free(service->name);
    g_array_unref(service->looks);
    g_free(service);
}

void score_team_free(gpointer data)
{
    struct score_team *team = data;
    g_free(team->id);
    g_free(team->title);
    g_free(team->role);
    g_hash_table_unref(team->service_names);
    g_ptr_array_unref(team->services);
    g_array_unref(team->entries);
    g_array_unref(team->history);
    g_free(team);
}

void score_step_free(gpointer data)
{
    struct score_step *step = data;
    g_free(step->name);
    g_free(step->label);
    g_free(step->attacker);
    g_free(step);
}

static void learn_service(struct score *score, struct score_team *team, const cJSON *item)
{
    const char *name = json_string(item, "name", NULL);
    if (!name || team->services->len >= SERVICES_MAX ||
            g_hash_table_contains(team->service_names, name)) {
        return;
    }
    struct score_service *service = g_new0(struct score_service, 1);
    service->name = g_strdup(name);
    service->looks = g_array_new(FALSE, FALSE, sizeof(gint64));
    service->sla_after = json_int(item, "sla_after", 0);
    g_autofree char *passed = g_strdup_printf("%s passed", name);
    g_autofree char *failed =
            service->sla_after == 1
                    ? g_strdup_printf("%s failed", name)
                    : g_strdup_printf("%s failed %" G_GINT64_FORMAT " times in a row", name,
                              service->sla_after);
    service->passed_reason = score_reason_id(score, SCORE_UPTIME, points(item, "points"), passed);
    service->failed_reason =
            score_reason_id(score, SCORE_PENALTY, -points(item, "sla_penalty"), failed);
    g_ptr_array_add(team->services, service);
    g_hash_table_insert(team->service_names, service->name, service);
}

static void learn_team(struct score *score, const cJSON *item, const cJSON *services)
{
    const char *id = json_string(item, "id", NULL);
    if (!id || score->teams->len >= TEAMS_MAX || g_hash_table_contains(score->team_ids, id)) {
        return;
    }
    struct score_team *team = g_new0(struct score_team, 1);
    team->id = g_strdup(id);
    team->title = g_strdup(json_string(item, "title", id));
    team->role = g_strdup(json_string(item, "role", ""));
    team->services = g_ptr_array_new_with_free_func(service_free);
    team->service_names = g_hash_table_new(g_str_hash, g_str_equal);
    team->entries = g_array_new(FALSE, FALSE, sizeof(struct score_entry));
    team->history = score_history_new();
    team->index = score->teams->len;
    g_ptr_array_add(score->teams, team);
    g_hash_table_insert(score->team_ids, team->id, team);

    const char *group = json_string(item, "group", id);
    const cJSON *service = NULL;
    cJSON_ArrayForEach(service, services)
    {
        if (!g_strcmp0(json_string(service, "group", NULL), group)) {
            learn_service(score, team, service);
        }
    }
}

static void learn_step(struct score *score, const cJSON *item)
{
    const char *name = json_string(item, "name", NULL);
    if (!name || g_hash_table_size(score->steps) >= STEPS_MAX ||
            g_hash_table_contains(score->steps, name)) {
        return;
    }
    struct score_step *step = g_new0(struct score_step, 1);
    const char *technique = json_string(json_object(item, "attack"), "id", NULL);
    step->name = g_strdup(name);
    step->label = technique ? g_strdup_printf("%s (%s)", name, technique) : g_strdup(name);
    step->attacker = g_strdup(json_string(item, "attacker", ""));
    step->effect = points(item, "points_effect");
    step->blocked = points(item, "points_blocked");
    g_hash_table_insert(score->steps, step->name, step);
}

void score_learn(struct score *score, const cJSON *body)
{
    const cJSON *plan = json_object(body, "plan");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "teams"))
    {
        learn_team(score, item, json_array(plan, "services"));
    }
    cJSON_ArrayForEach(item, json_array(plan, "steps"))
    {
        learn_step(score, item);
    }
}
