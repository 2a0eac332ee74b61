/* exercise.h - one exercise from set-up to its end: lifecycle, timeline, checks, steps, players.
 *
 * Every change goes through the ledger first: an operator's call returns when the request was
 * accepted, and takes effect when its event is on the disk.
 */
#pragma once

#include "base/clock.h"
#include "ledger/ledger.h"
#include "plan/plan.h"
#include "plan/plan_impair.h"
#include "run/resume.h"
#include "score/score.h"
#include "script/script.h"
#include "world/world.h"

#include <glib.h>
#include <stdbool.h>

struct exercise;

enum exercise_state {
    EXERCISE_SETUP, /* networks and machines are being made */
    EXERCISE_READY, /* all machines are ready */
    EXERCISE_RUNNING,
    EXERCISE_PAUSED,
    EXERCISE_ENDED, /* being torn down */
    EXERCISE_DOWN,  /* nothing is left but the ledger */
};
const char *exercise_state_name(enum exercise_state state); /* setup, ready … as in events */

typedef void (*exercise_event_fn)(const struct event *event, gpointer data);

struct exercise_options {
    struct plan *plan;     /* expanded; stays the caller's */
    struct script *script; /* stays the caller's */
    struct world *world;   /* stays the caller's */
    struct clock *clock;   /* stays the caller's */
    struct ledger *ledger; /* stays the caller's */
    const char *ledger_path;
    int ready_limit_s;         /* all machines must be ready by then; 0: 300 */
    gint64 until_us;           /* end earlier than the plan says; 0: do not */
    const char *accel;         /* for the record: "tcg", "kvm", "simulated" … */
    const char *accel_why;     /* … and why, in words; may be NULL */
    const cJSON *opened;       /* what the caller made or will make: [{"type","name",…}] for
                                  resource.opening; the caller writes resource.closed; may be NULL */
    bool wait;                 /* once ready, until exercise_begin() */
    bool without_impairments;  /* links stay as they are, whatever is asked */
    const cJSON *started_with; /* "options" of exercise.created, for a resume; may be NULL */
    void (*on_event)(
            const struct event *event); /* every committed event, for people; may be NULL */
};

typedef void (*exercise_end_fn)(const GError *error, gpointer data);
typedef void (*exercise_exec_fn)(
        const struct world_exec_result *result, const GError *error, gpointer data);

struct exercise *exercise_new(const struct exercise_options *options);
/* Accepts NULL. Free the world before (its last answers come then), ledger and clock after. */
void exercise_free(struct exercise *exercise);

/* Sets up, runs, tears down; on_end is called once, in state DOWN. */
void exercise_start(struct exercise *exercise, exercise_end_fn on_end, gpointer data);

/* The same for an exercise whose engine was interrupted: goes on from resume (consumed), which is
 * its ledger folded; options.ledger is that ledger, opened. options.world->begin says what becomes
 * of its machines. Rules: run_resume.c. */
void exercise_recover(
        struct exercise *exercise, struct resume *resume, exercise_end_fn on_end, gpointer data);

/* Operator's calls. who is for the record ("operator", a user name). An impossible call (pause of
 * an ended exercise, unknown inject) gives an error that says what is possible. */
bool exercise_begin(struct exercise *exercise, const char *who, GError **error); /* options.wait */
bool exercise_pause(struct exercise *exercise, const char *who, GError **error);
/* The clock alone: machines run on, people work on them; no round, no inject, no look, no score. */
bool exercise_pause_clock(struct exercise *exercise, const char *who, GError **error);
bool exercise_resume(struct exercise *exercise, const char *who, GError **error);
bool exercise_end(struct exercise *exercise, const char *who, const char *reason, GError **error);
/* Fires an inject now, whether held, scheduled or fired before. Where several people must agree, who
 * has agreed by this, and it fires with the last of them: exercise_inject_missing(). */
bool exercise_fire(struct exercise *exercise, const char *inject, const char *who, GError **error);
int exercise_inject_missing(const struct exercise *exercise, const char *inject);
/* who agrees that it fires: inject.approved. One whose time has passed fires with the last. */
bool exercise_approve(
        struct exercise *exercise, const char *inject, const char *who, GError **error);
/* Gives an inject that has not fired another time (at_us, or -1: as it is) and, where it is a
 * message, another text (or NULL): inject.edited. */
bool exercise_inject_edit(struct exercise *exercise, const char *inject, gint64 at_us,
        const char *note, const char *who, GError **error);

struct exercise_inject {     /* one that is not in the scenario */
    const char *step, *note; /* one of them; at most EXERCISE_MESSAGE_MAX bytes */
    const char *team;        /* of a step: against whom; NULL: a message to all */
    gint64 at_us;            /* -1: off the list, fired by hand only */
    int approvals;           /* so many people must agree, 0 to PLAN_APPROVALS_MAX */
};
/* Its id (the exercise's), or NULL: inject.added. */
const char *exercise_inject_add(struct exercise *exercise, const struct exercise_inject *wish,
        const char *who, GError **error);
/* Holds (or releases) one inject, or with NULL all that have not fired. */
bool exercise_hold(
        struct exercise *exercise, const char *inject, bool held, const char *who, GError **error);
/* Takes an inject that has not fired off the timeline, for good; fire still does it by hand. */
bool exercise_skip(struct exercise *exercise, const char *inject, const char *who, GError **error);
/* Writes to a team (NULL: to all): message.sent. At most EXERCISE_MESSAGE_MAX bytes are kept. */
#define EXERCISE_MESSAGE_MAX 2048
bool exercise_message(struct exercise *exercise, const char *team, const char *text,
        const char *who, GError **error);
/* False and an error that names the nearest when there is no such team. */
bool exercise_has_team(const struct exercise *exercise, const char *team, GError **error);
/* The other way: a team writes to the white cell, by the person who; at most so often in a minute of
 * real time, whatever the exercise clock does. */
#define EXERCISE_LETTERS_A_MINUTE 6
bool exercise_message_from(struct exercise *exercise, const char *team, const char *text,
        const char *who, GError **error);
/* A note of the white cell's own about the moment about_us (-1: now; not later than now):
 * operator.note, which no team and no spectator is shown. At most EXERCISE_MESSAGE_MAX bytes. */
bool exercise_note(struct exercise *exercise, const char *text, gint64 about_us, const char *who,
        GError **error);
/* A team's report of what it has seen: report.filed from {team, text, what, hosts, seen_us, evidence,
 * resolved}. The error names what is wrong. */
bool exercise_incident(
        struct exercise *exercise, const cJSON *params, const char *who, GError **error);
/* who takes the open alarm about subject on: alarm.acknowledged. It stays open. */
bool exercise_acknowledge(struct exercise *exercise, const char *alarm, const char *subject,
        const char *who, GError **error);
/* Switches a machine (an id) off and on; its disks stay. Only while the exercise runs. */
bool exercise_restart(
        struct exercise *exercise, const char *machine, const char *who, GError **error);
/* machine is an id ("blue1/web"); recorded as operator.exec before it runs and when it has ended. A
 * program that the machine does not have ends with status 127, as in a shell. */
bool exercise_exec(struct exercise *exercise, const char *machine, const char *const *argv,
        int timeout_ms, const char *who, exercise_exec_fn done, gpointer data, GError **error);

/* Changes the rules of a router (an id, "blue1/fw") in one transaction: those named in remove go,
 * those in add (struct plan_rule *, consumed) come before the others, or behind them. Recorded as
 * router.rules; done (may be NULL) is called once it is applied or has failed. */
typedef void (*exercise_done_fn)(const GError *error, gpointer data);
struct exercise_rules {
    GPtrArray *add;
    const char *const *remove;
    bool last; /* behind the others */
};
bool exercise_rules(struct exercise *exercise, const char *router,
        const struct exercise_rules *rules, const char *who, exercise_done_fn done, gpointer data,
        GError **error);

/* The router's rules with what they have met: {"id", "rules": [{…, "text", "packets", "bytes"}],
 * "policy": {"action", "packets", "bytes"}}; the receiver's. */
typedef void (*exercise_router_fn)(cJSON *router, const GError *error, gpointer data);
bool exercise_router(struct exercise *exercise, const char *router, exercise_router_fn done,
        gpointer data, GError **error);
/* Impairs links, or clears them: wish->machine and wish->network are names or ids; a clear without
 * a machine is for all. done is called once when every one of them was read back from the kernel,
 * or with the first error; never from inside the call. */
typedef void (*exercise_impair_fn)(const GError *error, gpointer data);
bool exercise_impair(struct exercise *exercise, const struct plan_impair *wish, const char *who,
        exercise_impair_fn done, gpointer data, GError **error);

/* [{"link","machine","network","team","by","since_us","down","state","problem",
 *   "in":{"asked","verdict","achieved","rounds","queue"},"out":{…}}]: every link that is impaired;
 * the caller's. */
cJSON *exercise_impairments(const struct exercise *exercise);

/* ---- seeing -------------------------------------------------------------------------------- */

/* result is the receiver's; NULL with an error. */
typedef void (*exercise_json_fn)(cJSON *result, const GError *error, gpointer data);

/* {"at_us","wall_us","links":[{"machine","network","address","up","rx_bytes","tx_bytes",
 *  "rx_packets","tx_packets"}]}: since the networks were made, as the machines see it. */
void exercise_links(struct exercise *exercise, exercise_json_fn done, gpointer data);

/* Starts or stops the capture of a network (blue1/office). */
bool exercise_capture(
        struct exercise *exercise, const char *id, bool on, const char *who, GError **error);
/* [{"network","team","state","packets","bytes","dropped","removed","removed_step","problem",
 *   "files":[{"file","packets","bytes","first_us","last_us","step","sha256"}]}]; the caller's. */
cJSON *exercise_captures(const struct exercise *exercise, bool files);

/* {"type":"image/png","base64"} */
bool exercise_screenshot(struct exercise *exercise, const char *id, exercise_json_fn done,
        gpointer data, GError **error);

struct exercise_console_options {
    const char *machine;
    const char *who;
    gint64 number; /* the caller's choice, for exercise_console_close() */
    bool vnc;      /* its screen, else its serial port */
};
/* {"console","path"}: a unix socket, once it is on the record; whatever the answer, it is open
 * until closed. */
bool exercise_console(struct exercise *exercise, const struct exercise_console_options *options,
        exercise_json_fn done, gpointer data, GError **error);
/* What was recorded of it: the digest and size of the file, for console.closed. */
bool exercise_console_recorded(
        struct exercise *exercise, gint64 number, const char *sha256, gint64 bytes, GError **error);
void exercise_console_close(struct exercise *exercise, gint64 number); /* unknown: nothing */
/* The path of the file with all that the serial port said; the caller's. */
char *exercise_console_log(const struct exercise *exercise, const char *id, GError **error);
/* Stops the machines of a team, or one machine, and brings them to ready as at set-up; the others
 * run on. machine.reset or team.reset says when it is done. */
bool exercise_reset(struct exercise *exercise, const char *target, const char *who, GError **error);
/* Saves the machines of a team (NULL: all), its timeline and its place in the ledger under label;
 * they stand still for a moment. checkpoint.taken or checkpoint.failed follows. */
bool exercise_checkpoint(struct exercise *exercise, const char *label, const char *team,
        const char *who, GError **error);
/* Puts a team (NULL: all that the checkpoint has) back; the others run on. Its clock goes on: what
 * was ahead of it then is ahead of it again. checkpoint.restored or checkpoint.failed follows. */
bool exercise_restore(struct exercise *exercise, const char *label, const char *team,
        const char *who, GError **error);
bool exercise_checkpoint_remove(
        struct exercise *exercise, const char *label, const char *who, GError **error);
/* [{"label","team","at_us","seq","wall_us","bytes","machines":[…],"path"}]; the caller's. */
cJSON *exercise_checkpoints(const struct exercise *exercise);

/* ---- an exam (score/exam.h, docs/exams.md) --------------------------------------------------- */

/* action: start, pause, resume, hand-in, extend {us}, accept {answer}, approve {request}; params
 * has candidate and, where it applies, by, token, reason. done is called once it is on the disk:
 * {"seq","pending"}, pending: a second person must approve seq. */
bool exercise_exam(struct exercise *exercise, const char *action, const cJSON *params,
        const char *who, exercise_json_fn done, gpointer data, GError **error);

struct exercise_answer {
    const char *candidate, *question, *who;
    const char *text;  /* NULL: a file, or something that is looked at */
    const char *bytes; /* of a file; may be NULL */
    gsize length;
};
/* {"seq","question","again","ok","state","left_us","attempts_left"}: again, when the same answer
 * was there before; ok null when it could not be looked at, absent when nobody is told. done is
 * never called from inside the call. */
bool exercise_answer(struct exercise *exercise, const struct exercise_answer *answer,
        exercise_json_fn done, gpointer data, GError **error);
cJSON *exercise_exam_status(const struct exercise *exercise, GError **error);
/* What the candidate reads: {"title","briefing","candidate","team","pass","notice","notice_zh",
 * "questions":[…]}; the caller's. */
cJSON *exercise_exam_paper(const struct exercise *exercise, const char *candidate, GError **error);

/* {"name","title","state","at_us","duration_us","wall_us","pid","ledger","seq","accel",
 *  "machines":[{"id","state","reason","team","image","way","booted_ms","ready_ms"}],
 *  "services":[{"team","service","status","detail","passed","failed"}],
 *  "injects":[{"id","at_us","state","team","step","title"}],
 *  "routers":[{"id","team","policy","rules":[{"name","text"}]}], "impairments":[…],
 *  "alarms":[…], "captures":[…]}; the caller's. */
cJSON *exercise_status(const struct exercise *exercise);
cJSON *exercise_score(const struct exercise *exercise, bool explain);
/* A correction (score_correction_new()), written to the ledger and counted from then on. */
bool exercise_correct(struct exercise *exercise, const char *kind, const cJSON *params,
        const char *who, GError **error);
const char *exercise_ledger_path(const struct exercise *exercise);
const char *exercise_name(const struct exercise *exercise);
const char *exercise_state(const struct exercise *exercise); /* its name */

/* Every committed event from now on, in order; one listener for the control server. */
void exercise_listen(struct exercise *exercise, exercise_event_fn fn, gpointer data);
gint64 exercise_seq(const struct exercise *exercise); /* last committed */
