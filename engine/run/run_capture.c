/* run_capture.c - captures of an exercise's networks: started, watched, stopped, on the record.
 *
 * A capture is announced as a resource before its first file is made. At its end the ledger gets
 * every file's SHA-256; the files stay beside the ledger as evidence.
 */
#include "run/run_capture.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"

#include <string.h>

#define LOOK_S 1
#define END_LIMIT_S 10 /* a disk that hangs does not keep the exercise from ending */

const struct plan_network *run_capture_network(const struct run_capture *capture)
{
    return g_ptr_array_index(capture->exercise->options.plan->networks, (guint)capture->network);
}

static struct world *world_of(const struct run_capture *capture)
{
    return capture->exercise->options.world;
}

char *run_capture_folder(const struct exercise *exercise)
{
    const char *ledger = exercise->ledger_path;
    gsize length = strlen(ledger);
    if (g_str_has_suffix(ledger, ".ledger")) {
        length -= strlen(".ledger");
    }
    return g_strdup_printf("%.*s.capture", (int)length, ledger);
}

/* ---- the record ---------------------------------------------------------------------------- */

void run_capture_record(const struct run_capture *capture, const char *kind, cJSON *body)
{
    const struct plan_network *network = run_capture_network(capture);
    run_record(capture->exercise, kind, network->team, network->id, body);
}

struct event *run_capture_resource(const struct run_capture *capture, const char *kind)
{
    const struct plan_network *network = run_capture_network(capture);
    g_autofree char *folder = run_capture_folder(capture->exercise);
    g_autofree char *stem = world_capture_stem(network);
    g_autofree char *name = g_build_filename(folder, stem, NULL);
    g_autofree char *subject = g_strdup_printf("capture:%s", network->id);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "type", "capture");
    cJSON_AddStringToObject(body, "name", name);
    return run_event(capture->exercise, kind, network->team, subject, body);
}

static void record_started(const struct run_capture *capture)
{
    const struct plan_network *network = run_capture_network(capture);
    g_autofree char *folder = run_capture_folder(capture->exercise);
    struct net_capture_state state = {0};
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", capture->by);
    cJSON_AddStringToObject(body, "folder", folder);
    if (world_of(capture)->ops->capture_look(world_of(capture), capture->network, &state) &&
            state.file) {
        cJSON_AddStringToObject(body, "file", state.file);
    }
    net_capture_state_clear(&state);
    json_add_int(body, "keep_us", network->subnet->capture_keep_us);
    json_add_int(body, "size_bytes", (gint64)network->subnet->capture_mib * 1024 * 1024);
    run_capture_record(capture, "capture.started", body);
}

static cJSON *files_json(const struct run_capture *capture)
{
    cJSON *array = cJSON_CreateArray();
    struct world *world = world_of(capture);
    g_autoptr(GPtrArray) files = world->ops->capture_files(world, capture->network);
    for (guint i = 0; files && i < files->len; i++) {
        const struct net_capture_file *file = g_ptr_array_index(files, i);
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "file", file->name);
        json_add_int(json, "packets", (gint64)file->packets);
        json_add_int(json, "bytes", (gint64)file->bytes);
        json_add_int(json, "first_us", file->first_us);
        json_add_int(json, "last_us", file->last_us);
        if (file->held) {
            cJSON_AddTrueToObject(json, "step");
        }
        if (file->sha256) {
            cJSON_AddStringToObject(json, "sha256", file->sha256);
        }
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

static void add_counts(cJSON *json, const struct net_capture_state *state)
{
    json_add_int(json, "packets", (gint64)state->packets);
    json_add_int(json, "bytes", (gint64)state->bytes);
    json_add_int(json, "dropped", (gint64)state->dropped);
    json_add_int(json, "removed", state->removed);
    json_add_int(json, "removed_step", state->held_lost);
    if (state->problem) {
        cJSON_AddStringToObject(json, "problem", state->problem);
    }
}

static void record_stopped(struct run_capture *capture, const char *by)
{
    g_autofree char *folder = run_capture_folder(capture->exercise);
    struct net_capture_state state = {0};
    world_of(capture)->ops->capture_look(world_of(capture), capture->network, &state);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", by);
    cJSON_AddStringToObject(body, "folder", folder);
    add_counts(body, &state);
    cJSON_AddItemToObject(body, "files", files_json(capture));
    net_capture_state_clear(&state);
    run_capture_over(capture);
    run_capture_record(capture, "capture.stopped", body);
    run_record_then(
            capture->exercise, run_capture_resource(capture, "resource.closed"), NULL, NULL);
}

/* ---- watching ------------------------------------------------------------------------------ */

static void warn_once(struct run_capture *capture, bool *said, const char *alarm, const char *text)
{
    if (!*said) {
        const struct plan_network *network = run_capture_network(capture);
        *said = true;
        run_alarm(capture->exercise, alarm, network->team, network->id, text);
    }
}

static void look_at(struct run_capture *capture)
{
    const struct plan_network *network = run_capture_network(capture);
    struct net_capture_state state = {0};
    world_of(capture)->ops->capture_look(world_of(capture), capture->network, &state);
    if (state.dropped > 0) {
        g_autofree char *text = g_strdup_printf("packets of %s are missing in its capture: there "
                                                "was no time or room for them",
                network->id);
        warn_once(capture, &capture->said_dropped, "capture-dropped", text);
    }
    if (state.held_lost > 0) {
        g_autofree char *text = g_strdup_printf("the capture of %s has no room left: packets of "
                                                "steps are removed; give it more with capture = "
                                                "{ size = … }",
                network->id);
        warn_once(capture, &capture->said_full, "capture-full", text);
    }
    if (!state.running && capture->state == RUN_CAPTURE_ON) {
        g_autofree char *text = g_strdup_printf("the capture of %s ended: %s", network->id,
                state.problem ? state.problem : "no reason is known");
        warn_once(capture, &capture->said_failed, "capture-failed", text);
        capture->state = RUN_CAPTURE_FAILED;
        record_stopped(capture, "engine");
    }
    net_capture_state_clear(&state);
}

static bool any_in(const struct run_captures *all, enum run_capture_state state)
{
    for (guint i = 0; i < all->count; i++) {
        if (all->each[i].state == state) {
            return true;
        }
    }
    return false;
}

static gboolean on_look(gpointer data)
{
    struct run_captures *all = data;
    for (guint i = 0; i < all->count; i++) {
        if (all->each[i].state == RUN_CAPTURE_ON) {
            look_at(&all->each[i]);
        }
    }
    if (any_in(all, RUN_CAPTURE_ON)) {
        return G_SOURCE_CONTINUE;
    }
    all->watch = 0;
    return G_SOURCE_REMOVE;
}

static void keep_watch(struct run_captures *all)
{
    if (!all->watch) {
        all->watch = g_timeout_add_seconds(LOOK_S, on_look, all);
    }
}

/* ---- start and stop ------------------------------------------------------------------------ */

static bool begin(struct run_capture *capture, GError **error)
{
    const struct exercise *exercise = capture->exercise;
    const struct plan_network *network = run_capture_network(capture);
    g_autofree char *folder = run_capture_folder(exercise);
    g_autofree char *comment =
            g_strdup_printf("exercise %s, network %s", exercise->options.plan->name, network->id);
    const struct world_capture options = {
            .folder = folder,
            .comment = comment,
            .keep_us = network->subnet->capture_keep_us,
            .bytes_max = (guint64)network->subnet->capture_mib * 1024 * 1024,
    };
    struct world *world = world_of(capture);
    return paths_make(folder, error) &&
           world->ops->capture_start(world, capture->network, &options, error);
}

static void stop(struct run_capture *capture);

static void on_announced(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct run_capture *capture = data;
    g_autoptr(GError) error = NULL;
    if (exercise->ending) {
        capture->state = RUN_CAPTURE_OFF;
        run_record_then(exercise, run_capture_resource(capture, "resource.closed"), NULL, NULL);
        run_captures_settle(exercise);
    } else if (!refused && begin(capture, &error)) {
        capture->state = RUN_CAPTURE_ON;
        record_started(capture);
        keep_watch(exercise->captures);
        run_capture_began(capture);
    } else {
        const struct plan_network *network = run_capture_network(capture);
        capture->state = RUN_CAPTURE_FAILED;
        run_alarm(exercise, "capture-failed", network->team, network->id,
                refused ? refused->message : error->message);
        run_record_then(exercise, run_capture_resource(capture, "resource.closed"), NULL, NULL);
    }
}

void run_capture_start(struct run_capture *capture, const char *by)
{
    g_free(capture->by);
    capture->by = g_strdup(by);
    capture->state = RUN_CAPTURE_STARTING;
    capture->said_dropped = capture->said_failed = capture->said_full = false;
    run_record_then(capture->exercise, run_capture_resource(capture, "resource.opening"),
            on_announced, capture);
}

static void on_stopped(const GError *error, gpointer data)
{
    struct run_capture *capture = data;
    (void)error; /* what was wrong is in its state */
    look_at(capture);
    capture->state = RUN_CAPTURE_OFF;
    record_stopped(capture, capture->by);
    run_captures_settle(capture->exercise);
}

static void stop(struct run_capture *capture)
{
    struct world *world = world_of(capture);
    capture->state = RUN_CAPTURE_STOPPING;
    world->ops->capture_stop(world, capture->network, on_stopped, capture);
}

/* ---- the exercise's side ------------------------------------------------------------------- */

void run_captures_init(struct exercise *exercise)
{
    struct run_captures *all = g_new0(struct run_captures, 1);
    all->exercise = exercise;
    all->count = exercise->options.plan->networks->len;
    all->each = g_new0(struct run_capture, all->count + 1);
    all->spans = g_ptr_array_new_with_free_func(run_capture_span_free);
    for (guint i = 0; i < all->count; i++) {
        all->each[i].exercise = exercise;
        all->each[i].network = (int)i;
    }
    exercise->captures = all;
}

void run_captures_free(struct exercise *exercise)
{
    struct run_captures *all = exercise->captures;
    g_clear_handle_id(&all->watch, g_source_remove);
    g_clear_handle_id(&all->limit, g_source_remove);
    for (guint i = 0; i < all->count; i++) {
        g_free(all->each[i].by);
    }
    g_ptr_array_unref(all->spans);
    g_free(all->each);
    g_clear_pointer(&exercise->captures, g_free);
}

void run_captures_start(struct exercise *exercise)
{
    struct run_captures *all = exercise->captures;
    all->begun = true;
    for (guint i = 0; i < all->count && !exercise->ending; i++) {
        struct run_capture *capture = &all->each[i];
        if (exercise->resume && run_capture_was_on(capture)) {
            run_capture_go_on(capture);
        } else if (run_capture_network(capture)->subnet->capture &&
                   (!exercise->resume || !exercise->resume->began)) {
            run_capture_start(
                    capture, "scenario"); /* once it has run, one that is off was stopped */
        }
    }
}

/* ---- the end ------------------------------------------------------------------------------- */

static gboolean on_limit(gpointer data)
{
    struct run_captures *all = data;
    all->limit = 0;
    all->given_up = true;
    run_captures_settle(all->exercise);
    return G_SOURCE_REMOVE;
}

void run_captures_settle(struct exercise *exercise)
{
    struct run_captures *all = exercise->captures;
    if (!all->then || (!all->given_up && (any_in(all, RUN_CAPTURE_STOPPING) ||
                                                 any_in(all, RUN_CAPTURE_STARTING)))) {
        return;
    }
    g_clear_handle_id(&all->limit, g_source_remove);
    run_then_fn then = all->then;
    all->then = NULL;
    then(exercise, NULL, NULL);
}

void run_captures_end(struct exercise *exercise, run_then_fn then)
{
    struct run_captures *all = exercise->captures;
    run_capture_spans_end(exercise);
    all->then = then;
    all->limit = g_timeout_add_seconds(END_LIMIT_S, on_limit, all);
    for (guint i = 0; i < all->count; i++) {
        if (all->each[i].state == RUN_CAPTURE_ON) {
            stop(&all->each[i]);
        } else if (exercise->resume && !all->begun && run_capture_was_on(&all->each[i])) {
            run_capture_close_left(&all->each[i]);
        }
    }
    run_captures_settle(exercise);
}

bool exercise_capture(
        struct exercise *exercise, const char *id, bool on, const char *who, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    int network = plan_network_index(plan, id);
    if (network < 0) {
        g_autofree char *hint = plan_network_hint(plan, id);
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no network \"%s\"%s", id, hint);
        return false;
    }
    struct run_capture *capture = &exercise->captures->each[network];
    bool is_on = capture->state == RUN_CAPTURE_ON;
    bool is_off = capture->state == RUN_CAPTURE_OFF || capture->state == RUN_CAPTURE_FAILED;
    if (exercise->ending || exercise->state == EXERCISE_SETUP || (on ? !is_off : !is_on)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot %s the capture of %s: it is %s and the exercise is %s",
                on ? "start" : "stop", id, run_capture_state_name(capture->state),
                exercise_state_name(exercise->state));
        return false;
    }
    if (on) {
        run_capture_start(capture, who);
    } else {
        g_free(capture->by);
        capture->by = g_strdup(who);
        stop(capture);
    }
    return true;
}

const char *run_capture_state_name(enum run_capture_state state)
{
    static const char *const names[] = {"off", "starting", "on", "stopping", "failed"};
    return names[state];
}

cJSON *exercise_captures(const struct exercise *exercise, bool files)
{
    cJSON *array = cJSON_CreateArray();
    for (guint i = 0; i < exercise->captures->count; i++) {
        const struct run_capture *capture = &exercise->captures->each[i];
        struct net_capture_state state = {0};
        if (capture->state == RUN_CAPTURE_OFF && !capture->by) {
            continue; /* there was none */
        }
        world_of(capture)->ops->capture_look(world_of(capture), capture->network, &state);
        cJSON *json = cJSON_CreateObject();
        const struct plan_network *network = run_capture_network(capture);
        cJSON_AddStringToObject(json, "network", network->id);
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, network->team));
        cJSON_AddStringToObject(json, "state", run_capture_state_name(capture->state));
        add_counts(json, &state);
        if (files) {
            cJSON_AddItemToObject(json, "files", files_json(capture));
        }
        net_capture_state_clear(&state);
        cJSON_AddItemToArray(array, json);
    }
    return array;
}
