/* verb_image.c - sandtable image build, warm, list, verify, prune; import, remove: image_import.c. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/image_import.h"
#include "cli/image_warm.h"
#include "image/import.h"
#include "image/warm.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

extern const struct verb verb_image;

#define PARALLEL_BUILDS 2 /* a build keeps about one processor busy */

struct job {
    char *name;
    GError *error;
    bool cached, ok;
    double seconds;
};

/* Called from the builders' threads; one line is one write. */
static void progress(const char *line, gpointer data)
{
    (void)data;
    cli_say("image %s", line);
}

static void build_job(gpointer item, gpointer data)
{
    (void)data;
    struct job *job = item;
    gint64 start = g_get_monotonic_time();
    job->ok = image_build(job->name, progress, NULL, &job->cached, &job->error);
    job->seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    if (job->ok) {
        cli_say("image %s: %s (%.1f s)", job->name, job->cached ? "cached" : "built", job->seconds);
    } else {
        cli_say("image %s: failed", job->name);
    }
}

static void job_free(gpointer data)
{
    struct job *job = data;
    g_free(job->name);
    g_clear_error(&job->error);
    g_free(job);
}

static struct job *job_new(const char *name)
{
    struct job *job = g_new0(struct job, 1);
    job->name = g_strdup(name);
    return job;
}

/* The kernel first, alone: the others would only wait for its lock. */
static bool build_all(char **names, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
    g_ptr_array_add(jobs, job_new(IMAGE_KERNEL));
    build_job(jobs->pdata[0], NULL);
    GThreadPool *pool = g_thread_pool_new(build_job, NULL, PARALLEL_BUILDS, FALSE, error);
    if (!pool) {
        return false;
    }
    const struct job *kernel = jobs->pdata[0];
    for (char **name = names; kernel->ok && *name; name++) {
        if (strcmp(*name, IMAGE_KERNEL) != 0) {
            struct job *job = job_new(*name);
            g_ptr_array_add(jobs, job);
            g_thread_pool_push(pool, job, NULL);
        }
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < jobs->len; i++) {
        struct job *job = jobs->pdata[i];
        if (!job->ok) {
            g_propagate_error(error, g_steal_pointer(&job->error));
            return false;
        }
    }
    return true;
}

static bool verify_all(char **names, GError **error)
{
    GError *first = NULL;
    for (char **name = names; *name; name++) {
        g_autoptr(GError) problem = NULL;
        if (image_verify(*name, &problem)) {
            printf("%s: whole\n", *name);
            continue;
        }
        printf("%s: %s\n", *name, problem->message);
        if (!first) {
            first = g_steal_pointer(&problem);
        }
    }
    if (first) {
        g_propagate_error(error, first);
        return false;
    }
    return image_warm_verify(names, error);
}

/* Consumes names. */
static char **with_imported(char **names)
{
    g_auto(GStrv) recipes = names;
    g_auto(GStrv) imported = import_names();
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_addv(builder, (const char **)recipes);
    g_strv_builder_addv(builder, (const char **)imported);
    return g_strv_builder_end(builder);
}

static bool list(gboolean as_json, GError **error)
{
    cJSON *images = image_list(error);
    if (!images || !image_warm_add(images, error)) {
        cJSON_Delete(images);
        return false;
    }
    if (as_json) {
        cli_print_json(images);
        return true;
    }
    printf("%-12s %-9s %-16s %9s %9s  %s\n", "NAME", "STATE", "DIGEST", "SIZE", "PACKAGES",
            "DESCRIPTION");
    const cJSON *image = NULL;
    cJSON_ArrayForEach(image, images)
    {
        const char *state = json_string(image, "damaged", NULL)   ? "damaged"
                            : json_bool(image, "imported", false) ? "imported"
                            : json_bool(image, "built", false)    ? "built"
                                                                  : "not built";
        g_autofree char *size =
                g_format_size_full((guint64)json_int(image, "size", 0), G_FORMAT_SIZE_IEC_UNITS);
        printf("%-12s %-9s %-16s %9s %9d  %s\n", json_string(image, "name", ""), state,
                json_string(image, "digest", ""), size, (int)json_int(image, "packages", 0),
                json_string(image, "description", ""));
    }
    image_warm_print(images);
    cJSON_Delete(images);
    return true;
}

static bool prune(GError **error)
{
    int removed = image_prune(error);
    int warm = removed >= 0 ? image_warm_prune(error) : -1;
    if (warm >= 0) {
        cli_say("%d old build%s and %d warm state%s removed", removed, removed == 1 ? "" : "s",
                warm, warm == 1 ? "" : "s");
    }
    return warm >= 0;
}

/* What needs no more than names: all images when there are none. */
static bool act(const char *word, char **given, bool json, GError **error)
{
    if (!strcmp(word, "list")) {
        return list(json, error);
    }
    if (!strcmp(word, "prune")) {
        return prune(error);
    }
    g_auto(GStrv) names = *given ? g_strdupv(given) : image_recipes(error);
    if (names && !*given && !strcmp(word, "verify")) {
        names = with_imported(names);
    }
    return names && (!strcmp(word, "build") ? build_all(names, error) : verify_all(names, error));
}

static int run(int argc, char **argv, GError **error)
{
    static const char *const words[] = {
            "build", "warm", "list", "verify", "prune", "import", "remove", NULL};
    if (argc > 1 && (!strcmp(argv[1], "import") || !strcmp(argv[1], "remove"))) {
        return !strcmp(argv[1], "import") ? image_import_run(argc - 1, argv + 1, error)
                                          : image_remove_run(argc - 1, argv + 1, error);
    }
    gboolean json = FALSE;
    int memory = 0, cards = 1;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document (list)", NULL},
            {"memory", 0, 0, G_OPTION_ARG_INT, &memory, "of the machines, in MiB (warm)", "MIB"},
            {"cards", 0, 0, G_OPTION_ARG_INT, &cards, "network cards of the machines (warm)", "N"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_image, entries, &argc, &argv, 1, -1, error)) {
        return 2;
    }
    const char *word = argv[1];
    bool is_warm = !strcmp(word, "warm");
    bool takes_names = !strcmp(word, "build") || !strcmp(word, "verify") || is_warm;
    bool shape_is_sane = memory >= 0 && memory <= 65536 && cards >= 0 && cards <= 16 &&
                         (is_warm || (memory == 0 && cards == 1));
    if (!shape_is_sane || !g_strv_contains(words, word) || (argc > 2 && !takes_names) ||
            (json && strcmp(word, "list") != 0)) {
        g_autofree char *hint = text_did_you_mean(word, words);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "image %s: not understood%s; usage: sandtable %s", word, hint, verb_image.usage);
        return 2;
    }
    if (is_warm) {
        g_auto(GStrv) names = argc > 2 ? g_strdupv(argv + 2) : image_recipes(error);
        return names && image_warm_build(names, memory, cards, error) ? 0 : 1;
    }
    return act(word, argv + 2, json, error) ? 0 : 1;
}

const struct verb verb_image = {
        .name = "image",
        .usage = "image build [NAME…] | warm [NAME…] [--memory MIB] [--cards N] | list [--json] | "
                 "verify [NAME…] | prune | import NAME FILE … | remove NAME…",
        .summary = "machine images: build, warm, import, list, check every byte, remove old ones",
        .order = 60,
        .run = run,
};
