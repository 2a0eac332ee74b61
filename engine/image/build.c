/* build.c - one image into the store, built in a folder of its own and renamed whole. */
#include "base/error.h"
#include "base/paths.h"
#include "image/build_tree.h"
#include "image/image.h"
#include "image/manifest.h"
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const kernel_files[] = {"vmlinux", "initrd", "modules.squashfs", NULL};
static const char *const machine_files[] = {"root.squashfs", NULL};

/* Holds the lock of an image until closed; -1 on error. Waits for another build of the same. */
static int lock_image(const char *store, const struct build *build, GError **error)
{
    g_autofree char *name = g_strdup_printf(".lock-%s", build->recipe->name);
    g_autofree char *path = g_build_filename(store, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0 && !locked && errno == EWOULDBLOCK) {
        if (build->progress) {
            g_autofree char *line =
                    g_strdup_printf("%s: waiting for another build of it...", build->recipe->name);
            build->progress(line, build->data);
        }
        while ((locked = flock(fd, LOCK_EX) == 0) == false && errno == EINTR) {
        }
    }
    if (!locked) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot lock %s: %s", path,
                g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Leaves in WORK what belongs to the image, and nothing else. */
static bool strip_work(const char *work, const char *const *files, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(work, 0, error);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(work, name, NULL);
        if (!g_strv_contains(files, name) && !store_remove(path, error)) {
            return false;
        }
    }
    return dir != NULL;
}

/* The new build takes its place; one that is damaged makes room first. */
static bool move_in(const char *work, const char *dir, GError **error)
{
    if (g_file_test(dir, G_FILE_TEST_EXISTS)) {
        g_autofree char *old = g_strconcat(work, ".old", NULL);
        if (g_rename(dir, old) != 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot clear %s away: %s",
                    dir, g_strerror(errno));
            return false;
        }
        if (!store_remove(old, error)) {
            return false;
        }
    }
    if (g_rename(work, dir) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot rename %s to %s: %s",
                work, dir, g_strerror(errno));
        return false;
    }
    return true;
}

static bool build_in(const struct build *build, const char *digest, const char *dir, GError **error)
{
    const char *const *files = build->base ? machine_files : kernel_files;
    g_autofree char *old = g_strconcat(build->work, ".old", NULL);
    if (!store_remove(build->work, error) || !store_remove(old, error) ||
            !paths_make(build->work, error)) {
        return false;
    }
    g_autofree char *packages = build_tree(build, error);
    bool ok = packages && strip_work(build->work, files, error) &&
              manifest_write(build->work, build->recipe, digest, packages, files, error) &&
              move_in(build->work, dir, error);
    if (!ok) {
        store_remove(build->work, NULL);
    }
    return ok;
}

/* An image is good when each byte is what was built: cached means verified by size only. */
static bool is_built(const char *name, const char *dir, const char *digest)
{
    cJSON *manifest = manifest_load(dir, name, digest, NULL);
    bool built = manifest && manifest_check(manifest, dir, false, NULL);
    cJSON_Delete(manifest);
    return built;
}

static bool build_one(const struct recipe *recipe, const struct recipe *base,
        image_progress_fn progress, gpointer data, bool *ret_cached, GError **error)
{
    g_autofree char *digest = recipe_digest(recipe, error);
    if (!digest) {
        return false;
    }
    g_autofree char *dir = store_dir(recipe->name, digest);
    if (is_built(recipe->name, dir, digest)) {
        *ret_cached = true;
        return true;
    }
    g_autofree char *store = paths_images_dir();
    g_autofree char *folder = g_strconcat(".build-", recipe->name, NULL);
    g_autofree char *work = g_build_filename(store, folder, NULL);
    struct build build = {
            .recipe = recipe, .base = base, .work = work, .progress = progress, .data = data};
    if (!build_check_host(error) || !paths_make(store, error)) {
        return false;
    }
    int lock = lock_image(store, &build, error);
    if (lock < 0) {
        return false;
    }
    *ret_cached = is_built(recipe->name, dir, digest); /* by the one we waited for */
    bool ok = *ret_cached || build_in(&build, digest, dir, error);
    close(lock);
    return ok;
}

bool image_build(const char *name, image_progress_fn progress, gpointer data, bool *ret_cached,
        GError **error)
{
    if (!strcmp(name, IMAGE_BASE)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "\"%s\" is the common part of all images and is not built alone", name);
        return false;
    }
    auto_recipe recipe = recipe_load(name, error);
    auto_recipe kernel = recipe ? recipe_load(IMAGE_KERNEL, error) : NULL;
    auto_recipe base = kernel ? recipe_load(IMAGE_BASE, error) : NULL;
    bool cached = false;
    if (!base || !build_one(kernel, NULL, progress, data, &cached, error)) {
        return false;
    }
    if (strcmp(name, IMAGE_KERNEL) != 0 &&
            !build_one(recipe, base, progress, data, &cached, error)) {
        return false;
    }
    if (ret_cached) {
        *ret_cached = cached;
    }
    return true;
}
