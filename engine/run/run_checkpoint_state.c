/* run_checkpoint_state.c - what the engine itself remembers in a checkpoint, and its return.
 *
 * {"seq": last event that counts as before, "at_us", "left_us": to the exercise's end,
 *  "injects":[{"id","state","left_us"}], "players":[{"name","team","left_us"}] (-1: had begun),
 *  "verdicts":[{"step","team","verdict"}], "services":[{"team","service","passed","failed"}],
 *  "links":[{"link","in","out","down"}]: what is asked of them,
 *  "routers":[{"router","rules"}]: the rules that hold there,
 *  "counts":{TEAM:[[from,to] …]}}: the events that count for a team, by seq, both ends included.
 */
#include "base/json.h"
#include "run/run_impair.h"
#include "run/run_restart.h"

#include <string.h>

bool checkpoint_concerns(int team, int which)
{
    return which < 0 || team == which;
}

/* ---- taking -------------------------------------------------------------------------------- */

static void add_injects(cJSON *state, const struct exercise *exercise, int which)
{
    gint64 now = clock_now(exercise->options.clock);
    cJSON *list = cJSON_AddArrayToObject(state, "injects");
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        const struct plan_inject *plan = g_ptr_array_index(exercise->options.plan->injects, i);
        const struct run_inject *inject = &exercise->injects[i];
        if (!checkpoint_concerns(plan->team, which)) {
            continue;
        }
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", plan->id);
        cJSON_AddStringToObject(json, "state", run_inject_state_name(inject->state));
        json_add_int(json, "left_us", inject->due_us < 0 ? -1 : MAX(0, inject->due_us - now));
        cJSON_AddItemToArray(list, json);
    }
}

static void add_players(cJSON *state, const struct exercise *exercise, int which)
{
    gint64 now = clock_now(exercise->options.clock);
    cJSON *list = cJSON_AddArrayToObject(state, "players");
    for (guint i = 0; i < exercise->players->len; i++) {
        const struct run_player *player = g_ptr_array_index(exercise->players, i);
        if (!checkpoint_concerns(player->team, which)) {
            continue;
        }
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "name", player->who);
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, player->team));
        json_add_int(json, "left_us", player->started ? -1 : MAX(0, player->due_us - now));
        cJSON_AddItemToArray(list, json);
    }
}

static void add_verdicts(cJSON *state, const struct exercise *exercise, int which)
{
    const struct plan *plan = exercise->options.plan;
    cJSON *list = cJSON_AddArrayToObject(state, "verdicts");
    for (guint s = 0; s < plan->steps->len; s++) {
        const struct plan_step *step = g_ptr_array_index(plan->steps, s);
        for (guint t = 0; t < plan->teams->len; t++) {
            enum run_verdict verdict = run_verdict_of(exercise, step, (int)t);
            if (verdict == VERDICT_NONE || !checkpoint_concerns((int)t, which)) {
                continue;
            }
            cJSON *json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "step", step->name);
            cJSON_AddStringToObject(json, "team", run_team_id(exercise, (int)t));
            cJSON_AddStringToObject(json, "verdict", run_verdict_name(verdict));
            cJSON_AddItemToArray(list, json);
        }
    }
}

static void add_services(cJSON *state, const struct exercise *exercise, int which)
{
    cJSON *list = cJSON_AddArrayToObject(state, "services");
    for (guint i = 0; i < exercise->checks->len; i++) {
        const struct run_check *check = g_ptr_array_index(exercise->checks, i);
        if (!checkpoint_concerns(check->team, which)) {
            continue;
        }
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "team", run_team_id(exercise, check->team));
        cJSON_AddStringToObject(json, "service", check->service->name);
        json_add_int(json, "passed", check->passed);
        json_add_int(json, "failed", check->failed);
        cJSON_AddItemToArray(list, json);
    }
}

/* The team's history up to the last event: what a restore before it left out stays out. */
static void add_counts(cJSON *state, const struct exercise *exercise, int which)
{
    cJSON *teams = cJSON_AddObjectToObject(state, "counts");
    for (guint t = 0; t < exercise->options.plan->teams->len; t++) {
        const GArray *history = exercise->teams[t].history;
        if (!checkpoint_concerns((int)t, which)) {
            continue;
        }
        cJSON *list = cJSON_AddArrayToObject(teams, run_team_id(exercise, (int)t));
        for (guint i = 0; i < history->len; i++) {
            const struct run_span *span = &g_array_index(history, struct run_span, i);
            gint64 to = MIN(span->to, exercise->seq);
            if (span->from <= to) {
                cJSON *pair = cJSON_CreateArray();
                cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)span->from));
                cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)to));
                cJSON_AddItemToArray(list, pair);
            }
        }
    }
}

cJSON *checkpoint_state(const struct exercise *exercise, int team)
{
    cJSON *state = cJSON_CreateObject();
    gint64 now = clock_now(exercise->options.clock);
    json_add_int(state, "seq", exercise->seq);
    json_add_int(state, "at_us", now);
    json_add_int(state, "left_us", MAX(0, exercise->end_us - now));
    add_injects(state, exercise, team);
    add_players(state, exercise, team);
    add_verdicts(state, exercise, team);
    add_services(state, exercise, team);
    add_counts(state, exercise, team);
    cJSON_AddItemToObject(state, "links", run_links_save(exercise, team));
    cJSON_AddItemToObject(state, "routers", run_gates_save(exercise, team));
    return state;
}

/* ---- standing still ------------------------------------------------------------------------ */

void checkpoint_freeze(struct exercise *exercise, int which)
{
    struct clock *clock = exercise->options.clock;
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        const struct plan_inject *plan = g_ptr_array_index(exercise->options.plan->injects, i);
        if (checkpoint_concerns(plan->team, which)) {
            clock_cancel(clock, exercise->injects[i].timer);
        }
    }
    for (guint i = 0; i < exercise->players->len; i++) {
        struct run_player *player = g_ptr_array_index(exercise->players, i);
        if (checkpoint_concerns(player->team, which)) {
            clock_cancel(clock, player->timer);
        }
    }
}

void checkpoint_thaw(struct exercise *exercise, int which)
{
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        const struct plan_inject *plan = g_ptr_array_index(exercise->options.plan->injects, i);
        if (checkpoint_concerns(plan->team, which)) {
            run_inject_arm(&exercise->injects[i]);
        }
    }
    for (guint i = 0; i < exercise->players->len; i++) {
        struct run_player *player = g_ptr_array_index(exercise->players, i);
        if (checkpoint_concerns(player->team, which) && !player->started) {
            run_player_arm(player);
        }
    }
}

/* ---- putting back -------------------------------------------------------------------------- */

/* What was under way is due at once: its outside half, a command or a task, cannot be saved. */
static void put_inject(struct run_inject *inject, const char *saved, gint64 left_us, const char *by)
{
    struct exercise *exercise = inject->exercise;
    const struct plan_inject *plan =
            g_ptr_array_index(exercise->options.plan->injects, (guint)inject->index);
    enum inject_state state = INJECT_SCHEDULED;
    while (state < INJECT_SKIPPED && strcmp(saved, run_inject_state_name(state)) != 0) {
        state++;
    }
    bool over = state == INJECT_DONE || state == INJECT_SKIPPED;
    gint64 due_us = over          ? inject->due_us
                    : left_us < 0 ? -1
                                  : clock_now(exercise->options.clock) + left_us;
    if (state == INJECT_FIRED) {
        state = INJECT_SCHEDULED;
        due_us = clock_now(exercise->options.clock);
    }
    bool same = state == inject->state && due_us == inject->due_us;
    inject->generation++; /* a step of before has no say in it any more */
    inject->due_us = due_us;
    if (inject->state >= INJECT_FIRED && !over && exercise->options.script) {
        script_cancel(exercise->options.script, plan->id, plan->team);
    }
    if (!same) {
        run_inject_set(inject, state, by);
    }
}

static void put_injects(struct exercise *exercise, const cJSON *state, int which, const char *by)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, "injects"))
    {
        int index = plan_inject_index(exercise->options.plan, json_string(item, "id", ""));
        if (index < 0) {
            continue;
        }
        const struct plan_inject *plan =
                g_ptr_array_index(exercise->options.plan->injects, (guint)index);
        if (checkpoint_concerns(plan->team, which)) {
            put_inject(&exercise->injects[index], json_string(item, "state", ""),
                    json_int(item, "left_us", 0), by);
        }
    }
}

static void put_players(struct exercise *exercise, const cJSON *state, int which)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, "players"))
    {
        gint64 left_us = json_int(item, "left_us", -1);
        for (guint i = 0; i < exercise->players->len; i++) {
            struct run_player *player = g_ptr_array_index(exercise->players, i);
            if (left_us < 0 || !checkpoint_concerns(player->team, which) ||
                    strcmp(player->who, json_string(item, "name", "")) != 0 ||
                    strcmp(run_team_id(exercise, player->team), json_string(item, "team", "")) !=
                            0) {
                continue;
            }
            if (player->started && exercise->options.script) {
                script_cancel(exercise->options.script, player->who, player->team);
            }
            player->started = false;
            player->due_us = clock_now(exercise->options.clock) + left_us;
        }
    }
}

static void put_verdicts(struct exercise *exercise, const cJSON *state, int which)
{
    const struct plan *plan = exercise->options.plan;
    for (guint s = 0; s < plan->steps->len; s++) {
        for (guint t = 0; t < plan->teams->len; t++) {
            if (checkpoint_concerns((int)t, which)) {
                exercise->verdicts[s * plan->teams->len + t] = VERDICT_NONE;
            }
        }
    }
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, "verdicts"))
    {
        const struct plan_step *step = plan_step(plan, json_string(item, "step", ""));
        int team = plan_team_index(plan, json_string(item, "team", ""));
        guint index = 0;
        if (step && team >= 0 && checkpoint_concerns(team, which) &&
                g_ptr_array_find(plan->steps, step, &index)) {
            exercise->verdicts[index * plan->teams->len + (guint)team] =
                    run_verdict_from(json_string(item, "verdict", ""));
        }
    }
}

static void put_services(struct exercise *exercise, const cJSON *state, int which)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(state, "services"))
    {
        for (guint i = 0; i < exercise->checks->len; i++) {
            struct run_check *check = g_ptr_array_index(exercise->checks, i);
            if (checkpoint_concerns(check->team, which) &&
                    !strcmp(check->service->name, json_string(item, "service", "")) &&
                    !strcmp(run_team_id(exercise, check->team), json_string(item, "team", ""))) {
                check->passed = (int)json_int(item, "passed", 0);
                check->failed = (int)json_int(item, "failed", 0);
            }
        }
    }
}

void checkpoint_apply(struct exercise *exercise, const cJSON *state, int which, const char *by)
{
    put_injects(exercise, state, which, by);
    put_players(exercise, state, which);
    put_verdicts(exercise, state, which);
    put_services(exercise, state, which);
    run_links_restore(exercise, json_array(state, "links"), which, by);
    run_gates_restore(exercise, json_array(state, "routers"), which, by);
}

/* ---- which events count -------------------------------------------------------------------- */

/* checkpoint.restored is on the disk: from the next event on it counts again. */
void run_checkpoint_committed(struct exercise *exercise, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const cJSON *list = NULL;
    cJSON_ArrayForEach(list, json_object(body, "counts"))
    {
        int team = plan_team_index(exercise->options.plan, list->string);
        if (team < 0) {
            continue;
        }
        GArray *history = exercise->teams[team].history;
        g_array_set_size(history, 0);
        const cJSON *pair = NULL;
        cJSON_ArrayForEach(pair, list)
        {
            const cJSON *from = cJSON_GetArrayItem(pair, 0);
            const cJSON *to = cJSON_GetArrayItem(pair, 1);
            struct run_span span = {
                    .from = from ? (gint64)from->valuedouble : 0,
                    .to = to ? (gint64)to->valuedouble : -1,
            };
            g_array_append_val(history, span);
        }
        struct run_span rest = {.from = event->seq + 1, .to = G_MAXINT64};
        g_array_append_val(history, rest);
    }
}
