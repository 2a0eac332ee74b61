/* api_tasks.c - range.spawn, range.all, range.any: several things at once, without coroutines. */
#include "script/api.h"

/* A child does its parent's work: it has the same name and team in the record. */
static struct task *spawn_for(lua_State *L, struct task *parent, int args)
{
    struct task *task = task_spawn(L, parent->script, args);
    task->who = g_strdup(parent->who);
    task->team = parent->team;
    return task;
}

/* range.spawn(fn, …): runs fn(…) as a task of its own, which may outlive this one */
static int range_spawn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    spawn_for(L, task_of(L), lua_gettop(L) - 1);
    return 0;
}

static void cancel_children(struct task *task)
{
    while (task->children && task->children->len > 0) {
        task_cancel(task->children->pdata[task->children->len - 1]);
    }
    g_clear_pointer(&task->children, g_ptr_array_unref);
}

/* Starts the functions of the list at 1 as children, and waits for them. */
static int wait_for_children(lua_State *L, const char *what, bool any, lua_KFunction k)
{
    struct task *task = task_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, 1);
    luaL_argcheck(L, count > 0 && count <= 100, 1, "a list of 1 to 100 functions");
    for (lua_Unsigned i = 1; i <= count; i++) {
        int type = lua_rawgeti(L, 1, (lua_Integer)i);
        luaL_argcheck(L, type == LUA_TFUNCTION, 1, "a list of functions");
        lua_pop(L, 1);
    }
    task_check_wait(L, what);
    answer_clear(&task->answer);
    cancel_children(task); /* of a call that failed half-way */
    task->any = any;
    task->children = g_ptr_array_new();
    for (lua_Unsigned i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i);
        struct task *child = spawn_for(L, task, 0);
        child->parent = task;
        g_ptr_array_add(task->children, child);
    }
    task->joining = true;
    return task_wait(L, task, -1, k);
}

/* The first result of a child that has ended, pushed onto L. */
static void push_result(lua_State *L, struct task *child)
{
    if (child->results == 0) {
        lua_pushnil(L);
        return;
    }
    lua_pushvalue(child->L, -child->results);
    lua_xmove(child->L, L, 1);
}

/* Ends the children; raises if one of them failed. */
static void end_children(lua_State *L, struct task *task)
{
    cancel_children(task);
    if (task->answer.kind == SCRIPT_REPLY_FAILED) {
        lua_pushstring(L, task->answer.message); /* names its own line */
        lua_error(L);
    }
}

static int all_ended(lua_State *L, int status, lua_KContext context)
{
    struct task *task = task_of(L);
    (void)status;
    (void)context;
    lua_createtable(L, (int)task->children->len, 0);
    for (guint i = 0; i < task->children->len; i++) {
        struct task *child = task->children->pdata[i];
        if (child->ended && task->answer.kind != SCRIPT_REPLY_FAILED) {
            push_result(L, child);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
    }
    end_children(L, task);
    return 1;
}

static int one_ended(lua_State *L, int status, lua_KContext context)
{
    struct task *task = task_of(L);
    (void)status;
    (void)context;
    lua_settop(L, 0);
    for (guint i = 0; i < task->children->len; i++) {
        struct task *child = task->children->pdata[i];
        if (child->ended && task->answer.kind != SCRIPT_REPLY_FAILED) {
            lua_pushinteger(L, (lua_Integer)i + 1);
            push_result(L, child);
            break;
        }
    }
    end_children(L, task);
    return lua_gettop(L);
}

/* range.all{ fn, … } → { result, … }: waits until all have returned; an error in one ends all */
static int range_all(lua_State *L)
{
    return wait_for_children(L, "range.all", false, all_ended);
}

/* range.any{ fn, … } → index, result: the first to return; the others are ended */
static int range_any(lua_State *L)
{
    return wait_for_children(L, "range.any", true, one_ended);
}

const luaL_Reg api_tasks[] = {
        {"spawn", range_spawn},
        {"all", range_all},
        {"any", range_any},
        {NULL, NULL},
};
