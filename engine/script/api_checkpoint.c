/* api_checkpoint.c - what a function may ask of the white cell: reset, checkpoint, restore. */
#include "plan/router.h"
#include "script/api.h"

#define TIMEOUT_US (320 * (gint64)G_USEC_PER_SEC) /* the engine's own limit comes first */

static int ask(lua_State *L, enum script_white what, const char *subject, const char *team)
{
    struct task *task = task_of(L);
    const struct script_host *host = &task->script->host;
    answer_clear(&task->answer);
    host->white(host->data, task_ticket(task), task->who, what, subject, team);
    return task_wait(L, task, TIMEOUT_US, api_push_done);
}

/* machine:reset() → true or nil, { code, message } */
int api_machine_reset(lua_State *L)
{
    const struct plan *plan = task_of(L)->script->plan;
    int index = script_machine_of(L, 1);
    task_check_wait(L, "machine:reset");
    const struct plan_machine *machine = g_ptr_array_index(plan->machines, (guint)index);
    return ask(L, SCRIPT_RESET, machine->id, NULL);
}

/* router:reset() → true or nil, { code, message } */
int api_router_reset(lua_State *L)
{
    const struct plan *plan = task_of(L)->script->plan;
    int index = script_router_of(L, 1);
    task_check_wait(L, "router:reset");
    const struct plan_gate *gate = g_ptr_array_index(plan->gates, (guint)index);
    return ask(L, SCRIPT_RESET, gate->id, NULL);
}

/* range.reset("blue1") → true or nil, { code, message } */
int api_range_reset(lua_State *L)
{
    luaL_checkstring(L, 1);
    (void)api_team(L, 1);
    task_check_wait(L, "range.reset");
    return ask(L, SCRIPT_RESET, lua_tostring(L, 1), NULL);
}

/* { label = …, team = … }: both stay on the stack. */
static int label_and_team(lua_State *L, enum script_white what, const char *name)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        const char *key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        if (g_strcmp0(key, "label") != 0 && g_strcmp0(key, "team") != 0) {
            return luaL_error(L, "%s: unknown option \"%s\"; it takes label, team", name, key);
        }
    }
    lua_getfield(L, 1, "label");
    lua_getfield(L, 1, "team");
    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "%s: label must be a text", name);
    }
    (void)api_team(L, 3);
    task_check_wait(L, name);
    return ask(L, what, lua_tostring(L, 2), lua_isnil(L, 3) ? NULL : lua_tostring(L, 3));
}

/* range.checkpoint{ label = "calm", team = "blue1" } → true or nil, { code, message } */
int api_range_checkpoint(lua_State *L)
{
    return label_and_team(L, SCRIPT_CHECKPOINT, "range.checkpoint");
}

/* range.restore{ label = "calm", team = "blue1" } → true or nil, { code, message } */
int api_range_restore(lua_State *L)
{
    return label_and_team(L, SCRIPT_RESTORE, "range.restore");
}
