/* capture_fold.c - the captures of an exercise and the steps in them, folded from its events. */
#include "report/capture_fold.h"

#include "base/json.h"

#include <string.h>

struct capture_fold {
    cJSON *captures, *steps, *names;
};

struct capture_fold *capture_fold_new(void)
{
    struct capture_fold *fold = g_new0(struct capture_fold, 1);
    fold->captures = cJSON_CreateArray();
    fold->steps = cJSON_CreateArray();
    fold->names = cJSON_CreateArray();
    return fold;
}

void capture_fold_free(struct capture_fold *fold)
{
    if (fold) {
        cJSON_Delete(fold->captures);
        cJSON_Delete(fold->steps);
        cJSON_Delete(fold->names);
        g_free(fold);
    }
}

static void put(cJSON *object, const char *name, cJSON *item)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddItemToObject(object, name, item);
}

static cJSON *capture_of(struct capture_fold *fold, const struct event *event)
{
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, fold->captures)
    {
        if (!strcmp(json_string(item, "network", ""), event->subject)) {
            return item;
        }
    }
    item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "network", event->subject);
    cJSON_AddStringToObject(item, "team", event->team);
    cJSON_AddArrayToObject(item, "files");
    cJSON_AddItemToArray(fold->captures, item);
    return item;
}

/* A second capture of a network adds its files to those of the first. */
static void add_files(cJSON *capture, const cJSON *body)
{
    cJSON *files = cJSON_GetObjectItemCaseSensitive(capture, "files");
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_array(body, "files"))
    {
        cJSON_AddItemToArray(files, cJSON_Duplicate(file, true));
    }
}

static void on_started(struct capture_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *capture = capture_of(fold, event);
    put(capture, "state", cJSON_CreateString("open"));
    put(capture, "folder", cJSON_CreateString(json_string(body, "folder", "")));
    put(capture, "first_file", cJSON_CreateString(json_string(body, "file", "")));
}

static void on_stopped(struct capture_fold *fold, const struct event *event, const cJSON *body)
{
    static const char *const counts[] = {"packets", "bytes", "dropped", "removed", "removed_step"};
    cJSON *capture = capture_of(fold, event);
    const char *problem = json_string(body, "problem", NULL);
    put(capture, "state", cJSON_CreateString(problem ? "failed" : "off"));
    put(capture, "folder", cJSON_CreateString(json_string(body, "folder", "")));
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        gint64 sum = json_int(capture, counts[i], 0) + json_int(body, counts[i], 0);
        cJSON_DeleteItemFromObjectCaseSensitive(capture, counts[i]);
        json_add_int(capture, counts[i], sum);
    }
    if (problem) {
        put(capture, "problem", cJSON_CreateString(problem));
    }
    add_files(capture, body);
}

static void on_step(struct capture_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *step = cJSON_Duplicate(body, true);
    put(step, "team", cJSON_CreateString(event->team));
    cJSON_AddItemToArray(fold->steps, step);
}

/* The verdict is on the disk before the index entry that it closes. */
static void on_verdict(struct capture_fold *fold, const struct event *event, const cJSON *body)
{
    cJSON *step = cJSON_CreateObject();
    cJSON_AddStringToObject(step, "step", json_string(body, "step", ""));
    cJSON_AddStringToObject(step, "team", event->team);
    cJSON_AddStringToObject(step, "verdict", json_string(body, "verdict", ""));
    json_add_int(step, "to_us", event->wall_us);
    cJSON_AddItemToArray(fold->steps, step);
}

static bool is_same_run(const cJSON *verdict, const cJSON *span)
{
    return !strcmp(json_string(verdict, "step", ""), json_string(span, "step", "?")) &&
           !strcmp(json_string(verdict, "team", ""), json_string(span, "team", "?")) &&
           json_int(verdict, "to_us", -1) == json_int(span, "to_us", -2);
}

static const char *verdict_of(const struct capture_fold *fold, const cJSON *span)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, fold->steps)
    {
        if (!json_array(item, "places") && is_same_run(item, span)) {
            return json_string(item, "verdict", "");
        }
    }
    return "";
}

static void on_created(struct capture_fold *fold, const cJSON *body)
{
    const cJSON *machine = NULL;
    cJSON_ArrayForEach(machine, json_array(json_object(body, "plan"), "machines"))
    {
        const cJSON *nic = NULL;
        cJSON_ArrayForEach(nic, json_array(machine, "nics"))
        {
            cJSON *name = cJSON_CreateObject();
            cJSON_AddStringToObject(name, "network", json_string(nic, "network", ""));
            cJSON_AddStringToObject(name, "address", json_string(nic, "address", ""));
            cJSON_AddStringToObject(name, "name", json_string(machine, "name", ""));
            cJSON_AddItemToArray(fold->names, name);
        }
    }
}

void capture_fold_apply(struct capture_fold *fold, const struct event *event)
{
    bool created = !strcmp(event->kind, "exercise.created");
    bool verdict = !strcmp(event->kind, "step.verdict");
    if (!created && !verdict && !g_str_has_prefix(event->kind, "capture.")) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (created) {
        on_created(fold, body);
    } else if (verdict) {
        on_verdict(fold, event, body);
    } else if (!strcmp(event->kind, "capture.started")) {
        on_started(fold, event, body);
    } else if (!strcmp(event->kind, "capture.stopped")) {
        on_stopped(fold, event, body);
    } else if (!strcmp(event->kind, "capture.step")) {
        on_step(fold, event, body);
    }
}

cJSON *capture_fold_to_json(const struct capture_fold *fold)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "captures", cJSON_Duplicate(fold->captures, true));
    cJSON *steps = cJSON_AddArrayToObject(json, "steps");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, fold->steps)
    {
        if (json_array(item, "places")) {
            cJSON *step = cJSON_Duplicate(item, true);
            put(step, "verdict", cJSON_CreateString(verdict_of(fold, item)));
            cJSON_AddItemToArray(steps, step);
        }
    }
    cJSON_AddItemToObject(json, "names", cJSON_Duplicate(fold->names, true));
    return json;
}
