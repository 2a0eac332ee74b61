/* resume.h - what a ledger says of an interrupted exercise: a pure fold over its events.
 *
 * Fed every event in order of seq, from the first. It knows how far everything had come, and what
 * the ledger owes: decisions that are on the disk while what follows from them is not. How an
 * exercise goes on from there stands at the top of run_resume.c.
 */
#pragma once

#include "base/event.h"
#include "cell/cell.h"
#include "plan/plan.h"
#include "score/public.h"
#include "score/score.h"
#include "world/world.h"

#include <glib.h>
#include <stdbool.h>

struct resume_inject {
    char *id;
    char *state;         /* as in inject.state; NULL: not announced yet */
    gint64 fired_seq;    /* of the last "fired", 0: never */
    gint64 due_us;       /* -1: as planned */
    bool noted;          /* since then its message is out */
    bool begun;          /* since then its function was started */
    char *note;          /* in place of the plan's, or NULL */
    GPtrArray *approved; /* char *: who agreed that it fires */
    bool lacks;          /* held because too few had */
    char *owed;          /* asked for by an operator and not in force yet: fired, held, scheduled */
    char *owed_by;
};

struct resume_step { /* one step against one team */
    char *step, *team;
    gint64 running_seq; /* of the "running" that has no verdict, 0: none */
    char *by;           /* who started that run */
    char *verdict;      /* the last one, NULL: none */
    gint64 verdict_seq;
    gint64 undo_seq;   /* of the last "undoing" */
    gint64 undone_seq; /* of the last "undone" or "undo-failed" */
};

struct resume_check { /* one service of one team */
    char *status, *detail;
    int round, passed, failed;
};

struct resume_task { /* one function, of a player or of the timeline, for one team */
    char *who, *team;
    int started, ended;
    gint64 started_seq; /* of the last start */
    gint64 due_us;      /* a restore set it back: it starts then; -1: as planned */
};

struct resume_answer { /* a verdict that a function had asked for */
    char *who, *step, *team;
    gint64 seq;
    char *verdict;
};

struct resume_machine {
    char *state, *reason;
    bool was_ready; /* in its present life */
    bool gone;      /* crashed or stopped before the interruption */
};

struct resume_request { /* of the white cell, that takes its time; not in force yet */
    char *kind;         /* restore, checkpoint, machine.reset, team.reset, router.reset */
    char *subject;      /* label, machine, team or router */
    char *team;         /* "" for all */
    char *by;
    cJSON *body; /* of the event that began it */
};

struct resume {
    gint64 seq, at_us, wall_us; /* of the last event */
    gint64 created_wall_us;
    cJSON *created;          /* body of exercise.created, or NULL */
    bool began;              /* it has run */
    bool begun;              /* an operator had started it, and it may not have run */
    bool paused;             /* it was, or an operator had asked for it */
    bool clock_only;         /* … and the machines ran on */
    bool ended, down;        /* states in the ledger */
    char *end_by;            /* an operator had asked for the end, and it is not in force */
    GHashTable *injects;     /* id → struct resume_inject */
    GPtrArray *added;        /* cJSON *: injects that are not in the plan, with id and team */
    GHashTable *steps;       /* "step\nteam" → struct resume_step */
    GHashTable *checks;      /* "service\nteam" → struct resume_check */
    GHashTable *tasks;       /* "who\nteam" → struct resume_task */
    GHashTable *machines;    /* id → struct resume_machine */
    GHashTable *open;        /* subject of a resource that is not closed → its team id */
    GHashTable *stopped;     /* network id of a capture that was stopped, perhaps not closed */
    GHashTable *checkpoints; /* label of a whole one → its team id */
    GPtrArray *requests;     /* struct resume_request * */
    GPtrArray *restored;     /* struct event *: checkpoint.restored, oldest first */
    gint64 ends_us;          /* a restore set the exercise's end; 0: as planned */
    GHashTable *rules;       /* router id → cJSON: the last router.rules that lists them */
    GHashTable *rules_asked; /* router id → cJSON: a change that was not answered */
    GHashTable *rules_owed;  /* router id → cJSON {"router","rules","by"}: a restore's */
    cJSON *links_owed;       /* by link: {"machine","network","asked","by"}: a restore's */
    GPtrArray *answers;      /* struct resume_answer * */
    GPtrArray *alarms;       /* cJSON *: raised, not cleared */
    GHashTable *faults;      /* run_resume_faults.c: open ones; NULL: there was none */
    cJSON *links;            /* by link: the last link.impaired not cleared, with at_us */
    struct cell_identity cell;
    struct score *score;        /* all events folded in */
    struct public_prefix shown; /* what of them the public may see */
};

struct resume *resume_new(void);
void resume_free(struct resume *resume); /* accepts NULL */
void resume_apply(struct resume *resume, const struct event *event);

/* Folds the ledger at path. NULL and an error when it cannot be read. */
struct resume *resume_read(const char *path, GError **error);

/* By name; NULL when the ledger does not speak of it. */
struct resume_inject *resume_inject(const struct resume *resume, const char *id);
struct resume_step *resume_step(const struct resume *resume, const char *step, const char *team);
struct resume_check *resume_check(
        const struct resume *resume, const char *service, const char *team);
struct resume_task *resume_task(const struct resume *resume, const char *who, const char *team);
bool resume_task_is_open(const struct resume_task *task); /* accepts NULL */

/* The next verdict that who was given, in its run that was cut off, for step against team; each is
 * handed out once. NULL: it had not asked so often. */
char *resume_take_answer(
        struct resume *resume, const char *who, const char *step, const char *team);

/* The run of was ends with verdict: whoever asked for it can be given that. */
void resume_add_answer(struct resume *resume, const struct resume_step *was, const char *verdict);

/* Forgets what who was given: it begins anew by an operator's wish. */
void resume_drop_answers(struct resume *resume, const char *who);

/* The item of an inject, made when there is none. */
struct resume_inject *resume_need_inject(struct resume *resume, const char *id);
/* Injects made, edited, agreed to (run_inject.c). */
void resume_apply_inject(struct resume *resume, const struct event *event, const cJSON *body);
void resume_inject_free(gpointer data);

/* What the checkpoints in the ledger change (run_resume_restore.c). */
void resume_apply_checkpoint(struct resume *resume, const struct event *event, const cJSON *body);
void resume_request_free(gpointer data);
/* … and events of faults (run_resume_faults.c). */
void resume_apply_fault(struct resume *resume, const struct event *event);

/* What is to become of each machine of plan: WORLD_ADOPT when it had been ready, WORLD_LEAVE when
 * it had crashed or was stopped, else WORLD_FRESH. One for each machine; g_free. */
enum world_begin *resume_begin(const struct resume *resume, const struct plan *plan);

/* False and what is different when plan, which is expanded, is not the ledger's. */
bool resume_plan_fits(const struct resume *resume, const struct plan *plan, GError **error);
