/* rate.h - at most so many of something within a span of time, over any such span. */
#pragma once

#include <glib.h>

#define RATE_MAX 16

struct rate {               /* all zero: nothing yet */
    gint64 at_us[RATE_MAX]; /* the last ones, a ring */
    guint count;            /* of all */
};

/* Takes one at now_us (of any clock that never goes back) when fewer than max (1..RATE_MAX) were
 * taken within span_us before it: 0. Else nothing is taken: the microseconds until one can be. */
gint64 rate_take(struct rate *rate, guint max, gint64 span_us, gint64 now_us);
