/* plan_link.c - links of a plan: a machine's cards by the network they stand on; what they need. */
#include "plan/plan_impair.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static const struct plan_network *network_of(const struct plan *plan, const struct plan_card *card)
{
    return plan->networks->pdata[card->network];
}

static bool is_meant(const struct plan *plan, const struct plan_machine *machine,
        const struct plan_card *card, const char *network, int team)
{
    const struct plan_network *on = network_of(plan, card);
    if (network && strcmp(on->id, network) == 0) {
        return true;
    }
    bool named = !network || strcmp(on->subnet->name, network) == 0;
    return named && (team < 0 || on->team == team || on->team == machine->team);
}

GArray *plan_link_cards(const struct plan *plan, int machine, const char *network, int team)
{
    GArray *cards = g_array_new(FALSE, FALSE, sizeof(int));
    const struct plan_machine *of = plan->machines->pdata[machine];
    for (int i = 0; i < (int)of->cards->len; i++) {
        if (is_meant(plan, of, of->cards->pdata[i], network, team)) {
            g_array_append_val(cards, i);
        }
    }
    return cards;
}

char *plan_link_id(const struct plan *plan, int machine, int card)
{
    const struct plan_machine *of = plan->machines->pdata[machine];
    const struct plan_network *on = network_of(plan, of->cards->pdata[card]);
    bool own = on->team == of->team;
    return g_strdup_printf("%s:%s", of->id, own ? on->subnet->name : on->id);
}

/* By id, else by a name that only one machine has. */
int plan_link_machine(const struct plan *plan, const char *name, GError **error)
{
    int found = plan_machine_index(plan, name);
    int count = found >= 0;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        g_ptr_array_add(ids, machine->id);
        if (found < 0 && strcmp(machine->host->name, name) == 0) {
            count++;
        }
    }
    for (guint i = 0; found < 0 && count == 1 && i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        found = strcmp(machine->host->name, name) == 0 ? (int)i : -1;
    }
    if (found >= 0) {
        return found;
    }
    g_ptr_array_add(ids, NULL);
    g_autofree char *shown = text_clean_tail(name, strlen(name), 64);
    const char *nearest = text_nearest(name, (const char *const *)ids->pdata);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
            count > 1 ? "several teams have a machine \"%s\"; say which, such as \"%s\""
                      : "no machine \"%s\"; such as \"%s\" would be",
            shown, nearest ? nearest : (const char *)ids->pdata[0]);
    return -1;
}

bool plan_link_find(const struct plan *plan, const char *machine, const char *network,
        int *ret_machine, int *ret_card, GError **error)
{
    int found = plan_link_machine(plan, machine, error);
    if (found < 0) {
        return false;
    }
    const struct plan_machine *of = plan->machines->pdata[found];
    g_autoptr(GArray) cards = plan_link_cards(plan, found, network, -1);
    if (cards->len == 1) {
        *ret_machine = found;
        *ret_card = g_array_index(cards, int, 0);
        return true;
    }
    g_autoptr(GString) known = g_string_new(NULL);
    for (int i = 0; i < (int)of->cards->len; i++) {
        g_autofree char *id = plan_link_id(plan, found, i);
        g_string_append_printf(known, "%s%s", i ? ", " : "", id);
    }
    g_autofree char *shown = network ? text_clean_tail(network, strlen(network), 64) : NULL;
    if (cards->len == 0 && network) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "machine \"%s\" does not stand on a network \"%s\"; its links are: %s", of->id,
                shown, known->str);
    } else if (cards->len == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "machine \"%s\" stands on no network", of->id);
    } else {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "machine \"%s\" has several such links; say which of: %s", of->id, known->str);
    }
    return false;
}

static guint needs_of(const struct plan_impair *impair)
{
    struct plan_link_ask ask = {0};
    plan_impair_apply(impair, &ask);
    return plan_link_ask_needs(&ask);
}

guint plan_impair_needs(const struct plan *plan)
{
    guint needs = 0;
    for (guint i = 0; i < plan->links->len; i++) {
        needs |= needs_of(plan->links->pdata[i]);
    }
    for (guint i = 0; i < plan->timeline->len; i++) {
        const struct plan_entry *entry = plan->timeline->pdata[i];
        needs |= entry->impair ? needs_of(entry->impair) : 0;
    }
    return needs;
}
