/* hint.c - what somebody who wrote an id that is none may have meant. */
#include "base/text.h"
#include "plan/plan.h"

#include <string.h>

#define SHOWN_MAX 4

/* Is word one of the names that id consists of: web of blue1/web, recon of recon@blue1? */
static bool is_part(const char *id, const char *word)
{
    g_auto(GStrv) parts = g_strsplit_set(id, "/@", -1);
    return g_strv_contains((const char *const *)parts, word);
}

static char *hint(GPtrArray *ids, const char *wrong)
{
    GString *text = g_string_new(NULL);
    guint shown = 0;
    for (guint i = 0; i < ids->len; i++) {
        const char *id = ids->pdata[i];
        if (is_part(id, wrong) && shown++ < SHOWN_MAX) {
            g_string_append_printf(text, "%s\"%s\"", text->len ? " or " : "", id);
        }
    }
    if (shown > 0) {
        g_string_prepend(text, " (did you mean ");
        g_string_append(text, shown > SHOWN_MAX ? " …?)" : "?)");
        return g_string_free(text, FALSE);
    }
    g_string_free(text, TRUE);
    g_ptr_array_add(ids, NULL);
    return text_did_you_mean(wrong, (const char *const *)ids->pdata);
}

char *plan_machine_hint(const struct plan *plan, const char *wrong)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < plan->machines->len; i++) {
        g_ptr_array_add(ids, ((struct plan_machine *)plan->machines->pdata[i])->id);
    }
    return hint(ids, wrong);
}

char *plan_inject_hint(const struct plan *plan, const char *wrong)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < plan->injects->len; i++) {
        g_ptr_array_add(ids, ((struct plan_inject *)plan->injects->pdata[i])->id);
    }
    return hint(ids, wrong);
}

char *plan_network_hint(const struct plan *plan, const char *wrong)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < plan->networks->len; i++) {
        g_ptr_array_add(ids, ((struct plan_network *)plan->networks->pdata[i])->id);
    }
    return hint(ids, wrong);
}

int plan_network_index(const struct plan *plan, const char *id)
{
    for (guint i = 0; id && i < plan->networks->len; i++) {
        if (!strcmp(((struct plan_network *)plan->networks->pdata[i])->id, id)) {
            return (int)i;
        }
    }
    return -1;
}
