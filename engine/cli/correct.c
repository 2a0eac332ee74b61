/* correct.c - corrections of a score, while the exercise runs and after it. */
#include "cli/correct.h"

#include "base/error.h"
#include "cli/cli_view.h"
#include "cli/signing.h"
#include "ledger/ledger.h"
#include "score/score.h"

#include <string.h>

struct so_far {
    struct score *score;
    gint64 at_us;
};

static bool fold(const struct event *event, gpointer data)
{
    struct so_far *so_far = data;
    score_apply(so_far->score, event);
    so_far->at_us = event->at_us;
    return true;
}

/* event->subject is the exercise. */
static bool append(const char *path, struct event *event, GError **error)
{
    struct ledger *ledger = signing_open(path, event->subject, error);
    if (!ledger) {
        event_free(event);
        return false;
    }
    ledger_append(ledger, event, NULL, NULL);
    bool ok = ledger_flush(ledger, error);
    ledger_close(ledger);
    return ok;
}

/* The exercise is over: the correction is the next event of its ledger. */
static bool correct_ledger(
        const char *path, const char *method, const cJSON *params, GError **error)
{
    struct so_far so_far = {.score = score_new()};
    bool ok = cli_read_ledger(path, 1, fold, &so_far, error);
    struct event *event = NULL;
    if (ok) {
        const char *kind = !strcmp(method, "adjust") ? "score.adjusted" : "score.voided";
        event = score_correction_new(so_far.score, kind, params, g_get_user_name(), error);
    }
    score_free(so_far.score);
    if (!event) {
        return false;
    }
    event->at_us = so_far.at_us;
    event->wall_us = g_get_real_time();
    return append(path, event, error);
}

bool correct(const char *name, const char *method, cJSON *params, GError **error)
{
    struct cli_target target = {0};
    if (!cli_target(name, &target, error)) {
        cJSON_Delete(params);
        return false;
    }
    bool ok = false;
    if (target.socket) {
        cJSON *result = cli_call(target.name, method, params, error);
        ok = result != NULL;
        cJSON_Delete(result);
    } else {
        ok = correct_ledger(target.ledger, method, params, error);
        cJSON_Delete(params);
    }
    if (ok) { /* as it was said: the path of a copy names that copy */
        cli_say("recorded; `sandtable score %s --explain` shows what it changes",
                name ? name : target.name);
    }
    cli_target_clear(&target);
    return ok;
}
