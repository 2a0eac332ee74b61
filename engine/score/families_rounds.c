/* families_rounds.c - models that settle a round as a whole: iCTF 2017, DEF CON finals, saarCTF.
 *
 * In all three a team may rise by switching a service off, though its own points never do: iCTF and
 * DEF CON share out otherwise what a rival would have taken, and in saarCTF a flag of a team that has
 * fallen back pays its captor less. So it is in their sources; test_score_properties.c says which
 * models are free of it.
 */
#include "score/families.h"
#include "score/formula.h"

#include <math.h>
#include <string.h>

struct looked { /* a service of a team, in the present round */
    bool seen, up;
};

struct token { /* a flag and who took it */
    int owner, service, tick;
    gint32 name;
    GArray *captors; /* int, in the order of their captures */
    guint counted;   /* saarCTF: of them, when the round before closed */
};

struct rounds {
    struct looked *looks; /* [team * services + service] */
    GPtrArray *tokens;    /* struct token */
    GHashTable *ids;      /* name + 1 → struct token */
    int *piles;           /* legitbs: flags */
    int *house;           /* … that nobody has, by service */
    bool *redeemed;       /* … who has redeemed in this round, [team * services + service] */
    GHashTable *stakes;   /* saarCTF: tick and cell as one number → what that tick gave */
    GArray *ranks;        /* saarCTF: int [round * teams + team], after each round */
    double *totals;       /* saarCTF: so far */
    double *up;           /* saarCTF: share of the present round, [team * services + service] */
};

static void token_free(gpointer data)
{
    struct token *token = data;
    g_array_unref(token->captors);
    g_free(token);
}

static void rounds_open(struct score_model *model)
{
    struct rounds *state = score_state(model);
    int cells = score_teams(model) * score_services(model) + 1;
    state->looks = g_new0(struct looked, cells);
    state->piles = g_new0(int, cells);
    state->up = g_new0(double, cells);
    state->house = g_new0(int, score_services(model) + 1);
    state->redeemed = g_new0(bool, cells);
    state->stakes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    state->totals = g_new0(double, score_teams(model) + 1);
    state->ranks = g_array_new(FALSE, FALSE, sizeof(int));
    state->tokens = g_ptr_array_new_with_free_func(token_free);
    state->ids = g_hash_table_new(NULL, NULL);
}

static void rounds_close(struct score_model *model)
{
    struct rounds *state = score_state(model);
    g_free(state->looks);
    g_free(state->piles);
    g_free(state->up);
    g_free(state->house);
    g_free(state->redeemed);
    g_hash_table_unref(state->stakes);
    g_free(state->totals);
    g_array_unref(state->ranks);
    g_ptr_array_unref(state->tokens);
    g_hash_table_unref(state->ids);
}

static int cell_at(const struct score_model *model, int team, int service)
{
    return team * score_services(model) + service;
}

static void note_capture(struct score_model *model, const struct score_fact *fact)
{
    struct rounds *state = score_state(model);
    if (fact->team == fact->other || score_is_reference(model, fact->team) ||
            score_is_reference(model, fact->other)) {
        return;
    }
    gpointer key = GINT_TO_POINTER(fact->name + 1);
    struct token *token = g_hash_table_lookup(state->ids, key);
    if (!token) {
        token = g_new0(struct token, 1);
        *token = (struct token){.owner = fact->other,
                .service = fact->service,
                .tick = fact->tick,
                .name = fact->name};
        token->captors = g_array_new(FALSE, FALSE, sizeof(int));
        g_ptr_array_add(state->tokens, token);
        g_hash_table_insert(state->ids, key, token);
    }
    for (guint i = 0; i < token->captors->len; i++) {
        if (g_array_index(token->captors, int, i) == fact->team) {
            return;
        }
    }
    g_array_append_val(token->captors, fact->team);
    state->redeemed[cell_at(model, fact->team, fact->service)] |= token->counted == 0;
}

static void note_look(struct score_model *model, const struct score_fact *fact)
{
    struct rounds *state = score_state(model);
    if (fact->status == STATUS_FAULT) {
        return;
    }
    struct looked *look = &state->looks[cell_at(model, fact->team, fact->service)];
    bool up = fact->status == STATUS_OK || fact->status == STATUS_RECOVERING;
    look->up = up && (look->up || !look->seen);
    look->seen = true;
    double share = fact->status == STATUS_OK ? 1 : up ? 0.5 : 0;
    double *kept = &state->up[cell_at(model, fact->team, fact->service)];
    *kept = look->up ? MAX(*kept, share) : 0;
}

static void forget_round(struct score_model *model)
{
    struct rounds *state = score_state(model);
    gsize cells = (gsize)score_teams(model) * (gsize)score_services(model);
    memset(state->looks, 0, cells * sizeof *state->looks);
    memset(state->up, 0, cells * sizeof *state->up);
    memset(state->redeemed, 0, cells * sizeof *state->redeemed);
}

/* Facts of a round are noted; its end is the family's own. */
static bool noted(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind == FACT_CAPTURE) {
        note_capture(model, fact);
    } else if (fact->kind == FACT_CHECK) {
        note_look(model, fact);
    }
    return fact->kind != FACT_ROUND;
}

/* ---- iCTF 2017 ----------------------------------------------------------------------------- */

/* Who exploited whom in the present round: by[victim * players + captor]. */
static void ictf_exploits(
        struct score_model *model, int service, const int *place, int players, bool *by)
{
    const struct rounds *state = score_state(model);
    for (guint t = 0; t < state->tokens->len; t++) {
        const struct token *token = g_ptr_array_index(state->tokens, t);
        int victim = token->service == service ? place[token->owner] : -1;
        for (guint c = 0; victim >= 0 && c < token->captors->len; c++) {
            int captor = place[g_array_index(token->captors, int, c)];
            if (captor >= 0) {
                by[victim * players + captor] = true;
            }
        }
    }
}

static void ictf_service(struct score_model *model, int service, const struct score_fact *fact)
{
    const struct rounds *state = score_state(model);
    int n = score_teams(model);
    g_autofree int *index = g_new(int, n + 1); /* of those who have the service */
    g_autofree int *place = g_new(int, n + 1); /* of a team in index, or -1 */
    int players = 0;
    for (int i = 0; i < n; i++) {
        bool plays = score_owns(model, i, service);
        place[i] = plays ? players : -1;
        index[players] = i;
        players += plays;
    }
    g_autofree bool *up = g_new0(bool, players + 1);
    g_autofree bool *by = g_new0(bool, players *players + 1);
    g_autofree double *out = g_new0(double, players + 1);
    for (int v = 0; v < players; v++) {
        const struct looked *look = &state->looks[cell_at(model, index[v], service)];
        up[v] = look->up || !look->seen; /* the range's fault is nobody's loss */
    }
    ictf_exploits(model, service, place, players, by);
    formula_ictf2017(players, up, by, out);
    for (int i = 0; i < players; i++) {
        score_give(model, index[i], 0, out[i], fact, "%s in round %d",
                score_service_at(model, service)->name, fact->tick);
    }
}

static void ictf_fact(struct score_model *model, const struct score_fact *fact)
{
    struct rounds *state = score_state(model);
    if (noted(model, fact)) {
        return;
    }
    for (int service = 0; service < score_services(model); service++) {
        ictf_service(model, service, fact);
    }
    forget_round(model);
    g_hash_table_remove_all(state->ids); /* an exploit counts in its round only */
    g_ptr_array_set_size(state->tokens, 0);
}

static const struct score_family ictf2017 = {
        .name = "ictf2017",
        .summary = "iCTF 2017: 50 points a service, team and round, kept, shared by who is up, or "
                   "taken by exploiters",
        .parts = {"services"},
        .size = sizeof(struct rounds),
        .open = rounds_open,
        .fact = ictf_fact,
        .close = rounds_close,
};

/* ---- DEF CON finals ------------------------------------------------------------------------ */

static const struct score_param legitbs_params[] = {
        {"flags", 105, 1, 1e6}, /* a team's pile of each service at the start */
        {"delay", 3, 0, 1000},  /* rounds from a token's issue to its settlement */
        {NULL, 0, 0, 0},
};

static void legitbs_open(struct score_model *model)
{
    struct rounds *state = score_state(model);
    rounds_open(model);
    for (int team = 0; team < score_teams(model); team++) {
        for (int service = 0; service < score_services(model); service++) {
            if (score_owns(model, team, service)) {
                state->piles[cell_at(model, team, service)] = (int)score_setting(model, "flags");
            }
        }
    }
}

/* Tokens are settled so many rounds after they were issued, when nobody can redeem them any more. */
static void legitbs_tokens(struct score_model *model, int round)
{
    struct rounds *state = score_state(model);
    int delay = (int)score_setting(model, "delay");
    for (guint t = 0; t < state->tokens->len; t++) {
        struct token *token = g_ptr_array_index(state->tokens, t);
        if (token->counted > 0 || token->tick > round - delay) {
            continue;
        }
        token->counted = token->captors->len;
        int *victim = &state->piles[cell_at(model, token->owner, token->service)];
        int each;
        int house;
        formula_legitbs_token(*victim, (int)token->captors->len, &each, &house);
        *victim -= each * (int)token->captors->len + house;
        state->house[token->service] += house;
        for (guint c = 0; c < token->captors->len; c++) {
            int captor = g_array_index(token->captors, int, c);
            state->piles[cell_at(model, captor, token->service)] += each;
        }
    }
}

/* The house keeps nothing for longer than it must: who redeemed in this round shares it. */
static void legitbs_house(struct score_model *model, int service)
{
    struct rounds *state = score_state(model);
    int heirs = 0;
    for (int team = 0; team < score_teams(model); team++) {
        heirs += state->redeemed[cell_at(model, team, service)];
    }
    int each = heirs > 0 ? state->house[service] / heirs : 0;
    for (int team = 0; team < score_teams(model) && each > 0; team++) {
        if (state->redeemed[cell_at(model, team, service)]) {
            state->piles[cell_at(model, team, service)] += each;
            state->house[service] -= each;
        }
    }
}

/* Was the service well at all? The reference team's instance says; without one, anybody's. */
static bool gate(const struct score_model *model, const struct rounds *state, int service)
{
    bool anybody = false;
    for (int team = 0; team < score_teams(model); team++) {
        const struct looked *look = &state->looks[cell_at(model, team, service)];
        if (score_is_reference(model, team)) {
            return look->seen && look->up;
        }
        anybody |= look->seen && look->up;
    }
    return anybody;
}

static void legitbs_availability(struct score_model *model, int service)
{
    struct rounds *state = score_state(model);
    int others = score_players(model) - 1;
    for (int team = 0; team < score_teams(model) && gate(model, state, service); team++) {
        const struct looked *look = &state->looks[cell_at(model, team, service)];
        if (!score_owns(model, team, service) || !look->seen || look->up) {
            continue;
        }
        int *pile = &state->piles[cell_at(model, team, service)];
        int each;
        int house;
        formula_legitbs_availability(*pile, others, &each, &house);
        *pile -= each * others + house;
        state->house[service] += house;
        for (int other = 0; other < score_teams(model) && each > 0; other++) {
            if (other != team && score_owns(model, other, service)) {
                state->piles[cell_at(model, other, service)] += each;
            }
        }
    }
}

/* By seq, where the original shuffles with a seed: whoever reads the ledger can follow it. */
static void legitbs_fact(struct score_model *model, const struct score_fact *fact)
{
    if (noted(model, fact)) {
        return;
    }
    legitbs_tokens(model, fact->tick);
    for (int service = 0; service < score_services(model); service++) {
        legitbs_availability(model, service);
        legitbs_house(model, service);
    }
    forget_round(model);
}

static void legitbs_settle(struct score_model *model)
{
    const struct rounds *state = score_state(model);
    for (int team = 0; team < score_teams(model); team++) {
        for (int service = 0; service < score_services(model); service++) {
            score_give(model, team, 0, state->piles[cell_at(model, team, service)], NULL,
                    "flags of %s", score_service_at(model, service)->name);
        }
    }
}

static const struct score_family legitbs = {
        .name = "legitbs",
        .summary = "DEF CON finals of 2017: whole flags change hands at the end of each round",
        .parts = {"flags"},
        .params = legitbs_params,
        .size = sizeof(struct rounds),
        .open = legitbs_open,
        .fact = legitbs_fact,
        .settle = legitbs_settle,
        .close = rounds_close,
};

/* ---- saarCTF ------------------------------------------------------------------------------- */

enum { OFFENSE, DEFENSE, SLA };

static const struct score_param saar_params[] = {
        {"flags_per_tick", 1, 1, 1000},
        {"off_factor", 1, 0, 1000},
        {"def_factor", 1, 0, 1000},
        {"sla_factor", 1, 0, 1000},
        {NULL, 0, 0, 0},
};

static void saar_give(struct score_model *model, int team, int part, double points,
        const struct score_fact *fact, const char *why)
{
    struct rounds *state = score_state(model);
    state->totals[team] += points;
    score_give(model, team, part, points, fact, "%s", why);
}

static int saar_rank(
        const struct score_model *model, const struct rounds *state, int team, int tick)
{
    gint64 at = (gint64)tick * score_teams(model) + team; /* tick is what a ledger says */
    return tick >= 0 && at < state->ranks->len ? g_array_index(state->ranks, int, (guint)at)
                                               : MAX(score_players(model), 1);
}

static void saar_token(
        struct score_model *model, struct token *token, const struct score_fact *fact)
{
    struct rounds *state = score_state(model);
    int per_tick = (int)score_setting(model, "flags_per_tick");
    int active = MAX(score_players(model), 1);
    int rank = saar_rank(model, state, token->owner, token->tick - 2); /* after tick i − 1 */
    guint k = token->captors->len;
    if (k == token->counted) {
        return;
    }
    const char *flag = score_name_of(model, token->name);
    double now = formula_saar_offense((int)k, rank, per_tick) * score_setting(model, "off_factor");
    double before = token->counted ? formula_saar_offense((int)token->counted, rank, per_tick) *
                                             score_setting(model, "off_factor")
                                   : 0;
    g_autofree char *gain = g_strdup_printf("flag %s, taken by %u", flag, k);
    for (guint c = 0; c < k; c++) {
        int captor = g_array_index(token->captors, int, c);
        saar_give(model, captor, OFFENSE, c < token->counted ? now - before : now, fact, gain);
    }
    double loss = formula_saar_defense((int)k, active) -
                  formula_saar_defense((int)token->counted, active);
    /* what the service gave its team in the tick of the flag: nothing, when it was down */
    gint64 key = ((gint64)token->tick << 32) | cell_at(model, token->owner, token->service);
    const double *given = g_hash_table_lookup(state->stakes, &key);
    double stake = given ? *given : 0;
    g_autofree char *lost = g_strdup_printf("flag %s lost to %u of %d", flag, k, active);
    saar_give(model, token->owner, DEFENSE,
            -loss * stake / per_tick * score_setting(model, "def_factor"), fact, lost);
    token->counted = k;
}

static void saar_ranks(struct score_model *model)
{
    struct rounds *state = score_state(model);
    int teams = score_teams(model);
    for (int i = 0; i < teams; i++) {
        int rank = 1;
        for (int k = 0; k < teams; k++) {
            rank += state->totals[k] > state->totals[i];
        }
        g_array_append_val(state->ranks, rank);
    }
}

static void saar_fact(struct score_model *model, const struct score_fact *fact)
{
    struct rounds *state = score_state(model);
    if (noted(model, fact)) {
        return;
    }
    for (int team = 0; team < score_teams(model); team++) {
        for (int service = 0; service < score_services(model); service++) {
            double up = state->up[cell_at(model, team, service)];
            g_autofree char *why = g_strdup_printf(
                    "%s in tick %d", score_service_at(model, service)->name, fact->tick);
            double points = up * sqrt(score_players(model)) * score_setting(model, "sla_factor");
            if (!score_is_reference(model, team) && points > 0) {
                gint64 key = ((gint64)fact->tick << 32) | cell_at(model, team, service);
                g_hash_table_insert(state->stakes, g_memdup2(&key, sizeof key),
                        g_memdup2(&points, sizeof points));
                saar_give(model, team, SLA, points, fact, why);
            }
        }
    }
    for (guint t = 0; t < state->tokens->len; t++) {
        saar_token(model, g_ptr_array_index(state->tokens, t), fact);
    }
    saar_ranks(model);
    forget_round(model);
}

static const struct score_family saarctf = {
        .name = "saarctf",
        .summary = "saarCTF: 1 + √(1/captures) + √(1/rank of the victim), a loss that grows with "
                   "the captors, √teams a tick up",
        .parts = {"offense", "defense", "sla"},
        .params = saar_params,
        .size = sizeof(struct rounds),
        .open = rounds_open,
        .fact = saar_fact,
        .close = rounds_close,
};

const struct score_family *const families_rounds[] = {&ictf2017, &legitbs, &saarctf, NULL};
