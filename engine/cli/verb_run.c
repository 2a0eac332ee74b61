/* verb_run.c - sandtable run: one exercise from its scenario to its final standings. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/accel.h"
#include "cli/cli.h"
#include "cli/daemon_host.h"
#include "cli/engine.h"
#include "cli/exam_seats.h"
#include "cli/impair_host.h"
#include "cli/load_scenario.h"
#include "cli/preflight.h"
#include "cli/routing_host.h"
#include "cli/spawn_display.h"
#include "image/image.h"
#include "ledger/ledger.h"
#include "script/script.h"
#include "virt/virt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct verb verb_run;

struct run_options {
    char *name, *seed, *until, *accel, *boot, *user, *resume, *connect, *suite;
    char *roster_path, *peer;
    enum suite by; /* suite */
    cJSON *roster;
    int teams, ready_limit;
    gboolean display, wait, without_impairments;
};

static void options_clear(struct run_options *options)
{
    g_free(options->name);
    g_free(options->seed);
    g_free(options->until);
    g_free(options->accel);
    g_free(options->boot);
    g_free(options->user);
    g_free(options->connect);
    g_free(options->peer);
    g_free(options->resume);
    g_free(options->roster_path);
    cJSON_Delete(options->roster);
    g_free(options->suite);
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
        g_autofree char *root = paths_run_root(wanted);
        g_autofree char *interrupted =
                g_file_test(root, G_FILE_TEST_EXISTS) && !ledger_is_locked(ledger, NULL)
                        ? g_strdup_printf("; it was interrupted: `sandtable run --resume %s` goes "
                                          "on with it",
                                  wanted)
                        : g_strdup("");
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "an exercise \"%s\" has its ledger at %s: choose another --name%s", wanted, ledger,
                interrupted);
        return false;
    }
    g_free(plan->name);
    plan->name = g_strdup(wanted);
    return true;
}

static struct script *read_scenario(const char *path, struct plan **ret_plan, GError **error)
{
    g_autoptr(GPtrArray) problems = plan_problems_new();
    struct script *script = cli_load_scenario(path, ret_plan, problems, error);
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
            !choose_name(plan, options->name, error) ||
            !plan_expand(plan, exam_seats_teams(plan, options->roster, options->teams), error) ||
            !exam_seats_assign(plan, options->roster, NULL, error) || !plan_fits(plan, error) ||
            !routing_host_fits(plan, error) || !routing_peer_fits(plan, options->peer, error) ||
            (options->connect && !daemon_host_fits(plan, error)) ||
            (!options->without_impairments && !impair_host_fits(plan, error))) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}

/* Images must be there before anything starts; the boot kernel of one also proves KVM. */
static struct image *find_images(const struct plan *plan, GError **error)
{
    struct image *best = NULL;
    for (guint i = 0; i < plan->hosts->len; i++) {
        const struct plan_host *host = g_ptr_array_index(plan->hosts, i);
        struct image *image = image_find(host->image, error);
        if (!image) {
            image_free(best);
            return NULL;
        }
        bool better = !best || (!best->kernel && image->kernel);
        image_free(better ? best : image);
        best = better ? image : best;
    }
    if (best && !best->kernel) { /* all are imported */
        struct image *kernel = image_find(IMAGE_KERNEL, NULL);
        if (kernel) {
            image_free(best);
            best = kernel;
        }
    }
    return best;
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
    if (!image->kernel) {
        *ret_why = g_strdup("no kernel to try KVM with: sandtable image build kernel");
        *ret = wanted && !strcmp(wanted, "kvm") ? VIRT_ACCEL_KVM : VIRT_ACCEL_TCG;
        return true;
    }
    *ret = accel_probe(image, ret_why);
    if (wanted && !strcmp(wanted, "kvm") && *ret != VIRT_ACCEL_KVM) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "no KVM here: %s; leave out --accel to run with TCG", *ret_why);
        return false;
    }
    return true;
}

static bool choose_boot(const char *wanted, enum world_boot *ret, GError **error)
{
    static const char *const words[] = {
            [WORLD_BOOT_AUTO] = "auto", [WORLD_BOOT_WARM] = "warm", [WORLD_BOOT_COLD] = "cold"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!strcmp(wanted ? wanted : "auto", words[i])) {
            *ret = (enum world_boot)i;
            return true;
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
            "--boot \"%s\": use auto, warm or cold", wanted);
    return false;
}

static bool start(struct engine_options *engine, GError **error)
{
    cli_say("%s: %s, %u machines, %s", engine->plan->name, engine->plan->title,
            engine->plan->machines->len, engine->accel == VIRT_ACCEL_KVM ? "KVM" : "TCG");
    return engine_run(engine, error);
}

static int run_scenario(
        const char *path, const struct run_options *options, gint64 until_us, GError **error)
{
    struct script *script = NULL;
    auto_plan plan = load(path, options, &script, error);
    struct image *image = plan ? find_images(plan, error) : NULL;
    enum virt_accel accel = VIRT_ACCEL_TCG;
    g_autofree char *why = NULL;
    enum world_boot boot = WORLD_BOOT_AUTO;
    if (!image || !choose_boot(options->boot, &boot, error) ||
            !choose_accel(options->accel, image, &accel, &why, error) ||
            !fits(plan, accel, options->ready_limit, error)) {
        image_free(image);
        script_free(script);
        return 1;
    }
    image_free(image);
    bool shown = !options->display || spawn_display(plan->name, error);
    int claim = shown ? engine_claim(plan->name, false, error) : -1;
    if (claim < 0) {
        script_free(script);
        return 1;
    }
    struct engine_options engine = {
            .plan = plan,
            .script = script,
            .accel = accel,
            .boot = boot,
            .accel_why = why,
            .until_us = until_us,
            .ready_limit_s = options->ready_limit,
            .without_impairments = options->without_impairments,
            .wait = options->wait,
            .connect = options->connect,
            .peer = options->peer,
            .teams = exam_seats_teams(plan, options->roster, options->teams),
            .roster = options->roster,
            .suite = options->by,
            .claim = claim,
    };
    return start(&engine, error) ? 0 : 1;
}

/* ---- an exercise whose engine was interrupted ---------------------------------------------- */

/* The copy that was kept; without one what the user gives, or where it was. */
static char *find_scenario(const char *name, const char *given, const cJSON *with)
{
    g_autofree char *kept = paths_scenario(name);
    g_autofree char *file = script_file(kept);
    if (given || !g_file_test(file, G_FILE_TEST_EXISTS)) {
        return g_strdup(given ? given : json_string(with, "scenario", ""));
    }
    return g_steal_pointer(&kept);
}

static struct plan *load_again(const char *path, const struct resume *resume,
        const struct run_options *options, struct script **ret_script, GError **error)
{
    const cJSON *with = json_object(resume->created, "options");
    const cJSON *old = json_object(resume->created, "plan");
    auto_plan plan = NULL;
    *ret_script = read_scenario(path, &plan, error);
    if (!*ret_script) {
        return NULL;
    }
    g_free(plan->name);
    plan->name = g_strdup(options->resume);
    plan->seed = (guint64)json_int(old, "seed", 0);
    const char *nonce = json_string(json_object(old, "exam"), "nonce", NULL);
    bool impaired = !options->without_impairments && !json_bool(with, "without_impairments", false);
    if (!plan_expand(plan, (int)json_int(with, "teams", 0), error) ||
            !exam_seats_assign(plan, json_object(with, "roster"), nonce, error) ||
            !resume_plan_fits(resume, plan, error) || !routing_host_fits(plan, error) ||
            (impaired && !impair_host_fits(plan, error))) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}

/* As it was, unless the user says otherwise. */
static bool accel_again(const struct run_options *options, const struct resume *resume,
        const struct plan *plan, struct engine_options *engine, char **ret_why, GError **error)
{
    struct image *image = find_images(plan, error);
    if (!image) {
        return false;
    }
    const char *was = json_string(resume->created, "accel", "tcg");
    bool ok = true;
    if (options->accel) {
        ok = choose_accel(options->accel, image, &engine->accel, ret_why, error);
    } else {
        engine->accel = !strcmp(was, "kvm") ? VIRT_ACCEL_KVM : VIRT_ACCEL_TCG;
    }
    image_free(image);
    return ok;
}

static int go_on(const char *given, const struct run_options *options, gint64 until_us, int claim,
        GError **error)
{
    struct resume *resume = engine_read_resume(options->resume, error);
    if (!resume) {
        close(claim);
        return 1;
    }
    const cJSON *with = json_object(resume->created, "options");
    g_autofree char *path = find_scenario(options->resume, given, with);
    g_autofree char *why = NULL;
    struct script *script = NULL;
    auto_plan plan = load_again(path, resume, options, &script, error);
    struct engine_options engine = {
            .plan = plan,
            .script = script,
            .until_us = until_us ? until_us : json_int(with, "until_us", 0),
            .ready_limit_s = options->ready_limit ? options->ready_limit
                                                  : (int)json_int(with, "ready_limit_s", 0),
            .teams = (int)json_int(with, "teams", 0),
            .without_impairments =
                    options->without_impairments || json_bool(with, "without_impairments", false),
            .wait = options->wait || json_bool(with, "wait", false),
            .roster = json_object(with, "roster"),
            .peer = json_string(with, "peer", NULL),
            .claim = claim,
            .resume = resume,
    };
    const char *boot = options->boot ? options->boot : json_string(with, "boot", "auto");
    if (!plan || !choose_boot(boot, &engine.boot, error) ||
            !accel_again(options, resume, plan, &engine, &why, error)) {
        resume_free(resume);
        script_free(script);
        close(claim);
        return 1;
    }
    engine.accel_why = why;
    return start(&engine, error) ? 0 : 1;
}

static int run_again(
        const char *given, const struct run_options *options, gint64 until_us, GError **error)
{
    const char *name = options->resume;
    g_autofree char *ledger = paths_ledger(name);
    if (options->name || options->seed || options->teams || options->roster || options->suite ||
            options->peer) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--resume goes on with what was: leave out --name, --seed, --teams, --roster, "
                "--peer and --suite");
        return 2;
    }
    if (!paths_name_is_valid(name) || !g_file_test(ledger, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no exercise \"%s\"; `sandtable list` shows them", name);
        return 1;
    }
    g_autofree char *root = paths_run_root(name);
    bool is_new = !g_file_test(root, G_FILE_TEST_EXISTS);
    bool shown = !options->display || spawn_display(name, error);
    int claim = shown ? engine_claim(name, true, error) : -1;
    if (claim < 0) {
        return 1;
    }
    int code = go_on(given, options, until_us, claim, error);
    if (is_new) {
        (void)rmdir(root); /* ours, when nothing came of it */
    }
    return code;
}

/* Warm states belong to the cell's own taps. */
static bool is_cold(const char *boot, GError **error)
{
    if (boot && !strcmp(boot, "warm")) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "on a libvirt daemon machines start cold: leave out --boot warm");
        return false;
    }
    return true;
}

/* What the command line says, as far as it can be judged before anything is read. */
static bool are_sound(struct run_options *options, int argc, gint64 *ret_until_us, GError **error)
{
    if (options->suite && !suite_parse(options->suite, &options->by, error)) {
        return false;
    }
    if (argc < 2 && !options->resume) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "say which scenario; usage: sandtable %s", verb_run.usage);
        return false;
    }
    if (options->connect &&
            (!virt_daemon_uri_check(options->connect, error) || !is_cold(options->boot, error))) {
        return false;
    }
    *ret_until_us = 0;
    if (options->until &&
            (!plan_duration_parse(options->until, ret_until_us) || *ret_until_us <= 0)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "--until \"%s\": use a time such as 90s, 2m or 1h", options->until);
        return false;
    }
    if (options->teams < 0 || options->teams > PLAN_TEAMS_MAX) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "--teams %d: use 1 to %d",
                options->teams, PLAN_TEAMS_MAX);
        return false;
    }
    options->roster = options->roster_path ? exam_seats_roster(options->roster_path, error) : NULL;
    return !options->roster_path || options->roster;
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
            {"boot", 0, 0, G_OPTION_ARG_STRING, &options.boot, "auto, warm (or not at all) or cold",
                    "HOW"},
            {"ready-limit", 0, 0, G_OPTION_ARG_INT, &options.ready_limit,
                    "seconds until all machines must be ready (300)", "S"},
            {"without-impairments", 0, 0, G_OPTION_ARG_NONE, &options.without_impairments,
                    "leave links as they are", NULL},
            {"connect", 0, 0, G_OPTION_ARG_STRING, &options.connect,
                    "a libvirt daemon, as qemu:///system", "URI"},
            {"peer", 0, 0, G_OPTION_ARG_STRING, &options.peer,
                    "the exercise that stretched networks reach into", "NAME"},
            {"display", 0, 0, G_OPTION_ARG_NONE, &options.display, "open the display", NULL},
            {"wait", 0, 0, G_OPTION_ARG_NONE, &options.wait,
                    "once all is ready, wait for `sandtable start` or the display", NULL},
            {"resume", 0, 0, G_OPTION_ARG_STRING, &options.resume,
                    "go on with an exercise whose engine was interrupted", "NAME"},
            {"roster", 0, 0, G_OPTION_ARG_FILENAME, &options.roster_path,
                    "who takes the exam: ids, extra time", "FILE"},
            {"suite", 0, 0, G_OPTION_ARG_STRING, &options.suite,
                    "cryptography of the ledger: ed25519 or sm", "SUITE"},
            {"user", 0, 0, G_OPTION_ARG_STRING, &options.user, "as root: become this account", "U"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    gint64 until_us = 0;
    if (!cli_parse(&verb_run, entries, &argc, &argv, 0, 1, error) ||
            !are_sound(&options, argc, &until_us, error)) {
        return 2;
    }
    if (!cli_become_user(options.user, argc, argv, error)) {
        return 3;
    }
    return options.resume ? run_again(argc > 1 ? argv[1] : NULL, &options, until_us, error)
                          : run_scenario(argv[1], &options, until_us, error);
}

const struct verb verb_run = {
        .name = "run",
        .usage = "run SCENARIO [OPTION…] | run --resume NAME",
        .summary = "run an exercise from its scenario to the final standings",
        .order = 1,
        .keeps_root = true,
        .run = run,
};
