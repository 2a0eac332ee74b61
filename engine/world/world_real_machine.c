/* world_real_machine.c - one real machine: its description, and its way from nothing to booted.
 *
 * There are two ways. Warm: it wakes from its image's warm state, and is told who it is. Cold: it
 * boots, and is told the same. Whatever goes wrong on the warm way before the machine is itself
 * ends in the cold one (unless the operator wants it warm or not at all).
 */
#include "base/error.h"
#include "world/real_warm.h"
#include "world/warm_template.h"
#include "world/world_real.h"
#include "world/world_real_daemon.h"
#include "world/world_real_disk.h"

#include <string.h>

#define WAKE_LIMIT_S 45 /* from its process to being itself, on a host that is busy with others */

void real_machine_set_state(
        struct real_machine *machine, enum machine_state state, const char *reason)
{
    struct world *head = &machine->world->head;
    machine->state = state;
    if (state == MACHINE_BOOTED) {
        real_fair_machine(machine);
    } else if (state == MACHINE_READY) {
        real_fair_machine(machine); /* one without an agent may not have been seen to boot */
        real_note_use(machine);
        real_boot_over(machine);
    }
    if (head->on_state) {
        head->on_state(machine->index, state, reason, head->on_state_data);
    }
}

void real_machine_describe(const struct real_machine *machine, struct virt_machine *ret,
        char **ret_cmdline, struct virt_card **ret_cards)
{
    const struct plan_machine *plan = machine->plan;
    struct virt_card *cards = g_new0(struct virt_card, plan->cards->len + 1);
    for (guint i = 0; i < plan->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(plan->cards, i);
        cards[i].tap = card->tap;
        if (machine->world->daemon) {
            cards[i].tap = NULL;
            cards[i].network = real_net_daemon_name(machine->world, card->network);
            cards[i].isolated = real_net_isolates(machine, card);
        }
        memcpy(cards[i].mac, card->mac, sizeof(card->mac));
    }
    *ret_cmdline =
            g_strdup(warm_cmdline(machine->world->accel, plan->host->vcpus, plan->host->display));
    *ret_cards = cards;
    *ret = (struct virt_machine){
            .domain = plan->domain,
            .kernel = machine->image->kernel,
            .initrd = machine->image->initrd,
            .modules = machine->image->modules,
            .root = machine->image->root,
            .cmdline = *ret_cmdline,
            .memory_mib = plan->host->memory_mib,
            .vcpus = plan->host->vcpus,
            .cards = cards,
            .n_cards = plan->cards->len,
            .accel = machine->world->accel,
            .display = plan->host->display,
    };
    real_disk_describe(machine, ret);
}

/* ---- starting -------------------------------------------------------------------------------- */

static gboolean on_wake_limit(gpointer data)
{
    struct real_machine *machine = data;
    machine->wake_limit = 0;
    real_machine_fall_back(machine, "it did not answer in time");
    return G_SOURCE_REMOVE;
}

void real_machine_answer_start(struct real_machine *machine, const GError *error)
{
    world_done_fn started = g_steal_pointer(&machine->started);
    if (started) {
        started(error, machine->started_data);
    }
}

static void on_started(const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    bool cancelled = g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED);
    g_autofree char *fell = g_steal_pointer(&machine->fell);
    machine->launching = false;
    real_machines_awake(machine->world);
    if (machine->woken && !cancelled && (error || fell)) {
        real_machine_fall_back(machine, error ? error->message : fell);
        return;
    }
    if (machine->woken && !cancelled) {
        machine->wake_limit = g_timeout_add_seconds(WAKE_LIMIT_S, on_wake_limit, machine);
        real_machine_tell(machine);
    }
    real_machine_answer_start(machine, error);
    bool mute = machine->plan->host->hardware.agent == 0;
    if (!error && mute && !real_disk_await(machine)) {
        real_machine_set_state(machine, MACHINE_READY, "started");
    }
}

void real_machine_launch(struct real_machine *machine, const struct image_warm *warm)
{
    struct virt_machine spec;
    g_autofree char *cmdline = NULL;
    g_autofree struct virt_card *cards = NULL;
    real_machine_describe(machine, &spec, &cmdline, &cards);
    if (warm) {
        spec.ram = warm->ram;
        spec.state = warm->state;
    }
    machine->is_itself = machine->answers = false;
    machine->woken = warm != NULL;
    machine->launching = true;
    real_machine_set_state(machine, MACHINE_STARTING, warm ? "warm" : "cold");
    virt_start(machine->world->virt, &spec, on_started, machine);
}

void real_machine_start(struct real_machine *machine, world_done_fn done, gpointer data)
{
    g_autoptr(GError) again = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
            "%s: started once more before it had started", machine->plan->id);
    real_machine_abandon(machine);
    real_machine_answer_start(machine, again);
    machine->turn = TURN_NONE; /* who waited for one has been told */
    machine->started = done;
    machine->started_data = data;
    if (real_disk_has(machine)) {
        real_machine_set_state(machine, MACHINE_STARTING, "its disks are made");
        real_disk_start(machine);
    } else if (machine->world->boot == WORLD_BOOT_COLD) {
        real_boot(machine);
    } else {
        real_machine_set_state(machine, MACHINE_STARTING, "asks for its image's warm state");
        real_warm_get(machine);
    }
}

void real_machine_on_disks(struct real_machine *machine, const GError *error)
{
    if (machine->world->going_down || !machine->started) {
        g_autoptr(GError) over = g_error_new(
                SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "%s: not started", machine->plan->id);
        real_machine_answer_start(machine, over);
    } else if (error) {
        real_machine_set_state(machine, MACHINE_CRASHED, error->message);
        real_machine_answer_start(machine, error);
    } else {
        real_boot(machine);
    }
}

void real_machine_on_warm(
        struct real_machine *machine, const struct image_warm *warm, const GError *error)
{
    if (machine->world->going_down || !machine->started) {
        g_autoptr(GError) over = g_error_new(
                SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "%s: not started", machine->plan->id);
        real_machine_answer_start(machine, over);
    } else if (!warm && machine->world->boot == WORLD_BOOT_WARM) {
        real_machine_set_state(machine, MACHINE_CRASHED, error->message);
        real_machine_answer_start(machine, error);
    } else if (warm) {
        real_machine_launch(machine, warm);
    } else {
        real_boot(machine);
    }
}

/* ---- falling back -----------------------------------------------------------------------------
 */

static void on_fallen(const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->falling || g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED)) {
        real_machine_answer_start(machine, error);
        return;
    }
    machine->falling = false;
    if (machine->world->boot == WORLD_BOOT_WARM) {
        real_machine_set_state(machine, MACHINE_CRASHED, "it did not wake from its warm state");
        real_machine_answer_start(machine, error);
    } else {
        real_boot(machine);
    }
}

void real_machine_fall_back(struct real_machine *machine, const char *why)
{
    struct world *head = &machine->world->head;
    g_autofree char *text =
            g_strdup_printf("%s did not wake from the warm state of image \"%s\": %s",
                    machine->plan->id, machine->image->name, why);
    real_machine_abandon(machine);
    if (head->on_alarm) {
        head->on_alarm(machine->index, "warm-start-failed", text, head->on_state_data);
    }
    machine->falling = true;
    virt_stop(machine->world->virt, machine->plan->domain, on_fallen, machine);
}

/* ---- what libvirt says ------------------------------------------------------------------------
 */

void real_machine_abandon(struct real_machine *machine)
{
    g_clear_handle_id(&machine->probe_retry, g_source_remove);
    g_clear_handle_id(&machine->wake_limit, g_source_remove);
    g_clear_pointer(&machine->fell, g_free);
    real_disk_abandon(machine);
    real_boot_over(machine);
    g_clear_handle_id(&machine->hold, g_source_remove);
    machine->preparing = machine->falling = machine->restoring = false;
    machine->epoch++;
    real_machines_awake(machine->world);
}

/* A clone that ends before it is itself has no part in the exercise yet. */
static bool is_lost(struct real_machine *machine, enum machine_state state, const char *reason)
{
    bool over = state == MACHINE_CRASHED || state == MACHINE_STOPPED;
    if (!over || !machine->woken || (machine->is_itself && machine->answers) ||
            machine->world->going_down) {
        return false;
    }
    if (machine->launching) {
        g_free(machine->fell);
        machine->fell = g_strdup(reason);
        return true;
    }
    if (state == MACHINE_CRASHED) {
        real_machine_fall_back(machine, reason);
    }
    return state == MACHINE_CRASHED;
}

void real_machine_on_virt(
        struct real_machine *machine, enum machine_state state, const char *reason)
{
    if (machine->falling || is_lost(machine, state, reason) ||
            (machine->state == MACHINE_CRASHED && state == MACHINE_STOPPED)) {
        return;
    }
    bool served = machine->state == MACHINE_READY || machine->state == MACHINE_PAUSED;
    if (state == MACHINE_CRASHED && served &&
            virt_has_shut_down(machine->world->virt, machine->plan->domain)) {
        state = MACHINE_STOPPED; /* whoever is in there switched it off, or has it restart */
    }
    if (state == MACHINE_CRASHED || state == MACHINE_STOPPED) {
        real_machine_abandon(machine);
    }
    if (state == MACHINE_BOOTED && machine->state == MACHINE_READY) {
        return; /* the agent came back: a restart of its service */
    }
    if (state == MACHINE_PAUSED && machine->state != MACHINE_PAUSED) {
        machine->before_pause = machine->state;
    } else if ((state == MACHINE_BOOTED || state == MACHINE_STARTING) &&
               machine->state == MACHINE_PAUSED && machine->before_pause == MACHINE_READY) {
        state = MACHINE_READY; /* libvirt knows only that it runs again */
    }
    real_machine_set_state(machine, state, reason);
    if (state == MACHINE_BOOTED && !g_strcmp0(reason, "agent")) {
        real_boot_over(machine);
        if (machine->restoring) {
            real_machine_restored(machine);
        } else if (machine->woken) {
            real_machine_ping(machine);
        } else {
            real_machine_prepare(machine);
        }
    }
}
