/* test_first_drill.c - the first drill on real machines, from its start to its proof. */
#include "system/system.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define READY_LIMIT_S 600

struct drill {
    char *name, *log;
    GPid pid;
    int listener, port; /* a service on every address of the host */
    cJSON *events;
};

static struct drill drill;

/* ---- while it runs ------------------------------------------------------------------------- */

static void it_gets_ready_and_runs(void **state)
{
    (void)state;
    drill.pid = START(drill.log, "run", SANDTABLE_SOURCE_DIR "/scenarios/first-drill", "--name",
            drill.name, "--accel", "tcg");
    wait_state(drill.name, "running", READY_LIMIT_S, drill.log);
    auto_json status = status_of(drill.name);
    const cJSON *machine = NULL;
    int ready = 0;
    cJSON_ArrayForEach(machine, json_array(status, "machines"))
    {
        ready += !strcmp(json_string(machine, "state", ""), "ready");
    }
    assert_int_equal(ready, 7);
}

static char *guest(const char *machine, const char *command, int *ret_status)
{
    struct outcome outcome =
            CALL("exec", drill.name, machine, "--timeout", "60", "--", "bash", "-c", command);
    *ret_status = outcome.status;
    g_free(outcome.err);
    return outcome.out;
}

static void assert_guest(const char *machine, const char *command, bool succeeds)
{
    int status = 0;
    g_autofree char *out = guest(machine, command, &status);
    if ((status == 0) != succeeds) {
        fail_msg("%s: `%s` exited with %d: %s", machine, command, status, out);
    }
}

static void machines_are_what_the_scenario_says(void **state)
{
    (void)state;
    assert_guest("blue1/web", "test $(hostname) = web", true);
    assert_guest("blue1/web", "grep -q 'gate' /etc/hosts && ping -c1 -W5 gate", true);
    assert_guest("blue1/gate", "timeout 10 bash -c '</dev/tcp/10.20.2.10/502'", true);
    assert_guest("attacker", "ip netns exec blue2 ping -c1 -W5 web", true);
}

/* Counted ticks get lost on a busy host, and what a guest writes down is evidence. */
static void clocks_of_machines_do_not_count_ticks(void **state)
{
    (void)state;
    static const char *const machines[] = {"blue1/plc", "blue2/web", "attacker"};
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
        assert_guest(machines[i],
                "grep -Ex 'tsc|kvm-clock|acpi_pm' "
                "/sys/devices/system/clocksource/clocksource0/current_clocksource",
                true);
    }
}

static void qemu_is_not_root_has_no_capabilities_and_its_seccomp_filter(void **state)
{
    (void)state;
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *entry = NULL;
    int seen = 0;
    while ((entry = g_dir_read_name(proc))) {
        g_autofree char *line_path = g_strdup_printf("/proc/%s/cmdline", entry);
        g_autofree char *status_path = g_strdup_printf("/proc/%s/status", entry);
        g_autofree char *line = read_all(line_path);
        if (!g_ascii_isdigit(*entry) || !strstr(line, "qemu-system")) {
            continue;
        }
        g_autofree char *text = read_all(status_path);
        assert_null(strstr(text, "Uid:\t0\t"));
        assert_non_null(strstr(text, "CapEff:\t0000000000000000"));
        assert_non_null(strstr(text, "\nSeccomp:\t2\n"));
        assert_non_null(strstr(text, "\nNoNewPrivs:\t1\n"));
        seen++;
    }
    assert_true(seen >= 7);
}

/* Every IPv4 address of the host, its gateways, and well-known addresses outside. */
static GPtrArray *outside_addresses(void)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
    const char *const commands[] = {
            "ip -4 -o addr show | awk '{ sub(\"/.*\", \"\", $4); print $4 }'",
            "ip -4 route show | awk '$2 == \"via\" { print $3 }'",
            "echo 169.254.169.254; echo 8.8.8.8; echo 1.1.1.1",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        const char *const argv[] = {"sh", "-c", commands[i], NULL};
        g_autofree char *out = NULL;
        g_spawn_sync(
                NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, NULL);
        g_auto(GStrv) lines = g_strsplit(out ? out : "", "\n", -1);
        for (char **line = lines; *line; line++) {
            if (**line) {
                g_ptr_array_add(addresses, g_strdup(*line));
            }
        }
    }
    assert_true(addresses->len >= 4);
    return addresses;
}

static void the_host_does_not_exist_for_a_machine(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) addresses = outside_addresses();
    GString *tries = g_string_new("reached=; ");
    for (guint i = 0; i < addresses->len; i++) {
        const char *address = g_ptr_array_index(addresses, i);
        if (!strcmp(address, "127.0.0.1")) {
            /* the guest's own loopback: the host's service must not be there */
            g_string_append_printf(tries,
                    "timeout 5 bash -c '</dev/tcp/127.0.0.1/%d' 2>/dev/null && reached=lo; ",
                    drill.port);
            continue;
        }
        g_string_append_printf(tries,
                "(timeout 5 bash -c '</dev/tcp/%s/%d' 2>/dev/null || ping -c1 -W4 %s "
                ">/dev/null 2>&1) && reached=\"$reached %s\"; ",
                address, drill.port, address, address);
    }
    g_string_append(tries, "test -z \"$reached\" || { echo reached $reached; exit 1; }");
    assert_guest("blue1/web", tries->str, true);
    g_autofree char *inside = g_strdup_printf(
            "ip netns exec blue1 bash -c '%s'", "ip route get 8.8.8.8 && ping -c1 -W4 8.8.8.8");
    assert_guest("attacker", inside, false);
    g_string_free(tries, TRUE);
}

/* Equal addresses, other wires: not even a frame for the other team's card arrives. */
static void teams_do_not_see_each_other(void **state)
{
    (void)state;
    int status = 0;
    assert_guest("blue2/gate", "echo south > /tmp/mark; ip link", true);
    g_autofree char *mac = guest("blue2/web", "cat /sys/class/net/eth0/address", &status);
    g_strstrip(mac);
    assert_int_equal(status, 0);
    g_autofree char *own = guest("blue1/web", "cat /sys/class/net/eth0/address", &status);
    g_strstrip(own);
    assert_string_not_equal(mac, own);
    g_autofree char *reach = g_strdup_printf(
            "ip neigh replace 10.20.1.77 lladdr %s dev eth0 && ping -c2 -W4 10.20.1.77", mac);
    assert_guest("blue1/gate", reach, false);
    g_autofree char *arp = guest("blue1/gate", "ip neigh | grep -c REACHABLE; ip neigh", &status);
    assert_null(strstr(arp, mac) && strstr(arp, "REACHABLE 10.20.1.77") ? arp : NULL);
    /* the shared attacker cannot forward from one team's space to the other's */
    assert_guest("attacker",
            "test \"$(ip netns exec blue1 ip -4 -o addr | grep -c 10.20.1.66)\" = 1", true);
}

static void a_pause_stops_the_clock_and_the_machines(void **state)
{
    (void)state;
    auto_outcome paused = CALL("pause", drill.name);
    assert_int_equal(paused.status, 0);
    wait_state(drill.name, "paused", 60, drill.log);
    auto_json before = status_of(drill.name);
    auto_outcome refused = CALL("exec", drill.name, "blue1/web", "--", "true");
    assert_int_not_equal(refused.status, 0);
    auto_json after = status_of(drill.name);
    assert_int_equal(json_int(before, "at_us", -1), json_int(after, "at_us", -2));
    auto_outcome resumed = CALL("resume", drill.name);
    assert_int_equal(resumed.status, 0);
    wait_state(drill.name, "running", 60, drill.log);
    assert_guest("blue1/web", "true", true);
}

/* ---- afterwards ---------------------------------------------------------------------------- */

static void it_ends_by_itself_and_leaves_only_the_ledger(void **state)
{
    (void)state;
    assert_int_equal(finish(drill.pid, 900, drill.log), 0);
    drill.pid = 0;
    g_autofree char *root = g_strdup_printf("%s.d", drill.name);
    assert_int_equal(processes_with(root), 0);
    drill.events = events_of(drill.name);
}

static const cJSON *verdict(const char *team, const char *step)
{
    const cJSON *found = NULL;
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, drill.events)
    {
        if (!strcmp(json_string(event, "kind", ""), "step.verdict") &&
                !strcmp(json_string(event, "team", ""), team) &&
                !strcmp(json_string(event, "subject", ""), step)) {
            found = json_object(event, "body");
        }
    }
    return found;
}

static void assert_verdict(const char *team, const char *step, const char *wanted)
{
    const cJSON *body = verdict(team, step);
    if (strcmp(json_string(body, "verdict", "none"), wanted) != 0) {
        g_autofree char *text = json_text(body);
        fail_msg("%s %s: wanted %s: %s", team, step, wanted, text);
    }
    const cJSON *evidence = json_object(body, "evidence");
    const char *part = !strcmp(wanted, "blocked")   ? "blocked_by"
                       : !strcmp(wanted, "skipped") ? "needs"
                                                    : "effect";
    assert_true(strlen(json_string(json_object(evidence, part), "why", "")) > 10);
}

static void the_hardened_team_blocks_and_the_other_does_not(void **state)
{
    (void)state;
    assert_verdict("blue1", "recon", "effect");
    assert_verdict("blue1", "guess", "blocked");
    assert_verdict("blue1", "login", "blocked");
    assert_verdict("blue1", "deface", "skipped");
    assert_verdict("blue1", "setpoint", "blocked");
    static const char *const steps[] = {"recon", "guess", "login", "deface", "setpoint"};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        assert_verdict("blue2", steps[i], "effect");
    }
}

static void an_undone_step_is_undone(void **state)
{
    (void)state;
    const char *last = "";
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, drill.events)
    {
        if (!strcmp(json_string(event, "kind", ""), "step.state") &&
                !strcmp(json_string(event, "team", ""), "blue2") &&
                !strcmp(json_string(event, "subject", ""), "setpoint")) {
            last = json_string(json_object(event, "body"), "state", "");
        }
    }
    assert_string_equal(last, "undone");
}

static void every_total_is_the_sum_of_its_explained_terms(void **state)
{
    (void)state;
    auto_outcome outcome = CALL("score", drill.name, "--json");
    assert_int_equal(outcome.status, 0);
    auto_json score = cJSON_Parse(outcome.out);
    gint64 total[3] = {0};
    int n = 0;
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        gint64 sum = 0;
        const cJSON *term = NULL;
        cJSON_ArrayForEach(term, json_array(team, "explain"))
        {
            sum += json_int(term, "points", 0);
            assert_true(json_int(term, "seq", 0) > 0);
        }
        assert_int_equal(sum, json_int(team, "total", -1));
        const char *id = json_string(team, "team", "");
        total[!strcmp(id, "blue1") ? 1 : !strcmp(id, "blue2") ? 2 : 0] = sum;
        n++;
    }
    assert_int_equal(n, 3);
    assert_true(total[1] > total[2]);
}

static void the_ledger_verifies_and_one_flipped_byte_is_named(void **state)
{
    (void)state;
    auto_outcome good = CALL("verify", drill.name);
    assert_int_equal(good.status, 0);
    auto_json status = status_of(drill.name);
    const char *path = json_string(status, "ledger", "");
    char *bytes = NULL;
    gsize length = 0;
    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    char *hit = memmem(bytes, length, "Harbour North has changed", 25);
    assert_non_null(hit);
    *hit ^= 0x20;
    char *dir = test_mkdtemp();
    assert_int_equal(g_chmod(dir, 0755), 0);
    g_autofree char *copy = g_build_filename(dir, "copy.ledger", NULL);
    assert_true(g_file_set_contents(copy, bytes, (gssize)length, NULL));
    assert_int_equal(g_chmod(copy, 0644), 0);
    auto_outcome bad = CALL("verify", copy);
    assert_int_equal(bad.status, 1);
    g_autofree char *all = g_strconcat(bad.out, bad.err, NULL);
    assert_non_null(strstr(all, "row "));
    g_free(bytes);
    test_rmtree(dir);
}

static void the_report_lies_beside_the_ledger_when_it_is_over(void **state)
{
    (void)state;
    auto_json status = status_of(drill.name);
    const char *ledger = json_string(status, "ledger", "");
    assert_true(g_str_has_suffix(ledger, ".ledger"));
    g_autofree char *stem = g_strndup(ledger, strlen(ledger) - strlen(".ledger"));
    g_autofree char *path = g_strconcat(stem, ".html", NULL);
    g_autofree char *html = NULL;
    assert_true(g_file_get_contents(path, &html, NULL, NULL));
    assert_non_null(strstr(html, "Harbour South"));
    assert_null(strstr(html, "<script"));
    auto_outcome again = CALL("report", drill.name, "--out", "-", "--lang", "en");
    assert_int_equal(again.status, 0);
    assert_non_null(strstr(again.out, "Harbour South"));
    auto_outcome stix = CALL("export", drill.name, "--format", "stix");
    assert_int_equal(stix.status, 0);
    assert_non_null(strstr(stix.out, "T1110.001"));
    auto_outcome blue = CALL("siem", drill.name, "--team", "blue1");
    assert_int_equal(blue.status, 0);
    assert_null(strstr(blue.out, "T1110.001"));
    assert_non_null(strstr(blue.out, "GET / HTTP/1.")); /* the web server's own log */
}

/* ---- around it ----------------------------------------------------------------------------- */

static int begin(void **state)
{
    (void)state;
    auto_outcome doctor = CALL("doctor", "--json");
    if (doctor.status != 0) {
        print_message("skipped: sandtable doctor says no exercise can run here\n%s\n", doctor.out);
        exit(77);
    }
    drill.name = g_strdup_printf("test-drill-%d", getpid());
    drill.log = g_strdup_printf("/tmp/st-%s.log", drill.name);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t length = sizeof(any);
    drill.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (drill.listener < 0 || bind(drill.listener, (struct sockaddr *)&any, sizeof(any)) != 0 ||
            listen(drill.listener, 8) != 0 ||
            getsockname(drill.listener, (struct sockaddr *)&any, &length) != 0) {
        return -1;
    }
    drill.port = ntohs(any.sin_port);
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (drill.pid) {
        auto_outcome down = CALL("down", drill.name);
        print_message("%s", down.err);
    }
    close(drill.listener);
    unlink(drill.log);
    cJSON_Delete(drill.events);
    g_free(drill.name);
    g_free(drill.log);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(it_gets_ready_and_runs),
            cmocka_unit_test(machines_are_what_the_scenario_says),
            cmocka_unit_test(clocks_of_machines_do_not_count_ticks),
            cmocka_unit_test(qemu_is_not_root_has_no_capabilities_and_its_seccomp_filter),
            cmocka_unit_test(the_host_does_not_exist_for_a_machine),
            cmocka_unit_test(teams_do_not_see_each_other),
            cmocka_unit_test(a_pause_stops_the_clock_and_the_machines),
            cmocka_unit_test(it_ends_by_itself_and_leaves_only_the_ledger),
            cmocka_unit_test(the_hardened_team_blocks_and_the_other_does_not),
            cmocka_unit_test(an_undone_step_is_undone),
            cmocka_unit_test(every_total_is_the_sum_of_its_explained_terms),
            cmocka_unit_test(the_ledger_verifies_and_one_flipped_byte_is_named),
            cmocka_unit_test(the_report_lies_beside_the_ledger_when_it_is_over),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
