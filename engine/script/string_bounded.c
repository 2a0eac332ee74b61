/* string_bounded.c - string.find, match, gmatch and gsub that cannot back-track for ever.
 *
 * Lua's matcher runs in C, where no hook can stop it, and its time grows with the subject to the
 * power of the repetitions in the pattern. With L bytes and q repetitions (* + - and %b, %1) the
 * matcher tries at most about C(L + q + 1, q + 1) ways, twice that for each "?". What could pass
 * STEPS_MAX ways is refused before it starts.
 */
#include "script/sandbox.h"

#include <lauxlib.h>
#include <string.h>

#define SUBJECT_MAX 65536
#define STEPS_MAX 2e9
#define STEPS_TIMED 1e5 /* from here on a call is paid for by the time it took */

/* What multiplies the ways a pattern can match: repetitions, and optional items. */
static void count_items(const char *pattern, gsize length, int *ret_loops, int *ret_options)
{
    bool in_set = false;
    for (gsize i = 0; i < length; i++) {
        if (pattern[i] == '%' && i + 1 < length) {
            i++;
            *ret_loops += !in_set && (pattern[i] == 'b' || g_ascii_isdigit(pattern[i]));
        } else if (pattern[i] == '[' && !in_set) {
            in_set = true;
            i += i + 1 < length && pattern[i + 1] == '^';
            i += i + 1 < length && pattern[i + 1] == ']'; /* a "]" that comes first is itself */
        } else if (pattern[i] == ']') {
            in_set = false;
        } else if (!in_set && strchr("*+-", pattern[i]) && pattern[i]) {
            (*ret_loops)++;
        } else if (!in_set && pattern[i] == '?') {
            (*ret_options)++;
        }
    }
}

/* Raises for a pattern that is refused; else the most ways it could try. */
static double check_pattern(lua_State *L, bool plain)
{
    gsize subject = 0;
    gsize length = 0;
    luaL_checklstring(L, 1, &subject);
    const char *pattern = luaL_checklstring(L, 2, &length);
    if (subject > SUBJECT_MAX) {
        luaL_error(L, "text of %d bytes is too long to search; %d are possible", (int)subject,
                SUBJECT_MAX);
    }
    int loops = 0;
    int options = 0;
    if (!plain) {
        count_items(pattern, length, &loops, &options);
    }
    double steps = 1;
    for (int i = 1; i <= loops + 1 && steps <= STEPS_MAX; i++) {
        steps *= (double)(subject + (gsize)i) / i;
    }
    for (int i = 0; i < options && steps <= STEPS_MAX; i++) {
        steps *= 2;
    }
    if (steps > STEPS_MAX) {
        luaL_error(L,
                "pattern with %d repetitions on a text of %d bytes could take for ever; search "
                "line by line, as in: for line in text:gmatch(\"[^\\n]+\")",
                loops + options, (int)subject);
    }
    return steps;
}

/* Calls the real function, the first upvalue. Few patterns come near their bound, so what may take
 * long is measured, and what cannot is not. */
static int call_real(lua_State *L, double steps)
{
    int args = lua_gettop(L);
    bool timed = steps >= STEPS_TIMED;
    double began = timed ? sandbox_cpu_seconds() : 0;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, args, LUA_MULTRET);
    sandbox_charge(
            L, timed ? (sandbox_cpu_seconds() - began) * SANDBOX_STEPS_A_SECOND : steps / 100);
    return lua_gettop(L);
}

static int bounded_find(lua_State *L)
{
    return call_real(L, check_pattern(L, lua_toboolean(L, 4)));
}

static int bounded_pattern(lua_State *L)
{
    return call_real(L, check_pattern(L, false));
}

/* The iterator is the first upvalue, what one of its steps can take the second. */
static int bounded_next(lua_State *L)
{
    return call_real(L, lua_tonumber(L, lua_upvalueindex(2)));
}

static int bounded_gmatch(lua_State *L)
{
    double steps = check_pattern(L, false);
    call_real(L, 1);
    lua_settop(L, 1);
    lua_pushnumber(L, steps);
    lua_pushcclosure(L, bounded_next, 2);
    return 1;
}

static void wrap(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

void sandbox_open_strings(lua_State *L)
{
    wrap(L, "find", bounded_find);
    wrap(L, "match", bounded_pattern);
    wrap(L, "gmatch", bounded_gmatch);
    wrap(L, "gsub", bounded_pattern);
}
