/* world_sim_seeing.c - traffic, captures and screens of machines in memory: probes are counted. */
#include "world/world_sim_seeing.h"

#include "base/error.h"

#define PROBE_PACKETS 4 /* each way */
#define PACKET_BYTES 74

struct sim_capture {
    bool known, running;
    int held;              /* steps that want its packets kept */
    guint64 before, after; /* the network's packets when it began, and when it ended */
};

struct sim_seeing {
    const struct plan *plan;
    guint64 **cards;   /* packets [machine][card], each way */
    guint64 *networks; /* packets [network] */
    struct sim_capture *captures;
    GPtrArray *answers; /* struct answer *: on their way */
};

struct answer { /* callbacks never come from inside the call */
    struct sim_seeing *seeing;
    guint source;
    void (*give)(const struct answer *answer, const GError *error);
    union {
        world_links_fn links;
        world_done_fn done;
        world_read_fn read;
    } fn;
    gpointer data;
};

static void answer_free(gpointer data)
{
    struct answer *answer = data;
    g_clear_handle_id(&answer->source, g_source_remove);
    g_free(answer);
}

static gboolean deliver(gpointer data)
{
    struct answer *answer = data;
    answer->source = 0;
    g_ptr_array_steal_index(answer->seeing->answers, 0); /* in order: it is the first */
    answer->give(answer, NULL);
    answer_free(answer);
    return G_SOURCE_REMOVE;
}

static struct answer *answer_new(struct world *head,
        void (*give)(const struct answer *answer, const GError *error), gpointer data)
{
    struct answer *answer = g_new0(struct answer, 1);
    answer->seeing = sim_seeing_of(head);
    answer->give = give;
    answer->data = data;
    answer->source = g_idle_add(deliver, answer);
    g_ptr_array_add(answer->seeing->answers, answer);
    return answer;
}

struct sim_seeing *sim_seeing_new(const struct plan *plan)
{
    struct sim_seeing *seeing = g_new0(struct sim_seeing, 1);
    seeing->plan = plan;
    seeing->cards = g_new0(guint64 *, plan->machines->len + 1);
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        seeing->cards[i] = g_new0(guint64, machine->cards->len + 1);
    }
    seeing->networks = g_new0(guint64, plan->networks->len + 1);
    seeing->captures = g_new0(struct sim_capture, plan->networks->len + 1);
    seeing->answers = g_ptr_array_new_with_free_func(answer_free);
    return seeing;
}

void sim_seeing_free(struct sim_seeing *seeing)
{
    g_autoptr(GError) error =
            g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "cancelled, the exercise ends");
    while (seeing->answers->len > 0) {
        struct answer *answer = g_ptr_array_steal_index(seeing->answers, 0);
        answer->give(answer, error);
        answer_free(answer);
    }
    g_ptr_array_unref(seeing->answers);
    for (guint i = 0; i < seeing->plan->machines->len; i++) {
        g_free(seeing->cards[i]);
    }
    g_free(seeing->cards);
    g_free(seeing->networks);
    g_free(seeing->captures);
    g_free(seeing);
}

/* Its packets pass the first network that the machine has of the team. */
void sim_seeing_probe(struct sim_seeing *seeing, int machine, int team)
{
    const struct plan *plan = seeing->plan;
    const struct plan_machine *known =
            machine < 0 ? NULL : g_ptr_array_index(plan->machines, (guint)machine);
    for (guint i = 0; known && i < known->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(known->cards, i);
        const struct plan_network *network =
                g_ptr_array_index(plan->networks, (guint)card->network);
        if (network->team == team) {
            seeing->cards[machine][i] += PROBE_PACKETS;
            seeing->networks[card->network] += 2 * (guint64)PROBE_PACKETS;
            return;
        }
    }
}

static void give_links(const struct answer *answer, const GError *error)
{
    const struct plan *plan = answer->seeing->plan;
    g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(struct world_link));
    for (guint i = 0; !error && i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        for (guint k = 0; k < machine->cards->len; k++) {
            guint64 packets = answer->seeing->cards[i][k];
            struct world_link link = {
                    .machine = (int)i,
                    .card = (int)k,
                    .up = true,
                    .rx_bytes = packets * PACKET_BYTES,
                    .tx_bytes = packets * PACKET_BYTES,
                    .rx_packets = packets,
                    .tx_packets = packets,
            };
            g_array_append_val(links, link);
        }
    }
    answer->fn.links((struct world_link *)(void *)links->data, links->len, error, answer->data);
}

void sim_links(struct world *head, world_links_fn done, gpointer data)
{
    answer_new(head, give_links, data)->fn.links = done;
}

bool sim_capture_start(struct world *head, int network, const struct world_capture *capture,
        G_GNUC_UNUSED GError **error)
{
    struct sim_seeing *seeing = sim_seeing_of(head);
    (void)capture;
    seeing->captures[network] = (struct sim_capture){
            .known = true, .running = true, .before = seeing->networks[network]};
    return true;
}

static void give_done(const struct answer *answer, const GError *error)
{
    answer->fn.done(error, answer->data);
}

void sim_capture_stop(struct world *head, int network, world_done_fn done, gpointer data)
{
    struct sim_seeing *seeing = sim_seeing_of(head);
    seeing->captures[network].running = false;
    seeing->captures[network].after = seeing->networks[network];
    answer_new(head, give_done, data)->fn.done = done;
}

void sim_capture_hold(struct world *head, int network, bool held)
{
    sim_seeing_of(head)->captures[network].held += held ? 1 : -1; /* nothing is ever removed */
}

int world_sim_held(struct world *head, int network)
{
    return sim_seeing_of(head)->captures[network].held;
}

bool sim_capture_look(struct world *head, int network, struct net_capture_state *ret)
{
    const struct sim_seeing *seeing = sim_seeing_of(head);
    const struct sim_capture *capture = &seeing->captures[network];
    guint64 now = capture->running ? seeing->networks[network] : capture->after;
    *ret = (struct net_capture_state){.running = capture->running};
    ret->packets = now - capture->before;
    ret->bytes = ret->packets * PACKET_BYTES;
    return capture->known;
}

GPtrArray *sim_capture_files(struct world *head, int network)
{
    (void)head;
    (void)network;
    return NULL;
}

static void give_no_screen(const struct answer *answer, const GError *error)
{
    g_autoptr(GError) none = g_error_new(
            SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "a simulated machine has no screen");
    answer->fn.read(NULL, 0, 0, error ? error : none, answer->data);
}

void sim_screenshot(
        struct world *head, G_GNUC_UNUSED int machine, world_read_fn done, gpointer data)
{
    answer_new(head, give_no_screen, data)->fn.read = done;
}

char *sim_port(const struct world *head, int machine, enum world_port port)
{
    (void)head;
    (void)machine;
    (void)port;
    return NULL;
}
