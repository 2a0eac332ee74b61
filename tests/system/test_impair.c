/* test_impair.c - the links of a real machine: a rate in each direction, no carrier, cleared. */
#include "system/system.h"

#include <math.h>

static const char *const scenario = TESTS_DIR "/system/impaired";

struct drill {
    char *name, *log;
    GPid pid;
};

static int set_up(void **state)
{
    struct drill *drill = g_new0(struct drill, 1);
    drill->name = g_strdup_printf("test-impair-%d", getpid());
    drill->log = g_strdup_printf("/tmp/st-%s.log", drill->name);
    drill->pid = START(drill->log, "run", scenario, "--name", drill->name, "--accel", "tcg");
    *state = drill;
    wait_state(drill->name, "running", 180, drill->log);
    return 0;
}

static int tear_down(void **state)
{
    struct drill *drill = *state;
    G_GNUC_UNUSED auto_outcome down = CALL("down", drill->name);
    (void)finish(drill->pid, 60, drill->log);
    unlink(drill->log);
    g_free(drill->name);
    g_free(drill->log);
    g_free(drill);
    return 0;
}

/* `impair NAME --json`: the one link there may be, or NULL. The caller's. */
static cJSON *link_of(const struct drill *drill)
{
    auto_outcome outcome = CALL("impair", drill->name, "--json");
    assert_int_equal(outcome.status, 0);
    auto_json links = cJSON_Parse(outcome.out);
    return cJSON_DetachItemFromArray(cJSON_GetObjectItem(links, "impairments"), 0);
}

/* Looks until the direction's measured rate is within a tenth of what was asked. */
static void wait_rate(const struct drill *drill, const char *direction, double bps)
{
    gint64 limit = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    double seen = 0;
    while (g_get_monotonic_time() < limit) {
        auto_json link = link_of(drill);
        const cJSON *one = json_object(link, direction);
        assert_int_equal(json_int(json_object(one, "asked"), "rate_bps", 0), (gint64)bps);
        seen = json_number(json_object(one, "achieved"), "rate_bps", 0);
        if (fabs(seen - bps) <= bps / 10) {
            assert_string_equal(json_string(one, "verdict", ""), "as-asked");
            return;
        }
        g_usleep(500000); /* between looks */
    }
    fail_msg("%s: %g bit/s were asked, %g measured", direction, bps, seen);
}

static void impair(const struct drill *drill, const char *link, const char *what, const char *more)
{
    auto_outcome outcome = CALL("impair", drill->name, link, what, more);
    if (outcome.status != 0) {
        fail_msg("%s", outcome.err);
    }
}

static void assert_carrier(const struct drill *drill, const char *wanted)
{
    auto_outcome outcome =
            CALL("exec", drill->name, "blue1/web", "--", "cat", "/sys/class/net/eth0/carrier");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(g_strstrip(outcome.out), wanted);
}

/* The status of the service that pings the machine. */
static void wait_service(const struct drill *drill, const char *wanted)
{
    gint64 limit = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    g_autofree char *is = NULL;
    while (g_strcmp0(is, wanted) != 0) {
        assert_true(g_get_monotonic_time() < limit);
        auto_json status = status_of(drill->name);
        const cJSON *service = cJSON_GetArrayItem(json_array(status, "services"), 0);
        g_free(is);
        is = g_strdup(json_string(service, "status", ""));
        g_usleep(200000); /* between looks */
    }
}

static void rates_are_kept_and_measured_in_both_directions(void **state)
{
    const struct drill *drill = *state;
    wait_rate(drill, "out", 4e6); /* the scenario's own */
    impair(drill, "web", "rate=2mbit", "direction=in");
    wait_rate(drill, "in", 2e6);
    wait_rate(drill, "out", 4e6);
    wait_service(drill, "ok");
}

static void a_link_that_is_down_has_no_carrier_until_it_is_cleared(void **state)
{
    const struct drill *drill = *state;
    assert_carrier(drill, "1");
    impair(drill, "blue1/web:office", "down", NULL);
    assert_carrier(drill, "0");
    wait_service(drill, "down");
    impair(drill, "blue1/web:office", "clear", NULL);
    assert_carrier(drill, "1");
    wait_service(drill, "ok");
    auto_json link = link_of(drill);
    assert_null(link);
}

static bool host_has_netem(void)
{
    auto_outcome outcome = CALL("doctor", "--json");
    auto_json report = cJSON_Parse(outcome.out);
    const cJSON *check = NULL;
    cJSON_ArrayForEach(check, json_array(report, "checks"))
    {
        if (!strcmp(json_string(check, "name", ""), "impairments")) {
            return !strcmp(json_string(check, "state", ""), "ok");
        }
    }
    fail_msg("the doctor says nothing of impairments: %s", outcome.out);
    return false;
}

static void what_the_kernel_cannot_is_refused_and_changes_nothing(void **state)
{
    const struct drill *drill = *state;
    if (host_has_netem()) {
        print_message("skipped: this kernel has netem\n");
        skip();
    }
    impair(drill, "web", "rate=3mbit", "direction=out");
    auto_outcome delay = CALL("impair", drill->name, "web", "delay=40ms");
    assert_int_equal(delay.status, 3);
    assert_non_null(strstr(delay.err, "sch_netem"));
    assert_non_null(strstr(delay.err, "remedy: modprobe sch_netem"));
    wait_rate(drill, "out", 3e6);
    auto_outcome run = CALL("run", TESTS_DIR "/system/impaired/delayed.lua");
    assert_int_equal(run.status, 3);
    assert_non_null(strstr(run.err, "the scenario impairs links: this host's kernel has no"));
    assert_non_null(strstr(run.err, "--without-impairments"));
    auto_outcome check = CALL("check", TESTS_DIR "/system/impaired/delayed.lua");
    assert_int_equal(check.status, 0); /* it is right, but not for this host */
    assert_non_null(strstr(check.err, "warning: the scenario impairs links"));
}

static void at_the_end_the_ledger_has_all_of_it_closed(void **state)
{
    struct drill *drill = *state;
    kill(drill->pid, SIGTERM);
    assert_int_equal(finish(drill->pid, 60, drill->log), 0);
    drill->pid = fork(); /* for the tear-down to wait for */
    if (drill->pid == 0) {
        _exit(0);
    }
    auto_json events = events_of(drill->name);
    int open = 0;
    int opened = 0;
    const cJSON *last = NULL;
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        const char *kind = json_string(event, "kind", "");
        bool is_ifb = g_str_has_prefix(json_string(event, "subject", ""), "ifb:");
        open += is_ifb && !strcmp(kind, "resource.opening");
        opened += is_ifb && !strcmp(kind, "resource.opening");
        open -= is_ifb && !strcmp(kind, "resource.closed");
        last = g_str_has_prefix(kind, "link.") ? event : last;
    }
    assert_int_equal(open, 0);
    assert_true(opened >= 2);
    assert_string_equal(json_string(last, "kind", ""), "link.cleared");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(rates_are_kept_and_measured_in_both_directions),
            cmocka_unit_test(a_link_that_is_down_has_no_carrier_until_it_is_cleared),
            cmocka_unit_test(what_the_kernel_cannot_is_refused_and_changes_nothing),
            cmocka_unit_test(at_the_end_the_ledger_has_all_of_it_closed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
