/* script.c - the life of a script: attached to an exercise, told of replies and events. */
#include "script/api.h"
#include "script/task.h"

#include <lauxlib.h>
#include <string.h>

struct script *script_new(struct sandbox *sandbox)
{
    struct script *script = g_new0(struct script, 1);
    script->sandbox = sandbox;
    g_queue_init(&script->ready);
    script->tasks = g_ptr_array_new();
    script->tickets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return script;
}

void script_free(struct script *script)
{
    if (!script) {
        return;
    }
    while (script->tasks->len > 0) {
        task_cancel(script->tasks->pdata[0]);
    }
    if (script->turn_timer) {
        clock_cancel(script->clock, script->turn_timer);
    }
    sandbox_free(script->sandbox);
    g_queue_clear(&script->ready);
    g_ptr_array_unref(script->tasks);
    g_hash_table_unref(script->tickets);
    g_free(script);
}

static int open_api(lua_State *L)
{
    script_open_api(L);
    return 0;
}

void script_attach(struct script *script, const struct plan *plan, struct clock *clock,
        const struct script_host *host)
{
    lua_State *L = script->sandbox->L;
    script->plan = plan;
    script->clock = clock;
    script->host = *host;
    sandbox_seed(script->sandbox, plan->seed);
    lua_pushcfunction(L, open_api);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
        lua_pop(L, 1); /* no memory: every task will say so */
    }
}

void script_seed_again(struct script *script, gint64 salt)
{
    g_autofree char *key =
            g_strdup_printf("%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT, script->plan->seed, salt);
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    hex[16] = '\0';
    sandbox_seed(script->sandbox, g_ascii_strtoull(hex, NULL, 16));
}

struct start {
    struct script *script;
    int function, team;
    struct task *task;
};

static int protected_start(lua_State *L)
{
    struct start *start = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, start->function);
    script_push_range(L);
    script_push_me(L, start->team);
    start->task = task_spawn(L, start->script, 2);
    return 0;
}

void script_start(struct script *script, int function, const char *who, int team)
{
    lua_State *L = script->sandbox->L;
    struct start start = {.script = script, .function = function, .team = team};
    lua_pushcfunction(L, protected_start);
    lua_pushlightuserdata(L, &start);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK) {
        start.task->who = g_strdup(who);
        start.task->team = team;
        start.task->reports = true;
        return;
    }
    g_autofree char *error = g_strdup(lua_tostring(L, -1));
    lua_pop(L, 1);
    if (script->host.ended) {
        script->host.ended(script->host.data, who, team, error ? error : "cannot be started");
    }
}

void script_cancel(struct script *script, const char *who, int team)
{
    for (guint i = 0; i < script->tasks->len; i++) {
        struct task *task = script->tasks->pdata[i];
        if (task->reports && task->team == team && !g_strcmp0(task->who, who)) {
            task_cancel(task); /* its children as well: the list is another one now */
            i = G_MAXUINT;
        }
    }
}

void script_reply(struct script *script, guint64 ticket, const struct script_reply *reply)
{
    struct task *task = g_hash_table_lookup(script->tickets, &ticket);
    if (!task) {
        return; /* ended or given up meanwhile */
    }
    answer_clear(&task->answer);
    task->answer = (struct answer){
            .kind = reply->kind,
            .status = reply->status,
            .out = g_strdup(reply->out),
            .err = g_strdup(reply->err),
            .cut = reply->cut,
            .text = g_strdup(reply->text),
            .code = g_strdup(reply->code),
            .message = g_strdup(reply->message),
    };
    task_wake(task);
}

static bool fits(const char *wanted, const char *is)
{
    return !wanted || strcmp(wanted, is) == 0;
}

void script_event(struct script *script, const struct event *event)
{
    for (guint i = 0; i < script->tasks->len; i++) {
        struct task *task = script->tasks->pdata[i];
        if (task->waiting && task->wait_kind && fits(task->wait_kind, event->kind) &&
                fits(task->wait_team, event->team) && fits(task->wait_subject, event->subject)) {
            answer_clear(&task->answer);
            task->answer.event = event_copy(event);
            task_wake(task);
        }
    }
}

int script_tasks(const struct script *script)
{
    return (int)script->tasks->len;
}
