/* require.c - require("name") for scenarios: Lua text from the scenario's folder, then from lua/.
 */
#include "script/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULE_MAX (1024 * 1024)

/* "ics.modbus" → "ics/modbus.lua"; only letters, digits, "_" and "-", so no path leaves a folder.
 */
static bool module_path(const char *name, char *ret, gsize size)
{
    gsize length = strlen(name);
    if (length == 0 || length + 5 > size || name[0] == '.' || name[length - 1] == '.' ||
            strstr(name, "..")) {
        return false;
    }
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isalnum(name[i]) && !strchr("_-.", name[i])) {
            return false;
        }
        ret[i] = (char)(name[i] == '.' ? '/' : name[i]);
    }
    memcpy(ret + length, ".lua", 5);
    return true;
}

/* The text of a file inside folder, links resolved; NULL when there is none. */
static char *read_inside(const char *folder, const char *path, gsize *ret_length)
{
    char *text = NULL;
    g_autofree char *joined = folder ? g_build_filename(folder, path, NULL) : NULL;
    g_autofree char *real = joined ? realpath(joined, NULL) : NULL;
    g_autofree char *base = folder ? realpath(folder, NULL) : NULL;
    gsize inside = base ? strlen(base) : 0;
    struct stat status;
    if (!real || !base || strncmp(real, base, inside) != 0 || real[inside] != '/' ||
            stat(real, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > MODULE_MAX ||
            !g_file_get_contents(real, &text, ret_length, NULL)) {
        return NULL;
    }
    return text;
}

/* The module's text as a string; the sandbox keeps it meanwhile, so that no error leaks it. */
static bool push_module(lua_State *L, struct sandbox *sandbox, const char *path)
{
    gsize length = 0;
    g_free(sandbox->module);
    sandbox->module = read_inside(sandbox->folder, path, &length);
    if (!sandbox->module) {
        sandbox->module = read_inside(sandbox->library, path, &length);
    }
    if (!sandbox->module) {
        return false;
    }
    sandbox_note_source(sandbox, path, sandbox->module, length);
    lua_pushlstring(L, sandbox->module, length);
    g_clear_pointer(&sandbox->module, g_free);
    return true;
}

/* require(name) → what the module returned, loaded once */
int sandbox_require(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct sandbox *sandbox = sandbox_of(L);
    char path[128];
    if (!module_path(name, path, sizeof(path))) {
        return luaL_error(
                L, "require \"%s\": not the name of a module, such as \"attacks.web\"", name);
    }
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "sandtable.modules");
    if (lua_getfield(L, -1, name) != LUA_TNIL) {
        return 1;
    }
    lua_pop(L, 1);
    if (!push_module(L, sandbox, path)) {
        return luaL_error(
                L, "require \"%s\": no %s in the scenario's folder or in lua/", name, path);
    }
    gsize length = 0;
    const char *text = lua_tolstring(L, -1, &length);
    lua_pushfstring(L, "=%s", path);
    if (luaL_loadbufferx(L, text, length, lua_tostring(L, -1), "t") != LUA_OK) {
        return lua_error(L);
    }
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, 2, name);
    return 1;
}
