/* score_rules_pure.c - what a scoring rule has instead of functions that differ from run to run. */
#include "script/score_rules.h"

#include "script/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* ---- pairs, in the order of keys ----------------------------------------------------------- */

struct key { /* numbers before texts */
    const char *text;
    gsize length;
    lua_Number number;
    lua_Integer place; /* where it stands in the table of keys */
};

static int key_order(const void *a, const void *b)
{
    const struct key *x = a;
    const struct key *y = b;
    if (!x->text || !y->text) {
        return x->text ? 1 : y->text ? -1 : (x->number > y->number) - (x->number < y->number);
    }
    int order = memcmp(x->text, y->text, MIN(x->length, y->length));
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* The table at 1: its keys as they come into a new table at 2, their number returned. */
static lua_Integer collect_keys(lua_State *L)
{
    lua_Integer count = 0;
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TNUMBER && lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "pairs() here takes tables whose keys are numbers and texts");
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, 2, ++count);
        sandbox_charge(L, 1);
    }
    return count;
}

static int sorted_next(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL) {
            return 1;
        }
        lua_pushinteger(L, at);
        lua_replace(L, lua_upvalueindex(3));
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) { /* else it was taken out meanwhile */
            return 2;
        }
        lua_settop(L, 0);
    }
}

static int sorted_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_Integer count = collect_keys(L);
    struct key *keys = lua_newuserdatauv(L, sizeof(struct key) * (gsize)(count + 1), 0);
    for (lua_Integer i = 0; i < count; i++) {
        keys[i] = (struct key){.place = i + 1};
        if (lua_rawgeti(L, 2, i + 1) == LUA_TSTRING) {
            keys[i].text = lua_tolstring(L, -1, &keys[i].length); /* its table keeps it */
        } else {
            keys[i].number = lua_tonumber(L, -1);
        }
        lua_pop(L, 1);
    }
    qsort(keys, (gsize)count, sizeof *keys, key_order);
    lua_pushvalue(L, 1);
    lua_createtable(L, (int)MIN(count, G_MAXINT32), 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, 2, keys[i].place);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, sorted_next, 3);
    return 1;
}

/* ---- table.sort, stable -------------------------------------------------------------------- */

/* Is the value at b before that at a? */
static bool is_before(lua_State *L, int b, int a)
{
    b = lua_absindex(L, b);
    a = lua_absindex(L, a);
    if (lua_isnil(L, 2)) {
        return lua_compare(L, b, a, LUA_OPLT);
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, b);
    lua_pushvalue(L, a);
    lua_call(L, 2, 1);
    bool before = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return before;
}

/* [from, middle) and [middle, to) of the table at source, merged into that at target. */
static void merge(lua_State *L, int source, int target, const lua_Integer place[3])
{
    lua_Integer left = place[0];
    lua_Integer right = place[1];
    for (lua_Integer i = place[0]; i < place[2]; i++) {
        bool take_right = left >= place[1];
        if (!take_right && right < place[2]) {
            lua_rawgeti(L, source, left);
            lua_rawgeti(L, source, right);
            take_right = is_before(L, -1, -2);
            lua_pop(L, 2);
        }
        lua_rawgeti(L, source, take_right ? right++ : left++);
        lua_rawseti(L, target, i);
    }
}

static int stable_sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TFUNCTION);
    }
    lua_settop(L, 2);
    lua_Integer length = (lua_Integer)lua_rawlen(L, 1);
    lua_newtable(L);
    int source = 1;
    int target = 3;
    for (lua_Integer run = 1; run < length; run *= 2) {
        sandbox_charge(L, (double)length);
        for (lua_Integer from = 1; from <= length; from += 2 * run) {
            const lua_Integer place[3] = {
                    from, MIN(from + run, length + 1), MIN(from + 2 * run, length + 1)};
            merge(L, source, target, place);
        }
        int done = source;
        source = target;
        target = done;
    }
    for (lua_Integer i = 1; source != 1 && i <= length; i++) {
        lua_rawgeti(L, source, i);
        lua_rawseti(L, 1, i);
    }
    return 0;
}

/* ---- texts that show no address ------------------------------------------------------------ */

static void refuse_addresses(lua_State *L, int from)
{
    for (int i = from; i <= lua_gettop(L); i++) {
        int type = lua_type(L, i);
        if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN &&
                type != LUA_TNIL) {
            luaL_error(L, "a %s cannot be shown: it would look different in each run",
                    lua_typename(L, type));
        }
    }
}

static int pure_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    refuse_addresses(L, 1);
    return sandbox_call_real(L);
}

static int pure_format(lua_State *L)
{
    refuse_addresses(L, 2);
    if (strstr(luaL_checkstring(L, 1), "%p")) {
        return luaL_error(L, "%%p would look different in each run");
    }
    return sandbox_call_real(L);
}

/* Wraps the function of that name of the table at the top. */
static void wrap(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

static void replace(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_pushcfunction(L, fn);
    lua_setfield(L, -2, name);
}

static void take(lua_State *L, const char *name)
{
    lua_pushnil(L);
    lua_setfield(L, -2, name);
}

void score_rules_purify(lua_State *L)
{
    static const char *const absent[] = {
            "pcall", "xpcall", "require", "print", "next", "setmetatable"};
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    for (gsize i = 0; i < G_N_ELEMENTS(absent); i++) {
        take(L, absent[i]);
    }
    replace(L, "pairs", sorted_pairs);
    wrap(L, "tostring", pure_tostring);
    lua_getfield(L, -1, "math");
    take(L, "random");
    lua_pop(L, 1);
    lua_getfield(L, -1, "table");
    replace(L, "sort", stable_sort);
    lua_pop(L, 1);
    lua_getfield(L, -1, "string");
    wrap(L, "format", pure_format);
    lua_pop(L, 2);
}
