/* test_resume_net.c - rules of routers, impaired links and captures that changed in the run: an
 * engine killed at any event is resumed to the networks that there would have been.
 */
#define SCENARIO SANDTABLE_SOURCE_DIR "/tests/scenario/wired"

#include "scenario/tales.h"

#include "plan/router.h"
#include "run/run_impair.h"

#include <sys/wait.h>

/* ---- what an operator does ------------------------------------------------------------------- */

static const struct deed changes[] = {
        {5, "rule+", "blue1/fw no-web"},
        {8, "delay", "blue1/web"},
        {10, "capture", "blue1/lan"},
        {12, "loss", "blue2/web"},
        {15, "checkpoint", "one"},
        {20, "rule-", "blue1/fw no-web"},
        {22, "down", "blue1/web"},
        {24, "rule+", "blue2/fw other"},
        {30, "restore", "one"},
        {40, "no-capture", "blue1/lan"},
        {44, "capture", "blue2/lan"},
        {48, "rule+", "blue1/fw last"},
        {52, "clear", "blue2/web"},
        {56, "reset", "blue2/fw"},
        {60, "loss", "attacker"},
        {73, "look", ""},
        {0, "", NULL},
};

static char *state_path; /* where the last deed writes what it sees */

/* Every deed has a name of its own: whoever does it again for it uses that name, too. */
static bool is_first_trace(const struct event *event, const cJSON *body)
{
    static GHashTable *seen; /* of this process, which is one life */
    const char *by = json_string(body, "by", "");
    (void)event;
    seen = seen ? seen : g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return g_str_has_prefix(by, "deed-") && g_hash_table_add(seen, g_strdup(by));
}

static bool change_rule(struct life *life, const struct deed *deed, const char *who)
{
    g_auto(GStrv) words = g_strsplit(deed->inject, " ", 2);
    bool add = !strcmp(deed->action, "rule+");
    const char *const removed[] = {add ? NULL : words[1], NULL};
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func(plan_rule_free);
    if (add) {
        struct plan_rule *rule = plan_rule_new();
        rule->name = g_strdup(words[1]);
        rule->action = PLAN_RULE_DROP;
        rule->from = g_strdup("outside");
        g_ptr_array_add(rules, rule);
    }
    const struct exercise_rules asked = {
            g_steal_pointer(&rules), removed, !strcmp(words[1], "last")};
    return exercise_rules(life->r.exercise, words[0], &asked, who, NULL, NULL, NULL);
}

static bool change_link(struct life *life, const struct deed *deed, const char *who)
{
    struct plan_impair wish = {.machine = (char *)deed->inject};
    wish.both.delay_us = strcmp(deed->action, "delay") ? 0 : 40000;
    wish.both.loss_ppm = strcmp(deed->action, "loss") ? 0 : 20000;
    wish.down = !strcmp(deed->action, "down");
    wish.clear = !strcmp(deed->action, "clear");
    return exercise_impair(life->r.exercise, &wish, who, rehearsal_ignore, NULL, NULL);
}

/* ---- what there is at the end ---------------------------------------------------------------- */

struct look {
    GString *text;
    const char *router;
};

static void on_counters(
        const struct world_counter *counters, gsize n, const GError *error, gpointer data)
{
    struct look *look = data;
    g_assert_no_error(error);
    g_string_append_printf(look->text, "%s:", look->router);
    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(look->text, " %s", counters[i].rule);
    }
    g_string_append_c(look->text, '\n');
}

/* The world's own rules, not what the engine believes. */
static void look_at_routers(struct life *life, GString *text)
{
    const struct plan *plan = life->r.plan;
    for (guint i = 0; i < plan->gates->len; i++) {
        struct look look = {text, ((struct plan_gate *)plan->gates->pdata[i])->id};
        life->r.world->ops->counters(life->r.world, (int)i, on_counters, &look);
        rehearsal_settle(&life->r);
    }
}

static void look_at_links(struct life *life, GString *text)
{
    auto_json links = exercise_impairments(life->r.exercise);
    for (guint m = 0; m < life->r.plan->machines->len; m++) {
        const struct plan_machine *machine = g_ptr_array_index(life->r.plan->machines, m);
        struct plan_link_ask ask = run_link_asked(life->r.exercise, (int)m, 0);
        const struct plan_impairment *in = &ask.direction[PLAN_IN];
        g_string_append_printf(text, "%s: %d us, %d ppm%s\n", machine->id, (int)in->delay_us,
                in->loss_ppm, ask.down ? ", down" : "");
    }
    const cJSON *link = NULL;
    cJSON_ArrayForEach(link, links)
    {
        const char *is = json_string(link, "state", "");
        if (strcmp(is, "made") != 0 && strcmp(is, "down") != 0) {
            g_string_append_printf(text, "%s is %s\n", json_string(link, "link", ""), is);
        }
    }
}

static void look_at_captures(struct life *life, GString *text)
{
    auto_json captures = exercise_captures(life->r.exercise, false);
    const cJSON *capture = NULL;
    cJSON_ArrayForEach(capture, captures)
    {
        if (strcmp(json_string(capture, "state", ""), "off") != 0) {
            g_string_append_printf(text, "capture of %s: %s\n", json_string(capture, "network", ""),
                    json_string(capture, "state", ""));
        }
    }
}

static void look_at_all(struct life *life)
{
    g_autoptr(GString) text = g_string_new(NULL);
    look_at_routers(life, text);
    look_at_links(life, text);
    look_at_captures(life, text);
    g_assert_true(g_file_set_contents(state_path, text->str, -1, NULL));
}

/* ---- doing it -------------------------------------------------------------------------------- */

static bool do_change(struct life *life, const struct deed *deed)
{
    struct exercise *exercise = life->r.exercise;
    g_autofree char *who = g_strdup_printf("deed-%d", deed->at_s);
    if (g_str_has_prefix(deed->action, "rule")) {
        return change_rule(life, deed, who);
    }
    if (!strcmp(deed->action, "checkpoint")) {
        return exercise_checkpoint(exercise, deed->inject, "blue1", who, NULL);
    }
    if (!strcmp(deed->action, "restore")) { /* not when the kill came while it was being taken */
        return exercise_restore(exercise, deed->inject, NULL, who, NULL);
    }
    if (!strcmp(deed->action, "reset")) {
        return exercise_reset(exercise, deed->inject, who, NULL);
    }
    if (g_str_has_suffix(deed->action, "capture")) {
        return exercise_capture(exercise, deed->inject, *deed->action == 'c', who, NULL);
    }
    if (!strcmp(deed->action, "look")) {
        look_at_all(life);
        return false;
    }
    return change_link(life, deed, who);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static const char wanted[] = "blue1/fw: no-web out web last policy\n"
                             "blue2/fw: out web policy\n"
                             "blue1/web: 40000 us, 0 ppm\n"
                             "blue2/web: 0 us, 0 ppm\n"
                             "attacker: 0 us, 20000 ppm\n"
                             "capture of blue2/lan: on\n"
                             "capture of backbone: on\n";
/* … when there was no checkpoint to go back to. */
static const char not_restored[] = "blue1/fw: out web last policy\n"
                                   "blue2/fw: out web policy\n"
                                   "blue1/web: 40000 us, 0 ppm, down\n"
                                   "blue2/web: 0 us, 0 ppm\n"
                                   "attacker: 0 us, 20000 ppm\n"
                                   "capture of blue2/lan: on\n"
                                   "capture of backbone: on\n";

static void in_a_life(void (*live_it)(const char *, const char *, gint64, bool), const char *ledger,
        const char *score, gint64 n, bool power_cut, bool killed)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        live_it(ledger, score, n, power_cut);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    AGREE(killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                 : WIFEXITED(status) && WEXITSTATUS(status) == 0,
            "it ended with %d", status);
}

static void first(const char *ledger, const char *score, gint64 n, bool power_cut)
{
    (void)power_cut;
    first_life(ledger, score, n);
}

static void second(const char *ledger, const char *score, gint64 n, bool power_cut)
{
    (void)n;
    second_life(ledger, score, 0, power_cut);
}

static void expect_state(const char *text, gint64 n, bool power_cut)
{
    g_autofree char *found = NULL;
    assert_true(g_file_get_contents(state_path, &found, NULL, NULL));
    AGREE(!strcmp(found, text), "the networks are\n%snot\n%s", found, text);
}

/* What outlives an exercise beside its ledger. */
static void forget(const char *ledger)
{
    g_autofree char *checkpoints = paths_checkpoints(ledger);
    g_autofree char *captures =
            g_strdup_printf("%.*s.capture", (int)(strlen(ledger) - strlen(".ledger")), ledger);
    paths_remove_tree(checkpoints, NULL);
    paths_remove_tree(captures, NULL);
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *name = g_strconcat(ledger, ends[i], NULL);
        unlink(name);
    }
}

static gint64 events_of(const char *ledger)
{
    struct tale tale = read_tale(ledger);
    gint64 events = tale.events;
    tale_clear(&tale);
    return events;
}

static void kill_at(const char *dir, gint64 n, bool power_cut)
{
    g_autofree char *one = g_build_filename(dir, "first.ledger", NULL);
    g_autofree char *cut = g_build_filename(dir, "cut.ledger", NULL);
    g_autofree char *score = g_build_filename(dir, "score", NULL);
    memset(outside, 0, sizeof(*outside));
    forget(one);
    forget(cut);
    unlink(state_path);
    in_a_life(first, one, score, n, power_cut, true);
    cut_ledger(one, cut, n);
    in_a_life(second, cut, score, n, power_cut, false);
    struct tale is = read_tale(cut);
    compare_fold(cut, score, n, power_cut);
    expect_state(count(&is, "restored") ? wanted : not_restored, n, power_cut);
    AGREE(count(&is, "taken") == count(&is, "restored"), "%d taken, %d restored",
            count(&is, "taken"), count(&is, "restored"));
    AGREE(is.last_at_us == END_US, "it ends at %d ms", (int)(is.last_at_us / 1000));
    tale_clear(&is);
}

static void an_engine_killed_at_any_event_is_resumed_to_the_same_networks(void **state)
{
    (void)state;
    gint64 n = 0;
    bool power_cut = false;
    char *dir = test_mkdtemp();
    g_autofree char *whole = g_build_filename(dir, "whole.ledger", NULL);
    g_autofree char *score = g_build_filename(dir, "score", NULL);
    state_path = g_build_filename(dir, "state", NULL);
    deeds = changes;
    do_deed = do_change;
    is_deed = is_first_trace;
    in_a_life(first, whole, score, 0, power_cut, false);
    expect_state(wanted, n, power_cut);
    gint64 events = events_of(whole);
    assert_true(events > 100);
    for (n = 1; n < events; n += g_getenv("SANDTABLE_SOAK") ? 1 : 2) {
        kill_at(dir, n, (n / 2) % 2 == 0);
    }
    g_clear_pointer(&state_path, g_free);
    test_rmtree(dir);
}

int main(void)
{
    outside =
            mmap(NULL, sizeof(*outside), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outside == MAP_FAILED) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_engine_killed_at_any_event_is_resumed_to_the_same_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
