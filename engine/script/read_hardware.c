/* read_hardware.c - a machine's disk, firmware, agent and readiness from a scenario's table. */
#include "script/reader.h"

#include <string.h>

void read_disk(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"size", FIELD_MEMORY, true, offsetof(struct plan_hardware, disk_mib), NULL},
            {"mount", FIELD_TEXT, false, offsetof(struct plan_hardware, disk_mount), NULL},
            {0},
    };
    struct plan_hardware *hardware = &((struct plan_host *)target)->hardware;
    plan_line_set(reader->plan, &hardware->disk_mib, node->line);
    if (node->type == NODE_TABLE) {
        reader_fields(reader, node, fields, hardware);
        return;
    }
    char *end = NULL;
    guint64 size = node->type == NODE_STRING && g_ascii_isdigit(node->text[0])
                           ? g_ascii_strtoull(node->text, &end, 10)
                           : 0;
    bool giga = end && strcmp(end, "G") == 0;
    if (!giga && !(end && strcmp(end, "M") == 0)) {
        reader_expected(reader, node, "a size such as \"2G\", or { size = \"2G\", mount = … }");
        return;
    }
    hardware->disk_mib = (int)MIN(size, 1u << 20) * (giga ? 1024 : 1);
}

/* One of the words, or a problem that lists them. */
static void read_word(struct reader *reader, const struct node *node, const char *of, char **member)
{
    const char *const *words = plan_hardware_words(of);
    plan_line_set(reader->plan, member, node->line);
    if (node->type == NODE_STRING && g_strv_contains(words, node->text)) {
        g_free(*member);
        *member = g_strdup(node->text);
        return;
    }
    g_autofree char *list = g_strjoinv("\", \"", (char **)words);
    g_autofree char *what = g_strdup_printf("one of \"%s\"", list);
    reader_expected(reader, node, what);
}

void read_firmware(struct reader *reader, const struct node *node, gpointer target)
{
    read_word(reader, node, "firmware", &((struct plan_host *)target)->hardware.firmware);
}

void read_cards(struct reader *reader, const struct node *node, gpointer target)
{
    read_word(reader, node, "cards", &((struct plan_host *)target)->hardware.cards);
}

void read_bus(struct reader *reader, const struct node *node, gpointer target)
{
    read_word(reader, node, "bus", &((struct plan_host *)target)->hardware.bus);
}

static void read_flag(struct reader *reader, const struct node *node, int *member)
{
    plan_line_set(reader->plan, member, node->line);
    if (node->type == NODE_BOOLEAN) {
        *member = node->boolean;
    } else {
        reader_expected(reader, node, "true or false");
    }
}

void read_tpm(struct reader *reader, const struct node *node, gpointer target)
{
    read_flag(reader, node, &((struct plan_host *)target)->hardware.tpm);
}

void read_agent(struct reader *reader, const struct node *node, gpointer target)
{
    read_flag(reader, node, &((struct plan_host *)target)->hardware.agent);
}

static void read_ready_ping(struct reader *reader, const struct node *node, gpointer target)
{
    if (node->type != NODE_BOOLEAN || !node->boolean) {
        reader_expected(reader, node, "true");
    }
    ((struct plan_ready *)target)->kind = PLAN_READY_PING;
}

static void read_ready_tcp(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_ready *ready = target;
    ready->kind = PLAN_READY_TCP;
    if (node->type != NODE_NUMBER || !node->whole || node->number < 1 || node->number > 65535) {
        reader_expected(reader, node, "a port from 1 to 65535");
    } else {
        ready->port = (int)node->number;
    }
}

static void read_ready_serial(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_ready *ready = target;
    ready->kind = PLAN_READY_SERIAL;
    g_free(ready->text);
    ready->text = reader_text(reader, node, "a text");
    if (ready->text && (!*ready->text || strlen(ready->text) > 128)) {
        reader_expected(reader, node, "a text of 1 to 128 bytes");
    }
}

void read_ready(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {.key = "tcp", .type = FIELD_OTHER, .read = read_ready_tcp},
            {.key = "ping", .type = FIELD_OTHER, .read = read_ready_ping},
            {.key = "serial", .type = FIELD_OTHER, .read = read_ready_serial},
            {"timeout", FIELD_TIMEOUT, false, offsetof(struct plan_ready, timeout_ms), NULL},
            {0},
    };
    struct plan_ready *ready = &((struct plan_host *)target)->hardware.ready;
    plan_line_set(reader->plan, ready, node->line);
    reader_fields(reader, node, fields, ready);
    if (node->type == NODE_TABLE &&
            !!node_get(node, "tcp") + !!node_get(node, "ping") + !!node_get(node, "serial") != 1) {
        reader_expected(
                reader, node, "exactly one of tcp = PORT, ping = true and serial = \"text\"");
    }
}
