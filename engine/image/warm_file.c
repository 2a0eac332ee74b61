/* warm_file.c - digests of files that are mostly holes; a machine's memory is one. */
#include "image/warm_file.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536
#define SLICE ((off_t)256 * BLOCK) /* each has a digest of its own, by any thread */
#define DIGEST_BYTES 32

struct slice {
    int fd;
    off_t from, to;
    unsigned char digest[DIGEST_BYTES];
    int problem; /* errno, or 0 */
};

static bool failed(GError **error, const char *what, const char *path)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_IMAGE, "cannot %s %s: %s", what, path,
            g_strerror(errno));
    return false;
}

static bool is_zero(const unsigned char *block, gsize n)
{
    return n == 0 || (block[0] == 0 && memcmp(block, block + 1, n - 1) == 0);
}

static void add_block(crypto_generichash_state *sum, off_t at, const unsigned char *block, gsize n)
{
    guint64 place = GUINT64_TO_LE((guint64)at);
    if (!is_zero(block, n)) {
        crypto_generichash_update(sum, (const unsigned char *)&place, sizeof(place));
        crypto_generichash_update(sum, block, n);
    }
}

/* Blocks begin at multiples of BLOCK, wherever the holes end. */
static bool add_all(int fd, off_t at, off_t to, crypto_generichash_state *sum)
{
    g_autofree unsigned char *block = g_malloc(BLOCK);
    for (; at < to; at += BLOCK) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if ((data < 0 && errno == ENXIO) || data >= to) {
            return true; /* nothing but a hole until the end */
        }
        if (data > at) {
            at = data / BLOCK * BLOCK;
        }
        gsize wanted = (gsize)MIN(to - at, BLOCK);
        for (gsize n = 0; n < wanted;) {
            ssize_t got = pread(fd, block + n, wanted - n, at + (off_t)n);
            if (got <= 0) {
                return false;
            }
            n += (gsize)got;
        }
        add_block(sum, at, block, wanted);
    }
    return true;
}

static void digest_slice(gpointer data, gpointer user_data)
{
    struct slice *slice = data;
    crypto_generichash_state sum;
    (void)user_data;
    crypto_generichash_init(&sum, NULL, 0, DIGEST_BYTES);
    errno = EIO; /* a file that ends too soon sets none */
    slice->problem = add_all(slice->fd, slice->from, slice->to, &sum) ? 0 : errno;
    crypto_generichash_final(&sum, slice->digest, sizeof(slice->digest));
}

/* On all processors: machines wait for it. */
static bool digest_slices(int fd, off_t size, crypto_generichash_state *sum)
{
    gsize n = (gsize)((size + SLICE - 1) / SLICE);
    g_autofree struct slice *slices = g_new0(struct slice, n + 1);
    GThreadPool *pool =
            g_thread_pool_new(digest_slice, NULL, (int)g_get_num_processors(), FALSE, NULL);
    for (gsize i = 0; i < n; i++) {
        off_t from = (off_t)i * SLICE;
        slices[i] = (struct slice){.fd = fd, .from = from, .to = MIN(from + SLICE, size)};
        g_thread_pool_push(pool, &slices[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    errno = 0;
    for (gsize i = 0; i < n; i++) {
        crypto_generichash_update(sum, slices[i].digest, DIGEST_BYTES);
        errno = slices[i].problem ? slices[i].problem : errno;
    }
    return errno == 0;
}

char *warm_file_digest(const char *path, GError **error)
{
    crypto_generichash_state sum;
    unsigned char digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 && sodium_init() >= 0 && fstat(fd, &st) == 0;
    if (ok) {
        guint64 size = GUINT64_TO_LE((guint64)st.st_size);
        crypto_generichash_init(&sum, NULL, 0, DIGEST_BYTES);
        crypto_generichash_update(&sum, (const unsigned char *)&size, sizeof(size));
        ok = digest_slices(fd, st.st_size, &sum);
    }
    if (!ok) {
        failed(error, "read", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (!ok) {
        return NULL;
    }
    crypto_generichash_final(&sum, digest, sizeof(digest));
    return g_strdup(sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest)));
}

bool warm_file_sync(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = (fd >= 0 && fsync(fd) == 0) || failed(error, "sync", path);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

cJSON *warm_file_describe(const char *name, const char *path, GError **error)
{
    g_autofree char *digest = warm_file_digest(path, error);
    struct stat st;
    if (!digest || !warm_file_sync(path, error) ||
            (stat(path, &st) != 0 && !failed(error, "look at", path))) {
        return NULL;
    }
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "name", name);
    json_add_int(file, "size", st.st_size);
    cJSON_AddStringToObject(file, "blake2b", digest);
    return file;
}
