/* import_store.c - imported images in the store: found by name, listed, verified, removed. */
#include "image/import_private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "image/manifest.h"
#include "image/store.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define DIGEST_DIGITS 16
#define RECIPE_MEMORY_MIB 160 /* of machines that do not say: as in plan_host_new() */

void image_disk_free(struct image_disk *disk)
{
    if (disk) {
        g_free(disk->file);
        plan_hardware_clear(&disk->hardware);
        g_strfreev(disk->users);
        g_strfreev(disk->ssh_keys);
        g_free(disk);
    }
}

static char *folder_of(void)
{
    g_autofree char *images = paths_images_dir();
    return g_build_filename(images, IMPORT_FOLDER, NULL);
}

/* "debian-0123456789abcdef" → "debian"; NULL when entry is none of ours. */
static char *name_of(const char *entry)
{
    gsize length = strlen(entry);
    if (length < DIGEST_DIGITS + 2 || entry[length - DIGEST_DIGITS - 1] != '-' ||
            strspn(entry + length - DIGEST_DIGITS, "0123456789abcdef") != DIGEST_DIGITS) {
        return NULL;
    }
    g_autofree char *name = g_strndup(entry, length - DIGEST_DIGITS - 1);
    return paths_name_is_valid(name) ? g_steal_pointer(&name) : NULL;
}

/* The folder of the image of that name, the newest should an import have been killed while it made
 * room; NULL when there is none. but: a digest to pass over, or NULL. */
static char *find_dir(const char *name, const char *but, char **ret_digest)
{
    g_autofree char *folder = folder_of();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    char *found = NULL;
    gint64 newest = -1;
    for (const char *entry; dir && (entry = g_dir_read_name(dir));) {
        g_autofree char *its = name_of(entry);
        const char *digest = its ? entry + strlen(entry) - DIGEST_DIGITS : NULL;
        if (!its || strcmp(its, name) != 0 || !g_strcmp0(digest, but)) {
            continue;
        }
        g_autofree char *path = g_build_filename(folder, entry, NULL);
        GStatBuf st;
        gint64 since = g_stat(path, &st) == 0 ? (gint64)st.st_mtime : 0;
        if (since > newest) {
            newest = since;
            g_free(found);
            found = g_steal_pointer(&path);
            g_free(*ret_digest);
            *ret_digest = g_strdup(digest);
        }
    }
    return found;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **import_names(void)
{
    g_autofree char *folder = folder_of();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GPtrArray *names = g_ptr_array_new();
    for (const char *entry; dir && (entry = g_dir_read_name(dir));) {
        char *name = name_of(entry);
        if (name) {
            g_ptr_array_add(names, name);
        }
    }
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* ---- reading a description ------------------------------------------------------------------ */

/* A manifest may have been edited: a word that is none is refused. */
static bool read_word(const cJSON *json, const char *of, char **ret)
{
    const char *word = json_string(json, of, "");
    if (!g_strv_contains(plan_hardware_words(of), word)) {
        return false;
    }
    *ret = g_strdup(word);
    return true;
}

static bool read_hardware(const cJSON *json, struct plan_hardware *hardware)
{
    const char *ready = json_string(json, "ready", "");
    hardware->imported = true;
    hardware->cloud_init = json_bool(json, "cloud_init", false);
    hardware->tpm = json_bool(json, "tpm", false);
    hardware->agent = json_bool(json, "agent", false);
    return read_word(json, "os", &hardware->os) &&
           read_word(json, "firmware", &hardware->firmware) &&
           read_word(json, "cards", &hardware->cards) && read_word(json, "bus", &hardware->bus) &&
           (!*ready || plan_ready_parse(ready, &hardware->ready));
}

static struct image_disk *read_disk(const char *dir, const cJSON *import)
{
    struct image_disk *disk = g_new0(struct image_disk, 1);
    plan_hardware_init(&disk->hardware);
    disk->file = g_build_filename(dir, IMPORT_DISK, NULL);
    disk->virtual_bytes = json_int(import, "virtual_size", 0);
    disk->cpus = (int)json_int(import, "cpus", 1);
    disk->users = json_to_strv(json_array(import, "users"));
    disk->ssh_keys = json_to_strv(json_array(import, "ssh_keys"));
    bool ok = read_hardware(import, &disk->hardware) && disk->users && disk->ssh_keys &&
              disk->virtual_bytes > 0 && disk->virtual_bytes <= IMPORT_BYTES_MAX &&
              disk->cpus >= 1 && disk->cpus <= 16;
    if (!ok) {
        image_disk_free(disk);
        return NULL;
    }
    return disk;
}

static cJSON *load(const char *name, bool whole, char **ret_dir, char **ret_digest, GError **error)
{
    g_autoptr(GError) problem = NULL;
    *ret_dir = find_dir(name, NULL, ret_digest);
    if (!*ret_dir) {
        return NULL;
    }
    auto_json manifest = manifest_load(*ret_dir, name, *ret_digest, &problem);
    if (!manifest || !json_object(manifest, "import") ||
            !manifest_check(manifest, *ret_dir, whole, &problem)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "imported image \"%s\" is damaged (%s); import it again with --replace", name,
                problem ? problem->message : "its manifest does not describe an import");
        return NULL;
    }
    return g_steal_pointer(&manifest);
}

static gint64 file_size(const cJSON *manifest)
{
    const cJSON *file = cJSON_GetArrayItem(json_array(manifest, "files"), 0);
    return json_int(file, "size", 0);
}

struct image *import_find(const char *name, GError **error)
{
    g_autofree char *dir = NULL, *digest = NULL;
    auto_json manifest = load(name, false, &dir, &digest, error);
    if (!manifest) {
        return NULL;
    }
    const cJSON *import = json_object(manifest, "import");
    struct image_disk *disk = read_disk(dir, import);
    if (!disk) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "imported image \"%s\" is damaged: its manifest has a value that is none; import "
                "it again with --replace",
                name);
        return NULL;
    }
    struct image *image = g_new0(struct image, 1);
    image->name = g_strdup(name);
    image->digest = g_steal_pointer(&digest);
    image->dir = g_steal_pointer(&dir);
    image->size = file_size(manifest);
    image->memory_mib = (int)CLAMP(json_int(import, "memory_mib", 512), 32, 65536);
    image->probe = g_new0(char *, 1);
    image->disk = disk;
    return image;
}

/* ---- for people ----------------------------------------------------------------------------- */

static cJSON *list_one(const char *name)
{
    g_autofree char *dir = NULL, *digest = NULL;
    g_autoptr(GError) problem = NULL;
    auto_json manifest = load(name, false, &dir, &digest, &problem);
    const cJSON *import = manifest ? json_object(manifest, "import") : NULL;
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "name", name);
    cJSON_AddStringToObject(entry, "digest", digest ? digest : "");
    cJSON_AddBoolToObject(entry, "built", manifest != NULL);
    cJSON_AddBoolToObject(entry, "imported", true);
    if (problem) {
        cJSON_AddStringToObject(entry, "damaged", problem->message);
    }
    json_add_int(entry, "size", manifest ? file_size(manifest) : 0);
    json_add_int(entry, "packages", 0);
    cJSON_AddStringToObject(entry, "path", dir ? dir : "");
    cJSON_AddStringToObject(entry, "description", json_string(import, "description", ""));
    json_add_int(entry, "memory_mib", json_int(import, "memory_mib", 0));
    if (import) {
        cJSON_AddItemToObject(entry, "import", cJSON_Duplicate(import, true));
    }
    return entry;
}

void import_list(cJSON *list)
{
    g_auto(GStrv) names = import_names();
    for (char **name = names; *name; name++) {
        cJSON_AddItemToArray(list, list_one(*name));
    }
}

bool import_verify(const char *name, GError **error)
{
    g_autofree char *dir = NULL, *digest = NULL;
    auto_json manifest = load(name, true, &dir, &digest, error);
    return manifest != NULL;
}

bool import_remove_others(const char *name, const char *digest, GError **error)
{
    for (;;) {
        g_autofree char *its = NULL;
        g_autofree char *dir = find_dir(name, digest, &its);
        if (!dir) {
            return true;
        }
        if (!store_remove(dir, error)) {
            return false;
        }
    }
}

bool image_import_remove(const char *name, GError **error)
{
    return import_remove_others(name, NULL, error);
}

/* ".import-NAME-PID" of a process that is gone. */
static bool is_abandoned(const char *entry)
{
    const char *dash = strrchr(entry, '-');
    guint64 pid = 0;
    return g_str_has_prefix(entry, IMPORT_WORK) &&
           g_ascii_string_to_unsigned(dash + 1, 10, 1, G_MAXINT, &pid, NULL) &&
           kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

int import_prune(GError **error)
{
    g_autofree char *folder = folder_of();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    int removed = 0;
    for (const char *entry; dir && (entry = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, entry, NULL);
        if (is_abandoned(entry)) {
            if (!store_remove(path, error)) {
                return -1;
            }
            removed++;
        }
    }
    return removed;
}

/* ---- for scenarios -------------------------------------------------------------------------- */

static void take_hardware(struct plan_hardware *to, struct plan_hardware *from)
{
    *to = *from;
    plan_hardware_init(from);
}

GPtrArray *image_plan_images(GError **error)
{
    g_auto(GStrv) names = image_machine_recipes(error);
    if (!names) {
        return NULL;
    }
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(plan_image_free);
    for (char **name = names; *name; name++) {
        struct plan_image *entry = plan_image_new(*name);
        g_ptr_array_add(images, entry);
        entry->memory_mib = RECIPE_MEMORY_MIB;
        g_autoptr(GError) problem = NULL;
        struct image *image = import_find(*name, &problem);
        if (problem) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return NULL;
        }
        if (image) {
            entry->memory_mib = image->memory_mib;
            entry->cpus = image->disk->cpus;
            entry->disk_bytes = image->disk->virtual_bytes;
            take_hardware(&entry->hardware, &image->disk->hardware);
        }
        image_free(image);
    }
    return g_steal_pointer(&images);
}
