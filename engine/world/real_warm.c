/* real_warm.c - the warm states that the machines of a real world need: one for each shape. */
#include "world/real_warm.h"

#include "world/warm_template.h"

#include <string.h>

enum warm_state { WARM_UNKNOWN, WARM_COMING, WARM_THERE, WARM_NONE };

struct real_warm {
    struct real_world *world;
    const struct image *image;
    int memory_mib, vcpus, cards;
    bool display;
    enum warm_state state;
    struct warm_template *template;
    const struct image_warm *files; /* the template's */
    GError *problem;                /* why there is none */
    GPtrArray *waiting;             /* of struct real_machine */
    guint answer;                   /* source that answers them */
};

static struct real_warm *find(const struct real_world *world, const struct real_machine *machine)
{
    const struct plan_host *host = machine->plan->host;
    for (guint i = 0; i < world->warm->len; i++) {
        struct real_warm *warm = world->warm->pdata[i];
        if (warm->image == machine->image && warm->memory_mib == host->memory_mib &&
                warm->vcpus == host->vcpus && warm->display == host->display &&
                warm->cards == (int)machine->plan->cards->len) {
            return warm;
        }
    }
    return NULL;
}

void real_warm_init(struct real_world *world)
{
    world->warm = g_ptr_array_new();
    for (guint i = 0; i < world->head.plan->machines->len; i++) {
        const struct real_machine *machine = &world->machines[i];
        if (world->boot == WORLD_BOOT_COLD || find(world, machine)) {
            continue;
        }
        struct real_warm *warm = g_new0(struct real_warm, 1);
        warm->world = world;
        warm->image = machine->image;
        warm->memory_mib = machine->plan->host->memory_mib;
        warm->vcpus = machine->plan->host->vcpus;
        warm->cards = (int)machine->plan->cards->len;
        warm->display = machine->plan->host->display;
        warm->waiting = g_ptr_array_new();
        g_autofree char *domain = g_strdup_printf("w%u", world->warm->len + 1);
        const struct warm_template_options options = {
                .virt = world->virt,
                .net = world->net,
                .image = warm->image,
                .domain = domain,
                .memory_mib = warm->memory_mib,
                .vcpus = warm->vcpus,
                .cards = warm->cards,
                .accel = world->accel,
                .display = warm->display,
        };
        warm->template = warm_template_new(&options);
        g_ptr_array_add(world->warm, warm);
    }
}

void real_warm_free(struct real_world *world)
{
    for (guint i = 0; world->warm && i < world->warm->len; i++) {
        struct real_warm *warm = world->warm->pdata[i];
        g_clear_handle_id(&warm->answer, g_source_remove);
        warm_template_free(warm->template);
        g_clear_error(&warm->problem);
        g_ptr_array_unref(warm->waiting);
        g_free(warm);
    }
    g_clear_pointer(&world->warm, g_ptr_array_unref);
}

static gboolean on_answer(gpointer data)
{
    struct real_warm *warm = data;
    warm->answer = 0;
    g_autoptr(GPtrArray) waiting = g_steal_pointer(&warm->waiting);
    warm->waiting = g_ptr_array_new();
    for (guint i = 0; i < waiting->len; i++) {
        real_machine_on_warm(waiting->pdata[i], warm->files, warm->problem);
    }
    return G_SOURCE_REMOVE;
}

static void on_template(
        const struct image_warm *files, bool fresh, const GError *error, gpointer data)
{
    struct real_warm *warm = data;
    const struct world *head = &warm->world->head;
    (void)fresh;
    warm->files = files;
    warm->state = files ? WARM_THERE : WARM_NONE;
    warm->problem = error ? g_error_copy(error) : NULL;
    if (error && head->on_alarm && !warm->world->going_down) {
        head->on_alarm(-1, "no-warm-state", error->message, head->on_state_data);
    }
    on_answer(warm);
}

void real_warm_get(struct real_machine *machine)
{
    struct real_warm *warm = find(machine->world, machine);
    g_assert(warm); /* by real_warm_init() */
    g_ptr_array_remove(warm->waiting, machine);
    g_ptr_array_add(warm->waiting, machine);
    if (warm->state == WARM_UNKNOWN) {
        warm->state = WARM_COMING;
        warm_template_get(warm->template, on_template, warm);
    } else if (warm->state != WARM_COMING && !warm->answer) {
        warm->answer = g_idle_add(on_answer, warm);
    }
}

bool real_warm_on_virt(
        struct real_world *world, const char *domain, enum machine_state state, const char *reason)
{
    for (guint i = 0; i < world->warm->len; i++) {
        const struct real_warm *warm = world->warm->pdata[i];
        if (!strcmp(warm_template_domain(warm->template), domain)) {
            warm_template_on_virt(warm->template, state, reason);
            return true;
        }
    }
    return false;
}

void real_warm_resources(const struct real_world *world, GPtrArray *resources)
{
    for (guint i = 0; i < world->warm->len; i++) {
        const struct real_warm *warm = world->warm->pdata[i];
        g_auto(GStrv) links = warm_template_links(warm->template);
        for (guint k = 0; links[k]; k++) {
            world_resource_add(resources, k == 0 ? "bridge" : "tap", links[k], -1);
        }
        world_resource_add(resources, "domain", warm_template_domain(warm->template), -1);
    }
}
