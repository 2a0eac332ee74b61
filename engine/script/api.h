/* api.h - what a scenario's functions can call: one file api_NOUN.c a noun. */
#pragma once

#include "script/task.h"

#include <lauxlib.h>

struct script_noun {
    const char *name;          /* range, machine, me */
    const luaL_Reg *functions; /* ends with {NULL, NULL} */
};

/* Every function there is, for the editor stubs and the manual to be checked against; ends with a
 * NULL name. */
extern const struct script_noun script_nouns[];

extern const luaL_Reg api_range[], api_tasks[], api_machine[], api_me[], api_router[], api_link[];

/* Makes the metatables and the range table; raises when memory ends. */
void script_open_api(lua_State *L);

void script_push_range(lua_State *L);
void script_push_me(lua_State *L, int team);

/* A handle to the machine called name as team sees it; raises for an unknown name. */
void script_push_machine(lua_State *L, const char *name, int team);

/* The same for a router. */
void script_push_router(lua_State *L, const char *name, int team);
/* A handle to the machine's link to that network as team sees it; raises when there is none. */
void script_push_link(lua_State *L, int machine, const char *network, int team);

/* The plan's index of the machine handle at index of the stack; raises for anything else. */
int script_machine_of(lua_State *L, int index);
int script_router_of(lua_State *L, int index); /* the same of a router handle */

/* ---- api_checkpoint.c ---------------------------------------------------------------------- */

int api_machine_reset(lua_State *L);
int api_router_reset(lua_State *L);
int api_range_reset(lua_State *L);
int api_range_checkpoint(lua_State *L);
int api_range_restore(lua_State *L);

/* Opens the metatables of handles. */
void api_open_link(lua_State *L);
void api_open_machine(lua_State *L);
void api_open_me(lua_State *L);
void api_open_router(lua_State *L);

/* ---- helpers ------------------------------------------------------------------------------- */

/* The metatable name of a kind of handles: functions, and index for its members, a closure over
 * their table. Scripts can neither see nor change it. */
void api_open_handle(
        lua_State *L, const char *name, const luaL_Reg *functions, lua_CFunction index);

/* The running task, which may wait and has no answer yet; what is the function's name, for the
 * error when it may not. */
struct task *api_task_to_ask(lua_State *L, const char *what);

/* The duration at index in microseconds: seconds or "90s"; raises for anything else. */
gint64 api_duration(lua_State *L, int index);

/* The member of the options table at index, or fallback when there is none. */
gint64 api_option_duration(lua_State *L, int index, const char *name, gint64 fallback);

/* The index of the team with the id at index; none gives -1; raises for an unknown one. */
int api_team(lua_State *L, int index);

/* nil, { code, message } of the answer; returns 2. */
int api_push_failure(lua_State *L, const struct answer *answer);

/* A continuation: true, or nil and { code, message }. */
int api_push_done(lua_State *L, int status, lua_KContext context);
