/* world_real_net_daemon.c - the networks of a plan as a libvirt daemon's virtual networks. */
#include "world/world_real_daemon.h"

#include "base/error.h"
#include "image/recipe.h"
#include "world/warm_template.h"

#include <string.h>

#define FOOT_MEMORY_MIB 96
#define FOOT_LIMIT_S 120 /* to boot under emulation on a busy host */
#define FOOT_PORT "sandtable.foot"
#define CONNECT_RETRY_MS 200

struct foot {
    struct real_daemon *daemon;
    char *domain; /* f1, f2 … */
    guint first, n;
    struct foot_wire *wire;
    guint timer;   /* source: the next try to connect, or 0 */
    bool starting; /* its start is under way */
    bool fell;     /* … and it has ended meanwhile */
    bool started, ready;
};

struct real_daemon {
    struct real_world *world;
    GPtrArray *names; /* of networks */
    GPtrArray *feet;  /* struct foot * */
    struct image *image;
    char *initrd;
    guint limit;  /* source */
    guint losses; /* of feet that stood */
    int left;     /* networks on their way, and feet that do not stand */
    GError *error;
    world_done_fn done; /* of up; NULL when nobody waits */
    gpointer data;
};

static void foot_free(gpointer data)
{
    struct foot *foot = data;
    g_clear_handle_id(&foot->timer, g_source_remove);
    foot_wire_free(foot->wire);
    while (g_source_remove_by_user_data(foot)) { /* its last word, on the way */
    }
    g_free(foot->domain);
    g_free(foot);
}

void real_net_daemon_free(struct real_world *world)
{
    struct real_daemon *daemon = world->daemon;
    if (!daemon) {
        return;
    }
    g_clear_handle_id(&daemon->limit, g_source_remove);
    g_ptr_array_unref(daemon->feet);
    g_ptr_array_unref(daemon->names);
    g_clear_error(&daemon->error);
    image_free(daemon->image);
    g_free(daemon->initrd);
    g_free(daemon);
    world->daemon = NULL;
}

const char *real_net_daemon_name(const struct real_world *world, int network)
{
    return g_ptr_array_index(world->daemon->names, (guint)network);
}

const char *real_net_daemon_fault(const struct real_world *world)
{
    for (guint i = 0; i < world->daemon->feet->len; i++) {
        const struct foot *foot = g_ptr_array_index(world->daemon->feet, i);
        if (!foot->ready) {
            return "the engine's foot in the networks does not stand";
        }
    }
    return NULL;
}

/* One image's kernel serves: they all have the same. */
static bool prepare_feet(struct real_daemon *daemon, GError **error)
{
    struct real_world *world = daemon->world;
    guint networks = world->head.plan->networks->len;
    if (networks == 0) {
        return true;
    }
    const struct plan_machine *first = g_ptr_array_index(world->head.plan->machines, 0);
    daemon->image = image_find(first->host->image, error);
    g_autofree char *program = daemon->image ? recipe_program("foot", error) : NULL;
    daemon->initrd = g_build_filename(world->root, "foot.initrd", NULL);
    if (!program || !foot_write_initrd(daemon->image->initrd, program, daemon->initrd, error)) {
        return false;
    }
    for (guint at = 0; at < networks; at += FOOT_CARDS) {
        struct foot *foot = g_new0(struct foot, 1);
        foot->daemon = daemon;
        foot->domain = g_strdup_printf("f%u", daemon->feet->len + 1);
        foot->first = at;
        foot->n = MIN(networks - at, FOOT_CARDS);
        g_ptr_array_add(daemon->feet, foot);
    }
    return true;
}

bool real_net_daemon_new(struct real_world *world, GError **error)
{
    struct real_daemon *daemon = g_new0(struct real_daemon, 1);
    const struct plan *plan = world->head.plan;
    daemon->world = world;
    daemon->names = g_ptr_array_new_with_free_func(g_free);
    daemon->feet = g_ptr_array_new_with_free_func(foot_free);
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        g_ptr_array_add(daemon->names, virt_full_name(world->virt, network->bridge));
    }
    world->daemon = daemon;
    return prepare_feet(daemon, error);
}

guint real_net_daemon_losses(const struct real_world *world)
{
    return world->daemon->losses;
}

static void foot_fell(struct foot *foot)
{
    foot->daemon->losses += foot->ready;
    foot->ready = false;
}

/* ---- feet ------------------------------------------------------------------------------------ */

static void up_is_over(struct real_daemon *daemon)
{
    world_done_fn done = daemon->done;
    daemon->done = NULL;
    g_clear_handle_id(&daemon->limit, g_source_remove);
    if (done) {
        done(daemon->error, daemon->data);
    }
}

static void fail_up(struct real_daemon *daemon, const GError *error)
{
    if (!daemon->error) {
        daemon->error = g_error_copy(error);
    }
    up_is_over(daemon);
}

static gboolean on_limit(gpointer data)
{
    struct real_daemon *daemon = data;
    daemon->limit = 0;
    g_autoptr(GError) error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
            "%s: it did not come up within %d s", real_net_daemon_fault(daemon->world),
            FOOT_LIMIT_S);
    fail_up(daemon, error);
    return G_SOURCE_REMOVE;
}

static gboolean on_foot_ready(gpointer data)
{
    struct foot *foot = data;
    struct real_daemon *daemon = foot->daemon;
    foot->ready = true;
    if (real_net_daemon_fault(daemon->world)) {
        return G_SOURCE_REMOVE;
    }
    if (daemon->done) {
        up_is_over(daemon);
    } else if (daemon->world->dns && !daemon->world->going_down) {
        real_dns_again(daemon->world); /* its interfaces went with the foot that fell */
    }
    return G_SOURCE_REMOVE;
}

static void start_foot(struct foot *foot);

static gboolean try_connect(gpointer data);

/* The daemon went away, or the foot did: its domain's end is told elsewhere. */
static gboolean on_foot_lost(gpointer data)
{
    struct foot *foot = data;
    foot_fell(foot);
    if (foot->started && !foot->timer) {
        foot->timer = g_timeout_add(CONNECT_RETRY_MS, try_connect, foot);
    }
    return G_SOURCE_REMOVE;
}

/* The port is there as soon as the domain runs; a daemon may still be busy with it. */
static gboolean try_connect(gpointer data)
{
    struct foot *foot = data;
    foot->timer = 0;
    g_autoptr(GError) error = NULL;
    int socket = virt_channel(foot->daemon->world->virt, foot->domain, FOOT_PORT, &error);
    if (socket >= 0) {
        foot_wire_connect(foot->wire, socket, on_foot_ready, on_foot_lost, foot);
    } else if (foot->started) {
        foot->timer = g_timeout_add(CONNECT_RETRY_MS, try_connect, foot);
    }
    return G_SOURCE_REMOVE;
}

static gboolean start_again(gpointer data)
{
    struct foot *foot = data;
    foot->timer = 0;
    start_foot(foot);
    return G_SOURCE_REMOVE;
}

/* Until another stands, checks are nobody's fault. */
static void replace_foot(struct foot *foot)
{
    foot_fell(foot);
    foot->started = foot->fell = false;
    g_clear_handle_id(&foot->timer, g_source_remove);
    g_clear_pointer(&foot->wire, foot_wire_free);
    while (g_source_remove_by_user_data(foot)) { /* the old one's last word */
    }
    if (!foot->daemon->world->going_down) {
        foot->timer = g_timeout_add(CONNECT_RETRY_MS, start_again, foot);
    }
}

static void on_foot_started(const GError *error, gpointer data)
{
    struct foot *foot = data;
    foot->starting = false;
    if (error && foot->daemon->done) {
        fail_up(foot->daemon, error);
    } else if (error || foot->fell) {
        replace_foot(foot);
    } else {
        foot->started = true;
        try_connect(foot);
    }
}

static void start_foot(struct foot *foot)
{
    struct real_daemon *daemon = foot->daemon;
    struct real_world *world = daemon->world;
    g_autoptr(GError) error = NULL;
    foot->wire = foot_wire_new(world, foot->first, foot->n, &error);
    if (!foot->wire) {
        if (daemon->done) {
            fail_up(daemon, error);
        } else if (!world->going_down) { /* one that replaces another: until then checks fault */
            g_debug("%s: %s", foot->domain, error->message);
            foot->timer = g_timeout_add(CONNECT_RETRY_MS, start_again, foot);
        }
        return;
    }
    struct virt_card cards[FOOT_CARDS] = {0};
    GString *cmdline = g_string_new("console=ttyS0 quiet loglevel=3 panic=-1 rdinit=/foot "
                                    "cryptomgr.notests mitigations=off");
    if (world->accel == VIRT_ACCEL_TCG) {
        g_string_append(cmdline, " " WARM_NO_ACPI);
    }
    for (guint i = 0; i < foot->n; i++) {
        guint number = foot->first + i;
        /* locally administered, as no card of a plan is: 52:54:00 … */
        const unsigned char mac[6] = {
                0x52, 0x55, 0x0a, 0x00, (unsigned char)(number >> 8), (unsigned char)number};
        memcpy(cards[i].mac, mac, sizeof(mac));
        cards[i].network = real_net_daemon_name(world, (int)number);
        cards[i].plain = true;
        g_string_append_printf(cmdline, "%s%02x:%02x:%02x:%02x:%02x:%02x",
                i ? "," : " st.foot=", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    }
    const struct virt_machine machine = {
            .domain = foot->domain,
            .kernel = daemon->image->kernel,
            .initrd = daemon->initrd,
            .cmdline = cmdline->str,
            .memory_mib = FOOT_MEMORY_MIB,
            .vcpus = 1,
            .cards = cards,
            .n_cards = foot->n,
            .accel = world->accel,
            .port = FOOT_PORT,
    };
    foot->starting = true;
    foot->fell = false;
    virt_start(world->virt, &machine, on_foot_started, foot);
    g_string_free(cmdline, TRUE);
}

bool real_net_daemon_state(struct real_world *world, const char *domain, enum machine_state state)
{
    for (guint i = 0; i < world->daemon->feet->len; i++) {
        struct foot *foot = g_ptr_array_index(world->daemon->feet, i);
        if (strcmp(foot->domain, domain) != 0) {
            continue;
        }
        if (state == MACHINE_CRASHED && foot->starting) {
            foot->fell = true;
        } else if (state == MACHINE_CRASHED && foot->started) {
            replace_foot(foot);
        }
        return true;
    }
    return false;
}

/* ---- networks -------------------------------------------------------------------------------- */

static void networks_are_up(struct real_daemon *daemon)
{
    if (daemon->error || daemon->feet->len == 0 || daemon->world->going_down) {
        up_is_over(daemon);
    } else {
        daemon->limit = g_timeout_add_seconds(FOOT_LIMIT_S, on_limit, daemon);
        for (guint i = 0; i < daemon->feet->len; i++) {
            start_foot(g_ptr_array_index(daemon->feet, i));
        }
    }
}

static void on_network(const GError *error, gpointer data)
{
    struct real_daemon *daemon = data;
    if (error && !daemon->error) {
        daemon->error = g_error_copy(error);
    }
    if (--daemon->left == 0) {
        networks_are_up(daemon);
    }
}

static gboolean no_networks(gpointer data)
{
    on_network(NULL, data);
    return G_SOURCE_REMOVE;
}

void real_net_daemon_up(struct real_world *world, world_done_fn done, gpointer data)
{
    struct real_daemon *daemon = world->daemon;
    const struct plan *plan = world->head.plan;
    daemon->done = done;
    daemon->data = data;
    daemon->left = 1;
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        daemon->left++;
        virt_network_start(world->virt, network->bridge, on_network, daemon);
    }
    g_idle_add(no_networks, daemon);
}

/* ---- what there will be ---------------------------------------------------------------------- */

void real_net_daemon_resources(const struct real_world *world, GPtrArray *resources)
{
    const struct plan *plan = world->head.plan;
    g_ptr_array_set_size(resources, 0); /* bridges, taps and domains are called otherwise there */
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        world_resource_add(
                resources, "network", real_net_daemon_name(world, (int)i), network->team);
    }
    for (guint i = 0; i < world->daemon->feet->len; i++) {
        const struct foot *foot = g_ptr_array_index(world->daemon->feet, i);
        g_autofree char *name = virt_full_name(world->virt, foot->domain);
        world_resource_add(resources, "domain", name, -1);
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        g_autofree char *name = virt_full_name(world->virt, machine->domain);
        world_resource_add(resources, "domain", name, machine->team);
    }
}

/* ---- down ------------------------------------------------------------------------------------ */

struct down {
    struct real_daemon *daemon;
    int left;
    GError *error;
    world_done_fn done;
    gpointer data;
};

static void on_down(const GError *error, gpointer data)
{
    struct down *down = data;
    if (error && !down->error) {
        down->error = g_error_copy(error);
    }
    if (--down->left == 0) {
        down->done(down->error, down->data);
        g_clear_error(&down->error);
        g_free(down);
    }
}

void real_net_daemon_stop_feet(struct real_world *world, world_done_fn done, gpointer data)
{
    for (guint i = 0; i < world->daemon->feet->len; i++) {
        struct foot *foot = g_ptr_array_index(world->daemon->feet, i);
        foot->ready = foot->started = false;
        g_clear_handle_id(&foot->timer, g_source_remove);
        virt_stop(world->virt, foot->domain, done, data);
    }
}

guint real_net_daemon_feet(const struct real_world *world)
{
    return world->daemon->feet->len;
}

void real_net_daemon_down(struct real_world *world, world_done_fn done, gpointer data)
{
    const struct plan *plan = world->head.plan;
    struct down *down = g_new0(struct down, 1);
    *down = (struct down){.daemon = world->daemon, .left = 1, .done = done, .data = data};
    for (guint i = 0; i < plan->networks->len; i++) {
        const struct plan_network *network = g_ptr_array_index(plan->networks, i);
        down->left++;
        virt_network_stop(world->virt, network->bridge, on_down, down);
    }
    on_down(NULL, down);
}
