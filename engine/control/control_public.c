/* control_public.c - what the public may see of a running exercise: the beginning of its ledger.
 *
 * Where that beginning ends is followed from the first event; an engine that goes on from a ledger
 * has read it before it begins. While it is frozen the standings are those of its end, counted once
 * from the file, in a thread: the live score knows more, and nothing of that can be told from it.
 */
#include "control/control_internal.h"

#include "score/score.h"

#include <gio/gio.h>
#include <string.h>

struct counting {            /* of the standings at the end of a beginning */
    struct control *control; /* NULL: it is gone */
    char *path;
    gint64 end;
    struct public_prefix prefix; /* as it was when the counting began: it ends there */
    GPtrArray *waiting;          /* struct control_exec *: who asked */
    cJSON *score;
    GError *error;
};

static bool read_to(const char *path, gint64 from, gint64 to,
        void (*fn)(const struct event *event, gpointer data), gpointer data, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    bool ok = reader && ledger_reader_seek(reader, from, error);
    while (ok && from <= to) {
        auto_event event = NULL;
        int more = ledger_reader_next(reader, &event, error);
        ok = more >= 0;
        if (more <= 0) {
            break;
        }
        fn(event, data);
        from = event->seq + 1;
    }
    ledger_reader_close(reader);
    return ok;
}

void control_goes_on(struct control *control, const struct public_prefix *shown)
{
    control->shown = *shown;
}

static void follow(const struct event *event, gpointer data)
{
    public_prefix_apply(data, event);
}

gint64 control_public_end(struct control *control, GError **error)
{
    gint64 last = exercise_seq(control->exercise);
    const char *path = exercise_ledger_path(control->exercise);
    if (control->shown.last < last &&
            !read_to(path, control->shown.last + 1, last, follow, &control->shown, error)) {
        return -1;
    }
    return public_prefix_end(&control->shown);
}

static void count(const struct event *event, gpointer data)
{
    score_apply(data, event);
}

static void counting_free(struct counting *counting)
{
    g_ptr_array_unref(counting->waiting);
    cJSON_Delete(counting->score);
    g_clear_error(&counting->error);
    g_free(counting->path);
    g_free(counting);
}

static void on_counted(GObject *none, GAsyncResult *result, gpointer data)
{
    struct counting *counting = data;
    struct control *control = counting->control;
    (void)none;
    (void)result;
    if (control) {
        g_ptr_array_remove_fast(control->countings, counting);
    }
    for (guint i = 0; i < counting->waiting->len; i++) {
        cJSON *score = counting->score ? cJSON_Duplicate(counting->score, true) : NULL;
        control_exec_end(counting->waiting->pdata[i], score, counting->error);
    }
    if (control && counting->score) {
        cJSON_Delete(control->shown_score);
        control->shown_score = g_steal_pointer(&counting->score);
        control->shown_at = counting->end;
    }
    counting_free(counting);
}

static void count_in_thread(GTask *task, gpointer none, gpointer data, GCancellable *cancellable)
{
    struct counting *counting = data;
    struct score *score = score_new();
    (void)none;
    (void)cancellable;
    if (read_to(counting->path, 1, counting->end, count, score, &counting->error)) {
        counting->score = score_to_json(score, false);
        public_score(counting->score, &counting->prefix);
    }
    score_free(score);
    g_task_return_boolean(task, TRUE);
}

/* The one that counts to there, begun now if there is none. */
static struct counting *counting_to(struct control *control, gint64 end)
{
    for (guint i = 0; i < control->countings->len; i++) {
        struct counting *one = control->countings->pdata[i];
        if (one->end == end) {
            return one;
        }
    }
    struct counting *one = g_new0(struct counting, 1);
    one->control = control;
    one->path = g_strdup(exercise_ledger_path(control->exercise));
    one->end = end;
    one->prefix = control->shown;
    one->waiting = g_ptr_array_new();
    g_ptr_array_add(control->countings, one);
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_counted, one);
    g_task_set_task_data(task, one, NULL);
    g_task_run_in_thread(task, count_in_thread);
    return one;
}

cJSON *control_public_score(const struct control_call *call, GError **error)
{
    struct control *control = call->conn->control;
    gint64 end = control_public_end(control, error);
    if (end < 0) {
        return NULL;
    }
    if (end == exercise_seq(control->exercise)) {
        cJSON *live = exercise_score(control->exercise, false);
        public_score(live, &control->shown);
        return live;
    }
    if (control->shown_score && control->shown_at == end) {
        return cJSON_Duplicate(control->shown_score, true);
    }
    struct control_exec *later = control_exec_begin(call, error);
    if (later) {
        g_ptr_array_add(counting_to(control, end)->waiting, later);
    }
    return NULL;
}

cJSON *control_public_checkpoint(struct control *control, GError **error)
{
    return control_public_end(control, error) < 0 ? NULL : public_checkpoint(&control->shown);
}

bool control_public_may(const char *method)
{
    static const char *const methods[] = {
            "hello", "score", "events", "subscribe", "unsubscribe", NULL};
    return g_strv_contains(methods, method);
}

void control_public_free(struct control *control)
{
    for (guint i = 0; i < control->countings->len; i++) {
        ((struct counting *)control->countings->pdata[i])->control = NULL;
    }
    g_ptr_array_unref(control->countings);
    cJSON_Delete(control->shown_score);
}
