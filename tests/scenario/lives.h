/* lives.h - the lives of one exercise on the simulated world: engines killed and resumed in
 * processes of their own, and what outlives them. For test_resume.c and test_resume_net.c.
 */
#pragma once

#include "scenario/rehearsal.h"

#include "base/paths.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef SCENARIO
#define SCENARIO SANDTABLE_SOURCE_DIR "/tests/scenario/resumed"
#endif
#define END_US (75 * (gint64)G_USEC_PER_SEC)

enum { OPEN, LOOK, CLOSE, SECOND, LOG, EARLY, MINE, ERRAND, COMMANDS };
static const char *const commands[] = {
        "open", "look", "close", "second", "log", "early", "mine", "errand", NULL};

struct outside { /* what outlives an engine; shared by all processes of the test */
    int run[COMMANDS];
    bool exists[COMMANDS]; /* the file that the command leaves on the attacker */
    bool denied;           /* the defender's log */
    bool paused;           /* the machines */
};

static struct outside *outside;

struct life { /* one engine's */
    struct rehearsal r;
    gint64 kill_at; /* seq, 0: never */
    int actions;    /* of the operator, that are in the ledger */
    int restores;
    int pending; /* of them, begun and not ended */
};
static struct life *current;

/* ---- the range ----------------------------------------------------------------------------- */

static int attacker(void)
{
    return plan_machine_index(current->r.plan, "attacker");
}

static int web(void)
{
    return plan_machine_index(current->r.plan, "blue1/web");
}

static void leave_file(int command, bool exists)
{
    g_autofree char *path = g_strdup_printf("/root/%s", commands[command]);
    struct world *world = current->r.world;
    outside->exists[command] = exists;
    world->ops->write(world, attacker(), path, exists ? "yes\n" : "no\n", exists ? 4 : 3,
            rehearsal_ignore, NULL);
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    (void)data;
    (void)machine;
    (void)out;
    (void)err;
    const char *name = strcmp(argv[0], "ip") != 0 ? argv[0] : argv[4];
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i], name) != 0) {
            continue;
        }
        outside->run[i]++;
        if (i == CLOSE) {
            leave_file(OPEN, false);
        } else if (i == LOG) {
            outside->denied = true;
            world_sim_write(current->r.world, web(), "/var/log/deny", "denied\n");
        } else if (i != LOOK) {
            leave_file(i, true);
        }
    }
    return 0;
}

/* The site is down for three rounds: one penalty, and one failure that counts towards the next. */
static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    (void)data;
    (void)team;
    (void)value;
    gint64 now = clock_now(current->r.clock);
    bool down =
            probe->protocol == PLAN_HTTP && now > 25 * G_USEC_PER_SEC && now < 55 * G_USEC_PER_SEC;
    *detail = g_strdup(down ? "no answer" : "simulated");
    return down ? WORLD_DOWN : WORLD_OK;
}

static void restore_range(struct life *life, const enum world_begin *begin)
{
    life->r.world->begin = begin;
    for (int i = 0; i < COMMANDS; i++) {
        if (outside->exists[i]) {
            g_autofree char *path = g_strdup_printf("/root/%s", commands[i]);
            world_sim_write(life->r.world, attacker(), path, "yes\n");
        }
    }
    if (outside->denied) {
        world_sim_write(life->r.world, web(), "/var/log/deny", "denied\n");
    }
    for (guint i = 0; i < life->r.plan->machines->len; i++) {
        world_sim_survive(life->r.world, (int)i, outside->paused);
    }
}

/* ---- one engine ------------------------------------------------------------------------------ */

/* Of a test with deeds of its own: is this the first trace of one? */
static bool (*is_deed)(const struct event *event, const cJSON *body);

static void count_actions(struct life *life, const struct event *event)
{
    static const char *const ends[] = {
            "checkpoint.taken", "checkpoint.restored", "checkpoint.failed", NULL};
    static const char *const slow[] = {"checkpoint", "restore", NULL};
    auto_json body = cJSON_Parse(event->body);
    const char *action = json_string(body, "action", "");
    if (is_deed) {
        life->actions += is_deed(event, body);
        life->pending += !strcmp(event->kind, "operator.action") && g_strv_contains(slow, action);
        life->pending -= g_strv_contains(ends, event->kind);
    } else if (!strcmp(event->kind, "operator.action")) {
        /* a restore that a resume does again is the engine's doing */
        bool again = !strcmp(action, "restore") && life->restores++ > 0;
        life->actions += !again;
        life->pending += g_strv_contains(slow, action);
    } else if (g_str_has_suffix(event->kind, ".reset")) {
        life->pending += !strcmp(json_string(body, "state", ""), "begun") ? 1 : -1;
    } else if (g_strv_contains(ends, event->kind)) {
        life->pending--;
    }
    life->pending = MAX(life->pending, 0);
}

static void on_event(const struct event *event)
{
    count_actions(current, event);
    if (event->seq == current->kill_at) {
        kill(getpid(), SIGKILL);
    }
}

static void make_life(struct life *life, const char *path, const struct resume *resume)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct rehearsal *r = &life->r;
    const struct world_sim_hooks hooks = {.exec = on_exec, .probe = on_probe};
    current = life;
    r->script = script_load(SCENARIO, &r->plan, problems, &error);
    g_autofree char *text = plan_problems_text(problems, "scenario.lua");
    if (!r->script || !plan_expand(r->plan, 0, &error)) {
        g_error("%s %s", text, error ? error->message : "");
    }
    r->ledger_path = g_strdup(path);
    r->ledger = resume ? ledger_open(path, &error) : ledger_create(path, &error);
    g_assert_no_error(error);
    r->clock = clock_new_virtual();
    r->world = world_sim_new(r->plan, &hooks);
    const struct exercise_options options = {
            .plan = r->plan,
            .script = r->script,
            .world = r->world,
            .clock = r->clock,
            .ledger = r->ledger,
            .ledger_path = r->ledger_path,
            .accel = "simulated",
            .on_event = on_event,
    };
    r->exercise = exercise_new(&options);
}

/* What the operator does, each once; a life goes on where the ledger ends. */
struct deed {
    int at_s;
    const char *action, *inject;
};
static const struct deed usual[] = {
        {8, "hold", "log@blue1"},
        {38, "pause", NULL},
        {38, "resume", NULL},
        {40, "release", "log@blue1"},
        {44, "pause-clock", NULL},
        {44, "resume", NULL},
        {48, "fire", "early@blue1"},
        {0, "", NULL},
};
static const struct deed white[] = {
        {20, "checkpoint", "one"},
        {34, "reset", "blue1/web"},
        {50, "restore", "one"},
        {0, "", NULL},
};
static const struct deed *deeds = usual;
/* Does deed, a test's own; false when there is nothing to do any more. */
static bool (*do_deed)(struct life *life, const struct deed *deed);

/* The clock stands still until such a thing is done. */
static void await(struct life *life)
{
    gint64 limit = g_get_monotonic_time() + 30 * (gint64)G_USEC_PER_SEC;
    while (life->pending > 0) {
        if (g_get_monotonic_time() > limit) {
            g_error("something does not end");
        }
        g_usleep(500); /* between looks */
        rehearsal_settle(&life->r);
    }
}

static void act_white(struct life *life, const char *action, const char *name)
{
    struct exercise *exercise = life->r.exercise;
    g_autoptr(GError) error = NULL;
    bool ok = false;
    if (!strcmp(action, "checkpoint")) {
        ok = exercise_checkpoint(exercise, name, "blue1", "test", &error);
    } else if (!strcmp(action, "reset")) {
        ok = exercise_reset(exercise, name, "test", &error);
    } else {
        ok = exercise_restore(exercise, name, NULL, "test", &error);
    }
    auto_json list = exercise_checkpoints(exercise);
    if (!ok && !strcmp(action, "restore") && cJSON_GetArraySize(list) == 0) {
        life->actions++; /* the kill came while it was being taken */
        return;
    }
    if (!ok) {
        g_error("%s: %s", action, error->message);
    }
    rehearsal_settle(&life->r);
    await(life);
}

static void act(struct life *life)
{
    struct exercise *exercise = life->r.exercise;
    const char *action = deeds[life->actions].action;
    const char *inject = deeds[life->actions].inject;
    bool ok = false;
    if (do_deed) {
        int before = life->actions;
        if (!do_deed(life, &deeds[life->actions])) {
            life->actions++;
        }
        rehearsal_settle(&life->r);
        await(life);
        if (life->actions == before) {
            g_error("%s at %" G_GINT64_FORMAT " left no trace", action, clock_now(life->r.clock));
        }
        return;
    }
    if (deeds == white) {
        act_white(life, action, inject);
        return;
    }
    if (!strcmp(action, "pause")) {
        ok = exercise_pause(exercise, "test", NULL);
    } else if (!strcmp(action, "pause-clock")) {
        ok = exercise_pause_clock(exercise, "test", NULL);
    } else if (!strcmp(action, "resume")) {
        ok = exercise_resume(exercise, "test", NULL);
    } else if (!strcmp(action, "fire")) {
        ok = exercise_fire(exercise, inject, "test", NULL);
    } else {
        ok = exercise_hold(exercise, inject, *action == 'h', "test", NULL);
    }
    if (!ok) {
        g_error("cannot %s at %" G_GINT64_FORMAT, action, clock_now(life->r.clock));
    }
    rehearsal_settle(&life->r);
    outside->paused = !strcmp(action, "pause");
}

/* From timer to timer, and to what the operator does in between, to the end. */
static void live(struct life *life)
{
    struct rehearsal *r = &life->r;
    rehearsal_settle(r);
    while (!r->ended) {
        gint64 now = clock_now(r->clock);
        const struct deed *deed = &deeds[life->actions];
        gint64 next_act = *deed->action ? deed->at_s * (gint64)G_USEC_PER_SEC : G_MAXINT64;
        await(life);
        if (next_act <= now) {
            act(life);
            continue;
        }
        gint64 next = clock_next(r->clock);
        clock_advance(r->clock, MAX(0, MIN(next < 0 ? now : next, next_act) - now));
        rehearsal_settle(r);
    }
}

static void end_life(struct life *life, const char *score_path)
{
    auto_json score = exercise_score(life->r.exercise, true);
    g_autofree char *text = json_text(score);
    g_assert_true(g_file_set_contents(score_path, text, -1, NULL));
    g_assert_null(life->r.failure);
    world_free(life->r.world);
    exercise_free(life->r.exercise);
    script_free(life->r.script);
    ledger_close(life->r.ledger);
    clock_free(life->r.clock);
    plan_free(life->r.plan);
    g_free(life->r.ledger_path);
}

static void first_life(const char *path, const char *score_path, gint64 kill_at)
{
    struct life life = {.kill_at = kill_at};
    make_life(&life, path, NULL);
    exercise_start(life.r.exercise, rehearsal_on_end, &life.r);
    live(&life);
    end_life(&life, score_path);
}

/* The same events up to seq last, as if the disk had had no more. */
static void cut_ledger(const char *from, const char *to, gint64 last)
{
    struct ledger_reader *reader = ledger_reader_open(from, NULL);
    struct ledger *ledger = ledger_create(to, NULL);
    struct event *event = NULL;
    g_assert_nonnull(reader);
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        if (event->seq <= last) {
            ledger_append(ledger, event, NULL, NULL);
        } else {
            event_free(event);
        }
    }
    ledger_reader_close(reader);
    g_assert_true(ledger_flush(ledger, NULL));
    ledger_close(ledger);
    g_autofree char *old = paths_checkpoints(from);
    g_autofree char *new = paths_checkpoints(to);
    paths_remove_tree(new, NULL);
    (void)g_rename(old, new);
}

static void second_life(const char *path, const char *score_path, gint64 kill_at, bool power_cut)
{
    struct life life = {.kill_at = kill_at};
    struct resume *resume = resume_read(path, NULL);
    g_assert_nonnull(resume);
    make_life(&life, path, resume);
    g_autoptr(GError) error = NULL;
    if (!resume_plan_fits(resume, life.r.plan, &error)) {
        g_error("%s", error->message);
    }
    G_GNUC_UNUSED auto_json score = score_to_json(resume->score, false);
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        count_actions(&life, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    life.pending = 0; /* what was begun must be begun anew */
    g_autofree enum world_begin *begin = resume_begin(resume, life.r.plan);
    for (guint i = 0; power_cut && i < life.r.plan->machines->len; i++) {
        begin[i] = begin[i] == WORLD_ADOPT ? WORLD_FRESH : begin[i];
    }
    life.r.world->begin = begin;
    if (!power_cut) {
        restore_range(&life, begin);
    }
    exercise_recover(life.r.exercise, resume, rehearsal_on_end, &life.r);
    live(&life);
    end_life(&life, score_path);
}
