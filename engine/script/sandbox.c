/* sandbox.c - a Lua state built from nothing: bounded memory, bounded instructions, no way out. */
#include "script/sandbox.h"

#include "base/paths.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOOK_STEP 1000    /* instructions between two hooks */
#define HOOK_STEP_SLOW 10 /* … while they take longer than instructions do */
/* Memory given out counts like instructions: so many bytes take as long as one to fill. */
#define BYTES_A_STEP 16

static void hook(lua_State *L, lua_Debug *ar);

/* Large blocks are paid for, so that a loop over long texts cannot hold the engine up. */
static void pay_for_block(struct sandbox *sandbox, gsize size)
{
    if (size < 4096 || !sandbox->running) {
        return;
    }
    sandbox->left -= (gint64)(size / BYTES_A_STEP);
    if (sandbox->left <= 0) { /* the next instruction raises; setting a hook is safe in here */
        lua_sethook(sandbox->running, hook, LUA_MASKCOUNT, 1);
    }
}

/* Exact on every path: a new block has no old size (Lua passes a type tag there). */
static void *allocate(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct sandbox *sandbox = ud;
    gsize old = ptr ? osize : 0;
    if (nsize == 0) {
        sandbox->used -= old;
        free(ptr);
        return NULL;
    }
    if (nsize > old && sandbox->used + (nsize - old) > sandbox->limit) {
        return NULL;
    }
    void *block = realloc(ptr, nsize);
    if (block) {
        sandbox->used = sandbox->used + nsize - old;
        pay_for_block(sandbox, nsize);
    }
    return block;
}

/* From now on every instruction raises, so that a pcall in a loop gets nowhere. */
static void give_up(lua_State *L)
{
    lua_sethook(L, hook, LUA_MASKCOUNT, 1);
    const struct sandbox *sandbox = sandbox_of(L);
    luaL_error(L, "%s",
            sandbox->too_long ? sandbox->too_long
            : sandbox->loading
                    ? "took too long to read; a scenario builds its table without long loops"
                    : "ran too long without waiting; use range.sleep() in loops that wait");
}

double sandbox_cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What was done since the last hook, in steps: instructions, or the time they took when that is
 * more. One instruction can compare long texts, catch an error or look through an emptied table. */
static gint64 steps_done(lua_State *L, struct sandbox *sandbox)
{
    double now = sandbox_cpu_seconds();
    double timed = (now - sandbox->hooked) * SANDBOX_STEPS_A_SECOND;
    int done = lua_gethookcount(L);
    int next = timed > 20.0 * done ? HOOK_STEP_SLOW : HOOK_STEP;
    sandbox->hooked = now;
    if (next != done) {
        lua_sethook(L, hook, LUA_MASKCOUNT, next);
    }
    return MAX(done, (gint64)timed);
}

static void hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct sandbox *sandbox = sandbox_of(L);
    if (!sandbox->spent) {
        sandbox->left -= steps_done(L, sandbox);
        if (sandbox->left > 0) {
            return;
        }
        sandbox->spent = true;
    }
    give_up(L);
}

void sandbox_charge(lua_State *L, double steps)
{
    struct sandbox *sandbox = sandbox_of(L);
    if (sandbox->spent || !(steps < (double)sandbox->left)) {
        sandbox->spent = true;
        give_up(L);
    }
    sandbox->left -= (gint64)steps;
}

struct sandbox *sandbox_of(lua_State *L)
{
    void *ud = NULL;
    lua_getallocf(L, &ud);
    return ud;
}

void sandbox_watch(struct sandbox *sandbox, lua_State *thread)
{
    sandbox->running = thread;
    sandbox->hooked = sandbox_cpu_seconds();
    lua_sethook(thread, hook, LUA_MASKCOUNT, HOOK_STEP);
}

void sandbox_budget(struct sandbox *sandbox, gint64 instructions)
{
    sandbox->left = instructions;
    sandbox->spent = false;
    sandbox_watch(sandbox, sandbox->L);
}

/* setmetatable that cannot arm a finaliser: hooks do not run inside __gc. */
static int bounded_setmetatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        return luaL_error(L, "cannot change a protected metatable");
    }
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            return luaL_error(L, "__gc is not available in scenarios; use <close> variables");
        }
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int handled(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    lua_pushboolean(L, 0);
    lua_insert(L, 2);
    return lua_gettop(L) - 1;
}

static int after_xpcall(lua_State *L, int status, lua_KContext context)
{
    if (status == LUA_OK || status == LUA_YIELD) {
        lua_pushboolean(L, 1);
        lua_replace(L, 2);
        return lua_gettop(L) - 1;
    }
    lua_replace(L, 2);
    lua_settop(L, 2); /* handler, error */
    lua_pushvalue(L, 1);
    lua_insert(L, 2);
    lua_callk(L, 1, LUA_MULTRET, context, handled);
    return handled(L, LUA_OK, context);
}

/* xpcall whose handler runs after the error, not inside it: where a hook raised the error, hooks
 * are off until it is caught, and a handler that loops could not be stopped. */
static int bounded_xpcall(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    int args = lua_gettop(L) - 2;
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_replace(L, 1);
    lua_pushnil(L); /* 1 handler, 2 place for the status, 3 function, arguments */
    lua_replace(L, 2);
    lua_insert(L, 3);
    int status = lua_pcallk(L, args, LUA_MULTRET, 0, 0, after_xpcall);
    return after_xpcall(L, status, 0);
}

static int print_to_log(lua_State *L)
{
    luaL_Buffer buffer;
    int args = lua_gettop(L);
    luaL_buffinit(L, &buffer);
    for (int i = 1; i <= args; i++) {
        if (i > 1) {
            luaL_addchar(&buffer, '\t');
        }
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    g_debug("scenario: %s", lua_tostring(L, -1));
    return 0;
}

/* Copies the named fields of the table at index from into the table at the top. */
static void copy_fields(lua_State *L, int from, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, -2, *names);
    }
}

static void open_library(lua_State *L, lua_CFunction open, const char *const *names)
{
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    lua_newtable(L);
    copy_fields(L, lua_absindex(L, -2), names);
    lua_remove(L, -2);
}

/* What a scenario uses instead of a global that is not there. */
static const char *instead_of(const char *name)
{
    static const struct {
        const char *names, *instead;
    } table[] = {
            {"coroutine", "; use range.spawn, range.all or range.any"},
            {"io os", "; files and commands are those of machines: machine:exec, read and write"},
            {"load loadfile loadstring dofile package", "; use require \"MODULE\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        g_auto(GStrv) names = g_strsplit(table[i].names, " ", 0);
        if (g_strv_contains((const char *const *)names, name)) {
            return table[i].instead;
        }
    }
    return "";
}

/* Says why a well-known global is missing; any other unknown one is nil as usual. */
static int missing_global(lua_State *L)
{
    static const char *const absent[] = {"io", "os", "debug", "package", "load", "loadfile",
            "loadstring", "dofile", "collectgarbage", "coroutine", "getmetatable", NULL};
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    for (int i = 0; absent[i]; i++) {
        if (strcmp(name, absent[i]) == 0) {
            return luaL_error(L, "\"%s\" is not available in scenarios%s", name, instead_of(name));
        }
    }
    lua_pushnil(L);
    return 1;
}

/* The environment of every chunk, in place of the globals the openers wrote to. */
static int open_all(lua_State *L)
{
    static const char *const base[] = {"assert", "error", "ipairs", "next", "pairs", "pcall",
            "xpcall", "select", "tonumber", "tostring", "type", "rawequal", "rawlen", "rawget",
            "rawset", "_VERSION", NULL};
    static const char *const table[] = {
            "concat", "insert", "move", "pack", "remove", "sort", "unpack", NULL};
    static const char *const utf8[] = {
            "char", "charpattern", "codepoint", "codes", "len", "offset", NULL};
    static const char *const math[] = {"abs", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge",
            "log", "max", "maxinteger", "min", "mininteger", "modf", "pi", "rad", "random", "sin",
            "sqrt", "tan", "tointeger", "type", "ult", "acos", "asin", "atan", NULL};
    static const char *const string[] = {"byte", "char", "find", "format", "gmatch", "gsub", "len",
            "lower", "match", "pack", "packsize", "rep", "reverse", "sub", "unpack", "upper", NULL};
    open_library(L, luaopen_base, base);
    lua_pushcfunction(L, bounded_setmetatable);
    lua_setfield(L, -2, "setmetatable");
    lua_pushcfunction(L, bounded_xpcall);
    lua_setfield(L, -2, "xpcall");
    lua_pushcfunction(L, print_to_log);
    lua_setfield(L, -2, "print");
    lua_pushcfunction(L, sandbox_require);
    lua_setfield(L, -2, "require");
    open_library(L, luaopen_table, table);
    sandbox_open_tables(L);
    lua_setfield(L, -2, "table");
    open_library(L, luaopen_utf8, utf8);
    lua_setfield(L, -2, "utf8");
    open_library(L, luaopen_math, math);
    lua_setfield(L, -2, "math");
    open_library(L, luaopen_string, string);
    sandbox_open_strings(L);
    lua_pushliteral(L, ""); /* ("x"):method() must find the bounded functions, not the real ones */
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
    lua_setfield(L, -2, "string");
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, missing_global);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    return 0;
}

/* Keeps the real math.randomseed out of the scenario's reach, and uses it once. */
static int seed_random(lua_State *L)
{
    struct sandbox *sandbox = sandbox_of(L);
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, (lua_Integer)sandbox->seed);
    lua_pushinteger(L, 0);
    lua_call(L, 2, 0);
    lua_getfield(L, -1, "random"); /* this opener's own generator: take it along */
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_getfield(L, -1, "math");
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "random");
    return 0;
}

void sandbox_seed(struct sandbox *sandbox, guint64 seed)
{
    sandbox->seed = seed;
    lua_pushcfunction(sandbox->L, seed_random);
    if (lua_pcall(sandbox->L, 0, 0, 0) != LUA_OK) {
        lua_pop(sandbox->L, 1);
    }
}

struct sandbox *sandbox_new(const char *chunk, const char *folder, gsize memory_limit)
{
    struct sandbox *sandbox = g_new0(struct sandbox, 1);
    g_autofree char *data = paths_data_dir();
    sandbox->limit = memory_limit;
    sandbox->chunk = g_strdup(chunk);
    sandbox->folder = g_strdup(folder);
    sandbox->sources =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    sandbox->library = data ? g_build_filename(data, "lua", NULL) : NULL;
    sandbox->L = lua_newstate(allocate, sandbox);
    if (!sandbox->L) {
        sandbox_free(sandbox);
        return NULL;
    }
    lua_pushcfunction(sandbox->L, open_all);
    if (lua_pcall(sandbox->L, 0, 0, 0) != LUA_OK) {
        sandbox_free(sandbox);
        return NULL;
    }
    sandbox_seed(sandbox, 0);
    return sandbox;
}

void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox) {
        if (sandbox->L) {
            sandbox->running = NULL;
            lua_close(sandbox->L);
        }
        g_free(sandbox->chunk);
        g_free(sandbox->folder);
        g_free(sandbox->library);
        g_free(sandbox->module);
        g_free(sandbox->keep);
        g_hash_table_unref(sandbox->sources);
        g_free(sandbox);
    }
}

/* Adds the line in the scenario's own text where the error came from, as a second value. */
static int with_line(lua_State *L)
{
    struct sandbox *sandbox = sandbox_of(L);
    lua_Debug ar;
    int *line = lua_touserdata(L, lua_upvalueindex(1));
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (lua_getinfo(L, "Sl", &ar) && ar.source[0] == '=' &&
                strcmp(ar.source + 1, sandbox->chunk) == 0 && ar.currentline > 0) {
            *line = ar.currentline;
            break;
        }
    }
    return 1;
}

struct chunk {
    const char *text;
    gsize length;
    int line;
};

static int load_and_run(lua_State *L)
{
    struct chunk *chunk = lua_touserdata(L, 1);
    struct sandbox *sandbox = sandbox_of(L);
    lua_pushlightuserdata(L, &chunk->line);
    lua_pushcclosure(L, with_line, 1);
    lua_pushfstring(L, "=%s", sandbox->chunk);
    if (luaL_loadbufferx(L, chunk->text, chunk->length, lua_tostring(L, -1), "t") != LUA_OK ||
            lua_pcall(L, 0, 1, 2) != LUA_OK) {
        return lua_error(L);
    }
    return 1;
}

/* Takes "CHUNK:LINE: " off the front of a message. */
static const char *strip_place(const struct sandbox *sandbox, const char *message, int *line)
{
    char id[LUA_IDSIZE];
    g_strlcpy(id, sandbox->chunk, sizeof(id));
    gsize length = strlen(id);
    if (strncmp(message, id, length) != 0 || message[length] != ':') {
        return message;
    }
    char *end = NULL;
    guint64 found = g_ascii_strtoull(message + length + 1, &end, 10);
    if (end == message + length + 1 || strncmp(end, ": ", 2) != 0) {
        return message;
    }
    *line = (int)found;
    return end + 2;
}

bool sandbox_run(
        struct sandbox *sandbox, const char *text, gsize length, char **ret_error, int *ret_line)
{
    lua_State *L = sandbox->L;
    struct chunk chunk = {.text = text, .length = length};
    sandbox_budget(sandbox, SANDBOX_LOAD_BUDGET);
    lua_pushcfunction(L, load_and_run);
    lua_pushlightuserdata(L, &chunk);
    sandbox->loading = true;
    int status = lua_pcall(L, 1, 1, 0);
    sandbox->loading = false;
    if (status == LUA_OK) {
        return true;
    }
    const char *message =
            lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error that is not a text";
    int line = chunk.line ? chunk.line : 1;
    g_autofree char *valid = g_utf8_make_valid(strip_place(sandbox, message, &line), -1);
    *ret_error = g_strdup(valid);
    *ret_line = line;
    lua_pop(L, 1);
    return false;
}
