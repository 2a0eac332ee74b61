/* clock.h - the exercise clock: one heap of timers on a clock that can pause.
 *
 * The clock runs on an injectable source, so that tests and rehearsals step it. at_us is exercise
 * time in microseconds since clock_start(); it stands still while the clock is paused and before
 * it starts, and so do its timers. Not thread-safe: one thread owns a clock.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct clock;

typedef void (*clock_fn)(gpointer data);

/* A clock on the monotonic time of the host, driven by context (NULL: the default one). */
struct clock *clock_new(GMainContext *context);

/* A clock that moves only by clock_advance(). */
struct clock *clock_new_virtual(void);
void clock_free(struct clock *clock); /* accepts NULL; drops pending timers */

void clock_start(struct clock *clock);  /* at_us = 0 now; no effect when started */
void clock_set(struct clock *clock, gint64 at_us); /* where it will start; before it does */
void clock_pause(struct clock *clock);  /* idempotent */
void clock_resume(struct clock *clock); /* idempotent */
bool clock_is_running(const struct clock *clock);
gint64 clock_now(const struct clock *clock); /* at_us */

/* Calls fn at exercise time at_us or, if that has passed, in the next turn of the loop (virtual:
 * the next advance). Timers due at one time run in the order they were set. Returns an id > 0. */
guint64 clock_at(struct clock *clock, gint64 at_us, clock_fn fn, gpointer data);
void clock_cancel(struct clock *clock, guint64 id); /* unknown ids are ignored */

/* Virtual clocks only: runs all timers due within by_us, in order, stepping the time to each. */
void clock_advance(struct clock *clock, gint64 by_us);

/* Exercise time of the earliest timer, or -1. */
gint64 clock_next(const struct clock *clock);
