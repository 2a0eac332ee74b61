/* read_seeing.c - networks.NAME.capture = true, or { keep = "5m", size = "64M" }. */
#include "script/reader.h"

#define KEEP_MIN_US G_USEC_PER_SEC
#define KEEP_MAX_US (G_GINT64_CONSTANT(24) * 3600 * G_USEC_PER_SEC)
#define SIZE_MAX_MIB 16384

static void check_limits(struct reader *reader, const struct node *node, struct plan_subnet *subnet)
{
    g_autofree char *path = node_path(node);
    if (subnet->capture_keep_us < KEEP_MIN_US || subnet->capture_keep_us > KEEP_MAX_US) {
        plan_problem_add(reader->problems,
                plan_line(reader->plan, &subnet->capture_keep_us, node->line),
                "%s.keep: must be from 1s to 24h", path);
    }
    if (subnet->capture_mib < 1 || subnet->capture_mib > SIZE_MAX_MIB) {
        plan_problem_add(reader->problems,
                plan_line(reader->plan, &subnet->capture_mib, node->line),
                "%s.size: must be from 1M to 16G", path);
    }
}

void read_capture(struct reader *reader, const struct node *node, gpointer target)
{
    static const struct field fields[] = {
            {"keep", FIELD_DURATION, false, offsetof(struct plan_subnet, capture_keep_us), NULL},
            {"size", FIELD_MEMORY, false, offsetof(struct plan_subnet, capture_mib), NULL},
            {0},
    };
    struct plan_subnet *subnet = target;
    if (node->type == NODE_BOOLEAN) {
        subnet->capture = node->boolean;
    } else if (node->type == NODE_TABLE) {
        subnet->capture = true;
        guint before = reader->problems->len;
        reader_fields(reader, node, fields, subnet);
        if (reader->problems->len == before) {
            check_limits(reader, node, subnet);
        }
    } else {
        reader_expected(reader, node, "true, false or { keep = \"5m\", size = \"64M\" }");
    }
}
