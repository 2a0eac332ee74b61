/* families_basic.c - attack steps, and points given by hand. */
#include "score/families.h"

enum { EFFECT, BLOCKED };

static void steps_fact(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind != FACT_EFFECT && fact->kind != FACT_BLOCKED) {
        return;
    }
    const struct score_roster *roster = score_roster(model);
    const struct score_step *step = g_ptr_array_index(roster->steps, (guint)fact->name);
    if (fact->kind == FACT_BLOCKED) {
        score_give(model, fact->team, BLOCKED, step->blocked, fact, "step %s was blocked",
                step->label);
        return;
    }
    const struct score_team *target = g_ptr_array_index(roster->teams, (guint)fact->other);
    score_give(model, fact->team, EFFECT, step->effect, fact, "step %s took effect on %s",
            step->label, target->id);
}

static const struct score_family steps = {
        .name = "steps",
        .summary =
                "points of each attack step: to the attacker for an effect, to the target's team "
                "when it was blocked",
        .parts = {"effect", "blocked"},
        .fact = steps_fact,
};

static void adjust_fact(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind == FACT_ADJUST) {
        score_give(model, fact->team, 0, fact->value, fact, "by hand: %s",
                score_name_of(model, fact->name));
    }
}

static const struct score_family adjust = {
        .name = "adjust",
        .summary = "points given or taken by hand, with a reason; counted in every exercise",
        .parts = {"adjusted"},
        .fact = adjust_fact,
};

const struct score_family *const families_basic[] = {&steps, &adjust, NULL};
