/* recipe_digest.c - the files of a recipe, and the digest over all that an image stands on. */
#include "base/error.h"
#include "base/paths.h"
#include "image/image.h"
#include "image/recipe.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DIGEST_DIGITS 16
#define DEPTH_MAX 16

static void file_free(gpointer data)
{
    struct recipe_file *file = data;
    g_free(file->path);
    g_free(file->source);
    g_free(file);
}

static gint by_path(gconstpointer a, gconstpointer b)
{
    const struct recipe_file *const *left = a, *const *right = b;
    return strcmp((*left)->path, (*right)->path);
}

static bool collect(const struct recipe *recipe, const char *below, int depth, GPtrArray *files,
        GError **error);

static bool collect_one(
        const struct recipe *recipe, char *path, int depth, GPtrArray *files, GError **error)
{
    g_autofree char *source = g_build_filename(recipe->dir, "files", path, NULL);
    GStatBuf st;
    if (g_lstat(source, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s: only files and folders can go into an image", source);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        return collect(recipe, path, depth + 1, files, error);
    }
    struct recipe_file *file = g_new0(struct recipe_file, 1);
    g_autofree char *absolute = g_strconcat("/", path, NULL);
    const char *mode = g_hash_table_lookup(recipe->modes, absolute);
    file->path = g_strdup(path);
    file->source = g_steal_pointer(&source);
    /* a checkout keeps no more than the x bit, whatever the umask was */
    file->mode = mode ? (unsigned)g_ascii_strtoull(mode, NULL, 8)
                      : (st.st_mode & S_IXUSR ? 0755U : 0644U);
    g_ptr_array_add(files, file);
    return true;
}

static bool collect(
        const struct recipe *recipe, const char *below, int depth, GPtrArray *files, GError **error)
{
    g_autofree char *folder = g_build_filename(recipe->dir, "files", below, NULL);
    g_autoptr(GDir) dir = depth < DEPTH_MAX ? g_dir_open(folder, 0, NULL) : NULL;
    if (!dir && (below[0] || g_file_test(folder, G_FILE_TEST_EXISTS))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s: cannot be read, or is nested deeper than %d", folder, DEPTH_MAX);
        return false;
    }
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = below[0] ? g_build_filename(below, name, NULL) : g_strdup(name);
        if (!collect_one(recipe, path, depth, files, error)) {
            return false;
        }
    }
    return true;
}

GPtrArray *recipe_files(const struct recipe *recipe, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
    if (!collect(recipe, "", 0, files, error)) {
        return NULL;
    }
    g_ptr_array_sort(files, by_path);
    return g_steal_pointer(&files);
}

char *recipe_program(const char *name, GError **error)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
    const char *set = g_getenv("SANDTABLE_GUEST");
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (set) {
        g_ptr_array_add(places, g_strdup(set));
    } else if (n > 0) {
        self[n] = '\0';
        g_autofree char *bin = g_path_get_dirname(self);
        g_ptr_array_add(places, g_build_filename(bin, "guest", NULL));
        g_ptr_array_add(places, g_build_filename(bin, "..", "lib", "sandtable", "guest", NULL));
        /* root's clone, seen by the ordinary account through another place */
        g_autofree char *data = paths_data_dir();
        g_ptr_array_add(places, g_build_filename(data, "build", "bin", "guest", NULL));
    }
    for (guint i = 0; i < places->len; i++) {
        g_autofree char *path = g_build_filename(places->pdata[i], name, NULL);
        if (g_access(path, R_OK) == 0) {
            return g_steal_pointer(&path);
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
            "the guests' program \"%s\" is not in %s: build the project, or set SANDTABLE_GUEST",
            name, places->len ? (char *)places->pdata[0] : "any known place");
    return NULL;
}

/* Every field goes in with its length, so that no two inputs read the same. */
static void add(GChecksum *sum, const char *label, const void *bytes, gsize length)
{
    g_autofree char *head = g_strdup_printf("%s %" G_GSIZE_FORMAT "\n", label, length);
    g_checksum_update(sum, (const guchar *)head, -1);
    g_checksum_update(sum, bytes, (gssize)length);
}

static bool add_file(GChecksum *sum, const char *label, const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &bytes, &length, error)) {
        return false;
    }
    add(sum, label, bytes, length);
    return true;
}

static bool add_programs(GChecksum *sum, char *const *names, GError **error)
{
    for (char *const *name = names; *name; name++) {
        g_autofree char *path = recipe_program(*name, error);
        add(sum, "program", *name, strlen(*name));
        if (!path || !add_file(sum, "bytes", path, error)) {
            return false;
        }
    }
    return true;
}

static bool add_recipe(GChecksum *sum, const struct recipe *recipe, GError **error)
{
    g_autofree char *text = g_build_filename(recipe->dir, "recipe", NULL);
    g_autofree char *assemble = g_build_filename(recipe->dir, "assemble.sh", NULL);
    g_autoptr(GPtrArray) files = recipe_files(recipe, error);
    if (!files || !add_file(sum, "recipe", text, error)) {
        return false;
    }
    if (g_file_test(assemble, G_FILE_TEST_EXISTS) && !add_file(sum, "assemble", assemble, error)) {
        return false;
    }
    for (guint i = 0; i < files->len; i++) {
        const struct recipe_file *file = files->pdata[i];
        g_autofree char *label = g_strdup_printf("file %04o", file->mode);
        add(sum, "name", file->path, strlen(file->path));
        if (!add_file(sum, label, file->source, error)) {
            return false;
        }
    }
    return add_programs(sum, recipe->programs, error);
}

static bool add_foundation(GChecksum *sum, const struct recipe *recipe, GError **error)
{
    if (!strcmp(recipe->name, IMAGE_KERNEL) || !strcmp(recipe->name, IMAGE_BASE)) {
        return true;
    }
    static const char *const below[] = {IMAGE_KERNEL, IMAGE_BASE};
    for (gsize i = 0; i < G_N_ELEMENTS(below); i++) {
        auto_recipe other = recipe_load(below[i], error);
        if (!other || !add_recipe(sum, other, error)) {
            return false;
        }
    }
    return true;
}

char *recipe_digest(const struct recipe *recipe, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    add(sum, "builder", IMAGE_BUILDER_VERSION, strlen(IMAGE_BUILDER_VERSION));
    if (!add_foundation(sum, recipe, error) || !add_recipe(sum, recipe, error)) {
        return NULL;
    }
    return g_strndup(g_checksum_get_string(sum), DIGEST_DIGITS);
}
