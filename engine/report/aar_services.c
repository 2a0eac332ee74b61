/* aar_services.c - the after-action report: each service's availability over exercise time. */
#include "report/aar_internal.h"

#include "base/json.h"

#include <string.h>

#define SPANS_MAX 2000 /* of one service; later ones are joined to the last */

static char *key_of(const char *team, const char *service)
{
    return g_strdup_printf("%s\n%s", team, service);
}

void aar_learn_services(struct aar *aar)
{
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(aar->plan, "teams"))
    {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, json_array(aar->plan, "services"))
        {
            const char *name = json_string(item, "name", "");
            if (strcmp(json_string(item, "group", ""), json_string(team, "group", "")) != 0) {
                continue;
            }
            cJSON *json = cJSON_CreateObject();
            cJSON_AddStringToObject(json, "team", json_string(team, "id", ""));
            cJSON_AddStringToObject(json, "service", name);
            cJSON_AddStringToObject(json, "title", json_string(item, "title", name));
            cJSON_AddStringToObject(json, "machine", json_string(item, "machine", ""));
            json_add_int(json, "every_us", json_int(item, "every_us", 0));
            cJSON_AddArrayToObject(json, "spans");
            cJSON_AddItemToArray(aar->services, json);
            g_hash_table_insert(aar->service_of, key_of(json_string(team, "id", ""), name), json);
        }
    }
}

/* One of ok, recovering, down, fault: what a span is drawn as. */
static const char *class_of(const struct event *event, const cJSON *body)
{
    if (!strcmp(event->kind, "check.ok")) {
        return !strcmp(json_string(body, "status", ""), "recovering") ? "recovering" : "ok";
    }
    return !strcmp(event->kind, "check.down") ? "down" : "fault";
}

static void set_int(cJSON *object, const char *name, gint64 value)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item) {
        cJSON_SetNumberValue(item, (double)value);
    } else {
        json_add_int(object, name, value);
    }
}

void aar_apply_check(struct aar *aar, const struct event *event, const cJSON *body)
{
    g_autofree char *key = key_of(event->team, event->subject);
    cJSON *service = g_hash_table_lookup(aar->service_of, key);
    cJSON *spans = service ? cJSON_GetObjectItemCaseSensitive(service, "spans") : NULL;
    if (!spans) {
        return;
    }
    int count = (int)json_int(service, "count", 0);
    cJSON *last = spans->child ? spans->child->prev : NULL; /* a list's first knows its last */
    const char *status = class_of(event, body);
    if (last) {
        set_int(last, "to_us", event->at_us);
    }
    if (!last || (strcmp(json_string(last, "status", ""), status) != 0 && count < SPANS_MAX)) {
        cJSON *span = cJSON_CreateObject();
        cJSON_AddStringToObject(span, "status", status);
        json_add_int(span, "from_us", event->at_us);
        json_add_int(span, "to_us", event->at_us);
        json_add_int(span, "from_seq", event->seq);
        json_add_int(span, "to_seq", event->seq);
        json_add_int(span, "looks", 1);
        cJSON_AddStringToObject(span, "detail", json_string(body, "detail", ""));
        cJSON_AddItemToArray(spans, span);
        set_int(service, "count", count + 1);
        return;
    }
    set_int(last, "to_seq", event->seq);
    set_int(last, "looks", json_int(last, "looks", 0) + 1);
}

/* The counts of the board: corrections and restores are in them. */
static void add_counts(cJSON *service, const cJSON *score)
{
    const cJSON *team =
            aar_find(json_array(score, "teams"), "team", json_string(service, "team", ""));
    const cJSON *counts =
            aar_find(json_array(team, "services"), "service", json_string(service, "service", ""));
    gint64 passed = json_int(counts, "passed", 0);
    gint64 failed = json_int(counts, "failed", 0);
    json_add_int(service, "passed", passed);
    json_add_int(service, "failed", failed);
    json_add_int(service, "faults", json_int(counts, "faults", 0));
    if (passed + failed > 0) {
        cJSON_AddNumberToObject(service, "sla", (double)passed / (double)(passed + failed));
    } else {
        cJSON_AddNullToObject(service, "sla");
    }
}

cJSON *aar_services_json(const struct aar *aar, const cJSON *score)
{
    cJSON *services = cJSON_Duplicate(aar->services, true);
    cJSON *service = NULL;
    gint64 end_us = json_int(aar->exercise, "ran_us", aar->at_us);
    cJSON_ArrayForEach(service, services)
    {
        cJSON *spans = cJSON_GetObjectItemCaseSensitive(service, "spans");
        cJSON *last = spans->child ? spans->child->prev : NULL;
        if (last) {
            set_int(last, "to_us", MAX(json_int(last, "to_us", 0), end_us));
        }
        gint64 down_us = 0;
        const cJSON *span = NULL;
        cJSON_ArrayForEach(span, spans)
        {
            if (!strcmp(json_string(span, "status", ""), "down")) {
                down_us += json_int(span, "to_us", 0) - json_int(span, "from_us", 0);
            }
        }
        cJSON_DeleteItemFromObjectCaseSensitive(service, "count");
        json_add_int(service, "down_us", down_us);
        add_counts(service, score);
    }
    return services;
}
