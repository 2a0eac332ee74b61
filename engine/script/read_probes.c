/* read_probes.c - probes and predicates: http = { on = "web" }, all = { …, … }. */
#include "base/text.h"
#include "script/reader.h"

#include <string.h>

#define ON                                                                                         \
    {                                                                                              \
        "on", FIELD_TEXT, true, offsetof(struct plan_probe, machine), NULL                         \
    }
#define PORT(required)                                                                             \
    {                                                                                              \
        "port", FIELD_INTEGER, required, offsetof(struct plan_probe, port), NULL                   \
    }
#define TIMEOUT                                                                                    \
    {                                                                                              \
        "timeout", FIELD_TIMEOUT, false, offsetof(struct plan_probe, timeout_ms), NULL             \
    }
#define CONTAINS                                                                                   \
    {                                                                                              \
        "contains", FIELD_TEXT, false, offsetof(struct plan_probe, contains), NULL                 \
    }

#define VIA                                                                                        \
    {                                                                                              \
        "via", FIELD_TEXT, false, offsetof(struct plan_probe, via), NULL                           \
    }

static void read_value(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_probe *probe = target;
    if (node->type != NODE_NUMBER) {
        reader_expected(reader, node, "a number");
        return;
    }
    probe->min = probe->max = node->number;
    plan_line_set(reader->plan, &probe->min, node->line);
}

static const struct field http_fields[] = {
        ON,
        VIA,
        PORT(false),
        TIMEOUT,
        CONTAINS,
        {"path", FIELD_TEXT, false, offsetof(struct plan_probe, path), NULL},
        {"status", FIELD_INTEGER, false, offsetof(struct plan_probe, status), NULL},
        {0},
};
static const struct field tcp_fields[] = {ON, VIA, PORT(true), TIMEOUT, CONTAINS, {0}};
static const struct field ssh_fields[] = {ON, VIA, PORT(false), TIMEOUT, CONTAINS, {0}};
static const struct field modbus_fields[] = {
        ON,
        VIA,
        PORT(false),
        TIMEOUT,
        {"table", FIELD_TEXT, true, offsetof(struct plan_probe, table), NULL},
        {"unit", FIELD_INTEGER, false, offsetof(struct plan_probe, unit), NULL},
        {"address", FIELD_INTEGER, true, offsetof(struct plan_probe, address), NULL},
        {"min", FIELD_NUMBER, false, offsetof(struct plan_probe, min), NULL},
        {"max", FIELD_NUMBER, false, offsetof(struct plan_probe, max), NULL},
        {.key = "value", .type = FIELD_OTHER, .read = read_value},
        {0},
};
static const struct field ping_fields[] = {ON, VIA, TIMEOUT, {0}};

static const struct field *const probe_fields[] = {
        [PLAN_HTTP] = http_fields,
        [PLAN_TCP] = tcp_fields,
        [PLAN_SSH] = ssh_fields,
        [PLAN_MODBUS] = modbus_fields,
        [PLAN_PING] = ping_fields,
};

static int protocol_of(const char *key)
{
    for (int protocol = PLAN_HTTP; protocol <= PLAN_PING; protocol++) {
        if (g_strcmp0(key, plan_protocol_name(protocol)) == 0) {
            return protocol;
        }
    }
    return -1;
}

static struct plan_probe *probe_of(struct reader *reader, const struct node *node, int protocol)
{
    struct plan_probe *probe = plan_probe_new(protocol);
    probe->line = node->line;
    if (protocol == PLAN_HTTP) {
        probe->path = g_strdup("/");
    }
    reader_fields(reader, node, probe_fields[protocol], probe);
    return probe;
}

/* The only entry of { http = { … } }; NULL when reported. */
static const struct node *only_entry(
        struct reader *reader, const struct node *node, const char *what)
{
    if (node->type != NODE_TABLE || node->entries->len != 1) {
        g_autofree char *path = node_path(node);
        plan_problem_add(
                reader->problems, node->line, "%s: expected exactly one of %s", path, what);
        return NULL;
    }
    return node->entries->pdata[0];
}

static void unknown_kind(struct reader *reader, const struct node *entry, const char *kinds)
{
    g_autofree char *path = node_path(entry);
    g_auto(GStrv) names = g_strsplit(kinds, ", ", 0);
    g_autofree char *hint =
            text_did_you_mean(entry->key ? entry->key : "", (const char *const *)names);
    plan_problem_add(
            reader->problems, entry->line, "%s: unknown kind%s; known are: %s", path, hint, kinds);
}

void read_probe(struct reader *reader, const struct node *node, gpointer target)
{
    static const char kinds[] = "http, tcp, ssh, modbus, ping";
    struct plan_probe **member = target;
    const struct node *entry = only_entry(reader, node, kinds);
    if (!entry) {
        return;
    }
    int protocol = protocol_of(entry->key);
    if (protocol < 0) {
        unknown_kind(reader, entry, kinds);
        return;
    }
    plan_probe_free(*member);
    *member = probe_of(reader, entry, protocol);
}

#define MACHINE                                                                                    \
    {                                                                                              \
        "on", FIELD_TEXT, true, offsetof(struct plan_predicate, machine), NULL                     \
    }
#define PATH                                                                                       \
    {                                                                                              \
        "path", FIELD_TEXT, true, offsetof(struct plan_predicate, path), NULL                      \
    }
#define TEXT(required)                                                                             \
    {                                                                                              \
        "contains", FIELD_TEXT, required, offsetof(struct plan_predicate, contains), NULL          \
    }

static const struct field file_fields[] = {MACHINE, PATH, TEXT(false), {0}};
static const struct field log_fields[] = {MACHINE, PATH, TEXT(true), {0}};
static const struct field exec_fields[] = {
        MACHINE,
        TEXT(false),
        {"argv", FIELD_ARGV, true, offsetof(struct plan_predicate, argv), NULL},
        {"status", FIELD_INTEGER, false, offsetof(struct plan_predicate, status), NULL},
        {0},
};

static const struct field grew_fields[] = {
        MACHINE,
        {"argv", FIELD_ARGV, true, offsetof(struct plan_predicate, argv), NULL},
        {0},
};

static const struct field counter_fields[] = {
        MACHINE,
        {"rule", FIELD_TEXT, true, offsetof(struct plan_predicate, rule), NULL},
        {0},
};

static const struct kind {
    const char *key;
    enum plan_predicate_kind kind;
    const struct field *fields;
} kinds_of_predicate[] = {
        {"all", PLAN_ALL, NULL},
        {"any", PLAN_ANY, NULL},
        {"no", PLAN_NOT, NULL}, /* "not" is a word of Lua itself */
        {"not", PLAN_NOT, NULL},
        {"file", PLAN_FILE, file_fields},
        {"log", PLAN_LOG, log_fields},
        {"exec", PLAN_EXEC, exec_fields},
        {"grew", PLAN_GREW, grew_fields},
        {"counter", PLAN_COUNTER, counter_fields},
};

static struct plan_predicate *predicate_of(struct reader *reader, const struct node *node);

static void read_parts(
        struct reader *reader, const struct node *entry, struct plan_predicate *predicate)
{
    if (!reader_is_list(reader, entry, "a list of conditions, such as { { http = … }, … }")) {
        return;
    }
    if (entry->entries->len == 0) {
        reader_expected(reader, entry, "at least one condition");
    }
    for (guint i = 0; i < entry->entries->len; i++) {
        struct plan_predicate *part = predicate_of(reader, entry->entries->pdata[i]);
        if (part) {
            g_ptr_array_add(predicate->parts, part);
        }
    }
}

static struct plan_predicate *predicate_of_kind(
        struct reader *reader, const struct node *entry, const struct kind *kind)
{
    struct plan_predicate *predicate = plan_predicate_new(kind->kind);
    predicate->line = entry->line;
    if (kind->fields) {
        reader_fields(reader, entry, kind->fields, predicate);
    } else if (kind->kind == PLAN_NOT) {
        struct plan_predicate *part = predicate_of(reader, entry);
        if (part) {
            g_ptr_array_add(predicate->parts, part);
        }
    } else {
        read_parts(reader, entry, predicate);
    }
    return predicate;
}

static struct plan_predicate *predicate_of(struct reader *reader, const struct node *node)
{
    static const char kinds[] =
            "all, any, no, http, tcp, ssh, modbus, ping, file, log, exec, grew, "
            "counter";
    const struct node *entry = only_entry(reader, node, kinds);
    if (!entry) {
        return NULL;
    }
    int protocol = protocol_of(entry->key);
    if (protocol >= 0) {
        struct plan_predicate *predicate = plan_predicate_new(PLAN_PROBE);
        predicate->line = entry->line;
        predicate->probe = probe_of(reader, entry, protocol);
        return predicate;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(kinds_of_predicate); i++) {
        if (g_strcmp0(entry->key, kinds_of_predicate[i].key) == 0) {
            return predicate_of_kind(reader, entry, &kinds_of_predicate[i]);
        }
    }
    unknown_kind(reader, entry, kinds);
    return NULL;
}

void read_predicate(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_predicate **member = target;
    plan_predicate_free(*member);
    *member = predicate_of(reader, node);
}
