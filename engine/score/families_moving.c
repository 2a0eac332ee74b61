/* families_moving.c - models in which a capture moves points between teams: order matters.
 *
 * In RuCTF, as in its source, the price of a flag depends on where captor and victim stand. Who falls
 * back by switching a service off pays less and is paid more, and may end higher than before.
 */
#include "score/families.h"
#include "score/formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct cell { /* one service of one team */
    double score;
    double waiting; /* ECSC: moves of the present round */
    int passed, checks;
    bool good, bad; /* ECSC: what this round's looks said */
};

struct moving {
    struct cell *cells; /* [team * services + service] */
    GHashTable *seen;   /* captor and flag: a second capture is none */
    int *positions;     /* RuCTF: of the round before, from 1 */
};

static struct cell *cell_of(struct score_model *model, int team, int service)
{
    struct moving *state = score_state(model);
    return &state->cells[team * score_services(model) + service];
}

static void open_with(struct score_model *model, double start)
{
    struct moving *state = score_state(model);
    int n = score_teams(model) * score_services(model);
    state->cells = g_new0(struct cell, n + 1);
    state->seen = score_seen_new();
    state->positions = g_new0(int, score_teams(model) + 1);
    for (int i = 0; i < n; i++) {
        state->cells[i].score = start;
    }
    for (int i = 0; i < score_teams(model); i++) {
        state->positions[i] = 1;
    }
}

static void moving_close(struct score_model *model)
{
    struct moving *state = score_state(model);
    g_free(state->cells);
    g_free(state->positions);
    g_hash_table_unref(state->seen);
}

static bool counts(struct score_model *model, const struct score_fact *fact)
{
    struct moving *state = score_state(model);
    return score_capture_counts(model, fact, state->seen);
}

static double share(const struct cell *cell)
{
    return cell->checks > 0 ? (double)cell->passed / cell->checks : 1;
}

/* What a service is worth, times how often it was up. */
static void settle_cells(struct score_model *model, bool floor_at_zero)
{
    int services = score_services(model);
    for (int team = 0; team < score_teams(model); team++) {
        for (int service = 0; service < services; service++) {
            if (!score_owns(model, team, service)) {
                continue;
            }
            const struct cell *cell = cell_of(model, team, service);
            double score = floor_at_zero ? MAX(cell->score, 0) : cell->score;
            score_give(model, team, 0, score * share(cell), NULL,
                    "%s: %.6g points × %d of %d checks", score_service_at(model, service)->name,
                    score, cell->passed, cell->checks);
        }
    }
}

static void count_check(struct score_model *model, const struct score_fact *fact)
{
    struct cell *cell = cell_of(model, fact->team, fact->service);
    if (fact->status != STATUS_FAULT) {
        cell->checks++;
        cell->passed += fact->status == STATUS_OK || fact->status == STATUS_RECOVERING;
    }
}

/* ---- ForcAD -------------------------------------------------------------------------------- */

static const struct score_param forcad_params[] = {
        {"start", 2500, 0, 1e9},
        {"hardness", 10, 2.72, 1e6}, /* above e, or the curve turns */
        {"inflation", 1, 0, 1},      /* the attacker gains more than the victim has left */
        {NULL, 0, 0, 0},
};

static void forcad_open(struct score_model *model)
{
    open_with(model, score_setting(model, "start"));
}

static void forcad_fact(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind == FACT_CHECK) {
        count_check(model, fact);
    } else if (counts(model, fact)) {
        struct cell *attacker = cell_of(model, fact->team, fact->service);
        struct cell *victim = cell_of(model, fact->other, fact->service);
        double move =
                formula_forcad(attacker->score, victim->score, score_setting(model, "hardness"));
        double loss = MIN(move, victim->score);
        victim->score -= loss;
        attacker->score += score_setting(model, "inflation") > 0 ? move : loss;
    }
}

static void forcad_settle(struct score_model *model)
{
    settle_cells(model, false);
}

static const struct score_family forcad = {
        .name = "forcad",
        .summary = "ForcAD: each capture moves points to the weaker side, in the order of the "
                   "ledger, times the share of passed checks",
        .parts = {"services"},
        .params = forcad_params,
        .size = sizeof(struct moving),
        .open = forcad_open,
        .fact = forcad_fact,
        .settle = forcad_settle,
        .close = moving_close,
};

/* ---- ECSC 2024 ----------------------------------------------------------------------------- */

static const struct score_param ecsc_params[] = {{"start", 5000, 0, 1e9}, {NULL, 0, 0, 0}};

/* Everything of a round counts at its end, from the scores of the round before. A round passes when
 * some look was well and none was bad; one in which only checkers failed is not counted. */
static void ecsc_round(struct score_model *model)
{
    struct moving *state = score_state(model);
    int n = score_teams(model) * score_services(model);
    for (int i = 0; i < n; i++) {
        struct cell *cell = &state->cells[i];
        cell->score += cell->waiting;
        cell->waiting = 0;
        cell->checks += cell->good || cell->bad;
        cell->passed += cell->good && !cell->bad;
        cell->good = cell->bad = false;
    }
}

static void ecsc_fact(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind == FACT_ROUND) {
        ecsc_round(model);
    } else if (fact->kind == FACT_CHECK && fact->status != STATUS_FAULT) {
        struct cell *cell = cell_of(model, fact->team, fact->service);
        bool good = fact->status == STATUS_OK || fact->status == STATUS_RECOVERING;
        *(good ? &cell->good : &cell->bad) = true;
    } else if (counts(model, fact)) {
        struct cell *attacker = cell_of(model, fact->team, fact->service);
        struct cell *victim = cell_of(model, fact->other, fact->service);
        double move = formula_ecsc2024(attacker->score, victim->score);
        attacker->waiting += move;
        victim->waiting -= move;
    }
}

static void ecsc_settle(struct score_model *model)
{
    settle_cells(model, true);
}

static const struct score_family ecsc2024 = {
        .name = "ecsc2024",
        .summary = "ECSC 2024: as ForcAD, settled at the end of each round, times the share of "
                   "passed rounds",
        .parts = {"services"},
        .params = ecsc_params,
        .size = sizeof(struct moving),
        .open = forcad_open,
        .fact = ecsc_fact,
        .settle = ecsc_settle,
        .close = moving_close,
};

/* ---- RuCTF --------------------------------------------------------------------------------- */

static const char *const ructf_words[] = {"real", "compat", NULL};
static const struct score_param ructf_params[] = {
        {"start", 1, 0, 1e9},
        {"base", 10, 1, 1e6},
        {NULL, 0, 0, 0},
};

static double ructf_total(struct score_model *model, int team)
{
    double total = 0;
    for (int service = 0; service < score_services(model); service++) {
        if (score_owns(model, team, service)) {
            const struct cell *cell = cell_of(model, team, service);
            total += cell->score * share(cell);
        }
    }
    return total;
}

/* Equal totals stand at one place. */
static void take_positions(struct score_model *model)
{
    struct moving *state = score_state(model);
    int n = score_teams(model);
    g_autofree double *totals = g_new(double, n + 1);
    for (int i = 0; i < n; i++) {
        totals[i] = ructf_total(model, i);
    }
    for (int i = 0; i < n; i++) {
        state->positions[i] = 1;
        for (int k = 0; k < n; k++) {
            state->positions[i] += totals[k] > totals[i] && !score_is_reference(model, k);
        }
    }
}

static void ructf_fact(struct score_model *model, const struct score_fact *fact)
{
    const struct moving *state = score_state(model);
    if (fact->kind == FACT_ROUND) {
        take_positions(model);
    } else if (fact->kind == FACT_CHECK) {
        count_check(model, fact);
    } else if (counts(model, fact)) {
        struct cell *victim = cell_of(model, fact->other, fact->service);
        double price = formula_ructf_price(score_setting(model, "base"),
                state->positions[fact->team], state->positions[fact->other], score_players(model),
                score_word(model) == 1);
        cell_of(model, fact->team, fact->service)->score += price;
        victim->score -= MIN(price, victim->score);
    }
}

static const struct score_family ructf = {
        .name = "ructf",
        .summary = "RuCTF: a flag of a team ranked above is worth base, of one below less; times "
                   "the share of passed checks",
        .parts = {"services"},
        .params = ructf_params,
        .choice = "division",
        .words = ructf_words,
        .size = sizeof(struct moving),
        .open = forcad_open,
        .fact = ructf_fact,
        .settle = forcad_settle,
        .close = moving_close,
};

const struct score_family *const families_moving[] = {&forcad, &ecsc2024, &ructf, NULL};
