/* api_machine.c - machines and teams as handles: run a command, write and read a file. */
#include "script/api.h"

#include <string.h>

#define MACHINE "sandtable.machine"
#define ME "sandtable.me"
#define ARGV_MAX 256
#define ARGV_BYTES (64 << 10) /* its event must fit into the ledger, escapes and all */

struct handle { /* ids, never pointers */
    int machine, team;
};

/* Where the task stands while it waits for the host: the host's own limit comes first. */
static gint64 guard(gint64 timeout_us)
{
    return timeout_us + 10 * G_USEC_PER_SEC;
}

static void push_handle(lua_State *L, int machine, int team)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
    handle->machine = machine;
    handle->team = team;
    luaL_setmetatable(L, MACHINE);
}

void script_push_machine(lua_State *L, const char *name, int team)
{
    const struct plan *plan = task_of(L)->script->plan;
    int machine = plan_machine_for(plan, name, team);
    if (machine < 0) {
        const struct plan_team *of = team >= 0 ? plan->teams->pdata[team] : NULL;
        luaL_error(L, "no machine \"%s\" for %s%s", name, of ? "team " : "no team in particular",
                of ? of->id : "");
    }
    push_handle(L, machine,
            team >= 0 ? team : ((const struct plan_machine *)plan->machines->pdata[machine])->team);
}

int script_machine_of(lua_State *L, int index)
{
    const struct handle *handle = luaL_checkudata(L, index, MACHINE);
    return handle->machine;
}

static int push_answer(lua_State *L, int status, lua_KContext context)
{
    const struct answer *answer = &task_of(L)->answer;
    (void)status;
    (void)context;
    switch (answer->kind) {
    case SCRIPT_REPLY_EXEC:
        lua_createtable(L, 0, 4);
        lua_pushinteger(L, answer->status);
        lua_setfield(L, -2, "status");
        lua_pushstring(L, answer->out ? answer->out : "");
        lua_setfield(L, -2, "out");
        lua_pushstring(L, answer->err ? answer->err : "");
        lua_setfield(L, -2, "err");
        if (answer->cut) {
            lua_pushboolean(L, 1);
            lua_setfield(L, -2, "cut");
        }
        return 1;
    case SCRIPT_REPLY_TEXT:
        lua_pushstring(L, answer->text ? answer->text : "");
        return 1;
    case SCRIPT_REPLY_FAILED:
        return api_push_failure(L, answer);
    default:
        lua_pushboolean(L, 1);
        return 1;
    }
}

/* machine:exec({ "command", "argument", … }, { timeout = 60 }) → { status, out, err }
 *                                                             or nil, { code, message } */
static int machine_exec(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, MACHINE);
    luaL_checktype(L, 2, LUA_TTABLE);
    gint64 timeout = api_option_duration(L, 3, "timeout", TASK_WAIT_S * G_USEC_PER_SEC);
    lua_Unsigned count = lua_rawlen(L, 2);
    luaL_argcheck(L, count > 0 && count < ARGV_MAX, 2, "a command is a list of 1 to 255 texts");
    struct task *task = api_task_to_ask(L, "machine:exec");
    const char **argv = lua_newuserdatauv(L, ((gsize)count + 1) * sizeof(*argv), 0);
    luaL_checkstack(L, (int)count + 8, "too many arguments");
    gsize bytes = 0;
    for (lua_Unsigned i = 0; i < count; i++) { /* the texts stay on the stack until the call */
        int type = lua_rawgeti(L, 2, (lua_Integer)i + 1);
        luaL_argcheck(L, type == LUA_TSTRING || type == LUA_TNUMBER, 2,
                "every part of a command is a text");
        gsize length = 0;
        argv[i] = lua_tolstring(L, -1, &length);
        luaL_argcheck(L, strlen(argv[i]) == length, 2, "a command holds no zero bytes");
        bytes += length;
        luaL_argcheck(L, bytes <= ARGV_BYTES, 2, "a command has at most 64 KiB in all");
    }
    argv[count] = NULL;
    const struct script_host *host = &task->script->host;
    host->exec(host->data, task_ticket(task), task->who, handle->team, handle->machine, argv,
            (int)(timeout / 1000));
    return task_wait(L, task, guard(timeout), push_answer);
}

static const char *check_path(lua_State *L, int index)
{
    gsize length = 0;
    const char *path = luaL_checklstring(L, index, &length);
    luaL_argcheck(L, path[0] == '/' && strlen(path) == length && length < 4096, index,
            "a path begins with \"/\"");
    return path;
}

/* machine:write("/path", "text") → true or nil, { code, message } */
static int machine_write(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, MACHINE);
    const char *path = check_path(L, 2);
    gsize length = 0;
    const char *bytes = luaL_checklstring(L, 3, &length);
    luaL_argcheck(L, length <= 4 * 1024 * 1024, 3, "at most 4 MiB can be written");
    struct task *task = api_task_to_ask(L, "machine:write");
    const struct script_host *host = &task->script->host;
    host->write(host->data, task_ticket(task), task->who, handle->team, handle->machine, path,
            bytes, length);
    return task_wait(L, task, guard(TASK_WAIT_S * G_USEC_PER_SEC), push_answer);
}

/* machine:read("/path") → text or nil, { code, message } */
static int machine_read(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, MACHINE);
    const char *path = check_path(L, 2);
    struct task *task = api_task_to_ask(L, "machine:read");
    const struct script_host *host = &task->script->host;
    host->read(host->data, task_ticket(task), task->who, handle->team, handle->machine, path);
    return task_wait(L, task, guard(TASK_WAIT_S * G_USEC_PER_SEC), push_answer);
}

/* machine:link("office") → the link to that network; without a name, the only one */
static int machine_link(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, MACHINE);
    script_push_link(L, handle->machine, luaL_optstring(L, 2, NULL), handle->team);
    return 1;
}

const luaL_Reg api_machine[] = {
        {"exec", machine_exec},
        {"write", machine_write},
        {"read", machine_read},
        {"link", machine_link},
        {"reset", api_machine_reset},
        {NULL, NULL},
};

/* machine.id, machine.name, machine.team, or one of the functions (the first upvalue) */
static int machine_index(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, MACHINE);
    const struct plan *plan = task_of(L)->script->plan;
    const struct plan_machine *machine = plan->machines->pdata[handle->machine];
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "id") == 0) {
        lua_pushstring(L, machine->id);
    } else if (strcmp(key, "name") == 0) {
        lua_pushstring(L, machine->host->name);
    } else if (strcmp(key, "team") == 0) {
        lua_pushstring(L, ((const struct plan_team *)plan->teams->pdata[machine->team])->id);
    } else if (lua_getfield(L, lua_upvalueindex(1), key) == LUA_TNIL) {
        return luaL_error(L,
                "a machine has no \"%s\"; it has id, name, team, exec, write, read, link, reset",
                key);
    }
    return 1;
}

/* me:machine("web") → the team's machine of that name, or a shared one */
static int me_machine(lua_State *L)
{
    const int *team = luaL_checkudata(L, 1, ME);
    script_push_machine(L, luaL_checkstring(L, 2), *team);
    return 1;
}

/* me:router("fw") → the team's router of that name, or a shared one */
static int me_router(lua_State *L)
{
    const int *team = luaL_checkudata(L, 1, ME);
    script_push_router(L, luaL_checkstring(L, 2), *team);
    return 1;
}

const luaL_Reg api_me[] = {
        {"machine", me_machine},
        {"router", me_router},
        {NULL, NULL},
};

/* me.team (nil for a function of no team), me.title, or one of the functions */
static int me_index(lua_State *L)
{
    const int *team = luaL_checkudata(L, 1, ME);
    const struct plan *plan = task_of(L)->script->plan;
    const struct plan_team *of = *team >= 0 ? plan->teams->pdata[*team] : NULL;
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "team") == 0) {
        lua_pushstring(L, of ? of->id : NULL);
    } else if (strcmp(key, "title") == 0) {
        lua_pushstring(L, of ? of->title : NULL);
    } else if (lua_getfield(L, lua_upvalueindex(1), key) == LUA_TNIL) {
        return luaL_error(L, "me has no \"%s\"; it has team, title, machine, router", key);
    }
    return 1;
}

void script_push_me(lua_State *L, int team)
{
    int *me = lua_newuserdatauv(L, sizeof(*me), 0);
    *me = team;
    luaL_setmetatable(L, ME);
}

void api_open_machine(lua_State *L)
{
    api_open_handle(L, MACHINE, api_machine, machine_index);
}

void api_open_me(lua_State *L)
{
    api_open_handle(L, ME, api_me, me_index);
}
