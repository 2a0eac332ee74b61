/* formula.h - the published scoring formulas, as pure functions.
 *
 * Each is transcribed from the rules or the behaviour of the system it is named after, which the
 * comment names with what surprises in it. Doubles are IEEE 754; nothing is rounded unless the
 * formula rounds. Counts are of accepted captures or solves and include the present one.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* ---- attack and defence -------------------------------------------------------------------- */

/* FAUST CTF since 2024: one flag captured by c teams gives each captor 1 + 1/c and costs its owner
 * c^0.75; a tick counts 1 (OK) or 0.5 (RECOVERING), times the root of the number of teams. */
double formula_faust_attack(int captures);
double formula_faust_defense(int captures); /* ≤ 0 */
double formula_faust_sla(double ticks, int teams);

/* ForcAD: points move from victim to attacker, more of them to the weaker. hardness must exceed e,
 * else the sign of the curve turns. */
double formula_forcad(double attacker, double victim, double hardness);
/* ECSC 2024 is the same curve with other constants, on scores from the end of the round before. */
double formula_ecsc2024(double attacker, double victim);

/* ENOWARS: shares of 1000 points a captured flag, 50 a lost one, 100 a round of service. weight is
 * the service's share of all weights, 0 to 1. (The original's SLA term looks every service's weight
 * up wrongly; this is what it means.) */
double formula_eno_attack(
        double weight, int flags_per_round, int variants, int captures, int active_teams);
double formula_eno_defense(double weight, int flags_per_round, int lost); /* ≤ 0 */
double formula_eno_sla(double weight, double up);                         /* up: 1, 0.5 or 0 */

/* saarCTF: rank is the victim's in the tick before. The loss is a difference of powers, so it
 * depends on the number of active teams at each capture. */
double formula_saar_offense(int captures, int rank, int flags_per_tick);
double formula_saar_defense(int captures, int active_teams);

/* RuCTF: a flag of a better team is worth base, one of a worse team less. Positions count from 1.
 * compat divides whole numbers, as the original's SQL does. */
double formula_ructf_price(double base, int attacker, int victim, int teams, bool compat);

/* iCTF 2017: each team owns 50 points a service and tick; who is down loses them to those who are
 * up, who is exploited to the exploiters. up: n flags; exploiters[v * n + a]: a exploited v. out: n
 * sums. With nobody up the points are gone. */
void formula_ictf2017(int n, const bool *up, const bool *exploiters, double *out);

/* DEF CON finals of 2017: flags are whole. A redeemed token of a victim with flags moves at most 15
 * of them; what does not divide goes to the house. */
void formula_legitbs_token(int victim_flags, int redeemers, int *ret_each, int *ret_house);
/* A failed availability check, in a round in which the reference team's instance passed. */
void formula_legitbs_availability(int victim_flags, int other_teams, int *ret_each, int *ret_house);

/* ATKLAB v1: per flag; teams includes the NOP team. */
double formula_atklab_attack(int captures);
double formula_atklab_defense(int captures, int teams); /* ≤ 0 */
double formula_atklab_sla(bool up, bool recovering, const double *store_ratios, int stores);

/* Experimental, from draft rules: ECSC 2025 (whole) and ATKLAB v2. */
double formula_ecsc2025_value(int captures);
double formula_atklab2_value(int captures, int teams);

/* First and last tick in which a flag of tick issued counts, both included. "5" means five ticks to
 * FAUST and six to ForcAD and Eno, so a rule states the last tick, never a life time. */
gint64 formula_last_valid(gint64 issued, gint64 valid_ticks);

/* ---- solving ------------------------------------------------------------------------------- */

enum formula_curve {
    CURVE_STATIC,
    CURVE_LOGARITHMIC, /* CTFd */
    CURVE_LINEAR,      /* CTFd */
    CURVE_RCTF_CLASSIC,
    CURVE_RCTF_STEEP,
    CURVE_RCTF_SEKAI,
    CURVE_RCTF_LEGACY, /* needs most_solves */
    CURVE_RCTF_GENNI,
    CURVE_RCTF_JAMMY, /* needs first_s and length_s */
    CURVE_GZCTF,      /* needs rate and difficulty */
    CURVE_OOO,        /* DEF CON quals */
    CURVE_CCC,
};

struct formula_solve {
    enum formula_curve curve;
    double maximum, minimum;
    double decay;      /* LOGARITHMIC: solves until the minimum; LINEAR: points a solve */
    double rate;       /* GZCTF: the least share of maximum */
    double difficulty; /* GZCTF */
    int most_solves;   /* LEGACY: of the most solved task */
    double first_s;    /* JAMMY: when it was first solved, < 0: not yet */
    double length_s;   /* JAMMY: of the contest */
};

/* What a task with so many solves is worth to each of its solvers. */
double formula_value(const struct formula_solve *rule, int solves);

extern const char *const formula_curve_words[]; /* of enum formula_curve, NULL-terminated */

/* ICPC: minutes, floored, of the accepted run, and 20 for each penalised run before it. */
gint64 formula_icpc_penalty(gint64 accepted_s, int rejected);

/* KYPO: a level's points less the hints taken; nothing once the solution was shown for a penalty.
 */
double formula_level(double maximum, double hints, bool solution_shown, bool penalized);

/* TopoMojo: weights to shares of 1, in place: more than 1 in sum are divided by max(sum, 100);
 * questions without a weight (0) share what is left of 1 and the last of them takes the rest. */
void formula_weights(double *weights, int n);
/* … and a share of so many points, rounded half away from zero. */
gint64 formula_weight_points(double weight, gint64 maximum);

/* ---- keeping services up ------------------------------------------------------------------- */

enum formula_sla { SLA_ADDITIVE, SLA_FLAT, SLA_EXPONENTIAL, SLA_NEXT_CHECK };

/* Scoring Engine: per cent of the points that a present run of failures takes away, at most 50. */
int formula_sla_percent(enum formula_sla mode, int failures, int threshold);
extern const char *const formula_sla_words[]; /* of enum formula_sla, NULL-terminated */

/* aeacus: checks without points (0) share what is left of 100, the first ones one more; when
 * nothing is left they get 3 each. In place; negative ones are penalties and count for nothing. */
void formula_hardening_points(int *points, int n);

/* DWAYNE: who persists on a box of so many points that hits others also found. */
void formula_dwayne_persist(
        int box_points, int hits, int *ret_stolen, int *ret_persist, int *ret_lost);

/* Ranks from 1 of n totals that are sorted, best first: 1 2 2 3 (dense) or 1 2 2 4. */
void formula_ranks(const double *totals, int n, bool dense, int *out);
