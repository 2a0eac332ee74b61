/* run_inject.c - injects that people make, change and agree to while the exercise runs.
 *
 * An inject with approvals fires only after so many different people agreed: by approving it, or by
 * asking to fire it. One whose time comes before that is held, and fires with the last of them.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "plan/inject.h"
#include "run/run.h"

#include <string.h>

static const struct plan_inject *plan_of(const struct run_inject *inject)
{
    return g_ptr_array_index(inject->exercise->options.plan->injects, (guint)inject->index);
}

void run_inject_clear(struct run_inject *inject)
{
    g_clear_pointer(&inject->note, g_free);
    g_clear_pointer(&inject->approved, g_ptr_array_unref);
}

const char *run_inject_note(const struct run_inject *inject)
{
    return inject->note ? inject->note : plan_of(inject)->entry->note;
}

static bool can_change(const struct exercise *exercise, const char *what, GError **error)
{
    if (!exercise->ending) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
            "cannot %s an inject: the exercise is %s", what, exercise_state_name(exercise->state));
    return false;
}

static bool usage(GError **error, const char *what)
{
    g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, what);
    return false;
}

static struct event *inject_event(const struct run_inject *inject, const char *kind, cJSON *body)
{
    const struct plan_inject *plan = plan_of(inject);
    return run_event(inject->exercise, kind, plan->team, plan->id, body);
}

/* ---- agreeing ------------------------------------------------------------------------------ */

int run_inject_missing(const struct run_inject *inject)
{
    int agreed = inject->approved ? (int)inject->approved->len : 0;
    return MAX(0, plan_of(inject)->entry->approvals - agreed);
}

static bool has_agreed(const GPtrArray *approved, const char *who)
{
    bool found = false;
    for (guint i = 0; approved && i < approved->len; i++) {
        found |= !strcmp(approved->pdata[i], who);
    }
    return found;
}

void run_inject_approve(struct run_inject *inject, const char *who)
{
    if (run_inject_missing(inject) == 0 || has_agreed(inject->approved, who)) {
        return;
    }
    if (!inject->approved) {
        inject->approved = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(inject->approved, g_strdup(who));
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", who);
    json_add_int(body, "missing", run_inject_missing(inject));
    run_record_then(inject->exercise, inject_event(inject, "inject.approved", body), NULL, NULL);
}

int exercise_inject_missing(const struct exercise *exercise, const char *inject)
{
    int index = plan_inject_index(exercise->options.plan, inject);
    return index < 0 ? 0 : run_inject_missing(&exercise->injects[index]);
}

bool exercise_approve(struct exercise *exercise, const char *id, const char *who, GError **error)
{
    struct run_inject *inject = run_inject_find(exercise, id, error);
    if (!inject || !can_change(exercise, "approve", error)) {
        return false;
    }
    if (run_inject_missing(inject) == 0 || has_agreed(inject->approved, who)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "%s: %s", id,
                run_inject_missing(inject) == 0 ? "it needs no approval"
                                                : "you have approved it; another person must");
        return false;
    }
    run_inject_approve(inject, who);
    if (inject->lacks && run_inject_missing(inject) == 0) {
        inject->lacks = false;
        run_inject_set(inject, INJECT_SCHEDULED, who);
        if (exercise->state == EXERCISE_RUNNING || exercise->state == EXERCISE_PAUSED) {
            run_inject_arm(inject);
        }
    }
    return true;
}

/* ---- changing ------------------------------------------------------------------------------ */

/* A text that may go into the ledger; NULL and an error when nothing is left of it. */
static char *clean_note(const char *note, GError **error)
{
    char *clean = text_clean_tail(note, strlen(note), EXERCISE_MESSAGE_MAX);
    if (!*g_strstrip(clean)) {
        g_free(clean);
        usage(error, "the message has no text");
        return NULL;
    }
    return clean;
}

static bool time_fits(const struct exercise *exercise, gint64 at_us, GError **error)
{
    gint64 end_us = exercise->end_us > 0 ? exercise->end_us : exercise->options.plan->duration_us;
    if (at_us < clock_now(exercise->options.clock)) {
        return usage(error, "that time has passed; fire it, or give a later one");
    }
    return at_us <= end_us || usage(error, "that is after the end of the exercise");
}

static bool can_edit(
        const struct run_inject *inject, gint64 at_us, const char *note, GError **error)
{
    const struct plan_inject *plan = plan_of(inject);
    if (!can_change(inject->exercise, "edit", error)) {
        return false;
    }
    if (inject->state != INJECT_SCHEDULED && inject->state != INJECT_HELD) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot edit inject %s: it is %s", plan->id, run_inject_state_name(inject->state));
        return false;
    }
    if (at_us < 0 && !note) {
        return usage(error, "say what is to change: its time or its text");
    }
    if (note && !plan->entry->note) {
        return usage(error, "only a message has a text that can be changed");
    }
    return at_us < 0 || time_fits(inject->exercise, at_us, error);
}

bool exercise_inject_edit(struct exercise *exercise, const char *id, gint64 at_us, const char *note,
        const char *who, GError **error)
{
    struct run_inject *inject = run_inject_find(exercise, id, error);
    if (!inject || !can_edit(inject, at_us, note, error)) {
        return false;
    }
    char *clean = note ? clean_note(note, error) : NULL;
    if (note && !clean) {
        return false;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", who);
    if (clean) {
        g_free(inject->note);
        inject->note = clean;
        cJSON_AddStringToObject(body, "title", clean);
    }
    if (at_us >= 0) {
        inject->due_us = at_us;
        json_add_int(body, "at_us", at_us);
    }
    run_record_then(exercise, inject_event(inject, "inject.edited", body), NULL, NULL);
    run_inject_set(inject, inject->state, who);
    if (exercise->state == EXERCISE_RUNNING || exercise->state == EXERCISE_PAUSED) {
        run_inject_arm(inject);
    }
    return true;
}

/* ---- making -------------------------------------------------------------------------------- */

static bool wish_fits(const struct exercise *exercise, const struct exercise_inject *wish,
        int *team, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    const struct plan_step *step = wish->step ? plan_step(plan, wish->step) : NULL;
    if (!can_change(exercise, "add", error) ||
            (wish->team && !run_team_find(exercise, wish->team, team, error))) {
        return false;
    }
    if (!wish->step == !wish->note) {
        return usage(error, "an inject is either a step of the scenario or a message");
    }
    if (wish->step && !step) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "the scenario has no step \"%s\"; `sandtable check` lists them", wish->step);
        return false;
    }
    if (step && !plan_inject_fits(plan, step, *team)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "step %s is against one team that has a machine %s: name the team", step->name,
                step->to);
        return false;
    }
    if (wish->approvals < 0 || wish->approvals > PLAN_APPROVALS_MAX) {
        return usage(error, "approvals: 0 to 5 people");
    }
    if (plan->added >= RUN_ADDED_MAX) {
        return usage(error, "200 injects were added: no more in this exercise");
    }
    return wish->at_us < 0 || time_fits(exercise, wish->at_us, error);
}

/* entry becomes the plan's. */
static struct run_inject *append(
        struct exercise *exercise, struct plan_entry *entry, int team, const char *id)
{
    struct plan *plan = exercise->options.plan;
    const struct plan_inject *added = plan_inject_add(plan, entry, team, id);
    struct run_inject *inject = &exercise->injects[plan->injects->len - 1];
    *inject = (struct run_inject){
            .exercise = exercise, .index = (int)plan->injects->len - 1, .due_us = added->at_us};
    return inject;
}

static struct plan_entry *entry_new(const char *step, char *note, gint64 at_us, int approvals)
{
    struct plan_entry *entry = g_new0(struct plan_entry, 1);
    entry->step = g_strdup(step);
    entry->note = note;
    entry->manual = at_us < 0;
    entry->at_us = at_us;
    entry->approvals = approvals;
    return entry;
}

const char *exercise_inject_add(struct exercise *exercise, const struct exercise_inject *wish,
        const char *who, GError **error)
{
    int team = -1;
    if (!wish_fits(exercise, wish, &team, error)) {
        return NULL;
    }
    char *note = wish->note ? clean_note(wish->note, error) : NULL;
    if (wish->note && !note) {
        return NULL;
    }
    struct run_inject *inject =
            append(exercise, entry_new(wish->step, note, wish->at_us, wish->approvals), team, NULL);
    const struct plan_inject *plan = plan_of(inject);
    cJSON *body = cJSON_CreateObject();
    json_add_int(body, "at_us", plan->at_us);
    cJSON_AddStringToObject(body, "title", note ? note : plan->step->title);
    cJSON_AddStringToObject(body, wish->step ? "step" : "note", wish->step ? wish->step : note);
    if (wish->approvals > 0) {
        json_add_int(body, "approvals", wish->approvals);
    }
    cJSON_AddStringToObject(body, "by", who);
    run_record_then(exercise, inject_event(inject, "inject.added", body), NULL, NULL);
    run_inject_set(inject, INJECT_SCHEDULED, who);
    if (exercise->state == EXERCISE_RUNNING || exercise->state == EXERCISE_PAUSED) {
        run_inject_arm(inject);
    }
    return plan->id;
}

/* ---- after an interruption ----------------------------------------------------------------- */

void resume_inject_free(gpointer data)
{
    struct resume_inject *inject = data;
    g_free(inject->id);
    g_free(inject->state);
    g_free(inject->owed);
    g_free(inject->owed_by);
    g_free(inject->note);
    g_clear_pointer(&inject->approved, g_ptr_array_unref);
    g_free(inject);
}

struct resume_inject *resume_need_inject(struct resume *resume, const char *id)
{
    struct resume_inject *inject = resume_inject(resume, id);
    if (!inject) {
        inject = g_new0(struct resume_inject, 1);
        inject->id = g_strdup(id);
        inject->due_us = -1;
        g_hash_table_insert(resume->injects, g_strdup(id), inject);
    }
    return inject;
}

static void apply_state(struct resume_inject *inject, const struct event *event, const cJSON *body)
{
    const char *state = json_string(body, "state", "");
    g_free(inject->state);
    inject->state = g_strdup(state);
    inject->due_us = json_int(body, "at_us", inject->due_us);
    if (!strcmp(state, "fired")) {
        inject->fired_seq = event->seq;
        inject->noted = inject->begun = false;
        g_clear_pointer(&inject->approved, g_ptr_array_unref);
    }
    inject->lacks = !strcmp(state, "held") && !strcmp(json_string(body, "by", ""), "approval");
    g_clear_pointer(&inject->owed, g_free);
    g_clear_pointer(&inject->owed_by, g_free);
}

void resume_apply_inject(struct resume *resume, const struct event *event, const cJSON *body)
{
    struct resume_inject *inject = resume_need_inject(resume, event->subject);
    if (!strcmp(event->kind, "inject.state")) {
        apply_state(inject, event, body);
    } else if (!strcmp(event->kind, "inject.added") && resume->added->len < RUN_ADDED_MAX) {
        cJSON *added = cJSON_Duplicate(body, true);
        cJSON_AddStringToObject(added, "id", event->subject);
        cJSON_AddStringToObject(added, "team", event->team);
        g_ptr_array_add(resume->added, added);
    } else if (!strcmp(event->kind, "inject.edited")) {
        inject->due_us = json_int(body, "at_us", inject->due_us);
        const char *note = json_string(body, "title", NULL);
        if (note) {
            g_free(inject->note);
            inject->note = g_strdup(note);
        }
    } else if (!strcmp(event->kind, "inject.approved")) {
        if (!inject->approved) {
            inject->approved = g_ptr_array_new_with_free_func(g_free);
        }
        g_ptr_array_add(inject->approved, g_strdup(json_string(body, "by", "")));
    }
}

static void take_added(struct exercise *exercise, const cJSON *added)
{
    struct plan *plan = exercise->options.plan;
    const char *id = json_string(added, "id", "");
    const char *step = json_string(added, "step", NULL);
    const char *note = json_string(added, "note", NULL);
    const char *name = json_string(added, "team", "");
    int team = -1;
    bool known = (!*name || run_team_find(exercise, name, &team, NULL)) &&
                 (step ? plan_step(plan, step) != NULL : note != NULL);
    if (known && plan_inject_index(plan, id) < 0) {
        gint64 approvals = CLAMP(json_int(added, "approvals", 0), 0, PLAN_APPROVALS_MAX);
        append(exercise,
                entry_new(step, step ? NULL : g_strdup(note), json_int(added, "at_us", -1),
                        (int)approvals),
                team, id);
    }
}

void run_injects_take(struct exercise *exercise)
{
    const struct resume *resume = exercise->resume;
    const struct plan *plan = exercise->options.plan;
    for (guint i = 0; i < resume->added->len; i++) {
        take_added(exercise, resume->added->pdata[i]);
    }
    for (guint i = 0; i < plan->injects->len; i++) {
        struct run_inject *inject = &exercise->injects[i];
        const struct resume_inject *was = resume_inject(resume, plan_of(inject)->id);
        if (was) {
            inject->note = g_strdup(was->note);
            inject->approved = was->approved ? g_ptr_array_ref(was->approved) : NULL;
            inject->lacks = was->lacks;
        }
    }
}
