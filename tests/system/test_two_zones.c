/* test_two_zones.c - the scenario two-zones on real machines: routers, names, DHCP, IPv6, rules. */
#include "system/system.h"

static char *name; /* of the exercise */
static char *log_path;
static GPid engine;

static int setup(void **state)
{
    (void)state;
    name = g_strdup_printf("test-zones-%d", (int)getpid());
    g_autofree char *scenario =
            g_build_filename(SANDTABLE_SOURCE_DIR, "scenarios", "two-zones", NULL);
    log_path = g_strdup_printf("/tmp/st-%s.log", name);
    engine = START(log_path, "run", scenario, "--name", name);
    wait_state(name, "running", 240, log_path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    G_GNUC_UNUSED auto_outcome down = CALL("down", name);
    g_unlink(log_path);
    g_free(log_path);
    g_free(name);
    return 0;
}

/* What the command prints on machine, which ends well. */
static char *output_of(const char *machine, const char *command)
{
    auto_outcome outcome =
            CALL("exec", name, machine, "--timeout", "60", "--", "sh", "-c", command);
    if (outcome.status != 0) {
        fail_msg("%s: %s: %d\n%s%s", machine, command, outcome.status, outcome.out, outcome.err);
    }
    return g_steal_pointer(&outcome.out);
}

static void expect(const char *machine, const char *command, const char *wanted)
{
    g_autofree char *out = output_of(machine, command);
    if (!strstr(out, wanted)) {
        fail_msg("%s: %s: no \"%s\" in\n%s", machine, command, wanted, out);
    }
}

static gint64 packets_of(const char *router, const char *rule)
{
    auto_outcome outcome = CALL("rule", name, router, "list", "--json");
    assert_int_equal(outcome.status, 0);
    auto_json json = cJSON_Parse(outcome.out);
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, json_array(json, "rules"))
    {
        if (!strcmp(json_string(one, "name", ""), rule)) {
            return json_int(one, "packets", -1);
        }
    }
    return -1;
}

/* A machine with IPv6 takes another way through its identity than one without. */
static void machines_of_both_families_woke_and_did_not_boot(void **state)
{
    (void)state;
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    int ready = 0;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *body = json_object(event, "body");
        if (!strcmp(json_string(event, "kind", ""), "machine.state") &&
                !strcmp(json_string(body, "state", ""), "ready")) {
            assert_string_equal(json_string(body, "way", ""), "warm");
            ready++;
        }
    }
    assert_true(ready > 0);
}

static void machines_get_their_planned_address_and_names(void **state)
{
    (void)state;
    expect("blue2/web", "cat /run/sandtable-lease", "10.20.1.10 10.20.1.254");
    expect("blue2/web", "ip -4 addr show dev eth0", "inet 10.20.1.10/24");
    expect("blue2/web", "ip route", "default via 10.20.1.1");
    expect("blue2/web", "getent ahosts fw.range", "10.20.1.1");
    expect("blue2/web", "busybox nslookup nosuch.example.org 2>&1 || true", "NXDOMAIN");
    expect("attacker", "getent ahostsv4 web.blue1", "10.200.1.10");
    expect("attacker", "getent ahostsv4 web.blue2", "10.200.2.10");
}

static void both_families_reach_the_router(void **state)
{
    (void)state;
    expect("blue1/web", "ping -6 -c 1 -w 10 fd00:20:1::1", "1 received");
    expect("blue1/web", "ping -4 -c 1 -w 10 fw", "1 received");
}

static void equal_addresses_are_told_apart_on_the_backbone(void **state)
{
    (void)state;
    G_GNUC_UNUSED g_autofree char *mark =
            output_of("blue1/web", "echo north > /var/www/html/who; echo");
    G_GNUC_UNUSED g_autofree char *other =
            output_of("blue2/web", "echo south > /var/www/html/who; echo");
    expect("attacker", "curl -sS --max-time 30 http://10.200.2.10/who", "south");
    /* the inside address leads nowhere from there */
    expect("attacker", "curl -sS --max-time 2 http://10.20.1.10/who 2>&1 || true", "curl:");
}

static void a_rule_of_an_operator_holds_at_once_and_counts(void **state)
{
    (void)state;
    auto_outcome add = CALL("rule", name, "blue2/fw", "add", "no-ping", "action=drop",
            "from=outside", "dest=web", "proto=icmp");
    assert_int_equal(add.status, 0);
    assert_int_equal(packets_of("blue2/fw", "no-ping"), 0);
    expect("attacker", "ping -c 1 -w 2 10.200.2.10 || true", "0 received");
    assert_true(packets_of("blue2/fw", "no-ping") > 0);
    auto_outcome removed = CALL("rule", name, "blue2/fw", "del", "no-ping");
    assert_int_equal(removed.status, 0);
    expect("attacker", "ping -c 1 -w 10 10.200.2.10", "1 received");
    auto_outcome wrong = CALL("rule", name, "blue2/fw", "add", "x; flush", "action=drop");
    assert_int_equal(wrong.status, 2);
    assert_non_null(strstr(wrong.err, "use lower-case letters"));
}

/* The body of the team's verdict once it is there. */
static cJSON *verdict_of(const char *team)
{
    gint64 limit = g_get_monotonic_time() + (gint64)120 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < limit) {
        auto_json events = events_of(name);
        const cJSON *event = NULL;
        cJSON_ArrayForEach(event, events)
        {
            if (!strcmp(json_string(event, "kind", ""), "step.verdict") &&
                    !strcmp(json_string(event, "team", ""), team)) {
                return cJSON_Duplicate(json_object(event, "body"), true);
            }
        }
        g_usleep(500000); /* between looks */
    }
    g_autofree char *text = read_all(log_path);
    fail_msg("no verdict for %s:\n%s", team, text);
    return NULL;
}

static void the_routers_counter_is_the_evidence_of_a_blocked_step(void **state)
{
    (void)state;
    auto_json north = verdict_of("blue1");
    auto_json south = verdict_of("blue2");
    assert_string_equal(json_string(north, "verdict", ""), "blocked");
    assert_non_null(strstr(json_string(north, "reason", ""), "blue1/fw: rule no-web went from 0"));
    assert_string_equal(json_string(south, "verdict", ""), "effect");
}

static void kill_engine(void)
{
    auto_json status = status_of(name);
    assert_int_equal(kill((pid_t)json_int(status, "pid", 0), SIGKILL), 0);
    finish(engine, 30, log_path);
}

/* The machines were not touched, the routers were made anew. */
static void rules_changed_in_the_run_hold_after_a_resume(void **state)
{
    (void)state;
    auto_outcome add = CALL("rule", name, "blue2/fw", "add", "no-ping", "action=drop",
            "from=outside", "dest=web", "proto=icmp");
    assert_int_equal(add.status, 0);
    kill_engine();
    engine = START(log_path, "run", "--resume", name);
    wait_resumed(name, 120, log_path);
    assert_int_equal(events_with(name, "exercise.resumed"), 1);
    assert_int_equal(packets_of("blue2/fw", "no-ping"), 0);
    /* the attacker remembers the router of before: its first packets are not lost */
    expect("attacker", "ping -c 1 -w 2 10.200.2.10 || true", "0 received");
    assert_true(packets_of("blue2/fw", "no-ping") > 0);
    expect("attacker", "curl -sS --max-time 30 http://10.200.2.10/who", "south");
    auto_outcome removed = CALL("rule", name, "blue2/fw", "del", "no-ping");
    assert_int_equal(removed.status, 0);
    expect("attacker", "ping -c 1 -w 10 10.200.2.10", "1 received");
}

static void nothing_is_left_of_a_killed_engine(void **state)
{
    (void)state;
    g_autofree char *servers = g_strdup_printf("/%s.d/dns-", name);
    g_autofree char *root = g_strdup_printf("/%s.d", name);
    assert_true(processes_with(servers) >= 3);
    kill_engine();
    auto_outcome down = CALL("down", name);
    assert_int_equal(down.status, 0);
    assert_int_equal(processes_with(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(machines_of_both_families_woke_and_did_not_boot),
            cmocka_unit_test(equal_addresses_are_told_apart_on_the_backbone),
            cmocka_unit_test(machines_get_their_planned_address_and_names),
            cmocka_unit_test(both_families_reach_the_router),
            cmocka_unit_test(a_rule_of_an_operator_holds_at_once_and_counts),
            cmocka_unit_test(the_routers_counter_is_the_evidence_of_a_blocked_step),
            cmocka_unit_test(rules_changed_in_the_run_hold_after_a_resume),
            cmocka_unit_test(nothing_is_left_of_a_killed_engine),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
