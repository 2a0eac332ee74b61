/* aar.c - the after-action report's data: the exercise itself, and the parts put together. */
#include "report/aar_internal.h"

#include "base/json.h"
#include "score/public.h"

#include <string.h>

#define TEXT_MAX 4096

struct aar *aar_new(void)
{
    struct aar *aar = g_new0(struct aar, 1);
    aar->score = score_new();
    aar->exam = exam_new();
    aar->plan = cJSON_CreateObject();
    aar->exercise = cJSON_CreateObject();
    aar->services = cJSON_CreateArray();
    aar->service_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    aar->steps = cJSON_CreateArray();
    aar->restored = cJSON_CreateObject();
    aar->acts = cJSON_CreateArray();
    aar->reports = cJSON_CreateArray();
    aar->remarks = cJSON_CreateArray();
    return aar;
}

struct aar *aar_new_public(void)
{
    struct aar *aar = aar_new();
    aar->is_public = true;
    return aar;
}

void aar_free(struct aar *aar)
{
    if (!aar) {
        return;
    }
    score_free(aar->score);
    exam_free(aar->exam);
    cJSON_Delete(aar->plan);
    cJSON_Delete(aar->exercise);
    g_hash_table_unref(aar->service_of);
    cJSON_Delete(aar->services);
    cJSON_Delete(aar->steps);
    cJSON_Delete(aar->restored);
    cJSON_Delete(aar->acts);
    cJSON_Delete(aar->reports);
    cJSON_Delete(aar->remarks);
    g_free(aar);
}

const cJSON *aar_find(const cJSON *array, const char *member, const char *value)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, array)
    {
        if (!strcmp(json_string(item, member, ""), value)) {
            return item;
        }
    }
    return NULL;
}

/* ---- the exercise -------------------------------------------------------------------------- */

static void put(cJSON *object, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddItemToObject(object, name, value);
}

static void put_text(cJSON *object, const char *name, const char *text)
{
    put(object, name, cJSON_CreateString(text));
}

static void put_int(cJSON *object, const char *name, gint64 value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    json_add_int(object, name, value);
}

static void apply_created(struct aar *aar, const struct event *event, const cJSON *body)
{
    static const char *const texts[] = {"name", "title", "version", "digest"};
    const cJSON *plan = json_object(body, "plan");
    if (!plan || json_string(aar->exercise, "name", NULL)) {
        return;
    }
    cJSON_Delete(aar->plan);
    aar->plan = cJSON_Duplicate(plan, true);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *usual = !strcmp(texts[i], "name") ? event->subject : "";
        put_text(aar->exercise, texts[i], json_string(plan, texts[i], usual));
    }
    put_int(aar->exercise, "seed", json_int(plan, "seed", 0));
    put_text(aar->exercise, "engine", json_string(body, "engine", ""));
    put_text(aar->exercise, "accel", json_string(body, "accel", ""));
    put_int(aar->exercise, "duration_us", json_int(plan, "duration_us", 0));
    put_int(aar->exercise, "started_us", event->wall_us);
    if (json_object(plan, "exam")) {
        put(aar->exercise, "exam", cJSON_CreateTrue());
    }
    aar_learn_services(aar);
}

static void apply_state(struct aar *aar, const struct event *event, const cJSON *body)
{
    const char *state = json_string(body, "state", "");
    if (!strcmp(state, "running") && !json_bool(aar->exercise, "began", false)) {
        cJSON_AddTrueToObject(aar->exercise, "began");
        put_int(aar->exercise, "started_us", event->wall_us);
    } else if (!strcmp(state, "ended")) {
        put_text(aar->exercise, "end_by", json_string(body, "by", ""));
        put_text(aar->exercise, "end_reason", json_string(body, "reason", ""));
        put_int(aar->exercise, "ended_us", event->wall_us);
        put_int(aar->exercise, "ran_us", event->at_us);
    }
    put_text(aar->exercise, "state", state);
}

static void apply_signed(struct aar *aar, const cJSON *body)
{
    put_text(aar->exercise, "code", json_string(body, "code", ""));
    put_text(aar->exercise, "key", json_string(body, "key", ""));
    put_int(aar->exercise, "signed", json_int(body, "size", 0));
}

static void see_any(struct aar *aar, const struct event *event)
{
    aar->seq = event->seq;
    aar->at_us = MAX(aar->at_us, event->at_us);
    aar->wall_us = event->wall_us;
    memcpy(aar->head, event->hash, sizeof(aar->head));
    if (!strcmp(event->kind, "checkpoint.restored")) { /* for the public, too */
        aar_apply_restored(aar, event);
    }
}

static void apply(struct aar *aar, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (!strcmp(event->kind, "exercise.created")) {
        apply_created(aar, event, body);
    } else if (!strcmp(event->kind, "exercise.state")) {
        apply_state(aar, event, body);
    } else if (!strcmp(event->kind, "ledger.signed")) {
        apply_signed(aar, body);
    } else if (g_str_has_prefix(event->kind, "check.")) {
        aar_apply_check(aar, event, body);
    } else if (g_str_has_prefix(event->kind, "step.")) {
        aar_apply_step(aar, event, body);
    } else if (!strcmp(event->kind, "player.action") || !strcmp(event->kind, "router.rules")) {
        aar_apply_act(aar, event, body);
    } else if (!strcmp(event->kind, "report.filed")) {
        aar_apply_report(aar, event, body);
    }
    aar_apply_remark(aar, event, body);
}

void aar_apply(struct aar *aar, const struct event *event)
{
    bool whole = !aar->is_public || !strcmp(event->kind, "exercise.created");
    auto_event shown = whole ? NULL : public_event(event);
    score_apply(aar->score, event);
    exam_apply(aar->exam, event);
    if (whole || shown) {
        apply(aar, whole ? event : shown);
    }
    see_any(aar, event);
}

/* ---- the document -------------------------------------------------------------------------- */

static cJSON *exercise_json(const struct aar *aar)
{
    cJSON *exercise = cJSON_Duplicate(aar->exercise, true);
    char head[2 * EVENT_HASH_BYTES + 1];
    for (int i = 0; i < EVENT_HASH_BYTES; i++) {
        g_snprintf(head + (gsize)2 * (gsize)i, 3, "%02x", aar->head[i]);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(exercise, "began");
    put_int(exercise, "events", aar->seq);
    put_text(exercise, "head", head);
    if (!json_string(exercise, "end_by", NULL)) { /* under way: up to now */
        put_int(exercise, "ended_us", aar->wall_us);
        put_int(exercise, "ran_us", aar->at_us);
    }
    return exercise;
}

cJSON *aar_to_json(const struct aar *aar)
{
    cJSON *out = cJSON_CreateObject();
    cJSON *score = score_to_json(aar->score, false);
    cJSON *services = aar_services_json(aar, score);
    cJSON *steps = cJSON_Duplicate(aar->steps, true);
    aar_void_undone(aar, steps);
    aar_add_responses(aar, steps, services);
    cJSON_AddItemToObject(out, "exercise", exercise_json(aar));
    aar_add_terms(aar->score, score, out);
    cJSON_AddItemToObject(out, "score", score);
    cJSON_AddItemToObject(out, "services", services);
    cJSON_AddItemToObject(out, "coverage", aar_coverage_json(steps));
    cJSON_AddItemToObject(out, "steps", steps);
    json_add_int(out, "reports", aar->reports_count);
    cJSON_AddItemToObject(out, "remarks", cJSON_Duplicate(aar->remarks, true));
    json_add_int(out, "remarks_left", aar->remarks_left);
    if (exam_is_one(aar->exam) && !aar->is_public) {
        cJSON_AddItemToObject(out, "marks", exam_mark(aar->exam, NULL));
    }
    if (aar->is_public) {
        aar_publish(out);
    }
    json_clean(out, TEXT_MAX, false);
    return out;
}
