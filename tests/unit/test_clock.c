/* test_clock.c - the exercise clock, virtual and real. */
#include "support/test.h"

#include "base/clock.h"

struct fixture {
    struct clock *clock;
    GString *log;
    guint64 other; /* a timer a callback cancels */
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->clock = clock_new_virtual();
    f->log = g_string_new(NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    clock_free(f->clock);
    g_string_free(f->log, TRUE);
    g_free(f);
    return 0;
}

static void note(gpointer data)
{
    struct fixture *f = data;
    g_string_append_printf(f->log, "%d ", (int)clock_now(f->clock));
}

static void note_and_repeat(gpointer data)
{
    struct fixture *f = data;
    note(f);
    clock_at(f->clock, clock_now(f->clock) + 10, note_and_repeat, f);
}

static void note_and_cancel(gpointer data)
{
    struct fixture *f = data;
    note(f);
    clock_cancel(f->clock, f->other);
}

static void note_and_pause(gpointer data)
{
    struct fixture *f = data;
    note(f);
    clock_pause(f->clock);
}

static void timers_run_in_order_at_their_own_times(void **state)
{
    struct fixture *f = *state;
    clock_at(f->clock, 30, note, f);
    clock_at(f->clock, 10, note, f);
    clock_at(f->clock, 20, note, f);
    clock_at(f->clock, 99, note, f);
    assert_int_equal(clock_next(f->clock), 10);
    clock_start(f->clock);
    clock_advance(f->clock, 50);
    assert_string_equal(f->log->str, "10 20 30 ");
    assert_int_equal(clock_now(f->clock), 50);
    assert_int_equal(clock_next(f->clock), 99);
}

static void nothing_moves_before_the_start_or_in_a_pause(void **state)
{
    struct fixture *f = *state;
    clock_at(f->clock, 10, note, f);
    clock_resume(f->clock); /* no start yet: no effect */
    clock_advance(f->clock, 100);
    assert_int_equal(clock_now(f->clock), 0);
    clock_start(f->clock);
    clock_advance(f->clock, 5);
    clock_pause(f->clock);
    clock_pause(f->clock);
    clock_advance(f->clock, 1000);
    assert_false(clock_is_running(f->clock));
    assert_int_equal(clock_now(f->clock), 5);
    assert_string_equal(f->log->str, "");
    clock_resume(f->clock);
    clock_resume(f->clock);
    clock_start(f->clock);
    clock_advance(f->clock, 5);
    assert_string_equal(f->log->str, "10 ");
    assert_int_equal(clock_next(f->clock), -1);
}

static void a_timer_may_set_the_next_within_the_same_advance(void **state)
{
    struct fixture *f = *state;
    clock_start(f->clock);
    clock_at(f->clock, 10, note_and_repeat, f);
    clock_advance(f->clock, 45);
    assert_string_equal(f->log->str, "10 20 30 40 ");
}

static void a_timer_may_cancel_another_due_at_the_same_time(void **state)
{
    struct fixture *f = *state;
    clock_start(f->clock);
    clock_at(f->clock, 10, note_and_cancel, f);
    f->other = clock_at(f->clock, 10, note, f);
    clock_cancel(f->clock, 12345);
    clock_advance(f->clock, 20);
    assert_string_equal(f->log->str, "10 ");
}

static void a_timer_that_pauses_stops_the_clock_at_its_time(void **state)
{
    struct fixture *f = *state;
    clock_start(f->clock);
    clock_at(f->clock, 10, note_and_pause, f);
    clock_at(f->clock, 20, note, f);
    clock_advance(f->clock, 100);
    assert_string_equal(f->log->str, "10 ");
    assert_int_equal(clock_now(f->clock), 10);
    clock_resume(f->clock);
    clock_advance(f->clock, 10);
    assert_string_equal(f->log->str, "10 20 ");
}

static void a_timer_for_the_past_runs_now(void **state)
{
    struct fixture *f = *state;
    clock_start(f->clock);
    clock_advance(f->clock, 50);
    clock_at(f->clock, 10, note, f);
    clock_advance(f->clock, 0);
    assert_string_equal(f->log->str, "50 ");
}

struct real {
    struct clock *clock;
    GMainLoop *loop;
    gint64 at_us;
};

static void stop(gpointer data)
{
    struct real *real = data;
    real->at_us = clock_now(real->clock);
    g_main_loop_quit(real->loop);
}

static void a_real_clock_wakes_its_context_when_a_timer_is_due(void **state)
{
    (void)state;
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);
    struct real real = {.clock = clock_new(context), .loop = loop};
    clock_start(real.clock);
    clock_at(real.clock, 3000, stop, &real);
    g_main_loop_run(loop);
    assert_true(real.at_us >= 3000);
    /* due timers wait while the clock is paused */
    clock_pause(real.clock);
    real.at_us = -1;
    clock_at(real.clock, 0, stop, &real);
    assert_false(g_main_context_iteration(context, FALSE));
    assert_int_equal(real.at_us, -1);
    clock_resume(real.clock);
    g_main_loop_run(loop);
    assert_true(real.at_us >= 0);
    clock_free(real.clock);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            T(timers_run_in_order_at_their_own_times),
            T(nothing_moves_before_the_start_or_in_a_pause),
            T(a_timer_may_set_the_next_within_the_same_advance),
            T(a_timer_may_cancel_another_due_at_the_same_time),
            T(a_timer_that_pauses_stops_the_clock_at_its_time),
            T(a_timer_for_the_past_runs_now),
            cmocka_unit_test(a_real_clock_wakes_its_context_when_a_timer_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
