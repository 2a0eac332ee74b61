/* world_real.c - the real range: networks by netlink, machines by libvirt, checks by sockets. */
#include "world/world_real.h"

#include "base/error.h"
#include "world/real_warm.h"
#include "world/world_real_daemon.h"
#include "world/world_real_disk.h"

#include <string.h>
#include <unistd.h>

/* One operation on all machines; done is called when the last answer is there. */
struct fan_out {
    struct real_world *world;
    int left;
    GError *error; /* the first one */
    world_done_fn done;
    gpointer data;
};

struct fan_out *fan_out_new(struct real_world *world, world_done_fn done, gpointer data)
{
    struct fan_out *all = g_new0(struct fan_out, 1);
    all->world = world;
    all->done = done;
    all->data = data;
    all->left = 1; /* for the one who asks */
    return all;
}

void fan_out_add(struct fan_out *all)
{
    all->left++;
}

void fan_in(const GError *error, gpointer data)
{
    struct fan_out *all = data;
    if (error && !all->error) {
        all->error = g_error_copy(error);
    }
    if (--all->left > 0) {
        return;
    }
    all->done(all->error, all->data);
    g_clear_error(&all->error);
    g_free(all);
}

static gboolean fan_in_idle(gpointer data)
{
    fan_in(NULL, data);
    return G_SOURCE_REMOVE;
}

/* The asker's own part ends in the next turn: a callback never comes from inside the call. */
void fan_out_asked(struct fan_out *all)
{
    g_idle_add(fan_in_idle, all);
}

static struct real_machine *by_domain(struct real_world *world, const char *domain)
{
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        if (!strcmp(world->machines[i].plan->domain, domain)) {
            return &world->machines[i];
        }
    }
    return NULL;
}

static void on_virt_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    struct real_world *world = data;
    struct real_machine *machine = by_domain(world, domain);
    if (!machine && world->daemon) {
        real_net_daemon_state(world, domain, state);
    } else if (!machine) {
        real_warm_on_virt(data, domain, state, reason);
    } else if (!real_adopt_waits(machine, state, data)) {
        real_machine_on_virt(machine, state, reason);
    }
}

static void start_machines(const GError *error, gpointer data)
{
    struct fan_out *all = data;
    struct real_world *world = all->world;
    if (error || world->going_down) {
        fan_in(error, all);
        return;
    }
    world->is_up = true;
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        all->left++;
        real_machine_begin(&world->machines[i], fan_in, all);
    }
    fan_in(NULL, all);
}

static void routers_up(const GError *error, gpointer data)
{
    struct fan_out *all = data;
    GError *problem = error ? g_error_copy(error) : NULL;
    if (!problem && !all->world->going_down) {
        real_dns_up(all->world, &problem);
    }
    start_machines(problem, all);
    g_clear_error(&problem);
}

static void networks_up(const GError *error, gpointer data)
{
    struct fan_out *all = data;
    if (error || all->world->going_down) {
        start_machines(error, all);
    } else {
        real_gates_up(all->world, routers_up, all);
    }
}

static void real_up(struct world *head, world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct fan_out *all = fan_out_new(world, done, data);
    g_autoptr(GError) error = NULL;
    if (!real_net_spaces(world, &error)) {
        all->error = g_steal_pointer(&error);
        fan_out_asked(all);
        return;
    }
    if (world->daemon) {
        real_net_daemon_up(world, routers_up, all);
    } else {
        net_submit(world->net, real_net_batch(world), networks_up, all);
    }
}

/* On a daemon nothing may stand in a network that is removed. */
static void on_machines_down(const GError *error, gpointer data)
{
    struct fan_out *all = data;
    if (error && !all->error) {
        all->error = g_error_copy(error);
    }
    real_net_daemon_down(all->world, fan_in, all);
}

static void real_down(struct world *head, world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct fan_out *all = fan_out_new(world, done, data);
    struct fan_out *machines = world->daemon ? fan_out_new(world, on_machines_down, all) : all;
    world->going_down = true;
    real_dns_down(world);
    (void)real_links_clear(world, &all->error);
    for (guint i = 0; i < head->plan->machines->len; i++) {
        struct real_machine *machine = &world->machines[i];
        real_machine_abandon(machine);
        if (machine->state != MACHINE_DEFINED) {
            machines->left++;
            virt_stop(world->virt, machine->plan->domain, fan_in, machines);
        }
    }
    if (world->daemon) {
        machines->left += (int)real_net_daemon_feet(world);
        real_net_daemon_stop_feet(world, fan_in, machines);
    } else {
        all->left++;
        net_submit(world->net, real_net_removal(world), fan_in, all);
    }
    fan_out_asked(machines);
}

static void real_pause(struct world *head, bool paused, world_done_fn done, gpointer data)
{
    struct real_world *world = (struct real_world *)head;
    struct fan_out *all = fan_out_new(world, done, data);
    for (guint i = 0; i < head->plan->machines->len; i++) {
        const struct real_machine *machine = &world->machines[i];
        if (machine->state == MACHINE_CRASHED || machine->state == MACHINE_STOPPED) {
            continue;
        }
        all->left++;
        if (paused) {
            virt_pause(world->virt, machine->plan->domain, fan_in, all);
        } else {
            virt_resume(world->virt, machine->plan->domain, fan_in, all);
        }
    }
    fan_out_asked(all);
}

struct call { /* what an answer of virt/ goes to */
    struct world *head;
    int machine;
    const char *program; /* exec: copied */
    union {
        world_exec_fn exec;
        world_done_fn done;
        world_read_fn read;
    } fn;
    gpointer data;
};

static struct call *call_new(struct world *head, int machine, gpointer data)
{
    struct call *call = g_new0(struct call, 1);
    call->head = head;
    call->machine = machine;
    call->data = data;
    return call;
}

/* The agent's words for a program that the guest does not have. */
static bool is_no_program(const GError *error)
{
    return error && strstr(error->message, "Failed to execute child process") &&
           strstr(error->message, "No such file or directory");
}

static void on_exec(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    g_autofree struct call *call = data;
    g_autofree char *program = (char *)call->program;
    g_autoptr(GError) failure = world_error(call->head->plan, call->machine, error);
    struct world_exec_result out = {0};
    if (result) {
        out = (struct world_exec_result){result->status, result->out, result->err, result->out_cut,
                result->err_cut, result->out_length, result->err_length};
    } else if (is_no_program(failure)) {
        const struct plan_machine *machine = call->head->plan->machines->pdata[call->machine];
        g_clear_error(&failure);
        g_set_error(&failure, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no such program on %s: %s", machine->id, program);
    }
    call->fn.exec(result ? &out : NULL, failure, call->data);
}

static void on_written(const GError *error, gpointer data)
{
    g_autofree struct call *call = data;
    g_autoptr(GError) failure = world_error(call->head->plan, call->machine, error);
    call->fn.done(failure, call->data);
}

static void on_read(
        const char *bytes, gsize length, gint64 file_size, const GError *error, gpointer data)
{
    g_autofree struct call *call = data;
    g_autoptr(GError) failure = world_error(call->head->plan, call->machine, error);
    call->fn.read(bytes, length, file_size, failure, call->data);
}

static const char *domain_of(struct world *head, int machine)
{
    g_assert(machine >= 0 && machine < (int)head->plan->machines->len);
    const struct plan_machine *plan = g_ptr_array_index(head->plan->machines, (guint)machine);
    return plan->domain;
}

static void real_exec(struct world *head, int machine, const char *const *argv, int timeout_ms,
        world_exec_fn done, gpointer data)
{
    if (real_refuse_exec(head, machine, done, data)) {
        return;
    }
    struct call *call = call_new(head, machine, data);
    call->fn.exec = done;
    call->program = g_strdup(argv[0]);
    virt_exec(((struct real_world *)head)->virt, domain_of(head, machine), argv, timeout_ms,
            on_exec, call);
}

static void real_write(struct world *head, int machine, const char *path, const char *bytes,
        gsize length, world_done_fn done, gpointer data)
{
    if (real_refuse_write(head, machine, done, data)) {
        return;
    }
    struct call *call = call_new(head, machine, data);
    call->fn.done = done;
    virt_write(((struct real_world *)head)->virt, domain_of(head, machine), path, bytes, length,
            on_written, call);
}

static void real_read(struct world *head, int machine, const char *path, gint64 offset, gsize max,
        world_read_fn done, gpointer data)
{
    if (real_refuse_read(head, machine, done, data)) {
        return;
    }
    struct call *call = call_new(head, machine, data);
    call->fn.read = done;
    virt_read(((struct real_world *)head)->virt, domain_of(head, machine), path, offset, max,
            on_read, call);
}

static void real_free(struct world *head)
{
    struct real_world *world = (struct real_world *)head;
    for (guint i = 0; i < head->plan->machines->len; i++) {
        real_machine_abandon(&world->machines[i]);
    }
    g_clear_handle_id(&world->awake, g_source_remove);
    real_boot_free(world);
    real_refuse_settle(world);
    while (world->making > 0) { /* threads use what is freed below; each tool ends by its limits */
        g_main_context_iteration(NULL, TRUE);
    }
    real_dns_down(world);
    real_stretch_end(world);
    real_gates_free(world);
    real_fair_end(world);
    real_captures_free(world);
    checker_free(world->checker);
    real_net_daemon_free(world); /* before what carries its frames */
    if (world->virt) {
        virt_close(world->virt, !head->leave);
    }
    real_links_free(world->links);
    net_close(world->net);
    real_warm_free(world);
    for (guint i = 0; i < head->plan->teams->len; i++) {
        if (world->spaces[i] >= 0) {
            close(world->spaces[i]);
        }
    }
    for (guint i = 0; i < head->plan->machines->len; i++) {
        real_disk_free(&world->machines[i]);
    }
    g_ptr_array_unref(world->refusals);
    g_hash_table_unref(world->images);
    g_free(world->spaces);
    g_free(world->machines);
    g_free(world->peer);
    g_free(world->peer_path);
    g_free(world->root);
    g_free(world);
}

static const char *real_way(struct world *head, int machine)
{
    const struct real_world *world = (struct real_world *)head;
    return world->machines[machine].woken ? "warm" : "cold";
}

static void real_resources(struct world *head, GPtrArray *resources)
{
    struct real_world *world = (struct real_world *)head;
    if (world->daemon) {
        real_net_daemon_resources(world, resources);
    } else {
        real_warm_resources(world, resources);
    }
}

static const struct world_ops real_ops = {
        .free = real_free,
        .up = real_up,
        .down = real_down,
        .pause = real_pause,
        .exec = real_exec,
        .write = real_write,
        .read = real_read,
        .probe = real_probe,
        .control = real_control,
        .rules = real_rules,
        .counters = real_counters,
        .impair = real_impair,
        .measure = real_measure,
        .links = real_links,
        .capture_start = real_capture_start,
        .capture_stop = real_capture_stop,
        .capture_hold = real_capture_hold,
        .capture_look = real_capture_look,
        .capture_files = real_capture_files,
        .screenshot = real_screenshot,
        .port = real_port,
        .reset = real_reset,
        .checkpoint = real_checkpoint,
        .restore = real_restore,
        .way = real_way,
        .resources = real_resources,
        .restart = real_restart,
};

static const struct image *find_image(struct real_world *world, const char *name, GError **error)
{
    struct image *image = g_hash_table_lookup(world->images, name);
    if (!image) {
        image = image_find(name, error);
        if (image) {
            g_hash_table_insert(world->images, image->name, image);
        }
    }
    return image;
}

static struct virt *open_virt(
        struct real_world *world, const struct world_real_options *options, GError **error)
{
    if (options->daemon) {
        return virt_open_daemon(options->daemon, world->root, NULL, on_virt_state, world, error);
    }
    return virt_open(world->root, NULL, on_virt_state, world, error);
}

struct world *world_real_new(
        const struct plan *plan, const struct world_real_options *options, GError **error)
{
    struct real_world *world = g_new0(struct real_world, 1);
    world->head = (struct world){.ops = &real_ops, .plan = plan};
    world->root = g_strdup(options->root);
    world->peer = g_strdup(options->peer);
    world->peer_path = g_strdup(options->peer_path);
    world->accel = options->accel;
    world->boot = options->daemon ? WORLD_BOOT_COLD : options->boot; /* warm needs our own taps */
    world->refusals = g_ptr_array_new();
    world->images =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)image_free);
    world->spaces = g_new(int, plan->teams->len + 1);
    for (guint i = 0; i < plan->teams->len; i++) {
        world->spaces[i] = -1;
    }
    world->captures = g_new0(struct real_capture, plan->networks->len + 1);
    world->machines = g_new0(struct real_machine, plan->machines->len + 1);
    for (guint i = 0; i < plan->machines->len; i++) { /* all of them: real_free() looks at all */
        struct real_machine *machine = &world->machines[i];
        machine->world = world;
        machine->index = (int)i;
        machine->plan = g_ptr_array_index(plan->machines, i);
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        struct real_machine *machine = &world->machines[i];
        machine->image = find_image(world, machine->plan->host->image, error);
        if (!machine->image) {
            real_free(&world->head);
            return NULL;
        }
        real_disk_init(machine);
    }
    world->net = net_open(NULL, error);
    world->checker = world->net ? checker_new(NULL, error) : NULL;
    world->virt = world->checker ? open_virt(world, options, error) : NULL;
    if (!world->virt || (options->daemon && !real_net_daemon_new(world, error))) {
        real_free(&world->head);
        return NULL;
    }
    real_fair_begin(world);
    real_warm_init(world);
    return &world->head;
}
