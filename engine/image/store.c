/* store.c - what is built, found by recipe and digest; listing, verification, pruning. */
#include "image/store.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "image/image.h"
#include "image/import.h"
#include "image/manifest.h"

#include <string.h>

char *store_dir(const char *name, const char *digest)
{
    g_autofree char *images = paths_images_dir();
    g_autofree char *build = g_strconcat(name, "-", digest, NULL);
    return g_build_filename(images, build, NULL);
}

bool store_remove(const char *dir, GError **error)
{
    const char *argv[] = {"rm", "-rf", "--one-file-system", "--", dir, NULL};
    int status = 0;
    return g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                   &status, error) &&
           g_spawn_check_wait_status(status, error);
}

void image_free(struct image *image)
{
    if (!image) {
        return;
    }
    g_free(image->name);
    g_free(image->digest);
    g_free(image->dir);
    g_free(image->root);
    g_free(image->kernel);
    g_free(image->initrd);
    g_free(image->modules);
    g_strfreev(image->probe);
    image_disk_free(image->disk);
    g_free(image);
}

/* The build of that recipe, its sizes (or, with whole, its bytes) checked; *ret_dir and *ret_digest
 * are set even when it is not there. */
static cJSON *find_build(
        const struct recipe *recipe, bool whole, char **ret_dir, char **ret_digest, GError **error)
{
    *ret_digest = recipe_digest(recipe, error);
    if (!*ret_digest) {
        return NULL;
    }
    *ret_dir = store_dir(recipe->name, *ret_digest);
    auto_json manifest = manifest_load(*ret_dir, recipe->name, *ret_digest, error);
    if (!manifest || !manifest_check(manifest, *ret_dir, whole, error)) {
        return NULL;
    }
    return g_steal_pointer(&manifest);
}

static gint64 total_size(const cJSON *manifest)
{
    gint64 size = 0;
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_array(manifest, "files"))
    {
        size += json_int(file, "size", 0);
    }
    return size;
}

static bool add_kernel(struct image *image, GError **error)
{
    g_autofree char *dir = NULL, *digest = NULL;
    auto_recipe kernel = recipe_load(IMAGE_KERNEL, error);
    auto_json manifest = kernel ? find_build(kernel, false, &dir, &digest, error) : NULL;
    if (!manifest) {
        return false;
    }
    image->kernel = g_build_filename(dir, "vmlinux", NULL);
    image->initrd = g_build_filename(dir, "initrd", NULL);
    image->modules = g_build_filename(dir, "modules.squashfs", NULL);
    return true;
}

struct image *image_find(const char *name, GError **error)
{
    g_autoptr(GError) problem = NULL;
    struct image *imported = import_find(name, &problem);
    if (imported || problem) {
        if (problem) {
            g_propagate_error(error, g_steal_pointer(&problem));
        }
        return imported;
    }
    auto_recipe recipe = recipe_load(name, error);
    g_autofree char *dir = NULL, *digest = NULL;
    auto_json manifest = recipe ? find_build(recipe, false, &dir, &digest, error) : NULL;
    if (!manifest) {
        return NULL;
    }
    struct image *image = g_new0(struct image, 1);
    image->name = g_strdup(name);
    image->digest = g_steal_pointer(&digest);
    image->root =
            strcmp(name, IMAGE_KERNEL) != 0 ? g_build_filename(dir, "root.squashfs", NULL) : NULL;
    image->dir = g_steal_pointer(&dir);
    image->size = total_size(manifest);
    image->memory_mib = recipe->memory_mib;
    image->probe = g_strdupv(recipe->probe);
    if (!add_kernel(image, error)) {
        image_free(image);
        return NULL;
    }
    return image;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const char *const *left = a, *const *right = b;
    bool left_kernel = !strcmp(*left, IMAGE_KERNEL), right_kernel = !strcmp(*right, IMAGE_KERNEL);
    return left_kernel != right_kernel ? (left_kernel ? -1 : 1) : strcmp(*left, *right);
}

char **image_recipes(GError **error)
{
    g_autofree char *images = recipe_images_dir();
    g_autoptr(GDir) dir = g_dir_open(images, 0, error);
    if (!dir) {
        return NULL;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *name = NULL;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *recipe = g_build_filename(images, name, "recipe", NULL);
        if (paths_name_is_valid(name) && strcmp(name, IMAGE_BASE) != 0 &&
                g_file_test(recipe, G_FILE_TEST_IS_REGULAR)) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

char **image_machine_recipes(GError **error)
{
    g_auto(GStrv) all = image_recipes(error);
    if (!all) {
        return NULL;
    }
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **name = all; *name; name++) {
        if (strcmp(*name, IMAGE_KERNEL) != 0) {
            g_strv_builder_add(builder, *name);
        }
    }
    g_auto(GStrv) imported = import_names();
    g_strv_builder_addv(builder, (const char **)imported);
    return g_strv_builder_end(builder);
}

static cJSON *list_one(const char *name, GError **error)
{
    auto_recipe recipe = recipe_load(name, error);
    g_autofree char *dir = NULL, *digest = NULL;
    g_autoptr(GError) problem = NULL;
    auto_json manifest = recipe ? find_build(recipe, false, &dir, &digest, &problem) : NULL;
    if (!recipe || !digest) {
        if (problem) {
            g_propagate_error(error, g_steal_pointer(&problem));
        }
        return NULL;
    }
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "name", name);
    cJSON_AddStringToObject(entry, "digest", digest);
    cJSON_AddBoolToObject(entry, "built", manifest != NULL);
    if (problem && !g_error_matches(problem, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND)) {
        cJSON_AddStringToObject(entry, "damaged", problem->message);
    }
    json_add_int(entry, "size", manifest ? total_size(manifest) : 0);
    json_add_int(
            entry, "packages", manifest ? cJSON_GetArraySize(json_array(manifest, "packages")) : 0);
    cJSON_AddStringToObject(entry, "path", dir);
    cJSON_AddStringToObject(entry, "description", recipe->description);
    json_add_int(entry, "memory_mib", recipe->memory_mib);
    return entry;
}

cJSON *image_list(GError **error)
{
    g_auto(GStrv) names = image_recipes(error);
    auto_json list = names ? cJSON_CreateArray() : NULL;
    for (char **name = names; name && *name; name++) {
        cJSON *entry = list_one(*name, error);
        if (!entry) {
            return NULL;
        }
        cJSON_AddItemToArray(list, entry);
    }
    if (list) {
        import_list(list);
    }
    return g_steal_pointer(&list);
}

bool image_verify(const char *name, GError **error)
{
    g_auto(GStrv) imported = import_names();
    if (g_strv_contains((const char *const *)imported, name)) {
        return import_verify(name, error);
    }
    auto_recipe recipe = recipe_load(name, error);
    g_autofree char *dir = NULL, *digest = NULL;
    auto_json manifest = recipe ? find_build(recipe, true, &dir, &digest, error) : NULL;
    return manifest != NULL;
}

/* The folders that the recipes of today ask for. */
static GHashTable *wanted_builds(GError **error)
{
    g_auto(GStrv) names = image_recipes(error);
    if (!names) {
        return NULL;
    }
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **name = names; *name; name++) {
        auto_recipe recipe = recipe_load(*name, error);
        g_autofree char *digest = recipe ? recipe_digest(recipe, error) : NULL;
        if (!digest) {
            return NULL;
        }
        g_hash_table_add(wanted, g_strconcat(*name, "-", digest, NULL));
    }
    return g_steal_pointer(&wanted);
}

/* Removes the build called name unless it is wanted or none of ours: 1, 0, or -1 on error. */
static int prune_one(const char *images, const char *name, GHashTable *wanted, GError **error)
{
    g_autofree char *path = g_build_filename(images, name, NULL);
    g_autofree char *manifest = g_build_filename(path, MANIFEST_NAME, NULL);
    if (name[0] == '.' || g_hash_table_contains(wanted, name) ||
            !g_file_test(manifest, G_FILE_TEST_EXISTS)) {
        return 0;
    }
    return store_remove(path, error) ? 1 : -1;
}

int image_prune(GError **error)
{
    g_autofree char *images = paths_images_dir();
    g_autoptr(GHashTable) wanted = wanted_builds(error);
    if (!wanted) {
        return -1;
    }
    g_autoptr(GDir) dir = g_dir_open(images, 0, NULL);
    const char *name = NULL;
    int removed = import_prune(error);
    while (removed >= 0 && dir && (name = g_dir_read_name(dir))) {
        int one = prune_one(images, name, wanted, error);
        if (one < 0) {
            return -1;
        }
        removed += one;
    }
    return removed;
}
