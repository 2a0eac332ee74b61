/* score_plan.c - who takes part, learnt from the plan in exercise.created. */
#include "score/score_internal.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

/* The plan comes from a ledger, perhaps a made-up one: bounds that no exercise reaches. */
#define TEAMS_MAX 1024
#define SERVICES_MAX 1024
#define STEPS_MAX 4096
#define POINTS_MAX 1e9

static double points(const cJSON *object, const char *name, double usual)
{
    double value = json_number(object, name, usual);
    return fabs(value) <= POINTS_MAX ? value : usual; /* NaN is not */
}

int score_index(GHashTable *ids, const char *name)
{
    return name ? GPOINTER_TO_INT(g_hash_table_lookup(ids, name)) - 1 : -1;
}

static void team_free(gpointer data)
{
    struct score_team *team = data;
    g_free(team->id);
    g_free(team->title);
    g_free(team->role);
    g_free(team->group);
    g_free(team);
}

static void service_free(gpointer data)
{
    struct score_service *service = data;
    g_free(service->name);
    g_free(service->group);
    g_free(service);
}

static void step_free(gpointer data)
{
    struct score_step *step = data;
    g_free(step->name);
    g_free(step->label);
    g_free(step->technique);
    g_free(step->to);
    g_free(step);
}

static void task_free(gpointer data)
{
    struct score_task *task = data;
    g_free(task->name);
    g_free(task);
}

void score_roster_init(struct score_roster *roster)
{
    roster->teams = g_ptr_array_new_with_free_func(team_free);
    roster->services = g_ptr_array_new_with_free_func(service_free);
    roster->steps = g_ptr_array_new_with_free_func(step_free);
    roster->tasks = g_ptr_array_new_with_free_func(task_free);
    GHashTable **ids[] = {
            &roster->team_ids, &roster->service_ids, &roster->step_ids, &roster->task_ids};
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        *ids[i] = g_hash_table_new(g_str_hash, g_str_equal);
    }
}

void score_roster_clear(struct score_roster *roster)
{
    g_hash_table_unref(roster->team_ids);
    g_hash_table_unref(roster->service_ids);
    g_hash_table_unref(roster->step_ids);
    g_hash_table_unref(roster->task_ids);
    g_ptr_array_unref(roster->teams);
    g_ptr_array_unref(roster->services);
    g_ptr_array_unref(roster->steps);
    g_ptr_array_unref(roster->tasks);
}

/* The name when it is there, new and within bounds; else NULL. */
static const char *fresh(const cJSON *item, const char *member, GHashTable *ids, guint max)
{
    const char *name = json_string(item, member, NULL);
    return name && g_hash_table_size(ids) < max && !g_hash_table_contains(ids, name) ? name : NULL;
}

static void enter(GPtrArray *list, gpointer item, GHashTable *ids, char *name)
{
    g_ptr_array_add(list, item);
    g_hash_table_insert(ids, name, GINT_TO_POINTER((int)list->len));
}

static void learn_team(struct score_roster *roster, const cJSON *item)
{
    const char *id = fresh(item, "id", roster->team_ids, TEAMS_MAX);
    if (!id) {
        return;
    }
    struct score_team *team = g_new0(struct score_team, 1);
    team->id = g_strdup(id);
    team->title = g_strdup(json_string(item, "title", id));
    team->role = g_strdup(json_string(item, "role", ""));
    team->group = g_strdup(json_string(item, "group", id));
    team->reference = json_bool(item, "reference", false);
    roster->players += !team->reference && !strcmp(team->role, "blue");
    enter(roster->teams, team, roster->team_ids, team->id);
}

static void learn_service(struct score_roster *roster, const cJSON *item)
{
    const char *name = fresh(item, "name", roster->service_ids, SERVICES_MAX);
    if (!name) {
        return;
    }
    struct score_service *service = g_new0(struct score_service, 1);
    service->name = g_strdup(name);
    service->group = g_strdup(json_string(item, "group", ""));
    service->points = points(item, "points", 0);
    service->weight = MAX(points(item, "weight", 1), 0);
    service->sla_after = (int)CLAMP(json_int(item, "sla_after", 0), 0, G_MAXINT32);
    service->sla_penalty = points(item, "sla_penalty", 0);
    enter(roster->services, service, roster->service_ids, service->name);
}

static void learn_step(struct score_roster *roster, const cJSON *item)
{
    const char *name = fresh(item, "name", roster->step_ids, STEPS_MAX);
    if (!name) {
        return;
    }
    struct score_step *step = g_new0(struct score_step, 1);
    const char *technique = json_string(json_object(item, "attack"), "id", NULL);
    step->name = g_strdup(name);
    step->technique = g_strdup(technique ? technique : "");
    step->to = g_strdup(json_string(item, "to", ""));
    step->label = technique ? g_strdup_printf("%s (%s)", name, technique) : g_strdup(name);
    step->attacker = score_index(roster->team_ids, json_string(item, "attacker", NULL));
    step->effect = points(item, "points_effect", 0);
    step->blocked = points(item, "points_blocked", 0);
    enter(roster->steps, step, roster->step_ids, step->name);
}

static void learn_task(struct score_roster *roster, const cJSON *item)
{
    const char *name = fresh(item, "name", roster->task_ids, STEPS_MAX);
    if (!name) {
        return;
    }
    struct score_task *task = g_new0(struct score_task, 1);
    task->name = g_strdup(name);
    task->points = points(item, "points", 0);
    task->minimum = points(item, "minimum", 0);
    enter(roster->tasks, task, roster->task_ids, task->name);
}

void score_learn(struct score *score, const cJSON *body)
{
    static const struct {
        const char *list;
        void (*learn)(struct score_roster *roster, const cJSON *item);
    } lists[] = {{"teams", learn_team}, {"services", learn_service}, {"steps", learn_step},
            {"tasks", learn_task}};
    const cJSON *plan = json_object(body, "plan");
    score->roster.length_s = (double)json_int(plan, "duration_us", 0) / 1e6;
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(plan, lists[i].list))
        {
            lists[i].learn(&score->roster, item);
        }
    }
}
