/* family.c - the table of scoring models. */
#include "score/families.h"

#include <string.h>

static const struct score_family *const *const tables[] = {
        families_basic,
        families_uptime,
        families_flags,
        families_stores,
        families_moving,
        families_rounds,
        families_tasks,
        families_grades,
        families_reports,
        families_custom,
};

const struct score_family *score_family(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const struct score_family *const *family = tables[i]; *family; family++) {
            if (!strcmp((*family)->name, name)) {
                return *family;
            }
        }
    }
    return NULL;
}

const char *const *score_family_names(void)
{
    static const char *names[64];
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        gsize n = 0;
        for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
            for (const struct score_family *const *family = tables[i]; *family; family++) {
                g_assert(n + 1 < G_N_ELEMENTS(names));
                names[n++] = (*family)->name;
            }
        }
        g_once_init_leave(&once, 1);
    }
    return names;
}
