/* impair_judge.c - from samples of a link to values, intervals and a verdict. */
#include "run/impair_judge.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

#define Z_SHOWN 3.0 /* standard errors: 99.7 % of intervals hold the true value */
#define Z_ALARM 4.5 /* a link is judged every ten seconds for hours: chance must have no chance */
#define TIME_SLACK 2000.0 /* us that a host may be late */
#define SHARE_SLACK 1000.0
#define TOLERANCE 0.1

static const char *const keys[IMPAIR_KINDS] = {"delay_us", "jitter_us", "loss_ppm", "duplicate_ppm",
        "reorder_ppm", "corrupt_ppm", "rate_bps"};
static const char *const names[IMPAIR_KINDS] = {
        "delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "rate"};

void impair_window_add(struct impair_window *window, const struct plan_impairment *asked,
        const struct net_sample *sample)
{
    struct impair_round *round = &window->rounds[window->count++ % IMPAIR_ROUNDS];
    *round = (struct impair_round){
            .sent = sample->sent,
            .arrived = sample->arrived,
            .duplicated = sample->duplicated,
            .corrupted = sample->corrupted,
            .rate_bps = sample->rate_is_least ? 0 : sample->rate_bps,
    };
    /* what was reordered came at once; sorted, those are the first */
    gint64 border = asked->reorder_ppm ? (asked->delay_us - asked->jitter_us) / 2 : -1;
    guint first = 0;
    while (first < sample->n_delays && sample->delays_us[first] < border) {
        first++;
    }
    round->early = first;
    guint left = sample->n_delays - first;
    round->n_delays = MIN(left, IMPAIR_DELAYS_MAX);
    for (guint i = 0; i < round->n_delays; i++) { /* evenly from all of them */
        round->delays_us[i] =
                sample->delays_us[first + (guint)((guint64)i * left / round->n_delays)];
    }
}

static const struct impair_round *recent(const struct impair_window *window, guint back)
{
    return &window->rounds[(window->count - 1 - back) % IMPAIR_ROUNDS];
}

/* Wilson's score interval of hits in n, in parts of a million. */
static struct impair_value share(guint hits, guint n, double z)
{
    if (n == 0) {
        return (struct impair_value){0};
    }
    double p = (double)hits / n;
    double z2 = z * z / n;
    double middle = (p + z2 / 2) / (1 + z2);
    double half = z * sqrt(p * (1 - p) / n + z2 / (4 * n)) / (1 + z2);
    return (struct impair_value){
            .known = true,
            .value = p * 1e6,
            .low = MAX(middle - half, 0) * 1e6,
            .high = MIN(middle + half, 1) * 1e6,
    };
}

static int by_size(gconstpointer a, gconstpointer b)
{
    gint64 difference = *(const gint64 *)a - *(const gint64 *)b;
    return difference < 0 ? -1 : difference > 0;
}

/* The q-quantile with the interval of its rank. */
static struct impair_value quantile(const GArray *sorted, double q, double z)
{
    double n = sorted->len;
    if (sorted->len < 8) {
        return (struct impair_value){0};
    }
    double half = z * sqrt(n * q * (1 - q));
    gint last = (gint)sorted->len - 1;
    gint low = CLAMP((gint)floor(n * q - half), 0, last);
    gint high = CLAMP((gint)ceil(n * q + half), 0, last);
    return (struct impair_value){
            .known = true,
            .value = (double)g_array_index(sorted, gint64, MIN((gint)(n * q), last)),
            .low = (double)g_array_index(sorted, gint64, low),
            .high = (double)g_array_index(sorted, gint64, high),
    };
}

static void judge_times(const struct impair_window *window, double z, struct impair_achieved *ret)
{
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint rounds = MIN(window->count, IMPAIR_ROUNDS_TIME);
    for (guint i = 0; i < rounds; i++) {
        const struct impair_round *round = recent(window, i);
        g_array_append_vals(delays, round->delays_us, round->n_delays);
    }
    g_array_sort(delays, by_size);
    ret->values[IMPAIR_DELAY] = quantile(delays, 0.5, z);
    /* of a delay spread evenly over ± jitter, the middle half is as wide as the jitter */
    struct impair_value low = quantile(delays, 0.25, z);
    struct impair_value high = quantile(delays, 0.75, z);
    ret->values[IMPAIR_JITTER] = (struct impair_value){
            .known = low.known,
            .value = high.value - low.value,
            .low = MAX(high.low - low.high, 0),
            .high = high.high - low.low,
    };
}

static void judge_shares(const struct impair_window *window, double z, struct impair_achieved *ret)
{
    struct impair_round sum = {0};
    guint rounds = MIN(window->count, IMPAIR_ROUNDS);
    for (guint i = 0; i < rounds; i++) {
        const struct impair_round *round = recent(window, i);
        sum.sent += round->sent;
        sum.arrived += round->arrived;
        sum.duplicated += round->duplicated;
        sum.corrupted += round->corrupted;
        sum.early += round->early;
    }
    ret->probes = sum.sent;
    ret->values[IMPAIR_LOSS] = share(sum.sent - sum.arrived, sum.sent, z);
    ret->values[IMPAIR_DUPLICATE] = share(MIN(sum.duplicated, sum.arrived), sum.arrived, z);
    ret->values[IMPAIR_CORRUPT] = share(sum.corrupted, sum.arrived, z);
    ret->values[IMPAIR_REORDER] = share(sum.early, sum.arrived, z);
}

/* Too few for an interval of chance: the least and the most that was seen, of three at least. */
static void judge_rate(const struct impair_window *window, struct impair_achieved *ret)
{
    double seen[IMPAIR_ROUNDS_RATE];
    int n = 0;
    for (guint i = 0; i < MIN(window->count, IMPAIR_ROUNDS_RATE); i++) {
        double rate = recent(window, i)->rate_bps;
        int at = n;
        for (; rate > 0 && at > 0 && seen[at - 1] > rate; at--) {
            seen[at] = seen[at - 1];
        }
        if (rate > 0) {
            seen[at] = rate;
            n++;
        }
    }
    if (n > 0) {
        ret->values[IMPAIR_RATE] = (struct impair_value){
                .known = true, .value = seen[n / 2], .low = seen[0], .high = seen[n - 1]};
    }
}

static double asked_of(const struct plan_impairment *asked, enum impair_kind kind)
{
    const double values[IMPAIR_KINDS] = {(double)asked->delay_us, (double)asked->jitter_us,
            asked->loss_ppm, asked->duplicate_ppm, asked->reorder_ppm, asked->corrupt_ppm,
            (double)asked->rate_bps};
    return values[kind];
}

static double slack_of(enum impair_kind kind)
{
    return kind <= IMPAIR_JITTER ? TIME_SLACK : kind == IMPAIR_RATE ? 0 : SHARE_SLACK;
}

static struct impair_achieved look(
        const struct impair_window *window, const struct plan_impairment *asked, double z)
{
    struct impair_achieved achieved = {0};
    judge_times(window, z, &achieved);
    judge_shares(window, z, &achieved);
    judge_rate(window, &achieved);
    if (!asked->rate_bps) {
        achieved.values[IMPAIR_RATE].known = false; /* no train was sent */
    }
    return achieved;
}

struct impair_achieved impair_judge(
        const struct impair_window *window, const struct plan_impairment *asked)
{
    if (window->count == 0) {
        return (struct impair_achieved){0};
    }
    struct impair_achieved achieved = look(window, asked, Z_SHOWN);
    const struct impair_achieved wide = look(window, asked, Z_ALARM);
    for (int kind = 0; kind < IMPAIR_KINDS; kind++) {
        struct impair_value *value = &achieved.values[kind];
        const struct impair_value *limit = &wide.values[kind];
        double want = asked_of(asked, kind);
        double off = fabs(value->value - want);
        value->drift = value->known && (want < limit->low || want > limit->high) &&
                       off > MAX(TOLERANCE * want, slack_of(kind));
        achieved.drift |= value->drift;
    }
    return achieved;
}

cJSON *impair_achieved_to_json(const struct impair_achieved *achieved)
{
    cJSON *json = cJSON_CreateObject();
    for (int kind = 0; kind < IMPAIR_KINDS; kind++) {
        const struct impair_value *value = &achieved->values[kind];
        g_autofree char *low = g_strconcat(keys[kind], "_low", NULL);
        g_autofree char *high = g_strconcat(keys[kind], "_high", NULL);
        if (value->known) {
            json_add_int(json, keys[kind], llround(value->value));
            json_add_int(json, low, llround(value->low));
            json_add_int(json, high, llround(value->high));
        }
    }
    json_add_int(json, "probes", achieved->probes);
    return json;
}

static char *value_text(enum impair_kind kind, double value)
{
    if (kind == IMPAIR_RATE) {
        return plan_rate_text(value);
    }
    return kind <= IMPAIR_JITTER ? g_strdup_printf("%.4g ms", value / 1000)
                                 : g_strdup_printf("%.3g %%", value / 1e4);
}

char *impair_drift_text(const struct impair_achieved *achieved, const struct plan_impairment *asked)
{
    GString *text = g_string_new(NULL);
    for (int kind = 0; kind < IMPAIR_KINDS; kind++) {
        const struct impair_value *value = &achieved->values[kind];
        if (!value->drift) {
            continue;
        }
        g_autofree char *want = value_text(kind, asked_of(asked, kind));
        g_autofree char *got = value_text(kind, value->value);
        g_autofree char *low = value_text(kind, value->low);
        g_autofree char *high = value_text(kind, value->high);
        g_string_append_printf(text, "%s%s: asked %s, achieved %s (%s to %s)",
                text->len ? "; " : "", names[kind], want, got, low, high);
    }
    return g_string_free(text, FALSE);
}
