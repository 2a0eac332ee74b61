/* formula_uptime.c - keeping services up, hardening, ranks. */
#include "score/formula.h"

#include <math.h>
#include <string.h>

int formula_sla_percent(enum formula_sla mode, int failures, int threshold)
{
    int over = failures - threshold;
    if (over < 0) {
        return 0;
    }
    int percent = 0;
    switch (mode) {
    case SLA_FLAT: /* nothing at the threshold itself */
        percent = over * 10;
        break;
    case SLA_EXPONENTIAL:
        percent = over > 3 ? 50 : 10 << over;
        break;
    case SLA_ADDITIVE:
    case SLA_NEXT_CHECK:
        percent = MIN(over, 5) * 10 + 10;
        break;
    }
    return MIN(percent, 50);
}

const char *const formula_sla_words[] = {
        "additive", "flat", "exponential", "next_check_reduction", NULL};

void formula_hardening_points(int *points, int n)
{
    int left = 100;
    int without = 0;
    for (int i = 0; i < n; i++) {
        left -= MAX(points[i], 0);
        without += points[i] == 0;
    }
    for (int i = 0, seen = 0; i < n; i++) {
        if (points[i] != 0) {
            continue;
        }
        points[i] = left <= 0 ? 3 : left / without + (seen < left % without ? 1 : 0);
        seen++;
    }
}

void formula_dwayne_persist(
        int box_points, int hits, int *ret_stolen, int *ret_persist, int *ret_lost)
{
    int share = (int)((double)box_points / (hits + 1) + 0.5);
    *ret_stolen = share;
    *ret_persist = share / 2;
    *ret_lost = share * hits;
}

void formula_ranks(const double *totals, int n, bool dense, int *out)
{
    for (int i = 0; i < n; i++) {
        if (i > 0 && totals[i] == totals[i - 1]) {
            out[i] = out[i - 1];
        } else {
            out[i] = dense && i > 0 ? out[i - 1] + 1 : i + 1;
        }
    }
}
