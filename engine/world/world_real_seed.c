/* world_real_seed.c - what a machine's plan says, as a NoCloud seed. */
#include "world/world_real_seed.h"

#include "image/import.h"
#include "image/seed.h"

#include <string.h>

struct parts { /* what a struct seed points to */
    GArray *cards, *files;
    GPtrArray *texts; /* owned strings */
};

static char *keep(struct parts *parts, char *text)
{
    g_ptr_array_add(parts->texts, text);
    return text;
}

static void add_cards(struct parts *parts, const struct real_machine *machine)
{
    const struct plan *plan = machine->world->head.plan;
    for (guint i = 0; i < machine->plan->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(machine->plan->cards, i);
        const struct plan_network *network =
                g_ptr_array_index(plan->networks, (guint)card->network);
        g_autofree char *address = plan_address_text(card->address);
        struct seed_card out = {
                .address = keep(parts, g_strdup_printf("%s/%d", address, network->subnet->prefix)),
                .gateway = card->gateway ? keep(parts, plan_address_text(card->gateway)) : NULL,
        };
        memcpy(out.mac, card->mac, sizeof(out.mac));
        g_array_append_val(parts->cards, out);
    }
}

static void add_file(
        struct parts *parts, const char *path, const char *content, gsize length, int mode)
{
    struct seed_file out = {path, content, length, mode};
    g_array_append_val(parts->files, out);
}

static void add_files(struct parts *parts, const struct real_machine *machine)
{
    const struct plan_host *host = machine->plan->host;
    const char *hosts = keep(parts, world_hosts(machine->world->head.plan, machine->index, -1));
    add_file(parts, "/etc/hosts", hosts, strlen(hosts), 0644);
    for (guint i = 0; i < host->files->len; i++) {
        const struct plan_file *file = g_ptr_array_index(host->files, i);
        add_file(parts, file->path, file->content, file->length, file->mode ? file->mode : 0644);
    }
}

bool real_seed_write(const struct real_machine *machine, const char *path, GError **error)
{
    const struct plan *plan = machine->world->head.plan;
    const struct plan_host *host = machine->plan->host;
    const struct image_disk *disk = machine->image->disk;
    struct parts parts = {
            .cards = g_array_new(FALSE, FALSE, sizeof(struct seed_card)),
            .files = g_array_new(FALSE, FALSE, sizeof(struct seed_file)),
            .texts = g_ptr_array_new_with_free_func(g_free),
    };
    bool by_seed = host->hardware.agent == 0; /* else the agent does it and sees what fails */
    add_cards(&parts, machine);
    if (by_seed) {
        add_files(&parts, machine);
    }
    const struct seed seed = {
            .instance = keep(&parts, g_strdup_printf("%s-%s-%s", plan->name, machine->plan->domain,
                                             machine->image->digest)),
            .hostname = host->name,
            .cards = (const struct seed_card *)parts.cards->data,
            .n_cards = parts.cards->len,
            .files = (const struct seed_file *)parts.files->data,
            .n_files = parts.files->len,
            .commands = (char *const *const *)host->setup->pdata,
            .n_commands = by_seed ? host->setup->len : 0,
            .users = (const char *const *)disk->users,
            .ssh_keys = (const char *const *)disk->ssh_keys,
            .forward = host->forward,
    };
    bool ok = seed_write(path, &seed, error);
    g_array_unref(parts.cards);
    g_array_unref(parts.files);
    g_ptr_array_unref(parts.texts);
    return ok;
}
