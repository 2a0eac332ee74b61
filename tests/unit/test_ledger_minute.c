/* test_ledger_minute.c - a running ledger is signed every minute in which something was written, by
 * a clock that the test moves. */
#include "support/still_clock.h"
#include "support/test.h"

#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/sign.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)

struct minute {
    char *dir;
    struct ledger *ledger;
    int events, signatures;
    gint64 size; /* what the last signature covers */
};

static void on_event(const struct event *event, const GError *error, gpointer data)
{
    struct minute *m = data;
    assert_null(error);
    m->events++;
    if (!strcmp(event->kind, "ledger.signed")) {
        auto_json body = cJSON_Parse(event->body);
        m->signatures++;
        m->size = json_int(body, "size", 0);
        assert_int_equal(event->seq, m->size + 1);
    }
}

static int make(void **state)
{
    struct minute *m = g_new0(struct minute, 1);
    g_autoptr(GError) error = NULL;
    struct sign_key key;
    m->dir = test_mkdtemp();
    g_autofree char *path = g_build_filename(m->dir, "x.ledger", NULL);
    g_autofree char *key_path = g_build_filename(m->dir, "k", NULL);
    assert_true(sign_key_open(key_path, &key, NULL));
    m->ledger = ledger_create(path, &error);
    assert_no_error(error);
    assert_true(ledger_sign(m->ledger, &key, "x", &error));
    ledger_set_listener(m->ledger, on_event, m);
    *state = m;
    return 0;
}

static int destroy(void **state)
{
    struct minute *m = *state;
    ledger_close(m->ledger);
    test_rmtree(m->dir);
    g_free(m);
    return 0;
}

/* Until so many events were told in all, signatures among them. */
static void wait_for(struct minute *m, int events)
{
    for (int ms = 0; m->events < events && ms < 20000; ms++) {
        if (!g_main_context_iteration(NULL, FALSE)) {
            g_usleep(1000);
        }
    }
    assert_int_equal(m->events, events);
}

static void write_one(struct minute *m, int more)
{
    int events = m->events;
    ledger_append(m->ledger, event_new("note", NULL, "x", NULL), NULL, NULL);
    wait_for(m, events + more);
}

static void events_are_signed_once_a_minute_while_they_come(void **state)
{
    struct minute *m = *state;
    for (int second = 0; second < 300; second += 20) {
        bool due = second > 0 && second % 60 == 0;
        write_one(m, due ? 2 : 1);
        assert_int_equal(m->signatures, second / 60);
        still_clock_move(20 * SECOND);
    }
    /* behind it the signature, 260 s and 280 s; and 240 s, where the minute was over before that */
    assert_in_range(m->size, m->events - 4, m->events - 3);
}

static void a_second_before_the_minute_nothing_is_signed(void **state)
{
    struct minute *m = *state;
    still_clock_move(59 * SECOND);
    write_one(m, 1);
    assert_int_equal(m->signatures, 0);
    still_clock_move(SECOND);
    wait_for(m, 2); /* what stands is signed though nothing more comes */
    assert_int_equal(m->signatures, 1);
    assert_int_equal(m->size, 1);
}

static void where_nothing_was_written_there_is_nothing_to_sign(void **state)
{
    struct minute *m = *state;
    still_clock_move(60 * SECOND);
    write_one(m, 2);
    for (int minute = 0; minute < 10; minute++) {
        still_clock_move(60 * SECOND);
        assert_true(ledger_flush(m->ledger, NULL));
    }
    write_one(m, 2); /* itself and the signature that is due since: none came between */
    assert_int_equal(m->signatures, 2);
    assert_int_equal(m->size, 3);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
            WITH(events_are_signed_once_a_minute_while_they_come),
            WITH(a_second_before_the_minute_nothing_is_signed),
            WITH(where_nothing_was_written_there_is_nothing_to_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
