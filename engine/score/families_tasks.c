/* families_tasks.c - things that are solved: jeopardy tasks, contest problems, training levels. */
#include "score/families.h"
#include "score/formula.h"

#include <string.h>

struct attempt { /* one task by one team */
    struct score_fact solved;
    bool done;
    int rejected; /* before it was solved */
    double hints;
    bool shown; /* the solution */
};

struct task {
    gint32 name;
    GArray *solves; /* struct score_fact, in order */
};

struct tasks {
    GPtrArray *list;      /* struct task, in the order of their first mention */
    GHashTable *ids;      /* name + 1 → struct task */
    GHashTable *attempts; /* team and task as one number → struct attempt */
};

static void task_free(gpointer data)
{
    struct task *task = data;
    g_array_unref(task->solves);
    g_free(task);
}

static void tasks_open(struct score_model *model)
{
    struct tasks *state = score_state(model);
    state->list = g_ptr_array_new_with_free_func(task_free);
    state->ids = g_hash_table_new(NULL, NULL);
    state->attempts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static void tasks_close(struct score_model *model)
{
    struct tasks *state = score_state(model);
    g_hash_table_unref(state->attempts);
    g_hash_table_unref(state->ids);
    g_ptr_array_unref(state->list);
}

static struct attempt *attempt_of(struct tasks *state, int team, gint32 name)
{
    gint64 key = ((gint64)team << 32) | (guint32)name;
    struct attempt *attempt = g_hash_table_lookup(state->attempts, &key);
    if (!attempt) {
        attempt = g_new0(struct attempt, 1);
        g_hash_table_insert(state->attempts, g_memdup2(&key, sizeof key), attempt);
    }
    return attempt;
}

static struct task *task_of(struct tasks *state, gint32 name)
{
    gpointer key = GINT_TO_POINTER(name + 1);
    struct task *task = g_hash_table_lookup(state->ids, key);
    if (!task) {
        task = g_new0(struct task, 1);
        task->name = name;
        task->solves = g_array_new(FALSE, FALSE, sizeof(struct score_fact));
        g_ptr_array_add(state->list, task);
        g_hash_table_insert(state->ids, key, task);
    }
    return task;
}

/* Facts of tasks are noted; true when this one is a team's first solving. */
static bool note(struct score_model *model, const struct score_fact *fact)
{
    struct tasks *state = score_state(model);
    if (fact->kind < FACT_SOLVED || fact->kind > FACT_SOLUTION ||
            score_is_reference(model, fact->team)) {
        return false;
    }
    struct attempt *attempt = attempt_of(state, fact->team, fact->name);
    switch (fact->kind) {
    case FACT_HINT:
        attempt->hints += attempt->done ? 0 : fact->value;
        return false;
    case FACT_SOLUTION:
        attempt->shown |= !attempt->done;
        return false;
    case FACT_REJECTED:
        attempt->rejected += !attempt->done;
        return false;
    default:
        break;
    }
    if (attempt->done) {
        return false;
    }
    attempt->done = true;
    attempt->solved = *fact;
    struct task *task = task_of(state, fact->name);
    g_array_append_val(task->solves, *fact);
    return true;
}

static const struct score_task *task_plan(const struct score_model *model, gint32 name)
{
    const struct score_roster *roster = score_roster(model);
    gpointer at = g_hash_table_lookup(roster->task_ids, score_name_of(model, name));
    return at ? g_ptr_array_index(roster->tasks, GPOINTER_TO_UINT(at) - 1) : NULL;
}

/* What the plan says, else what the event brought. */
static double full_points(const struct score_model *model, const struct score_fact *fact)
{
    const struct score_task *task = task_plan(model, fact->name);
    return task && task->points > 0 ? task->points : fact->value;
}

/* ---- jeopardy ------------------------------------------------------------------------------ */

static const struct score_param jeopardy_params[] = {
        {"maximum", 500, 0, 1e6}, /* of tasks without points of their own */
        {"minimum", 100, 0, 1e6},
        {"decay", 20, 0.001, 1e6},
        {"rate", 0.25, 0, 1},
        {"difficulty", 5, 0.001, 1e6},
        {"first_bonus", 0, 0, 1e6}, /* points for the first solver; the next two get less */
        {"second_bonus", 0, 0, 1e6},
        {"third_bonus", 0, 0, 1e6},
        {NULL, 0, 0, 0},
};

enum { TASKS, HINTS, BONUS };

static void jeopardy_fact(struct score_model *model, const struct score_fact *fact)
{
    static const char *const bonuses[] = {"first_bonus", "second_bonus", "third_bonus"};
    struct tasks *state = score_state(model);
    if (fact->kind == FACT_HINT && !score_is_reference(model, fact->team)) {
        score_give(model, fact->team, HINTS, -fact->value, fact, "a hint for %s",
                score_name_of(model, fact->name));
    }
    if (!note(model, fact)) {
        return;
    }
    guint place = task_of(state, fact->name)->solves->len;
    if (place <= G_N_ELEMENTS(bonuses)) {
        score_give(model, fact->team, BONUS, score_setting(model, bonuses[place - 1]), fact,
                "number %u to solve %s", place, score_name_of(model, fact->name));
    }
}

static struct formula_solve rule_of(const struct score_model *model, const struct task *task)
{
    const struct score_fact *first = &g_array_index(task->solves, struct score_fact, 0);
    const struct score_task *plan = task_plan(model, task->name);
    double points = full_points(model, first);
    double maximum = points > 0 ? points : score_setting(model, "maximum");
    double minimum = plan && plan->minimum > 0 ? plan->minimum : score_setting(model, "minimum");
    return (struct formula_solve){
            .curve = (enum formula_curve)score_word(model),
            .maximum = maximum,
            .minimum = MIN(minimum, maximum),
            .decay = score_setting(model, "decay"),
            .rate = score_setting(model, "rate"),
            .difficulty = score_setting(model, "difficulty"),
            .first_s = (double)first->at_us / 1e6,
            .length_s = MAX(score_roster(model)->length_s, 1),
    };
}

/* All solvers are repriced with every solve. */
static void jeopardy_settle(struct score_model *model)
{
    const struct tasks *state = score_state(model);
    int most = 0;
    for (guint i = 0; i < state->list->len; i++) {
        const struct task *task = g_ptr_array_index(state->list, i);
        most = MAX(most, (int)task->solves->len);
    }
    for (guint i = 0; i < state->list->len; i++) {
        const struct task *task = g_ptr_array_index(state->list, i);
        if (task->solves->len == 0) {
            continue;
        }
        struct formula_solve rule = rule_of(model, task);
        rule.most_solves = most;
        double value = formula_value(&rule, (int)task->solves->len);
        for (guint k = 0; k < task->solves->len; k++) {
            const struct score_fact *fact = &g_array_index(task->solves, struct score_fact, k);
            score_give(model, fact->team, TASKS, value, fact, "%s, solved by %u",
                    score_name_of(model, task->name), task->solves->len);
        }
    }
}

static const struct score_family jeopardy = {
        .name = "jeopardy",
        .summary = "tasks whose worth falls with the number of solvers, by one of the published "
                   "curves; bonuses for the first three",
        .parts = {"tasks", "hints", "bonus"},
        .params = jeopardy_params,
        .choice = "curve",
        .words = formula_curve_words,
        .size = sizeof(struct tasks),
        .open = tasks_open,
        .fact = jeopardy_fact,
        .settle = jeopardy_settle,
        .close = tasks_close,
};

/* ---- bonuses by rank ------------------------------------------------------------------------ */

static const struct score_param bonus_params[] = {
        {"first", 100, 0, 1e6},
        {"second", 60, 0, 1e6},
        {"third", 40, 0, 1e6},
        {"fourth", 20, 0, 1e6},
        {"fifth", 10, 0, 1e6},
        {NULL, 0, 0, 0},
};

static const char *const bonus_words[] = {"task", "all", NULL};

/* How many solved it before: everything, for "all", is all tasks of the plan. */
static guint place_of(struct score_model *model, const struct score_fact *fact)
{
    struct tasks *state = score_state(model);
    if (score_word(model) == 0) {
        return task_of(state, fact->name)->solves->len;
    }
    guint place = 0;
    const GPtrArray *tasks = score_roster(model)->tasks;
    for (int team = 0; team < score_teams(model); team++) {
        guint solved = 0;
        for (guint i = 0; i < state->list->len; i++) {
            const struct task *task = g_ptr_array_index(state->list, i);
            solved += task_plan(model, task->name) && attempt_of(state, team, task->name)->done;
        }
        bool own = team == fact->team;
        if (own && (solved < tasks->len || !task_plan(model, fact->name))) {
            return 0;
        }
        place += tasks->len > 0 && solved == tasks->len;
    }
    return place;
}

static void bonus_fact(struct score_model *model, const struct score_fact *fact)
{
    guint place = note(model, fact) ? place_of(model, fact) : 0;
    if (place >= 1 && place < G_N_ELEMENTS(bonus_params)) {
        score_give(model, fact->team, 0, score_setting(model, bonus_params[place - 1].name), fact,
                "number %u to solve %s", place,
                score_word(model) == 0 ? score_name_of(model, fact->name) : "everything");
    }
}

static const struct score_family bonus_rank = {
        .name = "bonus_rank",
        .summary = "a bonus for each of the first five to solve a task, or all tasks of the plan",
        .parts = {"bonus"},
        .params = bonus_params,
        .choice = "of",
        .words = bonus_words,
        .size = sizeof(struct tasks),
        .open = tasks_open,
        .fact = bonus_fact,
        .close = tasks_close,
};

/* ---- ICPC ---------------------------------------------------------------------------------- */

/* One solved problem outweighs any penalty; penalties break ties. */
#define ICPC_PROBLEM 1e6

enum { SOLVED, ICPC_TIME };

static void icpc_fact(struct score_model *model, const struct score_fact *fact)
{
    struct tasks *state = score_state(model);
    if (!note(model, fact)) {
        return;
    }
    const struct attempt *attempt = attempt_of(state, fact->team, fact->name);
    gint64 penalty = formula_icpc_penalty(fact->at_us / 1000000, attempt->rejected);
    const char *name = score_name_of(model, fact->name);
    score_give(model, fact->team, SOLVED, ICPC_PROBLEM, fact, "%s solved", name);
    score_give(model, fact->team, ICPC_TIME, -(double)penalty, fact,
            "%s: minute %" G_GINT64_FORMAT ", %d rejected before", name, fact->at_us / 60000000,
            attempt->rejected);
}

/* The contests' third key: who was done earlier. */
static double last_accepted(struct score_model *model, int team)
{
    const struct tasks *state = score_state(model);
    gint64 last_us = 0;
    for (guint i = 0; i < state->list->len; i++) {
        const struct task *task = g_ptr_array_index(state->list, i);
        for (guint k = 0; k < task->solves->len; k++) {
            const struct score_fact *fact = &g_array_index(task->solves, struct score_fact, k);
            last_us = fact->team == team ? MAX(last_us, fact->at_us) : last_us;
        }
    }
    gint64 minute = last_us / 60000000;
    return (double)minute;
}

static const struct score_family icpc = {
        .name = "icpc",
        .summary = "ICPC: most problems, then least penalty (minutes, and 20 for each rejected run "
                   "of a solved problem), then the earlier last accepted run; a problem counts as "
                   "a million",
        .parts = {"solved", "penalty"},
        .tie_of = last_accepted,
        .tie = "minute of the last accepted run",
        .size = sizeof(struct tasks),
        .open = tasks_open,
        .fact = icpc_fact,
        .close = tasks_close,
};

/* ---- training levels and questions --------------------------------------------------------- */

static const struct score_param level_params[] = {
        {"solution_penalty", 1, 0, 1}, /* a level whose solution was shown gives nothing */
        {"wrong_penalty", 0, 0, 1e6},  /* for each wrong answer */
        {NULL, 0, 0, 0},
};

enum { LEVELS, WRONG };

static void level_fact(struct score_model *model, const struct score_fact *fact)
{
    struct tasks *state = score_state(model);
    if (fact->kind == FACT_REJECTED && !score_is_reference(model, fact->team) &&
            !attempt_of(state, fact->team, fact->name)->done) {
        score_give(model, fact->team, WRONG, -score_setting(model, "wrong_penalty"), fact,
                "a wrong answer to %s", score_name_of(model, fact->name));
    }
    if (!note(model, fact)) {
        return;
    }
    const struct attempt *attempt = attempt_of(state, fact->team, fact->name);
    double points = formula_level(full_points(model, fact), attempt->hints, attempt->shown,
            score_setting(model, "solution_penalty") > 0);
    score_give(model, fact->team, LEVELS, points, fact, "%s, less %g for hints%s",
            score_name_of(model, fact->name), attempt->hints,
            attempt->shown ? ", its solution was shown" : "");
}

static const struct score_family training_level = {
        .name = "training_level",
        .summary = "KYPO: a level's points less its hints, nothing once the solution was shown",
        .parts = {"levels", "wrong"},
        .params = level_params,
        .size = sizeof(struct tasks),
        .open = tasks_open,
        .fact = level_fact,
        .close = tasks_close,
};

static const struct score_param question_params[] = {{"total", 100, 1, 1e6}, {NULL, 0, 0, 0}};

/* A question's weight is its points in the plan; 0: what is left is shared. */
static void question_fact(struct score_model *model, const struct score_fact *fact)
{
    const struct score_roster *roster = score_roster(model);
    gpointer at = g_hash_table_lookup(roster->task_ids, score_name_of(model, fact->name));
    if (!note(model, fact) || !at) {
        return;
    }
    g_autofree double *weights = g_new(double, roster->tasks->len + 1);
    for (guint i = 0; i < roster->tasks->len; i++) {
        weights[i] = ((const struct score_task *)g_ptr_array_index(roster->tasks, i))->points;
    }
    formula_weights(weights, (int)roster->tasks->len);
    double weight = weights[GPOINTER_TO_UINT(at) - 1];
    gint64 total = (gint64)score_setting(model, "total");
    score_give(model, fact->team, 0, (double)formula_weight_points(weight, total), fact,
            "%s, %.4g of the whole", score_name_of(model, fact->name), weight);
}

/* Seconds from the start to each right answer, added up. */
static double cumulative_time(struct score_model *model, int team)
{
    const struct tasks *state = score_state(model);
    gint64 sum_us = 0;
    for (guint i = 0; i < state->list->len; i++) {
        const struct task *task = g_ptr_array_index(state->list, i);
        for (guint k = 0; k < task->solves->len; k++) {
            const struct score_fact *fact = &g_array_index(task->solves, struct score_fact, k);
            sum_us += fact->team == team ? fact->at_us : 0;
        }
    }
    return (double)sum_us / 1e6;
}

static const struct score_family question_weights = {
        .name = "question_weights",
        .summary =
                "TopoMojo: questions by weight; those without one share what is left; equal totals "
                "by cumulative time, dense ranks",
        .tie_of = cumulative_time,
        .tie = "cumulative time in seconds",
        .dense = true,
        .parts = {"questions"},
        .params = question_params,
        .size = sizeof(struct tasks),
        .open = tasks_open,
        .fact = question_fact,
        .close = tasks_close,
};

const struct score_family *const families_tasks[] = {
        &jeopardy, &bonus_rank, &icpc, &training_level, &question_weights, NULL};
