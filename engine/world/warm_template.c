/* warm_template.c - one template: looked for, booted, probed, frozen, put into the store. */
#include "world/warm_template.h"

#include "base/error.h"
#include "world/identity.h"

#include <string.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 20000
#define PROBE_RETRY_MS 200
#define LIMIT_S                                                                                    \
    180 /* from start to frozen, on the slowest host that can run an exercise at all               \
         */

/* Words for the kernel that save every machine's boot, and what they leave out: the self-tests of
 * its ciphers, work against side channels between a machine's own programs, and books on who waits
 * for what. Under emulation,
 * routing the interrupts of five devices by interpreting ACPI's tables costs 2 s of processor time;
 * without ACPI at all another 0.4 s are saved, but there is one processor and no power switch: such
 * a machine ends by a reset. */
#define FAST_BOOT "console=ttyS0 quiet loglevel=3 panic=-1 cryptomgr.notests mitigations=off psi=0"

struct warm_template {
    struct warm_template_options options;
    char *domain;
    char *layout, *key, *work;
    struct virt_card *cards;
    char **taps;
    struct image_warm *files;
    warm_template_fn done;
    gpointer data;
    gint64 started_us;
    int lock;
    bool booting; /* its machine is there, or is being started */
    bool probing;
    guint timer, limit; /* sources, or 0 */
    GThread *thread;    /* looks, or commits */
    guint answer;       /* its result's source */
    GError *problem;    /* its error */
    GError *damage;     /* why what was there is made anew */
    GCancellable *cancel;
};

/* The last console named is the one that PID 1 writes to. */
#define ON_SCREEN "console=tty0 "

const char *warm_cmdline(enum virt_accel accel, int vcpus, bool display)
{
    if (accel == VIRT_ACCEL_KVM) {
        return display ? ON_SCREEN FAST_BOOT : FAST_BOOT;
    }
    if (vcpus > 1) {
        return display ? ON_SCREEN FAST_BOOT " pci=noacpi" : FAST_BOOT " pci=noacpi";
    }
    return display ? ON_SCREEN FAST_BOOT " " WARM_NO_ACPI : FAST_BOOT " " WARM_NO_ACPI;
}

static struct virt_machine describe(const struct warm_template *template, const char *domain)
{
    const struct warm_template_options *options = &template->options;
    return (struct virt_machine){
            .domain = domain,
            .kernel = options->image->kernel,
            .initrd = options->image->initrd,
            .modules = options->image->modules,
            .root = options->image->root,
            .cmdline = warm_cmdline(options->accel, options->vcpus, options->display),
            .memory_mib = options->memory_mib,
            .vcpus = options->vcpus,
            .cards = template->cards,
            .n_cards = (gsize)options->cards,
            .accel = options->accel,
            .display = options->display,
    };
}

static struct image_warm_shape shape_of(const struct warm_template *template)
{
    const struct warm_template_options *options = &template->options;
    return (struct image_warm_shape){
            .image = options->image,
            .memory_mib = options->memory_mib,
            .vcpus = options->vcpus,
            .cards = options->cards,
            .layout = template->layout,
    };
}

static char *bridge_of(const struct warm_template *template)
{
    return g_strdup_printf("%s-b", template->domain);
}

char **warm_template_links(const struct warm_template *template)
{
    g_autoptr(GStrvBuilder) links = g_strv_builder_new();
    g_autofree char *bridge = bridge_of(template);
    g_strv_builder_add(links, bridge);
    g_strv_builder_addv(links, (const char **)template->taps);
    return g_strv_builder_end(links);
}

const char *warm_template_domain(const struct warm_template *template)
{
    return template->domain;
}

struct warm_template *warm_template_new(const struct warm_template_options *options)
{
    struct warm_template *template = g_new0(struct warm_template, 1);
    template->options = *options;
    template->domain = g_strdup(options->domain);
    template->cards = g_new0(struct virt_card, (gsize)options->cards + 1);
    template->taps = g_new0(char *, (gsize)options->cards + 1);
    template->lock = -1;
    template->cancel = g_cancellable_new();
    for (int i = 0; i < options->cards; i++) {
        identity_template_mac((guint)i, template->cards[i].mac);
        template->taps[i] = g_strdup_printf("%s-c%d", template->domain, i);
        template->cards[i].tap = template->taps[i];
    }
    return template;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void remove_links(const struct warm_template *template)
{
    g_auto(GStrv) links = warm_template_links(template);
    struct net_batch *batch = net_batch_new();
    for (char **link = links; *link; link++) {
        net_batch_remove(batch, *link);
    }
    net_submit(template->options.net, batch, NULL, NULL);
}

static void let_go(struct warm_template *template)
{
    g_clear_handle_id(&template->timer, g_source_remove);
    g_clear_handle_id(&template->limit, g_source_remove);
    template->booting = template->probing = false;
    if (template->lock >= 0) {
        close(template->lock);
        template->lock = -1;
    }
}

static void answer(struct warm_template *template, bool fresh, const GError *error)
{
    warm_template_fn done = template->done;
    let_go(template);
    template->done = NULL;
    if (done) {
        done(error ? NULL : template->files, fresh, error ? error : template->damage,
                template->data);
    }
    g_clear_error(&template->damage);
}

/* ---- work in a thread ------------------------------------------------------------------------ */

static void begin_thread(struct warm_template *template, GThreadFunc work, const char *name)
{
    g_assert(!template->thread);
    template->thread = g_thread_new(name, work, template);
}

/* In the context again. */
static void end_thread(struct warm_template *template)
{
    template->answer = 0;
    g_thread_join(g_steal_pointer(&template->thread));
}

static gboolean on_discarded(gpointer data)
{
    struct warm_template *template = data;
    g_autoptr(GError) error = g_steal_pointer(&template->problem);
    end_thread(template);
    answer(template, false, error);
    return G_SOURCE_REMOVE;
}

/* As large as the machine's memory. The lock is held until it is gone. */
static gpointer discard_thread(gpointer data)
{
    struct warm_template *template = data;
    image_warm_discard(template->work);
    template->answer = g_idle_add(on_discarded, template);
    return NULL;
}

static void failed(struct warm_template *template, const char *what, const char *why)
{
    GError *error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
            "no warm state of image \"%s\" could be made: %s: %s", template->options.image->name,
            what, why);
    if (template->booting) {
        virt_stop(template->options.virt, template->domain, NULL, NULL);
        remove_links(template);
    }
    g_clear_handle_id(&template->timer, g_source_remove);
    g_clear_handle_id(&template->limit, g_source_remove);
    template->booting = template->probing = false;
    template->problem = error;
    begin_thread(template, discard_thread, "warm-discard");
}

static void boot(struct warm_template *template);

static gboolean on_looked(gpointer data)
{
    struct warm_template *template = data;
    end_thread(template);
    if (template->problem) {
        g_autoptr(GError) error = g_steal_pointer(&template->problem);
        answer(template, false, error);
    } else if (template->files) {
        answer(template, false, NULL);
    } else {
        boot(template);
    }
    return G_SOURCE_REMOVE;
}

/* One that is damaged is as one that is not there, and is spoken of. */
static bool find_files(struct warm_template *template, GError **error)
{
    g_autoptr(GError) problem = NULL;
    template->files = image_warm_find(template->options.image->name, template->key, &problem);
    if (problem && !g_error_matches(problem, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND)) {
        g_clear_error(&template->damage);
        template->damage = g_steal_pointer(&problem);
        return image_warm_remove(template->key, error);
    }
    return true;
}

/* Leaves files; or, with the lock held, a folder to build in; or a problem. */
static void look(struct warm_template *template)
{
    struct image_warm_shape shape = shape_of(template);
    struct virt_machine machine = describe(template, template->domain);
    template->key = image_warm_key(&shape, &template->problem);
    if (!template->key || !find_files(template, &template->problem) || template->files) {
        return;
    }
    template->lock = image_warm_lock(template->key, template->cancel, &template->problem);
    if (template->lock < 0 || !find_files(template, &template->problem) || template->files) {
        return;
    }
    template->work =
            image_warm_begin(template->key, virt_memory_bytes(&machine), &template->problem);
}

static gpointer look_thread(gpointer data)
{
    struct warm_template *template = data;
    look(template);
    template->answer = g_idle_add(on_looked, template);
    return NULL;
}

void warm_template_get(struct warm_template *template, warm_template_fn done, gpointer data)
{
    template->done = done;
    template->data = data;
    g_clear_pointer(&template->key, g_free);
    if (!template->layout) {
        struct virt_machine machine = describe(template, "warm");
        g_autofree struct virt_card *cards = g_new0(struct virt_card, machine.n_cards + 1);
        for (gsize i = 0; i < machine.n_cards; i++) {
            cards[i] = template->cards[i];
            cards[i].tap = "tap"; /* which tap it is does not matter */
        }
        machine.cards = cards;
        template->layout = virt_warm_layout(&machine);
    }
    begin_thread(template, look_thread, "warm-look");
}

/* ---- booting --------------------------------------------------------------------------------- */

static void on_started(const GError *error, gpointer data)
{
    struct warm_template *template = data;
    if (error && template->booting &&
            !g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED)) {
        failed(template, "its start", error->message);
    }
}

static void on_links(const GError *error, gpointer data)
{
    struct warm_template *template = data;
    if (error) {
        if (!g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED)) {
            failed(template, "its network", error->message);
        }
        return;
    }
    g_autofree char *ram = g_build_filename(template->work, "ram", NULL);
    struct virt_machine machine = describe(template, template->domain);
    machine.ram = ram;
    virt_start(template->options.virt, &machine, on_started, template);
}

static gboolean on_limit(gpointer data)
{
    struct warm_template *template = data;
    template->limit = 0;
    failed(template, "its services", "they are not up in time");
    return G_SOURCE_REMOVE;
}

static void boot(struct warm_template *template)
{
    struct net_batch *batch = net_batch_new();
    g_autofree char *bridge = bridge_of(template);
    template->booting = true;
    template->probing = false;
    template->started_us = g_get_monotonic_time();
    template->limit = g_timeout_add_seconds(LIMIT_S, on_limit, template);
    /* what an engine that was killed here may have left */
    net_batch_remove(batch, bridge);
    for (char **tap = template->taps; *tap; tap++) {
        net_batch_remove(batch, *tap);
    }
    net_batch_bridge(batch, bridge);
    for (char **tap = template->taps; *tap; tap++) {
        net_batch_tap(batch, *tap, bridge);
    }
    net_submit(template->options.net, batch, on_links, template);
}

/* ---- from booted to frozen ------------------------------------------------------------------- */

static gboolean on_committed(gpointer data)
{
    struct warm_template *template = data;
    end_thread(template);
    if (template->problem) {
        g_autoptr(GError) error = g_steal_pointer(&template->problem);
        failed(template, "the store", error->message);
    } else {
        answer(template, true, NULL);
    }
    return G_SOURCE_REMOVE;
}

static gpointer commit_thread(gpointer data)
{
    struct warm_template *template = data;
    struct image_warm_shape shape = shape_of(template);
    gint64 took_ms = (g_get_monotonic_time() - template->started_us) / 1000;
    template->files =
            image_warm_commit(&shape, template->key, template->work, took_ms, &template->problem);
    template->answer = g_idle_add(on_committed, template);
    return NULL;
}

static void on_frozen(const GError *error, gpointer data)
{
    struct warm_template *template = data;
    if (!template->booting || g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED)) {
        return;
    }
    if (error) {
        failed(template, "freezing it", error->message);
        return;
    }
    g_clear_handle_id(&template->limit, g_source_remove);
    template->booting = false;
    remove_links(template);
    begin_thread(template, commit_thread, "warm-commit");
}

/* The resident program has done what every clone would have to, and will answer in clones. */
static void on_primed(
        const char *word, gsize length, gint64 size, const GError *error, gpointer data)
{
    (void)word;
    (void)length;
    (void)size;
    struct warm_template *template = data;
    if (!template->booting || g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED)) {
        return;
    }
    if (error) {
        failed(template, "guest-identity", error->message);
        return;
    }
    g_autofree char *state = g_build_filename(template->work, "state", NULL);
    virt_freeze(template->options.virt, template->domain, state, on_frozen, template);
}

static void prime(struct warm_template *template)
{
    virt_tell(template->options.virt, template->domain, IDENTITY_MAKE_READY,
            strlen(IDENTITY_MAKE_READY), PROBE_TIMEOUT_MS, on_primed, template);
}

static void run_probe(struct warm_template *template);

static gboolean on_retry(gpointer data)
{
    struct warm_template *template = data;
    template->timer = 0;
    run_probe(template);
    return G_SOURCE_REMOVE;
}

static void on_probe(const struct virt_exec_result *result, const GError *error, gpointer data)
{
    struct warm_template *template = data;
    if (!template->booting || g_error_matches(error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED)) {
        return;
    }
    if (error || result->status != 0) {
        g_clear_handle_id(&template->timer, g_source_remove);
        template->timer = g_timeout_add(PROBE_RETRY_MS, on_retry, template);
        return;
    }
    prime(template);
}

static void run_probe(struct warm_template *template)
{
    char **probe = template->options.image->probe;
    if (!probe[0]) {
        prime(template);
        return;
    }
    virt_exec(template->options.virt, template->domain, (const char *const *)probe,
            PROBE_TIMEOUT_MS, on_probe, template);
}

void warm_template_on_virt(
        struct warm_template *template, enum machine_state state, const char *reason)
{
    if (!template->booting) {
        return;
    }
    if (state == MACHINE_CRASHED) {
        failed(template, "its machine", reason);
    } else if (state == MACHINE_BOOTED && !template->probing && !g_strcmp0(reason, "agent")) {
        template->probing = true;
        run_probe(template);
    }
}

void warm_template_free(struct warm_template *template)
{
    if (!template) {
        return;
    }
    template->done = NULL;
    g_cancellable_cancel(template->cancel);
    if (template->thread) {
        g_thread_join(template->thread);
        g_source_remove(template->answer);
    }
    let_go(template);
    if (template->work && !template->files) {
        image_warm_discard(template->work);
    }
    image_warm_free(template->files);
    g_clear_error(&template->problem);
    g_clear_error(&template->damage);
    g_object_unref(template->cancel);
    g_strfreev(template->taps);
    g_free(template->cards);
    g_free(template->domain);
    g_free(template->layout);
    g_free(template->key);
    g_free(template->work);
    g_free(template);
}
