/* verb_run.c - sandtable run: one exercise from its scenario to its final standings. */
#include "base/error.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/cli.h"
#include "cli/engine.h"
#include "cli/preflight.h"
#include "cli/spawn_display.h"
#include "image/image.h"
#include "script/script.h"
#include "virt/virt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct verb verb_run;

struct run_options {
    char *name, *seed, *until, *accel, *user, *connect;
    int teams, ready_limit;
    gboolean display;
};

static void options_clear(struct run_options *options)
{
    g_free(options->name);
    g_free(options->seed);
    g_free(options->until);
    g_free(options->accel);
    g_free(options->user);
    g_free(options->connect);
}

/* The first of NAME, NAME-2, NAME-3 … that has no ledger yet. */
static char *free_name(const char *name)
{
    for (int i = 1;; i++) {
        g_autofree char *candidate = i == 1 ? g_strdup(name) : g_strdup_printf("%s-%d", name, i);
        g_autofree char *ledger = paths_ledger(candidate);
        if (!g_file_test(ledger, G_FILE_TEST_EXISTS)) {
            return g_steal_pointer(&candidate);
        }
    }
}

static bool choose_name(struct plan *plan, const char *wanted, GError **error)
{
    if (!wanted) {
        char *name = free_name(plan->name);
        g_free(plan->name);
        plan->name = name;
        return true;
    }
    if (!paths_name_is_valid(wanted)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--name \"%s\": use a-z, 0-9 and -, beginning with a letter, at most 31", wanted);
        return false;
    }
    g_autofree char *ledger = paths_ledger(wanted);
    if (g_file_test(ledger, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "an exercise \"%s\" has its ledger at %s: choose another --name", wanted, ledger);
        return false;
    }
    g_free(plan->name);
    plan->name = g_strdup(wanted);
    return true;
}

static struct script *read_scenario(const char *path, struct plan **ret_plan, GError **error)
{
    g_auto(GStrv) images = image_machine_recipes(error);
    if (!images) {
        return NULL;
    }
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script =
            script_load_with(path, (const char *const *)images, ret_plan, problems, error);
    if (!script && problems->len > 0) {
        g_autofree char *file = script_file(path);
        g_autofree char *text = plan_problems_text(problems, file);
        g_printerr("%s", text);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO,
                "%u problem%s; nothing was started", problems->len, problems->len == 1 ? "" : "s");
    }
    return script;
}

/* A whole number that JSON keeps exactly. */
static bool choose_seed(struct plan *plan, const char *wanted, GError **error)
{
    if (wanted && !g_ascii_string_to_unsigned(
                          wanted, 10, 0, G_GUINT64_CONSTANT(1) << 53, &plan->seed, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--seed \"%s\": use a whole number from 0 to 2^53", wanted);
        return false;
    }
    return true;
}

/* What cannot fit is refused, what will be late is said. */
static bool fits(const struct plan *plan, enum virt_accel accel, int ready_limit_s, GError **error)
{
    struct capacity_host host;
    struct capacity capacity;
    preflight(plan, accel, ready_limit_s, &host, &capacity);
    preflight_warn(&capacity, &host);
    return capacity_check(plan, &capacity, error);
}

static struct plan *load(const char *path, const struct run_options *options,
        struct script **ret_script, GError **error)
{
    auto_plan plan = NULL;
    *ret_script = read_scenario(path, &plan, error);
    if (!*ret_script || !choose_seed(plan, options->seed, error) ||
            !choose_name(plan, options->name, error) || !plan_expand(plan, options->teams, error)) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}

/* Images must be there before anything starts; the boot kernel of one also proves KVM. */
static struct image *find_images(const struct plan *plan, GError **error)
{
    struct image *first = NULL;
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = g_ptr_array_index(plan->hosts, i);
        struct image *image = image_find(host->image, error);
        if (!image) {
            image_free(first);
            return NULL;
        }
        if (first) {
            image_free(image);
        } else {
            first = image;
        }
    }
    return first;
}

static bool choose_accel(const char *wanted, const struct image *image, enum virt_accel *ret,
        char **ret_why, GError **error)
{
    if (wanted && strcmp(wanted, "auto") != 0 && strcmp(wanted, "kvm") != 0 &&
            strcmp(wanted, "tcg") != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--accel \"%s\": use auto, kvm or tcg", wanted);
        return false;
    }
    if (wanted && !strcmp(wanted, "tcg")) {
        *ret = VIRT_ACCEL_TCG;
        *ret_why = g_strdup("asked for by --accel tcg");
        return true;
    }
    g_autofree char *images = paths_images_dir();
    g_autofree char *cache = g_build_filename(images, "accel", NULL);
    *ret = virt_probe_accel(image->kernel, image->initrd, cache, ret_why);
    if (wanted && !strcmp(wanted, "kvm") && *ret != VIRT_ACCEL_KVM) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "no KVM here: %s; leave out --accel to run with TCG", *ret_why);
        return false;
    }
    return true;
}

static int run_scenario(
        const char *path, const struct run_options *options, gint64 until_us, GError **error)
{
    struct script *script = NULL;
    auto_plan plan = load(path, options, &script, error);
    struct image *image = plan ? find_images(plan, error) : NULL;
    enum virt_accel accel = VIRT_ACCEL_TCG;
    g_autofree char *why = NULL;
    if (!image || !choose_accel(options->accel, image, &accel, &why, error) ||
            !fits(plan, accel, options->ready_limit, error)) {
        image_free(image);
        script_free(script);
        return 1;
    }
    image_free(image);
    cli_say("%s: %s, %u machines, %s", plan->name, plan->title, plan->machines->len,
            accel == VIRT_ACCEL_KVM ? "KVM" : "TCG");
    if (options->display && !spawn_display(plan->name, error)) {
        script_free(script);
        return 1;
    }
    const struct engine_options engine = {
            .plan = plan,
            .script = script,
            .accel = accel,
            .accel_why = why,
            .until_us = until_us,
            .ready_limit_s = options->ready_limit,
            .connect = options->connect,
    };
    return engine_run(&engine, error) ? 0 : 1;
}

static int run(int argc, char **argv, GError **error)
{
    __attribute__((cleanup(options_clear))) struct run_options options = {0};
    const GOptionEntry entries[] = {
            {"name", 0, 0, G_OPTION_ARG_STRING, &options.name, "the exercise's name", "NAME"},
            {"teams", 0, 0, G_OPTION_ARG_INT, &options.teams, "number of blue teams", "K"},
            {"seed", 0, 0, G_OPTION_ARG_STRING, &options.seed, "seed of all that is random", "S"},
            {"until", 0, 0, G_OPTION_ARG_STRING, &options.until, "end at this exercise time", "T"},
            {"accel", 0, 0, G_OPTION_ARG_STRING, &options.accel, "auto, kvm or tcg", "A"},
            {"ready-limit", 0, 0, G_OPTION_ARG_INT, &options.ready_limit,
                    "seconds until all machines must be ready (300)", "S"},
            {"connect", 0, 0, G_OPTION_ARG_STRING, &options.connect,
                    "a libvirt daemon, as qemu:///system", "URI"},
            {"display", 0, 0, G_OPTION_ARG_NONE, &options.display, "open the display", NULL},
            {"user", 0, 0, G_OPTION_ARG_STRING, &options.user, "as root: become this account", "U"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_run, entries, &argc, &argv, 1, 1, error)) {
        return 2;
    }
    if (options.connect && !virt_daemon_uri_check(options.connect, error)) {
        return 2;
    }
    gint64 until_us = 0;
    if (options.until && (!plan_duration_parse(options.until, &until_us) || until_us <= 0)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--until \"%s\": use a time such as 90s, 2m or 1h", options.until);
        return 2;
    }
    if (options.teams < 0 || options.teams > PLAN_TEAMS_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--teams %d: use 1 to %d",
                options.teams, PLAN_TEAMS_MAX);
        return 2;
    }
    if (!cli_become_user(options.user, argc, argv, error)) {
        return 3;
    }
    return run_scenario(argv[1], &options, until_us, error);
}

const struct verb verb_run = {
        .name = "run",
        .usage = "run SCENARIO [OPTION…]",
        .summary = "run an exercise from its scenario to the final standings",
        .order = 1,
        .keeps_root = true,
        .run = run,
};
