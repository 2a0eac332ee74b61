/* run_checkpoint_file.c - a checkpoint's folder: digests, the manifest, and whether it is whole. */
#include "run/run_restart.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_BYTES 32
#define CHUNK (1 << 18)
#define MANIFEST_MAX (64 << 20)

static bool set_errno(GError **error, const char *what, const char *path)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot %s %s: %s", what, path,
            g_strerror(errno));
    return false;
}

/* Reads all of fd; sync: and waits until it is on the disk. */
static bool digest_fd(
        int fd, bool sync, gint64 *bytes, char *ret_hex, GError **error, const char *path)
{
    crypto_generichash_state state;
    unsigned char digest[DIGEST_BYTES];
    g_autofree unsigned char *chunk = g_malloc(CHUNK);
    ssize_t n = 0;
    *bytes = 0;
    crypto_generichash_init(&state, NULL, 0, sizeof(digest));
    while ((n = read(fd, chunk, CHUNK)) > 0) {
        crypto_generichash_update(&state, chunk, (unsigned long long)n);
        *bytes += n;
    }
    crypto_generichash_final(&state, digest, sizeof(digest));
    sodium_bin2hex(ret_hex, DIGEST_BYTES * 2 + 1, digest, sizeof(digest));
    if (n < 0) {
        return set_errno(error, "read", path);
    }
    return !sync || fsync(fd) == 0 || set_errno(error, "write", path);
}

static cJSON *describe_file(const char *folder, const char *name, bool sync, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char hex[DIGEST_BYTES * 2 + 1];
    gint64 bytes = 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot read %s: %s", path,
                fd < 0 ? g_strerror(errno) : "it is no ordinary file");
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    bool ok = digest_fd(fd, sync, &bytes, hex, error, path);
    close(fd);
    if (!ok) {
        return NULL;
    }
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "name", name);
    json_add_int(file, "bytes", bytes);
    cJSON_AddStringToObject(file, "blake2b", hex);
    return file;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The machine's files: all that begin with its domain's name and a full stop. */
static bool describe_machine(const char *folder, cJSON *machine, GError **error)
{
    g_autofree char *prefix = g_strconcat(json_string(machine, "domain", "?"), ".", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    const char *entry = NULL;
    while (dir && (entry = g_dir_read_name(dir))) {
        if (g_str_has_prefix(entry, prefix)) {
            g_ptr_array_add(names, g_strdup(entry));
        }
    }
    if (!dir) {
        return false;
    }
    g_ptr_array_sort(names, by_name);
    cJSON *files = cJSON_AddArrayToObject(machine, "files");
    for (guint i = 0; i < names->len; i++) {
        cJSON *file = describe_file(folder, names->pdata[i], true, error);
        if (!file) {
            return false;
        }
        cJSON_AddItemToArray(files, file);
    }
    return true;
}

bool checkpoint_seal(const char *folder, cJSON *manifest, GError **error)
{
    if (sodium_init() < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "libsodium does not start");
        return false;
    }
    cJSON *machine = NULL;
    cJSON_ArrayForEach(machine, cJSON_GetObjectItemCaseSensitive(manifest, "machines"))
    {
        if (!describe_machine(folder, machine, error)) {
            return false;
        }
    }
    g_autofree char *path = g_build_filename(folder, CHECKPOINT_MANIFEST, NULL);
    g_autofree char *text = json_text(manifest);
    g_autoptr(GError) cause = NULL;
    if (!g_file_set_contents_full(path, text, -1,
                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &cause)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot write %s: %s", path,
                cause->message);
        return false;
    }
    return true;
}

cJSON *checkpoint_read(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, CHECKPOINT_MANIFEST, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size > MANIFEST_MAX ||
            !g_file_get_contents(path, &text, &length, NULL)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s cannot be read: the checkpoint is not whole", path);
        return NULL;
    }
    cJSON *manifest = json_parse(text, length, NULL);
    if (!manifest || json_int(manifest, "version", 0) != CHECKPOINT_VERSION) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s is damaged or of another version", path);
        g_clear_pointer(&manifest, cJSON_Delete);
    }
    return manifest;
}

static bool same_file(const char *folder, const cJSON *wanted, GError **error)
{
    const char *name = json_string(wanted, "name", "");
    auto_json found = strchr(name, '/') ? NULL : describe_file(folder, name, false, error);
    if (!found) {
        return false;
    }
    if (json_int(found, "bytes", -1) != json_int(wanted, "bytes", -2) ||
            strcmp(json_string(found, "blake2b", ""), json_string(wanted, "blake2b", "?")) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s/%s is damaged: it is not what was saved", folder, name);
        return false;
    }
    return true;
}

bool checkpoint_verify(
        const char *folder, const cJSON *manifest, const char *const *machines, GError **error)
{
    gsize seen = 0;
    const cJSON *machine = NULL;
    cJSON_ArrayForEach(machine, json_array(manifest, "machines"))
    {
        if (!g_strv_contains(machines, json_string(machine, "id", ""))) {
            continue;
        }
        const cJSON *file = NULL;
        cJSON_ArrayForEach(file, json_array(machine, "files"))
        {
            if (!same_file(folder, file, error)) {
                return false;
            }
        }
        seen++;
    }
    if (seen != g_strv_length((char **)machines)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s does not have all the machines", folder);
        return false;
    }
    return true;
}

gint64 checkpoint_bytes(const cJSON *manifest)
{
    gint64 bytes = 0;
    const cJSON *machine = NULL;
    cJSON_ArrayForEach(machine, json_array(manifest, "machines"))
    {
        const cJSON *file = NULL;
        cJSON_ArrayForEach(file, json_array(machine, "files"))
        {
            bytes += json_int(file, "bytes", 0);
        }
    }
    return bytes;
}
