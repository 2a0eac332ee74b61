/* engine.h - the engine process of one exercise: from a plan to nothing left but the ledger. */
#pragma once

#include "plan/plan.h"
#include "script/script.h"
#include "virt/virt.h"

#include <glib.h>
#include <stdbool.h>

struct engine_options {
    struct plan *plan; /* expanded, named */
    struct script *script;
    enum virt_accel accel;
    const char *accel_why;
    gint64 until_us;
    int ready_limit_s;
};

/* Enters a cell and runs the exercise to its end. The calling process must have one thread; it can
 * do little else afterwards. Progress goes to stderr, the standings to stdout. */
bool engine_run(const struct engine_options *options, GError **error);

/* Removes what an exercise left behind that no longer has an engine, as its ledger tells:
 * processes, run folder, socket. Returns the number of killed processes, -1 on error. */
int engine_undo(const char *name, GError **error);
