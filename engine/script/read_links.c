/* read_links.c - links and what is asked of them, from a scenario's table. */
#include "plan/plan_impair.h"
#include "script/reader.h"

#include <string.h>

/* A share or a rate given as a number would leave its unit to guessing. */
static void read_value(
        struct reader *reader, const struct node *node, struct plan_impairment *impairment)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
            reader_text(reader, node, "a text with a unit such as \"40ms\", \"2%\" or \"5mbit\"");
    if (text && !plan_impairment_set(impairment, node->key, text, &error)) {
        g_autofree char *path = node_path(node);
        plan_problem_add(reader->problems, node->line, "%s: %s", path, error->message);
    }
}

static void read_into_both(struct reader *reader, const struct node *node, gpointer target)
{
    ((struct plan_impair *)target)->given = true;
    read_value(reader, node, &((struct plan_impair *)target)->both);
}

static void read_into_one(struct reader *reader, const struct node *node, gpointer target)
{
    read_value(reader, node, target);
}

#define VALUES(fn)                                                                                 \
    {.key = "delay", .type = FIELD_OTHER, .read = fn},                                             \
            {.key = "jitter", .type = FIELD_OTHER, .read = fn},                                    \
            {.key = "loss", .type = FIELD_OTHER, .read = fn},                                      \
            {.key = "duplicate", .type = FIELD_OTHER, .read = fn},                                 \
            {.key = "reorder", .type = FIELD_OTHER, .read = fn},                                   \
            {.key = "corrupt", .type = FIELD_OTHER, .read = fn},                                   \
    {                                                                                              \
        .key = "rate", .type = FIELD_OTHER, .read = fn                                             \
    }

static void read_direction(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {VALUES(read_into_one), {0}};
    struct plan_impair *impair = target;
    struct plan_impairment *one = g_new0(struct plan_impairment, 1);
    impair->directions[strcmp(node->key, "in") == 0 ? PLAN_IN : PLAN_OUT] = one;
    reader_fields(reader, node, fields, one);
}

struct plan_impair *read_impair(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"machine", FIELD_TEXT, true, offsetof(struct plan_impair, machine), NULL},
            {"network", FIELD_TEXT, false, offsetof(struct plan_impair, network), NULL},
            {"direction", FIELD_TEXT, false, offsetof(struct plan_impair, direction), NULL},
            {"down", FIELD_BOOLEAN, false, offsetof(struct plan_impair, down), NULL},
            {.key = "in", .type = FIELD_OTHER, .read = read_direction},
            {.key = "out", .type = FIELD_OTHER, .read = read_direction},
            VALUES(read_into_both),
            {0},
    };
    struct plan_impair *impair = plan_impair_new();
    impair->line = node->line;
    reader_fields(reader, node, fields, impair);
    return impair;
}

void read_entry_impair(struct reader *reader, const struct node *node, gpointer target)
{
    ((struct plan_entry *)target)->impair = read_impair(reader, node);
}

/* clear = { machine = "web", network = "office" } */
void read_entry_clear(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"machine", FIELD_TEXT, true, offsetof(struct plan_impair, machine), NULL},
            {"network", FIELD_TEXT, false, offsetof(struct plan_impair, network), NULL},
            {0},
    };
    struct plan_impair *impair = plan_impair_new();
    impair->line = node->line;
    impair->clear = true;
    ((struct plan_entry *)target)->impair = impair;
    reader_fields(reader, node, fields, impair);
}

void read_links(struct reader *reader, const struct node *node, gpointer target)
{
    (void)target;
    if (!reader_is_list(reader, node,
                "a list such as { { machine = \"web\", network = \"office\", delay = \"40ms\" } "
                "}")) {
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        g_ptr_array_add(reader->plan->links, read_impair(reader, node->entries->pdata[i]));
    }
}
