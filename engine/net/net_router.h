/* net_router.h - a router's packet filter: the text of its rules, and their way into the kernel.
 *
 * The text is nft's own language (nft(8), libnftables(3)) and is made only from names and numbers
 * that plan_check() or plan_rule_check() has accepted. One text is one transaction: the kernel
 * takes all of it or nothing. Table "inet st" holds
 *     rules        the router's rules in order, then its policy; each has a counter of its own:
 *                  "r-NAME", "r-policy" for what no rule met
 *     forward      replies and related packets pass, invalid ones do not, the rest meets the rules;
 *                  so a new rule also ends what was allowed before
 *     arriving, leaving   translation of addresses
 */
#pragma once

#include "plan/router.h"

/* Everything, replacing what may be there; the caller frees it. */
char *net_router_ruleset(
        const struct plan *plan, const struct plan_gate *gate, const GPtrArray *rules);

/* Only the rules, in place of the ones in before; counters of rules that stay go on. */
char *net_router_change(const struct plan *plan, const struct plan_gate *gate,
        const GPtrArray *before, const GPtrArray *rules);

struct net_rule_counter {
    char *name; /* of the rule, or "policy" */
    guint64 packets, bytes;
};

/* Runs commands as one transaction in the network namespace of descriptor space and waits for it.
 * An error has the kernel's reason. Any thread; one at a time. */
bool net_nft_run(int space, const char *commands, GError **error);

/* The counters of the rules there: GArray of struct net_rule_counter, owning; NULL on error. */
GArray *net_nft_counters(int space, GError **error);

/* Packets are passed on between the interfaces there, both IPv4 and IPv6. */
bool net_forward(int space, GError **error);

/* Connections that have passed there are unknown from now on: what still belongs to one meets the
 * rules again. */
bool net_connections_forget(int space, GError **error);
