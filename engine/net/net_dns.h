/* net_dns.h - what dnsmasq(8) is told: the configuration and the names of one team's networks.
 *
 * Pure: made from the plan, whose names plan_check() has seen; nothing that a guest says gets in.
 * One dnsmasq a team serves all of that team's networks that have dhcp or dns, from the team's own
 * namespace, with the checker's address. It knows the plan's names and nothing else, and asks
 * nobody. Names: "web" and "web.range" on the team's own networks; where a router shows a network
 * under other addresses, "web.blue1" and "web.blue1.range".
 */
#pragma once

#include "plan/router.h"

#define NET_DNS_DOMAIN "range"

/* IPv6, where a network has both cidr6 and dhcp: machines learn by router advertisements (RFC 4861)
 * that addresses are given out (RFC 8415), never to make up their own, and get the plan's. Who says
 * so is the router that is the network's gateway, from its own namespace, and it offers itself as
 * their default router; where there is none, the team's dnsmasq, which does not. */

/* Has the team a network that needs it? */
bool net_dns_wanted(const struct plan *plan, int team);

/* The configuration; folder holds hosts, leases and log. inner_of gives the name of the interface
 * on that network in the team's namespace (the caller's). */
char *net_dns_config(const struct plan *plan, int team, const char *folder,
        char *(*inner_of)(const struct plan_network *network));

/* Is the router the gateway of a network with IPv6 and DHCP? And its configuration, as above. */
bool net_ra_wanted(const struct plan *plan, const struct plan_gate *gate);
char *net_ra_config(const struct plan *plan, const struct plan_gate *gate, const char *folder);

/* The lines of its hosts file. */
char *net_dns_hosts(const struct plan *plan, int team);
