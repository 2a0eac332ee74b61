/* clock.c - the exercise clock: a sequence of timers ordered by time, then by age. */
#include "base/clock.h"

struct timer {
    gint64 at_us;
    guint64 id;
    clock_fn fn;
    gpointer data;
};

struct clock {
    bool is_virtual, started, running;
    gint64 base_us;    /* exercise time when it last began to run, or stands at */
    gint64 since_us;   /* source time then */
    gint64 virtual_us; /* source time of a virtual clock */
    guint64 last_id;
    GSequence *timers; /* struct timer *, earliest first */
    GHashTable *by_id; /* id → GSequenceIter */
    GMainContext *context;
    GSource *wake; /* armed for the earliest timer, or NULL */
};

static void arm(struct clock *clock);

static gint64 source_now(const struct clock *clock)
{
    return clock->is_virtual ? clock->virtual_us : g_get_monotonic_time();
}

static int by_time(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    const struct timer *x = a;
    const struct timer *y = b;
    if (x->at_us != y->at_us) {
        return x->at_us < y->at_us ? -1 : 1;
    }
    return x->id < y->id ? -1 : x->id > y->id;
}

static guint id_hash(gconstpointer key)
{
    return g_int64_hash(key);
}

static struct clock *new_clock(bool is_virtual)
{
    struct clock *clock = g_new0(struct clock, 1);
    clock->is_virtual = is_virtual;
    clock->timers = g_sequence_new(g_free);
    clock->by_id = g_hash_table_new(id_hash, g_int64_equal);
    return clock;
}

struct clock *clock_new(GMainContext *context)
{
    struct clock *clock = new_clock(false);
    clock->context = g_main_context_ref(context ? context : g_main_context_default());
    return clock;
}

struct clock *clock_new_virtual(void)
{
    return new_clock(true);
}

static void disarm(struct clock *clock)
{
    if (clock->wake) {
        g_source_destroy(clock->wake);
        g_clear_pointer(&clock->wake, g_source_unref);
    }
}

void clock_free(struct clock *clock)
{
    if (!clock) {
        return;
    }
    disarm(clock);
    g_hash_table_unref(clock->by_id);
    g_sequence_free(clock->timers);
    g_clear_pointer(&clock->context, g_main_context_unref);
    g_free(clock);
}

void clock_start(struct clock *clock)
{
    if (!clock->started) {
        clock->started = true;
        clock_resume(clock);
    }
}

void clock_set(struct clock *clock, gint64 at_us)
{
    g_return_if_fail(!clock->started);
    clock->base_us = at_us;
}

void clock_pause(struct clock *clock)
{
    if (clock->running) {
        clock->base_us = clock_now(clock);
        clock->running = false;
        disarm(clock);
    }
}

void clock_resume(struct clock *clock)
{
    if (clock->started && !clock->running) {
        clock->since_us = source_now(clock);
        clock->running = true;
        arm(clock);
    }
}

bool clock_is_running(const struct clock *clock)
{
    return clock->running;
}

gint64 clock_now(const struct clock *clock)
{
    return clock->running ? clock->base_us + source_now(clock) - clock->since_us : clock->base_us;
}

static struct timer *earliest(const struct clock *clock)
{
    GSequenceIter *first = g_sequence_get_begin_iter(clock->timers);
    return g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
}

/* Runs the earliest timer if it is due at limit_us. */
static bool run_one(struct clock *clock, gint64 limit_us)
{
    struct timer *timer = earliest(clock);
    if (!timer || timer->at_us > limit_us) {
        return false;
    }
    struct timer copy = *timer;
    clock_cancel(clock, copy.id);
    copy.fn(copy.data);
    return true;
}

static gboolean on_wake(gpointer data)
{
    struct clock *clock = data;
    disarm(clock);
    gint64 now = clock_now(clock);
    /* a timer set by a timer for "now" waits for the next turn */
    guint64 last = clock->last_id;
    struct timer *next = earliest(clock);
    while (clock->running && next && next->id <= last && run_one(clock, now)) {
        next = earliest(clock);
    }
    arm(clock);
    return G_SOURCE_REMOVE;
}

static void arm(struct clock *clock)
{
    struct timer *timer = earliest(clock);
    disarm(clock);
    if (clock->is_virtual || !clock->running || !timer) {
        return;
    }
    gint64 wait_us = MAX(0, timer->at_us - clock_now(clock));
    clock->wake = g_timeout_source_new(0);
    g_source_set_ready_time(clock->wake, g_get_monotonic_time() + wait_us);
    g_source_set_callback(clock->wake, on_wake, clock, NULL);
    g_source_attach(clock->wake, clock->context);
}

guint64 clock_at(struct clock *clock, gint64 at_us, clock_fn fn, gpointer data)
{
    struct timer *timer = g_new(struct timer, 1);
    *timer = (struct timer){.at_us = at_us, .id = ++clock->last_id, .fn = fn, .data = data};
    GSequenceIter *iter = g_sequence_insert_sorted(clock->timers, timer, by_time, NULL);
    g_hash_table_insert(clock->by_id, &timer->id, iter);
    if (g_sequence_iter_is_begin(iter)) {
        arm(clock);
    }
    return timer->id;
}

void clock_cancel(struct clock *clock, guint64 id)
{
    GSequenceIter *iter = g_hash_table_lookup(clock->by_id, &id);
    if (iter) {
        g_hash_table_remove(clock->by_id, &id);
        g_sequence_remove(iter);
    }
}

void clock_advance(struct clock *clock, gint64 by_us)
{
    g_assert(clock->is_virtual);
    gint64 end = clock->virtual_us + by_us;
    while (clock->running) {
        struct timer *timer = earliest(clock);
        gint64 left = end - clock->virtual_us;
        if (!timer || timer->at_us > clock_now(clock) + left) {
            break;
        }
        clock->virtual_us += MAX(0, timer->at_us - clock_now(clock));
        run_one(clock, clock_now(clock));
    }
    clock->virtual_us = end;
}

gint64 clock_next(const struct clock *clock)
{
    const struct timer *timer = earliest(clock);
    return timer ? timer->at_us : -1;
}
