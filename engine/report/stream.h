/* stream.h - an exercise as a SIEM sees it, one JSON object a line: two streams that never mix.
 *
 *   a team's   what this team could have seen with its own eyes: how its own services answered, how
 *              its machines are and what they log, what its own people did, what was announced
 *   truth      what the white cell alone knows: injects, attack steps and their verdicts, what
 *              operators did, impairments, alarms
 *
 * Both are allow-lists of kinds and of members; what is on neither is in no stream, so a new kind of
 * event is hidden until somebody decides. A team's stream depends on nothing else: numbers count
 * its own lines, not the ledger's rows, whose gaps would tell how much happens out of sight.
 */
#pragma once

#include "base/event.h"

#include <stdbool.h>

enum stream_format { STREAM_ECS, STREAM_OCSF };

struct stream;

/* Of that team, or of the truth when team is NULL. */
struct stream *stream_new(enum stream_format format, const char *team);
void stream_free(struct stream *stream); /* accepts NULL */

/* Every event in order of seq, from the first. The line for it without a line feed, the caller's;
 * NULL when the event is not in this stream. Lines of a log are as many, with line feeds between. */
char *stream_line(struct stream *stream, const struct event *event);

/* Was that team in exercise.created, as one that can be asked for? */
bool stream_knows_team(const struct stream *stream);
