/* test_kill.c - the engine killed at ten random moments: down leaves nothing, the ledger verifies.
 */
#include "system/system.h"

#define ROUNDS 10
#define LATEST_MS 25000

static void nothing_is_left_after_a_kill(void **state)
{
    (void)state;
    guint32 seed = (guint32)g_get_real_time();
    print_message("seed %u\n", seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    int alive = 0, machines = 0;
    for (int i = 0; i < ROUNDS; i++) {
        g_autofree char *name = g_strdup_printf("test-kill-%d-%d", getpid(), i);
        g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
        /* early moments are the delicate ones: half of them in the first tenth */
        int late = i % 2 ? LATEST_MS : LATEST_MS / 10;
        gint64 when = g_get_monotonic_time() + 1000 * (gint64)g_rand_int_range(rand, 20, late);
        GPid pid = START(
                log, "run", TESTS_DIR "/system/two-machines", "--name", name, "--accel", "tcg");
        pid_t ended = 0;
        while (g_get_monotonic_time() < when && ended == 0) {
            ended = waitpid(pid, NULL, WNOHANG);
            g_usleep(5000);
        }
        if (ended == 0) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            alive++;
        }

        auto_outcome down = CALL("down", name);
        g_autofree char *text = read_all(log);
        g_autofree char *root = g_strdup_printf("/%s.d", name);
        if (processes_with(root) != 0) {
            fail_msg("round %d: processes are left\n%s%s", i, text, down.err);
        }
        g_autofree char *find = g_strdup_printf(
                "! find /tmp/sandtable-* /run/user -name '%s*' 2>/dev/null | grep .", name);
        const char *const argv[] = {"sh", "-c", find, NULL};
        int left = 0;
        g_autofree char *out = NULL;
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &left,
                NULL);
        if (left != 0) {
            fail_msg("round %d: files are left: %s", i, out);
        }
        /* killed before there was a ledger: then there was nothing else either */
        if (down.status == 0) {
            auto_outcome verify = CALL("verify", name);
            if (verify.status != 0) {
                fail_msg("round %d: %s%s", i, verify.out, verify.err);
            }
            auto_outcome events = CALL("events", name, "--json");
            machines += strstr(events.out, "\"machine.state\"") != NULL;
        } else {
            assert_non_null(strstr(down.err, "no exercise"));
        }
        unlink(log);
    }
    /* else nothing was seen of a kill at work */
    assert_true(alive >= ROUNDS / 2);
    assert_true(machines > 0);
}

static void a_ctrl_c_ends_cleanly(void **state)
{
    (void)state;
    g_autofree char *name = g_strdup_printf("test-int-%d", getpid());
    g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
    GPid pid =
            START(log, "run", TESTS_DIR "/system/two-machines", "--name", name, "--accel", "tcg");
    wait_state(name, "running", 300, log);
    kill(pid, SIGINT);
    assert_int_equal(finish(pid, 30, log), 0);
    auto_json status = status_of(name);
    assert_string_equal(json_string(status, "state", ""), "down");
    g_autofree char *root = g_strdup_printf("/%s.d", name);
    assert_int_equal(processes_with(root), 0);
    unlink(log);
}

static void a_second_ctrl_c_ends_at_once(void **state)
{
    (void)state;
    g_autofree char *name = g_strdup_printf("test-two-%d", getpid());
    g_autofree char *log = g_strdup_printf("/tmp/st-%s.log", name);
    GPid pid =
            START(log, "run", TESTS_DIR "/system/two-machines", "--name", name, "--accel", "tcg");
    wait_state(name, "setup", 60, log);
    kill(pid, SIGINT);
    kill(pid, SIGTERM);
    int status = finish(pid, 30, log);
    assert_true(status == 130 || status == 0); /* 0: the first one was through already */
    g_autofree char *root = g_strdup_printf("/%s.d", name);
    assert_int_equal(processes_with(root), 0);
    auto_outcome verify = CALL("verify", name);
    assert_int_equal(verify.status, 0);
    CALL("down", name);
    unlink(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(nothing_is_left_after_a_kill),
            cmocka_unit_test(a_ctrl_c_ends_cleanly),
            cmocka_unit_test(a_second_ctrl_c_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
