/* world_real_adopt.c - the range of an engine that is gone: what of it is kept, what must go.
 *
 * Kept are machines that had been ready and still run, the bridges they stand on and their taps.
 * All else is removed and made anew: team spaces (the dead engine alone held them, and their veths
 * went with them), half-made bridges, taps without a machine, machines that were starting.
 */
#include "base/error.h"
#include "world/world_real.h"

#include <net/if.h>
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

/* Or libvirt would take dead machines, and those that warm states are made with, for running ones.
 * Each has NAME.xml and NAME.pid; the driver's own number is in driver.pid. */
static void forget_others(const char *root, const char *const *domains)
{
    g_autofree char *folder = g_build_filename(root, "run", "qemu", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *entry = NULL;
    while (dir && (entry = g_dir_read_name(dir))) {
        const char *dot = strrchr(entry, '.');
        g_autofree char *domain = dot ? g_strndup(entry, (gsize)(dot - entry)) : NULL;
        bool is_state = dot && (!strcmp(dot, ".xml") || !strcmp(dot, ".pid"));
        if (is_state && strcmp(domain, "driver") != 0 && !g_strv_contains(domains, domain)) {
            g_autofree char *path = g_build_filename(folder, entry, NULL);
            unlink(path);
        }
    }
}

int world_real_sweep(const struct plan *plan, const char *root, const struct cell_identity *cell,
        enum world_begin *begin, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GStrvBuilder) domains = g_strv_builder_new();
    int adopted = 0;
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        if (begin[i] == WORLD_ADOPT && still_runs(root, machine->domain)) {
            g_autofree char *guest = g_strdup_printf("guest=%s,", machine->domain);
            g_autofree char *tpm = g_strdup_printf("-%s-swtpm.sock", machine->domain);
            g_strv_builder_add(builder, guest);
            g_strv_builder_add(domains, machine->domain);
            g_strv_builder_add(builder, tpm);
            adopted++;
        } else if (begin[i] == WORLD_ADOPT) {
            begin[i] = WORLD_FRESH;
        }
    }
    g_auto(GStrv) keep = g_strv_builder_end(builder);
    if (cell_kill_but(cell, root, (const char *const *)keep, KILL_LIMIT_MS, error) < 0) {
        return -1;
    }
    g_auto(GStrv) adopts = g_strv_builder_end(domains);
    forget_others(root, (const char *const *)adopts);
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

static void add_kept(const struct real_world *world, GHashTable *kept)
{
    const struct plan *plan = world->head.plan;
    g_hash_table_add(kept, g_strdup("lo"));
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        if (real_adopts_network(world, i)) {
            g_hash_table_add(kept, g_strdup(network->bridge));
        }
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        for (guint k = 0; real_adopts(world, machine) && k < machine->cards->len; k++) {
            const struct plan_card *card = g_ptr_array_index(machine->cards, k);
            g_hash_table_add(kept, g_strdup(card->tap));
        }
    }
}

/* The cell's network namespace has nothing but what engines made. */
void real_adopt_clear(const struct real_world *world, struct net_batch *batch)
{
    if (!world->head.begin) {
        return;
    }
    g_autoptr(GHashTable) kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct if_nameindex *all = if_nameindex();
    add_kept(world, kept);
    for (const struct if_nameindex *one = all; one && one->if_index; one++) {
        if (!g_hash_table_contains(kept, one->if_name)) {
            net_batch_remove(batch, one->if_name);
        }
    }
    if (all) {
        if_freenameindex(all);
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
        real_fair_machine(machine);
        real_machine_set_state(machine, MACHINE_READY, "adopted");
        done(NULL, data);
    } else {
        real_fair_machine(machine);
        machine->before_pause = MACHINE_READY;
        real_machine_set_state(machine, MACHINE_PAUSED, "adopted");
        if (world->head.stay_paused) {
            done(NULL, data);
        } else {
            virt_resume(world->virt, machine->plan->domain, done, data);
        }
    }
}
