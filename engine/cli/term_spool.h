/* term_spool.h - the terms of a long score on their way into one JSON document.
 *
 * Terms come in the order of events, the document wants them by team: what does not fit into small
 * buffers waits in a file without a name (in $TMPDIR or /var/tmp), which is gone with its last user.
 */
#pragma once

#include "score/score.h"

#include <stdio.h>

struct term_spool;

struct term_spool *term_spool_new(void);
void term_spool_free(struct term_spool *spool); /* accepts NULL */

void term_spool_add(struct term_spool *spool, const struct score_term *term);

/* Writes the array of team's terms, in the order in which they came, as score_to_json() has it. False:
 * they could not be kept, or written. */
bool term_spool_print(struct term_spool *spool, const char *team, FILE *out, GError **error);
