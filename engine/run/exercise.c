/* exercise.c - the life of one exercise: set-up, running, end; every change through the ledger. */
#include "run/exercise.h"

#include "base/error.h"
#include "base/json.h"
#include "run/run.h"
#include "run/run_impair.h"
#include "run/run_work.h"

#include <string.h>
#include <unistd.h>

#define READY_LIMIT_S 300

const char *exercise_state_name(enum exercise_state state)
{
    static const char *const names[] = {"setup", "ready", "running", "paused", "ended", "down"};
    return names[state];
}

const char *run_team_id(const struct exercise *exercise, int team)
{
    if (team < 0) {
        return "";
    }
    const struct plan_team *plan = g_ptr_array_index(exercise->options.plan->teams, (guint)team);
    return plan->id;
}

const struct plan_machine *run_machine_plan(const struct exercise *exercise, int machine)
{
    return g_ptr_array_index(exercise->options.plan->machines, (guint)machine);
}

cJSON *run_technique(const struct plan_technique *technique)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "domain", technique->domain);
    cJSON_AddStringToObject(json, "version", technique->version);
    cJSON_AddStringToObject(json, "id", technique->id);
    return json;
}

void run_set_state(struct exercise *exercise, enum exercise_state state, const char *by,
        const char *reason, run_then_fn then)
{
    exercise->state = state;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", exercise_state_name(state));
    cJSON_AddStringToObject(body, "by", by);
    if (reason) {
        cJSON_AddStringToObject(body, "reason", reason);
    }
    if (state == EXERCISE_PAUSED && exercise->clock_only) {
        cJSON_AddTrueToObject(body, "clock_only");
    }
    run_record_then(exercise,
            run_event(exercise, "exercise.state", -1, exercise->options.plan->name, body), then,
            NULL);
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct run_wait {
    struct exercise *exercise;
    guint64 timer;
    clock_fn fn;
    gpointer data;
};

static void on_waited(gpointer data)
{
    g_autofree struct run_wait *wait = data;
    g_hash_table_steal(wait->exercise->waits, wait);
    wait->fn(wait->data);
}

void run_wait(struct exercise *exercise, gint64 at_us, clock_fn fn, gpointer data)
{
    struct run_wait *wait = g_new(struct run_wait, 1);
    *wait = (struct run_wait){.exercise = exercise, .fn = fn, .data = data};
    wait->timer = clock_at(exercise->options.clock, at_us, on_waited, wait);
    g_hash_table_add(exercise->waits, wait);
}

static void end_waits(struct exercise *exercise)
{
    GHashTableIter iter;
    gpointer first = NULL;
    g_hash_table_iter_init(&iter, exercise->waits);
    while (g_hash_table_iter_next(&iter, &first, NULL)) {
        clock_cancel(exercise->options.clock, ((struct run_wait *)first)->timer);
        on_waited(first);
        g_hash_table_iter_init(&iter, exercise->waits); /* it changed under the iterator */
    }
}

/* ---- life ---------------------------------------------------------------------------------- */

static void on_up(const GError *error, gpointer data)
{
    struct exercise *exercise = data;
    if (error) {
        run_end(exercise, "engine", error->message, error);
        return;
    }
    run_captures_start(exercise);
    if (exercise->state == EXERCISE_SETUP && exercise->resume) {
        run_machines_check(exercise); /* there may be none that has yet to report */
    }
}

static void bring_up(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)data;
    if (!run_cannot_go_on(exercise, refused) && !exercise->ending) {
        exercise->options.world->ops->up(exercise->options.world, on_up, exercise);
    }
}

static gboolean on_ready_limit(gpointer data)
{
    struct exercise *exercise = data;
    exercise->ready_limit = 0;
    GString *late = g_string_new(NULL);
    for (guint i = 0; i < exercise->options.plan->machines->len; i++) {
        if (!run_machine_is_settled(exercise, (int)i)) {
            g_string_append_printf(late, "%s%s (%s)", late->len ? ", " : "",
                    run_machine_plan(exercise, (int)i)->id,
                    machine_state_name(exercise->machines[i].state));
        }
    }
    g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
            "not ready in time: %s; a slower host may need --ready-limit", late->str);
    g_string_free(late, TRUE);
    if (exercise->resume && exercise->resume->began) {
        /* the others have work to lose: it goes on without them */
        run_alarm(exercise, "resume-failed", -1, exercise->options.plan->name, error->message);
        run_all_ready(exercise);
        return G_SOURCE_REMOVE;
    }
    run_end(exercise, "engine", error->message, error);
    return G_SOURCE_REMOVE;
}

/* What is opened, or closed, already in the ledger that a resume goes on from. */
static bool is_recorded(
        const struct exercise *exercise, const struct world_resource *resource, bool opening)
{
    const struct resume *resume = exercise->resume;
    g_autofree char *subject = g_strdup_printf("%s:%s", resource->type, resource->name);
    if (!resume || (!opening && !resume->ended)) {
        return false;
    }
    return (g_hash_table_lookup(resume->open, subject) != NULL) == opening;
}

/* Those of plan that the ledger does not speak of yet. */
static GPtrArray *resources_for(const struct exercise *exercise, bool opening)
{
    struct world *world = exercise->options.world;
    GPtrArray *resources = world_resources(exercise->options.plan);
    if (world->ops->resources) {
        world->ops->resources(world, resources);
    }
    for (guint i = resources->len; i-- > 0;) {
        if (is_recorded(exercise, g_ptr_array_index(resources, i), opening)) {
            g_ptr_array_remove_index(resources, i);
        }
    }
    return resources;
}

static void record_resources(
        struct exercise *exercise, const GPtrArray *resources, const char *kind, run_then_fn then)
{
    for (guint i = 0; i < resources->len; i++) {
        const struct world_resource *resource = g_ptr_array_index(resources, i);
        g_autofree char *subject = g_strdup_printf("%s:%s", resource->type, resource->name);
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "type", resource->type);
        cJSON_AddStringToObject(body, "name", resource->name);
        struct event *event = run_event(exercise, kind, resource->team, subject, body);
        run_record_then(exercise, event, i + 1 == resources->len ? then : NULL, NULL);
    }
}

/* All else is read by what it says. */
static void on_created(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)data;
    (void)run_cannot_go_on(exercise, refused);
}

static void record_created(struct exercise *exercise)
{
    const struct exercise_options *options = &exercise->options;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddNumberToObject(body, "schema", LEDGER_SCHEMA);
    cJSON_AddStringToObject(body, "engine", SANDTABLE_VERSION);
    cJSON_AddStringToObject(body, "accel", options->accel);
    cJSON_AddStringToObject(body, "accel_why", options->accel_why ? options->accel_why : "");
    if (options->started_with) {
        cJSON_AddItemToObject(body, "options", cJSON_Duplicate(options->started_with, true));
    }
    cJSON_AddItemToObject(body, "plan", plan_to_json(options->plan));
    struct event *created = run_event(exercise, "exercise.created", -1, options->plan->name, body);
    run_record_then(exercise, created, on_created, NULL);
    const cJSON *opened = NULL;
    cJSON_ArrayForEach(opened, options->opened)
    {
        g_autofree char *subject = g_strdup_printf(
                "%s:%s", json_string(opened, "type", ""), json_string(opened, "name", ""));
        run_record(exercise, "resource.opening", -1, subject, cJSON_Duplicate(opened, true));
    }
}

void exercise_start(struct exercise *exercise, exercise_end_fn on_end, gpointer data)
{
    exercise->on_end = on_end;
    exercise->on_end_data = data;
    exercise->wall_start_us = g_get_real_time();
    record_created(exercise);
    run_set_up(exercise);
}

void run_set_up(struct exercise *exercise)
{
    g_autoptr(GPtrArray) resources = resources_for(exercise, true);
    run_set_state(exercise, EXERCISE_SETUP, "engine", exercise->resume ? "resumed" : NULL,
            resources->len > 0 ? NULL : bring_up);
    int limit = exercise->options.ready_limit_s ? exercise->options.ready_limit_s : READY_LIMIT_S;
    exercise->ready_limit = g_timeout_add_seconds((guint)limit, on_ready_limit, exercise);
    record_resources(exercise, resources, "resource.opening", bring_up);
}

void run_all_ready(struct exercise *exercise)
{
    const struct resume *resume = exercise->resume;
    g_clear_handle_id(&exercise->ready_limit, g_source_remove);
    exercise->waiting = exercise->options.wait && !(resume && (resume->began || resume->begun));
    run_set_state(exercise, EXERCISE_READY, "engine",
            exercise->waiting ? "waits to be started" : NULL, exercise->waiting ? NULL : run_begin);
}

static void on_time_up(gpointer data)
{
    run_end(data, "engine", "the time is up", NULL);
}

void run_set_end(struct exercise *exercise, gint64 at_us)
{
    clock_cancel(exercise->options.clock, exercise->end_timer);
    exercise->end_us = at_us;
    exercise->end_timer = clock_at(exercise->options.clock, at_us, on_time_up, exercise);
}

void run_begin(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)data;
    if (run_cannot_go_on(exercise, refused) || exercise->ending) {
        return;
    }
    bool is_moved = exercise->resume && exercise->resume->ends_us > 0; /* by a restore */
    gint64 end = is_moved ? exercise->resume->ends_us : exercise->options.plan->duration_us;
    if (exercise->options.until_us > 0) {
        end = MIN(end, exercise->options.until_us);
    }
    clock_start(exercise->options.clock);
    if (run_resume_pauses(exercise)) {
        clock_pause(exercise->options.clock);
        exercise->clock_only = exercise->resume->clock_only;
        run_set_state(exercise, EXERCISE_PAUSED, "engine", "resumed", run_pause_world);
    } else {
        run_set_state(
                exercise, EXERCISE_RUNNING, "engine", exercise->resume ? "resumed" : NULL, NULL);
    }
    run_set_end(exercise, end);
    if (!exercise->resume || !exercise->resume->began) {
        run_links_start(exercise);
    }
    run_timeline_start(exercise);
    run_checks_start(exercise);
    run_freeze_start(exercise);
    run_logs_start(exercise);
    run_players_start(exercise);
    if (exercise->resume) {
        run_faults_go_on(exercise);
        run_exam_go_on(exercise);
        run_resume_settle(exercise);
    }
}

/* ---- end ----------------------------------------------------------------------------------- */

static gboolean finish(gpointer data)
{
    struct exercise *exercise = data;
    exercise->on_end(exercise->failure, exercise->on_end_data);
    return G_SOURCE_REMOVE;
}

static void on_recorded_down(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)refused;
    (void)data;
    g_idle_add(finish, exercise);
}

static void record_down(struct exercise *exercise)
{
    g_autoptr(GPtrArray) resources = resources_for(exercise, false);
    record_resources(exercise, resources, "resource.closed", NULL);
    run_set_state(exercise, EXERCISE_DOWN, "engine", NULL, on_recorded_down);
}

static void on_down(const GError *error, gpointer data)
{
    struct exercise *exercise = data;
    if (error && !exercise->failure) {
        exercise->failure = g_error_copy(error);
    }
    run_links_closed(exercise);
    run_checkpoints_end(exercise);
    run_works_then(exercise, record_down);
}

static void bring_down(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)refused;
    (void)data;
    exercise->options.world->ops->down(exercise->options.world, on_down, exercise);
}

void run_end(struct exercise *exercise, const char *by, const char *reason, const GError *error)
{
    if (exercise->ending || (!error && run_exam_close(exercise, by, reason))) {
        return;
    }
    run_faults_end(exercise);
    exercise->ending = true;
    if (error && !exercise->failure) {
        exercise->failure = g_error_copy(error);
    }
    g_clear_handle_id(&exercise->ready_limit, g_source_remove);
    clock_pause(exercise->options.clock);
    if (exercise->resume && exercise->resume->ended) {
        exercise->state = EXERCISE_ENDED; /* the ledger says so already */
    } else {
        run_set_state(exercise, EXERCISE_ENDED, by, reason, NULL);
    }
    run_captures_end(exercise, bring_down);
}

/* ---- making and freeing -------------------------------------------------------------------- */

static void json_free(gpointer json)
{
    cJSON_Delete(json);
}

static void check_free(gpointer data)
{
    struct run_check *check = data;
    g_free(check->detail);
    g_free(check->fault.text);
    g_free(check);
}

static void player_free(gpointer data)
{
    struct run_player *player = data;
    g_free(player->who);
    g_free(player);
}

struct exercise *exercise_new(const struct exercise_options *options)
{
    const struct plan *plan = options->plan;
    struct exercise *exercise = g_new0(struct exercise, 1);
    exercise->options = *options;
    exercise->ledger_path = g_strdup(options->ledger_path);
    exercise->machines = g_new0(struct run_machine, plan->machines->len + 1);
    exercise->injects = g_new0(struct run_inject, plan->injects->len + RUN_ADDED_MAX + 1);
    exercise->verdicts = g_new0(enum run_verdict, plan->steps->len * plan->teams->len + 1);
    exercise->teams = g_new0(struct run_team, plan->teams->len + 1);
    for (guint i = 0; i < plan->teams->len; i++) {
        struct run_span all = {.from = 1, .to = G_MAXINT64};
        exercise->teams[i].history = g_array_new(FALSE, FALSE, sizeof(struct run_span));
        g_array_append_val(exercise->teams[i].history, all);
    }
    exercise->white = run_white_new();
    exercise->works = g_ptr_array_new();
    exercise->restarts = g_ptr_array_new_with_free_func(run_restart_free);
    exercise->checkpoints = g_ptr_array_new_with_free_func(run_checkpoint_free);
    exercise->checks = g_ptr_array_new_with_free_func(check_free);
    exercise->players = g_ptr_array_new_with_free_func(player_free);
    exercise->steps = g_ptr_array_new();
    exercise->waits = g_hash_table_new(NULL, NULL);
    exercise->alarms = g_ptr_array_new_with_free_func(json_free);
    exercise->score = score_new();
    options->world->on_state = run_machine_state;
    options->world->on_state_data = exercise;
    options->world->on_alarm = run_machine_alarm;
    ledger_set_listener(options->ledger, run_committed, exercise);
    options->world->on_trouble = run_world_trouble;
    options->world->on_trouble_data = exercise;
    options->world->rules_at_up = run_gate_rules;
    run_gates_init(exercise);
    run_links_init(exercise);
    run_timeline_init(exercise);
    run_checks_init(exercise);
    run_players_init(exercise);
    run_captures_init(exercise);
    run_consoles_init(exercise);
    run_logs_init(exercise);
    run_exam_init(exercise);
    run_script_attach(exercise);
    return exercise;
}

void exercise_free(struct exercise *exercise)
{
    if (!exercise) {
        return;
    }
    g_clear_handle_id(&exercise->ready_limit, g_source_remove);
    ledger_set_listener(exercise->options.ledger, NULL, NULL);
    exercise->ending = true;
    end_waits(exercise);
    run_works_free(exercise);
    run_restore_free(exercise);
    run_checkpoints_free(exercise);
    g_ptr_array_unref(exercise->restarts);
    g_ptr_array_unref(exercise->white);
    for (guint i = 0; i < exercise->options.plan->teams->len; i++) {
        g_array_unref(exercise->teams[i].history);
    }
    g_hash_table_unref(exercise->waits);
    for (guint i = 0; i < exercise->options.plan->machines->len; i++) {
        g_free(exercise->machines[i].reason);
    }
    run_gates_free(exercise);
    run_captures_free(exercise);
    run_consoles_free(exercise);
    run_logs_free(exercise);
    run_exam_free(exercise);
    g_ptr_array_unref(exercise->checks);
    g_ptr_array_unref(exercise->players);
    g_ptr_array_unref(exercise->steps);
    g_ptr_array_unref(exercise->alarms);
    run_links_free(exercise);
    score_free(exercise->score);
    resume_free(exercise->resume);
    g_clear_error(&exercise->failure);
    g_free(exercise->machines);
    g_free(exercise->teams);
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        run_inject_clear(&exercise->injects[i]);
    }
    g_free(exercise->injects);
    g_free(exercise->verdicts);
    g_free(exercise->ledger_path);
    g_free(exercise);
}
