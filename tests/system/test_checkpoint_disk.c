/* test_checkpoint_disk.c - a machine's own disk in a checkpoint, a restore and a reset. */
#include "system/system.h"

#define BOOT_LIMIT_S 300

static struct shared_run run;

static int set_up(void **state)
{
    (void)state;
    shared_run_begin(&run, "kept", TESTS_DIR "/system/kept", BOOT_LIMIT_S);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return shared_run_end(&run);
}

static void on_safe(const char *script, const char *wanted)
{
    auto_outcome outcome = CALL("exec", run.name, "blue1/safe", "--", "sh", "-c", script);
    if (outcome.status != 0 || strcmp(outcome.out, wanted) != 0) {
        fail_msg("%s: %d, %s%s", script, outcome.status, outcome.out, outcome.err);
    }
}

static void assert_done(struct outcome outcome)
{
    if (outcome.status != 0) {
        g_autofree char *text = read_all(run.log);
        fail_msg("%s\n%s", outcome.err, text);
    }
    outcome_clear(&outcome);
}

/* What is not read from the disk itself would be the memory's, which goes back as well. */
#define FROM_DISK "sync; echo 3 >/proc/sys/vm/drop_caches; "

static void a_restored_machine_has_its_disk_as_it_was(void **state)
{
    (void)state;
    on_safe("mountpoint -q /srv/data && echo old >/srv/data/file && sync", "");
    assert_done(CALL("checkpoint", run.name, "calm"));
    on_safe("echo new >/srv/data/file; echo more >/srv/data/more; " FROM_DISK "cat /srv/data/file",
            "new\n");
    assert_done(CALL("restore", run.name, "calm"));
    on_safe(FROM_DISK "cat /srv/data/file; ls /srv/data/more 2>/dev/null || echo no more",
            "old\nno more\n");
    on_safe("dmesg | grep -cE 'EXT4-fs error|I/O error|Kernel panic' || true", "0\n");
    on_safe("echo again >/srv/data/file; " FROM_DISK "cat /srv/data/file", "again\n");
}

static void a_reset_machine_has_an_empty_disk(void **state)
{
    (void)state;
    assert_done(CALL("reset", run.name, "blue1/safe"));
    on_safe("mountpoint -q /srv/data && ls /srv/data | grep -cv lost+found || true", "0\n");
    /* and a checkpoint from before the reset still has what was on it */
    assert_done(CALL("restore", run.name, "calm"));
    on_safe(FROM_DISK "cat /srv/data/file", "old\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_restored_machine_has_its_disk_as_it_was),
            cmocka_unit_test(a_reset_machine_has_an_empty_disk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
