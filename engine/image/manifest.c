/* manifest.c - manifest.json: written with a build, checked before its use. */
#include "image/manifest.h"

#include "base/error.h"
#include "base/json.h"
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 64
#define SHA256_DIGITS 64

static bool sha256_of(const char *path, char **ret_hex, gint64 *ret_size, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *buffer = g_malloc(1 << 18);
    gint64 size = 0;
    ssize_t n = fd < 0 ? -1 : 0;
    while (fd >= 0 && (n = read(fd, buffer, 1 << 18)) > 0) {
        g_checksum_update(sum, buffer, n);
        size += n;
    }
    if (n < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE, "cannot read %s: %s", path,
                g_strerror(errno));
    } else {
        *ret_hex = g_strdup(g_checksum_get_string(sum));
        *ret_size = size;
    }
    if (fd >= 0) {
        close(fd);
    }
    return n == 0;
}

static bool sync_path(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE, "cannot sync %s: %s", path,
                g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static cJSON *packages_json(const char *packages)
{
    cJSON *list = cJSON_CreateArray();
    g_auto(GStrv) lines = g_strsplit(packages, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 2);
        if (words[0] && words[0][0] && words[1]) {
            cJSON *package = cJSON_CreateObject();
            cJSON_AddStringToObject(package, "name", words[0]);
            cJSON_AddStringToObject(package, "version", words[1]);
            cJSON_AddItemToArray(list, package);
        }
    }
    return list;
}

static cJSON *recipe_json(const struct recipe *recipe)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "description", recipe->description);
    cJSON_AddItemToObject(out, "packages", json_from_strv((const char *const *)recipe->packages));
    cJSON_AddItemToObject(out, "programs", json_from_strv((const char *const *)recipe->programs));
    cJSON_AddItemToObject(out, "probe", json_from_strv((const char *const *)recipe->probe));
    json_add_int(out, "memory_mib", recipe->memory_mib);
    cJSON *services = cJSON_AddArrayToObject(out, "services");
    for (guint i = 0; i < recipe->services->len; i++) {
        cJSON_AddItemToArray(services, cJSON_CreateString(recipe->services->pdata[i]));
    }
    return out;
}

static cJSON *head_json(const char *name, const char *digest)
{
    cJSON *out = cJSON_CreateObject();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *built_at = g_date_time_format_iso8601(now);
    json_add_int(out, "format", MANIFEST_FORMAT);
    cJSON_AddStringToObject(out, "name", name);
    cJSON_AddStringToObject(out, "digest", digest);
    cJSON_AddStringToObject(out, "builder", IMAGE_BUILDER_VERSION);
    cJSON_AddStringToObject(out, "built_at", built_at);
    return out;
}

/* Adds the files' digests and puts the manifest into dir. */
static bool write_with_files(const char *dir, cJSON *out, const char *const *files, GError **error)
{
    cJSON *list = cJSON_AddArrayToObject(out, "files");
    for (const char *const *name = files; *name; name++) {
        g_autofree char *path = g_build_filename(dir, *name, NULL);
        g_autofree char *hex = NULL;
        gint64 size = 0;
        if (!sha256_of(path, &hex, &size, error) || !sync_path(path, error)) {
            return false;
        }
        cJSON *file = cJSON_CreateObject();
        cJSON_AddStringToObject(file, "name", *name);
        json_add_int(file, "size", size);
        cJSON_AddStringToObject(file, "sha256", hex);
        cJSON_AddItemToArray(list, file);
    }
    g_autofree char *text = json_text(out);
    g_autofree char *path = g_build_filename(dir, MANIFEST_NAME, NULL);
    return g_file_set_contents(path, text, -1, error) && sync_path(path, error) &&
           sync_path(dir, error);
}

bool manifest_write(const char *dir, const struct recipe *recipe, const char *digest,
        const char *packages, const char *const *files, GError **error)
{
    auto_json out = head_json(recipe->name, digest);
    cJSON_AddItemToObject(out, "recipe", recipe_json(recipe));
    cJSON_AddItemToObject(out, "packages", packages_json(packages));
    return write_with_files(dir, out, files, error);
}

bool manifest_write_import(const char *dir, const char *name, const char *digest, cJSON *import,
        const char *const *files, GError **error)
{
    auto_json out = head_json(name, digest);
    cJSON_AddItemToObject(out, "import", import);
    cJSON_AddArrayToObject(out, "packages");
    return write_with_files(dir, out, files, error);
}

static bool file_entry_is_valid(const cJSON *file)
{
    const char *name = json_string(file, "name", "");
    const char *hex = json_string(file, "sha256", "");
    return name[0] && name[0] != '.' && !strchr(name, '/') && json_int(file, "size", -1) >= 0 &&
           strlen(hex) == SHA256_DIGITS && strspn(hex, "0123456789abcdef") == SHA256_DIGITS;
}

cJSON *manifest_parse(const char *text, gsize length, GError **error)
{
    auto_json manifest = json_parse(text, length, error);
    if (!manifest) {
        return NULL;
    }
    const cJSON *files = json_array(manifest, "files");
    bool ok = json_int(manifest, "format", 0) == MANIFEST_FORMAT && files &&
              json_array(manifest, "packages") && json_string(manifest, "name", NULL) &&
              json_string(manifest, "digest", NULL) && cJSON_GetArraySize(files) >= 1 &&
              cJSON_GetArraySize(files) <= FILES_MAX;
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, files)
    {
        ok = ok && file_entry_is_valid(file);
    }
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "not a manifest of format %d: a field is missing or of another shape",
                MANIFEST_FORMAT);
        return NULL;
    }
    return g_steal_pointer(&manifest);
}

cJSON *manifest_load(const char *dir, const char *name, const char *digest, GError **error)
{
    g_autofree char *path = g_build_filename(dir, MANIFEST_NAME, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "image \"%s\" is not built (%s): run sandtable image build %s", name, digest, name);
        return NULL;
    }
    auto_json manifest = NULL;
    if (g_file_get_contents(path, &text, &length, &problem)) {
        manifest = manifest_parse(text, length, &problem);
    }
    if (!manifest || strcmp(json_string(manifest, "name", ""), name) != 0 ||
            strcmp(json_string(manifest, "digest", ""), digest) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                "image \"%s\" is damaged: %s: %s; run sandtable image build %s", name, path,
                problem ? problem->message : "it belongs to another image", name);
        return NULL;
    }
    return g_steal_pointer(&manifest);
}

bool manifest_check(const cJSON *manifest, const char *dir, bool whole, GError **error)
{
    const char *image = json_string(manifest, "name", "?");
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_array(manifest, "files"))
    {
        const char *name = json_string(file, "name", "");
        gint64 wanted = json_int(file, "size", -1), size = -1;
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *hex = NULL;
        GStatBuf st;
        if (g_lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            size = st.st_size;
        }
        g_autofree char *what = NULL;
        if (size < 0) {
            what = g_strdup("is missing");
        } else if (size != wanted) {
            what = g_strdup_printf(
                    "has %" G_GINT64_FORMAT " bytes, not %" G_GINT64_FORMAT, size, wanted);
        } else if (whole && !sha256_of(path, &hex, &size, error)) {
            return false;
        } else if (whole && strcmp(hex, json_string(file, "sha256", "")) != 0) {
            what = g_strdup("has another content than was built (SHA-256 differs)");
        }
        if (what) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE,
                    "image \"%s\" is damaged: %s %s; run sandtable image build %s", image, path,
                    what, image);
            return false;
        }
    }
    return true;
}
