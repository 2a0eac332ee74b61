/* rate.c - at most so many of something within a span of time. */
#include "base/rate.h"

gint64 rate_take(struct rate *rate, guint max, gint64 span_us, gint64 now_us)
{
    g_return_val_if_fail(max > 0 && max <= RATE_MAX, span_us);
    gint64 wait_us = 0;
    if (rate->count >= max) {
        wait_us = rate->at_us[(rate->count - max) % RATE_MAX] + span_us - now_us;
    }
    if (wait_us > 0) {
        return wait_us;
    }
    rate->at_us[rate->count++ % RATE_MAX] = now_us;
    return 0;
}
