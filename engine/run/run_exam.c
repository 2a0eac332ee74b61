/* run_exam.c - an exam under way: candidates' clocks, credits for outages, who may do what.
 *
 * All that is known of an exam is the fold of its events (score/exam.h). This file asks that fold,
 * writes events, and writes what follows from them: that a time is up, that the range was out, and
 * the points for the score's models (grade.given).
 */
#include "run/run_exam.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

#define REASON_MAX 300
#define EXTEND_MAX_US (24 * 3600 * (gint64)G_USEC_PER_SEC)

static bool fail(GError **error, enum sandtable_error code, const char *what)
{
    g_set_error_literal(error, SANDTABLE_ERROR, code, what);
    return false;
}

/* ---- making and freeing -------------------------------------------------------------------- */

static void call_free(struct run_exam_call *call)
{
    g_clear_handle_id(&call->idle, g_source_remove);
    g_free(call->digest);
    g_free(call->by);
    g_free(call);
}

void run_exam_init(struct exercise *exercise)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    struct run_exam *exam = g_new0(struct run_exam, 1);
    exercise->exam = exam;
    exam->fold = exam_new();
    exam->calls = g_ptr_array_new();
    exam->looks = g_ptr_array_new();
    guint seats = plan ? plan->seats->len : 0;
    exam->seats = g_new0(struct run_exam_seat, seats + 1);
    for (guint i = 0; i < seats; i++) {
        exam->seats[i].exercise = exercise;
        exam->seats[i].plan = plan->seats->pdata[i];
        exam->seats[i].graded = g_new0(double, plan->questions->len + 1);
        exam->seats[i].looked = g_new(gint64, plan->questions->len + 1);
        for (guint q = 0; q < plan->questions->len; q++) {
            exam->seats[i].looked[q] = -1;
        }
    }
}

void run_exam_free(struct exercise *exercise)
{
    struct run_exam *exam = exercise->exam;
    const struct plan_exam *plan = exercise->options.plan->exam;
    g_autoptr(GError) error =
            g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "the exercise ended");
    while (exam->calls->len > 0) {
        run_exam_call_end(exam->calls->pdata[0], NULL, error);
    }
    for (guint i = 0; plan && i < plan->seats->len; i++) {
        clock_cancel(exercise->options.clock, exam->seats[i].timer);
        g_free(exam->seats[i].graded);
        g_free(exam->seats[i].looked);
    }
    run_exam_last_free(exercise);
    g_ptr_array_unref(exam->calls);
    g_ptr_array_unref(exam->looks);
    exam_free(exam->fold);
    g_free(exam->seats);
    g_free(exam);
}

struct run_exam_call *run_exam_call_new(
        struct exercise *exercise, exercise_json_fn done, gpointer data)
{
    struct run_exam_call *call = g_new0(struct run_exam_call, 1);
    call->exercise = exercise;
    call->done = done;
    call->data = data;
    g_ptr_array_add(exercise->exam->calls, call);
    return call;
}

void run_exam_call_end(struct run_exam_call *call, cJSON *result, const GError *error)
{
    g_ptr_array_remove(call->exercise->exam->calls, call);
    call->done(result, error, call->data);
    call_free(call);
}

static void on_recorded(const struct event *event, const GError *error, gpointer data)
{
    struct run_exam_call *call = data;
    if (error) {
        run_exam_call_end(call, NULL, error);
        return;
    }
    call->seq = event->seq;
}

void run_exam_record(struct run_exam_call *call, struct event *event)
{
    ledger_append(call->exercise->options.ledger, event, on_recorded, call);
}

const struct plan_exam_seat *run_exam_seat(
        const struct exercise *exercise, const char *candidate, GError **error)
{
    const struct plan *plan = exercise->options.plan;
    const struct plan_exam_seat *seat = candidate ? plan_exam_seat(plan, candidate) : NULL;
    if (!plan->exam) {
        fail(error, SANDTABLE_ERROR_FAILED, "this exercise is no exam");
        return NULL;
    }
    if (!seat) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (guint i = 0; i < plan->exam->seats->len; i++) {
            g_ptr_array_add(names, ((struct plan_exam_seat *)plan->exam->seats->pdata[i])->id);
        }
        g_ptr_array_add(names, NULL);
        g_autofree char *hint =
                text_did_you_mean(candidate ? candidate : "", (const char *const *)names->pdata);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no candidate \"%.60s\"%s; `sandtable exam status` lists them",
                candidate ? candidate : "", hint);
    }
    return seat;
}

struct exam_clock run_exam_clock(const struct exercise *exercise, const struct plan_exam_seat *seat)
{
    struct exam_clock clock = {0};
    exam_clock_at(exercise->exam->fold, seat->id, clock_now(exercise->options.clock), &clock);
    return clock;
}

/* ---- what follows from events -------------------------------------------------------------- */

static void on_time(gpointer data);

/* The timer stands at the present deadline, or where a question ends before it; it moves with every
 * event of the candidate. */
static void arm(struct run_exam_seat *seat)
{
    struct clock *clock = seat->exercise->options.clock;
    struct exam_clock now = run_exam_clock(seat->exercise, seat->plan);
    clock_cancel(clock, seat->timer);
    seat->timer = 0;
    gint64 next = run_exam_look_last(seat, &now);
    if (now.state == EXAM_RUNNING) {
        gint64 wait = MIN(now.left_us, next - now.elapsed_us);
        seat->timer = clock_at(clock, clock_now(clock) + wait, on_time, seat);
    } else if (now.state == EXAM_OVER && seat->over_us != now.allowed_us) {
        seat->over_us = now.allowed_us;
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "candidate", seat->plan->id);
        json_add_int(body, "allowed_us", now.allowed_us);
        run_record(seat->exercise, "exam.over", seat->plan->team, seat->plan->id, body);
    }
}

static void on_time(gpointer data)
{
    struct run_exam_seat *seat = data;
    seat->timer = 0;
    if (!seat->exercise->ending) {
        arm(seat);
    }
}

/* Points as the score's models know them; a change is a new grade. */
static void grade(struct run_exam_seat *seat)
{
    struct exercise *exercise = seat->exercise;
    const struct plan_exam *plan = exercise->options.plan->exam;
    for (guint i = 0; i < plan->questions->len; i++) {
        const struct plan_exam_question *question = plan->questions->pdata[i];
        double points = exam_points(exercise->exam->fold, seat->plan->id, question->name);
        if (points == seat->graded[i]) {
            continue;
        }
        seat->graded[i] = points;
        cJSON *body = cJSON_CreateObject();
        cJSON_AddNumberToObject(body, "points", points);
        cJSON_AddStringToObject(body, "by", "exam");
        run_record(exercise, "grade.given", seat->plan->team, question->name, body);
    }
}

/* Is one of its machines away by no doing of the candidate? One that was shut down from within is
 * not. */
static int machine_out(const struct run_exam_seat *seat)
{
    const struct plan *plan = seat->exercise->options.plan;
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct run_machine *machine = &seat->exercise->machines[i];
        const struct plan_machine *of = plan->machines->pdata[i];
        if (of->team == seat->plan->team &&
                (machine->restart || machine->state == MACHINE_CRASHED ||
                        machine->state == MACHINE_STARTING || machine->state == MACHINE_BOOTED)) {
            return (int)i;
        }
    }
    return -1;
}

static void look_for_outage(struct run_exam_seat *seat)
{
    struct exercise *exercise = seat->exercise;
    struct exam_clock now = run_exam_clock(exercise, seat->plan);
    int machine = machine_out(seat);
    bool runs = now.state == EXAM_RUNNING || now.state == EXAM_PAUSED;
    if ((machine >= 0) == seat->outage || exercise->ending || (!seat->outage && !runs)) {
        return;
    }
    seat->outage = machine >= 0;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "candidate", seat->plan->id);
    cJSON_AddStringToObject(body, "state", seat->outage ? "begun" : "ended");
    if (machine >= 0) {
        const struct run_machine *of = &exercise->machines[machine];
        g_autofree char *reason = g_strdup_printf("%s is %s%s",
                run_machine_plan(exercise, machine)->id, machine_state_name(of->state),
                of->restart ? " (the white cell restarts it)" : "");
        cJSON_AddStringToObject(body, "reason", reason);
    } else {
        cJSON_AddStringToObject(body, "reason", "all machines are ready again");
    }
    run_record(exercise, "exam.outage", seat->plan->team, seat->plan->id, body);
}

static void answer_calls(struct exercise *exercise, const struct event *event)
{
    for (guint i = exercise->exam->calls->len; i-- > 0;) {
        struct run_exam_call *call = exercise->exam->calls->pdata[i];
        if (call->seq != event->seq) {
            continue;
        }
        cJSON *result = call->seat ? run_exam_answered(call, event) : cJSON_CreateObject();
        if (!call->seat) {
            json_add_int(result, "seq", event->seq);
            cJSON_AddBoolToObject(result, "pending",
                    !strcmp(event->kind, "exam.requested") &&
                            exercise->options.plan->exam->two_persons);
        }
        run_exam_call_end(call, result, NULL);
    }
}

static void take_grade(struct run_exam_seat *seat, const struct event *event)
{
    const struct plan_exam *plan = seat->exercise->options.plan->exam;
    int question = plan_exam_question_index(plan, event->subject);
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    if (question >= 0 && !strcmp(json_string(body, "by", ""), "exam")) {
        seat->graded[question] = json_number(body, "points", 0);
    }
}

void run_exam_event(struct exercise *exercise, const struct event *event)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    bool exam = g_str_has_prefix(event->kind, "exam.");
    bool clock = exam || !strcmp(event->kind, "fault.credited");
    bool machines = g_str_has_prefix(event->kind, "machine.") ||
                    g_str_has_prefix(event->kind, "team.") ||
                    g_str_has_prefix(event->kind, "checkpoint.");
    if (!plan) {
        return;
    }
    exam_apply(exercise->exam->fold, event);
    for (guint i = 0; i < plan->seats->len && !exercise->ending; i++) {
        struct run_exam_seat *seat = &exercise->exam->seats[i];
        if (strcmp(run_team_id(exercise, seat->plan->team), event->team) != 0) {
            continue;
        }
        if (clock) {
            grade(seat);
            arm(seat);
        }
        if (clock || machines) {
            look_for_outage(seat);
        }
    }
    if (exam) {
        answer_calls(exercise, event);
    }
    run_exam_close_if_done(exercise);
}

/* A resume: all that the ledger says of the exam; timers come back. */
void run_exam_take(struct exercise *exercise)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    struct ledger_reader *reader = plan ? ledger_reader_open(exercise->ledger_path, NULL) : NULL;
    struct event *event = NULL;
    while (reader && ledger_reader_next(reader, &event, NULL) == 1) {
        exam_apply(exercise->exam->fold, event);
        for (guint i = 0; i < plan->seats->len; i++) {
            struct run_exam_seat *seat = &exercise->exam->seats[i];
            bool theirs = !strcmp(run_team_id(exercise, seat->plan->team), event->team);
            if (theirs && !strcmp(event->kind, "grade.given")) {
                take_grade(seat, event);
            } else if (theirs && !strcmp(event->kind, "exam.outage")) {
                seat->outage = strstr(event->body, "\"begun\"") != NULL;
            } else if (theirs && !strcmp(event->kind, "exam.answered")) {
                run_exam_take_last(seat, event);
            }
        }
        event_free(event);
    }
    ledger_reader_close(reader);
}

void run_exam_go_on(struct exercise *exercise)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    for (guint i = 0; plan && i < plan->seats->len; i++) {
        look_for_outage(&exercise->exam->seats[i]);
        grade(&exercise->exam->seats[i]);
        arm(&exercise->exam->seats[i]);
    }
}

/* ---- what examiners do --------------------------------------------------------------------- */

static bool tokens_match(const char *token, const char *sha256)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
    guint differ = 0;
    for (gsize i = 0; i < 64; i++) { /* takes as long wherever they differ */
        differ |= (guint)(guchar)digest[i] ^ (guint)(guchar)sha256[i];
    }
    return differ == 0;
}

/* Who acts: the person named, who must be known where examiners are. NULL when refused. */
static char *examiner(
        const struct exercise *exercise, const cJSON *params, const char *who, GError **error)
{
    const struct plan_exam *plan = exercise->options.plan->exam;
    const char *by = json_string(params, "by", who);
    if (!event_name_is_valid(by) || !*by) {
        fail(error, SANDTABLE_ERROR_USAGE, "by must be a name");
        return NULL;
    }
    for (guint i = 0; i < plan->examiners->len; i++) {
        const struct plan_exam_examiner *one = plan->examiners->pdata[i];
        if (strcmp(one->id, by) != 0) {
            continue;
        }
        if (one->token_sha256 &&
                !tokens_match(json_string(params, "token", ""), one->token_sha256)) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                    "that is not the token of %s; give it in SANDTABLE_TOKEN", by);
            return NULL;
        }
        return g_strdup(by);
    }
    if (plan->examiners->len > 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "\"%.60s\" is no examiner of the roster; give --by", by);
        return NULL;
    }
    return g_strdup(by);
}

enum exam_act {
    ACT_START,
    ACT_PAUSE,
    ACT_RESUME,
    ACT_HAND_IN,
    ACT_EXTEND,
    ACT_ACCEPT,
    ACT_APPROVE
};

static const struct {
    const char *name, *event;
} acts[] = {
        [ACT_START] = {"start", "exam.started"},
        [ACT_PAUSE] = {"pause", "exam.paused"},
        [ACT_RESUME] = {"resume", "exam.resumed"},
        [ACT_HAND_IN] = {"hand-in", "exam.handed-in"},
        [ACT_EXTEND] = {"extend", "exam.requested"},
        [ACT_ACCEPT] = {"accept", "exam.requested"},
        [ACT_APPROVE] = {"approve", "exam.approved"},
};

static bool fits_state(enum exam_act act, const struct exam_clock *clock, GError **error)
{
    bool live = clock->state == EXAM_RUNNING || clock->state == EXAM_PAUSED ||
                clock->state == EXAM_OUTAGE;
    bool ok = act == ACT_START     ? clock->state == EXAM_REGISTERED
              : act == ACT_PAUSE   ? clock->state == EXAM_RUNNING || clock->state == EXAM_OUTAGE
              : act == ACT_RESUME  ? clock->state == EXAM_PAUSED
              : act == ACT_HAND_IN ? live
                                   : clock->state != EXAM_REGISTERED;
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot %s: the candidate's clock is %s", acts[act].name,
                exam_state_name(clock->state));
    }
    return ok;
}

/* Adds what the act says beside who and why. */
static bool add_details(enum exam_act act, const cJSON *params, cJSON *body, GError **error)
{
    gint64 us = json_int(params, "us", 0);
    gint64 answer = json_int(params, "answer", 0);
    if (act != ACT_EXTEND && act != ACT_ACCEPT) {
        return true;
    }
    if (!*json_string(body, "reason", "")) {
        return fail(error, SANDTABLE_ERROR_USAGE, "a reason is needed; give --reason");
    }
    if (act == ACT_EXTEND && (us == 0 || ABS(us) > EXTEND_MAX_US)) {
        return fail(error, SANDTABLE_ERROR_USAGE,
                "extend by a time such as 10m, or -5m, of at most a day");
    }
    if (act == ACT_ACCEPT && answer <= 0) {
        return fail(error, SANDTABLE_ERROR_USAGE,
                "accept which answer? give its seq; `sandtable exam mark` lists them");
    }
    cJSON_AddStringToObject(body, "action", acts[act].name);
    if (act == ACT_EXTEND) {
        json_add_int(body, "us", us);
    } else {
        json_add_int(body, "answer", answer);
    }
    return true;
}

static bool act_on(struct exercise *exercise, enum exam_act act, const cJSON *params, cJSON *body,
        int *ret_team, GError **error)
{
    gint64 request = json_int(params, "request", 0);
    const char *candidate = json_string(params, "candidate", NULL);
    if (act == ACT_APPROVE) {
        if (!exam_can_approve(exercise->exam->fold, request, json_string(body, "by", ""), error)) {
            return false;
        }
        candidate = exam_request_candidate(exercise->exam->fold, request);
        json_add_int(body, "request", request);
    }
    const struct plan_exam_seat *seat = run_exam_seat(exercise, candidate, error);
    if (!seat) {
        return false;
    }
    struct exam_clock clock = run_exam_clock(exercise, seat);
    cJSON_AddStringToObject(body, "candidate", seat->id);
    *ret_team = seat->team;
    return (act == ACT_APPROVE || fits_state(act, &clock, error)) &&
           add_details(act, params, body, error);
}

bool exercise_exam(struct exercise *exercise, const char *action, const cJSON *params,
        const char *who, exercise_json_fn done, gpointer data, GError **error)
{
    int act = -1;
    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
        act = !g_strcmp0(action, acts[i].name) ? (int)i : act;
    }
    if (act < 0) {
        return fail(error, SANDTABLE_ERROR_USAGE,
                "action is start, pause, resume, hand-in, extend, accept or approve");
    }
    if (!exercise->options.plan->exam) {
        return fail(error, SANDTABLE_ERROR_FAILED, "this exercise is no exam");
    }
    if (exercise->ending ||
            (exercise->state != EXERCISE_RUNNING && exercise->state != EXERCISE_PAUSED)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot %s: the exercise is %s",
                action, exercise_state_name(exercise->state));
        return false;
    }
    g_autofree char *by = examiner(exercise, params, who, error);
    const char *reason = json_string(params, "reason", "");
    if (!by || strlen(reason) > REASON_MAX) {
        return by && fail(error, SANDTABLE_ERROR_USAGE, "a reason has at most 300 bytes");
    }
    g_autofree char *clean = text_clean_tail(reason, strlen(reason), REASON_MAX);
    auto_json body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "by", by);
    cJSON_AddStringToObject(body, "via", who);
    cJSON_AddStringToObject(body, "reason", clean);
    int team = -1;
    if (!act_on(exercise, (enum exam_act)act, params, body, &team, error)) {
        return false;
    }
    g_autofree char *subject = g_strdup(json_string(body, "candidate", ""));
    run_exam_record(run_exam_call_new(exercise, done, data),
            run_event(exercise, acts[act].event, team, subject, g_steal_pointer(&body)));
    return true;
}
