/* engine.c - the engine process: cell, ledger, world, exercise, control socket, signals. */
#include "cli/engine.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/cli_view.h"
#include "cli/engine_resume.h"
#include "cli/report_file.h"
#include "cli/signing.h"
#include "cli/standings.h"
#include "control/control.h"
#include "run/exercise.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct engine {
    const struct engine_options *options;
    struct cell_identity cell;
    char *root, *socket, *ledger_path;
    struct ledger *ledger;
    struct clock *clock;
    struct world *world;
    struct exercise *exercise;
    struct control *control;
    GMainLoop *loop;
    GError *failure;
    enum world_begin *begin; /* of a resume: what becomes of each machine */
    bool interrupted;
    struct virt_daemon daemon; /* uri NULL: the embedded driver */
};

/* ---- progress for people ------------------------------------------------------------------- */

/* What somebody at the terminal wants to see pass by; `sandtable events` has it all. */
static void say_event(const struct event *event)
{
    static const char *const kinds[] = {"exercise.state", "step.verdict", "alarm.raised", "note"};
    bool wanted = !strcmp(event->kind, "machine.state") &&
                  (strstr(event->body, "\"ready\"") || strstr(event->body, "\"crashed\""));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        wanted |= !strcmp(event->kind, kinds[i]);
    }
    if (wanted) {
        enum cli_tone tone = CLI_PLAIN;
        g_autofree char *text = cli_event_text(event, &tone);
        cli_say("%s", text);
    }
}

/* ---- signals ------------------------------------------------------------------------------- */

/* A second signal: no manners, but nothing stays behind. */
static void end_at_once(struct engine *engine)
{
    cli_say("killed; `sandtable events %s` tells what happened", engine->options->plan->name);
    cell_kill(&engine->cell, engine->root, 2000, NULL);
    if (engine->daemon.uri) {
        virt_daemon_undo(&engine->daemon, NULL);
    }
    engine_remove_files(engine->options->plan->name, NULL);
    ledger_close(engine->ledger);
    _exit(130);
}

static gboolean on_signal(gpointer data)
{
    struct engine *engine = data;
    if (engine->interrupted) {
        end_at_once(engine);
    }
    engine->interrupted = true;
    cli_say("ending; once more to end at once");
    exercise_end(engine->exercise, "operator", "interrupted", NULL);
    return G_SOURCE_CONTINUE;
}

/* ---- one exercise -------------------------------------------------------------------------- */

static void on_end(const GError *error, gpointer data)
{
    struct engine *engine = data;
    if (error) {
        engine->failure = g_error_copy(error);
    }
    g_main_loop_quit(engine->loop);
}

static cJSON *opened_json(const struct engine *engine)
{
    cJSON *opened = cJSON_CreateArray();
    cJSON *cell = cJSON_CreateObject();
    cJSON_AddStringToObject(cell, "type", "cell");
    cJSON_AddStringToObject(cell, "name", engine->options->plan->name);
    json_add_int(cell, "pid", engine->cell.pid);
    json_add_int(cell, "user", (gint64)engine->cell.user);
    json_add_int(cell, "net", (gint64)engine->cell.net);
    json_add_int(cell, "mnt", (gint64)engine->cell.mnt);
    cJSON_AddItemToArray(opened, cell);
    if (engine->daemon.uri) {
        cJSON *daemon = cJSON_CreateObject();
        cJSON_AddStringToObject(daemon, "type", "daemon");
        cJSON_AddStringToObject(daemon, "name", engine->daemon.uri);
        cJSON_AddStringToObject(daemon, "id", engine->daemon.id);
        cJSON_AddItemToArray(opened, daemon);
    }
    const char *const files[][2] = {{"root", engine->root}, {"socket", engine->socket}};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        cJSON *file = cJSON_CreateObject();
        cJSON_AddStringToObject(file, "type", files[i][0]);
        cJSON_AddStringToObject(file, "name", files[i][1]);
        cJSON_AddItemToArray(opened, file);
    }
    return opened;
}

static bool open_all(struct engine *engine, const cJSON *opened, const cJSON *with, GError **error)
{
    const struct engine_options *options = engine->options;
    g_autofree char *peer_root = options->peer ? paths_run_root(options->peer) : NULL;
    g_autofree char *peer_path =
            peer_root ? g_build_filename(peer_root, WORLD_PEER_SOCKET, NULL) : NULL;
    const struct world_real_options world = {.root = engine->root,
            .accel = options->accel,
            .boot = options->boot,
            .daemon = engine->daemon.uri ? &engine->daemon : NULL,
            .peer = options->peer,
            .peer_path = peer_path};
    const char *name = options->plan->name;
    engine->ledger = options->resume
                             ? signing_open(engine->ledger_path, name, error)
                             : signing_create(engine->ledger_path, name, options->suite, error);
    engine->world = engine->ledger ? world_real_new(options->plan, &world, error) : NULL;
    if (!engine->world) {
        return false;
    }
    engine->world->begin = engine->begin;
    engine->world->leave = engine->begin != NULL; /* until it goes on */
    engine->clock = clock_new(NULL);
    const struct exercise_options exercise = {
            .plan = options->plan,
            .script = options->script,
            .world = engine->world,
            .clock = engine->clock,
            .ledger = engine->ledger,
            .ledger_path = engine->ledger_path,
            .ready_limit_s = options->ready_limit_s,
            .until_us = options->until_us,
            .without_impairments = options->without_impairments,
            .wait = options->wait,
            .accel = options->accel == VIRT_ACCEL_KVM ? "kvm" : "tcg",
            .accel_why = options->accel_why,
            .opened = opened,
            .started_with = with,
            .on_event = say_event,
    };
    engine->exercise = exercise_new(&exercise);
    engine->control = control_new(engine->exercise, engine->socket, error);
    if (engine->control && options->resume) {
        control_goes_on(engine->control, &options->resume->shown);
    }
    return engine->control != NULL;
}

/* What the engine itself opened is closed last; the ledger says so. */
static void record_closed(struct engine *engine, const cJSON *opened)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, opened)
    {
        g_autofree char *subject = g_strdup_printf(
                "%s:%s", json_string(item, "type", ""), json_string(item, "name", ""));
        struct event *event =
                event_new("resource.closed", NULL, subject, cJSON_Duplicate(item, true));
        event->at_us = clock_now(engine->clock);
        event->wall_us = g_get_real_time();
        ledger_append(engine->ledger, event, NULL, NULL);
    }
    if (!ledger_flush(engine->ledger, engine->failure ? NULL : &engine->failure)) {
        cli_say("the end of %s is not on the disk", engine->ledger_path);
    }
}

/* began: the exercise was started, so something is in the ledger. */
static void close_all(struct engine *engine, bool began, const cJSON *opened)
{
    cJSON *score = began ? exercise_score(engine->exercise, false) : NULL;
    control_free(engine->control);
    world_free(engine->world);
    exercise_free(engine->exercise);
    script_free(engine->options->script);
    bool is_new = !engine->options->resume;
    if (began || is_new) {
        engine_remove_files(engine->options->plan->name, NULL);
    }
    if (began) {
        record_closed(engine, opened);
    }
    bool is_empty = engine->ledger && !began && is_new;
    ledger_close(engine->ledger);
    if (is_empty) {
        unlink(engine->ledger_path);
    }
    clock_free(engine->clock);
    if (score) {
        standings_print(score);
        cJSON_Delete(score);
    }
}

/* The report is there when the exercise is over; that it cannot be made is no failure of it. */
static void write_report(const char *ledger_path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = report_write_beside(ledger_path, &error);
    if (path) {
        cli_say("report: %s", path);
    } else {
        cli_say("no report: %s", error->message);
    }
}

/* What a resume must know beside the plan. */
static cJSON *started_with(const struct engine_options *options)
{
    static const char *const boots[] = {
            [WORLD_BOOT_AUTO] = "auto", [WORLD_BOOT_WARM] = "warm", [WORLD_BOOT_COLD] = "cold"};
    cJSON *with = cJSON_CreateObject();
    json_add_int(with, "teams", options->teams);
    cJSON_AddBoolToObject(with, "without_impairments", options->without_impairments);
    cJSON_AddBoolToObject(with, "wait", options->wait);
    json_add_int(with, "until_us", options->until_us);
    json_add_int(with, "ready_limit_s", options->ready_limit_s);
    cJSON_AddStringToObject(with, "boot", boots[options->boot]);
    cJSON_AddStringToObject(with, "scenario", options->plan->path);
    if (options->peer) {
        cJSON_AddStringToObject(with, "peer", options->peer);
    }
    if (options->roster) {
        cJSON_AddItemToObject(with, "roster", cJSON_Duplicate(options->roster, true));
    }
    return with;
}

static void run_loop(struct engine *engine)
{
    engine->loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGINT, on_signal, engine);
    g_unix_signal_add(SIGTERM, on_signal, engine);
    g_unix_signal_add(SIGHUP, on_signal, engine);
    if (engine->options->resume) {
        engine->world->leave = false;
        exercise_recover(engine->exercise, engine->options->resume, on_end, engine);
    } else {
        exercise_start(engine->exercise, on_end, engine);
    }
    g_main_loop_run(engine->loop);
    g_main_loop_unref(engine->loop);
}

bool engine_run(const struct engine_options *options, GError **error)
{
    const char *name = options->plan->name;
    g_autofree char *state_dir = paths_state_dir();
    g_autofree char *root = paths_run_root(name);
    g_autofree char *socket = paths_socket(name);
    g_autofree char *ledger_path = paths_ledger(name);
    g_autofree char *scenario = paths_scenario(name);
    struct engine engine = {
            .options = options,
            .root = root,
            .socket = socket,
            .ledger_path = ledger_path,
    };
    g_autofree char *id = virt_daemon_id();
    engine.daemon = (struct virt_daemon){options->connect, name, id};
    bool hide_kvm = options->accel == VIRT_ACCEL_TCG;
    bool inside =
            paths_make(state_dir, error) && script_keep(options->script, scenario, error) &&
            (options->resume ? engine_enter_again(options, root, &engine.cell, &engine.begin, error)
                             : cell_enter(hide_kvm, &engine.cell, error));
    auto_json opened = opened_json(&engine);
    auto_json with = started_with(options);
    bool ok = inside && open_all(&engine, opened, with, error);
    if (ok) {
        run_loop(&engine);
    } else if (engine.exercise == NULL) {
        resume_free(options->resume);
    }
    close_all(&engine, ok, opened);
    g_free(engine.begin);
    close(options->claim);
    if (ok) {
        cli_say("ledger: %s", ledger_path);
        write_report(ledger_path);
    }
    if (engine.failure) {
        g_propagate_error(error, engine.failure);
        return false;
    }
    return ok;
}
