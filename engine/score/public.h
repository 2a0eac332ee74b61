/* public.h - what spectators may know of an exercise: a beginning of its ledger, without secrets.
 *
 * score.frozen with "frozen" true ends that beginning before itself, with false it makes everything
 * public again. Whatever is shown to the public is computed from these events and no others, so that
 * nothing of what comes after can be seen in it, in no value, order or count.
 */
#pragma once

#include "base/event.h"

#include <cjson/cJSON.h>

#include <stdbool.h>

#define PUBLIC_CODE 10 /* "K7QF-3M2A" and its end */

struct public_checkpoint { /* a signed one (ledger.signed) */
    gint64 seq;            /* of the last event that it covers, 0: there is none */
    char code[PUBLIC_CODE];
};

struct public_prefix {                      /* all zero at first */
    gint64 last;                            /* seq of the last event that was applied */
    gint64 frozen;                          /* seq of the freeze that holds, 0: none */
    struct public_checkpoint latest, shown; /* of all events; of those that are public */
};

void public_prefix_apply(struct public_prefix *prefix, const struct event *event);
/* seq of the last public event, of all that were applied. */
gint64 public_prefix_end(const struct public_prefix *prefix);

/* {"seq","code"} of the last checkpoint that is public, for people to note; NULL: there is none. The
 * caller's. */
cJSON *public_checkpoint(const struct public_prefix *prefix);

/* The event as the public may see it, without hash; NULL when it may not. Flags, machines' output,
 * the plan, what the white cell does and what is to come are nobody else's. The caller's. */
struct event *public_event(const struct event *event);

/* Leaves of score_to_json() what is the public's: of the models not their settings, which may be what
 * a flag or an answer is worth before it is found; no terms; of corrections not who made them. Adds
 * "checkpoint", public_checkpoint() of prefix (NULL: of none). */
void public_score(cJSON *score, const struct public_prefix *prefix);
