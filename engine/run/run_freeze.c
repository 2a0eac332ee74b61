/* run_freeze.c - the moment from which the public is shown no more, as the scenario wants it. */
#include "base/json.h"
#include "run/run.h"

static void on_freeze(gpointer data)
{
    struct exercise *exercise = data;
    if (exercise->ending) {
        return;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddTrueToObject(body, "frozen");
    cJSON_AddStringToObject(body, "reason", "the scenario says so");
    cJSON_AddStringToObject(body, "by", "scenario");
    run_record(exercise, "score.frozen", -1, exercise->options.plan->name, body);
}

void run_freeze_start(struct exercise *exercise)
{
    gint64 at = exercise->options.plan->freeze_us;
    if (at > 0 && at > clock_now(exercise->options.clock)) { /* a resume may be past it */
        run_wait(exercise, at, on_freeze, exercise);
    }
}
