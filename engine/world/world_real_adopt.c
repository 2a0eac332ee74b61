/* world_real_adopt.c - the range of an engine that is gone: what of it is kept, what must go.
 *
 * Kept are machines that had been ready and still run, the bridges they stand on and their taps.
 * All else is removed and made anew: team spaces (the dead engine alone held them, and their veths
 * went with them), half-made bridges, taps without a machine, machines that were starting.
 */
#include "base/error.h"
#include "world/world_real.h"

#include <string.h>
#include <unistd.h>

#define KILL_LIMIT_MS 10000

static char *state_file(const char *root, const char *domain, const char *suffix)
{
    return g_strdup_printf("%s/run/qemu/%s.%s", root, domain, suffix);
}

/* libvirt knows the machine and its process lives in this root. */
static bool still_runs(const char *root, const char *domain)
{
    g_autofree char *status = state_file(root, domain, "xml");
    g_autofree char *file = state_file(root, domain, "pid");
    g_autofree char *text = NULL;
    if (!g_file_test(status, G_FILE_TEST_EXISTS) || !g_file_get_contents(file, &text, NULL, NULL)) {
        return false;
    }
    gint64 pid = g_ascii_strtoll(text, NULL, 10);
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/cmdline", pid);
    g_autofree char *guest = g_strdup_printf("guest=%s,", domain);
    g_autofree char *line = NULL;
    gsize length = 0;
    return pid > 1 && g_file_get_contents(path, &line, &length, NULL) && length > 0 &&
           memmem(line, length, guest, strlen(guest)) && memmem(line, length, root, strlen(root));
}

/* Or libvirt would take a dead machine for one that runs. */
static void forget(const char *root, const char *domain)
{
    g_autofree char *status = state_file(root, domain, "xml");
    g_autofree char *pid = state_file(root, domain, "pid");
    unlink(status);
    unlink(pid);
}

int world_real_sweep(const struct plan *plan, const char *root, const struct cell_identity *cell,
        enum world_begin *begin, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    int adopted = 0;
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        if (begin[i] == WORLD_ADOPT && still_runs(root, machine->domain)) {
            g_autofree char *guest = g_strdup_printf("guest=%s,", machine->domain);
            g_strv_builder_add(builder, guest);
            adopted++;
        } else if (begin[i] == WORLD_ADOPT) {
            begin[i] = WORLD_FRESH;
        }
    }
    g_auto(GStrv) keep = g_strv_builder_end(builder);
    if (cell_kill_but(cell, root, (const char *const *)keep, KILL_LIMIT_MS, error) < 0) {
        return -1;
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        if (begin[i] != WORLD_ADOPT) {
            forget(root, machine->domain);
        }
    }
    return adopted;
}

/* ---- networks ------------------------------------------------------------------------------ */

bool real_adopts(const struct real_world *world, const struct plan_machine *machine)
{
    const enum world_begin *begin = world->head.begin;
    guint index = 0;
    return begin && g_ptr_array_find(world->head.plan->machines, machine, &index) &&
           begin[index] == WORLD_ADOPT;
}

bool real_adopts_network(const struct real_world *world, guint network)
{
    const struct plan *plan = world->head.plan;
    for (guint i = 0; world->head.begin && i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        for (guint k = 0; world->head.begin[i] == WORLD_ADOPT && k < machine->cards->len; k++) {
            const struct plan_card *card = g_ptr_array_index(machine->cards, k);
            if (card->network == (int)network) {
                return true;
            }
        }
    }
    return false;
}

void real_adopt_clear(const struct real_world *world, struct net_batch *batch)
{
    const struct plan *plan = world->head.plan;
    for (guint i = 0; world->head.begin && i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        g_autofree char *outer = g_strdup_printf("%s-c", network->bridge);
        net_batch_remove(batch, outer);
        if (!real_adopts_network(world, i)) {
            net_batch_remove(batch, network->bridge);
        }
    }
    for (guint i = 0; world->head.begin && i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        for (guint k = 0; !real_adopts(world, machine) && k < machine->cards->len; k++) {
            const struct plan_card *card = g_ptr_array_index(machine->cards, k);
            net_batch_remove(batch, card->tap);
        }
    }
}

/* ---- machines ------------------------------------------------------------------------------ */

bool real_adopt_waits(
        struct real_machine *machine, enum machine_state state, struct real_world *world)
{
    if (world->is_up || !world->head.begin) {
        return false;
    }
    /* what libvirt found when it opened; nobody has asked for the machines yet */
    machine->frozen |= state == MACHINE_PAUSED;
    machine->lost |= state == MACHINE_CRASHED || state == MACHINE_STOPPED;
    return true;
}

void real_machine_begin(struct real_machine *machine, world_done_fn done, gpointer data)
{
    struct real_world *world = machine->world;
    const enum world_begin *begin = world->head.begin;
    enum world_begin how = begin ? begin[machine->index] : WORLD_FRESH;
    if (how == WORLD_LEAVE) {
        machine->state = MACHINE_CRASHED;
        done(NULL, data);
    } else if (how == WORLD_FRESH || machine->lost) {
        real_machine_start(machine, done, data);
    } else if (!machine->frozen) {
        real_machine_set_state(machine, MACHINE_READY, "adopted");
        done(NULL, data);
    } else {
        machine->before_pause = MACHINE_READY;
        real_machine_set_state(machine, MACHINE_PAUSED, "adopted");
        if (world->head.stay_paused) {
            done(NULL, data);
        } else {
            virt_resume(world->virt, machine->plan->domain, done, data);
        }
    }
}
