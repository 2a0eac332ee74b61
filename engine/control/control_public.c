/* control_public.c - what the public may see of a running exercise: the beginning of its ledger.
 *
 * Where that beginning ends is followed from the first event; an engine that goes on from a ledger
 * reads it there when somebody first asks. While it is frozen the standings are those of its end,
 * counted once from the file: the live score knows more, and nothing of that can be told from it.
 */
#include "control/control_internal.h"

#include "score/score.h"

#include <string.h>

static bool read_to(struct control *control, gint64 from, gint64 to,
        void (*fn)(const struct event *event, gpointer data), gpointer data, GError **error)
{
    struct ledger_reader *reader =
            ledger_reader_open(exercise_ledger_path(control->exercise), error);
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

static void follow(const struct event *event, gpointer data)
{
    public_prefix_apply(data, event);
}

gint64 control_public_end(struct control *control, GError **error)
{
    gint64 last = exercise_seq(control->exercise);
    if (control->shown.last < last &&
            !read_to(control, control->shown.last + 1, last, follow, &control->shown, error)) {
        return -1;
    }
    return public_prefix_end(&control->shown);
}

static void count(const struct event *event, gpointer data)
{
    score_apply(data, event);
}

static cJSON *counted(struct control *control, gint64 end, GError **error)
{
    struct score *score = score_new();
    cJSON *json =
            read_to(control, 1, end, count, score, error) ? score_to_json(score, false) : NULL;
    score_free(score);
    return json;
}

cJSON *control_public_score(struct control *control, GError **error)
{
    gint64 end = control_public_end(control, error);
    if (end < 0) {
        return NULL;
    }
    if (end == exercise_seq(control->exercise)) {
        cJSON *live = exercise_score(control->exercise, false);
        public_score(live);
        return live;
    }
    if (!control->shown_score || control->shown_at != end) {
        cJSON_Delete(control->shown_score);
        control->shown_score = counted(control, end, error);
        control->shown_at = end;
        public_score(control->shown_score);
    }
    return control->shown_score ? cJSON_Duplicate(control->shown_score, true) : NULL;
}

bool control_public_may(const char *method)
{
    static const char *const methods[] = {
            "hello", "score", "events", "subscribe", "unsubscribe", NULL};
    return g_strv_contains(methods, method);
}

void control_public_free(struct control *control)
{
    cJSON_Delete(control->shown_score);
}
