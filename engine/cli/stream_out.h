/* stream_out.h - the streams of report/stream.h out of a ledger. */
#pragma once

#include "report/stream.h"

#include <glib.h>

/* All lines of a team's stream (NULL: the truth); the caller's. NULL and an error when the ledger
 * cannot be read or has no such team. */
char *stream_text(const char *ledger, enum stream_format format, const char *team, GError **error);
