/* engine.h - the engine process of one exercise: from a plan to nothing left but the ledger. */
#pragma once

#include "ledger/suite.h"
#include "plan/plan.h"
#include "run/resume.h"
#include "script/script.h"
#include "virt/virt.h"
#include "world/world.h"

#include <glib.h>
#include <stdbool.h>

struct engine_options {
    struct plan *plan;     /* expanded, named */
    struct script *script; /* engine_run() frees it */
    enum virt_accel accel;
    enum world_boot boot;
    const char *accel_why;
    gint64 until_us;
    int ready_limit_s;
    bool without_impairments;
    bool wait;             /* once ready, until somebody starts it */
    const char *connect;   /* a libvirt daemon's address; NULL: the embedded driver */
    const char *peer;      /* the exercise that stretched networks reach into, or NULL */
    int teams;             /* as asked for, 0: as the scenario says; for the record */
    const cJSON *roster;   /* of an exam, or NULL; for the record */
    enum suite suite;      /* of a new ledger */
    int claim;             /* engine_claim()'s; engine_run() closes it */
    struct resume *resume; /* what to go on from, or NULL; engine_run() frees it */
};

/* Takes the exercise's name for this process until it ends: its run folder, locked. With resume the
 * folder may be there already, of an engine that is gone. A descriptor; -1 and who has it. */
int engine_claim(const char *name, bool resume, GError **error);

/* For an exercise whose engine is gone: reads its ledger. NULL when it is over, never began, or is
 * not an exercise; the error says what to do. Claim the name first. */
struct resume *engine_read_resume(const char *name, GError **error);

/* Enters a cell and runs the exercise to its end. The calling process must have one thread; it can
 * do little else afterwards. Progress goes to stderr, the standings to stdout. */
bool engine_run(const struct engine_options *options, GError **error);

/* Removes what an exercise left behind, as its ledger tells: processes, run folder, socket. An
 * engine that still lives has limit_ms to end, then it is killed; unless it was asked to end
 * already, it is asked by SIGTERM. A damaged or missing ledger hinders nothing, but the former is
 * an error at the end. Returns the number of processes killed, -1 on error. */
int engine_undo(const char *name, bool asked, int limit_ms, GError **error);

/* Removes the files of an exercise that has ended: all but its ledger and captures. */
bool engine_remove_files(const char *name, GError **error);
