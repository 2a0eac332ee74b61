/* technique.h - what ids of ATT&CK techniques have to do with each other. */
#pragma once

#include <stdbool.h>

/* The same, or one is the parent of the other ("T1110", "T1110.001"); an empty id is related to
 * nothing. */
bool technique_is_related(const char *one, const char *other);
