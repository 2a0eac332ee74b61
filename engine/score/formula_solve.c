/* formula_solve.c - what a solved task, level or question is worth. */
#include "score/formula.h"

#include <math.h>
#include <string.h>

/* rCTF's first curve: a piece of tanh between two of its values, stretched to 1 … 0. */
static double tanh_piece(double x)
{
    const double from = -atanh(0.7);
    const double to = atanh(0.96);
    const double top = (1 - tanh(from)) / 2;
    const double bottom = (1 - tanh(to)) / 2;
    return ((1 - tanh((to - from) * x + from)) / 2 - bottom) / (top - bottom);
}

static double legacy(const struct formula_solve *rule, int n)
{
    double most = MAX(rule->most_solves, 1);
    double span = rule->maximum - rule->minimum;
    double here = rule->minimum + span * tanh_piece(n / most);
    double last = rule->minimum + span * tanh_piece(1);
    return round(MAX(here, last));
}

static double sekai(const struct formula_solve *rule, int n)
{
    const double first = 1.15;
    double x = MAX(1 + 0.15 * n, first);
    return ceil(rule->maximum - (rule->maximum - rule->minimum) * log(x / first) / log(10 / first));
}

static double jammy(const struct formula_solve *rule)
{
    if (rule->first_s < 0) {
        return rule->maximum;
    }
    double step = 0.8 * rule->length_s / (rule->maximum - rule->minimum + 1);
    return rule->minimum + trunc(rule->first_s / step);
}

/* A hyperbola in the solves after the first, with the constants of rCTF and of the CCC's CTFs. */
static double hyperbola(double minimum, double span, int after_first)
{
    return minimum + span / (1 + pow(after_first / 11.92201, 1.206069));
}

static double curve_value(const struct formula_solve *rule, int n)
{
    double span = rule->maximum - rule->minimum;
    int after_first = MAX(n - 1, 0);
    switch (rule->curve) {
    case CURVE_LOGARITHMIC:
        return ceil(
                -span / (rule->decay * rule->decay) * after_first * after_first + rule->maximum);
    case CURVE_LINEAR:
        return rule->maximum - rule->decay * after_first;
    case CURVE_RCTF_CLASSIC:
        return round(hyperbola(rule->minimum, span, after_first));
    case CURVE_RCTF_STEEP:
        return round(rule->minimum + span / (1 + after_first / 6.0));
    case CURVE_RCTF_SEKAI:
        return sekai(rule, n);
    case CURVE_RCTF_LEGACY:
        return legacy(rule, n);
    case CURVE_RCTF_JAMMY:
        return jammy(rule);
    default:
        return rule->maximum;
    }
}

double formula_value(const struct formula_solve *rule, int solves)
{
    switch (rule->curve) {
    case CURVE_RCTF_GENNI: /* two may have it */
        return solves <= 2 ? rule->maximum : 0;
    case CURVE_GZCTF:
        return solves <= 1 ? rule->maximum
                           : floor(rule->maximum *
                                     (rule->rate + (1 - rule->rate) *
                                                           exp((1 - solves) / rule->difficulty)));
    case CURVE_OOO:
        return solves < 1 ? 500 : trunc(100 + 400 / (1 + 0.08 * solves * log(solves)));
    case CURVE_CCC:
        return round(hyperbola(30, 470, MAX(solves - 1, 0)));
    default:
        return CLAMP(curve_value(rule, solves), rule->minimum, rule->maximum);
    }
}

const char *const formula_curve_words[] = {"static", "logarithmic", "linear", "rctf_classic",
        "rctf_steep", "rctf_sekai", "rctf_legacy", "rctf_genni", "rctf_jammy", "gzctf", "ooo",
        "ccc", NULL};

gint64 formula_icpc_penalty(gint64 accepted_s, int rejected)
{
    return accepted_s / 60 + 20 * (gint64)rejected;
}

double formula_level(double maximum, double hints, bool solution_shown, bool penalized)
{
    return solution_shown && penalized ? 0 : MAX(maximum - hints, 0);
}

void formula_weights(double *weights, int n)
{
    double sum = 0;
    int without = 0;
    for (int i = 0; i < n; i++) {
        sum += weights[i];
        without += weights[i] == 0;
    }
    double divisor = sum > 1 ? MAX(sum, 100) : 1;
    double left = MAX(1 - sum / divisor, 0);
    double share = without > 0 ? left / without : 0;
    for (int i = 0, seen = 0; i < n; i++) {
        if (weights[i] == 0) {
            seen++;
            weights[i] = seen == without ? left - share * (without - 1) : share;
        } else {
            weights[i] /= divisor;
        }
    }
}

gint64 formula_weight_points(double weight, gint64 maximum)
{
    return (gint64)round(weight * (double)maximum); /* round() is half away from zero */
}
