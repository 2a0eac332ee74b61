/* image_warm.c - warm states of images, for `sandtable image`: built ahead, listed, verified. */
#include "cli/image_warm.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/accel.h"
#include "cli/cli.h"
#include "image/warm.h"
#include "world/warm_template.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- building -------------------------------------------------------------------------------- */

struct warming {
    struct virt *virt;
    struct net *net;
    GMainLoop *loop;
    struct warm_template *template; /* the one under way */
    const char *image;
    gint64 from_us;
    GError *error;
};

static void on_state(
        const char *domain, enum machine_state state, const char *reason, gpointer data)
{
    struct warming *warming = data;
    if (warming->template && !strcmp(warm_template_domain(warming->template), domain)) {
        warm_template_on_virt(warming->template, state, reason);
    }
}

static void on_template(
        const struct image_warm *files, bool fresh, const GError *error, gpointer data)
{
    struct warming *warming = data;
    if (!files) {
        warming->error = g_error_copy(error);
    } else {
        cli_say("image %s: warm state %s %s (%.1f s)", warming->image, files->key,
                fresh ? "made" : "is there",
                (double)(g_get_monotonic_time() - warming->from_us) / G_USEC_PER_SEC);
    }
    g_main_loop_quit(warming->loop);
}

static gboolean on_signal(gpointer data)
{
    struct warming *warming = data;
    g_clear_error(&warming->error);
    warming->error = g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED, "interrupted");
    g_main_loop_quit(warming->loop);
    return G_SOURCE_CONTINUE;
}

static struct warm_template *warm_one(struct warming *warming, const struct image *image,
        const struct warm_template_options *options)
{
    warming->image = image->name;
    warming->from_us = g_get_monotonic_time();
    warming->template = warm_template_new(options);
    warm_template_get(warming->template, on_template, warming);
    g_main_loop_run(warming->loop);
    return warming->template;
}

static void warm_all(struct warming *warming, GPtrArray *images, enum virt_accel accel,
        int memory_mib, int cards)
{
    g_autoptr(GPtrArray) templates = g_ptr_array_new();
    for (guint i = 0; i < images->len && !warming->error; i++) {
        const struct image *image = images->pdata[i];
        g_autofree char *domain = g_strdup_printf("w%u", i + 1);
        const struct warm_template_options options = {
                .virt = warming->virt,
                .net = warming->net,
                .image = image,
                .domain = domain,
                .memory_mib = memory_mib ? memory_mib : image->memory_mib,
                .vcpus = 1,
                .cards = cards,
                .accel = accel,
        };
        g_ptr_array_add(templates, warm_one(warming, image, &options));
    }
    warming->template = NULL;
    virt_close(warming->virt, true);
    net_close(warming->net);
    for (guint i = 0; i < templates->len; i++) {
        warm_template_free(templates->pdata[i]);
    }
}

static bool in_cell(GPtrArray *images, enum virt_accel accel, const char *root, int memory_mib,
        int cards, GError **error)
{
    struct cell_identity cell;
    struct warming warming = {0};
    if (!cell_enter(accel == VIRT_ACCEL_TCG, &cell, error)) {
        return false;
    }
    warming.net = net_open(NULL, error);
    warming.virt = warming.net ? virt_open(root, NULL, on_state, &warming, error) : NULL;
    if (!warming.virt) {
        net_close(warming.net);
        return false;
    }
    warming.loop = g_main_loop_new(NULL, FALSE);
    guint signals[] = {g_unix_signal_add(SIGINT, on_signal, &warming),
            g_unix_signal_add(SIGTERM, on_signal, &warming)};
    warm_all(&warming, images, accel, memory_mib, cards);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_source_remove(signals[i]);
    }
    g_main_loop_unref(warming.loop);
    if (warming.error) {
        g_propagate_error(error, warming.error);
        return false;
    }
    return true;
}

static void free_image(gpointer data)
{
    image_free(data);
}

bool image_warm_build(char **names, int memory_mib, int cards, GError **error)
{
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(free_image);
    for (char **name = names; *name; name++) {
        struct image *image = strcmp(*name, IMAGE_KERNEL) != 0 ? image_find(*name, error) : NULL;
        if (image) {
            g_ptr_array_add(images, image);
        } else if (strcmp(*name, IMAGE_KERNEL) != 0) {
            return false;
        }
        if (image && !image->kernel) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "image \"%s\" was imported: machines of it boot, they have no warm state",
                    *name);
            return false;
        }
    }
    if (images->len == 0) {
        return true;
    }
    const struct image *first = images->pdata[0];
    g_autofree char *why = NULL;
    enum virt_accel accel = accel_probe(first, &why);
    g_autofree char *name = g_strdup_printf("warm-%d.d", (int)getpid());
    g_autofree char *dir = paths_runtime_dir();
    g_autofree char *root = g_build_filename(dir, name, NULL);
    bool ok = paths_make(root, error) && in_cell(images, accel, root, memory_mib, cards, error);
    paths_remove_tree(root, NULL);
    return ok;
}

/* ---- listing --------------------------------------------------------------------------------- */

bool image_warm_add(cJSON *images, GError **error)
{
    auto_json states = image_warm_list(false, error);
    cJSON *image = NULL;
    cJSON_ArrayForEach(image, images)
    {
        cJSON *list = cJSON_AddArrayToObject(image, "warm");
        const cJSON *state = NULL;
        cJSON_ArrayForEach(state, states)
        {
            if (!strcmp(json_string(state, "image", ""), json_string(image, "name", "?"))) {
                cJSON_AddItemToArray(list, cJSON_Duplicate(state, true));
            }
        }
    }
    return states != NULL;
}

static const char *state_word(const cJSON *state)
{
    return json_string(state, "damaged", NULL)  ? "damaged"
           : json_bool(state, "current", false) ? "current"
                                                : "stale";
}

void image_warm_print(const cJSON *images)
{
    bool head = false;
    const cJSON *image = NULL;
    cJSON_ArrayForEach(image, images)
    {
        const cJSON *state = NULL;
        cJSON_ArrayForEach(state, json_array(image, "warm"))
        {
            if (!head) {
                printf("\n%-12s %-8s %-32s %9s %5s %5s %9s\n", "WARM", "STATE", "KEY", "MEMORY",
                        "VCPUS", "CARDS", "ON DISK");
                head = true;
            }
            g_autofree char *used = g_format_size_full(
                    (guint64)json_int(state, "used", 0), G_FORMAT_SIZE_IEC_UNITS);
            printf("%-12s %-8s %-32s %5d MiB %5d %5d %9s\n", json_string(state, "image", ""),
                    state_word(state), json_string(state, "key", ""),
                    (int)json_int(state, "memory_mib", 0), (int)json_int(state, "vcpus", 0),
                    (int)json_int(state, "cards", 0), used);
        }
    }
}

bool image_warm_verify(char **names, GError **error)
{
    auto_json states = image_warm_list(true, error);
    const cJSON *state = NULL;
    bool ok = states != NULL;
    cJSON_ArrayForEach(state, states)
    {
        const char *image = json_string(state, "image", "");
        const char *damage = json_string(state, "damaged", NULL);
        if (!damage && !g_strv_contains((const char *const *)names, image)) {
            continue;
        }
        printf("%s, warm state %s: %s\n", image[0] ? image : "?", json_string(state, "key", ""),
                damage ? damage : "whole");
        if (damage && ok) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                    "%s; `sandtable image "
                    "prune` removes it",
                    damage);
            ok = false;
        }
    }
    return ok;
}
