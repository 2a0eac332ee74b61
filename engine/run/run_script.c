/* run_script.c - what the scenario's functions ask of the exercise: players and timeline code. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "plan/router.h"
#include "run/run.h"
#include "run/run_impair.h"

#include <string.h>

struct ask { /* one request of a task on its way through the world */
    struct exercise *exercise;
    guint64 ticket;
    char *who;
    int team, machine;
    cJSON *body;     /* of the player.action that will be recorded */
    GError *refused; /* why a step was not even begun, or NULL */
    char *verdict;   /* of a step that had run before a resume, or NULL */
    char **argv;     /* what is done once it is on the disk that it was asked */
    int timeout_ms;
    char *path;
    GBytes *bytes;
};

static struct ask *ask_new(struct exercise *exercise, guint64 ticket, const char *who, int team,
        int machine, const char *action)
{
    struct ask *ask = g_new0(struct ask, 1);
    ask->exercise = exercise;
    ask->ticket = ticket;
    ask->who = g_strdup(who);
    ask->team = team;
    ask->machine = machine;
    ask->body = cJSON_CreateObject();
    cJSON_AddStringToObject(ask->body, "action", action);
    if (machine >= 0) {
        cJSON_AddStringToObject(ask->body, "machine", run_machine_plan(exercise, machine)->id);
    }
    return ask;
}

static void ask_end(struct ask *ask, const struct script_reply *reply)
{
    if (reply->kind == SCRIPT_REPLY_FAILED) {
        g_autofree char *why =
                text_clean_tail(reply->message, strlen(reply->message), RUN_REASON_MAX);
        cJSON_AddStringToObject(ask->body, "error", why);
    } else if (reply->kind == SCRIPT_REPLY_EXEC) {
        cJSON_AddNumberToObject(ask->body, "status", reply->status);
    }
    if (!ask->exercise->ending) {
        run_record(ask->exercise, "player.action", ask->team, ask->who, ask->body);
        ask->body = NULL;
        script_reply(ask->exercise->options.script, ask->ticket, reply);
    }
    cJSON_Delete(ask->body);
    g_strfreev(ask->argv);
    g_free(ask->path);
    g_clear_pointer(&ask->bytes, g_bytes_unref);
    g_free(ask->who);
    g_free(ask->verdict);
    g_free(ask);
}

static struct script_reply failed(const GError *error)
{
    static const char *const codes[] = {
            [SANDTABLE_ERROR_TIMEOUT] = "timeout",
            [SANDTABLE_ERROR_NOT_FOUND] = "not-found",
            [SANDTABLE_ERROR_MACHINE] = "machine",
            [SANDTABLE_ERROR_CANCELLED] = "cancelled",
            [SANDTABLE_ERROR_PROTOCOL] = NULL,
    };
    const char *code = NULL;
    if (error->domain == SANDTABLE_ERROR && error->code < (int)G_N_ELEMENTS(codes)) {
        code = codes[error->code];
    }
    return (struct script_reply){
            .kind = SCRIPT_REPLY_FAILED,
            .code = code ? code : "failed",
            .message = error->message,
    };
}

/* What is done to a machine stands in the ledger before it is done. */
static void record_asked(struct ask *ask, run_then_fn then)
{
    cJSON *body = cJSON_Duplicate(ask->body, true);
    cJSON_AddStringToObject(body, "state", "asked");
    cJSON_AddStringToObject(ask->body, "state", "done");
    run_record_then(ask->exercise,
            run_event(ask->exercise, "player.action", ask->team, ask->who, body), then, ask);
}

/* True when it must not be done, and ask is answered. */
static bool is_declined(struct ask *ask, const GError *refused)
{
    if (!refused && !ask->exercise->ending) {
        return false;
    }
    g_autoptr(GError) ends =
            g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ends");
    struct script_reply reply = failed(refused ? refused : ends);
    if (refused) { /* by what is too large, or no text */
        cJSON_DeleteItemFromObjectCaseSensitive(ask->body, "argv");
        cJSON_DeleteItemFromObjectCaseSensitive(ask->body, "path");
    }
    ask_end(ask, &reply);
    return true;
}

static void on_exec(const struct world_exec_result *result, const GError *error, gpointer data)
{
    struct script_reply reply;
    if (error) {
        reply = failed(error);
    } else {
        reply = (struct script_reply){
                .kind = SCRIPT_REPLY_EXEC,
                .status = result->status,
                .out = result->out,
                .err = result->err,
                .cut = result->out_cut || result->err_cut,
        };
    }
    ask_end(data, &reply);
}

static void exec_now(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct ask *ask = data;
    struct world *world = exercise->options.world;
    if (!is_declined(ask, refused)) {
        world->ops->exec(
                world, ask->machine, (const char *const *)ask->argv, ask->timeout_ms, on_exec, ask);
    }
}

static void host_exec(gpointer data, guint64 ticket, const char *who, int team, int machine,
        const char *const *argv, int timeout_ms)
{
    struct exercise *exercise = data;
    struct ask *ask = ask_new(exercise, ticket, who, team, machine, "exec");
    cJSON_AddItemToObject(ask->body, "argv", json_from_strv(argv));
    ask->argv = world_argv(exercise->options.plan, machine, team, argv);
    ask->timeout_ms = timeout_ms;
    record_asked(ask, exec_now);
}

static void on_written(const GError *error, gpointer data)
{
    struct script_reply reply = {.kind = SCRIPT_REPLY_OK};
    if (error) {
        reply = failed(error);
    }
    ask_end(data, &reply);
}

static void write_now(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct ask *ask = data;
    struct world *world = exercise->options.world;
    if (!is_declined(ask, refused)) {
        gsize length = 0;
        const char *bytes = g_bytes_get_data(ask->bytes, &length);
        world->ops->write(world, ask->machine, ask->path, bytes, length, on_written, ask);
    }
}

static void host_write(gpointer data, guint64 ticket, const char *who, int team, int machine,
        const char *path, const char *bytes, gsize length)
{
    struct exercise *exercise = data;
    struct ask *ask = ask_new(exercise, ticket, who, team, machine, "write");
    cJSON_AddStringToObject(ask->body, "path", path);
    ask->path = g_strdup(path);
    ask->bytes = g_bytes_new(bytes, length);
    record_asked(ask, write_now);
}

static void on_read(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data)
{
    struct script_reply reply;
    g_autofree char *text = NULL;
    if (error) {
        reply = failed(error);
    } else if (file_size < 0) {
        reply = (struct script_reply){
                .kind = SCRIPT_REPLY_FAILED,
                .code = "not-found",
                .message = "no such file",
        };
    } else {
        text = g_strndup(bytes ? bytes : "", length);
        reply = (struct script_reply){.kind = SCRIPT_REPLY_TEXT, .text = text};
    }
    ask_end(data, &reply);
}

static void host_read(
        gpointer data, guint64 ticket, const char *who, int team, int machine, const char *path)
{
    struct exercise *exercise = data;
    struct ask *ask = ask_new(exercise, ticket, who, team, machine, "read");
    cJSON_AddStringToObject(ask->body, "path", path);
    struct world *world = exercise->options.world;
    world->ops->read(world, machine, path, 0, 256 * 1024, on_read, ask);
}

static void on_step(struct exercise *exercise, enum run_verdict verdict, gpointer data)
{
    (void)exercise;
    struct script_reply reply = {.kind = SCRIPT_REPLY_TEXT, .text = run_verdict_name(verdict)};
    ask_end(data, &reply);
}

/* A task is never answered from inside its call. */
static void on_refused(gpointer data)
{
    struct ask *ask = data;
    g_autoptr(GError) error = g_steal_pointer(&ask->refused);
    struct script_reply reply = failed(error);
    ask_end(ask, &reply);
}

/* It had asked for this step before the engine was interrupted: the step is not run twice. */
static void on_known(gpointer data)
{
    struct ask *ask = data;
    struct script_reply reply = {.kind = SCRIPT_REPLY_TEXT, .text = ask->verdict};
    ask_end(ask, &reply);
}

static void host_step(gpointer data, guint64 ticket, const char *who, const char *name, int team)
{
    struct exercise *exercise = data;
    struct ask *ask = ask_new(exercise, ticket, who, team, -1, "step");
    cJSON_AddStringToObject(ask->body, "step", name);
    const struct plan_step *step = plan_step(exercise->options.plan, name);
    g_autoptr(GError) error = NULL;
    if (exercise->resume && team >= 0) {
        ask->verdict = resume_take_answer(exercise->resume, who, name, run_team_id(exercise, team));
    }
    if (ask->verdict) {
        run_wait(exercise, clock_now(exercise->options.clock), on_known, ask);
        return;
    }
    if (!step) {
        g_set_error(&error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no step \"%s\"", name);
    } else if (run_step_start(exercise, step, team, who, on_step, ask, &error)) {
        return;
    }
    ask->refused = g_steal_pointer(&error);
    run_wait(exercise, clock_now(exercise->options.clock), on_refused, ask);
}

static void on_rule(const GError *error, gpointer data)
{
    struct script_reply reply = {.kind = SCRIPT_REPLY_OK};
    if (error) {
        reply = failed(error);
    }
    ask_end(data, &reply);
}

static void host_rule(gpointer data, guint64 ticket, const char *who, int gate,
        struct plan_rule *rule, const char *remove)
{
    struct exercise *exercise = data;
    const struct plan_gate *plan = g_ptr_array_index(exercise->options.plan->gates, (guint)gate);
    struct ask *ask = ask_new(exercise, ticket, who, plan->team, -1, "rule");
    cJSON_AddStringToObject(ask->body, "router", plan->id);
    cJSON_AddStringToObject(ask->body, rule ? "rule" : "remove", rule ? rule->name : remove);
    bool known = rule && run_gate_has(exercise, gate, rule->name);
    const char *const names[] = {rule ? rule->name : remove, NULL};
    const char *const none[] = {NULL};
    g_autoptr(GPtrArray) add = g_ptr_array_new_with_free_func(plan_rule_free);
    if (rule) {
        g_ptr_array_add(add, rule);
    }
    const struct exercise_rules rules = {
            g_steal_pointer(&add), !rule || known ? names : none, false};
    if (!exercise_rules(exercise, plan->id, &rules, who, on_rule, ask, &ask->refused)) {
        run_wait(exercise, clock_now(exercise->options.clock), on_refused, ask);
    }
}

static void on_packets(gint64 packets, const GError *error, gpointer data)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, packets);
    struct script_reply reply = {.kind = SCRIPT_REPLY_TEXT, .text = text};
    if (error) {
        reply = failed(error);
    }
    ask_end(data, &reply);
}

static void host_packets(gpointer data, guint64 ticket, const char *who, int gate, const char *rule)
{
    struct exercise *exercise = data;
    const struct plan_gate *plan = g_ptr_array_index(exercise->options.plan->gates, (guint)gate);
    struct ask *ask = ask_new(exercise, ticket, who, plan->team, -1, "packets");
    cJSON_AddStringToObject(ask->body, "router", plan->id);
    cJSON_AddStringToObject(ask->body, "rule", rule);
    run_packets(exercise, gate, rule, on_packets, ask);
}

static void on_impaired(
        struct exercise *exercise, const struct run_link *link, const GError *error, gpointer data)
{
    (void)exercise;
    (void)link;
    on_written(error, data);
}

static void host_impair(gpointer data, guint64 ticket, const char *who, int team, int machine,
        int card, const struct plan_impair *wish)
{
    struct exercise *exercise = data;
    struct ask *ask =
            ask_new(exercise, ticket, who, team, machine, wish->clear ? "clear" : "impair");
    g_autofree char *link = plan_link_id(exercise->options.plan, machine, card);
    cJSON_AddStringToObject(ask->body, "link", link);
    if (!run_links_allowed(exercise, &ask->refused)) {
        run_wait(exercise, clock_now(exercise->options.clock), on_refused, ask);
        return;
    }
    struct plan_link_ask wanted = run_link_asked(exercise, machine, card);
    plan_impair_apply(wish, &wanted);
    run_link_ask(exercise, machine, card, &wanted, who, on_impaired, ask);
}

static void host_note(gpointer data, const char *who, int team, const char *text)
{
    struct exercise *exercise = data;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "text", text);
    cJSON_AddStringToObject(body, "by", who);
    run_record(exercise, "note", team, exercise->options.plan->name, body);
}

static void host_ended(gpointer data, const char *who, int team, const char *error)
{
    struct exercise *exercise = data;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "ended");
    if (error) {
        cJSON_AddStringToObject(body, "error", error);
    }
    if (exercise->ending) {
        cJSON_Delete(body);
        return;
    }
    run_record(exercise, "player.action", team, who, body);
    if (error) {
        run_alarm(exercise, "script-error", team, who, error);
    }
}

static const struct script_host host_ops = {
        .exec = host_exec,
        .write = host_write,
        .read = host_read,
        .step = host_step,
        .rule = host_rule,
        .packets = host_packets,
        .impair = host_impair,
        .white = run_white_ask,
        .note = host_note,
        .ended = host_ended,
};

void run_script_attach(struct exercise *exercise)
{
    if (exercise->options.script) {
        struct script_host host = host_ops;
        host.data = exercise;
        script_attach(
                exercise->options.script, exercise->options.plan, exercise->options.clock, &host);
    }
}

/* ---- players ------------------------------------------------------------------------------- */

void run_players_init(struct exercise *exercise)
{
    const struct plan *plan = exercise->options.plan;
    for (guint i = 0; i < plan->players->len; i++) {
        const struct plan_player *player = g_ptr_array_index(plan->players, i);
        for (guint t = 0; t < plan->teams->len; t++) {
            const struct plan_team *team = g_ptr_array_index(plan->teams, t);
            if (team->reference || !plan_team_is(team, player->team)) {
                continue;
            }
            struct run_player *copy = g_new0(struct run_player, 1);
            copy->exercise = exercise;
            copy->plan = player;
            copy->team = (int)t;
            copy->who = g_strdup(player->name);
            copy->due_us = player->at_us;
            g_ptr_array_add(exercise->players, copy);
        }
    }
}

struct function_start {
    int function, team;
    char *who;
};

/* "started" is on the disk: a resume knows that the function may have done something. */
static void on_started(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct function_start *start = data;
    if (!exercise->ending && !refused) {
        script_start(exercise->options.script, start->function, start->who, start->team);
    }
    g_free(start->who);
    g_free(start);
}

void run_function_start(
        struct exercise *exercise, int function, const char *who, int team, bool again)
{
    if (!exercise->options.script) {
        return;
    }
    struct function_start *start = g_new(struct function_start, 1);
    *start = (struct function_start){function, team, g_strdup(who)};
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "started");
    if (again) {
        cJSON_AddBoolToObject(body, "again", true);
    }
    run_record_then(
            exercise, run_event(exercise, "player.action", team, who, body), on_started, start);
}

static void start_player(gpointer data)
{
    struct run_player *player = data;
    struct exercise *exercise = player->exercise;
    if (exercise->ending) {
        return;
    }
    if (run_is_restoring(exercise, player->team)) {
        return; /* it is armed again after that */
    }
    player->started = true;
    run_function_start(exercise, player->plan->function, player->who, player->team,
            run_resume_player_again(player));
}

void run_player_arm(struct run_player *player)
{
    struct exercise *exercise = player->exercise;
    clock_cancel(exercise->options.clock, player->timer);
    if (player->plan->function && exercise->options.script) {
        player->timer = clock_at(exercise->options.clock, player->due_us, start_player, player);
    }
}

void run_players_start(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->players->len; i++) {
        struct run_player *player = g_ptr_array_index(exercise->players, i);
        if (run_resume_player(player)) {
            run_player_arm(player);
        }
    }
}
