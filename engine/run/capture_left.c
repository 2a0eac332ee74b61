/* capture_left.c - the files of a capture whose engine was killed: they stay, and are hashed. */
#include "run/capture_left.h"

#include "base/json.h"
#include "net/net_capture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((gsize)256 * 1024)

static char *hash(int fd)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *chunk = g_malloc(CHUNK);
    ssize_t n;
    while ((n = read(fd, chunk, CHUNK)) > 0) {
        g_checksum_update(sum, chunk, n);
    }
    char *text = n == 0 ? g_strdup(g_checksum_get_string(sum)) : NULL;
    g_checksum_free(sum);
    return text;
}

/* NULL when it is no file of that capture: an earlier exercise of the same name may have left some.
 */
static cJSON *file_json(const char *folder, const char *name, gint64 since_us)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    cJSON *json = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
            (gint64)st.st_mtime >= since_us / G_USEC_PER_SEC) {
        g_autofree char *sha256 = hash(fd);
        json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "file", name);
        json_add_int(json, "bytes", (gint64)st.st_size);
        json_add_int(json, "last_us", (gint64)st.st_mtime * G_USEC_PER_SEC + G_USEC_PER_SEC);
        if (sha256) {
            cJSON_AddStringToObject(json, "sha256", sha256);
        }
    }
    close(fd);
    return json;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

cJSON *capture_left_files(const char *folder, const char *stem, gint64 since_us)
{
    cJSON *files = cJSON_CreateArray();
    g_autofree char *prefix = g_strconcat(stem, "-", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        if (g_str_has_prefix(entry, prefix) && g_ascii_isdigit(entry[strlen(prefix)])) {
            g_ptr_array_add(names, g_strdup(entry));
        }
    }
    g_ptr_array_sort(names, by_name);
    guint first = names->len > NET_CAPTURE_FILES_MAX ? names->len - NET_CAPTURE_FILES_MAX : 0;
    for (guint i = first; i < names->len; i++) {
        cJSON *file = file_json(folder, names->pdata[i], since_us);
        if (file) {
            cJSON_AddItemToArray(files, file);
        }
    }
    return files;
}
