/* run_predicate.c - questions about the world, and the evidence that answers them. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "plan/router.h"
#include "run/run.h"

#include <string.h>

#define READ_MAX (256 * 1024)
#define LOG_MAX (64 * READ_MAX) /* of a log that grows while it is read */
#define ASK_TIMEOUT_MS 20000

struct question {
    struct predicate_scope scope;
    const struct plan_predicate *predicate; /* NULL: only the probe */
    const struct plan_probe *probe;
    predicate_fn done;
    gpointer data;
    guint part;       /* ALL, ANY: the part being asked */
    cJSON *parts;     /* their evidence */
    const char *hint; /* ANY: why a part holds that is not firm, in parts; or NULL */
    char *wanted;     /* contains, with names filled in */
    char *path;
    gint64 offset; /* LOG: where to read on; GREW: the number before */
    int machine;
    guint epoch; /* exercise->epoch when it was asked */
    gsize seen;  /* bytes read */
};

static void answer(struct question *q, enum run_truth truth, const char *why, cJSON *value)
{
    cJSON *evidence = cJSON_CreateObject();
    if (truth == TRUTH_FAULT) {
        cJSON_AddNullToObject(evidence, "ok");
    } else {
        cJSON_AddBoolToObject(evidence, "ok", truth == TRUTH_YES);
    }
    cJSON_AddStringToObject(evidence, "why", why);
    if (value) {
        cJSON_AddItemToObject(evidence, "value", value);
    }
    json_add_int(evidence, "seen_at_us", clock_now(q->scope.exercise->options.clock));
    if (q->parts) {
        cJSON_AddItemToObject(evidence, "parts", g_steal_pointer(&q->parts));
    }
    q->done(truth, evidence, q->data);
    g_free(q->wanted);
    g_free(q->path);
    g_free(q);
}

/* A guest's bytes as text: a NUL must not hide what follows. */
static char *text_without_nul(const char *bytes, gsize length)
{
    char *text = g_malloc(length + 1);
    for (gsize i = 0; i < length; i++) {
        text[i] = ' ';
        if (bytes[i]) {
            text[i] = bytes[i];
        }
    }
    text[length] = '\0';
    return text;
}

/* The whole line of text that contains wanted. */
static char *quote_line(const char *text, const char *wanted)
{
    const char *hit = wanted && *wanted ? strstr(text, wanted) : text;
    const char *from = hit;
    while (from > text && from[-1] != '\n') {
        from--;
    }
    return text_clean_tail(from, MIN(strcspn(from, "\n"), RUN_REASON_MAX), RUN_REASON_MAX);
}

static const char *machine_id(const struct question *q)
{
    return run_machine_plan(q->scope.exercise, q->machine)->id;
}

/* ---- parts --------------------------------------------------------------------------------- */

static void ask_next_part(struct question *q);
static void ask_world(gpointer data);

static void on_part(enum run_truth truth, cJSON *evidence, gpointer data)
{
    struct question *q = data;
    const struct plan_predicate *part = g_ptr_array_index(q->predicate->parts, q->part++);
    cJSON_AddItemToArray(q->parts, evidence);
    bool decides = (truth == TRUTH_YES) == (q->predicate->kind == PLAN_ANY);
    if (truth == TRUTH_FAULT) {
        answer(q, TRUTH_FAULT, json_string(evidence, "why", ""), NULL);
    } else if (q->predicate->kind == PLAN_NOT) {
        g_autofree char *why = g_strdup_printf("not: %s", json_string(evidence, "why", ""));
        answer(q, truth == TRUTH_YES ? TRUTH_NO : TRUTH_YES, why, NULL);
    } else if (!decides) {
        ask_next_part(q);
    } else if (q->scope.cut && truth == TRUTH_YES && !run_evidence_is_firm(part, evidence)) {
        q->hint = json_string(evidence, "why", "");
        ask_next_part(q);
    } else {
        answer(q, truth, json_string(evidence, "why", ""), NULL);
    }
}

static void ask_next_part(struct question *q)
{
    const GPtrArray *parts = q->predicate->parts;
    if (q->part >= parts->len) {
        bool holds = q->hint || q->predicate->kind == PLAN_ALL;
        const cJSON *last = cJSON_GetArrayItem(q->parts, cJSON_GetArraySize(q->parts) - 1);
        answer(q, holds ? TRUTH_YES : TRUTH_NO, q->hint ? q->hint : json_string(last, "why", ""),
                NULL);
        return;
    }
    run_predicate_ask(&q->scope, g_ptr_array_index(parts, q->part), on_part, q);
}

/* ---- leaves -------------------------------------------------------------------------------- */

/* A pause came since it was asked: the machine could not answer. */
static bool asked_again(struct question *q)
{
    if (q->epoch == q->scope.exercise->epoch) {
        return false;
    }
    ask_world(q);
    return true;
}

static void on_probed(const struct world_probe_result *result, gpointer data)
{
    struct question *q = data;
    if (asked_again(q)) {
        return;
    }
    enum run_truth truth = result->status == WORLD_OK      ? TRUTH_YES
                           : result->status == WORLD_FAULT ? TRUTH_FAULT
                                                           : TRUTH_NO;
    const char *detail = result->detail ? result->detail : "";
    g_autofree char *clean = text_clean_tail(detail, strlen(detail), RUN_REASON_MAX);
    g_autofree char *why = g_strdup_printf(
            "%s on %s: %s", plan_protocol_name(q->probe->protocol), q->probe->machine, clean);
    answer(q, truth, why, cJSON_CreateNumber(result->value));
}

static void on_read(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data);

static void ask_read(struct question *q)
{
    struct world *world = q->scope.exercise->options.world;
    world->ops->read(world, q->machine, q->path, q->offset, READ_MAX, on_read, q);
}

/* True when a log's next part must be read, or it was begun anew (rotated, cut) since the step. */
static bool reads_on(struct question *q, gsize length, gint64 file_size)
{
    gsize overlap = q->wanted ? strlen(q->wanted) : 0;
    if (q->predicate->kind != PLAN_LOG || q->scope.exercise->ending) {
        return false;
    }
    if (file_size < q->offset) {
        q->offset = 0;
        return true;
    }
    if (length <= overlap || q->offset + (gint64)length >= file_size || q->seen >= LOG_MAX) {
        return false;
    }
    q->offset += (gint64)(length - overlap);
    return true;
}

static void on_read(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data)
{
    struct question *q = data;
    if (error && asked_again(q)) {
        return;
    }
    if (error) {
        answer(q, TRUTH_FAULT, error->message, NULL);
        return;
    }
    if (file_size < 0) {
        g_autofree char *why = g_strdup_printf("%s: %s does not exist", machine_id(q), q->path);
        answer(q, TRUTH_NO, why, NULL);
        return;
    }
    g_autofree char *text = text_without_nul(bytes, length);
    q->seen += length;
    if (q->wanted && !strstr(text, q->wanted)) {
        if (reads_on(q, length, file_size)) {
            ask_read(q);
            return;
        }
        g_autofree char *why =
                g_strdup_printf("%s: no \"%s\" in %s (%zu %sbytes read)", machine_id(q), q->wanted,
                        q->path, q->seen, q->predicate->kind == PLAN_LOG ? "new " : "");
        answer(q, TRUTH_NO, why, NULL);
        return;
    }
    g_autofree char *line = quote_line(text, q->wanted);
    g_autofree char *why = g_strdup_printf("%s: %s has: %s", machine_id(q), q->path, line);
    answer(q, TRUTH_YES, why, cJSON_CreateString(line));
}

static void on_exec(const struct world_exec_result *result, const GError *error, gpointer data)
{
    struct question *q = data;
    if (error && asked_again(q)) {
        return;
    }
    if (error) {
        answer(q, TRUTH_FAULT, error->message, NULL);
        return;
    }
    const char *command = q->predicate->argv[0];
    if (result->status != q->predicate->status) {
        g_autofree char *tail = text_clean_tail(result->err, strlen(result->err), 200);
        g_autofree char *why = g_strdup_printf("%s: %s exited with %d, not %d: %s", machine_id(q),
                command, result->status, q->predicate->status, tail);
        answer(q, TRUTH_NO, why, cJSON_CreateNumber(result->status));
        return;
    }
    if (q->wanted && !strstr(result->out, q->wanted)) {
        g_autofree char *tail = text_clean_tail(result->out, strlen(result->out), 200);
        g_autofree char *why = g_strdup_printf("%s: %s printed no \"%s\"%s but: %s", machine_id(q),
                command, q->wanted,
                result->out_cut ? " in what is kept of its output (the first 64 KiB)" : "", tail);
        answer(q, TRUTH_NO, why, NULL);
        return;
    }
    g_autofree char *line = quote_line(result->out, q->wanted);
    g_autofree char *why = g_strdup_printf(
            "%s: %s exited with %d and printed: %s", machine_id(q), command, result->status, line);
    answer(q, TRUTH_YES, why, cJSON_CreateString(line));
}

gint64 run_predicate_number(const char *text)
{
    while (*text && !g_ascii_isdigit(*text)) {
        text++;
    }
    return g_ascii_strtoll(text, NULL, 10);
}

static void on_grew(const struct world_exec_result *result, const GError *error, gpointer data)
{
    struct question *q = data;
    if (error && asked_again(q)) {
        return;
    }
    if (error) {
        answer(q, TRUTH_FAULT, error->message, NULL);
        return;
    }
    gint64 now = result->status == 0 ? run_predicate_number(result->out) : 0;
    g_autofree char *tail = text_clean_tail(result->out, strlen(result->out), 200);
    g_autofree char *why =
            g_strdup_printf("%s: %s went from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ": %s",
                    machine_id(q), q->predicate->argv[0], q->offset, now, g_strstrip(tail));
    answer(q, now > q->offset ? TRUTH_YES : TRUTH_NO, why, cJSON_CreateNumber((double)now));
}

static void on_packets(gint64 packets, const GError *error, gpointer data)
{
    struct question *q = data;
    if (error) {
        answer(q, TRUTH_FAULT, error->message, NULL);
        return;
    }
    const struct plan_gate *gate =
            g_ptr_array_index(q->scope.exercise->options.plan->gates, (guint)q->machine);
    g_autofree char *why = g_strdup_printf("%s: rule %s went from %" G_GINT64_FORMAT
                                           " to %" G_GINT64_FORMAT " packets",
            gate->id, q->predicate->rule, q->offset, packets);
    answer(q, packets > q->offset ? TRUTH_YES : TRUTH_NO, why, cJSON_CreateNumber((double)packets));
}

bool run_predicate_command(const struct predicate_scope *scope,
        const struct plan_predicate *predicate, int machine, world_exec_fn done, gpointer data,
        GError **error)
{
    const struct plan *plan = scope->exercise->options.plan;
    struct world *world = scope->exercise->options.world;
    g_auto(GStrv) argv = plan_argv(plan, scope->step, predicate->argv, scope->team, error);
    if (!argv) {
        return false;
    }
    g_auto(GStrv) inside = world_argv(plan, machine, scope->team, (const char *const *)argv);
    world->ops->exec(world, machine, (const char *const *)inside, ASK_TIMEOUT_MS, done, data);
    return true;
}

static void ask_exec(struct question *q, world_exec_fn done)
{
    g_autoptr(GError) error = NULL;
    if (!run_predicate_command(&q->scope, q->predicate, q->machine, done, q, &error)) {
        answer(q, TRUTH_FAULT, error->message, NULL);
    }
}

/* A suspended machine says nothing: the question waits until the pause is over. */
static void ask_world(gpointer data)
{
    struct question *q = data;
    struct exercise *exercise = q->scope.exercise;
    struct world *world = exercise->options.world;
    if (exercise->ending) {
        answer(q, TRUTH_FAULT, "the exercise ended", NULL);
        return;
    }
    if (exercise->state == EXERCISE_PAUSED) {
        run_wait(exercise, clock_now(exercise->options.clock), ask_world, q);
        return;
    }
    q->epoch = exercise->epoch;
    if (!q->predicate || q->predicate->kind == PLAN_PROBE) {
        world->ops->probe(world, q->scope.team, q->probe, on_probed, q);
    } else if (q->predicate->kind == PLAN_EXEC || q->predicate->kind == PLAN_GREW) {
        ask_exec(q, q->predicate->kind == PLAN_EXEC ? on_exec : on_grew);
    } else {
        ask_read(q);
    }
}

/* Fills in names; false (answered as a fault) when that fails. */
static bool resolve(struct question *q)
{
    const struct plan *plan = q->scope.exercise->options.plan;
    const struct plan_predicate *p = q->predicate;
    g_autoptr(GError) error = NULL;
    q->machine = !p->machine               ? -1
                 : p->kind == PLAN_COUNTER ? plan_gate_for(plan, p->machine, q->scope.team)
                                           : plan_machine_for(plan, p->machine, q->scope.team);
    if (p->contains) {
        q->wanted = plan_text(plan, q->scope.step, p->contains, q->scope.team, &error);
    }
    if (p->path && !error) {
        q->path = plan_text(plan, q->scope.step, p->path, q->scope.team, &error);
    }
    if (error || (p->machine && q->machine < 0)) {
        answer(q, TRUTH_FAULT, error ? error->message : "no such machine or router for this team",
                NULL);
        return false;
    }
    return true;
}

static struct question *question_new(const struct predicate_scope *scope,
        const struct plan_predicate *predicate, predicate_fn done, gpointer data)
{
    struct question *q = g_new0(struct question, 1);
    *q = (struct question){
            .scope = *scope,
            .predicate = predicate,
            .probe = predicate ? predicate->probe : NULL,
            .done = done,
            .data = data,
            .machine = -1,
    };
    return q;
}

void run_predicate_ask(const struct predicate_scope *scope, const struct plan_predicate *predicate,
        predicate_fn done, gpointer data)
{
    struct question *q = question_new(scope, predicate, done, data);
    const gint64 *before = scope->offsets ? g_hash_table_lookup(scope->offsets, predicate) : NULL;
    if (scope->exercise->ending) {
        answer(q, TRUTH_FAULT, "the exercise ended", NULL);
        return;
    }
    if (!resolve(q)) {
        return;
    }
    q->offset = before ? *before : 0;
    switch (predicate->kind) {
    case PLAN_ALL:
    case PLAN_ANY:
    case PLAN_NOT:
        q->parts = cJSON_CreateArray();
        ask_next_part(q);
        return;
    case PLAN_PROBE:
    case PLAN_LOG:
    case PLAN_FILE:
    case PLAN_EXEC:
    case PLAN_GREW:
        ask_world(q);
        return;
    case PLAN_COUNTER:
        run_packets(scope->exercise, q->machine, predicate->rule, on_packets, q);
        return;
    }
}

void run_probe_ask(const struct predicate_scope *scope, const struct plan_probe *probe,
        predicate_fn done, gpointer data)
{
    struct question *q = question_new(scope, NULL, done, data);
    q->probe = probe;
    ask_world(q);
}
