/* verb_rule.c - sandtable rule: looks at a router's rules and changes them. */
#include "base/json.h"
#include "cli/cli_view.h"

#include <string.h>

extern const struct verb verb_rule;

static gboolean last;

static char *count_of(const cJSON *rule, const char *member)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, json_int(rule, member, 0));
}

static void add_row(struct cli_table *table, const char *name, const char *text, const cJSON *rule)
{
    g_autofree char *packets = count_of(rule, "packets");
    g_autofree char *bytes = count_of(rule, "bytes");
    cli_table_add(table, (const char *const[]){name, packets, bytes, text, NULL});
}

static int list(const char *name, const char *router, bool json, GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "router", router);
    cJSON *result = cli_call(name, "router", params, error);
    if (!result) {
        return 1;
    }
    if (json) {
        cli_print_json(result);
        return 0;
    }
    struct cli_table *table =
            cli_table_new("lrrl", (const char *const[]){"RULE", "PACKETS", "BYTES", "WHAT", NULL});
    const cJSON *rule = NULL;
    cJSON_ArrayForEach(rule, json_array(result, "rules"))
    {
        add_row(table, json_string(rule, "name", ""), json_string(rule, "text", ""), rule);
    }
    const cJSON *policy = json_object(result, "policy");
    g_autofree char *text =
            g_strdup_printf("%s what no rule meets", json_string(policy, "action", ""));
    add_row(table, "policy", text, policy);
    cli_table_print(table);
    cJSON_Delete(result);
    return 0;
}

/* "80" or "100-200", several with commas between them. */
static void add_ports(cJSON *rule, const char *value)
{
    cJSON *ports = cJSON_AddArrayToObject(rule, "port");
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    for (char **part = parts; *part; part++) {
        cJSON_AddItemToArray(ports, cJSON_CreateString(*part));
    }
}

static cJSON *rule_of(const char *name, char **words, GError **error)
{
    cJSON *rule = cJSON_CreateObject();
    cJSON_AddStringToObject(rule, "name", name);
    for (; *words; words++) {
        const char *equals = strchr(*words, '=');
        if (!equals || equals == *words) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "\"%s\": a rule is written as KEY=VALUE words, such as action=drop "
                    "from=outside dest=web proto=tcp port=80",
                    *words);
            cJSON_Delete(rule);
            return NULL;
        }
        g_autofree char *key = g_strndup(*words, (gsize)(equals - *words));
        if (strcmp(key, "port") == 0) {
            add_ports(rule, equals + 1);
        } else {
            cJSON_AddStringToObject(rule, key, equals + 1);
        }
    }
    return rule;
}

static int change(const char *name, const char *router, cJSON *add, const char *const *removed,
        GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "router", router);
    if (add) {
        cJSON *rules = cJSON_AddArrayToObject(params, "add");
        cJSON_AddItemToArray(rules, add);
    }
    if (removed) {
        cJSON_AddItemToObject(params, "remove", json_from_strv(removed));
    }
    cJSON_AddBoolToObject(params, "last", last);
    cJSON *result = cli_call(name, "rules", params, error);
    if (!result) {
        return 1;
    }
    cJSON_Delete(result);
    cli_say("the rules of %s are changed", router);
    return 0;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {"last", 0, 0, G_OPTION_ARG_NONE, &last, "add behind the other rules", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_rule, entries, &argc, &argv, 2, 64, error)) {
        return 2;
    }
    const char *what = argc > 3 ? argv[3] : "list";
    if (strcmp(what, "list") == 0 && argc <= 4) {
        return list(argv[1], argv[2], json, error);
    }
    if ((strcmp(what, "add") == 0 || strcmp(what, "set") == 0) && argc > 5) {
        cJSON *rule = rule_of(argv[4], argv + 5, error);
        const char *const same[] = {argv[4], NULL};
        bool set = strcmp(what, "set") == 0;
        return rule ? change(argv[1], argv[2], rule, set ? same : NULL, error) : 2;
    }
    if (strcmp(what, "del") == 0 && argc > 4) {
        return change(argv[1], argv[2], NULL, (const char *const *)argv + 4, error);
    }
    g_set_error(
            error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "usage: sandtable %s", verb_rule.usage);
    return 2;
}

const struct verb verb_rule = {
        .name = "rule",
        .usage = "rule NAME ROUTER [list | add|set RULE KEY=VALUE… | del RULE…] [--last] [--json]",
        .summary = "look at a router's rules and counters, change them in the run",
        .order = 36,
        .run = run,
};
