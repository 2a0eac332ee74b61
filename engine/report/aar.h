/* aar.h - the after-action report's data, folded from an exercise's events.
 *
 * One document, from which the page (page.h) and the exports (export.h) are made; the scores in it
 * are those of score.h, so a report and a board never differ. Everything in it is text that was
 * cleaned (text_clean_tail), numbers and times; who prints it escapes it once more for its format.
 */
#pragma once

#include "base/event.h"

#include <cjson/cJSON.h>

struct aar;

struct aar *aar_new(void);
/* Its document is to be the public's: to be given a beginning of the ledger (public.h). */
struct aar *aar_new_public(void);
void aar_free(struct aar *aar); /* accepts NULL */

/* Every event in order of seq, from the first. Unusable bodies change nothing. */
void aar_apply(struct aar *aar, const struct event *event);

/* {"exercise": {"name","title","version","digest","seed","engine","accel","state","end_by",
 *   "end_reason","started_us","ended_us" (wall clock),"ran_us","duration_us","events","head",
 *   "code","signed","key","exam" (it is one),"public"},
 *  "score": as score_to_json(), without the single terms,
 *  "lines": [{"team","points":[[at_us,total],…]}]: sums of the explained terms up to a time,
 *  "terms": [{"team","part","why","count","points","first_us","last_us","seqs":[…]}]: equal terms
 *   of a team together, seqs at most AAR_SEQS of them; from the 500th kind of a team on by part,
 *  "services": [{"team","service","title","machine","passed","failed","faults","sla" (of the looks
 *   that count; null without one),"down_us","spans":[{"status","from_us","to_us","from_seq",
 *   "to_seq","looks","detail"}]}],
 *  "steps": [{"step","title","team","attacker","from","to","attack":{"domain","version","id",
 *   "name"},"started_us","ended_us","wall_us","start_seq","seq","verdict","reason","void","repair",
 *   "repair_zh","evidence":[{"what","ok","why","seen_us"}],"commands":[{"argv","status","out"}],
 *   "undone_us","response":{…}}]: one entry a run of a step against a team. response has, each when
 *   it is known, "reported_us","acted_us" with "report_seq","act_seq","act", and "outage":
 *   {"service","from_us","to_us","from_seq","to_seq","over"},
 *  "coverage": [{"domain","version","id","name","teams":[{"team","executed","effect","blocked",
 *   "inert","fault","skipped","detected"}]}]: how often,
 *  "reports": number of detection reports that teams have filed,
 *  "remarks": [{"seq","at_us","kind","team","subject","text","by"}]: corrections, faults, resets,
 *   alarms, interventions and notes of the white cell; at most AAR_REMARKS, "remarks_left" more,
 *  "marks": of an exam, and not for the public: all candidates, as exam_mark()}. The caller's. */
cJSON *aar_to_json(const struct aar *aar);

#define AAR_SEQS 64
#define AAR_REMARKS 400

/* The name that ATT&CK 18.1 gives a technique ("T1110.001"), or NULL. */
const char *aar_attack_name(const char *domain, const char *id);
