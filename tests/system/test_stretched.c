/* test_stretched.c - two exercises with a network in common: they meet there, and nowhere else. */
#include "system/system.h"

#include <sys/stat.h>

#define READY_LIMIT_S 240
#define LIMIT_S 60

static char *folder; /* of the two scenarios, and of the logs */

static struct side {
    const char *me, *checker;
    char *name, *scenario, *log;
    GPid engine;
} sides[] = {{"1", "253", NULL, NULL, NULL, 0}, {"2", "254", NULL, NULL, NULL, 0}};

/* The two differ by their addresses on the network that they share. */
static void write_scenario(struct side *side)
{
    g_autofree char *text = read_all(TESTS_DIR "/system/stretched/scenario.lua");
    g_autoptr(GString) mine = g_string_new(text);
    assert_int_equal(g_string_replace(mine, "CHECKER", side->checker, 0), 1);
    assert_int_equal(g_string_replace(mine, "ME", side->me, 0), 2);
    side->name = g_strdup_printf("test-stretched-%s-%d", side->me, getpid());
    side->scenario = g_build_filename(folder, side->name, NULL);
    side->log = g_strdup_printf("%s.log", side->scenario);
    g_autofree char *file = g_build_filename(side->scenario, "scenario.lua", NULL);
    assert_int_equal(g_mkdir_with_parents(side->scenario, 0755), 0);
    assert_true(g_file_set_contents(file, mine->str, -1, NULL));
    assert_int_equal(chmod(file, 0644), 0);
}

static int set_up(void **state)
{
    (void)state;
    folder = test_mkdtemp();
    assert_int_equal(chmod(folder, 0755), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(sides); i++) {
        write_scenario(&sides[i]);
    }
    /* the one that connects is first: the other is not there yet */
    sides[1].engine = START(sides[1].log, "run", sides[1].scenario, "--name", sides[1].name,
            "--peer", sides[0].name, "--accel", "tcg");
    sides[0].engine = START(
            sides[0].log, "run", sides[0].scenario, "--name", sides[0].name, "--accel", "tcg");
    for (gsize i = 0; i < G_N_ELEMENTS(sides); i++) {
        wait_state(sides[i].name, "running", READY_LIMIT_S, sides[i].log);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(sides); i++) {
        G_GNUC_UNUSED auto_outcome down = CALL("down", sides[i].name);
        waitpid(sides[i].engine, NULL, 0);
        g_free(sides[i].name);
        g_free(sides[i].scenario);
        g_free(sides[i].log);
    }
    test_rmtree(folder);
    return 0;
}

static bool answers(const struct side *side, const char *address)
{
    auto_outcome ping =
            CALL("exec", side->name, "blue1/box", "--", "ping", "-c", "1", "-W", "2", address);
    return ping.status == 0;
}

/* Within the limit. */
static void expect(const struct side *side, const char *address, bool reached)
{
    gint64 limit = g_get_monotonic_time() + (gint64)LIMIT_S * G_USEC_PER_SEC;
    while (answers(side, address) != reached) {
        if (g_get_monotonic_time() > limit) {
            g_autofree char *text = read_all(side->log);
            fail_msg("%s: %s is %sreached:\n%s", side->name, address, reached ? "not " : "", text);
        }
    }
}

static void machines_of_two_exercises_meet_on_the_network_that_they_share(void **state)
{
    (void)state;
    expect(&sides[0], "10.9.0.2", true);
    expect(&sides[1], "10.9.0.1", true);
}

/* Large packets, too: what the tunnel adds must not be too much. */
static void whole_frames_pass(void **state)
{
    (void)state;
    auto_outcome ping = CALL("exec", sides[0].name, "blue1/box", "--", "ping", "-c", "3", "-W", "5",
            "-M", "do", "-s", "1472", "10.9.0.2");
    if (ping.status != 0) {
        fail_msg("%s%s", ping.out, ping.err);
    }
}

/* Both have a network home with the same addresses. */
static void networks_that_are_not_shared_do_not_meet(void **state)
{
    (void)state;
    assert_true(answers(&sides[0], "10.20.1.254")); /* the checker */
    assert_false(answers(&sides[0], "10.20.1.2"));
    assert_false(answers(&sides[1], "10.20.1.1"));
}

/* A guest that forges a tunnel's packet has nobody to send it to. */
static void the_tunnels_packets_cannot_be_forged_from_a_network(void **state)
{
    (void)state;
    static const char forge[] = "ip addr add 169.254.77.2/30 dev eth0; "
                                "ping -c 2 -W 2 169.254.77.1; ip addr del 169.254.77.2/30 dev eth0";
    auto_outcome ping = CALL("exec", sides[0].name, "blue1/box", "--", "sh", "-c", forge);
    assert_non_null(strstr(ping.out, "100% packet loss"));
}

static void when_the_other_is_gone_an_alarm_says_so(void **state)
{
    (void)state;
    auto_outcome down = CALL("down", sides[0].name);
    assert_int_equal(down.status, 0);
    gint64 limit = g_get_monotonic_time() + (gint64)LIMIT_S * G_USEC_PER_SEC;
    for (bool said = false; !said;) {
        assert_true(g_get_monotonic_time() < limit);
        auto_outcome events = CALL("events", sides[1].name, "--json");
        said = strstr(events.out, "peer-lost") != NULL;
    }
    expect(&sides[1], "10.9.0.1", false);
    auto_json status = status_of(sides[1].name);
    assert_string_equal(json_string(status, "state", ""), "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(machines_of_two_exercises_meet_on_the_network_that_they_share),
            cmocka_unit_test(whole_frames_pass),
            cmocka_unit_test(networks_that_are_not_shared_do_not_meet),
            cmocka_unit_test(the_tunnels_packets_cannot_be_forged_from_a_network),
            cmocka_unit_test(when_the_other_is_gone_an_alarm_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
