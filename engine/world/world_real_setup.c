/* world_real_setup.c - from an answering agent to a ready machine: identity, files, probe, set-up.
 */
#include "base/error.h"
#include "base/text.h"
#include "world/identity.h"
#include "world/world_real.h"
#include "world/world_real_disk.h"

#include <string.h>

#define IDENTITY_TIMEOUT_MS 30000
#define SETUP_TIMEOUT_MS 60000
#define HOLD_MS 10000     /* nobody waits longer than this for others to wake */
#define PAUSES_MS 3600000 /* a machine that is paused amid its set-up keeps its own time */
#define PROBE_TIMEOUT_MS 20000
#define PROBE_RETRY_MS 300

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

/* ---- by the port that a clone listens on anyway: one call, and no turn of the agent ----------- */

struct told {
    struct real_machine *machine;
    guint epoch;
};

static void on_setup_told(
        const char *word, gsize length, gint64 size, const GError *error, gpointer data)
{
    g_autofree struct told *told = data;
    struct real_machine *machine = told->machine;
    (void)length;
    (void)size;
    if (!machine->preparing || machine->epoch != told->epoch) {
        return;
    }
    if (error || g_str_has_prefix(word, IDENTITY_STOPPED)) {
        const char *why = error ? error->message : word + strlen(IDENTITY_STOPPED);
        g_autofree char *clean = text_clean_tail(why, strlen(why), 400); /* the guest's words */
        g_autofree char *reason = g_strdup_printf("set-up failed at %s", clean);
        machine->preparing = false;
        real_machine_set_state(machine, MACHINE_CRASHED, reason);
        return;
    }
    machine->next_setup = machine->plan->host->setup->len;
    prepare_next(machine);
}

static void tell_setup(struct real_machine *machine)
{
    const struct plan_host *host = machine->plan->host;
    g_autoptr(GByteArray) document = identity_commands(host);
    struct told *told = g_new(struct told, 1);
    *told = (struct told){machine, machine->epoch};
    virt_tell(machine->world->virt, machine->plan->domain, (const char *)document->data,
            document->len, (int)host->setup->len * SETUP_TIMEOUT_MS + PAUSES_MS, on_setup_told,
            told);
}

static void on_network_set(
        const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!error && machine->preparing && result->status != 0) {
        g_autofree char *tail = text_clean_tail(result->err, result->err_length, 300);
        prepare_failed(machine, "its network", g_strstrip(tail));
        return;
    }
    on_written(error, data);
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

/* Folders of files that were too large for the document. */
static bool make_folders(struct real_machine *machine)
{
    const struct plan_host *host = machine->plan->host;
    if (machine->made_folders || machine->next_file >= host->files->len) {
        return false;
    }
    machine->made_folders = true;
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup("mkdir"));
    g_ptr_array_add(argv, g_strdup("-p"));
    for (guint i = machine->next_file; i < host->files->len; i++) {
        const struct plan_file *file = g_ptr_array_index(host->files, i);
        g_ptr_array_add(argv, g_path_get_dirname(file->path));
    }
    g_ptr_array_add(argv, NULL);
    virt_exec(machine->world->virt, machine->plan->domain, (const char *const *)argv->pdata,
            SETUP_TIMEOUT_MS, on_command_done, machine);
    return true;
}

/* What a set-up begins may be work for long, and take the processor from machines that have only
 * to become themselves: those go first. */
static bool is_waking(const struct real_machine *machine)
{
    return machine->woken && !(machine->is_itself && machine->answers) &&
           (machine->launching || machine->wake_limit);
}

static bool others_wake(const struct real_machine *machine)
{
    const struct real_world *world = machine->world;
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        if (is_waking(&world->machines[i])) {
            return true;
        }
    }
    return false;
}

static gboolean on_awake(gpointer data)
{
    struct real_world *world = data;
    world->awake = 0;
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        struct real_machine *machine = &world->machines[i];
        if (machine->hold && !others_wake(machine)) {
            g_clear_handle_id(&machine->hold, g_source_remove);
            prepare_next(machine);
        }
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_hold_limit(gpointer data)
{
    struct real_machine *machine = data;
    machine->hold = 0;
    machine->held = true;
    prepare_next(machine);
    return G_SOURCE_REMOVE;
}

void real_machines_awake(struct real_world *world)
{
    if (!world->awake && !world->going_down) {
        world->awake = g_idle_add(on_awake, world);
    }
}

static void prepare_next(struct real_machine *machine)
{
    const struct plan_host *host = machine->plan->host;
    if (real_guest_next(machine, on_written, on_network_set) || make_folders(machine)) {
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
    if (!machine->held && machine->next_setup == 0 && host->setup->len > 0 &&
            others_wake(machine)) {
        machine->hold = g_timeout_add(HOLD_MS, on_hold_limit, machine);
        return;
    }
    if (machine->woken && machine->next_setup < host->setup->len) {
        tell_setup(machine);
        return;
    }
    if (machine->next_setup < host->setup->len) {
        char **argv = g_ptr_array_index(host->setup, machine->next_setup++);
        virt_exec(machine->world->virt, machine->plan->domain, (const char *const *)argv,
                SETUP_TIMEOUT_MS, on_setup_done, machine);
        return;
    }
    machine->preparing = false;
    if (!real_disk_await(machine)) {
        real_machine_set_state(machine, MACHINE_READY, "set up");
    }
}

/* ---- identity -------------------------------------------------------------------------------- */

/* The ports of a probe that guest-identity makes itself: in the same call. */
static const char **probe_ports(const struct image *image)
{
    char **probe = image->probe;
    bool own = probe[0] && !strcmp(probe[0], "guest-identity") && probe[1] &&
               !strcmp(probe[1], "listens");
    return own ? (const char **)probe + 2 : NULL;
}

static GByteArray *begin(struct real_machine *machine)
{
    g_clear_handle_id(&machine->probe_retry, g_source_remove);
    machine->preparing = true;
    machine->made_folders = machine->held = false;
    machine->probed = !machine->image->probe[0];
    machine->next_setup = machine->next_network = 0;
    const struct identity_options options = {
            .woken = machine->woken,
            .ports = probe_ports(machine->image),
    };
    return identity_document(
            machine->world->head.plan, machine->index, &options, &machine->next_file);
}

static void on_identity(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->preparing) {
        return;
    }
    if (error) {
        prepare_failed(machine, "its identity", error->message);
    } else if (result->status != 0) {
        g_autofree char *tail = text_clean_tail(result->err, result->err_length, 300);
        prepare_failed(machine, "its identity", tail);
    } else {
        machine->is_itself = true;
        machine->probed = machine->probed || !strcmp(result->out, "probed\n");
        prepare_next(machine);
    }
}

static void tell_identity(struct real_machine *machine)
{
    static const char *const argv[] = {"guest-identity", NULL};
    g_autoptr(GByteArray) document = begin(machine);
    virt_exec_input(machine->world->virt, machine->plan->domain, argv, (const char *)document->data,
            document->len, IDENTITY_TIMEOUT_MS, on_identity, machine);
}

static void on_mounted(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (!machine->preparing) {
        return;
    }
    if (error || result->status != 0) {
        g_autofree char *tail =
                error ? NULL : text_clean_tail(result->err, result->err_length, 300);
        prepare_failed(machine, "mounting its disk", error ? error->message : tail);
        return;
    }
    tell_identity(machine);
}

/* It knows nothing of ours: names of the others, files and commands are all there is to say. */
static void prepare_imported(struct real_machine *machine)
{
    machine->made_folders = false;
    machine->probed = machine->is_itself = true;
    machine->next_file = machine->next_setup = 0;
    g_autofree char *hosts = world_hosts(machine->world->head.plan, machine->index, -1);
    virt_write(machine->world->virt, machine->plan->domain, "/etc/hosts", hosts, strlen(hosts),
            on_written, machine);
}

void real_machine_prepare(struct real_machine *machine)
{
    if (machine->preparing) {
        return;
    }
    machine->preparing = true;
    g_auto(GStrv) mount = real_disk_mount_argv(machine);
    if (machine->image->disk) {
        prepare_imported(machine);
    } else if (mount) { /* first: files may lie on it */
        virt_exec(machine->world->virt, machine->plan->domain, (const char *const *)mount,
                SETUP_TIMEOUT_MS, on_mounted, machine);
    } else {
        tell_identity(machine);
    }
}

/* A clone goes on once it is itself and its agent answers, in whichever order. */
static void go_on(struct real_machine *machine)
{
    if (machine->is_itself && machine->answers) {
        g_clear_handle_id(&machine->wake_limit, g_source_remove);
        prepare_next(machine);
        real_machines_awake(machine->world);
    }
}

static void on_told(const char *word, gsize length, gint64 size, const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    (void)length;
    (void)size;
    if (!machine->preparing || !machine->woken) {
        return;
    }
    if (error) {
        real_machine_fall_back(machine, error->message);
        return;
    }
    machine->is_itself = true;
    machine->probed = machine->probed || !strcmp(word, "probed");
    go_on(machine);
}

void real_machine_tell(struct real_machine *machine)
{
    bool again = machine->probe_retry != 0;
    g_autoptr(GByteArray) document = begin(machine);
    virt_tell(machine->world->virt, machine->plan->domain, (const char *)document->data,
            document->len, IDENTITY_TIMEOUT_MS, on_told, machine);
    if (again) { /* begin() ended the wait for it */
        real_machine_ping(machine);
    }
}

static gboolean on_ping_again(gpointer data)
{
    struct real_machine *machine = data;
    machine->probe_retry = 0;
    real_machine_ping(machine);
    return G_SOURCE_REMOVE;
}

/* The agent is silent until the machine is itself (images/README.md, make-ready), and libvirt waits
 * five seconds: among many that wake at once that may be too short. The limit on waking ends it. */
static void on_pong(const GError *error, gpointer data)
{
    struct real_machine *machine = data;
    if (machine->answers || machine->falling || !machine->woken) {
        return;
    }
    if (!error) {
        machine->answers = true;
        go_on(machine);
    } else if (machine->wake_limit || machine->launching) {
        g_clear_handle_id(&machine->probe_retry, g_source_remove);
        machine->probe_retry = g_timeout_add(PROBE_RETRY_MS, on_ping_again, machine);
    }
}

void real_machine_ping(struct real_machine *machine)
{
    if (!machine->answers) {
        virt_ping(
                machine->world->virt, machine->plan->domain, IDENTITY_TIMEOUT_MS, on_pong, machine);
    }
}
