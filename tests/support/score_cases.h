/* score_cases.h - the published numbers, tests/golden/score/formulas.json, and how to go through them. */
#pragma once

#include "support/test.h"

#include "base/json.h"

#include <math.h>

static cJSON *cases; /* tests/golden/score/formulas.json */

static inline int read_cases(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(TESTS_DIR, "golden", "score", "formulas.json", NULL);
    g_autofree char *text = NULL;
    cases = g_file_get_contents(path, &text, NULL, NULL) ? cJSON_Parse(text) : NULL;
    return cases ? 0 : -1;
}

static inline int free_cases(void **state)
{
    (void)state;
    cJSON_Delete(cases);
    return 0;
}

#define EACH(item, name)                                                                           \
    assert_true(cJSON_GetArraySize(json_array(cases, name)) > 0);                                  \
    cJSON_ArrayForEach(item, json_array(cases, name))

static inline double number(const cJSON *item, const char *name)
{
    return json_number(item, name, NAN);
}

/* "t0 t1 …", so many. */
static inline char *team_names(int n)
{
    GString *names = g_string_new("t0");
    for (int i = 1; i < n; i++) {
        g_string_append_printf(names, " t%d", i);
    }
    return g_string_free(names, FALSE);
}
