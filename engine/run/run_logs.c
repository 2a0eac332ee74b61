/* run_logs.c - what machines write into the logs that the scenario names, for their team to see.
 *
 * Every few seconds the guest agent is asked for what was added to each of a machine's logs since,
 * one file after the other, one machine at a time each. What the guest says is text of a stranger:
 * so many bytes a look, so many lines, each cut and cleaned. A machine that does not answer is asked
 * again next time, and that is all; it is no fault of anybody's.
 *
 * Only whole lines are taken. Before them the last bytes taken earlier are read once more: where
 * they differ, or the file has become shorter, it is another file (rotated or emptied), which is
 * taken from its beginning. What was there before the exercise ran is not taken, nor, where the
 * white cell reset or restored a machine, what was there then.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/run.h"

#include <string.h>

#define EVERY_US (10 * (gint64)G_USEC_PER_SEC)
#define SPREAD 10 /* not all machines in the same second */
#define LOOK_BYTES (16 << 10)
#define LOOK_LINES 200
#define BEHIND_BYTES (256 << 10) /* of that much nobody wants to hear the beginning */
#define LINE_BYTES 1024
#define MARK_BYTES 32

struct run_log { /* one file */
    const char *path;
    gint64 at; /* lines were taken up to there; -1: it has not been seen */
    char mark[MARK_BYTES];
    gsize marked;  /* bytes of it that stand before at */
    bool mid_line; /* at may be within a line, whose rest is not wanted */
};

struct run_logs { /* of one machine */
    struct exercise *exercise;
    int machine;
    struct run_log *files;
    guint n, now; /* the file that is asked for */
    bool asking;
    bool again;     /* the white cell put machines of its team back since all were looked at */
    guint restarts; /* its team's, at the last look */
};

static void ask(struct run_logs *logs);

static void forget(struct run_log *file, gint64 at)
{
    file->at = at;
    file->marked = 0;
    file->mid_line = false;
}

/* ---- lines --------------------------------------------------------------------------------- */

struct taken {
    cJSON *lines;
    gsize length; /* bytes of them, with line feeds */
    int n, cut;
};

static void take_line(struct taken *taken, const char *line, gsize length)
{
    gsize shown = MIN(length, LINE_BYTES);
    g_autofree char *clean = text_clean_tail(line, shown, 3 * (gsize)LINE_BYTES);
    g_strdelimit(clean, "\n", ' ');
    if (*clean) {
        cJSON_AddItemToArray(taken->lines, cJSON_CreateString(clean));
        taken->cut += shown < length;
        taken->n++;
    }
}

/* One that fills all there is is taken without its end. */
static struct taken take_lines(struct run_log *file, const char *bytes, gsize length)
{
    struct taken taken = {.lines = cJSON_CreateArray()};
    while (taken.length < length && taken.n < LOOK_LINES) {
        const char *line = bytes + taken.length;
        gsize left = length - taken.length;
        const char *end = memchr(line, '\n', left);
        if (!end && (taken.length > 0 || left < LOOK_BYTES)) {
            break;
        }
        gsize size = end ? (gsize)(end - line) : left;
        if (!file->mid_line) {
            take_line(&taken, line, size);
        }
        file->mid_line = !end;
        taken.length += size + (end != NULL);
    }
    return taken;
}

static void record(const struct run_logs *logs, const struct run_log *file, struct taken *taken,
        gint64 from, gint64 lost)
{
    const struct plan_machine *machine = run_machine_plan(logs->exercise, logs->machine);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "file", file->path);
    json_add_int(body, "from", from);
    json_add_int(body, "to", file->at);
    cJSON_AddItemToObject(body, "lines", g_steal_pointer(&taken->lines));
    if (taken->cut > 0) {
        json_add_int(body, "cut", taken->cut);
    }
    if (lost > 0) {
        json_add_int(body, "lost", lost);
    }
    run_record(logs->exercise, "log.lines", machine->team, machine->id, body);
}

/* bytes begin with the mark. */
static void take(struct run_logs *logs, struct run_log *file, const char *bytes, gsize length,
        gint64 file_size)
{
    if (length <= file->marked) {
        return; /* nothing new */
    }
    struct taken taken = take_lines(file, bytes + file->marked, length - file->marked);
    gint64 from = file->at;
    gint64 lost = 0;
    gsize end = file->marked + taken.length;
    file->at += (gint64)taken.length;
    file->marked = MIN(end, MARK_BYTES);
    memcpy(file->mark, bytes + end - file->marked, file->marked);
    if (file_size - file->at > BEHIND_BYTES) {
        lost = file_size - LOOK_BYTES - file->at;
        forget(file, file->at + lost);
        file->mid_line = true;
    }
    if (taken.n > 0 || lost > 0) {
        record(logs, file, &taken, from, lost);
    }
    cJSON_Delete(taken.lines);
}

/* ---- looks --------------------------------------------------------------------------------- */

/* Is it still the file that was read before? */
static bool is_same(const struct run_log *file, const char *bytes, gsize length, gint64 file_size)
{
    return file_size >= file->at && length >= file->marked &&
           (file->marked == 0 || !memcmp(bytes, file->mark, file->marked));
}

/* True: it must be read again, from where it says now. */
static bool look_at(struct run_logs *logs, struct run_log *file, const char *bytes, gsize length,
        gint64 file_size)
{
    if (file->at < 0) {
        forget(file, MAX(file_size, 0));
        return false;
    }
    if (file_size >= 0 && is_same(file, bytes, length, file_size)) {
        take(logs, file, bytes, length, file_size);
        return false;
    }
    forget(file, logs->again && file_size >= 0 ? file_size : 0);
    return !logs->again && file_size > 0;
}

static void on_read(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data)
{
    struct run_logs *logs = data;
    struct run_log *file = &logs->files[logs->now];
    logs->asking = false;
    if (logs->exercise->ending) {
        return;
    }
    bool twice = !error && look_at(logs, file, bytes, length, file_size);
    logs->now += twice ? 0 : 1;
    if (g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT)) {
        return; /* who does not answer is not asked for the next one */
    }
    if (logs->now < logs->n) {
        ask(logs);
    } else {
        logs->again = false;
    }
}

static void ask(struct run_logs *logs)
{
    const struct run_log *file = &logs->files[logs->now];
    struct world *world = logs->exercise->options.world;
    bool is_new = file->at < 0;
    logs->asking = true;
    world->ops->read(world, logs->machine, file->path, is_new ? 0 : file->at - (gint64)file->marked,
            is_new ? 1 : LOOK_BYTES + file->marked, on_read, logs);
}

static void on_turn(gpointer data)
{
    struct run_logs *logs = data;
    struct exercise *exercise = logs->exercise;
    const struct run_machine *machine = &exercise->machines[logs->machine];
    const struct run_team *team = &exercise->teams[run_machine_plan(exercise, logs->machine)->team];
    if (exercise->ending) {
        return;
    }
    run_wait(exercise, clock_now(exercise->options.clock) + EVERY_US, on_turn, logs);
    if (logs->asking || machine->restart || machine->state != MACHINE_READY) {
        return;
    }
    logs->now = 0;
    logs->again |= logs->restarts != team->restarts;
    logs->restarts = team->restarts;
    ask(logs);
}

/* ---- beginning ----------------------------------------------------------------------------- */

static void logs_free(gpointer data)
{
    struct run_logs *logs = data;
    g_free(logs->files);
    g_free(logs);
}

void run_logs_init(struct exercise *exercise)
{
    const struct plan *plan = exercise->options.plan;
    exercise->logs = g_ptr_array_new_with_free_func(logs_free);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        if (machine->host->logs->len == 0 || machine->team < 0) {
            continue;
        }
        struct run_logs *logs = g_new0(struct run_logs, 1);
        logs->exercise = exercise;
        logs->machine = (int)i;
        logs->n = machine->host->logs->len;
        logs->files = g_new0(struct run_log, logs->n);
        for (guint k = 0; k < logs->n; k++) {
            logs->files[k].path = machine->host->logs->pdata[k];
            logs->files[k].at = -1;
        }
        g_ptr_array_add(exercise->logs, logs);
    }
}

void run_logs_free(struct exercise *exercise)
{
    g_ptr_array_unref(exercise->logs);
}

/* A resume goes on where the ledger stops. */
static void take_over(struct exercise *exercise, const struct event *event)
{
    int machine = plan_machine_index(exercise->options.plan, event->subject);
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    for (guint i = 0; i < exercise->logs->len; i++) {
        struct run_logs *logs = exercise->logs->pdata[i];
        for (guint k = 0; logs->machine == machine && k < logs->n; k++) {
            if (!strcmp(logs->files[k].path, json_string(body, "file", ""))) {
                logs->files[k].at = MAX(json_int(body, "to", -1), -1);
            }
        }
    }
}

static void take_all_over(struct exercise *exercise)
{
    struct ledger_reader *reader = ledger_reader_open(exercise->ledger_path, NULL);
    struct event *event = NULL;
    while (reader && ledger_reader_next(reader, &event, NULL) == 1) {
        if (!strcmp(event->kind, "log.lines")) {
            take_over(exercise, event);
        }
        event_free(event);
    }
    ledger_reader_close(reader);
}

void run_logs_start(struct exercise *exercise)
{
    if (exercise->resume && exercise->logs->len > 0) {
        take_all_over(exercise);
    }
    for (guint i = 0; i < exercise->logs->len; i++) {
        gint64 apart = EVERY_US / SPREAD * (i % SPREAD);
        run_wait(exercise, clock_now(exercise->options.clock) + apart, on_turn,
                exercise->logs->pdata[i]);
    }
}
