/* api_range.c - range: time, events, notes, steps, teams and machines. */
#include "script/api.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

static int nothing(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

/* range.sleep(time) */
static int range_sleep(lua_State *L)
{
    gint64 us = api_duration(L, 1);
    struct task *task = task_of(L);
    task_check_wait(L, "range.sleep");
    return task_wait(L, task, us, nothing);
}

/* range.now() → seconds of exercise time */
static int range_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)clock_now(task_of(L)->script->clock) / G_USEC_PER_SEC);
    return 1;
}

/* The text at index, without control characters; valid until the task's next text. */
static const char *clean_text(lua_State *L, int index, gsize max)
{
    gsize length = 0;
    const char *text = luaL_checklstring(L, index, &length);
    struct task *task = task_of(L);
    g_free(task->scratch);
    task->scratch = text_clean_tail(text, length, max);
    return task->scratch;
}

/* range.note(text [, team]) */
static int range_note(lua_State *L)
{
    int team = api_team(L, 2);
    const char *text = clean_text(L, 1, 2048);
    struct task *task = task_of(L);
    const struct script_host *host = &task->script->host;
    host->note(host->data, task->who, team, text);
    return 0;
}

/* range.log(text): for the author, on stderr */
static int range_log(lua_State *L)
{
    const char *text = clean_text(L, 1, 2048);
    g_message("%s: %s", task_of(L)->who, text);
    return 0;
}

/* range.teams() → { "blue1", "blue2", … } */
static int range_teams(lua_State *L)
{
    const struct plan *plan = task_of(L)->script->plan;
    lua_createtable(L, (int)plan->teams->len, 0);
    lua_Integer n = 0;
    for (guint i = 0; i < plan->teams->len; i++) {
        const struct plan_team *team = plan->teams->pdata[i];
        if (!team->reference) { /* there is nothing to do with it */
            lua_pushstring(L, team->id);
            lua_rawseti(L, -2, ++n);
        }
    }
    return 1;
}

/* range.machine(name [, team]) → a machine */
static int range_machine(lua_State *L)
{
    int team = api_team(L, 2);
    script_push_machine(L, luaL_checkstring(L, 1), team);
    return 1;
}

/* range.router(name [, team]) → a router */
static int range_router(lua_State *L)
{
    int team = api_team(L, 2);
    script_push_router(L, luaL_checkstring(L, 1), team);
    return 1;
}

static int push_verdict(lua_State *L, int status, lua_KContext context)
{
    const struct answer *answer = &task_of(L)->answer;
    (void)status;
    (void)context;
    if (answer->kind == SCRIPT_REPLY_FAILED) {
        return api_push_failure(L, answer);
    }
    lua_pushstring(L, answer->text ? answer->text : "fault");
    return 1;
}

/* range.step(name, team) → "effect", "blocked", "inert", "fault", "skipped"
 *                       or nil, { code, message } */
static int range_step(lua_State *L)
{
    struct task *task = task_of(L);
    const struct plan_step *step = plan_step(task->script->plan, luaL_checkstring(L, 1));
    luaL_argcheck(L, step, 1, "no step of that name");
    luaL_checkstring(L, 2);
    int team = api_team(L, 2);
    task_check_wait(L, "range.step");
    answer_clear(&task->answer);
    const struct script_host *host = &task->script->host;
    gint64 most = step->limit_us * (step->act->len + step->undo->len) + step->within_us +
                  300 * G_USEC_PER_SEC;
    host->step(host->data, task_ticket(task), task->who, step->name, team);
    return task_wait(L, task, most, push_verdict);
}

/* ---- events -------------------------------------------------------------------------------- */

static void push_json(lua_State *L, const cJSON *json)
{
    luaL_checkstack(L, 8, NULL);
    if (cJSON_IsString(json)) {
        lua_pushstring(L, json->valuestring);
    } else if (cJSON_IsNumber(json)) {
        lua_Integer whole = 0;
        if (lua_numbertointeger(json->valuedouble, &whole) && (double)whole == json->valuedouble) {
            lua_pushinteger(L, whole);
        } else {
            lua_pushnumber(L, json->valuedouble);
        }
    } else if (cJSON_IsBool(json)) {
        lua_pushboolean(L, cJSON_IsTrue(json));
    } else if (cJSON_IsArray(json) || cJSON_IsObject(json)) {
        lua_newtable(L);
        lua_Integer index = 1;
        for (const cJSON *item = json->child; item; item = item->next) {
            push_json(L, item);
            if (cJSON_IsArray(json)) {
                lua_rawseti(L, -2, index++);
            } else {
                lua_setfield(L, -2, item->string);
            }
        }
    } else {
        lua_pushnil(L);
    }
}

static int free_json(lua_State *L)
{
    cJSON **json = lua_touserdata(L, 1);
    g_clear_pointer(json, cJSON_Delete);
    return 0;
}

/* The event's body as a table; its JSON is owned by a userdata, so that no error leaks it. */
static void push_body(lua_State *L, const struct event *event)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a pointer is what is kept */
    cJSON **json = lua_newuserdatauv(L, sizeof(*json), 0);
    *json = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, free_json);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    *json = json_parse(event->body, strlen(event->body), NULL);
    push_json(L, *json);
    g_clear_pointer(json, cJSON_Delete);
    lua_remove(L, -2);
}

static int push_event(lua_State *L, int status, lua_KContext context)
{
    const struct answer *answer = &task_of(L)->answer;
    (void)status;
    (void)context;
    const struct event *event = answer->event;
    if (!event) {
        return api_push_failure(L, answer);
    }
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, event->seq);
    lua_setfield(L, -2, "seq");
    lua_pushnumber(L, (lua_Number)event->at_us / G_USEC_PER_SEC);
    lua_setfield(L, -2, "at");
    lua_pushstring(L, event->kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, event->team);
    lua_setfield(L, -2, "team");
    lua_pushstring(L, event->subject);
    lua_setfield(L, -2, "subject");
    push_body(L, event);
    lua_setfield(L, -2, "body");
    return 1;
}

static void refuse_unknown_options(lua_State *L)
{
    const char *const known[] = {"kind", "team", "subject", "timeout", NULL};
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        const char *key = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        if (!g_strv_contains(known, key)) {
            luaL_error(L,
                    "range.wait_for: unknown option \"%s\"; it takes kind, team, subject, "
                    "timeout",
                    key);
        }
    }
}

/* range.wait_for{ kind = "step.verdict", team = "blue1", subject = "guess", timeout = "4m" }
 *   → { seq, at, kind, team, subject, body } or nil, { code = "timeout", message } */
static int range_wait_for(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    refuse_unknown_options(L);
    lua_settop(L, 1);
    gint64 timeout = api_option_duration(L, 1, "timeout", TASK_WAIT_S * G_USEC_PER_SEC);
    struct task *task = task_of(L);
    task_check_wait(L, "range.wait_for");
    lua_getfield(L, 1, "kind");
    lua_getfield(L, 1, "team");
    lua_getfield(L, 1, "subject");
    const char *kind = luaL_checkstring(L, 2);
    const char *team = luaL_optstring(L, 3, NULL);
    const char *subject = luaL_optstring(L, 4, NULL);
    answer_clear(&task->answer);
    task->wait_kind = g_strdup(kind);
    task->wait_team = g_strdup(team);
    task->wait_subject = g_strdup(subject);
    return task_wait(L, task, timeout, push_event);
}

const luaL_Reg api_range[] = {
        {"sleep", range_sleep},
        {"now", range_now},
        {"note", range_note},
        {"log", range_log},
        {"teams", range_teams},
        {"machine", range_machine},
        {"router", range_router},
        {"step", range_step},
        {"wait_for", range_wait_for},
        {"reset", api_range_reset},
        {"checkpoint", api_range_checkpoint},
        {"restore", api_range_restore},
        {NULL, NULL},
};
