/* test_score_properties.c - what must hold in every game by every model, tried on games of chance. */
#include "support/score_game.h"

#include "script/score_rules.h"

#define GAMES 12
#define TEAMS 5

struct happening {
    const char *kind;
    char *team, *subject, *body;
    gint64 at_us;
};

static void happening_free(gpointer data)
{
    struct happening *h = data;
    g_free(h->team);
    g_free(h->subject);
    g_free(h->body);
    g_free(h);
}

static struct happening *add(GPtrArray *game, const char *kind, char *team, char *subject)
{
    struct happening *h = g_new0(struct happening, 1);
    *h = (struct happening){.kind = kind, .team = team, .subject = subject};
    g_ptr_array_add(game, h);
    return h;
}

static char *some_team(GRand *rand)
{
    return g_strdup_printf("t%d", g_rand_int_range(rand, 1, TEAMS + 1));
}

static void add_captures(GPtrArray *game, GRand *rand, int round)
{
    for (int i = 0; i < 4; i++) {
        int captor = g_rand_int_range(rand, 1, TEAMS + 1);
        int owner = g_rand_int_range(rand, 1, TEAMS + 1);
        struct happening *h = add(game, "flag.captured", g_strdup_printf("t%d", captor),
                g_strdup_printf("f%d-%d", round, owner));
        h->body =
                g_strdup_printf("{\"owner\":\"t%d\",\"service\":\"s\",\"tick\":%d}", owner, round);
    }
}

/* A step begins in one round and ends in the next; somebody reports something. */
static void add_steps(GPtrArray *game, GRand *rand, int round)
{
    static const char *const verdicts[] = {"effect", "blocked", "fault"};
    static const char *const seen[] = {"T1046", "T1110", "T1110.001", "st2", "odd"};
    int step = round % 2 + 1;
    add(game, "step.state", some_team(rand), g_strdup_printf("st%d", step))->body =
            g_strdup("{\"state\":\"running\"}");
    char *name = g_strdup_printf("st%d", 3 - step);
    add(game, "step.verdict", some_team(rand), name)->body =
            g_strdup_printf("{\"step\":\"%s\",\"verdict\":\"%s\"}", name,
                    verdicts[g_rand_int_range(rand, 0, G_N_ELEMENTS(verdicts))]);
    add(game, "report.filed", some_team(rand), g_strdup("seen"))->body =
            g_strdup_printf("{\"text\":\"\",\"what\":\"%s\",\"hosts\":[\"%s\"],\"resolved\":%s}",
                    seen[g_rand_int_range(rand, 0, G_N_ELEMENTS(seen))],
                    g_rand_boolean(rand) ? "web" : "db", g_rand_boolean(rand) ? "true" : "false");
}

/* Ten rounds of everything that any model counts. */
static GPtrArray *chance(guint32 seed)
{
    static const char *const kinds[] = {
            "check.ok", "check.ok", "check.ok", "check.down", "check.fault"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    GPtrArray *game = g_ptr_array_new_with_free_func(happening_free);
    for (int round = 1; round <= 10; round++) {
        for (int team = 1; team <= TEAMS; team++) {
            const char *kind = kinds[g_rand_int_range(rand, 0, G_N_ELEMENTS(kinds))];
            struct happening *h = add(game, kind, g_strdup_printf("t%d", team), g_strdup("s"));
            h->body = g_strdup_printf("{\"round\":%d}", round);
        }
        add_captures(game, rand, round);
        char *task = g_strdup_printf("task%d", g_rand_int_range(rand, 1, 4));
        add(game, "task.rejected", some_team(rand), g_strdup(task));
        add(game, "hint.taken", some_team(rand), g_strdup(task))->body = g_strdup("{\"cost\":3}");
        add(game, "task.solved", some_team(rand), task)->body = g_strdup("{\"points\":50}");
        add(game, "grade.given", some_team(rand), g_strdup("report"))->body =
                g_strdup_printf("{\"points\":%d}", g_rand_int_range(rand, 0, 100));
        add_steps(game, rand, round);
        add(game, "round.closed", g_strdup(""), g_strdup("x"))->body =
                g_strdup_printf("{\"round\":%d}", round);
    }
    for (guint i = 0; i < game->len; i++) {
        ((struct happening *)g_ptr_array_index(game, i))->at_us = (i + 1) * G_USEC_PER_SEC;
    }
    return game;
}

static struct game started(const char *model)
{
    static const char things[] = ONE_SERVICE
            "],\"steps\":[{\"name\":\"st1\",\"to\":\"web\",\"attacker\":\"t5\","
            "\"attack\":{\"id\":\"T1046\"},\"points_effect\":20,\"points_blocked\":15},{\"name\":"
            "\"st2\",\"to\":\"db\",\"attacker\":\"t5\",\"attack\":{\"id\":\"T1110.001\"},"
            "\"points_effect\":2,\"points_blocked\":1}],\"tasks\":[{\"name\":\"task1\"},{\"name\":"
            "\"task2\",\"points\":30}";
    g_autofree char *models = models_of(model);
    return begin("t1 t2 t3 t4 t5 !ref", things, models);
}

static void play(struct game *game, const GPtrArray *happenings, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        const struct happening *h = g_ptr_array_index(happenings, i);
        at(game, h->at_us, h->kind, h->team, h->subject, h->body);
    }
}

static char *board(const struct game *game)
{
    auto_json json = score_to_json(game->score, true);
    return json_text(json);
}

/* The teams' part alone: a correction is listed, whatever it does. */
static char *teams_of(const struct game *game)
{
    auto_json json = score_to_json(game->score, false);
    return json_text(json_array(json, "teams"));
}

/* Calls fn for every model that can be chosen and every game. */
static void each(void (*fn)(const char *model, const GPtrArray *happenings))
{
    auto_json all = score_models_to_json();
    const cJSON *item = NULL;
    for (guint32 seed = 1; seed <= GAMES; seed += TEST_STRIDE) {
        g_autoptr(GPtrArray) happenings = chance(seed);
        cJSON_ArrayForEach(item, all)
        {
            const char *name = json_string(item, "model", "");
            if (strcmp(name, "adjust") != 0) {
                fn(name, happenings);
            }
        }
    }
}

static void check_prefixes(const char *model, const GPtrArray *happenings)
{
    struct game live = started(model);
    for (guint n = 0; n < happenings->len; n++) {
        play(&live, happenings, n, n + 1);
        g_autofree char *shown = board(&live); /* looking must leave no trace either */
        if (n % 37 != 0 && n != happenings->len - 1) {
            continue;
        }
        struct game again = started(model);
        play(&again, happenings, 0, n + 1);
        g_autofree char *replayed = board(&again);
        score_free(again.score);
        if (strcmp(shown, replayed) != 0) {
            fail_msg("%s after %u events:\n%s\n%s", model, n + 1, shown, replayed);
        }
    }
    score_free(live.score);
}

static void the_replay_of_any_prefix_is_the_live_board(void **state)
{
    (void)state;
    each(check_prefixes);
}

static void check_void(const char *model, const GPtrArray *happenings)
{
    static const char *const voids[] = {"{\"reason\":\"r\",\"team\":\"t2\"}",
            "{\"reason\":\"r\",\"from_us\":20000000,\"to_us\":60000000}",
            "{\"reason\":\"r\",\"of\":\"capture\"}", "{\"reason\":\"r\",\"service\":\"s\"}",
            "{\"reason\":\"r\",\"from_seq\":7,\"to_seq\":90}"};
    for (gsize i = 0; i < G_N_ELEMENTS(voids); i++) {
        struct game game = started(model);
        play(&game, happenings, 0, happenings->len / 2);
        gint64 first = tell(&game, "score.voided", NULL, "game", voids[i]);
        play(&game, happenings, happenings->len / 2, happenings->len);
        g_autofree char *back =
                g_strdup_printf("{\"reason\":\"r\",\"seq\":%" G_GINT64_FORMAT "}", first);
        tell(&game, "score.voided", NULL, "game", back);
        g_autofree char *restored = teams_of(&game);
        struct game plain = started(model);
        play(&plain, happenings, 0, happenings->len);
        g_autofree char *wanted = teams_of(&plain);
        score_free(game.score);
        score_free(plain.score);
        if (strcmp(restored, wanted) != 0) {
            fail_msg("%s, %s:\n%s\n%s", model, voids[i], restored, wanted);
        }
    }
}

static void what_is_voided_and_taken_back_was_never_voided(void **state)
{
    (void)state;
    each(check_void);
}

static int rank_of(const struct game *game, const char *team)
{
    g_autoptr(GArray) lines = score_standings(game->score);
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        if (!strcmp(line->team, team)) {
            return line->rank;
        }
    }
    return 0;
}

/* Models whose own formula, as its source has it, lets a team rise by switching a service off:
 *
 *   ictf2017          what a switched-off service owns goes to all others instead of to those who
 *                     exploit it, so a rival among these gets less (its known flaw, as it was run)
 *   legitbs           the same, once the pile is too small for what it owes: it goes to the house
 *   saarctf           a flag of a team that stands lower pays its captor less
 *   ecsc2025, atklab2 who holds out, and who attacks, shares out as much as there are live teams; a
 *                     team that is off is none of them, so a rival gets less
 *   ructf             the same as saarctf, and a team that stands lower is paid more by others: alone
 *                     among all models, its own points may become more
 *
 * Everywhere else it is a mistake; and but for ructf nobody's own points ever become more by it. */
static bool may_rise(const char *model)
{
    static const char *const models[] = {
            "ictf2017", "legitbs", "saarctf", "ecsc2025", "atklab2", "ructf", NULL};
    return g_strv_contains(models, model);
}

static bool may_gain(const char *model)
{
    return !strcmp(model, "ructf");
}

/* Off in the rounds [from, to). */
static struct game played_off(const char *model, const GPtrArray *happenings, guint from, guint to)
{
    struct game off = started(model);
    guint length = MAX(happenings->len / 10, 1);
    for (guint i = 0; i < happenings->len; i++) {
        const struct happening *h = g_ptr_array_index(happenings, i);
        bool own = g_str_has_prefix(h->kind, "check.") && !strcmp(h->team, "t1") &&
                   i / length >= from && i / length < to;
        at(&off, h->at_us, own ? "check.down" : h->kind, h->team, h->subject, h->body);
    }
    return off;
}

static void check_off(const char *model, const GPtrArray *happenings)
{
    static const guint spans[][2] = {
            {0, 10}, {0, 1}, {0, 4}, {2, 3}, {3, 7}, {5, 6}, {6, 7}, {7, 8}, {6, 10}};
    struct game up = started(model);
    play(&up, happenings, 0, happenings->len);
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++) {
        struct game off = played_off(model, happenings, spans[i][0], spans[i][1]);
        int was = rank_of(&up, "t1");
        int is = rank_of(&off, "t1");
        double had = column(&up, "t1", "total");
        double has = column(&off, "t1", "total");
        score_free(off.score);
        if ((is < was && !may_rise(model)) || (has > had + 1e-9 && !may_gain(model))) {
            fail_msg("%s, off in rounds [%u, %u): rank %d and %.9g when up, %d and %.9g when off",
                    model, spans[i][0], spans[i][1], was, had, is, has);
        }
    }
    score_free(up.score);
}

static void switching_a_service_off_never_raises_a_rank(void **state)
{
    (void)state;
    each(check_off);
}

/* Models in which the order within a tick decides, as their summaries or rules say. */
static bool asks_for_order(const char *model)
{
    static const char *const ordered[] = {"forcad", /* points move at once */
            "ructf", "saarctf",                     /* … by the standings, by captures so far */
            "legitbs",                              /* what is left moves */
            "jeopardy",                             /* first bloods */
            "training_level", "icpc",               /* hints, rejections before the solving */
            "question_weights", "grades", "objective_threshold", "hardening", /* the last counts */
            "bonus_rank",                                                     /* who was first */
            "detection", /* a report of what has not begun is of nothing */
            "custom",    /* … and the one that is tried here: runs of looks */
            NULL};
    return g_strv_contains(ordered, model);
}

/* Each round turned round, but what closes it. */
static void check_order(const char *model, const GPtrArray *happenings)
{
    if (asks_for_order(model)) {
        return;
    }
    struct game one = started(model);
    struct game other = started(model);
    play(&one, happenings, 0, happenings->len);
    guint length = happenings->len / 10;
    for (guint round = 0; round < 10; round++) {
        for (guint i = length - 1; i > 0; i--) {
            play(&other, happenings, round * length + i - 1, round * length + i);
        }
        play(&other, happenings, round * length + length - 1, round * length + length);
    }
    for (int team = 1; team <= TEAMS; team++) {
        g_autofree char *id = g_strdup_printf("t%d", team);
        double a = column(&one, id, "total");
        double b = column(&other, id, "total");
        if (!(fabs(a - b) <= 1e-9 * MAX(1, fabs(a)))) {
            fail_msg("%s: %s has %.17g in one order, %.17g in another", model, id, a, b);
        }
    }
    score_free(one.score);
    score_free(other.score);
}

static void order_within_a_tick_matters_only_where_the_model_says_so(void **state)
{
    (void)state;
    each(check_order);
}

int main(void)
{
    script_provide_score_rules();
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_replay_of_any_prefix_is_the_live_board),
            cmocka_unit_test(what_is_voided_and_taken_back_was_never_voided),
            cmocka_unit_test(switching_a_service_off_never_raises_a_rank),
            cmocka_unit_test(order_within_a_tick_matters_only_where_the_model_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
