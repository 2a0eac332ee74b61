/* api_link.c - links as handles: impaired and cleared by a scenario's functions. */
#include "script/api.h"

#include "plan/plan_impair.h"

#include <string.h>

#define LINK "sandtable.link"

struct link_handle { /* indices, never pointers */
    int machine, card, team;
};

/* machine:link("office"), machine:link() when there is one */
void script_push_link(lua_State *L, int machine, const char *network, int team)
{
    const struct plan *plan = task_of(L)->script->plan;
    const struct plan_machine *of = plan->machines->pdata[machine];
    GArray *cards = plan_link_cards(plan, machine, network, team);
    guint count = cards->len;
    int card = count == 1 ? g_array_index(cards, int, 0) : -1;
    g_array_unref(cards); /* before anything can raise */
    if (count == 0) {
        luaL_error(L, "machine \"%s\" does not stand on a network \"%s\"", of->id,
                network ? network : "");
    } else if (card < 0) {
        luaL_error(L, "machine \"%s\" has several such links; say which network", of->id);
    }
    struct link_handle *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
    *handle = (struct link_handle){.machine = machine, .card = card, .team = team};
    luaL_setmetatable(L, LINK);
}

static int ask(lua_State *L, const struct link_handle *handle, const char *what,
        const struct plan_impair *wish)
{
    struct task *task = api_task_to_ask(L, what);
    const struct script_host *host = &task->script->host;
    host->impair(host->data, task_ticket(task), task->who, handle->team, handle->machine,
            handle->card, wish);
    return task_wait(L, task, TASK_WAIT_S * G_USEC_PER_SEC, api_push_done);
}

/* Raises the error's text, which is freed before. */
static void raise_error(lua_State *L, const char *before, GError *error)
{
    lua_pushfstring(L, "%s%s", before, error->message);
    g_error_free(error);
    luaL_error(L, "%s", lua_tostring(L, -1));
}

/* The member called key of the table at index: a text with a unit. */
static void read_value(lua_State *L, int index, const char *key, struct plan_impairment *impairment)
{
    int type = lua_getfield(L, index, key);
    GError *error = NULL;
    if (type == LUA_TSTRING) {
        if (!plan_impairment_set(impairment, key, lua_tostring(L, -1), &error)) {
            raise_error(L, "", error);
        }
    } else if (type != LUA_TNIL) {
        luaL_error(L, "%s: a text with a unit such as \"40ms\", \"2%%\" or \"5mbit\"", key);
    }
    lua_pop(L, 1);
}

static void refuse_unknown(lua_State *L, int index, const char *const *known)
{
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (!g_strv_contains(known, key) && !g_strv_contains(plan_impairment_keys, key)) {
            luaL_error(L,
                    "unknown \"%s\"; known are delay, jitter, loss, duplicate, reorder, "
                    "corrupt, rate, direction, in, out, down",
                    key);
        }
        lua_pop(L, 1);
    }
}

static void read_values(lua_State *L, int index, struct plan_impairment *impairment)
{
    GError *error = NULL;
    for (int i = 0; plan_impairment_keys[i]; i++) {
        read_value(L, index, plan_impairment_keys[i], impairment);
    }
    if (!plan_impairment_check(impairment, &error)) {
        raise_error(L, "", error);
    }
}

/* link:impair{ delay = "40ms", loss = "2%", direction = "out" }, { out = { … } }, { down = true }
 *                                                             → true or nil, { code, message } */
static int link_impair(lua_State *L)
{
    static const char *const others[] = {"direction", "in", "out", "down", NULL};
    static const char *const none[] = {NULL};
    const struct link_handle *handle = luaL_checkudata(L, 1, LINK);
    struct plan_impairment one[PLAN_DIRECTIONS] = {0};
    struct plan_impair wish = {0};
    guint mask = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    refuse_unknown(L, 2, others);
    read_values(L, 2, &wish.both);
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        int type = lua_getfield(L, 2, plan_direction_name(d));
        luaL_argcheck(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "in and out are tables");
        if (type == LUA_TTABLE) {
            refuse_unknown(L, lua_gettop(L), none);
            read_values(L, lua_gettop(L), &one[d]);
            wish.directions[d] = &one[d];
        }
    }
    lua_getfield(L, 2, "down");
    wish.down = lua_toboolean(L, -1);
    lua_getfield(L, 2, "direction"); /* the text stays on the stack until the call */
    wish.direction = lua_isnil(L, -1) ? NULL : (char *)luaL_checkstring(L, -1);
    bool own = wish.directions[PLAN_IN] || wish.directions[PLAN_OUT];
    bool both = !plan_impairment_is_nothing(&wish.both);
    luaL_argcheck(L, plan_direction_parse(wish.direction, &mask), 2,
            "direction is \"in\", \"out\" or \"both\"");
    luaL_argcheck(L, own + both + wish.down == 1 && !(own && wish.direction), 2,
            "give values, or in and out with values, or down = true");
    return ask(L, handle, "link:impair", &wish);
}

/* link:clear() → true or nil, { code, message } */
static int link_clear(lua_State *L)
{
    const struct plan_impair wish = {.clear = true};
    return ask(L, luaL_checkudata(L, 1, LINK), "link:clear", &wish);
}

const luaL_Reg api_link[] = {
        {"impair", link_impair},
        {"clear", link_clear},
        {NULL, NULL},
};

/* link.id, link.network, or one of the functions (the first upvalue) */
static int link_index(lua_State *L)
{
    const struct link_handle *handle = luaL_checkudata(L, 1, LINK);
    const struct plan *plan = task_of(L)->script->plan;
    const struct plan_machine *machine = plan->machines->pdata[handle->machine];
    const struct plan_card *card = machine->cards->pdata[handle->card];
    const struct plan_network *network = plan->networks->pdata[card->network];
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "id") == 0) {
        char *id = plan_link_id(plan, handle->machine, handle->card);
        lua_pushstring(L, id);
        g_free(id);
    } else if (strcmp(key, "network") == 0) {
        lua_pushstring(L, network->subnet->name);
    } else if (lua_getfield(L, lua_upvalueindex(1), key) == LUA_TNIL) {
        return luaL_error(L, "a link has no \"%s\"; it has id, network, impair, clear", key);
    }
    return 1;
}

void api_open_link(lua_State *L)
{
    api_open_handle(L, LINK, api_link, link_index);
}
