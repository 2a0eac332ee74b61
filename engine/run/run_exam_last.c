/* run_exam_last.c - what candidates did on their machines is looked at when the question ends.
 *
 * Who repaired a machine and did not ask for a look, or not again, has done it all the same. So when
 * a question's window ends, the time is up or the candidate hands in, each effect that was not yet
 * right is looked at once, and what was seen is recorded as of that moment on the candidate's clock.
 * It is no attempt; where none are left, nobody looks. More time makes a new end, with its own look.
 *
 * The end of the whole exercise is an end of every question, too. It waits for these looks, though
 * not long: what was not answered by then is recorded as not seen. Until then the exercise runs.
 */
#include "run/run_exam.h"

#include "base/json.h"

#include <string.h>

#define CLOSING_US (15 * (gint64)G_USEC_PER_SEC)

struct run_exam_closing { /* the exercise is to end */
    char *by, *reason;
    guint64 timer;
};

struct last_look {
    struct exercise *exercise;
    const struct plan_exam_seat *seat;
    int question;
    gint64 clock_us;
    bool late; /* recorded as not seen already */
};

/* ---- the end of the exercise ---------------------------------------------------------------- */

void run_exam_last_free(struct exercise *exercise)
{
    struct run_exam_closing *closing = g_steal_pointer(&exercise->exam->closing);
    if (closing) {
        clock_cancel(exercise->options.clock, closing->timer);
        g_free(closing->by);
        g_free(closing->reason);
        g_free(closing);
    }
}

/* Also of looks that began before the end was asked for: nobody's work is thrown away. */
static bool is_all_seen(const struct run_exam *exam)
{
    return exam->looks->len == 0 && exam->unwritten == 0;
}

void run_exam_close_if_done(struct exercise *exercise)
{
    struct run_exam_closing *closing = exercise->exam->closing;
    if (closing && is_all_seen(exercise->exam)) {
        g_autofree char *by = g_steal_pointer(&closing->by);
        g_autofree char *reason = g_steal_pointer(&closing->reason);
        run_exam_last_free(exercise);
        run_end(exercise, by, reason, NULL);
    }
}

/* It is folded in, and graded, only after this. */
static void on_written(struct exercise *exercise, const GError *refused, gpointer data)
{
    (void)data;
    exercise->exam->unwritten--;
    if (refused) { /* nothing follows that would end the wait */
        run_exam_close_if_done(exercise);
    }
}

/* ---- looks --------------------------------------------------------------------------------- */

static void tell(const struct last_look *of, enum run_truth truth, cJSON *evidence)
{
    const struct run_exam_look look = {
            .seat = of->seat,
            .question = of->question,
            .clock_us = of->clock_us,
            .by = "engine",
            .last = true,
    };
    struct event *event = run_exam_seen(of->exercise, &look, truth, evidence);
    of->exercise->exam->unwritten++;
    run_record_then(of->exercise, event, on_written, NULL);
}

static void on_seen(enum run_truth truth, cJSON *evidence, gpointer data)
{
    g_autofree struct last_look *of = data;
    if (of->exercise->ending || of->late) {
        cJSON_Delete(evidence);
    } else {
        tell(of, truth, evidence);
    }
    if (!of->late) {
        g_ptr_array_remove_fast(of->exercise->exam->looks, of);
    }
}

static void on_closing_limit(gpointer data)
{
    struct exercise *exercise = data;
    GPtrArray *looks = exercise->exam->looks;
    exercise->exam->closing->timer = 0;
    while (looks->len > 0) {
        struct last_look *look = looks->pdata[0];
        cJSON *evidence = cJSON_CreateObject();
        cJSON_AddBoolToObject(evidence, "ok", false);
        cJSON_AddStringToObject(
                evidence, "why", "the machine had not answered when the exercise ended");
        tell(look, TRUTH_FAULT, evidence);
        look->late = true;
        g_ptr_array_remove_index_fast(looks, 0);
    }
}

static void look_at(const struct run_exam_seat *seat, int question, gint64 end_us)
{
    const struct predicate_scope scope = {.exercise = seat->exercise, .team = seat->plan->team};
    const struct plan_exam_form *form =
            plan_exam_form_of(seat->exercise->options.plan->exam, seat->plan, question);
    struct last_look *look = g_new(struct last_look, 1);
    *look = (struct last_look){
            .exercise = seat->exercise,
            .seat = seat->plan,
            .question = question,
            .clock_us = end_us,
    };
    g_ptr_array_add(seat->exercise->exam->looks, look);
    run_predicate_ask(&scope, form->effect, on_seen, look);
}

/* An effect that may still become right. */
static bool is_open(const struct run_exam_seat *seat, int question)
{
    const struct plan_exam *plan = seat->exercise->options.plan->exam;
    const struct plan_exam_question *of = plan->questions->pdata[question];
    const struct exam *fold = seat->exercise->exam->fold;
    return plan_exam_form_kind(plan_exam_form_of(plan, seat->plan, question)) == PLAN_EXAM_EFFECT &&
           !exam_right(fold, seat->plan->id, of->name) &&
           (of->attempts == 0 || exam_attempts(fold, seat->plan->id, of->name) < of->attempts);
}

gint64 run_exam_look_last(struct run_exam_seat *seat, const struct exam_clock *now)
{
    const struct plan_exam *plan = seat->exercise->options.plan->exam;
    gint64 next = G_MAXINT64;
    for (guint q = 0; q < plan->questions->len && now->state != EXAM_REGISTERED; q++) {
        const struct plan_exam_question *question = plan->questions->pdata[q];
        if (!is_open(seat, (int)q)) {
            continue;
        }
        gint64 end = exam_end_us(seat->exercise->exam->fold, seat->plan->id, question->name);
        if (now->elapsed_us < end) {
            next = MIN(next, end);
        } else if (seat->looked[q] != end) {
            seat->looked[q] = end;
            look_at(seat, (int)q, end);
        }
    }
    return next;
}

void run_exam_take_last(struct run_exam_seat *seat, const struct event *event)
{
    int question = plan_exam_question_index(seat->exercise->options.plan->exam, event->subject);
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (question >= 0 && json_bool(body, "last", false)) {
        seat->looked[question] = json_int(body, "clock_us", -1);
    }
}

/* Looks at all that is not right and has not ended, as of now. */
static void look_now(struct run_exam_seat *seat)
{
    const struct plan_exam *plan = seat->exercise->options.plan->exam;
    struct exam_clock now = run_exam_clock(seat->exercise, seat->plan);
    for (guint q = 0; q < plan->questions->len && now.state != EXAM_REGISTERED; q++) {
        const struct plan_exam_question *question = plan->questions->pdata[q];
        gint64 end = exam_end_us(seat->exercise->exam->fold, seat->plan->id, question->name);
        if (is_open(seat, (int)q) && now.elapsed_us < end && seat->looked[q] != now.elapsed_us) {
            seat->looked[q] = now.elapsed_us;
            look_at(seat, (int)q, now.elapsed_us);
        }
    }
}

bool run_exam_close(struct exercise *exercise, const char *by, const char *reason)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    if (!plan || exercise->state != EXERCISE_RUNNING || exercise->exam->closed) {
        return false;
    }
    exercise->exam->closed = true;
    struct run_exam_closing *closing = g_new0(struct run_exam_closing, 1);
    closing->by = g_strdup(by);
    closing->reason = g_strdup(reason);
    exercise->exam->closing = closing;
    for (guint i = 0; i < plan->seats->len; i++) {
        look_now(&exercise->exam->seats[i]);
    }
    if (is_all_seen(exercise->exam)) {
        run_exam_last_free(exercise);
        return false;
    }
    struct clock *clock = exercise->options.clock;
    clock_cancel(clock, exercise->end_timer); /* it is on its way */
    closing->timer = clock_at(clock, clock_now(clock) + CLOSING_US, on_closing_limit, exercise);
    return true;
}
