/* test_checkpoint.c - one team reset and put back while the other's checks stay green. */
#include "system/system.h"

#include <sys/stat.h>

#define RESETS_MIN 2 /* on a host where each takes long */
#define RESETS 20
#define RESETS_S 30 /* `./dev soak checkpoint` does them all */
#define CUT_LIMIT_US (30 * (gint64)G_USEC_PER_SEC)
#define CHECK_EVERY_US (5 * G_USEC_PER_SEC)

static char *name, *log_file;
static GPid engine;

static void ended(const char *what)
{
    g_autofree char *text = read_all(log_file);
    fail_msg("%s:\n%s", what, text);
}

/* The program's event as JSON; the caller's. */
static cJSON *event_by(const char *const *arguments)
{
    auto_outcome outcome = call(arguments);
    if (outcome.status != 0) {
        ended(outcome.err);
    }
    cJSON *event = cJSON_Parse(outcome.out);
    assert_non_null(event);
    return event;
}
#define EVENT_BY(...) event_by((const char *const[]){__VA_ARGS__, NULL})

static void shell(const char *machine, const char *script, const char *wanted)
{
    auto_outcome outcome = CALL("exec", name, machine, "--", "sh", "-c", script);
    if (outcome.status != 0 || strcmp(outcome.out, wanted) != 0) {
        fail_msg("%s: %s: %d, %s%s", machine, script, outcome.status, outcome.out, outcome.err);
    }
}

static const cJSON *body_of(const cJSON *event)
{
    return json_object(event, "body");
}

static int set_up(void **state)
{
    (void)state;
    name = g_strdup_printf("checkpoint-%d", getpid());
    log_file = g_strdup_printf("/tmp/st-%s.log", name);
    engine = START(
            log_file, "run", TESTS_DIR "/system/two-machines", "--name", name, "--accel", "tcg");
    wait_state(name, "running", 300, log_file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    auto_outcome down = CALL("down", name);
    unlink(log_file);
    g_free(name);
    g_free(log_file);
    return down.status;
}

static void a_checkpoint_stops_the_machines_for_less_than_half_a_second(void **state)
{
    (void)state;
    shell("blue1/web", "echo before >/root/mark", "");
    auto_json taken = EVENT_BY("checkpoint", name, "calm", "--json");
    assert_string_equal(json_string(taken, "kind", ""), "checkpoint.taken");
    gint64 stood_us = json_int(body_of(taken), "stood_us", -1);
    print_message("stood still for %.3f s, %.1f MB\n", (double)stood_us / 1e6,
            json_number(body_of(taken), "bytes", 0) / 1e6);
    assert_true(stood_us > 0 && stood_us < G_USEC_PER_SEC / 2);
    assert_int_equal(cJSON_GetArraySize(json_array(body_of(taken), "machines")), 2);
    shell("blue1/web", "cat /root/mark", "before\n");
}

static void a_restored_team_is_as_it_was_and_knows_what_time_it_is(void **state)
{
    (void)state;
    shell("blue1/web", "echo after >/root/mark; rm -rf /var/www", "");
    shell("blue2/web", "echo mine >/root/mark", "");
    auto_json restored = EVENT_BY("restore", name, "calm", "--team", "blue1", "--json");
    assert_string_equal(json_string(restored, "kind", ""), "checkpoint.restored");
    print_message("restored in %.2f s\n", json_number(body_of(restored), "took_ms", 0) / 1000);
    shell("blue1/web", "cat /root/mark; ls -d /var/www", "before\n/var/www\n");
    shell("blue2/web", "cat /root/mark", "mine\n");
    auto_outcome clock = CALL("exec", name, "blue1/web", "--", "date", "+%s");
    gint64 off = g_get_real_time() / G_USEC_PER_SEC - g_ascii_strtoll(clock.out, NULL, 10);
    assert_true(off >= -2 && off <= 10);
}

/* A guest whose memory was saved while it changed unnoticed breaks in its kernel, soon. */
static void a_machine_saved_at_work_works_on(void **state)
{
    (void)state;
    shell("blue1/web",
            "(while :; do date >>/run/busy; md5sum /run/busy >/run/sum; done) >/dev/null 2>&1 & "
            "exit 0",
            "");
    G_GNUC_UNUSED auto_json taken =
            EVENT_BY("checkpoint", name, "work", "--team", "blue1", "--json");
    for (int i = 0; i < 2; i++) {
        G_GNUC_UNUSED auto_json restored = EVENT_BY("restore", name, "work", "--json");
        shell("blue1/web", "dmesg | grep -cE 'BUG:|Oops:|Kernel panic' || true", "0\n");
    }
    auto_outcome removed = CALL("checkpoint", name, "work", "--remove");
    assert_int_equal(removed.status, 0);
}

static void a_damaged_checkpoint_is_named_and_the_machines_run_on(void **state)
{
    (void)state;
    auto_outcome listed = CALL("checkpoints", name, "--json");
    auto_json list = cJSON_Parse(listed.out);
    const cJSON *calm = cJSON_GetArrayItem(json_array(list, "checkpoints"), 0);
    g_autofree char *file = g_build_filename(json_string(calm, "path", ""), "m1.ram", NULL);
    assert_int_equal(truncate(file, 1000000), 0);
    auto_outcome refused = CALL("restore", name, "calm");
    assert_int_equal(refused.status, 4);
    assert_non_null(strstr(refused.err, "m1.ram is damaged"));
    shell("blue1/web", "cat /root/mark", "before\n");
    shell("blue2/web", "cat /root/mark", "mine\n");
    auto_outcome removed = CALL("checkpoint", name, "calm", "--remove");
    assert_int_equal(removed.status, 0);
    gint64 limit = g_get_monotonic_time() + 30 * (gint64)G_USEC_PER_SEC;
    while (access(file, F_OK) == 0 && g_get_monotonic_time() < limit) {
        g_usleep(20000); /* between looks: a thread removes it */
    }
    assert_int_equal(access(file, F_OK), -1);
}

static int checks_of(const char *team)
{
    auto_json events = events_of(name);
    int n = 0;
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        n += g_str_has_prefix(json_string(event, "kind", ""), "check.") &&
             !strcmp(json_string(event, "team", ""), team);
    }
    return n;
}

static void wait_checks(const char *team, int wanted, int limit_s)
{
    gint64 limit = g_get_monotonic_time() + (gint64)limit_s * G_USEC_PER_SEC;
    while (checks_of(team) < wanted) {
        if (g_get_monotonic_time() > limit) {
            ended("the checks do not go on");
        }
        g_usleep(200000); /* between looks */
    }
}

static void resets_of_one_team_leave_no_gap_in_the_checks_of_the_other(void **state)
{
    (void)state;
    auto_json before = events_of(name); /* blue1 had a busy machine */
    gint64 first = cJSON_GetArraySize(before);
    gint64 from = g_get_monotonic_time();
    gint64 limit = g_getenv("SANDTABLE_SOAK") ? G_MAXINT64 : from + RESETS_S * G_USEC_PER_SEC;
    int resets = 0;
    while (resets < RESETS_MIN || (resets < RESETS && g_get_monotonic_time() < limit)) {
        auto_json done = EVENT_BY("reset", name, "blue1", "--json");
        assert_string_equal(json_string(body_of(done), "state", ""), "done");
        resets++;
    }
    print_message("%d resets, %.2f s each\n", resets,
            (double)(g_get_monotonic_time() - from) / 1e6 / resets);
    shell("blue1/web", "ls /root/mark 2>/dev/null | wc -l", "0\n");
    shell("blue2/web", "cat /root/mark", "mine\n");

    /* resets can be over before the other team was looked at three times */
    wait_checks("blue2", 3, 60);
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    gint64 last_round = 0;
    gint64 last_us = -1;
    cJSON_ArrayForEach(event, events)
    {
        const char *kind = json_string(event, "kind", "");
        bool other = !strcmp(json_string(event, "team", ""), "blue2");
        if (!g_str_has_prefix(kind, "check.")) {
            continue;
        }
        if (!strcmp(kind, "check.down") && (other || json_int(event, "seq", 0) > first)) {
            g_autofree char *text = cJSON_PrintUnformatted(event);
            fail_msg("a reset is nobody's failure: %s", text);
        }
        if (other) {
            assert_string_equal(kind, "check.ok");
            assert_int_equal(json_int(body_of(event), "round", 0), last_round + 1);
            last_round++;
            gint64 at_us = json_int(event, "at_us", -1);
            assert_true(last_us < 0 || at_us - last_us < 2 * CHECK_EVERY_US);
            last_us = at_us;
        }
    }
    assert_true(last_round >= 3);
}

/* The memory goes to its file inside QEMU, and QEMU lives on. */
static void a_kill_amid_a_checkpoint_does_not_hinder_the_next_one(void **state)
{
    (void)state;
    G_GNUC_UNUSED auto_json whole = EVENT_BY("checkpoint", name, "whole", "--json");
    auto_outcome listed = CALL("checkpoints", name, "--json");
    auto_json list = cJSON_Parse(listed.out);
    g_autofree char *one = g_strdup(
            json_string(cJSON_GetArrayItem(json_array(list, "checkpoints"), 0), "path", "?"));
    g_autofree char *folder = g_path_get_dirname(one);
    g_autofree char *file = g_build_filename(folder, "cut", "m1.ram", NULL);
    g_autofree char *cut_log = g_strconcat(log_file, ".cut", NULL);
    GPid asked = START(cut_log, "checkpoint", name, "cut");
    gint64 limit = g_get_monotonic_time() + CUT_LIMIT_US;
    while (access(file, F_OK) != 0 && g_get_monotonic_time() < limit) {
        g_usleep(1000);
    }
    assert_int_equal(access(file, F_OK), 0);
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    waitpid(asked, NULL, 0);
    unlink(cut_log);
    engine = START(log_file, "run", "--resume", name);
    wait_resumed(name, 120, log_file);
    G_GNUC_UNUSED auto_json again = EVENT_BY("checkpoint", name, "again", "--json");
    shell("blue1/web", "echo alive", "alive\n");
    shell("blue2/web", "cat /root/mark", "mine\n");
}

static void a_killed_engine_s_checkpoints_go_with_down(void **state)
{
    (void)state;
    G_GNUC_UNUSED auto_json taken =
            EVENT_BY("checkpoint", name, "last", "--team", "blue2", "--json");
    auto_outcome listed = CALL("checkpoints", name, "--json");
    auto_json list = cJSON_Parse(listed.out);
    const char *path =
            json_string(cJSON_GetArrayItem(json_array(list, "checkpoints"), 0), "path", "?");
    assert_int_equal(access(path, F_OK), 0);
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    auto_outcome down = CALL("down", name);
    assert_int_equal(down.status, 0);
    assert_int_equal(access(path, F_OK), -1);
    auto_outcome verify = CALL("verify", name);
    assert_int_equal(verify.status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_checkpoint_stops_the_machines_for_less_than_half_a_second),
            cmocka_unit_test(a_restored_team_is_as_it_was_and_knows_what_time_it_is),
            cmocka_unit_test(a_machine_saved_at_work_works_on),
            cmocka_unit_test(a_damaged_checkpoint_is_named_and_the_machines_run_on),
            cmocka_unit_test(resets_of_one_team_leave_no_gap_in_the_checks_of_the_other),
            cmocka_unit_test(a_kill_amid_a_checkpoint_does_not_hinder_the_next_one),
            cmocka_unit_test(a_killed_engine_s_checkpoints_go_with_down),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
