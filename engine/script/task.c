/* task.c - tasks: how one is made, waits, is woken and is undone. */
#include "script/task.h"

#include <lauxlib.h>
#include <string.h>

void answer_clear(struct answer *answer)
{
    g_free(answer->out);
    g_free(answer->err);
    g_free(answer->text);
    g_free(answer->code);
    g_free(answer->message);
    event_free(answer->event);
    *answer = (struct answer){.kind = SCRIPT_REPLY_OK};
}

static struct task **slot_of(lua_State *L)
{
    return lua_getextraspace(L);
}

struct task *task_of(lua_State *L)
{
    struct task *task = *slot_of(L);
    if (!task) {
        luaL_error(L, "nothing can happen while the scenario is being read; use this in a function "
                      "of players or timeline");
    }
    return task;
}

struct task *task_spawn(lua_State *L, struct script *script, int args)
{
    luaL_checktype(L, -args - 1, LUA_TFUNCTION);
    if (script->tasks->len >= TASKS_MAX) {
        luaL_error(L, "more than %d tasks at once", TASKS_MAX);
    }
    lua_State *thread = lua_newthread(L);
    if (!lua_checkstack(thread, args + LUA_MINSTACK)) {
        luaL_error(L, "too many arguments for a task");
    }
    lua_insert(L, -args - 2);
    lua_xmove(L, thread, args + 1);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX); /* nothing raises after this */
    struct task *task = g_new0(struct task, 1);
    task->script = script;
    task->L = thread;
    task->ref = ref;
    task->args = args;
    task->team = -1;
    *slot_of(thread) = task;
    g_ptr_array_add(script->tasks, task);
    task->waiting = true;
    task_wake(task);
    return task;
}

void task_check_wait(lua_State *L, const char *what)
{
    if (!lua_isyieldable(L)) {
        luaL_error(L,
                "%s cannot wait here: not in a comparator of table.sort, a function given to "
                "string.gsub, or a <close> variable of a task that was ended",
                what);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void forget_wait(struct task *task)
{
    if (task->timer) {
        clock_cancel(task->script->clock, task->timer);
        task->timer = 0;
    }
    if (task->ticket) {
        g_hash_table_remove(task->script->tickets, &task->ticket);
        task->ticket = 0;
    }
    g_clear_pointer(&task->wait_kind, g_free);
    g_clear_pointer(&task->wait_team, g_free);
    g_clear_pointer(&task->wait_subject, g_free);
    task->waiting = false;
}

static void on_timer(gpointer data)
{
    struct task *task = data;
    task->timer = 0;
    if (task->ticket || task->wait_kind) {
        task->answer.kind = SCRIPT_REPLY_FAILED;
        task->answer.code = g_strdup("timeout");
        task->answer.message = g_strdup("no answer in time");
    }
    task_wake(task);
}

int task_wait(lua_State *L, struct task *task, gint64 timeout_us, lua_KFunction k)
{
    struct clock *clock = task->script->clock;
    if (task->queued) { /* the host has answered at once */
        return lua_yieldk(L, 0, 0, k);
    }
    task->waiting = true;
    if (timeout_us >= 0) {
        task->timer = clock_at(clock, clock_now(clock) + timeout_us, on_timer, task);
    }
    return lua_yieldk(L, 0, 0, k);
}

guint64 task_ticket(struct task *task)
{
    task->ticket = ++task->script->last_ticket;
    task->waiting = true;
    guint64 *key = g_new(guint64, 1);
    *key = task->ticket;
    g_hash_table_insert(task->script->tickets, key, task);
    return task->ticket;
}

static void run_turn(gpointer data)
{
    struct script *script = data;
    script->turn_timer = 0;
    script_turn(script);
}

/* A turn as soon as the clock runs: a paused exercise holds its tasks, too. */
static void schedule(struct script *script)
{
    if (!script->turn_timer && script->clock) {
        script->turn_timer = clock_at(script->clock, clock_now(script->clock), run_turn, script);
    }
}

void task_wake(struct task *task)
{
    if (!task->waiting) {
        return;
    }
    forget_wait(task);
    task->queued = true;
    g_queue_push_tail(&task->script->ready, task);
    schedule(task->script);
}

/* ---- the end of a task --------------------------------------------------------------------- */

static void task_free(struct task *task)
{
    struct script *script = task->script;
    forget_wait(task);
    if (task->queued) {
        g_queue_remove(&script->ready, task);
    }
    while (task->children && task->children->len > 0) {
        task_cancel(task->children->pdata[task->children->len - 1]);
    }
    g_clear_pointer(&task->children, g_ptr_array_unref);
    if (task->parent) {
        g_ptr_array_remove(task->parent->children, task);
    }
    g_ptr_array_remove(script->tasks, task);
    answer_clear(&task->answer);
    *slot_of(task->L) = NULL;
    luaL_unref(script->sandbox->L, LUA_REGISTRYINDEX, task->ref);
    g_free(task->scratch);
    g_free(task->who);
    g_free(task);
}

/* Runs the <close> variables of the thread on a budget of their own. */
static void close_thread(struct task *task)
{
    struct sandbox *sandbox = task->script->sandbox;
    gint64 left = sandbox->left;
    bool spent = sandbox->spent;
    lua_State *running = sandbox->running;
    sandbox_budget(sandbox, SANDBOX_CLOSE_BUDGET);
    sandbox_watch(sandbox, task->L);
    lua_resetthread(task->L);
    sandbox->running = running;
    sandbox->left = left;
    sandbox->spent = spent;
}

void task_cancel(struct task *task)
{
    forget_wait(task);
    close_thread(task);
    task_free(task);
}

/* The message with the line of the scenario it concerns in front. */
static char *error_text(struct task *task)
{
    lua_State *L = task->L;
    const struct sandbox *sandbox = task->script->sandbox;
    const char *message = lua_tostring(L, -1);
    g_autofree char *text = NULL;
    if (message) {
        text = g_utf8_make_valid(message, -1);
    } else if (lua_istable(L, -1)) { /* { code, message } of a failed operation */
        lua_pushliteral(L, "message");
        lua_rawget(L, -2);
        text = g_utf8_make_valid(lua_isstring(L, -1) ? lua_tostring(L, -1) : "a table", -1);
        lua_pop(L, 1);
    } else {
        text = g_strdup_printf("an error that is a %s", luaL_typename(L, -1));
    }
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (lua_getinfo(L, "Sl", &ar) && ar.source[0] == '=' && ar.currentline > 0) {
            g_autofree char *place = g_strdup_printf("%s:", ar.short_src);
            return g_str_has_prefix(text, place)
                           ? g_steal_pointer(&text)
                           : g_strdup_printf("%s%d: %s", place, ar.currentline, text);
        }
    }
    return g_strdup_printf("%s: %s", sandbox->chunk, text);
}

/* A child of all or any has ended: the parent goes on when it has what it waits for. */
static void tell_parent(struct task *task, const char *error)
{
    struct task *parent = task->parent;
    guint ended = 0;
    for (guint i = 0; i < parent->children->len; i++) {
        ended += ((struct task *)parent->children->pdata[i])->ended;
    }
    if (error && !parent->answer.message) {
        parent->answer.kind = SCRIPT_REPLY_FAILED;
        parent->answer.message = g_strdup(error);
    }
    if (parent->joining && (error || parent->any || ended == parent->children->len)) {
        parent->joining = false;
        task_wake(parent);
    }
}

static void task_end(struct task *task, int results, const char *error)
{
    struct script *script = task->script;
    task->ended = true;
    task->results = results;
    if (task->parent) {
        if (error) {
            close_thread(task);
        }
        tell_parent(task, error);
        return; /* the parent takes the results and frees it */
    }
    g_autofree char *who = g_strdup(task->who);
    int team = task->team;
    bool tell = script->host.ended && (task->reports || error);
    if (error) {
        close_thread(task);
    }
    task_free(task);
    if (tell) {
        script->host.ended(script->host.data, who, team, error);
    }
}

static void resume(struct task *task)
{
    struct script *script = task->script;
    int results = 0;
    int args = task->args;
    task->args = 0;
    sandbox_budget(script->sandbox, SANDBOX_TURN_BUDGET);
    sandbox_watch(script->sandbox, task->L);
    int status = lua_resume(task->L, script->sandbox->L, args, &results);
    script->sandbox->running = NULL; /* the thread may be gone soon */
    if (status == LUA_YIELD) {
        return;
    }
    g_autofree char *error = status == LUA_OK ? NULL : error_text(task);
    task_end(task, results, error);
}

void script_turn(struct script *script)
{
    const int most = 10000; /* tasks that only start others leave the loop to the rest */
    if (script->in_turn) {
        return;
    }
    script->in_turn = true;
    for (int i = 0; i < most && !g_queue_is_empty(&script->ready); i++) {
        struct task *task = g_queue_pop_head(&script->ready);
        task->queued = false;
        resume(task);
    }
    script->in_turn = false;
    if (!g_queue_is_empty(&script->ready)) {
        schedule(script);
    }
}
