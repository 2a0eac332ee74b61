/* event_kinds.h - the vocabulary of the ledger, version 1: docs/events.md says what each means. */
#pragma once

#include <stdbool.h>

extern const char *const event_kinds[]; /* sorted, NULL-terminated */

bool event_kind_is_known(const char *kind);
