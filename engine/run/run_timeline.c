/* run_timeline.c - injects on the exercise clock: scheduled, held, fired, done. */
#include "base/json.h"
#include "run/run.h"
#include "run/run_impair.h"

const char *run_inject_state_name(enum inject_state state)
{
    static const char *const names[] = {"scheduled", "held", "fired", "done", "skipped"};
    return names[state];
}

static const struct plan_inject *plan_of(const struct run_inject *inject)
{
    return g_ptr_array_index(inject->exercise->options.plan->injects, (guint)inject->index);
}

static void set_state(
        struct run_inject *inject, enum inject_state state, const char *by, run_then_fn then)
{
    const struct plan_inject *plan = plan_of(inject);
    inject->state = state;
    inject->announced = true;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "state", run_inject_state_name(state));
    if (plan->step) {
        cJSON_AddStringToObject(body, "step", plan->step->name);
    }
    json_add_int(body, "at_us", inject->due_us);
    cJSON_AddStringToObject(body, "by", by);
    run_record_then(inject->exercise,
            run_event(inject->exercise, "inject.state", plan->team, plan->id, body), then, inject);
}

void run_inject_set(struct run_inject *inject, enum inject_state state, const char *by)
{
    set_state(inject, state, by, NULL);
}

struct fired { /* a restore since then makes its outcome void */
    struct run_inject *inject;
    guint generation;
};

static struct fired *fired_new(struct run_inject *inject)
{
    struct fired *fired = g_new(struct fired, 1);
    *fired = (struct fired){inject, inject->generation};
    return fired;
}

static void on_verdict(struct exercise *exercise, enum run_verdict verdict, gpointer data)
{
    g_autofree struct fired *fired = data;
    if (!exercise->ending && fired->generation == fired->inject->generation) {
        run_inject_set(
                fired->inject, verdict == VERDICT_SKIPPED ? INJECT_SKIPPED : INJECT_DONE, "engine");
    }
}

void run_inject_act(struct exercise *exercise, const GError *refused, gpointer data)
{
    struct run_inject *inject = data;
    const struct plan_inject *plan = plan_of(inject);
    if (exercise->ending || inject->state != INJECT_FIRED) {
        return; /* a restore came between */
    }
    if (refused) {
        run_alarm(exercise, "inject-refused", plan->team, plan->id, refused->message);
        run_inject_set(inject, INJECT_SKIPPED, "engine");
        return;
    }
    if (plan->entry->note && !inject->noted) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "text", run_inject_note(inject));
        cJSON_AddStringToObject(body, "by", "timeline");
        cJSON_AddStringToObject(body, "inject", plan->id);
        run_record(exercise, "note", plan->team, exercise->options.plan->name, body);
        inject->noted = true;
    }
    if (plan->entry->function && !inject->begun) {
        run_function_start(exercise, plan->entry->function, plan->id, plan->team, false);
        inject->begun = true;
    }
    g_autoptr(GError) error = NULL;
    if (plan->entry->impair &&
            !run_link_wish(exercise, plan->entry->impair, plan->team, "timeline", &error)) {
        run_alarm(exercise, "inject-refused", plan->team, plan->id, error->message);
        run_inject_set(inject, INJECT_SKIPPED, "engine");
        return;
    }
    if (!plan->step) {
        run_inject_set(inject, INJECT_DONE, "engine");
        return;
    }
    if (plan->entry->undo) {
        run_step_undo(exercise, plan->step, plan->team, on_verdict, fired_new(inject));
        return;
    }
    struct fired *fired = fired_new(inject);
    if (!run_step_start(exercise, plan->step, plan->team, plan->id, on_verdict, fired, &error)) {
        g_free(fired);
        run_alarm(exercise, "inject-refused", plan->team, plan->id, error->message);
        run_inject_set(inject, INJECT_SKIPPED, "engine");
    }
}

void run_inject_fire(struct run_inject *inject, const char *by)
{
    clock_cancel(inject->exercise->options.clock, inject->timer);
    inject->noted = inject->begun = inject->lacks = false;
    g_clear_pointer(&inject->approved, g_ptr_array_unref); /* another time they are asked again */
    if (inject->exercise->resume) {
        resume_drop_answers(inject->exercise->resume, plan_of(inject)->id);
    }
    set_state(inject, INJECT_FIRED, by, run_inject_act);
}

static void on_due(gpointer data)
{
    struct run_inject *inject = data;
    bool restoring = run_is_restoring(inject->exercise, plan_of(inject)->team);
    if (inject->state != INJECT_SCHEDULED || restoring) { /* then it is armed again after */
        return;
    }
    inject->lacks = run_inject_missing(inject) > 0;
    if (inject->lacks) {
        run_inject_set(inject, INJECT_HELD, "approval");
    } else {
        run_inject_fire(inject, "timeline");
    }
}

void run_inject_arm(struct run_inject *inject)
{
    struct clock *clock = inject->exercise->options.clock;
    clock_cancel(clock, inject->timer);
    if (inject->due_us >= 0) {
        inject->timer = clock_at(clock, inject->due_us, on_due, inject);
    }
}

void run_timeline_init(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        const struct plan_inject *plan = g_ptr_array_index(exercise->options.plan->injects, i);
        exercise->injects[i] =
                (struct run_inject){.exercise = exercise, .index = (int)i, .due_us = plan->at_us};
    }
}

void run_timeline_start(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        struct run_inject *inject = &exercise->injects[i];
        if (inject->state == INJECT_SCHEDULED && !inject->announced) {
            run_inject_set(inject, INJECT_SCHEDULED, "timeline");
        }
        run_inject_arm(inject);
    }
}
