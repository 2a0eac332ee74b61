/* impair_host.c - tries what the kernel can do to links, before anything starts. */
#include "cli/impair_host.h"

#include "base/error.h"
#include "net/net_impair.h"

static bool try_needs(gpointer data, GError **error)
{
    return net_impair_supported(*(const guint *)data, error);
}

bool impair_host_can(guint needs, GError **error)
{
    return cell_try(try_needs, &needs, error);
}

bool impair_host_fits(const struct plan *plan, GError **error)
{
    guint needs = plan_impair_needs(plan);
    if (needs == 0 || impair_host_can(needs, error)) {
        return true;
    }
    g_prefix_error(error, "the scenario impairs links: ");
    if (error && *error) {
        g_autofree char *text =
                g_strconcat((*error)->message, "; or run it with --without-impairments", NULL);
        g_clear_error(error);
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, text);
    }
    return false;
}

struct doctor_check *doctor_impairments(void)
{
    static const char name[] = "impairments";
    g_autoptr(GError) error = NULL;
    if (impair_host_can(PLAN_NEEDS_NETEM | PLAN_NEEDS_RATE | PLAN_NEEDS_OUT, &error)) {
        return doctor_check_new(name, DOCTOR_OK,
                g_strdup("delay, jitter, loss, duplication, reordering, corruption and rate were "
                         "set in both directions"),
                NULL);
    }
    struct doctor_check *check = doctor_check_from_error(name, error);
    check->state = DOCTOR_WARN;
    if (impair_host_can(PLAN_NEEDS_RATE | PLAN_NEEDS_OUT, NULL)) {
        char *text = g_strdup_printf("links can only have a rate, or be down: %s", check->text);
        g_free(check->text);
        check->text = text;
    }
    return check;
}
