/* test_ledger_sync.c - an event is acknowledged only when the disk has it. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_acknowledgement_comes_after_a_sync_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
