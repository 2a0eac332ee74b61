/* run_resume_restore.c - checkpoints, restores and resets in the fold, and what a resume owes them.
 *
 * checkpoint.restored puts back what it says, at its seq. A checkpoint that was being taken is
 * given up, a reset is as good as done by starting its machines anew, a restore is done again.
 */
#include "base/json.h"
#include "plan/router.h"
#include "run/resume.h"
#include "run/run_restart.h"

#include <string.h>

void resume_request_free(gpointer data)
{
    struct resume_request *request = data;
    g_free(request->kind);
    g_free(request->subject);
    g_free(request->team);
    g_free(request->by);
    cJSON_Delete(request->body);
    g_free(request);
}

/* ---- the fold ------------------------------------------------------------------------------ */

static void settle(struct resume *resume, const char *kind, const char *subject)
{
    for (guint i = resume->requests->len; i-- > 0;) {
        const struct resume_request *one = resume->requests->pdata[i];
        if (!strcmp(one->kind, kind) && !strcmp(one->subject, subject)) {
            g_ptr_array_remove_index(resume->requests, i);
        }
    }
}

static void request(struct resume *resume, const char *kind, const char *subject,
        const struct event *event, const cJSON *body)
{
    settle(resume, kind, subject); /* asked for again: as after a resume */
    struct resume_request *one = g_new(struct resume_request, 1);
    *one = (struct resume_request){
            .kind = g_strdup(kind),
            .subject = g_strdup(subject),
            .team = g_strdup(json_string(body, "team", event->team)),
            .by = g_strdup(json_string(body, "by", "operator")),
            .body = cJSON_Duplicate(body, true),
    };
    g_ptr_array_add(resume->requests, one);
}

/* "" is the exercise as a whole, which concerns all. */
static bool concerns(const char *team, const char *which)
{
    return !*which || !strcmp(team, which);
}

static void restore_steps(struct resume *resume, const struct event *event, const cJSON *body)
{
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, resume->steps);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct resume_step *step = value;
        if (concerns(step->team, event->team)) {
            step->running_seq = 0;
            g_clear_pointer(&step->verdict, g_free);
        }
    }
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "verdicts"))
    {
        struct resume_step *step =
                resume_step(resume, json_string(item, "step", ""), json_string(item, "team", ""));
        if (step) {
            g_free(step->verdict);
            step->verdict = g_strdup(json_string(item, "verdict", ""));
        }
    }
}

static void restore_checks(struct resume *resume, const cJSON *body)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "services"))
    {
        struct resume_check *check = resume_check(
                resume, json_string(item, "service", ""), json_string(item, "team", ""));
        if (check) {
            check->passed = (int)json_int(item, "passed", 0);
            check->failed = (int)json_int(item, "failed", 0);
        }
    }
}

/* The run that there was has been ended with it. */
static void close_task(struct resume_task *task)
{
    if (task) {
        task->ended = task->started;
    }
}

static void restore_injects(struct resume *resume, const struct event *event, const cJSON *body)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "injects"))
    {
        struct resume_inject *inject = resume_inject(resume, json_string(item, "id", ""));
        const char *state = json_string(item, "state", "");
        if (!inject || !strcmp(state, "done") || !strcmp(state, "skipped")) {
            continue;
        }
        bool fired = !strcmp(state, "fired");
        gint64 left_us = json_int(item, "left_us", 0);
        inject->due_us = fired ? event->at_us : left_us < 0 ? -1 : event->at_us + left_us;
        g_free(inject->state);
        inject->state = g_strdup(fired ? "scheduled" : state);
        close_task(resume_task(resume, inject->id, json_string(item, "team", "")));
    }
}

static void restore_players(struct resume *resume, const struct event *event, const cJSON *body)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "players"))
    {
        gint64 left_us = json_int(item, "left_us", -1);
        struct resume_task *task =
                resume_task(resume, json_string(item, "name", ""), json_string(item, "team", ""));
        if (task && left_us >= 0) {
            task->started = task->ended = 0;
            task->due_us = event->at_us + left_us;
        }
    }
}

/* Each is asked for by an event of its own, which ends the debt. */
static void owe_networks(struct resume *resume, const cJSON *body)
{
    const char *by = json_string(body, "by", "operator");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "links"))
    {
        cJSON *owed = cJSON_Duplicate(item, true);
        const char *link = json_string(item, "link", "");
        cJSON_AddStringToObject(owed, "by", by);
        cJSON_DeleteItemFromObjectCaseSensitive(resume->links_owed, link);
        cJSON_AddItemToObject(resume->links_owed, link, owed);
    }
    cJSON_ArrayForEach(item, json_array(body, "routers"))
    {
        cJSON *owed = cJSON_Duplicate(item, true);
        cJSON_AddStringToObject(owed, "by", by);
        g_hash_table_replace(resume->rules_owed, g_strdup(json_string(item, "router", "")), owed);
    }
}

static void restored(struct resume *resume, const struct event *event, const cJSON *body)
{
    settle(resume, "restore", event->subject);
    restore_steps(resume, event, body);
    restore_checks(resume, body);
    restore_injects(resume, event, body);
    restore_players(resume, event, body);
    owe_networks(resume, body);
    resume->ends_us = json_int(body, "ends_us", resume->ends_us);
    g_ptr_array_add(resume->restored, event_copy(event));
}

static void reset(struct resume *resume, const struct event *event, const cJSON *body)
{
    settle(resume, event->kind, event->subject);
    if (strcmp(json_string(body, "state", ""), "begun") != 0) {
        return;
    }
    request(resume, event->kind, event->subject, event, body);
    const cJSON *router = NULL; /* a team's routers begin anew with it */
    cJSON_ArrayForEach(router, json_array(body, "routers"))
    {
        if (cJSON_IsString(router)) {
            request(resume, "router.reset", router->valuestring, event, body);
        }
    }
}

void resume_apply_checkpoint(struct resume *resume, const struct event *event, const cJSON *body)
{
    const char *action = json_string(body, "action", "");
    if (!strcmp(event->kind, "operator.action") &&
            (!strcmp(action, "restore") || !strcmp(action, "checkpoint"))) {
        request(resume, action, json_string(body, "label", ""), event, body);
    } else if (!strcmp(event->kind, "operator.action") && !strcmp(action, "checkpoint-remove")) {
        g_hash_table_remove(resume->checkpoints, json_string(body, "label", ""));
    } else if (!strcmp(event->kind, "checkpoint.taken")) {
        settle(resume, "checkpoint", event->subject);
        g_hash_table_replace(resume->checkpoints, g_strdup(event->subject), g_strdup(event->team));
    } else if (!strcmp(event->kind, "checkpoint.failed")) {
        settle(resume, *action == 't' ? "checkpoint" : "restore", event->subject);
    } else if (!strcmp(event->kind, "checkpoint.restored")) {
        restored(resume, event, body);
    } else if (g_str_has_suffix(event->kind, ".reset")) {
        reset(resume, event, body);
    } else if (!strcmp(event->kind, "router.rules")) {
        g_hash_table_remove(resume->rules_owed, event->subject);
    } else if (!strcmp(event->kind, "capture.stopped")) {
        g_hash_table_add(resume->stopped, g_strdup(event->subject));
    } else if (!strcmp(event->kind, "capture.started")) {
        g_hash_table_remove(resume->stopped, event->subject);
    } else if (!strcmp(event->kind, "link.impaired")) {
        cJSON_DeleteItemFromObjectCaseSensitive(resume->links_owed, event->subject);
    }
}

/* ---- what a resume owes -------------------------------------------------------------------- */

/* Nothing is to be left of the checkpoint. */
static void remove_half(struct exercise *exercise, const char *label, int team)
{
    g_autofree char *resource = g_strdup_printf("checkpoint:%s", label);
    if (g_hash_table_contains(exercise->resume->open, resource)) {
        run_checkpoint_half(exercise, label, team);
    }
}

static void take_checkpoint(struct exercise *exercise, const char *label, const char *team)
{
    g_autofree char *folder = run_checkpoint_folder(exercise, label);
    g_autoptr(GError) error = NULL;
    cJSON *manifest = checkpoint_read(folder, &error);
    if (!manifest) {
        int index = plan_team_index(exercise->options.plan, team);
        if (!exercise->resume->ended) { /* else the end has removed it already */
            run_alarm(exercise, "checkpoint-lost", index, label, error->message);
        }
        remove_half(exercise, label, index);
        return;
    }
    struct run_checkpoint *whole = g_new(struct run_checkpoint, 1);
    *whole = (struct run_checkpoint){
            .label = g_strdup(label),
            .team = plan_team_index(exercise->options.plan, team),
            .manifest = manifest,
    };
    g_ptr_array_add(exercise->checkpoints, whole);
}

void run_resume_take_checkpoints(struct exercise *exercise)
{
    GHashTableIter iter;
    gpointer label = NULL;
    gpointer team = NULL;
    g_hash_table_iter_init(&iter, exercise->resume->checkpoints);
    while (g_hash_table_iter_next(&iter, &label, &team)) {
        take_checkpoint(exercise, label, team);
    }
    for (guint i = 0; i < exercise->resume->restored->len; i++) {
        run_checkpoint_committed(exercise, g_ptr_array_index(exercise->resume->restored, i));
    }
    if (exercise->resume->ends_us > 0) {
        exercise->end_us = exercise->resume->ends_us;
    }
}

/* Nothing half stays behind. */
static void give_up(struct exercise *exercise, const struct resume_request *one)
{
    int team = plan_team_index(exercise->options.plan, one->team);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "action", "take");
    cJSON_AddStringToObject(body, "by", one->by);
    cJSON_AddStringToObject(body, "reason", "the engine was interrupted");
    run_record(exercise, "checkpoint.failed", team, one->subject, body);
    remove_half(exercise, one->subject, team);
}

void run_resume_end_requests(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->resume->requests->len; i++) {
        const struct resume_request *one = g_ptr_array_index(exercise->resume->requests, i);
        if (!strcmp(one->kind, "checkpoint")) {
            give_up(exercise, one);
        }
    }
}

/* The machines were started anew by the resume. */
static void end_reset(struct exercise *exercise, const struct resume_request *one)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", "done");
    cJSON_AddStringToObject(body, "by", one->by);
    const cJSON *machines = json_array(one->body, "machines");
    const cJSON *id = NULL;
    cJSON_ArrayForEach(id, machines)
    {
        int index = plan_machine_index(
                exercise->options.plan, cJSON_IsString(id) ? id->valuestring : "");
        if (index < 0 || exercise->machines[index].state != MACHINE_READY) {
            cJSON_ReplaceItemInObject(body, "state", cJSON_CreateString("failed"));
        }
    }
    cJSON_AddItemToObject(body, "machines", cJSON_Duplicate(machines, true));
    cJSON_AddStringToObject(body, "reason", "the engine was interrupted; the resume did it");
    run_record(exercise, one->kind, plan_team_index(exercise->options.plan, one->team),
            one->subject, body);
}

static void restore_again(struct exercise *exercise, const struct resume_request *one)
{
    g_autoptr(GError) error = NULL;
    if (!exercise_restore(exercise, one->subject, *one->team ? one->team : NULL, one->by, &error)) {
        run_alarm(exercise, "restore-failed", plan_team_index(exercise->options.plan, one->team),
                one->subject, error->message);
    }
}

static void reset_router(struct exercise *exercise, const struct resume_request *one)
{
    int gate = plan_gate_index(exercise->options.plan, one->subject);
    if (gate >= 0) {
        run_gate_reset(exercise, gate, one->by);
    }
}

void run_resume_settle_requests(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->resume->requests->len; i++) {
        const struct resume_request *one = g_ptr_array_index(exercise->resume->requests, i);
        if (!strcmp(one->kind, "restore")) {
            restore_again(exercise, one);
        } else if (!strcmp(one->kind, "router.reset")) {
            reset_router(exercise, one);
        } else if (strcmp(one->kind, "checkpoint") != 0) {
            end_reset(exercise, one);
        }
    }
}
