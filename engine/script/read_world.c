/* read_world.c - teams, networks, machines and their files from a scenario's table. */
#include "base/text.h"
#include "script/reader.h"

#include <glib/gstdio.h>
#include <string.h>

#define FILE_MAX (4 * 1024 * 1024)
#define FILES_MAX (64 * 1024 * 1024) /* of a scenario */

static void read_role(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_group *group = target;
    for (int role = PLAN_ROLE_BLUE; role <= PLAN_ROLE_WHITE; role++) {
        if (node->type == NODE_STRING && strcmp(node->text, plan_role_name(role)) == 0) {
            group->role = role;
            return;
        }
    }
    reader_expected(reader, node, "a role: \"blue\", \"red\", \"green\" or \"white\"");
}

void read_team(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {.key = "role", .type = FIELD_OTHER, .required = true, .read = read_role},
            {"count", FIELD_INTEGER, false, offsetof(struct plan_group, count), NULL},
            {"reference", FIELD_BOOLEAN, false, offsetof(struct plan_group, reference), NULL},
            {"titles", FIELD_TEXTS, false, offsetof(struct plan_group, titles), NULL},
            {0},
    };
    struct plan_group *group = plan_group_new();
    group->name = g_strdup(node->key);
    group->line = node->line;
    g_ptr_array_add(reader->plan->groups, group);
    const struct node *count = node_get(node, "count");
    if (count && count->type != NODE_NUMBER) { /* reported below; then no team's number is wrong */
        group->count = PLAN_TEAMS_MAX;
    }
    reader_fields(reader, node, fields, group);
}

static void read_cidr(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_subnet *subnet = target;
    if (node->type != NODE_STRING ||
            !plan_cidr_parse(node->text, &subnet->address, &subnet->prefix)) {
        reader_expected(reader, node, "a network such as \"10.20.1.0/24\"");
        return;
    }
    plan_line_set(reader->plan, &subnet->address, node->line);
    if (subnet->prefix == 0) {
        reader_expected(reader, node, "a prefix from /16 to /29, such as \"10.20.1.0/24\"");
    }
}

void read_network(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"team", FIELD_TEXT, true, offsetof(struct plan_subnet, group), NULL},
            {.key = "cidr", .type = FIELD_OTHER, .required = true, .read = read_cidr},
            {"gateway", FIELD_TEXT, false, offsetof(struct plan_subnet, gateway), NULL},
            {"checker", FIELD_ADDRESS, false, offsetof(struct plan_subnet, checker), NULL},
            {.key = "cidr6", .type = FIELD_OTHER, .read = read_cidr6},
            {"dhcp", FIELD_OTHER, false, offsetof(struct plan_subnet, dhcp_from), read_dhcp},
            {"dns", FIELD_BOOLEAN, false, offsetof(struct plan_subnet, dns), NULL},
            {"isolate", FIELD_BOOLEAN, false, offsetof(struct plan_subnet, isolate), NULL},
            {"stretch", FIELD_INTEGER, false, offsetof(struct plan_subnet, stretch), NULL},
            {"vlan_aware", FIELD_BOOLEAN, false, offsetof(struct plan_subnet, vlan_aware), NULL},
            {"vlan", FIELD_INTEGER, false, offsetof(struct plan_subnet, vlan), NULL},
            {.key = "capture", .type = FIELD_OTHER, .read = read_capture},
            {0},
    };
    struct plan_subnet *subnet = g_new0(struct plan_subnet, 1);
    subnet->name = g_strdup(node->key);
    subnet->capture_keep_us = PLAN_CAPTURE_KEEP_US;
    subnet->capture_mib = PLAN_CAPTURE_MIB;
    subnet->line = node->line;
    subnet->vlan = 1;
    g_ptr_array_add(reader->plan->subnets, subnet);
    reader_fields(reader, node, fields, subnet);
    if (!subnet->checker && subnet->prefix > 0 && subnet->prefix < 31) {
        subnet->checker = (subnet->address | (0xffffffffU >> subnet->prefix)) - 1;
    }
}

static void read_nic(struct reader *reader, struct plan_host *host, const struct node *node)
{
    guint32 address = 0;
    if (node->key && node->type == NODE_TABLE) {
        struct plan_nic *nic = g_new0(struct plan_nic, 1);
        nic->network = g_strdup(node->key);
        nic->line = node->line;
        g_ptr_array_add(host->nics, nic);
        read_nic_options(reader, node, nic);
        return;
    }
    if (!node->key || node->type != NODE_STRING || !plan_address_parse(node->text, &address)) {
        reader_expected(reader, node, "NETWORK = \"address\", such as office = \"10.20.1.10\"");
        return;
    }
    struct plan_nic *nic = g_new0(struct plan_nic, 1);
    nic->network = g_strdup(node->key);
    nic->address = address;
    nic->line = node->line;
    g_ptr_array_add(host->nics, nic);
}

static void read_nics(struct reader *reader, const struct node *node, gpointer target)
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table such as { office = \"10.20.1.10\" }");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        read_nic(reader, target, node->entries->pdata[i]);
    }
}

char *reader_inside(const char *folder, const char *path)
{
    if (!folder || g_path_is_absolute(path)) {
        return NULL;
    }
    g_autofree char *joined = g_build_filename(folder, path, NULL);
    g_autofree char *real = realpath(joined, NULL);
    g_autofree char *base = realpath(folder, NULL);
    if (!real || !base) {
        return NULL;
    }
    g_autofree char *prefix = g_strconcat(base, "/", NULL);
    return g_str_has_prefix(real, prefix) ? g_steal_pointer(&real) : NULL;
}

/* Asked before it is read: it may be of any size, and a loop may name it any number of times. */
static bool fits(const struct reader *reader, const char *path)
{
    GStatBuf st;
    return g_stat(path, &st) == 0 && st.st_size <= FILE_MAX &&
           reader->file_bytes + (gsize)st.st_size <= FILES_MAX;
}

static void read_from(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_file *file = target;
    g_autofree char *from =
            reader_text(reader, node, "the path of a file in the scenario's folder");
    if (!from) {
        return;
    }
    g_autofree char *path = node_path(node);
    g_autofree char *real = reader_inside(reader->folder, from);
    if (!real || !g_file_test(real, G_FILE_TEST_IS_REGULAR)) {
        plan_problem_add(reader->problems, node->line,
                "%s: no file \"%s\" inside the scenario's folder %s", path, from,
                reader->folder ? reader->folder : "(there is none)");
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!fits(reader, real)) {
        plan_problem_add(reader->problems, node->line,
                "%s: \"%s\" is larger than %d MiB, or all files together than %d MiB; put it into "
                "an image",
                path, from, FILE_MAX / 1024 / 1024, FILES_MAX / 1024 / 1024);
    } else if (!g_file_get_contents(real, &file->content, &file->length, &error)) {
        plan_problem_add(reader->problems, node->line, "%s: %s", path, error->message);
    } else {
        reader->file_bytes += file->length;
        sandbox_note_source(reader->sandbox, from, file->content, file->length);
    }
}

static void read_content(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_file *file = target;
    if (node->type != NODE_STRING) {
        reader_expected(reader, node, "a text");
        return;
    }
    g_free(file->content);
    file->content = g_memdup2(node->text, node->length + 1);
    file->length = node->length;
}

/* mode = "0640", or the number it stands for */
static void read_mode(struct reader *reader, const struct node *node, gpointer target)
{
    struct plan_file *file = target;
    guint64 mode = 0;
    if (node->type == NODE_NUMBER && node->whole && node->number >= 0 && node->number <= 07777) {
        file->mode = (int)node->number;
    } else if (node->type == NODE_STRING &&
               g_ascii_string_to_unsigned(node->text, 8, 0, 07777, &mode, NULL)) {
        file->mode = (int)mode;
    } else {
        reader_expected(reader, node, "permission bits such as \"0640\"");
    }
}

static void read_file(struct reader *reader, struct plan_host *host, const struct node *node)
{
    static const struct field fields[] = {
            {.key = "from", .type = FIELD_OTHER, .read = read_from},
            {.key = "content", .type = FIELD_OTHER, .read = read_content},
            {.key = "mode", .type = FIELD_OTHER, .read = read_mode},
            {0},
    };
    if (!node->key) {
        reader_expected(reader, node, "[\"/path\"] = \"text\"");
        return;
    }
    struct plan_file *file = g_new0(struct plan_file, 1);
    file->path = g_strdup(node->key);
    file->mode = 0644;
    file->line = node->line;
    g_ptr_array_add(host->files, file);
    if (node->type == NODE_STRING) {
        read_content(reader, node, file);
        return;
    }
    reader_fields(reader, node, fields, file);
    if (node->type == NODE_TABLE && !node_get(node, "from") == !node_get(node, "content")) {
        g_autofree char *path = node_path(node);
        plan_problem_add(reader->problems, node->line,
                "%s: write a text, or { from = \"files/NAME\" }, or { content = \"text\" }", path);
    }
}

static void read_files(struct reader *reader, const struct node *node, gpointer target)
{
    if (node->type != NODE_TABLE) {
        reader_expected(reader, node, "a table such as { [\"/etc/motd\"] = \"text\" }");
        return;
    }
    for (guint i = 0; i < node->entries->len; i++) {
        read_file(reader, target, node->entries->pdata[i]);
    }
}

void read_machine(struct reader *reader, const struct node *node)
{
    static const struct field fields[] = {
            {"team", FIELD_TEXT, true, offsetof(struct plan_host, group), NULL},
            {"image", FIELD_TEXT, true, offsetof(struct plan_host, image), NULL},
            {"memory", FIELD_MEMORY, false, offsetof(struct plan_host, memory_mib), NULL},
            {"cpus", FIELD_INTEGER, false, offsetof(struct plan_host, vcpus), NULL},
            {"forward", FIELD_BOOLEAN, false, offsetof(struct plan_host, forward), NULL},
            {"display", FIELD_BOOLEAN, false, offsetof(struct plan_host, display), NULL},
            {.key = "nics", .type = FIELD_OTHER, .read = read_nics},
            {.key = "files", .type = FIELD_OTHER, .read = read_files},
            {"setup", FIELD_ARGVS, false, offsetof(struct plan_host, setup), NULL},
            {"logs", FIELD_TEXTS, false, offsetof(struct plan_host, logs), NULL},
            {.key = "disk", .type = FIELD_OTHER, .read = read_disk},
            {.key = "firmware", .type = FIELD_OTHER, .read = read_firmware},
            {.key = "tpm", .type = FIELD_OTHER, .read = read_tpm},
            {.key = "agent", .type = FIELD_OTHER, .read = read_agent},
            {.key = "ready", .type = FIELD_OTHER, .read = read_ready},
            {.key = "cards", .type = FIELD_OTHER, .read = read_cards},
            {.key = "bus", .type = FIELD_OTHER, .read = read_bus},
            {0},
    };
    struct plan_host *host = plan_host_new();
    host->name = g_strdup(node->key);
    host->line = node->line;
    g_ptr_array_add(reader->plan->hosts, host);
    reader_fields(reader, node, fields, host);
}
