/* router.h - routers of a scenario: zones, rules, address translation; declared and expanded.
 *
 * A declared router (struct plan_router) becomes one gate (struct plan_gate) a team: a network
 * namespace of its own with a foot on each of its networks. A team's router may stand on a network
 * that another group has only once (a backbone); "{n}" in its addresses is then the team's number.
 * Nothing here is text for nft: net/ writes that from names that plan_check() has seen.
 */
#pragma once

#include "plan/plan.h"

enum plan_rule_action { PLAN_RULE_ACCEPT, PLAN_RULE_DROP, PLAN_RULE_REJECT };
enum plan_rule_protocol { PLAN_RULE_ANY, PLAN_RULE_TCP, PLAN_RULE_UDP, PLAN_RULE_ICMP };

#define PLAN_RULES_MAX 128        /* of one router */
#define PLAN_RULE_PORTS_MAX 16    /* of one rule */
#define PLAN_RULE_POLICY "policy" /* the counter of what no rule met */

struct plan_ports {
    int first, last; /* both included */
};

struct plan_rule { /* { name = "web", action = "accept", from = "outside", dest = "web" } */
    char *name;
    enum plan_rule_action action;
    char *from, *to;     /* zones; NULL: any */
    char *source, *dest; /* machine, network or "ADDRESS[/PREFIX]"; NULL: any */
    enum plan_rule_protocol protocol;
    GArray *ports; /* struct plan_ports; empty: any */
    int line;
};

struct plan_zone { /* zones = { inside = { "office" } } */
    char *name;
    GPtrArray *networks; /* char * */
    int line;
};

enum plan_nat_kind { PLAN_NAT_MASQUERADE, PLAN_NAT_SNAT, PLAN_NAT_DNAT };

struct plan_nat { /* nat = { { masquerade = "outside" }, { dnat = "web", zone = "outside", … } } */
    enum plan_nat_kind kind;
    char *zone;                       /* leaving by (masquerade, snat), arriving by (dnat) */
    char *address;                    /* snat: the address instead; may hold {n} */
    char *source;                     /* masquerade, snat: only from this network; NULL: any */
    char *machine;                    /* dnat: to this machine */
    enum plan_rule_protocol protocol; /* dnat: tcp or udp */
    int port, to_port;                /* dnat; to_port 0: the same */
    int line;
};

struct plan_foot { /* nics = { office = "10.20.1.1", backbone = "10.200.0.{n}" } */
    char *network;
    char *address; /* as written */
    int line;
};

struct plan_map {  /* one_to_one = { office = "10.200.{n}.0/24" } */
    char *network; /* NULL: the only one of its own team */
    char *outside; /* as written */
    int line;
};

struct plan_router {
    char *name;
    char *group;
    GPtrArray *feet;              /* struct plan_foot * */
    GPtrArray *zones;             /* struct plan_zone * */
    GPtrArray *rules;             /* struct plan_rule * */
    GPtrArray *nat;               /* struct plan_nat * */
    GPtrArray *maps;              /* struct plan_map * */
    enum plan_rule_action policy; /* for what no rule meets; default accept */
    int line;
};

/* ---- expanded ------------------------------------------------------------------------------ */

struct plan_gate_card {
    int network; /* index into networks */
    guint32 address;
    struct in6_addr address6; /* all zeros: none */
    char *outer, *inner;      /* interface names: at the bridge, in the router's namespace */
};

struct plan_gate_map {   /* one network under other addresses */
    int inside, outside; /* indices into networks */
    guint32 from, to;    /* the network's own address inside, and outside */
    int prefix;
};

struct plan_gate {
    char *id; /* blue1/fw */
    int team;
    const struct plan_router *router;
    GPtrArray *cards; /* struct plan_gate_card * */
    GArray *maps;     /* struct plan_gate_map */
};

struct plan_router *plan_router_new(void);
void plan_router_free(gpointer data); /* struct plan_router; accepts NULL */
void plan_gate_free(gpointer data);   /* struct plan_gate */

struct plan_rule *plan_rule_new(void);
struct plan_rule *plan_rule_copy(const struct plan_rule *rule);
void plan_rule_free(gpointer data);                 /* struct plan_rule; accepts NULL */
GPtrArray *plan_rules_copy(const GPtrArray *rules); /* owning */

/* {name, action, from, to, source, dest, proto, port: [80, "100-200"]} ↔ a rule. An unknown member,
 * a value of another type or a bad one gives an error that names it; plan_rule_check() then looks
 * at names. */
struct plan_rule *plan_rule_from_json(const cJSON *json, GError **error);
cJSON *plan_rule_to_json(const struct plan_rule *rule);
/* "drop tcp from outside to inside dest web port 80"; the caller frees it. */
char *plan_rule_text(const struct plan_rule *rule);

const char *plan_rule_action_name(enum plan_rule_action action);
const char *plan_rule_protocol_name(enum plan_rule_protocol protocol);
bool plan_rule_action_parse(const char *text, enum plan_rule_action *ret);
bool plan_rule_protocol_parse(const char *text, enum plan_rule_protocol *ret);
bool plan_ports_parse(const char *text, struct plan_ports *ret); /* "80", "100-200" */

/* What is wrong with rule on router ("unknown zone \"insid\" (did you mean …)"), or NULL; the
 * caller frees it. *ret_line, may be NULL, is where it stands. */
char *plan_rule_check(const struct plan *plan, const struct plan_router *router,
        const struct plan_rule *rule, int *ret_line);

/* text with "{n}" replaced by number; the caller frees it. */
char *plan_pattern(const char *text, int number);

const struct plan_router *plan_router(const struct plan *plan, const char *name);
const struct plan_zone *plan_router_zone(const struct plan_router *router, const char *name);
const struct plan_foot *plan_router_foot(const struct plan_router *router, const char *network);
int plan_gate_index(const struct plan *plan, const char *id); /* by id, -1 when none */
/* The router called name as team sees it; -1 when none. */
int plan_gate_for(const struct plan *plan, const char *name, int team);

/* What source or dest of a rule means on gate: IPv4 network, and an IPv6 one when *ret_prefix6 is
 * not 0. False when it means nothing there. */
struct plan_place {
    guint32 address;
    int prefix;
    struct in6_addr address6;
    int prefix6;
};
bool plan_place_of(const struct plan *plan, const struct plan_gate *gate, const char *name,
        struct plan_place *ret);

/* ---- IPv6 ---------------------------------------------------------------------------------- */

static inline bool plan_has6(const struct in6_addr *address)
{
    return !IN6_IS_ADDR_UNSPECIFIED(address);
}
char *plan_address6_text(const struct in6_addr *address);
/* "fd00:20:1::/64" → its address; only /64 networks of fc00::/7. */
bool plan_cidr6_parse(const char *text, struct in6_addr *ret);
/* The address on subnet's IPv6 network with the host number that address has on its IPv4 one. */
struct in6_addr plan_address6_on(const struct plan_subnet *subnet, guint32 address);

/* For plan_check() and plan_expand(). */
struct checker;
void check_routers(const struct checker *check);
void check_subnet_options(const struct checker *check, const struct plan_subnet *subnet);
void check_nic_options(const struct checker *check, const struct plan_host *host,
        const struct plan_nic *nic, const struct plan_subnet *subnet);
void check_gateway_router(const struct checker *check, const struct plan_subnet *subnet,
        const struct plan_router *router);
void check_via(const struct checker *check, const char *owner, const struct plan_probe *probe);
void check_counter(
        const struct checker *check, const char *owner, const struct plan_predicate *predicate);
bool plan_expand_gates(struct plan *plan, GError **error);
/* The team's copy of a name: "blue1/web", or "web" where the group has one team. */
char *plan_expanded_id(const struct plan_team *team, const char *name);

/* The plan's lines about its routers, for plan_to_json(). */
cJSON *plan_gates_json(const struct plan *plan);
