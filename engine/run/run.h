/* run.h - inside an exercise: shared by the files of run/ only. */
#pragma once

#include "base/rate.h"
#include "run/exercise.h"
#include "run/resume.h"

#define RUN_OUTPUT_MAX 2048 /* bytes of a guest's output kept as evidence */
#define RUN_REASON_MAX 300  /* … and quoted in a reason */

enum run_verdict {
    VERDICT_NONE, /* not run yet, or running */
    VERDICT_EFFECT,
    VERDICT_BLOCKED,
    VERDICT_INERT,
    VERDICT_FAULT,
    VERDICT_SKIPPED,
};
const char *run_verdict_name(enum run_verdict verdict);

enum inject_state { INJECT_SCHEDULED, INJECT_HELD, INJECT_FIRED, INJECT_DONE, INJECT_SKIPPED };

struct run_machine {
    enum machine_state state;
    char *reason;
    gint64 started_us, booted_us, ready_us; /* monotonic; 0: not yet */
    struct run_restart *restart;            /* it is being reset or restored, or NULL */
};

struct run_span { /* of events, by seq; both ends included */
    gint64 from, to;
};

enum run_whose {  /* fault that a look failed */
    WHOSE_NOBODY, /* it did not fail */
    WHOSE_TEAM,
    WHOSE_RANGE,
    WHOSE_CHECKER,
    WHOSE_NETWORK,
};

struct run_fault { /* from the first look that failed without the team's fault to the next good one */
    enum run_whose whose; /* WHOSE_NOBODY: there is none */
    gint64 from_us;
    int checks;
    char *text;
};

struct run_team {
    guint faults;           /* of its services, open now */
    struct run_fault fault; /* … all taken together */
    guint restarting;       /* machines that the white cell has under way */
    guint restarts;         /* counts them: a look from before one is no team's fault */
    GArray *history;        /* struct run_span: what counts for it; see 0011 in docs/decisions */
    struct rate letters;    /* that it wrote to the white cell */
};

struct run_inject {
    struct exercise *exercise;
    int index;
    enum inject_state state;
    bool announced;    /* its state is in the ledger */
    bool noted, begun; /* since it was fired: its message, its function */
    gint64 due_us;     /* exercise time; -1: off the list */
    guint generation;  /* counts restores: what was started before one has no say */
    guint64 timer;
    char *note;          /* in place of the plan's, or NULL */
    GPtrArray *approved; /* who agreed that it fires; NULL: nobody */
    bool lacks;          /* held because too few had */
};

struct run_check { /* one service of one team */
    struct exercise *exercise;
    const struct plan_service *service;
    int team;
    int round;
    bool pending;   /* a look is under way */
    guint epoch;    /* exercise->epoch when it began */
    guint restarts; /* its team's when it began */
    int machine;    /* where the service is, or -1 */
    bool again;     /* a pause voided the look; make it again */
    bool looked;
    enum world_status status;
    char *detail;
    int passed, failed;
    struct run_fault fault;
};

struct run_player {
    struct exercise *exercise;
    const struct plan_player *plan;
    int team;
    char *who;
    gint64 due_us;
    guint64 timer;
    bool started;
};

struct run_gate { /* a router */
    struct exercise *exercise;
    int index;
    GPtrArray *rules; /* struct plan_rule *: the present ones */
    GQueue changes;   /* struct rule_change *: the head is at work */
};

struct step_run;
struct run_captures;
struct run_exam;

struct exercise {
    struct exercise_options options;
    char *ledger_path;
    enum exercise_state state;
    bool ending, resuming;
    bool clock_only; /* of a pause: the machines run on */
    bool waiting;    /* all is ready; exercise_begin() starts the clock */
    gint64 seq;
    guint epoch; /* counts pauses: answers from before one are void */
    gint64 wall_start_us;
    guint ready_limit; /* GSource id */
    gint64 end_us;     /* exercise time */
    guint64 end_timer;
    struct run_machine *machines;
    struct run_team *teams;
    struct run_inject *injects;
    struct run_gate *gates;     /* per gate of the plan */
    GPtrArray *checks;          /* struct run_check * */
    GPtrArray *players;         /* struct run_player * */
    GPtrArray *steps;           /* struct step_run *: running */
    GHashTable *waits;          /* struct run_wait *: run_wait() */
    enum run_verdict *verdicts; /* [step * teams + team] */
    GPtrArray *alarms;          /* cJSON *: raised, not cleared */
    GPtrArray *links;           /* struct run_link *: run_impair.h */

    struct run_captures *captures; /* run_capture.h */
    struct run_exam *exam;         /* run_exam.h */
    GPtrArray *consoles;           /* struct run_console *: in use */
    GPtrArray *logs;               /* struct run_logs *: of machines that have any */
    GPtrArray *restarts;           /* struct run_restart *: under way */
    GPtrArray *checkpoints;        /* struct run_checkpoint *: whole ones, oldest first */
    struct run_save *saving;       /* a checkpoint that is being taken, or NULL */
    GPtrArray *works;              /* struct work *: under way in threads (run_work.h) */
    void (*works_then)(struct exercise *exercise); /* waits for them, or NULL */
    GPtrArray *white;              /* struct run_white *: tasks that wait for one of these */
    struct run_restore *restoring; /* one that is being put back, or NULL */

    struct score *score;
    bool score_failed;     /* there is an alarm of that */
    struct resume *resume; /* what it goes on from, or NULL */
    GError *failure;       /* why it ended early, or NULL */
    exercise_end_fn on_end;
    gpointer on_end_data;
    exercise_event_fn listener;
    gpointer listener_data;
};

/* ---- run_record.c -------------------------------------------------------------------------- */

/* The ledger's listener: every event, once it is on the disk. Only now is it scored, shown and
 * acted on. */
void run_committed(const struct event *event, const GError *error, gpointer data);

/* Writes an event at the present exercise time; body is consumed. Then, when it is on the disk,
 * calls then (may be NULL); also when the ledger failed, but exercise->ending is set before. */
/* refused is NULL once the event is on the disk. Else the ledger did not take this one event: what
 * follows from it must not be done. */
typedef void (*run_then_fn)(struct exercise *exercise, const GError *refused, gpointer data);
void run_record(
        struct exercise *exercise, const char *kind, int team, const char *subject, cJSON *body);
void run_record_then(
        struct exercise *exercise, struct event *event, run_then_fn then, gpointer data);
struct event *run_event(
        struct exercise *exercise, const char *kind, int team, const char *subject, cJSON *body);
void run_alarm(struct exercise *exercise, const char *alarm, int team, const char *subject,
        const char *text);
/* alarm.cleared for such alarms about subject, if there are any. */
void run_alarm_clear(struct exercise *exercise, const char *alarm, const char *subject);

/* ---- run_machines.c ------------------------------------------------------------------------ */

/* What the world calls for every change of a machine's state. */
void run_machine_alarm(int machine, const char *alarm, const char *text, gpointer data);
void run_machine_state(int index, enum machine_state state, const char *reason, gpointer data);
/* Goes on from set-up if every machine is ready, or as it was before a resume. */
void run_machines_check(struct exercise *exercise);
/* A reset, restart or restore has brought it back: its alarms are over. */
void run_machine_back(struct exercise *exercise, const char *id);
bool run_machine_is_settled(const struct exercise *exercise, int machine);

/* ---- exercise.c ---------------------------------------------------------------------------- */

void run_all_ready(struct exercise *exercise); /* every machine is: go on from set-up */
void run_begin(struct exercise *exercise, const GError *refused, gpointer data); /* clock starts */
/* True, and the exercise ends: it cannot go on without the event that was refused. */
bool run_cannot_go_on(struct exercise *exercise, const GError *refused);

const char *run_team_id(const struct exercise *exercise, int team); /* "" for -1 */
const struct plan_machine *run_machine_plan(const struct exercise *exercise, int machine);
void run_set_state(struct exercise *exercise, enum exercise_state state, const char *by,
        const char *reason, run_then_fn then);
/* Calls fn at exercise time at_us, or in exercise_free() when the exercise ended before: fn looks
 * at exercise->ending and lets go of data. */
void run_wait(struct exercise *exercise, gint64 at_us, clock_fn fn, gpointer data);
void run_set_up(struct exercise *exercise); /* from what is planned to what is there */
/* Ends the exercise; error may be NULL. Idempotent. In an exam that runs it may first have to look at
 * what candidates did; the second call, or one with an error, ends it at once. */
void run_end(struct exercise *exercise, const char *by, const char *reason, const GError *error);
/* The exercise ends at this exercise time. */
void run_set_end(struct exercise *exercise, gint64 at_us);
cJSON *run_technique(const struct plan_technique *technique);

/* ---- run_exam.c ----------------------------------------------------------------------------- */

void run_exam_init(struct exercise *exercise);
void run_exam_free(struct exercise *exercise);
void run_exam_event(struct exercise *exercise, const struct event *event); /* every committed one */
void run_exam_take(struct exercise *exercise);                             /* a resume */
void run_exam_go_on(struct exercise *exercise);                            /* it runs again */
/* The exercise is to end: looks once more at the effects of all questions that are open. True: it ends
 * (run_end()) when these have been answered, or after a limit (run_exam_last.c). Only once. */
bool run_exam_close(struct exercise *exercise, const char *by, const char *reason);

/* ---- exercise_operator.c ------------------------------------------------------------------- */

/* operator.action with a member name (may be NULL) of its own. */
void run_action(struct exercise *exercise, const char *action, const char *who, const char *name,
        const char *value);
void run_action_then(struct exercise *exercise, const char *action, const char *who,
        const char *name, const char *value, run_then_fn then, gpointer data);

/* ---- run_restart.c, run_checkpoint*.c, run_restore.c ---------------------------------------- */

/* A machine's state, for the restart it is part of. */
void run_restart_state(
        struct exercise *exercise, int machine, enum machine_state state, const char *reason);
void run_restart_free(gpointer data);
/* Is the team (-1: what is nobody's) just being put back to a checkpoint? */
bool run_is_restoring(const struct exercise *exercise, int team);
void run_checkpoint_free(gpointer data);
/* The exercise is over: all checkpoints are removed; run_works_then() waits for it. */
void run_checkpoints_end(struct exercise *exercise);
void run_checkpoints_free(struct exercise *exercise);
void run_restore_free(struct exercise *exercise);
/* checkpoint.restored is on the disk. */
void run_checkpoint_committed(struct exercise *exercise, const struct event *event);
/* The team called id (NULL: -1). */
bool run_team_find(const struct exercise *exercise, const char *id, int *ret, GError **error);

/* ---- run_white.c --------------------------------------------------------------------------- */

GPtrArray *run_white_new(void);
/* As struct script_host wants it; data is the exercise. */
void run_white_ask(gpointer data, guint64 ticket, const char *who, enum script_white what,
        const char *subject, const char *team);
void run_white_committed(struct exercise *exercise, const struct event *event);

/* ---- run_timeline.c ------------------------------------------------------------------------ */

void run_timeline_init(struct exercise *exercise);
void run_timeline_start(struct exercise *exercise);
void run_inject_set(struct run_inject *inject, enum inject_state state, const char *by);
/* Sets its timer; one whose time has passed (it was held) is due at once. */
void run_inject_arm(struct run_inject *inject);
const char *run_inject_state_name(enum inject_state state);
/* Does what the entry says; the inject is done when its step has a verdict. */
void run_inject_fire(struct run_inject *inject, const char *by);
/* What follows from "fired", as far as it has not been done. */
void run_inject_act(struct exercise *exercise, const GError *refused, gpointer data);

/* ---- run_inject.c -------------------------------------------------------------------------- */

#define RUN_ADDED_MAX 200 /* injects made while the exercise runs */

struct run_inject *run_inject_find(struct exercise *exercise, const char *id, GError **error);
void run_inject_clear(struct run_inject *inject);             /* what it holds */
const char *run_inject_note(const struct run_inject *inject); /* or NULL */
/* How many people must still agree before it fires. */
int run_inject_missing(const struct run_inject *inject);
/* who agrees, on the record; nothing when it is nobody's to agree to, or who had. */
void run_inject_approve(struct run_inject *inject, const char *who);
/* A resume: those that were made, edited and agreed to. */
void run_injects_take(struct exercise *exercise);

/* ---- run_checks.c -------------------------------------------------------------------------- */

void run_checks_init(struct exercise *exercise);
void run_checks_start(struct exercise *exercise);
void run_checks_resume(struct exercise *exercise); /* looks voided by a pause are made again */

/* ---- run_freeze.c --------------------------------------------------------------------------- */

/* The public board freezes when the scenario says. */
void run_freeze_start(struct exercise *exercise);

/* ---- run_logs.c ----------------------------------------------------------------------------- */

void run_logs_init(struct exercise *exercise);
void run_logs_free(struct exercise *exercise);
void run_logs_start(struct exercise *exercise); /* the clock runs */

/* ---- run_faults.c --------------------------------------------------------------------------- */

const char *run_whose_name(enum run_whose whose); /* NULL for nobody */
/* Whose fault is it that the look failed with found (copied)? done comes once, never from inside
 * the call, also when the exercise has ended meanwhile; why (may be NULL) and result are valid
 * during it. */
typedef void (*run_judged_fn)(struct run_check *check, const struct world_probe_result *result,
        enum run_whose whose, const char *why);
void run_fault_judge(
        struct run_check *check, const struct world_probe_result *found, run_judged_fn done);
/* A look was recorded: faults begin, go on, or end and are credited. */
void run_fault_follow(struct run_check *check, enum run_whose whose, const char *text);
/* The exercise ends: what is open is credited. */
void run_faults_end(struct exercise *exercise);
/* What a team lost to faults, none of which is open any more. */
void run_fault_credit(struct exercise *exercise, int index);
/* A resume (run_resume_faults.c): open faults are taken over; credits that are owed are made. */
void run_faults_take(struct exercise *exercise);
void run_faults_go_on(struct exercise *exercise);

/* ---- run_step.c ---------------------------------------------------------------------------- */

typedef void (*run_step_fn)(struct exercise *exercise, enum run_verdict verdict, gpointer data);

/* Runs step against team; done is called once, never from inside the call: with the verdict once
 * that is on the disk, or with VERDICT_NONE when the exercise ended before. False when the same
 * step runs against this team already, or team has no such machines. */
bool run_step_start(struct exercise *exercise, const struct plan_step *step, int team,
        const char *by, run_step_fn done, gpointer data, GError **error);
/* The verdict, a fault, of a run that an earlier engine had begun. */
void run_step_interrupted(struct exercise *exercise, const struct plan_step *step, int team,
        const char *by, const char *reason);

/* Undoes a step that took effect on team, and looks whether the effect is really gone: step.state
 * "undone", or "undo-failed" and an alarm. Skipped when the step did not take effect. done is
 * called as by run_step_start(), but may be from inside the call. */
void run_step_undo(struct exercise *exercise, const struct plan_step *step, int team,
        run_step_fn done, gpointer data);
/* Steps under way that take part in one of the machines end in fault, because of why. */
void run_steps_spoil(struct exercise *exercise, const int *machines, gsize n, const char *why);
/* The same for all against the team (-1: all); and their verdicts are not remembered. */
void run_steps_forget(struct exercise *exercise, int team, const char *why);
enum run_verdict run_verdict_from(const char *name); /* VERDICT_NONE for unknown names */
enum run_verdict run_verdict_of(
        const struct exercise *exercise, const struct plan_step *step, int team);
/* VERDICT_NONE: what was done is undone. */
void run_verdict_set(struct exercise *exercise, const struct plan_step *step, int team,
        enum run_verdict verdict);

/* ---- run_predicate.c ----------------------------------------------------------------------- */

enum run_truth { TRUTH_NO, TRUTH_YES, TRUTH_FAULT /* could not look */ };

struct predicate_scope { /* what a question is asked about */
    struct exercise *exercise;
    const struct plan_step *step;
    int team;
    GHashTable *offsets; /* plan_predicate * (LOG, GREW) → gint64 *: size, number before the step */
    bool cut;            /* the commands were cut off: ANY looks on for firm evidence */
};

/* evidence is {ok, why, value, seen_at_us}, the receiver's. */
typedef void (*predicate_fn)(enum run_truth truth, cJSON *evidence, gpointer data);
void run_predicate_ask(const struct predicate_scope *scope, const struct plan_predicate *predicate,
        predicate_fn done, gpointer data);
void run_probe_ask(const struct predicate_scope *scope, const struct plan_probe *probe,
        predicate_fn done, gpointer data);

/* Does evidence, by which predicate holds, show prevention although the commands were cut off? */
bool run_evidence_is_firm(const struct plan_predicate *predicate, const cJSON *evidence);

/* Remembers what predicate will compare with: the size of logs, the number of counters. */
typedef void (*predicate_ready_fn)(
        const GError *error, gpointer data); /* error: it cannot be told */
void run_predicate_prepare(const struct predicate_scope *scope,
        const struct plan_predicate *predicate, predicate_ready_fn done, gpointer data);

/* Runs the predicate's command on machine for the team of scope; false when a name is unknown. */
bool run_predicate_command(const struct predicate_scope *scope,
        const struct plan_predicate *predicate, int machine, world_exec_fn done, gpointer data,
        GError **error);
/* The first number in text; 0 when there is none, as before a counter exists. */
gint64 run_predicate_number(const char *text);

/* ---- run_router.c, run_router_keep.c -------------------------------------------------------------------------- */

void run_gates_init(struct exercise *exercise);
const GPtrArray *run_gate_rules(int gate, gpointer data); /* of the exercise */
void run_gates_free(struct exercise *exercise);
/* A resume: the rules that held, and the changes that were under way. */
void run_gates_take(struct exercise *exercise);
void run_gates_settle(struct exercise *exercise);
bool run_gate_has(const struct exercise *exercise, int gate, const char *rule);
const struct plan_gate *run_gate_plan(const struct run_gate *gate);
cJSON *run_rules_json(const GPtrArray *rules);
/* Are the names in these rules known where the router stands? */
bool run_rules_fit(const struct run_gate *gate, const GPtrArray *add, GError **error);
/* Has the router begin anew with rules, as an asked and recorded change in its turn; done (may be
 * NULL) is called once it is applied or has failed. */
void run_gate_set(struct exercise *exercise, int gate, const GPtrArray *rules, const char *who,
        exercise_done_fn done, gpointer data);
/* The same with the rules of the plan; router.reset says when it is done. */
void run_gate_reset(struct exercise *exercise, int gate, const char *who);
/* [{"router","rules"}] of team's routers (-1: of all), for checkpoints; and back. */
cJSON *run_gates_save(const struct exercise *exercise, int team);
void run_gates_restore(struct exercise *exercise, const cJSON *saved, int team, const char *who);
cJSON *run_gates_json(const struct exercise *exercise);
/* How many packets the rule has met; 0 when there is no such rule now. */
typedef void (*run_packets_fn)(gint64 packets, const GError *error, gpointer data);
void run_packets(
        struct exercise *exercise, int gate, const char *rule, run_packets_fn done, gpointer data);
void run_world_trouble(
        const char *alarm, int team, const char *subject, const char *text, gpointer data);

/* ---- run_script.c -------------------------------------------------------------------------- */

void run_script_attach(struct exercise *exercise);
void run_players_init(struct exercise *exercise);
void run_players_start(struct exercise *exercise);

/* ---- run_capture.c, run_capture_steps.c ------------------------------------------------------ */

void run_captures_init(struct exercise *exercise);
void run_captures_free(struct exercise *exercise);
/* The networks are up: those of the scenario begin. */
void run_captures_start(struct exercise *exercise);
/* Ends all; then is called once, also from inside the call. */
void run_captures_end(struct exercise *exercise, run_then_fn then);
/* Every committed event: steps begin and end. */
void run_capture_event(struct exercise *exercise, const struct event *event);

/* ---- run_seeing.c --------------------------------------------------------------------------- */

void run_consoles_init(struct exercise *exercise);
void run_consoles_free(struct exercise *exercise);
int run_find_machine(const struct exercise *exercise, const char *id, GError **error); /* or -1 */
/* Records that who starts (again: after a resume), and starts it. */
void run_function_start(
        struct exercise *exercise, int function, const char *who, int team, bool again);

/* ---- exercise_operator.c ------------------------------------------------------------------- */

/* Has the machines stand still; the state "paused" is on the disk. */
void run_pause_world(struct exercise *exercise, const GError *refused, gpointer data);

/* ---- run_resume.c -------------------------------------------------------------------------- */

/* A machine starts; the white cell hears of it when it had been ready before a resume. */
void run_resume_restarted(struct exercise *exercise, int machine);
/* The checkpoints there are; what was half done is given up; resets are done, restores begun anew.
 */
void run_resume_take_checkpoints(struct exercise *exercise);
void run_resume_end_requests(struct exercise *exercise);
void run_resume_settle_requests(struct exercise *exercise);
bool run_resume_pauses(const struct exercise *exercise); /* it goes on in a pause */
/* Does what the ledger owes, once the exercise runs or is paused again. */
void run_resume_settle(struct exercise *exercise);
/* Is there anything left to start of player? */
bool run_resume_player(const struct run_player *player);
bool run_resume_player_again(const struct run_player *player); /* it had begun */
void run_player_arm(struct run_player *player);                /* sets its timer */
