/* warm.c - warm states in the store: their key, their manifest, finding, building, removing. */
#include "image/warm.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "image/store.h"
#include "image/warm_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define KEY_DIGITS 32
#define FORMAT 2
#define LOCK_LOOK_US 100000
#define QEMU "qemu-system-x86_64"

static const char *const state_files[] = {"ram", "state", NULL};

/* ---- the key --------------------------------------------------------------------------------- */

/* Which program it is; asking it for its version would take as long as starting a machine. */
static char *describe_qemu(void)
{
    g_autofree char *path = g_find_program_in_path(QEMU);
    GStatBuf st;
    if (!path || g_stat(path, &st) != 0) {
        return NULL;
    }
    return g_strdup_printf("%s, %" G_GINT64_FORMAT " bytes of %" G_GINT64_FORMAT, path,
            (gint64)st.st_size, (gint64)st.st_mtime);
}

static const char *qemu_of_host(GError **error)
{
    static gsize once;
    static char *qemu;
    if (g_once_init_enter(&once)) {
        qemu = describe_qemu();
        g_once_init_leave(&once, 1);
    }
    if (!qemu) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                QEMU " is not there: install qemu-system-x86");
    }
    return qemu;
}

static void add(GChecksum *sum, const char *label, const char *text)
{
    g_autofree char *head = g_strdup_printf("%s %zu\n", label, strlen(text));
    g_checksum_update(sum, (const guchar *)head, -1);
    g_checksum_update(sum, (const guchar *)text, -1);
}

char *image_warm_key(const struct image_warm_shape *shape, GError **error)
{
    const char *qemu = qemu_of_host(error);
    if (!qemu) {
        return NULL;
    }
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *size =
            g_strdup_printf("%d %d %d %d", FORMAT, shape->memory_mib, shape->vcpus, shape->cards);
    add(sum, "image", shape->image->digest);
    add(sum, "kernel", shape->image->kernel);
    add(sum, "qemu", qemu);
    add(sum, "shape", size);
    add(sum, "layout", shape->layout);
    return g_strndup(g_checksum_get_string(sum), KEY_DIGITS);
}

static char *warm_path(const char *name)
{
    g_autofree char *images = paths_images_dir();
    return g_build_filename(images, "warm", name, NULL);
}

static char *work_path(const char *key)
{
    g_autofree char *name = g_strconcat(".build-", key, NULL);
    return warm_path(name);
}

/* ---- the manifest ---------------------------------------------------------------------------- */

static cJSON *load_manifest(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "manifest.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    gsize length = 0;
    auto_json manifest = g_file_get_contents(path, &text, &length, &problem)
                                 ? json_parse(text, length, &problem)
                                 : NULL;
    if (!manifest || json_int(manifest, "format", 0) != FORMAT ||
            !json_string(manifest, "image", NULL) || !json_string(manifest, "digest", NULL) ||
            !json_string(manifest, "qemu", NULL) || !json_array(manifest, "files")) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE, "%s: %s", path,
                problem ? problem->message : "a field is missing");
        return NULL;
    }
    return g_steal_pointer(&manifest);
}

static const cJSON *file_entry(const cJSON *manifest, const char *name)
{
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_array(manifest, "files"))
    {
        if (!strcmp(json_string(file, "name", ""), name)) {
            return file;
        }
    }
    return NULL;
}

static bool check_file(const cJSON *entry, const char *path, bool whole, GError **error)
{
    GStatBuf st;
    gint64 wanted = json_int(entry, "size", -1);
    bool there = g_lstat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (!there || st.st_size != wanted) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "%s has %" G_GINT64_FORMAT " bytes, not %" G_GINT64_FORMAT, path,
                there ? (gint64)st.st_size : 0, wanted);
        return false;
    }
    g_autofree char *digest = whole ? warm_file_digest(path, error) : NULL;
    if (whole && digest && strcmp(digest, json_string(entry, "blake2b", "")) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "%s has another content than was frozen (BLAKE2b differs)", path);
        return false;
    }
    return !whole || digest;
}

static bool check_files(const cJSON *manifest, const char *dir, bool whole, GError **error)
{
    for (const char *const *name = state_files; *name; name++) {
        g_autofree char *path = g_build_filename(dir, *name, NULL);
        if (!check_file(file_entry(manifest, *name), path, whole, error)) {
            return false;
        }
    }
    return true;
}

static bool write_manifest(const struct image_warm_shape *shape, const char *key, const char *work,
        gint64 built_ms, GError **error)
{
    auto_json out = cJSON_CreateObject();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *built_at = g_date_time_format_iso8601(now);
    json_add_int(out, "format", FORMAT);
    cJSON_AddStringToObject(out, "key", key);
    cJSON_AddStringToObject(out, "image", shape->image->name);
    cJSON_AddStringToObject(out, "digest", shape->image->digest);
    cJSON_AddStringToObject(out, "qemu", qemu_of_host(NULL));
    json_add_int(out, "memory_mib", shape->memory_mib);
    json_add_int(out, "vcpus", shape->vcpus);
    json_add_int(out, "cards", shape->cards);
    cJSON_AddStringToObject(out, "layout", shape->layout);
    cJSON_AddStringToObject(out, "built_at", built_at);
    json_add_int(out, "built_ms", built_ms);
    cJSON *list = cJSON_AddArrayToObject(out, "files");
    for (const char *const *name = state_files; *name; name++) {
        g_autofree char *path = g_build_filename(work, *name, NULL);
        cJSON *file = warm_file_describe(*name, path, error);
        if (!file) {
            return false;
        }
        cJSON_AddItemToArray(list, file);
    }
    g_autofree char *text = json_text(out);
    g_autofree char *path = g_build_filename(work, "manifest.json", NULL);
    return g_file_set_contents(path, text, -1, error) && warm_file_sync(path, error) &&
           warm_file_sync(work, error);
}

/* ---- finding --------------------------------------------------------------------------------- */

void image_warm_free(struct image_warm *warm)
{
    if (warm) {
        g_free(warm->key);
        g_free(warm->dir);
        g_free(warm->ram);
        g_free(warm->state);
        g_free(warm);
    }
}

static struct image_warm *warm_new(const char *key, const char *dir, gint64 built_ms)
{
    struct image_warm *warm = g_new0(struct image_warm, 1);
    warm->key = g_strdup(key);
    warm->ram = g_build_filename(dir, "ram", NULL);
    warm->state = g_build_filename(dir, "state", NULL);
    warm->dir = g_strdup(dir);
    warm->built_ms = built_ms;
    return warm;
}

struct image_warm *image_warm_find(const char *image, const char *key, GError **error)
{
    g_autofree char *dir = warm_path(key);
    g_autoptr(GError) problem = NULL;
    if (!g_file_test(dir, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "image \"%s\" has no warm state %s", image, key);
        return NULL;
    }
    auto_json manifest = load_manifest(dir, &problem);
    if (!manifest || !check_files(manifest, dir, true, &problem)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "the warm state of image \"%s\" is damaged: %s; it is made anew when it is wanted",
                image, problem->message);
        return NULL;
    }
    return warm_new(key, dir, json_int(manifest, "built_ms", 0));
}

/* ---- building -------------------------------------------------------------------------------- */

/* With looks between which it can be cancelled: another engine boots a machine meanwhile. */
static bool wait_lock(int fd, GCancellable *cancellable, GError **error)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return false;
        }
        if (g_cancellable_set_error_if_cancelled(cancellable, error)) {
            return false;
        }
        g_usleep(LOCK_LOOK_US);
    }
    return true;
}

int image_warm_lock(const char *key, GCancellable *cancellable, GError **error)
{
    g_autofree char *name = g_strconcat(".lock-", key, NULL);
    g_autofree char *path = warm_path(name);
    g_autofree char *dir = warm_path(NULL);
    if (!paths_make(dir, error)) {
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    g_autoptr(GError) problem = NULL;
    if (fd >= 0 && wait_lock(fd, cancellable, &problem)) {
        return fd;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot lock %s: %s", path,
            problem ? problem->message : g_strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

char *image_warm_begin(const char *key, gint64 ram_bytes, GError **error)
{
    g_autofree char *work = work_path(key);
    g_autofree char *ram = g_build_filename(work, "ram", NULL);
    if (!store_remove(work, error) || !paths_make(work, error)) {
        return NULL;
    }
    int fd = open(ram, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && ftruncate(fd, (off_t)ram_bytes) == 0;
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", ram,
                g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok ? g_steal_pointer(&work) : NULL;
}

struct image_warm *image_warm_commit(const struct image_warm_shape *shape, const char *key,
        const char *work, gint64 built_ms, GError **error)
{
    g_autofree char *dir = warm_path(key);
    bool ok = write_manifest(shape, key, work, built_ms, error) && store_remove(dir, error);
    if (ok && g_rename(work, dir) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot rename %s to %s: %s",
                work, dir, g_strerror(errno));
        ok = false;
    }
    if (!ok) {
        store_remove(work, NULL);
    }
    return ok ? warm_new(key, dir, built_ms) : NULL;
}

void image_warm_discard(const char *work)
{
    store_remove(work, NULL);
}

bool image_warm_remove(const char *key, GError **error)
{
    g_autofree char *dir = warm_path(key);
    return store_remove(dir, error);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* What the images of today are: a state of another digest is nobody's. */
static bool is_current(const cJSON *manifest)
{
    const char *qemu = qemu_of_host(NULL);
    struct image *image = image_find(json_string(manifest, "image", ""), NULL);
    bool current = image && qemu && !strcmp(image->digest, json_string(manifest, "digest", "")) &&
                   !strcmp(qemu, json_string(manifest, "qemu", ""));
    image_free(image);
    return current;
}

static cJSON *list_one(const char *key, bool whole)
{
    g_autofree char *dir = warm_path(key);
    g_autoptr(GError) problem = NULL;
    auto_json manifest = load_manifest(dir, &problem);
    cJSON *entry = cJSON_CreateObject();
    static const char *const texts[] = {"image", "digest", "qemu", "built_at"};
    static const char *const numbers[] = {"memory_mib", "vcpus", "cards", "built_ms"};
    cJSON_AddStringToObject(entry, "key", key);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        cJSON_AddStringToObject(entry, texts[i], json_string(manifest, texts[i], ""));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        json_add_int(entry, numbers[i], json_int(manifest, numbers[i], 0));
    }
    gint64 size = 0, used = 0;
    for (const char *const *name = state_files; *name; name++) {
        g_autofree char *path = g_build_filename(dir, *name, NULL);
        GStatBuf st;
        if (g_lstat(path, &st) == 0) {
            size += st.st_size;
            used += (gint64)st.st_blocks * 512;
        }
    }
    json_add_int(entry, "size", size);
    json_add_int(entry, "used", used);
    cJSON_AddBoolToObject(entry, "current", manifest && is_current(manifest));
    if (!manifest || !check_files(manifest, dir, whole, &problem)) {
        cJSON_AddStringToObject(entry, "damaged", problem->message);
    }
    return entry;
}

cJSON *image_warm_list(bool whole, GError **error)
{
    (void)error;
    g_autofree char *all = warm_path(NULL);
    g_autoptr(GDir) dir = g_dir_open(all, 0, NULL);
    cJSON *list = cJSON_CreateArray();
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (name[0] != '.') {
            cJSON_AddItemToArray(list, list_one(name, whole));
        }
    }
    return list;
}

/* What a build that was killed left: nobody holds its lock. 1: removed, 0: somebody builds, -1. */
static int prune_build(const char *key, GError **error)
{
    g_autofree char *name = g_strconcat(".lock-", key, NULL);
    g_autofree char *path = warm_path(name);
    g_autofree char *work = work_path(key);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_free = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    int removed = is_free ? store_remove(work, error) ? 1 : -1 : 0;
    if (fd >= 0) {
        close(fd);
    }
    return removed;
}

static int prune_builds(GError **error)
{
    g_autofree char *all = warm_path(NULL);
    g_autoptr(GDir) dir = g_dir_open(all, 0, NULL);
    int removed = 0;
    for (const char *name; removed >= 0 && dir && (name = g_dir_read_name(dir));) {
        if (g_str_has_prefix(name, ".build-")) {
            int one = prune_build(name + strlen(".build-"), error);
            removed = one < 0 ? -1 : removed + one;
        }
    }
    return removed;
}

int image_warm_prune(GError **error)
{
    int removed = prune_builds(error);
    if (removed < 0) {
        return -1;
    }
    auto_json list = image_warm_list(false, error);
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, list)
    {
        if (json_bool(entry, "current", false) && !json_string(entry, "damaged", NULL)) {
            continue;
        }
        if (!image_warm_remove(json_string(entry, "key", ""), error)) {
            return -1;
        }
        removed++;
    }
    return removed;
}
