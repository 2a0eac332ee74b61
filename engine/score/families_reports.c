/* families_reports.c - detection: what teams say they have seen, against what there was to be seen.
 *
 * There was to be seen each run of a step that took effect on the team or was blocked, from its
 * first command on. A report may be of a run when it names the machine that was attacked and was
 * filed after the run began. What it is then worth:
 *
 *     points · level · time · evidence
 *     level     1 for the technique (or the step by name), 0.75 for its parent or a sub-technique of
 *               it, 0.25 for the right place at the right time
 *     time      1 until grace, falling to 0.3 at the end of the window; 0.15 when later
 *     evidence  1 when it was looked up and is there, else unproven
 *
 * Which report is of which run is the assignment with the greatest sum, each at most once. A report
 * of a run that another report has is a repetition and worth nothing. Of those that are of no run
 * the first few are free; the others cost. What is graded is when it was filed, whatever it says
 * about when it was seen: only that cannot be made up.
 */
#include "score/assign.h"
#include "score/families.h"
#include "score/technique.h"

#include <string.h>

#define REPORTS_MAX 200 /* of a team that are graded, and runs against it */

struct run {                 /* of a step against a team */
    struct score_fact begun; /* or the verdict, where the beginning is not known */
    bool seen;               /* there is something to see of it */
};

struct side {        /* a team */
    GArray *runs;    /* struct run */
    GArray *reports; /* struct score_fact */
};

struct reports {
    struct side *of;
};

static void reports_open(struct score_model *model)
{
    struct reports *state = score_state(model);
    state->of = g_new0(struct side, score_teams(model) + 1);
    for (int i = 0; i < score_teams(model); i++) {
        state->of[i].runs = g_array_new(FALSE, FALSE, sizeof(struct run));
        state->of[i].reports = g_array_new(FALSE, FALSE, sizeof(struct score_fact));
    }
}

static void reports_close(struct score_model *model)
{
    struct reports *state = score_state(model);
    for (int i = 0; i < score_teams(model); i++) {
        g_array_unref(state->of[i].runs);
        g_array_unref(state->of[i].reports);
    }
    g_free(state->of);
}

static void add_run(struct side *side, const struct score_fact *fact, bool seen)
{
    struct run run = {.begun = *fact, .seen = seen};
    if (side->runs->len < REPORTS_MAX) {
        g_array_append_val(side->runs, run);
    }
}

/* The verdict belongs to the last run of its step that has none. */
static void note_verdict(struct score_model *model, const struct score_fact *fact)
{
    struct reports *state = score_state(model);
    struct side *side = &state->of[fact->kind == FACT_EFFECT ? fact->other : fact->team];
    for (guint i = side->runs->len; i-- > 0;) {
        struct run *run = &g_array_index(side->runs, struct run, i);
        if (run->begun.name == fact->name && run->begun.kind == FACT_BEGUN && !run->seen) {
            run->seen = true;
            return;
        }
    }
    add_run(side, fact, true);
}

static void reports_fact(struct score_model *model, const struct score_fact *fact)
{
    struct reports *state = score_state(model);
    if (fact->kind == FACT_BEGUN) {
        add_run(&state->of[fact->team], fact, false);
    } else if (fact->kind == FACT_EFFECT || fact->kind == FACT_BLOCKED) {
        note_verdict(model, fact);
    } else if (fact->kind == FACT_REPORT && !score_is_reference(model, fact->team) &&
               state->of[fact->team].reports->len < REPORTS_MAX) {
        g_array_append_val(state->of[fact->team].reports, *fact);
    }
}

/* ---- what a report is worth as one of a run ------------------------------------------------- */

enum { DETECTED, FALSE_REPORTS };

static const struct score_param detection_params[] = {
        {"points", 10, 0, 1e6},    /* of one run, reported at once and well */
        {"grace", 120, 0, 1e6},    /* seconds in which nothing is lost */
        {"window", 900, 1, 1e6},   /* … until which it falls */
        {"unproven", 0.6, 0, 1},   /* of a report whose evidence nobody has found */
        {"free", 2, 0, 1000},      /* reports of nothing that cost nothing */
        {"false_cost", 1, 0, 1e6}, /* of each further one */
        {NULL, 0, 0, 0},
};

/* "blue1/web" and "web" are one machine to its team. */
static bool names_target(const struct score_sighting *sighting, const char *to)
{
    const char *target = strrchr(to, '/');
    target = target ? target + 1 : to;
    for (int i = 0; sighting->hosts[i]; i++) {
        const char *host = strrchr(sighting->hosts[i], '/');
        if (!strcmp(host ? host + 1 : sighting->hosts[i], target)) {
            return true;
        }
    }
    return false;
}

static double level_of(const struct score_sighting *sighting, const struct score_step *step)
{
    const char *what = sighting->what;
    if (!strcmp(what, step->name) || (*what && !strcmp(what, step->technique))) {
        return 1;
    }
    return technique_is_related(what, step->technique) ? 0.75 : 0.25;
}

static double time_of(const struct score_model *model, gint64 late_us)
{
    double late = (double)late_us / 1e6;
    double grace = score_setting(model, "grace");
    double window = MAX(score_setting(model, "window"), grace);
    if (late <= grace) {
        return 1;
    }
    return late > window ? 0.15 : 1 - 0.7 * (late - grace) / (window - grace);
}

struct worth {
    double level, time, evidence; /* level 0: it is not of that run */
};

static struct worth worth_of(const struct score_model *model, const struct score_fact *report,
        const struct score_sighting *sighting, const struct run *run)
{
    const struct score_step *step =
            g_ptr_array_index(score_roster(model)->steps, (guint)run->begun.name);
    struct worth worth = {0};
    if (run->seen && report->seq > run->begun.seq && names_target(sighting, step->to)) {
        worth = (struct worth){
                .level = level_of(sighting, step),
                .time = time_of(model, report->at_us - run->begun.at_us),
                .evidence = sighting->resolved ? 1 : score_setting(model, "unproven"),
        };
    }
    return worth;
}

static double product(const struct worth *worth)
{
    return worth->level * worth->time * worth->evidence;
}

/* ---- a team's reports ---------------------------------------------------------------------- */

static void give_detected(struct score_model *model, const struct score_fact *report,
        const struct run *run, const struct worth *worth)
{
    const struct score_step *step =
            g_ptr_array_index(score_roster(model)->steps, (guint)run->begun.name);
    score_give(model, report->team, DETECTED, score_setting(model, "points") * product(worth),
            report,
            "step %s (event %" G_GINT64_FORMAT ") was reported: level %g, time %.3g%s, evidence %g",
            step->label, run->begun.seq, worth->level, worth->time,
            worth->time < 0.3 ? " (late)" : "", worth->evidence);
}

static void give_false(struct score_model *model, const struct score_fact *report, int *left)
{
    if ((*left)-- <= 0) {
        score_give(model, report->team, FALSE_REPORTS, -score_setting(model, "false_cost"), report,
                "a report of nothing that happened");
    }
}

static void settle_side(struct score_model *model, const struct side *side)
{
    guint runs = side->runs->len;
    guint reports = side->reports->len;
    g_autofree struct worth *worth = g_new0(struct worth, (gsize)runs * reports + 1);
    g_autofree double *values = g_new0(double, (gsize)runs *reports + 1);
    g_autofree bool *could = g_new0(bool, reports + 1); /* it is of some run */
    g_autofree int *of = g_new(int, reports + 1);
    for (guint r = 0; r < reports; r++) {
        const struct score_fact *report = &g_array_index(side->reports, struct score_fact, r);
        struct score_sighting sighting = score_sighting_of(model, report->name);
        for (guint k = 0; k < runs; k++) {
            gsize place = (gsize)r * runs + k;
            worth[place] =
                    worth_of(model, report, &sighting, &g_array_index(side->runs, struct run, k));
            values[place] = product(&worth[place]);
            could[r] |= worth[place].level > 0;
        }
        score_sighting_clear(&sighting);
    }
    assign_best(values, reports, runs, of);
    int left = (int)score_setting(model, "free");
    for (guint r = 0; r < reports; r++) {
        const struct score_fact *report = &g_array_index(side->reports, struct score_fact, r);
        if (of[r] >= 0) {
            give_detected(model, report, &g_array_index(side->runs, struct run, (guint)of[r]),
                    &worth[(gsize)r * runs + (gsize)of[r]]);
        } else if (!could[r]) {
            give_false(model, report, &left);
        }
    }
}

static void reports_settle(struct score_model *model)
{
    const struct reports *state = score_state(model);
    for (int team = 0; team < score_teams(model); team++) {
        if (state->of[team].reports->len > 0) {
            settle_side(model, &state->of[team]);
        }
    }
}

static const struct score_family detection = {
        .name = "detection",
        .summary = "reports of what a team has seen, assigned to the steps against it: technique, "
                   "time and evidence; reports of nothing cost",
        .parts = {"detected", "false"},
        .params = detection_params,
        .size = sizeof(struct reports),
        .open = reports_open,
        .fact = reports_fact,
        .settle = reports_settle,
        .close = reports_close,
};

const struct score_family *const families_reports[] = {&detection, NULL};
