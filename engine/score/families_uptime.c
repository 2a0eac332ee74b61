/* families_uptime.c - keeping services up: CCDC's relatives. */
#include "score/families.h"
#include "score/formula.h"

struct streaks { /* one for each service of each team */
    struct streak {
        int run;        /* consecutive failures since the last pass, or penalty */
        double base;    /* what it has earned so far, or (DWAYNE) in this round */
        GArray *guests; /* DWAYNE: teams that persist on it in this round; NULL: none yet */
    } * of;
};

static void streaks_open(struct score_model *model)
{
    struct streaks *state = score_state(model);
    state->of = g_new0(struct streak, score_teams(model) * score_services(model) + 1);
}

static void streaks_close(struct score_model *model)
{
    struct streaks *state = score_state(model);
    for (int i = 0; i < score_teams(model) * score_services(model); i++) {
        if (state->of[i].guests) {
            g_array_unref(state->of[i].guests);
        }
    }
    g_free(state->of);
}

static struct streak *streak_of(struct score_model *model, const struct score_fact *fact)
{
    struct streaks *state = score_state(model);
    return &state->of[fact->team * score_services(model) + fact->service];
}

static const struct score_service *service_of(
        const struct score_model *model, const struct score_fact *fact)
{
    return g_ptr_array_index(score_roster(model)->services, (guint)fact->service);
}

static bool plays(const struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind != FACT_CHECK || fact->status == STATUS_FAULT) {
        return false;
    }
    const struct score_team *team =
            g_ptr_array_index(score_roster(model)->teams, (guint)fact->team);
    return g_str_equal(team->group, service_of(model, fact)->group);
}

static bool up(const struct score_fact *fact)
{
    return fact->status == STATUS_OK || fact->status == STATUS_RECOVERING;
}

enum { UPTIME, PENALTY };

/* As Quotient: a run is charged once it is that long, then the counter starts anew; the limit and
 * the penalty are the service's own. */
static void uptime_fact(struct score_model *model, const struct score_fact *fact)
{
    if (!plays(model, fact)) {
        return;
    }
    const struct score_service *service = service_of(model, fact);
    struct streak *streak = streak_of(model, fact);
    if (up(fact)) {
        streak->run = 0;
        score_give(model, fact->team, UPTIME, service->points, fact, "%s passed", service->name);
        return;
    }
    streak->run++;
    if (service->sla_after > 0 && streak->run >= service->sla_after) {
        streak->run = 0;
        if (service->sla_after == 1) {
            score_give(model, fact->team, PENALTY, -service->sla_penalty, fact, "%s failed",
                    service->name);
        } else {
            score_give(model, fact->team, PENALTY, -service->sla_penalty, fact,
                    "%s failed %d times in a row", service->name, service->sla_after);
        }
    }
}

static const struct score_family uptime = {
        .name = "uptime",
        .summary = "CCDC as Quotient counts it: points for each passed check, a penalty for each "
                   "run of failures",
        .parts = {"uptime", "penalty"},
        .size = sizeof(struct streaks),
        .open = streaks_open,
        .fact = uptime_fact,
        .close = streaks_close,
};

/* ---- Scoring Engine ------------------------------------------------------------------------ */

static const struct score_param sla_params[] = {
        {"threshold", 5, 1, 1000},
        {"early_rounds", 10, 0, 1e6}, /* up to here a check counts twice … */
        {"late_rounds", 50, 1, 1e6},  /* … and from here on half */
        {"sticky", 0, 0, 1},          /* a run's penalty stays when it ends */
        {NULL, 0, 0, 0},
};

static double multiplied(
        const struct score_model *model, const struct score_fact *fact, double points)
{
    if (fact->tick > 0 && fact->tick <= score_setting(model, "early_rounds")) {
        return points * 2;
    }
    return fact->tick >= score_setting(model, "late_rounds") ? (double)(gint64)(points / 2)
                                                             : points;
}

static double run_penalty(const struct score_model *model, const struct streak *streak)
{
    int percent = formula_sla_percent((enum formula_sla)score_word(model), streak->run,
            (int)score_setting(model, "threshold"));
    return (double)(gint64)(streak->base * percent / 100);
}

static void sla_fact(struct score_model *model, const struct score_fact *fact)
{
    if (!plays(model, fact)) {
        return;
    }
    const struct score_service *service = service_of(model, fact);
    struct streak *streak = streak_of(model, fact);
    if (!up(fact)) {
        streak->run++;
        return;
    }
    if (score_setting(model, "sticky") > 0) {
        score_give(model, fact->team, PENALTY, -run_penalty(model, streak), fact,
                "%s was down for %d checks before this", service->name, streak->run);
    }
    double points = multiplied(model, fact, service->points);
    streak->run = 0;
    streak->base += points;
    score_give(model, fact->team, UPTIME, points, fact, "%s passed", service->name);
}

/* What the present run costs as long as it lasts. */
static void sla_settle(struct score_model *model)
{
    struct streaks *state = score_state(model);
    int services = score_services(model);
    for (int i = 0; i < score_teams(model) * services; i++) {
        const struct score_service *service =
                g_ptr_array_index(score_roster(model)->services, (guint)(i % services));
        score_give(model, i / services, PENALTY, -run_penalty(model, &state->of[i]), NULL,
                "%s has been down for %d checks", service->name, state->of[i].run);
    }
}

static const struct score_family ccdc_sla = {
        .name = "ccdc_sla",
        .summary =
                "Scoring Engine: points for passed checks, the present run of failures costs per "
                "cent of them",
        .parts = {"uptime", "penalty"},
        .params = sla_params,
        .choice = "mode",
        .words = formula_sla_words,
        .size = sizeof(struct streaks),
        .open = streaks_open,
        .fact = sla_fact,
        .settle = sla_settle,
        .close = streaks_close,
};

/* ---- DWAYNE -------------------------------------------------------------------------------- */

enum { DWAYNE_UP, DWAYNE_SLA, DWAYNE_INJECTS, DWAYNE_RED, DWAYNE_STOLEN, DWAYNE_LOST };

static const struct score_param dwayne_params[] = {
        {"points", 3, 0, 1e6},
        {"threshold", 6, 1, 1000},
        {NULL, 0, 0, 0},
};

/* A capture is a sign that somebody persists on the owner's service. At the end of the round what
 * the service has earned in it is shared. */
static void dwayne_capture(struct score_model *model, const struct score_fact *fact)
{
    struct streaks *state = score_state(model);
    struct streak *streak = &state->of[fact->other * score_services(model) + fact->service];
    bool known = fact->team == fact->other || score_is_reference(model, fact->team) ||
                 score_is_reference(model, fact->other);
    if (!streak->guests) {
        streak->guests = g_array_new(FALSE, FALSE, sizeof(int));
    }
    for (guint i = 0; i < streak->guests->len; i++) {
        known |= g_array_index(streak->guests, int, i) == fact->team;
    }
    if (!known) {
        g_array_append_val(streak->guests, fact->team);
    }
}

static void dwayne_share(struct score_model *model, int place, const struct score_fact *fact)
{
    struct streaks *state = score_state(model);
    struct streak *streak = &state->of[place];
    int hits = streak->guests ? (int)streak->guests->len : 0;
    const struct score_service *service = g_ptr_array_index(
            score_roster(model)->services, (guint)(place % score_services(model)));
    int stolen;
    int persist;
    int lost;
    formula_dwayne_persist((int)streak->base, hits, &stolen, &persist, &lost);
    for (int i = 0; i < hits; i++) {
        score_give(model, g_array_index(streak->guests, int, (guint)i), DWAYNE_STOLEN,
                stolen + persist, fact, "persisted on %s with %d others: %d stolen, %d for it",
                service->name, hits - 1, stolen, persist);
    }
    if (hits > 0) {
        score_give(model, place / score_services(model), DWAYNE_LOST, -lost, fact,
                "%d persisted on %s", hits, service->name);
        g_array_set_size(streak->guests, 0);
    }
    streak->base = 0;
}

/* Injects are grades called "inject…", what red took those called "red…". */
static void dwayne_grade(struct score_model *model, const struct score_fact *fact)
{
    const char *name = score_name_of(model, fact->name);
    bool red = g_str_has_prefix(name, "red");
    score_give(model, fact->team, red ? DWAYNE_RED : DWAYNE_INJECTS,
            red ? -fact->value : fact->value, fact, "%s", name);
}

static void dwayne_fact(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind == FACT_GRADE) {
        dwayne_grade(model, fact);
    } else if (fact->kind == FACT_CAPTURE) {
        dwayne_capture(model, fact);
    }
    for (int i = 0; fact->kind == FACT_ROUND && i < score_teams(model) * score_services(model);
            i++) {
        dwayne_share(model, i, fact);
    }
    if (!plays(model, fact)) {
        return;
    }
    const struct score_service *service = service_of(model, fact);
    struct streak *streak = streak_of(model, fact);
    if (up(fact)) {
        streak->run = 0;
        streak->base += score_setting(model, "points");
        score_give(model, fact->team, DWAYNE_UP, score_setting(model, "points"), fact, "%s passed",
                service->name);
        return;
    }
    double threshold = score_setting(model, "threshold");
    if (++streak->run >= threshold) {
        streak->run = 0;
        score_give(model, fact->team, DWAYNE_SLA, -2 * threshold, fact,
                "%s failed %g times in a row", service->name, threshold);
    }
}

static const struct score_family dwayne = {
        .name = "ccdc_dwayne",
        .summary =
                "DWAYNE: 3 points a check, injects, less what red took, less twice the threshold "
                "for each violated SLA; who persists on a service takes part of its round",
        .parts = {"uptime", "penalty", "injects", "red", "stolen", "lost"},
        .params = dwayne_params,
        .size = sizeof(struct streaks),
        .open = streaks_open,
        .fact = dwayne_fact,
        .close = streaks_close,
};

const struct score_family *const families_uptime[] = {&uptime, &ccdc_sla, &dwayne, NULL};
