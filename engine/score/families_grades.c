/* families_grades.c - grades by component, objectives of an exam, hardening. */
#include "score/families.h"
#include "score/formula.h"

#include <string.h>

struct grades {       /* the last grade of each component counts: a new one replaces it */
    GHashTable *last; /* team and component as one number → struct score_fact */
    GPtrArray *order; /* struct score_fact, the same, in the order of first mention */
};

static void grades_open(struct score_model *model)
{
    struct grades *state = score_state(model);
    state->last = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    state->order = g_ptr_array_new_with_free_func(g_free);
}

static void grades_close(struct score_model *model)
{
    struct grades *state = score_state(model);
    g_hash_table_unref(state->last);
    g_ptr_array_unref(state->order);
}

static void grades_fact(struct score_model *model, const struct score_fact *fact)
{
    struct grades *state = score_state(model);
    if (fact->kind != FACT_GRADE) {
        return;
    }
    gint64 key = ((gint64)fact->team << 32) | (guint32)fact->name;
    struct score_fact *known = g_hash_table_lookup(state->last, &key);
    if (known) {
        *known = *fact;
        return;
    }
    known = g_memdup2(fact, sizeof *fact);
    g_ptr_array_add(state->order, known);
    g_hash_table_insert(state->last, g_memdup2(&key, sizeof key), known);
}

static void components_settle(struct score_model *model)
{
    const struct grades *state = score_state(model);
    for (guint i = 0; i < state->order->len; i++) {
        const struct score_fact *fact = g_ptr_array_index(state->order, i);
        score_give(model, fact->team, 0, fact->value, fact, "%s", score_name_of(model, fact->name));
    }
}

static const struct score_family components = {
        .name = "grades",
        .summary = "injects, reports and whatever else is graded; the last grade of each counts",
        .parts = {"grades"},
        .size = sizeof(struct grades),
        .open = grades_open,
        .fact = grades_fact,
        .settle = components_settle,
        .close = grades_close,
};

/* ---- objectives ---------------------------------------------------------------------------- */

static const struct score_param objective_params[] = {
        {"pass", 70, 0, 1e9}, /* the sum that passes, or per cent of full */
        {"full", 100, 0, 1e9},
        {NULL, 0, 0, 0},
};

static const char *const objective_words[] = {"absolute", "percent", NULL};

enum { OBJECTIVES, PASSED };

/* The second part is one point for who has reached the mark. */
static void objectives_settle(struct score_model *model)
{
    const struct grades *state = score_state(model);
    components_settle(model);
    double limit = score_setting(model, "pass");
    if (score_word(model) == 1) {
        limit = score_setting(model, "full") * limit / 100;
    }
    for (int team = 0; team < score_teams(model); team++) {
        double sum = 0;
        for (guint i = 0; i < state->order->len; i++) {
            const struct score_fact *fact = g_ptr_array_index(state->order, i);
            sum += fact->team == team ? fact->value : 0;
        }
        score_give(model, team, PASSED, sum >= limit ? 1 : 0, NULL, "%g of %g points: passed", sum,
                limit);
    }
}

static const struct score_family objectives = {
        .name = "objective_threshold",
        .summary = "an exam: points of objectives, and one more for reaching the pass mark",
        .parts = {"objectives", "passed"},
        .params = objective_params,
        .choice = "mark",
        .words = objective_words,
        .size = sizeof(struct grades),
        .open = grades_open,
        .fact = grades_fact,
        .settle = objectives_settle,
        .close = grades_close,
};

/* ---- hardening ----------------------------------------------------------------------------- */

/* The plan's services are the checks; each counts by its latest look, so what is undone is lost. */
struct hardening {
    struct score_fact *last; /* [team * services + service]; seq 0: never seen */
    int *points;             /* of each service */
};

static void hardening_open(struct score_model *model)
{
    struct hardening *state = score_state(model);
    int services = score_services(model);
    state->last = g_new0(struct score_fact, score_teams(model) * services + 1);
    state->points = g_new0(int, services + 1);
    for (int i = 0; i < services; i++) {
        const struct score_service *service =
                g_ptr_array_index(score_roster(model)->services, (guint)i);
        state->points[i] = (int)service->points;
    }
    formula_hardening_points(state->points, services);
}

static void hardening_close(struct score_model *model)
{
    struct hardening *state = score_state(model);
    g_free(state->last);
    g_free(state->points);
}

static void hardening_fact(struct score_model *model, const struct score_fact *fact)
{
    struct hardening *state = score_state(model);
    if (fact->kind == FACT_CHECK && fact->status != STATUS_FAULT) {
        state->last[fact->team * score_services(model) + fact->service] = *fact;
    }
}

static void hardening_settle(struct score_model *model)
{
    const struct hardening *state = score_state(model);
    int services = score_services(model);
    for (int i = 0; i < score_teams(model) * services; i++) {
        const struct score_fact *fact = &state->last[i];
        const struct score_service *service =
                g_ptr_array_index(score_roster(model)->services, (guint)(i % services));
        if (fact->seq > 0 && fact->status == STATUS_OK) {
            score_give(model, i / services, 0, state->points[i % services], fact, "%s holds",
                    service->name);
        }
    }
}

static const struct score_family hardening = {
        .name = "hardening",
        .summary = "aeacus: checks that hold at the end; those without points share what is left "
                   "of a hundred",
        .parts = {"hardening"},
        .size = sizeof(struct hardening),
        .open = hardening_open,
        .fact = hardening_fact,
        .settle = hardening_settle,
        .close = hardening_close,
};

const struct score_family *const families_grades[] = {&components, &objectives, &hardening, NULL};
