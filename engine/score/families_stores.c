/* families_stores.c - ECSC 2025 and ATKLAB v2: the flags of a service and tick are a task by themselves.
 *
 * Who takes a flag is paid by how few did. Who attacks makes a second task for everybody else, to
 * hold out: its worth falls with the number of those who do, it is shared among the attackers'
 * tasks, and the attacker is given as much, so that a failed attempt changes no distance between
 * teams. Holding out is paid over the ticks in which the flag has to be there, only for those in
 * which it is: it was put there in a tick in which the service was up, and the service is up. Ticks
 * that the range could not see are left out on both sides.
 *
 * Shared are these points among the live teams, as the rules' authors say: all but the attacker and
 * the reference of which at least one service was not down (offline) in the tick of the flag. Who was
 * not looked at then, or could not be, counts as live. So a team that switches its services off
 * lowers what rivals gain, and may rise by that; it gains nothing itself.
 */
#include "score/families.h"
#include "score/formula.h"

#define WINDOW_MAX 100 /* ticks */

struct attack { /* one team on one store */
    int team;
    GArray *captures; /* struct score_fact */
    double held;      /* what each that holds out has of it, when it is settled */
};

struct store { /* the flags of a service that were handed out in one tick */
    int service, tick;
    struct score_window window;
    GPtrArray *attacks; /* struct attack, in the order of their first captures */
};

enum seen { SEEN_FAULT, SEEN_UP, SEEN_BAD, SEEN_DOWN }; /* the worst counts, but for faults */

struct stores {
    GPtrArray *list;    /* struct store, in the order of their first mention */
    GHashTable *ids;    /* service and tick as one number → struct store */
    GHashTable *taken;  /* captor and flag: a second capture is none */
    GHashTable *counts; /* name + 1 → how many have the flag */
    GHashTable *seen;   /* tick, team and service as one number → enum seen + 1 */
    GHashTable *away;   /* team and tick as one number → how many of its services were down */
};

static void attack_free(gpointer data)
{
    struct attack *attack = data;
    g_array_unref(attack->captures);
    g_free(attack);
}

static void store_free(gpointer data)
{
    struct store *store = data;
    g_ptr_array_unref(store->attacks);
    g_free(store);
}

static void stores_open(struct score_model *model)
{
    struct stores *state = score_state(model);
    state->list = g_ptr_array_new_with_free_func(store_free);
    state->ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    state->taken = score_seen_new();
    state->counts = g_hash_table_new(NULL, NULL);
    state->seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    state->away = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

static void stores_close(struct score_model *model)
{
    struct stores *state = score_state(model);
    g_hash_table_unref(state->away);
    g_hash_table_unref(state->seen);
    g_hash_table_unref(state->counts);
    g_hash_table_unref(state->taken);
    g_hash_table_unref(state->ids);
    g_ptr_array_unref(state->list);
}

static gint64 number_of(int high, gint32 low)
{
    return ((gint64)high << 32) | (guint32)low;
}

/* ---- what happened ------------------------------------------------------------------------- */

/* What was said when the flag was issued; else what the scenario says of all flags. */
static struct score_window window_of(const struct score_model *model, const struct score_fact *fact)
{
    gint64 ticks = (gint64)score_setting(model, "last_tick") + 1; /* the flag's own is tick 0 */
    struct score_window window = score_window_of(model, fact->name);
    if (window.last < 0) {
        gint64 last = formula_last_valid(fact->tick, ticks);
        window = (struct score_window){fact->tick, (gint32)MIN(last, G_MAXINT32)};
    }
    window.last = (gint32)MIN((gint64)window.last, (gint64)window.first + WINDOW_MAX - 1);
    return window;
}

static struct store *store_of(struct score_model *model, const struct score_fact *fact)
{
    struct stores *state = score_state(model);
    gint64 key = number_of(fact->service, fact->tick);
    struct store *store = g_hash_table_lookup(state->ids, &key);
    if (!store) {
        store = g_new0(struct store, 1);
        *store = (struct store){
                .service = fact->service, .tick = fact->tick, .window = window_of(model, fact)};
        store->attacks = g_ptr_array_new_with_free_func(attack_free);
        g_ptr_array_add(state->list, store);
        g_hash_table_insert(state->ids, g_memdup2(&key, sizeof key), store);
    }
    return store;
}

static struct attack *attack_of(struct store *store, int team)
{
    for (guint i = 0; i < store->attacks->len; i++) {
        struct attack *attack = g_ptr_array_index(store->attacks, i);
        if (attack->team == team) {
            return attack;
        }
    }
    struct attack *attack = g_new0(struct attack, 1);
    *attack = (struct attack){.team = team};
    attack->captures = g_array_new(FALSE, FALSE, sizeof(struct score_fact));
    g_ptr_array_add(store->attacks, attack);
    return attack;
}

static void note_capture(struct score_model *model, const struct score_fact *fact)
{
    struct stores *state = score_state(model);
    if (!score_capture_counts(model, fact, state->taken)) {
        return;
    }
    gpointer flag = GINT_TO_POINTER(fact->name + 1);
    int count = GPOINTER_TO_INT(g_hash_table_lookup(state->counts, flag));
    g_hash_table_insert(state->counts, flag, GINT_TO_POINTER(count + 1));
    g_array_append_val(attack_of(store_of(model, fact), fact->team)->captures, *fact);
}

static gint64 place_of(const struct score_model *model, int team, int service, int tick)
{
    return number_of(team * score_services(model) + service, tick);
}

static int seen(struct score_model *model, int team, int service, gint64 tick)
{
    const struct stores *state = score_state(model);
    gint64 key = tick >= 0 && tick <= G_MAXINT32 ? place_of(model, team, service, (int)tick) : -1;
    gpointer known = g_hash_table_lookup(state->seen, &key);
    return known ? GPOINTER_TO_INT(known) - 1 : -1;
}

static int times_away(const struct stores *state, int team, int tick)
{
    gint64 key = number_of(team, tick);
    return GPOINTER_TO_INT(g_hash_table_lookup(state->away, &key));
}

static void note_look(struct score_model *model, const struct score_fact *fact)
{
    static const enum seen states[] = {[STATUS_OK] = SEEN_UP,
            [STATUS_RECOVERING] = SEEN_UP,
            [STATUS_MUMBLE] = SEEN_BAD,
            [STATUS_CORRUPT] = SEEN_BAD,
            [STATUS_DOWN] = SEEN_DOWN,
            [STATUS_FAULT] = SEEN_FAULT};
    struct stores *state = score_state(model);
    gint64 key = place_of(model, fact->team, fact->service, fact->tick);
    int is = (int)states[fact->status];
    if (is <= seen(model, fact->team, fact->service, fact->tick)) {
        return;
    }
    g_hash_table_insert(state->seen, g_memdup2(&key, sizeof key), GINT_TO_POINTER(is + 1));
    if (is == SEEN_DOWN) {
        int times = times_away(state, fact->team, fact->tick);
        key = number_of(fact->team, fact->tick);
        g_hash_table_insert(state->away, g_memdup2(&key, sizeof key), GINT_TO_POINTER(times + 1));
    }
}

/* ---- what it is worth ---------------------------------------------------------------------- */

enum { ATTACK, DEFENSE, SLA };

#define WHOLE 10 /* points that a task is worth to the first */

static const struct score_param stores_params[] = {
        {"last_tick", 4, 0, WINDOW_MAX - 1}, /* a flag of tick i counts in i … i + last_tick */
        {NULL, 0, 0, 0},
};

typedef double (*worth_fn)(int solvers, int teams);

static double worth_2025(int solvers, G_GNUC_UNUSED int teams)
{
    return formula_ecsc2025_value(solvers);
}

/* A recovering service has the flags of those of the last ticks in which it was up. */
static void give_sla(struct score_model *model, const struct score_fact *fact)
{
    int valid = (int)score_setting(model, "last_tick") + 1;
    bool ok = fact->status == STATUS_OK;
    if (score_is_reference(model, fact->team) || (!ok && fact->status != STATUS_RECOVERING)) {
        return;
    }
    int flags = 1;
    for (int back = 1; back < valid; back++) {
        flags += seen(model, fact->team, fact->service, (gint64)fact->tick - back) == SEEN_UP;
    }
    double points = ok ? WHOLE : (double)WHOLE * flags / valid;
    score_give(model, fact->team, SLA, points, fact, "%s in tick %d: %d of %d flags are there",
            score_service_at(model, fact->service)->name, fact->tick, ok ? valid : flags, valid);
}

static void stores_fact(struct score_model *model, const struct score_fact *fact)
{
    if (fact->kind == FACT_CAPTURE) {
        note_capture(model, fact);
    } else if (fact->kind == FACT_CHECK) {
        note_look(model, fact);
        give_sla(model, fact);
    }
}

static bool is_victim(const struct attack *attack, int team)
{
    for (guint i = 0; i < attack->captures->len; i++) {
        if (g_array_index(attack->captures, struct score_fact, i).other == team) {
            return true;
        }
    }
    return false;
}

/* Of the ticks in which the team's flag has to be there and the range could look, how many it is
 * there. */
static double share_there(struct score_model *model, const struct store *store, int team)
{
    const struct score_window window = store->window;
    int counted = window.last - window.first + 1;
    int there = 0;
    bool placed = seen(model, team, store->service, store->tick) == SEEN_UP;
    for (gint64 tick = window.first; tick <= window.last; tick++) {
        int state = seen(model, team, store->service, tick);
        counted -= state == SEEN_FAULT;
        there += placed && state == SEEN_UP;
    }
    return counted > 0 ? (double)there / counted : 0;
}

static bool is_live(struct score_model *model, const struct store *store, int team)
{
    const struct score_team *of = g_ptr_array_index(score_roster(model)->teams, (guint)team);
    int away = times_away(score_state(model), team, store->tick);
    int own = 0;
    for (int service = 0; away > 0 && service < score_services(model); service++) {
        own += score_owns(model, team, service);
    }
    return !of->reference && g_str_equal(of->role, "blue") && (away == 0 || away < own);
}

/* What each that holds out against an attack has of it, and the attacker as well. */
static void price(struct score_model *model, const struct store *store, worth_fn worth)
{
    int live = 0;
    for (int team = 0; team < score_teams(model); team++) {
        live += is_live(model, store, team);
    }
    for (guint i = 0; i < store->attacks->len; i++) {
        struct attack *attack = g_ptr_array_index(store->attacks, i);
        int others = MAX(live - is_live(model, store, attack->team), 1);
        int victims = 0;
        for (int team = 0; team < score_teams(model); team++) {
            victims += is_victim(attack, team);
        }
        attack->held = worth(others - victims, others) * others / store->attacks->len;
    }
}

static void give_defense(struct score_model *model, const struct store *store)
{
    const struct attack *last = g_ptr_array_index(store->attacks, store->attacks->len - 1);
    const struct score_fact *fact = &g_array_index(last->captures, struct score_fact, 0);
    for (int team = 0; team < score_teams(model); team++) {
        double sum = 0;
        int held = 0;
        for (guint i = 0; i < store->attacks->len && score_owns(model, team, store->service); i++) {
            const struct attack *attack = g_ptr_array_index(store->attacks, i);
            if (attack->team != team && !is_victim(attack, team)) {
                sum += attack->held;
                held++;
            }
        }
        double share = held ? share_there(model, store, team) : 0;
        score_give(model, team, DEFENSE, sum * share, fact,
                "%s, flags of tick %d: held against %d of %u attackers, there in %.4g of its time",
                score_service_at(model, store->service)->name, store->tick, held,
                store->attacks->len, share);
    }
}

static void give_attack(struct score_model *model, const struct store *store, worth_fn worth)
{
    const struct stores *state = score_state(model);
    for (guint i = 0; i < store->attacks->len; i++) {
        const struct attack *attack = g_ptr_array_index(store->attacks, i);
        const struct score_fact *first = &g_array_index(attack->captures, struct score_fact, 0);
        for (guint k = 0; k < attack->captures->len; k++) {
            const struct score_fact *fact = &g_array_index(attack->captures, struct score_fact, k);
            int count = GPOINTER_TO_INT(
                    g_hash_table_lookup(state->counts, GINT_TO_POINTER(fact->name + 1)));
            score_give(model, fact->team, ATTACK, worth(count, score_players(model)), fact,
                    "flag %s, taken by %d", score_name_of(model, fact->name), count);
        }
        score_give(model, attack->team, ATTACK, attack->held, first,
                "%s, flags of tick %d: as much as those have who held",
                score_service_at(model, store->service)->name, store->tick);
    }
}

static void settle_with(struct score_model *model, worth_fn worth)
{
    const struct stores *state = score_state(model);
    for (guint i = 0; i < state->list->len; i++) {
        const struct store *store = g_ptr_array_index(state->list, i);
        price(model, store, worth);
        give_attack(model, store, worth);
        give_defense(model, store);
    }
}

static void ecsc2025_settle(struct score_model *model)
{
    settle_with(model, worth_2025);
}

static void atklab2_settle(struct score_model *model)
{
    settle_with(model, formula_atklab2_value);
}

#define STORES_FAMILY(settle_fn)                                                                   \
    .parts = {"attack", "defense", "sla"}, .params = stores_params, .size = sizeof(struct stores), \
    .open = stores_open, .fact = stores_fact, .settle = settle_fn, .close = stores_close

static const struct score_family ecsc2025 = {
        .name = "ecsc2025",
        .summary =
                "ECSC 2025: a flag is worth less the more have it, holding out less the more do; "
                "10 a tick up (experimental: from the published rules)",
        STORES_FAMILY(ecsc2025_settle),
};

static const struct score_family atklab2 = {
        .name = "atklab2",
        .summary = "Attacking-Lab v2: as ECSC 2025, by a curve of its own (experimental: from the "
                   "published rules)",
        STORES_FAMILY(atklab2_settle),
};

const struct score_family *const families_stores[] = {&ecsc2025, &atklab2, NULL};
