/* status_fold.c - what an exercise's status was, folded from its events. */
#include "report/status_fold.h"

#include "base/json.h"
#include "report/capture_fold.h"

#include <string.h>

struct status_fold {
    char *name, *title, *state, *accel;
    gint64 at_us, duration_us, wall_us, seq;
    cJSON *machines, *services, *injects, *impairments, *alarms;
    struct capture_fold *captures;
};

struct status_fold *status_fold_new(void)
{
    struct status_fold *fold = g_new0(struct status_fold, 1);
    fold->name = g_strdup("");
    fold->title = g_strdup("");
    fold->state = g_strdup("setup");
    fold->accel = g_strdup("");
    fold->machines = cJSON_CreateArray();
    fold->services = cJSON_CreateArray();
    fold->injects = cJSON_CreateArray();
    fold->impairments = cJSON_CreateArray();
    fold->alarms = cJSON_CreateArray();
    fold->captures = capture_fold_new();
    return fold;
}

void status_fold_free(struct status_fold *fold)
{
    if (!fold) {
        return;
    }
    g_free(fold->name);
    g_free(fold->title);
    g_free(fold->state);
    g_free(fold->accel);
    cJSON_Delete(fold->machines);
    cJSON_Delete(fold->services);
    cJSON_Delete(fold->injects);
    cJSON_Delete(fold->impairments);
    cJSON_Delete(fold->alarms);
    capture_fold_free(fold->captures);
    g_free(fold);
}

static void set_text(char **to, const char *text)
{
    if (text) {
        g_free(*to);
        *to = g_strdup(text);
    }
}

static void copy_text(cJSON *to, const char *name, const cJSON *from, const char *source)
{
    cJSON_AddStringToObject(to, name, json_string(from, source, ""));
}

static void put_text(cJSON *object, const char *name, const char *text)
{
    cJSON_ReplaceItemInObjectCaseSensitive(object, name, cJSON_CreateString(text));
}

static void put_int(cJSON *object, const char *name, gint64 value)
{
    cJSON *number = cJSON_CreateNumber((double)value);
    if (cJSON_GetObjectItemCaseSensitive(object, name)) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, name, number);
    } else {
        cJSON_AddItemToObject(object, name, number);
    }
}

static void learn_machines(struct status_fold *fold, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "machines"))
    {
        cJSON *json = cJSON_CreateObject();
        copy_text(json, "id", item, "id");
        copy_text(json, "team", item, "team");
        copy_text(json, "image", item, "image");
        cJSON_AddStringToObject(json, "state", "defined");
        cJSON_AddStringToObject(json, "reason", "");
        cJSON_AddItemToArray(fold->machines, json);
    }
}

static void learn_services(struct status_fold *fold, const cJSON *plan)
{
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(plan, "teams"))
    {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(plan, "services"))
        {
            if (strcmp(json_string(item, "group", ""), json_string(team, "group", "")) != 0) {
                continue;
            }
            cJSON *json = cJSON_CreateObject();
            copy_text(json, "team", team, "id");
            copy_text(json, "service", item, "name");
            cJSON_AddStringToObject(json, "status", "unknown");
            cJSON_AddStringToObject(json, "detail", "");
            json_add_int(json, "passed", 0);
            json_add_int(json, "failed", 0);
            cJSON_AddItemToArray(fold->services, json);
        }
    }
}

static void learn_injects(struct status_fold *fold, const cJSON *plan)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(plan, "injects"))
    {
        cJSON *json = cJSON_CreateObject();
        copy_text(json, "id", item, "id");
        json_add_int(json, "at_us", json_int(item, "at_us", 0));
        cJSON_AddStringToObject(json, "state", "scheduled");
        copy_text(json, "team", item, "team");
        copy_text(json, "step", item, "step");
        copy_text(json, "title", item, "title");
        cJSON_AddItemToArray(fold->injects, json);
    }
}

static void apply_created(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    const cJSON *plan = json_object(body, "plan");
    set_text(&fold->name, json_string(plan, "name", event->subject));
    set_text(&fold->title, json_string(plan, "title", NULL));
    set_text(&fold->accel, json_string(body, "accel", NULL));
    fold->duration_us = json_int(plan, "duration_us", 0);
    fold->wall_us = event->wall_us;
    learn_machines(fold, plan);
    learn_services(fold, plan);
    learn_injects(fold, plan);
}

/* The item of array whose member is value and, where team is given, whose team is that. */
static cJSON *find(cJSON *array, const char *member, const char *value, const char *team)
{
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, array)
    {
        if (!strcmp(json_string(item, member, ""), value) &&
                (!team || !strcmp(json_string(item, "team", ""), team))) {
            return item;
        }
    }
    return NULL;
}

static void apply_machine(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *machine = find(fold->machines, "id", event->subject, NULL);
    const char *state = json_string(body, "state", "");
    gint64 ms = json_int(body, "since_start_ms", 0);
    if (!machine) {
        return;
    }
    put_text(machine, "state", state);
    put_text(machine, "reason", json_string(body, "reason", ""));
    if (json_string(body, "way", NULL)) {
        put_text(machine, "way", json_string(body, "way", ""));
    }
    if (!strcmp(state, "booted") && !cJSON_GetObjectItem(machine, "booted_ms")) {
        put_int(machine, "booted_ms", ms);
    } else if (!strcmp(state, "ready") && !cJSON_GetObjectItem(machine, "ready_ms")) {
        put_int(machine, "ready_ms", ms);
    }
}

static void apply_check(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *service = find(fold->services, "service", event->subject, event->team);
    const char *verdict = event->kind + strlen("check.");
    if (!service) {
        return;
    }
    put_text(service, "status", json_string(body, "status", verdict));
    put_text(service, "detail", json_string(body, "detail", ""));
    if (!strcmp(verdict, "ok")) {
        put_int(service, "passed", json_int(service, "passed", 0) + 1);
    } else if (!strcmp(verdict, "down")) {
        put_int(service, "failed", json_int(service, "failed", 0) + 1);
    }
}

/* Looks at a team's services since the checkpoint are as if they had not been. */
static void apply_restored(struct status_fold *fold, const cJSON *body)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "services"))
    {
        cJSON *service = find(fold->services, "service", json_string(item, "service", ""),
                json_string(item, "team", ""));
        if (service) {
            put_int(service, "passed", json_int(item, "passed", 0));
            put_int(service, "failed", json_int(item, "failed", 0));
        }
    }
}

static void apply_added(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *inject = find(fold->injects, "id", event->subject, NULL);
    if (!inject && !strcmp(event->kind, "inject.added")) {
        inject = cJSON_CreateObject();
        cJSON_AddStringToObject(inject, "id", event->subject);
        json_add_int(inject, "at_us", json_int(body, "at_us", -1));
        cJSON_AddStringToObject(inject, "state", "scheduled");
        cJSON_AddStringToObject(inject, "team", event->team);
        cJSON_AddStringToObject(inject, "step", json_string(body, "step", ""));
        cJSON_AddStringToObject(inject, "title", "");
        cJSON_AddItemToArray(fold->injects, inject);
    }
    const char *title = json_string(body, "title", NULL);
    if (inject && title) {
        put_text(inject, "title", title);
    }
}

static void apply_inject(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *inject = find(fold->injects, "id", event->subject, NULL);
    if (inject) {
        put_text(inject, "state", json_string(body, "state", ""));
        put_int(inject, "at_us", json_int(body, "at_us", json_int(inject, "at_us", 0)));
    }
}

static void apply_alarm(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    if (!strcmp(event->kind, "alarm.raised")) {
        cJSON *alarm = cJSON_CreateObject();
        copy_text(alarm, "alarm", body, "alarm");
        copy_text(alarm, "text", body, "text");
        cJSON_AddStringToObject(alarm, "team", event->team);
        cJSON_AddStringToObject(alarm, "subject", event->subject);
        cJSON_AddItemToArray(fold->alarms, alarm);
        return;
    }
    for (int i = cJSON_GetArraySize(fold->alarms) - 1; i >= 0; i--) {
        const cJSON *alarm = cJSON_GetArrayItem(fold->alarms, i);
        if (!strcmp(json_string(alarm, "subject", ""), event->subject) &&
                !strcmp(json_string(alarm, "alarm", ""), json_string(body, "alarm", ""))) {
            cJSON_DeleteItemFromArray(fold->alarms, i);
        }
    }
}

static void put_direction(cJSON *link, const char *name, const cJSON *asked)
{
    cJSON_DeleteItemFromObjectCaseSensitive(link, name);
    if (asked) {
        cJSON *direction = cJSON_AddObjectToObject(link, name);
        cJSON_AddItemToObject(direction, "asked", cJSON_Duplicate(asked, true));
        cJSON_AddStringToObject(direction, "verdict", "unknown");
    }
}

/* What is asked of a link, as a whole. */
static void apply_impaired(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *link = find(fold->impairments, "link", event->subject, NULL);
    const cJSON *asked = json_object(body, "asked");
    if (link) {
        cJSON_Delete(cJSON_DetachItemViaPointer(fold->impairments, link));
    }
    link = cJSON_CreateObject();
    cJSON_AddStringToObject(link, "link", event->subject);
    copy_text(link, "machine", body, "machine");
    copy_text(link, "network", body, "network");
    cJSON_AddStringToObject(link, "team", event->team);
    copy_text(link, "by", body, "by");
    json_add_int(link, "since_us", event->at_us);
    cJSON_AddStringToObject(link, "state", json_bool(asked, "down", false) ? "down" : "made");
    cJSON_AddBoolToObject(link, "down", json_bool(asked, "down", false));
    put_direction(link, "in", json_object(asked, "in"));
    put_direction(link, "out", json_object(asked, "out"));
    cJSON_AddItemToArray(fold->impairments, link);
}

static void apply_link(struct status_fold *fold, const struct event *event, const cJSON *body)
{
    if (!strcmp(event->kind, "link.impaired")) {
        apply_impaired(fold, event, body);
        return;
    }
    cJSON *link = find(fold->impairments, "link", event->subject, NULL);
    const char *direction = json_string(body, "direction", "");
    if (link && !strcmp(event->kind, "link.cleared")) {
        cJSON_Delete(cJSON_DetachItemViaPointer(fold->impairments, link));
    } else if (link && (!strcmp(direction, "in") || !strcmp(direction, "out"))) {
        cJSON *copy = cJSON_Duplicate(body, true);
        cJSON_DeleteItemFromObjectCaseSensitive(copy, "direction");
        cJSON_DeleteItemFromObjectCaseSensitive(link, direction);
        cJSON_AddItemToObject(link, direction, copy);
    }
}

void status_fold_apply(struct status_fold *fold, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    fold->seq = event->seq;
    fold->at_us = MAX(fold->at_us, event->at_us);
    if (!strcmp(event->kind, "exercise.created")) {
        apply_created(fold, event, body);
    } else if (!strcmp(event->kind, "exercise.state")) {
        set_text(&fold->state, json_string(body, "state", NULL));
    } else if (!strcmp(event->kind, "machine.state")) {
        apply_machine(fold, event, body);
    } else if (g_str_has_prefix(event->kind, "check.")) {
        apply_check(fold, event, body);
    } else if (!strcmp(event->kind, "checkpoint.restored")) {
        apply_restored(fold, body);
    } else if (!strcmp(event->kind, "inject.state")) {
        apply_inject(fold, event, body);
    } else if (g_str_has_prefix(event->kind, "inject.")) {
        apply_added(fold, event, body);
    } else if (g_str_has_prefix(event->kind, "link.")) {
        apply_link(fold, event, body);
    } else if (g_str_has_prefix(event->kind, "alarm.")) {
        apply_alarm(fold, event, body);
    } else if (g_str_has_prefix(event->kind, "capture.")) {
        capture_fold_apply(fold->captures, event);
    }
}

/* Without the list of files, as the engine gives it. */
static cJSON *captures_json(const struct status_fold *fold)
{
    cJSON *all = capture_fold_to_json(fold->captures);
    cJSON *captures = cJSON_DetachItemFromObjectCaseSensitive(all, "captures");
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, captures)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(item, "files");
        cJSON_DeleteItemFromObjectCaseSensitive(item, "first_file");
    }
    cJSON_Delete(all);
    return captures;
}

cJSON *status_fold_to_json(const struct status_fold *fold, const char *ledger_path)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", fold->name);
    cJSON_AddStringToObject(json, "title", fold->title);
    cJSON_AddStringToObject(json, "state", fold->state);
    json_add_int(json, "at_us", fold->at_us);
    json_add_int(json, "duration_us", fold->duration_us);
    json_add_int(json, "wall_us", fold->wall_us);
    json_add_int(json, "pid", 0);
    cJSON_AddStringToObject(json, "ledger", ledger_path);
    json_add_int(json, "seq", fold->seq);
    cJSON_AddStringToObject(json, "accel", fold->accel);
    cJSON_AddItemToObject(json, "machines", cJSON_Duplicate(fold->machines, true));
    cJSON_AddItemToObject(json, "services", cJSON_Duplicate(fold->services, true));
    cJSON_AddItemToObject(json, "injects", cJSON_Duplicate(fold->injects, true));
    cJSON_AddItemToObject(json, "impairments", cJSON_Duplicate(fold->impairments, true));
    cJSON_AddItemToObject(json, "alarms", cJSON_Duplicate(fold->alarms, true));
    cJSON_AddItemToObject(json, "captures", captures_json(fold));
    return json;
}
