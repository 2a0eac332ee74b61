/* correct.h - corrections of a score, while the exercise runs and after it. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

/* method "adjust" or "void" with params (consumed, docs/protocol.md) of the exercise NAME (NULL:
 * the only one): by its engine when it runs, else appended to its ledger. Says what was done. */
bool correct(const char *name, const char *method, cJSON *params, GError **error);
