/* rule.c - one rule of a router: its words, its JSON, and what may be wrong with it. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "plan/check.h"
#include "plan/router.h"

#include <string.h>

static const char *const actions[] = {"accept", "drop", "reject", NULL};
static const char *const protocols[] = {"any", "tcp", "udp", "icmp", NULL};

const char *plan_rule_action_name(enum plan_rule_action action)
{
    return actions[action];
}

const char *plan_rule_protocol_name(enum plan_rule_protocol protocol)
{
    return protocols[protocol];
}

static int word_index(const char *const *words, const char *text)
{
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

bool plan_rule_action_parse(const char *text, enum plan_rule_action *ret)
{
    int index = word_index(actions, text);
    if (index >= 0) {
        *ret = (enum plan_rule_action)index;
    }
    return index >= 0;
}

bool plan_rule_protocol_parse(const char *text, enum plan_rule_protocol *ret)
{
    int index = word_index(protocols, text);
    if (index >= 0) {
        *ret = (enum plan_rule_protocol)index;
    }
    return index >= 0;
}

bool plan_ports_parse(const char *text, struct plan_ports *ret)
{
    g_auto(GStrv) parts = g_strsplit(text, "-", 3);
    guint64 first = 0;
    guint64 last = 0;
    guint n = g_strv_length(parts);
    if (n < 1 || n > 2 || !g_ascii_string_to_unsigned(parts[0], 10, 1, 65535, &first, NULL) ||
            !g_ascii_string_to_unsigned(parts[n - 1], 10, first, 65535, &last, NULL)) {
        return false;
    }
    *ret = (struct plan_ports){(int)first, (int)last};
    return true;
}

struct plan_rule *plan_rule_new(void)
{
    struct plan_rule *rule = g_new0(struct plan_rule, 1);
    rule->ports = g_array_new(FALSE, FALSE, sizeof(struct plan_ports));
    return rule;
}

void plan_rule_free(gpointer data)
{
    struct plan_rule *rule = data;
    if (rule) {
        g_free(rule->name);
        g_free(rule->from);
        g_free(rule->to);
        g_free(rule->source);
        g_free(rule->dest);
        g_array_unref(rule->ports);
        g_free(rule);
    }
}

struct plan_rule *plan_rule_copy(const struct plan_rule *rule)
{
    struct plan_rule *copy = g_memdup2(rule, sizeof(*rule));
    copy->name = g_strdup(rule->name);
    copy->from = g_strdup(rule->from);
    copy->to = g_strdup(rule->to);
    copy->source = g_strdup(rule->source);
    copy->dest = g_strdup(rule->dest);
    copy->ports = g_array_copy(rule->ports);
    return copy;
}

GPtrArray *plan_rules_copy(const GPtrArray *rules)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(plan_rule_free);
    for (guint i = 0; i < rules->len; i++) {
        g_ptr_array_add(copy, plan_rule_copy(rules->pdata[i]));
    }
    return copy;
}

static char *ports_text(const struct plan_ports *ports)
{
    return ports->first == ports->last ? g_strdup_printf("%d", ports->first)
                                       : g_strdup_printf("%d-%d", ports->first, ports->last);
}

char *plan_rule_text(const struct plan_rule *rule)
{
    GString *text = g_string_new(actions[rule->action]);
    if (rule->protocol != PLAN_RULE_ANY) {
        g_string_append_printf(text, " %s", protocols[rule->protocol]);
    }
    const struct {
        const char *word, *value;
    } parts[] = {
            {"from", rule->from}, {"to", rule->to}, {"source", rule->source}, {"dest", rule->dest}};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].value) {
            g_string_append_printf(text, " %s %s", parts[i].word, parts[i].value);
        }
    }
    for (guint i = 0; i < rule->ports->len; i++) {
        g_autofree char *one = ports_text(&g_array_index(rule->ports, struct plan_ports, i));
        g_string_append_printf(text, "%s%s", i ? "," : " port ", one);
    }
    return g_string_free(text, FALSE);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

cJSON *plan_rule_to_json(const struct plan_rule *rule)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "name", rule->name);
    cJSON_AddStringToObject(out, "action", actions[rule->action]);
    const struct {
        const char *word, *value;
    } parts[] = {
            {"from", rule->from}, {"to", rule->to}, {"source", rule->source}, {"dest", rule->dest}};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].value) {
            cJSON_AddStringToObject(out, parts[i].word, parts[i].value);
        }
    }
    if (rule->protocol != PLAN_RULE_ANY) {
        cJSON_AddStringToObject(out, "proto", protocols[rule->protocol]);
    }
    if (rule->ports->len > 0) {
        cJSON *ports = cJSON_AddArrayToObject(out, "port");
        for (guint i = 0; i < rule->ports->len; i++) {
            const struct plan_ports *one = &g_array_index(rule->ports, struct plan_ports, i);
            g_autofree char *text = ports_text(one);
            cJSON_AddItemToArray(ports, one->first == one->last ? cJSON_CreateNumber(one->first)
                                                                : cJSON_CreateString(text));
        }
    }
    return out;
}

static bool bad(GError **error, const char *member, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "a rule's %s: expected %s", member,
            what);
    return false;
}

static bool add_port(struct plan_rule *rule, const cJSON *item, GError **error)
{
    struct plan_ports ports = {0};
    bool ok = false;
    if (cJSON_IsNumber(item)) {
        double number = item->valuedouble;
        ok = number >= 1 && number <= 65535 && number == (int)number;
        ports.first = ports.last = ok ? (int)number : 0;
    } else if (cJSON_IsString(item)) {
        ok = plan_ports_parse(item->valuestring, &ports);
    }
    if (!ok || rule->ports->len >= PLAN_RULE_PORTS_MAX) {
        return bad(error, "port", "at most 16 of 80 or \"100-200\", from 1 to 65535");
    }
    g_array_append_val(rule->ports, ports);
    return true;
}

static bool read_ports(struct plan_rule *rule, const cJSON *item, GError **error)
{
    if (!cJSON_IsArray(item)) {
        return add_port(rule, item, error);
    }
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, item)
    {
        if (!add_port(rule, one, error)) {
            return false;
        }
    }
    return true;
}

static bool read_member(struct plan_rule *rule, const cJSON *item, GError **error)
{
    static const char known[] = "name, action, from, to, source, dest, proto or port";
    const struct {
        const char *word;
        char **member;
    } texts[] = {{"name", &rule->name}, {"from", &rule->from}, {"to", &rule->to},
            {"source", &rule->source}, {"dest", &rule->dest}};
    if (strcmp(item->string, "port") == 0) {
        return read_ports(rule, item, error);
    }
    const char *text = cJSON_IsString(item) ? item->valuestring : NULL;
    if (strcmp(item->string, "action") == 0) {
        return plan_rule_action_parse(text, &rule->action) ||
               bad(error, "action", "accept, drop or reject");
    }
    if (strcmp(item->string, "proto") == 0) {
        return plan_rule_protocol_parse(text, &rule->protocol) ||
               bad(error, "proto", "any, tcp, udp or icmp");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (strcmp(item->string, texts[i].word) == 0) {
            g_free(*texts[i].member);
            *texts[i].member = g_strdup(text);
            return text ? true : bad(error, texts[i].word, "a text");
        }
    }
    g_autofree char *shown = text_clean_tail(item->string, strlen(item->string), 40);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "a rule has no \"%s\"; it has %s",
            shown, known);
    return false;
}

struct plan_rule *plan_rule_from_json(const cJSON *json, GError **error)
{
    if (!cJSON_IsObject(json)) {
        bad(error, "form", "an object such as {\"name\": \"web\", \"action\": \"drop\"}");
        return NULL;
    }
    struct plan_rule *rule = plan_rule_new();
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json)
    {
        if (!read_member(rule, item, error)) {
            plan_rule_free(rule);
            return NULL;
        }
    }
    const char *missing = !rule->name                                         ? "name"
                          : !cJSON_GetObjectItemCaseSensitive(json, "action") ? "action"
                                                                              : NULL;
    if (missing) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "a rule needs %s", missing);
        plan_rule_free(rule);
        return NULL;
    }
    return rule;
}

/* ---- names --------------------------------------------------------------------------------- */

static char *check_zone(const struct plan_router *router, const char *member, const char *zone)
{
    if (!zone || plan_router_zone(router, zone)) {
        return NULL;
    }
    g_autofree char *known = check_known(router->zones, zone);
    g_autofree char *shown = text_clean_tail(zone, strlen(zone), 64);
    return g_strdup_printf("%s: unknown zone \"%s\"%s", member, shown, known);
}

static char *check_place(const struct plan *plan, const struct plan_router *router,
        const char *member, const char *name)
{
    guint32 address = 0;
    int prefix = 32;
    if (!name || plan_address_parse(name, &address)) {
        return NULL;
    }
    if (plan_cidr_parse(name, &address, &prefix)) {
        guint32 mask = prefix == 0 ? 0 : 0xffffffffU << (32 - prefix);
        return address & ~mask
                       ? g_strdup_printf("%s: %s is an address inside a network", member, name)
                       : NULL;
    }
    const struct plan_subnet *subnet = plan_subnet(plan, name);
    const struct plan_host *host = plan_host(plan, name);
    const char *group = subnet ? subnet->group : host ? host->group : NULL;
    if (!group) {
        g_autofree char *shown = text_clean_tail(name, strlen(name), 64);
        g_autofree char *known = check_known(plan->hosts, name);
        return g_strdup_printf(
                "%s: \"%s\" is no machine, network or address%s", member, shown, known);
    }
    const struct plan_group *of = plan_group(plan, group);
    if (of && g_strcmp0(group, router->group) != 0 && plan_group_is_numbered(of)) {
        return g_strdup_printf(
                "%s: \"%s\" belongs to team \"%s\", which has several copies", member, name, group);
    }
    return host && host->nics->len == 0
                   ? g_strdup_printf("%s: machine \"%s\" stands on no network", member, name)
                   : NULL;
}

static bool overlap(const GArray *ports)
{
    for (guint i = 0; i < ports->len; i++) {
        const struct plan_ports *one = &g_array_index(ports, struct plan_ports, i);
        for (guint k = 0; k < i; k++) {
            const struct plan_ports *other = &g_array_index(ports, struct plan_ports, k);
            if (one->first <= other->last && other->first <= one->last) {
                return true;
            }
        }
    }
    return false;
}

static char *check_rule_name(const char *name)
{
    if (strcmp(name, PLAN_RULE_POLICY) == 0) {
        return g_strdup("name: \"policy\" is that of what no rule meets; choose another");
    }
    return paths_name_is_valid(name)
                   ? NULL
                   : g_strdup("name: use lower-case letters, digits and \"-\", a letter first, at "
                              "most 31 characters");
}

char *plan_rule_check(const struct plan *plan, const struct plan_router *router,
        const struct plan_rule *rule, int *ret_line)
{
    const struct {
        gconstpointer member;
        char *text;
    } found[] = {
            {&rule->from, check_zone(router, "from", rule->from)},
            {&rule->to, check_zone(router, "to", rule->to)},
            {&rule->source, check_place(plan, router, "source", rule->source)},
            {&rule->dest, check_place(plan, router, "dest", rule->dest)},
    };
    char *text = check_rule_name(rule->name);
    for (gsize i = 0; i < G_N_ELEMENTS(found); i++) {
        if (found[i].text && !text) {
            text = g_strdup(found[i].text);
            if (ret_line) {
                *ret_line = plan_line(plan, found[i].member, rule->line);
            }
        }
        g_free(found[i].text);
    }
    if (!text && overlap(rule->ports)) {
        text = g_strdup("port: a port stands there twice");
    }
    bool ports = rule->protocol == PLAN_RULE_TCP || rule->protocol == PLAN_RULE_UDP;
    if (!text && rule->ports->len > 0 && !ports) {
        text = g_strdup("port: only with proto = \"tcp\" or \"udp\"");
    }
    return text;
}
