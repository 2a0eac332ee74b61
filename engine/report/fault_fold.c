/* fault_fold.c - what failed without being a team's fault, folded from the events. */
#include "report/fault_fold.h"

#include "base/json.h"

#include <string.h>

struct fault_fold {
    cJSON *faults, *credits, *teams;
};

struct fault_fold *fault_fold_new(void)
{
    struct fault_fold *fold = g_new0(struct fault_fold, 1);
    fold->faults = cJSON_CreateArray();
    fold->credits = cJSON_CreateArray();
    fold->teams = cJSON_CreateArray();
    return fold;
}

void fault_fold_free(struct fault_fold *fold)
{
    if (fold) {
        cJSON_Delete(fold->faults);
        cJSON_Delete(fold->credits);
        cJSON_Delete(fold->teams);
        g_free(fold);
    }
}

/* The team's line, made when there is none. */
static cJSON *team_of(struct fault_fold *fold, const char *id)
{
    cJSON *team = NULL;
    cJSON_ArrayForEach(team, fold->teams)
    {
        if (!strcmp(json_string(team, "team", ""), id)) {
            return team;
        }
    }
    team = cJSON_CreateObject();
    cJSON_AddStringToObject(team, "team", id);
    json_add_int(team, "credit_us", 0);
    json_add_int(team, "faults", 0);
    cJSON_AddItemToArray(fold->teams, team);
    return team;
}

static void add(cJSON *object, const char *name, gint64 more)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    cJSON_SetNumberHelper(item, item->valuedouble + (double)more);
}

static void close_fault(cJSON *fault, const struct event *event, gint64 checks)
{
    cJSON_DeleteItemFromObjectCaseSensitive(fault, "open");
    cJSON_AddFalseToObject(fault, "open");
    json_add_int(fault, "to_us", event->at_us);
    json_add_int(fault, "checks", checks);
}

static void found(struct fault_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *fault = cJSON_CreateObject();
    json_add_int(fault, "seq", event->seq);
    cJSON_AddStringToObject(fault, "team", event->team);
    cJSON_AddStringToObject(fault, "service", event->subject);
    cJSON_AddStringToObject(fault, "whose", json_string(body, "whose", ""));
    cJSON_AddStringToObject(fault, "text", json_string(body, "text", ""));
    json_add_int(fault, "from_us", event->at_us);
    cJSON_AddTrueToObject(fault, "open");
    cJSON_AddItemToArray(fold->faults, fault);
    add(team_of(fold, event->team), "faults", 1);
}

/* An engine that was interrupted knows nothing of open faults when it goes on: they ended there. */
static void cleared(struct fault_fold *fold, const struct event *event, const cJSON *body, bool all)
{
    cJSON *fault = NULL;
    cJSON_ArrayForEach(fault, fold->faults)
    {
        bool same = !strcmp(json_string(fault, "team", ""), event->team) &&
                    !strcmp(json_string(fault, "service", ""), event->subject);
        if (json_bool(fault, "open", false) && (all || same)) {
            close_fault(fault, event, json_int(body, "checks", 0));
        }
    }
}

static void credited(struct fault_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *credit = cJSON_CreateObject();
    json_add_int(credit, "seq", event->seq);
    cJSON_AddStringToObject(credit, "team", event->team);
    cJSON_AddStringToObject(credit, "whose", json_string(body, "whose", ""));
    cJSON_AddStringToObject(credit, "reason", json_string(body, "reason", ""));
    static const char *const numbers[] = {"from_us", "to_us", "credit_us"};
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        json_add_int(credit, numbers[i], json_int(body, numbers[i], 0));
    }
    cJSON_AddItemToArray(fold->credits, credit);
    add(team_of(fold, event->team), "credit_us", json_int(body, "credit_us", 0));
}

void fault_fold_apply(struct fault_fold *fold, const struct event *event)
{
    bool resumed = !strcmp(event->kind, "exercise.resumed");
    if (!resumed && !g_str_has_prefix(event->kind, "fault.")) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (!strcmp(event->kind, "fault.found")) {
        found(fold, event, body);
    } else if (!strcmp(event->kind, "fault.credited")) {
        credited(fold, event, body);
    } else {
        cleared(fold, event, body, resumed);
    }
}

cJSON *fault_fold_to_json(const struct fault_fold *fold)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddItemToObject(out, "faults", cJSON_Duplicate(fold->faults, true));
    cJSON_AddItemToObject(out, "credits", cJSON_Duplicate(fold->credits, true));
    cJSON_AddItemToObject(out, "teams", cJSON_Duplicate(fold->teams, true));
    return out;
}
