/* net_dns.c - a team's networks as a configuration for dnsmasq: pure. */
#include "net/net_dns.h"

#define LEASE "1h"
#define ADVERTISE_S "60" /* between two advertisements to all */

static const struct plan_network *served(const struct plan *plan, guint index, int team)
{
    const struct plan_network *network = plan->networks->pdata[index];
    return network->team == team && (network->subnet->dhcp || network->subnet->dns) ? network
                                                                                    : NULL;
}

bool net_dns_wanted(const struct plan *plan, int team)
{
    for (guint i = 0; i < plan->networks->len; i++) {
        if (served(plan, i, team)) {
            return true;
        }
    }
    return false;
}

static guint32 gateway_of(const struct plan *plan, guint network)
{
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < machine->cards->len; k++) {
            const struct plan_card *card = machine->cards->pdata[k];
            if (card->network == (int)network && card->gateway) {
                return card->gateway;
            }
        }
    }
    return 0;
}

/* dhcp-option=tag:b0,option:router,10.20.1.1, or the option without a value: it is not sent. */
static void add_option(GString *text, const char *tag, const char *option, guint32 address)
{
    g_string_append_printf(text, "dhcp-option=tag:%s,option:%s", tag, option);
    if (address) {
        g_autofree char *value = plan_address_text(address);
        g_string_append_printf(text, ",%s", value);
    }
    g_string_append_c(text, '\n');
}

/* ---- IPv6 ---------------------------------------------------------------------------------- */

static bool has_dhcp6(const struct plan_network *network)
{
    return network->subnet->dhcp && plan_has6(&network->subnet->address6);
}

/* The gate's card on a network whose gateway it is and where addresses are given out; or NULL. */
static const struct plan_gate_card *advertises(
        const struct plan *plan, const struct plan_gate *gate, guint index)
{
    const struct plan_network *network = plan->networks->pdata[index];
    for (guint i = 0; has_dhcp6(network) && i < gate->cards->len; i++) {
        const struct plan_gate_card *card = gate->cards->pdata[i];
        if (card->network == (int)index &&
                !g_strcmp0(network->subnet->gateway, gate->router->name)) {
            return card;
        }
    }
    return NULL;
}

static bool is_advertised(const struct plan *plan, guint network)
{
    for (guint i = 0; i < plan->gates->len; i++) {
        if (advertises(plan, plan->gates->pdata[i], network)) {
            return true;
        }
    }
    return false;
}

static void add_dhcp6(GString *text, const struct plan_network *network)
{
    const struct plan_subnet *subnet = network->subnet;
    g_autofree char *prefix = plan_address6_text(&subnet->address6);
    g_string_append_printf(
            text, "dhcp-range=set:%s,%s,static,64," LEASE "\n", network->bridge, prefix);
    g_string_append_printf(text, "dhcp-option=tag:%s,option6:dns-server", network->bridge);
    if (subnet->dns) {
        struct in6_addr checker = plan_address6_on(subnet, subnet->checker);
        g_autofree char *server = plan_address6_text(&checker);
        g_string_append_printf(text, ",[%s]", server);
    }
    g_string_append_c(text, '\n');
}

/* ---- who gets which address ---------------------------------------------------------------- */

enum family { FOUR = 1, SIX = 2 };

static void add_dhcp_hosts(GString *text, const struct plan *plan, guint network, int families)
{
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < machine->cards->len; k++) {
            const struct plan_card *card = machine->cards->pdata[k];
            if (card->network == (int)network) {
                const unsigned char *m = card->mac;
                g_autofree char *four = plan_address_text(card->address);
                g_autofree char *six = plan_address6_text(&card->address6);
                g_string_append_printf(text, "dhcp-host=%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1],
                        m[2], m[3], m[4], m[5]);
                if (families & FOUR) {
                    g_string_append_printf(text, ",%s", four);
                }
                if (families & SIX) {
                    g_string_append_printf(text, ",[%s]", six);
                }
                g_string_append_printf(text, ",%s," LEASE "\n", machine->host->name);
            }
        }
    }
}

static void add_dhcp(GString *text, const struct plan *plan, guint index, const char *inner)
{
    const struct plan_network *network = plan->networks->pdata[index];
    const struct plan_subnet *subnet = network->subnet;
    const char *tag = network->bridge;
    g_autofree char *mask = plan_address_text(0xffffffffU << (32 - subnet->prefix));
    g_autofree char *from =
            plan_address_text(subnet->dhcp_from ? subnet->dhcp_from : subnet->address);
    g_autofree char *to =
            subnet->dhcp_from ? plan_address_text(subnet->dhcp_to) : g_strdup("static");
    g_string_append_printf(text, "dhcp-range=set:%s,%s,%s,%s," LEASE "\n", tag, from, to, mask);
    add_option(text, tag, "router", gateway_of(plan, index));
    add_option(text, tag, "dns-server", subnet->dns ? subnet->checker : 0);
    bool six = has_dhcp6(network) && !is_advertised(plan, index);
    if (six) {
        g_string_append_printf(text, "enable-ra\nra-param=%s," ADVERTISE_S ",0\n", inner);
        add_dhcp6(text, network);
    }
    add_dhcp_hosts(text, plan, index, six ? FOUR | SIX : FOUR);
}

/* ---- a router's ---------------------------------------------------------------------------- */

bool net_ra_wanted(const struct plan *plan, const struct plan_gate *gate)
{
    for (guint i = 0; i < plan->networks->len; i++) {
        if (advertises(plan, gate, i)) {
            return true;
        }
    }
    return false;
}

char *net_ra_config(const struct plan *plan, const struct plan_gate *gate, const char *folder)
{
    GString *text = g_string_new("port=0\n"
                                 "bind-interfaces\n"
                                 "except-interface=lo\n"
                                 "enable-ra\n"
                                 "dhcp-authoritative\n"
                                 "dhcp-ignore-names\n"
                                 "quiet-dhcp6\n"
                                 "quiet-ra\n"
                                 "dhcp-lease-max=1000\n");
    g_string_append_printf(text, "dhcp-leasefile=%s/leases\nlog-facility=%s/log\n", folder, folder);
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_gate_card *card = advertises(plan, gate, i);
        if (card) {
            g_string_append_printf(
                    text, "interface=%s\nra-param=%s," ADVERTISE_S "\n", card->inner, card->inner);
            add_dhcp6(text, plan->networks->pdata[i]);
            add_dhcp_hosts(text, plan, i, SIX);
        }
    }
    return g_string_free(text, FALSE);
}

/* ---- a team's ------------------------------------------------------------------------------ */

char *net_dns_config(const struct plan *plan, int team, const char *folder,
        char *(*inner_of)(const struct plan_network *network))
{
    GString *text = g_string_new("no-resolv\n"
                                 "no-hosts\n"
                                 "no-poll\n"
                                 "domain-needed\n"
                                 "local=/" NET_DNS_DOMAIN "/\n"
                                 "domain=" NET_DNS_DOMAIN "\n"
                                 "expand-hosts\n"
                                 "localise-queries\n"
                                 "address=/#/\n"
                                 "bind-interfaces\n"
                                 "except-interface=lo\n"
                                 "dhcp-authoritative\n"
                                 "dhcp-ignore-names\n"
                                 "quiet-dhcp\n"
                                 "dhcp-lease-max=1000\n");
    g_string_append_printf(text,
            "addn-hosts=%s/hosts\ndhcp-leasefile=%s/leases\nlog-facility=%s/log\n", folder, folder,
            folder);
    bool dns = false;
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = served(plan, i, team);
        if (network) {
            g_autofree char *inner = inner_of(network);
            dns = dns || network->subnet->dns;
            g_string_append_printf(text, "interface=%s\n", inner);
            if (network->subnet->dhcp) {
                add_dhcp(text, plan, i, inner);
            } else {
                g_string_append_printf(text, "no-dhcp-interface=%s\n", inner);
            }
        }
    }
    if (!dns) {
        g_string_append(text, "port=0\n");
    }
    return g_string_free(text, FALSE);
}

static void add_name(GString *text, guint32 address, const struct in6_addr *address6,
        const char *name, const char *more)
{
    g_autofree char *four = plan_address_text(address);
    g_string_append_printf(text, "%s %s%s\n", four, name, more);
    if (plan_has6(address6)) {
        g_autofree char *six = plan_address6_text(address6);
        g_string_append_printf(text, "%s %s%s\n", six, name, more);
    }
}

/* The machines behind a router that shows their network here under other addresses. */
static void add_mapped(GString *text, const struct plan *plan, int network)
{
    const struct in6_addr none = {0};
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        const struct plan_network *on = plan->networks->pdata[network];
        guint32 address = plan_address_on(plan, (int)i, network);
        if (address && machine->team != on->team) {
            const struct plan_team *team = plan->teams->pdata[machine->team];
            g_autofree char *name = g_strdup_printf("%s.%s", machine->host->name, team->id);
            g_autofree char *more = g_strdup_printf(" %s." NET_DNS_DOMAIN, name);
            add_name(text, address, &none, name, more);
        }
    }
}

char *net_dns_hosts(const struct plan *plan, int team)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < machine->cards->len; k++) {
            const struct plan_card *card = machine->cards->pdata[k];
            const struct plan_network *on = plan->networks->pdata[card->network];
            if (on->team == team) {
                add_name(text, card->address, &card->address6, machine->host->name, "");
            }
        }
    }
    for (guint i = 0; i < plan->gates->len; i++) {
        const struct plan_gate *gate = plan->gates->pdata[i];
        for (guint k = 0; k < gate->cards->len; k++) {
            const struct plan_gate_card *card = gate->cards->pdata[k];
            const struct plan_network *on = plan->networks->pdata[card->network];
            if (on->team == team) {
                const struct plan_team *of = plan->teams->pdata[gate->team];
                g_autofree char *more =
                        gate->team == team ? g_strdup("") : g_strdup_printf(".%s", of->id);
                add_name(text, card->address, &card->address6, gate->router->name, more);
            }
        }
    }
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = plan->networks->pdata[i];
        if (network->team == team) {
            add_mapped(text, plan, (int)i);
        }
    }
    return g_string_free(text, FALSE);
}
