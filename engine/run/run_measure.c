/* run_measure.c - rounds of measurements of impaired links: achieved beside asked, drift alarmed.
 */
#include "run/run_impair.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

#define EVERY_US (10 * G_USEC_PER_SEC)
#define QUICK_US (3 * G_USEC_PER_SEC) /* between the first rounds */
#define QUICK_ROUNDS 3
#define RECORD_US (60 * G_USEC_PER_SEC) /* link.measured without a change of verdict */
#define IN_A_ROW 2                      /* rounds that make, and unmake, an alarm */
#define BUSY_SHARE 0.25                 /* of the rate, used by others: times say nothing then */
#define DRIFT_ALARM "impairment-drift"

struct round { /* under way */
    struct run_direction *direction;
    guint serial, epoch;
};

static char *direction_id(const struct run_direction *direction)
{
    return g_strdup_printf("%s %s", direction->link->id, plan_direction_name(direction->direction));
}

static const struct plan_impairment *asked_of(const struct run_direction *direction)
{
    return &direction->link->ask.direction[direction->direction];
}

static const char *verdict_of(const struct run_direction *direction)
{
    return !direction->known           ? direction->busy ? "busy" : "unknown"
           : direction->achieved.drift ? "drift"
                                       : "as-asked";
}

cJSON *run_direction_json(const struct run_direction *direction)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "asked", plan_impairment_to_json(asked_of(direction)));
    cJSON_AddStringToObject(json, "verdict", verdict_of(direction));
    if (direction->known) {
        cJSON_AddItemToObject(json, "achieved", impair_achieved_to_json(&direction->achieved));
        json_add_int(json, "rounds", direction->rounds);
    }
    cJSON *queue = cJSON_AddObjectToObject(json, "queue");
    json_add_int(queue, "packets", (gint64)direction->queue.packets);
    json_add_int(queue, "dropped", (gint64)direction->queue.drops);
    json_add_int(queue, "waiting", direction->queue.backlog_packets);
    return json;
}

/* ---- alarm --------------------------------------------------------------------------------- */

static void raise_drift(struct run_direction *direction)
{
    const struct run_link *link = direction->link;
    g_autofree char *what = impair_drift_text(&direction->achieved, asked_of(direction));
    g_autofree char *subject = direction_id(direction);
    g_autofree char *text = g_strdup_printf("%s: %s", subject, what);
    direction->alarmed = true;
    run_alarm(link->exercise, DRIFT_ALARM, link->team, subject, text);
}

/* Also one that an earlier engine raised. */
static void clear_drift(struct run_direction *direction)
{
    g_autofree char *subject = direction_id(direction);
    direction->alarmed = false;
    run_alarm_clear(direction->link->exercise, DRIFT_ALARM, subject);
}

static void judge(struct run_direction *direction)
{
    direction->achieved = impair_judge(&direction->window, asked_of(direction));
    direction->drifting = direction->achieved.drift ? direction->drifting + 1 : 0;
    direction->steady = direction->achieved.drift ? 0 : direction->steady + 1;
    if (direction->drifting >= IN_A_ROW && !direction->alarmed) {
        raise_drift(direction);
    } else if (direction->steady == IN_A_ROW) {
        clear_drift(direction);
    }
}

/* The first rounds, every change of the verdict, and once a minute. */
static void record(struct run_direction *direction)
{
    struct exercise *exercise = direction->link->exercise;
    gint64 now = clock_now(exercise->options.clock);
    bool due = direction->recorded_at_us < 0 || direction->rounds <= QUICK_ROUNDS ||
               now - direction->recorded_at_us >= RECORD_US ||
               direction->recorded_drift != direction->achieved.drift;
    if (!due) {
        return;
    }
    direction->recorded_at_us = now;
    direction->recorded_drift = direction->achieved.drift;
    cJSON *body = run_direction_json(direction);
    cJSON_AddStringToObject(body, "direction", plan_direction_name(direction->direction));
    run_record(exercise, "link.measured", direction->link->team, direction->link->id, body);
}

/* ---- rounds -------------------------------------------------------------------------------- */

/* Participants' own traffic fills the queue: how long frames wait there is their doing. */
static bool is_busy(const struct run_direction *direction, const struct world_measurement *measured)
{
    double rate = (double)asked_of(direction)->rate_bps;
    double seconds = (double)MAX(measured->took_us, 1) / G_USEC_PER_SEC;
    return rate > 0 && (double)measured->other_bytes * 8 / seconds > BUSY_SHARE * rate;
}

static void on_measured(
        const struct world_measurement *measured, const GError *error, gpointer data)
{
    g_autofree struct round *round = data;
    struct run_direction *direction = round->direction;
    struct run_link *link = direction->link;
    if (link->exercise->ending || round->serial != link->serial) {
        return; /* of what was asked before */
    }
    direction->measuring = false;
    if (error || round->epoch != link->exercise->epoch) {
        return; /* a pause came between, or the machine has gone: the next round will see */
    }
    direction->queue = measured->queue;
    direction->rounds++;
    direction->busy = is_busy(direction, measured);
    if (!direction->busy) {
        impair_window_add(&direction->window, asked_of(direction), &measured->sample);
        direction->known = true;
        judge(direction);
    }
    record(direction);
}

static void measure(struct run_direction *direction)
{
    struct run_link *link = direction->link;
    struct exercise *exercise = link->exercise;
    if (direction->measuring || plan_impairment_is_nothing(asked_of(direction)) || link->ask.down ||
            exercise->machines[link->machine].state != MACHINE_READY) {
        return;
    }
    struct round *round = g_new(struct round, 1);
    *round = (struct round){direction, link->serial, exercise->epoch};
    direction->measuring = true;
    struct world *world = exercise->options.world;
    world->ops->measure(world, link->machine, link->card, direction->direction, asked_of(direction),
            on_measured, round);
}

static void on_round(gpointer data)
{
    struct run_link *link = data;
    struct exercise *exercise = link->exercise;
    link->timer = 0;
    if (exercise->ending) {
        return;
    }
    guint rounds = 0;
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        measure(&link->directions[d]);
        rounds = MAX(rounds, link->directions[d].rounds);
    }
    gint64 wait = rounds < QUICK_ROUNDS ? QUICK_US : EVERY_US;
    link->timer = clock_at(
            exercise->options.clock, clock_now(exercise->options.clock) + wait, on_round, link);
}

void run_measure_begin(struct run_link *link)
{
    struct clock *clock = link->exercise->options.clock;
    for (int d = 0; d < PLAN_DIRECTIONS; d++) { /* what is under way is of an earlier serial */
        link->directions[d].measuring = false;
    }
    if (link->timer || link->ask.down) {
        return;
    }
    link->timer = clock_at(clock, clock_now(clock), on_round, link);
}

void run_measure_stop(struct run_link *link)
{
    clock_cancel(link->exercise->options.clock, link->timer);
    link->timer = 0;
    if (!link->exercise->ending) {
        clear_drift(&link->directions[PLAN_IN]);
        clear_drift(&link->directions[PLAN_OUT]);
    }
}
