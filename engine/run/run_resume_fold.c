/* run_resume_fold.c - the fold from a ledger to what an interrupted exercise had come to. */
#include "base/json.h"
#include "run/resume.h"

#include <string.h>

static char *key_of(const char *name, const char *team)
{
    return g_strconcat(name, "\n", team, NULL);
}

static void set_text(char **to, const char *text)
{
    g_free(*to);
    *to = g_strdup(text);
}

/* ---- items --------------------------------------------------------------------------------- */

static void step_free(gpointer data)
{
    struct resume_step *step = data;
    g_free(step->step);
    g_free(step->team);
    g_free(step->by);
    g_free(step->verdict);
    g_free(step);
}

static void check_free(gpointer data)
{
    struct resume_check *check = data;
    g_free(check->status);
    g_free(check->detail);
    g_free(check);
}

static void task_free(gpointer data)
{
    struct resume_task *task = data;
    g_free(task->who);
    g_free(task->team);
    g_free(task);
}

static void answer_free(gpointer data)
{
    struct resume_answer *answer = data;
    g_free(answer->who);
    g_free(answer->step);
    g_free(answer->team);
    g_free(answer->verdict);
    g_free(answer);
}

static void machine_free(gpointer data)
{
    struct resume_machine *machine = data;
    g_free(machine->state);
    g_free(machine->reason);
    g_free(machine);
}

static void json_free(gpointer json)
{
    cJSON_Delete(json);
}

static void event_free_any(gpointer event)
{
    event_free(event);
}

static GHashTable *table(GDestroyNotify free_item)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_item);
}

struct resume *resume_new(void)
{
    struct resume *resume = g_new0(struct resume, 1);
    resume->injects = table(resume_inject_free);
    resume->added = g_ptr_array_new_with_free_func(json_free);
    resume->steps = table(step_free);
    resume->checks = table(check_free);
    resume->tasks = table(task_free);
    resume->machines = table(machine_free);
    resume->links = cJSON_CreateObject();
    resume->open = table(g_free);
    resume->stopped = table(NULL);
    resume->checkpoints = table(g_free);
    resume->rules = table(json_free);
    resume->rules_asked = table(json_free);
    resume->rules_owed = table(json_free);
    resume->links_owed = cJSON_CreateObject();
    resume->requests = g_ptr_array_new_with_free_func(resume_request_free);
    resume->restored = g_ptr_array_new_with_free_func(event_free_any);
    resume->answers = g_ptr_array_new_with_free_func(answer_free);
    resume->alarms = g_ptr_array_new_with_free_func(json_free);
    resume->score = score_new();
    return resume;
}

void resume_free(struct resume *resume)
{
    if (resume) {
        g_hash_table_unref(resume->injects);
        g_ptr_array_unref(resume->added);
        g_hash_table_unref(resume->steps);
        g_hash_table_unref(resume->checks);
        g_hash_table_unref(resume->tasks);
        g_hash_table_unref(resume->machines);
        g_hash_table_unref(resume->open);
        g_hash_table_unref(resume->stopped);
        g_hash_table_unref(resume->checkpoints);
        g_hash_table_unref(resume->rules);
        g_hash_table_unref(resume->rules_asked);
        g_hash_table_unref(resume->rules_owed);
        g_ptr_array_unref(resume->requests);
        g_ptr_array_unref(resume->restored);
        g_ptr_array_unref(resume->answers);
        g_ptr_array_unref(resume->alarms);
        score_free(resume->score);
        g_clear_pointer(&resume->faults, g_hash_table_unref);
        cJSON_Delete(resume->links);
        cJSON_Delete(resume->links_owed);
        cJSON_Delete(resume->created);
        g_free(resume->end_by);
        g_free(resume);
    }
}

/* The item of that key, made of size bytes when it is new. */
static gpointer item(GHashTable *items, char *key, gsize size)
{
    gpointer found = g_hash_table_lookup(items, key);
    if (found) {
        g_free(key);
        return found;
    }
    found = g_malloc0(size);
    g_hash_table_insert(items, key, found);
    return found;
}

struct resume_inject *resume_inject(const struct resume *resume, const char *id)
{
    return g_hash_table_lookup(resume->injects, id);
}

struct resume_step *resume_step(const struct resume *resume, const char *step, const char *team)
{
    g_autofree char *key = key_of(step, team);
    return g_hash_table_lookup(resume->steps, key);
}

struct resume_check *resume_check(
        const struct resume *resume, const char *service, const char *team)
{
    g_autofree char *key = key_of(service, team);
    return g_hash_table_lookup(resume->checks, key);
}

struct resume_task *resume_task(const struct resume *resume, const char *who, const char *team)
{
    g_autofree char *key = key_of(who, team);
    return g_hash_table_lookup(resume->tasks, key);
}

bool resume_task_is_open(const struct resume_task *task)
{
    return task && task->started > task->ended;
}

/* ---- events -------------------------------------------------------------------------------- */

static void apply_created(struct resume *resume, const struct event *event, cJSON **body)
{
    if (resume->created) {
        return;
    }
    resume->created = g_steal_pointer(body);
    resume->created_wall_us = event->wall_us;
    const cJSON *inject = NULL;
    cJSON_ArrayForEach(inject, json_array(json_object(resume->created, "plan"), "injects"))
    {
        resume_need_inject(resume, json_string(inject, "id", ""));
    }
}

/* "setup" and "ready" come again with every resume: they say nothing of how far it had come. */
static void apply_state(struct resume *resume, const cJSON *body)
{
    const char *state = json_string(body, "state", "");
    resume->began |= !strcmp(state, "running") || !strcmp(state, "paused");
    if (!strcmp(state, "running")) {
        resume->paused = false;
    } else if (!strcmp(state, "paused")) {
        resume->paused = true;
        resume->clock_only = json_bool(body, "clock_only", false);
    } else if (!strcmp(state, "ended")) {
        resume->ended = true;
    } else if (!strcmp(state, "down")) {
        resume->ended = resume->down = true;
    }
}

static void apply_opening(struct resume *resume, const struct event *event, const cJSON *body)
{
    if (!strcmp(json_string(body, "type", ""), "cell")) {
        resume->cell = (struct cell_identity){
                .pid = (pid_t)json_int(body, "pid", 0),
                .user = (ino_t)json_int(body, "user", 0),
                .net = (ino_t)json_int(body, "net", 0),
                .mnt = (ino_t)json_int(body, "mnt", 0),
        };
    }
    g_hash_table_replace(resume->open, g_strdup(event->subject), g_strdup(event->team));
}

static void apply_machine(struct resume *resume, const struct event *event, const cJSON *body)
{
    struct resume_machine *machine =
            item(resume->machines, g_strdup(event->subject), sizeof(*machine));
    const char *state = json_string(body, "state", "");
    set_text(&machine->state, state);
    set_text(&machine->reason, json_string(body, "reason", ""));
    if (!strcmp(state, "ready")) {
        machine->was_ready = true;
        machine->gone = false;
    } else if (!strcmp(state, "crashed") || !strcmp(state, "stopped")) {
        machine->was_ready = false;
        machine->gone = true;
    } else if (!strcmp(state, "starting")) {
        machine->was_ready = machine->gone = false;
    }
}

static void apply_check(struct resume *resume, const struct event *event, const cJSON *body)
{
    struct resume_check *check =
            item(resume->checks, key_of(event->subject, event->team), sizeof(*check));
    const char *kind = event->kind + strlen("check.");
    check->round = MAX(check->round, (int)json_int(body, "round", 0));
    check->passed += !strcmp(kind, "ok");
    check->failed += !strcmp(kind, "down");
    set_text(&check->status, json_string(body, "status", kind));
    set_text(&check->detail, json_string(body, "detail", ""));
}

static void apply_step(struct resume *resume, const struct event *event, const cJSON *body)
{
    struct resume_step *step =
            item(resume->steps, key_of(event->subject, event->team), sizeof(*step));
    const char *state = json_string(body, "state", "");
    if (!step->step) {
        step->step = g_strdup(event->subject);
        step->team = g_strdup(event->team);
    }
    if (!strcmp(state, "running") || !strcmp(state, "settling")) {
        step->running_seq = step->running_seq ? step->running_seq : event->seq;
        set_text(&step->by, json_string(body, "by", ""));
    } else if (!strcmp(state, "undoing")) {
        step->undo_seq = event->seq;
    } else if (g_str_has_prefix(state, "undo")) {
        step->undone_seq = event->seq;
        if (!strcmp(state, "undone")) {
            g_free(step->verdict);
            step->verdict = g_strdup("none");
        }
    }
}

void resume_add_answer(struct resume *resume, const struct resume_step *was, const char *verdict)
{
    struct resume_answer *answer = g_new(struct resume_answer, 1);
    *answer = (struct resume_answer){
            .who = g_strdup(was->by),
            .step = g_strdup(was->step),
            .team = g_strdup(was->team),
            .seq = resume->seq,
            .verdict = g_strdup(verdict),
    };
    g_ptr_array_add(resume->answers, answer);
}

static void apply_verdict(struct resume *resume, const struct event *event, const cJSON *body)
{
    struct resume_step *step =
            item(resume->steps, key_of(event->subject, event->team), sizeof(*step));
    if (!step->step) {
        step->step = g_strdup(event->subject);
        step->team = g_strdup(event->team);
    }
    if (!json_bool(body, "void", false)) { /* its team had been put back to before it */
        set_text(&step->verdict, json_string(body, "verdict", ""));
    }
    step->verdict_seq = event->seq;
    step->running_seq = 0;
    set_text(&step->by, json_string(body, "by", ""));
    resume_add_answer(resume, step, json_string(body, "verdict", ""));
}

static void apply_task(struct resume *resume, const struct event *event, const cJSON *body)
{
    const char *action = json_string(body, "action", "");
    bool started = !strcmp(action, "started");
    if (!started && strcmp(action, "ended") != 0) {
        return;
    }
    struct resume_task *task =
            item(resume->tasks, key_of(event->subject, event->team), sizeof(*task));
    if (!task->who) {
        task->who = g_strdup(event->subject);
        task->team = g_strdup(event->team);
        task->due_us = -1;
    }
    if (!started) {
        task->ended = task->started;
        return;
    }
    /* one that is begun again by a resume is still the same run */
    if (!json_bool(body, "again", false)) {
        task->started++;
        task->started_seq = event->seq;
    }
    struct resume_inject *inject = resume_inject(resume, event->subject);
    if (inject) {
        inject->begun = true;
    }
}

static void owe(struct resume_inject *inject, const char *state, const char *by)
{
    set_text(&inject->owed, state);
    set_text(&inject->owed_by, by);
}

/* A hold or release of one inject, or of all in the state that it leaves. */
static void owe_held(struct resume *resume, const cJSON *body, bool held)
{
    const char *one = json_string(body, "inject", NULL);
    const char *from = held ? "scheduled" : "held";
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, resume->injects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct resume_inject *inject = value;
        const char *state = inject->state ? inject->state : "scheduled";
        if ((!one || !strcmp(inject->id, one)) && !strcmp(state, from)) {
            owe(inject, held ? "held" : "scheduled", json_string(body, "by", "operator"));
        }
    }
}

/* What an operator asked for is in force once it is on the disk. */
static void apply_action(struct resume *resume, const cJSON *body)
{
    const char *action = json_string(body, "action", "");
    const char *by = json_string(body, "by", "operator");
    struct resume_inject *inject = resume_inject(resume, json_string(body, "inject", ""));
    if (!strcmp(action, "start")) {
        resume->begun = true;
    } else if (!strcmp(action, "pause") || !strcmp(action, "pause-clock")) {
        resume->paused = true;
        resume->clock_only = strcmp(action, "pause") != 0;
    } else if (!strcmp(action, "resume")) {
        resume->paused = false;
    } else if (!strcmp(action, "end")) {
        set_text(&resume->end_by, by);
    } else if (!strcmp(action, "fire") && inject) {
        owe(inject, "fired", by);
    } else if (!strcmp(action, "hold") || !strcmp(action, "release")) {
        owe_held(resume, body, *action == 'h');
    }
}

static void apply_note(struct resume *resume, const cJSON *body)
{
    struct resume_inject *inject = resume_inject(resume, json_string(body, "inject", ""));
    if (inject) {
        inject->noted = true;
    }
}

static void apply_alarm(struct resume *resume, const struct event *event, const cJSON *body)
{
    if (!strcmp(event->kind, "alarm.raised")) {
        cJSON *alarm = cJSON_CreateObject();
        cJSON_AddStringToObject(alarm, "alarm", json_string(body, "alarm", ""));
        cJSON_AddStringToObject(alarm, "text", json_string(body, "text", ""));
        cJSON_AddStringToObject(alarm, "team", event->team);
        cJSON_AddStringToObject(alarm, "subject", event->subject);
        g_ptr_array_add(resume->alarms, alarm);
        return;
    }
    for (guint i = resume->alarms->len; i-- > 0;) {
        const cJSON *alarm = resume->alarms->pdata[i];
        if (!strcmp(json_string(alarm, "subject", ""), event->subject) &&
                !strcmp(json_string(alarm, "alarm", ""), json_string(body, "alarm", ""))) {
            g_ptr_array_remove_index(resume->alarms, i);
        }
    }
}

static void apply_rules(struct resume *resume, const struct event *event, const cJSON *body)
{
    bool asked = !strcmp(json_string(body, "state", ""), "asked");
    g_hash_table_remove(resume->rules_asked, event->subject);
    g_hash_table_replace(asked ? resume->rules_asked : resume->rules, g_strdup(event->subject),
            cJSON_Duplicate(body, true));
}

static void apply_link(struct resume *resume, const struct event *event, const cJSON *body)
{
    if (!strcmp(event->kind, "link.measured")) {
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(resume->links, event->subject);
    if (!strcmp(event->kind, "link.impaired") && body) {
        cJSON *link = cJSON_Duplicate(body, true);
        json_add_int(link, "at_us", event->at_us);
        cJSON_AddItemToObject(resume->links, event->subject, link);
    }
}

static void apply_to_range(struct resume *resume, const struct event *event, const cJSON *body)
{
    if (!strcmp(event->kind, "resource.opening")) {
        apply_opening(resume, event, body);
    } else if (!strcmp(event->kind, "resource.closed")) {
        g_hash_table_remove(resume->open, event->subject);
    } else if (!strcmp(event->kind, "machine.state")) {
        apply_machine(resume, event, body);
    } else if (g_str_has_prefix(event->kind, "check.")) {
        apply_check(resume, event, body);
    } else if (g_str_has_prefix(event->kind, "alarm.")) {
        apply_alarm(resume, event, body);
    } else if (!strcmp(event->kind, "router.rules")) {
        apply_rules(resume, event, body);
    } else if (g_str_has_prefix(event->kind, "link.")) {
        apply_link(resume, event, body);
    }
}

void resume_apply(struct resume *resume, const struct event *event)
{
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    resume->seq = event->seq;
    resume->at_us = MAX(resume->at_us, event->at_us);
    resume->wall_us = event->wall_us;
    score_apply(resume->score, event);
    public_prefix_apply(&resume->shown, event);
    if (!strcmp(event->kind, "exercise.created")) {
        apply_created(resume, event, &body);
    } else if (!strcmp(event->kind, "exercise.state")) {
        apply_state(resume, body);
    } else if (g_str_has_prefix(event->kind, "inject.")) {
        resume_apply_inject(resume, event, body);
    } else if (!strcmp(event->kind, "step.state")) {
        apply_step(resume, event, body);
    } else if (!strcmp(event->kind, "step.verdict")) {
        apply_verdict(resume, event, body);
    } else if (!strcmp(event->kind, "player.action")) {
        apply_task(resume, event, body);
    } else if (!strcmp(event->kind, "operator.action")) {
        apply_action(resume, body);
    } else if (!strcmp(event->kind, "note")) {
        apply_note(resume, body);
    } else {
        apply_to_range(resume, event, body);
    }
    resume_apply_checkpoint(resume, event, body);
    resume_apply_fault(resume, event);
}
