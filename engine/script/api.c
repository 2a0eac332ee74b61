/* api.c - the list of nouns, the locked range table, and what the nouns share. */
#include "script/api.h"

#include "base/text.h"

#include <string.h>

const struct script_noun script_nouns[] = {
        {"range", api_range},
        {"range", api_tasks},
        {"machine", api_machine},
        {"me", api_me},
        {"router", api_router},
        {"link", api_link},
        {NULL, NULL},
};

static int refuse_change(lua_State *L)
{
    return luaL_error(L, "range cannot be changed");
}

static int failure_text(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushliteral(L, "message");
    lua_rawget(L, 1);
    luaL_tolstring(L, -1, NULL);
    return 1;
}

void script_open_api(lua_State *L)
{
    api_open_machine(L);
    api_open_me(L);
    api_open_router(L);
    api_open_link(L);
    luaL_newmetatable(L, "sandtable.failure");
    lua_pushcfunction(L, failure_text);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);

    lua_newtable(L); /* an empty front, so that nothing can be replaced */
    lua_newtable(L);
    lua_newtable(L);
    luaL_setfuncs(L, api_range, 0);
    luaL_setfuncs(L, api_tasks, 0);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_change);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, "sandtable.range");
}

void script_push_range(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "sandtable.range");
}

gint64 api_duration(lua_State *L, int index)
{
    gint64 us = 0;
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number seconds = lua_tonumber(L, index);
        luaL_argcheck(L, seconds >= 0 && seconds <= 366.0 * 24 * 3600, index,
                "a time from 0 to a year, in seconds");
        return (gint64)(seconds * G_USEC_PER_SEC + 0.5);
    }
    if (lua_type(L, index) != LUA_TSTRING || !plan_duration_parse(lua_tostring(L, index), &us)) {
        luaL_argerror(L, index, "a time is seconds or a text such as \"90s\", \"1m30s\", \"2h\"");
    }
    return us;
}

gint64 api_option_duration(lua_State *L, int index, const char *name, gint64 fallback)
{
    if (lua_isnoneornil(L, index)) {
        return fallback;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    gint64 us = fallback;
    if (lua_getfield(L, index, name) != LUA_TNIL) {
        us = api_duration(L, lua_gettop(L));
    }
    lua_pop(L, 1);
    return us;
}

int api_team(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index)) {
        return -1;
    }
    const struct plan *plan = task_of(L)->script->plan;
    const char *id = luaL_checkstring(L, index);
    int team = plan_team_index(plan, id);
    if (team < 0) {
        luaL_error(L, "unknown team \"%s\"; range.teams() lists them", id);
    }
    return team;
}

void api_open_handle(lua_State *L, const char *name, const luaL_Reg *functions, lua_CFunction index)
{
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

struct task *api_task_to_ask(lua_State *L, const char *what)
{
    struct task *task = task_of(L);
    task_check_wait(L, what);
    answer_clear(&task->answer);
    return task;
}

int api_push_failure(lua_State *L, const struct answer *answer)
{
    lua_pushnil(L);
    lua_createtable(L, 0, 2);
    lua_pushstring(L, answer->code ? answer->code : "failed");
    lua_setfield(L, -2, "code");
    lua_pushstring(L, answer->message ? answer->message : "failed");
    lua_setfield(L, -2, "message");
    luaL_setmetatable(L, "sandtable.failure");
    return 2;
}

int api_push_done(lua_State *L, int status, lua_KContext context)
{
    const struct answer *answer = &task_of(L)->answer;
    (void)status;
    (void)context;
    if (answer->kind == SCRIPT_REPLY_FAILED) {
        return api_push_failure(L, answer);
    }
    lua_pushboolean(L, 1);
    return 1;
}
