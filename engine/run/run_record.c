/* run_record.c - every change goes through the ledger; what is on the disk is scored and told on.
 */
#include "run/run.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

struct pending_then {
    struct exercise *exercise;
    run_then_fn then;
    gpointer data;
};

/* This one event was not fit for the ledger; the ledger itself is well. */
static bool was_refused(const GError *error)
{
    return g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_PROTOCOL);
}

/* The exercise ends, and says so at once: this outweighs any other cause. */
static void ledger_failed(struct exercise *exercise, const GError *error)
{
    if (!g_error_matches(exercise->failure, SANDTABLE_ERROR, SANDTABLE_ERROR_LEDGER)) {
        g_printerr("sandtable: the ledger failed: %s\n", error->message);
        g_clear_error(&exercise->failure);
        exercise->failure = g_error_copy(error);
    }
    run_end(exercise, "engine", "the ledger failed", error);
}

static void on_committed(const struct event *event, const GError *error, gpointer data)
{
    g_autofree struct pending_then *pending = data;
    (void)event;
    bool refused = error && was_refused(error);
    if (error && !refused) {
        ledger_failed(pending->exercise, error);
    }
    pending->then(pending->exercise, refused ? error : NULL, pending->data);
}

bool run_cannot_go_on(struct exercise *exercise, const GError *refused)
{
    if (refused) {
        run_end(exercise, "engine", refused->message, refused);
    }
    return refused != NULL;
}

struct event *run_event(
        struct exercise *exercise, const char *kind, int team, const char *subject, cJSON *body)
{
    struct event *event = event_new(kind, run_team_id(exercise, team), subject, body);
    event->at_us = clock_now(exercise->options.clock);
    event->wall_us = g_get_real_time();
    return event;
}

void run_record_then(
        struct exercise *exercise, struct event *event, run_then_fn then, gpointer data)
{
    struct pending_then *pending = NULL;
    if (then) {
        pending = g_new(struct pending_then, 1);
        *pending = (struct pending_then){exercise, then, data};
    }
    ledger_append(exercise->options.ledger, event, then ? on_committed : NULL, pending);
}

void run_record(
        struct exercise *exercise, const char *kind, int team, const char *subject, cJSON *body)
{
    run_record_then(exercise, run_event(exercise, kind, team, subject, body), NULL, NULL);
}

/* A model of the scenario's own may fail, or be healed by a correction. */
static void follow_score(struct exercise *exercise)
{
    const char *failure = score_failure(exercise->score);
    const char *name = exercise->options.plan->name;
    if ((failure != NULL) == exercise->score_failed) {
        return;
    }
    exercise->score_failed = failure != NULL;
    if (failure) {
        run_alarm(exercise, "score-failed", -1, name, failure);
    } else {
        run_alarm_clear(exercise, "score-failed", name);
    }
}

void run_committed(const struct event *event, const GError *error, gpointer data)
{
    struct exercise *exercise = data;
    if (error && was_refused(error)) {
        if (strcmp(event->kind, "alarm.raised") != 0) {
            run_alarm(exercise, "event-refused", -1, event->kind, error->message);
        }
        return;
    }
    if (error) {
        ledger_failed(exercise, error);
        return;
    }
    exercise->seq = event->seq;
    score_apply(exercise->score, event);
    follow_score(exercise);
    run_capture_event(exercise, event);
    run_exam_event(exercise, event);
    if (!strcmp(event->kind, "checkpoint.restored")) {
        run_checkpoint_committed(exercise, event);
    }
    run_white_committed(exercise, event);
    if (exercise->options.script) {
        script_event(exercise->options.script, event);
    }
    if (exercise->options.on_event) {
        exercise->options.on_event(event);
    }
    if (exercise->listener) {
        exercise->listener(event, exercise->listener_data);
    }
}

void run_alarm(struct exercise *exercise, const char *alarm, int team, const char *subject,
        const char *text)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "alarm", alarm);
    cJSON_AddStringToObject(body, "text", text);
    cJSON *copy = cJSON_Duplicate(body, true);
    cJSON_AddStringToObject(copy, "team", run_team_id(exercise, team));
    cJSON_AddStringToObject(copy, "subject", subject);
    g_ptr_array_add(exercise->alarms, copy);
    run_record(exercise, "alarm.raised", team, subject, body);
}

static bool is_about(const cJSON *raised, const char *alarm, const char *subject)
{
    return !strcmp(json_string(raised, "alarm", ""), alarm) &&
           !strcmp(json_string(raised, "subject", ""), subject);
}

void run_alarm_clear(struct exercise *exercise, const char *alarm, const char *subject)
{
    for (guint i = exercise->alarms->len; i-- > 0;) {
        const cJSON *raised = g_ptr_array_index(exercise->alarms, i);
        if (!is_about(raised, alarm, subject)) {
            continue;
        }
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "alarm", alarm);
        int team = plan_team_index(exercise->options.plan, json_string(raised, "team", ""));
        run_record(exercise, "alarm.cleared", team, subject, body);
        g_ptr_array_remove_index(exercise->alarms, i);
    }
}
