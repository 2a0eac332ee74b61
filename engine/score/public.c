/* public.c - what spectators may know of an exercise. */
#include "score/public.h"

#include "base/json.h"

#include <string.h>

void public_prefix_apply(struct public_prefix *prefix, const struct event *event)
{
    bool freeze = !strcmp(event->kind, "score.frozen");
    prefix->last = event->seq;
    if (!freeze && strcmp(event->kind, "ledger.signed") != 0) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (!freeze) {
        prefix->latest.seq = json_int(body, "size", 0);
        g_strlcpy(prefix->latest.code, json_string(body, "code", ""), PUBLIC_CODE);
    } else if (!json_bool(body, "frozen", true)) {
        prefix->frozen = 0;
    } else if (!prefix->frozen) {
        prefix->frozen = event->seq;
    }
    if (!prefix->frozen) {
        prefix->shown = prefix->latest;
    }
}

cJSON *public_checkpoint(const struct public_prefix *prefix)
{
    if (prefix->shown.seq <= 0) {
        return NULL;
    }
    cJSON *out = cJSON_CreateObject();
    json_add_int(out, "seq", prefix->shown.seq);
    cJSON_AddStringToObject(out, "code", prefix->shown.code);
    return out;
}

gint64 public_prefix_end(const struct public_prefix *prefix)
{
    return prefix->frozen ? prefix->frozen - 1 : prefix->last;
}

/* What is public: kinds, and of each the members. What is not named is not shown, so that a new kind
 * or member is secret until somebody decides otherwise. */
static const struct {
    const char *kind;
    bool subject; /* … is shown as well */
    const char *members[4];
} shown[] = {
        {"exercise.state", true, {"state", NULL}},
        {"check.ok", true, {"status", "round", NULL}},
        {"check.down", true, {"status", "round", NULL}},
        {"check.fault", true, {"fault", "round", NULL}},
        {"fault.found", true, {"whose", NULL}},
        {"fault.cleared", true, {"whose", NULL}},
        {"fault.credited", true, {"whose", "credit_us", NULL}},
        {"flag.captured", false, {"owner", "service", "tick", NULL}},
        {"task.solved", true, {"points", NULL}},
        {"round.closed", true, {"round", NULL}},
        {"step.verdict", true, {"step", "verdict", "void", NULL}},
        {"score.adjusted", true, {"points", "reason", NULL}},
        {"score.frozen", true, {"frozen", NULL}},
        {"ledger.signed", true, {"code", "size", NULL}},
};

struct event *public_event(const struct event *event)
{
    gsize i = 0;
    while (i < G_N_ELEMENTS(shown) && strcmp(shown[i].kind, event->kind) != 0) {
        i++;
    }
    if (i == G_N_ELEMENTS(shown)) {
        return NULL;
    }
    auto_json whole = json_parse(event->body, strlen(event->body), NULL);
    cJSON *body = cJSON_CreateObject();
    for (int k = 0; shown[i].members[k]; k++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(whole, shown[i].members[k]);
        if (member) {
            cJSON_AddItemToObject(body, shown[i].members[k], cJSON_Duplicate(member, true));
        }
    }
    struct event *out =
            event_new(event->kind, event->team, shown[i].subject ? event->subject : NULL, body);
    out->seq = event->seq;
    out->at_us = event->at_us;
    out->wall_us = event->wall_us;
    return out;
}

static void keep(cJSON *object, const char *const *members)
{
    for (cJSON *item = object ? object->child : NULL; item;) {
        cJSON *next = item->next;
        if (!g_strv_contains(members, item->string)) {
            cJSON_Delete(cJSON_DetachItemViaPointer(object, item));
        }
        item = next;
    }
}

static void keep_of_each(cJSON *score, const char *list, const char *const *members)
{
    cJSON *item = NULL;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(score, list))
    {
        keep(item, members);
    }
}

void public_score(cJSON *score, const struct public_prefix *prefix)
{
    static const char *const members[] = {"exercise", "at_us", "seq", "models", "columns", "tie",
            "teams", "corrections", "failure", NULL};
    static const char *const of_models[] = {"model", "weight", "max", NULL};
    static const char *const of_teams[] = {
            "rank", "team", "title", "role", "total", "tie", "columns", "services", NULL};
    static const char *const of_corrections[] = {"seq", "reason", "lifted", "facts", "lifts", NULL};
    keep(score, members);
    keep_of_each(score, "models", of_models);
    keep_of_each(score, "teams", of_teams);
    keep_of_each(score, "corrections", of_corrections);
    if (cJSON_HasObjectItem(score, "failure")) { /* it may quote the rules */
        cJSON_ReplaceItemInObjectCaseSensitive(
                score, "failure", cJSON_CreateString("a scoring model failed"));
    }
    cJSON *checkpoint = score && prefix ? public_checkpoint(prefix) : NULL;
    if (checkpoint) {
        cJSON_AddItemToObject(score, "checkpoint", checkpoint);
    }
}
