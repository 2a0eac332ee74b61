/* families_flags.c - models in which a flag has a price that depends on how often it was taken. */
#include "score/families.h"
#include "score/formula.h"

#include <math.h>

struct flag {
    int owner, service, tick;
    gint32 name;
    GArray *captures; /* struct score_fact */
    double loss;      /* saarctf: what it has cost its owner so far */
};

struct flags {
    GPtrArray *list;  /* struct flag, in the order of their first mention */
    GHashTable *ids;  /* name + 1 → struct flag */
    GHashTable *seen; /* captor and flag, as one number: a second capture is none */
    int *losses;      /* [team * services + service]: distinct own flags lost */
};

static void flag_free(gpointer data)
{
    struct flag *flag = data;
    g_array_unref(flag->captures);
    g_free(flag);
}

static void flags_open(struct score_model *model)
{
    struct flags *state = score_state(model);
    state->list = g_ptr_array_new_with_free_func(flag_free);
    state->ids = g_hash_table_new(NULL, NULL);
    state->seen = score_seen_new();
    state->losses = g_new0(int, score_teams(model) * score_services(model) + 1);
}

static void flags_close(struct score_model *model)
{
    struct flags *state = score_state(model);
    g_hash_table_unref(state->seen);
    g_hash_table_unref(state->ids);
    g_ptr_array_unref(state->list);
    g_free(state->losses);
}

static struct flag *flag_of(struct flags *state, const struct score_fact *fact, int owner)
{
    gpointer key = GINT_TO_POINTER(fact->name + 1);
    struct flag *flag = g_hash_table_lookup(state->ids, key);
    if (!flag) {
        flag = g_new0(struct flag, 1);
        *flag = (struct flag){
                .owner = owner, .service = fact->service, .tick = fact->tick, .name = fact->name};
        flag->captures = g_array_new(FALSE, FALSE, sizeof(struct score_fact));
        g_ptr_array_add(state->list, flag);
        g_hash_table_insert(state->ids, key, flag);
    }
    return flag;
}

/* The flag of a capture that counts, with the capture in it; NULL for a second one by the same
 * team, one's own, the reference's. */
static struct flag *take(struct score_model *model, const struct score_fact *fact)
{
    struct flags *state = score_state(model);
    if (!score_capture_counts(model, fact, state->seen)) {
        return NULL;
    }
    struct flag *flag = flag_of(state, fact, fact->other);
    g_array_append_val(flag->captures, *fact);
    if (flag->captures->len == 1) {
        state->losses[flag->owner * score_services(model) + flag->service]++;
    }
    return flag;
}

/* Half a point for a service that recovers. */
static double share_up(const struct score_fact *fact)
{
    if (fact->kind != FACT_CHECK || fact->status == STATUS_FAULT) {
        return 0;
    }
    return fact->status == STATUS_OK ? 1 : fact->status == STATUS_RECOVERING ? 0.5 : 0;
}

static bool checked(const struct score_model *model, const struct score_fact *fact)
{
    return fact->kind == FACT_CHECK && !score_is_reference(model, fact->team);
}

enum { ATTACK, DEFENSE, SLA };
#define FLAG_PARTS                                                                                 \
    {                                                                                              \
        "attack", "defense", "sla"                                                                 \
    }

/* ---- FAUST --------------------------------------------------------------------------------- */

static void faust_fact(struct score_model *model, const struct score_fact *fact)
{
    take(model, fact);
    if (checked(model, fact)) {
        score_give(model, fact->team, SLA, formula_faust_sla(share_up(fact), score_players(model)),
                fact, "%s was up in tick %d: %g × √%d teams",
                score_service_at(model, fact->service)->name, fact->tick, share_up(fact),
                score_players(model));
    }
}

static void faust_settle(struct score_model *model)
{
    const struct flags *state = score_state(model);
    int teams = score_teams(model);
    g_autofree double *lost = g_new0(double, teams + 1); /* to so many */
    for (int n = 0; n <= teams; n++) {
        lost[n] = formula_faust_defense(n);
    }
    for (guint i = 0; i < state->list->len; i++) {
        const struct flag *flag = g_ptr_array_index(state->list, i);
        int n = (int)flag->captures->len;
        const char *name = score_name_of(model, flag->name);
        for (int k = 0; k < n; k++) {
            const struct score_fact *fact =
                    &g_array_index(flag->captures, struct score_fact, (guint)k);
            score_give(model, fact->team, ATTACK, formula_faust_attack(n), fact,
                    "flag %s, taken by %d: 1 + 1/%d", name, n, n);
        }
        const struct score_fact *last =
                n ? &g_array_index(flag->captures, struct score_fact, (guint)n - 1) : NULL;
        score_give(model, flag->owner, DEFENSE, lost[n], last, "flag %s lost to %d: −%d^0.75", name,
                n, n);
    }
}

static const struct score_family faust = {
        .name = "faust",
        .summary = "FAUST CTF since 2024: 1 + 1/captures, −captures^0.75, √teams a tick up",
        .parts = FLAG_PARTS,
        .size = sizeof(struct flags),
        .open = flags_open,
        .fact = faust_fact,
        .settle = faust_settle,
        .close = flags_close,
};

/* ---- ENOWARS ------------------------------------------------------------------------------- */

static const struct score_param eno_params[] = {
        {"flags_per_round", 1, 1, 1000},
        {"variants", 1, 1, 1000},
        {NULL, 0, 0, 0},
};

static double weight_share(const struct score_model *model, int service)
{
    const GPtrArray *services = score_roster(model)->services;
    double all = 0;
    for (guint i = 0; i < services->len; i++) {
        all += ((const struct score_service *)g_ptr_array_index(services, i))->weight;
    }
    const struct score_service *one = g_ptr_array_index(services, (guint)service);
    return all > 0 ? one->weight / all : 0;
}

static void eno_fact(struct score_model *model, const struct score_fact *fact)
{
    const struct flag *flag = take(model, fact);
    if (flag && flag->captures->len == 1) {
        score_give(model, flag->owner, DEFENSE,
                formula_eno_defense(weight_share(model, flag->service),
                        (int)score_setting(model, "flags_per_round"), 1),
                fact, "flag %s lost", score_name_of(model, flag->name));
    }
    if (checked(model, fact)) {
        score_give(model, fact->team, SLA,
                formula_eno_sla(weight_share(model, fact->service), share_up(fact)), fact,
                "%s was up in round %d", score_service_at(model, fact->service)->name, fact->tick);
    }
}

static void eno_settle(struct score_model *model)
{
    const struct flags *state = score_state(model);
    int teams = MAX(score_players(model), 1);
    for (guint i = 0; i < state->list->len; i++) {
        const struct flag *flag = g_ptr_array_index(state->list, i);
        int n = (int)flag->captures->len;
        for (int k = 0; k < n; k++) {
            const struct score_fact *fact =
                    &g_array_index(flag->captures, struct score_fact, (guint)k);
            score_give(model, fact->team, ATTACK,
                    formula_eno_attack(weight_share(model, flag->service),
                            (int)score_setting(model, "flags_per_round"),
                            (int)score_setting(model, "variants"), n, teams),
                    fact, "flag %s, shared by %d", score_name_of(model, flag->name), n);
        }
    }
}

static const struct score_family enowars = {
        .name = "enowars",
        .summary = "ENOWARS: shares of 1000 for attack, 50 for a lost flag, 100 a round up, by "
                   "service weight",
        .parts = FLAG_PARTS,
        .params = eno_params,
        .size = sizeof(struct flags),
        .open = flags_open,
        .fact = eno_fact,
        .settle = eno_settle,
        .close = flags_close,
};

/* ---- ATKLAB v1 ----------------------------------------------------------------------------- */

static void atklab_fact(struct score_model *model, const struct score_fact *fact)
{
    take(model, fact);
    if (checked(model, fact) && fact->status != STATUS_FAULT) {
        /* a store's ratio is 1 when up, 0.5 when recovering: the checks do not tell it finer */
        double ratio = share_up(fact);
        score_give(model, fact->team, SLA,
                formula_atklab_sla(
                        fact->status == STATUS_OK, fact->status == STATUS_RECOVERING, &ratio, 1),
                fact, "%s in tick %d", score_service_at(model, fact->service)->name, fact->tick);
    }
}

static void atklab_settle(struct score_model *model)
{
    const struct flags *state = score_state(model);
    for (guint i = 0; i < state->list->len; i++) {
        const struct flag *flag = g_ptr_array_index(state->list, i);
        int n = (int)flag->captures->len;
        const char *name = score_name_of(model, flag->name);
        const struct score_fact *fact = NULL;
        for (int k = 0; k < n; k++) {
            fact = &g_array_index(flag->captures, struct score_fact, (guint)k);
            score_give(model, fact->team, ATTACK, formula_atklab_attack(n), fact,
                    "flag %s, taken by %d: (1 + 1/%d)/2", name, n, n);
        }
        score_give(model, flag->owner, DEFENSE, formula_atklab_defense(n, score_teams(model)), fact,
                "flag %s lost to %d of %d teams", name, n, score_teams(model));
    }
}

static const struct score_family atklab = {
        .name = "atklab1",
        .summary = "Attacking-Lab v1: (1 + 1/captures)/2, −(1 + captures/teams)/2, service and "
                   "stored flags",
        .parts = FLAG_PARTS,
        .size = sizeof(struct flags),
        .open = flags_open,
        .fact = atklab_fact,
        .settle = atklab_settle,
        .close = flags_close,
};

const struct score_family *const families_flags[] = {&faust, &enowars, &atklab, NULL};
