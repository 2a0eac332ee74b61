/* world_sim_impair.c - what a measurement of a simulated link finds: what is asked, and chance. */
#include "world/world_sim_impair.h"

#include "base/error.h"

#include <string.h>

static bool happens(GRand *rand, int ppm)
{
    return ppm > 0 && g_rand_double(rand) * 1e6 < ppm;
}

static int by_size(gconstpointer a, gconstpointer b)
{
    gint64 difference = *(const gint64 *)a - *(const gint64 *)b;
    return difference < 0 ? -1 : difference > 0;
}

/* A real queue is late by a little, never early. */
static gint64 one_delay(const struct plan_impairment *is, GRand *rand)
{
    gint64 late = (gint64)(g_rand_double(rand) * 200);
    if (happens(rand, is->reorder_ppm)) {
        return late;
    }
    gint64 spread = (gint64)((g_rand_double(rand) * 2 - 1) * (double)is->jitter_us);
    return is->delay_us + spread + late;
}

void world_sim_sample(const struct plan_impairment *is, const struct plan_impairment *asked,
        GRand *rand, struct net_sample *ret, GArray *delays)
{
    struct net_measure_options options = {0};
    net_measure_plan(asked, &options);
    *ret = (struct net_sample){.sent = options.probes};
    for (guint i = 0; i < options.probes; i++) {
        if (happens(rand, is->loss_ppm)) {
            continue;
        }
        gint64 delay = one_delay(is, rand);
        g_array_append_val(delays, delay);
        ret->arrived++;
        ret->duplicated += happens(rand, is->duplicate_ppm);
        ret->corrupted += happens(rand, is->corrupt_ppm);
    }
    g_array_sort(delays, by_size);
    ret->delays_us = (gint64 *)(void *)delays->data;
    ret->n_delays = delays->len;
    if (asked->rate_bps && is->rate_bps) {
        ret->rate_bps = (double)is->rate_bps * (0.99 + 0.02 * g_rand_double(rand));
    }
    ret->own_bytes =
            (guint64)options.probes * NET_PROBE_MIN + (guint64)options.train * options.train_bytes;
}

struct plan_link_ask *sim_link(struct sim_world *world, int machine, int card)
{
    g_autofree char *key = g_strdup_printf("%d/%d", machine, card);
    struct plan_link_ask *link = g_hash_table_lookup(world->links, key);
    if (!link) {
        link = g_new0(struct plan_link_ask, 1);
        g_hash_table_insert(world->links, g_steal_pointer(&key), link);
    }
    return link;
}

void sim_impair(struct world *head, int machine, int card, const struct plan_link_ask *ask,
        world_done_fn done, gpointer data)
{
    struct sim_world *world = (struct sim_world *)head;
    struct plan_link_ask *link = sim_link(world, machine, card);
    GError *error = NULL;
    if (world->refuses_links && !plan_link_ask_is_same(link, ask)) {
        g_set_error(&error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "this simulated kernel cannot impair links");
    } else {
        *link = *ask;
    }
    sim_done(head, error, done, data);
}

void world_sim_traffic(struct world *head, guint64 bytes)
{
    ((struct sim_world *)head)->traffic = bytes;
}

void world_sim_refuse_links(struct world *head, bool refuses)
{
    ((struct sim_world *)head)->refuses_links = refuses;
}

void world_sim_link(struct world *head, int machine, int card, enum plan_direction direction,
        const struct plan_impairment *is)
{
    sim_link((struct sim_world *)head, machine, card)->direction[direction] = *is;
}
