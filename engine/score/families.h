/* families.h - the lists of scoring models, one a file; each ended by NULL. */
#pragma once

#include "score/family.h"

extern const struct score_family *const families_basic[];   /* steps, adjust */
extern const struct score_family *const families_uptime[];  /* CCDC's relatives */
extern const struct score_family *const families_flags[];   /* a flag has a price: FAUST, Eno … */
extern const struct score_family *const families_stores[];  /* holding out has one too: ECSC 2025 */
extern const struct score_family *const families_moving[];  /* captures move points: ForcAD … */
extern const struct score_family *const families_rounds[];  /* settled round by round: iCTF … */
extern const struct score_family *const families_tasks[];   /* jeopardy, ICPC, levels */
extern const struct score_family *const families_grades[];  /* objectives, components */
extern const struct score_family *const families_reports[]; /* who saw what: detection */
extern const struct score_family *const families_custom[];  /* the exercise's own */
