/* api_router.c - routers as handles: rules come and go, counters are read. */
#include "plan/router.h"
#include "script/api.h"

#include <string.h>

#define ROUTER "sandtable.router"
#define NAMES_MAX 64

struct handle { /* ids, never pointers */
    int gate, team;
};

void script_push_router(lua_State *L, const char *name, int team)
{
    const struct plan *plan = task_of(L)->script->plan;
    int gate = plan_gate_for(plan, name, team);
    if (gate < 0) {
        const struct plan_team *of = team >= 0 ? plan->teams->pdata[team] : NULL;
        luaL_error(L, "no router \"%s\" for %s%s", name, of ? "team " : "no team in particular",
                of ? of->id : "");
    }
    struct handle *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
    handle->gate = gate;
    handle->team = ((const struct plan_gate *)plan->gates->pdata[gate])->team;
    luaL_setmetatable(L, ROUTER);
}

int script_router_of(lua_State *L, int index)
{
    const struct handle *handle = luaL_checkudata(L, index, ROUTER);
    return handle->gate;
}

static int push_answer(lua_State *L, int status, lua_KContext context)
{
    const struct answer *answer = &task_of(L)->answer;
    (void)status;
    (void)context;
    if (answer->kind == SCRIPT_REPLY_FAILED) {
        return api_push_failure(L, answer);
    }
    if (answer->kind == SCRIPT_REPLY_TEXT) { /* a number of packets */
        lua_pushinteger(L, (lua_Integer)g_ascii_strtoll(answer->text, NULL, 10));
    } else {
        lua_pushboolean(L, 1);
    }
    return 1;
}

/* ---- a rule's table ------------------------------------------------------------------------ */

static bool is_value(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER;
}

/* Raises unless every key is a name and every value a text, a number or a list of them: what comes
 * after must not raise while it holds memory. */
static void check_rule_table(lua_State *L, int index)
{
    lua_pushnil(L);
    while (lua_next(L, index)) {
        bool list = lua_type(L, -1) == LUA_TTABLE;
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, index,
                "a rule is a table such as { name = \"no-web\", action = \"drop\" }");
        luaL_argcheck(L, list || is_value(L, -1), index,
                "a rule's values are texts, numbers or a list of ports");
        lua_Unsigned count = list ? lua_rawlen(L, -1) : 0;
        luaL_argcheck(L, count <= NAMES_MAX, index, "too many ports");
        for (lua_Unsigned i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, (lua_Integer)i);
            luaL_argcheck(L, is_value(L, -1), index, "ports are numbers or texts");
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
}

static cJSON *value_json(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TNUMBER ? cJSON_CreateNumber(lua_tonumber(L, index))
                                             : cJSON_CreateString(lua_tostring(L, index));
}

/* Of a table that check_rule_table() has seen; there is room on the stack. */
static cJSON *rule_json(lua_State *L, int index)
{
    cJSON *json = cJSON_CreateObject();
    lua_pushnil(L);
    while (lua_next(L, index)) {
        cJSON *value = NULL;
        if (lua_type(L, -1) == LUA_TTABLE) {
            value = cJSON_CreateArray();
            for (lua_Unsigned i = 1; i <= lua_rawlen(L, -1); i++) {
                lua_rawgeti(L, -1, (lua_Integer)i);
                cJSON_AddItemToArray(value, value_json(L, -1));
                lua_pop(L, 1);
            }
        } else {
            value = value_json(L, -1);
        }
        cJSON_AddItemToObject(json, lua_tostring(L, -2), value);
        lua_pop(L, 1);
    }
    return json;
}

/* The rule at index; NULL and its problem on the stack. */
static struct plan_rule *to_rule(lua_State *L, int index, const struct handle *handle)
{
    const struct plan *plan = task_of(L)->script->plan;
    const struct plan_gate *gate = plan->gates->pdata[handle->gate];
    char problem[512] = "";
    cJSON *json = rule_json(L, index);
    GError *error = NULL;
    struct plan_rule *rule = plan_rule_from_json(json, &error);
    cJSON_Delete(json);
    char *wrong = rule ? plan_rule_check(plan, gate->router, rule, NULL) : NULL;
    if (!rule || wrong) {
        g_strlcpy(problem, wrong ? wrong : error->message, sizeof(problem));
        plan_rule_free(rule);
        rule = NULL;
    }
    g_clear_error(&error);
    g_free(wrong);
    if (!rule) {
        luaL_error(L, "router: %s", problem);
    }
    return rule;
}

/* ---- functions ----------------------------------------------------------------------------- */

/* router:rule{ name = "no-web", action = "drop", … } → true or nil, { code, message }: before the
 * other rules, in place of one of the same name */
static int router_rule(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, ROUTER);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    luaL_checkstack(L, 12, NULL);
    check_rule_table(L, 2);
    struct task *task = api_task_to_ask(L, "router:rule");
    struct plan_rule *rule = to_rule(L, 2, handle);
    const struct script_host *host = &task->script->host;
    host->rule(host->data, task_ticket(task), task->who, handle->gate, rule, NULL);
    return task_wait(L, task, TASK_WAIT_S * G_USEC_PER_SEC, push_answer);
}

static const char *check_rule_name(lua_State *L, int index)
{
    const char *name = luaL_checkstring(L, index);
    luaL_argcheck(L, strlen(name) < 64, index, "no rule has so long a name");
    return name;
}

/* router:remove("no-web") → true or nil, { code, message } */
static int router_remove(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, ROUTER);
    const char *name = check_rule_name(L, 2);
    struct task *task = api_task_to_ask(L, "router:remove");
    const struct script_host *host = &task->script->host;
    host->rule(host->data, task_ticket(task), task->who, handle->gate, NULL, name);
    return task_wait(L, task, TASK_WAIT_S * G_USEC_PER_SEC, push_answer);
}

/* router:packets("no-web") → how many packets the rule has met, or nil, { code, message } */
static int router_packets(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, ROUTER);
    const char *name = check_rule_name(L, 2);
    struct task *task = api_task_to_ask(L, "router:packets");
    const struct script_host *host = &task->script->host;
    host->packets(host->data, task_ticket(task), task->who, handle->gate, name);
    return task_wait(L, task, TASK_WAIT_S * G_USEC_PER_SEC, push_answer);
}

const luaL_Reg api_router[] = {
        {"rule", router_rule},
        {"remove", router_remove},
        {"packets", router_packets},
        {"reset", api_router_reset},
        {NULL, NULL},
};

/* router.id, router.name, router.team, or one of the functions (the first upvalue) */
static int router_index(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, ROUTER);
    const struct plan *plan = task_of(L)->script->plan;
    const struct plan_gate *gate = plan->gates->pdata[handle->gate];
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "id") == 0) {
        lua_pushstring(L, gate->id);
    } else if (strcmp(key, "name") == 0) {
        lua_pushstring(L, gate->router->name);
    } else if (strcmp(key, "team") == 0) {
        lua_pushstring(L, ((const struct plan_team *)plan->teams->pdata[handle->team])->id);
    } else if (lua_getfield(L, lua_upvalueindex(1), key) == LUA_TNIL) {
        return luaL_error(L,
                "a router has no \"%s\"; it has id, name, team, rule, remove, packets, reset", key);
    }
    return 1;
}

void api_open_router(lua_State *L)
{
    api_open_handle(L, ROUTER, api_router, router_index);
}
