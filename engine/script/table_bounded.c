/* table_bounded.c - functions of table whose loops in C are bounded and paid for.
 *
 * No hook runs inside them. A length can be made up, by __len or by a few elements far apart (the
 * length of a table is any border), and a loop over it would never end.
 */
#include "script/sandbox.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define TABLE_MAX 10000000 /* elements; the memory of a sandbox holds fewer */

int sandbox_call_real(lua_State *L)
{
    int args = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, args, LUA_MULTRET);
    return lua_gettop(L);
}

/* The length of the table at 1, which no metatable makes up. */
static double honest_length(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (luaL_getmetafield(L, 1, "__len") != LUA_TNIL) {
        luaL_error(L, "this function does not take tables with __len");
    }
    double length = (double)lua_rawlen(L, 1);
    if (length > TABLE_MAX) {
        luaL_error(L, "a table with gaps, seemingly of more than %d elements", TABLE_MAX);
    }
    return length;
}

static int bounded_concat(lua_State *L)
{
    sandbox_charge(L, honest_length(L));
    return sandbox_call_real(L);
}

/* Inserting and removing at the end is one step, elsewhere it moves what stands behind. */
static int bounded_insert(lua_State *L)
{
    double length = honest_length(L);
    sandbox_charge(L, lua_gettop(L) > 2 ? length : 1);
    return sandbox_call_real(L);
}

static int bounded_remove(lua_State *L)
{
    double length = honest_length(L);
    sandbox_charge(L, lua_gettop(L) > 1 ? length : 1);
    return sandbox_call_real(L);
}

static int bounded_sort(lua_State *L)
{
    double length = honest_length(L);
    sandbox_charge(L, 4 * length * log2(length + 2));
    return sandbox_call_real(L);
}

static int bounded_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2);
    lua_Integer last = luaL_checkinteger(L, 3);
    if (last > first && (lua_Unsigned)last - (lua_Unsigned)first > TABLE_MAX) {
        return luaL_error(L, "table.move of more than %d elements", TABLE_MAX);
    }
    sandbox_charge(L, last > first ? (double)last - (double)first : 1);
    return sandbox_call_real(L);
}

static int bounded_unpack(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    double count = last > first ? (double)last - (double)first : 1;
    sandbox_charge(L, MIN(count, 1e6)); /* more is refused by the function itself */
    return sandbox_call_real(L);
}

void sandbox_open_tables(lua_State *L)
{
    static const luaL_Reg functions[] = {
            {"insert", bounded_insert},
            {"remove", bounded_remove},
            {"concat", bounded_concat},
            {"sort", bounded_sort},
            {"move", bounded_move},
            {"unpack", bounded_unpack},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(functions); i++) {
        lua_getfield(L, -1, functions[i].name);
        lua_pushcclosure(L, functions[i].func, 1);
        lua_setfield(L, -2, functions[i].name);
    }
}
