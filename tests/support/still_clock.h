/* still_clock.h - g_get_monotonic_time() and pthread_cond_timedwait() by a clock that stands still
 * until the test moves it. In the place of the libraries', for everything linked with the test. */
#pragma once

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <time.h>

static gint64 still_us = G_USEC_PER_SEC;

static inline void still_clock_move(gint64 us)
{
    (void)__atomic_add_fetch(&still_us, us, __ATOMIC_SEQ_CST);
}

gint64 g_get_monotonic_time(void)
{
    return __atomic_load_n(&still_us, __ATOMIC_SEQ_CST);
}

/* Of a condition by CLOCK_MONOTONIC. Returns now and then for nothing, as it always may. */
int pthread_cond_timedwait(
        pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *abstime)
{
    (void)cond;
    if (g_get_monotonic_time() >= abstime->tv_sec * G_USEC_PER_SEC + abstime->tv_nsec / 1000) {
        return ETIMEDOUT;
    }
    pthread_mutex_unlock(mutex);
    g_usleep(200);
    pthread_mutex_lock(mutex);
    return 0;
}
