/* soak_recovery.c - the engine of a real exercise killed at every event: ./dev soak recovery.
 *
 * Hours, not minutes, so no part of ./dev test; SANDTABLE_SOAK_FROM and _TO choose events. The kill
 * comes when the ledger is seen to have event N, so a few more may be in it: a machine's own pace
 * is part of what is tried here. The same at exactly N is tests/scenario/test_resume.c.
 */
#include "system/recovery.h"

static gint64 number_from(const char *variable, gint64 fallback)
{
    const char *text = g_getenv(variable);
    return text ? g_ascii_strtoll(text, NULL, 10) : fallback;
}

/* How many events the exercise has when nobody kills it. */
static gint64 count_events(void)
{
    struct recovery r = recovery_begin("soak");
    recovery_run(&r, "auto");
    assert_int_equal(finish(r.pid, 600, r.log), 0);
    recovery_judge(&r);
    gint64 events = recovery_seq(&r);
    recovery_end(&r);
    return events;
}

static void kill_at(gint64 seq)
{
    struct recovery r = recovery_begin("soak");
    recovery_run(&r, "auto");
    if (recovery_wait_seq(&r, seq, 600)) {
        recovery_kill(&r);
        gint64 last = recovery_seq(&r);
        auto_json before = recovery_score(&r);
        recovery_resume(&r);
        int status = finish(r.pid, 600, r.log);
        auto_json state = status_of(r.name);
        /* the end itself may have been the last thing it wrote */
        bool over = status == 1 && !strcmp(json_string(state, "state", ""), "down");
        if (status != 0 && !over) {
            g_autofree char *text = read_all(r.log);
            fail_msg("killed at event %d: the resume ended with %d:\n%s", (int)seq, status, text);
        }
        recovery_same_score(&r, before, last);
        CALL("down", r.name); /* what a dead engine had no time to remove after its last event */
    }
    recovery_judge(&r);
    recovery_end(&r);
}

static void every_event_is_survived(void **state)
{
    (void)state;
    gint64 to = number_from("SANDTABLE_SOAK_TO", 0);
    to = to > 0 ? to : count_events();
    for (gint64 seq = number_from("SANDTABLE_SOAK_FROM", 1); seq <= to; seq++) {
        print_message("event %d of %d\n", (int)seq, (int)to);
        kill_at(seq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_event_is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
