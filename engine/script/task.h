/* task.h - tasks: coroutines of a scenario that wait, are woken, and are undone.
 *
 * A function that waits checks its arguments, starts the operation, and ends in
 * "return task_wait(…)". The answer is kept in the task; waking only queues it. Lua goes on in
 * script_turn() and nowhere else, in the continuation given to task_wait(), which pushes the
 * results: so an error there is an error of the scenario, caught like any other.
 */
#pragma once

#include "script/sandbox.h"
#include "script/script.h"

#define TASKS_MAX 1000
#define TASK_WAIT_S 60 /* how long a wait lasts when the scenario does not say */

struct script {
    struct sandbox *sandbox;
    const struct plan *plan; /* set by script_attach() */
    struct clock *clock;
    struct script_host host;
    GQueue ready;        /* struct task *, in the order they became ready */
    GPtrArray *tasks;    /* struct task *, all there are, oldest first */
    GHashTable *tickets; /* guint64 * → struct task * */
    guint64 last_ticket;
    guint64 turn_timer; /* of the clock, for the next turn; 0 when none is due */
    bool in_turn;
};

/* What a task waits for or was given. Strings are the task's own. */
struct answer {
    enum script_reply_kind kind;
    int status;
    bool cut;
    char *out, *err, *text, *code, *message;
    struct event *event; /* for wait_for */
};

struct task {
    struct script *script;
    lua_State *L; /* a thread, kept alive by ref */
    int ref;
    int args; /* on the thread's stack for the first resume */
    char *who;
    char *scratch; /* a text an API function is at work on; here, so that no error leaks it */
    int team;
    bool reports; /* started by the host, which hears of its end */
    bool ended;   /* returned; results wait on the stack for the parent */
    int results;
    bool waiting, queued;
    guint64 ticket; /* of the host, 0: none */
    guint64 timer;  /* of the clock, 0: none */
    struct answer answer;
    char *wait_kind, *wait_team, *wait_subject; /* wait_for; kind NULL: not waiting for one */
    struct task *parent;                        /* which waits for it in all or any */
    GPtrArray *children;                        /* struct task *, of all or any; NULL when none */
    bool any;                                   /* one child is enough */
    bool joining;                               /* waits for its children */
};

/* Takes the sandbox over; script_free() frees it. */
struct script *script_new(struct sandbox *sandbox);

/* The task of a running coroutine; raises when there is none (code that runs while loading). */
struct task *task_of(lua_State *L);

/* A task on a thread made from the function and args at the top of L, which are popped. Raises when
 * there are too many tasks or no memory. It runs in the next turn. */
struct task *task_spawn(lua_State *L, struct script *script, int args);

/* Raises a message an author understands where a wait is not possible; before anything starts. */
void task_check_wait(lua_State *L, const char *what);

/* Suspends the task; k pushes the results. The correct and only way to call is
 * "return task_wait(…)". timeout_us of exercise time: then the answer is FAILED, "timeout" (of a
 * sleep: OK). */
int task_wait(lua_State *L, struct task *task, gint64 timeout_us, lua_KFunction k);

/* A ticket for the host; the task is woken by its reply. */
guint64 task_ticket(struct task *task);

/* Queues a waiting task; task->answer must be set. */
void task_wake(struct task *task);

/* Ends the task wherever it stands: <close> variables run, its wait is undone. Frees it. */
void task_cancel(struct task *task);

void answer_clear(struct answer *answer);
