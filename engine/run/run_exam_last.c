/* run_exam_last.c - what candidates did on their machines is looked at when the question ends.
 *
 * Who repaired a machine and did not ask for a look, or not again, has done it all the same. So when
 * a question's window ends, the time is up or the candidate hands in, each effect that was not yet
 * right is looked at once, and what was seen is recorded as of that moment on the candidate's clock.
 * It is no attempt; where none are left, nobody looks. More time makes a new end, with its own look.
 */
#include "run/run_exam.h"

#include "base/json.h"

#include <string.h>

struct last_look {
    struct exercise *exercise;
    const struct plan_exam_seat *seat;
    int question;
    gint64 clock_us;
};

static void on_seen(enum run_truth truth, cJSON *evidence, gpointer data)
{
    g_autofree struct last_look *of = data;
    if (of->exercise->ending) {
        cJSON_Delete(evidence);
        return;
    }
    const struct run_exam_look look = {
            .seat = of->seat,
            .question = of->question,
            .clock_us = of->clock_us,
            .by = "engine",
            .last = true,
    };
    struct event *event = run_exam_seen(of->exercise, &look, truth, evidence);
    run_record_then(of->exercise, event, NULL, NULL);
}

static void look_at(const struct run_exam_seat *seat, int question, gint64 end_us)
{
    const struct predicate_scope scope = {.exercise = seat->exercise, .team = seat->plan->team};
    const struct plan_exam_form *form =
            plan_exam_form_of(seat->exercise->options.plan->exam, seat->plan, question);
    struct last_look *look = g_new(struct last_look, 1);
    *look = (struct last_look){seat->exercise, seat->plan, question, end_us};
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
