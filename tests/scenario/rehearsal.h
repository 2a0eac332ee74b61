/* rehearsal.h - an exercise on the simulated world, in virtual time, for tests. */
#pragma once

#include "support/schema.h"
#include "support/test.h"

#include "base/error.h"
#include "base/json.h"
#include "run/exercise.h"
#include "run/run_work.h"

#include <string.h>

struct rehearsal {
    char *dir, *ledger_path;
    struct plan *plan;
    struct script *script;
    struct clock *clock;
    struct world *world;
    struct ledger *ledger;
    struct exercise *exercise;
    bool ended;
    bool wait; /* until exercise_begin() */
    char *failure;
    void (*expanded)(struct plan *plan); /* may be NULL: what is to be done to the plan */
    enum suite suite;                    /* of the ledger */
    const struct sign_key *signer;       /* NULL: nobody signs it */
    void (*closed)(
            const struct rehearsal *r); /* may be NULL: looks at the ledger, which is whole */
    int exit_code;                      /* of failure */
};

static void rehearsal_on_end(const GError *error, gpointer data)
{
    struct rehearsal *r = data;
    r->ended = true;
    r->failure = error ? g_strdup(error->message) : NULL;
    r->exit_code = error ? sandtable_exit_code(error) : 0;
}

/* For answers that a test does not wait for. */
G_GNUC_UNUSED static void rehearsal_ignore(const GError *error, gpointer data)
{
    (void)error;
    (void)data;
}

/* Until nothing is left to do at this moment of exercise time. */
static void rehearsal_settle(struct rehearsal *r)
{
    bool busy = true;
    while (busy) {
        busy = false;
        ledger_flush(r->ledger, NULL);
        while (g_main_context_iteration(NULL, r->exercise && run_works(r->exercise) > 0)) {
            busy = true; /* … and a thread is waited for */
        }
        script_turn(r->script);
    }
    ledger_flush(r->ledger, NULL);
}

/* Up to the first moment of the set-up. */
static void rehearsal_start(
        struct rehearsal *r, const char *scenario, const struct world_sim_hooks *hooks)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    r->script = script_load(scenario, &r->plan, problems, &error);
    g_autofree char *text = plan_problems_text(problems, scenario);
    if (!r->script) {
        fail_msg("%s%s", text, error ? error->message : "");
    }
    assert_true(plan_expand(r->plan, 0, &error));
    if (r->expanded) {
        r->expanded(r->plan);
    }
    r->dir = test_mkdtemp();
    r->ledger_path = g_build_filename(r->dir, "test.ledger", NULL);
    r->ledger = ledger_create_by(r->ledger_path, r->suite, &error);
    assert_non_null(r->ledger);
    assert_true(!r->signer || ledger_sign(r->ledger, r->signer, r->plan->name, &error));
    r->clock = clock_new_virtual();
    r->world = world_sim_new(r->plan, hooks);
    const struct exercise_options options = {
            .plan = r->plan,
            .script = r->script,
            .world = r->world,
            .clock = r->clock,
            .ledger = r->ledger,
            .ledger_path = r->ledger_path,
            .accel = "simulated",
            .wait = r->wait,
    };
    r->exercise = exercise_new(&options);
    exercise_start(r->exercise, rehearsal_on_end, r);
}

/* Until the exercise runs. */
G_GNUC_UNUSED static void rehearsal_open(
        struct rehearsal *r, const char *scenario, const struct world_sim_hooks *hooks)
{
    rehearsal_start(r, scenario, hooks);
    rehearsal_settle(r);
}

G_GNUC_UNUSED static void rehearsal_advance(struct rehearsal *r, gint64 by_us)
{
    const gint64 step = G_USEC_PER_SEC / 4;
    for (gint64 t = 0; t < by_us && !r->ended; t += step) {
        clock_advance(r->clock, step);
        rehearsal_settle(r);
    }
}

/* Everything that was recorded is as docs/events.schema.json says. */
G_GNUC_UNUSED static void rehearsal_check_events(const struct rehearsal *r)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger_path, NULL);
    assert_non_null(reader);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        assert_event_fits(event);
        event_free(event);
    }
    ledger_reader_close(reader);
}

/* Ends it in order if that has not come yet. */
G_GNUC_UNUSED static void rehearsal_close(struct rehearsal *r)
{
    if (!r->ended) {
        exercise_end(r->exercise, "test", "the test is over", NULL);
        rehearsal_settle(r);
    }
    assert_true(r->ended);
    world_free(r->world);
    exercise_free(r->exercise);
    script_free(r->script);
    ledger_close(r->ledger);
    rehearsal_check_events(r);
    if (r->closed) {
        r->closed(r);
    }
    clock_free(r->clock);
    plan_free(r->plan);
    g_free(r->ledger_path);
    g_free(r->failure);
    test_rmtree(r->dir);
}

/* The body of the last event of that kind about subject for team; NULL when there is none. */
G_GNUC_UNUSED static cJSON *rehearsal_last(
        const struct rehearsal *r, const char *kind, const char *team, const char *subject)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger_path, NULL);
    assert_non_null(reader);
    cJSON *body = NULL;
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        if (!strcmp(event->kind, kind) && (!team || !strcmp(event->team, team)) &&
                (!subject || !strcmp(event->subject, subject))) {
            cJSON_Delete(body);
            body = cJSON_Parse(event->body);
        }
        event_free(event);
    }
    ledger_reader_close(reader);
    return body;
}

G_GNUC_UNUSED static int rehearsal_count(
        const struct rehearsal *r, const char *kind, const char *team)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger_path, NULL);
    assert_non_null(reader);
    int n = 0;
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        n += !strcmp(event->kind, kind) && (!team || !strcmp(event->team, team));
        event_free(event);
    }
    ledger_reader_close(reader);
    return n;
}
