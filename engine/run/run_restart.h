/* run_restart.h - inside run/: machines on their way to a new start, and saved states.
 *
 * A restart is a set of machines that the white cell resets or restores. From its beginning to its
 * end their teams' failed checks are faults of the range, and steps that they take part in are
 * void.
 */
#pragma once

#include "run/run.h"

/* ---- run_restart.c ------------------------------------------------------------------------- */

typedef void (*run_restarted_fn)(
        struct exercise *exercise, const GError *error, gint64 took_ms, gpointer data);

struct run_restart {
    struct exercise *exercise;
    char *what; /* "blue1 is being reset" */
    int *machines;
    gsize n;
    bool *started, *ready; /* one of each a machine: its new process is there; is as wanted */
    gint64 begun_us;       /* monotonic */
    guint limit;           /* GSource id */
    run_restarted_fn done;
    GDestroyNotify drop;
    gpointer data;
};

/* Indices of the team's machines (-1: all); *n is set. The caller frees them. */
int *run_team_machines(const struct exercise *exercise, int team, gsize *n);

/* False, and an error that says by what, when one of them is being restarted or saved already, or
 * the exercise does not run. */
bool run_restart_is_possible(
        const struct exercise *exercise, const int *machines, gsize n, GError **error);

/* The machines are under way from now on; why is for the steps that they spoil. machines is copied.
 * done is called once: all are ready, or error says which is not. When the exercise ends before,
 * drop is called instead.
 */
struct run_restart *run_restart_new(struct exercise *exercise, const int *machines, gsize n,
        const char *what, run_restarted_fn done, GDestroyNotify drop, gpointer data);
/* What the world calls when the machines' processes were made. */
void run_restart_made(const GError *error, gpointer data);
gpointer run_restart_made_data(struct run_restart *restart); /* its data */

/* ---- run_checkpoint_file.c ------------------------------------------------------------------ */

/* A whole checkpoint is a folder with manifest.json, which is written last: {"version":1, …,
 * "machines":[{"id","domain","files":[{"name","bytes","blake2b"}]}]}. */
#define CHECKPOINT_MANIFEST "manifest.json"
#define CHECKPOINT_VERSION 1

/* In a thread: adds each machine's files to manifest, syncs them, writes it. */
bool checkpoint_seal(const char *folder, cJSON *manifest, GError **error);

/* A manifest as it was written; the caller's. */
cJSON *checkpoint_read(const char *folder, GError **error);

/* In a thread: are the files of these machines (ids) there and whole? */
bool checkpoint_verify(
        const char *folder, const cJSON *manifest, const char *const *machines, GError **error);
gint64 checkpoint_bytes(const cJSON *manifest);

/* ---- run_checkpoint_state.c ---------------------------------------------------------------- */

/* What the engine knows of team (-1: everything), at this moment. */
cJSON *checkpoint_state(const struct exercise *exercise, int team);

/* Is what belongs to team (-1: to nobody) part of a restore of which (-1: everything)? */
bool checkpoint_concerns(int team, int which);

/* Puts timeline, verdicts and counts of which (-1: all) back; the clock goes on from where it is.
 */
void checkpoint_apply(struct exercise *exercise, const cJSON *state, int which, const char *by);

/* Timers of which stand still while its machines are put back; then as they were, or as applied. */
void checkpoint_freeze(struct exercise *exercise, int which);
void checkpoint_thaw(struct exercise *exercise, int which);

/* ---- run_checkpoint_remove.c ---------------------------------------------------------------- */

/* What is there of one that did not come to be is removed, by and by, and closed in the ledger. */
void run_checkpoint_half(struct exercise *exercise, const char *label, int team);

/* ---- run_checkpoint.c ---------------------------------------------------------------------- */

struct run_checkpoint { /* one that is whole */
    char *label;
    int team;        /* -1: the whole exercise */
    cJSON *manifest; /* with "state" */
    bool leaving;    /* its files are being removed */
};
const struct run_checkpoint *run_checkpoint_find(
        const struct exercise *exercise, const char *label, GError **error);
char *run_checkpoint_folder(const struct exercise *exercise, const char *label);
