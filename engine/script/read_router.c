/* read_router.c - routers, and what else may be written about networks and cards. */
#include "script/reader.h"

#include "plan/router.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_text(const struct node *node)
{
    return node->type == NODE_STRING && strlen(node->text) == node->length;
}

/* ---- networks and cards -------------------------------------------------------------------- */

void read_cidr6(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_subnet *subnet = target;
    if (!is_text(node) || !plan_cidr6_parse(node->text, &subnet->address6)) {
        reader_expected(reader, node, "a private /64 network such as \"fd00:20:1::/64\"");
    }
}

/* dhcp = true, or dhcp = { from = "10.20.1.100", to = "10.20.1.150" } */
void read_dhcp(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"from", FIELD_ADDRESS, true, offsetof(struct plan_subnet, dhcp_from), NULL},
            {"to", FIELD_ADDRESS, true, offsetof(struct plan_subnet, dhcp_to), NULL},
            {0},
    };
    struct plan_subnet *subnet = target;
    if (node->type == NODE_BOOLEAN) {
        subnet->dhcp = node->boolean;
    } else if (node->type == NODE_TABLE) {
        subnet->dhcp = true;
        reader_fields(reader, node, fields, subnet);
    } else {
        reader_expected(reader, node, "true or { from = \"10.20.1.100\", to = \"10.20.1.150\" }");
    }
}

static void read_nic_address6(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_nic *nic = target;
    if (!is_text(node) || inet_pton(AF_INET6, node->text, &nic->address6) != 1) {
        reader_expected(reader, node, "an IPv6 address such as \"fd00:20:1::10\"");
    }
}

static void read_trunk(struct reader *reader, const struct node *node, gpointer target)
{
    const char *what = "a list of VLANs, such as { 10, 20 }";
    struct plan_nic *nic = target;
    if (!reader_is_list(reader, node, what)) {
        return;
    }
    nic->trunk = nic->trunk ? nic->trunk : g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        if (entry->type != NODE_NUMBER || !entry->whole || entry->number < 1 ||
                entry->number > 4094) {
            reader_expected(reader, entry, "a VLAN from 1 to 4094");
            continue;
        }
        int vlan = (int)entry->number;
        g_array_append_val(nic->trunk, vlan);
    }
}

void read_nic_options(struct reader *reader, const struct node *node, struct plan_nic *nic)
{
    static const struct field fields[] = {
            {"address", FIELD_ADDRESS, true, offsetof(struct plan_nic, address), NULL},
            {.key = "address6", .type = FIELD_OTHER, .read = read_nic_address6},
            {"dhcp", FIELD_BOOLEAN, false, offsetof(struct plan_nic, dhcp), NULL},
            {"vlan", FIELD_INTEGER, false, offsetof(struct plan_nic, vlan), NULL},
            {.key = "trunk", .type = FIELD_OTHER, .read = read_trunk},
            {0},
    };
    reader_fields(reader, node, fields, nic);
}

/* ---- rules --------------------------------------------------------------------------------- */

static void read_action_into(
        struct reader *reader, const struct node *node, enum plan_rule_action *ret)
{
    if (!is_text(node) || !plan_rule_action_parse(node->text, ret)) {
        reader_expected(reader, node, "\"accept\", \"drop\" or \"reject\"");
    }
}

static void read_action(struct reader *reader, const struct node *node, gpointer target)
{
    read_action_into(reader, node, &((struct plan_rule *)target)->action);
}

static void read_policy(struct reader *reader, const struct node *node, gpointer target)
{
    read_action_into(reader, node, &((struct plan_router *)target)->policy);
}

static void read_protocol_into(
        struct reader *reader, const struct node *node, enum plan_rule_protocol *ret)
{
    if (!is_text(node) || !plan_rule_protocol_parse(node->text, ret)) {
        reader_expected(reader, node, "\"any\", \"tcp\", \"udp\" or \"icmp\"");
    }
}

static void read_protocol(struct reader *reader, const struct node *node, gpointer target)
{
    read_protocol_into(reader, node, &((struct plan_rule *)target)->protocol);
}

static void read_nat_protocol(struct reader *reader, const struct node *node, gpointer target)
{
    read_protocol_into(reader, node, &((struct plan_nat *)target)->protocol);
}

static void read_one_port(struct reader *reader, const struct node *node, struct plan_rule *rule)
{
    struct plan_ports ports = {0};
    bool ok = false;
    if (node->type == NODE_NUMBER) {
        ok = node->whole && node->number >= 1 && node->number <= 65535;
        ports.first = ports.last = ok ? (int)node->number : 0;
    } else if (is_text(node)) {
        ok = plan_ports_parse(node->text, &ports);
    }
    if (!ok) {
        reader_expected(reader, node, "a port or ports, such as 80 or \"100-200\"");
    } else if (rule->ports->len < PLAN_RULE_PORTS_MAX) {
        g_array_append_val(rule->ports, ports);
    } else {
        reader_expected(reader, node, "at most 16 ports");
    }
}

static void read_ports(struct reader *reader, const struct node *node, gpointer target)
{
    if (node->type != NODE_TABLE) {
        read_one_port(reader, node, target);
        return;
    }
    if (!reader_is_list(reader, node, "a list of ports, such as { 80, 443 }")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        read_one_port(reader, node->entries->pdata[i], target);
    }
}

static void read_rules(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"name", FIELD_TEXT, true, offsetof(struct plan_rule, name), NULL},
            {.key = "action", .type = FIELD_OTHER, .required = true, .read = read_action},
            {"from", FIELD_TEXT, false, offsetof(struct plan_rule, from), NULL},
            {"to", FIELD_TEXT, false, offsetof(struct plan_rule, to), NULL},
            {"source", FIELD_TEXT, false, offsetof(struct plan_rule, source), NULL},
            {"dest", FIELD_TEXT, false, offsetof(struct plan_rule, dest), NULL},
            {.key = "proto", .type = FIELD_OTHER, .read = read_protocol},
            {.key = "port", .type = FIELD_OTHER, .read = read_ports},
            {0},
    };
    struct plan_router *router = target;
    if (!reader_is_list(reader, node, "a list of rules, such as { { name = \"web\", … } }")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        struct plan_rule *rule = plan_rule_new();
        rule->line = entry->line;
        g_ptr_array_add(router->rules, rule);
        reader_fields(reader, entry, fields, rule);
    }
}

/* ---- translation --------------------------------------------------------------------------- */

static const struct field masquerade_fields[] = {
        {"masquerade", FIELD_TEXT, true, offsetof(struct plan_nat, zone), NULL},
        {"source", FIELD_TEXT, false, offsetof(struct plan_nat, source), NULL},
        {0},
};
static const struct field snat_fields[] = {
        {"snat", FIELD_TEXT, true, offsetof(struct plan_nat, address), NULL},
        {"zone", FIELD_TEXT, true, offsetof(struct plan_nat, zone), NULL},
        {"source", FIELD_TEXT, false, offsetof(struct plan_nat, source), NULL},
        {0},
};
static const struct field dnat_fields[] = {
        {"dnat", FIELD_TEXT, true, offsetof(struct plan_nat, machine), NULL},
        {"zone", FIELD_TEXT, true, offsetof(struct plan_nat, zone), NULL},
        {.key = "proto", .type = FIELD_OTHER, .required = true, .read = read_nat_protocol},
        {"port", FIELD_INTEGER, true, offsetof(struct plan_nat, port), NULL},
        {"to_port", FIELD_INTEGER, false, offsetof(struct plan_nat, to_port), NULL},
        {0},
};

static void read_nat(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct {
        const char *key;
        enum plan_nat_kind kind;
        const struct field *fields;
    } kinds[] = {
            {"masquerade", PLAN_NAT_MASQUERADE, masquerade_fields},
            {"snat", PLAN_NAT_SNAT, snat_fields},
            {"dnat", PLAN_NAT_DNAT, dnat_fields},
    };
    const char *what = "a list such as { { masquerade = \"outside\" } }";
    struct plan_router *router = target;
    if (!reader_is_list(reader, node, what)) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        gsize kind = 0;
        while (kind < G_N_ELEMENTS(kinds) && entry->type == NODE_TABLE &&
                !node_get(entry, kinds[kind].key)) {
            kind++;
        }
        if (entry->type != NODE_TABLE || kind == G_N_ELEMENTS(kinds)) {
            reader_expected(reader, entry, "masquerade = ZONE, snat = ADDRESS or dnat = MACHINE");
            continue;
        }
        struct plan_nat *nat = g_new0(struct plan_nat, 1);
        nat->kind = kinds[kind].kind;
        nat->line = entry->line;
        g_ptr_array_add(router->nat, nat);
        reader_fields(reader, entry, kinds[kind].fields, nat);
    }
}

static void add_map(struct reader *reader, const struct node *node, const char *network,
        struct plan_router *router)
{
    char *outside = reader_text(reader, node, "addresses such as \"10.200.{n}.0/24\"");
    if (outside) {
        struct plan_map *map = g_new0(struct plan_map, 1);
        map->network = g_strdup(network);
        map->outside = outside;
        map->line = node->line;
        g_ptr_array_add(router->maps, map);
    }
}

/* one_to_one = "10.200.{n}.0/24", or { office = "10.200.{n}.0/24", … } */
static void read_one_to_one(struct reader *reader, const struct node *node, gpointer target)
{
    if (node->type != NODE_TABLE) {
        add_map(reader, node, NULL, target);
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        if (entry->key) {
            add_map(reader, entry, entry->key, target);
        } else {
            reader_expected(reader, entry, "NETWORK = \"10.200.{n}.0/24\"");
        }
    }
}

/* ---- routers ------------------------------------------------------------------------------- */

static void read_feet(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_router *router = target;
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table such as { office = \"10.20.1.1\" }");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        const char *what = "NETWORK = \"address\", such as office = \"10.20.1.1\"";
        char *address = entry->key ? reader_text(reader, entry, what) : NULL;
        if (!entry->key) {
            reader_expected(reader, entry, what);
        }
        if (address) {
            struct plan_foot *foot = g_new0(struct plan_foot, 1);
            foot->network = g_strdup(entry->key);
            foot->address = address;
            foot->line = entry->line;
            g_ptr_array_add(router->feet, foot);
        }
    }
}

static void read_zones(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_router *router = target;
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table such as { inside = { \"office\" } }");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        if (!entry->key || !reader_is_list(reader, entry, "a list of networks")) {
            if (!entry->key) {
                reader_expected(reader, entry, "ZONE = { NETWORK, … }");
            }
            continue;
        }
        struct plan_zone *zone = g_new0(struct plan_zone, 1);
        zone->name = g_strdup(entry->key);
        zone->networks = g_ptr_array_new_with_free_func(g_free);
        zone->line = entry->line;
        g_ptr_array_add(router->zones, zone);
        for (guint k = 0; k < entry->entries->len; k++) {
            char *network = reader_text(reader, entry->entries->pdata[k], "a network's name");
            if (network) {
                g_ptr_array_add(zone->networks, network);
            }
        }
    }
}

void read_router(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"team", FIELD_TEXT, true, offsetof(struct plan_router, group), NULL},
            {.key = "nics", .type = FIELD_OTHER, .required = true, .read = read_feet},
            {.key = "zones", .type = FIELD_OTHER, .read = read_zones},
            {.key = "policy", .type = FIELD_OTHER, .read = read_policy},
            {.key = "rules", .type = FIELD_OTHER, .read = read_rules},
            {.key = "nat", .type = FIELD_OTHER, .read = read_nat},
            {.key = "one_to_one", .type = FIELD_OTHER, .read = read_one_to_one},
            {0},
    };
    struct plan_router *router = plan_router_new();
    router->name = g_strdup(node->key);
    router->line = node->line;
    g_ptr_array_add(reader->plan->routers, router);
    reader_fields(reader, node, fields, router);
}
