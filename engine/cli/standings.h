/* standings.h - the standings as a table on stdout. */
#pragma once

#include <cjson/cJSON.h>

/* score is what score_to_json() gives. */
void standings_print(const cJSON *score);
