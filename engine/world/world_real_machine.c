/* world_real_machine.c - one real machine: its description, and its way from booted to ready. */
#include "base/error.h"
#include "base/text.h"
#include "world/world_real_daemon.h"

#include <string.h>

#define SETUP_TIMEOUT_MS 60000
#define PROBE_TIMEOUT_MS 20000
#define PROBE_RETRY_MS 300

/* Words for the kernel that save every machine's boot, and what they leave out: the self-tests of
 * its ciphers, and work against side channels between a machine's own programs. Under emulation,
 * routing the interrupts of five devices by interpreting ACPI's tables costs 2 s of processor time;
 * without ACPI at all another 0.4 s are saved, but there is one processor and no power switch: such
 * a machine ends by a reset. */
#define FAST_BOOT "cryptomgr.notests mitigations=off"
#define EMULATED_BOOT " acpi=off"
#define EMULATED_BOOT_MANY " pci=noacpi"

void real_machine_set_state(
        struct real_machine *machine, enum machine_state state, const char *reason)
{
    struct world *head = &machine->world->head;
    machine->state = state;
    if (state == MACHINE_BOOTED) {
        real_fair_machine(machine);
    } else if (state == MACHINE_READY) {
        real_measure(machine);
    }
    if (head->on_state) {
        head->on_state(machine->index, state, reason, head->on_state_data);
    }
}

static void append_card(GString *cmdline, const struct plan *plan, const struct plan_card *card)
{
    const struct plan_network *network = g_ptr_array_index(plan->networks, (guint)card->network);
    g_autofree char *address = plan_address_text(card->address);
    const unsigned char *m = card->mac;
    g_string_append_printf(cmdline, " st.nic=%02x:%02x:%02x:%02x:%02x:%02x,%s/%d", m[0], m[1], m[2],
            m[3], m[4], m[5], address, network->subnet->prefix);
    if (card->gateway) {
        g_autofree char *gateway = plan_address_text(card->gateway);
        g_string_append_printf(cmdline, ",gw=%s", gateway);
    }
    if (card->space) {
        g_string_append_printf(cmdline, ",ns=%s", card->space);
    }
}

void real_machine_describe(const struct real_machine *machine, struct virt_machine *ret,
        char **ret_cmdline, struct virt_card **ret_cards)
{
    const struct plan_machine *plan = machine->plan;
    GString *cmdline = g_string_new("console=ttyS0 quiet loglevel=3 panic=-1 " FAST_BOOT);
    if (machine->world->accel == VIRT_ACCEL_TCG) {
        g_string_append(cmdline, plan->host->vcpus > 1 ? EMULATED_BOOT_MANY : EMULATED_BOOT);
    }
    g_string_append_printf(cmdline, " st.name=%s", plan->host->name);
    struct virt_card *cards = g_new0(struct virt_card, plan->cards->len + 1);
    for (guint i = 0; i < plan->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(plan->cards, i);
        cards[i].tap = card->tap;
        if (machine->world->daemon) {
            cards[i].tap = NULL;
            cards[i].network = real_net_daemon_name(machine->world, card->network);
        }
        memcpy(cards[i].mac, card->mac, sizeof(card->mac));
        append_card(cmdline, machine->world->head.plan, card);
    }
    if (plan->host->forward) {
        g_string_append(cmdline, " st.forward=1");
    }
    *ret_cmdline = g_string_free(cmdline, FALSE);
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
    };
}

static void prepare_next(struct real_machine *machine);

static void prepare_failed(struct real_machine *machine, const char *what, const char *why)
{
    g_autofree char *reason = g_strdup_printf("set-up failed at %s: %s", what, why);
    machine->preparing = false;
    real_machine_set_state(machine, MACHINE_CRASHED, reason);
}

static void on_written(const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->preparing) {
        return;
    }
    if (error) {
        prepare_failed(machine, "a file", error->message);
        return;
    }
    prepare_next(machine);
}

static void on_setup_done(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->preparing) {
        return;
    }
    char **argv = g_ptr_array_index(machine->plan->host->setup, machine->next_setup - 1);
    if (error) {
        prepare_failed(machine, argv[0], error->message);
        return;
    }
    if (result->status != 0) {
        g_autofree char *tail = text_clean_tail(result->err, result->err_length, 300);
        g_autofree char *why = g_strdup_printf("it exited with %d: %s", result->status, tail);
        prepare_failed(machine, argv[0], why);
        return;
    }
    prepare_next(machine);
}

static void on_command_done(
        const struct virt_exec_result *result, const GError *error, gpointer data)
{
    (void)result;
    on_written(error, data);
}

/* A file's mode is set by a command of its own, before the next file. */
static void on_file_written(const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (error || !machine->preparing) {
        on_written(error, data);
        return;
    }
    const struct plan_file *file =
            g_ptr_array_index(machine->plan->host->files, machine->next_file - 1);
    g_autofree char *mode = g_strdup_printf("%o", (unsigned)file->mode);
    const char *const argv[] = {"chmod", mode, file->path, NULL};
    virt_exec(machine->world->virt, machine->plan->domain, argv, SETUP_TIMEOUT_MS, on_command_done,
            machine);
}

/* Names of the own team's machines; for a machine with a space for each team, those of the team, in
 * the file that `ip netns exec` puts over /etc/hosts. */
static bool prepare_hosts(struct real_machine *machine)
{
    const struct plan *plan = machine->world->head.plan;
    while (machine->next_space <= machine->plan->cards->len) {
        guint at = machine->next_space++;
        g_autofree char *path = NULL;
        int team = -1;
        if (at == 0) {
            path = g_strdup("/etc/hosts");
        } else {
            const struct plan_card *card = g_ptr_array_index(machine->plan->cards, at - 1);
            if (!card->space) {
                continue;
            }
            const struct plan_network *network =
                    g_ptr_array_index(plan->networks, (guint)card->network);
            team = network->team;
            path = g_strdup_printf("/etc/netns/%s/hosts", card->space);
        }
        g_autofree char *text = world_hosts(plan, machine->index, team);
        virt_write(machine->world->virt, machine->plan->domain, path, text, strlen(text),
                on_written, machine);
        return true;
    }
    return false;
}

static void run_probe(struct real_machine *machine);

static gboolean on_probe_retry(gpointer data)
{
    struct real_machine *machine = data;
    machine->probe_retry = 0;
    if (machine->preparing) {
        run_probe(machine);
    }
    return G_SOURCE_REMOVE;
}

/* A machine whose services do not come up is not ready; the exercise's ready limit ends the wait.
 */
static void on_image_probe(
        const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->preparing) {
        return;
    }
    if (error || result->status != 0) {
        g_clear_handle_id(&machine->probe_retry, g_source_remove);
        machine->probe_retry = g_timeout_add(PROBE_RETRY_MS, on_probe_retry, machine);
        return;
    }
    machine->probed = true;
    prepare_next(machine);
}

/* The image's own test that its services are up, before the set-up commands that may need them. */
static void run_probe(struct real_machine *machine)
{
    virt_exec(machine->world->virt, machine->plan->domain,
            (const char *const *)machine->image->probe, PROBE_TIMEOUT_MS, on_image_probe, machine);
}

/* Every folder that a file will be written to, in one command. */
static void make_folders(struct real_machine *machine)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup("mkdir"));
    g_ptr_array_add(argv, g_strdup("-p"));
    g_ptr_array_add(argv, g_strdup("/etc"));
    for (guint i = 0; i < machine->plan->cards->len; i++) {
        const struct plan_card *card = g_ptr_array_index(machine->plan->cards, i);
        if (card->space) {
            g_ptr_array_add(argv, g_strdup_printf("/etc/netns/%s", card->space));
        }
    }
    for (guint i = 0; i < machine->plan->host->files->len; i++) {
        const struct plan_file *file = g_ptr_array_index(machine->plan->host->files, i);
        g_ptr_array_add(argv, g_path_get_dirname(file->path));
    }
    g_ptr_array_add(argv, NULL);
    virt_exec(machine->world->virt, machine->plan->domain, (const char *const *)argv->pdata,
            SETUP_TIMEOUT_MS, on_command_done, machine);
}

static void prepare_next(struct real_machine *machine)
{
    const struct plan_host *host = machine->plan->host;
    if (!machine->made_folders) {
        machine->made_folders = true;
        make_folders(machine);
        return;
    }
    if (prepare_hosts(machine)) {
        return;
    }
    if (machine->next_file < host->files->len) {
        const struct plan_file *file = g_ptr_array_index(host->files, machine->next_file++);
        virt_write(machine->world->virt, machine->plan->domain, file->path, file->content,
                file->length, file->mode ? on_file_written : on_written, machine);
        return;
    }
    if (!machine->probed) {
        run_probe(machine);
        return;
    }
    if (machine->next_setup < host->setup->len) {
        char **argv = g_ptr_array_index(host->setup, machine->next_setup++);
        virt_exec(machine->world->virt, machine->plan->domain, (const char *const *)argv,
                SETUP_TIMEOUT_MS, on_setup_done, machine);
        return;
    }
    machine->preparing = false;
    real_machine_set_state(machine, MACHINE_READY, "set up");
}

static void prepare(struct real_machine *machine)
{
    if (machine->preparing) {
        return;
    }
    g_clear_handle_id(&machine->probe_retry, g_source_remove);
    machine->preparing = true;
    machine->made_folders = false;
    machine->probed = !machine->image->probe[0];
    machine->next_file = machine->next_setup = machine->next_space = 0;
    prepare_next(machine);
}

void real_machine_abandon(struct real_machine *machine)
{
    g_clear_handle_id(&machine->probe_retry, g_source_remove);
    machine->preparing = machine->restoring = false;
}

void real_machine_on_virt(
        struct real_machine *machine, enum machine_state state, const char *reason)
{
    if (machine->state == MACHINE_CRASHED && state == MACHINE_STOPPED) {
        return;
    }
    if (state == MACHINE_CRASHED || state == MACHINE_STOPPED) {
        real_machine_abandon(machine);
    }
    if (state == MACHINE_BOOTED && machine->state == MACHINE_READY) {
        return; /* the agent came back: a restart of its service */
    }
    if (state == MACHINE_PAUSED && machine->state != MACHINE_PAUSED) {
        machine->before_pause = machine->state;
    } else if (state == MACHINE_BOOTED && machine->state == MACHINE_PAUSED &&
               machine->before_pause == MACHINE_READY) {
        state = MACHINE_READY; /* libvirt knows only that it runs again */
    }
    real_machine_set_state(machine, state, reason);
    if (state == MACHINE_BOOTED && !g_strcmp0(reason, "agent")) {
        if (machine->restoring) {
            real_machine_restored(machine);
        } else {
            prepare(machine);
        }
    }
}

void real_machine_start(struct real_machine *machine, world_done_fn done, gpointer data)
{
    struct virt_machine spec;
    g_autofree char *cmdline = NULL;
    g_autofree struct virt_card *cards = NULL;
    real_machine_abandon(machine);
    real_machine_describe(machine, &spec, &cmdline, &cards);
    real_machine_set_state(machine, MACHINE_STARTING, "");
    virt_start(machine->world->virt, &spec, done, data);
}
