/* task.h - what the files of script/ share: the script, its tasks, and how one waits. */
#pragma once

#include "script/sandbox.h"
#include "script/script.h"

struct task;

struct script {
    struct sandbox *sandbox;
    const struct plan *plan; /* set by script_attach() */
    struct clock *clock;
    struct script_host host;
    GQueue *ready;       /* struct task *, in the order they became ready */
    GPtrArray *tasks;    /* struct task *, all that have not ended, oldest first */
    GHashTable *tickets; /* guint64 → struct task * */
    guint64 last_ticket, last_task;
    guint idle; /* source id of the pending turn, or 0 */
    bool in_turn;
};

/* Takes the sandbox over; script_free() frees it. */
struct script *script_new(struct sandbox *sandbox);
