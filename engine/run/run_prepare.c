/* run_prepare.c - how the world was before a step, for questions that look back. */
#include "plan/router.h"
#include "run/run.h"

struct preparation {
    struct predicate_scope scope;
    GPtrArray *measured; /* struct plan_predicate *: LOG, GREW, COUNTER */
    guint next;
    guint epoch; /* exercise->epoch when the one under way was asked */
    predicate_ready_fn done;
    gpointer data;
};

static void collect(const struct plan_predicate *predicate, GPtrArray *measured)
{
    if (predicate && (predicate->kind == PLAN_LOG || predicate->kind == PLAN_GREW ||
                             predicate->kind == PLAN_COUNTER)) {
        g_ptr_array_add(measured, (gpointer)predicate);
    }
    for (guint i = 0; predicate && predicate->parts && i < predicate->parts->len; i++) {
        collect(g_ptr_array_index(predicate->parts, i), measured);
    }
}

static void measure_next(gpointer data);

static void prepared(struct preparation *p, const GError *error)
{
    p->done(error, p->data);
    g_ptr_array_unref(p->measured);
    g_free(p);
}

/* Without the number before, all that is old would pass for new: no number, no step. */
static void remember(struct preparation *p, gint64 value, const GError *error)
{
    const struct exercise *exercise = p->scope.exercise;
    if (error && p->epoch != exercise->epoch && !exercise->ending) {
        p->next--; /* a pause came between: the machine could not answer */
    } else if (error) {
        const struct plan_predicate *predicate = p->measured->pdata[p->next - 1];
        g_autoptr(GError) why = g_error_new(error->domain, error->code,
                "how it was on %s before the step cannot be told: %s", predicate->machine,
                error->message);
        prepared(p, why);
        return;
    } else {
        gint64 *before = g_new(gint64, 1);
        *before = value;
        g_hash_table_insert(p->scope.offsets, p->measured->pdata[p->next - 1], before);
    }
    measure_next(p);
}

static void on_size(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data)
{
    (void)bytes;
    (void)length;
    remember(data, MAX(file_size, 0), error);
}

static void on_number(const struct world_exec_result *result, const GError *error, gpointer data)
{
    remember(data, !error && result->status == 0 ? run_predicate_number(result->out) : 0, error);
}

static void on_packets_before(gint64 packets, const GError *error, gpointer data)
{
    remember(data, packets, error);
}

/* True when an answer is on its way. */
static bool measure(struct preparation *p, const struct plan_predicate *predicate)
{
    const struct plan *plan = p->scope.exercise->options.plan;
    struct world *world = p->scope.exercise->options.world;
    if (predicate->kind == PLAN_COUNTER) {
        int gate = plan_gate_for(plan, predicate->machine, p->scope.team);
        if (gate >= 0) {
            run_packets(p->scope.exercise, gate, predicate->rule, on_packets_before, p);
        }
        return gate >= 0;
    }
    int machine = plan_machine_for(plan, predicate->machine, p->scope.team);
    if (machine < 0) {
        return false;
    }
    if (predicate->kind == PLAN_GREW) {
        return run_predicate_command(&p->scope, predicate, machine, on_number, p, NULL);
    }
    g_autofree char *path = plan_text(plan, p->scope.step, predicate->path, p->scope.team, NULL);
    if (path) {
        world->ops->read(world, machine, path, 0, 0, on_size, p);
    }
    return path != NULL;
}

static void measure_next(gpointer data)
{
    struct preparation *p = data;
    struct exercise *exercise = p->scope.exercise;
    if (exercise->state == EXERCISE_PAUSED && !exercise->ending) {
        run_wait(exercise, clock_now(exercise->options.clock), measure_next, p);
        return;
    }
    while (p->next < p->measured->len && !exercise->ending) {
        p->epoch = exercise->epoch;
        if (measure(p, g_ptr_array_index(p->measured, p->next++))) {
            return;
        }
    }
    prepared(p, NULL);
}

void run_predicate_prepare(const struct predicate_scope *scope,
        const struct plan_predicate *predicate, predicate_ready_fn done, gpointer data)
{
    struct preparation *p = g_new0(struct preparation, 1);
    p->scope = *scope;
    p->measured = g_ptr_array_new();
    p->done = done;
    p->data = data;
    collect(predicate, p->measured);
    measure_next(p);
}
