/* run_white.c - functions of the scenario that reset, save and restore: they hear of the outcome.
 */
#include "base/error.h"
#include "base/json.h"
#include "run/run.h"

#include <string.h>

struct run_white { /* a task that waits for an event */
    guint64 ticket;
    enum script_white what;
    char *subject;
    GError *refused;
    struct exercise *exercise;
};

static void white_free(gpointer data)
{
    struct run_white *white = data;
    g_clear_error(&white->refused);
    g_free(white->subject);
    g_free(white);
}

static void answer(struct exercise *exercise, struct run_white *white, const char *why)
{
    struct script_reply reply = {.kind = SCRIPT_REPLY_OK};
    if (why) {
        reply = (struct script_reply){
                .kind = SCRIPT_REPLY_FAILED, .code = "failed", .message = why};
    }
    script_reply(exercise->options.script, white->ticket, &reply);
    white_free(white);
}

/* A task is never answered from inside its call. */
static void on_refused(gpointer data)
{
    struct run_white *white = data;
    if (white->exercise->ending) {
        white_free(white);
    } else {
        g_autofree char *why = g_strdup(white->refused->message);
        answer(white->exercise, white, why);
    }
}

void run_white_ask(gpointer data, guint64 ticket, const char *who, enum script_white what,
        const char *subject, const char *team)
{
    struct exercise *exercise = data;
    struct run_white *white = g_new0(struct run_white, 1);
    white->exercise = exercise;
    white->ticket = ticket;
    white->what = what;
    white->subject = g_strdup(subject);
    bool ok = false;
    switch (what) {
    case SCRIPT_RESET:
        ok = exercise_reset(exercise, subject, who, &white->refused);
        break;
    case SCRIPT_CHECKPOINT:
        ok = exercise_checkpoint(exercise, subject, team, who, &white->refused);
        break;
    case SCRIPT_RESTORE:
        ok = exercise_restore(exercise, subject, team, who, &white->refused);
        break;
    }
    if (ok) {
        g_ptr_array_add(exercise->white, white);
    } else {
        run_wait(exercise, clock_now(exercise->options.clock), on_refused, white);
    }
}

/* Is event the end of what? Then *why is NULL when it went well. */
static bool is_outcome(
        enum script_white what, const struct event *event, const cJSON *body, const char **why)
{
    static const char *const good[] = {
            [SCRIPT_RESET] = "done",
            [SCRIPT_CHECKPOINT] = "checkpoint.taken",
            [SCRIPT_RESTORE] = "checkpoint.restored",
    };
    const char *word = event->kind;
    bool failed =
            !strcmp(word, "checkpoint.failed") &&
            !strcmp(json_string(body, "action", ""), what == SCRIPT_RESTORE ? "restore" : "take");
    if (what == SCRIPT_RESET) {
        bool reset = g_str_has_suffix(word, ".reset");
        word = reset ? json_string(body, "state", "") : "";
        failed = !strcmp(word, "failed");
    }
    *why = failed ? json_string(body, "reason", "it failed") : NULL;
    return failed || !strcmp(word, good[what]);
}

void run_white_committed(struct exercise *exercise, const struct event *event)
{
    if (exercise->white->len == 0 || (!g_str_has_suffix(event->kind, ".reset") &&
                                             !g_str_has_prefix(event->kind, "checkpoint."))) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    for (guint i = exercise->white->len; i-- > 0;) {
        struct run_white *white = g_ptr_array_index(exercise->white, i);
        const char *why = NULL;
        if (!strcmp(white->subject, event->subject) && is_outcome(white->what, event, body, &why)) {
            g_ptr_array_steal_index(exercise->white, i);
            answer(exercise, white, why);
        }
    }
}

GPtrArray *run_white_new(void)
{
    return g_ptr_array_new_with_free_func(white_free);
}
