/* test_ledger_sync.c - an event is acknowledged only when the disk has it, and those of one turn of
 * the main loop with one sync. Time stands still, so nothing happens because it passed. */
#include "support/still_clock.h"
#include "support/test.h"

#include "ledger/ledger.h"

#include <sys/syscall.h>
#include <unistd.h>

/* In the place of libc's, also for SQLite. */
static gint syncs;

int fsync(int fd)
{
    g_atomic_int_inc(&syncs);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fildes)
{
    g_atomic_int_inc(&syncs);
    return (int)syscall(SYS_fdatasync, fildes);
}

struct answer {
    bool done;
    gint syncs; /* when it came */
};

static void on_done(const struct event *event, const GError *error, gpointer data)
{
    struct answer *answer = data;
    assert_null(error);
    assert_true(event->seq > 0);
    answer->done = true;
    answer->syncs = g_atomic_int_get(&syncs);
}

static void every_acknowledgement_comes_after_a_sync_of_its_own(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "drill.ledger", NULL);
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    for (int i = 0; i < 20; i++) {
        struct answer answer = {0};
        gint before = g_atomic_int_get(&syncs);
        ledger_append(ledger, event_new("check.ok", "blue1", "site", NULL), on_done, &answer);
        while (!answer.done) {
            g_main_context_iteration(NULL, TRUE);
        }
        assert_true(answer.syncs > before);
    }
    ledger_close(ledger);
    test_rmtree(dir);
}

static void on_one(const struct event *event, const GError *error, gpointer data)
{
    assert_null(error);
    assert_true(event->seq > 0);
    ++*(int *)data;
}

static void the_events_of_a_turn_share_one_sync(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "drill.ledger", NULL);
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    for (int turn = 0; turn < 20; turn++) {
        int done = 0;
        gint before = g_atomic_int_get(&syncs);
        for (int i = 0; i < 200; i++) {
            ledger_append(ledger, event_new("check.ok", "blue1", "site", NULL), on_one, &done);
        }
        while (done < 200) {
            g_main_context_iteration(NULL, TRUE);
        }
        if (turn > 0) { /* the first may have to sync the log's header as well */
            assert_int_equal(g_atomic_int_get(&syncs) - before, 1);
        }
    }
    ledger_close(ledger);
    test_rmtree(dir);
}

static void an_owner_whose_turn_does_not_end_is_waited_for_a_moment_only(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "drill.ledger", NULL);
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    gint before = g_atomic_int_get(&syncs);
    ledger_append(ledger, event_new("check.ok", "blue1", "site", NULL), NULL, NULL);
    for (int i = 0; i < 100; i++) {
        g_thread_yield();
        assert_int_equal(g_atomic_int_get(&syncs), before); /* the turn is not over */
    }
    for (int ms = 0; g_atomic_int_get(&syncs) == before && ms < 10000; ms++) {
        still_clock_move(1000);
        g_usleep(1000);
    }
    assert_true(g_atomic_int_get(&syncs) > before);
    ledger_close(ledger);
    test_rmtree(dir);
}

static void who_waits_for_a_flush_waits_for_no_turn(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char *dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(dir, "drill.ledger", NULL);
    struct ledger *ledger = ledger_create(path, &error);
    assert_no_error(error);
    for (int i = 0; i < 20; i++) {
        gint before = g_atomic_int_get(&syncs);
        ledger_append(ledger, event_new("check.ok", "blue1", "site", NULL), NULL, NULL);
        assert_true(ledger_flush(ledger, &error)); /* for ever, were it for a turn */
        assert_true(g_atomic_int_get(&syncs) > before);
    }
    ledger_close(ledger);
    test_rmtree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_acknowledgement_comes_after_a_sync_of_its_own),
            cmocka_unit_test(the_events_of_a_turn_share_one_sync),
            cmocka_unit_test(an_owner_whose_turn_does_not_end_is_waited_for_a_moment_only),
            cmocka_unit_test(who_waits_for_a_flush_waits_for_no_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
