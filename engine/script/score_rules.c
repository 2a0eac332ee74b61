/* score_rules.c - scoring models in Lua: reading one, and giving it event after event. */
#include "script/score_rules.h"

#include "base/error.h"
#include "base/json.h"
#include "score/custom.h"
#include "script/sandbox.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define EVENT_BUDGET 5000000LL /* instructions for one event */
#define PARTS_MAX 6
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

struct rule {
    struct sandbox *sandbox;
    int score, settings; /* references: the function, its last argument */
    const struct event *event;
    const struct score_custom_sink *sink; /* while it is given an event */
};

/* Lua's messages cut long names. */
static char *chunk_name(const char *from)
{
    return strlen(from) < LUA_IDSIZE ? g_strdup(from) : g_path_get_basename(from);
}

/* ---- JSON into Lua ------------------------------------------------------------------------- */

static void push_json(lua_State *L, const cJSON *item);

static void push_members(lua_State *L, const cJSON *item)
{
    bool list = cJSON_IsArray(item);
    lua_Integer index = 0;
    const cJSON *member = NULL;
    luaL_checkstack(L, 4, "an event is nested too deeply");
    lua_newtable(L);
    cJSON_ArrayForEach(member, item)
    {
        push_json(L, member);
        if (list) {
            lua_rawseti(L, -2, ++index);
        } else {
            lua_setfield(L, -2, member->string);
        }
    }
}

static void push_json(lua_State *L, const cJSON *item)
{
    if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
        push_members(L, item);
    } else if (cJSON_IsString(item)) {
        lua_pushstring(L, item->valuestring);
    } else if (cJSON_IsBool(item)) {
        lua_pushboolean(L, cJSON_IsTrue(item));
    } else if (!cJSON_IsNumber(item)) {
        lua_pushnil(L);
    } else if (item->valuedouble == floor(item->valuedouble) &&
               fabs(item->valuedouble) <= WHOLE_MAX) {
        lua_pushinteger(L, (lua_Integer)item->valuedouble);
    } else {
        lua_pushnumber(L, item->valuedouble);
    }
}

static void push_event(lua_State *L, const struct event *event, const cJSON *body)
{
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, event->seq);
    lua_setfield(L, -2, "seq");
    lua_pushinteger(L, event->at_us);
    lua_setfield(L, -2, "at_us");
    lua_pushstring(L, event->kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, event->team);
    lua_setfield(L, -2, "team");
    lua_pushstring(L, event->subject);
    lua_setfield(L, -2, "subject");
    push_json(L, body);
    lua_setfield(L, -2, "body");
}

/* ---- give(team, part, points, why, event) -------------------------------------------------- */

/* The event that is credited: a number, or a table with seq; 0 when there is none. */
static gint64 credited(lua_State *L)
{
    if (lua_isnoneornil(L, 5)) {
        return 0;
    }
    if (lua_istable(L, 5)) {
        lua_getfield(L, 5, "seq");
        lua_replace(L, 5);
    }
    gint64 seq = luaL_checkinteger(L, 5);
    return seq > 0 ? seq : G_MAXINT64; /* there is none such */
}

static int give(lua_State *L)
{
    const struct rule *rule = lua_touserdata(L, lua_upvalueindex(1));
    const char *team = luaL_checkstring(L, 1);
    const char *part = luaL_checkstring(L, 2);
    double points = luaL_checknumber(L, 3);
    const char *why = luaL_optstring(L, 4, part);
    const char *problem = NULL;
    if (!rule->sink->give(rule->sink->data, team, part, points, credited(L), why, &problem)) {
        return luaL_error(L, "give(): %s", problem);
    }
    return 0;
}

/* ---- errors with their place --------------------------------------------------------------- */

/* Messages of C functions and of ends of budgets have no place of their own. */
static int with_place(lua_State *L)
{
    const struct sandbox *sandbox = sandbox_of(L);
    const char *message =
            lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "an error that is not a text";
    gsize length = strlen(sandbox->chunk);
    if (!strncmp(message, sandbox->chunk, length) && message[length] == ':') {
        lua_pushstring(L, message);
        return 1;
    }
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        if (lua_getinfo(L, "Sl", &ar) && ar.source[0] == '=' && ar.currentline > 0) {
            lua_pushfstring(L, "%s:%d: %s", sandbox->chunk, ar.currentline, message);
            return 1;
        }
    }
    lua_pushfstring(L, "%s: %s", sandbox->chunk, message);
    return 1;
}

/* Calls the function below its arguments, results left on the stack. */
static bool call(struct rule *rule, int args, int results, GError **error)
{
    lua_State *L = rule->sandbox->L;
    int base = lua_gettop(L) - args;
    lua_pushcfunction(L, with_place);
    lua_insert(L, base);
    int status = lua_pcall(L, args, results, base);
    lua_remove(L, base);
    if (status == LUA_OK) {
        return true;
    }
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    bool placed = g_str_has_prefix(valid, rule->sandbox->chunk);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, "%s%s%s",
            placed ? "" : rule->sandbox->chunk, placed ? "" : ": ", valid);
    lua_pop(L, 1);
    return false;
}

/* ---- reading one --------------------------------------------------------------------------- */

/* The list of texts in member of the table at 1; one entry, usual, when there is none. */
static char **take_list(lua_State *L, const char *member, int most, const char *usual)
{
    int type = lua_getfield(L, 1, member);
    if (type == LUA_TNIL && usual) {
        lua_pop(L, 1);
        const char *const one[] = {usual, NULL};
        return g_strdupv((char **)one);
    }
    lua_Integer count = type == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, -1) : 0;
    if (count < 1 || count > most) {
        luaL_error(L, "%s must be a list of 1 to %d texts", member, most);
    }
    for (lua_Integer i = 1; i <= count; i++) { /* before anything is allocated */
        gsize length = 0;
        if (lua_rawgeti(L, -1, i) != LUA_TSTRING || !lua_tolstring(L, -1, &length) || length < 1 ||
                length > 32 ||
                strspn(lua_tostring(L, -1), "abcdefghijklmnopqrstuvwxyz.-_*0123456789") != length) {
            luaL_error(L, "%s must be texts of small letters, digits, \"-\" and \"_\"", member);
        }
        lua_pop(L, 1);
    }
    char **list = g_new0(char *, count + 1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        list[i - 1] = g_strdup(lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return list;
}

static void check_members(lua_State *L)
{
    static const char *const known[] = {"parts", "events", "score", NULL};
    luaL_checkstack(L, 4, NULL);
    if (!lua_istable(L, 1) || lua_getfield(L, 1, "score") != LUA_TFUNCTION) {
        luaL_error(L, "a scoring model ends with: return { parts = { \"…\" }, events = { \"…\" }, "
                      "score = function(event, give, settings) … end }");
    }
    lua_pop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "(a number)";
        if (!g_strv_contains(known, name)) {
            luaL_error(L, "a scoring model has parts, events and score, not \"%s\"", name);
        }
    }
}

struct shape {
    struct rule *rule;
    const cJSON *settings;
    char **parts, **events;
};

/* (table of the text, struct shape): the lists, and references to what is called. */
static int take_shape(lua_State *L)
{
    struct shape *shape = lua_touserdata(L, 2);
    check_members(L);
    shape->events = take_list(L, "events", SCORE_CUSTOM_EVENTS_MAX, NULL);
    shape->parts = take_list(L, "parts", PARTS_MAX, "custom");
    lua_getfield(L, 1, "score");
    shape->rule->score = luaL_ref(L, LUA_REGISTRYINDEX);
    push_json(L, shape->settings);
    shape->rule->settings = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int purify(lua_State *L)
{
    score_rules_purify(L);
    return 0;
}

static bool read_text(struct rule *rule, const char *code, GError **error)
{
    g_autofree char *message = NULL;
    int line = 1;
    if (sandbox_run(rule->sandbox, code, strlen(code), &message, &line)) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, "%s:%d: %s", rule->sandbox->chunk,
            line, message);
    return false;
}

static bool start_in(struct rule *rule, const struct score_custom_rule *custom, struct shape *shape,
        GError **error)
{
    lua_State *L = rule->sandbox->L;
    lua_pushcfunction(L, purify);
    if (!call(rule, 0, 0, error) || !read_text(rule, custom->code, error)) {
        return false;
    }
    lua_pushcfunction(L, take_shape);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, shape);
    return call(rule, 2, 0, error);
}

static void rule_stop(gpointer run)
{
    struct rule *rule = run;
    sandbox_free(rule->sandbox);
    g_free(rule);
}

static gpointer rule_start(const struct score_custom_rule *custom, char ***ret_parts,
        char ***ret_events, GError **error)
{
    g_autofree char *chunk = chunk_name(custom->from);
    struct rule *rule = g_new0(struct rule, 1);
    struct shape shape = {.rule = rule, .settings = custom->settings};
    rule->sandbox = sandbox_new(chunk, NULL, SANDBOX_MEMORY);
    if (!rule->sandbox) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "%s: not enough memory",
                custom->from);
        g_free(rule);
        return NULL;
    }
    rule->sandbox->too_long = "took too long over one event";
    bool ok = start_in(rule, custom, &shape, error);
    if (ok && ret_parts) {
        *ret_parts = g_steal_pointer(&shape.parts);
        *ret_events = g_steal_pointer(&shape.events);
    }
    g_strfreev(shape.parts);
    g_strfreev(shape.events);
    if (!ok) {
        rule_stop(rule);
        return NULL;
    }
    return rule;
}

/* ---- an event ------------------------------------------------------------------------------ */

struct turn {
    struct rule *rule;
    const cJSON *body;
};

static int run_turn(lua_State *L)
{
    const struct turn *turn = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, turn->rule->score);
    push_event(L, turn->rule->event, turn->body);
    lua_pushlightuserdata(L, turn->rule);
    lua_pushcclosure(L, give, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, turn->rule->settings);
    lua_call(L, 3, 0);
    return 0;
}

static bool rule_event(gpointer run, const struct event *event,
        const struct score_custom_sink *sink, GError **error)
{
    struct rule *rule = run;
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    struct turn turn = {.rule = rule, .body = body};
    rule->event = event;
    rule->sink = sink;
    sandbox_budget(rule->sandbox, EVENT_BUDGET);
    lua_pushcfunction(rule->sandbox->L, run_turn);
    lua_pushlightuserdata(rule->sandbox->L, &turn);
    bool ok = call(rule, 1, 0, error);
    rule->event = NULL;
    rule->sink = NULL;
    return ok;
}

void script_provide_score_rules(void)
{
    static const struct score_custom_runner runner = {
            .start = rule_start,
            .event = rule_event,
            .stop = rule_stop,
    };
    score_custom_provide(&runner);
}
