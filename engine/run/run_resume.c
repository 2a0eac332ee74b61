/* run_resume.c - an exercise goes on where its ledger ends.
 *
 * What is in the ledger happened, once; what is not did not happen. The last event's exercise time
 * is where the clock goes on, when all machines are ready again: the time in between is nobody's.
 * A resume may itself be cut off at any event and done again. Rules, by what the ledger ends with:
 *
 * - machine: ready (or paused) before, it is adopted if it still runs, else started anew and an
 *   alarm. Starting or being set up: started anew. Crashed or stopped: it stays so.
 * - pause, end, fire, hold: an operator's request that is on the disk is in force, also where the
 *   state, the inject or the hold that follows from it is not there yet.
 * - inject: scheduled, at its time, at once if that has passed. Held: held. Fired: what it stands
 *   for is done if the ledger does not show that it began, never twice.
 * - step: "running" or "settling" without a verdict: the verdict is fault, and an alarm; what it did
 *   was not seen to the end, and running it twice could score it twice. Without "running" no command
 *   of it had been run: it begins.
 * - undo: begun and not finished, done again; it scores nothing and aims at a state.
 * - function of a player or the timeline, not ended: begun again from its start (a coroutine is not
 *   in the ledger). For the steps that its run had asked for already it is given the recorded
 *   verdicts, in order; commands and files are done again.
 * - check: the next round is the one after the last in the ledger, at once if its time has passed.
 *   Runs of failures for the SLA go on: the score is the fold of all events.
 * - math.random goes on from the exercise's seed and the number of the last event: neither the old
 *   numbers again nor others each time.
 * - router: the rules of its last router.rules hold; a change that was asked and not answered is
 *   made.
 * - link: as it was last asked for; made so, and read back, when its machine is ready.
 * - capture: one that was on is on again, in new files; those of before are put on record.
 * - restore: done again, or when only links and rules were left to put back, those.
 * - note, alarm: timeline notes by inject, once. Alarms that were not cleared stand.
 */
#include "base/json.h"
#include "run/resume.h"
#include "run/run.h"
#include "run/run_impair.h"

#include <string.h>

/* ---- taking over what was ------------------------------------------------------------------ */

static void take_verdicts(struct exercise *exercise)
{
    const struct plan *plan = exercise->options.plan;
    for (guint s = 0; s < plan->steps->len; s++) {
        const struct plan_step *step = g_ptr_array_index(plan->steps, s);
        for (guint t = 0; t < plan->teams->len; t++) {
            const struct resume_step *was =
                    resume_step(exercise->resume, step->name, run_team_id(exercise, (int)t));
            exercise->verdicts[s * plan->teams->len + t] =
                    was && was->verdict ? run_verdict_from(was->verdict) : VERDICT_NONE;
        }
    }
}

static void take_injects(struct exercise *exercise)
{
    run_injects_take(exercise);
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        const struct plan_inject *plan = g_ptr_array_index(exercise->options.plan->injects, i);
        const struct resume_inject *was = resume_inject(exercise->resume, plan->id);
        struct run_inject *inject = &exercise->injects[i];
        for (int s = INJECT_SCHEDULED; was && was->state && s <= INJECT_SKIPPED; s++) {
            if (!strcmp(was->state, run_inject_state_name((enum inject_state)s))) {
                inject->state = (enum inject_state)s;
                inject->announced = true;
            }
        }
        if (was && was->due_us >= 0) {
            inject->due_us = was->due_us;
        }
        inject->noted = was && was->noted;
        inject->begun = was && was->begun;
    }
}

static void take_checks(struct exercise *exercise)
{
    static const char *const names[] = {
            [WORLD_OK] = "ok",
            [WORLD_DOWN] = "down",
            [WORLD_MUMBLE] = "mumble",
            [WORLD_FAULT] = "fault",
    };
    for (guint i = 0; i < exercise->checks->len; i++) {
        struct run_check *check = g_ptr_array_index(exercise->checks, i);
        const struct resume_check *was = resume_check(
                exercise->resume, check->service->name, run_team_id(exercise, check->team));
        if (!was) {
            continue;
        }
        check->looked = true;
        check->round = was->round;
        check->passed = was->passed;
        check->failed = was->failed;
        check->detail = g_strdup(was->detail);
        for (int s = WORLD_OK; s <= WORLD_FAULT; s++) {
            check->status = strcmp(was->status, names[s]) ? check->status : (enum world_status)s;
        }
    }
}

/* A machine that had crashed or was stopped is left as it was; the rest has yet to report. */
static void take_machines(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->machines->len; i++) {
        const struct resume_machine *was = g_hash_table_lookup(
                exercise->resume->machines, run_machine_plan(exercise, (int)i)->id);
        const enum world_begin *begin = exercise->options.world->begin;
        if (was && begin && begin[i] == WORLD_LEAVE) {
            bool stopped = !strcmp(was->state, machine_state_name(MACHINE_STOPPED));
            exercise->machines[i].state = stopped ? MACHINE_STOPPED : MACHINE_CRASHED;
            exercise->machines[i].reason = g_strdup(was->reason);
        }
    }
}

static void take_players(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->players->len; i++) {
        struct run_player *player = g_ptr_array_index(exercise->players, i);
        const struct resume_task *was =
                resume_task(exercise->resume, player->who, run_team_id(exercise, player->team));
        player->started = was && was->started > 0;
        if (was && was->due_us >= 0) {
            player->due_us = was->due_us;
        }
    }
}

static void take_over(struct exercise *exercise)
{
    struct resume *resume = exercise->resume;
    exercise->seq = resume->seq;
    exercise->wall_start_us = resume->created_wall_us;
    score_free(exercise->score);
    exercise->score = g_steal_pointer(&resume->score);
    exercise->score_failed = score_failure(exercise->score) != NULL;
    for (guint i = 0; i < resume->alarms->len; i++) {
        g_ptr_array_add(exercise->alarms, cJSON_Duplicate(resume->alarms->pdata[i], true));
    }
    take_verdicts(exercise);
    take_injects(exercise);
    take_checks(exercise);
    run_faults_take(exercise);
    run_gates_take(exercise);
    take_machines(exercise);
    run_links_take(exercise, resume->links);
    take_players(exercise);
    clock_set(exercise->options.clock, resume->at_us);
    if (exercise->options.script) {
        script_seed_again(exercise->options.script, resume->seq);
    }
}

/* ---- before the machines ------------------------------------------------------------------- */

static void record_resumed(struct exercise *exercise)
{
    const struct resume *resume = exercise->resume;
    cJSON *body = cJSON_CreateObject();
    json_add_int(body, "after_seq", resume->seq);
    json_add_int(body, "gap_us", MAX(0, g_get_real_time() - resume->wall_us));
    run_record(exercise, "exercise.resumed", -1, exercise->options.plan->name, body);
}

/* A new cell, the same name: the ledger names the processes' new home. */
static void record_openings(struct exercise *exercise)
{
    const cJSON *opened = NULL;
    cJSON_ArrayForEach(opened, exercise->options.opened)
    {
        const char *type = json_string(opened, "type", "");
        g_autofree char *subject = g_strdup_printf("%s:%s", type, json_string(opened, "name", ""));
        if (!strcmp(type, "cell") || !g_hash_table_contains(exercise->resume->open, subject)) {
            run_record(exercise, "resource.opening", -1, subject, cJSON_Duplicate(opened, true));
        }
    }
}

static void end_step(struct exercise *exercise, const struct resume_step *was)
{
    const struct plan_step *step = plan_step(exercise->options.plan, was->step);
    int team = plan_team_index(exercise->options.plan, was->team);
    if (!step || team < 0) {
        return;
    }
    g_autofree char *text = g_strdup_printf(
            "the engine was interrupted while %s ran against %s: whether it took effect was not "
            "seen",
            step->name, was->team);
    run_step_interrupted(exercise, step, team, was->by, text);
    resume_add_answer(exercise->resume, was, run_verdict_name(VERDICT_FAULT));
    run_alarm(exercise, "step-interrupted", team, step->name, text);
}

static gint by_running(gconstpointer a, gconstpointer b)
{
    const struct resume_step *const *left = a;
    const struct resume_step *const *right = b;
    return (*left)->running_seq < (*right)->running_seq ? -1 : 1;
}

static void end_steps(struct exercise *exercise)
{
    g_autoptr(GPtrArray) cut = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, exercise->resume->steps);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((struct resume_step *)value)->running_seq) {
            g_ptr_array_add(cut, value);
        }
    }
    g_ptr_array_sort(cut, by_running);
    for (guint i = 0; i < cut->len; i++) {
        end_step(exercise, g_ptr_array_index(cut, i));
    }
}

/* A team loses what it had done to a machine that is started anew: the white cell is told. */
void run_resume_restarted(struct exercise *exercise, int machine)
{
    const struct plan_machine *plan = run_machine_plan(exercise, machine);
    const struct resume_machine *was =
            exercise->resume ? g_hash_table_lookup(exercise->resume->machines, plan->id) : NULL;
    if (exercise->state == EXERCISE_SETUP && was && was->was_ready) {
        g_autofree char *text = g_strdup_printf(
                "%s was gone when the exercise was resumed and is started anew: what was changed "
                "on it is lost",
                plan->id);
        run_alarm(exercise, "machine-restarted", plan->team, plan->id, text);
    }
}

void exercise_recover(
        struct exercise *exercise, struct resume *resume, exercise_end_fn on_end, gpointer data)
{
    exercise->on_end = on_end;
    exercise->on_end_data = data;
    exercise->resume = resume;
    take_over(exercise);
    run_exam_take(exercise);
    record_resumed(exercise);
    record_openings(exercise);
    run_resume_take_checkpoints(exercise);
    if (resume->ended || resume->end_by) {
        run_end(exercise, resume->end_by ? resume->end_by : "engine",
                "the end had begun before the engine was interrupted", NULL);
        return;
    }
    end_steps(exercise);
    run_resume_end_requests(exercise);
    exercise->options.world->stay_paused = resume->began && resume->paused && !resume->clock_only;
    run_set_up(exercise);
}

/* ---- when it runs again -------------------------------------------------------------------- */

bool run_resume_pauses(const struct exercise *exercise)
{
    return exercise->resume && exercise->resume->began && exercise->resume->paused;
}

/* An inject that was fired and has not ended: what is not in the ledger is done now. */
static void go_on(gpointer data)
{
    struct run_inject *inject = data;
    struct exercise *exercise = inject->exercise;
    const struct plan_inject *plan =
            g_ptr_array_index(exercise->options.plan->injects, (guint)inject->index);
    const struct resume_inject *was = resume_inject(exercise->resume, plan->id);
    const struct resume_step *step = plan->step ? resume_step(exercise->resume, plan->step->name,
                                                          run_team_id(exercise, plan->team))
                                                : NULL;
    if (exercise->ending || inject->state != INJECT_FIRED) {
        return;
    }
    bool undo = plan->entry->undo;
    gint64 over = !step ? 0 : undo ? step->undone_seq : MAX(step->verdict_seq, step->running_seq);
    if (over <= was->fired_seq) {
        run_inject_act(exercise, NULL, inject);
    } else if (step && !undo && !g_strcmp0(step->verdict, run_verdict_name(VERDICT_SKIPPED))) {
        run_inject_set(inject, INJECT_SKIPPED, "engine");
    } else {
        run_inject_set(inject, INJECT_DONE, "engine");
    }
}

static void begin_function_again(gpointer data)
{
    struct run_inject *inject = data;
    const struct plan_inject *plan =
            g_ptr_array_index(inject->exercise->options.plan->injects, (guint)inject->index);
    if (!inject->exercise->ending) {
        run_function_start(inject->exercise, plan->entry->function, plan->id, plan->team, true);
    }
}

static void settle_inject(struct exercise *exercise, struct run_inject *inject)
{
    struct clock *clock = exercise->options.clock;
    const struct plan_inject *plan =
            g_ptr_array_index(exercise->options.plan->injects, (guint)inject->index);
    const struct resume_inject *was = resume_inject(exercise->resume, plan->id);
    const struct resume_task *task =
            resume_task(exercise->resume, plan->id, run_team_id(exercise, plan->team));
    if (was && was->owed && !strcmp(was->owed, "fired")) {
        run_inject_fire(inject, was->owed_by);
        return;
    }
    if (was && was->owed) {
        run_inject_set(inject, *was->owed == 'h' ? INJECT_HELD : INJECT_SCHEDULED, was->owed_by);
    } else if (inject->state == INJECT_FIRED) {
        clock_at(clock, clock_now(clock), go_on, inject);
    }
    if (plan->entry->function && inject->begun && resume_task_is_open(task)) {
        clock_at(clock, clock_now(clock), begin_function_again, inject);
    }
}

void run_resume_settle(struct exercise *exercise)
{
    for (guint i = 0; i < exercise->options.plan->injects->len; i++) {
        settle_inject(exercise, &exercise->injects[i]);
    }
    run_gates_settle(exercise);
    run_links_ask_all(exercise, exercise->resume->links_owed);
    run_resume_settle_requests(exercise);
}

bool run_resume_player(const struct run_player *player)
{
    const struct resume *resume = player->exercise->resume;
    const struct resume_task *task =
            resume ? resume_task(resume, player->who, run_team_id(player->exercise, player->team))
                   : NULL;
    return !task || task->started == 0 || resume_task_is_open(task);
}

bool run_resume_player_again(const struct run_player *player)
{
    const struct resume *resume = player->exercise->resume;
    return resume && resume_task_is_open(resume_task(
                             resume, player->who, run_team_id(player->exercise, player->team)));
}
