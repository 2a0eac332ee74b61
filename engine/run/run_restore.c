/* run_restore.c - a team, or all, put back to a checkpoint while the others run on. */
#include "base/error.h"
#include "base/json.h"
#include "plan/router.h"
#include "run/run_impair.h"
#include "run/run_restart.h"

#include <gio/gio.h>
#include <string.h>

struct run_restore {           /* the one under way */
    struct exercise *exercise; /* NULL: it was freed meanwhile */
    char *label, *folder, *who;
    int team; /* -1: all */
    int *machines;
    gsize n;
    char **ids; /* of machines */
    const struct run_checkpoint *checkpoint;
};

static void restore_free(gpointer data)
{
    struct run_restore *restore = data;
    g_free(restore->label);
    g_free(restore->folder);
    g_free(restore->who);
    g_free(restore->machines);
    g_strfreev(restore->ids);
    g_free(restore);
}

static void add_teams(cJSON *body, const cJSON *state, const struct run_restore *restore)
{
    const struct exercise *exercise = restore->exercise;
    cJSON *teams = cJSON_AddArrayToObject(body, "teams");
    cJSON *counts = cJSON_AddObjectToObject(body, "counts");
    for (guint t = 0; t < exercise->options.plan->teams->len; t++) {
        const char *id = run_team_id(exercise, (int)t);
        const cJSON *list = json_array(json_object(state, "counts"), id);
        if (list && checkpoint_concerns((int)t, restore->team)) {
            cJSON_AddItemToArray(teams, cJSON_CreateString(id));
            cJSON_AddItemToObject(counts, id, cJSON_Duplicate(list, true));
        }
    }
}

/* Copies those members of the list name that are about the restored teams. */
static void add_list(
        cJSON *body, const cJSON *state, const char *name, const struct run_restore *restore)
{
    cJSON *list = cJSON_AddArrayToObject(body, name);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, name))
    {
        int team = plan_team_index(restore->exercise->options.plan, json_string(item, "team", ""));
        if (checkpoint_concerns(team, restore->team)) {
            cJSON_AddItemToArray(list, cJSON_Duplicate(item, true));
        }
    }
}

/* An inject's team is the plan's to know. */
static void add_injects(cJSON *body, const cJSON *state, const struct run_restore *restore)
{
    const struct plan *plan = restore->exercise->options.plan;
    cJSON *list = cJSON_AddArrayToObject(body, "injects");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, "injects"))
    {
        int index = plan_inject_index(plan, json_string(item, "id", ""));
        int team = index < 0 ? -1 : ((struct plan_inject *)plan->injects->pdata[index])->team;
        if (index >= 0 && checkpoint_concerns(team, restore->team)) {
            cJSON *copy = cJSON_Duplicate(item, true);
            cJSON_AddStringToObject(copy, "team", run_team_id(restore->exercise, team));
            cJSON_AddItemToArray(list, copy);
        }
    }
}

/* What the networks are made to be, too: if the engine dies before that is asked for, it is owed. */
static void add_networks(cJSON *body, const cJSON *state, const struct run_restore *restore)
{
    struct exercise *exercise = restore->exercise;
    cJSON *links = run_links_differ(exercise, json_array(state, "links"), restore->team);
    cJSON_AddItemToObject(body, "links", links);
    cJSON *routers = cJSON_AddArrayToObject(body, "routers");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, "routers"))
    {
        int index = plan_gate_index(exercise->options.plan, json_string(item, "router", ""));
        if (index >= 0 &&
                checkpoint_concerns(run_gate_plan(&exercise->gates[index])->team, restore->team)) {
            cJSON_AddItemToArray(routers, cJSON_Duplicate(item, true));
        }
    }
}

static void record_restored(const struct run_restore *restore, gint64 took_ms)
{
    const cJSON *state = json_object(restore->checkpoint->manifest, "state");
    cJSON *body = cJSON_CreateObject();
    json_add_int(body, "seq", json_int(state, "seq", 0));
    json_add_int(body, "at_us", json_int(state, "at_us", 0));
    cJSON_AddStringToObject(body, "by", restore->who);
    json_add_int(body, "took_ms", took_ms);
    add_teams(body, state, restore);
    add_list(body, state, "verdicts", restore);
    add_list(body, state, "services", restore);
    add_list(body, state, "players", restore);
    add_injects(body, state, restore);
    add_networks(body, state, restore);
    if (restore->team < 0) {
        json_add_int(body, "ends_us", restore->exercise->end_us);
    }
    run_record(restore->exercise, "checkpoint.restored", restore->team, restore->label, body);
}

static void record_failed(const struct run_restore *restore, const char *why)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "restore");
    cJSON_AddStringToObject(body, "by", restore->who);
    cJSON_AddStringToObject(body, "reason", why);
    run_record(restore->exercise, "checkpoint.failed", restore->team, restore->label, body);
}

static void on_done(struct exercise *exercise, const GError *error, gint64 took_ms, gpointer data)
{
    struct run_restore *restore = data;
    exercise->restoring = NULL;
    if (error) {
        record_failed(restore, error->message);
        run_alarm(exercise, "restore-failed", restore->team, restore->label, error->message);
    } else {
        for (gsize i = 0; i < restore->n; i++) {
            run_machine_back(exercise, restore->ids[i]);
        }
        const cJSON *state = json_object(restore->checkpoint->manifest, "state");
        if (restore->team < 0) {
            run_set_end(
                    exercise, clock_now(exercise->options.clock) + json_int(state, "left_us", 0));
        }
        record_restored(restore, took_ms);
        checkpoint_apply(exercise, state, restore->team, restore->who);
    }
    checkpoint_thaw(exercise, restore->team);
    restore_free(restore);
}

static void start(struct run_restore *restore)
{
    struct exercise *exercise = restore->exercise;
    g_autofree char *what = g_strdup_printf("%s is being put back to checkpoint %s",
            restore->team < 0 ? "the exercise" : run_team_id(exercise, restore->team),
            restore->label);
    checkpoint_freeze(exercise, restore->team);
    struct run_restart *restart = run_restart_new(
            exercise, restore->machines, restore->n, what, on_done, restore_free, restore);
    run_steps_forget(exercise, restore->team, what);
    const struct world_save from = {
            .machines = restore->machines,
            .n = restore->n,
            .folder = restore->folder,
    };
    struct world *world = exercise->options.world;
    world->ops->restore(world, &from, run_restart_made, run_restart_made_data(restart));
}

static void on_verified(GObject *none, GAsyncResult *result, gpointer data)
{
    (void)none;
    (void)data;
    struct run_restore *restore = g_task_get_task_data(G_TASK(result));
    struct exercise *exercise = restore->exercise;
    g_autoptr(GError) error = NULL;
    bool whole = g_task_propagate_boolean(G_TASK(result), &error);
    if (!exercise || exercise->ending) {
        if (exercise) {
            exercise->restoring = NULL;
        }
        restore_free(restore);
        return;
    }
    exercise->restoring = NULL;
    if (!whole || !run_restart_is_possible(exercise, restore->machines, restore->n, &error)) {
        record_failed(restore, error->message);
        restore_free(restore);
        return;
    }
    exercise->restoring = restore;
    start(restore);
}

static void verify(GTask *task, gpointer none, gpointer data, GCancellable *cancellable)
{
    (void)none;
    (void)cancellable;
    struct run_restore *restore = data;
    GError *error = NULL;
    auto_json manifest = checkpoint_read(restore->folder, &error);
    if (manifest && checkpoint_verify(
                            restore->folder, manifest, (const char *const *)restore->ids, &error)) {
        g_task_return_boolean(task, TRUE);
    } else {
        g_task_return_error(task, error);
    }
}

/* Nothing is touched before the files were found whole. */
static void begin(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct run_restore *restore = data;
    if (exercise->ending || refused) {
        exercise->restoring = NULL;
        if (refused) {
            record_failed(restore, refused->message);
        }
        restore_free(restore);
        return;
    }
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_verified, NULL);
    g_task_set_task_data(task, restore, NULL);
    g_task_run_in_thread(task, verify);
}

/* Whose machines are meant stands in the ledger before anything happens to them. */
static void record_asked(struct run_restore *restore)
{
    struct exercise *exercise = restore->exercise;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "restore");
    cJSON_AddStringToObject(body, "by", restore->who);
    cJSON_AddStringToObject(body, "label", restore->label);
    cJSON_AddStringToObject(body, "team", run_team_id(exercise, restore->team));
    const char *name = exercise->options.plan->name;
    run_record_then(
            exercise, run_event(exercise, "operator.action", -1, name, body), begin, restore);
}

bool exercise_restore(struct exercise *exercise, const char *label, const char *team_id,
        const char *who, GError **error)
{
    int team = -1;
    gsize n = 0;
    const struct run_checkpoint *found = run_checkpoint_find(exercise, label, error);
    if (!found || !run_team_find(exercise, team_id, &team, error)) {
        return false;
    }
    if (team >= 0 && found->team >= 0 && team != found->team) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "checkpoint \"%s\" is of %s, not of %s", label, run_team_id(exercise, found->team),
                team_id);
        return false;
    }
    team = team >= 0 ? team : found->team;
    g_autofree int *machines = run_team_machines(exercise, team, &n);
    if (exercise->restoring) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "not now: a checkpoint is being restored");
        return false;
    }
    if (n == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "team %s has no machines",
                team_id);
        return false;
    }
    if (!run_restart_is_possible(exercise, machines, n, error)) {
        return false;
    }
    struct run_restore *restore = g_new0(struct run_restore, 1);
    restore->exercise = exercise;
    restore->label = g_strdup(label);
    restore->folder = run_checkpoint_folder(exercise, label);
    restore->who = g_strdup(who);
    restore->team = team;
    restore->machines = g_steal_pointer(&machines);
    restore->n = n;
    restore->checkpoint = found;
    restore->ids = g_new0(char *, n + 1);
    for (gsize i = 0; i < n; i++) {
        restore->ids[i] = g_strdup(run_machine_plan(exercise, restore->machines[i])->id);
    }
    exercise->restoring = restore;
    record_asked(restore);
    return true;
}

bool run_is_restoring(const struct exercise *exercise, int team)
{
    const struct run_restore *restore = exercise->restoring;
    return restore && checkpoint_concerns(team, restore->team) &&
           exercise->machines[restore->machines[0]].restart != NULL;
}

void run_restore_free(struct exercise *exercise)
{
    if (exercise->restoring) {
        exercise->restoring->exercise = NULL;
    }
}
