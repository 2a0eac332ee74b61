/* reader.c - reads nodes into members of a plan's structures by a table of fields. */
#include "script/reader.h"

#include "base/text.h"

#include <string.h>

void reader_expected(struct reader *reader, const struct node *node, const char *what)
{
    g_autofree char *path = node_path(node);
    if (node->type == NODE_STRING && node->length <= 60) {
        g_autofree char *shown = text_clean_tail(node->text, node->length, 60);
        plan_problem_add(
                reader->problems, node->line, "%s: expected %s, got \"%s\"", path, what, shown);
        return;
    }
    if (node->type == NODE_NUMBER) {
        plan_problem_add(
                reader->problems, node->line, "%s: expected %s, got %g", path, what, node->number);
        return;
    }
    const char *got = node->type != NODE_BOOLEAN ? node_type_name(node)
                      : node->boolean            ? "true"
                                                 : "false";
    plan_problem_add(reader->problems, node->line, "%s: expected %s, got %s", path, what, got);
}

char *reader_text(struct reader *reader, const struct node *node, const char *what)
{
    if (node->type != NODE_STRING) {
        reader_expected(reader, node, what);
        return NULL;
    }
    if (strlen(node->text) != node->length || !g_utf8_validate(node->text, -1, NULL)) {
        g_autofree char *path = node_path(node);
        plan_problem_add(reader->problems, node->line,
                "%s: is not plain text; remove zero bytes and what is not UTF-8", path);
        return NULL;
    }
    return g_strdup(node->text);
}

bool reader_is_list(struct reader *reader, const struct node *node, const char *what)
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, what);
        return false;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        if (entry->key || entry->index != (gint64)i + 1) {
            g_autofree char *path = node_path(entry);
            plan_problem_add(reader->problems, entry->line,
                    "%s: not part of a list; expected %s, without names and gaps", path, what);
            return false;
        }
    }
    return true;
}

static char **read_argv(struct reader *reader, const struct node *node)
{
    const char *what = "a command as a list of texts, such as { \"nmap\", \"-sT\", \"${to}\" }";
    if (!reader_is_list(reader, node, what)) {
        return NULL;
    }
    if (node->entries->len == 0) {
        reader_expected(reader, node, what);
        return NULL;
    }
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        char *text = entry->type == NODE_NUMBER && entry->whole
                             ? g_strdup_printf("%.0f", entry->number)
                             : reader_text(reader, entry, "a text");
        if (!text) {
            return NULL;
        }
        g_ptr_array_add(argv, text);
    }
    g_ptr_array_add(argv, NULL);
    g_ptr_array_set_free_func(argv, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

static void read_argvs(struct reader *reader, const struct node *node, GPtrArray *into)
{
    if (!reader_is_list(reader, node, "a list of commands, such as { { \"id\" }, { \"date\" } }")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        char **argv = read_argv(reader, entry);
        if (argv) {
            g_ptr_array_add(into, argv);
            plan_line_set(reader->plan, argv, entry->line);
        }
    }
}

static void read_texts(struct reader *reader, const struct node *node, GPtrArray *into)
{
    if (!reader_is_list(reader, node, "a list of texts")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        char *text = reader_text(reader, node->entries->pdata[i], "a text");
        if (text) {
            g_ptr_array_add(into, text);
        }
    }
}

static bool duration_of(const struct node *node, gint64 *ret_us)
{
    if (node->type == NODE_STRING) {
        return strlen(node->text) == node->length && plan_duration_parse(node->text, ret_us);
    }
    const double limit = 366.0 * 24 * 3600;
    if (node->type != NODE_NUMBER || !(node->number >= 0 && node->number <= limit)) {
        return false;
    }
    *ret_us = (gint64)(node->number * G_USEC_PER_SEC + 0.5);
    return true;
}

static void read_duration(
        struct reader *reader, const struct node *node, gpointer member, bool milliseconds)
{
    gint64 us = 0;
    if (!duration_of(node, &us)) {
        reader_expected(reader, node, "a time such as 90, \"90s\", \"1m30s\" or \"2h\"");
    } else if (milliseconds) {
        *(int *)member = (int)MIN(us / 1000, G_MAXINT);
    } else {
        *(gint64 *)member = us;
    }
}

static void read_memory(struct reader *reader, const struct node *node, int *member)
{
    char *end = NULL;
    guint64 value = node->type == NODE_STRING && g_ascii_isdigit(node->text[0])
                            ? g_ascii_strtoull(node->text, &end, 10)
                            : 0;
    bool mega = end && strcmp(end, "M") == 0;
    bool giga = end && strcmp(end, "G") == 0;
    if (!mega && !giga) {
        reader_expected(reader, node, "a size such as \"256M\" or \"1G\"");
        return;
    }
    *member = (int)MIN(value, 1u << 20) * (giga ? 1024 : 1);
}

static void read_address(struct reader *reader, const struct node *node, guint32 *member)
{
    if (node->type != NODE_STRING || strlen(node->text) != node->length ||
            !plan_address_parse(node->text, member)) {
        reader_expected(reader, node, "an IPv4 address such as \"10.20.1.10\"");
    }
}

static void read_number(
        struct reader *reader, const struct node *node, const struct field *field, gpointer member)
{
    bool fits =
            node->type == NODE_NUMBER &&
            (field->type == FIELD_NUMBER ||
                    (node->whole && (field->type == FIELD_SEED ? node->number >= 0
                                                               : ABS(node->number) <= G_MAXINT)));
    if (!fits) {
        reader_expected(reader, node,
                field->type == FIELD_NUMBER ? "a number"
                : field->type == FIELD_SEED ? "a whole number from 0"
                                            : "a whole number");
    } else if (field->type == FIELD_NUMBER) {
        *(double *)member = node->number;
    } else if (field->type == FIELD_SEED) {
        *(guint64 *)member = (guint64)node->number;
    } else {
        *(int *)member = (int)node->number;
    }
}

/* Fields that are one simple value. */
static void read_scalar(
        struct reader *reader, const struct node *node, const struct field *field, gpointer member)
{
    switch (field->type) {
    case FIELD_TEXT:
        g_free(*(char **)member);
        *(char **)member = reader_text(reader, node, "a text");
        break;
    case FIELD_BOOLEAN:
        if (node->type == NODE_BOOLEAN) {
            *(bool *)member = node->boolean;
        } else {
            reader_expected(reader, node, "true or false");
        }
        break;
    case FIELD_DURATION:
    case FIELD_TIMEOUT:
        read_duration(reader, node, member, field->type == FIELD_TIMEOUT);
        break;
    case FIELD_MEMORY:
        read_memory(reader, node, member);
        break;
    case FIELD_ADDRESS:
        read_address(reader, node, member);
        break;
    case FIELD_FUNCTION:
        if (node->type == NODE_FUNCTION) {
            *(int *)member = node->function;
        } else {
            reader_expected(reader, node, "a function");
        }
        break;
    default:
        read_number(reader, node, field, member);
        break;
    }
}

static void read_field(
        struct reader *reader, const struct node *node, const struct field *field, gpointer target)
{
    gpointer member = (char *)target + field->offset;
    plan_line_set(reader->plan, member, node->line);
    switch (field->type) {
    case FIELD_ARGV:
        g_strfreev(*(char ***)member);
        *(char ***)member = read_argv(reader, node);
        break;
    case FIELD_ARGVS:
        read_argvs(reader, node, *(GPtrArray **)member);
        break;
    case FIELD_TEXTS:
        read_texts(reader, node, *(GPtrArray **)member);
        break;
    case FIELD_OTHER:
        field->read(reader, node, target);
        break;
    default:
        read_scalar(reader, node, field, member);
        break;
    }
}

static const struct field *find_field(const struct field *fields, const char *key)
{
    for (; fields->key; fields++) {
        if (strcmp(fields->key, key) == 0) {
            return fields;
        }
    }
    return NULL;
}

static char *keys_hint(const struct field *fields, const char *wrong)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    for (; fields->key; fields++) {
        g_ptr_array_add(keys, (gpointer)fields->key);
    }
    g_ptr_array_add(keys, NULL);
    char *hint = text_did_you_mean(wrong, (const char *const *)keys->pdata);
    if (*hint) {
        return hint;
    }
    g_free(hint);
    g_autofree char *list = g_strjoinv(", ", (char **)keys->pdata);
    return g_strdup_printf("; possible here: %s", list);
}

void reader_fields(
        struct reader *reader, const struct node *node, const struct field *fields, gpointer target)
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        const struct field *field = entry->key ? find_field(fields, entry->key) : NULL;
        if (field) {
            read_field(reader, entry, field, target);
            continue;
        }
        g_autofree char *path = node_path(entry);
        g_autofree char *hint = keys_hint(fields, entry->key ? entry->key : "");
        plan_problem_add(reader->problems, entry->line, "%s: %s%s", path,
                entry->key ? "unknown key" : "a value without a name, write KEY = value", hint);
    }
    for (const struct field *field = fields; field->key; field++) {
        if (field->required && !node_get(node, field->key)) {
            g_autofree char *path = node_path(node);
            plan_problem_add(reader->problems, node->line, "%s%s%s is missing; add %s = …", path,
                    *path ? ": " : "", field->key, field->key);
        }
    }
}

void reader_each(struct reader *reader, const struct node *node,
        void (*fn)(struct reader *reader, const struct node *entry))
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table of NAME = { … }");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        const struct node *entry = node->entries->pdata[i];
        if (entry->key) {
            fn(reader, entry);
        } else {
            g_autofree char *path = node_path(entry);
            plan_problem_add(
                    reader->problems, entry->line, "%s: has no name; write NAME = { … }", path);
        }
    }
}
