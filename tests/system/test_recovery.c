/* test_recovery.c - engines of real exercises killed, their successors take over what still runs.
 */
#include "system/recovery.h"

static char *file_on(const struct recovery *r, const char *machine, const char *path)
{
    auto_outcome cat = CALL("exec", r->name, machine, "--", "cat", path);
    if (cat.status != 0) {
        fail_msg("%s on %s: %s", path, machine, cat.err);
    }
    return g_steal_pointer(&cat.out);
}

static void expect_remedy(const struct recovery *r)
{
    auto_outcome list = CALL("list");
    assert_non_null(strstr(list.out, "interrupted"));
    g_autofree char *remedy = g_strdup_printf("run --resume %s", r->name);
    assert_non_null(strstr(list.err, remedy));
    auto_outcome status = CALL("status", r->name);
    assert_non_null(strstr(status.err, remedy));
    auto_outcome run = CALL("run", RECOVERY, "--name", r->name, "--accel", "tcg");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, remedy));
    auto_outcome gc = CALL("gc");
    assert_non_null(strstr(gc.err, "is kept"));
}

struct killed { /* what the ledger had then */
    gint64 last;
    cJSON *score;
};

static gint64 kill_it(const struct recovery *r, struct killed *ret)
{
    recovery_kill(r);
    *ret = (struct killed){recovery_seq(r), recovery_score(r)};
    return ret->last;
}

/* The machines go on as they were; nothing is set up twice, nobody else can take them as well. */
static void resume_the_living(struct recovery *r, struct killed *ret)
{
    const pid_t before[] = {recovery_machine(r, "m1"), recovery_machine(r, "m2")};
    gint64 last = kill_it(r, ret);
    expect_remedy(r);
    recovery_resume(r);
    recovery_wait(r, last, "exercise.resumed", NULL, NULL);
    auto_outcome second = CALL("run", "--resume", r->name);
    assert_int_equal(second.status, 1);
    assert_non_null(strstr(second.err, "another process has the exercise"));
    recovery_wait(r, last, "exercise.state", NULL, "\"running\"");
    assert_int_equal(recovery_machine(r, "m1"), before[0]);
    assert_int_equal(recovery_machine(r, "m2"), before[1]);
    g_autofree char *once = file_on(r, "blue1/web", "/root/once");
    assert_string_equal(once, "set up\nagain\n");
}

/* One machine died with the engine: it is started anew, the other goes on. */
static void resume_with_a_dead_machine(struct recovery *r, struct killed *ret)
{
    pid_t dead = recovery_machine(r, "m1");
    pid_t alive = recovery_machine(r, "m2");
    gint64 last = kill_it(r, ret);
    assert_int_equal(kill(dead, SIGKILL), 0);
    recovery_resume(r);
    recovery_wait(r, last, "alarm.raised", "blue1/web", "machine-restarted");
    recovery_wait(r, last, "exercise.state", NULL, "\"running\"");
    assert_int_not_equal(recovery_machine(r, "m1"), dead);
    assert_int_equal(recovery_machine(r, "m2"), alive);
    recovery_wait(r, last, "check.ok", "site", NULL); /* its network is whole */
}

static void an_engine_killed_twice_comes_to_the_end(void **state)
{
    (void)state;
    struct killed killed[2];
    struct recovery r = recovery_begin("recovery");
    recovery_run(&r, "auto");
    recovery_wait(&r, 0, "check.ok", "site", "\"round\":1,");
    resume_the_living(&r, &killed[0]);
    recovery_wait(&r, 0, "step.verdict", "visit", NULL);
    recovery_wait(&r, 0, "inject.state", "visit@blue1", "\"done\"");
    resume_with_a_dead_machine(&r, &killed[1]);
    assert_int_equal(finish(r.pid, 120, r.log), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(killed); i++) {
        assert_non_null(killed[i].score);
        recovery_same_score(&r, killed[i].score, killed[i].last);
        cJSON_Delete(killed[i].score);
    }
    recovery_judge(&r);
    recovery_expect(&r, "step.verdict", "visit", "\"effect\"", 1);
    recovery_expect(&r, "exercise.resumed", NULL, NULL, 2);
    recovery_expect(&r, "check.down", "site", NULL, 0); /* the gap is nobody's */
    recovery_end(&r);
}

/* As after a reboot: no process, no run folder, only what is on the disk. */
static void after_a_power_cut_all_starts_anew_in_a_pause_that_was(void **state)
{
    (void)state;
    struct recovery r = recovery_begin("powercut");
    recovery_run(&r, "cold");
    recovery_wait(&r, 0, "check.ok", "site", "\"round\":1,");
    CALL("pause", r.name);
    recovery_wait(&r, 0, "machine.state", "attacker", "\"paused\"");
    recovery_wait(&r, 0, "machine.state", "blue1/web", "\"paused\"");
    recovery_kill(&r);
    const pid_t machines[] = {recovery_machine(&r, "m1"), recovery_machine(&r, "m2")};
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
        assert_int_equal(kill(machines[i], SIGKILL), 0);
    }
    const char *const argv[] = {"rm", "-rf", "--", r.root, NULL};
    assert_true(g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    gint64 last = recovery_seq(&r);
    recovery_resume(&r);
    recovery_wait(&r, last, "exercise.state", NULL, "\"paused\"");
    auto_json status = status_of(r.name);
    assert_true(json_int(status, "at_us", 0) < 8 * (gint64)G_USEC_PER_SEC);
    recovery_wait(&r, last, "machine.state", "blue1/web", "\"paused\"");
    assert_int_equal(CALL("resume", r.name).status, 0);
    recovery_wait(&r, last, "check.ok", "site", NULL);
    assert_int_equal(kill(r.pid, SIGINT), 0);
    assert_int_equal(finish(r.pid, 60, r.log), 0);
    auto_json over = status_of(r.name);
    assert_string_equal(json_string(over, "state", ""), "down");
    auto_outcome again = CALL("run", "--resume", r.name);
    assert_int_equal(again.status, 1);
    assert_non_null(strstr(again.err, "is over"));
    recovery_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(an_engine_killed_twice_comes_to_the_end),
            cmocka_unit_test(after_a_power_cut_all_starts_anew_in_a_pause_that_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
