/* fake_exercise.h - an exercise without a range: a real ledger, and calls that are noted in it.
 *
 * Include it in one source file of a test: its functions take the place of run/'s, whose objects
 * the linker then leaves out.
 */
#pragma once

#include "support/test.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/exercise.h"

#include <string.h>

struct exercise {
    char *path;
    struct ledger *ledger;
    const char *state;
    gint64 seq, traffic; /* traffic: what exercise_links() tells */
    exercise_event_fn listener;
    gpointer listener_data;
    GPtrArray *pending; /* struct fake_exec * */
};

struct fake_exec {
    struct exercise *exercise;
    char **argv;
    exercise_exec_fn done;
    gpointer data;
    GSource *source;
};

static inline void fake_on_event(const struct event *event, const GError *error, gpointer data)
{
    struct exercise *exercise = data;
    if (error) {
        return;
    }
    exercise->seq = event->seq;
    if (exercise->listener) {
        exercise->listener(event, exercise->listener_data);
    }
}

static inline struct exercise *fake_new(const char *path)
{
    struct exercise *exercise = g_new0(struct exercise, 1);
    g_autoptr(GError) error = NULL;
    exercise->path = g_strdup(path);
    exercise->state = "running";
    exercise->pending = g_ptr_array_new();
    exercise->ledger = ledger_create(path, &error);
    if (error) {
        g_error("%s", error->message);
    }
    ledger_set_listener(exercise->ledger, fake_on_event, exercise);
    return exercise;
}

static inline void fake_exec_free(struct fake_exec *exec)
{
    if (exec->source) {
        g_source_destroy(exec->source);
        g_source_unref(exec->source);
    }
    g_strfreev(exec->argv);
    g_free(exec);
}

/* Commands still under way end now, as cancelled. */
static inline void fake_free(struct exercise *exercise)
{
    g_autoptr(GError) error =
            g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ended");
    for (guint i = 0; i < exercise->pending->len; i++) {
        struct fake_exec *exec = exercise->pending->pdata[i];
        exec->done(NULL, error, exec->data);
        fake_exec_free(exec);
    }
    g_ptr_array_unref(exercise->pending);
    ledger_close(exercise->ledger);
    g_free(exercise->path);
    g_free(exercise);
}

static inline void fake_record(struct exercise *exercise, const char *kind, const char *team,
        const char *subject, cJSON *body)
{
    struct event *event = event_new(kind, team, subject, body);
    if (!exercise->ledger) { /* closed: a fuzzer's calls are not kept */
        event_free(event);
        return;
    }
    event->at_us = 1000000;
    event->wall_us = 1700000000000000;
    ledger_append(exercise->ledger, event, NULL, NULL);
}

static inline bool fake_act(
        struct exercise *exercise, const char *action, const char *who, const char *inject)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", action);
    cJSON_AddStringToObject(body, "by", who);
    if (inject) {
        cJSON_AddStringToObject(body, "inject", inject);
    }
    fake_record(exercise, "operator.action", NULL, "drill", body);
    return true;
}

static inline bool fake_known(const char *inject, GError **error)
{
    static const char *const known[] = {"recon@blue1", "guess@blue1", NULL};
    if (!g_strv_contains(known, inject)) {
        g_autofree char *hint = text_did_you_mean(inject, known);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no inject \"%s\"%s", inject,
                hint);
        return false;
    }
    return true;
}

bool exercise_correct(struct exercise *exercise, const char *kind, const cJSON *params,
        const char *who, GError **error)
{
    (void)exercise;
    (void)kind;
    (void)who;
    if (!json_string(params, "reason", NULL)) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "no reason");
        return false;
    }
    return true;
}

bool exercise_pause(struct exercise *exercise, const char *who, GError **error)
{
    if (strcmp(exercise->state, "running") != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot pause: the exercise is %s", exercise->state);
        return false;
    }
    exercise->state = "paused";
    return fake_act(exercise, "pause", who, NULL);
}

bool exercise_resume(struct exercise *exercise, const char *who, GError **error)
{
    (void)error;
    exercise->state = "running";
    return fake_act(exercise, "resume", who, NULL);
}

bool exercise_end(struct exercise *exercise, const char *who, const char *reason, GError **error)
{
    (void)error;
    exercise->state = "ended";
    return fake_act(exercise, "end", who, reason);
}

bool exercise_fire(struct exercise *exercise, const char *inject, const char *who, GError **error)
{
    return fake_known(inject, error) && fake_act(exercise, "fire", who, inject);
}

bool exercise_hold(
        struct exercise *exercise, const char *inject, bool held, const char *who, GError **error)
{
    return (!inject || fake_known(inject, error)) &&
           fake_act(exercise, held ? "hold" : "release", who, inject);
}

bool exercise_skip(struct exercise *exercise, const char *inject, const char *who, GError **error)
{
    return fake_known(inject, error) && fake_act(exercise, "skip", who, inject);
}

bool exercise_message(struct exercise *exercise, const char *team, const char *text,
        const char *who, GError **error)
{
    (void)team;
    (void)error;
    return fake_act(exercise, "message", who, text);
}

bool exercise_acknowledge(struct exercise *exercise, const char *alarm, const char *subject,
        const char *who, GError **error)
{
    (void)alarm;
    (void)error;
    return fake_act(exercise, "acknowledge", who, subject);
}

bool exercise_reset(struct exercise *exercise, const char *target, const char *who, GError **error)
{
    (void)error;
    return fake_act(exercise, "reset", who, target);
}

bool exercise_restart(
        struct exercise *exercise, const char *machine, const char *who, GError **error)
{
    (void)error;
    return fake_act(exercise, "restart", who, machine);
}

bool exercise_checkpoint(struct exercise *exercise, const char *label, const char *team,
        const char *who, GError **error)
{
    (void)team;
    (void)error;
    return fake_act(exercise, "checkpoint", who, label);
}

bool exercise_restore(struct exercise *exercise, const char *label, const char *team,
        const char *who, GError **error)
{
    (void)team;
    (void)error;
    return fake_act(exercise, "restore", who, label);
}

bool exercise_checkpoint_remove(
        struct exercise *exercise, const char *label, const char *who, GError **error)
{
    (void)error;
    return fake_act(exercise, "checkpoint-remove", who, label);
}

cJSON *exercise_checkpoints(const struct exercise *exercise)
{
    (void)exercise;
    return cJSON_CreateArray();
}

struct fake_router { /* an answer about a router on its way */
    exercise_done_fn done;
    exercise_router_fn looked;
    gpointer data;
};

static inline gboolean fake_router_done(gpointer data)
{
    g_autofree struct fake_router *router = data;
    if (router->done) {
        router->done(NULL, router->data);
    } else {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", "blue1/fw");
        router->looked(json, NULL, router->data);
    }
    return G_SOURCE_REMOVE;
}

static inline bool fake_router_known(const char *router, GError **error)
{
    if (strcmp(router, "blue1/fw") != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no router \"%s\"", router);
        return false;
    }
    return true;
}

bool exercise_rules(struct exercise *exercise, const char *router,
        const struct exercise_rules *rules, const char *who, exercise_done_fn done, gpointer data,
        GError **error)
{
    g_autofree char *text = g_strdup_printf("+%u -%u%s", rules->add->len,
            g_strv_length((char **)rules->remove), rules->last ? " last" : "");
    g_ptr_array_unref(rules->add);
    if (!fake_router_known(router, error)) {
        return false;
    }
    struct fake_router *answer = g_new0(struct fake_router, 1);
    answer->done = done;
    answer->data = data;
    g_idle_add(fake_router_done, answer);
    return fake_act(exercise, "rules", who, text);
}

bool exercise_router(struct exercise *exercise, const char *router, exercise_router_fn done,
        gpointer data, GError **error)
{
    (void)exercise;
    if (!fake_router_known(router, error)) {
        return false;
    }
    struct fake_router *answer = g_new0(struct fake_router, 1);
    answer->looked = done;
    answer->data = data;
    g_idle_add(fake_router_done, answer);
    return true;
}

#include "support/fake_exam.h"
#include "support/fake_injects.h"
#include "support/fake_team.h"

cJSON *exercise_impairments(const struct exercise *exercise)
{
    (void)exercise;
    return cJSON_Parse("[{\"link\":\"blue1/web:office\",\"state\":\"made\",\"since_us\":0,"
                       "\"out\":{\"asked\":{\"delay_us\":40000},\"verdict\":\"as-asked\","
                       "\"achieved\":{\"delay_us\":40100}}}]");
}

struct fake_impair {
    exercise_impair_fn done;
    gpointer data;
};

static inline gboolean fake_impair_done(gpointer data)
{
    g_autofree struct fake_impair *impair = data;
    impair->done(NULL, impair->data);
    return G_SOURCE_REMOVE;
}

bool exercise_impair(struct exercise *exercise, const struct plan_impair *wish, const char *who,
        exercise_impair_fn done, gpointer data, GError **error)
{
    (void)error;
    struct fake_impair *impair = g_new(struct fake_impair, 1);
    *impair = (struct fake_impair){done, data};
    g_autofree char *values = plan_impairment_text(&wish->both);
    g_autofree char *what = g_strdup_printf("%s %s: %s", wish->machine ? wish->machine : "all",
            wish->network ? wish->network : "", wish->clear ? "clear" : values);
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_callback(source, fake_impair_done, impair, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return fake_act(exercise, "impair", who, what);
}

static inline gboolean fake_exec_done(gpointer data)
{
    struct fake_exec *exec = data;
    g_autofree char *out = g_strjoinv(" ", exec->argv);
    const struct world_exec_result result = {3, out, "\33[31m\xff", false, false, strlen(out), 6};
    g_strdelimit(out, "%", '\0'); /* a program may print it */
    g_ptr_array_remove(exec->exercise->pending, exec);
    exec->done(&result, NULL, exec->data);
    fake_exec_free(exec);
    return G_SOURCE_REMOVE;
}

bool exercise_exec(struct exercise *exercise, const char *machine, const char *const *argv,
        int timeout_ms, const char *who, exercise_exec_fn done, gpointer data, GError **error)
{
    (void)timeout_ms;
    (void)who;
    if (strcmp(machine, "blue1/web") != 0) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no machine \"%s\"", machine);
        return false;
    }
    struct fake_exec *exec = g_new0(struct fake_exec, 1);
    exec->exercise = exercise;
    exec->argv = g_strdupv((char **)argv);
    exec->done = done;
    exec->data = data;
    g_ptr_array_add(exercise->pending, exec);
    if (strcmp(argv[0], "sleep") != 0) { /* that one never ends */
        exec->source = g_idle_source_new();
        g_source_set_callback(exec->source, fake_exec_done, exec, NULL);
        g_source_attach(exec->source, g_main_context_get_thread_default());
    }
    return true;
}

/* Counters that grow with every look. */
void exercise_links(struct exercise *exercise, exercise_json_fn done, gpointer data)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *links = cJSON_AddArrayToObject(json, "links");
    cJSON *link = cJSON_CreateObject();
    cJSON_AddStringToObject(link, "machine", "blue1/web");
    json_add_int(link, "rx_bytes", exercise->traffic);
    cJSON_AddItemToArray(links, link);
    done(json, NULL, data);
}

bool exercise_capture(
        struct exercise *exercise, const char *id, bool on, const char *who, GError **error)
{
    if (strcmp(id, "blue1/office") != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no network \"%s\"", id);
        return false;
    }
    return fake_act(exercise, on ? "capture" : "stop", who, NULL);
}

cJSON *exercise_captures(const struct exercise *exercise, bool files)
{
    (void)exercise;
    (void)files;
    return cJSON_CreateArray();
}

static inline bool fake_machine(const char *machine, GError **error)
{
    if (strcmp(machine, "blue1/web") != 0) {
        g_set_error(
                error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no machine \"%s\"", machine);
        return false;
    }
    return true;
}

bool exercise_screenshot(struct exercise *exercise, const char *id, exercise_json_fn done,
        gpointer data, GError **error)
{
    (void)exercise;
    if (!fake_machine(id, error)) {
        return false;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "base64", "iVBORw==");
    done(json, NULL, data);
    return true;
}

bool exercise_console(struct exercise *exercise, const struct exercise_console_options *options,
        exercise_json_fn done, gpointer data, GError **error)
{
    if (!fake_machine(options->machine, error)) {
        return false;
    }
    cJSON *json = cJSON_CreateObject();
    json_add_int(json, "console", options->number);
    cJSON_AddStringToObject(json, "path", "/nowhere");
    fake_record(exercise, "console.opened", NULL, options->machine, NULL);
    done(json, NULL, data);
    return true;
}

bool exercise_console_recorded(
        struct exercise *exercise, gint64 number, const char *sha256, gint64 bytes, GError **error)
{
    (void)exercise;
    (void)number;
    (void)sha256;
    (void)bytes;
    (void)error;
    return true;
}

void exercise_console_close(struct exercise *exercise, gint64 number)
{
    (void)number;
    fake_record(exercise, "console.closed", NULL, "blue1/web", NULL);
}

char *exercise_console_log(const struct exercise *exercise, const char *id, GError **error)
{
    (void)exercise;
    return fake_machine(id, error) ? g_strdup("/nowhere") : NULL;
}

cJSON *exercise_status(const struct exercise *exercise)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", "drill");
    cJSON_AddStringToObject(json, "state", exercise->state);
    json_add_int(json, "seq", exercise->seq);
    return json;
}

cJSON *exercise_score(const struct exercise *exercise, bool explain)
{
    (void)exercise;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddBoolToObject(json, "explain", explain);
    cJSON_AddArrayToObject(json, "teams");
    return json;
}

const char *exercise_ledger_path(const struct exercise *exercise)
{
    return exercise->path;
}

const char *exercise_name(const struct exercise *exercise)
{
    (void)exercise;
    return "drill";
}

void exercise_listen(struct exercise *exercise, exercise_event_fn fn, gpointer data)
{
    exercise->listener = fn;
    exercise->listener_data = data;
}

gint64 exercise_seq(const struct exercise *exercise)
{
    return exercise->seq;
}
