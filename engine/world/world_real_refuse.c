/* world_real_refuse.c - commands and files for machines without an agent: refused, in the next turn
 * of the loop as every answer. */
#include "world/world_real_disk.h"

struct refusal {
    struct real_world *world;
    guint source;
    GError *error;
    world_exec_fn exec;
    world_done_fn write;
    world_read_fn read;
    gpointer data;
};

static gboolean deliver(gpointer data)
{
    struct refusal *refusal = data;
    g_ptr_array_remove_fast(refusal->world->refusals, refusal);
    if (refusal->exec) {
        refusal->exec(NULL, refusal->error, refusal->data);
    } else if (refusal->write) {
        refusal->write(refusal->error, refusal->data);
    } else {
        refusal->read(NULL, 0, -1, refusal->error, refusal->data);
    }
    g_error_free(refusal->error);
    g_free(refusal);
    return G_SOURCE_REMOVE;
}

static struct refusal *refuse(struct world *head, int index, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    GError *error = real_disk_refusal(&world->machines[index]);
    if (!error) {
        return NULL;
    }
    struct refusal *refusal = g_new0(struct refusal, 1);
    refusal->world = world;
    refusal->error = error;
    refusal->data = data;
    refusal->source = g_idle_add(deliver, refusal);
    g_ptr_array_add(world->refusals, refusal);
    return refusal;
}

bool real_refuse_exec(struct world *head, int machine, world_exec_fn done, gpointer data)
{
    struct refusal *refusal = refuse(head, machine, data);
    if (refusal) {
        refusal->exec = done;
    }
    return refusal != NULL;
}

bool real_refuse_write(struct world *head, int machine, world_done_fn done, gpointer data)
{
    struct refusal *refusal = refuse(head, machine, data);
    if (refusal) {
        refusal->write = done;
    }
    return refusal != NULL;
}

bool real_refuse_read(struct world *head, int machine, world_read_fn done, gpointer data)
{
    struct refusal *refusal = refuse(head, machine, data);
    if (refusal) {
        refusal->read = done;
    }
    return refusal != NULL;
}

void real_refuse_settle(struct real_world *world)
{
    while (world->refusals->len > 0) {
        struct refusal *refusal = g_ptr_array_index(world->refusals, 0);
        g_source_remove(refusal->source);
        deliver(refusal);
    }
}
