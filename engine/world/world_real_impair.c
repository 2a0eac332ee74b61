/* world_real_impair.c - links of real machines: their taps' queues, and their cards' carrier. */
#include "base/error.h"
#include "world/world_real.h"

struct real_links {
    struct net_impair *impair;
    GHashTable *made;   /* tap names (the plan's) that were impaired */
    GPtrArray *down;    /* struct plan_card *: without a carrier */
    GPtrArray *answers; /* struct answer *: on their way */
};

struct answer {
    struct real_world *world;
    world_done_fn done; /* or … */
    world_measure_fn measured;
    gpointer data;
    GError *error;
    guint source; /* the idle that answers, or 0 */
    /* of a measurement */
    struct net_measure *measure;
    const struct plan_card *card;
    enum plan_direction direction;
    struct net_queue before;
    gint64 began_us;
};

static bool open_links(struct real_world *world, GError **error)
{
    if (world->daemon) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "links cannot be impaired on a libvirt daemon, whose taps are not the engine's; "
                "remedy: run the exercise without --connect");
    }
    if (!world->links) {
        world->links = g_new0(struct real_links, 1);
        world->links->made = g_hash_table_new(g_str_hash, g_str_equal);
        world->links->down = g_ptr_array_new();
        world->links->answers = g_ptr_array_new();
    }
    if (!world->links->impair && !world->daemon) {
        world->links->impair = net_impair_open(error);
    }
    return world->links->impair != NULL;
}

static const struct plan_card *card_of(const struct real_world *world, int machine, int card)
{
    const struct plan_machine *plan = g_ptr_array_index(world->head.plan->machines, (guint)machine);
    return g_ptr_array_index(plan->cards, (guint)card);
}

static struct answer *answer_new(struct real_world *world, gpointer data)
{
    struct answer *answer = g_new0(struct answer, 1);
    answer->world = world;
    answer->data = data;
    g_ptr_array_add(world->links->answers, answer);
    return answer;
}

static void answer_give(struct answer *answer, const struct world_measurement *measured)
{
    g_ptr_array_remove_fast(answer->world->links->answers, answer);
    if (answer->done) {
        answer->done(answer->error, answer->data);
    } else {
        answer->measured(measured, answer->error, answer->data);
    }
    g_clear_error(&answer->error);
    g_free(answer);
}

static gboolean on_idle(gpointer data)
{
    ((struct answer *)data)->source = 0;
    answer_give(data, NULL);
    return G_SOURCE_REMOVE;
}

static void answer_later(struct answer *answer)
{
    answer->source = g_idle_add(on_idle, answer);
}

/* ---- impairing ----------------------------------------------------------------------------- */

static void on_carrier(const GError *error, gpointer data)
{
    struct answer *answer = data;
    if (error && !answer->error) {
        answer->error = g_error_copy(error);
    }
    answer_give(answer, NULL);
}

/* Whether the guest's carrier has to change. */
static bool note_carrier(struct real_links *links, const struct plan_card *card, bool down)
{
    bool was = g_ptr_array_find(links->down, card, NULL);
    if (down && !was) {
        g_ptr_array_add(links->down, (gpointer)card);
    } else if (!down && was) {
        g_ptr_array_remove_fast(links->down, (gpointer)card);
    }
    return down || was; /* down again: the machine may be another by now */
}

void real_impair(struct world *head, int machine, int card, const struct plan_link_ask *ask,
        world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    const struct plan_card *plan = card_of(world, machine, card);
    GError *error = NULL;
    bool ok = open_links(world, &error);
    struct answer *answer = answer_new(world, data);
    answer->done = done;
    if (ok) {
        g_hash_table_add(world->links->made, plan->tap);
        ok = net_impair_link(world->links->impair, plan->tap, ask, &error);
    }
    answer->error = error;
    if (ok && note_carrier(world->links, plan, ask->down)) {
        const struct plan_machine *of = g_ptr_array_index(head->plan->machines, (guint)machine);
        virt_link(world->virt, of->domain, (guint)card, !ask->down, on_carrier, answer);
    } else {
        answer_later(answer);
    }
}

bool real_links_clear(struct real_world *world, GError **error)
{
    const struct plan_link_ask nothing = {0};
    GHashTableIter iter;
    gpointer tap = NULL;
    bool ok = true;
    if (!world->links) {
        return true;
    }
    g_hash_table_iter_init(&iter, world->links->made);
    while (g_hash_table_iter_next(&iter, &tap, NULL)) {
        ok = net_impair_link(world->links->impair, tap, &nothing, ok ? error : NULL) && ok;
    }
    g_hash_table_remove_all(world->links->made);
    return ok;
}

/* ---- measuring ----------------------------------------------------------------------------- */

static bool read_queue(const struct answer *answer, struct net_queue *ret, GError **error)
{
    struct plan_link_ask has;
    struct net_queue queues[PLAN_DIRECTIONS];
    if (!net_impair_read(answer->world->links->impair, answer->card->tap, &has, queues, error)) {
        return false;
    }
    *ret = queues[answer->direction];
    return true;
}

static void on_measured(const struct net_sample *sample, const GError *error, gpointer data)
{
    struct answer *answer = data;
    struct world_measurement measured = {0};
    answer->measure = NULL; /* it ends with this call */
    if (error) {
        answer->error = g_error_copy(error);
    } else if (read_queue(answer, &measured.queue, &answer->error)) {
        measured.sample = *sample;
        measured.took_us = g_get_monotonic_time() - answer->began_us;
        guint64 passed = measured.queue.bytes - MIN(answer->before.bytes, measured.queue.bytes);
        measured.other_bytes = passed - MIN(sample->own_bytes, passed);
    }
    answer_give(answer, answer->error ? NULL : &measured);
}

void real_measure(struct world *head, int machine, int card, enum plan_direction direction,
        const struct plan_impairment *asked, world_measure_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    GError *error = NULL;
    bool ok = open_links(world, &error);
    struct answer *answer = answer_new(world, data);
    answer->measured = done;
    answer->card = card_of(world, machine, card);
    answer->direction = direction;
    answer->began_us = g_get_monotonic_time();
    g_autofree char *device = net_impair_device(answer->card->tap, direction);
    struct net_measure_options options = {.device = device, .seed = g_random_int()};
    net_measure_plan(asked, &options);
    if (ok && read_queue(answer, &answer->before, &error)) {
        answer->measure = net_measure_start(&options, on_measured, answer, &error);
    }
    if (!answer->measure) {
        answer->error = error;
        answer_later(answer);
    }
}

void real_links_free(struct real_links *links)
{
    if (!links) {
        return;
    }
    while (links->answers->len > 0) {
        struct answer *answer = g_ptr_array_index(links->answers, 0);
        g_clear_handle_id(&answer->source, g_source_remove);
        g_clear_pointer(&answer->measure, net_measure_cancel);
        if (!answer->error) {
            answer->error = g_error_new(
                    SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "cancelled, the exercise ends");
        }
        answer_give(answer, NULL);
    }
    net_impair_close(links->impair);
    g_hash_table_unref(links->made);
    g_ptr_array_unref(links->down);
    g_ptr_array_unref(links->answers);
    g_free(links);
}
