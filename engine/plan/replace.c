/* replace.c - ${to}, ${team} and ${NAME} in a step's commands, paths and texts. */
#include "base/error.h"
#include "base/text.h"
#include "plan/plan.h"

#include <string.h>

struct view { /* who looks at whom */
    const struct plan *plan;
    const struct plan_step *step;
    int from, team;
};

static struct view make_view(const struct plan *plan, const struct plan_step *step, int team)
{
    int from = step ? plan_machine_for(plan, step->from, team) : -1;
    return (struct view){.plan = plan, .step = step, .from = from, .team = team};
}

static char *unknown(const struct view *view, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_ptr_array_add(names, (gpointer) "to");
    g_ptr_array_add(names, (gpointer) "team");
    for (guint i = 0; i < view->plan->hosts->len; i++) {
        g_ptr_array_add(names, ((struct plan_host *)view->plan->hosts->pdata[i])->name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = text_did_you_mean(name, (const char *const *)names->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
            "unknown name ${%s}%s; known are ${to}, ${team} and the names of machines, and \"$${\" "
            "is a literal \"${\"",
            name, hint);
    return NULL;
}

static char *value_of(const struct view *view, const char *name, GError **error)
{
    if (strcmp(name, "team") == 0 && view->team >= 0) {
        const struct plan_team *team = view->plan->teams->pdata[view->team];
        return g_strdup(team->id);
    }
    const char *machine = strcmp(name, "to") == 0 && view->step ? view->step->to : name;
    int to = plan_machine_for(view->plan, machine, view->team);
    if (to < 0) {
        return unknown(view, name, error);
    }
    const struct plan_machine *target = view->plan->machines->pdata[to];
    guint32 address = plan_address_for(view->plan, view->from, to, view->team);
    if (!address && target->cards->len > 0) {
        address = ((const struct plan_card *)target->cards->pdata[0])->address;
    }
    if (!address) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
                "${%s}: machine \"%s\" stands on no network", name, machine);
        return NULL;
    }
    return plan_address_text(address);
}

static char *replace(const struct view *view, const char *text, GError **error)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at;) {
        if (g_str_has_prefix(at, "$${")) {
            g_string_append(out, "${");
            at += 3;
            continue;
        }
        const char *end = g_str_has_prefix(at, "${") ? strchr(at, '}') : NULL;
        if (!end) {
            g_string_append_c(out, *at++);
            continue;
        }
        g_autofree char *name = g_strndup(at + 2, (gsize)(end - at - 2));
        g_autofree char *value = value_of(view, name, error);
        if (!value) {
            g_string_free(out, TRUE);
            return NULL;
        }
        g_string_append(out, value);
        at = end + 1;
    }
    return g_string_free(out, FALSE);
}

char *plan_text(const struct plan *plan, const struct plan_step *step, const char *text, int team,
        GError **error)
{
    struct view view = make_view(plan, step, team);
    return replace(&view, text, error);
}

char **plan_argv(const struct plan *plan, const struct plan_step *step, char *const *argv, int team,
        GError **error)
{
    struct view view = make_view(plan, step, team);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    for (; *argv; argv++) {
        char *text = replace(&view, *argv, error);
        if (!text) {
            return NULL;
        }
        g_ptr_array_add(out, text);
    }
    g_ptr_array_add(out, NULL);
    g_ptr_array_set_free_func(out, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}
