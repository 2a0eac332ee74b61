/* world_real_seeing.c - what can be seen of the real range: traffic, packets, screens, consoles. */
#include "world/world_real.h"

#include "base/error.h"

#include <string.h>

/* ---- counters ------------------------------------------------------------------------------ */

struct links_call {
    struct world *head;
    world_links_fn done;
    gpointer data;
};

/* What a tap receives, its machine has sent. */
static struct world_link to_link(const struct net_counters *tap, int machine, int card)
{
    return (struct world_link){
            .machine = machine,
            .card = card,
            .up = tap->up,
            .rx_bytes = tap->tx_bytes,
            .tx_bytes = tap->rx_bytes,
            .rx_packets = tap->tx_packets,
            .tx_packets = tap->rx_packets,
    };
}

static void add_links(const struct plan *plan, int index, GHashTable *by_name, GArray *links)
{
    const struct plan_machine *machine = plan->machines->pdata[index];
    for (guint i = 0; i < machine->cards->len; i++) {
        const struct plan_card *card = machine->cards->pdata[i];
        const struct net_counters *tap = g_hash_table_lookup(by_name, card->tap);
        if (tap) {
            struct world_link link = to_link(tap, index, (int)i);
            g_array_append_val(links, link);
        }
    }
}

static void on_counters(const GArray *counters, const GError *error, gpointer data)
{
    g_autofree struct links_call *call = data;
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(struct world_link));
    for (guint i = 0; !error && i < counters->len; i++) {
        struct net_counters *one = &g_array_index(counters, struct net_counters, i);
        g_hash_table_insert(by_name, one->name, one);
    }
    for (guint i = 0; i < call->head->plan->machines->len; i++) {
        add_links(call->head->plan, (int)i, by_name, links);
    }
    call->done((struct world_link *)(void *)links->data, links->len, error, call->data);
}

/* On a daemon the taps are not ours, and libvirt is asked, machine by machine. */
struct daemon_links {
    guint left;    /* machines that have not answered */
    GArray *links; /* struct world_link: every card, in the plan's order */
    world_links_fn done;
    gpointer data;
};

struct daemon_links_part { /* one machine's */
    struct daemon_links *all;
    guint first;
};

static void on_traffic(
        const struct virt_traffic *cards, gsize n, const GError *error, gpointer data)
{
    g_autofree struct daemon_links_part *part = data;
    struct daemon_links *all = part->all;
    for (gsize i = 0; !error && i < n; i++) {
        struct world_link *link = &g_array_index(all->links, struct world_link, part->first + i);
        link->up = cards[i].there;
        link->rx_bytes = cards[i].rx_bytes;
        link->tx_bytes = cards[i].tx_bytes;
        link->rx_packets = cards[i].rx_packets;
        link->tx_packets = cards[i].tx_packets;
    }
    if (--all->left > 0) {
        return;
    }
    bool cancelled = g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED);
    all->done((struct world_link *)(void *)all->links->data, all->links->len,
            cancelled ? error : NULL, all->data);
    g_array_unref(all->links);
    g_free(all);
}

static void ask_traffic(struct real_world *world, int index, struct daemon_links *all)
{
    const struct plan_machine *machine = world->machines[index].plan;
    gsize n = machine->cards->len;
    g_autofree struct virt_traffic *cards = g_new0(struct virt_traffic, n + 1);
    struct daemon_links_part *part = g_new(struct daemon_links_part, 1);
    *part = (struct daemon_links_part){all, all->links->len};
    for (gsize i = 0; i < n; i++) {
        const struct plan_card *card = machine->cards->pdata[i];
        const struct world_link link = {.machine = index, .card = (int)i};
        memcpy(cards[i].mac, card->mac, sizeof(card->mac));
        g_array_append_val(all->links, link);
    }
    virt_traffic(world->virt, machine->domain, cards, n, on_traffic, part);
}

static void daemon_links(struct real_world *world, world_links_fn done, gpointer data)
{
    struct daemon_links *all = g_new(struct daemon_links, 1);
    *all = (struct daemon_links){world->head.plan->machines->len,
            g_array_new(FALSE, FALSE, sizeof(struct world_link)), done, data};
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        ask_traffic(world, (int)i, all);
    }
}

void real_links(struct world *head, world_links_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    if (world->daemon && head->plan->machines->len > 0) {
        daemon_links(world, done, data);
        return;
    }
    struct links_call *call = g_new(struct links_call, 1);
    *call = (struct links_call){head, done, data};
    net_read_counters(world->net, on_counters, call);
}

/* ---- captures ------------------------------------------------------------------------------ */

static struct real_capture *capture_of(struct world *head, int network)
{
    struct real_world *world = (struct real_world *)head;
    return &world->captures[network];
}

static const struct plan_network *network_of(const struct world *head, int network)
{
    return g_ptr_array_index(head->plan->networks, (guint)network);
}

/* Who has which address there, for whoever shows the packets. */
static GArray *names_on(const struct plan *plan, int network)
{
    GArray *names = g_array_new(FALSE, FALSE, sizeof(struct pcapng_name));
    const struct plan_network *self = plan->networks->pdata[network];
    const struct pcapng_name checker = {self->subnet->checker, "checker"};
    g_array_append_val(names, checker);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < machine->cards->len; k++) {
            const struct plan_card *card = machine->cards->pdata[k];
            const struct pcapng_name name = {card->address, machine->host->name};
            if (card->network == network) {
                g_array_append_val(names, name);
            }
        }
    }
    return names;
}

bool real_capture_start(
        struct world *head, int network, const struct world_capture *capture, GError **error)
{
    struct real_capture *slot = capture_of(head, network);
    const struct plan_network *plan = network_of(head, network);
    if (((struct real_world *)head)->daemon) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "networks of a libvirt daemon cannot be captured, their bridges are not the "
                "engine's; remedy: run the exercise without --connect");
        return false;
    }
    g_autoptr(GArray) names = names_on(head->plan, network);
    g_autofree char *stem = world_capture_stem(plan);
    g_autofree char *address = plan_address_text(plan->subnet->address);
    g_autofree char *description = g_strdup_printf("%s/%d", address, plan->subnet->prefix);
    const struct net_capture_options options = {
            .interface = plan->bridge,
            .name = plan->id,
            .description = description,
            .comment = capture->comment,
            .names = (struct pcapng_name *)(void *)names->data,
            .n_names = names->len,
            .folder = capture->folder,
            .stem = stem,
            .keep_us = capture->keep_us,
            .bytes_max = capture->bytes_max,
    };
    struct net_capture *started = net_capture_start(&options, error);
    if (!started) {
        return false;
    }
    net_capture_free(slot->capture); /* one that has ended */
    *slot = (struct real_capture){.capture = started};
    return true;
}

static void on_stopped(gpointer data)
{
    struct real_capture *slot = data;
    slot->done(NULL, slot->data);
}

void real_capture_stop(struct world *head, int network, world_done_fn done, gpointer data)
{
    struct real_capture *slot = capture_of(head, network);
    g_assert(slot->capture && !slot->stopping);
    slot->stopping = true;
    slot->done = done;
    slot->data = data;
    net_capture_stop(slot->capture, on_stopped, slot);
}

void real_capture_hold(struct world *head, int network, bool held)
{
    const struct real_capture *slot = capture_of(head, network);
    if (slot->capture) {
        net_capture_hold(slot->capture, held);
    }
}

bool real_capture_look(struct world *head, int network, struct net_capture_state *ret)
{
    const struct real_capture *slot = capture_of(head, network);
    if (slot->capture) {
        net_capture_look(slot->capture, ret);
    }
    return slot->capture != NULL;
}

GPtrArray *real_capture_files(struct world *head, int network)
{
    const struct real_capture *slot = capture_of(head, network);
    return slot->capture ? net_capture_files(slot->capture) : NULL;
}

void real_captures_free(struct real_world *world)
{
    for (guint i = 0; world->captures && i < world->head.plan->networks->len; i++) {
        net_capture_free(world->captures[i].capture);
    }
    g_clear_pointer(&world->captures, g_free);
}

/* ---- screens and consoles ------------------------------------------------------------------ */

struct screen_call {
    struct world *head;
    int machine;
    world_read_fn done;
    gpointer data;
};

static void on_screen(
        const char *bytes, gsize length, gint64 size, const GError *error, gpointer data)
{
    g_autofree struct screen_call *call = data;
    g_autoptr(GError) failure = world_error(call->head->plan, call->machine, error);
    call->done(bytes, length, size, failure, call->data);
}

static const struct plan_machine *machine_of(const struct world *head, int machine)
{
    return g_ptr_array_index(head->plan->machines, (guint)machine);
}

void real_screenshot(struct world *head, int machine, world_read_fn done, gpointer data)
{
    struct screen_call *call = g_new(struct screen_call, 1);
    *call = (struct screen_call){head, machine, done, data};
    virt_screenshot(
            ((struct real_world *)head)->virt, machine_of(head, machine)->domain, on_screen, call);
}

char *real_port(const struct world *head, int machine, enum world_port port)
{
    const struct real_world *world = (const struct real_world *)head;
    const struct plan_machine *plan = machine_of(head, machine);
    switch (port) {
    case WORLD_SERIAL:
        return virt_serial_socket(world->root, plan->domain);
    case WORLD_SERIAL_LOG:
        return virt_serial_file(world->root, plan->domain);
    case WORLD_VNC:
        return plan->host->display ? virt_vnc_socket(world->root, plan->domain) : NULL;
    }
    return NULL;
}
