/* script.h - a scenario in Lua: loaded into a plan, then run as tasks on the exercise clock.
 *
 * One lua_State for a scenario, in a sandbox built from nothing. Functions of the scenario run as
 * tasks (coroutines). A task never calls the world: it asks the host, waits, and is given a reply
 * by ticket. Everything runs in one thread; a reply only queues the task, script_turn() runs it.
 */
#pragma once

#include "base/clock.h"
#include "base/event.h"
#include "plan/plan.h"

#include <glib.h>
#include <stdbool.h>

struct script;
struct plan_rule;

/* The scenario's file: path itself, or scenario.lua in the folder path. The caller frees it. */
char *script_file(const char *path);

/* Reads path (a file, or a folder with scenario.lua). Problems are appended to problems; *ret_plan
 * is declared but not yet expanded, and checked by plan_check(). NULL with problems non-empty when
 * anything is wrong; NULL with error when the file cannot be read. The plan's function references
 * belong to the script. */
struct script *script_load(
        const char *path, struct plan **ret_plan, GPtrArray *problems, GError **error);

/* The same, and every machine's image must be one of images (NULL-terminated; NULL: not checked).
 */
struct script *script_load_with(const char *path, const char *const *images, struct plan **ret_plan,
        GPtrArray *problems, GError **error);

/* The same from memory: path is the name in messages, folder (or NULL) where files and modules are
 * found, memory_limit the bytes Lua may use (0: the usual 64 MiB). */
struct script *script_load_text(const char *text, gsize length, const char *path,
        const char *folder, gsize memory_limit, struct plan **ret_plan, GPtrArray *problems);
/* Writes a copy of all that was read into folder, as a scenario of its own; what require reads
 * later goes there too. On the disk when it returns. */
bool script_keep(struct script *script, const char *folder, GError **error);
void script_free(struct script *script); /* accepts NULL; cancels all tasks */

enum script_reply_kind {
    SCRIPT_REPLY_OK,
    SCRIPT_REPLY_EXEC,
    SCRIPT_REPLY_TEXT,
    SCRIPT_REPLY_FAILED
};

struct script_reply {
    enum script_reply_kind kind;
    int status;            /* EXEC */
    const char *out, *err; /* EXEC */
    bool cut;              /* EXEC: there was more of one of them */
    const char *text;      /* TEXT: file content, verdict */
    const char *code;      /* FAILED: timeout, not-found, machine, cancelled */
    const char *message;   /* FAILED: for people */
};

enum script_white { SCRIPT_RESET, SCRIPT_CHECKPOINT, SCRIPT_RESTORE };

/* What tasks may ask of the exercise. machine is a plan index, team a team index or -1. Each is
 * answered once by script_reply(script, ticket, …), never from inside the call. who names the task
 * for the record: "player harden". */
struct script_host {
    gpointer data;
    void (*exec)(gpointer data, guint64 ticket, const char *who, int team, int machine,
            const char *const *argv, int timeout_ms);
    void (*write)(gpointer data, guint64 ticket, const char *who, int team, int machine,
            const char *path, const char *bytes, gsize length);
    void (*read)(gpointer data, guint64 ticket, const char *who, int team, int machine,
            const char *path);
    /* Runs a step of the plan against team; the reply's text is the verdict. */
    void (*step)(gpointer data, guint64 ticket, const char *who, const char *step, int team);
    /* Adds rule (the callee's), in place of one of the same name, or removes the one called remove.
     */
    void (*rule)(gpointer data, guint64 ticket, const char *who, int gate, struct plan_rule *rule,
            const char *remove);
    /* The reply's text is the number of packets that the rule has met. */
    void (*packets)(gpointer data, guint64 ticket, const char *who, int gate, const char *rule);
    /* Impairs or clears a link (a card of the machine); OK once the world has verified it. */
    void (*impair)(gpointer data, guint64 ticket, const char *who, int team, int machine, int card,
            const struct plan_impair *wish);
    /* Resets subject (a machine's or team's id), or saves or restores team (NULL: all) under the
     * label subject. */
    void (*white)(gpointer data, guint64 ticket, const char *who, enum script_white what,
            const char *subject, const char *team);
    void (*note)(gpointer data, const char *who, int team, const char *text);
    /* A task ended: error is NULL or a message with file and line. */
    void (*ended)(gpointer data, const char *who, int team, const char *error);
};

/* Before the first task, once the plan is expanded. Seeds math.random from plan->seed. */
void script_attach(struct script *script, const struct plan *plan, struct clock *clock,
        const struct script_host *host);

/* After a resume: math.random goes on from the exercise's seed and salt. */
void script_seed_again(struct script *script, gint64 salt);

/* Starts function (a reference from the plan) as a task; it runs in the next turn. The function is
 * called with (range, me): me.team is the team's id or nil, me:machine(name) that team's machine.
 */
void script_start(struct script *script, int function, const char *who, int team);

/* Ends the task who of team (-1: of none), wherever it stands; its host is not told. Not from
 * inside a turn. */
void script_cancel(struct script *script, const char *who, int team);

void script_reply(struct script *script, guint64 ticket, const struct script_reply *reply);

/* Every committed event, for range.wait_for. */
void script_event(struct script *script, const struct event *event);

/* Runs all tasks that can go on. The script also schedules this itself, as an idle source in the
 * context of script_attach() unless the clock is virtual. */
void script_turn(struct script *script);

/* Tasks that have not ended. */
int script_tasks(const struct script *script);
