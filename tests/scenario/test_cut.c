/* test_cut.c - verdicts of attacks that their limit cut off, on the simulated world. */
#include "scenario/rehearsal.h"

struct cut {
    struct rehearsal r;
    bool hangs, enters, counts;
    int tries;
    int never; /* commands that were begun after the limit */
};

/* A command that takes longer than its step's limit, and ends. */
static gboolean take_time(gpointer data)
{
    clock_advance(((struct cut *)data)->r.clock, 6 * G_USEC_PER_SEC);
    return G_SOURCE_REMOVE;
}

static int on_exec(gpointer data, int machine, const char *const *argv, char **out, char **err)
{
    struct cut *c = data;
    (void)err;
    if (!strcmp(argv[0], "counter")) {
        *out = g_strdup_printf("packets %d\n", c->counts ? c->tries : 0);
        return 0;
    }
    const char *command = argv[4]; /* ip netns exec blue1 COMMAND … */
    c->tries++;
    c->never += !strcmp(command, "never");
    g_autoptr(GString) log = g_string_new(NULL);
    for (int i = 0; i < c->tries; i++) {
        g_string_append_printf(log, "try %d: denied\n", i);
    }
    world_sim_write(
            c->r.world, plan_machine_index(c->r.plan, "blue1/web"), "/var/log/auth.log", log->str);
    if (c->enters) {
        world_sim_write(c->r.world, machine, "/root/in", "yes\n");
    }
    if (!strcmp(command, "slow")) {
        g_idle_add_full(G_PRIORITY_HIGH, take_time, c, NULL);
        return 0;
    }
    return c->hangs ? -1 : 0;
}

static enum world_status on_probe(
        gpointer data, int team, const struct plan_probe *probe, char **detail, double *value)
{
    (void)data;
    (void)team;
    (void)value;
    *detail = g_strdup(probe->port == 81 ? "refused" : "connected");
    return probe->port == 81 ? WORLD_DOWN : WORLD_OK;
}

static gint64 on_counter(gpointer data, int gate, const char *rule)
{
    const struct cut *c = data;
    (void)gate;
    return c->counts && !strcmp(rule, "no-way") ? c->tries : 0;
}

static void run_all(struct cut *c)
{
    const struct world_sim_hooks hooks = {
            .data = c, .exec = on_exec, .probe = on_probe, .counter = on_counter};
    rehearsal_open(&c->r, SANDTABLE_SOURCE_DIR "/tests/scenario/cut", &hooks);
    rehearsal_advance(&c->r, 125 * G_USEC_PER_SEC);
}

/* Its reason, the caller's. */
static char *expect(const struct cut *c, const char *step, const char *verdict)
{
    auto_json body = rehearsal_last(&c->r, "step.verdict", "blue1", step);
    if (strcmp(json_string(body, "verdict", "none"), verdict) != 0) {
        g_autofree char *text = json_text(body);
        fail_msg("%s: wanted %s, got %s", step, verdict, text);
    }
    return g_strdup(json_string(body, "reason", ""));
}

static void expect_each(const struct cut *c, const char *verdict, const char *const *steps)
{
    for (; *steps; steps++) {
        g_free(expect(c, *steps, verdict));
    }
}
#define EXPECT_EACH(c, verdict, ...)                                                               \
    expect_each(c, verdict, (const char *const[]){__VA_ARGS__, NULL})

static void a_cut_attack_is_not_blocked_by_what_its_first_tries_left(void **state)
{
    (void)state;
    struct cut c = {.hangs = true};
    run_all(&c);
    EXPECT_EACH(&c, "inert", "line", "lines", "either", "both", "number", "silent", "bare");
    g_autofree char *reason = expect(&c, "line", "inert");
    assert_non_null(strstr(reason, "cut off by the limit of 5 s"));
    assert_non_null(strstr(reason, "denied"));
    rehearsal_close(&c.r);
}

static void a_cut_attack_is_blocked_by_dropped_packets_and_closed_ports(void **state)
{
    (void)state;
    struct cut c = {.hangs = true, .counts = true};
    run_all(&c);
    EXPECT_EACH(&c, "blocked", "number", "rule", "both", "closed");
    g_autofree char *reason = expect(&c, "either", "blocked"); /* the log is looked at first */
    assert_non_null(strstr(reason, "counter went from"));
    EXPECT_EACH(&c, "inert", "line", "lines", "silent");
    rehearsal_close(&c.r);
}

static void a_cut_attack_that_was_in_has_its_effect(void **state)
{
    (void)state;
    struct cut c = {.hangs = true, .enters = true, .counts = true};
    run_all(&c);
    EXPECT_EACH(&c, "effect", "line", "number", "rule", "either", "both", "closed", "bare", "late");
    rehearsal_close(&c.r);
}

static void an_attack_that_ended_is_blocked_by_a_line_in_a_log(void **state)
{
    (void)state;
    struct cut c = {0};
    run_all(&c);
    EXPECT_EACH(&c, "blocked", "line", "lines", "either", "closed", "silent");
    g_autofree char *reason = expect(&c, "number", "inert");
    assert_null(strstr(reason, "cut off"));
    rehearsal_close(&c.r);
}

static void commands_that_the_limit_left_no_time_for_are_cut_off_too(void **state)
{
    (void)state;
    struct cut c = {0};
    run_all(&c);
    g_autofree char *reason = expect(&c, "late", "inert");
    assert_non_null(strstr(reason, "cut off"));
    assert_int_equal(c.never, 0);
    rehearsal_close(&c.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_cut_attack_is_not_blocked_by_what_its_first_tries_left),
            cmocka_unit_test(a_cut_attack_is_blocked_by_dropped_packets_and_closed_ports),
            cmocka_unit_test(a_cut_attack_that_was_in_has_its_effect),
            cmocka_unit_test(an_attack_that_ended_is_blocked_by_a_line_in_a_log),
            cmocka_unit_test(commands_that_the_limit_left_no_time_for_are_cut_off_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
