/* run_restart.c - a set of machines from what they are to ready again, while the others run on. */
#include "run/run_restart.h"

#include "base/error.h"

#define LIMIT_S 300 /* as for the first start */

int *run_team_machines(const struct exercise *exercise, int team, gsize *n)
{
    guint all = exercise->options.plan->machines->len;
    int *machines = g_new(int, all + 1);
    *n = 0;
    for (guint i = 0; i < all; i++) {
        if (team < 0 || run_machine_plan(exercise, (int)i)->team == team) {
            machines[(*n)++] = (int)i;
        }
    }
    return machines;
}

bool run_restart_is_possible(
        const struct exercise *exercise, const int *machines, gsize n, GError **error)
{
    if (exercise->state != EXERCISE_RUNNING || exercise->ending || exercise->resuming) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "not now: the exercise is %s, and must be running",
                exercise_state_name(exercise->state));
        return false;
    }
    if (exercise->saving) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "not now: a checkpoint is being taken; try again in a moment");
        return false;
    }
    for (gsize i = 0; i < n; i++) {
        const struct run_restart *other = exercise->machines[machines[i]].restart;
        if (other) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                    "not now: %s; try again in a moment", other->what);
            return false;
        }
    }
    return true;
}

static void end_restart(struct run_restart *restart, const GError *error)
{
    struct exercise *exercise = restart->exercise;
    gint64 took_ms = (g_get_monotonic_time() - restart->begun_us) / 1000;
    g_clear_handle_id(&restart->limit, g_source_remove);
    for (gsize i = 0; i < restart->n; i++) {
        int machine = restart->machines[i];
        exercise->machines[machine].restart = NULL;
        exercise->teams[run_machine_plan(exercise, machine)->team].restarting--;
    }
    restart->done(exercise, error, took_ms, g_steal_pointer(&restart->data));
    g_ptr_array_remove_fast(exercise->restarts, restart); /* frees it */
}

static gboolean on_limit(gpointer data)
{
    struct run_restart *restart = data;
    restart->limit = 0;
    GString *late = g_string_new(NULL);
    for (gsize i = 0; i < restart->n; i++) {
        if (!restart->ready[i]) {
            const struct plan_machine *plan =
                    run_machine_plan(restart->exercise, restart->machines[i]);
            g_string_append_printf(late, "%s%s", late->len ? ", " : "", plan->id);
        }
    }
    g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
            "not ready within %d s: %s", LIMIT_S, late->str);
    g_string_free(late, TRUE);
    end_restart(restart, error);
    return G_SOURCE_REMOVE;
}

struct run_restart *run_restart_new(struct exercise *exercise, const int *machines, gsize n,
        const char *what, run_restarted_fn done, GDestroyNotify drop, gpointer data)
{
    struct run_restart *restart = g_new0(struct run_restart, 1);
    restart->exercise = exercise;
    restart->what = g_strdup(what);
    restart->machines = g_memdup2(machines, n * sizeof(int));
    restart->n = n;
    restart->started = g_new0(bool, n);
    restart->ready = g_new0(bool, n);
    restart->begun_us = g_get_monotonic_time();
    restart->done = done;
    restart->drop = drop;
    restart->data = data;
    for (gsize i = 0; i < n; i++) {
        struct run_team *team = &exercise->teams[run_machine_plan(exercise, machines[i])->team];
        exercise->machines[machines[i]].restart = restart;
        team->restarting++;
        team->restarts++;
    }
    run_steps_spoil(exercise, machines, n, what);
    g_ptr_array_add(exercise->restarts, restart);
    restart->limit = g_timeout_add_seconds(LIMIT_S, on_limit, restart);
    return restart;
}

void run_restart_free(gpointer data)
{
    struct run_restart *restart = data;
    g_clear_handle_id(&restart->limit, g_source_remove);
    if (restart->data) {
        restart->drop(restart->data);
    }
    g_free(restart->what);
    g_free(restart->machines);
    g_free(restart->started);
    g_free(restart->ready);
    g_free(restart);
}

struct made { /* the restart may be over before the world answers */
    struct exercise *exercise;
    struct run_restart *restart;
};

void run_restart_made(const GError *error, gpointer data)
{
    g_autofree struct made *made = data;
    if (error && !made->exercise->ending &&
            g_ptr_array_find(made->exercise->restarts, made->restart, NULL)) {
        end_restart(made->restart, error);
    }
}

gpointer run_restart_made_data(struct run_restart *restart)
{
    struct made *made = g_new(struct made, 1);
    *made = (struct made){restart->exercise, restart};
    return made;
}

static void note_state(
        struct run_restart *restart, gsize at, enum machine_state state, const char *reason)
{
    if (state == MACHINE_STARTING) {
        restart->started[at] = true;
        restart->ready[at] = false;
    } else if (restart->started[at] && state == MACHINE_READY) {
        restart->ready[at] = true;
    } else if (restart->started[at] && (state == MACHINE_CRASHED || state == MACHINE_STOPPED)) {
        g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "%s: %s",
                run_machine_plan(restart->exercise, restart->machines[at])->id, reason);
        end_restart(restart, error);
        return;
    }
    for (gsize i = 0; i < restart->n; i++) {
        if (!restart->ready[i]) {
            return;
        }
    }
    end_restart(restart, NULL);
}

void run_restart_state(
        struct exercise *exercise, int machine, enum machine_state state, const char *reason)
{
    struct run_restart *restart = exercise->machines[machine].restart;
    for (gsize i = 0; restart && !exercise->ending && i < restart->n; i++) {
        if (restart->machines[i] == machine) {
            note_state(restart, i, state, reason);
            return;
        }
    }
}
