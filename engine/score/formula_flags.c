/* formula_flags.c - attack and defence: what a flag, a tick, a capture is worth. */
#include "score/formula.h"

#include <math.h>

double formula_faust_attack(int captures)
{
    return captures > 0 ? 1 + 1.0 / captures : 0;
}

double formula_faust_defense(int captures)
{
    return captures > 0 ? -pow(captures, 0.75) : 0;
}

double formula_faust_sla(double ticks, int teams)
{
    return ticks * sqrt(teams);
}

static double move(double attacker, double victim, double scale, double norm)
{
    return scale / (1 + exp((sqrt(MAX(attacker, 0)) - sqrt(MAX(victim, 0))) * norm));
}

double formula_forcad(double attacker, double victim, double hardness)
{
    return move(attacker, victim, 50 * sqrt(hardness), log(log(hardness)) / 12);
}

double formula_ecsc2024(double attacker, double victim)
{
    return move(attacker, victim, 15 * sqrt(5), log(log(5)) / 12);
}

double formula_eno_attack(
        double weight, int flags_per_round, int variants, int captures, int active_teams)
{
    return 1000 * weight / flags_per_round / variants / captures / active_teams;
}

double formula_eno_defense(double weight, int flags_per_round, int lost)
{
    return -50 * weight / flags_per_round * lost;
}

double formula_eno_sla(double weight, double up)
{
    return 100 * weight * up;
}

double formula_saar_offense(int captures, int rank, int flags_per_tick)
{
    return (1 + sqrt(1.0 / captures) + sqrt(1.0 / rank)) / flags_per_tick;
}

double formula_saar_defense(int captures, int active_teams)
{
    return captures > 0 ? pow((double)captures / active_teams, 0.3) : 0;
}

double formula_ructf_price(double base, int attacker, int victim, int teams, bool compat)
{
    if (attacker >= victim || teams < 2) {
        return base;
    }
    int ahead = victim - attacker;
    double share = compat ? (double)(ahead / (teams - 1)) : (double)ahead / (teams - 1); // NOLINT
    return pow(base, 1 - share);
}

void formula_ictf2017(int n, const bool *up, const bool *exploiters, double *out)
{
    static const double stake = 50;
    int up_count = 0;
    for (int i = 0; i < n; i++) {
        out[i] = 0;
        up_count += up[i];
    }
    for (int v = 0; v < n && up_count > 0; v++) {
        const bool *by = exploiters + (gsize)v * (gsize)n;
        int thieves = 0;
        for (int a = 0; a < n; a++) {
            thieves += by[a];
        }
        if (up[v] && thieves == 0) {
            out[v] += stake;
            continue;
        }
        /* a service that is down cannot be exploited: its points go to all that are up */
        const bool *to = up[v] ? by : up;
        int heirs = up[v] ? thieves : up_count;
        for (int a = 0; a < n; a++) {
            out[a] += to[a] ? stake / heirs : 0;
        }
    }
}

#define LEGITBS_FLAGS 15

void formula_legitbs_token(int victim_flags, int redeemers, int *ret_each, int *ret_house)
{
    int moved = MIN(LEGITBS_FLAGS, victim_flags);
    *ret_each = redeemers > 0 ? moved / redeemers : 0;
    *ret_house = redeemers > 0 ? moved % redeemers : 0;
}

void formula_legitbs_availability(int victim_flags, int other_teams, int *ret_each, int *ret_house)
{
    int moved = MIN(LEGITBS_FLAGS, victim_flags);
    bool whole = moved == LEGITBS_FLAGS;
    *ret_each = whole ? MIN(1, moved / MAX(other_teams, 1)) : 0;
    *ret_house = whole ? 0 : moved;
}

double formula_atklab_attack(int captures)
{
    return captures > 0 ? (1 + 1.0 / captures) / 2 : 0;
}

double formula_atklab_defense(int captures, int teams)
{
    return captures > 0 ? -(1 + (double)captures / teams) / 2 : 0;
}

double formula_atklab_sla(bool up, bool recovering, const double *store_ratios, int stores)
{
    double sum = up ? 1 : 0;
    for (int i = 0; i < stores && (up || recovering); i++) {
        sum += 2 * store_ratios[i];
    }
    return sum;
}

double formula_ecsc2025_value(int captures)
{
    return trunc(10 * pow(30.0 / (29 + MAX(captures, 1)), 3));
}

double formula_atklab2_value(int captures, int teams)
{
    static const double ratio = 0.2;
    static const double weight = 0.5;
    static const double most = 10;
    static const double least = 0.5;
    /* p makes the curve pass through weight · most at ratio of the teams */
    double p = log(log(weight) / log(least / most)) / log(ratio);
    /* below six teams the rules say nothing: the second solver brings it to the least */
    double x = (MAX(captures, 1) - 1) / MAX(teams - 1 / ratio, 1);
    return most * pow(least / most, pow(x, p));
}

gint64 formula_last_valid(gint64 issued, gint64 valid_ticks)
{
    return issued + valid_ticks - 1;
}
