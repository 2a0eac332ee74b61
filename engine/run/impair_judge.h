/* impair_judge.h - what a link really did, from its samples, with how sure that is; and is it what
 * was asked? Pure: samples in, verdict out.
 *
 * Shares have Wilson's interval, times that of the order statistics, each three standard errors
 * to either side (99.7 %). A value has drifted when what was asked lies outside of the interval of
 * four and a half, and is off by more than a tolerance that people would notice: chance raises no
 * alarm, nor does a host that is a millisecond late.
 */
#pragma once

#include "net/net_measure.h"

#define IMPAIR_ROUNDS 12      /* remembered for shares */
#define IMPAIR_ROUNDS_TIME 3  /* … for times, which are quick to be known */
#define IMPAIR_ROUNDS_RATE 5  /* … for the rate: one value a round */
#define IMPAIR_DELAYS_MAX 100 /* of each round */

struct impair_round {
    guint sent, arrived, duplicated, corrupted, early;
    gint64 delays_us[IMPAIR_DELAYS_MAX]; /* sorted; without those that overtook */
    guint n_delays;
    double rate_bps; /* 0: not seen */
};

struct impair_window {
    struct impair_round rounds[IMPAIR_ROUNDS]; /* a ring */
    guint count;                               /* of all rounds ever added */
};

struct impair_value {
    bool known;
    double value, low, high; /* us, parts of a million, bits a second */
    bool drift;
};

enum impair_kind {
    IMPAIR_DELAY,
    IMPAIR_JITTER,
    IMPAIR_LOSS,
    IMPAIR_DUPLICATE,
    IMPAIR_REORDER,
    IMPAIR_CORRUPT,
    IMPAIR_RATE,
    IMPAIR_KINDS,
};

struct impair_achieved {
    struct impair_value values[IMPAIR_KINDS];
    guint probes; /* behind the shares */
    bool drift;   /* any of them */
};

void impair_window_add(struct impair_window *window, const struct plan_impairment *asked,
        const struct net_sample *sample);

struct impair_achieved impair_judge(
        const struct impair_window *window, const struct plan_impairment *asked);

/* {"delay_us", "delay_us_low", "delay_us_high", …, "probes"}: what is known. */
cJSON *impair_achieved_to_json(const struct impair_achieved *achieved);

/* "loss: asked 2 %, achieved 6.1 % (4.0 to 8.9)", of what drifted; the caller frees it. */
char *impair_drift_text(
        const struct impair_achieved *achieved, const struct plan_impairment *asked);
